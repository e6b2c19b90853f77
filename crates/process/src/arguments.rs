//! Arguments that both binaries take.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use clap::Args;
use jiff::SignedDuration;

use crate::database::{DatabaseError, DatabaseSource, DatabaseUrl};
use crate::telemetry::Format;

/// Where the database of a process is that has one. Never a plain argument, because the password in it would be seen in the
/// process list.
#[derive(Args, Clone, Debug)]
pub struct DatabaseArguments {
    /// A folder with the database in files: url; or host, port, dbname, username, password, sslmode; and ca.crt. Without
    /// it, the environment variable `DATABASE_URL`
    #[arg(long, value_name = "PATH")]
    pub database_directory: Option<PathBuf>,
}

impl DatabaseArguments {
    /// Where it is said where the database is.
    pub fn source(&self) -> DatabaseSource {
        self.database_directory.clone().map_or(DatabaseSource::Environment, DatabaseSource::Directory)
    }

    /// Reads where the database is.
    pub fn url(&self) -> Result<DatabaseUrl, DatabaseError> {
        self.source().read()
    }
}

/// How the process tells about itself.
#[derive(Args, Clone, Debug)]
pub struct ObservabilityArguments {
    /// Where /livez, /readyz and /metrics are served
    #[arg(long, value_name = "ADDRESS", default_value = "0.0.0.0:8081")]
    pub observability_address: SocketAddr,

    /// How log lines look
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub log_format: Format,

    /// Which log lines are written, for instance `info,scim_server=debug`
    #[arg(long, value_name = "FILTER", env = "RUST_LOG", default_value = "info,sqlx::postgres::notice=warn")]
    pub log_filter: String,
}

/// Reads a duration with its unit, such as `30s`, `250ms` or `1m 30s`: a value parser for clap.
pub fn duration(text: &str) -> Result<Duration, String> {
    let duration = text.parse::<SignedDuration>().map_err(|error| error.to_string())?;
    Duration::try_from(duration).map_err(|_| "must not be negative".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_has_a_unit_and_is_not_negative() {
        assert_eq!(duration("30s"), Ok(Duration::from_secs(30)));
        assert_eq!(duration("0s"), Ok(Duration::ZERO));
        assert_eq!(duration("1m 250ms"), Ok(Duration::from_millis(60_250)));
        assert!(duration("30").is_err());
        assert_eq!(duration("-1s"), Err("must not be negative".to_owned()));
    }
}
