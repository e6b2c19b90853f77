//! What goes wrong between a request and the rows.

use scim::ScimType;

/// The SQLSTATE of a value that is too long for an index (program_limit_exceeded).
const TOO_LONG_FOR_AN_INDEX: &str = "54000";

/// A request to the store did not work. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The client's request cannot be done; it is told why.
    #[error(transparent)]
    Scim(#[from] scim::Error),
    /// The database is away, the tenant's tables are, other requests were in the way again and again, or the tenant has
    /// more of them under way than one tenant may: try later.
    #[error("the resources cannot be reached")]
    Unavailable(#[source] database::Error),
    /// A statement or a row that does not fit: a defect of ours.
    #[error("the database refused a statement")]
    Database(#[source] database::Error),
}

impl From<database::Error> for StoreError {
    fn from(error: database::Error) -> Self {
        match error {
            // A tenant that is deleted loses its tables a moment before the servers learn of it.
            database::Error::Unavailable(_)
            | database::Error::TimedOut(_)
            | database::Error::Crowded
            | database::Error::Contention(_)
            | database::Error::Missing(_) => Self::Unavailable(error),
            database::Error::Statement(sqlx::Error::Database(ref cause))
                if cause.code().as_deref() == Some(TOO_LONG_FOR_AN_INDEX) =>
            {
                let detail = "userName, externalId or displayName is too long: shorten it to 500 characters";
                Self::Scim(scim::Error::bad_request(ScimType::InvalidValue, detail))
            }
            error => Self::Database(error),
        }
    }
}

/// The row of a statement that always returns one.
pub(crate) fn written<R>(row: Option<R>) -> Result<R, StoreError> {
    row.ok_or_else(|| StoreError::Database(database::Error::Statement(sqlx::Error::RowNotFound)))
}
