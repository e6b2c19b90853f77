//! The published test suites: Okta's, as data in the folder beside the repository, and scim2-tester from PyPI. Each runs
//! with both answers to PATCH that a profile may choose.

use std::path::Path;

use control_plane::Artifact;
use http::Method;
use identity_provider::{Request, okta_spec};
use serde_json::json;
use tokio::process::Command;

use crate::world::World;

pub(crate) async fn oktas_published_tests_pass_where_a_patch_answers_with_a_body(world: &World) {
    okta_spec(world, "okta-spec-body", "Body").await;
}

pub(crate) async fn oktas_published_tests_pass_where_a_patch_answers_without_one(world: &World) {
    okta_spec(world, "okta-spec-no-content", "NoContent").await;
}

pub(crate) async fn scim2_tester_passes_where_a_patch_answers_with_a_body(world: &World) {
    scim2_tester(world, "scim2-tester-body", "Body").await;
}

pub(crate) async fn scim2_tester_passes_where_a_patch_answers_without_one(world: &World) {
    scim2_tester(world, "scim2-tester-no-content", "NoContent").await;
}

async fn okta_spec(world: &World, name: &str, patch_response: &str) {
    let spec = json!({"identityProvider": "Okta", "profile": {"patchResponse": patch_response}});
    let connection = world.tenant(name, spec).await.connection().unwrap();
    // The test reads the first user that it finds.
    let user = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "first@okta.example", "active": true,
        "name": {"givenName": "First", "familyName": "User"},
        "emails": [{"value": "first@okta.example", "type": "work", "primary": true}],
    });
    connection.send(Request::new(Method::POST, "/Users").json(&user)).await.unwrap().expect(&[201]).unwrap();
    for file in okta_spec::published_files().unwrap() {
        let report = okta_spec::run(&connection, &file).await.unwrap();
        println!("{report}");
        assert!(report.passed(), "{report}");
    }
}

async fn scim2_tester(world: &World, name: &str, patch_response: &str) {
    let customer = world.tenant(name, json!({"profile": {"patchResponse": patch_response}})).await;
    let packages = world.installation.stack().installation().path(Artifact::Scim2Tester).unwrap();
    let check = Path::new(env!("CARGO_MANIFEST_DIR")).join("scim2-tester/check.py");
    let output = Command::new("python3")
        .arg(check)
        .env("PYTHONPATH", packages)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("TENANT_URL", &customer.tenant_url)
        .env("TOKEN", &customer.token)
        .output()
        .await
        .unwrap();
    let said =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    println!("{said}");
    assert!(output.status.success(), "{said}");
}
