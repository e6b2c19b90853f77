//! What a person sees of long steps: a line when one begins, a sign of life each half minute, a line when it ends.

use std::convert::Infallible;
use std::time::{Duration, Instant};

const HEARTBEAT: Duration = Duration::from_secs(30);

/// Prints a line on standard error: standard output belongs to the command that runs under us.
pub(crate) fn say(line: &str) {
    eprintln!("== {line}");
}

/// Does `work`, a step that takes about `expected`, and tells of its begin, its life and its end.
pub(crate) async fn step<T, E>(
    name: &str,
    expected: Duration,
    work: impl Future<Output = Result<T, E>>,
) -> Result<T, E> {
    say(&format!("{name} (about {})", roughly(expected)));
    let begin = Instant::now();
    let outcome = tokio::select! {
        outcome = work => outcome,
        never = heartbeat(name, begin) => match never {},
    };
    let end = if outcome.is_ok() { "done in" } else { "failed after" };
    say(&format!("{name}: {end} {}", written(begin.elapsed())));
    outcome
}

async fn heartbeat(name: &str, begin: Instant) -> Infallible {
    loop {
        tokio::time::sleep(HEARTBEAT).await;
        say(&format!("still {name}, for {}", written(begin.elapsed())));
    }
}

/// `350 ms`, `4.2 s`, `3 min 20 s`.
pub(crate) fn written(duration: Duration) -> String {
    match duration.as_secs() {
        0 => format!("{} ms", duration.as_millis()),
        1..60 => format!("{:.1} s", duration.as_secs_f64()),
        seconds => format!("{} min {} s", seconds / 60, seconds % 60),
    }
}

/// `30 s`, `2 min`.
fn roughly(duration: Duration) -> String {
    match duration.as_secs() {
        seconds @ 0..60 => format!("{seconds} s"),
        seconds => format!("{} min", seconds / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_written_as_people_say_it() {
        assert_eq!(written(Duration::from_millis(350)), "350 ms");
        assert_eq!(written(Duration::from_millis(4_200)), "4.2 s");
        assert_eq!(written(Duration::from_secs(200)), "3 min 20 s");
        assert_eq!(roughly(Duration::from_secs(30)), "30 s");
        assert_eq!(roughly(Duration::from_mins(2)), "2 min");
    }
}
