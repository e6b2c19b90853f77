//! `scim-operator`: makes SCIM connections out of `ScimTenant`s.

mod apply;
mod arguments;
mod backoff;
mod census;
mod class;
mod conditions;
mod containment;
mod context;
mod controllers;
mod error;
mod event;
mod finalizer;
#[cfg(test)]
mod fixtures;
mod lease;
mod metrics;
mod object;
mod obstacle;
mod profile;
mod registry;
mod route;
mod settings;
mod start;
mod sweep;
mod tenant;
mod watch;

use std::process::ExitCode;

use clap::Parser as _;
use tracing::error;

use crate::arguments::Arguments;

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let observability = &arguments.observability;
    if let Err(error) = process::telemetry::start(observability.log_format, &observability.log_filter) {
        eprintln!("{}", error::in_full(&error));
        return ExitCode::FAILURE;
    }
    match Box::pin(start::run(&arguments)).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            error!("{}", error::in_full(&error));
            ExitCode::FAILURE
        }
    }
}
