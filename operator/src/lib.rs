//! The operator: makes SCIM connections out of `ScimTenant`s.
//!
//! A library, so that a test can run the same program with other migrations of the tenants' schemas.

mod apply;
mod arguments;
mod audit;
mod backoff;
mod census;
mod class;
mod commands;
mod concern;
mod conditions;
mod containment;
mod context;
mod controllers;
mod databases;
mod default_class;
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
mod page;
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

use std::error::Error;
use std::io;
use std::process::ExitCode;

use database::migration::TenantMigrations;
use process::telemetry::Format;
use tokio::runtime::Runtime;
use tracing::error;

use crate::commands::{CommandError, Task};
use crate::start::StartError;

/// The program: reads the command line, and runs until it is asked to end, or until its command is done.
///
/// `migrations` are those that bring the schemas of tenants up to date.
pub fn main_with(migrations: TenantMigrations) -> ExitCode {
    match Task::parse(std::env::args_os()) {
        // Help is no failure, and goes to standard output.
        Err(error) => error.exit(),
        Ok(Task::CarryOut(command)) => {
            let logging = command.logging();
            let done = on_runtime(CommandError::Runtime, command.run());
            told(logging.log_format, &logging.log_filter, done)
        }
        Ok(Task::Operate(arguments)) => {
            let observability = &arguments.observability;
            let ended = on_runtime(StartError::Runtime, start::run(&arguments, migrations));
            told(observability.log_format, &observability.log_filter, ended)
        }
    }
}

/// What it came to, once it has run: with logging from the start, the error last.
fn told<E: Error>(format: Format, filter: &str, run: impl FnOnce() -> Result<(), E>) -> ExitCode {
    let _telemetry = match process::telemetry::start("scim-operator", format, filter) {
        Ok(telemetry) => telemetry,
        Err(error) => {
            eprintln!("{}", error::in_full(&error));
            return ExitCode::FAILURE;
        }
    };
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            error!("{}", error::in_full(&error));
            ExitCode::FAILURE
        }
    }
}

/// Has this run to its end, not before it is called.
fn on_runtime<E>(
    no_runtime: fn(io::Error) -> E,
    run: impl Future<Output = Result<(), E>>,
) -> impl FnOnce() -> Result<(), E> {
    move || Runtime::new().map_err(no_runtime)?.block_on(run)
}
