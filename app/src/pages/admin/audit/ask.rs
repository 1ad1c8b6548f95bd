//! From an address to which records are asked for. The page and its downloads read the same.

use std::collections::HashMap;

use jiff::{ToSpan as _, civil::Date, tz::Offset};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use service::AuditFilter;
use types::{Millis, Problem};

/// What the address may hold, in the order in which it is written.
const FIELDS: [&str; 5] = ["person", "act", "subject", "from", "to"];

/// Which records are asked for.
///
/// # Errors
/// A complaint at `person`, `from` or `to` that says how to write it.
pub fn filter(query: &HashMap<String, String>) -> Result<AuditFilter, Problem> {
    let given = |name: &str| query.get(name).map(|text| text.trim()).filter(|text| !text.is_empty());
    let actor = match given("person") {
        None => None,
        Some(text) => {
            let unknown = |_| Problem::field("person", "There is nobody of this kind. Choose a person from the list.");
            Some(text.parse().map_err(unknown)?)
        }
    };
    let since = given("from").map(|text| midnight("from", text, 0)).transpose()?;
    // The last day is part of the span.
    let until = given("to").map(|text| midnight("to", text, 1)).transpose()?;
    if let (Some(since), Some(until)) = (since, until)
        && since >= until
    {
        return Err(Problem::field("to", "The last day lies before the first. Swap them."));
    }
    Ok(AuditFilter {
        actor,
        action: given("act").map(ToOwned::to_owned),
        subject: given("subject").map(ToOwned::to_owned),
        since,
        until,
    })
}

/// The same question as an address's query, beginning with `&`, or empty.
#[must_use]
pub fn again(query: &HashMap<String, String>) -> String {
    let pair = |name: &str| {
        let value = query.get(name).filter(|text| !text.trim().is_empty())?;
        Some(format!("&{name}={}", utf8_percent_encode(value.trim(), NON_ALPHANUMERIC)))
    };
    FIELDS.into_iter().filter_map(pair).collect()
}

/// When a day begins in UTC, `later` days on.
fn midnight(field: &str, text: &str, later: i64) -> Result<Millis, Problem> {
    let wrong = || Problem::field(field, format!("“{text}” is no day. Write it as 2026-03-31."));
    let day: Date = text.parse().map_err(|_| wrong())?;
    let day = day.checked_add(later.days()).map_err(|_| wrong())?;
    Ok(Offset::UTC.to_timestamp(day.at(0, 0, 0, 0)).map_err(|_| wrong())?.as_millisecond())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(pairs: &[(&str, &str)]) -> HashMap<String, String> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn a_span_of_days_is_whole_and_in_utc() {
        let day = filter(&asked(&[("from", "2026-03-03"), ("to", "2026-03-03"), ("act", " user. ")])).unwrap();
        assert_eq!((day.since, day.until), (Some(1_772_496_000_000), Some(1_772_582_400_000)));
        assert_eq!(day.action.as_deref(), Some("user."));
        assert_eq!(filter(&asked(&[("from", ""), ("person", " ")])).unwrap(), AuditFilter::default());
    }

    #[test]
    fn what_makes_no_sense_is_said_at_its_field() {
        for (field, pairs) in [
            ("from", &[("from", "3.3.2026")][..]),
            ("to", &[("to", "9999-12-31")]),
            ("to", &[("from", "2026-03-03"), ("to", "2026-03-02")]),
            ("person", &[("person", "ada")]),
        ] {
            assert_eq!(filter(&asked(pairs)).unwrap_err().fields[0].field, field);
        }
    }

    #[test]
    fn the_question_is_asked_again_without_the_page() {
        let query = asked(&[("to", "2026-03-03"), ("act", "user."), ("before", "x"), ("subject", "a&b")]);
        assert_eq!(again(&query), "&act=user%2E&subject=a%26b&to=2026%2D03%2D03");
    }
}
