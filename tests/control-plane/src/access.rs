//! Access to the API server as somebody: a kubeconfig file, and clients of it.

use std::io;
use std::path::{Path, PathBuf};

use kube::config::{KubeConfigOptions, Kubeconfig, KubeconfigError};
use kube::{Client, Config};

use crate::private_file;

/// Who somebody is to the API server, and where that is.
#[derive(Clone, Debug)]
pub struct Access {
    kubeconfig: PathBuf,
    config: Config,
}

/// Access cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    /// The kubeconfig file cannot be written.
    #[error("{} cannot be written", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// The operating system's word.
        #[source]
        source: io::Error,
    },
    /// Our own kubeconfig is not understood.
    #[error("the kubeconfig is not understood")]
    Understand(#[from] KubeconfigError),
    /// The API server gives no token.
    #[error("there is no token for ServiceAccount {service_account}")]
    Token {
        /// `<namespace>/<name>`.
        service_account: String,
        /// The API server's word.
        #[source]
        source: Box<kube::Error>,
    },
}

/// What a kubeconfig file says.
pub(crate) struct Identity<'a> {
    /// `https://127.0.0.1:<port>`.
    pub(crate) server: &'a str,
    /// The file with the certificate authority of the server; none for `http://`.
    pub(crate) authority: Option<&'a Path>,
    /// The user's name, for people.
    pub(crate) user: &'a str,
    pub(crate) token: &'a str,
}

impl Access {
    /// Writes a kubeconfig file for `identity`, readable by its owner only.
    pub(crate) async fn write(kubeconfig: PathBuf, identity: &Identity<'_>) -> Result<Self, AccessError> {
        let text = identity.to_kubeconfig();
        private_file::write(&kubeconfig, &text)
            .map_err(|source| AccessError::Write { path: kubeconfig.clone(), source })?;
        let parsed = Kubeconfig::from_yaml(&text)?;
        let config = Config::from_custom_kubeconfig(parsed, &KubeConfigOptions::default()).await?;
        Ok(Self { kubeconfig, config })
    }

    /// The kubeconfig file, absolute, mode 0600.
    pub fn kubeconfig(&self) -> &Path {
        &self.kubeconfig
    }

    /// The configuration of clients.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// A new client. It works within the tokio runtime that it is made in, so each test makes its own.
    pub fn client(&self) -> Result<Client, kube::Error> {
        Client::try_from(self.config.clone())
    }
}

impl Identity<'_> {
    fn to_kubeconfig(&self) -> String {
        let Self { server, authority, user, token } = self;
        let authority = authority
            .map(|file| format!(", certificate-authority: \"{}\"", file.display()))
            .unwrap_or_default();
        format!(
            "apiVersion: v1
kind: Config
clusters:
- name: scim
  cluster: {{server: \"{server}\"{authority}}}
users:
- name: \"{user}\"
  user: {{token: \"{token}\"}}
contexts:
- name: scim
  context: {{cluster: scim, user: \"{user}\", namespace: default}}
current-context: scim
"
        )
    }
}
