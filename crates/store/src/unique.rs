//! Uniqueness is the database's: which constraint refused what becomes a 409 that names the attribute.

use database::sql::Statement;
use database::tenant::TenantDatabase;
use scim::{Error, Resource, ResourceType, UniqueValue};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::error::StoreError;

/// The constraint on the names of users.
const USER_NAME: &str = "users_user_name_key_unique";
/// The attributes that have a column with a constraint of its own.
const COLUMNS: [(&str, &str); 2] =
    [(USER_NAME, "userName"), ("groups_display_name_key_unique", "displayName")];
/// The constraint on all other unique attributes.
const VALUES: &str = "unique_values_unique";

/// The rows of `{unique_values}` that belong to a resource: two arrays side by side, so that there is one statement for
/// any number of values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct UniqueValues {
    values: Vec<UniqueValue>,
}

impl UniqueValues {
    /// The values that a resource claims for itself. One that it has twice is claimed once.
    pub(crate) fn of(resource: &Resource, resource_type: &ResourceType) -> Self {
        Self { values: resource.unique_values(resource_type) }
    }

    /// Those that `others` has not.
    pub(crate) fn without(&self, others: &Self) -> Self {
        let values = self.values.iter().filter(|value| !others.values.contains(value));
        Self { values: values.cloned().collect() }
    }

    /// The attributes and digests, side by side.
    pub(crate) fn claims(&self) -> impl Iterator<Item = (String, Vec<u8>)> + '_ {
        self.values.iter().map(|value| (value.path.clone(), digest(&value.folded)))
    }

    /// Appends `unnest(attributes, digests)`.
    pub(crate) fn unnest(&self, statement: &mut Statement) {
        let (attributes, digests): (Vec<String>, Vec<Vec<u8>>) = self.claims().unzip();
        statement.text("unnest(").bind(attributes).text("::text[], ").bind(digests).text("::bytea[])");
    }
}

/// Whether a user could not be written because another one has its name.
pub(crate) fn is_of_user_name(error: &StoreError) -> bool {
    matches!(error, StoreError::Database(error) if error.constraint() == Some(USER_NAME))
}

/// What the client is told when its resource could not be written: a 409 where another resource has one of its values.
pub(crate) async fn explain(
    error: StoreError,
    database: &TenantDatabase,
    id: Uuid,
    resource: &Resource,
    unique_values: &UniqueValues,
) -> StoreError {
    let StoreError::Database(database::Error::Constraint { constraint, .. }) = &error else {
        return error;
    };
    if let Some((_, attribute)) = COLUMNS.iter().find(|(name, _)| name == constraint) {
        let value = resource.document().get(*attribute).and_then(|value| value.as_str());
        return Error::uniqueness(attribute, value.unwrap_or_default()).into();
    }
    if constraint != VALUES {
        return error;
    }
    match taken(database, id, unique_values).await {
        // Whoever had it may be gone again; then any of them may have been the one.
        Ok(taken) => match taken.or(unique_values.values.first()) {
            Some(value) => Error::uniqueness(&value.path, &value.folded).into(),
            None => error,
        },
        Err(error) => error,
    }
}

/// One of the values that another resource has.
async fn taken<'v>(
    database: &TenantDatabase,
    id: Uuid,
    unique_values: &'v UniqueValues,
) -> Result<Option<&'v UniqueValue>, StoreError> {
    let mut statement = database.statement("SELECT wanted.position FROM ROWS FROM (");
    unique_values.unnest(&mut statement);
    statement
        .text(") WITH ORDINALITY AS wanted(attribute, digest, position) JOIN {unique_values} AS taken")
        .text(" USING (attribute, digest) WHERE taken.resource_id <> ")
        .bind(id)
        .text(" ORDER BY wanted.position LIMIT 1");
    let position: Option<(i64,)> = database.fetch_optional(statement).await?;
    let index = position.and_then(|(position,)| usize::try_from(position - 1).ok());
    Ok(index.and_then(|index| unique_values.values.get(index)))
}

/// What is kept of a value where the value itself would be too long or too personal.
pub(crate) fn digest(value: &str) -> Vec<u8> {
    Sha256::digest(value.as_bytes()).to_vec()
}
