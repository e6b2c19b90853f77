//! The table that holds the resources of a kind.

use scim::Kind;

/// Its name, as statements write it.
pub(crate) fn of(kind: Kind) -> &'static str {
    match kind {
        Kind::User => "{users}",
        Kind::Group => "{groups}",
    }
}
