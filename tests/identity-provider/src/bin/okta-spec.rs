//! Runs Okta's published SCIM 2.0 SPEC test against a tenant: a table of steps, and status 1 on any failure.

use std::{error::Error, fs, net::SocketAddr, path::PathBuf, process::ExitCode};

use clap::Parser;
use identity_provider::{Connection, okta_spec};

/// Why the test did not run to its end.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("{} cannot be read", .0.display())]
    Certificate(PathBuf, #[source] std::io::Error),
    #[error("there is no connection to the tenant")]
    Connection(#[source] identity_provider::Error),
    #[error("the test could not be run")]
    Run(#[from] okta_spec::RunError),
}

/// Runs Okta's published SCIM 2.0 SPEC test against a tenant.
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
    /// The data files; without any, all of scim-test-data in the shared folder beside the repository.
    files: Vec<PathBuf>,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("okta-spec: {error}");
            let mut cause = error.source();
            while let Some(error) = cause {
                eprintln!("  because: {error}");
                cause = error.source();
            }
            ExitCode::FAILURE
        }
    }
}

/// Whether every step of every file passed in time.
async fn run(arguments: Arguments) -> Result<bool, Failure> {
    let connection = connect(&arguments)?;
    let files = if arguments.files.is_empty() { okta_spec::published_files()? } else { arguments.files };
    let mut passed = true;
    for file in files {
        let report = okta_spec::run(&connection, &file).await?;
        println!("{report}\n");
        passed &= report.passed() && report.in_time();
    }
    Ok(passed)
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
