//! Resources that are created together, and creations that are repeated.

use std::sync::Arc;

use scim::{GroupBody, Kind, MemberReference, ScimType, Version};
use serde_json::{Value, json};
use store::{CreationError, NewResource, StoreError, Stored, create_together};
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::support::{Tenant, always, everything, references, refusal};

fn user(tenant: &Tenant, body: Value) -> NewResource {
    NewResource { id: Uuid::now_v7(), kind: Kind::User, resource: tenant.user(body), members: Vec::new() }
}

fn group(tenant: &Tenant, name: &str, id: Uuid, members: &[Uuid]) -> NewResource {
    let GroupBody { resource, .. } = tenant.group(json!({"displayName": name}));
    NewResource { id, kind: Kind::Group, resource, members: references(members) }
}

async fn together(tenant: &Tenant, new: &[NewResource]) -> Result<Vec<Stored>, CreationError> {
    create_together(&tenant.database, &tenant.catalog, new).await
}

fn refused(result: Result<Vec<Stored>, CreationError>) -> (Option<usize>, scim::Error) {
    match result {
        Err(CreationError { index, error: StoreError::Scim(error) }) => (index, error),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn groups_that_contain_each_other_and_their_members_are_created_at_once() {
    let tenant = Tenant::start().await;
    let [one, two] = [Uuid::now_v7(), Uuid::now_v7()];
    let ada = user(&tenant, json!({"userName": "ada"}));
    let new = [group(&tenant, "Two", two, &[one, ada.id]), group(&tenant, "One", one, &[two]), ada.clone()];
    let created = together(&tenant, &new).await.unwrap();
    let ids: Vec<_> = created.iter().map(|stored| (stored.id, stored.version)).collect();
    assert_eq!(ids, [two, one, ada.id].map(|id| (id, Version::new(1))));
    assert_eq!(tenant.members(one).await, [two]);
    assert_eq!(tenant.members(two).await, [ada.id, one]);
    let read = tenant.users.get(ada.id, &everything()).await.unwrap().unwrap();
    assert_eq!((&read.resource, read.created), (&created[2].resource, created[2].created));
}

#[tokio::test]
async fn what_cannot_be_created_is_told_by_its_position_and_nothing_of_it_stays() {
    let tenant =
        Tenant::with_profile(json!({"attributes": [{"path": "emails.value", "uniqueness": "server"}]})).await;
    let with_email = |name: &str| {
        user(&tenant, json!({"userName": name, "emails": [{"value": "shared@x", "type": "work"}]}))
    };
    tenant.create_group("Taken", &[]).await;
    let staff = group(&tenant, "Staff", Uuid::now_v7(), &[]);
    let taken = group(&tenant, "TAKEN", Uuid::now_v7(), &[]);
    let (index, error) = refused(together(&tenant, &[staff.clone(), with_email("ada"), taken]).await);
    assert_eq!((index, error.status, error.scim_type), (Some(2), 409, Some(ScimType::Uniqueness)));

    let (index, error) =
        refused(together(&tenant, &[with_email("eve"), staff.clone(), with_email("ada")]).await);
    assert_eq!((index, error.status), (Some(0), 409));
    assert!(error.detail.contains("emails.value"), "{}", error.detail);

    let with_nobody = group(&tenant, "Staff", Uuid::now_v7(), &[Uuid::from_u128(7)]);
    let (index, error) = refused(together(&tenant, &[with_email("ada"), with_nobody]).await);
    assert_eq!((index, error.status, error.scim_type), (Some(1), 400, Some(ScimType::InvalidValue)));

    assert_eq!(tenant.users_where("userName pr").await.total, 0);
    assert_eq!(tenant.groups_where("displayName pr").await.total, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_those_who_create_the_same_at_once_one_succeeds() {
    let tenant = Arc::new(Tenant::start().await);
    let mut creations = JoinSet::new();
    for task in 0..8 {
        let tenant = Arc::clone(&tenant);
        creations.spawn(async move {
            let ada = user(&tenant, json!({"userName": "ada"}));
            let eve = user(&tenant, json!({"userName": "eve"}));
            let staff = group(&tenant, "Staff", Uuid::now_v7(), &[ada.id]);
            let crew = group(&tenant, "Crew", Uuid::now_v7(), &[staff.id, eve.id]);
            let mut new = [ada, eve, staff, crew];
            new.rotate_left(task % 4);
            match together(&tenant, &new).await {
                Ok(created) => Some(created),
                refusal => {
                    assert_eq!(refused(refusal).1.status, 409);
                    None
                }
            }
        });
    }
    assert_eq!(creations.join_all().await.into_iter().flatten().count(), 1);
    assert_eq!(tenant.users_where("userName pr").await.total, 2);
}

#[tokio::test]
async fn a_creation_that_is_repeated_is_a_409_and_changes_nothing() {
    let tenant = Tenant::start().await;
    let ada = tenant.create(json!({"userName": "ada", "title": "Countess"})).await.unwrap();
    let staff = tenant.create_group("Staff", &[ada.id]).await;
    let ada = tenant.users.get(ada.id, &everything()).await.unwrap().unwrap();
    assert_eq!(refusal(tenant.create(json!({"userName": "ada", "title": "Duchess"})).await).status, 409);
    let body = tenant.group(json!({"displayName": "Staff"})).resource;
    assert_eq!(refusal(tenant.groups.create(body, Vec::new(), &everything()).await).status, 409);
    assert_eq!(tenant.users.get(ada.id, &everything()).await.unwrap().unwrap(), ada);
    assert_eq!(tenant.groups.get(staff.id, &everything()).await.unwrap().unwrap(), staff);
}

#[tokio::test]
async fn what_a_resource_has_itself_is_no_conflict_in_another_case_either() {
    let tenant =
        Tenant::with_profile(json!({"attributes": [{"path": "emails.value", "uniqueness": "server"}]})).await;
    let body = |name: &str, email: &str| {
        tenant.user(json!({"userName": name, "emails": [{"value": email, "type": "work"}]}))
    };
    let ada =
        tenant.users.create(body("ada", "ada@x"), scim::profile::ReturningUsers::Conflict).await.unwrap();
    for (name, email) in [("ADA", "ada@x"), ("ADA", "ADA@X"), ("Ada", "other@x"), ("ada", "ada@x")] {
        let replaced = tenant.users.replace(ada.id, &always(), &body(name, email), &everything()).await;
        assert_eq!(replaced.unwrap().unwrap().resource, body(name, email));
        let change = |_| Ok(body(&name.to_lowercase(), &email.to_lowercase()));
        tenant.users.update(ada.id, &always(), change, &everything()).await.unwrap().unwrap();
    }
    let staff = tenant.create_group("Staff", &[ada.id]).await;
    let shouted = tenant.group(json!({"displayName": "STAFF", "members": [{"value": ada.id.to_string()}]}));
    let replaced =
        tenant.groups.replace(staff.id, &always(), &shouted, &everything()).await.unwrap().unwrap();
    assert_eq!(replaced.resource.display_name(), Some("STAFF"));
    let change = |_| Ok(tenant.group(json!({"displayName": "staff"})).resource);
    tenant.groups.update(staff.id, &always(), change, &[], &everything()).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_member_reference_of_the_wrong_kind_is_refused_in_a_circle_too() {
    let tenant = Tenant::start().await;
    let ada = user(&tenant, json!({"userName": "ada"}));
    let mut staff = group(&tenant, "Staff", Uuid::now_v7(), &[]);
    staff.members = vec![MemberReference { id: ada.id, kind: Some(Kind::Group) }];
    let (index, error) = refused(together(&tenant, &[ada, staff]).await);
    assert_eq!((index, error.status), (Some(1), 400));
}
