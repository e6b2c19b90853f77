//! The groups of one tenant, with their members.

use std::sync::Arc;

use database::SqlTimestamp;
use database::tenant::{TenantDatabase, TenantTransaction};
use jiff::Timestamp;
use scim::{Catalog, GroupBody, Kind, MemberChange, MemberReference, Projection, Resource, ResourceType};
use uuid::Uuid;

use crate::columns::Columns;
use crate::error::StoreError;
use crate::listing::{self, ListQuery, Listing};
use crate::members;
use crate::related::Related;
use crate::retry::Attempts;
use crate::rows::{RelatedRow, ResourceRow};
use crate::stored::Stored;
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
        let id = Uuid::now_v7();
        let related = Related::wanted_by(projection, Kind::Group);
        let changes = [MemberChange::Add(members)];
        let mut attempts = Attempts::new();
        loop {
            match self.try_create(id, &resource, &changes, related).await {
                Err(error) if attempts.again(&error) => {}
                created => return created,
            }
        }
    }

    /// Reads a group.
    pub async fn get(&self, id: Uuid, projection: &Projection) -> Result<Option<Stored>, StoreError> {
        let related = Related::wanted_by(projection, Kind::Group);
        let statement = listing::one(&self.database, Kind::Group, related, id);
        let row: Option<ResourceRow> = self.database.fetch_optional(statement).await?;
        Ok(row.map(|row| row.into_stored(Kind::Group, related.is_read())))
    }

    /// Reads a page of groups.
    pub async fn list(&self, query: &ListQuery, projection: &Projection) -> Result<Listing, StoreError> {
        listing::list(&self.database, Kind::Group, query, projection).await
    }

    /// Changes a group and its members: all of it or nothing. `change` gets the group as it is, and nobody else can write
    /// it or its members meanwhile; what comes of it is written if it differs. `None` where there is no such group.
    /// `change` runs again when other transactions were in the way.
    pub async fn update<C>(
        &self,
        id: Uuid,
        change: C,
        member_changes: &[MemberChange],
        projection: &Projection,
    ) -> Result<Option<Stored>, StoreError>
    where
        C: Fn(Resource) -> Result<Resource, scim::Error> + Send + Sync,
    {
        let related = Related::wanted_by(projection, Kind::Group);
        let mut attempts = Attempts::new();
        loop {
            match self.try_update(id, &change, member_changes, related).await {
                Err(error) if attempts.again(&error) => {}
                updated => return updated,
            }
        }
    }

    /// Replaces a group (PUT, RFC 7644 §3.5.1): what the body does not have is gone, its members included. A client
    /// that means to leave the members alone sends PATCH.
    pub async fn replace(
        &self,
        id: Uuid,
        body: &GroupBody,
        projection: &Projection,
    ) -> Result<Option<Stored>, StoreError> {
        let resource_type = self.resource_type()?;
        let change = |before: Resource| before.replaced_by(resource_type, body.resource.clone());
        let members = MemberChange::Replace(body.members.clone().unwrap_or_default());
        self.update(id, change, &[members], projection).await
    }

    /// Deletes a group with its memberships. Returns whether there was one.
    pub async fn delete(&self, id: Uuid) -> Result<bool, StoreError> {
        let mut attempts = Attempts::new();
        loop {
            let mut statement = self.database.statement("DELETE FROM {groups} WHERE id = ");
            statement.bind(id);
            match self.database.execute(statement).await.map_err(StoreError::from) {
                Err(error) if attempts.again(&error) => {}
                deleted => return Ok(deleted? > 0),
            }
        }
    }

    fn resource_type(&self) -> Result<&ResourceType, StoreError> {
        let resource_type = self.catalog.resource_type(Kind::Group);
        Ok(resource_type.ok_or_else(|| scim::Error::with_status(404, "this tenant has no groups"))?)
    }

    async fn try_create(
        &self,
        id: Uuid,
        resource: &Resource,
        members: &[MemberChange],
        related: Related,
    ) -> Result<Stored, StoreError> {
        let mut transaction = self.database.begin().await?;
        let mut statement = self.database.statement(
            "INSERT INTO {groups} (id, display_name_key, external_id, resource, comparable, created_at, \
             last_modified_at) VALUES (",
        );
        let columns = Columns::of(resource, self.resource_type()?);
        statement.bind(id).text(", ").bind(columns.key).text(", ").bind(columns.external_id);
        statement.text(", ").bind(columns.resource).text(", ").bind(columns.comparable);
        statement.text(", now(), now()) RETURNING created_at");
        let created: Option<(SqlTimestamp,)> = match transaction.fetch_optional(statement).await {
            Ok(created) => created,
            Err(error) => {
                drop(transaction);
                return Err(self.explain(error.into(), id, resource).await);
            }
        };
        let created = created.map(|(created,)| created.to_jiff()).unwrap_or_default();
        members::apply(&self.database, &mut transaction, id, members).await?;
        let related = self.read_related(&mut transaction, id, related).await?;
        transaction.commit().await?;
        let resource = resource.clone();
        Ok(Stored { id, kind: Kind::Group, resource, created, last_modified: created, related })
    }

    async fn try_update<C>(
        &self,
        id: Uuid,
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
        let resource = change(before.resource.clone())?;
        let have_members_changed =
            members::apply(&self.database, &mut transaction, id, member_changes).await?;

        let last_modified = if resource != before.resource {
            match self.write(&mut transaction, id, &resource).await {
                Ok(last_modified) => last_modified,
                Err(error) => {
                    drop(transaction);
                    return Err(self.explain(error, id, &resource).await);
                }
            }
        } else if have_members_changed {
            self.touch(&mut transaction, id).await?
        } else {
            before.last_modified
        };
        let related = self.read_related(&mut transaction, id, related).await?;
        transaction.commit().await?;
        Ok(Some(Stored { resource, last_modified, related, ..before }))
    }

    async fn write(
        &self,
        transaction: &mut TenantTransaction,
        id: Uuid,
        resource: &Resource,
    ) -> Result<Timestamp, StoreError> {
        let columns = Columns::of(resource, self.resource_type()?);
        let mut statement = self.database.statement("UPDATE {groups} SET display_name_key = ");
        statement.bind(columns.key);
        statement.text(", external_id = ").bind(columns.external_id);
        statement.text(", resource = ").bind(columns.resource);
        statement.text(", comparable = ").bind(columns.comparable);
        statement.text(", last_modified_at = clock_timestamp() WHERE id = ").bind(id);
        statement.text(" RETURNING last_modified_at");
        let written: Option<(SqlTimestamp,)> = transaction.fetch_optional(statement).await?;
        Ok(written.map(|(written,)| written.to_jiff()).unwrap_or_default())
    }

    async fn touch(&self, transaction: &mut TenantTransaction, id: Uuid) -> Result<Timestamp, StoreError> {
        let mut statement =
            self.database.statement("UPDATE {groups} SET last_modified_at = clock_timestamp() WHERE id = ");
        statement.bind(id).text(" RETURNING last_modified_at");
        let touched: Option<(SqlTimestamp,)> = transaction.fetch_optional(statement).await?;
        Ok(touched.map(|(touched,)| touched.to_jiff()).unwrap_or_default())
    }

    async fn read_related(
        &self,
        transaction: &mut TenantTransaction,
        id: Uuid,
        related: Related,
    ) -> Result<Option<Vec<crate::stored::Related>>, StoreError> {
        if related == Related::Skipped {
            return Ok(None);
        }
        let statement = listing::one(&self.database, Kind::Group, related, id);
        let row: Option<RelatedRow> = transaction.fetch_optional(statement).await?;
        Ok(row.map(|RelatedRow(members)| members))
    }

    async fn explain(&self, error: StoreError, id: Uuid, resource: &Resource) -> StoreError {
        unique::explain(error, &self.database, id, resource, &UniqueValues::default()).await
    }
}
