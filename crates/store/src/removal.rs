//! Deleting a resource, which changes the groups that it was a member of.

use database::sql::Statement;
use database::tenant::{TenantDatabase, TenantTransaction};
use scim::{Kind, Version};
use uuid::Uuid;

use crate::error::StoreError;
use crate::precondition::Precondition;
use crate::retry::persistently;
use crate::tables;
use crate::unique;

/// What is kept of a user who is deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kept {
    /// Nothing.
    Nothing,
    /// Its id, under a digest of its name.
    Id,
}

/// Deletes a resource with its memberships and its claims. Returns whether there was one.
pub(crate) async fn remove(
    database: &TenantDatabase,
    kind: Kind,
    id: Uuid,
    precondition: &Precondition,
    kept: Kept,
) -> Result<bool, StoreError> {
    persistently(|| try_remove(database, kind, id, precondition, kept)).await
}

async fn try_remove(
    database: &TenantDatabase,
    kind: Kind,
    id: Uuid,
    precondition: &Precondition,
    kept: Kept,
) -> Result<bool, StoreError> {
    let mut transaction = database.begin().await?;
    let groups = lock_groups(database, &mut transaction, kind, id).await?;
    let mut statement = database.statement("SELECT version, ");
    statement.text(key_column(kind)).text(" FROM ").text(tables::of(kind)).text(" WHERE id = ").bind(id);
    // From here on nobody can make it a member of another group.
    statement.text(" FOR UPDATE");
    let Some((version, key)) = transaction.fetch_optional::<(i64, String)>(statement).await? else {
        return Ok(false);
    };
    let is_in = groups.iter().filter(|(group, _)| *group != id);
    let is_in = is_in.map(|(group, name)| (*group, name.as_deref()));
    precondition.check(Version::new(version.unsigned_abs()), is_in)?;
    let mut statement = database.statement(
        "WITH touched AS (UPDATE {groups} SET version = version + 1, last_modified_at = clock_timestamp() \
         WHERE id IN (",
    );
    groups_of(&mut statement, kind, id);
    statement.text(") AND id <> ").bind(id).text(")");
    if kept == Kept::Id {
        statement.text(", removed AS (INSERT INTO {removed_users} (user_name_digest, id, version) VALUES (");
        statement.bind(unique::digest(&key)).text(", ").bind(id).text(", ").bind(version).text(
            ") ON CONFLICT (user_name_digest) DO UPDATE \
             SET id = EXCLUDED.id, version = EXCLUDED.version, removed_at = now())",
        );
    }
    statement.text(" DELETE FROM ").text(tables::of(kind)).text(" WHERE id = ").bind(id);
    let deleted = transaction.execute(statement).await?;
    transaction.commit().await?;
    Ok(deleted > 0)
}

/// Locks the groups that the resource is in, and itself if it is a group, in the order of their ids. Returns their ids
/// and names.
async fn lock_groups(
    database: &TenantDatabase,
    transaction: &mut TenantTransaction,
    kind: Kind,
    id: Uuid,
) -> Result<Vec<(Uuid, Option<String>)>, StoreError> {
    let mut statement =
        database.statement("SELECT id, resource ->> 'displayName' FROM {groups} WHERE id IN (");
    groups_of(&mut statement, kind, id);
    // Not `OR id = …`, for which PostgreSQL would look at every group.
    if kind == Kind::Group {
        statement.text(" UNION ALL SELECT ").bind(id);
    }
    statement.text(") ORDER BY id FOR NO KEY UPDATE");
    Ok(transaction.fetch_all(statement).await?)
}

/// Appends the query of the ids of the groups that the resource is in.
fn groups_of(statement: &mut Statement, kind: Kind, id: Uuid) {
    statement.text(match kind {
        Kind::User => "SELECT group_id FROM {group_members} WHERE member_user = ",
        Kind::Group => "SELECT group_id FROM {group_members} WHERE member_group = ",
    });
    statement.bind(id);
}

fn key_column(kind: Kind) -> &'static str {
    match kind {
        Kind::User => "user_name_key",
        Kind::Group => "display_name_key",
    }
}
