//! Log lines: to standard error, as text for people or JSON for collectors.

use std::{io, panic};

use clap::ValueEnum;
use tracing_subscriber::{EnvFilter, filter, fmt, util::TryInitError};
use tracing_subscriber::{layer::SubscriberExt as _, util::SubscriberInitExt as _};

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Lines for people; in colours on a terminal.
    Text,
    /// One JSON object a line, the event's fields at the top.
    Json,
}

/// Starts logging for the whole process, panics included; `filter` has the form of `RUST_LOG`.
pub fn start(format: Format, filter: &str) -> Result<(), TelemetryError> {
    let filter = EnvFilter::try_new(filter)?;
    let registry = tracing_subscriber::registry().with(filter);
    match format {
        Format::Text => {
            let colours = io::IsTerminal::is_terminal(&io::stderr());
            registry.with(fmt::layer().with_ansi(colours).with_writer(io::stderr)).try_init()?;
        }
        Format::Json => {
            let layer = fmt::layer().json().flatten_event(true).with_span_list(false);
            registry.with(layer.with_writer(io::stderr)).try_init()?;
        }
    }
    panic::set_hook(Box::new(|panic| tracing::error!(%panic, "a defect made a task panic")));
    Ok(())
}

/// Why logging did not start.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// `--log-filter` is not a filter.
    #[error("the log filter cannot be read")]
    Filter(#[from] filter::ParseError),
    /// It was started before.
    #[error("logging was started twice")]
    Started(#[from] TryInitError),
}
