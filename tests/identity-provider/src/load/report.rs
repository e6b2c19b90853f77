//! What a load came to: how many requests of which kind, how long they took, and which ones failed.

use std::{collections::BTreeMap, error::Error as _, fmt, time::Duration};

use jiff::Timestamp;

use crate::Error;

/// A request that failed.
#[derive(Debug, Clone)]
pub struct Failure {
    at: Timestamp,
    text: String,
}

/// What a load came to.
#[derive(Debug, Clone, Default)]
pub struct Report {
    pub(super) failures: Vec<Failure>,
    pub(super) kept: u64,
    /// Those with an answer, by step.
    times: BTreeMap<&'static str, Vec<Duration>>,
    unanswered: u64,
    elapsed: Duration,
    people: People,
}

/// How many people the tenant had.
#[derive(Debug, Clone, Copy, Default)]
struct People {
    before: u64,
    after: u64,
}

impl Failure {
    pub(super) fn now(error: &Error) -> Self {
        let mut text = error.to_string();
        let mut cause = error.source();
        while let Some(error) = cause {
            text = format!("{text}\nbecause {error}");
            cause = error.source();
        }
        Self { at: Timestamp::now(), text }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "FAILED at {:.3}: {}", self.at, self.text.replace('\n', "\n    "))
    }
}

impl Report {
    pub(super) fn note(&mut self, step: &'static str, elapsed: Option<Duration>) {
        match elapsed {
            Some(elapsed) => self.times.entry(step).or_default().push(elapsed),
            None => self.unanswered += 1,
        }
    }

    pub(super) fn finish(&mut self, elapsed: Duration, before: u64, after: u64) {
        self.elapsed = elapsed;
        self.people = People { before, after };
    }

    /// Whether no request failed, and the tenant has exactly the people it should have.
    pub fn passed(&self) -> bool {
        self.failures.is_empty() && self.people.after == self.people.before + self.kept
    }

    fn requests(&self) -> usize {
        self.times.values().map(Vec::len).sum()
    }
}

/// A line for each step, and the sum.
impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            formatter,
            "{:<8}{:>9}{:>9}{:>9}{:>9}{:>9}",
            "step", "answers", "p50 ms", "p95 ms", "p99 ms", "max ms"
        )?;
        for (step, times) in &self.times {
            let mut times = times.clone();
            times.sort_unstable();
            let [half, most, nearly, all] = [50, 95, 99, 100].map(|percent| percentile(&times, percent));
            writeln!(formatter, "{step:<8}{:>9}{half:>9.1}{most:>9.1}{nearly:>9.1}{all:>9.1}", times.len())?;
        }
        let People { before, after } = self.people;
        #[expect(clippy::cast_precision_loss, reason = "it is shown with one digit")]
        let rate = self.requests() as f64 / self.elapsed.as_secs_f64().max(0.001);
        writeln!(
            formatter,
            "{} requests answered in {:.1} s, {rate:.1}/s; {} unanswered; {} failed",
            self.requests(),
            self.elapsed.as_secs_f64(),
            self.unanswered,
            self.failures.len()
        )?;
        write!(
            formatter,
            "people: {before} before, {} stayed, {after} after: {}",
            self.kept,
            if after == before + self.kept { "as expected" } else { "NOT AS EXPECTED" }
        )
    }
}

/// In milliseconds, of sorted times.
fn percentile(sorted: &[Duration], percent: usize) -> f64 {
    let index = (sorted.len() * percent).div_ceil(100).saturating_sub(1);
    sorted.get(index).map_or(0.0, |time| time.as_secs_f64() * 1000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_a_time_that_occurred() {
        let times: Vec<_> = (1..=200).map(Duration::from_millis).collect();
        let shown = [50, 99, 100].map(|percent| percentile(&times, percent).to_string());
        assert_eq!(shown, ["100", "198", "200"]);
        assert_eq!(percentile(&[], 50).to_string(), "0");
    }

    #[test]
    fn a_person_who_vanished_fails_the_load() {
        let mut report = Report { kept: 2, ..Report::default() };
        report.finish(Duration::from_secs(1), 3, 5);
        assert!(report.passed());
        report.finish(Duration::from_secs(1), 3, 4);
        assert!(!report.passed());
        assert!(report.to_string().ends_with("3 before, 2 stayed, 4 after: NOT AS EXPECTED"));
    }
}
