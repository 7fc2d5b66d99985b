//! Rebuilds `changes/`: keeps the readable lines, and adds what the reports show beyond them.
//!
//! Reports don't prove every change that they seem to show, because an incomplete report lacks
//! seats that still exist. So a day gets new lines only if its line of totals counts more changes
//! than its readable lines have. Without a line of totals, it gets only the changes that complete
//! reports show.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::super::change_line::ChangeLine;
use super::super::changes::{self, Change, Kind};
use super::super::identities::Identities;
use super::super::settings;
use super::super::table;
use super::super::verify::Files;
use super::RebuildError;
use super::grants::Grants;
use super::overlay::Overlay;
use super::source::{ByDay, Day, Source};
use super::totals::Lines as Totals;
use crate::report::day::date;
use crate::report::manifest::RecordedManifest;
use crate::report::seat::{Seat, by_name};

/// The file of changes of a year.
struct Year {
    lines: Vec<ChangeLine>,
    /// The numbers of the lines that can't be read.
    unreadable: Vec<usize>,
    /// Whether the file must be written again.
    is_damaged: bool,
}

/// A change that two reports show.
struct Shown {
    time: Timestamp,
    line: ChangeLine,
    kind: Kind,
}

/// The files of changes, and the changes that the reports show.
pub(super) struct Changes {
    years: BTreeMap<String, Year>,
    /// The time and the seats of the last compared report.
    state: Option<(Timestamp, Vec<Seat>)>,
    /// Whether a report so far showed every seat, as far as that's known.
    has_baseline: bool,
    shown: ByDay<Vec<Shown>>,
}

impl Changes {
    pub(super) fn read(source: &Source, is_damaged: impl Fn(&str) -> bool) -> Self {
        let mut years: BTreeMap<String, Year> = BTreeMap::new();
        let is_file =
            |path: &&String| path.starts_with("changes/") && !path.starts_with(settings::FOLDER);
        for path in source.others().filter(is_file) {
            let file = source.content(path).unwrap_or_default();
            let (mut lines, mut unreadable) = (Vec::new(), Vec::new());
            for line in changes::lines(file) {
                match line {
                    Ok(record) => lines.extend(ChangeLine::read(record)),
                    Err(number) => unreadable.push(number),
                }
            }
            if has_conflict(file) {
                let mut seen = std::collections::HashSet::new();
                lines.retain(|line| {
                    let cells: Vec<Vec<u8>> = line.record.iter().map(<[u8]>::to_vec).collect();
                    seen.insert(cells)
                });
            }
            let is_damaged = is_damaged(path)
                || !unreadable.is_empty()
                || !table::has_columns(file, &changes::COLUMNS);
            let year = Year {
                lines,
                unreadable,
                is_damaged,
            };
            years.insert(path.clone(), year);
        }
        // Add files that a manifest lists but that don't exist.
        for day in &source.days {
            let path = changes::file_name(day.time);
            let names =
                |manifest: &RecordedManifest| manifest.files.iter().any(|entry| entry.name == path);
            if day.manifest.as_ref().is_some_and(names) {
                years.entry(path).or_insert(Year {
                    lines: Vec::new(),
                    unreadable: Vec::new(),
                    is_damaged: true,
                });
            }
        }
        Self {
            years,
            state: None,
            has_baseline: false,
            shown: ByDay::new(),
        }
    }

    /// All readable lines.
    pub(super) fn lines(&self) -> impl Iterator<Item = &ChangeLine> {
        self.years.values().flat_map(|year| &year.lines)
    }

    /// Compares the report of a day, with these `seats`, with the previous report.
    pub(super) fn compare(
        &mut self,
        day: &Day,
        seats: &[Seat],
        grants: &Grants,
        identities: &Identities,
    ) {
        let is_proof = day.complete() != Some(false);
        let mut state = seats.to_vec();
        if let Some((last, mut before)) = self.state.take() {
            for account in before.iter_mut().filter_map(|seat| seat.assignee.as_mut()) {
                account.login = identities.login(&account.login, last, day.time).into();
            }
            let mut shown = Vec::new();
            for change in changes::between(&before, seats) {
                match change.kind {
                    Kind::Revoked if !is_proof => state.push(change.seat.clone()),
                    Kind::Granted if !self.has_baseline => {}
                    Kind::Revoked | Kind::Granted => {
                        shown.extend(shown_by(change, (last, day.time), grants));
                    }
                    _ => {}
                }
            }
            self.shown.insert(day.day, shown);
            state.sort_by(Seat::order);
        }
        let manifest = day.manifest.as_ref();
        let known = manifest.and_then(RecordedManifest::continuity);
        self.has_baseline |= known.map_or(is_proof, |known| known.baseline);
        self.state = Some((day.time, state));
    }

    /// Writes the damaged files, and counts the changes of the days whose line of totals is new.
    pub(super) fn write<F: Files>(
        mut self,
        totals: &mut Totals,
        new: &mut Overlay<'_, F>,
        notes: &mut Vec<String>,
    ) -> Result<(), RebuildError> {
        for (day, shown) in std::mem::take(&mut self.shown) {
            let of_day = |line: &&ChangeLine| date(line.time) == day;
            let there: Vec<ChangeLine> = self.lines().filter(of_day).cloned().collect();
            for kind in [Kind::Revoked, Kind::Granted] {
                let missing: Vec<&Shown> = shown
                    .iter()
                    .filter(|shown| shown.kind == kind && !is_covered(shown, &there))
                    .collect();
                let counted = there.iter().filter(|line| line.is(kind)).count();
                let lacks = totals
                    .counted(day, kind)
                    .map(|all| all.saturating_sub(counted));
                let Some(first) = missing.first() else {
                    continue;
                };
                let path = changes::file_name(first.time);
                let Some(year) = self.years.get_mut(&path).filter(|year| year.is_damaged) else {
                    continue;
                };
                match lacks {
                    Some(0) => {}
                    Some(lacks) if lacks < missing.len() => notes.push(format!(
                        "{path} lacks {lacks} seats that were {} on {day}, and the reports don't show which of {} they are. They're left out.",
                        kind.as_str(),
                        missing.len()
                    )),
                    _ => year.lines.extend(missing.iter().map(|shown| shown.line.clone())),
                }
            }
        }
        for line in self.lines() {
            totals.count(line.time, &line.kind);
        }
        for (path, mut year) in self.years {
            if !year.is_damaged {
                continue;
            }
            if !year.unreadable.is_empty() {
                let numbers: Vec<String> = year.unreadable.iter().map(usize::to_string).collect();
                notes.push(format!(
                    "{path}: lines that can't be read are left out: {}. They're still in the Git history.",
                    numbers.join(", ")
                ));
            }
            // Sort the lines in the order in which a run writes them.
            year.lines.sort_by(|one, other| {
                let by_time = one.time.cmp(&other.time);
                by_time.then_with(|| by_name(&one.login, &other.login))
            });
            if !year.lines.is_empty() || new.read(&path).is_ok() {
                let records = year.lines.iter().map(|line| &line.record);
                new.put(&path, table::records(&changes::COLUMNS, records)?);
            }
        }
        Ok(())
    }
}

fn has_conflict(file: &[u8]) -> bool {
    let mut lines = file.split(|byte| *byte == b'\n');
    lines.any(|line| line.starts_with(b"<<<<<<< "))
}

/// Converts a change to a line of the file.
fn shown_by(
    change: Change<'_>,
    (last, time): (Timestamp, Timestamp),
    grants: &Grants,
) -> Option<Shown> {
    let kind = change.kind;
    let granted_at = || grants.between(change.seat.login(), last, time);
    let to = match kind {
        Kind::Granted => granted_at().map(|at| at.to_string()).unwrap_or_default(),
        _ => String::new(),
    };
    let file = changes::append(&[], time, &[Change { to, ..change }]).ok()?;
    let record = changes::lines(&file).find_map(Result::ok)?;
    let line = ChangeLine::read(record)?;
    Some(Shown { time, line, kind })
}

/// Whether one of the day's lines already covers the change: the same change of the same person, or
/// a rename that explains why a login appeared or disappeared.
fn is_covered(shown: &Shown, there: &[ChangeLine]) -> bool {
    let login = shown.line.login.to_lowercase();
    there.iter().any(|line| {
        let is_same = line.is(shown.kind)
            && line.login.to_lowercase() == login
            && line.record.get(2) == shown.line.record.get(2);
        let renamed = match shown.kind {
            Kind::Revoked => &line.from,
            _ => &line.to,
        };
        is_same || (line.is(Kind::Renamed) && renamed.to_lowercase() == login)
    })
}
