//! Values that do not fit their attributes, in bodies and in PATCH operations.

use reqwest::Method;
use serde_json::{Value, json};

use super::Refusal;
use crate::server::{Scene, answer};

const CUSTOM: &str = "urn:example:Custom";

/// A profile with an attribute of every type.
fn profile() -> scim::Profile {
    let attributes = json!([
        {"name": "badge", "type": "integer"},
        {"name": "ratio", "type": "decimal"},
        {"name": "hired", "type": "dateTime"},
        {"name": "key", "type": "binary"},
        {"name": "home", "type": "reference"},
        {"name": "folders", "type": "string", "multiValued": true},
        {"name": "kind", "type": "string", "canonicalValues": ["a", "b"], "enforce": true},
    ]);
    let extension = json!({"urn": CUSTOM, "resource": "User", "attributes": attributes});
    serde_json::from_value(json!({"extensions": [extension]})).unwrap()
}

#[tokio::test]
async fn a_resource_that_does_not_fit_is_refused_with_the_attributes_name() {
    let scene = Scene::start().await;
    let scim = &scene.scim;
    scim.create("/Users", json!({"userName": "ada"})).await;
    let long = "x".repeat(2000);
    let cases: &[(&str, Value, Refusal)] = &[
        ("without a name", json!({"displayName": "Bob"}), (400, Some("invalidValue"), "userName")),
        ("with an empty name", json!({"userName": ""}), (400, Some("invalidValue"), "userName")),
        ("with a name too long", json!({"userName": long}), (400, Some("invalidValue"), "userName")),
        ("with a number for a text", json!({"userName": "bob", "title": {}}), (400, None, "title")),
        ("with an unknown attribute", json!({"userName": "bob", "shoeSize": 42}), (400, None, "shoeSize")),
        ("with a text for a boolean", json!({"userName": "bob", "active": "perhaps"}), (400, None, "active")),
        ("twice", json!({"userName": "ADA"}), (409, Some("uniqueness"), "userName")),
    ];
    for (what, body, (status, scim_type, detail)) in cases {
        let answer = scim.post("/Users", body.clone()).await;
        assert_eq!(answer.status.as_u16(), *status, "{what}: {answer:?}");
        assert!(answer.detail().contains(detail), "{what}: {answer:?}");
        if scim_type.is_some() {
            assert_eq!(answer.body["scimType"].as_str(), *scim_type, "{what}: {answer:?}");
        }
        assert_eq!(scim.get("/Users").await.body["totalResults"], 1, "{what}");
    }
}

#[tokio::test]
async fn a_value_of_another_type_is_refused_with_its_path_in_a_body_and_in_a_patch() {
    let scene = Scene::with_profile(profile()).await;
    let scim = &scene.scim;
    let ada = scim.create("/Users", json!({"userName": "ada"})).await;
    let before = scim.get(&format!("/Users/{ada}")).await.body;
    let custom = |name: &str| format!("{CUSTOM}:{name}");
    let emails: Value = (0..251).map(|number| json!({"value": format!("{number}@example.com")})).collect();
    let cases: Vec<(String, Value)> = vec![
        ("title".into(), json!([1, true, {"a": 1}, ["a", "b"], "x".repeat(70_000)])),
        ("active".into(), json!([1, "perhaps", {"x": 1}, [true, false]])),
        ("name".into(), json!(["Ada", 7, ["x", "y"]])),
        ("name.givenName".into(), json!([7, {"x": 1}])),
        (
            "emails".into(),
            json!([7, [7], [{"value": 7}], [{"value": {"a": 1}}], [{"primary": "perhaps"}], [[["x"]]], emails]),
        ),
        ("externalId".into(), json!([7, "x".repeat(1_025)])),
        (custom("badge"), json!(["seven", 7.5, true, [1, 2], {"x": 1}])),
        (custom("ratio"), json!(["half", true, {"x": 1}])),
        (custom("hired"), json!(["yesterday", 7, "2026-13-01T00:00:00Z", "2026-01-31", true])),
        (custom("key"), json!(["no base64!", 7, {"x": 1}])),
        (custom("home"), json!([7, {"x": 1}])),
        (custom("folders"), json!([7, [{"x": 1}], [["x", "y"]], vec!["x"; 251]])),
        (custom("kind"), json!(["c", "A", 7])),
    ];
    for (path, values) in cases {
        for value in values.as_array().unwrap() {
            let operation = json!([{"op": "replace", "path": path, "value": value}]);
            let in_body = json!({"userName": "bob", path.as_str(): value});
            for answer in [
                scim.patch(&format!("/Users/{ada}"), operation).await,
                scim.post("/Users", in_body.clone()).await,
                scim.put(&format!("/Users/{ada}"), in_body).await,
            ] {
                let shown: String = value.to_string().chars().take(60).collect();
                assert_eq!(answer.status, 400, "{path} {shown}: {answer:?}");
                assert_eq!(answer.body["scimType"], "invalidValue", "{path} {shown}: {answer:?}");
                assert!(answer.detail().contains(path.as_str()), "{path} {shown}: {answer:?}");
                assert!(answer.detail().len() < 400, "{path} {shown}: {answer:?}");
            }
        }
    }
    assert_eq!(scim.get(&format!("/Users/{ada}")).await.body, before);
}

#[tokio::test]
async fn the_largest_and_smallest_numbers_come_back_as_they_were_sent() {
    let scene = Scene::with_profile(profile()).await;
    let scim = &scene.scim;
    let ada = scim.create("/Users", json!({"userName": "ada"})).await;
    for (sent, kept) in [
        ("18446744073709551615", "18446744073709551615"),
        ("-9223372036854775808", "-9223372036854775808"),
        ("1", "1"),
        ("-0", "0"),
    ] {
        let operation = format!("{{\"op\": \"add\", \"path\": \"{CUSTOM}:badge\", \"value\": {sent}}}");
        let request = scim.request(Method::PATCH, &format!("/Users/{ada}"));
        let request = request.header("Content-Type", "application/json");
        let answer = answer(request.body(format!("{{\"Operations\": [{operation}]}}"))).await;
        assert!(answer.status.is_success(), "{sent}: {answer:?}");
        let user = scim.get(&format!("/Users/{ada}")).await.body;
        assert_eq!(user[CUSTOM]["badge"].to_string(), kept, "{sent}");
        let found = scim.filter("/Users", &format!("{CUSTOM}:badge eq {sent}")).await;
        assert_eq!(found.body["totalResults"], 1, "{sent}");
    }
}

#[tokio::test]
async fn a_patch_that_cannot_be_applied_is_refused_as_a_whole() {
    let scene = Scene::start().await;
    let scim = &scene.scim;
    let ada = scim.create("/Users", json!({"userName": "ada"})).await;
    let replace = |path: &str, value: Value| json!({"op": "replace", "path": path, "value": value});
    let title = replace("title", json!("Countess"));
    let cases: &[(&str, Value, Option<&str>)] = &[
        ("no operations", json!([]), None),
        ("an unknown operation", json!([title, {"op": "move", "path": "title"}]), Some("invalidSyntax")),
        ("an unknown attribute", json!([title, replace("shoeSize", json!(42))]), None),
        ("a malformed path", json!([title, replace("emails[", json!("x"))]), None),
        ("a malformed filter", json!([title, replace("emails[type eq]", json!("x"))]), Some("invalidFilter")),
        ("a read-only attribute", json!([title, replace("groups", json!([{"value": "x"}]))]), None),
        ("a wrong type", json!([title, replace("active", json!("perhaps"))]), None),
        ("a removal without path", json!([title, {"op": "remove"}]), Some("noTarget")),
        ("a removal of the required", json!([title, {"op": "remove", "path": "userName"}]), None),
        ("no list", json!({"op": "replace"}), None),
    ];
    for (what, operations, scim_type) in cases {
        let answer = scim.patch(&format!("/Users/{ada}"), operations.clone()).await;
        assert_eq!(answer.status, 400, "{what}: {answer:?}");
        if scim_type.is_some() {
            assert_eq!(answer.body["scimType"].as_str(), *scim_type, "{what}: {answer:?}");
        }
        let user = scim.get(&format!("/Users/{ada}")).await.body;
        assert_eq!(user["title"], Value::Null, "{what} was applied in part");
        assert_eq!(user["userName"], "ada", "{what}");
    }
}

#[tokio::test]
async fn a_patch_that_is_too_much_is_refused_with_the_limit() {
    let scene = Scene::start().await;
    let scim = &scene.scim;
    let ada = scim.create("/Users", json!({"userName": "ada"})).await;
    let group = scim.create("/Groups", json!({"displayName": "All"})).await;
    let (syntax, value) = (Some("invalidSyntax"), Some("invalidValue"));
    let operation = |path: &str, value: Value| json!({"op": "add", "path": path, "value": value});
    let emails: Value = (0..251).map(|number| json!({"value": format!("{number}@example.com")})).collect();
    let members: Value =
        (0..10_001u32).map(|number| json!(format!("018f0000-0000-7000-8000-{number:012x}"))).collect();
    let deep = format!("emails[{}value pr{}]", "(".repeat(32), ")".repeat(32));
    let (user, group) = (format!("/Users/{ada}"), format!("/Groups/{group}"));
    let cases: &[(&str, Value, Refusal)] = &[
        (&user, Value::from(vec![operation("title", json!("x")); 1_001]), (400, syntax, "1000 operations")),
        (
            &user,
            json!([operation("emails", emails)]),
            (400, value, "Operations[0]: emails has more than 250 values"),
        ),
        (
            &user,
            json!([operation(&"x".repeat(9_000), json!("x"))]),
            (400, Some("invalidPath"), "Operations[0]: the path is longer than 8192 bytes"),
        ),
        (&user, json!([operation(&deep, json!("x"))]), (400, Some("invalidFilter"), "32 levels")),
        (&group, json!([operation("members", members)]), (400, value, "10001 members, more than 10000")),
    ];
    for (path, operations, (status, scim_type, detail)) in cases {
        let answer = scim.patch(path, operations.clone()).await;
        assert_eq!(answer.status.as_u16(), *status, "{detail}: {answer:?}");
        assert_eq!(answer.body["scimType"].as_str(), *scim_type, "{answer:?}");
        assert!(answer.detail().contains(detail), "{answer:?}");
    }
    assert_eq!(scim.get(&user).await.body["title"], Value::Null);
}
