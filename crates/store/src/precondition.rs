//! What a client expects of the resource that it is about to change (RFC 9110 §13, RFC 7644 §3.14).

use scim::{EntityTag, Error, IfMatch, IfNoneMatch, Version, groups_digest};
use uuid::Uuid;

/// The conditions of a change: compared while the resource is locked, so that nobody can change it in between. The default
/// expects nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Precondition {
    /// Only a resource of one of these versions is changed.
    pub if_match: Option<IfMatch>,
    /// A resource that has one of these tags is not changed.
    pub if_none_match: Option<IfNoneMatch>,
}

impl Precondition {
    /// 412 where the resource is not what the client expects: its version, and for a user the ids and names of its groups,
    /// with and without which it may have been shown.
    pub(crate) fn check<'a>(
        &self,
        version: Version,
        groups: impl Iterator<Item = (Uuid, Option<&'a str>)>,
    ) -> Result<(), Error> {
        let is_expected = self.if_match.as_ref().is_none_or(|expected| expected.allows(version));
        let is_excluded = self.if_none_match.as_ref().is_some_and(|excluded| {
            excluded.matches(&EntityTag::new(version, None))
                || excluded.matches(&EntityTag::new(version, groups_digest(groups)))
        });
        if is_expected && !is_excluded { Ok(()) } else { Err(Error::precondition_failed()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_condition_that_does_not_hold_is_a_412() {
        let group = (Uuid::from_u128(1), Some("Staff"));
        let status = |if_match: Option<&str>, if_none_match: Option<&str>| {
            let precondition = Precondition {
                if_match: if_match.map(|text| IfMatch::parse(text).unwrap()),
                if_none_match: if_none_match.map(|text| IfNoneMatch::parse(text).unwrap()),
            };
            let checked = precondition.check(Version::new(7), [group].into_iter());
            checked.map_or_else(|error| error.status, |()| 200)
        };
        let shown = EntityTag::new(Version::new(7), groups_digest([group].into_iter())).to_string();
        assert_eq!(status(None, None), 200);
        assert_eq!(status(Some(r#"W/"7""#), None), 200);
        assert_eq!(status(Some(r#"W/"6""#), None), 412);
        assert_eq!(status(None, Some(r#"W/"7""#)), 412);
        assert_eq!(status(None, Some(&shown)), 412);
        assert_eq!(status(None, Some(r#"W/"6""#)), 200);
        assert_eq!(status(Some("*"), Some("*")), 412);
    }
}
