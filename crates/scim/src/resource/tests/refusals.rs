//! What a body is refused for, and with which words.

use serde_json::json;

use super::{document, refusal, refusal_of};
use crate::{
    Resource,
    fixtures::{CUSTOM, ENTERPRISE, METADATA, groups, line, plain, platform, user_body, users},
};

#[test]
fn what_does_not_fit_is_refused_by_name() {
    insta::assert_snapshot!(refusal(json!([])), @"400 invalidSyntax: the body must be a JSON object with the attributes of a User");
    insta::assert_snapshot!(refusal_of(json!({"shoeSize": 42})), @"400 invalidSyntax: User has no attribute 'shoeSize': /Schemas lists the attributes there are");
    insta::assert_snapshot!(refusal_of(json!({"name": {"middle": "x", "givenName": "a", "familyName": "b"}})), @"400 invalidSyntax: name has no sub-attribute 'middle': it has formatted, familyName, givenName, middleName, honorificPrefix, honorificSuffix");
    insta::assert_snapshot!(refusal_of(json!({"emails": [{"value": "x", "kind": "x"}]})), @"400 invalidSyntax: emails[0] has no sub-attribute 'kind': it has value, display, type, primary");
    insta::assert_snapshot!(refusal_of(json!({"urn:example:none": {"a": 1}})), @"400 invalidSyntax: User has no schema for 'urn:example:none': its schemas are urn:ietf:params:scim:schemas:core:2.0:User, urn:ietf:params:scim:schemas:extension:enterprise:2.0:User, urn:ietf:params:scim:schemas:extension:2.0:CustomExtensionName, urn:ietf:params:scim:schemas:extension:2.0:Metadata");
    insta::assert_snapshot!(refusal_of(json!({ENTERPRISE: "x"})), @"400 invalidSyntax: urn:ietf:params:scim:schemas:extension:enterprise:2.0:User must be an object of its attributes");
    insta::assert_snapshot!(refusal_of(json!({ENTERPRISE: {"team": "x"}})), @"400 invalidSyntax: User has no attribute 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:team': /Schemas lists the attributes there are");
    insta::assert_snapshot!(refusal_of(json!({"title": 5})), @"400 invalidValue: title must be a string, not 5");
    insta::assert_snapshot!(refusal_of(json!({"title": ["a", "b"]})), @"400 invalidValue: title must be a string, not a list");
    insta::assert_snapshot!(refusal_of(json!({"active": "maybe"})), @"400 invalidValue: active must be true or false, not 'maybe'");
    insta::assert_snapshot!(refusal_of(json!({"active": 1})), @"400 invalidValue: active must be true or false, not 1");
    insta::assert_snapshot!(refusal_of(json!({"name": "Ada"})), @"400 invalidValue: name must be an object of sub-attributes, not 'Ada'");
    insta::assert_snapshot!(refusal_of(json!({"emails": [5]})), @"400 invalidValue: emails[0] must be an object of sub-attributes, not 5");
    insta::assert_snapshot!(refusal_of(json!({"addresses": ["Main Street"]})), @"400 invalidValue: addresses[0] must be an object of sub-attributes, not 'Main Street'");
    insta::assert_snapshot!(refusal_of(json!({CUSTOM: {"badge": 4.5}})), @"400 invalidValue: urn:ietf:params:scim:schemas:extension:2.0:CustomExtensionName:badge must be a whole number of at most 64 bits, not 4.5");
    insta::assert_snapshot!(refusal_of(json!({CUSTOM: {"ratio": "four"}})), @"400 invalidValue: urn:ietf:params:scim:schemas:extension:2.0:CustomExtensionName:ratio must be a number, not 'four'");
    insta::assert_snapshot!(refusal_of(json!({CUSTOM: {"badge": 1e30}})), @"400 invalidValue: urn:ietf:params:scim:schemas:extension:2.0:CustomExtensionName:badge must be a whole number of at most 64 bits, not 1e+30");
    insta::assert_snapshot!(refusal_of(json!({"emails": [{"value": "a"}, {"value": 5}]})), @"400 invalidValue: emails[1].value must be a string, not 5");
    insta::assert_snapshot!(refusal_of(json!({CUSTOM: {"folders": ["a", true]}})), @"400 invalidValue: urn:ietf:params:scim:schemas:extension:2.0:CustomExtensionName:folders[1] must be a string, not true");
    insta::assert_snapshot!(refusal_of(json!({CUSTOM: {"desks": [{"value": "a", "floors": [1, "two"]}]}})), @"400 invalidValue: urn:ietf:params:scim:schemas:extension:2.0:CustomExtensionName:desks[0].floors[1] must be a whole number of at most 64 bits, not 'two'");
    insta::assert_snapshot!(refusal_of(json!({"profileUrl": "https://x/\n"})), @r"400 invalidValue: profileUrl holds '\n', which no URI can: encode it, or leave it out");
    insta::assert_snapshot!(refusal_of(json!({CUSTOM: {"hired": "2026-01-31"}})), @r#"400 invalidValue: urn:ietf:params:scim:schemas:extension:2.0:CustomExtensionName:hired must be a date-time such as "2026-01-31T08:00:00Z", not '2026-01-31'"#);
    insta::assert_snapshot!(refusal_of(json!({CUSTOM: {"key": "not base64!"}})), @"400 invalidValue: urn:ietf:params:scim:schemas:extension:2.0:CustomExtensionName:key must be a string in base64, not 'not base64!'");
    insta::assert_snapshot!(refusal_of(json!({"title": "a\u{0}b"})), @"400 invalidValue: title holds the character U+0000: leave it out");
}

#[test]
fn a_reference_is_what_a_uri_or_an_iri_could_be() {
    for unfit in [" ", "\t", "\u{85}", "<", ">", "\"", "{", "}", "|", "\\", "^", "`"] {
        let refused = refusal_of(json!({"photos": [{"value": format!("https://x/{unfit}y")}]}));
        assert!(refused.starts_with("400 invalidValue: photos[0].value holds '"), "{refused}");
    }
    for fit in ["../Users/42", "42", "https://x/Ädä?q=%20#[1]", "urn:x:y", "mailto:a@b.example", "//x", "?"]
    {
        assert_eq!(document(json!({"profileUrl": fit}))["profileUrl"], fit);
    }
}

#[test]
fn schemas_are_a_list_of_strings_whatever_they_name() {
    for schemas in [json!("urn:x"), json!([1]), json!({}), json!([null])] {
        insta::allow_duplicates! {
            insta::assert_snapshot!(refusal_of(json!({"Schemas": schemas})), @"400 invalidSyntax: 'schemas' must be a list of strings");
        }
    }
    for schemas in [json!(["urn:x"]), json!([]), json!(null)] {
        assert_eq!(document(json!({"schemas": schemas})), document(json!({})));
    }
}

#[test]
fn several_primaries_are_refused() {
    let emails = json!([{"value": "a", "primary": true}, {"value": "b", "primary": "True"}]);
    insta::assert_snapshot!(refusal_of(json!({"emails": emails})), @"400 invalidValue: emails has several primary values: leave primary true on one");
}

#[test]
fn enforced_values_are_exact() {
    assert_eq!(document(json!({"userType": "Premium"}))["userType"], "Premium");
    insta::assert_snapshot!(refusal_of(json!({"userType": "premium"})), @"400 invalidValue: userType must be exactly one of Premium, Standard, not 'premium'");
}

#[test]
fn what_is_required_must_be_there() {
    insta::assert_snapshot!(refusal(json!({})), @"400 invalidValue: userName is required: give it a value");
    insta::assert_snapshot!(refusal_of(json!({"userName": ""})), @"400 invalidValue: userName is required: give it a value");
    insta::assert_snapshot!(refusal_of(json!({"name": {"givenName": "Ada"}})), @"400 invalidValue: name.familyName is required: give it a value");
    insta::assert_snapshot!(refusal_of(json!({"name": null})), @"400 invalidValue: name.familyName is required: give it a value");
    insta::assert_snapshot!(refusal_of(json!({"emails": []})), @"400 invalidValue: emails is required: give it a value");
    let catalog = plain();
    insta::assert_snapshot!(line(&Resource::parse(groups(&catalog), json!({"externalId": "x"})).unwrap_err()), @"400 invalidValue: displayName is required: give it a value");
}

#[test]
fn what_is_too_large_is_refused() {
    insta::assert_snapshot!(refusal_of(json!({"userName": "x".repeat(1025)})), @"400 invalidValue: userName is longer than 1024 characters: shorten it");
    insta::assert_snapshot!(refusal_of(json!({"externalId": "ä".repeat(1025)})), @"400 invalidValue: externalId is longer than 1024 characters: shorten it");
    insta::assert_snapshot!(refusal_of(json!({"emails": [{"value": "x".repeat(1025)}]})), @"400 invalidValue: emails[0].value is longer than 1024 characters: shorten it");
    insta::assert_snapshot!(refusal_of(json!({"title": "x".repeat(64 * 1024 + 1)})), @"400 invalidValue: title is longer than 65536 bytes: shorten it");
    insta::assert_snapshot!(refusal_of(json!({"roles": vec!["x"; 251]})), @"400 invalidValue: roles has more than 250 values: send fewer");
    insta::assert_snapshot!(refusal_of(json!({METADATA: {"x".repeat(257): 1}})), @"400 invalidValue: urn:ietf:params:scim:schemas:extension:2.0:Metadata:xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx… is a name of more than 256 characters: shorten it");
    let nested = (0..17).fold(json!(1), |inner, _| json!([inner]));
    insta::assert_snapshot!(refusal_of(json!({"title": nested})), @"400 invalidSyntax: the body has more than 16 levels of lists and objects");
    let many: Vec<_> =
        (0..17).map(|number| json!(format!("{number}{}", "x".repeat(64 * 1024 - 2)))).collect();
    insta::assert_snapshot!(refusal_of(json!({CUSTOM: {"folders": many}})), @"400 invalidValue: the resource would be larger than 1048576 bytes: shorten its values");
}

#[test]
fn names_that_differ_in_case_alone_are_refused() {
    insta::assert_snapshot!(refusal_of(json!({"USERNAME": "b"})), @"400 invalidSyntax: 'userName' and 'USERNAME' are the same name: send one of them");
    insta::assert_snapshot!(refusal_of(json!({"name": {"familyName": "a", "FamilyName": "b"}})), @"400 invalidSyntax: 'familyName' and 'FamilyName' are the same name: send one of them");
    insta::assert_snapshot!(refusal_of(json!({METADATA: {"größe": "1", "GRÖSSE": "2"}})), @"400 invalidSyntax: 'größe' and 'GRÖSSE' are the same name: send one of them");
    let (small, large) = ("a".repeat(50), "A".repeat(50));
    insta::assert_snapshot!(refusal_of(json!({small: 1, large: 2})), @"400 invalidSyntax: 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa…' and 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA…' are the same name: send one of them");
}

#[test]
fn a_name_that_no_path_can_hold_is_refused() {
    insta::assert_snapshot!(refusal_of(json!({METADATA: {"shoe[size]": "42"}})), @"400 invalidValue: urn:ietf:params:scim:schemas:extension:2.0:Metadata:shoe[size] is no name that a path can hold: leave out brackets, quotes and control characters");
    insta::assert_snapshot!(refusal_of(json!({METADATA: {"a\"": "x"}})), @r#"400 invalidValue: urn:ietf:params:scim:schemas:extension:2.0:Metadata:a\" is no name that a path can hold: leave out brackets, quotes and control characters"#);
    insta::assert_snapshot!(refusal_of(json!({METADATA: {"a\n": "x"}})), @r"400 invalidValue: urn:ietf:params:scim:schemas:extension:2.0:Metadata:a\n is no name that a path can hold: leave out brackets, quotes and control characters");
    insta::assert_snapshot!(refusal_of(json!({format!("{METADATA}:b]"): "x"})), @"400 invalidValue: urn:ietf:params:scim:schemas:extension:2.0:Metadata:b] is no name that a path can hold: leave out brackets, quotes and control characters");
    assert_eq!(document(json!({METADATA: {"a[": null}})), document(json!({})));
}

#[test]
fn a_key_fits_into_an_index() {
    let wide = "\u{20000}";
    assert!(Resource::parse(users(&platform()), user_body(json!({"userName": wide.repeat(500)}))).is_ok());
    for (name, attributes) in [
        ("userName", json!({"userName": wide.repeat(501)})),
        ("externalId", json!({"externalId": wide.repeat(501)})),
    ] {
        assert_eq!(
            refusal_of(attributes),
            format!("400 invalidValue: {name} is longer than 2000 bytes in UTF-8: shorten it")
        );
    }
    let catalog = plain();
    insta::assert_snapshot!(line(&Resource::parse(groups(&catalog), json!({"displayName": wide.repeat(501)})).unwrap_err()), @"400 invalidValue: displayName is longer than 2000 bytes in UTF-8: shorten it");
    // Folding makes three of U+0390, and so six bytes of two.
    let grows = "\u{390}".repeat(400);
    insta::assert_snapshot!(refusal_of(json!({"userName": grows})), @"400 invalidValue: userName is longer than 2000 bytes in UTF-8: shorten it");
}
