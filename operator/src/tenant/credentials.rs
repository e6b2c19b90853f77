//! Whether a tenant needs a new token: pure.

use crds::ScimTenant;
use crds::metadata::annotation;
use database::registry::{Credential, HandledAnnotations, Issue, RegisteredTenant};
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest as _, Sha256};
use tenancy::Token;

/// The least time between a token and the one that is issued because it was lost: whoever takes the Secret away
/// again and again does not get a token each time.
const LEAST_AGE: SignedDuration = SignedDuration::from_secs(10);

/// What is to be done about the token.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Decision {
    /// Which token the Secret is to hold.
    pub(crate) token: NextToken,
    /// The values of the annotations that are acted on by then.
    pub(crate) handled: HandledAnnotations,
}

/// Which token the Secret is to hold.
#[derive(Debug, Clone)]
pub(crate) enum NextToken {
    /// The one that it holds.
    Present(Token),
    /// A new one.
    New(Issue),
    /// A new one, but not yet: the one that was lost is too young.
    Later,
}

impl PartialEq for NextToken {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Present(one), Self::Present(other)) => one.digest().matches(&other.digest()),
            (Self::New(one), Self::New(other)) => one == other,
            (Self::Later, Self::Later) => true,
            _ => false,
        }
    }
}

/// Whether every token is to end now, whatever becomes of the Secret: a leak waits for nothing. Answers with the
/// annotations that this acts on.
pub(crate) fn revocation(tenant: &ScimTenant, registered: &RegisteredTenant) -> Option<HandledAnnotations> {
    let handled = &registered.handled;
    let revoke = asked(tenant, annotation::REVOKE_TOKENS, handled.revoke_tokens.as_ref())?;
    let any_works = registered.credentials.iter().any(works);
    any_works.then(|| HandledAnnotations { revoke_tokens: Some(revoke), ..handled.clone() })
}

/// Decides by what the annotations ask for, what the registry holds and which tokens the Secrets hold, that of the
/// tenant and one that it had under another name. A [`revocation`] comes before.
///
/// A Secret that is lost or was edited, and one that was never written because the operator ended between registry
/// and Secret, look the same: it does not hold the newest token. A newer one is issued then; those before work until
/// it is used.
pub(crate) fn decide(
    tenant: &ScimTenant,
    registered: Option<&RegisteredTenant>,
    held: &[Token],
    now: Timestamp,
) -> Decision {
    let none = HandledAnnotations::default();
    let handled = registered.map_or(&none, |registered| &registered.handled);
    let credentials = registered.map_or(&[][..], |registered| &registered.credentials);
    let rotate = asked(tenant, annotation::ROTATE_TOKEN, handled.rotate_token.as_ref());
    let revoke = asked(tenant, annotation::REVOKE_TOKENS, handled.revoke_tokens.as_ref());
    let token = if revoke.is_some() || !credentials.iter().any(works) {
        NextToken::New(Issue::First)
    } else if rotate.is_some() {
        NextToken::New(Issue::Replacement)
    } else {
        let newest = credentials.last().filter(|credential| works(credential));
        match newest.and_then(|newest| present(newest, held)) {
            Some(token) => NextToken::Present(token),
            None if newest.is_some_and(|newest| is_young(newest, now)) => NextToken::Later,
            None => NextToken::New(Issue::Replacement),
        }
    };
    let handled = HandledAnnotations {
        rotate_token: rotate.or_else(|| handled.rotate_token.clone()),
        revoke_tokens: revoke.or_else(|| handled.revoke_tokens.clone()),
    };
    Decision { token, handled }
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

fn works(credential: &Credential) -> bool {
    credential.revoked_at.is_none()
}

/// The newest token, if it is held.
fn present(newest: &Credential, held: &[Token]) -> Option<Token> {
    held.iter().find(|token| newest.digest.matches(&token.digest())).cloned()
}

/// Clocks differ: a token from the future is not waited for.
fn is_young(credential: &Credential, now: Timestamp) -> bool {
    let age = now.duration_since(credential.issued_at);
    !age.is_negative() && age < LEAST_AGE
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::fixtures::{credential, registered, tenant, token};

    fn now() -> Timestamp {
        Timestamp::from_second(1_900_000_000).unwrap()
    }

    fn annotated(key: &str, value: &str) -> ScimTenant {
        let mut tenant = tenant(json!({}));
        tenant.metadata.annotations = Some([(key.to_owned(), value.to_owned())].into());
        tenant
    }

    fn next(tenant: &ScimTenant, registered: Option<&RegisteredTenant>, held: &[Token]) -> NextToken {
        decide(tenant, registered, held, now()).token
    }

    #[test]
    fn a_new_tenant_gets_its_first_token() {
        assert_eq!(next(&tenant(json!({})), None, &[]), NextToken::New(Issue::First));
        let without = registered(vec![]);
        assert_eq!(next(&tenant(json!({})), Some(&without), &[]), NextToken::New(Issue::First));
    }

    #[test]
    fn a_token_that_is_in_the_secret_stays() {
        let registered = registered(vec![credential(1, &token(1))]);
        let decision = decide(&tenant(json!({})), Some(&registered), &[token(1)], now());
        assert_eq!(decision.token, NextToken::Present(token(1)));
        assert_eq!(decision.handled, registered.handled);
    }

    #[test]
    fn a_token_moves_along_when_the_secret_gets_another_name() {
        let registered = registered(vec![credential(1, &token(1))]);
        let in_the_old_one = next(&tenant(json!({})), Some(&registered), &[token(9), token(1)]);
        assert_eq!(in_the_old_one, NextToken::Present(token(1)));
    }

    #[test]
    fn a_secret_that_is_lost_or_edited_or_behind_gets_a_replacement() {
        let registered = registered(vec![credential(1, &token(1)), credential(2, &token(2))]);
        for held in [vec![], vec![token(9)], vec![token(1)]] {
            let next = next(&tenant(json!({})), Some(&registered), &held);
            assert_eq!(next, NextToken::New(Issue::Replacement));
        }
    }

    #[test]
    fn a_token_that_is_lost_at_once_is_replaced_when_it_is_ten_seconds_old() {
        let registered = registered(vec![credential(1, &token(1))]);
        let lost = |age| {
            let now = registered.credentials[0].issued_at + SignedDuration::from_secs(age);
            decide(&tenant(json!({})), Some(&registered), &[], now).token
        };
        assert_eq!(lost(0), NextToken::Later);
        assert_eq!(lost(9), NextToken::Later);
        assert_eq!(lost(10), NextToken::New(Issue::Replacement));
        assert_eq!(lost(-1), NextToken::New(Issue::Replacement), "by a clock that is behind");
        let asked = annotated(annotation::ROTATE_TOKEN, "now");
        let now = registered.credentials[0].issued_at;
        let decision = decide(&asked, Some(&registered), &[token(1)], now);
        assert_eq!(decision.token, NextToken::New(Issue::Replacement), "who asks does not wait");
    }

    #[test]
    fn each_value_of_an_annotation_acts_once() {
        let mut registered = registered(vec![credential(1, &token(1))]);
        for (key, issue) in
            [(annotation::ROTATE_TOKEN, Issue::Replacement), (annotation::REVOKE_TOKENS, Issue::First)]
        {
            let asking = annotated(key, "now");
            let decision = decide(&asking, Some(&registered), &[token(1)], now());
            assert_eq!(decision.token, NextToken::New(issue), "{key}");
            registered.handled = decision.handled;
            assert_eq!(next(&asking, Some(&registered), &[token(1)]), NextToken::Present(token(1)), "{key}");
            let again = annotated(key, "again");
            assert_eq!(next(&again, Some(&registered), &[token(1)]), NextToken::New(issue));
        }
    }

    #[test]
    fn tokens_are_revoked_once_for_each_value_and_by_that_annotation_only() {
        let mut registered = registered(vec![credential(1, &token(1))]);
        registered.handled.rotate_token = Some("spring".to_owned());
        let asking = annotated(annotation::REVOKE_TOKENS, "leak");
        let handled = revocation(&asking, &registered).unwrap();
        assert_eq!(handled.revoke_tokens, Some(digest("leak")));
        assert_eq!(handled.rotate_token.as_deref(), Some("spring"));
        registered.handled = handled;
        assert_eq!(revocation(&asking, &registered), None);
        assert_eq!(revocation(&annotated(annotation::ROTATE_TOKEN, "now"), &registered), None);
    }

    #[test]
    fn where_no_token_works_there_is_nothing_to_revoke() {
        let asking = annotated(annotation::REVOKE_TOKENS, "leak");
        assert_eq!(revocation(&asking, &registered(vec![])), None);
        let first = decide(&asking, None, &[], now());
        assert_eq!(first.handled.revoke_tokens, Some(digest("leak")), "the first token is not revoked by it");
    }

    #[test]
    fn after_a_revocation_a_first_token_is_issued_as_soon_as_the_secret_can_be_written() {
        let mut revoked = credential(1, &token(1));
        revoked.revoked_at = Some(revoked.issued_at);
        let mut registered = registered(vec![revoked]);
        registered.handled.revoke_tokens = Some(digest("leak"));
        let asking = annotated(annotation::REVOKE_TOKENS, "leak");
        assert_eq!(next(&asking, Some(&registered), &[token(1)]), NextToken::New(Issue::First));
    }

    #[test]
    fn an_annotation_that_is_removed_asks_for_nothing_and_is_remembered() {
        let mut registered = registered(vec![credential(1, &token(1))]);
        registered.handled.rotate_token = Some("now".to_owned());
        let decision = decide(&tenant(json!({})), Some(&registered), &[token(1)], now());
        assert_eq!(decision.token, NextToken::Present(token(1)));
        assert_eq!(decision.handled.rotate_token.as_deref(), Some("now"));
    }

    #[test]
    fn a_value_of_any_length_and_characters_is_remembered_in_64_digits() {
        for value in ["now".to_owned(), "a\u{0}b".to_owned(), "x".repeat(256 * 1024)] {
            let asking = annotated(annotation::ROTATE_TOKEN, &value);
            let handled = decide(&asking, None, &[], now()).handled.rotate_token.unwrap();
            assert_eq!(handled.len(), 64);
            assert!(handled.chars().all(|digit| digit.is_ascii_hexdigit()));
        }
    }

    #[test]
    fn a_revoked_token_does_not_stay() {
        let mut revoked = credential(1, &token(1));
        revoked.revoked_at = Some(revoked.issued_at);
        let all = registered(vec![revoked.clone()]);
        assert_eq!(next(&tenant(json!({})), Some(&all), &[token(1)]), NextToken::New(Issue::First));
        let newest = registered(vec![credential(0, &token(0)), revoked]);
        assert_eq!(next(&tenant(json!({})), Some(&newest), &[token(1)]), NextToken::New(Issue::Replacement));
    }
}
