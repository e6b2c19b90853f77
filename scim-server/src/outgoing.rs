//! The one way out: how the server fetches what lies at an address that somebody else wrote down.

mod addresses;

use std::{
    error::Error as Cause,
    net::{IpAddr, SocketAddr},
    sync::{Arc, LazyLock},
    time::Duration,
};

use reqwest::{
    StatusCode,
    dns::{Addrs, Name, Resolve, Resolving},
    header::ACCEPT,
    redirect,
};
use tenancy::PrivateAddresses;
use tokio::net::lookup_host;
use url::{Host, Url};

use crate::outgoing::addresses::is_public;

/// How long an answer may take, body and all: less than a request of a client has, which may wait for it.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);

/// Fetches small documents. Clones share their connections' settings.
///
/// No redirect is followed, no proxy of the environment used, no cookie kept. Where private addresses are denied, the
/// address that is connected to is the one that was looked at, so a name that changes its address in between (DNS
/// rebinding) gains nothing. What was answered, and what went wrong, is for the log: no client may learn of it.
#[derive(Clone, Debug)]
pub struct Outgoing {
    /// Made when the first document is fetched: most installations never do.
    clients: Arc<LazyLock<Result<Clients, ClientError>>>,
}

#[derive(Debug)]
struct Clients {
    public: reqwest::Client,
    private: reqwest::Client,
}

/// Why no client can be made: its settings contradict each other.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ClientError {
    /// TLS cannot be set up.
    #[error(transparent)]
    Tls(#[from] rustls::Error),
    /// HTTP cannot.
    #[error(transparent)]
    Http(Arc<reqwest::Error>),
}

/// Why a document was not fetched.
#[derive(Debug, thiserror::Error)]
pub enum OutgoingError {
    /// It cannot be read.
    #[error("is no URL")]
    Syntax(#[from] url::ParseError),
    /// What is fetched without TLS may be anybody's.
    #[error("does not start with https://")]
    Scheme,
    /// The host is the address of a private network, or of no host.
    #[error("{0} is no public address")]
    Address(IpAddr),
    /// No client can be made.
    #[error("no client can be made")]
    Client(#[source] ClientError),
    /// There was no answer, or half of one.
    #[error("was not answered")]
    Request(#[source] reqwest::Error),
    /// The answer is none, or a redirect.
    #[error("was answered with {0}")]
    Status(StatusCode),
    /// The answer is longer than this many bytes.
    #[error("was answered with more than {0} bytes")]
    TooLong(usize),
}

impl Default for Outgoing {
    fn default() -> Self {
        Self { clients: Arc::new(LazyLock::new(Clients::new)) }
    }
}

impl Outgoing {
    /// Fetches the JSON document at this URL, of at most so many bytes.
    pub async fn json(
        &self,
        url: &str,
        private: PrivateAddresses,
        most: usize,
    ) -> Result<Vec<u8>, OutgoingError> {
        let url = Url::parse(url)?;
        let clients = LazyLock::force(&self.clients).as_ref();
        let clients = clients.map_err(|error| OutgoingError::Client(error.clone()))?;
        let client = match private {
            PrivateAddresses::Allow => &clients.private,
            PrivateAddresses::Deny => {
                check(&url)?;
                &clients.public
            }
        };
        let answer = client.get(url).header(ACCEPT, "application/json").send().await.map_err(request)?;
        match answer.status() {
            StatusCode::OK => read(answer, most).await,
            status => Err(OutgoingError::Status(status)),
        }
    }
}

/// What a resolver is not asked about: the scheme, and hosts that are addresses.
fn check(url: &Url) -> Result<(), OutgoingError> {
    if url.scheme() != "https" {
        return Err(OutgoingError::Scheme);
    }
    let address = match url.host() {
        Some(Host::Ipv4(address)) => Some(IpAddr::V4(address)),
        Some(Host::Ipv6(address)) => Some(IpAddr::V6(address)),
        _ => None,
    };
    address
        .filter(|address| !is_public(*address))
        .map_or(Ok(()), |address| Err(OutgoingError::Address(address)))
}

async fn read(mut answer: reqwest::Response, most: usize) -> Result<Vec<u8>, OutgoingError> {
    let mut bytes = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(request)? {
        if bytes.len() + chunk.len() > most {
            return Err(OutgoingError::TooLong(most));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

/// The log has the URL beside it.
fn request(error: reqwest::Error) -> OutgoingError {
    OutgoingError::Request(error.without_url())
}

impl Clients {
    fn new() -> Result<Self, ClientError> {
        let tls = process::tls::client()?;
        let builder = || {
            reqwest::Client::builder()
                .tls_backend_preconfigured(tls.clone())
                .timeout(ANSWER_WITHIN)
                .redirect(redirect::Policy::none())
                .no_proxy()
                .referer(false)
                // A document is fetched once an hour: no connection is worth keeping.
                .pool_max_idle_per_host(0)
                .user_agent(concat!("scim-server/", env!("CARGO_PKG_VERSION")))
        };
        let built = |builder: reqwest::ClientBuilder| {
            builder.build().map_err(|error| ClientError::Http(Arc::new(error)))
        };
        let public = built(builder().https_only(true).dns_resolver(PublicAddresses))?;
        Ok(Self { public, private: built(builder())? })
    }
}

/// Resolves names to public addresses alone.
#[derive(Clone, Copy, Debug)]
struct PublicAddresses;

/// All addresses of a name are private, or of no host.
#[derive(Debug, thiserror::Error)]
#[error("the host has no public address, but {0:?}")]
struct NotPublic(Vec<IpAddr>);

impl Resolve for PublicAddresses {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = lookup_host((name.as_str(), 0)).await?;
            let (public, refused): (Vec<SocketAddr>, Vec<_>) = found.partition(|found| is_public(found.ip()));
            if public.is_empty() {
                let refused = NotPublic(refused.iter().map(SocketAddr::ip).collect());
                return Err(Box::new(refused) as Box<dyn Cause + Send + Sync>);
            }
            Ok(Box::new(public.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(url: &str) -> Option<String> {
        check(&Url::parse(url).unwrap()).err().map(|error| error.to_string())
    }

    #[test]
    fn hosts_of_the_internet_are_asked_by_tls() {
        for url in
            ["https://login.microsoftonline.com/keys", "https://1.1.1.1:8443/", "https://[2a00:1450::1]/"]
        {
            assert_eq!(refusal(url), None, "{url}");
        }
    }

    #[test]
    fn nothing_is_asked_without_tls() {
        for url in
            ["http://login.microsoftonline.com/keys", "file:///etc/passwd", "ftp://a.example", "unix:/run/x"]
        {
            assert_eq!(refusal(url).unwrap(), "does not start with https://", "{url}");
        }
    }

    #[test]
    fn an_address_of_a_private_network_is_refused_however_it_is_written() {
        for (url, address) in [
            ("https://10.0.0.1/", "10.0.0.1"),
            ("https://127.0.0.1:6443/", "127.0.0.1"),
            ("https://127.1/", "127.0.0.1"),
            ("https://2130706433/", "127.0.0.1"),
            ("https://0x7f000001/", "127.0.0.1"),
            ("https://0177.0.0.1/", "127.0.0.1"),
            ("https://127.0.0.1./", "127.0.0.1"),
            ("https://%31%32%37.0.0.1/", "127.0.0.1"),
            ("https://user:password@169.254.169.254/", "169.254.169.254"),
            ("https://0/", "0.0.0.0"),
            ("https://[::1]/", "::1"),
            ("https://[::ffff:10.0.0.1]/", "::ffff:10.0.0.1"),
            ("https://[::ffff:a00:1]/", "::ffff:10.0.0.1"),
            ("https://[64:ff9b::a00:1]/", "64:ff9b::a00:1"),
            ("https://[fe80::1]/", "fe80::1"),
        ] {
            assert_eq!(refusal(url).unwrap(), format!("{address} is no public address"), "{url}");
        }
    }

    #[tokio::test]
    async fn a_name_of_a_private_address_is_the_name_of_nothing() {
        let error = PublicAddresses.resolve("localhost".parse().unwrap()).await.err().unwrap();
        assert!(error.downcast_ref::<NotPublic>().is_some(), "{error}");
    }
}
