//! Versions of resources as entity tags, and the conditions that requests make on them (RFC 7644 §3.14, RFC
//! 9110 §13.1).

use std::fmt;

use uuid::Uuid;

use crate::{Error, ScimType, digest};

/// How often what is written of a resource has changed, counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Version(u64);

/// The tag of a resource as it is shown: `meta.version` and the header `ETag`. Weak, as RFC 7644 §3.14 has it.
///
/// `W/"7"`; of a user who is shown with groups `W/"7-0123456789abcdef"`, since `groups` is derived: nothing is
/// written of the user when they change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct EntityTag {
    /// The version of what is written.
    pub version: Version,
    /// What [`groups_digest`] says of the groups of a user.
    pub groups: Option<u64>,
}

/// The header `If-Match`, or `version` of a bulk operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IfMatch(Tags);

/// The header `If-None-Match`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IfNoneMatch(Tags);

/// What such a header lists. Tags that this server never gave are left out: they match nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Tags {
    /// `*`: whatever there is.
    Any,
    OneOf(Vec<EntityTag>),
}

/// A digest of a user's groups as the user shows them: their ids and names, in any order. `None` for a user without
/// groups.
pub fn groups_digest<'a>(groups: impl Iterator<Item = (Uuid, Option<&'a str>)>) -> Option<u64> {
    let mut groups: Vec<_> = groups.collect();
    groups.sort_unstable();
    let parts =
        groups.iter().flat_map(|(id, name)| [&id.as_bytes()[..], name.unwrap_or_default().as_bytes()]);
    if groups.is_empty() { None } else { Some(digest::of(parts)) }
}

impl Version {
    /// The version of that number.
    pub fn new(number: u64) -> Self {
        Self(number)
    }

    /// The number.
    pub fn number(self) -> u64 {
        self.0
    }
}

impl EntityTag {
    /// The tag of a version; `groups` as [`groups_digest`] gives it.
    pub fn new(version: Version, groups: Option<u64>) -> Self {
        Self { version, groups }
    }

    /// The tag that is spelled like this, weak or strong; `None` for what this server never gives.
    pub(crate) fn from_text(text: &str) -> Option<Self> {
        let quoted = text.strip_prefix("W/").unwrap_or(text);
        Self::from_opaque(quoted.strip_prefix('"')?.strip_suffix('"')?)
    }

    fn from_opaque(opaque: &str) -> Option<Self> {
        let (version, groups) = match opaque.split_once('-') {
            Some((version, groups)) => (version, Some(u64::from_str_radix(groups, 16).ok()?)),
            None => (opaque, None),
        };
        let tag = Self { version: Version(version.parse().ok()?), groups };
        // Other spellings of the same numbers, such as 07, are tags that were never given.
        (tag.opaque() == opaque).then_some(tag)
    }

    fn opaque(&self) -> String {
        match self.groups {
            Some(groups) => format!("{}-{groups:016x}", self.version.0),
            None => self.version.0.to_string(),
        }
    }
}

impl fmt::Display for EntityTag {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "W/\"{}\"", self.opaque())
    }
}

impl IfMatch {
    /// Reads the header's text: `*`, or entity tags between commas. What is none of these is a 400.
    pub fn parse(text: &str) -> Result<Self, Error> {
        tags(text).map(Self).ok_or_else(|| malformed("If-Match"))
    }

    /// Whether a resource of this version may be written. The numbers alone are compared, weakly: the groups
    /// of a user are not what is written.
    pub fn allows(&self, version: Version) -> bool {
        match &self.0 {
            Tags::Any => true,
            Tags::OneOf(tags) => tags.iter().any(|tag| tag.version == version),
        }
    }
}

impl IfNoneMatch {
    /// Reads the header's text: `*`, or entity tags between commas. What is none of these is a 400.
    pub fn parse(text: &str) -> Result<Self, Error> {
        tags(text).map(Self).ok_or_else(|| malformed("If-None-Match"))
    }

    /// Whether the client has what this tag stands for: a GET then answers 304, anything else 412.
    pub fn matches(&self, tag: &EntityTag) -> bool {
        match &self.0 {
            Tags::Any => true,
            Tags::OneOf(tags) => tags.contains(tag),
        }
    }
}

fn malformed(header: &str) -> Error {
    let detail = format!(
        "{header} is neither * nor a list of entity tags such as W/\"7\": send the ETag of an answer"
    );
    Error::bad_request(ScimType::InvalidValue, detail)
}

/// The tags of a header; `None` where it is malformed.
fn tags(text: &str) -> Option<Tags> {
    let text = text.trim_matches([' ', '\t']);
    if text == "*" {
        return Some(Tags::Any);
    }
    let mut found = Vec::new();
    let mut is_list = false;
    let mut rest = text;
    while !rest.is_empty() {
        let (tag, after) = first_tag(rest)?;
        is_list |= !tag.is_empty();
        found.extend(EntityTag::from_text(tag));
        rest = after;
    }
    is_list.then_some(Tags::OneOf(found))
}

/// The tag at the beginning of a list, which may be missing (RFC 9110 §5.6.1), and what follows its comma.
fn first_tag(list: &str) -> Option<(&str, &str)> {
    let list = list.trim_start_matches([' ', '\t']);
    if let Some(after) = list.strip_prefix(',') {
        return Some(("", after));
    }
    if list.is_empty() {
        return Some(("", ""));
    }
    let opaque = list.strip_prefix("W/").unwrap_or(list).strip_prefix('"')?;
    let (content, after) = opaque.split_once('"')?;
    let is_opaque = content.chars().all(|next| next > ' ' && next != '\u{7f}');
    let tag = list.strip_suffix(after)?;
    let after = after.trim_start_matches([' ', '\t']);
    match (is_opaque, after.strip_prefix(',')) {
        (true, Some(after)) => Some((tag, after)),
        (true, None) if after.is_empty() => Some((tag, after)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::fixtures::line;

    fn tag(version: u64, groups: Option<u64>) -> EntityTag {
        EntityTag::new(Version::new(version), groups)
    }

    #[test]
    fn a_tag_is_weak_and_shows_the_groups_where_there_are_some() {
        assert_eq!(tag(7, None).to_string(), r#"W/"7""#);
        assert_eq!(tag(7, Some(0x0123_4567_89ab_cdef)).to_string(), r#"W/"7-0123456789abcdef""#);
    }

    #[test]
    fn the_digest_of_groups_looks_at_no_order_and_never_changes() {
        let (one, two) = ((Uuid::from_u128(1), Some("Staff")), (Uuid::from_u128(2), None));
        assert_eq!(groups_digest([one, two].into_iter()), groups_digest([two, one].into_iter()));
        assert_ne!(groups_digest([one].into_iter()), groups_digest([two].into_iter()));
        assert_eq!(groups_digest(std::iter::empty()), None);
        assert_eq!(groups_digest([one].into_iter()), Some(5_141_599_390_661_661_694));
    }

    #[test]
    fn the_digest_of_groups_changes_with_their_names() {
        let of = |name| groups_digest([(Uuid::from_u128(1), Some(name))].into_iter());
        assert_ne!(of("Staff"), of("Board"));
    }

    #[test]
    fn writing_looks_at_the_version_alone() {
        for text in [r#"W/"7""#, r#""7""#, r#"W/"7-0123456789abcdef""#, "*", r#""x" , W/"7", "#] {
            assert!(IfMatch::parse(text).unwrap().allows(Version::new(7)), "{text}");
        }
        for text in [r#"W/"8""#, r#""07""#, r#""7-""#, r#""x""#, r#"W/"a,b""#] {
            assert!(!IfMatch::parse(text).unwrap().allows(Version::new(7)), "{text}");
        }
    }

    #[test]
    fn reading_looks_at_the_groups_too() {
        let with_groups = tag(7, Some(1));
        let header = |text| IfNoneMatch::parse(text).unwrap();
        assert!(header(r#"W/"7-0000000000000001""#).matches(&with_groups));
        assert!(header(r#""7-0000000000000001","x""#).matches(&with_groups));
        assert!(header("*").matches(&with_groups));
        assert!(!header(r#"W/"7""#).matches(&with_groups));
        assert!(!header(r#"W/"7-0000000000000002""#).matches(&with_groups));
    }

    #[test]
    fn what_is_no_list_of_tags_is_refused() {
        for text in
            ["", " ", ",", "7", "W/7", r#""7"#, r#""7""8""#, r#"*, "7""#, r#""7" "8""#, "\"a b\"", r#"w/"7""#]
        {
            assert!(IfMatch::parse(text).is_err(), "{text}");
        }
        insta::assert_snapshot!(line(&IfNoneMatch::parse("7").unwrap_err()), @r#"400 invalidValue: If-None-Match is neither * nor a list of entity tags such as W/"7": send the ETag of an answer"#);
    }

    proptest! {
        #[test]
        fn a_tag_shown_and_read_again_is_the_same(version: u64, groups: Option<u64>) {
            let tag = tag(version, groups);
            prop_assert_eq!(EntityTag::from_text(&tag.to_string()), Some(tag));
            prop_assert!(IfNoneMatch::parse(&tag.to_string()).unwrap().matches(&tag));
        }

        #[test]
        fn no_header_makes_the_parser_panic(text in r#"[ ,*W/"0-9a-fé-]{0,20}|.*"#) {
            let _ = IfMatch::parse(&text);
        }
    }
}
