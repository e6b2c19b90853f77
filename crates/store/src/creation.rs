//! New resources: one, or several that refer to each other.

use database::SqlTimestamp;
use database::sql::Statement;
use database::tenant::{TenantDatabase, TenantTransaction};
use scim::profile::ReturningUsers;
use scim::{Catalog, Kind, MemberChange, MemberReference, Resource, ResourceType, Version};
use uuid::Uuid;

use crate::columns::{self, Columns};
use crate::error::{StoreError, written};
use crate::members;
use crate::related::Related;
use crate::retry::Attempts;
use crate::returning::{self, Name};
use crate::stored::{RelatedPage, Stored};
use crate::unique::{self, UniqueValues};

/// A resource that is not there yet.
#[derive(Clone, Debug, PartialEq)]
pub struct NewResource {
    /// The id that it gets. Nothing had it before: a version 7 UUID, so that lists are in the order of creation.
    pub id: Uuid,
    /// Which kind it is.
    pub kind: Kind,
    /// What the client says about it.
    pub resource: Resource,
    /// The members of a group.
    pub members: Vec<MemberReference>,
}

/// Resources were not created; nothing of them is there.
#[derive(Debug, thiserror::Error)]
#[error("resources were not created")]
pub struct CreationError {
    /// Which of them could not be created, by its position; `None` where it was not one of them that failed.
    pub index: Option<usize>,
    /// Why not.
    #[source]
    pub error: StoreError,
}

/// Creates resources that may refer to each other by their ids, all of them or none, and answers them in the same order,
/// without what they are related to. 409 `uniqueness` where a value is taken, 400 `invalidValue` where a member exists
/// neither before nor among them.
///
/// Nobody comes back here, whatever [`ReturningUsers`] says: the ids were given before, and others refer to them. A disabled
/// user is in the way (409), a deleted one is a new one.
pub async fn create_together(
    database: &TenantDatabase,
    catalog: &Catalog,
    resources: &[NewResource],
) -> Result<Vec<Stored>, CreationError> {
    let mut attempts = Attempts::new();
    loop {
        match try_create(database, catalog, resources, Related::Skipped).await {
            Err(failed) if attempts.again(&failed.error) => attempts.pause().await,
            created => return created,
        }
    }
}

/// Creates one group, and reads its members where the caller wants to see them.
pub(crate) async fn create_group(
    database: &TenantDatabase,
    catalog: &Catalog,
    group: NewResource,
    related: Related,
) -> Result<Stored, StoreError> {
    let mut attempts = Attempts::new();
    loop {
        match try_create(database, catalog, std::slice::from_ref(&group), related).await {
            Err(failed) if attempts.again(&failed.error) => attempts.pause().await,
            Err(failed) => return Err(failed.error),
            Ok(mut created) => return written(created.pop()),
        }
    }
}

/// Creates one user, by one statement where nobody returns. A deleted one gets its id back where the profile says so. What
/// goes wrong is not [explained](unique::explain) yet.
pub(crate) async fn create_user(
    database: &TenantDatabase,
    catalog: &Catalog,
    user: &NewResource,
    unique_values: &UniqueValues,
    returning: ReturningUsers,
) -> Result<Stored, StoreError> {
    let mut attempts = Attempts::new();
    loop {
        let statement = insert_user(database, catalog, user, unique_values, returning);
        let created = match returning {
            ReturningUsers::Conflict => database.fetch_optional(statement).await.map_err(StoreError::from),
            ReturningUsers::Revive => create_unless_left(database, user, statement, &mut attempts).await,
        };
        match created {
            Err(error) if attempts.again(&error) => attempts.pause().await,
            // Whoever had the name has left in the meantime.
            Ok(None) => attempts.pause().await,
            created => return Ok(stored(user, written(created?)?, Some(RelatedPage::default()))),
        }
    }
}

/// Creates one user, unless somebody has left under this name since the statement began: it waits for a deletion that is
/// under way, but does not see what that has noted. Then it is to be run again, and nothing was written.
async fn create_unless_left(
    database: &TenantDatabase,
    user: &NewResource,
    statement: Statement,
    attempts: &mut Attempts,
) -> Result<Option<Created>, StoreError> {
    let mut transaction = database.begin().await?;
    let row = written(transaction.fetch_optional(statement).await?)?;
    let key = columns::key(&user.resource, Kind::User);
    if returning::take_name(database, &mut transaction, &key).await? == Name::WasLeft && attempts.remain() {
        transaction.rollback().await?;
        return Ok(None);
    }
    transaction.commit().await?;
    Ok(Some(row))
}

/// `id`, `version` and `created_at` of a row that was written.
type Created = (Uuid, i64, SqlTimestamp);

async fn try_create(
    database: &TenantDatabase,
    catalog: &Catalog,
    resources: &[NewResource],
    related: Related,
) -> Result<Vec<Stored>, CreationError> {
    let mut transaction = database.begin().await.map_err(CreationError::of_all)?;
    let mut rows: Vec<(usize, Created)> = Vec::with_capacity(resources.len());
    for index in in_order_of_locks(resources) {
        let Some(new) = resources.get(index) else { continue };
        match insert(database, &mut transaction, catalog, new).await {
            Ok(row) => rows.push((index, row)),
            Err(error) => {
                // The explanation reads on a connection of its own, which must not wait for this one.
                drop(transaction);
                return Err(CreationError {
                    index: Some(index),
                    error: explain(error, database, catalog, new).await,
                });
            }
        }
    }
    rows.sort_by_key(|(index, _)| *index);
    let mut created = Vec::with_capacity(rows.len());
    for ((index, row), new) in rows.into_iter().zip(resources) {
        let of_this = |error| CreationError { index: Some(index), error };
        let members = [MemberChange::Add(new.members.clone())];
        members::apply(database, &mut transaction, new.id, &members).await.map_err(of_this)?;
        let page = members::read(database, &mut transaction, new.id, related).await.map_err(of_this)?;
        created.push(stored(new, row, page));
    }
    transaction.commit().await.map_err(CreationError::of_all)?;
    Ok(created)
}

impl CreationError {
    fn of_all(error: database::Error) -> Self {
        Self { index: None, error: error.into() }
    }
}

/// Two transactions that create the same names come to them in the same order; see [`crate::retry`].
fn in_order_of_locks(resources: &[NewResource]) -> Vec<usize> {
    let mut order: Vec<(bool, String, usize)> = resources
        .iter()
        .enumerate()
        .map(|(index, new)| (new.kind == Kind::User, columns::key(&new.resource, new.kind), index))
        .collect();
    order.sort_unstable();
    order.into_iter().map(|(_, _, index)| index).collect()
}

async fn insert(
    database: &TenantDatabase,
    transaction: &mut TenantTransaction,
    catalog: &Catalog,
    new: &NewResource,
) -> Result<Created, StoreError> {
    let statement = match new.kind {
        Kind::User => {
            let unique_values = UniqueValues::of(&new.resource, catalog.user());
            insert_user(database, catalog, new, &unique_values, ReturningUsers::Conflict)
        }
        Kind::Group => insert_group(database, catalog, group_type(catalog)?, new),
    };
    let created = written(transaction.fetch_optional(statement).await?)?;
    if new.kind == Kind::User {
        let key = columns::key(&new.resource, Kind::User);
        returning::take_name(database, transaction, &key).await?;
    }
    Ok(created)
}

/// Whoever left under this name does not return after somebody else has had it, whatever the profile says today.
///
/// Locks are taken in the order in which a change of a user takes them: its row, its name, its claims.
fn insert_user(
    database: &TenantDatabase,
    catalog: &Catalog,
    user: &NewResource,
    unique_values: &UniqueValues,
    returning: ReturningUsers,
) -> Statement {
    let columns = Columns::of(&user.resource, catalog.user(), catalog);
    let mut statement =
        database.statement("WITH returned AS (DELETE FROM {removed_users} WHERE user_name_digest = ");
    statement.bind(unique::digest(&columns.key)).text(" RETURNING id, version), ");
    match returning {
        ReturningUsers::Conflict => {
            statement.text("identity AS (SELECT ").bind(user.id).text("::uuid AS id, 1::bigint AS version)");
        }
        // Versions go on counting, so that no entity tag of the earlier life is one of this life.
        ReturningUsers::Revive => {
            statement.text("identity AS (SELECT coalesce(returned.id, ").bind(user.id);
            statement.text(
                ") AS id, coalesce(returned.version, 0) + 1 AS version \
                 FROM (VALUES (1)) AS always LEFT JOIN returned ON TRUE)",
            );
        }
    }
    statement.text(
        ", created AS (INSERT INTO {users} (id, version, user_name_key, external_id, active, resource, comparable, \
         form, created_at, last_modified_at) SELECT identity.id, identity.version, ",
    );
    statement.bind(columns.key).text(", ").bind(columns.external_id).text(", ").bind(columns.active);
    statement.text(", ").bind(columns.resource).text(", ").bind(columns.comparable);
    statement.text(", ").bind(columns.form).text(
        ", now(), now() FROM identity RETURNING id, version, created_at), \
         claimed AS (INSERT INTO {unique_values} (resource_id, attribute, digest) \
         SELECT created.id, claim.attribute, claim.digest FROM created, ",
    );
    unique_values.unnest(&mut statement);
    statement.text(" AS claim(attribute, digest)) SELECT id, version, created_at FROM created");
    statement
}

fn insert_group(
    database: &TenantDatabase,
    catalog: &Catalog,
    resource_type: &ResourceType,
    group: &NewResource,
) -> Statement {
    let columns = Columns::of(&group.resource, resource_type, catalog);
    let mut statement = database.statement(
        "INSERT INTO {groups} (id, display_name_key, external_id, resource, comparable, form, created_at, \
         last_modified_at) VALUES (",
    );
    statement.bind(group.id).text(", ").bind(columns.key).text(", ").bind(columns.external_id);
    statement.text(", ").bind(columns.resource).text(", ").bind(columns.comparable);
    statement.text(", ").bind(columns.form).text(", now(), now()) RETURNING id, version, created_at");
    statement
}

/// What a group is made of. 404 where the tenant has no groups.
pub(crate) fn group_type(catalog: &Catalog) -> Result<&ResourceType, StoreError> {
    let resource_type = catalog.resource_type(Kind::Group);
    Ok(resource_type.ok_or_else(|| scim::Error::with_status(404, "this tenant has no groups"))?)
}

async fn explain(
    error: StoreError,
    database: &TenantDatabase,
    catalog: &Catalog,
    new: &NewResource,
) -> StoreError {
    let unique_values = match new.kind {
        Kind::User => UniqueValues::of(&new.resource, catalog.user()),
        Kind::Group => UniqueValues::default(),
    };
    unique::explain(error, database, new.id, &new.resource, &unique_values).await
}

fn stored(new: &NewResource, (id, version, created): Created, related: Option<RelatedPage>) -> Stored {
    let created = created.to_jiff();
    Stored {
        id,
        kind: new.kind,
        resource: new.resource.clone(),
        version: Version::new(version.unsigned_abs()),
        created,
        last_modified: created,
        related,
    }
}
