//! Counts people by team, editor, month of their grant, and days without activity.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::cards::{StatusShare, shares};
use super::rows::Row;
use super::text::{day_numbered, number, share};
use crate::pages::figures::counted;
use crate::report::status::Status;
use crate::system::text::thousands;

/// How many months of grants to list before the older ones are counted together.
const MONTHS: usize = 12;

/// People with something in common, by status.
#[derive(Debug, Default, Clone)]
pub(super) struct Group {
    pub(super) name: String,
    pub(super) people: usize,
    active: usize,
    new: usize,
    inactive: usize,
    never_used: usize,
}

impl Group {
    fn of(name: String) -> Self {
        Self {
            name,
            ..Self::default()
        }
    }

    fn add(&mut self, row: &Row) {
        self.people += 1;
        *match row.status {
            Status::Active => &mut self.active,
            Status::New => &mut self.new,
            Status::Inactive => &mut self.inactive,
            Status::NeverUsed => &mut self.never_used,
        } += 1;
    }

    pub(super) fn people(&self) -> String {
        thousands(self.people)
    }

    pub(super) fn active(&self) -> String {
        thousands(self.active)
    }

    pub(super) fn active_share(&self) -> String {
        share(self.active, self.people)
    }

    pub(super) fn idle(&self) -> String {
        thousands(self.inactive + self.never_used)
    }

    pub(super) fn idle_share(&self) -> String {
        share(self.inactive + self.never_used, self.people)
    }

    /// Returns the statuses with their places in a bar.
    pub(super) fn shares(&self) -> Vec<StatusShare> {
        shares([
            ("active", self.active),
            ("new", self.new),
            ("inactive", self.inactive),
            ("never-used", self.never_used),
        ])
    }
}

/// Counts people by the names at these indexes, the largest group first. A person counts once in
/// each.
pub(super) fn by(
    rows: &[Row],
    names: &[String],
    indexes: impl for<'r> Fn(&'r Row) -> &'r [usize],
) -> Vec<Group> {
    let mut groups: Vec<Group> = names.iter().cloned().map(Group::of).collect();
    for row in rows {
        for index in indexes(row) {
            if let Some(group) = groups.get_mut(*index) {
                group.add(row);
            }
        }
    }
    groups.sort_by(|one, other| {
        let by_size = other.people.cmp(&one.people);
        by_size.then_with(|| one.name.cmp(&other.name))
    });
    groups
}

/// Counts people by the month of their grant, the newest first.
pub(super) fn months(rows: &[Row], now: Timestamp) -> Vec<Group> {
    let month = |number: i64| day_numbered(number).get(..7).unwrap_or_default().to_owned();
    let oldest = number(now) - 31 * (MONTHS as i64 - 1);
    let oldest = month(oldest);
    let mut months: BTreeMap<String, Group> = BTreeMap::new();
    let mut older = Group::of(format!("Before {oldest}"));
    let mut unknown = Group::of("Unknown".to_owned());
    for row in rows {
        match row.granted_on.map(month) {
            None => unknown.add(row),
            Some(month) if month < oldest => older.add(row),
            Some(month) => {
                let group = months.entry(month.clone());
                group.or_insert_with(|| Group::of(month)).add(row);
            }
        }
    }
    let rest = [older, unknown]
        .into_iter()
        .filter(|group| group.people > 0);
    months.into_values().rev().chain(rest).collect()
}

/// People whose last known activity was this long ago.
#[derive(Debug)]
pub(super) struct Age {
    pub(super) label: String,
    pub(super) people: String,
    pub(super) share: String,
    pub(super) width: String,
    pub(super) class: &'static str,
}

/// Counts people by the days since their last known activity. One of the limits is the one from
/// which people count as inactive.
pub(super) fn ages(rows: &[Row], inactive_days: i64) -> Vec<Age> {
    let mut limits = vec![7, 30, 60, 90, inactive_days];
    limits.sort_unstable();
    limits.dedup();
    let mut counts = vec![0_usize; limits.len() + 1];
    let mut none = 0;
    for row in rows {
        match row.days_since_activity {
            None => none += 1,
            Some(days) => counts[limits.partition_point(|limit| *limit <= days)] += 1,
        }
    }
    let most = counts.iter().copied().chain([none]).max();
    let most = most.unwrap_or_default().max(1);
    let age = |label, count: usize, class| Age {
        label,
        people: thousands(count),
        share: share(count, rows.len()),
        width: format!("{:.2}%", count as f64 * 100.0 / most as f64),
        class,
    };
    let days = |days: i64| counted(days.unsigned_abs() as usize, "day", "days");
    let from = [0].into_iter().chain(limits.iter().copied());
    let until = limits.iter().copied().map(Some).chain([None]);
    let mut ages: Vec<Age> = from
        .zip(until)
        .zip(&counts)
        .map(|((from, until), count)| {
            let label = match until {
                Some(until) if from == 0 => format!("Under {}", days(until)),
                Some(until) if until - from == 1 => days(from),
                Some(until) => format!("{from} to {}", days(until - 1)),
                None => format!("{} or more", days(from)),
            };
            let class = if from < inactive_days {
                "active"
            } else {
                "inactive"
            };
            age(label, *count, class)
        })
        .collect();
    ages.push(age("None known".to_owned(), none, "none"));
    ages
}
