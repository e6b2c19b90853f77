//! The file of a class, read and made this installation's.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use crds::ScimTenantClass;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::Resource as _;
use serde_json::{Map, Value, json};

/// Why a file is no manifest of a class.
#[derive(Debug, thiserror::Error)]
pub(super) enum ManifestError {
    /// It cannot be read.
    #[error("{} cannot be read", .0.display())]
    Unreadable(PathBuf, #[source] io::Error),
    /// It is no YAML.
    #[error("the file is no YAML of one object")]
    Yaml(#[source] serde_saphyr::Error),
    /// It is of another kind.
    #[error("the file holds no {field} {expected} but {}", .found.as_deref().unwrap_or("none"))]
    Kind {
        /// Which field says so.
        field: &'static str,
        /// What it is to say.
        expected: String,
        /// What it says.
        found: Option<String>,
    },
    /// It has no name.
    #[error("the file has no metadata.name")]
    Unnamed,
    /// A field that is to have fields has none.
    #[error("{0} of the file is no map")]
    NoFields(&'static str),
    /// It is for another operator.
    #[error(
        "spec.controllerName is {found}, and this operator serves {ours} (--controller-name): leave it out"
    )]
    Controller {
        /// The other operator.
        found: String,
        /// This one.
        ours: String,
    },
}

/// A class as the file says, with our labels and our `controllerName`.
#[derive(Debug, PartialEq)]
pub(super) struct Manifest {
    /// `metadata.name`.
    pub(super) name: String,
    /// What is applied.
    pub(super) object: Value,
}

impl Manifest {
    /// Reads a file of YAML, or of JSON.
    pub(super) fn read(
        file: &Path,
        labels: &BTreeMap<String, String>,
        controller_name: &str,
    ) -> Result<Self, ManifestError> {
        let text = std::fs::read_to_string(file)
            .map_err(|source| ManifestError::Unreadable(file.to_owned(), source))?;
        Self::parse(&text, labels, controller_name)
    }

    fn parse(
        text: &str,
        labels: &BTreeMap<String, String>,
        controller_name: &str,
    ) -> Result<Self, ManifestError> {
        let object: Value = serde_saphyr::from_str(text).map_err(ManifestError::Yaml)?;
        let said = |pointer: &str| object.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
        for (field, expected) in
            [("apiVersion", ScimTenantClass::api_version(&())), ("kind", ScimTenantClass::kind(&()))]
        {
            let found = said(&format!("/{field}"));
            if found.as_deref() != Some(&*expected) {
                return Err(ManifestError::Kind { field, expected: expected.into_owned(), found });
            }
        }
        let name = said("/metadata/name").ok_or(ManifestError::Unnamed)?;
        let ours = controller_name.to_owned();
        if let Some(found) = said("/spec/controllerName").filter(|found| *found != ours) {
            return Err(ManifestError::Controller { found, ours });
        }
        let mut object = object;
        let all = labels.iter().map(|(key, value)| (key.clone(), json!(value)));
        fields_of(&mut object["metadata"]["labels"], "metadata.labels")?.extend(all);
        fields_of(&mut object["spec"], "spec")?.insert("controllerName".to_owned(), json!(ours));
        Ok(Self { name, object })
    }

    /// The same, to be applied to the object that was read and to no other.
    pub(super) fn object_on(&self, live: &ObjectMeta) -> Value {
        let mut object = self.object.clone();
        object["metadata"]["uid"] = json!(live.uid);
        object["metadata"]["resourceVersion"] = json!(live.resource_version);
        object
    }
}

/// The fields, which are made where there are none.
fn fields_of<'a>(
    value: &'a mut Value,
    field: &'static str,
) -> Result<&'a mut Map<String, Value>, ManifestError> {
    if value.is_null() {
        *value = json!({});
    }
    value.as_object_mut().ok_or(ManifestError::NoFields(field))
}

#[cfg(test)]
mod tests {
    use super::*;

    const OURS: &str = "example.com/ours";

    fn parsed(text: &str) -> Result<Manifest, ManifestError> {
        Manifest::parse(text, &BTreeMap::from([("a/installation".to_owned(), "test".to_owned())]), OURS)
    }

    fn refusal(text: &str) -> String {
        parsed(text).unwrap_err().to_string()
    }

    fn class(rest: &str) -> String {
        format!("apiVersion: scim-operator.io/v1alpha1\nkind: ScimTenantClass\n{rest}")
    }

    #[test]
    fn a_manifest_gets_our_labels_and_our_controller() {
        let bare =
            parsed(&class("metadata: {name: default}\nspec: {url: 'https://scim.example.com'}")).unwrap();
        insta::assert_json_snapshot!(bare.object, @r#"
        {
          "apiVersion": "scim-operator.io/v1alpha1",
          "kind": "ScimTenantClass",
          "metadata": {
            "name": "default",
            "labels": {
              "a/installation": "test"
            }
          },
          "spec": {
            "url": "https://scim.example.com",
            "controllerName": "example.com/ours"
          }
        }
        "#);
        let with_labels = class(
            "metadata: {name: default, labels: {team: a, a/installation: b}}\nspec: {controllerName: example.com/ours}",
        );
        insta::assert_json_snapshot!(parsed(&with_labels).unwrap().object["metadata"]["labels"], @r#"
        {
          "team": "a",
          "a/installation": "test"
        }
        "#);
    }

    #[test]
    fn it_is_applied_to_the_object_that_was_read() {
        let manifest = parsed(&class("metadata: {name: default}")).unwrap();
        let live = ObjectMeta {
            uid: Some("u".to_owned()),
            resource_version: Some("7".to_owned()),
            ..ObjectMeta::default()
        };
        let metadata = &manifest.object_on(&live)["metadata"];
        assert_eq!((&metadata["uid"], &metadata["resourceVersion"]), (&json!("u"), &json!("7")));
    }

    #[test]
    fn what_is_no_class_is_refused_with_what_is_wrong() {
        insta::assert_snapshot!(refusal(""), @"the file holds no apiVersion scim-operator.io/v1alpha1 but none");
        insta::assert_snapshot!(refusal("- a"), @"the file holds no apiVersion scim-operator.io/v1alpha1 but none");
        insta::assert_snapshot!(refusal("apiVersion: v1\nkind: ConfigMap"), @"the file holds no apiVersion scim-operator.io/v1alpha1 but v1");
        insta::assert_snapshot!(refusal("apiVersion: scim-operator.io/v1alpha1\nkind: ScimTenant"), @"the file holds no kind ScimTenantClass but ScimTenant");
        insta::assert_snapshot!(refusal(&class("metadata: {}")), @"the file has no metadata.name");
        insta::assert_snapshot!(refusal(&class("metadata: {name: a, labels: b}")), @"metadata.labels of the file is no map");
        insta::assert_snapshot!(refusal(&class("metadata: {name: a}\nspec: {controllerName: example.com/theirs}")), @"spec.controllerName is example.com/theirs, and this operator serves example.com/ours (--controller-name): leave it out");
        assert!(matches!(parsed("a: [").unwrap_err(), ManifestError::Yaml(_)));
        assert!(matches!(
            Manifest::read(Path::new("/nowhere/class.yaml"), &BTreeMap::new(), OURS),
            Err(ManifestError::Unreadable(..))
        ));
    }
}
