//! Changes of a group's members, as rows: what one costs does not depend on the size of the group.

use database::tenant::{TenantDatabase, TenantTransaction};
use scim::{Error, Filter, Kind, MemberChange, MemberReference, ScimType};
use uuid::Uuid;

use crate::error::StoreError;
use crate::filter::{self, Scope};
use crate::listing;
use crate::related::Related;
use crate::rows::ResourceRow;
use crate::stored::RelatedPage;

/// Makes the changes, in order. Returns whether any of them made a difference. The caller holds a lock on the group's
/// row, so that changes of one group come one after the other.
///
/// 400 `invalidValue` where somebody becomes a member who does not exist; then the transaction must not be committed.
pub(crate) async fn apply(
    database: &TenantDatabase,
    transaction: &mut TenantTransaction,
    group: Uuid,
    changes: &[MemberChange],
) -> Result<bool, StoreError> {
    let mut rows = 0;
    for change in merged(changes) {
        rows += match &change {
            MemberChange::Add(members) => add(database, transaction, group, members).await?,
            MemberChange::Remove(members) => remove(database, transaction, group, members).await?,
            MemberChange::RemoveOfKind(kind) => remove_of_kind(database, transaction, group, *kind).await?,
            MemberChange::RemoveWhere(filter) => remove_where(database, transaction, group, filter).await?,
            MemberChange::RemoveAll => remove_all_but(database, transaction, group, &[]).await?,
            MemberChange::Replace(members) => {
                remove_all_but(database, transaction, group, members).await?
                    + add(database, transaction, group, members).await?
            }
        };
    }
    Ok(rows > 0)
}

/// The first members of a group as this transaction sees them, where somebody wants to see them.
pub(crate) async fn read(
    database: &TenantDatabase,
    transaction: &mut TenantTransaction,
    group: Uuid,
    related: Related,
) -> Result<Option<RelatedPage>, StoreError> {
    if related == Related::Skipped {
        return Ok(None);
    }
    let statement = listing::one(database, Kind::Group, related, group);
    let row: Option<ResourceRow> = transaction.fetch_optional(statement).await?;
    Ok(row.and_then(|row| row.into_stored(Kind::Group, related.is_read()).related))
}

/// The same changes in fewer steps: some identity providers send an operation for each member.
fn merged(changes: &[MemberChange]) -> Vec<MemberChange> {
    let mut merged: Vec<MemberChange> = Vec::new();
    for change in changes {
        match (merged.last_mut(), change) {
            (Some(MemberChange::Add(members)), MemberChange::Add(more)) => members.extend_from_slice(more),
            (Some(MemberChange::Remove(members)), MemberChange::Remove(more)) => {
                members.extend_from_slice(more);
            }
            _ => merged.push(change.clone()),
        }
    }
    merged
}

async fn add(
    database: &TenantDatabase,
    transaction: &mut TenantTransaction,
    group: Uuid,
    members: &[MemberReference],
) -> Result<u64, StoreError> {
    if members.is_empty() {
        return Ok(0);
    }
    let kinds: Vec<Option<&str>> = members.iter().map(|member| member.kind.map(Kind::name)).collect();
    let mut statement = database.statement(
        "WITH wanted AS MATERIALIZED (SELECT one.id, u.id AS member_user, g.id AS member_group FROM unnest(",
    );
    statement.bind(ids(members)).text("::uuid[], ").bind(kinds);
    statement.text(
        "::text[]) AS one(id, kind) \
         LEFT JOIN {users} AS u ON u.id = one.id AND one.kind IS DISTINCT FROM 'Group' \
         LEFT JOIN {groups} AS g ON g.id = one.id AND one.kind IS DISTINCT FROM 'User'), \
         added AS (INSERT INTO {group_members} (group_id, member_user, member_group) SELECT ",
    );
    statement.bind(group).text(
        ", wanted.member_user, wanted.member_group FROM wanted \
         WHERE num_nonnulls(wanted.member_user, wanted.member_group) = 1 ON CONFLICT DO NOTHING RETURNING 1) \
         SELECT (SELECT count(*) FROM added) AS added, \
         (SELECT wanted.id FROM wanted WHERE num_nonnulls(wanted.member_user, wanted.member_group) = 0 LIMIT 1) \
         AS unknown",
    );
    match transaction.fetch_optional::<(i64, Option<Uuid>)>(statement).await? {
        Some((_, Some(unknown))) => Err(unknown_member(members, unknown).into()),
        Some((added, None)) => Ok(added.unsigned_abs()),
        None => Ok(0),
    }
}

async fn remove(
    database: &TenantDatabase,
    transaction: &mut TenantTransaction,
    group: Uuid,
    members: &[MemberReference],
) -> Result<u64, StoreError> {
    // Two deletions, so that each kind of member is found by its own index.
    let mut statement =
        database.statement("WITH users AS (DELETE FROM {group_members} AS membership USING unnest(");
    statement
        .bind(ids_of_kind(members, Kind::User))
        .text("::uuid[]) AS one(id) WHERE membership.group_id = ")
        .bind(group)
        .text(
            " AND membership.member_user = one.id RETURNING 1), \
         groups AS (DELETE FROM {group_members} AS membership USING unnest(",
        );
    statement
        .bind(ids_of_kind(members, Kind::Group))
        .text("::uuid[]) AS one(id) WHERE membership.group_id = ")
        .bind(group)
        .text(
            " AND membership.member_group = one.id RETURNING 1) \
         SELECT (SELECT count(*) FROM users) + (SELECT count(*) FROM groups) AS removed",
        );
    let removed: Option<(i64,)> = transaction.fetch_optional(statement).await?;
    Ok(removed.map_or(0, |(removed,)| removed.unsigned_abs()))
}

async fn remove_of_kind(
    database: &TenantDatabase,
    transaction: &mut TenantTransaction,
    group: Uuid,
    kind: Kind,
) -> Result<u64, StoreError> {
    let mut statement = database.statement("DELETE FROM {group_members} WHERE group_id = ");
    statement.bind(group).text(match kind {
        Kind::User => " AND member_user IS NOT NULL",
        Kind::Group => " AND member_group IS NOT NULL",
    });
    Ok(transaction.execute(statement).await?)
}

async fn remove_where(
    database: &TenantDatabase,
    transaction: &mut TenantTransaction,
    group: Uuid,
    filter: &Filter,
) -> Result<u64, StoreError> {
    // It compares no URLs, which alone begin with one.
    let scope = Scope { kind: Kind::Group, base_url: "" };
    let mut statement =
        database.statement("DELETE FROM {group_members} AS membership WHERE membership.group_id = ");
    statement.bind(group).text(" AND ");
    filter::of_membership(filter, scope).write(&mut statement);
    Ok(transaction.execute(statement).await?)
}

async fn remove_all_but(
    database: &TenantDatabase,
    transaction: &mut TenantTransaction,
    group: Uuid,
    kept: &[MemberReference],
) -> Result<u64, StoreError> {
    let mut statement =
        database.statement("DELETE FROM {group_members} AS membership WHERE membership.group_id = ");
    statement.bind(group).text(" AND NOT EXISTS (SELECT FROM unnest(").bind(ids(kept));
    statement.text(
        "::uuid[]) AS kept(id) WHERE kept.id = coalesce(membership.member_user, membership.member_group))",
    );
    Ok(transaction.execute(statement).await?)
}

fn ids(members: &[MemberReference]) -> Vec<Uuid> {
    members.iter().map(|member| member.id).collect()
}

/// Those that may be of this kind.
fn ids_of_kind(members: &[MemberReference], kind: Kind) -> Vec<Uuid> {
    members
        .iter()
        .filter(|member| member.kind.is_none_or(|said| said == kind))
        .map(|member| member.id)
        .collect()
}

fn unknown_member(members: &[MemberReference], id: Uuid) -> Error {
    let kind = members.iter().find(|member| member.id == id).and_then(|member| member.kind);
    let what = kind.map_or("User or Group", Kind::name);
    Error::bad_request(
        ScimType::InvalidValue,
        format!("members.value: there is no {what} with the id '{id}'"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(number: u128) -> MemberReference {
        MemberReference { id: Uuid::from_u128(number), kind: None }
    }

    #[test]
    fn an_operation_for_each_member_becomes_one_step() {
        let changes = [
            MemberChange::Add(vec![member(1)]),
            MemberChange::Add(vec![member(2)]),
            MemberChange::Remove(vec![member(1)]),
            MemberChange::Remove(vec![member(3)]),
            MemberChange::Add(vec![member(1)]),
        ];
        assert_eq!(
            merged(&changes),
            [
                MemberChange::Add(vec![member(1), member(2)]),
                MemberChange::Remove(vec![member(1), member(3)]),
                MemberChange::Add(vec![member(1)]),
            ]
        );
    }
}
