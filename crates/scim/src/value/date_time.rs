//! Date-times (RFC 7643 §2.3.5): read, and written so that their order is that of the text.

use jiff::{Timestamp, fmt::temporal::Pieces, tz::Offset};

/// Reads an xsd:dateTime of the years 0 to 9999; one without an offset is in UTC. The last day of the year 9999,
/// by which directories say "never", counts as the last moment that there is, a day before.
pub(crate) fn parse(text: &str) -> Option<Timestamp> {
    let is_plain = text.starts_with(|first: char| first.is_ascii_digit())
        && text.contains(['T', 't'])
        && text.chars().all(|next| next.is_ascii_digit() || "TtZz:.+-".contains(next));
    if !is_plain {
        return None;
    }
    let pieces = Pieces::parse(text).ok()?;
    let civil = pieces.date().to_datetime(pieces.time()?);
    let offset = pieces.to_numeric_offset().unwrap_or(Offset::UTC);
    // The year is 0 at least: there is no moment only after the last one.
    let moment = offset.to_timestamp(civil).unwrap_or(Timestamp::MAX);
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
    fn what_never_ends_counts_as_the_last_moment() {
        for text in ["9999-12-31T23:59:59.999999999Z", "9999-12-31T00:00:00", "9999-12-31T23:59:59-14:00"] {
            assert_eq!(parse(text), Some(Timestamp::MAX), "{text}");
        }
        assert!(parse("9999-12-30T00:00:00Z") < parse("9999-12-31T00:00:00Z"));
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
