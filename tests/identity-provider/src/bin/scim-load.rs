//! Puts a steady load on a tenant until it is told to stop: every failed request is printed, and makes status 1.

use std::{error::Error, fs, net::SocketAddr, path::PathBuf, process::ExitCode, time::Duration};

use clap::Parser;
use identity_provider::{Connection, Load};
use tokio::signal::unix::{SignalKind, signal};

/// Why there was no load.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("{} cannot be read", .0.display())]
    Certificate(PathBuf, #[source] std::io::Error),
    #[error("there is no connection to the tenant")]
    Connection(#[source] identity_provider::Error),
    #[error("signals cannot be caught")]
    Signals(#[source] std::io::Error),
    #[error("the tenant did not say how many people it has")]
    People(#[source] identity_provider::Error),
}

/// Provisions people in a tenant, over and over, until SIGINT, SIGTERM or the end of the duration.
#[derive(Parser)]
struct Arguments {
    /// As the tenant's status shows it.
    #[arg(long, env = "TENANT_URL")]
    tenant_url: String,
    /// As the tenant's Secret holds it.
    #[arg(long, env = "TOKEN", hide_env_values = true)]
    token: String,
    /// A PEM file with the only certificates to trust.
    #[arg(long)]
    root_certificate: Option<PathBuf>,
    /// Sends what is for the Tenant URL's host to this address.
    #[arg(long)]
    address: Option<SocketAddr>,
    /// Requests on their way at most.
    #[arg(long, default_value_t = 8)]
    workers: usize,
    /// Requests in a second; without it, as many as are answered.
    #[arg(long)]
    rate: Option<f64>,
    /// Seconds; without it, until a signal.
    #[arg(long)]
    duration: Option<u64>,
    /// Of so many people one stays in the tenant; none with 0.
    #[arg(long, default_value_t = 20)]
    keep_one_of: usize,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("scim-load: {error}");
            let mut cause = error.source();
            while let Some(error) = cause {
                eprintln!("  because: {error}");
                cause = error.source();
            }
            ExitCode::FAILURE
        }
    }
}

/// Whether no request failed.
async fn run(arguments: Arguments) -> Result<bool, Failure> {
    let connection = connect(&arguments)?;
    let load = Load { workers: arguments.workers, rate: arguments.rate, keep_one_of: arguments.keep_one_of };
    let mut interrupt = signal(SignalKind::interrupt()).map_err(Failure::Signals)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(Failure::Signals)?;
    let stop = async {
        let end = async {
            match arguments.duration {
                Some(seconds) => tokio::time::sleep(Duration::from_secs(seconds)).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! { _ = interrupt.recv() => {}, _ = terminate.recv() => {}, () = end => {} }
    };
    let report =
        load.run(&connection, stop, |failure| eprintln!("{failure}")).await.map_err(Failure::People)?;
    println!("{report}");
    Ok(report.passed())
}

fn connect(arguments: &Arguments) -> Result<Connection, Failure> {
    let mut builder = Connection::builder(&arguments.tenant_url, &arguments.token);
    if let Some(path) = &arguments.root_certificate {
        let pem = fs::read(path).map_err(|error| Failure::Certificate(path.clone(), error))?;
        builder = builder.root_certificate(pem);
    }
    if let Some(address) = arguments.address {
        builder = builder.resolve_to(address);
    }
    builder.build().map_err(Failure::Connection)
}
