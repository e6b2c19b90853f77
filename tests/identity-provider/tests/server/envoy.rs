//! The first seed: Entra ID with every attribute, in both dialects, with and without the mappings that its older
//! document deletes.

use identity_provider::{
    Attribute, Directory, Mapping, Person,
    entra::{Dialect, Job, Outcome, Subject},
};
use serde_json::{Value, json};

use crate::scene::{Scene, class_profile};

const DIALECTS: [Dialect; 2] = [Dialect::Classic, Dialect::OptScim062020];

async fn job(scene: &Scene, dialect: Dialect) -> Job {
    Job::new(&scene.connection(class_profile("envoy-entra")).await, dialect)
}

#[tokio::test(flavor = "multi_thread")]
async fn test_connection_is_answered_by_an_empty_list() {
    let scene = Scene::start().await;
    for dialect in DIALECTS {
        job(&scene, dialect).await.test_connection().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_cycle_arrives_and_a_second_one_finds_nothing_to_change() {
    let scene = Scene::start().await;
    let directory = Directory::generate("globex.example", 40);
    for dialect in DIALECTS {
        for mapping in [Mapping::Full, Mapping::Reduced] {
            let job = job(&scene, dialect).await.mapping(mapping);
            let first = job.cycle(&directory).await.unwrap();
            assert_eq!(first.count(Outcome::Created), 46, "{dialect:?} {mapping:?}: {first}");
            let second = job.cycle(&directory).await.unwrap();
            assert_eq!(second.count(Outcome::Unchanged), 46, "{dialect:?} {mapping:?}: {second}");
            for person in &directory.people {
                let user = job.get_user(first.user_id(&person.object_id).unwrap()).await.unwrap();
                holds(person, mapping, user.document().unwrap());
            }
        }
    }
}

fn holds(person: &Person, mapping: Mapping, user: &Value) {
    for attribute in mapping.attributes(person) {
        assert_eq!(attribute.read(user), person.value(&attribute).as_ref(), "{attribute} of {user:#}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_is_found_by_whichever_attribute_is_chosen_to_match() {
    let scene = Scene::start().await;
    let directory = Directory::generate("globex.example", 12);
    let job = job(&scene, Dialect::Classic).await;
    let cycle = job.cycle(&directory).await.unwrap();
    for attribute in
        [Attribute::UserName, Attribute::ExternalId, Attribute::WorkEmail, Attribute::EmployeeNumber]
    {
        let job = job.clone().matching(attribute.clone());
        for person in &directory.people {
            let (found, _) = job.find_user(person).await.unwrap();
            assert_eq!(found.as_deref(), cycle.user_id(&person.object_id), "{attribute}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_is_found_whatever_the_case_of_its_user_name() {
    let scene = Scene::start().await;
    let job = job(&scene, Dialect::Classic).await;
    let mut person = Directory::generate("globex.example", 1).people.remove(0);
    let id = job.create_user(&person).await.unwrap().id().unwrap();
    person.user_name = person.user_name.to_uppercase();
    assert_eq!(job.find_user(&person).await.unwrap().0, Some(id));
}

#[tokio::test(flavor = "multi_thread")]
async fn each_attribute_is_updated_where_it_was_set_and_where_it_was_not_and_can_be_cleared() {
    let scene = Scene::start().await;
    // The first has every attribute, the fifth lacks what a directory often lacks.
    let people = Directory::generate("globex.example", 5).people;
    for dialect in DIALECTS {
        let job = job(&scene, dialect).await;
        for person in [&people[0], &people[4]] {
            let id = job.create_user(person).await.unwrap().id().unwrap();
            for attribute in Mapping::Full.attributes(person) {
                let value = json!(format!("changed {attribute} of {}", person.object_id));
                job.update_attribute(&id, attribute.clone(), value.clone()).await.unwrap();
                let user = job.get_user(&id).await.unwrap();
                assert_eq!(attribute.read(user.document().unwrap()), Some(&value), "{dialect:?} {user}");
                if attribute != Attribute::UserName {
                    for nothing in [json!(""), Value::Null] {
                        job.update_attribute(&id, attribute.clone(), nothing).await.unwrap();
                        let user = job.get_user(&id).await.unwrap();
                        assert_eq!(
                            attribute.read(user.document().unwrap()),
                            None,
                            "{dialect:?} {attribute} {user}"
                        );
                    }
                }
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disabled_user_is_still_found_keeps_its_memberships_and_comes_back() {
    let scene = Scene::start().await;
    let directory = Directory::generate("globex.example", 3);
    for dialect in DIALECTS {
        let job = job(&scene, dialect).await;
        let cycle = job.cycle(&directory).await.unwrap();
        let person = &directory.people[0];
        let id = cycle.user_id(&person.object_id).unwrap();
        job.disable_user(id).await.unwrap();
        let user = job.get_user(id).await.unwrap();
        assert_eq!(user.document().unwrap()["active"], false);
        assert_eq!(user.document().unwrap()["groups"].as_array().map(Vec::len), Some(2));
        assert_eq!(job.find_user(person).await.unwrap().0.as_deref(), Some(id));
        job.restore_user(id).await.unwrap();
        assert_eq!(job.get_user(id).await.unwrap().document().unwrap()["active"], true);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_user_is_gone_and_its_name_is_free_again() {
    let scene = Scene::start().await;
    let job = job(&scene, Dialect::Classic).await;
    let person = Directory::generate("globex.example", 1).people.remove(0);
    let id = job.create_user(&person).await.unwrap().id().unwrap();
    assert_eq!(job.delete_user(&id).await.unwrap().response.status, 204);
    assert_eq!(job.delete_user(&id).await.unwrap().response.status, 404);
    assert_eq!(job.find_user(&person).await.unwrap().0, None);
    assert_ne!(job.create_user(&person).await.unwrap().id().unwrap(), id);
}

#[tokio::test(flavor = "multi_thread")]
async fn members_and_a_manager_come_and_go() {
    let scene = Scene::start().await;
    let directory = Directory::generate("globex.example", 8);
    for dialect in DIALECTS {
        let job = job(&scene, dialect).await;
        let cycle = job.cycle(&directory).await.unwrap();
        let id = |index: usize| cycle.user_id(&directory.people[index].object_id).unwrap().to_owned();
        let everyone = cycle.group_id(&directory.groups[0].object_id).unwrap();

        job.remove_members(everyone, &[id(0), id(1)]).await.unwrap();
        assert_eq!(groups_of(&job, &id(0)).await, ["Engineering"]);
        assert_eq!(groups_of(&job, &id(2)).await, ["Everyone", "Legal & Risk"]);
        job.add_members(everyone, &[id(0), id(2)]).await.unwrap();
        assert_eq!(groups_of(&job, &id(0)).await, ["Engineering", "Everyone"]);

        assert!(job.has_manager(&id(1), &id(0)).await.unwrap().0);
        job.clear_manager(&id(1)).await.unwrap();
        assert!(!job.has_manager(&id(1), &id(0)).await.unwrap().0);
        assert_eq!(Attribute::Manager.read(job.get_user(&id(1)).await.unwrap().document().unwrap()), None);

        job.rename_group(everyone, "All of us").await.unwrap();
        assert_eq!(job.get_group(everyone).await.unwrap().document().unwrap()["displayName"], "All of us");
        job.delete_group(everyone).await.unwrap();
        assert_eq!(groups_of(&job, &id(0)).await, ["Engineering"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn members_that_come_at_the_same_time_are_all_there() {
    let scene = Scene::start().await;
    let job = job(&scene, Dialect::Classic).await;
    let mut directory = Directory::generate("globex.example", 24);
    let groups = std::mem::take(&mut directory.groups);
    let cycle = job.cycle(&directory).await.unwrap();
    let group = job.create_group(&groups[0]).await.unwrap().id().unwrap();
    let additions = cycle.users.values().map(|user| {
        let (job, group, user) = (job.clone(), group.clone(), user.id.clone());
        tokio::spawn(async move { job.add_members(&group, &[user]).await })
    });
    for addition in additions.collect::<Vec<_>>() {
        addition.await.unwrap().unwrap();
    }
    for user in cycle.users.values() {
        assert_eq!(groups_of(&job, &user.id).await, ["Everyone"]);
    }
}

async fn groups_of(job: &Job, id: &str) -> Vec<String> {
    let user = job.get_user(id).await.unwrap();
    let groups = user.document().unwrap()["groups"].as_array().cloned().unwrap_or_default();
    let mut names =
        groups.iter().map(|group| group["display"].as_str().unwrap().to_owned()).collect::<Vec<_>>();
    names.sort();
    names
}

#[tokio::test(flavor = "multi_thread")]
async fn every_documented_form_of_a_patch_is_understood() {
    let scene = Scene::start().await;
    let people = Directory::generate("globex.example", 2).people;
    for dialect in DIALECTS {
        let job = job(&scene, dialect).await;
        let user_id = job.create_user(&people[0]).await.unwrap().id().unwrap();
        let manager_id = job.create_user(&people[1]).await.unwrap().id().unwrap();
        let subject = Subject { user_id, manager_id };
        let mut refused = Vec::new();
        for form in job.forms(&subject) {
            refused.extend(job.play(&subject, &form).await.err());
        }
        assert!(refused.is_empty(), "{refused:#?}");
    }
}
