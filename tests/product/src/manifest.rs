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

    /// Objects that a program has made; `file` is what errors call them.
    pub fn of(file: &str, objects: Vec<Value>) -> Self {
        Self { file: file.to_owned(), objects }
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

    /// With those of the objects that are so.
    #[must_use]
    pub fn only(mut self, is_so: impl Fn(&Value) -> bool) -> Self {
        self.objects.retain(is_so);
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
        self.apply_with(client, &PatchParams::apply("kubectl").force()).await
    }

    /// Asks the API server what it would say to all objects, admission included; fields that it does not know are errors.
    /// Nothing is changed.
    pub async fn try_out(&self, client: &Client) -> Result<(), Error> {
        self.apply_with(client, &PatchParams::apply("kubectl").force().dry_run().validation_strict()).await
    }

    async fn apply_with(&self, client: &Client, parameters: &PatchParams) -> Result<(), Error> {
        for object in &self.objects {
            self.apply_one(client, object, parameters).await?;
        }
        Ok(())
    }

    async fn apply_one(
        &self,
        client: &Client,
        object: &Value,
        parameters: &PatchParams,
    ) -> Result<(), Error> {
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
        api.patch(name, parameters, &Patch::Apply(object)).await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
