//! Where the programs are that the stack runs: a cache folder, or `KUBEBUILDER_ASSETS`.

use std::env;
use std::path::{Path, PathBuf};

use tokio::process::Command;

use crate::helm;
use crate::program::Recipe;

const CACHE_VARIABLE: &str = "SCIM_CACHE";
const ASSETS_VARIABLE: &str = "KUBEBUILDER_ASSETS";

/// Something that the stack needs and that [`Installation::install`] brings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Artifact {
    /// PostgreSQL: a folder with `bin`, `lib` and `share`.
    Postgresql,
    /// The program `envoy`.
    Envoy,
    /// The program `etcd`.
    Etcd,
    /// The program `contour`.
    Contour,
    /// Contour's CRDs: a YAML file.
    ContourCrds,
    /// The CRDs of the Gateway API, standard channel: a YAML file.
    GatewayCrds,
    /// The CRDs of the Prometheus operator that charts use: PodMonitor, ServiceMonitor, PrometheusRule; a YAML file.
    MonitoringCrds,
    /// The CRDs of Flux, CloudNativePG, External Secrets and cert-manager that the examples use: a YAML file.
    ApiCrds,
    /// The CRDs of Argo CD: a YAML file.
    ArgoCdCrds,
    /// The program `crdify`, which compares two versions of a CRD.
    Crdify,
    /// The program `kubectl`.
    Kubectl,
    /// The program `kube-apiserver`.
    KubeApiserver,
    /// The program `kube-controller-manager`.
    KubeControllerManager,
    /// The program `helm`.
    Helm,
    /// scim2-tester: a folder of Python packages.
    Scim2Tester,
    /// The program `health`, ours: what Flux and Argo CD say of an object.
    Health,
    /// libfaketime: a shared library that shifts the clock of the process that it is loaded into.
    Faketime,
}

impl Artifact {
    /// All of them, the quick ones first: what fails should fail early.
    pub const ALL: [Self; 17] = [
        Self::Postgresql,
        Self::Envoy,
        Self::Scim2Tester,
        Self::Faketime,
        Self::Health,
        Self::Etcd,
        Self::Contour,
        Self::ContourCrds,
        Self::GatewayCrds,
        Self::MonitoringCrds,
        Self::ApiCrds,
        Self::ArgoCdCrds,
        Self::Crdify,
        Self::Kubectl,
        Self::KubeApiserver,
        Self::KubeControllerManager,
        Self::Helm,
    ];

    /// The name on the command line and in the cache.
    pub fn name(self) -> &'static str {
        match self {
            Self::Postgresql => "postgresql",
            Self::Envoy => "envoy",
            Self::Etcd => "etcd",
            Self::Contour => "contour",
            Self::ContourCrds => "contour-crds.yaml",
            Self::GatewayCrds => "gateway-crds.yaml",
            Self::MonitoringCrds => "monitoring-crds.yaml",
            Self::ApiCrds => "api-crds.yaml",
            Self::ArgoCdCrds => "argo-cd-crds.yaml",
            Self::Crdify => "crdify",
            Self::Kubectl => "kubectl",
            Self::KubeApiserver => "kube-apiserver",
            Self::KubeControllerManager => "kube-controller-manager",
            Self::Helm => "helm",
            Self::Scim2Tester => "scim2-tester",
            Self::Health => "health",
            Self::Faketime => "libfaketime.so.1",
        }
    }

    /// The artifact of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|artifact| artifact.name() == name)
    }

    fn is_a_kubebuilder_asset(self) -> bool {
        matches!(self, Self::Etcd | Self::Kubectl | Self::KubeApiserver | Self::KubeControllerManager)
    }
}

/// The places that this process takes programs from.
#[derive(Clone, Debug)]
pub struct Installation {
    cache: PathBuf,
    assets: Option<PathBuf>,
}

/// An artifact is not there.
#[derive(Debug, thiserror::Error)]
#[error("{} is not installed in {}: run `cargo run -p control-plane -- install`", artifact.name(), cache.display())]
pub struct NotInstalled {
    artifact: Artifact,
    cache: PathBuf,
}

impl Installation {
    /// As the environment says: the cache is `$SCIM_CACHE`, else `/var/cache/scim-operator` for root (another
    /// account must reach it), else `scim-operator` in the user's cache folder; `$KUBEBUILDER_ASSETS` goes before it.
    pub fn of_environment() -> Self {
        let home_cache = || {
            let xdg = variable("XDG_CACHE_HOME");
            let home = || env::home_dir().unwrap_or_else(env::temp_dir).join(".cache");
            xdg.unwrap_or_else(home).join("scim-operator")
        };
        let default_cache = || {
            let root = rustix::process::geteuid().is_root();
            if root { PathBuf::from("/var/cache/scim-operator") } else { home_cache() }
        };
        Self {
            cache: variable(CACHE_VARIABLE).unwrap_or_else(default_cache),
            assets: variable(ASSETS_VARIABLE),
        }
    }

    /// The cache folder.
    pub fn cache(&self) -> &Path {
        &self.cache
    }

    /// The absolute path of an artifact that is installed.
    pub fn path(&self, artifact: Artifact) -> Result<PathBuf, NotInstalled> {
        let asset = self.assets.iter().filter(|_| artifact.is_a_kubebuilder_asset());
        let mut places = asset.map(|assets| assets.join(artifact.name())).chain([self.place(artifact)]);
        places
            .find(|place| place.exists())
            .ok_or_else(|| NotInstalled { artifact, cache: self.cache.clone() })
    }

    /// helm with no cluster, to be given arguments: `lint`, `template`, `package`.
    pub fn helm(&self) -> Result<Command, NotInstalled> {
        helm::command(self)
    }

    /// Where in the cache an artifact belongs: a pin that changes gives it a new place.
    pub(crate) fn place(&self, artifact: Artifact) -> PathBuf {
        self.folder(artifact).join(artifact.name())
    }

    /// The folder of `place`, which holds nothing else, and comes into being complete.
    pub(crate) fn folder(&self, artifact: Artifact) -> PathBuf {
        self.cache.join(format!("{}-{}", artifact.name(), Recipe::of(artifact).key()))
    }
}

fn variable(name: &str) -> Option<PathBuf> {
    let value = env::var_os(name).filter(|value| !value.is_empty())?;
    std::path::absolute(value).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_assets_folder_goes_before_the_cache_for_what_it_holds() {
        let assets = tempfile::tempdir().unwrap();
        std::fs::write(assets.path().join("etcd"), "").unwrap();
        std::fs::write(assets.path().join("helm"), "").unwrap();
        let installation =
            Installation { cache: "/nowhere".into(), assets: Some(assets.path().to_path_buf()) };
        assert_eq!(installation.path(Artifact::Etcd).unwrap(), assets.path().join("etcd"));
        assert!(installation.path(Artifact::Kubectl).is_err());
        assert!(installation.path(Artifact::Helm).is_err(), "helm is no kubebuilder asset");
    }

    #[test]
    fn what_is_missing_is_told_with_how_to_get_it() {
        let installation = Installation { cache: "/nowhere".into(), assets: None };
        let error = installation.path(Artifact::Envoy).unwrap_err().to_string();
        assert_eq!(error, "envoy is not installed in /nowhere: run `cargo run -p control-plane -- install`");
    }
}
