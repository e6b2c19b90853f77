//! The users of one tenant.

use std::sync::Arc;

use database::SqlTimestamp;
use database::tenant::{TenantDatabase, TenantTransaction};
use jiff::Timestamp;
use scim::{Catalog, Kind, Projection, Resource, ResourceType};
use uuid::Uuid;

use crate::columns::Columns;
use crate::error::StoreError;
use crate::listing::{self, ListQuery, Listing};
use crate::related::Related;
use crate::retry::Attempts;
use crate::rows::ResourceRow;
use crate::stored::Stored;
use crate::unique::{self, UniqueValues};

/// The users of one tenant. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Users {
    database: TenantDatabase,
    catalog: Arc<Catalog>,
}

impl Users {
    /// The users of that tenant, whose attributes are those of `catalog`.
    pub fn new(database: TenantDatabase, catalog: Arc<Catalog>) -> Self {
        Self { database, catalog }
    }

    /// Writes a new user under an id that nothing had before. 409 `uniqueness` where a value is taken.
    pub async fn create(&self, resource: Resource) -> Result<Stored, StoreError> {
        let id = Uuid::now_v7();
        let unique_values = self.unique_values(&resource);
        let mut attempts = Attempts::new();
        let created = loop {
            match self.insert(id, &resource, &unique_values).await {
                Err(error) if attempts.again(&error) => {}
                Err(error) => {
                    return Err(unique::explain(error, &self.database, id, &resource, &unique_values).await);
                }
                Ok(created) => break created,
            }
        };
        let related = Some(Vec::new());
        Ok(Stored { id, kind: Kind::User, resource, created, last_modified: created, related })
    }

    /// Reads a user.
    pub async fn get(&self, id: Uuid, projection: &Projection) -> Result<Option<Stored>, StoreError> {
        let related = Related::wanted_by(projection, Kind::User);
        let statement = listing::one(&self.database, Kind::User, related, id);
        let row: Option<ResourceRow> = self.database.fetch_optional(statement).await?;
        Ok(row.map(|row| row.into_stored(Kind::User, related.is_read())))
    }

    /// Reads a page of users.
    pub async fn list(&self, query: &ListQuery, projection: &Projection) -> Result<Listing, StoreError> {
        listing::list(&self.database, Kind::User, query, projection).await
    }

    /// Changes a user: `change` gets it as it is, nobody else can write it meanwhile, and what comes of it is written if
    /// it differs. `None` where there is no such user. `change` runs again when other transactions were in the way.
    pub async fn update<C>(
        &self,
        id: Uuid,
        change: C,
        projection: &Projection,
    ) -> Result<Option<Stored>, StoreError>
    where
        C: Fn(Resource) -> Result<Resource, scim::Error> + Send + Sync,
    {
        let related = Related::wanted_by(projection, Kind::User);
        let mut attempts = Attempts::new();
        loop {
            match self.try_update(id, &change, related).await {
                Err(error) if attempts.again(&error) => {}
                result => return result,
            }
        }
    }

    /// Replaces what the client may write of a user (PUT, RFC 7644 §3.5.1).
    pub async fn replace(
        &self,
        id: Uuid,
        resource: &Resource,
        projection: &Projection,
    ) -> Result<Option<Stored>, StoreError> {
        let change = |before: Resource| before.replaced_by(self.resource_type(), resource.clone());
        self.update(id, change, projection).await
    }

    /// Deletes a user with its memberships. Returns whether there was one.
    pub async fn delete(&self, id: Uuid) -> Result<bool, StoreError> {
        let mut attempts = Attempts::new();
        loop {
            let mut statement = self.database.statement("DELETE FROM {users} WHERE id = ");
            statement.bind(id);
            match self.database.execute(statement).await.map_err(StoreError::from) {
                Err(error) if attempts.again(&error) => {}
                deleted => return Ok(deleted? > 0),
            }
        }
    }

    fn resource_type(&self) -> &ResourceType {
        self.catalog.user()
    }

    fn unique_values(&self, resource: &Resource) -> UniqueValues {
        UniqueValues::new(resource.unique_values(self.resource_type()))
    }

    /// Locks are taken in the order in which [`write`](Self::write) takes them: the user's row, its name, its claims.
    async fn insert(
        &self,
        id: Uuid,
        resource: &Resource,
        unique_values: &UniqueValues,
    ) -> Result<Timestamp, StoreError> {
        let mut statement = self.database.statement(
            "WITH created AS (INSERT INTO {users} (id, user_name_key, external_id, active, resource, comparable, \
             created_at, last_modified_at) VALUES (",
        );
        let columns = Columns::of(resource, self.resource_type());
        statement.bind(id).text(", ").bind(columns.key).text(", ").bind(columns.external_id);
        statement.text(", ").bind(columns.active);
        statement.text(", ").bind(columns.resource).text(", ").bind(columns.comparable);
        statement.text(
            ", now(), now()) RETURNING id, created_at), \
             claimed AS (INSERT INTO {unique_values} (resource_id, attribute, digest) \
             SELECT created.id, claim.attribute, claim.digest FROM created, ",
        );
        unique_values.unnest(&mut statement);
        statement.text(" AS claim(attribute, digest)) SELECT created_at FROM created");
        let created: Option<(SqlTimestamp,)> = self.database.fetch_optional(statement).await?;
        Ok(created.map(|(created,)| created.to_jiff()).unwrap_or_default())
    }

    async fn try_update<C>(
        &self,
        id: Uuid,
        change: &C,
        related: Related,
    ) -> Result<Option<Stored>, StoreError>
    where
        C: Fn(Resource) -> Result<Resource, scim::Error> + Send + Sync,
    {
        let mut transaction = self.database.begin().await?;
        let mut statement = listing::one(&self.database, Kind::User, related, id);
        // Not FOR UPDATE: pushes of memberships refer to the row meanwhile and need not wait.
        statement.text(" FOR NO KEY UPDATE OF candidate");
        let Some(row) = transaction.fetch_optional::<ResourceRow>(statement).await? else {
            return Ok(None);
        };
        let before = row.into_stored(Kind::User, related.is_read());
        let resource = change(before.resource.clone())?;
        if resource == before.resource {
            transaction.rollback().await?;
            return Ok(Some(before));
        }
        let kept = self.unique_values(&resource);
        // What it had before is no conflict of this change, also if an older resource shares it: the profile may have
        // declared the attribute unique since.
        let added = kept.without(&self.unique_values(&before.resource));
        let written = match self.write(&mut transaction, id, &resource, &kept, &added).await {
            Ok(last_modified) => transaction.commit().await.map(|()| last_modified).map_err(StoreError::from),
            Err(error) => {
                // The explanation reads on a connection of its own, which must not wait for this one.
                drop(transaction);
                Err(error)
            }
        };
        match written {
            Ok(last_modified) => Ok(Some(Stored { resource, last_modified, ..before })),
            Err(error) => Err(unique::explain(error, &self.database, id, &resource, &added).await),
        }
    }

    /// `kept` is what the user has of unique values afterwards, `added` that of it which it claims only now. The rest is
    /// claimed too where nobody else has: the profile may have declared the attribute unique since it was written.
    async fn write(
        &self,
        transaction: &mut TenantTransaction,
        id: Uuid,
        resource: &Resource,
        kept: &UniqueValues,
        added: &UniqueValues,
    ) -> Result<Timestamp, StoreError> {
        let columns = Columns::of(resource, self.resource_type());
        let mut statement = self.database.statement("WITH written AS (UPDATE {users} SET user_name_key = ");
        statement.bind(columns.key);
        statement.text(", external_id = ").bind(columns.external_id);
        statement.text(", active = ").bind(columns.active);
        statement.text(", resource = ").bind(columns.resource);
        statement.text(", comparable = ").bind(columns.comparable);
        statement.text(", last_modified_at = clock_timestamp() WHERE id = ").bind(id);
        statement.text(
            " RETURNING id, last_modified_at), \
             released AS (DELETE FROM {unique_values} AS claimed USING written \
             WHERE claimed.resource_id = written.id AND NOT EXISTS (SELECT FROM ",
        );
        kept.unnest(&mut statement);
        statement.text(
            " AS claim(attribute, digest) \
             WHERE claim.attribute = claimed.attribute AND claim.digest = claimed.digest)), \
             claimed AS (INSERT INTO {unique_values} (resource_id, attribute, digest) \
             SELECT written.id, claim.attribute, claim.digest FROM written, ",
        );
        added.unnest(&mut statement);
        statement.text(
            " AS claim(attribute, digest) WHERE NOT EXISTS (SELECT FROM {unique_values} AS own \
             WHERE own.resource_id = written.id AND own.attribute = claim.attribute AND own.digest = claim.digest)), \
             claimed_late AS (INSERT INTO {unique_values} (resource_id, attribute, digest) \
             SELECT written.id, claim.attribute, claim.digest FROM written, ",
        );
        kept.without(added).unnest(&mut statement);
        statement.text(
            " AS claim(attribute, digest) ON CONFLICT DO NOTHING) SELECT last_modified_at FROM written",
        );
        let written: Option<(SqlTimestamp,)> = transaction.fetch_optional(statement).await?;
        Ok(written.map(|(written,)| written.to_jiff()).unwrap_or_default())
    }
}
