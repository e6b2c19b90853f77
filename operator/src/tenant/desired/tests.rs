use crds::Reason;
use crds::ScimTenantClass;
use serde_json::json;

use super::*;
use crate::fixtures::{
    class, credential, found, identity, registered, secret_with, settings, tenant, token, used,
};
use crate::object::Found;
use crate::tenant::Home;
use crate::tenant::brought::offer;
use crate::tenant::credentials::NextIssued;
use crate::tenant::entrance::brought_secret;
use crate::tenant::validate::validate;
use database::registry::{Credential, Issue, Overlap};
use k8s_openapi::api::networking::v1::Ingress;
use tenancy::{CredentialKind, PrivateAddresses, TenantId, TokenDigest};

fn prepared(found: &Dereferenced) -> Desired<Prepared> {
    prepared_for(&tenant(json!({})), found)
}

fn prepared_for(tenant: &ScimTenant, found: &Dereferenced) -> Desired<Prepared> {
    let identity = identity(tenant);
    match validate(tenant, &identity, found, &settings()) {
        Ok(validated) => accepted(tenant, &identity, &validated, found, &settings()),
        Err(_) => rejected(tenant, &identity, found, &settings()),
    }
}

fn default_class() -> Vec<ScimTenantClass> {
    vec![class("default", json!({}))]
}

fn issued(access: Access) -> Box<Issued> {
    match access.credentials {
        Step::Do(Credentials::Issued(issued)) => issued,
        other => panic!("{other:?}"),
    }
}

fn given(access: Access) -> Box<Given> {
    match access.credentials {
        Step::Do(Credentials::Given(given)) => given,
        other => panic!("{other:?}"),
    }
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
    assert!(matches!(database, Step::Do(Registration { foreign: Foreign::Refuse, .. })));
    let issued = issued(credentials);
    assert_eq!((issued.decision.next, issued.live), (NextIssued::New(Issue::First), None));
    assert!(matches!(route, Step::Do(_)));
}

#[test]
fn the_secret_of_somebody_else_is_a_conflict_and_the_rest_goes_on() {
    let mut found = found(default_class());
    found.secret = Found::Foreign;
    let Desired { database, credentials, route } = prepared(&found);
    assert_eq!(reason(&credentials.credentials), Some(Reason::SecretNameTaken));
    assert!(matches!((database, route), (Step::Do(_), Step::Do(_))));
}

#[test]
fn the_route_of_somebody_else_is_a_conflict_and_the_rest_goes_on() {
    let mut found = found(default_class());
    found.routes.ingress = Found::Foreign;
    let Desired { database, credentials, route } = prepared(&found);
    assert_eq!(reason(&route), Some(Reason::RouteNameTaken));
    assert!(matches!((database, credentials.credentials), (Step::Do(_), Step::Do(_))));
}

#[test]
fn without_postgresql_nothing_is_tried() {
    let mut found = found(default_class());
    found.registered = Err(Obstacle::passing(Reason::DatabaseUnavailable, "PostgreSQL does not answer"));
    let Desired { database, credentials, route } = prepared(&found);
    assert_eq!(reason(&database), Some(Reason::DatabaseUnavailable));
    assert!(matches!((credentials.credentials, route), (Step::Keep, Step::Keep)));
}

#[test]
fn the_data_of_another_namespace_of_this_name_is_taken_up_only_if_the_class_lets_it() {
    let mut row = registered(vec![credential(1, &token(1))]);
    row.owner.namespace_uid = uuid::Uuid::nil();
    let mut refused = found(default_class());
    refused.registered = Ok(Some(row.clone()));
    assert_eq!(reason(&prepared(&refused).database), Some(Reason::OwnedByAnother));
    let mut adopted = found(vec![class("default", json!({"retainedData": "Adopt"}))]);
    adopted.registered = Ok(Some(row));
    let Desired { database, credentials, .. } = prepared(&adopted);
    assert!(matches!(database, Step::Do(Registration { foreign: Foreign::Adopt, .. })));
    let next = issued(credentials).decision.next;
    assert_eq!(next, NextIssued::New(Issue::Replacement(Overlap::UntilUsed)), "the old one goes on working");
}

#[test]
fn nothing_is_made_beside_a_schema_whose_row_is_lost() {
    let mut found = found(default_class());
    found.lost_schema = Some(tenancy::SchemaName::of(TenantId::new(42)));
    let Desired { database, credentials, route } = prepared(&found);
    assert_eq!(reason(&database), Some(Reason::RegistrationLost));
    assert!(matches!((credentials.credentials, route), (Step::Keep, Step::Keep)));
}

#[test]
fn an_invalid_edit_leaves_row_and_route_and_still_lets_tokens_be_replaced() {
    let mut found = found(vec![]);
    found.registered = Ok(Some(registered(vec![credential(1, &token(1))])));
    found.secret = Found::Ours(secret_with(&token(2)));
    found.routes.ingress = Found::Ours(Ingress::default());
    let Desired { database, credentials, route } = prepared(&found);
    assert_as_registered(database);
    let next = issued(credentials).decision.next;
    assert_eq!(next, NextIssued::New(Issue::Replacement(Overlap::UntilUsed)));
    assert!(matches!(route, Step::Keep));
}

/// What the registry says of [`registered`] is written again, if a hand has undone it.
fn assert_as_registered(database: Step<Registration>) {
    let Step::Do(Registration { owner, configuration, foreign }) = database else { panic!("{database:?}") };
    let before = registered(vec![]);
    assert_eq!((owner, *configuration, foreign), (before.owner, before.configuration, Foreign::Refuse));
}

mod route_of_a_rejected_tenant {
    use super::*;

    /// What its class had when it was accepted: another path and other ranges than the spec of now.
    fn served(class: ScimTenantClass) -> Dereferenced {
        let mut row = registered(vec![Credential {
            kind: CredentialKind::ClientSecret,
            ..used(credential(1, &token(1)))
        }]);
        row.configuration.class_name = "default".to_owned();
        row.configuration.tenant_url =
            "https://old.example.com/customer-acme/acme/scim/v2".to_owned().try_into().unwrap();
        let mut found = found(vec![class]);
        found.registered = Ok(Some(row));
        found
    }

    fn invalid() -> ScimTenant {
        tenant(json!({"sourceRanges": ["203.0.113.0"]}))
    }

    #[test]
    fn leads_to_the_servers_of_the_database_that_its_data_is_in_whatever_the_class_says_by_now() {
        let mut found = served(class("default", json!({"database": "primary"})));
        found.home = Home { database: "eu".to_owned(), holds_data: true };
        let plan = route(&tenant(json!({})), &found);
        let Step::Do(RoutePlan::Ingress { change, .. }) = plan else { panic!("{plan:?}") };
        assert!(format!("{change:?}").contains("scim-server-eu"));
    }

    fn route(tenant: &ScimTenant, found: &Dereferenced) -> Step<RoutePlan> {
        prepared_for(tenant, found).route
    }

    #[test]
    fn is_made_again_as_it_was_accepted() {
        for named in [None, Some("typo")] {
            let mut tenant = invalid();
            tenant.spec.class_name = named.map(str::to_owned);
            let plan = route(&tenant, &served(class("default", json!({}))));
            let Step::Do(RoutePlan::Ingress { change, .. }) = plan else { panic!("{plan:?}") };
            let text = format!("{change:?}");
            for part in ["old.example.com", "/customer-acme/acme/scim/v2", "/customer-acme/acme/oauth2/token"]
            {
                assert!(text.contains(part), "{part}: {text}");
            }
        }
    }

    #[test]
    fn comes_with_what_the_class_says_of_private_addresses_now() {
        let mut found = served(class("default", json!({})));
        let Ok(Some(row)) = &mut found.registered else { panic!() };
        row.configuration.private_addresses = PrivateAddresses::Allow;
        let Step::Do(Registration { configuration, .. }) = prepared_for(&invalid(), &found).database else {
            panic!()
        };
        assert_eq!(configuration.private_addresses, PrivateAddresses::Deny);
        let allowing = json!({"outgoing": {"privateAddresses": "Allow"}});
        found.classes = vec![class("default", allowing)];
        let Step::Do(Registration { configuration, .. }) = prepared_for(&invalid(), &found).database else {
            panic!()
        };
        assert_eq!(configuration.private_addresses, PrivateAddresses::Allow);
    }

    #[test]
    fn is_missed_where_nobody_can_make_it() {
        let other = json!({"controllerName": "example.com/other"});
        let plan_of_others = json!({"allowedNamespaces": {"from": "Selector", "selector": {"matchLabels": {"plan": "other"}}}});
        let mut without_class = served(class("default", json!({})));
        without_class.classes.clear();
        let mut terminating = served(class("default", json!({})));
        terminating.namespace.is_terminating = true;
        for mut found in [
            served(class("default", json!({"database": "other"}))),
            served(class("default", other)),
            served(class("default", plan_of_others)),
            without_class,
            terminating,
        ] {
            assert_eq!(reason(&route(&invalid(), &found)), Some(Reason::Waiting));
            found.routes.ingress = Found::Ours(Ingress::default());
            assert!(matches!(route(&invalid(), &found), Step::Keep));
        }
    }

    #[test]
    fn is_not_missed_where_the_class_made_none() {
        let mut found = served(class("default", json!({})));
        found.classes.clear();
        let mut tenant = invalid();
        let condition = json!({
            "type": "RouteReady", "status": "True", "reason": "NotRouted", "message": "",
            "lastTransitionTime": "2026-01-01T00:00:00Z",
        });
        tenant.status.get_or_insert_default().conditions = vec![serde_json::from_value(condition).unwrap()];
        assert!(matches!(route(&tenant, &found), Step::Keep));
    }
}

#[test]
fn an_invalid_edit_does_not_change_the_way_in() {
    let mut found = found(vec![]);
    found.registered = Ok(Some(registered(vec![credential(1, &token(1))])));
    for authentication in [
        json!({"basic": {}}),
        json!({"jwt": {"entra": {"directoryID": "aaaaaaaa-2222-3333-4444-555555555555"}}}),
    ] {
        let tenant = tenant(json!({"authentication": authentication}));
        let credentials = prepared_for(&tenant, &found).credentials.credentials;
        assert!(matches!(credentials, Step::Keep), "{credentials:?}");
    }
}

#[test]
fn a_tenant_that_never_was_accepted_gets_nothing() {
    let Desired { database, credentials, route } = prepared(&found(vec![]));
    assert!(matches!((database, credentials.credentials, route), (Step::Keep, Step::Keep, Step::Keep)));
}

#[test]
fn nothing_is_written_into_a_namespace_that_is_being_deleted() {
    let mut found = found(default_class());
    found.namespace.is_terminating = true;
    found.registered = Ok(Some(registered(vec![credential(1, &token(1))])));
    found.routes.ingress = Found::Ours(Ingress::default());
    let Desired { database, credentials, route } = prepared(&found);
    assert_as_registered(database);
    assert_eq!(credentials.revocation, None);
    assert!(matches!((credentials.credentials, route), (Step::Keep, Step::Keep)));
}

fn revoking(authentication: &serde_json::Value) -> ScimTenant {
    let mut tenant = tenant(json!({"authentication": authentication}));
    let leak = ("scim-operator.io/revoke-tokens".to_owned(), "leak".to_owned());
    tenant.metadata.annotations = Some([leak].into());
    tenant
}

fn is_revoked(found: &mut Dereferenced) -> bool {
    found.registered = Ok(Some(registered(vec![credential(1, &token(1))])));
    prepared_for(&revoking(&json!({})), found).credentials.revocation.is_some()
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
    let issued = issued(prepared(&found).credentials);
    assert_eq!(issued.decision.next, NextIssued::Present(token(1)));
    assert_eq!(issued.old, found.old_secret);
}

#[test]
fn a_tenant_that_brings_no_token_any_more_is_given_one_with_the_overlap_that_it_declares() {
    let rotation = json!({"bearerToken": {"rotation": {"overlap": "1h"}}});
    let next = |secret_name: &str| {
        let mut tenant = tenant(json!({"authentication": rotation}));
        tenant.status.get_or_insert_default().secret_name = Some(secret_name.to_owned());
        let mut found = found(default_class());
        found.registered = Ok(Some(registered(vec![used(credential(1, &token(1)))])));
        issued(prepared_for(&tenant, &found).credentials).decision.next
    };
    let hour = std::time::Duration::from_hours(1);
    assert_eq!(next("mine"), NextIssued::New(Issue::Replacement(Overlap::For(hour))));
    assert_eq!(next("acme-scim"), NextIssued::New(Issue::Replacement(Overlap::UntilUsed)), "it was lost");
}

mod brought {
    use super::*;

    const TEXT: &str = "d41d8cd98f00b204e9800998ecf8427e";

    fn authentication() -> serde_json::Value {
        json!({"bearerToken": {"existingSecret": {"name": "mine"}}})
    }

    fn wanting() -> ScimTenant {
        tenant(json!({"authentication": authentication()}))
    }

    fn held(text: &str) -> Dereferenced {
        let secret = json!({
            "metadata": {"labels": {"scim-operator.io/credential": "true"}},
            "data": {"token": k8s_openapi::ByteString(text.as_bytes().to_vec())},
        });
        let secret = serde_json::from_value(secret).unwrap();
        let mut found = found(default_class());
        found.brought = Some(offer(Some(&secret), &brought_secret(&wanting()).unwrap()));
        found
    }

    fn known(text: &str) -> Credential {
        used(Credential { digest: TokenDigest::of(text), ..credential(1, &token(1)) })
    }

    fn refusal(tenant: &ScimTenant, found: &Dereferenced) -> String {
        match prepared_for(tenant, found).credentials.credentials {
            Step::Blocked(obstacle) => format!("{}: {}", obstacle.reason, obstacle.message),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_is_brought_is_taken_and_no_secret_is_made() {
        let given = given(prepared_for(&wanting(), &held(TEXT)).credentials);
        assert_eq!(given.decision.next, NextGiven::New(Issue::First));
        assert_eq!(given.credential.digest, TokenDigest::of(TEXT));
        assert_eq!(given.connection, Connection::Brought { secret_name: "mine".to_owned() });
        assert_eq!(given.obsolete, vec![]);
    }

    #[test]
    fn our_own_secrets_from_before_go_and_the_one_that_is_brought_never_does() {
        let mut found = held(TEXT);
        found.registered = Ok(Some(registered(vec![used(credential(1, &token(1)))])));
        found.secret = Found::Ours(secret_with(&token(1)));
        found.old_secret = Some(secret_with(&token(2)));
        let given = given(prepared_for(&wanting(), &found).credentials);
        assert_eq!(given.decision.next, NextGiven::New(Issue::Replacement(Overlap::UntilUsed)));
        assert_eq!(given.obsolete.len(), 2);
        let ours =
            tenant(json!({"authentication": {"bearerToken": {"existingSecret": {"name": "acme-scim"}}}}));
        assert_eq!(super::given(prepared_for(&ours, &found).credentials).obsolete, vec![]);
    }

    #[test]
    fn while_nothing_good_is_brought_the_last_one_goes_on_working() {
        let mut missing = found(default_class());
        missing.registered = Ok(Some(registered(vec![known(TEXT)])));
        insta::assert_snapshot!(refusal(&wanting(), &missing), @"CredentialNotFound: there is no Secret mine; token 1 goes on working");
        let mut weak = held("hunter2");
        insta::assert_snapshot!(refusal(&wanting(), &weak), @"WeakCredential: the token in Secret mine has fewer than 28 characters");
        weak.registered = missing.registered;
        insta::assert_snapshot!(refusal(&wanting(), &weak), @"WeakCredential: the token in Secret mine has fewer than 28 characters; token 1 goes on working");
    }

    #[test]
    fn what_is_valid_already_is_not_judged_anew() {
        let mut found = held("hunter2");
        found.registered = Ok(Some(registered(vec![known("hunter2")])));
        let given = given(prepared_for(&wanting(), &found).credentials);
        assert_eq!(given.decision.next, NextGiven::Present);
    }

    #[test]
    fn what_was_revoked_is_not_taken_again() {
        let mut found = held(TEXT);
        found.registered = Ok(Some(registered(vec![known(TEXT)])));
        let Desired { credentials, .. } = prepared_for(&revoking(&authentication()), &found);
        assert!(credentials.revocation.is_some());
        assert_eq!(reason(&credentials.credentials), Some(Reason::CredentialRevoked));
        let told = refusal(&revoking(&authentication()), &found);
        insta::assert_snapshot!(told, @"CredentialRevoked: the token in Secret mine was revoked: bring another one");
    }
}

#[test]
fn a_trust_needs_no_secret_and_ours_goes() {
    let entra = json!({"directoryID": "aaaaaaaa-2222-3333-4444-555555555555"});
    let tenant = tenant(json!({"authentication": {"jwt": {"entra": entra}}}));
    let mut found = found(default_class());
    found.registered = Ok(Some(registered(vec![used(credential(1, &token(1)))])));
    found.secret = Found::Ours(secret_with(&token(1)));
    let given = given(prepared_for(&tenant, &found).credentials);
    assert_eq!(given.decision.next, NextGiven::New(Issue::Replacement(Overlap::UntilUsed)));
    assert_eq!((given.connection, given.credential.kind), (Connection::Trusted, CredentialKind::Jwt));
    assert_eq!(given.credential.digest, given.credential.trust.unwrap().digest());
    assert_eq!(given.obsolete.len(), 1);
}
