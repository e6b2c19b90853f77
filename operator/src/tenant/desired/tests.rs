use crds::Reason;
use crds::ScimTenantClass;
use serde_json::json;

use super::*;
use crate::fixtures::{class, credential, found, identity, registered, secret_with, settings, tenant, token};
use crate::tenant::credentials::NextToken;
use crate::tenant::validate::{Verdict, validate};

fn prepared(found: &Dereferenced) -> Desired<Prepared> {
    prepared_for(&tenant(json!({})), found)
}

fn prepared_for(tenant: &ScimTenant, found: &Dereferenced) -> Desired<Prepared> {
    let identity = identity(tenant);
    match validate(tenant, &identity, found, &settings()) {
        Verdict::Accepted(validated) => accepted(tenant, &identity, &validated, found, &settings()),
        Verdict::Rejected(_) => rejected(tenant, &identity, found, &settings()),
        Verdict::ServedByAnother => panic!("served by another"),
    }
}

fn default_class() -> Vec<ScimTenantClass> {
    vec![class("default", json!({}))]
}

fn reason<T>(step: &Step<T>) -> Option<Reason> {
    match step {
        Step::Blocked(obstacle) => Some(obstacle.reason),
        Step::Do(_) | Step::Keep => None,
    }
}

#[test]
fn a_new_tenant_gets_row_token_and_route() {
    let Desired { database, credentials, route } = prepared(&found(default_class()));
    assert!(matches!(database, Step::Do(Registration::Register(..))));
    assert!(matches!(credentials.secret, Step::Do(Credentials { live: None, .. })));
    assert!(matches!(route, Step::Do(Route { live: None, .. })));
}

#[test]
fn the_secret_of_somebody_else_is_a_conflict_and_the_rest_goes_on() {
    let mut found = found(default_class());
    found.secret = Found::Foreign;
    let Desired { database, credentials, route } = prepared(&found);
    assert_eq!(reason(&credentials.secret), Some(Reason::SecretNameTaken));
    assert!(matches!((database, route), (Step::Do(_), Step::Do(_))));
}

#[test]
fn the_ingress_of_somebody_else_is_a_conflict_and_the_rest_goes_on() {
    let mut found = found(default_class());
    found.route = Found::Foreign;
    let Desired { database, credentials, route } = prepared(&found);
    assert_eq!(reason(&route), Some(Reason::RouteNameTaken));
    assert!(matches!((database, credentials.secret), (Step::Do(_), Step::Do(_))));
}

#[test]
fn without_postgresql_nothing_is_tried() {
    let mut found = found(default_class());
    found.registered = Err(Obstacle::passing(Reason::DatabaseUnavailable, "PostgreSQL does not answer"));
    let Desired { database, credentials, route } = prepared(&found);
    assert_eq!(reason(&database), Some(Reason::DatabaseUnavailable));
    assert!(matches!((credentials.secret, route), (Step::Keep, Step::Keep)));
}

#[test]
fn the_data_of_another_namespace_of_this_name_is_not_taken_up() {
    let mut row = registered(vec![]);
    row.owner.namespace_uid = uuid::Uuid::nil();
    let mut found = found(default_class());
    found.registered = Ok(Some(row));
    assert_eq!(reason(&prepared(&found).database), Some(Reason::OwnedByAnother));
}

#[test]
fn an_invalid_edit_leaves_row_and_route_and_still_lets_tokens_be_replaced() {
    let mut found = found(vec![]);
    found.registered = Ok(Some(registered(vec![credential(1, &token(1))])));
    found.secret = Found::Ours(secret_with(&token(2)));
    let Desired { database, credentials, route } = prepared(&found);
    assert!(matches!(database, Step::Do(Registration::LastAccepted(_))));
    let Step::Do(Credentials { decision, .. }) = credentials.secret else { panic!("is blocked") };
    assert_eq!(decision.token, NextToken::New(database::registry::Issue::Replacement));
    assert!(matches!(route, Step::Keep));
}

#[test]
fn a_tenant_that_never_was_accepted_gets_nothing() {
    let Desired { database, credentials, route } = prepared(&found(vec![]));
    assert!(matches!((database, credentials.secret, route), (Step::Keep, Step::Keep, Step::Keep)));
}

#[test]
fn nothing_is_written_into_a_namespace_that_is_being_deleted() {
    let mut found = found(default_class());
    found.namespace.is_terminating = true;
    found.registered = Ok(Some(registered(vec![])));
    let Desired { database, credentials, route } = prepared(&found);
    assert!(matches!(database, Step::Do(Registration::LastAccepted(_))));
    assert_eq!(credentials.revocation, None);
    assert!(matches!((credentials.secret, route), (Step::Keep, Step::Keep)));
}

fn is_revoked(found: &mut Dereferenced) -> bool {
    found.registered = Ok(Some(registered(vec![credential(1, &token(1))])));
    let mut tenant = tenant(json!({}));
    let leak = ("scim-operator.io/revoke-tokens".to_owned(), "leak".to_owned());
    tenant.metadata.annotations = Some([leak].into());
    prepared_for(&tenant, found).credentials.revocation.is_some()
}

#[test]
fn tokens_are_revoked_whatever_is_in_the_way_of_the_secret() {
    assert!(is_revoked(&mut found(default_class())));
    assert!(is_revoked(&mut found(vec![])), "without a class");
    let foreign = &mut found(default_class());
    foreign.secret = Found::Foreign;
    assert!(is_revoked(foreign), "the Secret is somebody else's");
    let terminating = &mut found(default_class());
    terminating.namespace.is_terminating = true;
    assert!(is_revoked(terminating), "the namespace is being deleted");
}

#[test]
fn a_secret_of_another_name_takes_the_token_along() {
    let mut found = found(default_class());
    found.registered = Ok(Some(registered(vec![credential(1, &token(1))])));
    found.old_secret = Some(secret_with(&token(1)));
    let Step::Do(credentials) = prepared(&found).credentials.secret else { panic!("is blocked") };
    assert_eq!(credentials.decision.token, NextToken::Present(token(1)));
    assert_eq!(credentials.old, found.old_secret);
}
