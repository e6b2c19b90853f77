//! Conditional requests: `If-Match` and `If-None-Match` (RFC 9110, section 13; RFC 7644, section 3.14).

use axum::{
    extract::FromRequestParts,
    http::{
        HeaderMap, HeaderName,
        header::{IF_MATCH, IF_NONE_MATCH},
        request::Parts,
    },
};
use scim::{EntityTag, IfMatch, IfNoneMatch};
use store::Precondition;

use crate::error::Error;

/// What a request expects of the resource that it names.
#[derive(Clone, Debug, Default)]
pub struct Conditions {
    if_match: Option<IfMatch>,
    if_none_match: Option<IfNoneMatch>,
}

/// Whether a client has what it asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freshness {
    /// It has this very state: 304.
    Known,
    /// It has not, or does not say.
    New,
}

impl Conditions {
    /// The conditions of a change. The store looks at them while nobody else can write the resource.
    pub fn on_write(self) -> Precondition {
        Precondition { if_match: self.if_match, if_none_match: self.if_none_match }
    }

    /// Judges a resource that was read and would be shown with this tag. 412 where `If-Match` names other versions.
    pub fn on_read(&self, tag: &EntityTag) -> Result<Freshness, Error> {
        if self.if_match.as_ref().is_some_and(|expected| !expected.allows(tag.version)) {
            return Err(scim::Error::precondition_failed().into());
        }
        let is_known = self.if_none_match.as_ref().is_some_and(|known| known.matches(tag));
        Ok(if is_known { Freshness::Known } else { Freshness::New })
    }

    fn read(headers: &HeaderMap) -> Result<Self, Error> {
        let if_match = list(headers, IF_MATCH)?.map(|text| IfMatch::parse(&text)).transpose()?;
        let if_none_match =
            list(headers, IF_NONE_MATCH)?.map(|text| IfNoneMatch::parse(&text)).transpose()?;
        Ok(Self { if_match, if_none_match })
    }
}

impl<S: Sync> FromRequestParts<S> for Conditions {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Error> {
        Self::read(&parts.headers)
    }
}

/// A header that holds a list, which may be spread over several lines (RFC 9110, section 5.3).
fn list(headers: &HeaderMap, name: HeaderName) -> Result<Option<String>, Error> {
    let lines = headers.get_all(&name).iter().map(|line| line.to_str());
    let lines: Vec<_> = lines.collect::<Result<_, _>>().map_err(|_| Error::Header(name))?;
    Ok((!lines.is_empty()).then(|| lines.join(", ")))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;
    use scim::Version;

    use super::*;

    fn conditions(headers: &[(HeaderName, &'static str)]) -> Result<Conditions, Error> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(name, HeaderValue::from_static(value));
        }
        Conditions::read(&map)
    }

    fn freshness(headers: &[(HeaderName, &'static str)]) -> Option<Freshness> {
        let tag = EntityTag::new(Version::new(7), None);
        conditions(headers).unwrap().on_read(&tag).ok()
    }

    #[test]
    fn without_a_condition_everything_is_new() {
        assert_eq!(freshness(&[]), Some(Freshness::New));
    }

    #[test]
    fn a_list_may_be_spread_over_lines() {
        assert_eq!(freshness(&[(IF_NONE_MATCH, "W/\"5\", W/\"6\"")]), Some(Freshness::New));
        let lines = [(IF_NONE_MATCH, "W/\"5\", W/\"6\""), (IF_NONE_MATCH, "W/\"7\"")];
        assert_eq!(freshness(&lines), Some(Freshness::Known));
    }

    #[test]
    fn another_version_than_the_expected_fails_before_anything_is_known() {
        assert_eq!(freshness(&[(IF_MATCH, "W/\"6\""), (IF_NONE_MATCH, "W/\"7\"")]), None);
        assert_eq!(freshness(&[(IF_MATCH, "*"), (IF_NONE_MATCH, "*")]), Some(Freshness::Known));
    }

    #[test]
    fn what_cannot_be_read_is_refused() {
        assert!(conditions(&[(IF_MATCH, "7")]).is_err());
        let mut headers = HeaderMap::new();
        headers.insert(IF_NONE_MATCH, HeaderValue::from_bytes(b"\"\xff\"").unwrap());
        assert!(matches!(Conditions::read(&headers), Err(Error::Header(name)) if name == IF_NONE_MATCH));
    }
}
