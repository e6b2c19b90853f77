//! TLS of what a process asks others by: with ring, and the authorities of the system.

use std::sync::Arc;

use rustls::{ClientConfig, RootCertStore, crypto::ring};

/// The settings of a client, whatever the process has for others.
///
/// Trusted are the system's authorities, or those of `SSL_CERT_FILE` and `SSL_CERT_DIR`; Mozilla's where there are none, as in an
/// image that holds nothing but a program.
pub fn client() -> Result<ClientConfig, rustls::Error> {
    let provider = Arc::new(ring::default_provider());
    let versions = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    Ok(versions.with_root_certificates(roots()).with_no_client_auth())
}

fn roots() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if roots.is_empty() {
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    }
    roots
}
