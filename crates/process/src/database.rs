//! Where a database is: in a folder of files, as a volume of Secrets shows them, or in the environment variable `DATABASE_URL`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{env, fmt, fs, io};

use percent_encoding::percent_decode_str;
use url::Url;

const DATABASE_URL: &str = "DATABASE_URL";

const URL: &str = "url";
const CERTIFICATES: &str = "ca.crt";
/// The folder in that of a database with the account that servers connect with.
const SERVER: &str = "server";

/// The files that say a part of the URL, and the parameters of a `postgres://` URL that go before what stands elsewhere in it.
const PARTS: [(&str, &str); 6] = [
    ("host", "host"),
    ("port", "port"),
    ("dbname", "dbname"),
    ("username", "user"),
    ("password", "password"),
    ("sslmode", "sslmode"),
];
const SSL_MODES: [&str; 6] = ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"];

/// Where it is said where a database is. It may be read again and again: a Secret that was changed is seen then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DatabaseSource {
    /// In the environment variable `DATABASE_URL`.
    Environment,
    /// In a folder with the file `url`; or with `host` and as many of `port`, `dbname`, `username`, `password` and `sslmode` as
    /// are needed. Such a part beside `url` goes before what the URL says. Beside them `ca.crt`, the certificates that the
    /// server's must come from; TLS is asked for as `verify-full` then, unless something else is said. A blank file is none.
    Directory(PathBuf),
}

/// A `postgres://` URL with its password: printing it shows nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct DatabaseUrl(String);

/// A role of PostgreSQL as servers connect with it. Printing it shows no password.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Account {
    /// Its name.
    pub user_name: Option<String>,
    /// Its password.
    pub password: Option<String>,
}

/// Why it is not known where a database is. No message repeats what a file holds.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// The environment variable is missing or blank, and no folder was named.
    #[error(
        "no database: set the environment variable {DATABASE_URL}, or name a folder by --database-directory (of an operator, \
         --databases-directory)"
    )]
    Missing,
    /// The files that are needed are not in the folder.
    #[error(
        "no database in {}: there is no file url and no file host, or it is blank \
         (files: url, or host, port, dbname, username, password, sslmode; and ca.crt)", folder.display()
    )]
    NoFiles {
        /// The folder.
        folder: PathBuf,
    },
    /// The file `url` does not hold one.
    #[error(
        "{} is not of the form postgres://user:password@host:port/database; in the password, characters such as /, # and % \
         are written as %2F, %23 and %25", file.display()
    )]
    NoUrl {
        /// The file.
        file: PathBuf,
    },
    /// The file `port` holds no number of a port.
    #[error("{} is no port from 1 to 65535", file.display())]
    NoPort {
        /// The file.
        file: PathBuf,
    },
    /// The file `sslmode` holds no mode that PostgreSQL knows.
    #[error("{} is none of {}", file.display(), SSL_MODES.join(", "))]
    NoSslMode {
        /// The file.
        file: PathBuf,
    },
    /// A file or a folder cannot be read.
    #[error("cannot read {}", path.display())]
    Unreadable {
        /// The file or the folder.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The folder of databases holds none.
    #[error("no database: {} has no folder, of which each is a database by its name", folder.display())]
    NoFolders {
        /// The folder.
        folder: PathBuf,
    },
    /// A folder has a name that no class can say.
    #[error("{} is no name of a database: it needs 1 to 63 small letters, digits and -", folder.display())]
    NoName {
        /// The folder.
        folder: PathBuf,
    },
}

impl DatabaseSource {
    /// Each folder in `directory` as a database of that name. There is at least one.
    pub fn in_directory(directory: &Path) -> Result<BTreeMap<String, Self>, DatabaseError> {
        let unreadable = |source| DatabaseError::Unreadable { path: directory.to_owned(), source };
        let mut sources = BTreeMap::new();
        for entry in fs::read_dir(directory).map_err(unreadable)? {
            let folder = entry.map_err(unreadable)?.path();
            let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
            // A volume keeps what it shows in folders that begin with dots.
            if name.starts_with('.') || !folder.is_dir() {
                continue;
            }
            if !is_name(&name) {
                return Err(DatabaseError::NoName { folder });
            }
            sources.insert(name, Self::Directory(folder));
        }
        if sources.is_empty() {
            return Err(DatabaseError::NoFolders { folder: directory.to_owned() });
        }
        Ok(sources)
    }

    /// Reads where the database is.
    pub fn read(&self) -> Result<DatabaseUrl, DatabaseError> {
        match self {
            Self::Environment => match env::var(DATABASE_URL).unwrap_or_default().trim() {
                "" => Err(DatabaseError::Missing),
                url => Ok(DatabaseUrl(url.to_owned())),
            },
            Self::Directory(folder) => in_folder(folder),
        }
    }

    /// The account of the servers, of which the folder `server` in that of the database holds `url`, or `username` and
    /// `password`.
    pub fn server_account(&self) -> Result<Account, DatabaseError> {
        let Self::Directory(folder) = self else { return Ok(Account::default()) };
        let folder = folder.join(SERVER);
        let account = match file(&folder, URL)? {
            Some(text) => account_in(&url(&folder, &text)?),
            None => Account::default(),
        };
        Ok(Account {
            user_name: file(&folder, "username")?.or(account.user_name),
            password: file(&folder, "password")?.or(account.password),
        })
    }
}

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

impl fmt::Debug for Account {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Account").field("user_name", &self.user_name).finish_non_exhaustive()
    }
}

fn in_folder(folder: &Path) -> Result<DatabaseUrl, DatabaseError> {
    let mut url = match (file(folder, URL)?, file(folder, "host")?) {
        (Some(text), _) => url(folder, &text)?,
        (None, Some(_)) => url(folder, "postgres:///")?,
        (None, None) => return Err(DatabaseError::NoFiles { folder: folder.to_owned() }),
    };
    for (name, parameter) in PARTS {
        if let Some(value) = file(folder, name)? {
            check(folder, name, &value)?;
            url.query_pairs_mut().append_pair(parameter, &value);
        }
    }
    if file(folder, CERTIFICATES)?.is_some() {
        let has_mode = url.query_pairs().any(|(key, _)| key == "sslmode" || key == "ssl-mode");
        let certificates = folder.join(CERTIFICATES).to_string_lossy().into_owned();
        let mut query = url.query_pairs_mut();
        query.append_pair("sslrootcert", &certificates);
        if !has_mode {
            query.append_pair("sslmode", "verify-full");
        }
    }
    Ok(DatabaseUrl(url.into()))
}

fn url(folder: &Path, text: &str) -> Result<Url, DatabaseError> {
    let url = Url::parse(text).ok().filter(|url| ["postgres", "postgresql"].contains(&url.scheme()));
    url.ok_or_else(|| DatabaseError::NoUrl { file: folder.join(URL) })
}

fn check(folder: &Path, name: &str, value: &str) -> Result<(), DatabaseError> {
    let file = folder.join(name);
    match name {
        "port" if value.parse::<u16>().is_ok_and(|port| port > 0) => Ok(()),
        "port" => Err(DatabaseError::NoPort { file }),
        "sslmode" if !SSL_MODES.contains(&value) => Err(DatabaseError::NoSslMode { file }),
        _ => Ok(()),
    }
}

/// What a file holds but for the end of its line; `None`: it is not there, or blank.
fn file(folder: &Path, name: &str) -> Result<Option<String>, DatabaseError> {
    let path = folder.join(name);
    match fs::read_to_string(&path) {
        // A password may end with a space.
        Ok(text) if name == "password" => {
            Ok(Some(text.trim_end_matches(['\r', '\n']).to_owned()).filter(|text| !text.is_empty()))
        }
        Ok(text) => Ok(Some(text.trim().to_owned()).filter(|text| !text.is_empty())),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            Ok(None)
        }
        Err(source) => Err(DatabaseError::Unreadable { path, source }),
    }
}

fn account_in(url: &Url) -> Account {
    let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    let parameter = |name: &str| {
        let found = url.query_pairs().filter(|(key, _)| key == name).last();
        found.map(|(_, value)| value.into_owned())
    };
    let user_name = Some(url.username()).filter(|name| !name.is_empty()).map(decoded);
    Account {
        user_name: parameter("user").or(user_name),
        password: parameter("password").or_else(|| url.password().map(decoded)),
    }
}

/// A DNS label, as `spec.database` of a class is.
fn is_name(name: &str) -> bool {
    let is_inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=63).contains(&name.len())
        && name.bytes().all(is_inner)
        && !name.starts_with('-')
        && !name.ends_with('-')
}

#[cfg(test)]
mod tests;
