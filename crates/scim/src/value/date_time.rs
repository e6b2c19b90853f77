//! Date-times (RFC 7643 §2.3.5): read, and written so that their order is that of the text.

use jiff::{Timestamp, civil::DateTime, tz::TimeZone};

/// Reads an xsd:dateTime of the years 0 to 9999; one without an offset is in UTC.
pub(crate) fn parse(text: &str) -> Option<Timestamp> {
    let is_plain = text.starts_with(|first: char| first.is_ascii_digit())
        && text.contains(['T', 't'])
        && text.chars().all(|next| next.is_ascii_digit() || "TtZz:.+-".contains(next));
    if !is_plain {
        return None;
    }
    let moment = text.parse::<Timestamp>().ok().or_else(|| {
        let civil = text.parse::<DateTime>().ok()?;
        civil.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
    })?;
    comparable(moment).starts_with(|first: char| first.is_ascii_digit()).then_some(moment)
}

/// The moment in UTC with nine decimals: `2026-01-31T08:00:00.000000000Z`.
pub(crate) fn comparable(moment: Timestamp) -> String {
    format!("{moment:.9}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_moment_has_one_comparable_form() {
        for text in ["2026-01-31T08:00:00Z", "2026-01-31T09:00:00.000+01:00", "2026-01-31T08:00:00"] {
            assert_eq!(
                parse(text).map(comparable).as_deref(),
                Some("2026-01-31T08:00:00.000000000Z"),
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_no_date_time_is_not_read() {
        for text in [
            "",
            "2026-01-31",
            "yesterday",
            "-000001-01-01T00:00:00Z",
            "2026-13-01T00:00:00Z",
            "0000-01-01T00:00:00+14:00",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
