use std::time::Duration;

use serde_json::json;

use super::*;

fn response(json: Value) -> Response {
    Response {
        status: 200,
        content_type: None,
        retry_after: None,
        text: json.to_string(),
        json: Some(json),
        elapsed: Duration::from_millis(450),
    }
}

fn verdict(assertion: Value, document: Value) -> Verdict {
    let assertion = serde_json::from_value::<Assertion>(assertion).unwrap();
    assertion.evaluate(&response(document), &Variables::of("Bearer secret", "01"))
}

#[expect(clippy::needless_pass_by_value, reason = "the tests read better without ampersands")]
fn about(property: &str, comparison: &str, value: Value) -> Value {
    json!({ "source": "response_json", "property": property, "comparison": comparison, "value": value })
}

fn fails(verdict: &Verdict) -> bool {
    matches!(verdict, Verdict::Fails(_))
}

#[test]
fn a_path_goes_through_members_and_indices() {
    let document = json!({ "Resources": [{ "name": { "givenName": "Anna" } }] });
    assert_eq!(find(&document, "Resources[0].name.givenName"), Some(json!("Anna")));
    assert_eq!(find(&document, "Resources[1].name.givenName"), None);
    assert_eq!(find(&document, "Resources[x].name"), None);
    assert_eq!(find(&document, ""), Some(document));
}

#[test]
fn a_name_below_an_array_stands_for_that_member_of_each_element() {
    let document = json!({ "emails": [{ "value": "a" }, { "type": "work" }, { "value": "b" }] });
    assert_eq!(find(&document, "emails.value"), Some(json!(["a", "b"])));
    assert_eq!(find(&json!({ "emails": [] }), "emails.value"), None);
}

#[test]
fn the_status_equals_a_number_that_is_written_as_text() {
    let status =
        |value: &str| json!({ "source": "response_status", "comparison": "equal_number", "value": value });
    assert_eq!(verdict(status("200"), json!({})), Verdict::Holds);
    assert_eq!(
        verdict(status("201"), json!({})),
        Verdict::Fails(r#""status" EqualNumber 201: found 200"#.to_owned())
    );
}

#[test]
fn a_response_time_that_is_too_long_is_told_apart_from_a_failure() {
    let time =
        |value: &str| json!({ "source": "response_time", "comparison": "is_less_than", "value": value });
    assert_eq!(verdict(time("600"), json!({})), Verdict::Holds);
    assert!(matches!(verdict(time("400"), json!({})), Verdict::Slow(_)));
}

#[test]
fn booleans_and_numbers_equal_their_text() {
    assert_eq!(verdict(about("active", "equal", json!("true")), json!({ "active": true })), Verdict::Holds);
    assert_eq!(
        verdict(about("totalResults", "equal", json!("0")), json!({ "totalResults": 0 })),
        Verdict::Holds
    );
    assert!(fails(&verdict(about("active", "equal", json!("true")), json!({ "active": false }))));
}

#[test]
fn false_and_zero_are_not_empty_but_null_and_an_empty_list_are() {
    for (value, expected) in [
        (json!(false), true),
        (json!(0), true),
        (json!({ "a": 1 }), true),
        (json!(null), false),
        (json!(""), false),
        (json!([]), false),
    ] {
        let verdict = verdict(about("a", "not_empty", Value::Null), json!({ "a": value }));
        assert_eq!(verdict == Verdict::Holds, expected, "{value}");
    }
    assert!(fails(&verdict(about("a", "not_empty", Value::Null), json!({}))));
}

#[test]
fn a_number_as_text_is_not_a_number() {
    assert!(fails(&verdict(about("startIndex", "is_a_number", Value::Null), json!({ "startIndex": "1" }))));
    assert_eq!(
        verdict(about("startIndex", "is_a_number", Value::Null), json!({ "startIndex": 1 })),
        Verdict::Holds
    );
}

#[test]
fn a_list_has_its_elements_as_values_and_contains_them() {
    let document = json!({ "schemas": ["urn:a", "urn:b"] });
    for comparison in ["has_value", "contains"] {
        assert_eq!(verdict(about("schemas", comparison, json!("urn:b")), document.clone()), Verdict::Holds);
        assert!(fails(&verdict(about("schemas", comparison, json!("urn:")), document.clone())));
    }
}

#[test]
fn the_whole_document_has_the_values_of_its_lists() {
    let document = json!({ "schemas": ["urn:error"], "status": "401" });
    assert_eq!(verdict(about("", "has_value", json!("urn:error")), document.clone()), Verdict::Holds);
    assert!(fails(&verdict(about("", "has_value", json!("urn:other")), document)));
}

#[test]
fn an_expected_value_may_be_a_variable() {
    let document = json!({ "auth": "Bearer secret" });
    assert_eq!(verdict(about("auth", "equal", json!("{{auth}}")), document), Verdict::Holds);
    let verdict = verdict(about("id", "equal", json!("{{unset}}")), json!({ "id": "1" }));
    assert_eq!(verdict, Verdict::Fails("no step has set unset".to_owned()));
}

#[test]
fn a_comparison_that_is_not_known_is_not_passed_over() {
    assert!(serde_json::from_value::<Assertion>(about("a", "matches", json!("x"))).is_err());
}
