//! Arguments that both binaries take; the only place that reads the environment.

use std::{env, fmt, fs, io, net::SocketAddr, path::PathBuf, time::Duration};

use clap::Args;
use jiff::SignedDuration;

use crate::telemetry::Format;

const DATABASE_URL: &str = "DATABASE_URL";

/// Where the database is: the environment variable `DATABASE_URL`, or a file, which goes first. Never a plain
/// argument, because the password in it would be seen in the process list.
#[derive(Args, Clone, Debug)]
pub struct DatabaseArguments {
    /// A file that holds the URL of the database; without it, the environment variable `DATABASE_URL`
    #[arg(long, value_name = "PATH")]
    pub database_url_file: Option<PathBuf>,
}

impl DatabaseArguments {
    /// Reads the URL.
    pub fn url(&self) -> Result<DatabaseUrl, DatabaseUrlError> {
        let text = match &self.database_url_file {
            Some(path) => fs::read_to_string(path)
                .map_err(|source| DatabaseUrlError::Unreadable { path: path.clone(), source })?,
            None => env::var(DATABASE_URL).map_err(|_| DatabaseUrlError::Missing)?,
        };
        match text.trim() {
            "" => Err(DatabaseUrlError::Empty),
            url => Ok(DatabaseUrl(url.to_owned())),
        }
    }
}

/// A `postgres://` URL with its password: printing it shows nothing.
#[derive(Clone)]
pub struct DatabaseUrl(String);

impl DatabaseUrl {
    /// The text, password and all.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("DatabaseUrl(redacted)")
    }
}

/// Why there is no database to connect to.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseUrlError {
    /// Neither the variable nor the argument is there.
    #[error("no database: set the environment variable {DATABASE_URL} or give --database-url-file")]
    Missing,
    /// The variable or the file is there, and blank.
    #[error("the URL of the database is empty")]
    Empty,
    /// The file of `--database-url-file` cannot be read.
    #[error("cannot read the URL of the database from {}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
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
    use std::io::Write as _;

    use super::*;

    #[test]
    fn a_file_gives_the_url_without_its_line_end() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        writeln!(file, "postgres://scim:secret@database/scim").unwrap();
        let arguments = DatabaseArguments { database_url_file: Some(file.path().to_owned()) };
        assert_eq!(arguments.url().unwrap().expose(), "postgres://scim:secret@database/scim");
    }

    #[test]
    fn an_empty_file_is_refused() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let arguments = DatabaseArguments { database_url_file: Some(file.path().to_owned()) };
        assert!(matches!(arguments.url(), Err(DatabaseUrlError::Empty)));
    }

    #[test]
    fn a_missing_file_is_named() {
        let arguments = DatabaseArguments { database_url_file: Some("/nowhere/url".into()) };
        assert_eq!(
            arguments.url().unwrap_err().to_string(),
            "cannot read the URL of the database from /nowhere/url"
        );
    }

    #[test]
    fn a_printed_url_shows_no_password() {
        let url = DatabaseUrl("postgres://scim:secret@database/scim".to_owned());
        assert_eq!(format!("{url:?}"), "DatabaseUrl(redacted)");
    }

    #[test]
    fn a_duration_has_a_unit_and_is_not_negative() {
        assert_eq!(duration("30s"), Ok(Duration::from_secs(30)));
        assert_eq!(duration("0s"), Ok(Duration::ZERO));
        assert_eq!(duration("1m 250ms"), Ok(Duration::from_millis(60_250)));
        assert!(duration("30").is_err());
        assert_eq!(duration("-1s"), Err("must not be negative".to_owned()));
    }
}
