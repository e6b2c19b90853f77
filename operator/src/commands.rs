//! What the program does besides running the operator: commands for Jobs, such as the hooks of the Helm chart. They ask the API
//! server alone, never a database; what they tell is in the log.

mod generate_secret;
mod test_tenant;
mod uninstall;

use std::ffi::OsString;

use clap::{Args, CommandFactory as _, FromArgMatches as _, Subcommand};
use kube::Client;
use process::shutdown::{self, Signal};
use process::telemetry::Format;
use tracing::info;

use crate::arguments::Arguments;

/// What the program is asked to do.
#[derive(Debug)]
pub(crate) enum Task {
    /// To be the operator.
    Operate(Box<Arguments>),
    /// Something else.
    CarryOut(Box<Command>),
}

/// What is to be done in place of running the operator.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Makes a Secret with random values, and adds those that are missing; what is there is never changed
    GenerateSecret(generate_secret::Arguments),
    /// Stops the operator and takes away what would outlive it: finalizers and routes. Data, Secrets and resources stay
    Uninstall(uninstall::Arguments),
    /// Makes a ScimTenant to try the installation with, or removes it
    #[command(subcommand)]
    TestTenant(test_tenant::Command),
}

/// How a command tells about itself.
#[derive(Args, Clone, Debug)]
pub(crate) struct Logging {
    /// How log lines look
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(crate) log_format: Format,

    /// Which log lines are written
    #[arg(long, value_name = "FILTER", env = "RUST_LOG", default_value = "info")]
    pub(crate) log_filter: String,
}

/// Why a command did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CommandError {
    /// The operating system gives no threads.
    #[error("the operating system gives no threads")]
    Runtime(#[source] std::io::Error),
    /// No API server is configured.
    #[error("no API server to connect to: run in a pod with a service account, or set KUBECONFIG")]
    Kubernetes(#[source] kube::Error),
    /// Signals cannot be received.
    #[error("signals cannot be received")]
    Signals(#[source] std::io::Error),
    /// It was asked to end first.
    #[error("ends on {0} before it is done; run it again, which goes on where this one stopped")]
    Interrupted(Signal),
    /// `generate-secret` failed.
    #[error(transparent)]
    GenerateSecret(#[from] generate_secret::GenerateSecretError),
    /// `uninstall` failed.
    #[error(transparent)]
    Uninstall(#[from] uninstall::UninstallError),
    /// `test-tenant` failed.
    #[error(transparent)]
    TestTenant(#[from] test_tenant::TestTenantError),
}

impl Task {
    /// Understands a command line, the name of the program first: the operator's arguments, or a command with its own.
    pub(crate) fn parse<I, T>(line: I) -> Result<Self, clap::Error>
    where
        I: IntoIterator<Item = T>,
        T: Into<OsString> + Clone,
    {
        let mut program = program();
        let matches = program.try_get_matches_from_mut(line)?;
        let task = match matches.subcommand_name() {
            Some(_) => Command::from_arg_matches(&matches).map(|command| Self::CarryOut(Box::new(command))),
            None => Arguments::from_arg_matches(&matches).map(|arguments| Self::Operate(Box::new(arguments))),
        };
        task.map_err(|error| error.format(&mut program))
    }
}

/// Not derived: clap would not tell the operator's arguments, which are in groups, from none.
fn program() -> clap::Command {
    Command::augment_subcommands(Arguments::command())
        .args_conflicts_with_subcommands(true)
        .subcommand_negates_reqs(true)
}

impl Command {
    /// How it tells about itself.
    pub(crate) fn logging(&self) -> &Logging {
        match self {
            Self::GenerateSecret(arguments) => &arguments.logging,
            Self::Uninstall(arguments) => &arguments.logging,
            Self::TestTenant(command) => command.logging(),
        }
    }

    /// Does it, unless a signal comes first: the first process of a container is not ended by one that it does not handle.
    pub(crate) async fn run(&self) -> Result<(), CommandError> {
        let signal = shutdown::signal().map_err(CommandError::Signals)?;
        let client = Client::try_default().await.map_err(CommandError::Kubernetes)?;
        tokio::select! {
            done = self.carry_out(client) => done?,
            signal = signal => return Err(CommandError::Interrupted(signal)),
        }
        info!("done");
        Ok(())
    }

    async fn carry_out(&self, client: Client) -> Result<(), CommandError> {
        match self {
            Self::GenerateSecret(arguments) => generate_secret::run(arguments, client).await?,
            Self::Uninstall(arguments) => uninstall::run(arguments, client).await?,
            Self::TestTenant(command) => test_tenant::run(command, client).await?,
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
