//! A log line that says to which trace it belongs, where there is one.

use std::fmt;

use opentelemetry::trace::TraceId;
use tracing::{Event, Subscriber};
use tracing_subscriber::{
    fmt::{
        FmtContext, FormatEvent, FormatFields,
        format::{Format, Full, Json, Writer},
    },
    registry::LookupSpan,
};

use crate::traces;

/// Writes lines as the format within it does, and the id of the trace besides.
#[derive(Debug)]
pub(crate) struct Line<F> {
    format: F,
    write: fn(Writer<'_>, &str, TraceId) -> fmt::Result,
}

impl Line<Format<Full>> {
    /// Lines for people: the id stands at the end.
    pub(crate) fn text(format: Format<Full>) -> Self {
        let write = |mut writer: Writer<'_>, line: &str, trace: TraceId| {
            writeln!(writer, "{} trace_id={trace}", line.trim_end_matches('\n'))
        };
        Self { format, write }
    }
}

impl Line<Format<Json>> {
    /// JSON objects: the id is their first member, named as OpenTelemetry names it in logs that are none of its own.
    pub(crate) fn json(format: Format<Json>) -> Self {
        let write = |mut writer: Writer<'_>, line: &str, trace: TraceId| {
            let members = line.strip_prefix('{').unwrap_or(line);
            write!(writer, "{{\"trace_id\":\"{trace}\",{members}")
        };
        Self { format, write }
    }
}

impl<S, N, F> FormatEvent<S, N> for Line<F>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
    F: FormatEvent<S, N>,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let Some(trace) = traces::current() else {
            return self.format.format_event(context, writer, event);
        };
        let mut line = String::new();
        self.format.format_event(context, Writer::new(&mut line), event)?;
        (self.write)(writer, &line, trace)
    }
}

#[cfg(test)]
mod tests {
    use std::{
        io,
        sync::{Arc, Mutex},
    };

    use opentelemetry_sdk::trace::SdkTracerProvider;
    use tracing::{Subscriber, subscriber::with_default};
    use tracing_subscriber::{Registry, fmt, fmt::MakeWriter, layer::SubscriberExt as _};

    use super::*;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl<'a> MakeWriter<'a> for Lines {
        type Writer = Self;

        fn make_writer(&'a self) -> Self {
            self.clone()
        }
    }

    /// Two lines, of which the second is written in a trace, and its id.
    fn lines<S: Subscriber + Send + Sync>(
        subscriber: impl FnOnce(Lines, SdkTracerProvider) -> S,
    ) -> (String, String) {
        let lines = Lines::default();
        let mut trace = None;
        with_default(subscriber(lines.clone(), SdkTracerProvider::default()), || {
            tracing::info!("before");
            let _request = tracing::info_span!(target: traces::TARGET, "request").entered();
            tracing::info!("within");
            trace = traces::current();
        });
        let written = lines.0.lock().unwrap().clone();
        (String::from_utf8(written).unwrap(), trace.unwrap().to_string())
    }

    #[test]
    fn json_names_the_trace_of_a_line_and_stays_json() {
        let (text, trace) = lines(|lines, provider| {
            let line = Line::json(fmt::format().json().flatten_event(true).with_span_list(false));
            let log = fmt::layer().json().event_format(line).with_writer(lines);
            Registry::default().with(log).with(traces::layer(&provider))
        });
        let [before, within] = text.lines().collect::<Vec<_>>()[..] else { panic!("{text}") };
        assert!(!before.contains("trace_id"), "{before}");
        assert!(within.starts_with(&format!("{{\"trace_id\":\"{trace}\",\"timestamp\":\"")), "{within}");
        assert!(within.contains("\"message\":\"within\"") && within.ends_with('}'), "{within}");
    }

    #[test]
    fn text_names_the_trace_of_a_line_at_its_end() {
        let (text, trace) = lines(|lines, provider| {
            let line = Line::text(fmt::format().with_ansi(false));
            let log = fmt::layer().with_ansi(false).event_format(line).with_writer(lines);
            Registry::default().with(log).with(traces::layer(&provider))
        });
        let [before, within] = text.lines().collect::<Vec<_>>()[..] else { panic!("{text}") };
        assert!(before.ends_with("before"), "{before}");
        assert!(within.ends_with(&format!("within trace_id={trace}")), "{within}");
    }
}
