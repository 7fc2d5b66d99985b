//! Checks the chain of manifests: each one names the previous one, and every counted day has one.

use std::collections::BTreeSet;

use jiff::civil::Date;

use super::counts::totals;
use super::{Files, ManifestNode, Verifier};
use crate::history::tombstones::TOMBSTONES;
use crate::history::totals::TOTALS;
use crate::report::day::{REPORTS, date, day_of, stem_of};
use crate::report::manifest::FileEntry;

impl<F: Files> Verifier<'_, F> {
    /// Checks that each manifest names the previous one, and that every day in [`TOTALS`] has one.
    pub(super) fn chain(&mut self, nodes: &[ManifestNode], days: &BTreeSet<Date>) {
        let counted = self.counted_days();
        // If the day has a report, its missing manifest was reported already.
        let lost = counted.iter().copied().filter(|day| !days.contains(day));
        let retired = |day: &Date| {
            self.tombstones
                .is_retired(&format!("{}.json", stem_of(*day)))
        };
        let lost: Vec<Date> = lost.filter(|day| !retired(day)).collect();
        let mut lost = lost.into_iter().peekable();
        let mut before: Option<&ManifestNode> = None;
        for node in nodes {
            let mut between = Vec::new();
            while let Some(day) = lost.next_if(|day| *day < node.day) {
                between.push(day);
            }
            let previous = node.says.as_ref().map(|says| says.previous.as_ref());
            let is_told =
                previous.is_some_and(|named| self.check_previous(before, node, named, &between));
            if !is_told {
                self.lost(&between);
            }
            before = Some(node);
        }
        let after: Vec<Date> = lost.collect();
        self.lost(&after);
        if days.is_empty() && counted.is_empty() && self.since.is_none() {
            self.problem(REPORTS, "has neither a report nor a manifest of any day");
        }
    }

    /// Reports consecutive days of which only their lines of totals are left.
    fn lost(&mut self, days: &[Date]) {
        if let Some(day) = days.last() {
            let what = format!(
                "is missing: {TOTALS} has a line for the day{}",
                others(days, *day)
            );
            self.problem(&format!("{}.json", stem_of(*day)), what);
        }
    }

    /// Checks the manifest that `node` names against the one that precedes it. Returns whether this
    /// reported the `lost` days between them.
    fn check_previous(
        &mut self,
        before: Option<&ManifestNode>,
        node: &ManifestNode,
        named: Option<&FileEntry>,
        lost: &[Date],
    ) -> bool {
        match (before, named) {
            (None, None) => {}
            (None, Some(named))
                if day_of(&named.name).is_some_and(|day| !self.is_looked_at(day)) => {}
            (Some(before), None) => {
                let what = format!("names no previous manifest, but {} exists", before.path);
                self.problem(&node.path, what);
            }
            (Some(before), Some(named)) if named.name == before.path => {
                self.verdict.files += 1;
                let expected = self.expected(named);
                let found = (before.size, &*before.sha256);
                if (expected.entry.size, &*expected.entry.sha256) != found
                    && !before.is_pointer
                    && !self.has_other_line_ends(&before.path, &[&expected.entry], true)
                {
                    let what = Self::differs(&node.path, named, &expected, found);
                    self.problem(&before.path, what);
                } else {
                    self.verdict.unverifiable += usize::from(expected.is_erased);
                }
            }
            (before, Some(named)) if self.has(&named.name) => {
                let stands = before.map_or_else(
                    || "is the first".to_owned(),
                    |before| format!("follows {}", before.path),
                );
                let what = format!("{stands}, but says that it follows {}", named.name);
                self.problem(&node.path, what);
            }
            (None, Some(named)) if self.is_retired_as(named) => {}
            (None, Some(named)) if self.tombstones.is_retired(&named.name) => {
                let what = format!(
                    "was retired according to {TOMBSTONES}, but not as {} names it",
                    node.path
                );
                self.problem(&named.name, what);
            }
            (_, Some(named)) => {
                let others = day_of(&named.name).map_or_else(String::new, |day| others(lost, day));
                let what = format!(
                    "is missing: {} names it as the previous manifest{others}",
                    node.path
                );
                self.problem(&named.name, what);
                return true;
            }
        }
        false
    }

    /// The days that have a line in [`TOTALS`], in order. Includes only the days to check.
    pub(super) fn counted_days(&self) -> BTreeSet<Date> {
        let totals = totals(self.files);
        let days = totals.days().map(|day| date(day.report_time));
        days.filter(|day| self.is_looked_at(*day)).collect()
    }
}

/// Names the other days that were lost with `day`, as many as fit on a line.
fn others(lost: &[Date], day: Date) -> String {
    const SHOWN: usize = 5;
    let others: Vec<String> = lost
        .iter()
        .filter(|other| **other != day)
        .map(Date::to_string)
        .collect();
    match others.len() {
        0 => String::new(),
        few if few <= SHOWN => format!("; so are those of {}", others.join(", ")),
        many => format!(
            "; so are those of {} and {} more days up to {}",
            others[..SHOWN].join(", "),
            many - SHOWN,
            others[many - 1]
        ),
    }
}
