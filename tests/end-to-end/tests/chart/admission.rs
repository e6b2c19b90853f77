//! What the chart renders is taken by the API server: every field is known, and every Pod passes the Pod Security level
//! `restricted`. Nothing of it is made.

use std::collections::BTreeSet;

use k8s_openapi::api::core::v1::ServiceAccount;
use kube::Api;
use product::{Manifest, chart};
use serde_json::{Value, json};

use crate::renders::{NAMESPACE, RELEASE, values};
use crate::world::{Cluster, World, eventually};

/// The objects of the set, and a Pod of each template in it.
pub(crate) async fn is_accepted(cluster: &Cluster, set: &str) {
    let world = cluster.world().await;
    let rendered = chart::template(RELEASE, NAMESPACE, &values(set)).await.unwrap();
    let rendered = Manifest::parse(set, &rendered).unwrap();
    let namespaces = rendered.objects().iter().filter_map(|object| object["metadata"]["namespace"].as_str());
    for namespace in namespaces.chain([NAMESPACE]).collect::<BTreeSet<_>>() {
        make(world, namespace).await;
    }
    // A Pod is tried out below, for its account is not there.
    for object in rendered.objects().iter().filter(|object| object["kind"] != "Pod") {
        let alone = Manifest::of(set, vec![object.clone()]);
        let said = alone.try_out(&world.client).await;
        assert!(said.is_ok(), "{} {}: {said:?}", object["kind"], object["metadata"]["name"]);
    }
    for class in rendered.objects().iter().filter_map(|object| object["data"]["class.yaml"].as_str()) {
        world.definitions().await;
        Manifest::parse("class.yaml", class).unwrap().try_out(&world.client).await.unwrap();
    }
    let pods: Vec<_> = rendered.objects().iter().filter_map(pod_of).collect();
    assert!(!pods.is_empty());
    for pod in pods {
        let name = pod["metadata"]["name"].clone();
        let said = Manifest::of(set, vec![pod]).try_out(&world.client).await;
        assert!(said.is_ok(), "Pod of {name}: {said:?}");
    }
}

/// Otherwise the other tests would prove nothing.
pub(crate) async fn a_pod_that_is_not_restricted_is_refused(cluster: &Cluster) {
    let world = cluster.world().await;
    make(world, NAMESPACE).await;
    let pod = json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "any", "namespace": NAMESPACE},
        "spec": {"containers": [{"name": "any", "image": "any"}]},
    });
    let said = Manifest::of("pod", vec![pod]).try_out(&world.client).await.unwrap_err();
    assert!(format!("{said:?}").contains("violates PodSecurity"), "{said:?}");
    let unknown = json!({
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "any", "namespace": NAMESPACE}, "dat": {},
    });
    Manifest::of("config map", vec![unknown]).try_out(&world.client).await.unwrap_err();
}

/// The namespace, with the account that Pods have that name none.
async fn make(world: &World, namespace: &str) {
    world.namespace(namespace).await;
    let accounts: Api<ServiceAccount> = Api::namespaced(world.client.clone(), namespace);
    eventually("the default account is there", async || accounts.get_opt("default").await.unwrap().is_some())
        .await;
}

/// A Pod as the controllers would make it of this object, with the account that is there.
fn pod_of(object: &Value) -> Option<Value> {
    let template = match object["kind"].as_str()? {
        "Pod" => object,
        "Deployment" | "StatefulSet" | "Job" => &object["spec"]["template"],
        _ => return None,
    };
    let mut spec = template["spec"].clone();
    spec.as_object_mut()?.remove("serviceAccountName");
    let volumes = spec["volumes"].as_array().cloned().unwrap_or_default().into_iter();
    let claims = object["spec"]["volumeClaimTemplates"].as_array().into_iter().flatten();
    let claims = claims.map(|claim| {
        let name = &claim["metadata"]["name"];
        json!({"name": name, "persistentVolumeClaim": {"claimName": name}})
    });
    spec["volumes"] = volumes.chain(claims).collect();
    let mut metadata = template["metadata"].clone();
    metadata["name"] = object["metadata"]["name"].clone();
    metadata["namespace"] = object["metadata"]["namespace"].clone();
    Some(json!({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}))
}
