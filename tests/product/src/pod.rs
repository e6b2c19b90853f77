//! A Pod as the kubelet would start it, as processes of this machine: each container with the arguments and the environment
//! that the Pod names, with its volumes as folders, and with the token of its own ServiceAccount.

mod volume;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};

use control_plane::{ProcessOptions, Stack};
use k8s_openapi::api::core::v1::{EnvVar, PodSpec, PodTemplateSpec};
use tokio::process::Command;

use crate::installation::binaries;
use crate::{Error, Program};
use volume::Sources;

/// One whose volumes are there.
#[derive(Debug)]
pub struct Pod {
    name: String,
    spec: PodSpec,
    /// What its containers have as `/`.
    root: PathBuf,
    sources: Sources,
    kubeconfig: Option<PathBuf>,
    binaries: PathBuf,
}

/// How a container is started.
#[derive(Clone, Debug)]
pub struct Launch {
    /// The program that the image holds.
    pub program: PathBuf,
    /// Its arguments, as rendered, but for paths of volumes.
    pub arguments: Vec<String>,
    /// Its environment.
    pub environment: Vec<(String, String)>,
}

impl Pod {
    /// Brings its volumes into folders, and gets the token of its ServiceAccount if it is to have one. `api_server` is where
    /// it finds the API server, [`ApiProxy::url`](crate::ApiProxy::url); without it, where that is.
    pub async fn prepare(
        stack: &Stack,
        namespace: &str,
        name: &str,
        template: &PodTemplateSpec,
        api_server: Option<&str>,
    ) -> Result<Self, Error> {
        let spec = template.spec.clone().unwrap_or_default();
        let client = stack.admin().client()?;
        let sources = Sources::new(client, namespace, name);
        let root = stack.state_directory().join("pods").join(name);
        mount(&spec, &sources, &root).await?;
        let account = spec.service_account_name.as_deref().unwrap_or("default");
        let kubeconfig = match (spec.automount_service_account_token, api_server) {
            (Some(false), _) => None,
            (_, None) => Some(stack.access_as(namespace, account).await?),
            (_, Some(server)) => Some(stack.access_through(namespace, account, server, None).await?),
        };
        let kubeconfig = kubeconfig.map(|access| access.kubeconfig().to_owned());
        Ok(Self { name: name.to_owned(), spec, root, sources, kubeconfig, binaries: binaries()? })
    }

    /// The names of its containers in the order in which they start, those of initialisation first.
    pub fn containers(&self) -> Vec<String> {
        let (initial, others) = (self.spec.init_containers.iter().flatten(), &self.spec.containers);
        initial.chain(others).map(|container| container.name.clone()).collect()
    }

    /// How a container is started.
    pub async fn launch(&self, container: &str) -> Result<Launch, Error> {
        let (initial, others) = (self.spec.init_containers.iter().flatten(), &self.spec.containers);
        let container = initial.chain(others).find(|one| one.name == container);
        let container = container.ok_or_else(|| self.sources.unknown(&format!("container {container:?}")))?;
        if container.command.is_some() || container.env_from.is_some() {
            return Err(self.sources.unknown("command or envFrom"));
        }
        let mut environment = Vec::new();
        for variable in container.env.iter().flatten() {
            environment.push((variable.name.clone(), self.at_home(&self.value(variable).await?)));
        }
        let arguments = container.args.iter().flatten();
        let arguments = arguments.map(|text| expanded(&self.at_home(text), &environment)).collect();
        if let Some(kubeconfig) = &self.kubeconfig {
            environment.push(("KUBECONFIG".to_owned(), kubeconfig.display().to_string()));
        }
        let image = container.image.as_deref().unwrap_or_default();
        let program =
            image.rsplit('/').next().and_then(|last| last.split([':', '@']).next()).unwrap_or_default();
        Ok(Launch { program: self.binaries.join(program), arguments, environment })
    }

    /// A container that serves, which does not run yet. `more` are arguments besides: where it listens, which a network
    /// namespace of its own would decide.
    pub async fn program(
        &self,
        stack: &Stack,
        container: &str,
        more: &[String],
        probe: (SocketAddr, &'static str),
    ) -> Result<Program, Error> {
        let Launch { program, mut arguments, environment } = self.launch(container).await?;
        arguments.extend(more.iter().cloned());
        Ok(Program::new(
            stack,
            ProcessOptions { name: self.name.clone(), program, arguments, environment, probe },
        ))
    }

    /// Runs a container that ends. It ends when the future is dropped, too.
    pub async fn run(&self, launch: &Launch) -> Result<Output, Error> {
        let mut command = Command::new(&launch.program);
        command.args(&launch.arguments).env_clear().envs(launch.environment.iter().cloned());
        command.stdin(Stdio::null()).kill_on_drop(true);
        let cannot_run =
            |source| Error::File { what: format!("{} cannot be run", launch.program.display()), source };
        command.output().await.map_err(cannot_run)
    }

    async fn value(&self, variable: &EnvVar) -> Result<String, Error> {
        let Some(source) = &variable.value_from else {
            return Ok(variable.value.clone().unwrap_or_default());
        };
        let field = source.field_ref.as_ref().map(|field| field.field_path.as_str());
        match (field, &source.secret_key_ref) {
            (Some("metadata.name"), _) => Ok(self.name.clone()),
            (Some("metadata.namespace"), _) => Ok(self.sources.namespace().to_owned()),
            (None, Some(secret)) => self.sources.secret_text(&secret.name, &secret.key).await,
            _ => Err(self.sources.unknown(&format!("the source of {}", variable.name))),
        }
    }

    /// The text with the file of this machine for the path of a file or folder of a volume.
    fn at_home(&self, text: &str) -> String {
        let (before, value) = text.split_once('=').unwrap_or(("", text));
        let Some(below) = value.strip_prefix('/') else { return text.to_owned() };
        let here = self.root.join(below);
        if !here.exists() {
            return text.to_owned();
        }
        let equals = if before.is_empty() { "" } else { "=" };
        format!("{before}{equals}{}", here.display())
    }
}

/// Has every volume below `root` at its paths in the containers, the same for all of them.
async fn mount(spec: &PodSpec, sources: &Sources, root: &Path) -> Result<(), Error> {
    let mut places: BTreeMap<PathBuf, String> = BTreeMap::new();
    let mut folders: BTreeMap<String, PathBuf> = BTreeMap::new();
    let containers = spec.init_containers.iter().flatten().chain(&spec.containers);
    for mount in containers.flat_map(|container| container.volume_mounts.iter().flatten()) {
        let place = root.join(mount.mount_path.trim_start_matches('/'));
        match places.insert(place.clone(), mount.name.clone()) {
            Some(other) if other == mount.name => continue,
            Some(_) => return Err(sources.unknown(&format!("{} as two volumes", mount.mount_path))),
            None => {}
        }
        let volume = spec.volumes.iter().flatten().find(|volume| volume.name == mount.name);
        let volume = volume.ok_or_else(|| sources.unknown(&format!("volume {}", mount.name)))?;
        match folders.get(&mount.name) {
            Some(folder) => volume::link(folder, &place)?,
            None => sources.write(volume, &place).await?,
        }
        folders.insert(mount.name.clone(), place);
    }
    Ok(())
}

/// The text with the values of the variables that it names by `$(NAME)`.
fn expanded(text: &str, environment: &[(String, String)]) -> String {
    environment.iter().fold(text.to_owned(), |text, (name, value)| text.replace(&format!("$({name})"), value))
}
