use serde_json::{Value, json};

use super::*;
use crate::fixtures::{class, found, identity, registered, settings, tenant};

fn judge(tenant: &ScimTenant, found: &Dereferenced) -> Result<ValidatedTenant, String> {
    validate(tenant, &identity(tenant), found, &settings())
        .map_err(|obstacle| format!("{}: {}", obstacle.reason, obstacle.message))
}

fn accepted(spec: Value, class_spec: Value) -> ValidatedTenant {
    judge(&tenant(spec), &found(vec![class("default", class_spec)])).unwrap()
}

fn refusal(spec: Value, classes: Vec<ScimTenantClass>) -> String {
    judge(&tenant(spec), &found(classes)).unwrap_err()
}

fn not_default(name: &str, spec: Value) -> ScimTenantClass {
    let mut class = class(name, spec);
    class.metadata.annotations = None;
    class
}

#[test]
fn a_tenant_of_the_default_class_is_accepted() {
    let validated = judge(&tenant(json!({})), &found(vec![class("default", json!({}))])).unwrap();
    insta::assert_json_snapshot!(validated.configuration, @r#"
    {
      "displayName": "Acme Inc.",
      "tenantURL": "https://scim.example.com/customer-acme/acme/scim/v2",
      "profile": {
        "groups": "Enabled",
        "patchResponse": "Body",
        "returningUsers": "Conflict"
      },
      "limits": {
        "maxPageSize": 1000
      },
      "service": "Active",
      "sourceRanges": {},
      "accessTokenSeconds": 3600,
      "privateAddresses": "Deny",
      "className": "default"
    }
    "#);
    assert_eq!((validated.deletion_policy, validated.deletion_delay), (DeletionPolicy::Retain, None));
    assert_eq!(validated.foreign, Foreign::Refuse);
    assert_eq!(validated.host.host(), "scim.example.com");
}

#[test]
fn a_tenant_without_a_display_name_is_called_by_its_name() {
    let mut tenant = tenant(json!({}));
    tenant.spec.display_name = None;
    let validated = judge(&tenant, &found(vec![class("default", json!({}))])).unwrap();
    assert_eq!(validated.configuration.display_name, "acme");
}

#[test]
fn a_class_that_is_not_there_is_named() {
    insta::assert_snapshot!(refusal(json!({"className": "gone"}), vec![class("default", json!({}))]), @"ClassNotFound: there is no ScimTenantClass gone");
}

#[test]
fn without_a_default_class_a_tenant_has_to_name_one() {
    insta::assert_snapshot!(refusal(json!({}), vec![not_default("special", json!({}))]), @"NoDefaultClass: spec.className is missing, and no ScimTenantClass is the default");
}

#[test]
fn two_default_classes_are_named() {
    let classes = vec![class("b", json!({})), class("a", json!({}))];
    insta::assert_snapshot!(refusal(json!({}), classes), @"SeveralDefaultClasses: spec.className is missing, and more than one class is the default: a, b");
}

#[test]
fn a_class_that_is_not_accepted_takes_no_tenants_and_its_reason_is_passed_on() {
    insta::assert_snapshot!(refusal(json!({}), vec![class("default", json!({"database": "other"}))]), @"UnknownDatabase: ScimTenantClass default: spec.database is other; this installation has primary");
}

#[test]
fn a_namespace_has_to_be_among_those_that_the_class_selects() {
    let special = |plan| {
        let selector = json!({"from": "Selector", "selector": {"matchLabels": {"plan": plan}}});
        not_default("special", json!({"allowedNamespaces": selector}))
    };
    let wants = json!({"className": "special"});
    insta::assert_snapshot!(refusal(wants.clone(), vec![special("basic")]), @"NamespaceNotAllowed: the labels of this namespace are not those that ScimTenantClass special selects");
    assert!(judge(&tenant(wants), &found(vec![special("special")])).is_ok());
}

#[test]
fn a_namespace_that_is_being_deleted_takes_no_tenants() {
    let mut found = found(vec![class("default", json!({}))]);
    found.namespace.is_terminating = true;
    insta::assert_snapshot!(judge(&tenant(json!({})), &found).unwrap_err(), @"NamespaceTerminating: the namespace is being deleted");
}

#[test]
fn a_deletion_policy_has_to_be_allowed() {
    insta::assert_snapshot!(refusal(json!({"deletionPolicy": "Delete"}), vec![class("default", json!({}))]), @"DeletionPolicyNotAllowed: spec.deletionPolicy is Delete; ScimTenantClass default allows [Retain]");
}

#[test]
fn the_first_allowed_deletion_policy_is_the_default() {
    let class = class("default", json!({"deletionPolicies": ["Delete", "Retain"]}));
    let validated = judge(&tenant(json!({})), &found(vec![class])).unwrap();
    assert_eq!(validated.deletion_policy, DeletionPolicy::Delete);
}

#[test]
fn a_fixed_profile_is_not_extended() {
    let extension = json!({"urn": "urn:example:a", "resource": "User", "additionalAttributes": "String"});
    let spec = json!({"profile": {"extensions": [extension]}});
    let fixed = class("default", json!({"tenantProfile": "Fixed"}));
    insta::assert_snapshot!(refusal(spec, vec![fixed.clone()]), @"ProfileFixed: spec.profile.extensions: ScimTenantClass default lets tenants add no schemas");
    let own_choice = json!({"profile": {"groups": "Disabled"}});
    assert!(judge(&tenant(own_choice), &found(vec![fixed])).is_ok());
}

#[test]
fn a_schema_of_the_tenant_that_cannot_be_is_refused_with_the_text_of_the_engine() {
    let extension = json!({
        "urn": "urn:ietf:params:scim:schemas:core:2.0:User", "resource": "User",
        "attributes": [{"name": "a"}],
    });
    let spec = json!({"profile": {"extensions": [extension]}});
    let text = refusal(spec, vec![class("default", json!({}))]);
    assert!(text.starts_with("InvalidProfile: spec.profile: "), "{text}");
}

#[test]
fn a_class_that_is_being_deleted_keeps_its_tenants_and_takes_no_new_ones() {
    let mut class = class("default", json!({}));
    class.metadata.deletion_timestamp = Some(crate::conditions::whole_seconds(jiff::Timestamp::UNIX_EPOCH));
    let mut found = found(vec![class]);
    insta::assert_snapshot!(judge(&tenant(json!({})), &found).unwrap_err(), @"ClassTerminating: ScimTenantClass default is being deleted and takes no new tenants");
    found.registered = Ok(Some(registered(vec![])));
    assert!(judge(&tenant(json!({})), &found).is_ok());
}

#[test]
fn data_does_not_follow_a_class_into_another_database() {
    let settings = Settings { databases: vec!["eu".to_owned(), "primary".to_owned()], ..settings() };
    let mut found = found(vec![class("default", json!({"database": "eu"}))]);
    let tenant = tenant(json!({}));
    let mut judge = |database: &str, holds_data| {
        found.home = Home { database: database.to_owned(), holds_data };
        validate(&tenant, &identity(&tenant), &found, &settings)
    };
    assert!(judge("primary", false).is_ok(), "there is nothing to lose");
    assert!(judge("eu", true).is_ok());
    let Obstacle { reason, message, .. } = judge("primary", true).unwrap_err();
    insta::assert_snapshot!(format!("{reason}: {message}"), @"DatabaseChanged: ScimTenantClass default is of database eu, and users and groups are in database primary; data is not moved");
}

#[test]
fn a_tenant_may_be_suspended() {
    assert_eq!(accepted(json!({"suspend": true}), json!({})).configuration.service, Service::Suspended);
}

#[test]
fn source_ranges_are_those_of_the_class_and_those_of_the_tenant() {
    let spec = json!({"sourceRanges": ["203.0.113.0/28"]});
    let ranges = accepted(spec, json!({"sourceRanges": ["203.0.113.0/24"]})).configuration.source_ranges;
    let read = |text: &str| vec![text.parse().unwrap()];
    assert_eq!(ranges, SourceRanges { class: read("203.0.113.0/24"), tenant: read("203.0.113.0/28") });
    insta::assert_snapshot!(refusal(json!({"sourceRanges": ["203.0.113.0/33"]}), vec![class("default", json!({}))]), @"InvalidSpec: spec.sourceRanges: 203.0.113.0/33 is no range of addresses such as 203.0.113.0/24");
}

fn lifetime(text: &str) -> Value {
    json!({"authentication": {"oauth2": {"clientSecret": {}, "accessTokenLifetime": text}}})
}

#[test]
fn an_access_token_works_from_one_hour_to_six() {
    for (text, seconds) in [("1h", 3600), ("90m", 5400), ("6h", 21_600)] {
        assert_eq!(accepted(lifetime(text), json!({})).configuration.access_token_seconds, seconds);
    }
    let refused = |text| refusal(lifetime(text), vec![class("default", json!({}))]);
    insta::assert_snapshot!(refused("59m"), @"InvalidSpec: spec.authentication.oauth2.accessTokenLifetime is 59m: it must be from 1h to 6h");
    insta::assert_snapshot!(refused("1d"), @"InvalidSpec: spec.authentication.oauth2.accessTokenLifetime is 1d: that is no duration such as 24h or 1h30m");
    assert!(refused("6h1s").starts_with("InvalidSpec"));
}

#[test]
fn a_tenant_has_a_host_of_its_own_where_the_class_says_so() {
    let validated = accepted(json!({}), json!({"url": "https://{namespace}.scim.example.com"}));
    assert_eq!(validated.host.host(), "customer-acme.scim.example.com");
    let url = validated.configuration.tenant_url;
    assert_eq!(url.as_str(), "https://customer-acme.scim.example.com/customer-acme/acme/scim/v2");
}

#[test]
fn a_tenant_whose_names_make_no_host_is_named() {
    let url = json!({"url": format!("https://{{name}}-{}.example.com", "a".repeat(60))});
    insta::assert_snapshot!(refusal(json!({}), vec![class("default", url)]), @"InvalidURL: the URL of ScimTenantClass default makes the host acme-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.example.com, which is longer than DNS takes: 63 characters between two dots, 253 together; this is ScimTenant customer-acme/acme");
}

#[test]
fn a_deletion_waits_as_long_as_the_longer_of_class_and_tenant_say() {
    let delay = |of_tenant: Value, of_class: Value| {
        accepted(json!({"deletionDelay": of_tenant}), json!({"deletionDelay": of_class})).deletion_delay
    };
    let day = Some(Duration::from_hours(24));
    assert_eq!(delay(json!("24h"), json!("1h")), day);
    assert_eq!(delay(json!("1h"), json!("24h")), day);
    assert_eq!(delay(json!("24h"), Value::Null), day);
    assert_eq!(delay(Value::Null, json!("24h")), day);
    assert_eq!(delay(json!("0s"), Value::Null), None);
    insta::assert_snapshot!(refusal(json!({"deletionDelay": "1d"}), vec![class("default", json!({}))]), @"InvalidSpec: spec.deletionDelay is 1d: that is no duration such as 24h or 1h30m");
}

#[test]
fn a_class_may_let_its_tenants_adopt_what_a_namespace_left_behind() {
    assert_eq!(accepted(json!({}), json!({"retainedData": "Adopt"})).foreign, Foreign::Adopt);
}
