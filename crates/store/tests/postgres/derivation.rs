//! The schemas of a live tenant change: what is stored follows.

use std::sync::Arc;

use scim::{Catalog, Kind, Profile};
use serde_json::{Value, json};
use store::{Groups, NewResource, Progress, Users, create_together, derive_anew};
use uuid::Uuid;

use crate::support::{Tenant, always, everything, refusal, unchanged};

pub(crate) const URN: &str = "urn:example:Badges";
const USERS: usize = 2_000;
const BATCH: u32 = 500;

/// An extension of User with the attribute `code`, defined so.
pub(crate) fn code(definition: &Value) -> Value {
    let mut attribute = json!({"name": "code"});
    for (name, value) in definition.as_object().unwrap().clone() {
        attribute[name] = value;
    }
    json!({"extensions": [{"urn": URN, "resource": "User", "attributes": [attribute]}]})
}

/// A tenant whose users have the codes `AB0`, `AB1` and so on, but for the last: that shares the code of the one before.
async fn with_codes() -> Tenant {
    let tenant = Tenant::with_profile(code(&json!({}))).await;
    let users: Vec<_> = (0..USERS)
        .map(|number| {
            let code = format!("AB{}", number.min(USERS - 2));
            let body = json!({"userName": format!("user-{number}"), URN: {"code": code}});
            NewResource {
                id: Uuid::now_v7(),
                kind: Kind::User,
                resource: tenant.user(body),
                members: Vec::new(),
            }
        })
        .collect();
    create_together(&tenant.database, &tenant.catalog, &users).await.unwrap();
    tenant.create_group("Staff", &[users[0].id]).await;
    tenant
}

/// From now on its servers know this profile.
pub(crate) fn reconfigure(tenant: &mut Tenant, profile: Value) {
    let profile: Profile = serde_json::from_value(profile).unwrap();
    tenant.catalog = Arc::new(Catalog::new(&profile).unwrap());
    tenant.users = Users::new(tenant.database.clone(), Arc::clone(&tenant.catalog));
    tenant.groups = Groups::new(tenant.database.clone(), Arc::clone(&tenant.catalog));
}

pub(crate) async fn derive(tenant: &Tenant) -> Progress {
    derive_anew(&tenant.database, &tenant.catalog, BATCH).await.unwrap()
}

/// How many users pass the filter.
async fn count(tenant: &Tenant, filter: &str) -> u64 {
    tenant.users_where(&filter.replace("code", &format!("{URN}:code"))).await.total
}

pub(crate) async fn number(tenant: &Tenant, statement: &'static str) -> u64 {
    let row: Option<(i64,)> =
        tenant.database.fetch_optional(tenant.database.statement(statement)).await.unwrap();
    row.unwrap().0.unsigned_abs()
}

fn all_derived() -> Progress {
    Progress { derived: USERS as u64 + 1, doubled: 0, left: 0 }
}

#[tokio::test]
async fn a_pass_over_rows_of_the_same_form_changes_nothing() {
    let tenant = with_codes().await;
    assert_eq!(derive(&tenant).await, Progress::default());
}

#[tokio::test]
async fn an_attribute_that_becomes_case_exact_is_compared_so_and_nobody_sees_a_change() {
    let mut tenant = with_codes().await;
    let before = tenant.users_where(r#"userName eq "user-7""#).await.items;
    assert_eq!(count(&tenant, r#"code eq "ab7""#).await, 1);

    reconfigure(&mut tenant, code(&json!({"caseExact": true})));
    assert_eq!(derive(&tenant).await, all_derived());
    assert_eq!(count(&tenant, r#"code eq "ab7""#).await, 0);
    assert_eq!(count(&tenant, r#"code eq "AB7""#).await, 1);
    assert_eq!(count(&tenant, r#"code sw "AB1""#).await, count(&tenant, r#"code co "B1""#).await);
    assert_eq!(tenant.users_where(r#"userName eq "user-7""#).await.items, before);
    assert_eq!(derive(&tenant).await, Progress::default());
}

#[tokio::test]
async fn an_attribute_that_changes_its_type_is_not_shown_and_comes_back_with_its_type() {
    let mut tenant = with_codes().await;
    reconfigure(&mut tenant, code(&json!({"type": "integer"})));
    assert_eq!(derive(&tenant).await, all_derived());
    assert_eq!(count(&tenant, "code pr").await, 0);
    let user = tenant.users_where(r#"userName eq "user-7""#).await.items.remove(0);
    let shown = user.to_json(tenant.catalog.user(), "https://scim.example.com", &everything());
    assert_eq!(shown.get(URN), None);

    // Whoever writes it meanwhile writes by the new rules.
    let seven = tenant.user(json!({"userName": "user-7", URN: {"code": 7}}));
    tenant.users.replace(user.id, &always(), &seven, &everything()).await.unwrap().unwrap();
    assert_eq!(count(&tenant, "code eq 7").await, 1);
    let active = tenant.users_where(r#"userName eq "user-8""#).await.items.remove(0);
    let disable = |user: scim::Resource| {
        let mut document = user.into_document();
        document.insert("active".to_owned(), json!(false));
        Ok(scim::Resource::from_stored(document))
    };
    tenant.users.update(active.id, &always(), disable, &everything()).await.unwrap().unwrap();

    reconfigure(&mut tenant, code(&json!({})));
    derive(&tenant).await;
    assert_eq!(count(&tenant, "code pr").await, USERS as u64 - 1);
    assert_eq!(count(&tenant, r#"code eq "ab8""#).await, 1);
}

#[tokio::test]
async fn an_attribute_that_becomes_multi_valued_is_found_and_shown_as_a_list() {
    let mut tenant = with_codes().await;
    reconfigure(&mut tenant, code(&json!({"multiValued": true})));
    assert_eq!(derive(&tenant).await, all_derived());
    assert_eq!(count(&tenant, r#"code eq "ab7""#).await, 1);
    let user = tenant.users_where(r#"userName eq "user-7""#).await.items.remove(0);
    let shown = user.to_json(tenant.catalog.user(), "https://scim.example.com", &everything());
    assert_eq!(shown[URN], json!({"code": ["AB7"]}));
}

#[tokio::test]
async fn an_attribute_that_becomes_unique_is_claimed_by_whoever_has_it_and_doubled_values_are_counted() {
    let mut tenant = with_codes().await;
    reconfigure(&mut tenant, code(&json!({"uniqueness": "server"})));
    assert_eq!(derive(&tenant).await, Progress { doubled: 1, ..all_derived() });
    assert_eq!(number(&tenant, "SELECT count(*) FROM {unique_values}").await, USERS as u64);
    let taken = refusal(tenant.create(json!({"userName": "new", URN: {"code": "ab7"}})).await);
    assert_eq!(taken.status, 409);
    // Those who share a value go on sharing it, and can be changed otherwise.
    for name in [USERS - 2, USERS - 1] {
        let filter = format!(r#"userName eq "user-{name}""#);
        let id = tenant.users_where(&filter).await.items[0].id;
        tenant.users.update(id, &always(), unchanged, &everything()).await.unwrap().unwrap();
    }

    reconfigure(&mut tenant, code(&json!({})));
    derive(&tenant).await;
    assert_eq!(number(&tenant, "SELECT count(*) FROM {unique_values}").await, 0);
    tenant.create(json!({"userName": "new", URN: {"code": "ab7"}})).await.unwrap();
}

#[tokio::test]
async fn a_row_that_somebody_writes_is_left_to_the_next_pass() {
    let mut tenant = with_codes().await;
    reconfigure(&mut tenant, code(&json!({"caseExact": true})));
    let mut other = tenant.database.begin().await.unwrap();
    let lock = "SELECT FROM {users} WHERE user_name_key = 'user-7' FOR NO KEY UPDATE";
    other.execute(tenant.database.statement(lock)).await.unwrap();
    assert_eq!(derive(&tenant).await, Progress { derived: USERS as u64, doubled: 0, left: 1 });
    other.rollback().await.unwrap();
    assert_eq!(derive(&tenant).await, Progress { derived: 1, doubled: 0, left: 0 });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn servers_that_derive_at_once_share_the_work_and_writers_are_not_stopped() {
    let mut tenant = with_codes().await;
    reconfigure(&mut tenant, code(&json!({"uniqueness": "server"})));
    let ids: Vec<_> = tenant.users_where("userName pr").await.items.iter().map(|user| user.id).collect();
    let write = async {
        for id in ids {
            let change = |user: scim::Resource| {
                let mut document = user.into_document();
                document.insert("title".to_owned(), json!("Countess"));
                Ok(scim::Resource::from_stored(document))
            };
            tenant.users.update(id, &always(), change, &everything()).await.unwrap().unwrap();
        }
    };
    let (one, other, ()) = tokio::join!(derive(&tenant), derive(&tenant), write);
    assert!(one.derived + other.derived <= USERS as u64 + 1);
    assert_eq!(derive(&tenant).await.left, 0);
    assert_eq!(number(&tenant, "SELECT count(DISTINCT form) FROM {users}").await, 1);
    assert_eq!(count(&tenant, r#"title eq "countess""#).await, 100);
}

#[tokio::test]
async fn groups_that_are_disabled_for_a_while_are_derived_when_they_are_back() {
    let mut tenant = with_codes().await;
    reconfigure(&mut tenant, json!({"groups": "Disabled"}));
    assert_eq!(derive(&tenant).await, Progress { derived: USERS as u64, doubled: 0, left: 0 });
    reconfigure(&mut tenant, json!({}));
    assert_eq!(derive(&tenant).await, all_derived());
    assert_eq!(tenant.groups_where(r#"displayName eq "staff""#).await.total, 1);
}

#[tokio::test]
async fn rows_of_a_newer_version_are_left_as_they_are() {
    let mut tenant = with_codes().await;
    let mut newer = tenant.database.statement("UPDATE {users} SET form = ");
    newer.bind(Catalog::NEWER_FORMS).text(" WHERE user_name_key <> 'user-7'");
    tenant.database.execute(newer).await.unwrap();
    assert_eq!(derive(&tenant).await, Progress::default());
    reconfigure(&mut tenant, code(&json!({"caseExact": true})));
    assert_eq!(derive(&tenant).await, Progress { derived: 2, ..Progress::default() }, "user-7 and the group");
    assert_eq!(count(&tenant, r#"code eq "ab8""#).await, 1);
}
