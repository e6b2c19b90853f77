//! The users of one tenant.

use std::sync::Arc;

use database::SqlTimestamp;
use database::tenant::{TenantDatabase, TenantTransaction};
use jiff::Timestamp;
use scim::profile::ReturningUsers;
use scim::{Catalog, Kind, Projection, Resource, ResourceType, Version};
use uuid::Uuid;

use crate::columns::{self, Columns};
use crate::creation::{self, NewResource};
use crate::error::{StoreError, written};
use crate::listing::{self, ListQuery, Listing};
use crate::precondition::Precondition;
use crate::related::{Names, Related};
use crate::removal::{self, Kept};
use crate::retry::persistently;
use crate::returning;
use crate::rows::ResourceRow;
use crate::stored::{RelatedPage, Stored};
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

    /// Writes a new user. 409 `uniqueness` where a value is taken.
    ///
    /// Under [`ReturningUsers::Revive`] somebody may come back: a disabled user with this name is replaced by `resource`
    /// unless that is disabled too, with its id, its groups and `meta.created`, whatever its immutable attributes were; a
    /// deleted one is created under its id from before. Of two who ask at once one succeeds, the other gets the 409.
    pub async fn create(&self, resource: Resource, returning: ReturningUsers) -> Result<Stored, StoreError> {
        let user = NewResource { id: Uuid::now_v7(), kind: Kind::User, resource, members: Vec::new() };
        let unique_values = UniqueValues::of(&user.resource, self.resource_type());
        let created =
            creation::create_user(&self.database, &self.catalog, &user, &unique_values, returning).await;
        let Err(error) = created else { return created };
        let may_revive = returning == ReturningUsers::Revive && user.resource.is_active();
        if may_revive
            && unique::is_of_user_name(&error)
            && let Some(revived) = self.revive(&user.resource).await?
        {
            return Ok(revived);
        }
        Err(unique::explain(error, &self.database, user.id, &user.resource, &unique_values).await)
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
    /// it differs. 412 where it is not what `precondition` expects. `None` where there is no such user. `change` runs again
    /// when other transactions were in the way.
    pub async fn update<C>(
        &self,
        id: Uuid,
        precondition: &Precondition,
        change: C,
        projection: &Projection,
    ) -> Result<Option<Stored>, StoreError>
    where
        C: Fn(Resource) -> Result<Resource, scim::Error> + Send + Sync,
    {
        let related = Related::wanted_by(projection, Kind::User);
        persistently(|| self.try_update(id, precondition, &change, related)).await
    }

    /// Replaces what the client may write of a user (PUT, RFC 7644 §3.5.1), as [`update`](Self::update) does.
    pub async fn replace(
        &self,
        id: Uuid,
        precondition: &Precondition,
        resource: &Resource,
        projection: &Projection,
    ) -> Result<Option<Stored>, StoreError> {
        let change = |before: Resource| before.replaced_by(self.resource_type(), resource.clone());
        self.update(id, precondition, change, projection).await
    }

    /// Deletes a user with its memberships, which changes its groups. 412 where it is not what `precondition` expects.
    /// Returns whether there was one. Under [`ReturningUsers::Revive`] its id is kept for when it comes back.
    pub async fn delete(
        &self,
        id: Uuid,
        precondition: &Precondition,
        returning: ReturningUsers,
    ) -> Result<bool, StoreError> {
        let kept = match returning {
            ReturningUsers::Conflict => Kept::Nothing,
            ReturningUsers::Revive => Kept::Id,
        };
        removal::remove(&self.database, Kind::User, id, precondition, kept).await
    }

    fn resource_type(&self) -> &ResourceType {
        self.catalog.user()
    }

    fn unique_values(&self, resource: &Resource) -> UniqueValues {
        UniqueValues::of(resource, self.resource_type())
    }

    /// Replaces the disabled user of this name. `None` where there is none; 409 where somebody was quicker.
    async fn revive(&self, resource: &Resource) -> Result<Option<Stored>, StoreError> {
        let key = columns::key(resource, Kind::User);
        let mut statement =
            self.database.statement("SELECT id FROM {users} WHERE NOT active AND user_name_key = ");
        statement.bind(key.as_str());
        let Some((id,)) = self.database.fetch_optional::<(Uuid,)>(statement).await? else { return Ok(None) };
        let change = |before: Resource| {
            if before.is_active() || columns::key(&before, Kind::User) != key {
                return Err(scim::Error::uniqueness("userName", resource.user_name().unwrap_or_default()));
            }
            Ok(resource.clone())
        };
        // With groups, if the profile has them.
        let everything = Projection::parse(None, None, self.resource_type())?;
        self.update(id, &Precondition::default(), change, &everything).await
    }

    async fn try_update<C>(
        &self,
        id: Uuid,
        precondition: &Precondition,
        change: &C,
        related: Related,
    ) -> Result<Option<Stored>, StoreError>
    where
        C: Fn(Resource) -> Result<Resource, scim::Error> + Send + Sync,
    {
        let mut transaction = self.database.begin().await?;
        // The tag that a client excludes may be one of the user with its groups.
        let read = if precondition.if_none_match.is_some() { Related::Read(Names::Shown) } else { related };
        let mut statement = listing::one(&self.database, Kind::User, read, id);
        // Not FOR UPDATE: pushes of memberships refer to the row meanwhile and need not wait.
        statement.text(" FOR NO KEY UPDATE OF candidate");
        let Some(row) = transaction.fetch_optional::<ResourceRow>(statement).await? else {
            return Ok(None);
        };
        let mut before = row.into_stored(Kind::User, read.is_read());
        precondition.check(before.version, before.related.iter().flat_map(RelatedPage::shown))?;
        before.related = before.related.filter(|_| related.is_read());
        let resource = change(before.resource.clone())?;
        if resource == before.resource {
            transaction.rollback().await?;
            return Ok(Some(before));
        }
        let kept = self.unique_values(&resource);
        // What it had before is no conflict of this change, also if an older resource shares it: the profile may have
        // declared the attribute unique since.
        let added = kept.without(&self.unique_values(&before.resource));
        let name = columns::key(&resource, Kind::User);
        let is_renamed = name != columns::key(&before.resource, Kind::User);
        let written = match self.write(&mut transaction, id, &resource, &kept, &added).await {
            Ok(written) => {
                if is_renamed {
                    returning::take_name(&self.database, &mut transaction, &name).await?;
                }
                transaction.commit().await.map(|()| written).map_err(StoreError::from)
            }
            Err(error) => {
                // The explanation reads on a connection of its own, which must not wait for this one.
                drop(transaction);
                Err(error)
            }
        };
        match written {
            Ok((version, last_modified)) => Ok(Some(Stored { resource, version, last_modified, ..before })),
            Err(error) => Err(unique::explain(error, &self.database, id, &resource, &added).await),
        }
    }

    /// `kept` is what the user has of unique values afterwards, `added` that of it which it claims only now. The rest it
    /// claims too where it does not yet, beside whoever else has it: the profile may have declared the attribute unique since
    /// it was written.
    async fn write(
        &self,
        transaction: &mut TenantTransaction,
        id: Uuid,
        resource: &Resource,
        kept: &UniqueValues,
        added: &UniqueValues,
    ) -> Result<(Version, Timestamp), StoreError> {
        let columns = Columns::of(resource, self.resource_type(), &self.catalog);
        let mut statement = self.database.statement("WITH written AS (UPDATE {users} SET user_name_key = ");
        statement.bind(columns.key);
        statement.text(", external_id = ").bind(columns.external_id);
        statement.text(", active = ").bind(columns.active);
        statement.text(", resource = ").bind(columns.resource);
        statement.text(", comparable = ").bind(columns.comparable);
        statement.text(", form = ").bind(columns.form);
        statement.text(", version = version + 1, last_modified_at = clock_timestamp() WHERE id = ").bind(id);
        statement.text(
            " RETURNING id, version, last_modified_at), \
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
             claimed_late AS MATERIALIZED (\
             SELECT {schema}.claim_beside_others(claim.attribute, claim.digest, written.id) FROM written, ",
        );
        kept.without(added).unnest(&mut statement);
        statement.text(
            " AS claim(attribute, digest) WHERE NOT EXISTS (SELECT FROM {unique_values} AS own \
             WHERE own.resource_id = written.id AND own.attribute = claim.attribute AND own.digest = claim.digest)) \
             SELECT version, last_modified_at FROM written, (SELECT count(*) FROM claimed_late) AS late",
        );
        let row: Option<(i64, SqlTimestamp)> = transaction.fetch_optional(statement).await?;
        let (version, last_modified) = written(row)?;
        Ok((Version::new(version.unsigned_abs()), last_modified.to_jiff()))
    }
}
