//! Times as people read them. The server does not know the reader's time zone, so what is shown is relative or a date, and
//! the exact time stands in the title in UTC.

use jiff::Timestamp;
use types::Millis;

const MINUTE: Millis = 60_000;
const HOUR: Millis = 60 * MINUTE;
const DAY: Millis = 24 * HOUR;

/// How long ago, in words: "just now", "5 min ago", "yesterday", "3 Mar 2026".
#[must_use]
pub fn relative(at: Millis, now: Millis) -> String {
    match now - at {
        age if age < MINUTE => "just now".into(),
        age if age < HOUR => format!("{} min ago", age / MINUTE),
        age if age < DAY => format!("{} h ago", age / HOUR),
        age if age < 2 * DAY => "yesterday".into(),
        age if age < 7 * DAY => format!("{} days ago", age / DAY),
        _ => date(at),
    }
}

/// The heading under which a time stands in a list.
#[must_use]
pub fn day(at: Millis, now: Millis) -> &'static str {
    match now - at {
        age if age < DAY => "Today",
        age if age < 2 * DAY => "Yesterday",
        age if age < 7 * DAY => "Last 7 days",
        age if age < 30 * DAY => "Last 30 days",
        _ => "Older",
    }
}

/// The date, e.g. "3 Mar 2026".
#[must_use]
pub fn date(at: Millis) -> String {
    format(at, "%-d %b %Y")
}

/// The exact time in UTC, e.g. "2026-03-03 14:05 UTC".
#[must_use]
pub fn exact(at: Millis) -> String {
    format(at, "%Y-%m-%d %H:%M UTC")
}

fn format(at: Millis, pattern: &str) -> String {
    Timestamp::from_millisecond(at).map(|time| time.strftime(pattern).to_string()).unwrap_or_default()
}

/// The form machines read, for `<time datetime>`.
#[must_use]
pub fn machine(at: Millis) -> String {
    format(at, "%Y-%m-%dT%H:%M:%SZ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Millis = 1_772_546_700_000; // 2026-03-03 14:05:00 UTC

    #[test]
    fn ages_read_like_a_person_says_them() {
        for (ago, words) in [
            (5_000, "just now"),
            (-5_000, "just now"),
            (5 * MINUTE, "5 min ago"),
            (3 * HOUR, "3 h ago"),
            (30 * HOUR, "yesterday"),
            (3 * DAY, "3 days ago"),
            (60 * DAY, "2 Jan 2026"),
        ] {
            assert_eq!(relative(NOW - ago, NOW), words);
        }
        assert_eq!(exact(NOW), "2026-03-03 14:05 UTC");
        assert_eq!(machine(NOW), "2026-03-03T14:05:00Z");
    }
}
