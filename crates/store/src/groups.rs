//! The groups of one tenant, with their members.

use std::sync::Arc;

use database::SqlTimestamp;
use database::sql::Statement;
use database::tenant::{TenantDatabase, TenantTransaction};
use jiff::Timestamp;
use scim::{Catalog, GroupBody, Kind, MemberChange, MemberReference, Projection, Resource, Version};
use uuid::Uuid;

use crate::columns::Columns;
use crate::creation::{self, NewResource};
use crate::error::{StoreError, written};
use crate::listing::{self, ListQuery, Listing};
use crate::members;
use crate::precondition::Precondition;
use crate::related::{self, Names, Related};
use crate::removal::{self, Kept};
use crate::retry::persistently;
use crate::rows::ResourceRow;
use crate::stored::{RelatedEdge, RelatedPage, Stored};
use crate::unique::{self, UniqueValues};

/// The groups of one tenant. Cheap to clone. Where the profile has none, nothing can be written.
#[derive(Clone, Debug)]
pub struct Groups {
    database: TenantDatabase,
    catalog: Arc<Catalog>,
}

impl Groups {
    /// The groups of that tenant, whose attributes are those of `catalog`.
    pub fn new(database: TenantDatabase, catalog: Arc<Catalog>) -> Self {
        Self { database, catalog }
    }

    /// Writes a new group under an id that nothing had before. 409 `uniqueness` where its name is taken, 400
    /// `invalidValue` where a member does not exist.
    pub async fn create(
        &self,
        resource: Resource,
        members: Vec<MemberReference>,
        projection: &Projection,
    ) -> Result<Stored, StoreError> {
        let group = NewResource { id: Uuid::now_v7(), kind: Kind::Group, resource, members };
        let related = Related::wanted_by(projection, Kind::Group);
        creation::create_group(&self.database, &self.catalog, group, related).await
    }

    /// Reads a group.
    pub async fn get(&self, id: Uuid, projection: &Projection) -> Result<Option<Stored>, StoreError> {
        let related = Related::wanted_by(projection, Kind::Group);
        let statement = listing::one(&self.database, Kind::Group, related, id);
        let row: Option<ResourceRow> = self.database.fetch_optional(statement).await?;
        Ok(row.map(|row| row.into_stored(Kind::Group, related.is_read())))
    }

    /// Reads the members of a group behind `edge`, `limit` at most: the rest of those that were read together with it. Each
    /// call sees the state of its moment; `None` where the group is gone.
    pub async fn members_after(
        &self,
        id: Uuid,
        edge: RelatedEdge,
        limit: u32,
        projection: &Projection,
    ) -> Result<Option<RelatedPage>, StoreError> {
        let names = Names::wanted_by(projection, Kind::Group);
        related::members_after(&self.database, id, edge, limit, names).await
    }

    /// Reads a page of groups.
    pub async fn list(&self, query: &ListQuery, projection: &Projection) -> Result<Listing, StoreError> {
        listing::list(&self.database, Kind::Group, query, projection).await
    }

    /// Changes a group and its members: all of it or nothing. `change` gets the group as it is, and nobody else can write
    /// it or its members meanwhile; what comes of it is written if it differs. 412 where it is not what `precondition`
    /// expects. `None` where there is no such group. `change` runs again when other transactions were in the way.
    pub async fn update<C>(
        &self,
        id: Uuid,
        precondition: &Precondition,
        change: C,
        member_changes: &[MemberChange],
        projection: &Projection,
    ) -> Result<Option<Stored>, StoreError>
    where
        C: Fn(Resource) -> Result<Resource, scim::Error> + Send + Sync,
    {
        let related = Related::wanted_by(projection, Kind::Group);
        persistently(|| self.try_update(id, precondition, &change, member_changes, related)).await
    }

    /// Replaces a group (PUT, RFC 7644 §3.5.1): what the body does not have is gone, its members included. A client
    /// that means to leave the members alone sends PATCH.
    pub async fn replace(
        &self,
        id: Uuid,
        precondition: &Precondition,
        body: &GroupBody,
        projection: &Projection,
    ) -> Result<Option<Stored>, StoreError> {
        let resource_type = creation::group_type(&self.catalog)?;
        let change = |before: Resource| before.replaced_by(resource_type, body.resource.clone());
        let members = MemberChange::Replace(body.members.clone().unwrap_or_default());
        self.update(id, precondition, change, &[members], projection).await
    }

    /// Deletes a group with its memberships, which changes the groups that it is in. 412 where it is not what `precondition`
    /// expects. Returns whether there was one.
    pub async fn delete(&self, id: Uuid, precondition: &Precondition) -> Result<bool, StoreError> {
        removal::remove(&self.database, Kind::Group, id, precondition, Kept::Nothing).await
    }

    async fn try_update<C>(
        &self,
        id: Uuid,
        precondition: &Precondition,
        change: &C,
        member_changes: &[MemberChange],
        related: Related,
    ) -> Result<Option<Stored>, StoreError>
    where
        C: Fn(Resource) -> Result<Resource, scim::Error> + Send + Sync,
    {
        let mut transaction = self.database.begin().await?;
        let mut statement = listing::one(&self.database, Kind::Group, Related::Skipped, id);
        statement.text(" FOR NO KEY UPDATE OF candidate");
        let Some(row) = transaction.fetch_optional::<ResourceRow>(statement).await? else {
            return Ok(None);
        };
        let before = row.into_stored(Kind::Group, Related::Skipped.is_read());
        precondition.check(before.version, std::iter::empty())?;
        let resource = change(before.resource.clone())?;
        let have_members_changed =
            members::apply(&self.database, &mut transaction, id, member_changes).await?;

        let (version, last_modified) = if resource != before.resource {
            match self.write(&mut transaction, id, &resource).await {
                Ok(written) => written,
                Err(error) => {
                    drop(transaction);
                    return Err(self.explain(error, id, &resource).await);
                }
            }
        } else if have_members_changed {
            self.touch(&mut transaction, id).await?
        } else {
            (before.version, before.last_modified)
        };
        let related = members::read(&self.database, &mut transaction, id, related).await?;
        transaction.commit().await?;
        Ok(Some(Stored { resource, version, last_modified, related, ..before }))
    }

    async fn write(
        &self,
        transaction: &mut TenantTransaction,
        id: Uuid,
        resource: &Resource,
    ) -> Result<(Version, Timestamp), StoreError> {
        let columns = Columns::of(resource, creation::group_type(&self.catalog)?, &self.catalog);
        let mut statement = self.database.statement("UPDATE {groups} SET display_name_key = ");
        statement.bind(columns.key);
        statement.text(", external_id = ").bind(columns.external_id);
        statement.text(", resource = ").bind(columns.resource);
        statement.text(", comparable = ").bind(columns.comparable);
        statement.text(", form = ").bind(columns.form).text(", ");
        finish(transaction, statement, id).await
    }

    /// Its members have changed.
    async fn touch(
        &self,
        transaction: &mut TenantTransaction,
        id: Uuid,
    ) -> Result<(Version, Timestamp), StoreError> {
        finish(transaction, self.database.statement("UPDATE {groups} SET "), id).await
    }

    async fn explain(&self, error: StoreError, id: Uuid, resource: &Resource) -> StoreError {
        unique::explain(error, &self.database, id, resource, &UniqueValues::default()).await
    }
}

/// Ends an UPDATE: what every change sets.
async fn finish(
    transaction: &mut TenantTransaction,
    mut statement: Statement,
    id: Uuid,
) -> Result<(Version, Timestamp), StoreError> {
    statement.text("version = version + 1, last_modified_at = clock_timestamp() WHERE id = ").bind(id);
    statement.text(" RETURNING version, last_modified_at");
    let row: Option<(i64, SqlTimestamp)> = transaction.fetch_optional(statement).await?;
    let (version, last_modified) = written(row)?;
    Ok((Version::new(version.unsigned_abs()), last_modified.to_jiff()))
}
