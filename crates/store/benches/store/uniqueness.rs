//! What a profile pays for an attribute that it declares unique.

use std::sync::Arc;

use scim::profile::ReturningUsers;
use scim::{Catalog, Profile};
use serde_json::json;
use store::Users;

use crate::race::Race;
use crate::tenant::Tenant;

const PROFILES: [(&str, &[&str]); 2] =
    [("with userName alone unique", &[]), ("with emails.value unique too", &["emails.value"])];

/// In the same tables, so that all indexes are of the same size.
pub(crate) async fn race(tenant: &Tenant) {
    // Numbers that no user has yet, others for each profile.
    let mut first = 100_000;
    let mut race = Race::new("Creating a user beside 20,000");
    for (case, unique) in PROFILES {
        let narrowings: Vec<_> =
            unique.iter().map(|path| json!({"path": path, "uniqueness": "server"})).collect();
        let profile: Profile = serde_json::from_value(json!({"attributes": narrowings})).unwrap();
        let users = Users::new(tenant.database.clone(), Arc::new(Catalog::new(&profile).unwrap()));
        race = race.case(case, async move |number| {
            users.create(tenant.user(first + number), ReturningUsers::Conflict).await.unwrap();
        });
        first += 100_000;
    }
    race.run(150).await;
}
