//! The three seeds of the product, each with its example, played by the identity provider over HTTP through the
//! ingress controller.

use http::Method;
use identity_provider::entra::{Dialect, Job, Outcome};
use identity_provider::okta::{Application, Integration, Member};
use identity_provider::{Attribute, Connection, Directory, Mapping, Person, Request};
use serde_json::{Value, json};

use crate::world::World;

const DIALECTS: [Dialect; 2] = [Dialect::Classic, Dialect::OptScim062020];

async fn connection(world: &World, folder: &str, namespace: &str, name: &str) -> Connection {
    world.apply_file(&format!("examples/{folder}/class.yaml")).await;
    world.apply_file(&format!("examples/{folder}/tenant.yaml")).await;
    world.customer(namespace, name).await.connection().unwrap()
}

pub(crate) async fn envoy_with_the_full_mapping_in_both_dialects(world: &World) {
    let connection = connection(world, "envoy-entra", "customer-globex", "globex").await;
    for dialect in DIALECTS {
        whole_life(&Job::new(&connection, dialect), Mapping::Full, &format!("full-{dialect:?}.example"))
            .await;
    }
}

/// Without what the older document tells administrators to delete.
pub(crate) async fn envoy_with_the_reduced_mapping_in_both_dialects(world: &World) {
    let connection = connection(world, "envoy-entra", "customer-globex", "globex").await;
    for dialect in DIALECTS {
        let job = Job::new(&connection, dialect).mapping(Mapping::Reduced);
        whole_life(&job, Mapping::Reduced, &format!("reduced-{dialect:?}.example")).await;
    }
}

pub(crate) async fn envoy_matches_by_whichever_attribute_is_chosen(world: &World) {
    let connection = connection(world, "envoy-entra", "customer-globex", "globex").await;
    let directory = Directory::generate("matching.example", 4);
    let job = Job::new(&connection, Dialect::OptScim062020);
    let cycle = job.cycle(&directory).await.unwrap();
    let person = &directory.people[2];
    let id = cycle.user_id(&person.object_id).unwrap();
    let unique = [
        Attribute::UserName,
        Attribute::ExternalId,
        Attribute::WorkEmail,
        Attribute::MobilePhone,
        Attribute::WorkPhone,
        Attribute::EmployeeNumber,
    ];
    for attribute in unique {
        let (found, _) = job.clone().matching(attribute.clone()).find_user(person).await.unwrap();
        assert_eq!(found.as_deref(), Some(id), "by {attribute}");
    }
    remove(&job, &cycle).await;
}

pub(crate) async fn the_platform_with_its_plans_roles_folders_and_metadata(world: &World) {
    let connection = connection(world, "platform-entra", "customer-initech", "initech").await;
    for dialect in DIALECTS {
        let job = Job::new(&connection, dialect).mapping(Mapping::Platform);
        whole_life(&job, Mapping::Platform, &format!("platform-{dialect:?}.example")).await;
    }
    let directory = Directory::generate("import.example", 25);
    let cycle = Job::new(&connection, Dialect::OptScim062020)
        .mapping(Mapping::Platform)
        .cycle(&directory)
        .await
        .unwrap();
    let mut imported = std::collections::BTreeSet::new();
    for start in [1, 11, 21] {
        let page = connection
            .send(Request::new(Method::GET, "/Users").query(format!("startIndex={start}&count=10")))
            .await
            .unwrap();
        let page = page.expect(&[200]).unwrap();
        let (total, users) = page.list().unwrap();
        assert_eq!(total, 25);
        imported.extend(users.iter().map(|user| user["id"].to_string()));
    }
    assert_eq!(imported.len(), 25, "import: every user is on one of the pages");
    remove(&Job::new(&connection, Dialect::Classic), &cycle).await;
}

pub(crate) async fn the_platform_refuses_what_it_requires_otherwise(world: &World) {
    let connection = connection(world, "platform-entra", "customer-initech", "initech").await;
    let valid = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "ada@initech.example",
        "name": {"givenName": "Ada", "familyName": "Lovelace"}, "userType": "Premium",
        "emails": [{"type": "work", "value": "ada@initech.example", "primary": true}],
    });
    let refused: [(&str, Value, u16, &str); 8] = [
        ("/name/givenName", Value::Null, 400, "name.givenName"),
        ("/name/familyName", json!(""), 400, "name.familyName"),
        ("/emails", json!([]), 400, "emails"),
        ("/userType", json!("premium"), 400, "userType"),
        ("/userType", json!("Gold"), 400, "userType"),
        ("/userType", Value::Null, 400, "userType"),
        ("/roles", json!([{"value": "Owner"}]), 400, "roles"),
        ("/userName", Value::Null, 400, "userName"),
    ];
    for (pointer, value, status, names) in refused {
        let mut body = valid.clone();
        match body.pointer_mut(pointer) {
            Some(place) => *place = value.clone(),
            None => body[pointer.trim_start_matches('/')] = value.clone(),
        }
        let exchange = connection.send(Request::new(Method::POST, "/Users").json(&body)).await.unwrap();
        assert_eq!(exchange.response.status, status, "{pointer} = {value}: {}", exchange.response.text);
        let detail = exchange.response.json.unwrap()["detail"].to_string();
        assert!(detail.contains(names), "{pointer} = {value} is told by name, not as {detail}");
    }
    let created = connection
        .send(Request::new(Method::POST, "/Users").json(&valid))
        .await
        .unwrap()
        .expect(&[201])
        .unwrap();
    let mut same_mail = valid.clone();
    same_mail["userName"] = json!("ada.the.second@initech.example");
    same_mail["emails"][0]["value"] = json!("ADA@initech.example");
    let taken = connection
        .send(Request::new(Method::POST, "/Users").json(&same_mail))
        .await
        .unwrap()
        .expect(&[409])
        .unwrap();
    assert_eq!(taken.document().unwrap()["scimType"], "uniqueness");
    let id = created.id().unwrap();
    connection
        .send(Request::new(Method::DELETE, format!("/Users/{id}")))
        .await
        .unwrap()
        .expect(&[204])
        .unwrap();
}

pub(crate) async fn envkey_with_two_connections_of_one_organisation(world: &World) {
    let okta = connection(world, "envkey-okta-entra", "customer-umbrella", "okta").await;
    let entra = connection(world, "envkey-okta-entra", "customer-umbrella", "entra").await;
    let directory = Directory::generate("umbrella.example", 6);

    for integration in [Integration::Wizard, Integration::Network] {
        let application = Application::new(&okta, integration);
        application.credentials_test().await.unwrap();
        okta_life(&application, &directory).await;
    }
    assert_eq!(total(&okta, "Users").await, 6, "Okta deactivates, and deletes nobody");

    let job = Job::new(&entra, Dialect::OptScim062020).mapping(Mapping::People);
    job.test_connection().await.unwrap();
    let cycle = job.cycle(&directory).await.unwrap();
    assert_eq!(
        cycle.users.len(),
        6,
        "the same people in the other pool: externalId is scoped to the connection"
    );
    entra.send(Request::new(Method::GET, "/Groups")).await.unwrap().expect(&[404]).unwrap();
    remove(&job, &cycle).await;
    assert_eq!((total(&entra, "Users").await, total(&okta, "Users").await), (0, 6));
}

/// Create, cycle again without a change, update every attribute, change memberships, disable, restore, delete.
async fn whole_life(job: &Job, mapping: Mapping, domain: &str) {
    job.test_connection().await.unwrap();
    let directory = Directory::generate(domain, 6);
    let cycle = job.cycle(&directory).await.unwrap();
    assert_eq!(cycle.users.len(), 6);
    let person = &directory.people[0];
    let id = cycle.user_id(&person.object_id).unwrap().to_owned();
    for attribute in mapping.attributes(person) {
        let Some(sent) = person.value(&attribute) else { continue };
        expect_value(job, &id, &attribute, Some(attribute.kept(&sent))).await;
    }
    let again = job.cycle(&directory).await.unwrap();
    assert_eq!(
        again.count(Outcome::Unchanged),
        cycle.users.len() + cycle.groups.len(),
        "a second cycle changes nothing: {again}"
    );

    update_every_attribute(job, mapping, person, &id).await;
    if mapping.has_manager() {
        let manager = cycle.user_id(&directory.people[5].object_id).unwrap();
        job.set_manager(&id, manager).await.unwrap();
        assert!(job.has_manager(&id, manager).await.unwrap().0);
        job.clear_manager(&id).await.unwrap();
        assert!(!job.has_manager(&id, manager).await.unwrap().0);
    }
    change_groups(job, mapping, &cycle).await;

    job.disable_user(&id).await.unwrap();
    expect_value(job, &id, &Attribute::Active, Some(json!(false))).await;
    job.restore_user(&id).await.unwrap();
    expect_value(job, &id, &Attribute::Active, Some(json!(true))).await;
    remove(job, &cycle).await;
    assert!(job.find_user(&directory.people[1]).await.unwrap().0.is_none(), "who was deleted is not found");
}

async fn update_every_attribute(job: &Job, mapping: Mapping, person: &Person, id: &str) {
    for attribute in mapping.attributes(person) {
        let new = match (&attribute, person.value(&attribute)) {
            (Attribute::UserType, _) => json!("Standard"),
            (Attribute::Role, _) => json!("EnterpriseAdmin"),
            (Attribute::Folders, _) => json!(["one", "two", "three"]),
            (_, Some(Value::String(old))) => json!(format!("new {old}")),
            (_, Some(other)) => other,
            (_, None) => continue,
        };
        job.update_attribute(id, attribute.clone(), new.clone()).await.unwrap();
        expect_value(job, id, &attribute, Some(attribute.kept(&new))).await;
    }
    let optional = [Attribute::Title, Attribute::PreferredLanguage, Attribute::Department];
    for attribute in optional.into_iter().filter(|attribute| mapping.attributes(person).contains(attribute)) {
        job.update_attribute(id, attribute.clone(), json!("")).await.unwrap();
        expect_value(job, id, &attribute, None).await;
    }
}

async fn change_groups(job: &Job, mapping: Mapping, cycle: &identity_provider::entra::Cycle) {
    let Some(group) = cycle.groups.values().next() else { return };
    job.rename_group(&group.id, &format!("renamed {}", group.id)).await.unwrap();
    if mapping == Mapping::Reduced {
        return;
    }
    let everyone: Vec<String> = cycle.users.values().map(|user| user.id.clone()).collect();
    job.add_members(&group.id, &everyone).await.unwrap();
    job.add_members(&group.id, &everyone[..1]).await.unwrap();
    assert_eq!(
        groups_of(job, &everyone[0]).await.iter().filter(|id| **id == group.id).count(),
        1,
        "once, though added twice"
    );
    job.remove_members(&group.id, &everyone[..2]).await.unwrap();
    assert!(!groups_of(job, &everyone[0]).await.contains(&group.id));
    assert!(groups_of(job, &everyone[2]).await.contains(&group.id), "only those named were removed");
}

async fn groups_of(job: &Job, user_id: &str) -> Vec<String> {
    let user = job.get_user(user_id).await.unwrap();
    let groups = user.document().unwrap()["groups"].as_array().cloned().unwrap_or_default();
    groups.iter().filter_map(|group| group["value"].as_str().map(str::to_owned)).collect()
}

async fn expect_value(job: &Job, id: &str, attribute: &Attribute, expected: Option<Value>) {
    let user = job.get_user(id).await.unwrap();
    let document = user.document().unwrap();
    assert_eq!(attribute.read(document), expected.as_ref(), "{attribute} of {document}");
}

async fn remove(job: &Job, cycle: &identity_provider::entra::Cycle) {
    for group in cycle.groups.values() {
        job.delete_group(&group.id).await.unwrap();
    }
    for user in cycle.users.values() {
        job.delete_user(&user.id).await.unwrap();
    }
}

/// Push users and groups, update, rename, change memberships, deactivate, force a sync, import.
async fn okta_life(application: &Application, directory: &Directory) {
    let mut members = Vec::new();
    for person in &directory.people {
        let (id, _) = application.push_user(person).await.unwrap();
        members.push(Member { id, user_name: person.user_name.clone() });
    }
    let promoted = Person { display_name: "Promoted".to_owned(), ..directory.people[1].clone() };
    application.push_profile_update(&members[1].id, &promoted).await.unwrap();
    assert_eq!(
        application.get_user(&members[1].id).await.unwrap().document().unwrap()["displayName"],
        "Promoted"
    );

    let (group, _) = application.push_group("Engineers").await.unwrap();
    application.rename_group(&group, "Builders").await.unwrap();
    application.change_members(&group, &[], &members[..4]).await.unwrap();
    application.change_members(&group, &members[..1], &members[4..]).await.unwrap();
    let document = application.get_group(&group).await.unwrap().document().unwrap().clone();
    assert_eq!(document["displayName"], "Builders");
    assert_eq!(document["members"].as_array().map(Vec::len), Some(5), "{document}");
    application.replace_members(&group, &members[..2]).await.unwrap();
    application.replace_members_without_path(&group, &[]).await.unwrap();
    application.put_group(&group, "Builders", &members[..3]).await.unwrap();
    let import = application.import().await.unwrap();
    assert_eq!(import.users.len(), 6);
    assert_eq!(import.groups[0]["members"].as_array().map(Vec::len), Some(3));

    application.deactivate(&members[0].id).await.unwrap();
    let (found, exchange) = application.find_user(&directory.people[0]).await.unwrap();
    assert_eq!(found.as_ref(), Some(&members[0].id), "who is inactive is still found");
    assert_eq!(exchange.list().unwrap().1[0]["active"], false);
    application.reactivate(&members[0].id).await.unwrap();
    application.force_sync(&directory.people).await.unwrap();
    application.delete_group(&group).await.unwrap();
}

async fn total(connection: &Connection, resource_type: &str) -> u64 {
    let exchange = connection
        .send(Request::new(Method::GET, format!("/{resource_type}")).query("count=0"))
        .await
        .unwrap();
    exchange.expect(&[200]).unwrap().list().unwrap().0
}
