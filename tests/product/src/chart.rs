//! The Helm chart, rendered as `helm template` does: with no cluster.

use std::process::Stdio;

use control_plane::Installation;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

use crate::{Error, Manifest, SYSTEM_NAMESPACE, Site, repository};

/// The chart's folder, from the top of the repository.
pub const CHART: &str = "charts/scim-operator";
/// Kinds of objects that give an account its rights.
const RIGHTS: [&str; 5] = ["ServiceAccount", "Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding"];

/// The objects of a release of the chart with these values, hooks included, in the order in which helm installs them. What
/// helm refuses is [`Error::Helm`].
pub async fn render(release: &str, namespace: &str, values: &Value) -> Result<Manifest, Error> {
    Manifest::parse(CHART, &template(release, namespace, &values.to_string()).await?)
}

/// What `helm template` prints, with the values of a YAML text.
pub async fn template(release: &str, namespace: &str, values: &str) -> Result<String, Error> {
    let mut helm = Installation::of_environment().helm().map_err(control_plane::StackError::from)?;
    helm.args(["template", release]).arg(repository().join(CHART)).args(["--namespace", namespace]);
    run(helm.args(["--values", "-"]), values).await
}

/// Runs helm with this as its standard input; what it prints.
pub async fn run(helm: &mut Command, input: &str) -> Result<String, Error> {
    let cannot_run = |source| Error::File { what: "helm cannot be run".to_owned(), source };
    helm.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut process = helm.spawn().map_err(cannot_run)?;
    if let Some(mut stdin) = process.stdin.take() {
        stdin.write_all(input.as_bytes()).await.map_err(cannot_run)?;
    }
    let output = process.wait_with_output().await.map_err(cannot_run)?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    Err(Error::Helm { said: String::from_utf8_lossy(&output.stderr).trim().to_owned() })
}

/// Whether the object is of a hook, which no release holds, rather than of the release.
pub fn is_hook(object: &Value) -> bool {
    !object["metadata"]["annotations"]["helm.sh/hook"].is_null()
}

impl Site {
    /// The rights that the chart gives the operator of this site, as objects: in the whole cluster, or in some namespaces
    /// alone. Its account is `scim-operator`, wherever it is; what is the cluster's has names of the site.
    pub async fn rights(&self, watch_namespaces: &[&str]) -> Result<Manifest, Error> {
        let fullname = if self.namespace == SYSTEM_NAMESPACE {
            "scim-operator".to_owned()
        } else {
            format!("scim-operator-{}", self.id)
        };
        let values = json!({
            "fullnameOverride": fullname,
            "installation": self.id,
            "watchNamespaces": watch_namespaces,
            "operator": {"serviceAccount": {"name": "scim-operator"}},
            "rbac": {"aggregateToUsers": false},
        });
        let rendered = render("scim-operator", &self.namespace, &values).await?;
        Ok(rendered.only(|object| RIGHTS.iter().any(|kind| object["kind"] == *kind) && !is_hook(object)))
    }
}

/// The rights of people who use tenants, as the chart adds them to the cluster's roles.
pub async fn rights_of_people() -> Result<Manifest, Error> {
    let rendered = render("scim-operator", SYSTEM_NAMESPACE, &json!({})).await?;
    Ok(rendered.only(|object| {
        let labels = object["metadata"]["labels"].as_object();
        object["kind"] == "ClusterRole"
            && labels.is_some_and(|labels| labels.keys().any(|label| label.contains("/aggregate-to-")))
    }))
}
