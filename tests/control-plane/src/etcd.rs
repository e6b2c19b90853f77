//! etcd, as a part: where the API server keeps its objects.

use std::time::Duration;

use rustix::process::Signal;

use crate::installation::{Artifact, Installation};
use crate::part::{Part, PartError};
use crate::stack::StackError;
use crate::state::StateDirectory;
use crate::{port, probe};

const READY_WITHIN: Duration = Duration::from_secs(30);

/// etcd on 127.0.0.1. It does not wait for the disk: its data dies with the run.
#[derive(Debug)]
pub struct Etcd {
    part: Part,
    port: u16,
}

impl Etcd {
    pub(crate) fn new(installation: &Installation, state: &StateDirectory) -> Result<Self, StackError> {
        let port = port::free()?;
        let client = format!("http://127.0.0.1:{port}");
        let peer = format!("http://127.0.0.1:{}", port::free()?);
        let arguments = vec![
            "--data-dir=etcd".to_owned(),
            format!("--listen-client-urls={client}"),
            format!("--advertise-client-urls={client}"),
            format!("--listen-peer-urls={peer}"),
            format!("--initial-advertise-peer-urls={peer}"),
            format!("--initial-cluster=default={peer}"),
            "--log-level=warn".to_owned(),
            "--unsafe-no-fsync".to_owned(),
        ];
        let command = state.command(installation.path(Artifact::Etcd)?, arguments, "etcd");
        Ok(Self { part: Part::new("etcd", command, Signal::TERM), port })
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Starts it with the data it has, and waits until it answers.
    pub async fn start(&self) -> Result<(), PartError> {
        self.part.start(READY_WITHIN, async |_| probe::answers(self.port, "/health").await).await
    }

    /// Stops it. The API server cannot end in an orderly way without it: stop that first.
    pub async fn stop(&self) {
        self.part.stop().await;
    }
}
