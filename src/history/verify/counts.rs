//! Checks the counts in a manifest against the report's rows and the day's line of totals.

use std::collections::BTreeMap;

use csv::ReaderBuilder;
use jiff::civil::Date;

use super::{Files, ManifestNode, Verifier};
use crate::history::totals::{Day, TOTALS, Totals};
use crate::report::day::{date, stem_of};
use crate::report::manifest::RecordedManifest;

impl<F: Files> Verifier<'_, F> {
    /// Checks that each day's report matches its manifest. Returns the number of rows of the
    /// reports that match.
    pub(super) fn reports(&mut self, nodes: &[ManifestNode]) -> BTreeMap<Date, Rows> {
        let mut rows = BTreeMap::new();
        for node in nodes {
            let report = format!("{}.csv", stem_of(node.day));
            let Some(says) = &node.says else { continue };
            match says.files.iter().find(|entry| entry.name == report) {
                Some(entry) => {
                    let file = self.check_file(&node.path, entry);
                    let is_erased = self.expected(entry).is_erased;
                    rows.extend(file.map(|file| {
                        let count = count_rows(&file);
                        (node.day, Rows { count, is_erased })
                    }));
                }
                None if self.has(&report) => {
                    self.problem(&report, format!("isn't listed in {}", node.path));
                }
                None => self.problem(&node.path, "lists no report of its day"),
            }
        }
        rows
    }

    /// Checks the counts of each manifest against its report and its line of totals. Skips files
    /// that don't match their manifest, because they were reported already.
    pub(super) fn counts(&mut self, nodes: &[ManifestNode], rows: &BTreeMap<Date, Rows>) {
        let is_damaged = self.verdict.problems.iter().any(|p| p.path == TOTALS);
        let totals = if is_damaged {
            Totals::default()
        } else {
            totals(self.files)
        };
        let lines: BTreeMap<Date, &Day> = totals
            .days()
            .map(|line| (date(line.report_time), line))
            .collect();
        for node in nodes {
            // A manifest with another day's time was reported already, and doesn't belong to these
            // files.
            let Some(says) = &node.says else { continue };
            if date(says.report_time) != node.day {
                continue;
            }
            let rows = rows.get(&node.day).copied();
            if let (Some(seats), Some(rows)) = (says.seats, rows)
                && !rows.can_be(seats)
            {
                let report = format!("{}.csv", stem_of(node.day));
                let (rows, erased) = match rows.is_erased {
                    true => (rows.count, " after lines were erased from it"),
                    false => (rows.count, ""),
                };
                let what = format!("counts {seats} seats, but {report} has {rows}{erased}");
                self.problem(&node.path, what);
            } else if let Some(line) = lines.get(&node.day) {
                for what in differences(says, line) {
                    self.problem(&node.path, what);
                }
            }
        }
    }
}

/// The rows of a report.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rows {
    count: u64,
    /// Whether some were erased.
    is_erased: bool,
}

impl Rows {
    /// Whether the report had one row for each of that many seats.
    fn can_be(self, seats: u64) -> bool {
        match self.is_erased {
            true => self.count < seats,
            false => self.count == seats,
        }
    }
}

/// The differences between a manifest and its day's line of totals.
fn differences(says: &RecordedManifest, line: &Day) -> Vec<String> {
    let mut found = Vec::new();
    if says.report_time != line.report_time {
        let (ours, theirs) = (says.report_time, line.report_time);
        found.push(format!("is of {ours}, but {TOTALS} says {theirs}"));
    }
    for (what, ours, theirs) in [
        ("seats", says.seats, line.seats),
        ("people", says.people, line.people),
    ] {
        if let Some(ours) = ours
            && ours != theirs as u64
        {
            found.push(format!("counts {ours} {what}, but {TOTALS} {theirs}"));
        }
    }
    if says.complete != line.complete {
        let word = |complete| match complete {
            Some(true) => "complete",
            Some(false) => "not verified as complete",
            None => "not known to be complete",
        };
        let (ours, theirs) = (word(says.complete), word(line.complete));
        found.push(format!(
            "calls its report {ours}, but {TOTALS} calls it {theirs}"
        ));
    }
    found
}

/// The lines of the totals that can be read. If there are none, the check against the manifests
/// reports it.
pub(super) fn totals(files: &impl Files) -> Totals {
    Totals::read(&files.read(TOTALS).unwrap_or_default()).0
}

/// Counts the rows of a report below its header.
fn count_rows(file: &[u8]) -> u64 {
    let csv = ReaderBuilder::new().flexible(true).from_reader(file);
    csv.into_byte_records().count() as u64
}
