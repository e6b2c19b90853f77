//! OneLogin, "SCIM Provisioner with SAML". [guide] developers.onelogin.com/scim ("Define Your SCIM User Schema",
//! "Implement RESTful SCIM APIs"); [11249] goauthentik/authentik#11249, which has requests in an access log; [template]
//! the JSON template of "SCIM v2 Enterprise" as service providers print it (doc.keepnetlabs.com).

use reqwest::Method;
use scim::{Kind, Profile, profile::Extension};
use serde_json::{Value, json};

use super::{Connection, ENTERPRISE, GROUP, JSON, PATCH, USER, members};
use crate::server::Scene;

fn onelogin(scene: &Scene) -> Connection {
    Connection::new(scene, JSON, &[])
}

/// [template], [11249]: schemas of a draft, `id: null`, text for the boolean, `managerId` of SCIM 1.1.
fn from_template(active: &str) -> Value {
    json!({
        "schemas": ["urn:scim:schemas:core:2.0", "urn:scim:schemas:extension:enterprise:2.0"],
        "id": null,
        "userName": "onelogin-test-user01",
        "active": active,
        "name": {"familyName": "User 01", "givenName": "AAA Test", "formatted": "AAA Test User 01"},
        "emails": [{"value": "user01@example.com", "type": "work", "primary": true}],
        "title": "",
        "phoneNumbers": [{"value": null, "type": "work"}],
        ENTERPRISE: {"department": "Engines", "manager": {"managerId": "", "displayName": " "}},
    })
}

/// [11249]: `&` at the end of the query; [guide]: a name that does not exist, when the connection is made.
#[tokio::test]
async fn onelogin_probes_with_a_trailing_ampersand_and_gets_an_empty_list() {
    let scene = Scene::start().await;
    let onelogin = onelogin(&scene);
    onelogin.create_bystanders().await;
    for path in [
        "/Users?filter=userName+eq+%22onelogin-test-user01%22&",
        "/Groups?filter=displayName+eq+%22Engineers%22&",
    ] {
        let found = onelogin.get(path).await;
        assert_eq!((found.status.as_u16(), found.resources().len()), (200, 0), "{path}");
    }
}

/// [11249]: PUT with an empty query.
#[tokio::test]
async fn onelogin_creates_updates_disables_and_enables_a_user_by_its_template() {
    let scene = Scene::start().await;
    let onelogin = onelogin(&scene);
    onelogin.create_bystanders().await;
    let id = onelogin.create("/Users", from_template("true")).await;
    let found = onelogin.get("/Users?filter=userName+eq+%22onelogin-test-user01%22&").await;
    assert_eq!(found.ids(), [&id]);
    for (text, active) in [("false", false), ("true", true), ("", true)] {
        let mut body = from_template(text);
        body["title"] = json!("Engineer");
        if text.is_empty() {
            body.as_object_mut().unwrap().remove("active");
        }
        let replaced = onelogin.put(&format!("/Users/{id}?"), body).await;
        assert_eq!(replaced.status, 200, "{replaced:?}");
        assert_eq!(onelogin.read(&format!("/Users/{id}")).await["active"], active, "{text:?}");
    }
    let user = onelogin.read(&format!("/Users/{id}")).await;
    assert_eq!((&user["title"], &user["id"]), (&json!("Engineer"), &json!(id)));
    assert_eq!(user[ENTERPRISE], json!({"department": "Engines"}), "nothing of the empty manager is left");
    assert_eq!(user["schemas"], json!([USER, ENTERPRISE]));
    assert_eq!(onelogin.delete(&format!("/Users/{id}")).await, 204);
}

/// [template] `managerId`, the name that SCIM 1.1 had.
#[tokio::test]
async fn onelogin_names_the_manager_by_manager_id() {
    let scene = Scene::start().await;
    let onelogin = onelogin(&scene);
    let boss = onelogin.create("/Users", json!({"schemas": [USER], "userName": "boss"})).await;
    let mut body = from_template("true");
    body[ENTERPRISE]["manager"] = json!({"managerId": boss, "displayName": "Boss"});
    let user = onelogin.read(&format!("/Users/{}", onelogin.create("/Users", body).await)).await;
    assert_eq!(user[ENTERPRISE]["manager"]["value"], boss);
}

/// [guide] has the URN of SCIM 1.1, [11249] one that never was; what stands under either is meant for the extension.
#[tokio::test]
async fn onelogin_writes_the_extension_under_its_old_names() {
    for version in ["1.0", "2.0"] {
        let scene = Scene::start().await;
        let onelogin = onelogin(&scene);
        let extension = format!("urn:scim:schemas:extension:enterprise:{version}");
        let mut body = from_template("true");
        body["schemas"] = json!([format!("urn:scim:schemas:core:{version}"), extension]);
        body[ENTERPRISE] = Value::Null;
        body[&extension] = json!({"department": "Engines", "manager": {"managerId": "", "displayName": " "}});
        let user = onelogin.read(&format!("/Users/{}", onelogin.create("/Users", body).await)).await;
        assert_eq!(user[ENTERPRISE]["department"], "Engines");
        assert_eq!(user["schemas"], json!([USER, ENTERPRISE]));
    }
}

/// [guide]: a template has every value in quotes, also that of a number.
#[tokio::test]
async fn onelogin_writes_numbers_as_text() {
    const EXTENSION: &str = "urn:ietf:params:scim:schemas:extension:2.0:CustomExtensionName";
    let attributes = json!([{"name": "badge", "type": "integer"}]);
    let extension = Extension {
        urn: EXTENSION.to_owned(),
        resource: Kind::User,
        attributes: serde_json::from_value(attributes).unwrap(),
        additional_attributes: None,
    };
    let scene = Scene::with_profile(Profile { extensions: vec![extension], ..Profile::default() }).await;
    let onelogin = onelogin(&scene);
    let mut body = from_template("true");
    body[EXTENSION] = json!({"badge": "7"});
    let user = onelogin.read(&format!("/Users/{}", onelogin.create("/Users", body).await)).await;
    assert_eq!(user[EXTENSION]["badge"], 7);
}

/// [guide]: "the content type of all responses must be application/json". Who accepts nothing else gets that
/// (RFC 7644 §3.8); everybody else gets SCIM's own.
#[tokio::test]
async fn onelogin_is_answered_in_application_json_where_it_accepts_only_that() {
    let scene = Scene::start().await;
    let path = "/Users?filter=userName+eq+%22nobody%22&";
    for (accept, content_type) in [
        ("application/json", "application/json"),
        ("application/json, application/scim+json", "application/scim+json; charset=utf-8"),
        ("*/*", "application/scim+json; charset=utf-8"),
    ] {
        let request = scene.scim.request(Method::GET, path).header("Accept", accept);
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 200, "{accept}");
        let header = response.headers()["content-type"].to_str().unwrap();
        assert!(header.starts_with(content_type), "{accept}: {header}");
    }
}

/// [guide] "OneLogin Enterprise User Schema"; 15five/django-scim2, `adapters.py`: one object, not a list.
#[tokio::test]
async fn onelogin_writes_one_email_as_an_object() {
    let scene = Scene::start().await;
    let onelogin = onelogin(&scene);
    let mut body = from_template("true");
    body["emails"] = json!({"value": "user01@example.com", "type": "work", "primary": true});
    let path = format!("/Users/{}", onelogin.create("/Users", body.clone()).await);
    body["emails"]["value"] = json!("new@example.com");
    assert_eq!(onelogin.put(&path, body).await.status, 200);
    let expected = json!([{"value": "new@example.com", "type": "work", "primary": true}]);
    assert_eq!(onelogin.read(&path).await["emails"], expected);
}

/// [11249]: a group is found, created, and gets its members by PATCH.
#[tokio::test]
async fn onelogin_fills_and_empties_a_group_by_patch() {
    let scene = Scene::start().await;
    let onelogin = onelogin(&scene);
    onelogin.create_bystanders().await;
    let user = onelogin.create("/Users", from_template("true")).await;
    let body = json!({"schemas": [GROUP], "displayName": "Engineers"});
    let group = onelogin.create("/Groups", body).await;
    let found = onelogin.get("/Groups?filter=displayName+eq+%22Engineers%22&").await;
    assert_eq!(found.ids(), [&group]);
    let path = format!("/Groups/{group}");
    let body = |op: &str| json!({"schemas": [PATCH], "Operations": [{"op": op, "path": "members", "value": [{"value": user}]}]});
    for (op, expected) in [("add", vec![&*user]), ("add", vec![&*user]), ("remove", vec![])] {
        let changed = onelogin.send(Method::PATCH, &format!("{path}?"), Some(body(op))).await;
        assert!([200, 204].contains(&changed.status.as_u16()), "{changed:?}");
        assert_eq!(members(&onelogin.read(&path).await), expected, "{op}");
    }
}
