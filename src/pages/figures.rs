//! The figures that all pages share, in words: how many seats are idle, shares, and the days that a
//! report is compared with.

use std::collections::BTreeSet;

use jiff::civil::Date;
use jiff::{SignedDuration, ToSpan as _};

use crate::history::coverage::{Coverage, Days, Rhythm};
use crate::history::totals::Day;
use crate::report::activity::Counts;
use crate::report::day::date;
use crate::system::text::thousands;

/// How many gaps a list has.
const MAX_GAPS: usize = 10;

/// Returns the headline of a report with that many `seats` (rows).
pub(crate) fn headline(counts: Counts, seats: usize) -> String {
    let Counts { people, active, .. } = counts;
    let idle = counts.idle();
    // Someone with several seats uses all of them or none, so only people can be counted.
    let (one, many) = if people == seats {
        ("Copilot seat", "Copilot seats")
    } else {
        ("person with a Copilot seat", "people with a Copilot seat")
    };
    let all = match people {
        2 => "both".to_owned(),
        _ => format!("all {}", thousands(people)),
    };
    let of = thousands(people);
    match (people, idle) {
        (0, _) => "no one has a Copilot seat".to_owned(),
        (1, 1) => format!("the only {one} is idle"),
        (1, _) if active == 1 => format!("the only {one} is active"),
        (1, _) => format!("the only {one} is new"),
        _ if active == people => format!("{all} {many} are active"),
        (_, 0) => format!("none of {of} {many} are idle"),
        _ if idle == people => format!("{all} {many} are idle"),
        (_, 1) => format!("1 of {of} {many} is idle ({})", percent(1, people)),
        _ => {
            let share = percent(idle, people);
            format!("{} of {of} {many} are idle ({share})", thousands(idle))
        }
    }
}

/// Returns the headline with a capital letter, for the start of a sentence.
pub(super) fn headline_sentence(counts: Counts, seats: usize) -> String {
    let headline = headline(counts, seats);
    let mut rest = headline.chars();
    match rest.next() {
        Some(first) => first.to_uppercase().chain(rest).collect(),
        None => headline,
    }
}

/// Returns a count with its share of `all`.
pub(super) fn with_share(count: usize, all: usize) -> String {
    match (count, all) {
        (0, _) | (_, 0) => thousands(count),
        _ => format!("{} ({})", thousands(count), percent(count, all)),
    }
}

/// Returns a share in whole percent. Only none of all is 0%, and only all of them are 100%.
pub(super) fn percent(count: usize, all: usize) -> String {
    let rounded = (count * 200 + all) / (all * 2);
    match rounded {
        0 if count > 0 => "under 1%".to_owned(),
        100.. if count < all => "over 99%".to_owned(),
        _ => format!("{rounded}%"),
    }
}

/// Returns a count with its noun, such as `1 seat` or `20,126 seats`.
pub(crate) fn counted(count: usize, one: &str, many: &str) -> String {
    let noun = if count == 1 { one } else { many };
    format!("{} {noun}", thousands(count))
}

/// Returns a number of days, such as `day` or `30 days`, for texts such as "in the last 30 days".
pub(super) fn days(count: i64) -> String {
    match count {
        1 => "day".to_owned(),
        count => format!("{count} days"),
    }
}

/// Returns the earlier day that a report is compared with, and whether it's at least 30 days ago.
/// If the history is shorter, that's its first day. `earlier` must be in order.
pub(super) fn month_before<'d>(earlier: &[&'d Day], today: Date) -> Option<(&'d Day, bool)> {
    let month_ago = today.saturating_sub(30.days());
    let month = earlier
        .iter()
        .rfind(|day| date(day.report_time) <= month_ago);
    match month {
        Some(day) => Some((day, true)),
        None => earlier.first().map(|day| (*day, false)),
    }
}

/// Lists days and weeks without a report, the newest ones if there are many.
pub(crate) fn gaps(all: &[Days]) -> String {
    let hidden = all.len().saturating_sub(MAX_GAPS);
    let shown = all[hidden..].iter().map(Days::to_string);
    let shown = shown.collect::<Vec<_>>().join(", ");
    match hidden {
        0 => shown,
        1 => format!("1 earlier gap, {shown}"),
        _ => format!("{hidden} earlier gaps, {shown}"),
    }
}

/// Describes an age in hours or days.
pub(crate) fn ago(age: SignedDuration) -> String {
    match age.as_hours() {
        ..=-1 => "in the future".to_owned(),
        0 => "less than an hour ago".to_owned(),
        1 => "1 hour ago".to_owned(),
        hours @ 2..48 => format!("{hours} hours ago"),
        hours => format!("{} ago", days(hours / 24)),
    }
}

/// Formats a number of days, or of weeks if reports are weekly.
pub(crate) fn days_or_weeks(number: usize, rhythm: Option<Rhythm>) -> String {
    match rhythm {
        Some(Rhythm::Weekly) => counted(number, "week", "weeks"),
        Some(Rhythm::Daily) | None => counted(number, "day", "days"),
    }
}

/// Returns how many days between the first and the last one have no report, and lists them. Counts
/// weeks if reports are weekly. `None` if the reports have no rhythm.
pub(super) fn missing_reports(days: &[Day]) -> Option<(String, String)> {
    let recorded: BTreeSet<Date> = days.iter().map(|day| date(day.report_time)).collect();
    let rhythm = Rhythm::of(&recorded)?;
    let (from, to) = (*recorded.first()?, *recorded.last()?);
    let period = Days { from, to };
    let found = Coverage::of(&recorded, &BTreeSet::new(), period, Some(rhythm));
    let count = match (rhythm, found.missing) {
        (Rhythm::Daily, 0) => "no day".to_owned(),
        (Rhythm::Weekly, 0) => "no week".to_owned(),
        (rhythm, count) => days_or_weeks(count, Some(rhythm)),
    };
    Some((count, gaps(&found.gaps)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(active: usize, new: usize, inactive: usize, never_used: usize) -> Counts {
        Counts {
            people: active + new + inactive + never_used,
            active,
            new,
            never_used,
            inactive,
        }
    }

    #[test]
    fn the_headline_is_a_correct_sentence_for_any_number() {
        for (counts, seats, expected) in [
            (counts(0, 0, 0, 0), 0, "no one has a Copilot seat"),
            (counts(0, 0, 0, 0), 2, "no one has a Copilot seat"),
            (counts(1, 0, 0, 0), 1, "the only Copilot seat is active"),
            (counts(0, 1, 0, 0), 1, "the only Copilot seat is new"),
            (counts(0, 0, 0, 1), 1, "the only Copilot seat is idle"),
            (
                counts(0, 0, 1, 0),
                2,
                "the only person with a Copilot seat is idle",
            ),
            (
                counts(174, 0, 0, 0),
                174,
                "all 174 Copilot seats are active",
            ),
            (
                counts(170, 4, 0, 0),
                174,
                "none of 174 Copilot seats are idle",
            ),
            (
                counts(0, 0, 1_000, 174),
                1_174,
                "all 1,174 Copilot seats are idle",
            ),
            (
                counts(173, 0, 1, 0),
                174,
                "1 of 174 Copilot seats is idle (1%)",
            ),
            (
                counts(122, 0, 40, 12),
                174,
                "52 of 174 Copilot seats are idle (30%)",
            ),
            (
                counts(122, 0, 40, 12),
                180,
                "52 of 174 people with a Copilot seat are idle (30%)",
            ),
            (
                counts(20_000, 0, 2, 0),
                20_002,
                "2 of 20,002 Copilot seats are idle (under 1%)",
            ),
            (
                counts(1, 0, 999, 0),
                1_000,
                "999 of 1,000 Copilot seats are idle (over 99%)",
            ),
        ] {
            assert_eq!(headline(counts, seats), expected);
        }
    }

    #[test]
    fn shares_are_rounded_to_the_nearest_percent() {
        for (count, all, expected) in [
            (0, 3, "0"),
            (1, 3, "1 (33%)"),
            (2, 3, "2 (67%)"),
            (3, 3, "3 (100%)"),
            (1, 200, "1 (1%)"),
            (0, 0, "0"),
        ] {
            assert_eq!(with_share(count, all), expected);
        }
    }
}
