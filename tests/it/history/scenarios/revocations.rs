//! Which seats a report proves to be revoked.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::people::People;
use super::row::{Report, Row};

/// The last recorded report.
#[derive(Debug, Clone, Copy)]
pub struct Known<'k> {
    pub time: Timestamp,
    /// By how many seats GitHub's total was too high, other than because of hidden seats.
    pub excess: usize,
    /// The people at that time.
    pub people: &'k People,
}

/// Seats that a report doesn't show.
#[derive(Default)]
pub struct Missing<'r> {
    pub revoked: Vec<&'r Row>,
    pub kept: Vec<&'r Row>,
}

impl<'r> Missing<'r> {
    pub fn new(missing: Vec<&'r Row>, report: &Report, known: Known<'_>) -> Self {
        let (mut revoked, mut kept) = (missing, Vec::new());
        if !report.is_complete() {
            let lost = report.shortfall().saturating_sub(known.excess);
            let was_missing = |row: &&Row| Some(known.people.last_seen(row)? < known.time);
            let longer = |row: &&Row| !has_person_of(report, row) && was_missing(row) == Some(true);
            // People who aren't recorded might have been missing before.
            let perhaps = |row: &&Row| {
                row.login.is_some()
                    && !has_person_of(report, row)
                    && was_missing(row) != Some(false)
            };
            if !report.is_steady_shortfall()
                || people(revoked.iter().copied().filter(longer)) < lost
            {
                kept = std::mem::take(&mut revoked);
            } else if lost > 0 {
                (kept, revoked) = revoked.into_iter().partition(perhaps);
            }
        }
        Self { revoked, kept }
    }

    /// The excess for the next report to use.
    pub fn excess(&self, report: &Report, before: usize) -> usize {
        if report.is_complete() {
            return 0;
        }
        if !report.is_steady_shortfall() {
            return before;
        }
        let kept = self.kept.iter().copied();
        let hidden = people(kept.clone().filter(|row| !has_person_of(report, row)));
        let without_person = kept.filter(|row| row.login.is_none()).count();
        report.shortfall().saturating_sub(hidden + without_person)
    }
}

fn has_person_of(report: &Report, row: &Row) -> bool {
    report.rows.iter().any(|shown| is_same_person(shown, row))
}

fn is_same_person(one: &Row, other: &Row) -> bool {
    match (one.id, other.id) {
        (Some(one), Some(other)) => one == other,
        _ => {
            let [one, other] = [one, other].map(|row| row.login.as_ref().map(|l| l.to_lowercase()));
            one.is_some() && one == other
        }
    }
}

/// The number of different people with these seats.
fn people<'r>(rows: impl Iterator<Item = &'r Row>) -> usize {
    let with_person = rows.filter(|row| row.login.is_some());
    let by_id_or_login = with_person.map(|row| match row.id {
        Some(id) => (Some(id), None),
        None => (None, row.login.as_ref().map(|login| login.to_lowercase())),
    });
    by_id_or_login.collect::<BTreeSet<_>>().len()
}
