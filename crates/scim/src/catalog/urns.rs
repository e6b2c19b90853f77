//! The URNs of a profile's extensions: valid, different, and none the beginning of another.

use super::ProfileError;
use crate::{
    path::strip_urn,
    profile::Extension,
    schema::{core_group, core_user, enterprise_user},
};

/// What `schemas` of a message of the protocol begins with (RFC 7644 §3.1).
const RESERVED: &str = "urn:ietf:params:scim:api:";

/// Refuses the first URN that cannot be used.
pub(super) fn check(extensions: &[Extension]) -> Result<(), ProfileError> {
    let standard = [core_user::URN, core_group::URN, enterprise_user::URN];
    for (position, extension) in extensions.iter().enumerate() {
        let urn = extension.urn.as_str();
        let refused = |reason: String| Err(ProfileError::Urn { urn: urn.to_owned(), reason });
        if !is_schema_urn(urn) {
            return refused(
                "it is not a URN such as urn:ietf:params:scim:schemas:extension:2.0:Name".to_owned(),
            );
        }
        if urn.get(..RESERVED.len()).is_some_and(|start| start.eq_ignore_ascii_case(RESERVED)) {
            return refused(format!("'{RESERVED}' begins the names of messages, such as ListResponse"));
        }
        let others =
            standard.into_iter().chain(extensions.iter().take(position).map(|other| other.urn.as_str()));
        for other in others {
            if other.eq_ignore_ascii_case(urn) {
                return refused("another schema has this URN".to_owned());
            }
            if strip_urn(urn, other).is_some() || strip_urn(other, urn).is_some() {
                return refused(format!("'{other}' and it begin alike, so that paths would be ambiguous"));
            }
        }
    }
    Ok(())
}

fn is_schema_urn(urn: &str) -> bool {
    let mut parts = urn.split(':');
    parts.next().is_some_and(|scheme| scheme.eq_ignore_ascii_case("urn"))
        && urn.len() <= 255
        && parts.clone().count() >= 2
        && parts.all(|part| {
            !part.is_empty()
                && part.chars().all(|next| next.is_ascii_alphanumeric() || matches!(next, '.' | '-' | '_'))
        })
}
