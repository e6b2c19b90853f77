//! Durations as Kubernetes writes them: `720h`, `1h30m`.

use std::fmt::Write as _;
use std::time::Duration;

use crds::Reason;

use crate::obstacle::Obstacle;

/// As the definitions have it. Longer ones may not fit into the numbers that they are read with.
const LONGEST_TEXT: usize = 16;
/// Ten years, so that it can be added to any time.
const LONGEST: Duration = Duration::from_hours(87_600);

/// Reads the duration in a field such as `spec.deletionDelay`: of hours, minutes and seconds, ten years at most. The obstacle
/// is a lasting one.
pub(crate) fn read(field: &str, text: &str) -> Result<Duration, Obstacle> {
    let invalid = |why: &str| Obstacle::lasting(Reason::InvalidSpec, format!("{field} is {text}: {why}"));
    let parsed = if text.is_empty() || text.len() > LONGEST_TEXT {
        None
    } else {
        text.parse::<kube::core::Duration>().ok().filter(|parsed| !parsed.is_negative())
    };
    let duration =
        parsed.map(Duration::from).ok_or_else(|| invalid("that is no duration such as 24h or 1h30m"))?;
    if duration <= LONGEST { Ok(duration) } else { Err(invalid("the longest is 87600h")) }
}

/// Writes a duration so that [`read`] reads it, in whole seconds.
pub(crate) fn write(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let mut text = String::new();
    for (count, unit) in [(seconds / 3600, 'h'), (seconds / 60 % 60, 'm'), (seconds % 60, 's')] {
        if count > 0 {
            // Writing into a String cannot fail.
            let _ = write!(text, "{count}{unit}");
        }
    }
    if text.is_empty() { "0s".to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_minutes_and_seconds_are_read_and_written() {
        for (text, seconds, written) in [
            ("720h", 720 * 3600, "720h"),
            ("1h30m", 5400, "1h30m"),
            ("90m", 5400, "1h30m"),
            ("30m1h", 5400, "1h30m"),
            ("1h1h", 7200, "2h"),
            ("45s", 45, "45s"),
            ("0s", 0, "0s"),
            ("87600h", 87_600 * 3600, "87600h"),
        ] {
            let duration = read("spec.deletionDelay", text).unwrap();
            assert_eq!(duration.as_secs(), seconds, "{text}");
            assert_eq!(write(duration), written);
        }
    }

    #[test]
    fn what_cannot_be_read_or_is_too_long_is_named_with_its_field() {
        let refusal = |text| read("spec.deletionDelay", text).unwrap_err().message;
        insta::assert_snapshot!(refusal("1d"), @"spec.deletionDelay is 1d: that is no duration such as 24h or 1h30m");
        insta::assert_snapshot!(refusal("87601h"), @"spec.deletionDelay is 87601h: the longest is 87600h");
        for text in ["", "h", "1", "-1h", "9999999999999999h", "999999999999999h", "99999999999999hh"] {
            assert!(read("spec.deletionDelay", text).is_err(), "{text}");
        }
    }
}
