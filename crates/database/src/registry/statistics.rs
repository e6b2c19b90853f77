//! How much a tenant holds: what `status` shows.

use jiff::Timestamp;
use tenancy::{SchemaName, TenantId};

use crate::SqlTimestamp;
use crate::error::Error;
use crate::registry::Registry;
use crate::sql::Statement;

/// How much a tenant holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Statistics {
    /// Number of users.
    pub users: u64,
    /// Number of groups.
    pub groups: u64,
    /// When a user or group that is still there was last written.
    pub last_provisioned_at: Option<Timestamp>,
}

impl Registry {
    /// Counts a tenant's resources. [`Error::Missing`] when its schema is not there.
    pub async fn statistics(&self, tenant: TenantId) -> Result<Statistics, Error> {
        let statement = Statement::new(
            SchemaName::of(tenant),
            "SELECT u.number, g.number, greatest(u.latest, g.latest)
               FROM (SELECT count(*) AS number, max(last_modified_at) AS latest FROM {users}) u,
                    (SELECT count(*) AS number, max(last_modified_at) AS latest FROM {groups}) g",
        );
        let row: Option<(i64, i64, Option<SqlTimestamp>)> =
            statement.fetch_optional(self.database.pool()).await?;
        let (users, groups, latest) = row.unwrap_or_default();
        Ok(Statistics {
            users: users.unsigned_abs(),
            groups: groups.unsigned_abs(),
            last_provisioned_at: latest.map(SqlTimestamp::to_jiff),
        })
    }
}
