//! Rebuilds `totals.csv`, which has a line for each day with a report. Keeps readable lines that
//! agree with their manifest, because only they have the status counts for the settings of their
//! run.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::Date;

use super::super::changes::Kind;
use super::super::table;
use super::super::totals::{COLUMNS, Day as Line, TOTALS, Totals};
use super::super::verify::Files;
use super::RebuildError;
use super::overlay::Overlay;
use super::source::{ByDay, Day, Source};
use crate::report::day::date;

/// The lines to keep, and the new ones.
pub(super) struct Lines {
    lines: ByDay<Line>,
    new: BTreeSet<Date>,
    unreadable: Vec<(usize, String)>,
    is_damaged: bool,
}

impl Lines {
    pub(super) fn read(source: &Source, is_damaged: bool) -> Self {
        let file = source.content(TOTALS).unwrap_or_default();
        let (totals, numbers) = Totals::read(file);
        let text = String::from_utf8_lossy(file);
        let mut lines = ByDay::new();
        for line in totals.days() {
            let day = date(line.report_time);
            let recorded = source.days.iter().find(|other| other.day == day);
            if recorded.is_none_or(|recorded| agrees(recorded, line)) {
                lines.entry(day).or_insert(*line);
            }
        }
        let unreadable = numbers
            .iter()
            .filter_map(|number| Some((*number, text.lines().nth(number - 1)?.to_owned())))
            .collect();
        Self {
            lines,
            new: BTreeSet::new(),
            unreadable,
            is_damaged: is_damaged || source.content(TOTALS).is_none() || !numbers.is_empty(),
        }
    }

    /// Whether a day doesn't have a line.
    pub(super) fn lacks(&self, day: &Day) -> bool {
        !self.lines.contains_key(&day.day)
    }

    /// Adds the line of a day that didn't have one.
    pub(super) fn add(&mut self, line: Line) {
        let day = date(line.report_time);
        self.lines.insert(day, line);
        self.new.insert(day);
    }

    /// The number of seats granted or revoked on a day. `None` if the day had no line before the
    /// rebuild.
    pub(super) fn counted(&self, day: Date, kind: Kind) -> Option<usize> {
        let line = self.lines.get(&day).filter(|_| !self.new.contains(&day))?;
        Some(match kind {
            Kind::Revoked => line.revoked,
            _ => line.granted,
        })
    }

    /// Counts a change on a day whose line is new.
    pub(super) fn count(&mut self, time: Timestamp, kind: &str) {
        let day = date(time);
        if !self.new.contains(&day) {
            return;
        }
        if let Some(line) = self.lines.get_mut(&day) {
            line.granted += usize::from(kind == Kind::Granted.as_str());
            line.revoked += usize::from(kind == Kind::Revoked.as_str());
        }
    }

    /// All lines, in order of time.
    pub(super) fn days(&self) -> impl Iterator<Item = Line> {
        self.lines.values().copied()
    }

    /// Writes the file if it's damaged or a day is missing. No report of the `retired` days is left.
    pub(super) fn write<F: Files>(
        &self,
        new: &mut Overlay<'_, F>,
        retired: &BTreeSet<Date>,
        notes: &mut Vec<String>,
    ) -> Result<(), RebuildError> {
        if !self.is_damaged && self.new.is_empty() {
            return Ok(());
        }
        if !self.new.is_empty() {
            notes.push(format!(
                "{TOTALS}: {} are computed again. Who was new or never used their seat depends on the grants that are still known.",
                match self.new.len() {
                    1 => "the numbers of 1 day".to_owned(),
                    days => format!("the numbers of {days} days"),
                }
            ));
        }
        let is_lost = |day: &&Date| !self.lines.contains_key(*day);
        match retired.iter().filter(is_lost).count() {
            0 => {}
            1 => notes.push(format!("{TOTALS}: the numbers of 1 day can't be computed again, because its report is retired.")),
            days => notes.push(format!("{TOTALS}: the numbers of {days} days can't be computed again, because their reports are retired.")),
        }
        // An unreadable line for a day without a report may be all that's left of that day.
        let day = |text: &str| text.get(..10)?.parse::<Date>().ok();
        let kept = self.unreadable.iter().filter_map(|(_, text)| {
            let day = day(text).filter(|day| !self.lines.contains_key(day))?;
            Some((day, format!("{text}\n").into_bytes()))
        });
        let mut lines: Vec<(Date, Vec<u8>)> = kept.collect();
        for (day, line) in &self.lines {
            lines.push((*day, table::rows([line])?));
        }
        lines.sort_by_key(|(day, _)| *day);
        let mut file = format!("{}\n", COLUMNS.join(",")).into_bytes();
        file.extend(lines.into_iter().flat_map(|(_, line)| line));
        new.put(TOTALS, file);
        Ok(())
    }
}

/// Whether a line agrees with the manifest of its day.
fn agrees(day: &Day, line: &Line) -> bool {
    let Some(manifest) = &day.manifest else {
        return day.time == line.report_time;
    };
    let counts = [(manifest.seats, line.seats), (manifest.people, line.people)];
    manifest.report_time == line.report_time
        && manifest.complete == line.complete
        && counts
            .iter()
            .all(|(said, line)| said.is_none_or(|said| said == *line as u64))
}
