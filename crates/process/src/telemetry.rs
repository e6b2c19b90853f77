//! What a process tells while it runs: log lines to standard error, as text for people or JSON for collectors, and traces where the
//! environment asks for them ([`traces`](crate::traces)).

use std::{io, panic};

use clap::ValueEnum;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing::Subscriber;
use tracing_subscriber::{
    EnvFilter, Layer, filter,
    filter::{FilterExt as _, FilterFn},
    fmt,
    layer::SubscriberExt as _,
    registry::LookupSpan,
    util::{SubscriberInitExt as _, TryInitError},
};

use crate::{
    line::Line,
    traces::{self, TracesError},
};

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Lines for people; in colours on a terminal.
    Text,
    /// One JSON object a line, the event's fields at the top.
    Json,
}

/// Keeps traces flowing; when it is dropped, what was not sent yet is sent, which takes five seconds at most.
#[derive(Debug)]
#[must_use = "traces end when this is dropped"]
pub struct Telemetry {
    traces: Option<SdkTracerProvider>,
}

/// Starts telling for the whole process, panics included; `filter` has the form of `RUST_LOG` and is for log lines alone. `service` is
/// the name of the program in traces.
pub fn start(service: &'static str, format: Format, filter: &str) -> Result<Telemetry, TelemetryError> {
    let filter = EnvFilter::try_new(filter)?;
    let traces = traces::provider(service)?;
    let mut layers = vec![log(format, filter)];
    layers.extend(traces.as_ref().map(|provider| traces::layer(provider).boxed()));
    tracing_subscriber::registry().with(layers).try_init()?;
    panic::set_hook(Box::new(|panic| tracing::error!(%panic, "a defect made a task panic")));
    Ok(Telemetry { traces })
}

fn log<S>(format: Format, filter: EnvFilter) -> Box<dyn Layer<S> + Send + Sync>
where
    S: Subscriber + for<'a> LookupSpan<'a> + Send + Sync,
{
    let filter = filter.and(FilterFn::new(|metadata| metadata.target() != traces::TARGET));
    match format {
        Format::Text => {
            let colours = io::IsTerminal::is_terminal(&io::stderr());
            let line = Line::text(fmt::format().with_ansi(colours));
            let layer = fmt::layer().with_ansi(colours).event_format(line);
            layer.with_writer(io::stderr).with_filter(filter).boxed()
        }
        Format::Json => {
            let line = Line::json(fmt::format().json().flatten_event(true).with_span_list(false));
            let layer = fmt::layer().json().event_format(line);
            layer.with_writer(io::stderr).with_filter(filter).boxed()
        }
    }
}

impl Drop for Telemetry {
    fn drop(&mut self) {
        if let Some(traces) = &self.traces
            && let Err(error) = traces.shutdown()
        {
            tracing::warn!(%error, "the last spans could not be sent");
        }
    }
}

/// Why nothing can be told.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// `--log-filter` is not a filter.
    #[error("the log filter cannot be read")]
    Filter(#[from] filter::ParseError),
    /// Traces are asked for, and cannot be sent.
    #[error(transparent)]
    Traces(#[from] TracesError),
    /// It was started before.
    #[error("logging was started twice")]
    Started(#[from] TryInitError),
}
