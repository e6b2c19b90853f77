//! What people may do who hold the built-in ClusterRoles in a namespace, by the roles of the chart.

use std::fmt::Write as _;

use crds::ScimTenant;
use k8s_openapi::api::authorization::v1::{ResourceAttributes, SubjectAccessReview, SubjectAccessReviewSpec};
use kube::api::{DeleteParams, ListParams, Patch, PatchParams, PostParams};
use kube::{Api, Client};
use product::{Manifest, chart};
use serde_json::json;

use crate::world::{World, eventually};

const NAMESPACE: &str = "people";
const VERBS: [&str; 8] = ["get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"];
const RESOURCES: [&str; 4] =
    ["scimtenants", "scimtenants/status", "scimtenantclasses", "scimtenantclasses/status"];

/// Who reads, who writes, and that nobody writes a status or a class. By the API server's authorizer; then by requests.
pub(crate) async fn people_get_what_their_role_in_the_namespace_says(world: &World) {
    world.namespace(NAMESPACE, json!({})).await;
    world.namespace("people-elsewhere", json!({})).await;
    chart::rights_of_people().await.unwrap().apply(&world.client).await.unwrap();
    for role in ["view", "edit", "admin"] {
        bind(world, role).await;
        // Kubernetes adds the rules to its roles in a moment.
        eventually("the role is aggregated", async || may(world, role, "get", RESOURCES[0], NAMESPACE).await)
            .await;
    }
    let deletes_all = async || may(world, "admin", "deletecollection", RESOURCES[0], NAMESPACE).await;
    eventually("the rules of admin are aggregated", deletes_all).await;
    eventually("those of edit too", async || may(world, "edit", "create", RESOURCES[0], NAMESPACE).await)
        .await;

    let mut table = String::new();
    for role in ["view", "edit", "admin"] {
        for resource in RESOURCES {
            let mut verbs = Vec::new();
            for verb in VERBS {
                if may(world, role, verb, resource, NAMESPACE).await {
                    verbs.push(verb);
                }
                assert!(
                    !may(world, role, verb, resource, "people-elsewhere").await,
                    "{role} {verb} elsewhere"
                );
            }
            writeln!(table, "{role} {resource}: {}", verbs.join(" ")).unwrap();
        }
    }
    println!("rights:\n{table}");
    let (reads, writes) = ("get list watch", "create update patch delete");
    let expected = format!(
        "view scimtenants: {reads}\nview scimtenants/status: \nview scimtenantclasses: \nview scimtenantclasses/status: \n\
         edit scimtenants: {reads} {writes}\nedit scimtenants/status: \nedit scimtenantclasses: \n\
         edit scimtenantclasses/status: \n\
         admin scimtenants: {reads} {writes} deletecollection\nadmin scimtenants/status: \nadmin scimtenantclasses: \n\
         admin scimtenantclasses/status: \n"
    );
    assert_eq!(table, expected);

    let [viewer, editor] = [tenants_as(world, "view"), tenants_as(world, "edit")];
    let tenant: ScimTenant =
        serde_json::from_value(json!({"metadata": {"name": "theirs"}, "spec": {}})).unwrap();
    let create = PostParams::default();
    assert!(is_forbidden(viewer.create(&create, &tenant).await));
    editor.create(&create, &tenant).await.unwrap();
    assert_eq!(viewer.list(&ListParams::default()).await.unwrap().items.len(), 1);
    let status = Patch::Merge(json!({"status": {"users": 7}}));
    assert!(is_forbidden(editor.patch_status("theirs", &PatchParams::default(), &status).await));
    let spec = Patch::Merge(json!({"spec": {"displayName": "Theirs"}}));
    assert!(is_forbidden(viewer.patch("theirs", &PatchParams::default(), &spec).await));
    editor.patch("theirs", &PatchParams::default(), &spec).await.unwrap();
    assert!(is_forbidden(viewer.delete("theirs", &DeleteParams::default()).await));
    editor.delete("theirs", &DeleteParams::default()).await.unwrap();
    world.tenant_is_gone(NAMESPACE, "theirs").await;
}

/// Gives the person of this name the built-in role of the same name.
async fn bind(world: &World, role: &str) {
    let binding = json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding",
        "metadata": {"name": role, "namespace": NAMESPACE},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role},
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": role}],
    });
    Manifest::parse("binding", &binding.to_string()).unwrap().apply(&world.client).await.unwrap();
}

async fn may(world: &World, user: &str, verb: &str, resource: &str, namespace: &str) -> bool {
    let (resource, subresource) =
        resource.split_once('/').map_or((resource, None), |(one, two)| (one, Some(two)));
    let attributes = ResourceAttributes {
        verb: Some(verb.to_owned()),
        group: Some("scim-operator.io".to_owned()),
        resource: Some(resource.to_owned()),
        subresource: subresource.map(str::to_owned),
        // Classes are in no namespace; a RoleBinding cannot give anything there.
        namespace: (resource == RESOURCES[0]).then(|| namespace.to_owned()),
        ..ResourceAttributes::default()
    };
    let spec = SubjectAccessReviewSpec {
        user: Some(user.to_owned()),
        groups: Some(vec!["system:authenticated".to_owned()]),
        resource_attributes: Some(attributes),
        ..SubjectAccessReviewSpec::default()
    };
    let review = SubjectAccessReview { spec, ..SubjectAccessReview::default() };
    let reviews: Api<SubjectAccessReview> = Api::all(world.client.clone());
    reviews.create(&PostParams::default(), &review).await.unwrap().status.is_some_and(|status| status.allowed)
}

/// The namespace's tenants, as the person of this name gets them.
fn tenants_as(world: &World, user: &str) -> Api<ScimTenant> {
    let mut config = world.installation.stack().admin().config().clone();
    config.auth_info.impersonate = Some(user.to_owned());
    Api::namespaced(Client::try_from(config).unwrap(), NAMESPACE)
}

fn is_forbidden<T>(answer: Result<T, kube::Error>) -> bool {
    matches!(answer, Err(kube::Error::Api(status)) if status.code == 403)
}
