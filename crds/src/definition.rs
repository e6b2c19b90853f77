//! The CustomResourceDefinitions as a cluster gets them: what the types say, and what derives cannot say.

use std::path::Path;

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    CustomResourceDefinition, JSON, JSONSchemaProps, JSONSchemaPropsOrArray, JSONSchemaPropsOrBool,
};
use kube::CustomResourceExt as _;
use serde_json::json;

use crate::{ScimTenant, ScimTenantClass};

/// Where the files are, from the root of the repository. A chart cannot read what is outside of its own folder.
pub const FOLDERS: [&str; 2] = ["crds", "charts/scim-operator/files/crds"];

/// A definition and the file that holds it.
pub struct Definition {
    /// The file's name, as controller-gen would name it.
    pub file_name: &'static str,
    /// What is in it.
    pub resource: CustomResourceDefinition,
}

/// Why a definition could not be written.
#[derive(Debug, thiserror::Error)]
pub enum DefinitionError {
    /// It does not become YAML.
    #[error("the definition does not become YAML")]
    Yaml(#[from] serde_saphyr::ser_error::Error),
    /// The file cannot be written.
    #[error("the file cannot be written")]
    File(#[from] std::io::Error),
}

/// Both definitions.
pub fn definitions() -> [Definition; 2] {
    [
        Definition {
            file_name: "scim-operator.io_scimtenantclasses.yaml",
            resource: finished(ScimTenantClass::crd()),
        },
        Definition { file_name: "scim-operator.io_scimtenants.yaml", resource: finished(ScimTenant::crd()) },
    ]
}

impl Definition {
    /// The YAML, with a first line that says where it comes from.
    pub fn to_yaml(&self) -> Result<String, DefinitionError> {
        let yaml = serde_saphyr::to_string(&self.resource)?;
        Ok(format!("# Made by `make crds` from crds/src.\n{yaml}"))
    }

    /// Writes the YAML into a folder.
    pub fn write(&self, folder: &Path) -> Result<(), DefinitionError> {
        Ok(std::fs::write(folder.join(self.file_name), self.to_yaml()?)?)
    }
}

fn finished(mut definition: CustomResourceDefinition) -> CustomResourceDefinition {
    for version in &mut definition.spec.versions {
        if let Some(schema) = version.schema.as_mut().and_then(|schema| schema.open_api_v3_schema.as_mut()) {
            observe_nothing_yet(schema);
            simplify(schema);
        }
    }
    definition
}

/// Gives `status` its default, so that kstatus sees an object that nobody has looked at yet as in progress.
fn observe_nothing_yet(root: &mut JSONSchemaProps) {
    if let Some(status) = root.properties.as_mut().and_then(|all| all.get_mut("status")) {
        status.default = Some(JSON(json!({ "observedGeneration": -1 })));
    }
}

/// Takes away what an API server does not know or does not need: `null` beside absence (it prunes nulls itself),
/// and number formats of Rust.
fn simplify(schema: &mut JSONSchemaProps) {
    schema.nullable = None;
    if schema.format.as_deref().is_some_and(|format| format.starts_with("uint")) {
        schema.format = None;
    }
    schema.properties.iter_mut().flat_map(|all| all.values_mut()).for_each(simplify);
    if let Some(JSONSchemaPropsOrArray::Schema(items)) = &mut schema.items {
        simplify(items);
    }
    if let Some(JSONSchemaPropsOrBool::Schema(values)) = &mut schema.additional_properties {
        simplify(values);
    }
}

#[cfg(test)]
mod tests;
