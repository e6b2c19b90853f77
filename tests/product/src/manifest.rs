//! Manifests of this repository, and what a test or the demo changes in them before it applies them.

use std::path::{Path, PathBuf};

use kube::api::{DynamicObject, Patch, PatchParams};
use kube::core::{GroupVersionKind, TypeMeta};
use kube::{Api, Client};
use serde_json::{Value, json};

use crate::Error;

/// The objects of one or more YAML documents, in their order.
#[derive(Clone, Debug)]
pub struct Manifest {
    file: String,
    objects: Vec<Value>,
}

/// The folder of this repository's checkout.
pub fn repository() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here).to_path_buf()
}

impl Manifest {
    /// Reads a file, named from the top of the repository.
    pub fn read(file: &str) -> Result<Self, Error> {
        let text = std::fs::read_to_string(repository().join(file))
            .map_err(|source| Error::File { what: format!("{file} cannot be read"), source })?;
        Self::parse(file, &text)
    }

    /// Understands YAML text; `file` is what errors call it.
    pub fn parse(file: &str, text: &str) -> Result<Self, Error> {
        let mut objects: Vec<Value> = serde_saphyr::from_multiple(text)
            .map_err(|error| Error::Manifest { file: file.to_owned(), reason: error.to_string() })?;
        objects.retain(|object| !object.is_null());
        Ok(Self { file: file.to_owned(), objects })
    }

    /// A namespace.
    pub fn namespace(name: &str) -> Self {
        let object = json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": name } });
        Self { file: format!("namespace {name}"), objects: vec![object] }
    }

    /// With every class reached at `url`, those of Ingresses through `ingress_class`, without TLS unless `tls_secret`.
    #[must_use]
    pub fn reached_at(mut self, url: &str, ingress_class: &str, tls_secret: Option<&str>) -> Self {
        for object in self.objects.iter_mut().filter(|object| object["kind"] == "ScimTenantClass") {
            object["spec"]["url"] = url.into();
            if object["spec"]["route"]["kind"].as_str().is_some_and(|kind| kind != "Ingress") {
                continue;
            }
            let mut ingress = json!({ "className": ingress_class });
            if let Some(name) = tls_secret {
                ingress["tlsSecretName"] = name.into();
            }
            object["spec"]["route"]["ingress"] = ingress;
        }
        self
    }

    /// With everything that is in the namespace `from`, or is that namespace, or means an account there, in `to`.
    #[must_use]
    pub fn moved(mut self, from: &str, to: &str) -> Self {
        for object in &mut self.objects {
            move_namespace(object, from, to);
            if object["kind"] == "Namespace" && object["metadata"]["name"] == from {
                object["metadata"]["name"] = to.into();
            }
        }
        self
    }

    /// The objects.
    pub fn objects(&self) -> &[Value] {
        &self.objects
    }

    /// The `<namespace>, <name>` of every ScimTenant in it.
    pub fn tenants(&self) -> Vec<(String, String)> {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let tenants = self.objects.iter().filter(|object| object["kind"] == "ScimTenant");
        tenants
            .map(|tenant| (text(&tenant["metadata"]["namespace"]), text(&tenant["metadata"]["name"])))
            .collect()
    }

    /// Server-side apply of all objects, as `kubectl apply --server-side` does it.
    pub async fn apply(&self, client: &Client) -> Result<(), Error> {
        for object in &self.objects {
            self.apply_one(client, object).await?;
        }
        Ok(())
    }

    async fn apply_one(&self, client: &Client, object: &Value) -> Result<(), Error> {
        let not_understood = |reason: String| Error::Manifest { file: self.file.clone(), reason };
        let types: TypeMeta =
            serde_json::from_value(object.clone()).map_err(|error| not_understood(error.to_string()))?;
        let kind = GroupVersionKind::try_from(&types).map_err(|error| not_understood(error.to_string()))?;
        let (resource, capabilities) = kube::discovery::pinned_kind(client, &kind).await?;
        let name = object["metadata"]["name"]
            .as_str()
            .ok_or_else(|| not_understood("an object has no name".to_owned()))?;
        let api: Api<DynamicObject> = match (capabilities.scope, object["metadata"]["namespace"].as_str()) {
            (kube::discovery::Scope::Cluster, _) => Api::all_with(client.clone(), &resource),
            (kube::discovery::Scope::Namespaced, namespace) => {
                Api::namespaced_with(client.clone(), namespace.unwrap_or("default"), &resource)
            }
        };
        let parameters = PatchParams::apply("kubectl").force();
        api.patch(name, &parameters, &Patch::Apply(object)).await?;
        Ok(())
    }
}

/// Every field `namespace` with that value, however deep.
fn move_namespace(value: &mut Value, from: &str, to: &str) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                if name == "namespace" && field == from {
                    *field = to.into();
                }
                move_namespace(field, from, to);
            }
        }
        Value::Array(elements) => elements.iter_mut().for_each(|element| move_namespace(element, from, to)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_moved_leaves_no_trace_of_the_old_namespace() {
        let yaml = "kind: Namespace\nmetadata: {name: a}\n---\nkind: RoleBinding\nmetadata: {name: a, namespace: a}\n\
                    subjects: [{kind: ServiceAccount, name: operator, namespace: a}]\n";
        let manifest = Manifest::parse("rbac.yaml", yaml).unwrap().moved("a", "b");
        let [namespace, binding] = manifest.objects() else { panic!("they are two") };
        assert_eq!(namespace["metadata"]["name"], "b");
        assert_eq!(binding["metadata"], json!({"name": "a", "namespace": "b"}));
        assert_eq!(binding["subjects"][0]["namespace"], "b");
    }

    #[test]
    fn a_class_without_ingresses_gets_none() {
        let yaml = "kind: ScimTenantClass\nspec: {url: 'https://a.example.com', route: {kind: None}}\n";
        let manifest = Manifest::parse("class.yaml", yaml).unwrap().reached_at(
            "http://localhost:20080",
            "contour",
            None,
        );
        assert_eq!(
            manifest.objects()[0]["spec"],
            json!({"url": "http://localhost:20080", "route": {"kind": "None"}})
        );
    }

    #[test]
    fn a_class_is_reached_where_the_test_says() {
        let manifest =
            Manifest::parse("class.yaml", "kind: ScimTenantClass\nspec:\n  url: https://scim.example.com\n")
                .unwrap()
                .reached_at("http://localhost:20080", "contour", None);
        assert_eq!(manifest.objects()[0]["spec"]["url"], "http://localhost:20080");
        assert_eq!(manifest.objects()[0]["spec"]["route"]["ingress"]["className"], "contour");
    }
}
