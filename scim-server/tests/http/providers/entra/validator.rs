//! What Microsoft's validation asks of the endpoint itself: tests 15 to 20 and 23 to 25 of its Logic App
//! (AzureAD/SCIMReferenceCode, `Microsoft.SCIM.LogicAppValidationTemplate`: SCIM-Validation-Test-Overview.md and
//! SCIMTests_Workflow.json). Tests 1 to 14 are the life cycles of the other files; 21 and 22 are about tokens.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::entra;
use crate::{
    providers::{Connection, ENTERPRISE, GROUP, USER},
    server::Scene,
};

/// Attributes of a user that have one text, as the validator writes their paths, and a value for each.
const TEXTS: &[(&str, &str)] = &[
    ("displayName", "Ada King"),
    ("title", "Countess, \"Enchantress\" of Numbers"),
    ("nickName", " ada "),
    ("profileUrl", "https://example.com/ada"),
    ("userType", "Employee"),
    ("preferredLanguage", "en-GB"),
    ("locale", "en-GB"),
    ("timezone", "Europe/London"),
    ("name.formatted", "Ada King"),
    ("name.givenName", "Augusta Ada"),
    ("name.familyName", "King"),
    ("name.middleName", "Byron"),
    ("name.honorificPrefix", "Lady"),
    ("name.honorificSuffix", "I"),
    ("emails[type eq \"work\"].value", "Ada@Example.com"),
    ("phoneNumbers[type eq \"work\"].value", "(0) 1-2/3"),
    ("phoneNumbers[type eq \"mobile\"].value", "+1 5550100"),
    ("phoneNumbers[type eq \"fax\"].value", "+1 5550101"),
    ("addresses[type eq \"work\"].formatted", "Main Street 1\nBerlin"),
    ("addresses[type eq \"work\"].streetAddress", "Main Street 1"),
    ("addresses[type eq \"work\"].locality", "Berlin"),
    ("addresses[type eq \"work\"].region", "BE"),
    ("addresses[type eq \"work\"].postalCode", "010115"),
    ("addresses[type eq \"work\"].country", "DE"),
    ("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:employeeNumber", "0007"),
    ("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department", "Engines"),
    ("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:division", "Analytical"),
    ("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:organization", "Works"),
    ("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:costCenter", "0042"),
];

/// How the validator writes a PATCH: an operation for each path, or as few as the flag has it.
#[derive(Clone, Copy, Debug)]
enum Form {
    Verbose,
    Compact,
}

/// The operations that give each of these paths its value.
fn operations(form: Form, values: &[(&str, Value)]) -> Value {
    let operation = |(path, value): &(&str, Value)| json!({"op": "replace", "path": path, "value": value});
    if matches!(form, Form::Verbose) {
        return values.iter().map(operation).collect();
    }
    let (value_paths, names): (Vec<_>, Vec<_>) =
        values.iter().cloned().partition(|(path, _)| path.contains('['));
    let object: Map<String, Value> =
        names.into_iter().map(|(path, value)| (path.to_owned(), value)).collect();
    let mut operations = value_paths.iter().map(operation).collect::<Vec<_>>();
    operations.push(json!({"op": "replace", "value": object}));
    operations.into()
}

/// Where the validator looks for a path's value: below the URN, or in the first element of the type.
fn value_at<'a>(user: &'a Value, path: &str) -> &'a Value {
    if path.starts_with("urn:") {
        let (urn, name) = path.rsplit_once(':').unwrap();
        return &user[urn][name];
    }
    if let Some((name, rest)) = path.split_once("[type eq \"") {
        let (wanted, sub_attribute) = rest.split_once("\"].").unwrap();
        let element = user[name].as_array().into_iter().flatten().find(|element| element["type"] == wanted);
        return element.map_or(&Value::Null, |element| &element[sub_attribute]);
    }
    path.split('.').fold(user, |value, name| &value[name])
}

async fn user(entra: &Connection) -> String {
    let body = json!({"schemas": [USER, ENTERPRISE], "userName": "lascuser@example.com", "active": true});
    format!("/Users/{}", entra.create("/Users", body).await)
}

fn texts() -> Vec<(&'static str, Value)> {
    TEXTS.iter().map(|(path, value)| (*path, json!(value))).collect()
}

/// Test 15: `/Schemas`, flattened as the validator does it, has every attribute of Entra's default mappings.
#[tokio::test]
async fn validator_15_finds_every_mapped_attribute_in_the_schemas() {
    let scene = Scene::start().await;
    let schemas = entra(&scene).read("/Schemas").await;
    let mut mapped = TEXTS.iter().map(|(path, _)| (*path).to_lowercase()).collect::<BTreeSet<_>>();
    let others = ["userName", "active", "externalId", "roles[primary eq \"True\"].value"];
    mapped.extend(others.map(str::to_lowercase));
    mapped.insert(format!("{ENTERPRISE}:manager").to_lowercase());
    let missing = |schema: &str, mapped: BTreeSet<String>| {
        let found = flattened(&schemas, schema);
        mapped.difference(&found).cloned().collect::<Vec<_>>()
    };
    assert_eq!(missing(USER, mapped), Vec::<String>::new());
    let mapped = ["displayName", "externalId", "members"].map(str::to_lowercase);
    assert_eq!(missing(GROUP, mapped.into()), Vec::<String>::new());
    assert!(!schemas.to_string().contains(":null"), "no nulls");
}

/// The names that the validator makes of a core schema, and for users of all extensions, in lower case.
fn flattened(schemas: &Value, core: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for schema in schemas["Resources"].as_array().unwrap() {
        let id = schema["id"].as_str().unwrap();
        for attribute in schema["attributes"].as_array().unwrap() {
            let name = attribute["name"].as_str().unwrap();
            if id == core {
                names.extend(flattened_attribute(attribute, name));
            } else if core == USER && id != GROUP {
                names.insert(format!("{id}:{name}"));
            }
        }
    }
    names.into_iter().map(|name| name.to_lowercase()).collect()
}

fn flattened_attribute(attribute: &Value, name: &str) -> Vec<String> {
    if name == "manager" || name == "members" || attribute["type"] != "complex" {
        return vec![name.to_owned()];
    }
    let parts = attribute["subAttributes"].as_array().unwrap();
    let sub_names = parts.iter().map(|part| part["name"].as_str().unwrap()).collect::<Vec<_>>();
    if attribute["multiValued"] == false {
        return sub_names.iter().map(|part| format!("{name}.{part}")).collect();
    }
    let types = parts.iter().find(|part| part["name"] == "type");
    let types = types.and_then(|part| part["canonicalValues"].as_array()).cloned().unwrap_or_default();
    let selectors = if types.is_empty() {
        vec![format!("{name}[primary eq \"True\"]")]
    } else {
        types.iter().map(|value| format!("{name}[type eq \"{}\"]", value.as_str().unwrap())).collect()
    };
    let of_selector =
        |selector: &String| sub_names.iter().map(move |part| format!("{selector}.{part}")).collect();
    selectors.iter().flat_map::<Vec<_>, _>(of_selector).collect()
}

/// Test 16: an empty text, and then null, leaves every optional attribute null or empty; in both forms.
#[tokio::test]
async fn validator_16_clears_attributes_by_empty_text_and_by_null() {
    for form in [Form::Verbose, Form::Compact] {
        let scene = Scene::start().await;
        let entra = entra(&scene);
        let path = user(&entra).await;
        for nothing in [json!(""), Value::Null] {
            entra.change(&path, operations(Form::Verbose, &texts())).await;
            let user = entra.read(&path).await;
            for (attribute, value) in TEXTS {
                assert_eq!(value_at(&user, attribute), value, "{form:?}, {nothing}, {attribute}: not set");
            }
            let values = texts().into_iter().map(|(path, _)| (path, nothing.clone())).collect::<Vec<_>>();
            entra.change(&path, operations(form, &values)).await;
            let user = entra.read(&path).await;
            for (attribute, _) in TEXTS {
                let left = value_at(&user, attribute);
                assert!(left.is_null() || left == "", "{form:?}, {nothing}, {attribute}: {user}");
            }
        }
    }
}

/// Test 17: a user created at the endpoint comes back as sent, with an id.
#[tokio::test]
async fn validator_17_creates_a_user_directly() {
    let scene = Scene::start().await;
    let mut body = json!({
        "schemas": [USER, ENTERPRISE],
        "userName": "LAscUser12ab34cd@Example.com",
        "externalId": "0a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef",
        "active": true,
        "displayName": "LAscUser12ab34cd",
        "name": {"givenName": "Given", "familyName": "Family"},
        "emails": [{"type": "work", "primary": true, "value": "lascuser12ab34cd@example.com"}],
        "phoneNumbers": [{"type": "mobile", "primary": true, "value": "+1 5550100"}],
        "addresses": [{"type": "work", "primary": true, "country": "DE"}],
        "roles": [{"primary": "True", "value": "User"}],
        ENTERPRISE: {"department": "Engines"},
    });
    let entra = entra(&scene);
    let created = entra.post("/Users", body.clone()).await;
    assert_eq!(created.status, 201, "{created:?}");
    body["roles"][0]["primary"] = json!(true);
    for user in [&created.body, &entra.read(&format!("/Users/{}", created.id())).await] {
        for (name, value) in body.as_object().unwrap() {
            assert_eq!(&user[name], value, "{name}");
        }
    }
}

/// Test 18: every attribute of a PATCH is read back as it was written, in the verbose and in the compact form.
#[tokio::test]
async fn validator_18_reads_every_patched_attribute_of_a_user_back() {
    for form in [Form::Verbose, Form::Compact] {
        let scene = Scene::start().await;
        let entra = entra(&scene);
        let path = user(&entra).await;
        entra.change(&path, operations(form, &texts())).await;
        let user = entra.read(&path).await;
        for (attribute, value) in TEXTS {
            assert_eq!(value_at(&user, attribute), value, "{form:?}, {attribute}");
        }
    }
}

/// Tests 19 and 20: a group created at the endpoint, and its attributes after a PATCH.
#[tokio::test]
async fn validator_19_and_20_create_and_update_a_group_directly() {
    for form in [Form::Verbose, Form::Compact] {
        let scene = Scene::start().await;
        let entra = entra(&scene);
        let body = json!({
            "schemas": [GROUP],
            "displayName": "LASCDirectGroup-12ab34cd",
            "externalId": "8aa1a0c0-c4c3-4bc0-b4a5-2ef676900159",
        });
        let created = entra.post("/Groups", body).await;
        assert_eq!(created.status, 201, "{created:?}");
        assert_eq!(created.body["displayName"], "LASCDirectGroup-12ab34cd");
        let path = format!("/Groups/{}", created.id());
        let values = [("displayName", json!("LASCDirectGroup-new")), ("externalId", json!("new"))];
        entra.change(&path, operations(form, &values)).await;
        let group = entra.read(&path).await;
        assert_eq!(
            (&group["displayName"], &group["externalId"]),
            (&json!("LASCDirectGroup-new"), &json!("new")),
            "{form:?}"
        );
    }
}

/// Tests 23 and 24: pages of five, each with the `startIndex` that was asked for, which together are all.
#[tokio::test]
async fn validator_23_and_24_walk_users_and_groups_in_pages_of_five() {
    let scene = Scene::start().await;
    let entra = entra(&scene);
    for number in 0..11 {
        entra.create("/Users", json!({"schemas": [USER], "userName": format!("user-{number}")})).await;
        entra.create("/Groups", json!({"schemas": [GROUP], "displayName": format!("group-{number}")})).await;
    }
    for endpoint in ["/Users", "/Groups"] {
        let mut walked = BTreeSet::new();
        for (start, length) in [(1, 5), (6, 5), (11, 1)] {
            let found = entra.get(&format!("{endpoint}?startIndex={start}&count=5")).await;
            assert_eq!((found.status.as_u16(), &found.body["startIndex"]), (200, &json!(start)));
            assert_eq!((&found.body["totalResults"], found.ids().len()), (&json!(11), length));
            walked.extend(found.ids().into_iter().map(str::to_owned));
        }
        assert_eq!(walked.len(), 11, "{endpoint}");
    }
}

/// Tests 5 and 25: set by `add`, changed by `replace`, removed by `replace` with an empty text.
#[tokio::test]
async fn validator_25_sets_changes_and_removes_the_manager() {
    let scene = Scene::start().await;
    let entra = entra(&scene);
    let first = entra.create("/Users", json!({"schemas": [USER], "userName": "scmgr-mgr1"})).await;
    let second = entra.create("/Users", json!({"schemas": [USER], "userName": "scmgr-mgr2"})).await;
    let path = user(&entra).await;
    let manager = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager";
    for (op, value) in [("add", first.as_str()), ("replace", second.as_str()), ("replace", "")] {
        entra.change(&path, json!([{"op": op, "path": manager, "value": value}])).await;
        let read = entra.read(&path).await;
        let expected = if value.is_empty() { Value::Null } else { json!(value) };
        assert_eq!(read[ENTERPRISE]["manager"]["value"], expected, "{op}");
    }
}

/// The validator web page (Microsoft Q&A 2238842): a disabled user shows `active` by GET and by filter.
#[tokio::test]
async fn validator_sees_active_of_a_disabled_user_by_get_and_by_filter() {
    let scene = Scene::start().await;
    let entra = entra(&scene);
    entra.create_bystanders().await;
    let path = user(&entra).await;
    entra.change(&path, json!([{"op": "Replace", "path": "active", "value": false}])).await;
    assert_eq!(entra.read(&path).await["active"], false);
    let found = entra.get("/Users?filter=userName+eq+%22lascuser%40example.com%22").await;
    assert_eq!(found.ids(), [path.trim_start_matches("/Users/")]);
    assert_eq!(found.resources()[0]["active"], false);
}
