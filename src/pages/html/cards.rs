//! The figures at the top of the page, and the bars.

use super::rows::Row;
use super::text::{share, signed};
use crate::history::totals::Day;
use crate::pages::figures::{counted, days as in_days};
use crate::report::activity::Counts;
use crate::report::status::Status;
use crate::system::text::thousands;

pub(super) struct Card {
    pub(super) class: &'static str,
    pub(super) label: &'static str,
    pub(super) figure: String,
    pub(super) share: String,
    pub(super) delta: Option<String>,
    pub(super) meaning: String,
}

pub(super) struct StatusShare {
    pub(super) class: &'static str,
    pub(super) from: String,
    pub(super) width: String,
}

/// The people without any known activity, by status.
pub(super) struct Unknown {
    pub(super) all: String,
    pub(super) never_used: String,
    pub(super) new: String,
    pub(super) inactive: String,
}

/// Returns the cards for that many `seats`. People without known activity for `inactive_days` are
/// inactive. The figures are compared with those of the day `before`.
pub(super) fn cards(
    counts: Counts,
    seats: usize,
    inactive_days: i64,
    before: Option<&Day>,
) -> Vec<Card> {
    let days = in_days(inactive_days);
    let held_by = match seats == counts.people {
        true => String::new(),
        false => format!("Held by {}", counted(counts.people, "person", "people")),
    };
    let card = |class, label, figure: usize, earlier: fn(&Day) -> usize, meaning| Card {
        class,
        label,
        figure: thousands(figure),
        share: match class {
            "seats" => String::new(),
            _ => share(figure, counts.people),
        },
        delta: before.map(|day| signed(figure, earlier(day))),
        meaning,
    };
    vec![
        card("seats", "Seats", seats, |day| day.seats, held_by),
        card(
            "active",
            "Active",
            counts.active,
            |day| day.active,
            format!("Used Copilot in the last {days}"),
        ),
        card(
            "new",
            "New",
            counts.new,
            |day| day.new,
            format!("Got the seat in the last {days}, not active yet"),
        ),
        card(
            "inactive",
            "Inactive",
            counts.inactive,
            |day| day.inactive,
            format!(
                "No known activity for {} or more",
                counted(inactive_days.unsigned_abs() as usize, "day", "days")
            ),
        ),
        card(
            "never-used",
            "Never used",
            counts.never_used,
            |day| day.never_used,
            "No activity at any time since the grant".to_owned(),
        ),
    ]
}

/// Returns each status with its place in a bar.
pub(super) fn shares<const N: usize>(counts: [(&'static str, usize); N]) -> Vec<StatusShare> {
    let all: usize = counts.iter().map(|(_, count)| count).sum();
    let mut before = 0;
    let mut shares = Vec::new();
    for (class, count) in counts {
        if count > 0 {
            let percent = |part: usize| format!("{:.2}%", part as f64 * 100.0 / all as f64);
            shares.push(StatusShare {
                class,
                from: percent(before),
                width: percent(count),
            });
        }
        before += count;
    }
    shares
}

/// Counts the people without any known activity, if some of them are inactive.
pub(super) fn unknown(rows: &[Row]) -> Option<Unknown> {
    let without = || rows.iter().filter(|row| row.active_on.is_none());
    let count = |status| without().filter(|row| row.status == status).count();
    let inactive = count(Status::Inactive);
    (inactive > 0).then(|| Unknown {
        all: counted(without().count(), "person", "people"),
        never_used: thousands(count(Status::NeverUsed)),
        new: thousands(count(Status::New)),
        inactive: thousands(inactive),
    })
}
