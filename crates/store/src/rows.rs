//! From rows to resources.

use database::SqlTimestamp;
use scim::cursor::Key;
use scim::{Kind, Resource, Version};
use serde_json::{Map, Value};
use sqlx::postgres::PgRow;
use sqlx::types::Json;
use sqlx::{Column, FromRow, Row, TypeInfo};
use uuid::Uuid;

use crate::stored::{MEMBERS_AT_ONCE, Related, RelatedEdge, RelatedPage, Stored};

/// The columns of a resource, and those of [`crate::related`] behind them.
pub(crate) struct ResourceRow {
    pub(crate) id: Uuid,
    resource: Map<String, Value>,
    version: i64,
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
            version: Version::new(self.version.unsigned_abs()),
            created: self.created_at.to_jiff(),
            last_modified: self.last_modified_at.to_jiff(),
            related: has_related.then(|| match kind {
                Kind::User => RelatedPage { items: self.related, rest: None },
                Kind::Group => RelatedPage::of(self.related, MEMBERS_AT_ONCE),
            }),
        }
    }
}

impl FromRow<'_, PgRow> for ResourceRow {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        let Json(resource) = row.try_get("resource")?;
        Ok(Self {
            id: row.try_get("id")?,
            resource,
            version: row.try_get("version")?,
            created_at: row.try_get("created_at")?,
            last_modified_at: row.try_get("last_modified_at")?,
            related: related(row)?,
        })
    }
}

/// A row of a listing: the total, and a resource unless the page is empty.
pub(crate) struct ListingRow {
    pub(crate) total: i64,
    /// How many ids the page has, of which there may be one too many.
    pub(crate) found: i32,
    pub(crate) kind: Kind,
    pub(crate) key: Key,
    pub(crate) resource: Option<ResourceRow>,
}

impl FromRow<'_, PgRow> for ListingRow {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        let is_empty = row.try_get::<Option<Uuid>, _>("id")?.is_none();
        Ok(Self {
            total: row.try_get("total")?,
            found: row.try_get("found")?,
            kind: kind(row.try_get::<Option<bool>, _>("is_user")?.unwrap_or_default()),
            key: key(row)?,
            resource: if is_empty { None } else { Some(ResourceRow::from_row(row)?) },
        })
    }
}

/// The column `key`, if there is one.
fn key(row: &PgRow) -> Result<Key, sqlx::Error> {
    let Some(column) = row.columns().iter().find(|column| column.name() == "key") else {
        return Ok(Key::Unsorted);
    };
    let value = match column.type_info().name() {
        "JSONB" => row.try_get::<Option<Json<Value>>, _>("key")?.map(|Json(value)| value),
        "TIMESTAMPTZ" => {
            let moment: Option<SqlTimestamp> = row.try_get("key")?;
            moment.map(|moment| Value::from(format!("{:.9}", moment.to_jiff())))
        }
        _ => row.try_get::<Option<String>, _>("key")?.map(Value::from),
    };
    Ok(value.map_or(Key::Absent, Key::Value))
}

fn kind(is_user: bool) -> Kind {
    if is_user { Kind::User } else { Kind::Group }
}

/// The columns of [`crate::related`] by themselves.
pub(crate) struct RelatedRow(pub(crate) Vec<Related>);

impl FromRow<'_, PgRow> for RelatedRow {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        Ok(Self(related(row)?))
    }
}

impl RelatedPage {
    /// Of members that were read, one more than `limit` at most.
    pub(crate) fn of(mut items: Vec<Related>, limit: u32) -> Self {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let is_whole = items.len() <= limit;
        items.truncate(limit);
        let edge = items.last().map(|last| RelatedEdge { kind: last.kind, id: last.id });
        Self { items, rest: edge.filter(|_| !is_whole) }
    }
}

fn related(row: &PgRow) -> Result<Vec<Related>, sqlx::Error> {
    let ids: Option<Vec<Uuid>> = row.try_get("related_ids")?;
    let are_users: Option<Vec<bool>> = row.try_get("related_are_users")?;
    let displays: Option<Vec<Option<String>>> = row.try_get("related_displays")?;
    let columns = ids.unwrap_or_default().into_iter().zip(are_users.unwrap_or_default());
    let related = columns.zip(displays.unwrap_or_default()).map(|((id, is_user), display)| Related {
        id,
        kind: kind(is_user),
        display,
    });
    Ok(related.collect())
}
