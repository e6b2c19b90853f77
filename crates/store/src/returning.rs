//! Who may return under a name: the last one who left under it, and nobody once somebody else has had it.

use database::tenant::{TenantDatabase, TenantTransaction};

use crate::error::StoreError;
use crate::unique;

/// What is known of a name that a user has just been given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Name {
    /// Nobody is waited for under it.
    Free,
    /// Somebody has left under it, and does not return under it any more.
    WasLeft,
}

/// To be called behind the statement that gives a user the name with this key, in its transaction: the statement may have
/// waited for the deletion of whoever had the name, and does not see what that has noted. This one does. It waits for nobody:
/// whoever has the note waits for this name, so that one of the two must go back and come again (`Contention`).
pub(crate) async fn take_name(
    database: &TenantDatabase,
    transaction: &mut TenantTransaction,
    key: &str,
) -> Result<Name, StoreError> {
    let mut statement = database
        .statement("WITH noted AS (SELECT user_name_digest FROM {removed_users} WHERE user_name_digest = ");
    statement.bind(unique::digest(key)).text(
        " FOR UPDATE NOWAIT) DELETE FROM {removed_users} AS removed USING noted \
         WHERE removed.user_name_digest = noted.user_name_digest",
    );
    let left = transaction.execute(statement).await?;
    Ok(if left == 0 { Name::Free } else { Name::WasLeft })
}
