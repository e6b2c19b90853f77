//! How a tenant's identity provider is to be let in, read from what is declared: pure.

mod issuer;

use std::time::Duration;

use crds::ScimTenant;
use crds::authentication::{Authentication, ExistingPassword, ExistingToken, TrustedIssuer};
use database::registry::{Credential, Overlap};
use tenancy::{CredentialKind, Trust};

use crate::class::AcceptedClass;
use crate::duration;
use crate::obstacle::Obstacle;

/// How an identity provider is let in.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Entrance {
    /// By what we make and put into a Secret of ours.
    Issued {
        /// What that is.
        kind: IssuedKind,
        /// When a new one takes the place of the old one.
        rotation: Rotation,
    },
    /// By what somebody else makes and puts into a Secret.
    Brought {
        /// Where it is.
        secret: BroughtSecret,
        /// How long the one before works besides it.
        overlap: Overlap,
    },
    /// By what somebody else signs.
    Trusted {
        /// [`CredentialKind::Federation`] or [`CredentialKind::Jwt`].
        kind: CredentialKind,
        /// Who signs, and what.
        trust: Trust,
        /// How long what was before works besides it.
        overlap: Overlap,
    },
}

impl Entrance {
    /// What kind of proof is asked for.
    pub(crate) fn kind(&self) -> CredentialKind {
        match self {
            Self::Issued { kind, .. } => (*kind).into(),
            Self::Brought { secret, .. } => secret.kind(),
            Self::Trusted { kind, .. } => *kind,
        }
    }
}

/// What we make.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum IssuedKind {
    /// A token.
    BearerToken,
    /// A password, for one user name.
    Basic,
    /// A client secret, for one client id.
    ClientSecret,
}

impl From<IssuedKind> for CredentialKind {
    fn from(kind: IssuedKind) -> Self {
        match kind {
            IssuedKind::BearerToken => Self::BearerToken,
            IssuedKind::Basic => Self::Basic,
            IssuedKind::ClientSecret => Self::ClientSecret,
        }
    }
}

/// When a new credential takes the place of the old one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rotation {
    /// How long the old one works besides the new one.
    pub(crate) overlap: Overlap,
    /// How old a used one gets; `None`: as old as nobody asks for another one.
    pub(crate) every: Option<Duration>,
}

/// A Secret of somebody else, in the tenant's namespace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BroughtSecret {
    /// Its name.
    pub(crate) name: String,
    /// Where in it the credential is.
    pub(crate) keys: BroughtKeys,
}

/// Where in a Secret a credential is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum BroughtKeys {
    /// A token, under this key.
    Token(String),
    /// A user name and a password, under these keys.
    Password {
        /// Of the user name.
        user_name: String,
        /// Of the password.
        password: String,
    },
}

impl BroughtSecret {
    /// What is in it.
    pub(crate) fn kind(&self) -> CredentialKind {
        match self.keys {
            BroughtKeys::Token(_) => CredentialKind::BearerToken,
            BroughtKeys::Password { .. } => CredentialKind::Basic,
        }
    }
}

/// How the tenant lets its identity provider in. The obstacle is always a lasting one.
pub(crate) fn entrance(tenant: &ScimTenant, class: &AcceptedClass) -> Result<Entrance, Obstacle> {
    match trusted_issuer(tenant) {
        Some((kind, issuer)) => {
            let trust = issuer::trust(kind, issuer, class.private_addresses)?;
            Ok(Entrance::Trusted { kind, trust, overlap: Overlap::UntilUsed })
        }
        None => by_secret(tenant),
    }
}

/// The same without a class, which says nothing about Secrets; `None` where there is none, or where it cannot be read.
pub(crate) fn without_class(tenant: &ScimTenant) -> Option<Entrance> {
    if trusted_issuer(tenant).is_some() { None } else { by_secret(tenant).ok() }
}

/// As far as the registry knows it, which knows nothing of Secrets and schedules: what asks for this proof.
pub(crate) fn known(credential: Option<&Credential>) -> Entrance {
    let issued =
        |kind| Entrance::Issued { kind, rotation: Rotation { overlap: Overlap::UntilUsed, every: None } };
    let Some(Credential { kind, trust, .. }) = credential else { return issued(IssuedKind::BearerToken) };
    match (kind, trust) {
        (_, Some(trust)) => {
            Entrance::Trusted { kind: *kind, trust: trust.clone(), overlap: Overlap::UntilUsed }
        }
        (CredentialKind::ClientSecret, None) => issued(IssuedKind::ClientSecret),
        (CredentialKind::Basic, None) => issued(IssuedKind::Basic),
        (CredentialKind::BearerToken | CredentialKind::Federation | CredentialKind::Jwt, None) => {
            issued(IssuedKind::BearerToken)
        }
    }
}

/// The Secret that the tenant takes its credential out of, if somebody else makes it.
pub(crate) fn brought_secret(tenant: &ScimTenant) -> Option<BroughtSecret> {
    let authentication = tenant.spec.authentication.as_ref()?;
    let token = authentication.bearer_token.as_ref().and_then(|token| token.existing_secret.as_ref());
    let password = authentication.basic.as_ref().and_then(|basic| basic.existing_secret.as_ref());
    match (token, password) {
        (Some(ExistingToken { name, key }), _) => {
            Some(BroughtSecret { name: name.clone(), keys: BroughtKeys::Token(key.clone()) })
        }
        (None, Some(ExistingPassword { name, user_name_key, password_key })) => Some(BroughtSecret {
            name: name.clone(),
            keys: BroughtKeys::Password { user_name: user_name_key.clone(), password: password_key.clone() },
        }),
        (None, None) => None,
    }
}

fn trusted_issuer(tenant: &ScimTenant) -> Option<(CredentialKind, &TrustedIssuer)> {
    let Authentication { oauth2, jwt, .. } = tenant.spec.authentication.as_ref()?;
    let federation = oauth2.as_ref().and_then(|oauth2| oauth2.federation.as_ref());
    match (federation, jwt) {
        (Some(federation), _) => Some((CredentialKind::Federation, federation)),
        (None, Some(jwt)) => Some((CredentialKind::Jwt, jwt)),
        (None, None) => None,
    }
}

/// The way in by a Secret, ours or another.
fn by_secret(tenant: &ScimTenant) -> Result<Entrance, Obstacle> {
    const BEARER_TOKEN: &str = "spec.authentication.bearerToken.rotation";
    const BASIC: &str = "spec.authentication.basic.rotation";
    const CLIENT_SECRET: &str = "spec.authentication.oauth2.clientSecret.rotation";

    let nothing = Authentication::default();
    let Authentication { bearer_token, basic, oauth2, .. } =
        tenant.spec.authentication.as_ref().unwrap_or(&nothing);
    let client_secret = oauth2.as_ref().and_then(|oauth2| oauth2.client_secret.as_ref());
    let (kind, declared, field) = match (basic, client_secret) {
        (Some(basic), _) => (IssuedKind::Basic, basic.rotation.as_ref(), BASIC),
        (None, Some(secret)) => (IssuedKind::ClientSecret, secret.rotation.as_ref(), CLIENT_SECRET),
        (None, None) => {
            let rotation = bearer_token.as_ref().and_then(|token| token.rotation.as_ref());
            (IssuedKind::BearerToken, rotation, BEARER_TOKEN)
        }
    };
    let rotation = rotation(declared, field)?;
    Ok(match brought_secret(tenant) {
        Some(secret) => Entrance::Brought { secret, overlap: rotation.overlap },
        None => Entrance::Issued { kind, rotation },
    })
}

fn rotation(declared: Option<&crds::authentication::Rotation>, field: &str) -> Result<Rotation, Obstacle> {
    let Some(declared) = declared else {
        return Ok(Rotation { overlap: Overlap::UntilUsed, every: None });
    };
    let overlap = match declared.overlap.as_str() {
        "UntilUsed" => Overlap::UntilUsed,
        text => Overlap::For(duration::read(&format!("{field}.overlap"), text)?),
    };
    let every =
        declared.every.as_deref().map(|text| duration::read(&format!("{field}.every"), text)).transpose()?;
    Ok(Rotation { overlap, every })
}

#[cfg(test)]
mod tests;
