//! What the database refuses, and how a client is told.

use scim::profile::ReturningUsers;
use scim::{Filter, ScimType};
use serde_json::{Value, json};
use store::{ListQuery, StoreError};

use crate::support::{Tenant, always, everything, first, refusal};

fn unique_emails() -> Value {
    json!({"attributes": [{"path": "emails.value", "uniqueness": "server"}]})
}

fn with_email(name: &str, email: &str) -> Value {
    json!({"userName": name, "emails": [{"value": email, "type": "work"}]})
}

#[tokio::test]
async fn a_user_name_that_is_taken_in_any_case_is_a_409_that_names_it() {
    let tenant = Tenant::start().await;
    tenant.create_user("Ada").await;
    let refused = refusal(tenant.create(json!({"userName": "ADA"})).await);
    assert_eq!((refused.status, refused.scim_type), (409, Some(ScimType::Uniqueness)));
    insta::assert_snapshot!(refused.detail, @"another resource has the userName 'ADA': choose another value");

    let eve = tenant.create_user("Eve").await;
    let renamed = tenant.user(json!({"userName": "ada"}));
    let refused = refusal(tenant.users.replace(eve.id, &always(), &renamed, &everything()).await);
    assert_eq!(refused.status, 409);
    assert_eq!(tenant.users.get(eve.id, &everything()).await.unwrap().unwrap(), eve);
}

#[tokio::test]
async fn a_group_name_that_is_taken_is_a_409_that_names_it() {
    let tenant = Tenant::start().await;
    tenant.create_group("Staff", &[]).await;
    let body = tenant.group(json!({"displayName": "STAFF"}));
    let refused = refusal(tenant.groups.create(body.resource.clone(), Vec::new(), &everything()).await);
    assert_eq!(refused.status, 409);
    insta::assert_snapshot!(refused.detail, @"another resource has the displayName 'STAFF': choose another value");

    let other = tenant.create_group("Others", &[]).await;
    assert_eq!(refusal(tenant.groups.replace(other.id, &always(), &body, &everything()).await).status, 409);
}

#[tokio::test]
async fn a_value_that_the_profile_declares_unique_is_a_409_that_names_its_attribute() {
    let tenant = Tenant::with_profile(unique_emails()).await;
    let ada = tenant.create(with_email("ada", "Ada@example.com")).await.unwrap();
    let refused = refusal(tenant.create(with_email("eve", "ADA@example.com")).await);
    assert_eq!((refused.status, refused.scim_type), (409, Some(ScimType::Uniqueness)));
    insta::assert_snapshot!(refused.detail, @"another resource has the emails.value 'ada@example.com': choose another value");
    assert_eq!(tenant.users_where(r#"userName eq "eve""#).await.total, 0);

    // Its own value is no obstacle, what it gives up is free, and what it takes is taken.
    let ada_with = |email| tenant.user(with_email("ada", email));
    let other_type = json!({"userName": "ada", "emails": [{"value": "ada@example.com", "type": "home"}]});
    tenant.users.replace(ada.id, &always(), &tenant.user(other_type), &everything()).await.unwrap();
    tenant.users.replace(ada.id, &always(), &ada_with("countess@example.com"), &everything()).await.unwrap();
    let eve = tenant.create(with_email("eve", "ada@example.com")).await.unwrap();
    assert_eq!(
        refusal(tenant.users.replace(ada.id, &always(), &ada_with("ada@example.com"), &everything()).await)
            .status,
        409
    );

    tenant.users.delete(eve.id, &always(), ReturningUsers::Conflict).await.unwrap();
    tenant.users.replace(ada.id, &always(), &ada_with("ada@example.com"), &everything()).await.unwrap();
}

#[tokio::test]
async fn a_value_that_a_user_has_twice_is_no_conflict_with_itself() {
    let tenant = Tenant::with_profile(unique_emails()).await;
    let emails =
        json!([{"value": "ada@example.com", "type": "work"}, {"value": "ADA@example.com", "type": "home"}]);
    tenant.create(json!({"userName": "ada", "emails": emails})).await.unwrap();
}

#[tokio::test]
async fn a_name_that_is_too_long_for_an_index_is_a_400() {
    let tenant = Tenant::start().await;
    // Random characters of four bytes each, which no compression makes shorter.
    let name: String = (1..=u32::try_from(scim::limits::KEY_CHARACTERS).unwrap())
        .map(|n| char::from_u32(0x20000 + n.wrapping_mul(2_654_435_761) % 0xA000).unwrap())
        .collect();
    let Ok(resource) = scim::Resource::parse(tenant.catalog.user(), json!({"userName": name})) else {
        return;
    };
    let refused = refusal(tenant.users.create(resource, ReturningUsers::Conflict).await);
    assert_eq!((refused.status, refused.scim_type), (400, Some(ScimType::InvalidValue)));
}

#[tokio::test]
async fn a_filter_with_a_character_that_no_text_can_hold_is_no_failure() {
    let tenant = Tenant::start().await;
    for text in [r#"userName eq "\u0000""#, r#"title co "\u0000""#, r#"emails.value eq "a\u0000""#] {
        let Ok(filter) = Filter::parse(text, tenant.catalog.user()) else { continue };
        let query = ListQuery { filter: Some(filter), ..first(1) };
        assert_eq!(tenant.users.list(&query, &everything()).await.unwrap().total, 0, "{text}");
    }
}

#[tokio::test]
async fn a_database_that_is_away_is_told_apart() {
    let tenant = Tenant::start().await;
    tenant.server.server.close().await;
    let answer = tenant.users.get(uuid::Uuid::now_v7(), &everything()).await;
    assert!(matches!(answer, Err(StoreError::Unavailable(_))), "{answer:?}");
}

#[tokio::test]
async fn a_change_of_something_else_is_no_conflict_of_older_users_who_share_a_value() {
    let tenant = Tenant::start().await;
    let mut shared = Vec::new();
    for name in ["ada", "eve"] {
        shared.push(tenant.create(with_email(name, "shared@example.com")).await.unwrap().id);
    }
    let profile: scim::Profile = serde_json::from_value(unique_emails()).unwrap();
    let catalog = std::sync::Arc::new(scim::Catalog::new(&profile).unwrap());
    let users = store::Users::new(tenant.database.clone(), catalog);
    let deactivate = |user: scim::Resource| {
        let mut document = user.into_document();
        document.insert("active".to_owned(), json!(false));
        Ok(scim::Resource::from_stored(document))
    };
    for id in shared {
        let changed = users.update(id, &always(), deactivate, &everything()).await.unwrap().unwrap();
        assert!(!changed.resource.is_active());
    }
    // The first one that was changed has claimed the value that was free.
    let late = tenant.user(with_email("late", "shared@example.com"));
    assert_eq!(refusal(users.create(late, ReturningUsers::Conflict).await).status, 409);
    // What one of them adds from now on is its own.
    let own = tenant.user(with_email("eve", "eve@example.com"));
    let eve = tenant.users_where(r#"userName eq "eve""#).await.items[0].id;
    users.replace(eve, &always(), &own, &everything()).await.unwrap();
    let taken = tenant.user(with_email("mallory", "eve@example.com"));
    assert_eq!(refusal(users.create(taken, ReturningUsers::Conflict).await).status, 409);
}
