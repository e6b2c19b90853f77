//! PostgreSQL: DDL, migrations, the registry of tenants, and access that is bound to one tenant.

mod connection;
mod error;
pub mod migration;
mod refusal;
pub mod registry;
mod scope;
mod share;
pub mod sql;
pub mod tenant;
#[cfg(feature = "testing")]
pub mod testing;

/// `timestamptz` as a value that is bound or read; `.to_jiff()` and `jiff_sqlx::ToSqlx::to_sqlx` convert.
pub use jiff_sqlx::Timestamp as SqlTimestamp;

pub use crate::connection::{ConnectError, Connections, Database, Options};
pub use crate::error::Error;
pub use crate::refusal::{Refusal, RefusalKind};
pub use crate::scope::TenantScope;
