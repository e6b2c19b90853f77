//! The class that a platform engineer configures with the installation (`--default-class-file`): a release of Helm cannot hold a CRD and
//! an object of its kind, so the operator makes the object.
//!
//! It is made by POST, which a name that is taken refuses, and changed by server-side apply: what others set besides stays, what the file
//! says comes back, what it says no more goes. A class of that name that this installation did not make is never touched. The class
//! stays when the operator goes, and when the file does: tenants refer to it.

mod manifest;

use std::path::Path;
use std::time::Duration;

use crds::{Reason, ScimTenantClass};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::api::{Patch, PatchParams, PostParams, ValidationDirective};
use kube::runtime::events::EventType;
use kube::{Api, ResourceExt as _};
use serde_json::json;
use tokio::time::sleep;
use tracing::{info, warn};

use crate::apply::as_if_applied;
use crate::context::Context;
use crate::default_class::manifest::{Manifest, ManifestError};
use crate::error::in_full;
use crate::event;
use crate::object::labels_of;

/// The name that writes of the class carry in `managedFields`: apart from those of the class's finalizer and status.
const FIELD_MANAGER: &str = "scim-operator-configuration";
/// Time between two looks at the file and the class.
const INTERVAL: Duration = Duration::from_mins(10);
/// Time until another look after one that failed; it doubles each time.
const FIRST_WAIT: Duration = Duration::from_secs(1);
const LONGEST_WAIT: Duration = Duration::from_mins(1);

/// Why the class is not as the file says.
#[derive(Debug, thiserror::Error)]
enum DefaultClassError {
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    #[error("the API server does not take the ScimTenantClass of --default-class-file")]
    Refused(#[from] kube::Error),
}

/// What became of a look.
#[derive(Debug, PartialEq)]
enum Look {
    /// The class is as the file says.
    Kept,
    /// The class is somebody else's, and stays.
    Foreign,
    /// The class is being deleted.
    Going,
    /// Somebody else wrote the class at the same time: the operator its status, mostly.
    Raced,
}

/// Keeps the class as the file says, now and every ten minutes. It ends at once where no file is configured.
///
/// It needs `get`, `create` and `patch` of `scimtenantclasses`.
pub(crate) async fn run(file: Option<&Path>, context: &Context) {
    let Some(file) = file else { return };
    let mut wait = FIRST_WAIT;
    loop {
        match look(file, context).await {
            Ok(Look::Kept | Look::Foreign) => {
                wait = FIRST_WAIT;
                sleep(INTERVAL).await;
                continue;
            }
            Ok(Look::Raced) => {}
            Ok(Look::Going) => info!("the default class is being deleted; it is made again when it is gone"),
            Err(error) => {
                warn!(file = %file.display(), error = in_full(&error), "could not make the default class; tries again in {wait:?}");
            }
        }
        sleep(wait).await;
        wait = (wait * 2).min(LONGEST_WAIT);
    }
}

async fn look(file: &Path, context: &Context) -> Result<Look, DefaultClassError> {
    let labels = labels_of(&context.settings.installation);
    let manifest = Manifest::read(file, &labels, &context.settings.controller_name)?;
    let classes: Api<ScimTenantClass> = Api::all(context.client.clone());
    let Some(live) = classes.get_opt(&manifest.name).await? else {
        return create(&manifest, &classes).await;
    };
    if live.metadata.deletion_timestamp.is_some() {
        return Ok(Look::Going);
    }
    if !labels.iter().all(|(key, value)| live.labels().get(key) == Some(value)) {
        tell(&live, context).await;
        return Ok(Look::Foreign);
    }
    match apply(&manifest, live, &classes).await {
        Err(DefaultClassError::Refused(kube::Error::Api(status))) if status.code == 409 => Ok(Look::Raced),
        look => look,
    }
}

/// An unknown field is an error, as in any write of the manifest; a POST alone would drop it.
async fn create(manifest: &Manifest, classes: &Api<ScimTenantClass>) -> Result<Look, DefaultClassError> {
    let rehearsal = PatchParams { dry_run: true, ..applying() };
    let made = classes.patch(&manifest.name, &rehearsal, &Patch::Apply(&manifest.object)).await?;
    let class = ScimTenantClass {
        metadata: ObjectMeta {
            name: made.metadata.name,
            labels: made.metadata.labels,
            annotations: made.metadata.annotations,
            ..ObjectMeta::default()
        },
        spec: made.spec,
        status: None,
    };
    let parameters = PostParams { field_manager: Some(FIELD_MANAGER.to_owned()), ..PostParams::default() };
    classes.create(&parameters, &class).await?;
    info!(name = manifest.name, "made the default class");
    Ok(Look::Kept)
}

async fn apply(
    manifest: &Manifest,
    live: ScimTenantClass,
    classes: &Api<ScimTenantClass>,
) -> Result<Look, DefaultClassError> {
    let name = &manifest.name;
    let before = live.metadata.generation;
    let live = match as_if_applied(&live.metadata, FIELD_MANAGER) {
        None => live,
        Some(entries) => {
            let ObjectMeta { uid, resource_version, .. } = live.metadata;
            let claim = json!({"metadata": {
                "managedFields": entries, "uid": uid, "resourceVersion": resource_version,
            }});
            classes.patch(name, &PatchParams::default(), &Patch::Merge(claim)).await?
        }
    };
    let object = manifest.object_on(&live.metadata);
    let applied = classes.patch(name, &applying(), &Patch::Apply(&object)).await?;
    if applied.metadata.generation != before {
        info!(name, "brought the default class to what the file says");
    }
    Ok(Look::Kept)
}

fn applying() -> PatchParams {
    PatchParams {
        field_validation: Some(ValidationDirective::Strict),
        ..PatchParams::apply(FIELD_MANAGER).force()
    }
}

/// Says that a class stays as it is.
async fn tell(class: &ScimTenantClass, context: &Context) {
    let installation = &context.settings.installation;
    let labels: Vec<String> =
        labels_of(installation).iter().map(|(key, value)| format!("{key}={value}")).collect();
    let message = format!(
        "this installation is configured with a class of this name and did not make this one, which stays as it is; to have it \
         follow the configuration, label it {}; otherwise configure another name, or none",
        labels.join(" and ")
    );
    warn!(name = class.name_any(), "{message}");
    let note = event::Note {
        type_: EventType::Warning,
        reason: Reason::ClassNameTaken.as_str().to_owned(),
        message,
    };
    event::publish(class, &note, context).await;
}
