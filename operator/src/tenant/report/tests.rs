use jiff::Timestamp;
use serde_json::json;

use super::*;
use crate::conditions::{Conditions, Truth};
use crate::fixtures::tenant;
use crds::tenant::TokenStatus;

fn status(told: &[(ConditionType, Truth, Reason, &str)], generation: i64) -> ScimTenantStatus {
    let mut conditions = Conditions::new(&[], Some(1), Timestamp::UNIX_EPOCH);
    for (type_, truth, reason, message) in told {
        conditions.set(*type_, *truth, *reason, *message);
    }
    ScimTenantStatus {
        conditions: conditions.into_vec(),
        tenant_url: Some("https://scim.example.com/customer-acme/acme/scim/v2".to_owned()),
        secret_name: Some("acme-scim".to_owned()),
        token: Some(TokenStatus {
            generation,
            issued_at: crate::conditions::whole_seconds(Timestamp::UNIX_EPOCH),
            last_used_at: None,
            previous: None,
        }),
        ..ScimTenantStatus::default()
    }
}

fn told(provider: &str, before: &ScimTenantStatus, after: &ScimTenantStatus) -> String {
    let notes = notes(&tenant(json!({"identityProvider": provider})), before, after);
    notes
        .iter()
        .map(|note| format!("{:?} {}: {}", note.type_, note.reason, note.message))
        .collect::<Vec<_>>()
        .join("\n")
}

fn connected(generation: i64) -> ScimTenantStatus {
    let issued = match generation {
        1 => "Secret acme-scim holds token 1",
        _ => "Secret acme-scim holds token 2; token 1 works until it is used",
    };
    status(
        &[
            (ConditionType::CredentialsReady, Truth::True, Reason::Issued, issued),
            (ConditionType::Ready, Truth::True, Reason::Connected, "an identity provider can connect"),
        ],
        generation,
    )
}

#[test]
fn a_connection_that_became_ready_comes_with_what_to_do_next() {
    let nothing = ScimTenantStatus::default();
    insta::assert_snapshot!(told("Entra", &nothing, &connected(1)), @r#"
    Normal Issued: Secret acme-scim holds token 1
    Normal Connected: In Microsoft Entra, enterprise application, Provisioning: Tenant URL is https://scim.example.com/customer-acme/acme/scim/v2?aadOptscim062020, Secret Token is the value of key token in Secret acme-scim. Press Test Connection
    "#);
    insta::assert_snapshot!(told("Okta", &nothing, &connected(1)), @r#"
    Normal Issued: Secret acme-scim holds token 1
    Normal Connected: In Okta, application, Provisioning, Integration: SCIM connector base URL is https://scim.example.com/customer-acme/acme/scim/v2, unique identifier field is userName, authentication mode is HTTP Header, its token is the value of key token in Secret acme-scim. Press Test Connector Configuration
    "#);
    insta::assert_snapshot!(told("Generic", &nothing, &connected(1)), @r#"
    Normal Issued: Secret acme-scim holds token 1
    Normal Connected: The SCIM 2.0 base URL is https://scim.example.com/customer-acme/acme/scim/v2, the bearer token is the value of key token in Secret acme-scim
    "#);
}

#[test]
fn what_did_not_change_is_not_told() {
    assert_eq!(told("Entra", &connected(1), &connected(1)), "");
}

#[test]
fn a_new_token_is_told() {
    insta::assert_snapshot!(told("Entra", &connected(1), &connected(2)), @"Normal Issued: Secret acme-scim holds token 2; token 1 works until it is used");
}

#[test]
fn what_is_in_the_way_is_told_once_and_not_again_by_ready() {
    let broken = status(
        &[
            (
                ConditionType::DatabaseReady,
                Truth::False,
                Reason::DatabaseUnavailable,
                "PostgreSQL does not answer",
            ),
            (ConditionType::CredentialsReady, Truth::Unknown, Reason::Waiting, "waits"),
            (ConditionType::Ready, Truth::False, Reason::DatabaseUnavailable, "PostgreSQL does not answer"),
        ],
        1,
    );
    insta::assert_snapshot!(told("Entra", &ScimTenantStatus::default(), &broken), @"Warning DatabaseUnavailable: PostgreSQL does not answer");
}
