//! `/Me` (RFC 7644, section 3.11): nobody, because a token is a connection's and not a person's.

use crate::error::Error;

/// Any method on `/Me` and below it: 501, as section 3.11 has it for a server without that alias.
pub async fn me() -> Error {
    Error::NobodyInPerson
}
