//! Why the product is not installed, or a customer not connected.

use std::io;
use std::time::Duration;

/// Text for a person at a terminal.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The control plane's programs are missing, or one of them does not run.
    #[error(transparent)]
    Stack(#[from] control_plane::StackError),
    /// A program of ours does not start.
    #[error(transparent)]
    Process(#[from] control_plane::PartError),
    /// No access to the API server.
    #[error(transparent)]
    Access(#[from] control_plane::AccessError),
    /// The API server refuses.
    #[error("the API server refuses")]
    Kubernetes(#[from] Box<kube::Error>),
    /// PostgreSQL refuses.
    #[error("PostgreSQL refuses")]
    Database(#[from] sqlx::Error),
    /// A file cannot be read, or a port be had.
    #[error("{what}")]
    File {
        /// What was tried.
        what: String,
        /// The operating system's word.
        #[source]
        source: io::Error,
    },
    /// The proxy before the API server cannot be made.
    #[error("the proxy has no way to the API server")]
    Proxy(#[source] reqwest::Error),
    /// A manifest is not what it should be.
    #[error("{file} is not understood: {reason}")]
    Manifest {
        /// The file.
        file: String,
        /// Where and why.
        reason: String,
    },
    /// helm does not render or install the chart.
    #[error("helm refuses: {said}")]
    Helm {
        /// Its message.
        said: String,
    },
    /// A Pod needs what only a node has.
    #[error("Pod {pod} cannot be run as processes: it has {what}")]
    Pod {
        /// `<namespace>/<name>`.
        pod: String,
        /// What is not understood, or missing.
        what: String,
    },
    /// A tenant did not become ready.
    #[error("ScimTenant {tenant} is not Ready after {}s; its conditions: {conditions}", within.as_secs())]
    NotReady {
        /// `<namespace>/<name>`.
        tenant: String,
        /// How long we waited.
        within: Duration,
        /// `Type=Status (Reason: message)`, one after another.
        conditions: String,
    },
    /// A Ready tenant lacks what it should have.
    #[error("ScimTenant {tenant} has no {what}")]
    Incomplete {
        /// `<namespace>/<name>`.
        tenant: String,
        /// The part that is missing.
        what: &'static str,
    },
    /// The HTTP client cannot be made.
    #[error(transparent)]
    Connection(#[from] identity_provider::Error),
}

impl From<kube::Error> for Error {
    fn from(error: kube::Error) -> Self {
        Self::Kubernetes(Box::new(error))
    }
}
