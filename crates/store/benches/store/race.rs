//! Cases that take turns, so that whatever slows the machine down for a while slows all of them down.
//!
//! Four clients run a case at once: with one, half of a short run's time would be that of processors waking up, which
//! differs between machines and hides what the run itself costs.

use std::pin::Pin;
use std::time::{Duration, Instant};

/// How many clients run a case at once. Their pool has as many connections.
pub(crate) const CLIENTS: usize = 4;
/// Runs of a client before the next case has its turn: enough to fill caches again that the others had emptied.
const RUNS_PER_TURN: usize = 10;
/// Rounds that do not count. After them PostgreSQL has settled on its plans, which it does at the sixth execution.
const WARM_UP: usize = 2;

/// Cases that are compared with the first of them.
pub(crate) struct Race<'c> {
    title: &'static str,
    cases: Vec<Case<'c>>,
}

struct Case<'c> {
    name: String,
    step: Box<dyn Step + 'c>,
    /// Of each turn: the time it took, by its runs.
    times: Vec<Duration>,
}

trait Step {
    fn run(&self, number: usize) -> Pin<Box<dyn Future<Output = ()> + '_>>;
}

impl<F: AsyncFn(usize)> Step for F {
    fn run(&self, number: usize) -> Pin<Box<dyn Future<Output = ()> + '_>> {
        Box::pin(self(number))
    }
}

impl<'c> Race<'c> {
    pub(crate) fn new(title: &'static str) -> Self {
        Self { title, cases: Vec::new() }
    }

    /// Adds a case. `step` is one run of it. It gets another number each time; modulo [`CLIENTS`] it is the client.
    pub(crate) fn case(mut self, name: impl Into<String>, step: impl AsyncFn(usize) + 'c) -> Self {
        self.cases.push(Case { name: name.into(), step: Box::new(step), times: Vec::new() });
        self
    }

    /// Gives each case a turn in each round, each round from another case on, and prints the medians.
    pub(crate) async fn run(mut self, rounds: usize) {
        for round in 0..WARM_UP + rounds {
            let first_case = round % self.cases.len();
            let (last, first) = self.cases.split_at_mut(first_case);
            for case in first.iter_mut().chain(last) {
                let time = case.turn(round).await;
                if round >= WARM_UP {
                    case.times.push(time);
                }
            }
        }
        println!("\n{:<60}{:>10}{:>8}", self.title, "median µs", "ratio");
        let mut base = None;
        for Case { name, times, .. } in &mut self.cases {
            times.sort_unstable();
            let median = times.get(rounds / 2).copied().unwrap_or_default();
            let ratio = median.div_duration_f64(*base.get_or_insert(median));
            println!("  {name:<58}{:>10}{ratio:>8.2}", median.as_micros());
        }
    }
}

impl Case<'_> {
    async fn turn(&self, round: usize) -> Duration {
        let client = async |client| {
            for run in 0..RUNS_PER_TURN {
                self.step.run((round * RUNS_PER_TURN + run) * CLIENTS + client).await;
            }
        };
        let started = Instant::now();
        tokio::join!(client(0), client(1), client(2), client(3));
        started.elapsed() / u32::try_from(RUNS_PER_TURN * CLIENTS).unwrap()
    }
}
