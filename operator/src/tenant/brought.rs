//! A credential that somebody else makes: what was found where it is said to be.

mod strength;

use std::fmt;

use crds::Reason;
use crds::metadata::label;
use database::registry::NewCredential;
use k8s_openapi::api::core::v1::Secret;
use tenancy::{CredentialKind, TokenDigest};

use crate::obstacle::Obstacle;
use crate::tenant::entrance::{BroughtKeys, BroughtSecret};
use crate::tenant::standing::noun;

/// What was found where a credential is said to be.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Offer {
    /// No Secret.
    Absent,
    /// A Secret whose owner does not consent.
    NotOffered,
    /// A Secret without this key.
    MissingKey(String),
    /// A Secret that holds no text under this key.
    NoText(String),
    /// This.
    Found(BroughtCredential),
}

/// A credential that was brought. It is not for logs.
#[derive(Clone, PartialEq)]
pub(crate) struct BroughtCredential {
    user_name: Option<String>,
    secret: String,
}

/// What a Secret offers. White space around a value does not count: editors and `echo` leave a line break.
pub(crate) fn offer(found: Option<&Secret>, wanted: &BroughtSecret) -> Offer {
    let Some(secret) = found else { return Offer::Absent };
    let labels = secret.metadata.labels.as_ref();
    if labels.and_then(|labels| labels.get(label::CREDENTIAL)).is_none_or(|consent| consent != "true") {
        return Offer::NotOffered;
    }
    let credential = match &wanted.keys {
        BroughtKeys::Token(key) => {
            text(secret, key).map(|token| BroughtCredential { user_name: None, secret: token })
        }
        BroughtKeys::Password { user_name, password } => text(secret, user_name).and_then(|user_name| {
            let password = text(secret, password)?;
            Ok(BroughtCredential { user_name: Some(user_name), secret: password })
        }),
    };
    credential.map_or_else(|missing| missing, Offer::Found)
}

fn text(secret: &Secret, key: &str) -> Result<String, Offer> {
    let data = secret.data.as_ref().and_then(|data| data.get(key));
    let value = data.ok_or_else(|| Offer::MissingKey(key.to_owned()))?;
    let text = str::from_utf8(value.0.trim_ascii()).map_err(|_| Offer::NoText(key.to_owned()))?;
    Ok(text.to_owned())
}

impl Offer {
    /// The credential that is offered; or what is in the way, which is lasting.
    pub(crate) fn credential(&self, wanted: &BroughtSecret) -> Result<&BroughtCredential, Obstacle> {
        let name = &wanted.name;
        let (reason, message) = match self {
            Self::Found(credential) => return Ok(credential),
            Self::Absent => (Reason::CredentialNotFound, format!("there is no Secret {name}")),
            Self::MissingKey(key) => (Reason::CredentialNotFound, format!("Secret {name} has no key {key}")),
            Self::NotOffered => (
                Reason::CredentialNotOffered,
                format!("Secret {name} does not have the label {}: \"true\"", label::CREDENTIAL),
            ),
            Self::NoText(key) => {
                (Reason::WeakCredential, format!("key {key} of Secret {name} does not hold text"))
            }
        };
        Err(Obstacle::lasting(reason, message))
    }
}

impl BroughtCredential {
    /// What the registry is to know of it.
    pub(crate) fn to_new(&self) -> NewCredential {
        NewCredential {
            kind: self.kind(),
            digest: TokenDigest::of(&self.secret),
            principal: self.user_name.clone(),
            trust: None,
        }
    }

    /// Refuses what could be guessed, and what cannot be sent. `known` is what everybody knows of the tenant.
    pub(crate) fn check(&self, wanted: &BroughtSecret, known: &[&str]) -> Result<(), Obstacle> {
        let user_name = self.user_name.as_deref();
        let weak = |message| Obstacle::lasting(Reason::WeakCredential, message);
        if let Some(flaw) = user_name.and_then(strength::flaw_of_user_name) {
            return Err(weak(format!("the user name in Secret {} {flaw}", wanted.name)));
        }
        let known: Vec<&str> = known.iter().copied().chain(user_name).collect();
        match strength::flaw(self.kind(), &self.secret, &known) {
            Some(flaw) => Err(weak(format!("{} {flaw}", self.title(wanted)))),
            None => Ok(()),
        }
    }

    /// Says that it was ended for good.
    pub(crate) fn revoked(&self, wanted: &BroughtSecret) -> Obstacle {
        let message = format!("{} was revoked: bring another one", self.title(wanted));
        Obstacle::lasting(Reason::CredentialRevoked, message)
    }

    fn title(&self, wanted: &BroughtSecret) -> String {
        format!("the {} in Secret {}", noun(self.kind()), wanted.name)
    }

    fn kind(&self) -> CredentialKind {
        if self.user_name.is_some() { CredentialKind::Basic } else { CredentialKind::BearerToken }
    }
}

impl fmt::Debug for BroughtCredential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BroughtCredential(…)")
    }
}

#[cfg(test)]
mod tests;
