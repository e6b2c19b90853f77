//! The second seed: required and enforced attributes, roles, folders, free metadata.

use identity_provider::{
    Attribute, Directory, Mapping, Person,
    entra::{Dialect, Job, Outcome},
    okta::{Application, Integration},
};
use serde_json::json;

use crate::scene::{Scene, class_profile, refusal};

async fn job(scene: &Scene, dialect: Dialect) -> Job {
    Job::new(&scene.connection(class_profile("platform-entra")).await, dialect).mapping(Mapping::Platform)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_cycle_arrives_and_a_second_one_finds_nothing_to_change() {
    let scene = Scene::start().await;
    let directory = Directory::generate("initech.example", 20);
    for dialect in [Dialect::Classic, Dialect::OptScim062020] {
        let job = job(&scene, dialect).await;
        let first = job.cycle(&directory).await.unwrap();
        assert_eq!(first.count(Outcome::Created), 26, "{first}");
        let second = job.cycle(&directory).await.unwrap();
        assert_eq!(second.count(Outcome::Unchanged), 26, "{second}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn metadata_of_any_type_are_kept_as_strings_and_folders_as_a_list() {
    let scene = Scene::start().await;
    let person = Directory::generate("initech.example", 1).people.remove(0);
    for dialect in [Dialect::Classic, Dialect::OptScim062020] {
        let job = job(&scene, dialect).await;
        let id = job.create_user(&person).await.unwrap().id().unwrap();
        let badge = Attribute::Metadata("badge".to_owned());
        job.update_attribute(&id, badge.clone(), json!(77)).await.unwrap();
        job.update_attribute(&id, Attribute::Metadata("invented".to_owned()), json!("today")).await.unwrap();
        job.update_attribute(&id, Attribute::Folders, json!(["a", "b", "c"])).await.unwrap();
        job.update_attribute(&id, Attribute::Role, json!("EnterpriseAdmin")).await.unwrap();
        let user = job.get_user(&id).await.unwrap();
        let user = user.document().unwrap();
        assert_eq!(badge.read(user), Some(&json!("77")));
        assert_eq!(Attribute::Metadata("invented".to_owned()).read(user), Some(&json!("today")));
        assert_eq!(Attribute::Metadata("remote".to_owned()).read(user), Some(&json!("true")));
        assert_eq!(Attribute::Folders.read(user), Some(&json!(["a", "b", "c"])));
        assert_eq!(Attribute::Role.read(user), Some(&json!("EnterpriseAdmin")));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_platform_does_not_take_is_refused_with_the_attributes_name() {
    let scene = Scene::start().await;
    let job = job(&scene, Dialect::Classic).await;
    let people = Directory::generate("initech.example", 2).people;
    let id = job.create_user(&people[0]).await.unwrap().id().unwrap();
    let other = &people[1];
    let with = |change: fn(&mut Person)| {
        let mut person = other.clone();
        change(&mut person);
        person
    };
    for (status, attribute, person) in [
        (400, "givenName", with(|person| person.given_name.clear())),
        (400, "familyName", with(|person| person.family_name.clear())),
        (400, "emails", with(|person| person.email.clear())),
        (400, "userType", with(|person| person.user_type = None)),
        (400, "userType", with(|person| person.user_type = Some("premium".to_owned()))),
        (400, "roles", with(|person| person.role = Some("Owner".to_owned()))),
    ] {
        let (answered, detail) = refusal(job.create_user(&person).await);
        assert_eq!(answered, status, "{detail}");
        assert!(detail.contains(attribute), "{attribute}: {detail}");
    }
    let taken = Person { email: people[0].email.to_uppercase(), ..other.clone() };
    let (answered, detail) = refusal(job.create_user(&taken).await);
    assert_eq!(answered, 409, "{detail}");
    assert!(detail.contains("emails"), "{detail}");
    for (attribute, value) in [
        (Attribute::UserType, json!("Trial")),
        (Attribute::UserType, json!("")),
        (Attribute::Role, json!("Owner")),
        (Attribute::FamilyName, json!("")),
    ] {
        let (answered, detail) = refusal(job.update_attribute(&id, attribute.clone(), value).await);
        assert_eq!(answered, 400, "{attribute}: {detail}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_reads_every_user_and_every_group_once() {
    let scene = Scene::start().await;
    let connection = scene.connection(class_profile("platform-entra")).await;
    let directory = Directory::generate("initech.example", 230);
    Job::new(&connection, Dialect::OptScim062020).mapping(Mapping::Platform).cycle(&directory).await.unwrap();
    let import = Application::new(&connection, Integration::Network).import().await.unwrap();
    assert_eq!((import.users.len(), import.groups.len(), import.exchanges.len()), (230, 6, 4));
    let members = import.groups.iter().map(|group| group["members"].as_array().map_or(0, Vec::len));
    assert_eq!(members.sum::<usize>(), 460);
}
