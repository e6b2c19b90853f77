//! The SCIM endpoint: stateless, serves the provisioning traffic of all tenants.

use std::process::ExitCode;

use clap::Parser as _;
use scim_server::{arguments::Arguments, run::run};

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("scim-server: {}", scim_server::error::chain(&error));
            ExitCode::FAILURE
        }
    }
}
