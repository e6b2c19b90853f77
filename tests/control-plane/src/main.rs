//! The command line of the control plane.

mod with_postgres;

use std::error::Error;
use std::ffi::OsString;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use control_plane::{Artifact, Installation, namespace};

/// A real control plane for tests and demo: API server, PostgreSQL, ingress controller, as processes.
#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    command: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Bring all programs into the cache, once: $SCIM_CACHE, else /var/cache/scim-operator as root, else
    /// ~/.cache/scim-operator. What is in $KUBEBUILDER_ASSETS is taken from there.
    Install,
    /// Print where a program of the cache is.
    Path {
        /// etcd, kube-apiserver, kube-controller-manager, kubectl, helm, contour, envoy, health, libfaketime.so.1,
        /// postgresql and scim2-tester (folders), contour-crds.yaml, gateway-crds.yaml,
        /// monitoring-crds.yaml, api-crds.yaml, argo-cd-crds.yaml, crdify
        #[arg(value_parser = artifact)]
        name: Artifact,
    },
    /// Run a command in a network namespace of its own, where lo has the address 198.18.0.1 (SCIM_TEST_ADDRESS).
    InNamespace {
        /// The command and its arguments
        #[arg(last = true, required = true)]
        command: Vec<OsString>,
    },
    /// Run a command with a PostgreSQL of its own (TEST_DATABASE_URL, a superuser), and end as the command does.
    WithPostgres {
        /// The command and its arguments
        #[arg(last = true, required = true)]
        command: Vec<OsString>,
    },
    /// The half of in-namespace that runs inside.
    #[command(hide = true)]
    EnterNamespace {
        /// The command and its arguments
        #[arg(last = true, required = true)]
        command: Vec<OsString>,
    },
}

fn main() -> ExitCode {
    match run(Arguments::parse().command) {
        Ok(code) => code,
        Err(error) => {
            eprint!("control-plane: {error}");
            let mut cause = error.source();
            while let Some(error) = cause {
                eprint!(": {error}");
                cause = error.source();
            }
            eprintln!();
            ExitCode::FAILURE
        }
    }
}

fn run(action: Action) -> Result<ExitCode, Box<dyn Error>> {
    // The runtime is made where it is needed only: the namespace commands become other programs.
    let runtime = || tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let installation = Installation::of_environment();
    match action {
        Action::Install => {
            runtime()?.block_on(installation.install(&Artifact::ALL))?;
            println!("{}", installation.cache().display());
        }
        Action::Path { name } => println!("{}", installation.path(name)?.display()),
        Action::WithPostgres { command } => {
            return Ok(runtime()?.block_on(with_postgres::run(&installation, &command))?);
        }
        Action::InNamespace { command } => match namespace::make(&command)? {},
        Action::EnterNamespace { command } => match namespace::set_up(&command)? {},
    }
    Ok(ExitCode::SUCCESS)
}

fn artifact(name: &str) -> Result<Artifact, String> {
    Artifact::named(name).ok_or_else(|| {
        let names: Vec<_> = Artifact::ALL.into_iter().map(Artifact::name).collect();
        format!("it is one of {}", names.join(", "))
    })
}
