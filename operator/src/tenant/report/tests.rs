use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use serde_json::json;

use super::*;
use crate::conditions::{Conditions, Truth, whole_seconds};
use crate::fixtures::tenant;
use crds::tenant::{CredentialKind, PreviousToken, TokenStatus};

fn time(seconds: i64) -> Time {
    whole_seconds(Timestamp::from_second(seconds).unwrap())
}

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
            kind: CredentialKind::BearerToken,
            issued_at: time(0),
            last_used_at: None,
            expires_at: None,
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

#[test]
fn a_suspension_is_told_instead_of_a_set_up() {
    let suspended = status(
        &[(ConditionType::Ready, Truth::True, Reason::Suspended, "every request is answered with 503")],
        1,
    );
    insta::assert_snapshot!(told("Entra", &connected(1), &suspended), @"Normal Suspended: every request is answered with 503");
}

fn used(status: ScimTenantStatus) -> ScimTenantStatus {
    let token = TokenStatus { last_used_at: Some(time(60)), ..status.token.unwrap() };
    ScimTenantStatus { token: Some(token), ..status }
}

/// With this generation before, which works until then.
fn beside(status: ScimTenantStatus, generation: i64, valid_until: Option<i64>) -> ScimTenantStatus {
    let valid_until = valid_until.map(time);
    let previous = Some(PreviousToken { generation, last_used_at: Some(time(30)), valid_until });
    ScimTenantStatus { token: Some(TokenStatus { previous, ..status.token.unwrap() }), ..status }
}

#[test]
fn a_first_use_is_told_with_what_becomes_of_the_one_before() {
    let unused = beside(connected(2), 1, None);
    insta::assert_snapshot!(told("Entra", &connected(1), &used(connected(1))), @"Normal CredentialUsed: token 1 was used for the first time");
    insta::assert_snapshot!(told("Entra", &unused, &used(connected(2))), @"Normal CredentialUsed: token 2 was used; generation 1 ended");
    let with_time = beside(used(connected(2)), 1, Some(3600));
    insta::assert_snapshot!(told("Entra", &beside(connected(2), 1, Some(3600)), &with_time), @"Normal CredentialUsed: token 2 was used; generation 1 works until 1970-01-01T01:00:00Z");
    insta::assert_snapshot!(told("Entra", &used(connected(1)), &used(connected(2))), @r"
    Normal Issued: Secret acme-scim holds token 2; token 1 works until it is used
    Normal CredentialUsed: token 2 was used; generation 1 ended
    ");
}

#[test]
fn later_uses_and_those_that_nobody_knows_the_beginning_of_are_not_told() {
    let again = |seconds| {
        let mut status = used(connected(2));
        status.token.as_mut().unwrap().last_used_at = Some(time(seconds));
        status
    };
    assert_eq!(told("Entra", &again(60), &again(120)), "");
    let unknown = ScimTenantStatus { token: None, ..connected(2) };
    assert_eq!(told("Entra", &unknown, &again(60)), "");
    assert_eq!(told("Entra", &again(60), &beside(again(60), 1, Some(3600))), "");
}

fn waiting(generation: i64, text: &str) -> ScimTenantStatus {
    status(&[(ConditionType::CredentialsReady, Truth::True, Reason::Issued, text)], generation)
}

#[test]
fn that_nobody_uses_the_newest_is_told_once() {
    let before = waiting(2, "Secret acme-scim holds token 2");
    let after = waiting(2, "Secret acme-scim holds token 2; nobody has used token 2 yet");
    insta::assert_snapshot!(told("Entra", &before, &after), @"Warning CredentialUnused: Secret acme-scim holds token 2; nobody has used token 2 yet");
    assert_eq!(told("Entra", &after, &after), "");
    assert_eq!(told("Entra", &after, &before), "");
    let next = waiting(3, "Secret acme-scim holds token 3; nobody has used token 3 yet");
    insta::assert_snapshot!(told("Entra", &after, &next), @r"
    Normal Issued: Secret acme-scim holds token 3; nobody has used token 3 yet
    Warning CredentialUnused: Secret acme-scim holds token 3; nobody has used token 3 yet
    ");
}

#[test]
fn where_data_comes_from_is_told_if_it_is_no_matter_of_course() {
    let told = |origin| {
        let note = of_origin(origin, &crate::fixtures::registered(vec![]))?;
        Some(format!("{:?} {}: {}", note.type_, note.reason, note.message))
    };
    for origin in [Origin::New, Origin::Registered, Origin::TakenUp] {
        assert_eq!(told(origin), None, "{origin:?}");
    }
    insta::assert_snapshot!(told(Origin::Adopted).unwrap(), @"Normal DataAdopted: took up users and groups in schema tenant_42, which a namespace of another UID left behind");
    insta::assert_snapshot!(told(Origin::MadeAnew).unwrap(), @"Warning SchemaMadeAnew: schema tenant_42 was gone, with all users and groups; it was made again, empty");
}
