//! Whom a tenant trusts to sign: from what is declared to issuer, keys and claims.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crds::Reason;
use crds::authentication::{EntraCloud, EntraIssuer, OtherIssuer, TrustedIssuer};
use tenancy::{CredentialKind, PrivateAddresses, Trust};
use url::{Host, Url};

use crate::obstacle::Obstacle;

/// `aud` of the tokens that Entra itself sends to an application of no gallery
/// (<https://learn.microsoft.com/en-us/entra/identity/app-provisioning/use-scim-to-provision-users-and-groups>).
const ENTRA_AUDIENCE: &str = "8adf8e6e-67b2-4cf2-a259-e3dc5476c621";

/// What a tenant trusts. The obstacle is always a lasting one.
pub(super) fn trust(
    kind: CredentialKind,
    declared: &TrustedIssuer,
    private_addresses: PrivateAddresses,
) -> Result<Trust, Obstacle> {
    let field = match kind {
        CredentialKind::Federation => "spec.authentication.oauth2.federation",
        _ => "spec.authentication.jwt",
    };
    match (&declared.entra, &declared.issuer) {
        (Some(entra), _) => of_entra(kind, entra, field),
        (None, Some(issuer)) => of_another(issuer, private_addresses, field),
        (None, None) => {
            Err(Obstacle::lasting(Reason::InvalidSpec, format!("{field} names neither entra nor issuer")))
        }
    }
}

/// What Entra signs: for federation in version 2.0 of its tokens; in place of a Secret Token in version 1.0, whose issuer
/// has the same name in all clouds
/// (<https://learn.microsoft.com/en-us/entra/identity-platform/access-tokens>,
/// <https://learn.microsoft.com/en-us/entra/identity-platform/authentication-national-cloud>).
fn of_entra(kind: CredentialKind, entra: &EntraIssuer, field: &str) -> Result<Trust, Obstacle> {
    let directory_id = entra.directory_id.to_ascii_lowercase();
    let authority = match entra.cloud {
        EntraCloud::Public => "https://login.microsoftonline.com",
        EntraCloud::USGovernment => "https://login.microsoftonline.us",
    };
    let (issuer, keys, usual_audience) = match kind {
        CredentialKind::Federation => {
            (format!("{authority}/{directory_id}/v2.0"), "discovery/v2.0/keys", None)
        }
        _ => (format!("https://sts.windows.net/{directory_id}/"), "discovery/keys", Some(ENTRA_AUDIENCE)),
    };
    let audience = entra.audience.as_deref().or(usual_audience).ok_or_else(|| {
        Obstacle::lasting(Reason::InvalidSpec, format!("{field}.entra.audience is missing"))
    })?;
    Ok(Trust {
        issuer,
        jwks_uri: format!("{authority}/{directory_id}/{keys}"),
        audience: audience.to_owned(),
        subject: entra.subject.clone(),
        directory_id: Some(directory_id),
    })
}

/// What another provider signs. Where a name leads to is for the servers to see; an address that is written down can be
/// judged now.
fn of_another(
    issuer: &OtherIssuer,
    private_addresses: PrivateAddresses,
    field: &str,
) -> Result<Trust, Obstacle> {
    let keys = &issuer.jwks_uri;
    let url = Url::parse(keys).map_err(|error| {
        Obstacle::lasting(Reason::InvalidSpec, format!("{field}.issuer.jwksURI is no URL: {error}"))
    })?;
    if !url.username().is_empty() || url.password().is_some() {
        // What it says there is a secret, and a message is read by many.
        return Err(Obstacle::lasting(
            Reason::IssuerNotAllowed,
            format!("{field}.issuer.jwksURI must not hold a user name or password"),
        ));
    }
    let is_private = match url.host() {
        Some(Host::Ipv4(address)) => !is_public(address.into()),
        Some(Host::Ipv6(address)) => !is_public(address.into()),
        Some(Host::Domain(_)) | None => false,
    };
    if private_addresses == PrivateAddresses::Deny && (url.scheme() != "https" || is_private) {
        return Err(Obstacle::lasting(
            Reason::IssuerNotAllowed,
            format!(
                "{field}.issuer.jwksURI has to lead to a public address by https://, says the class: {keys}"
            ),
        ));
    }
    Ok(Trust {
        issuer: issuer.url.clone(),
        jwks_uri: keys.clone(),
        audience: issuer.audience.clone(),
        subject: issuer.subject.clone(),
        directory_id: None,
    })
}

/// Whether an address is of the internet (<https://www.iana.org/assignments/iana-ipv4-special-registry>). What passes here
/// is judged once more by the servers before they connect.
fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => !is_special_v4(address),
        IpAddr::V6(address) => !is_special_v6(address),
    }
}

fn is_special_v4(address: Ipv4Addr) -> bool {
    let [first, second, ..] = address.octets();
    address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_multicast()
        || address.is_broadcast()
        || first == 0
        // Of carriers (RFC 6598) and of clusters.
        || (first == 100 && second & 0xc0 == 64)
}

fn is_special_v6(address: Ipv6Addr) -> bool {
    address.is_loopback()
        || address.is_unspecified()
        || address.is_unique_local()
        || address.is_unicast_link_local()
        || address.is_multicast()
}
