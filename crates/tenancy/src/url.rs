//! The URL that a customer pastes into an identity provider, derived from the class's URL.

use std::fmt;

use serde::{Deserialize, Serialize};
use url::Url;

use crate::key::{Namespace, TenantName};

/// The path of SCIM below a tenant's own path, as identity providers expect it.
const SCIM: &str = "scim/v2";

/// The URL of a class: scheme, host and port below which all of its tenants are reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClassUrl(Url);

/// Why a text is no URL of a class.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ClassUrlError {
    /// It is no absolute URL.
    #[error("is no URL: {0}")]
    Syntax(#[from] url::ParseError),
    /// A scheme that no identity provider calls.
    #[error("must start with https:// (or http://, for trying out)")]
    Scheme,
    /// There is no host to route.
    #[error("must name a host")]
    Host,
    /// User name, path, query or fragment: a tenant's path follows directly after the host.
    #[error("may hold a scheme, a host and a port only")]
    MoreThanAHost,
}

impl ClassUrl {
    /// Reads `https://scim.example.com`, with or without a slash at the end.
    pub fn parse(text: &str) -> Result<Self, ClassUrlError> {
        let url = Url::parse(text)?;
        if !matches!(url.scheme(), "https" | "http") {
            return Err(ClassUrlError::Scheme);
        }
        if url.host_str().is_none_or(str::is_empty) {
            return Err(ClassUrlError::Host);
        }
        let bare = matches!(url.path(), "" | "/")
            && url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none();
        if bare { Ok(Self(url)) } else { Err(ClassUrlError::MoreThanAHost) }
    }

    /// The host that an ingress controller routes, without the port.
    pub fn host(&self) -> &str {
        self.0.host_str().unwrap_or_default()
    }

    /// Whether identity providers reach it over TLS.
    pub fn is_https(&self) -> bool {
        self.0.scheme() == "https"
    }
}

impl fmt::Display for ClassUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str().trim_end_matches('/'))
    }
}

/// Where a tenant is reached: `<class url>/<namespace>/<name>/scim/v2`, without a slash at the end.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TenantUrl(String);

/// Why a text is no URL of a tenant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TenantUrlError {
    /// It is no absolute URL.
    #[error("is no URL: {0}")]
    Syntax(#[from] url::ParseError),
    /// It does not end the way that every tenant's URL does.
    #[error("does not end with /{SCIM}")]
    Ending,
}

impl TenantUrl {
    /// The URL of the tenant with this name in this namespace.
    pub fn new(class: &ClassUrl, namespace: &Namespace, name: &TenantName) -> Self {
        Self(format!("{class}{}", Self::path(namespace, name)))
    }

    /// The path of that URL: `/<namespace>/<name>/scim/v2`.
    pub fn path(namespace: &Namespace, name: &TenantName) -> String {
        format!("/{namespace}/{name}/{SCIM}")
    }

    /// The whole URL.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TenantUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for TenantUrl {
    type Error = TenantUrlError;

    fn try_from(text: String) -> Result<Self, TenantUrlError> {
        let url = Url::parse(&text)?;
        if url.path().ends_with(SCIM) { Ok(Self(text)) } else { Err(TenantUrlError::Ending) }
    }
}

impl From<TenantUrl> for String {
    fn from(url: TenantUrl) -> Self {
        url.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tenant_url(class: &str) -> String {
        let class = ClassUrl::parse(class).unwrap();
        TenantUrl::new(&class, &"customer-acme".parse().unwrap(), &"acme".parse().unwrap()).to_string()
    }

    #[test]
    fn a_tenant_is_reached_below_its_class() {
        assert_eq!(
            tenant_url("https://scim.example.com"),
            "https://scim.example.com/customer-acme/acme/scim/v2"
        );
        assert_eq!(tenant_url("http://localhost:8080/"), "http://localhost:8080/customer-acme/acme/scim/v2");
    }

    #[test]
    fn a_class_tells_the_host_that_is_routed() {
        assert_eq!(ClassUrl::parse("http://localhost:8080").unwrap().host(), "localhost");
    }

    #[test]
    fn a_class_url_with_more_than_a_host_is_refused() {
        for text in
            ["https://a.example/b", "https://u@a.example", "https://a.example?b", "https://a.example#b"]
        {
            assert_eq!(ClassUrl::parse(text), Err(ClassUrlError::MoreThanAHost), "{text}");
        }
        assert_eq!(ClassUrl::parse("ftp://a.example"), Err(ClassUrlError::Scheme));
        assert!(matches!(ClassUrl::parse("scim.example.com"), Err(ClassUrlError::Syntax(_))));
    }

    #[test]
    fn a_tenants_url_survives_the_registry() {
        let url = TenantUrl::try_from(tenant_url("https://scim.example.com")).unwrap();
        let json = serde_json::to_string(&url).unwrap();
        assert_eq!(serde_json::from_str::<TenantUrl>(&json).unwrap(), url);
        assert!(serde_json::from_str::<TenantUrl>("\"https://scim.example.com/\"").is_err());
    }
}
