//! What works of a tenant's credentials, and how people are told: pure, and by PostgreSQL's clock alone.

use std::time::Duration;

use crds::Reason;
use crds::tenant::{CredentialKind as ToldKind, PreviousToken, TokenStatus};
use database::registry::{Credential, RegisteredTenant};
use jiff::{SignedDuration, Timestamp};
use tenancy::CredentialKind;

use crate::conditions::whole_seconds;
use crate::tenant::desired::Connection;

/// Part of the message about a credential that nobody uses though the one before is in use. By it, it is told once.
const UNUSED: &str = "nobody has used";

/// What an administrator does with a secret.
const PASTE: &str = "paste it into the identity provider";

/// How long a new credential may wait for somebody to bring it to the identity provider.
const PATIENCE: SignedDuration = SignedDuration::from_hours(24);

/// The newest credential, which works, and what works besides it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Standing<'a> {
    newest: &'a Credential,
    /// Of several, the newest one that was used; else the newest of them.
    previous: Option<&'a Credential>,
    /// Works no more, and nothing has taken its place.
    ended: Option<&'a Credential>,
    now: Timestamp,
}

impl<'a> Standing<'a> {
    /// What works by now; `None`: nothing that was issued last.
    pub(crate) fn of(registered: &'a RegisteredTenant) -> Option<Self> {
        let newest = registered.newest()?;
        let mut older: Vec<&Credential> = registered.working().collect();
        older.retain(|credential| credential.generation != newest.generation);
        older.reverse();
        let previous = older.iter().find(|credential| was_used(credential)).or(older.first()).copied();
        let is_over = |credential: &&Credential| {
            was_used(credential)
                && credential.revoked_at.is_none()
                && credential.valid_until.is_some_and(|end| end <= registered.now)
        };
        let ended = registered.credentials.iter().rev().find(is_over);
        let ended = ended.filter(|_| previous.is_none() && !was_used(newest));
        Some(Self { newest, previous, ended, now: registered.now })
    }

    /// For the status. `lifetime` is how long the newest works by schedule.
    pub(crate) fn token(&self, lifetime: Option<Duration>) -> TokenStatus {
        let issued_at = self.newest.issued_at;
        let lifetime = lifetime.and_then(|lifetime| SignedDuration::try_from(lifetime).ok());
        TokenStatus {
            generation: i64::from(self.newest.generation.get()),
            kind: told(self.newest.kind),
            issued_at: whole_seconds(issued_at),
            last_used_at: self.newest.last_used_at.map(whole_seconds),
            expires_at: lifetime.and_then(|lifetime| issued_at.checked_add(lifetime).ok()).map(whole_seconds),
            previous: self.previous.map(|previous| PreviousToken {
                generation: i64::from(previous.generation.get()),
                last_used_at: previous.last_used_at.map(whole_seconds),
                valid_until: previous.valid_until.map(whole_seconds),
            }),
        }
    }

    /// Reason and message of `CredentialsReady`: what lets the identity provider in, what an administrator does about it,
    /// and what else works until when.
    pub(crate) fn condition(&self, connection: &Connection) -> (Reason, String) {
        let newest = name(self.newest);
        let (reason, present, remedy) = match connection {
            Connection::Issued { secret_name } => {
                (Reason::Issued, format!("Secret {secret_name} holds {newest}"), PASTE)
            }
            Connection::Brought { secret_name } => {
                (Reason::Brought, format!("Secret {secret_name} holds {newest}"), PASTE)
            }
            Connection::Trusted => {
                let issuer = self.newest.trust.as_ref().map_or("the issuer", |trust| &*trust.issuer);
                let present = format!("what {issuer} signs is accepted ({newest})");
                (Reason::Trusted, present, "set up the identity provider to sign")
            }
        };
        let present = if was_used(self.newest) { present } else { format!("{present}: {remedy}") };
        let besides = self.previous.map(|previous| match previous.valid_until {
            Some(end) => format!("{} works until {}", name(previous), whole_seconds(end).0),
            None => format!("{} works until {newest} is used", name(previous)),
        });
        let ended = self.ended.and_then(|ended| {
            Some(format!("{} ended at {}", name(ended), whole_seconds(ended.valid_until?).0))
        });
        let waits = self.waits_since().filter(|since| *since <= self.now);
        let waits = waits.map(|_| format!("{UNUSED} {newest} yet"));
        let parts: Vec<String> = [Some(present), besides, ended, waits].into_iter().flatten().collect();
        (reason, parts.join("; "))
    }

    /// When it is time to say that nobody uses the newest one: after a day, or in the last quarter of the time that the one
    /// before has, but not before its last day. `None`: nobody waits for it.
    pub(crate) fn waits_since(&self) -> Option<Timestamp> {
        let previous = self.previous.filter(|previous| was_used(previous) && !was_used(self.newest))?;
        let issued_at = self.newest.issued_at;
        let after_a_day = issued_at.checked_add(PATIENCE).ok();
        let before_the_end = previous.valid_until.and_then(|end| {
            let notice = (end.duration_since(issued_at) / 4).min(PATIENCE);
            end.checked_sub(notice).ok()
        });
        [after_a_day, before_the_end].into_iter().flatten().min()
    }
}

/// Whether a message says that nobody uses the newest credential.
pub(crate) fn tells_of_waiting(message: &str) -> bool {
    message.contains(UNUSED)
}

/// What people call a credential: `token 1`.
pub(crate) fn name(credential: &Credential) -> String {
    format!("{} {}", noun(credential.kind), credential.generation)
}

/// What people call credentials of a kind.
pub(crate) fn noun(kind: CredentialKind) -> &'static str {
    told_noun(told(kind))
}

/// What people call credentials of a kind that is told in a status.
pub(crate) fn told_noun(kind: ToldKind) -> &'static str {
    match kind {
        ToldKind::BearerToken => "token",
        ToldKind::Basic => "password",
        ToldKind::ClientSecret => "client secret",
        ToldKind::Federation | ToldKind::Jwt => "trust",
    }
}

/// The kind as a status tells it.
pub(crate) fn told(kind: CredentialKind) -> ToldKind {
    match kind {
        CredentialKind::BearerToken => ToldKind::BearerToken,
        CredentialKind::Basic => ToldKind::Basic,
        CredentialKind::ClientSecret => ToldKind::ClientSecret,
        CredentialKind::Federation => ToldKind::Federation,
        CredentialKind::Jwt => ToldKind::Jwt,
    }
}

fn was_used(credential: &Credential) -> bool {
    credential.first_used_at.is_some()
}

#[cfg(test)]
mod tests;
