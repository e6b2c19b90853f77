//! Whether a tenant needs a new credential: pure, and by PostgreSQL's clock alone.

use std::time::Duration;

use crds::ScimTenant;
use crds::metadata::annotation;
use database::registry::{Credential, HandledAnnotations, Issue, NewCredential, Overlap, RegisteredTenant};
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest as _, Sha256};
use tenancy::{CredentialKind, Generation, Token};

use crate::tenant::entrance::{IssuedKind, Rotation};
use crate::tenant::standing::told;

/// The least time between a token and the one that is issued because it was lost: whoever takes the Secret away
/// again and again does not get a token each time.
const LEAST_AGE: SignedDuration = SignedDuration::from_secs(10);

/// What is to be done about a tenant's credential.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Decision<N> {
    /// Which one is to let the identity provider in.
    pub(crate) next: N,
    /// The values of the annotations that are acted on by then.
    pub(crate) handled: HandledAnnotations,
}

/// Which token, password or client secret the Secret is to hold.
#[derive(Debug, Clone)]
pub(crate) enum NextIssued {
    /// The one that it holds.
    Present(Token),
    /// The one that it holds, which the registry does not know any more.
    Restored(Token, Generation),
    /// A new one.
    New(Issue),
    /// A new one, but not yet: the one that was lost is too young.
    Later,
}

impl PartialEq for NextIssued {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Present(one), Self::Present(other)) => one.digest() == other.digest(),
            (Self::Restored(one, first), Self::Restored(other, second)) => {
                one.digest() == other.digest() && first == second
            }
            (Self::New(one), Self::New(other)) => one == other,
            (Self::Later, Self::Later) => true,
            _ => false,
        }
    }
}

/// In whose Secret a tenant's newest credential was to be found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Keeper {
    /// In one of ours, or in none.
    Ours,
    /// In one that somebody brought. That it is in none of ours is no loss.
    Others,
}

/// What becomes of a credential that is not of our making.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NextGiven {
    /// It is valid already.
    Present,
    /// It is to be.
    New(Issue),
    /// It was revoked. To take it again would undo that.
    Revoked,
}

/// Whether every credential is to end now, whatever becomes of the next one: a leak waits for nothing. Answers with the
/// annotations that this acts on.
pub(crate) fn revocation(tenant: &ScimTenant, registered: &RegisteredTenant) -> Option<HandledAnnotations> {
    let handled = &registered.handled;
    let revoke = asked(tenant, annotation::REVOKE_TOKENS, handled.revoke_tokens.as_ref())?;
    let any_works = registered.working().next().is_some();
    any_works.then(|| HandledAnnotations { revoke_tokens: Some(revoke), ..handled.clone() })
}

/// Decides about what we make, by what the annotations ask for, what the registry holds and what the Secrets hold, that of
/// the tenant and one that it had under another name. A [`revocation`] comes before.
///
/// A Secret that is lost or was edited, and one that was never written because the operator ended between registry
/// and Secret, look the same: it does not hold the newest one. A newer one is issued then; those before work until
/// it is used, whatever the overlap is, since nobody has asked for it. Whoever brought the newest and brings none any more has
/// asked for it: that is a rotation as any other.
///
/// A status that knows of a later generation than the registry says that an older registry was restored: what the Secret
/// holds is what the identity provider has, and goes on working.
pub(crate) fn decide_issued(
    tenant: &ScimTenant,
    registered: Option<&RegisteredTenant>,
    kind: IssuedKind,
    rotation: Rotation,
    held: &[Token],
    keeper: Keeper,
) -> Decision<NextIssued> {
    let wishes = Wishes::of(tenant, registered);
    let replacement = NextIssued::New(Issue::Replacement(rotation.overlap));
    let next = if wishes.revoke.is_some() {
        NextIssued::New(Issue::First)
    } else if let Some((token, generation)) = restored(tenant, registered, kind, held) {
        NextIssued::Restored(token, generation)
    } else {
        match registered.filter(|registered| registered.working().next().is_some()) {
            None => NextIssued::New(Issue::First),
            Some(_) if wishes.rotate.is_some() => replacement,
            Some(registered) => match registered.newest().filter(|newest| newest.kind == kind.into()) {
                None => replacement,
                Some(newest) => match present(newest, held) {
                    Some(_) if is_due(newest, rotation.every, registered.now) => replacement,
                    Some(token) => NextIssued::Present(token),
                    None if is_young(newest, registered.now) => NextIssued::Later,
                    None if keeper == Keeper::Others => replacement,
                    None => NextIssued::New(Issue::Replacement(Overlap::UntilUsed)),
                },
            },
        }
    };
    Decision { next, handled: wishes.handled() }
}

/// Decides about a secret that is brought. A rotation is asked of whoever brings it.
pub(crate) fn decide_brought(
    tenant: &ScimTenant,
    registered: Option<&RegisteredTenant>,
    brought: &NewCredential,
    overlap: Overlap,
) -> Decision<NextGiven> {
    let Decision { next, handled } = decide_trusted(tenant, registered, brought, overlap);
    let is_revoked_now = Wishes::of(tenant, registered).revoke.is_some();
    let known = registered.map_or(&[][..], |registered| &registered.credentials);
    let was_revoked = known
        .iter()
        .filter(|credential| credential.digest == brought.digest)
        .any(|credential| is_revoked_now || credential.revoked_at.is_some());
    Decision { next: if was_revoked { NextGiven::Revoked } else { next }, handled }
}

/// Decides about trust in an issuer. It is declared still after it was revoked, and then begins anew.
pub(crate) fn decide_trusted(
    tenant: &ScimTenant,
    registered: Option<&RegisteredTenant>,
    trusted: &NewCredential,
    overlap: Overlap,
) -> Decision<NextGiven> {
    let wishes = Wishes::of(tenant, registered);
    let works = registered.filter(|registered| registered.working().next().is_some());
    let next = match works.filter(|_| wishes.revoke.is_none()) {
        None => NextGiven::New(Issue::First),
        Some(registered) if registered.newest().is_some_and(|newest| is_same(newest, trusted)) => {
            NextGiven::Present
        }
        Some(_) => NextGiven::New(Issue::Replacement(overlap)),
    };
    Decision { next, handled: wishes.handled() }
}

/// What the annotations ask for that was not done yet, and what was.
struct Wishes {
    rotate: Option<String>,
    revoke: Option<String>,
    done: HandledAnnotations,
}

impl Wishes {
    fn of(tenant: &ScimTenant, registered: Option<&RegisteredTenant>) -> Self {
        let done = registered.map(|registered| registered.handled.clone()).unwrap_or_default();
        Self {
            rotate: asked(tenant, annotation::ROTATE_TOKEN, done.rotate_token.as_ref()),
            revoke: asked(tenant, annotation::REVOKE_TOKENS, done.revoke_tokens.as_ref()),
            done,
        }
    }

    /// What was done when a new credential is issued.
    fn handled(self) -> HandledAnnotations {
        HandledAnnotations {
            rotate_token: self.rotate.or(self.done.rotate_token),
            revoke_tokens: self.revoke.or(self.done.revoke_tokens),
        }
    }
}

/// The digest of an annotation's value, unless it was acted on. An annotation that is gone asks for nothing.
fn asked(tenant: &ScimTenant, key: &str, handled: Option<&String>) -> Option<String> {
    let digest = digest(tenant.metadata.annotations.as_ref()?.get(key)?);
    (Some(&digest) != handled).then_some(digest)
}

/// What is remembered of a value, which may be long and of characters that PostgreSQL does not take: its SHA-256, in
/// hexadecimal digits.
fn digest(value: &str) -> String {
    use std::fmt::Write as _;

    Sha256::digest(value).iter().fold(String::new(), |mut digits, byte| {
        // Writing into a String cannot fail.
        let _ = write!(digits, "{byte:02x}");
        digits
    })
}

/// The token that was issued, by what the status says, after what the registry holds.
fn restored(
    tenant: &ScimTenant,
    registered: Option<&RegisteredTenant>,
    kind: IssuedKind,
    held: &[Token],
) -> Option<(Token, Generation)> {
    let known = registered.map_or(&[][..], |registered| &registered.credentials);
    let told_token = tenant.status.as_ref()?.token.as_ref()?;
    let generation = u32::try_from(told_token.generation).map(Generation::new).ok()?;
    let is_lost = known.last().is_none_or(|latest| latest.generation < generation);
    if !is_lost || told_token.kind != told(kind.into()) {
        return None;
    }
    let is_known = |token: &Token| known.iter().any(|credential| credential.digest == token.digest());
    let token = held.iter().find(|token| !is_known(token))?;
    Some((token.clone(), generation))
}

/// The newest token, if it is held.
fn present(newest: &Credential, held: &[Token]) -> Option<Token> {
    held.iter().find(|token| newest.digest == token.digest()).cloned()
}

/// Only a person can bring the next one to the identity provider, so there is none before this one came there.
fn is_due(newest: &Credential, every: Option<Duration>, now: Timestamp) -> bool {
    let every = every.and_then(|every| SignedDuration::try_from(every).ok());
    newest.first_used_at.is_some() && every.is_some_and(|every| now.duration_since(newest.issued_at) >= every)
}

fn is_young(credential: &Credential, now: Timestamp) -> bool {
    now.duration_since(credential.issued_at) < LEAST_AGE
}

/// Whether a credential of the registry is this one. The digest of a trust depends on how its JSON is written.
fn is_same(registered: &Credential, given: &NewCredential) -> bool {
    let NewCredential { kind, digest, principal, trust } = given;
    registered.kind == *kind
        && registered.principal == *principal
        && registered.trust == *trust
        && (matches!(kind, CredentialKind::Federation | CredentialKind::Jwt) || registered.digest == *digest)
}

#[cfg(test)]
mod tests;
