//! An operator for a few namespaces, with the rights that the chart gives it and no more.

use k8s_openapi::api::authorization::v1::{ResourceAttributes, SubjectAccessReview, SubjectAccessReviewSpec};
use k8s_openapi::api::core::v1::Secret;
use k8s_openapi::api::networking::v1::Ingress;
use kube::Api;
use kube::api::{DeleteParams, Patch, PatchParams, PostParams};
use product::{Manifest, OperatorOptions, Site};
use serde_json::json;

use crate::neighbour::{Neighbour, TENANT, are_older, options, site, through_ingress};
use crate::people::{create_user, status, users};
use crate::world::{World, eventually};

const WATCHED: [&str; 2] = ["watched-one", "watched-two"];
const ELSEWHERE: &str = "watched-by-nobody";

/// Provisioning, rotation, drift and deletion work where it watches; nothing is done elsewhere, nor to the class.
pub(crate) async fn an_operator_of_some_namespaces_works_there_and_nowhere_else(world: &World) {
    let site = site("namespaced");
    Manifest::namespace(&site.namespace).apply(&world.client).await.unwrap();
    for namespace in WATCHED {
        world.namespace(namespace, json!({"class": site.id})).await;
    }
    site.rights(&WATCHED).await.unwrap().apply(&world.client).await.unwrap();
    let arguments = vec![format!("--watch-namespaces={}", WATCHED.join(","))];
    let neighbour = Neighbour::run(world, &OperatorOptions { arguments, ..options(&site) }).await;
    let before = world.classes().get("namespaced").await.unwrap();
    neighbour.declare(world, ELSEWHERE, json!({})).await;
    for namespace in WATCHED {
        let customer = neighbour.tenant(world, namespace, json!({"deletionPolicy": "Delete"})).await;
        create_user(&through_ingress(world, &customer), "ada").await;
    }

    rotates_and_heals(world, &neighbour, WATCHED[0]).await;
    let schema = world.schema(WATCHED[1], TENANT).await;
    world.delete_tenant(WATCHED[1], TENANT).await;
    assert!(!world.schema_exists(&schema).await);
    let ingresses: Api<Ingress> = Api::namespaced(world.client.clone(), &site.namespace);
    assert!(ingresses.get_opt(&format!("tenant.{}.{TENANT}", WATCHED[1])).await.unwrap().is_none());

    // A restart sweeps, and reads everything once more.
    neighbour.operator.stop().await;
    neighbour.operator.start().await.unwrap();
    neighbour.tenant(world, WATCHED[1], json!({})).await;
    let elsewhere = world.tenants(ELSEWHERE).get(TENANT).await.unwrap();
    assert_eq!(elsewhere.metadata.finalizers, None);
    assert_eq!(
        elsewhere.status.and_then(|status| status.observed_generation),
        Some(-1),
        "nobody has looked at it"
    );
    let rows: i64 = sqlx::query_scalar("SELECT count(*) FROM scim_control.tenants WHERE namespace = $1")
        .bind(ELSEWHERE)
        .fetch_one(&mut world.database().await)
        .await
        .unwrap();
    assert_eq!(rows, 0);
    let now = world.classes().get("namespaced").await.unwrap();
    assert_eq!(
        now.metadata.resource_version, before.metadata.resource_version,
        "the class is read, and never written"
    );
    let managers = now.metadata.managed_fields.unwrap_or_default();
    assert!(managers.iter().all(|fields| fields.manager.as_deref() != Some("scim-operator")), "{managers:?}");

    rights_end_at_the_namespaces(world, &site).await;
    neighbour.end().await;
}

async fn rotates_and_heals(world: &World, neighbour: &Neighbour, namespace: &str) {
    let old = neighbour.customer(world, namespace).await;
    world.annotate(namespace, TENANT, "scim-operator.io/rotate-token", "1").await;
    let renewed = async || neighbour.customer(world, namespace).await.token != old.token;
    eventually("there is a new token", renewed).await;
    let new = neighbour.customer(world, namespace).await;
    eventually("the old token has ended", async || status(&through_ingress(world, &old)).await == 401).await;
    assert_eq!(users(&through_ingress(world, &new)).await, 1);

    let secrets: Api<Secret> = Api::namespaced(world.client.clone(), namespace);
    are_older(world, namespace).await;
    secrets.delete(&new.secret_name, &DeleteParams::default()).await.unwrap();
    eventually("the Secret comes back", async || secrets.get_opt(&new.secret_name).await.unwrap().is_some())
        .await;
    let ingresses: Api<Ingress> = Api::namespaced(world.client.clone(), &neighbour.site.namespace);
    let name = format!("tenant.{namespace}.{TENANT}");
    let spec = ingresses.get(&name).await.unwrap().spec;
    let edited = Patch::Merge(json!({"spec": {"ingressClassName": "another"}}));
    ingresses.patch(&name, &PatchParams::default(), &edited).await.unwrap();
    eventually("an edited Ingress is as it was", async || ingresses.get(&name).await.unwrap().spec == spec)
        .await;
    ingresses.delete(&name, &DeleteParams::default()).await.unwrap();
    let is_there =
        async || ingresses.get_opt(&name).await.unwrap().is_some_and(|ingress| ingress.spec == spec);
    eventually("a deleted Ingress comes back", is_there).await;
}

async fn rights_end_at_the_namespaces(world: &World, site: &Site) {
    let may = async |verb: &str, group: &str, resource: &str, namespace: Option<&str>| {
        may(
            world,
            site,
            ResourceAttributes {
                verb: Some(verb.to_owned()),
                group: Some(group.to_owned()),
                resource: Some(resource.to_owned()),
                namespace: namespace.map(str::to_owned),
                ..ResourceAttributes::default()
            },
        )
        .await
    };
    for namespace in WATCHED {
        assert!(may("list", "", "secrets", Some(namespace)).await, "{namespace}");
        assert!(may("patch", "scim-operator.io", "scimtenants", Some(namespace)).await, "{namespace}");
    }
    for namespace in [Some(ELSEWHERE), Some("kube-system"), None] {
        for (verb, group, resource) in [
            ("list", "", "secrets"),
            ("get", "", "secrets"),
            ("create", "", "secrets"),
            ("list", "scim-operator.io", "scimtenants"),
            ("patch", "scim-operator.io", "scimtenants"),
            ("patch", "scim-operator.io", "scimtenants/status"),
            ("create", "events.k8s.io", "events"),
        ] {
            assert!(!may(verb, group, resource, namespace).await, "{verb} {resource} in {namespace:?}");
        }
    }
    for verb in ["list", "watch"] {
        assert!(may(verb, "scim-operator.io", "scimtenantclasses", None).await, "{verb}");
    }
    for verb in ["create", "update", "patch", "delete"] {
        assert!(!may(verb, "scim-operator.io", "scimtenantclasses", None).await, "{verb}");
        assert!(!may(verb, "", "namespaces", None).await, "{verb}");
    }
}

/// What the API server's authorizer says about the operator's ServiceAccount.
async fn may(world: &World, site: &Site, attributes: ResourceAttributes) -> bool {
    let user = format!("system:serviceaccount:{}:scim-operator", site.namespace);
    let spec = SubjectAccessReviewSpec {
        user: Some(user),
        groups: Some(vec!["system:serviceaccounts".to_owned(), "system:authenticated".to_owned()]),
        resource_attributes: Some(attributes),
        ..SubjectAccessReviewSpec::default()
    };
    let review = SubjectAccessReview { spec, ..SubjectAccessReview::default() };
    let reviews: Api<SubjectAccessReview> = Api::all(world.client.clone());
    reviews.create(&PostParams::default(), &review).await.unwrap().status.is_some_and(|status| status.allowed)
}
