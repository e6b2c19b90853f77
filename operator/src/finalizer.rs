//! Finalizers: set before there is something to clean up, removed when it is cleaned up
//! (<https://kubernetes.io/docs/concepts/overview/working-with-objects/finalizers/>).

use std::fmt::Debug;

pub(crate) use crds::metadata::finalizer::*;
use kube::api::{Patch, PatchParams};
use kube::{Api, Resource};
use serde::de::DeserializeOwned;
use serde_json::json;

use crate::error::Error;

/// Whether the object has this finalizer.
pub(crate) fn is_set<K: Resource>(object: &K, finalizer: &str) -> bool {
    object.meta().finalizers.iter().flatten().any(|present| present == finalizer)
}

/// Sets a finalizer, unless it is there. Answers with the object as it is then.
pub(crate) async fn add<K>(object: &K, finalizer: &str, api: &Api<K>) -> Result<K, Error>
where
    K: Resource<DynamicType = ()> + Clone + Debug + DeserializeOwned,
{
    if is_set(object, finalizer) {
        return Ok(object.clone());
    }
    let present = object.meta().finalizers.iter().flatten().map(String::as_str);
    Ok(write(object, present.chain([finalizer]).collect(), api).await?)
}

/// Removes a finalizer, unless it is gone. Answers with the object as it is then; an object that is being deleted
/// goes with its last finalizer.
pub(crate) async fn remove<K>(object: &K, finalizer: &str, api: &Api<K>) -> Result<K, Error>
where
    K: Resource<DynamicType = ()> + Clone + Debug + DeserializeOwned,
{
    if !is_set(object, finalizer) {
        return Ok(object.clone());
    }
    let present = object.meta().finalizers.iter().flatten().map(String::as_str);
    match write(object, present.filter(|present| *present != finalizer).collect(), api).await {
        Err(kube::Error::Api(status)) if status.is_not_found() => Ok(object.clone()),
        written => Ok(written?),
    }
}

/// Writes the whole list, on the version that was read: somebody else's finalizer is never lost.
async fn write<K>(object: &K, finalizers: Vec<&str>, api: &Api<K>) -> Result<K, kube::Error>
where
    K: Resource<DynamicType = ()> + Clone + Debug + DeserializeOwned,
{
    let metadata = object.meta();
    let patch = json!({"metadata": {
        "finalizers": finalizers,
        "uid": metadata.uid,
        "resourceVersion": metadata.resource_version,
    }});
    let name = metadata.name.as_deref().unwrap_or_default();
    api.patch(name, &PatchParams::default(), &Patch::Merge(patch)).await
}
