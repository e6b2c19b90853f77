//! Writing an object to Kubernetes: created first, applied later, and nothing at all when it is what we want.
//!
//! Server-side apply alone would merge into an object of somebody else that came in between. So an object is created
//! by POST, which a name that is taken refuses, and every later apply carries the UID and the version that were read.

mod ownership;

use std::fmt::Debug;

use crds::Reason;
use kube::api::{DeleteParams, Patch, PatchParams, PostParams, Preconditions};
use kube::core::NamespaceResourceScope;
use kube::{Api, Resource};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

pub(crate) use crate::apply::ownership::{as_if_applied, is_field_set, is_spec_ours};

use crate::apply::ownership::{claim, is_spec_edited};
use crate::containment::is_contained;
use crate::error::Error;
use crate::object::FIELD_MANAGER;
use crate::obstacle::{Obstacle, Remedy};

/// Whether a write is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Intent {
    /// Only to learn whether the API server would take it.
    Rehearse,
    /// It is.
    Write,
}

/// Why an object was not written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ApplyError {
    /// The API server will not have the object. It stays with that when the object is invalid, a policy or a quota
    /// is against it, or we may not; it passes when the server, or a webhook that it asks, is overloaded or broken.
    #[error("{message}")]
    Refused {
        /// In the words of the API server.
        message: String,
        /// Whether waiting helps.
        remedy: Remedy,
    },
    /// Anything else, to be tried again.
    #[error(transparent)]
    Failed(#[from] Error),
}

impl From<kube::Error> for ApplyError {
    fn from(error: kube::Error) -> Self {
        let kube::Error::Api(status) = &error else { return Self::Failed(error.into()) };
        let remedy = match status.code {
            400 | 403 | 422 => Remedy::Change,
            429 | 500..=599 => Remedy::Time,
            _ => return Self::Failed(error.into()),
        };
        Self::Refused { message: status.message.clone(), remedy }
    }
}

impl ApplyError {
    /// What stands in the way, as a condition says it; an error when nothing can be said.
    pub(crate) fn into_obstacle(self, reason: Reason) -> Result<Obstacle, Error> {
        match self {
            Self::Refused { message, remedy } => Ok(Obstacle { reason, message, remedy }),
            Self::Failed(error) => Err(error),
        }
    }
}

/// Makes the cluster hold what is desired, and answers with the object as it is then. `live` is what was read under its
/// name: ours, or nothing. Nothing is written when it is what we want. What others added stays, but not in `spec`.
pub(crate) async fn apply<K>(
    api: &Api<K>,
    desired: &K,
    live: Option<&K>,
    intent: Intent,
) -> Result<K, ApplyError>
where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope>
        + Clone
        + Debug
        + Serialize
        + DeserializeOwned,
{
    let dry_run = intent == Intent::Rehearse;
    let Some(live) = live else {
        let parameters = PostParams { dry_run, field_manager: Some(FIELD_MANAGER.to_owned()) };
        return Ok(api.create(&parameters, desired).await?);
    };
    let desired = to_value(desired)?;
    if is_contained(&desired, &to_value(live)?) && !is_spec_edited(&desired, live.meta()) {
        return Ok(live.clone());
    }
    let name = live.meta().name.clone().unwrap_or_default();
    let version = match claim(&desired, live.meta()).filter(|_| intent == Intent::Write) {
        Some(claim) => api
            .patch(&name, &PatchParams::default(), &Patch::Merge(claim))
            .await?
            .meta()
            .resource_version
            .clone(),
        None => live.meta().resource_version.clone(),
    };
    let mut parameters = PatchParams::apply(FIELD_MANAGER).force();
    parameters.dry_run = dry_run;
    let versioned = versioned(desired, live.meta().uid.as_deref(), version.as_deref());
    Ok(api.patch(&name, &parameters, &Patch::Apply(versioned)).await?)
}

/// Deletes the object that was read, and no other of its name. One that is gone is fine.
pub(crate) async fn delete<K>(api: &Api<K>, object: &K) -> Result<(), Error>
where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope> + Clone + Debug + DeserializeOwned,
{
    let metadata = object.meta();
    let only_this = Preconditions { uid: metadata.uid.clone(), resource_version: None };
    let parameters = DeleteParams { preconditions: Some(only_this), ..DeleteParams::default() };
    match api.delete(metadata.name.as_deref().unwrap_or_default(), &parameters).await {
        Err(kube::Error::Api(status)) if status.is_not_found() => Ok(()),
        deleted => Ok(deleted.map(|_| ())?),
    }
}

fn versioned(mut desired: Value, uid: Option<&str>, version: Option<&str>) -> Value {
    if let Some(metadata) = desired.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.insert("uid".to_owned(), json!(uid));
        metadata.insert("resourceVersion".to_owned(), json!(version));
    }
    desired
}

fn to_value<K: Serialize>(object: &K) -> Result<Value, Error> {
    serde_json::to_value(object).map_err(|error| Error::Kubernetes(kube::Error::SerdeError(error)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(code: u16) -> Result<Obstacle, Error> {
        let status = json!({"status": "Failure", "code": code, "message": "no", "reason": "Reason"});
        let error = kube::Error::Api(Box::new(serde_json::from_value(status).unwrap()));
        ApplyError::from(error).into_obstacle(Reason::RouteRefused)
    }

    #[test]
    fn a_refusal_is_told_and_passes_if_the_server_is_to_blame() {
        for (code, remedy) in [
            (400, Remedy::Change),
            (403, Remedy::Change),
            (422, Remedy::Change),
            (429, Remedy::Time),
            (500, Remedy::Time),
            (503, Remedy::Time),
        ] {
            let message = "no".to_owned();
            assert_eq!(
                answered(code).unwrap(),
                Obstacle { reason: Reason::RouteRefused, message, remedy },
                "{code}"
            );
        }
    }

    #[test]
    fn an_object_that_somebody_else_wrote_is_read_again() {
        assert!(matches!(answered(409), Err(Error::Raced)));
        assert!(matches!(answered(404), Err(Error::Kubernetes(_))));
    }

    #[test]
    fn a_later_apply_names_the_object_that_was_read() {
        let desired = json!({"metadata": {"name": "a"}});
        let sent = versioned(desired, Some("u"), Some("7"));
        assert_eq!(sent, json!({"metadata": {"name": "a", "uid": "u", "resourceVersion": "7"}}));
    }
}
