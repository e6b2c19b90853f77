//! Rows derived anew: `comparable` and the claims of unique values follow from the schemas, and the schemas of a live tenant
//! may change.
//!
//! Every row carries the form of the schemas that it was derived by; writers set it, and what is of another form is found
//! here, but for the forms of newer versions of the program: two that run at once must not take turns. Documents are left as they are: what the schemas have no place for any more stays, unseen, and is back with them.

use database::sql::Statement;
use database::tenant::{TenantDatabase, TenantTransaction};
use scim::{Catalog, Kind, Resource, ResourceType};
use serde_json::{Map, Value};
use sqlx::types::Json;
use uuid::Uuid;

use crate::columns;
use crate::error::{StoreError, written};
use crate::retry::persistently;
use crate::tables;
use crate::unique::UniqueValues;

/// What a pass over a tenant's rows did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Rows that were derived anew.
    pub derived: u64,
    /// Values that the schemas declare unique, and that another resource has too, which had claimed them before.
    pub doubled: u64,
    /// Rows that are of another form still: others were writing them at that moment.
    pub left: u64,
}

/// Derives every user and group anew that is of another form than the catalog's, and not of a newer one, `batch` rows in a transaction, in the order of ids.
/// Rows that somebody else has locked are skipped. Neither `version` nor `meta.lastModified` changes: nothing is seen of
/// this, but that filters and uniqueness are those of the new schemas.
pub async fn derive_anew(
    database: &TenantDatabase,
    catalog: &Catalog,
    batch: u32,
) -> Result<Progress, StoreError> {
    let form = catalog.form();
    let mut progress =
        Progress { left: count_of_other_form(database, catalog, form).await?, ..Progress::default() };
    if progress.left == 0 {
        return Ok(progress);
    }
    for resource_type in catalog.resource_types() {
        let mut last = Some(Uuid::nil());
        while let Some(after) = last {
            let part = derive_batch(database, resource_type, form, after, batch).await?;
            progress.derived += part.derived;
            progress.doubled += part.doubled;
            last = part.last;
        }
    }
    progress.left = count_of_other_form(database, catalog, form).await?;
    Ok(progress)
}

/// What one transaction did.
struct Batch {
    derived: u64,
    doubled: u64,
    /// The last row that it looked at; `None` where there are no more.
    last: Option<Uuid>,
}

async fn derive_batch(
    database: &TenantDatabase,
    resource_type: &ResourceType,
    form: i64,
    after: Uuid,
    batch: u32,
) -> Result<Batch, StoreError> {
    persistently(|| try_batch(database, resource_type, form, after, batch)).await
}

async fn try_batch(
    database: &TenantDatabase,
    resource_type: &ResourceType,
    form: i64,
    after: Uuid,
    batch: u32,
) -> Result<Batch, StoreError> {
    let kind = resource_type.kind();
    let mut transaction = database.begin().await?;
    let mut statement = database.statement("SELECT id, resource FROM ");
    statement.text(tables::of(kind)).text(" WHERE id > ").bind(after).text(" AND ");
    is_stale(form, &mut statement);
    statement
        .text(" ORDER BY id LIMIT ")
        .bind(i64::from(batch.max(1)))
        .text(" FOR NO KEY UPDATE SKIP LOCKED");
    let rows: Vec<(Uuid, Json<Map<String, Value>>)> = transaction.fetch_all(statement).await?;
    let Some((last, _)) = rows.last() else {
        transaction.rollback().await?;
        return Ok(Batch { derived: 0, doubled: 0, last: None });
    };
    let last = *last;
    let derived = Derived::of(rows, resource_type);
    let count = derived.write(database, &mut transaction, kind, form).await?;
    let doubled = match kind {
        Kind::User => derived.claim(database, &mut transaction).await?,
        Kind::Group => 0,
    };
    transaction.commit().await?;
    Ok(Batch { derived: count, doubled, last: Some(last) })
}

async fn count_of_other_form(
    database: &TenantDatabase,
    catalog: &Catalog,
    form: i64,
) -> Result<u64, StoreError> {
    let mut statement = database.statement("SELECT 0");
    for resource_type in catalog.resource_types() {
        statement.text(" + (SELECT count(*) FROM ").text(tables::of(resource_type.kind()));
        statement.text(" WHERE ");
        is_stale(form, &mut statement);
        statement.text(")");
    }
    let (count,): (i64,) = written(database.fetch_optional(statement).await?)?;
    Ok(count.unsigned_abs())
}

/// Appends the condition on rows that are to be derived by this form.
fn is_stale(form: i64, statement: &mut Statement) {
    statement.text("form <> ").bind(form).text(" AND form < ").bind(Catalog::NEWER_FORMS);
}

/// What is derived of some rows: columns side by side.
#[derive(Default)]
struct Derived {
    ids: Vec<Uuid>,
    keys: Vec<String>,
    comparables: Vec<Json<Map<String, Value>>>,
    /// The claims of all of them.
    claimants: Vec<Uuid>,
    attributes: Vec<String>,
    digests: Vec<Vec<u8>>,
}

impl Derived {
    fn of(rows: Vec<(Uuid, Json<Map<String, Value>>)>, resource_type: &ResourceType) -> Self {
        let mut derived = Self::default();
        for (id, Json(document)) in rows {
            let resource = Resource::from_stored(document);
            derived.ids.push(id);
            derived.keys.push(columns::key(&resource, resource_type.kind()));
            derived.comparables.push(Json(resource.comparable(resource_type)));
            for (attribute, digest) in UniqueValues::of(&resource, resource_type).claims() {
                derived.claimants.push(id);
                derived.attributes.push(attribute);
                derived.digests.push(digest);
            }
        }
        derived
    }

    async fn write(
        &self,
        database: &TenantDatabase,
        transaction: &mut TenantTransaction,
        kind: Kind,
        form: i64,
    ) -> Result<u64, StoreError> {
        let mut statement = database.statement("UPDATE ");
        statement.text(tables::of(kind)).text(" AS one SET form = ").bind(form);
        statement.text(match kind {
            Kind::User => ", user_name_key = derived.key",
            Kind::Group => ", display_name_key = derived.key",
        });
        statement.text(", comparable = derived.comparable FROM unnest(").bind(&self.ids);
        statement.text("::uuid[], ").bind(&self.keys).text("::text[], ").bind(&self.comparables);
        statement.text("::jsonb[]) AS derived(id, key, comparable) WHERE one.id = derived.id");
        Ok(transaction.execute(statement).await?)
    }

    /// Gives up what is unique no longer, then claims what is unique now: first what is free, the rest beside whoever has it.
    /// Returns how much that rest is, also where it was claimed before.
    async fn claim(
        &self,
        database: &TenantDatabase,
        transaction: &mut TenantTransaction,
    ) -> Result<u64, StoreError> {
        let mut statement =
            database.statement("DELETE FROM {unique_values} AS claimed WHERE claimed.resource_id = ANY(");
        statement.bind(&self.ids).text(") AND NOT EXISTS (SELECT FROM ");
        self.unnest(&mut statement);
        statement.text(
            " WHERE claim.resource_id = claimed.resource_id AND claim.attribute = claimed.attribute \
             AND claim.digest = claimed.digest)",
        );
        transaction.execute(statement).await?;
        if self.claimants.is_empty() {
            return Ok(0);
        }
        let mut statement = database.statement(
            "INSERT INTO {unique_values} (resource_id, attribute, digest) \
             SELECT claim.resource_id, claim.attribute, claim.digest FROM ",
        );
        self.unnest(&mut statement);
        statement.text(" ORDER BY claim.attribute, claim.digest, claim.resource_id ON CONFLICT DO NOTHING");
        transaction.execute(statement).await?;
        let mut statement = database.statement(
            "SELECT {schema}.claim_beside_others(missing.attribute, missing.digest, missing.resource_id) \
             FROM (SELECT claim.attribute, claim.digest, claim.resource_id FROM ",
        );
        self.unnest(&mut statement);
        statement.text(
            " LEFT JOIN {unique_values} AS own USING (resource_id, attribute, digest) WHERE own.ordinal IS NULL \
             ORDER BY claim.attribute, claim.digest, claim.resource_id) AS missing",
        );
        transaction.execute(statement).await?;
        let mut statement = database.statement("SELECT count(*) FROM ");
        self.unnest(&mut statement);
        statement.text(
            " JOIN {unique_values} AS own USING (resource_id, attribute, digest) WHERE own.ordinal > 0",
        );
        let (doubled,): (i64,) = written(transaction.fetch_optional(statement).await?)?;
        Ok(doubled.unsigned_abs())
    }

    /// Appends the claims as a table `claim`.
    fn unnest(&self, statement: &mut Statement) {
        statement.text("unnest(").bind(&self.claimants).text("::uuid[], ").bind(&self.attributes);
        statement.text("::text[], ").bind(&self.digests);
        statement.text("::bytea[]) AS claim(resource_id, attribute, digest)");
    }
}
