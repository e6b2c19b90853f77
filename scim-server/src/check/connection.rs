//! Where a tenant is, and the token that lets in, as its Secret has them.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use url::Url;

const TENANT_URL: &str = "tenantURL";
const TOKEN: &str = "token";

/// A way to a tenant. Only [`Connection::token`] shows the token.
pub(super) struct Connection {
    base: Url,
    token: String,
}

impl Connection {
    /// Reads the files of a directory. Where a `server` is given, the tenant is asked there.
    pub(super) fn read(directory: &Path, server: Option<&Url>) -> Result<Self, ConnectionError> {
        let text = read(&directory.join(TENANT_URL))?;
        let mut base = Url::parse(&text)
            .ok()
            .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
            .ok_or_else(|| ConnectionError::NoUrl(text.clone()))?;
        if let Some(server) = server {
            replace(&mut base, server).ok_or(ConnectionError::NoUrl(text))?;
        }
        Ok(Self { base, token: read(&directory.join(TOKEN))? })
    }

    /// The Tenant URL as it is asked.
    pub(super) fn base(&self) -> &Url {
        &self.base
    }

    /// The URL of what is below the Tenant URL.
    pub(super) fn url(&self, path: &str, filter: Option<&str>) -> Url {
        let mut url = self.base.clone();
        url.set_path(&format!("{}{path}", self.base.path().trim_end_matches('/')));
        if let Some(filter) = filter {
            url.query_pairs_mut().append_pair("filter", filter);
        }
        url
    }

    pub(super) fn token(&self) -> &str {
        &self.token
    }
}

/// Why there is no way to a tenant.
#[derive(Debug, thiserror::Error)]
pub enum ConnectionError {
    /// A file is missing, or not for this user to read.
    #[error("cannot read {}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file is blank.
    #[error("{} is empty", .0.display())]
    Empty(PathBuf),
    /// What should be the Tenant URL is none.
    #[error("{TENANT_URL} is no http:// or https:// URL: {0}")]
    NoUrl(String),
}

fn read(path: &Path) -> Result<String, ConnectionError> {
    let text = fs::read_to_string(path)
        .map_err(|source| ConnectionError::Unreadable { path: path.to_owned(), source })?;
    match text.trim() {
        "" => Err(ConnectionError::Empty(path.to_owned())),
        text => Ok(text.to_owned()),
    }
}

/// Only URLs of `http` and `https` have all of this.
fn replace(url: &mut Url, by: &Url) -> Option<()> {
    url.set_scheme(by.scheme()).ok()?;
    url.set_host(by.host_str()).ok()?;
    url.set_port(by.port()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn connection(url: &str, server: Option<&str>) -> Result<Connection, ConnectionError> {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join(TENANT_URL), url).unwrap();
        fs::write(directory.path().join(TOKEN), "scim_token\n").unwrap();
        Connection::read(directory.path(), server.map(|server| Url::parse(server).unwrap()).as_ref())
    }

    #[test]
    fn a_tenant_is_asked_where_its_url_says() {
        let connection = connection("https://scim.example.com/customer-acme/acme/scim/v2\n", None).unwrap();
        assert_eq!(
            connection.url("/Users", Some("userName eq \"a&b\"")).as_str(),
            "https://scim.example.com/customer-acme/acme/scim/v2/Users?filter=userName+eq+%22a%26b%22"
        );
        assert_eq!(connection.token(), "scim_token");
    }

    #[test]
    fn a_server_that_is_given_replaces_scheme_host_and_port() {
        for (server, base) in [
            ("http://server.scim-system.svc:80", "http://server.scim-system.svc/a/b/scim/v2"),
            ("http://10.0.0.1:8080", "http://10.0.0.1:8080/a/b/scim/v2"),
            ("https://[::1]/ignored", "https://[::1]/a/b/scim/v2"),
        ] {
            let connection = connection("https://scim.example.com:8443/a/b/scim/v2", Some(server)).unwrap();
            assert_eq!(connection.base().as_str(), base);
        }
    }

    #[test]
    fn what_is_missing_is_named() {
        let missing = Connection::read(Path::new("/nowhere"), None).err().unwrap();
        assert_eq!(missing.to_string(), "cannot read /nowhere/tenantURL");
        assert!(matches!(connection(" ", None), Err(ConnectionError::Empty(_))));
        assert!(matches!(connection("scim.example.com", None), Err(ConnectionError::NoUrl(_))));
        assert!(matches!(connection("ftp://scim.example.com/", None), Err(ConnectionError::NoUrl(_))));
    }
}
