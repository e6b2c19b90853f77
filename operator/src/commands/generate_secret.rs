//! `generate-secret`: passwords that nobody chose and that an upgrade keeps. Helm's own `lookup` finds nothing where Argo CD or
//! `helm template` render a chart, and would make new ones each time.

use std::collections::BTreeMap;

use clap::Args;
use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::api::{Patch, PatchParams, PostParams};
use kube::{Api, Client};
use serde_json::json;
use tenancy::Namespace;
use tracing::info;

use crate::commands::Logging;
use crate::object::FIELD_MANAGER;

/// How often it is tried again when somebody else writes the Secret at the same time.
const ATTEMPTS: usize = 5;

/// What `generate-secret` takes.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The namespace of the Secret
    #[arg(long, value_name = "NAMESPACE")]
    namespace: Namespace,

    /// The name of the Secret
    #[arg(long, value_name = "NAME")]
    name: String,

    /// A key that is to hold 256 random bits, as 64 hexadecimal digits; may come several times
    #[arg(long = "key", value_name = "KEY", required = true)]
    keys: Vec<String>,

    /// A label that the Secret gets when it is made; may come several times
    #[arg(long = "label", value_name = "KEY=VALUE", value_parser = label)]
    labels: Vec<(String, String)>,

    #[command(flatten)]
    pub(super) logging: Logging,
}

/// Why there is no Secret with these keys.
#[derive(Debug, thiserror::Error)]
pub(crate) enum GenerateSecretError {
    /// The operating system gives no random bits.
    #[error("the operating system gives no random bits")]
    Random(#[source] getrandom::Error),
    /// The API server refuses.
    #[error("the Secret {name} in the namespace {namespace} cannot be read or written")]
    Refused {
        /// Its namespace.
        namespace: Namespace,
        /// Its name.
        name: String,
        /// In the words of the API server.
        source: kube::Error,
    },
    /// Somebody else writes it all the time.
    #[error("somebody else writes the Secret {0} again and again; run this once more when nobody does")]
    Raced(String),
}

/// Makes the Secret, or adds to it what is missing.
///
/// It needs `get`, `create` and `patch` of `secrets` in the namespace.
pub(super) async fn run(arguments: &Arguments, client: Client) -> Result<(), GenerateSecretError> {
    let secrets: Api<Secret> = Api::namespaced(client, arguments.namespace.as_str());
    for _ in 0..ATTEMPTS {
        match complete(arguments, &secrets).await? {
            Ok(()) => return Ok(()),
            Err(kube::Error::Api(status)) if status.code == 409 => {}
            Err(source) => {
                let (namespace, name) = (arguments.namespace.clone(), arguments.name.clone());
                return Err(GenerateSecretError::Refused { namespace, name, source });
            }
        }
    }
    Err(GenerateSecretError::Raced(arguments.name.clone()))
}

/// One attempt; what the API server said, if it did not do it.
async fn complete(
    arguments: &Arguments,
    secrets: &Api<Secret>,
) -> Result<Result<(), kube::Error>, GenerateSecretError> {
    let live = match secrets.get_opt(&arguments.name).await {
        Ok(live) => live,
        Err(error) => return Ok(Err(error)),
    };
    let missing = missing(&arguments.keys, live.as_ref());
    let values = missing.iter().map(|key| Ok(((*key).to_owned(), random()?)));
    let values = values.collect::<Result<_, _>>().map_err(GenerateSecretError::Random)?;
    Ok(match live {
        Some(_) if missing.is_empty() => {
            info!(secret = arguments.name, "has every key; nothing is changed");
            Ok(())
        }
        Some(live) => add(&live, values, secrets).await,
        None => create(arguments, values, secrets).await,
    })
}

async fn create(
    arguments: &Arguments,
    data: BTreeMap<String, ByteString>,
    secrets: &Api<Secret>,
) -> Result<(), kube::Error> {
    info!(secret = arguments.name, keys = named(&data), "makes the Secret");
    let labels = arguments.labels.iter().cloned().collect();
    let metadata =
        ObjectMeta { name: Some(arguments.name.clone()), labels: Some(labels), ..ObjectMeta::default() };
    let secret = Secret { metadata, data: Some(data), ..Secret::default() };
    let parameters = PostParams { field_manager: Some(FIELD_MANAGER.to_owned()), ..PostParams::default() };
    secrets.create(&parameters, &secret).await.map(|_| ())
}

/// Onto the version that was read, so that a key which somebody else adds at the same time stays.
async fn add(
    live: &Secret,
    data: BTreeMap<String, ByteString>,
    secrets: &Api<Secret>,
) -> Result<(), kube::Error> {
    let ObjectMeta { name, uid, resource_version, .. } = &live.metadata;
    let name = name.as_deref().unwrap_or_default();
    info!(secret = name, keys = named(&data), "adds the keys that are missing");
    let patch = json!({"metadata": {"uid": uid, "resourceVersion": resource_version}, "data": data});
    let parameters = PatchParams { field_manager: Some(FIELD_MANAGER.to_owned()), ..PatchParams::default() };
    secrets.patch(name, &parameters, &Patch::Merge(patch)).await.map(|_| ())
}

/// The keys that the Secret lacks, each once.
fn missing<'a>(keys: &'a [String], live: Option<&Secret>) -> Vec<&'a str> {
    let present =
        |key: &str| live.and_then(|live| live.data.as_ref()).is_some_and(|data| data.contains_key(key));
    let mut missing: Vec<&str> = keys.iter().map(String::as_str).filter(|key| !present(key)).collect();
    missing.sort_unstable();
    missing.dedup();
    missing
}

/// Digits and letters alone, which stand in a URL and in a connection string as they are.
fn random() -> Result<ByteString, getrandom::Error> {
    let mut bits = [0; 32];
    getrandom::fill(&mut bits)?;
    Ok(ByteString(bits.iter().flat_map(|byte| format!("{byte:02x}").into_bytes()).collect()))
}

fn named(data: &BTreeMap<String, ByteString>) -> String {
    data.keys().map(String::as_str).collect::<Vec<_>>().join(", ")
}

fn label(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("must be KEY=VALUE")?;
    if key.is_empty() {
        return Err("has no key before =".to_owned());
    }
    Ok((key.to_owned(), value.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_there_is_not_missing_whatever_it_holds() {
        let keys = ["b", "a", "c", "b"].map(str::to_owned);
        let live = json!({"data": {"a": "", "other": "eA=="}});
        let live: Secret = serde_json::from_value(live).unwrap();
        assert_eq!(missing(&keys, Some(&live)), ["b", "c"]);
        assert_eq!(missing(&keys, None), ["a", "b", "c"]);
    }

    #[test]
    fn values_are_hexadecimal_digits_and_never_the_same() {
        let [one, other] = [random().unwrap(), random().unwrap()];
        assert_eq!(one.0.len(), 64);
        assert!(one.0.iter().all(u8::is_ascii_hexdigit));
        assert_ne!(one, other);
    }

    #[test]
    fn a_label_has_a_key_and_a_value_that_may_be_empty() {
        assert_eq!(label("a/b=c=d"), Ok(("a/b".to_owned(), "c=d".to_owned())));
        assert_eq!(label("a="), Ok(("a".to_owned(), String::new())));
        assert!(label("a").is_err() && label("=b").is_err());
    }
}
