//! The operator: makes SCIM connections out of `ScimTenant`s.
//!
//! A library, so that a test can run the same program with other migrations of the tenants' schemas.

mod apply;
mod arguments;
mod audit;
mod backoff;
mod census;
mod class;
mod concern;
mod conditions;
mod containment;
mod context;
mod controllers;
mod duration;
mod error;
mod event;
mod finalizer;
#[cfg(test)]
mod fixtures;
mod lease;
mod metrics;
mod object;
mod obstacle;
mod pace;
mod profile;
mod registry;
mod rollout;
mod route;
mod scope;
mod settings;
mod start;
mod surroundings;
mod sweep;
mod tenant;
mod wake;
mod watch;

use std::process::ExitCode;

use clap::Parser as _;
use database::migration::TenantMigrations;
use tokio::runtime::Runtime;
use tracing::error;

use crate::arguments::Arguments;
use crate::start::StartError;

/// The program: reads the command line and runs until it is asked to end.
///
/// `migrations` are those that bring the schemas of tenants up to date.
pub fn main_with(migrations: TenantMigrations) -> ExitCode {
    let arguments = Arguments::parse();
    let observability = &arguments.observability;
    if let Err(error) = process::telemetry::start(observability.log_format, &observability.log_filter) {
        eprintln!("{}", error::in_full(&error));
        return ExitCode::FAILURE;
    }
    let ended = Runtime::new()
        .map_err(StartError::Runtime)
        .and_then(|runtime| runtime.block_on(start::run(&arguments, migrations)));
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            error!("{}", error::in_full(&error));
            ExitCode::FAILURE
        }
    }
}
