//! The URL that a customer pastes into an identity provider, derived from the class's URL.

use std::fmt;

use serde::{Deserialize, Serialize};
use url::Url;

use crate::key::{Namespace, TenantName};

/// The path of SCIM below a tenant's own path, as identity providers expect it.
const SCIM: &str = "scim/v2";

/// The path of the token endpoint below a tenant's own path.
const TOKEN: &str = "oauth2/token";
const NAMESPACE: &str = "{namespace}";
const NAME: &str = "{name}";
/// Longest host name, in characters (RFC 1035, section 2.3.4).
const LONGEST_HOST: usize = 253;
const LONGEST_LABEL: usize = 63;

/// The URL of a class: scheme, host and port below which its tenants are reached. The host may hold `{namespace}` and
/// `{name}`, so that tenants have hosts of their own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClassUrl(String);

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
    /// Reads `https://scim.example.com` or `https://{namespace}.scim.example.com`, with or without a slash at the end.
    pub fn parse(text: &str) -> Result<Self, ClassUrlError> {
        let url = Url::parse(&text.replace(NAMESPACE, "a").replace(NAME, "a"))?;
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
        if bare { Ok(Self(text.trim_end_matches('/').to_owned())) } else { Err(ClassUrlError::MoreThanAHost) }
    }

    /// Whether tenants have hosts of their own.
    pub fn is_template(&self) -> bool {
        self.0.contains(NAMESPACE) || self.0.contains(NAME)
    }

    /// The URL of the host that this tenant is reached at.
    pub fn for_tenant(&self, namespace: &Namespace, name: &TenantName) -> Result<HostUrl, HostUrlError> {
        HostUrl::parse(&self.0.replace(NAMESPACE, namespace.as_str()).replace(NAME, name.as_str()))
    }

    /// The URL of the host that all tenants are reached at; `None` when they have hosts of their own.
    pub fn for_all(&self) -> Option<HostUrl> {
        if self.is_template() { None } else { HostUrl::parse(&self.0).ok() }
    }
}

impl fmt::Display for ClassUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Scheme, host and port, without placeholders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostUrl(Url);

/// A tenant's names make no host.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HostUrlError {
    /// It cannot be read.
    #[error("is no URL: {0}")]
    Syntax(#[from] url::ParseError),
    /// DNS takes no such host.
    #[error(
        "makes the host {0}, which is longer than DNS takes: 63 characters between two dots, 253 together"
    )]
    TooLong(String),
}

impl HostUrl {
    fn parse(text: &str) -> Result<Self, HostUrlError> {
        let url = Url::parse(text)?;
        let host = url.host_str().unwrap_or_default();
        if host.len() > LONGEST_HOST || host.split('.').any(|label| label.len() > LONGEST_LABEL) {
            return Err(HostUrlError::TooLong(host.to_owned()));
        }
        Ok(Self(url))
    }

    /// The host that an ingress controller routes, without the port.
    pub fn host(&self) -> &str {
        self.0.host_str().unwrap_or_default()
    }
}

impl fmt::Display for HostUrl {
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
    pub fn new(host: &HostUrl, namespace: &Namespace, name: &TenantName) -> Self {
        Self(format!("{host}{}", Self::path(namespace, name)))
    }

    /// The path of that URL: `/<namespace>/<name>/scim/v2`.
    pub fn path(namespace: &Namespace, name: &TenantName) -> String {
        format!("/{namespace}/{name}/{SCIM}")
    }

    /// The path of the tenant's token endpoint: `/<namespace>/<name>/oauth2/token`.
    pub fn token_path(namespace: &Namespace, name: &TenantName) -> String {
        format!("/{namespace}/{name}/{TOKEN}")
    }

    /// The URL of the tenant's token endpoint.
    pub fn token_url(&self) -> String {
        format!("{}{TOKEN}", self.0.strip_suffix(SCIM).unwrap_or(&self.0))
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
        let (namespace, name) = ("customer-acme".parse().unwrap(), "acme".parse().unwrap());
        let host = ClassUrl::parse(class).unwrap().for_tenant(&namespace, &name).unwrap();
        TenantUrl::new(&host, &namespace, &name).to_string()
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
        let class = ClassUrl::parse("http://localhost:8080").unwrap();
        assert_eq!(class.for_all().unwrap().host(), "localhost");
        assert_eq!(ClassUrl::parse("https://{name}.scim.example.com").unwrap().for_all(), None);
    }

    #[test]
    fn a_tenant_has_a_host_of_its_own_where_the_class_says_so() {
        assert_eq!(
            tenant_url("https://{name}-{namespace}.scim.example.com:8443"),
            "https://acme-customer-acme.scim.example.com:8443/customer-acme/acme/scim/v2"
        );
    }

    #[test]
    fn a_host_that_dns_does_not_take_is_refused() {
        let class = ClassUrl::parse("https://{name}-{namespace}.scim.example.com").unwrap();
        let long = |length| "a".repeat(length);
        assert!(class.for_tenant(&long(31).parse().unwrap(), &long(31).parse().unwrap()).is_ok());
        let refused = class.for_tenant(&long(32).parse().unwrap(), &long(31).parse().unwrap());
        assert!(matches!(refused, Err(HostUrlError::TooLong(_))));
    }

    #[test]
    fn the_token_endpoint_is_beside_the_tenants_url() {
        let url = TenantUrl::try_from(tenant_url("https://scim.example.com")).unwrap();
        assert_eq!(url.token_url(), "https://scim.example.com/customer-acme/acme/oauth2/token");
        let path = TenantUrl::token_path(&"customer-acme".parse().unwrap(), &"acme".parse().unwrap());
        assert!(url.token_url().ends_with(&path));
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
