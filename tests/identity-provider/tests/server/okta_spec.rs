//! Okta's published test against a tenant with a plain profile.

use identity_provider::okta_spec;
use scim::Profile;

use crate::scene::Scene;

#[tokio::test(flavor = "multi_thread")]
async fn every_step_of_oktas_published_test_passes() {
    let scene = Scene::start().await;
    let connection = scene.connection(Profile::default()).await;
    for file in okta_spec::published_files().unwrap() {
        let report = okta_spec::run(&connection, &file).await.unwrap();
        // Response times are for a quiet machine to judge; the report shows them.
        assert!(report.passed(), "{report}");
    }
}
