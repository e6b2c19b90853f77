//! From rows to resources.

use database::SqlTimestamp;
use scim::{Kind, Resource};
use serde_json::{Map, Value};
use sqlx::postgres::PgRow;
use sqlx::types::Json;
use sqlx::{FromRow, Row};
use uuid::Uuid;

use crate::stored::{Related, Stored};

/// The columns of a resource, and those of [`crate::related`] behind them.
pub(crate) struct ResourceRow {
    pub(crate) id: Uuid,
    resource: Map<String, Value>,
    created_at: SqlTimestamp,
    last_modified_at: SqlTimestamp,
    related: Vec<Related>,
}

impl ResourceRow {
    /// The resource of that row; `has_related` says whether the statement read what it is related to.
    pub(crate) fn into_stored(self, kind: Kind, has_related: bool) -> Stored {
        Stored {
            id: self.id,
            kind,
            resource: Resource::from_stored(self.resource),
            created: self.created_at.to_jiff(),
            last_modified: self.last_modified_at.to_jiff(),
            related: has_related.then_some(self.related),
        }
    }
}

impl FromRow<'_, PgRow> for ResourceRow {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        let Json(resource) = row.try_get("resource")?;
        Ok(Self {
            id: row.try_get("id")?,
            resource,
            created_at: row.try_get("created_at")?,
            last_modified_at: row.try_get("last_modified_at")?,
            related: related(row)?,
        })
    }
}

/// A row of a listing: the total, and a resource unless the page is empty.
pub(crate) struct ListingRow {
    pub(crate) total: i64,
    pub(crate) resource: Option<ResourceRow>,
}

impl FromRow<'_, PgRow> for ListingRow {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        let is_empty = row.try_get::<Option<Uuid>, _>("id")?.is_none();
        let resource = if is_empty { None } else { Some(ResourceRow::from_row(row)?) };
        Ok(Self { total: row.try_get("total")?, resource })
    }
}

/// The columns of [`crate::related`] by themselves.
pub(crate) struct RelatedRow(pub(crate) Vec<Related>);

impl FromRow<'_, PgRow> for RelatedRow {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        Ok(Self(related(row)?))
    }
}

fn related(row: &PgRow) -> Result<Vec<Related>, sqlx::Error> {
    let ids: Option<Vec<Uuid>> = row.try_get("related_ids")?;
    let are_users: Option<Vec<bool>> = row.try_get("related_are_users")?;
    let displays: Option<Vec<Option<String>>> = row.try_get("related_displays")?;
    let columns = ids.unwrap_or_default().into_iter().zip(are_users.unwrap_or_default());
    let related = columns.zip(displays.unwrap_or_default()).map(|((id, is_user), display)| {
        let kind = if is_user { Kind::User } else { Kind::Group };
        Related { id, kind, display }
    });
    Ok(related.collect())
}
