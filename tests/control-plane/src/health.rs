//! What GitOps tools make of our objects: Flux by kstatus, Argo CD by the scripts that we ship for it.

use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde::Deserialize;
use serde_json::Value;
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

use crate::installation::{Artifact, Installation, NotInstalled};

/// What both say of one object.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Judgement {
    /// The status by kstatus, which Flux, `kpt` and `cli-utils` wait for.
    pub kstatus: Kstatus,
    /// Why, in kstatus' words.
    pub kstatus_message: String,
    /// The health by our script. Of an object that is being deleted Argo CD itself says `Progressing` with
    /// "Pending deletion", and asks no script.
    pub argo: Health,
    /// Why, in our script's words.
    pub argo_message: String,
}

/// The statuses of kstatus.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum Kstatus {
    /// It is being worked on.
    InProgress,
    /// It will not get better without a change.
    Failed,
    /// It is as declared.
    Current,
    /// It is being deleted.
    Terminating,
}

/// The healths of Argo CD that a script may answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum Health {
    /// It works.
    Healthy,
    /// It does not work yet.
    Progressing,
    /// It does not work.
    Degraded,
    /// Somebody has stopped it.
    Suspended,
}

/// Why there is no judgement.
#[derive(Debug, thiserror::Error)]
pub enum HealthError {
    /// The program is not in the cache.
    #[error(transparent)]
    NotInstalled(#[from] NotInstalled),
    /// It cannot be run.
    #[error("the program `health` cannot be run")]
    Run(#[from] io::Error),
    /// It refuses: a script is wrong, or there is none for a kind.
    #[error("the program `health` says: {0}")]
    Refused(String),
    /// It says what we do not understand, such as a health that is none.
    #[error("the program `health` is not understood")]
    Understand(#[from] serde_json::Error),
}

/// What kstatus and Argo CD say of each of `objects`: whole ones, with `apiVersion` and `kind`.
pub async fn judge(installation: &Installation, objects: &[Value]) -> Result<Vec<Judgement>, HealthError> {
    let mut child = Command::new(installation.path(Artifact::Health)?)
        .arg(scripts())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    let lines = objects.iter().map(Value::to_string).collect::<Vec<_>>().join("\n");
    let stdin = child.stdin.take();
    let write = async {
        if let Some(mut stdin) = stdin {
            let _ = stdin.write_all(lines.as_bytes()).await; // where it ended early, it says why
        }
    };
    let (output, ()) = tokio::join!(child.wait_with_output(), write);
    let output = output?;
    if !output.status.success() {
        return Err(HealthError::Refused(String::from_utf8_lossy(&output.stderr).trim().to_owned()));
    }
    let judgements = String::from_utf8_lossy(&output.stdout);
    Ok(judgements.lines().map(serde_json::from_str).collect::<Result<_, _>>()?)
}

/// The folder with `<group>/<kind>/health.lua`, as Argo CD's own `resource_customizations` has it.
fn scripts() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/argo-cd/health")
}
