//! Filters, as multiples of reading one user by its id.

use scim::{Filter, Projection};
use store::{ListQuery, Page, Window};
use uuid::Uuid;

use crate::race::Race;
use crate::tenant::{Tenant, name, scattered};

/// Filters that one user passes. `{}` stands for its name.
const FILTERS: [(&str, &str); 5] = [
    ("userName eq", r#"userName eq "user-{}""#),
    ("externalId eq", r#"externalId eq "external-{}""#),
    ("emails.value eq", r#"emails.value eq "user-{}@example.com""#),
    (
        "eq of an extension's attribute",
        r#"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:employeeNumber eq "employee-{}""#,
    ),
    ("displayName co", r#"displayName co "ser {}""#),
];
pub(crate) async fn race(tenant: &Tenant, users: &[Uuid]) {
    let everything = &Projection::default();
    let mut race = Race::new("Reading from 20,000 users").case("get by id", async |number| {
        let id = users.get(scattered(number, users.len())).copied().unwrap();
        tenant.users.get(id, everything).await.unwrap().unwrap();
    });
    for (case, template) in FILTERS {
        race = race.case(case, async move |number| {
            let filter = template.replace("{}", &name(scattered(number, users.len())));
            let filter = Some(Filter::parse(&filter, tenant.catalog.user()).unwrap());
            let window = Window::Index(Page { start_index: 1, count: 100 });
            let query = ListQuery { filter, sort: None, window, base_url: String::new() };
            assert_eq!(tenant.users.list(&query, everything).await.unwrap().total, 1);
        });
    }
    race.run(30).await;
}
