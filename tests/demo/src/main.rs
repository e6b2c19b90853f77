//! `make demo`: the whole product on one machine, from `apply` to the first provisioned user, until Ctrl-C.

mod arrivals;
mod environment;
mod failure;
mod farewell;
mod show;

use std::pin::pin;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use control_plane::INGRESS_CLASS;
use identity_provider::Directory;
use identity_provider::entra::{Dialect, Job};
use product::{Customer, Installation, InstallationOptions, Manifest, repository};
use tokio::signal::unix::{SignalKind, signal};

use crate::failure::Failure;

const STATE: &str = ".demo";
const PEOPLE: usize = 6;
const READY_WITHIN: Duration = Duration::from_mins(1);
/// The default class first, so that the tenants after it find it.
const EXAMPLES: [&str; 8] = [
    "examples/default-class.yaml",
    "examples/first-tenant.yaml",
    "examples/envoy-entra/class.yaml",
    "examples/envoy-entra/tenant.yaml",
    "examples/platform-entra/class.yaml",
    "examples/platform-entra/tenant.yaml",
    "examples/envkey-okta-entra/class.yaml",
    "examples/envkey-okta-entra/tenant.yaml",
];

/// Runs the whole product on this machine until Ctrl-C.
#[derive(Parser, Debug)]
#[command(name = "make demo DEMO_ARGS=")]
struct Arguments {
    /// End by itself, with status 0, when the first users and groups have arrived
    #[arg(long)]
    exit: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let _ = rustls::crypto::ring::default_provider().install_default();
    match demo(&arguments).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            show::failure(&failure);
            ExitCode::FAILURE
        }
    }
}

async fn demo(arguments: &Arguments) -> Result<(), Failure> {
    show::step("Starting PostgreSQL, etcd, the API server, its controllers, Contour and Envoy");
    let state_directory = repository().join(STATE);
    let options = InstallationOptions { state_directory: Some(state_directory), operators: 1, servers: 2 };
    let mut interruption = pin!(interruption());
    let installation = tokio::select! {
        installation = Installation::start(&options) => installation?,
        () = &mut interruption => return Ok(()), // what was started ends with its handle
    };
    let outcome = tokio::select! {
        outcome = play(&installation, arguments) => outcome,
        () = &mut interruption => Ok(()),
    };
    show::step("Stopping");
    installation.stop().await;
    environment::remove(installation.stack());
    outcome
}

async fn play(installation: &Installation, arguments: &Arguments) -> Result<(), Failure> {
    environment::write(installation.stack())?;
    let customers = apply_examples(installation).await?;
    show::output_of(installation.stack(), &["get", "scimtenants", "--all-namespaces"]).await?;
    let first = customers.first().ok_or(Failure::NoTenant)?;
    show::step("An identity provider's first cycle, as Entra ID sends it, against the Tenant URL");
    first.reachable(READY_WITHIN).await?;
    let connection = first.connection()?;
    let directory = Directory::generate("acme.example", PEOPLE);
    let job = Job::new(&connection, Dialect::OptScim062020);
    job.test_connection().await?;
    println!("   {}", job.cycle(&directory).await?);
    arrivals::print(&connection).await?;
    farewell::print(installation.stack(), first);
    if !arguments.exit {
        println!("\nRunning until Ctrl-C.");
        std::future::pending::<()>().await;
    }
    Ok(())
}

async fn apply_examples(installation: &Installation) -> Result<Vec<Customer>, Failure> {
    show::step("kubectl apply: the examples' classes and tenants");
    let client = installation.client()?;
    let mut tenants = Vec::new();
    for file in EXAMPLES {
        let manifest = Manifest::read(file)?.reached_at(&installation.local_url(), INGRESS_CLASS, None);
        manifest.apply(&client).await?;
        tenants.extend(manifest.tenants());
    }
    let mut customers = Vec::new();
    for (namespace, name) in tenants {
        let customer = Customer::when_ready(&client, &namespace, &name, READY_WITHIN).await?;
        customers.push(customer);
    }
    Ok(customers)
}

/// Ctrl-C or SIGTERM.
async fn interruption() {
    let terminated = async {
        match signal(SignalKind::terminate()) {
            Ok(mut signal) => signal.recv().await,
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminated => {}
    }
}
