use serde_json::json;

use super::*;
use crate::fixtures::{class, credential, found, identity, registered, settings, tenant, token, trust, used};
use crate::route::Routed;
use crate::tenant::validate::validate;
use database::registry::Credential;
use tenancy::CredentialKind as Kind;

const NOW: Timestamp = Timestamp::UNIX_EPOCH;

fn validated() -> ValidatedTenant {
    validated_with(json!({}))
}

fn validated_with(spec: serde_json::Value) -> ValidatedTenant {
    let tenant = tenant(spec);
    validate(&tenant, &identity(&tenant), &found(vec![class("default", json!({}))]), &settings()).unwrap()
}

fn issued() -> Outcome<Connection> {
    Outcome::Done(Connection::Issued { secret_name: "acme-scim".to_owned() })
}

fn all_done() -> Desired<Applied> {
    done(registered(vec![used(credential(1, &token(1)))]), issued())
}

fn done(registered: RegisteredTenant, credentials: Outcome<Connection>) -> Desired<Applied> {
    Desired {
        database: Outcome::Done(registered),
        credentials,
        route: Outcome::Done(Routed::settled(RouteKind::Ingress)),
    }
}

fn nothing_done() -> Desired<Applied> {
    Desired { database: Outcome::Kept, credentials: Outcome::Kept, route: Outcome::Kept }
}

fn lines(status: &ScimTenantStatus) -> String {
    let lines = status.conditions.iter().map(|condition| {
        format!("{}={} {}: {}", condition.type_, condition.status, condition.reason, condition.message)
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// The status of a tenant whose data is in the database `primary`.
fn status(
    tenant: &ScimTenant,
    verdict: Result<&ValidatedTenant, &Obstacle>,
    applied: &Desired<Applied>,
    statistics: Option<&Statistics>,
    now: Timestamp,
) -> ScimTenantStatus {
    let home = Home { database: "primary".to_owned(), holds_data: true };
    super::status(tenant, verdict, &home, applied, statistics, now)
}

#[test]
fn a_settled_tenant_is_ready() {
    let statistics = Statistics { users: 3, groups: 1, last_provisioned_at: Some(NOW) };
    let status = status(&tenant(json!({})), Ok(&validated()), &all_done(), Some(&statistics), NOW);
    insta::assert_yaml_snapshot!(status, @r#"
    observedGeneration: 1
    conditions:
      - lastTransitionTime: "1970-01-01T00:00:00Z"
        message: ScimTenantClass default takes this tenant
        observedGeneration: 1
        reason: Valid
        status: "True"
        type: Accepted
      - lastTransitionTime: "1970-01-01T00:00:00Z"
        message: schema tenant_42
        observedGeneration: 1
        reason: Provisioned
        status: "True"
        type: DatabaseReady
      - lastTransitionTime: "1970-01-01T00:00:00Z"
        message: Secret acme-scim holds token 1
        observedGeneration: 1
        reason: Issued
        status: "True"
        type: CredentialsReady
      - lastTransitionTime: "1970-01-01T00:00:00Z"
        message: the Ingress is applied
        observedGeneration: 1
        reason: Applied
        status: "True"
        type: RouteReady
      - lastTransitionTime: "1970-01-01T00:00:00Z"
        message: an identity provider can connect
        observedGeneration: 1
        reason: Connected
        status: "True"
        type: Ready
    tenantURL: "https://scim.example.com/customer-acme/acme/scim/v2"
    secretName: acme-scim
    database: primary
    databaseSchema: tenant_42
    token:
      generation: 1
      kind: BearerToken
      issuedAt: "2027-01-15T08:00:01Z"
      lastUsedAt: "2027-01-15T08:01:01Z"
    deletionPolicy: Retain
    controllerName: scim-operator.io/operator
    users: 3
    groups: 1
    lastProvisionedAt: "1970-01-01T00:00:00Z"
    "#);
}

#[test]
fn a_settled_tenant_has_the_same_status_again() {
    let mut tenant = tenant(json!({}));
    let first = status(&tenant, Ok(&validated()), &all_done(), None, NOW);
    tenant.status = Some(first.clone());
    let later = Timestamp::from_second(60).unwrap();
    assert_eq!(status(&tenant, Ok(&validated()), &all_done(), None, later), first);
}

#[test]
fn a_status_survives_the_api_server() {
    let written = status(&tenant(json!({})), Ok(&validated()), &all_done(), None, NOW);
    let json = serde_json::to_string(&written).unwrap();
    assert_eq!(serde_json::from_str::<ScimTenantStatus>(&json).unwrap(), written);
}

#[test]
fn a_tenant_that_was_never_accepted_is_stalled() {
    let obstacle = Obstacle::lasting(Reason::ClassNotFound, "there is no ScimTenantClass gone");
    let status = status(&tenant(json!({})), Err(&obstacle), &nothing_done(), None, NOW);
    insta::assert_snapshot!(lines(&status), @r#"
    Accepted=False ClassNotFound: there is no ScimTenantClass gone
    DatabaseReady=Unknown Waiting: waits for what comes before
    CredentialsReady=Unknown Waiting: waits for what comes before
    RouteReady=Unknown Waiting: waits for what comes before
    Ready=False ClassNotFound: there is no ScimTenantClass gone
    Stalled=True ClassNotFound: there is no ScimTenantClass gone
    "#);
    assert_eq!(status.deletion_policy, None);
}

#[test]
fn an_invalid_edit_keeps_what_is_known_and_says_what_is_wrong() {
    let mut tenant = tenant(json!({}));
    tenant.status = Some(status(&tenant, Ok(&validated()), &all_done(), None, NOW));
    tenant.metadata.generation = Some(2);
    let obstacle = Obstacle::lasting(Reason::InvalidProfile, "spec.profile: no");
    let applied = Desired { route: Outcome::Kept, ..all_done() };
    let status = status(&tenant, Err(&obstacle), &applied, None, NOW);
    insta::assert_snapshot!(lines(&status), @r#"
    Accepted=False InvalidProfile: spec.profile: no
    DatabaseReady=True Provisioned: schema tenant_42
    CredentialsReady=True Issued: Secret acme-scim holds token 1
    RouteReady=True Applied: the Ingress is applied
    Ready=False InvalidProfile: spec.profile: no
    Stalled=True InvalidProfile: spec.profile: no
    "#);
    assert_eq!(status.observed_generation, Some(2));
    assert_eq!(status.deletion_policy, Some(crds::tenant::DeletionPolicy::Retain));
}

#[test]
fn an_invalid_edit_does_not_hide_that_tokens_and_route_are_gone() {
    let mut tenant = tenant(json!({}));
    tenant.status = Some(status(&tenant, Ok(&validated()), &all_done(), None, NOW));
    let obstacle = Obstacle::lasting(Reason::InvalidProfile, "spec.profile: no");
    let revoked = Credential { revoked_at: Some(NOW), ..used(credential(1, &token(1))) };
    let failed = |reason| Obstacle::lasting(reason, "gone");
    let applied = Desired {
        database: Outcome::Done(registered(vec![revoked])),
        credentials: Outcome::Failed(failed(Reason::CredentialRevoked)),
        route: Outcome::Failed(failed(Reason::Waiting)),
    };
    let status = status(&tenant, Err(&obstacle), &applied, None, NOW);
    insta::assert_snapshot!(lines(&status), @r#"
    Accepted=False InvalidProfile: spec.profile: no
    DatabaseReady=True Provisioned: schema tenant_42
    CredentialsReady=False CredentialRevoked: gone
    RouteReady=False Waiting: gone
    Ready=False InvalidProfile: spec.profile: no
    Stalled=True InvalidProfile: spec.profile: no
    "#);
    assert_eq!(status.token, None);
}

#[test]
fn without_postgresql_a_tenant_is_reconciling_and_keeps_what_is_known() {
    let mut tenant = tenant(json!({}));
    tenant.status = Some(status(&tenant, Ok(&validated()), &all_done(), None, NOW));
    let obstacle = Obstacle::passing(Reason::DatabaseUnavailable, "PostgreSQL does not answer");
    let applied = Desired { database: Outcome::Failed(obstacle), ..nothing_done() };
    insta::assert_snapshot!(lines(&status(&tenant, Ok(&validated()), &applied, None, NOW)), @r#"
    Accepted=True Valid: ScimTenantClass default takes this tenant
    DatabaseReady=False DatabaseUnavailable: PostgreSQL does not answer
    CredentialsReady=True Issued: Secret acme-scim holds token 1
    RouteReady=True Applied: the Ingress is applied
    Ready=False DatabaseUnavailable: PostgreSQL does not answer
    Reconciling=True DatabaseUnavailable: PostgreSQL does not answer
    "#);
}

#[test]
fn ready_speaks_of_the_first_thing_in_the_way() {
    let taken = |reason| Outcome::Failed(Obstacle::lasting(reason, "taken"));
    let applied = Desired {
        credentials: taken(Reason::SecretNameTaken),
        route: Outcome::Failed(Obstacle::lasting(Reason::RouteNameTaken, "taken")),
        ..all_done()
    };
    insta::assert_snapshot!(lines(&status(&tenant(json!({})), Ok(&validated()), &applied, None, NOW)), @r#"
    Accepted=True Valid: ScimTenantClass default takes this tenant
    DatabaseReady=True Provisioned: schema tenant_42
    CredentialsReady=False SecretNameTaken: taken
    RouteReady=False RouteNameTaken: taken
    Ready=False SecretNameTaken: taken
    Stalled=True SecretNameTaken: taken
    "#);
}

#[test]
fn a_deletion_that_waits_says_for_what() {
    let mut tenant = tenant(json!({}));
    tenant.status = Some(status(&tenant, Ok(&validated()), &all_done(), None, NOW));
    let obstacle = Obstacle::passing(Reason::DatabaseUnavailable, "PostgreSQL does not answer");
    insta::assert_snapshot!(lines(&deletion_waits(&tenant, &obstacle, NOW)), @r#"
    Accepted=True Valid: ScimTenantClass default takes this tenant
    DatabaseReady=False DatabaseUnavailable: PostgreSQL does not answer
    CredentialsReady=True Issued: Secret acme-scim holds token 1
    RouteReady=True Applied: the Ingress is applied
    Ready=False DeletionWaits: PostgreSQL does not answer
    Reconciling=True DeletionWaits: PostgreSQL does not answer
    "#);
}

#[test]
fn a_tenant_that_is_suspended_is_ready_and_says_so() {
    let mut suspended = registered(vec![used(credential(1, &token(1)))]);
    suspended.configuration.service = Service::Suspended;
    let status = status(&tenant(json!({})), Ok(&validated()), &done(suspended, issued()), None, NOW);
    insta::assert_snapshot!(lines(&status), @r#"
    Accepted=True Valid: ScimTenantClass default takes this tenant
    DatabaseReady=True Provisioned: schema tenant_42
    CredentialsReady=True Issued: Secret acme-scim holds token 1
    RouteReady=True Applied: the Ingress is applied
    Ready=True Suspended: every request is answered with 503, and all data is kept; spec.suspend: false ends it
    "#);
}

#[test]
fn a_tenant_that_is_not_routed_or_by_a_gateway_says_so() {
    let told = |kind| {
        let applied = Desired { route: Outcome::Done(Routed::settled(kind)), ..all_done() };
        let status = status(&tenant(json!({})), Ok(&validated()), &applied, None, NOW);
        lines(&status).lines().nth(3).unwrap().to_owned()
    };
    insta::assert_snapshot!(told(RouteKind::HTTPRoute), @"RouteReady=True Applied: the Gateway has taken the HTTPRoute");
    insta::assert_snapshot!(told(RouteKind::None), @"RouteReady=True NotRouted: the class makes no routes: requests are led to the Service of the servers by others");
}

#[test]
fn each_way_in_has_its_urls_and_its_secret() {
    let told = |kind, credentials: Outcome<Connection>| {
        let newest = Credential { kind, trust: Some(trust("a")), ..used(credential(1, &token(1))) };
        let applied = done(registered(vec![newest]), credentials);
        let mut tenant = tenant(json!({}));
        tenant.status.get_or_insert_default().secret_name = Some("from-before".to_owned());
        tenant.status.get_or_insert_default().token_url = Some("from-before".to_owned());
        let status = status(&tenant, Ok(&validated()), &applied, None, NOW);
        (status.token_url, status.secret_name, status.token.unwrap().kind)
    };
    let token_url = Some("https://scim.example.com/customer-acme/acme/oauth2/token".to_owned());
    let brought = Outcome::Done(Connection::Brought { secret_name: "mine".to_owned() });
    assert_eq!(
        told(Kind::BearerToken, issued()),
        (None, Some("acme-scim".to_owned()), CredentialKind::BearerToken)
    );
    assert_eq!(told(Kind::Basic, brought), (None, Some("mine".to_owned()), CredentialKind::Basic));
    assert_eq!(
        told(Kind::ClientSecret, issued()),
        (token_url.clone(), Some("acme-scim".to_owned()), CredentialKind::ClientSecret)
    );
    let trusted = || Outcome::Done(Connection::Trusted);
    assert_eq!(told(Kind::Federation, trusted()), (token_url, None, CredentialKind::Federation));
    assert_eq!(told(Kind::Jwt, trusted()), (None, None, CredentialKind::Jwt));
}

#[test]
fn when_a_credential_ends_by_schedule_is_told_and_kept_while_the_spec_is_invalid() {
    let rotation = json!({"overlap": "24h", "every": "48h"});
    let ends = |rotation: serde_json::Value| {
        let validated = validated_with(json!({"authentication": {"bearerToken": {"rotation": rotation}}}));
        status(&tenant(json!({})), Ok(&validated), &all_done(), None, NOW)
    };
    let scheduled = ends(rotation);
    let expires_at = scheduled.token.clone().unwrap().expires_at;
    insta::assert_json_snapshot!(expires_at, @r#""2027-01-18T08:00:01Z""#);
    assert_eq!(
        ends(json!({"every": "48h"})).token.unwrap().expires_at,
        None,
        "it works until the next is used"
    );
    assert_eq!(ends(json!({"overlap": "24h"})).token.unwrap().expires_at, None, "nothing is scheduled");
    let mut tenant = tenant(json!({}));
    tenant.status = Some(scheduled);
    let invalid = Obstacle::lasting(Reason::InvalidProfile, "spec.profile: no");
    let status = status(&tenant, Err(&invalid), &all_done(), None, NOW);
    assert_eq!(status.token.unwrap().expires_at, expires_at);
}

#[test]
fn a_generation_that_the_registry_lost_is_remembered_until_it_is_restored() {
    let mut tenant = tenant(json!({}));
    let third = done(registered(vec![used(credential(3, &token(3)))]), issued());
    tenant.status = Some(status(&tenant, Ok(&validated()), &third, None, NOW));
    let generation = |applied: &Desired<Applied>| {
        let status = status(&tenant, Ok(&validated()), applied, None, NOW);
        status.token.map(|token| token.generation)
    };
    let older = || registered(vec![used(credential(1, &token(1)))]);
    let away =
        || Outcome::Failed(Obstacle::passing(Reason::DatabaseUnavailable, "PostgreSQL does not answer"));
    assert_eq!(generation(&done(older(), away())), Some(3));
    assert_eq!(generation(&done(registered(vec![]), away())), Some(3));
    assert_eq!(generation(&done(older(), Outcome::Kept)), Some(3));
    assert_eq!(generation(&done(older(), issued())), Some(1));
    let newer = registered(vec![used(credential(4, &token(4)))]);
    assert_eq!(generation(&done(newer, away())), Some(4));
}

#[test]
fn what_is_in_use_does_not_change_the_status_on_each_pass() {
    let mut tenant = tenant(json!({}));
    let applied = |now: Timestamp| {
        let newest = Credential { issued_at: now, ..credential(2, &token(2)) };
        let credentials = vec![used(credential(1, &token(1))), newest];
        done(RegisteredTenant { now, ..registered(credentials) }, issued())
    };
    let at = crate::fixtures::NOW;
    let later = |seconds: i64| at + jiff::SignedDuration::from_secs(seconds);
    let told = |tenant: &ScimTenant, now: Timestamp| {
        let Desired { database, credentials, route } = applied(at);
        let Outcome::Done(registered) = database else { panic!("is done") };
        let database = Outcome::Done(RegisteredTenant { now, ..registered });
        status(tenant, Ok(&validated()), &Desired { database, credentials, route }, None, now)
    };
    let first = told(&tenant, at);
    tenant.status = Some(first.clone());
    assert_eq!(told(&tenant, later(3600)), first);
    let waiting = told(&tenant, later(24 * 3600));
    assert_ne!(waiting, first, "nobody has used it for a day");
    tenant.status = Some(waiting.clone());
    assert_eq!(told(&tenant, later(240 * 3600)), waiting);
}
