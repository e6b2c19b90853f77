//! Okta's published SCIM 2.0 tests, as data in the folder beside the repository.

use http::Method;
use identity_provider::{Request, okta_spec};
use serde_json::json;

use crate::world::World;

pub(crate) async fn oktas_published_tests_pass_without_a_failure(world: &World) {
    let connection =
        world.tenant("okta-spec", json!({"identityProvider": "Okta"})).await.connection().unwrap();
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
