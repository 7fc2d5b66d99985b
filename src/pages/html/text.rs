//! Formats names, figures, and times for the page.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::pages::figures::percent;
use crate::report::day::date;
use crate::system::text::{shown, thousands};

/// The maximum length of a name. GitHub's names have at most 100 characters.
const MAX_NAME_CHARS: usize = 400;

/// The number of seconds in a day.
pub(super) const DAY: i64 = 86_400;

/// Returns a name without invisible characters, which could make it look like another one.
pub(super) fn name(text: &str) -> String {
    shown(text, MAX_NAME_CHARS)
}

/// Splits a text into its words and its code, which is between backticks.
pub(super) fn parts(text: &str) -> Vec<(bool, String)> {
    let parts = text.split('`').zip([false, true].into_iter().cycle());
    let parts = parts.filter(|(part, _)| !part.is_empty());
    parts
        .map(|(part, is_code)| (is_code, part.to_owned()))
        .collect()
}

/// Returns the minute of a time, such as `2026-11-28 06:00 UTC`.
pub(super) fn minute(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

/// Returns the day of a time, and any other text as a name.
pub(super) fn day(text: &str) -> String {
    match text.parse::<Timestamp>() {
        Ok(time) => date(time).to_string(),
        Err(_) => name(text),
    }
}

/// Returns the number of a day, counted from 1970-01-01.
pub(super) fn number(time: Timestamp) -> i64 {
    time.as_second().div_euclid(DAY)
}

/// Returns the number of a day, counted from 1970-01-01.
pub(super) fn number_of(day: Date) -> Option<i64> {
    let midnight = day.at(0, 0, 0, 0).to_zoned_datetime(TimeZone::UTC).ok()?;
    Some(number(midnight.timestamp()))
}

/// Returns the day with this number.
pub(super) fn day_numbered(number: i64) -> String {
    let time = Timestamp::from_second(number * DAY);
    time.map_or_else(|_| String::new(), |time| date(time).to_string())
}

/// Returns a share as a percentage.
pub(super) fn share(part: usize, all: usize) -> String {
    match all {
        0 => String::new(),
        all => percent(part, all)
            .replace("under ", "<")
            .replace("over ", ">"),
    }
}

/// Returns the difference to an earlier figure.
pub(super) fn signed(now: usize, before: usize) -> String {
    match now.cmp(&before) {
        std::cmp::Ordering::Equal => "no change".to_owned(),
        std::cmp::Ordering::Greater => format!("+{}", thousands(now - before)),
        std::cmp::Ordering::Less => format!("\u{2212}{}", thousands(before - now)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_and_differences_are_short_and_true() {
        for (part, all, text) in [
            (0, 0, ""),
            (0, 7, "0%"),
            (1, 1000, "<1%"),
            (4, 1000, "<1%"),
            (5, 1000, "1%"),
            (999, 1000, ">99%"),
            (52, 174, "30%"),
            (7, 7, "100%"),
        ] {
            assert_eq!(share(part, all), text);
        }
        for (now, before, text) in [
            (3, 3, "no change"),
            (1_003, 3, "+1,000"),
            (3, 5, "\u{2212}2"),
        ] {
            assert_eq!(signed(now, before), text);
        }
    }

    #[test]
    fn a_day_and_its_number_agree() {
        for day in ["1970-01-01", "2026-02-28", "2026-12-01"] {
            let number = day.parse().ok().and_then(number_of);
            assert_eq!(number.map(day_numbered).as_deref(), Some(day));
        }
    }
}
