use serde_json::json;

use super::*;
use crate::fixtures::{class, credential, found, identity, registered, settings, tenant, token};
use crate::tenant::validate::{Verdict, validate};

const NOW: Timestamp = Timestamp::UNIX_EPOCH;

fn validated() -> Box<ValidatedTenant> {
    let tenant = tenant(json!({}));
    match validate(&tenant, &identity(&tenant), &found(vec![class("default", json!({}))]), &settings()) {
        Verdict::Accepted(validated) => validated,
        other => panic!("{other:?}"),
    }
}

fn all_done() -> Desired<Applied> {
    Desired {
        database: Outcome::Done(registered(vec![credential(1, &token(1))])),
        credentials: Outcome::Done("acme-scim".to_owned()),
        route: Outcome::Done(()),
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
    databaseSchema: tenant_42
    token:
      generation: 1
      issuedAt: "2027-01-15T08:00:01Z"
    deletionPolicy: Retain
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
    assert_eq!(status.deletion_policy, Some(DeletionPolicy::Retain));
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

mod token {
    use super::super::token;
    use super::*;
    use crate::fixtures::token as text;

    fn used(generation: u32) -> Credential {
        Credential { first_used_at: Some(NOW), last_used_at: Some(NOW), ..credential(generation, &text(1)) }
    }

    fn unused(generation: u32) -> Credential {
        credential(generation, &text(1))
    }

    fn revoked(generation: u32) -> Credential {
        Credential { revoked_at: Some(NOW), ..used(generation) }
    }

    fn previous(credentials: &[Credential]) -> Option<i64> {
        token(credentials).unwrap().previous.map(|previous| previous.generation)
    }

    #[test]
    fn the_one_before_is_told_until_the_newest_is_used() {
        assert_eq!(previous(&[used(1), unused(2)]), Some(1));
        assert_eq!(previous(&[used(1), used(2)]), None);
    }

    #[test]
    fn of_several_that_work_the_used_one_is_told() {
        assert_eq!(previous(&[used(1), unused(2), unused(3)]), Some(1));
        assert_eq!(previous(&[unused(1), unused(2), unused(3)]), Some(2));
        assert_eq!(previous(&[used(1), used(2), unused(3)]), Some(2));
    }

    #[test]
    fn a_revoked_one_does_not_work() {
        assert_eq!(previous(&[revoked(1), unused(2)]), None);
        assert!(token(&[revoked(1)]).is_none());
        assert!(token(&[]).is_none());
    }
}
