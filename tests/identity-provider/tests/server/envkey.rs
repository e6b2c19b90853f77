//! The third seed: one organisation with a connection to Okta and one to Entra, which know nothing of each other.

use identity_provider::{
    Directory, Mapping,
    entra::{Dialect, Job, Outcome},
    okta::{Application, Integration, Member},
};
use serde_json::Value;

use crate::scene::{Scene, tenant_profile};

const INTEGRATIONS: [Integration; 2] = [Integration::Network, Integration::Wizard];

async fn application(scene: &Scene, integration: Integration) -> Application {
    Application::new(&scene.connection(tenant_profile("envkey-okta-entra", "okta")).await, integration)
}

#[tokio::test(flavor = "multi_thread")]
async fn okta_pushes_updates_deactivates_and_reactivates_users() {
    let scene = Scene::start().await;
    for integration in INTEGRATIONS {
        let okta = application(&scene, integration).await;
        okta.credentials_test().await.unwrap();
        let mut person = Directory::generate("umbrella.example", 1).people.remove(0);
        let (id, _) = okta.push_user(&person).await.unwrap();
        person.family_name = "Married".to_owned();
        okta.push_profile_update(&id, &person).await.unwrap();
        assert_eq!(user(&okta, &id).await["name"]["familyName"], "Married");
        okta.deactivate(&id).await.unwrap();
        assert_eq!(user(&okta, &id).await["active"], false);
        assert_eq!(okta.find_user(&person).await.unwrap().0.as_deref(), Some(id.as_str()));
        okta.reactivate(&id).await.unwrap();
        assert_eq!(user(&okta, &id).await["active"], true);
        assert_eq!(okta.push_user(&person).await.unwrap().0, id);
        okta.force_sync(&[person]).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn okta_pushes_groups_and_their_members() {
    let scene = Scene::start().await;
    let okta = application(&scene, Integration::Network).await;
    let mut members = Vec::new();
    for person in Directory::generate("umbrella.example", 4).people {
        let (id, _) = okta.push_user(&person).await.unwrap();
        members.push(Member { id, user_name: person.user_name });
    }
    let (id, _) = okta.push_group("Developers").await.unwrap();
    okta.rename_group(&id, "Developers and friends").await.unwrap();
    okta.change_members(&id, &[], &members[..2]).await.unwrap();
    okta.change_members(&id, &members[..1], &members[2..]).await.unwrap();
    assert_eq!(member_ids(&okta, &id).await, ids(&members[1..]));
    okta.replace_members(&id, &members[..2]).await.unwrap();
    assert_eq!(member_ids(&okta, &id).await, ids(&members[..2]));
    okta.replace_members_without_path(&id, &members[2..]).await.unwrap();
    assert_eq!(member_ids(&okta, &id).await, ids(&members[2..]));
    okta.replace_members(&id, &[]).await.unwrap();
    assert_eq!(member_ids(&okta, &id).await, ids(&[]));
    okta.put_group(&id, "Developers", &members).await.unwrap();
    assert_eq!(member_ids(&okta, &id).await, ids(&members));
    okta.delete_group(&id).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn entra_with_groups_disabled_provisions_people_and_never_asks_for_groups() {
    let scene = Scene::start().await;
    let connection = scene.connection(tenant_profile("envkey-okta-entra", "entra")).await;
    let job = Job::new(&connection, Dialect::Classic).mapping(Mapping::People);
    job.test_connection().await.unwrap();
    let directory = Directory::generate("umbrella.example", 10);
    let cycle = job.cycle(&directory).await.unwrap();
    assert_eq!(cycle.count(Outcome::Created), 10);
    let group = directory.groups.first().unwrap();
    assert!(job.create_group(group).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn two_connections_of_one_organisation_hold_the_same_people_apart() {
    let scene = Scene::start().await;
    let directory = Directory::generate("umbrella.example", 10);
    let okta = application(&scene, Integration::Network).await;
    for person in &directory.people {
        okta.push_user(person).await.unwrap();
    }
    let connection = scene.connection(tenant_profile("envkey-okta-entra", "entra")).await;
    let entra = Job::new(&connection, Dialect::OptScim062020).mapping(Mapping::People);
    let cycle = entra.cycle(&directory).await.unwrap();
    assert_eq!(cycle.count(Outcome::Created), 10);
    let id = cycle.user_id(&directory.people[0].object_id).unwrap();
    assert!(okta.get_user(id).await.is_err());
}

async fn user(okta: &Application, id: &str) -> Value {
    okta.get_user(id).await.unwrap().document().unwrap().clone()
}

async fn member_ids(okta: &Application, id: &str) -> Vec<String> {
    let group = okta.get_group(id).await.unwrap();
    let members = group.document().unwrap()["members"].as_array().cloned().unwrap_or_default();
    let mut ids =
        members.iter().map(|member| member["value"].as_str().unwrap().to_owned()).collect::<Vec<_>>();
    ids.sort();
    ids
}

fn ids(members: &[Member]) -> Vec<String> {
    let mut ids = members.iter().map(|member| member.id.clone()).collect::<Vec<_>>();
    ids.sort();
    ids
}
