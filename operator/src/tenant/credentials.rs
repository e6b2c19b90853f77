//! Whether a tenant needs a new token: pure.

use crds::ScimTenant;
use crds::metadata::{annotation, connection_secret};
use database::registry::{Credential, HandledAnnotations, Issue, RegisteredTenant};
use k8s_openapi::api::core::v1::Secret;
use tenancy::Token;

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
}

impl PartialEq for NextToken {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Present(one), Self::Present(other)) => one.digest().matches(&other.digest()),
            (Self::New(one), Self::New(other)) => one == other,
            _ => false,
        }
    }
}

/// Decides by what the annotations ask for, what the registry holds and what the Secret holds.
///
/// A Secret that is lost or was edited, and one that was never written because the operator ended between registry
/// and Secret, look the same: it does not hold the newest token. A newer one is issued then; those before work until
/// it is used.
pub(crate) fn decide(
    tenant: &ScimTenant,
    registered: Option<&RegisteredTenant>,
    secret: Option<&Secret>,
) -> Decision {
    let none = HandledAnnotations::default();
    let handled = registered.map_or(&none, |registered| &registered.handled);
    let credentials = registered.map_or(&[][..], |registered| &registered.credentials);
    let rotate = asked(tenant, annotation::ROTATE_TOKEN, handled.rotate_token.as_ref());
    let revoke = asked(tenant, annotation::REVOKE_TOKENS, handled.revoke_tokens.as_ref());
    let works = |credential: &Credential| credential.revoked_at.is_none();
    let token = if !credentials.iter().any(works) {
        NextToken::New(Issue::First)
    } else if revoke.is_some() {
        NextToken::New(Issue::RevokeOlder)
    } else if rotate.is_some() {
        NextToken::New(Issue::Replacement)
    } else {
        let newest = credentials.last().filter(|credential| works(credential));
        present(newest, secret).map_or(NextToken::New(Issue::Replacement), NextToken::Present)
    };
    let handled = HandledAnnotations {
        rotate_token: rotate.or_else(|| handled.rotate_token.clone()),
        revoke_tokens: revoke.or_else(|| handled.revoke_tokens.clone()),
    };
    Decision { token, handled }
}

/// The value of an annotation, unless it was acted on. An annotation that is gone asks for nothing.
fn asked(tenant: &ScimTenant, key: &str, handled: Option<&String>) -> Option<String> {
    let value = tenant.metadata.annotations.as_ref()?.get(key)?;
    (Some(value) != handled).then(|| value.clone())
}

/// The token in the Secret, if it is the newest.
fn present(newest: Option<&Credential>, secret: Option<&Secret>) -> Option<Token> {
    let text = secret?.data.as_ref()?.get(connection_secret::TOKEN)?;
    let token = Token::parse(std::str::from_utf8(&text.0).ok()?).ok()?;
    newest.filter(|newest| newest.digest.matches(&token.digest())).map(|_| token)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::fixtures::{credential, registered, secret_with, tenant, token};

    fn annotated(key: &str, value: &str) -> ScimTenant {
        let mut tenant = tenant(json!({}));
        tenant.metadata.annotations = Some([(key.to_owned(), value.to_owned())].into());
        tenant
    }

    fn next(
        tenant: &ScimTenant,
        registered: Option<&RegisteredTenant>,
        secret: Option<&Secret>,
    ) -> NextToken {
        decide(tenant, registered, secret).token
    }

    #[test]
    fn a_new_tenant_gets_its_first_token() {
        assert_eq!(next(&tenant(json!({})), None, None), NextToken::New(Issue::First));
        let without = registered(vec![]);
        assert_eq!(next(&tenant(json!({})), Some(&without), None), NextToken::New(Issue::First));
    }

    #[test]
    fn a_token_that_is_in_the_secret_stays() {
        let registered = registered(vec![credential(1, &token(1))]);
        let secret = secret_with(&token(1));
        let decision = decide(&tenant(json!({})), Some(&registered), Some(&secret));
        assert_eq!(decision.token, NextToken::Present(token(1)));
        assert_eq!(decision.handled, registered.handled);
    }

    #[test]
    fn a_secret_that_is_lost_or_edited_or_behind_gets_a_replacement() {
        let registered = registered(vec![credential(1, &token(1)), credential(2, &token(2))]);
        for secret in [None, Some(secret_with(&token(9))), Some(secret_with(&token(1)))] {
            let next = next(&tenant(json!({})), Some(&registered), secret.as_ref());
            assert_eq!(next, NextToken::New(Issue::Replacement));
        }
    }

    #[test]
    fn a_secret_that_holds_no_text_gets_a_replacement() {
        let registered = registered(vec![credential(1, &token(1))]);
        let secret = serde_json::from_value(json!({"data": {"token": "//79"}})).unwrap();
        assert_eq!(
            next(&tenant(json!({})), Some(&registered), Some(&secret)),
            NextToken::New(Issue::Replacement)
        );
    }

    #[test]
    fn each_value_of_an_annotation_acts_once() {
        let mut registered = registered(vec![credential(1, &token(1))]);
        let secret = secret_with(&token(1));
        for (key, issue) in
            [(annotation::ROTATE_TOKEN, Issue::Replacement), (annotation::REVOKE_TOKENS, Issue::RevokeOlder)]
        {
            let asking = annotated(key, "now");
            let decision = decide(&asking, Some(&registered), Some(&secret));
            assert_eq!(decision.token, NextToken::New(issue), "{key}");
            registered.handled = decision.handled;
            assert_eq!(
                next(&asking, Some(&registered), Some(&secret)),
                NextToken::Present(token(1)),
                "{key}"
            );
            assert_eq!(
                next(&annotated(key, "again"), Some(&registered), Some(&secret)),
                NextToken::New(issue)
            );
        }
    }

    #[test]
    fn an_annotation_that_is_removed_asks_for_nothing_and_is_remembered() {
        let mut registered = registered(vec![credential(1, &token(1))]);
        registered.handled.rotate_token = Some("now".to_owned());
        let secret = secret_with(&token(1));
        let decision = decide(&tenant(json!({})), Some(&registered), Some(&secret));
        assert_eq!(decision.token, NextToken::Present(token(1)));
        assert_eq!(decision.handled.rotate_token.as_deref(), Some("now"));
    }

    #[test]
    fn a_revoked_token_does_not_stay() {
        let mut revoked = credential(1, &token(1));
        revoked.revoked_at = Some(revoked.issued_at);
        let secret = secret_with(&token(1));
        let all = registered(vec![revoked.clone()]);
        assert_eq!(next(&tenant(json!({})), Some(&all), Some(&secret)), NextToken::New(Issue::First));
        let newest = registered(vec![credential(0, &token(0)), revoked]);
        assert_eq!(
            next(&tenant(json!({})), Some(&newest), Some(&secret)),
            NextToken::New(Issue::Replacement)
        );
    }
}
