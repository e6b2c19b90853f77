//! What a request may prove itself by, and whether it does: pure, and in a time that tells nothing.

use std::sync::Arc;

use jiff::Timestamp;
use tenancy::{CredentialKind, Generation, TokenDigest, Trust};

use crate::registry::validity::{self, Revocation, Rung};

/// A credential as a server knows it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Known {
    pub(super) rung: Rung,
    pub(super) proof: Proof,
}

/// What proves that a request has a credential.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Proof {
    Secret(Secret),
    /// The signature of somebody whom the tenant trusts.
    Trust(CredentialKind, Arc<Trust>),
    /// Of a newer version: it lets nobody in, and keeps its place on the ladder.
    Unreadable,
}

/// Something that is presented as it is.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Secret {
    pub(super) kind: CredentialKind,
    pub(super) digest: TokenDigest,
    /// Of the user name or the client id, if there is one.
    pub(super) principal: Option<TokenDigest>,
}

/// An access token that was issued for a credential.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct AccessToken {
    pub(super) digest: TokenDigest,
    pub(super) generation: Generation,
    pub(super) expires_at: Timestamp,
}

/// What a request presents, as digests.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Presentation {
    /// A bearer token, a password in its place, or an access token.
    Bearer(TokenDigest),
    /// A user name and a password.
    Basic { user_name: TokenDigest, password: TokenDigest },
    /// A client id and its secret.
    Client { id: TokenDigest, secret: TokenDigest },
}

/// The credentials of one tenant.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Ladder {
    /// The newest is last.
    pub(super) credentials: Vec<Known>,
    pub(super) access_tokens: Vec<AccessToken>,
}

impl Ladder {
    /// The credential that this presentation proves and that works at this time. Compares with all credentials and access
    /// tokens, each in constant time, whether or not it works.
    pub(super) fn prove(&self, presentation: &Presentation, now: Timestamp) -> Option<Rung> {
        let newest_used = self.newest_used();
        let by_secret = self.credentials.iter().fold(None, |found, known| {
            let proven = known.proof.is_proven_by(presentation);
            if proven & known.rung.works(newest_used, now) { Some(known.rung) } else { found }
        });
        let Presentation::Bearer(presented) = presentation else { return by_secret };
        let access_token = self.access_tokens.iter().fold(None, |found, token| {
            // Compared first: one that has expired takes as long as one that has not.
            if token.digest.matches(presented) && now < token.expires_at { Some(token) } else { found }
        });
        by_secret.or_else(|| self.rung_of(access_token?))
    }

    /// Whom the tenant trusts by working credentials of this kind. The newest is first, as it is the one that counts where a request
    /// proves several.
    pub(super) fn trusts(
        &self,
        kind: CredentialKind,
        now: Timestamp,
    ) -> impl Iterator<Item = (Rung, &Arc<Trust>)> {
        let newest_used = self.newest_used();
        self.credentials.iter().rev().filter_map(move |known| match &known.proof {
            Proof::Trust(of_kind, trust) if *of_kind == kind && known.rung.works(newest_used, now) => {
                Some((known.rung, trust))
            }
            _ => None,
        })
    }

    /// Forgets access tokens that ended.
    pub(super) fn forget_expired(&mut self, now: Timestamp) {
        self.access_tokens.retain(|token| now < token.expires_at);
    }

    fn newest_used(&self) -> Option<Generation> {
        validity::newest_used(self.credentials.iter().map(|known| known.rung))
    }

    /// An access token lives its time out, also when a later credential was used meanwhile; it ends with the revocation of its
    /// own.
    fn rung_of(&self, access_token: &AccessToken) -> Option<Rung> {
        let mut rungs = self.credentials.iter().map(|known| known.rung);
        rungs.find(|rung| {
            rung.generation == access_token.generation && rung.revocation == Revocation::Standing
        })
    }
}

impl Proof {
    fn is_proven_by(&self, presentation: &Presentation) -> bool {
        let Self::Secret(secret) = self else { return false };
        match (presentation, secret.kind) {
            (Presentation::Bearer(token), CredentialKind::BearerToken | CredentialKind::Basic) => {
                secret.digest.matches(token)
            }
            (Presentation::Basic { user_name, password }, CredentialKind::Basic) => {
                secret.is_of(user_name) & secret.digest.matches(password)
            }
            (Presentation::Client { id, secret: presented }, CredentialKind::ClientSecret) => {
                secret.is_of(id) & secret.digest.matches(presented)
            }
            _ => false,
        }
    }
}

impl Secret {
    fn is_of(&self, principal: &TokenDigest) -> bool {
        self.principal.is_some_and(|known| known.matches(principal))
    }
}
