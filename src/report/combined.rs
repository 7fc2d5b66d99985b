//! The report over all organizations of a run: the rows of their CSV files in one file, and a
//! manifest that says which files these are and which are missing.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;
use std::io;

use csv::{Reader, ReaderBuilder, StringRecord};
use jiff::Timestamp;
use serde::Serialize;

use super::columns::{self, Columns};
use super::csv::writer;
use super::generator::Generator;
use super::manifest::{FileEntry, Run};
use super::scope::{Scope, ScopeKind};
use super::seat::by_name;

/// The version of the manifest's format.
const SCHEMA_VERSION: u32 = 1;

/// The places of the columns that the rows are sorted by.
const LOGIN: usize = 1;
const ORGANIZATION: usize = 5;

/// How much of each file is in memory, in bytes. A run can combine a thousand files.
const BUFFER: usize = 16 * 1024;

/// Returns the file name without its extension. `time` is that of the earliest report.
pub(crate) fn file_stem(time: Timestamp) -> String {
    format!("all-seat-activity-{}", time.as_second())
}

/// The manifest of a combined report.
#[derive(Debug, Serialize)]
pub(crate) struct CombinedManifest<'a> {
    schema_version: u32,
    generator: Generator<'a>,
    run: Option<&'a Run>,
    /// The time of the earliest report.
    report_time: Timestamp,
    complete: bool,
    seats: usize,
    people: usize,
    parts: &'a [Part<'a>],
    missing: &'a [Missing],
    files: [FileEntry; 1],
}

/// A report in the combined report.
#[derive(Debug, Serialize)]
pub(crate) struct Part<'a> {
    /// What it's about.
    pub scope: &'a Scope,
    /// Its CSV file, which is beside the combined one.
    pub file: &'a str,
    /// The SHA-256 of that file in lowercase hexadecimal.
    pub sha256: &'a str,
    /// How many rows it has.
    pub rows: usize,
    /// Whether it's verified as complete.
    pub complete: bool,
}

/// An organization without a report.
#[derive(Debug, Serialize)]
pub(crate) struct Missing {
    /// The organization.
    pub scope: Scope,
    /// Why there's no report.
    pub reason: String,
}

impl<'a> CombinedManifest<'a> {
    /// Creates the manifest of a combined report in `file`, with `people` in its rows.
    pub(crate) fn new(
        report_time: Timestamp,
        people: usize,
        parts: &'a [Part<'a>],
        missing: &'a [Missing],
        file: FileEntry,
    ) -> Self {
        Self {
            schema_version: SCHEMA_VERSION,
            generator: Generator::default(),
            run: None,
            report_time,
            complete: missing.is_empty() && parts.iter().all(|part| part.complete),
            seats: parts.iter().map(|part| part.rows).sum(),
            people,
            parts,
            missing,
            files: [file],
        }
    }

    /// Adds the workflow run that made it, if one did.
    pub(crate) fn with_run(self, run: Option<&'a Run>) -> Self {
        Self { run, ..self }
    }

    /// Returns the manifest as a file: indented JSON with a final newline.
    pub(crate) fn to_file(&self) -> serde_json::Result<Vec<u8>> {
        let mut file = serde_json::to_vec_pretty(self)?;
        file.push(b'\n');
        Ok(file)
    }
}

/// The next row of a part.
struct Next {
    row: StringRecord,
    part: usize,
}

impl Next {
    fn cell(&self, column: usize) -> &str {
        self.row.get(column).unwrap_or_default()
    }
}

/// The order of a report. See [`Seat::order`](super::seat::Seat::order).
impl Ord for Next {
    fn cmp(&self, other: &Self) -> Ordering {
        by_name(self.cell(LOGIN), other.cell(LOGIN))
            .then_with(|| self.cell(ORGANIZATION).cmp(other.cell(ORGANIZATION)))
            .then_with(|| self.part.cmp(&other.part))
    }
}

impl PartialOrd for Next {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Next {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Next {}

/// Merges the CSV files of reports in the report's order, and writes them to `out` with the columns
/// of an enterprise's file. Returns the number of rows of each part.
///
/// # Errors
/// Fails if a part isn't a report with these `columns`, or if `out` can't be written to.
pub(crate) fn merge<'s, R: io::Read>(
    parts: impl Iterator<Item = (&'s Scope, R)>,
    columns: Columns,
    out: impl io::Write,
) -> io::Result<Vec<usize>> {
    let mut csv = writer(out);
    let header = columns::of(ScopeKind::Enterprise, columns);
    csv.write_record(header.iter().map(|column| column.name))?;
    let mut rows = Vec::new();
    let mut readers: Vec<(Reader<R>, Option<&str>)> = Vec::new();
    let mut heap = BinaryHeap::new();
    for (part, (scope, file)) in parts.enumerate() {
        let mut reader = ReaderBuilder::new()
            .buffer_capacity(BUFFER)
            .from_reader(file);
        let names = columns::of(scope.kind(), columns);
        if !reader
            .headers()?
            .iter()
            .eq(names.iter().map(|column| column.name))
        {
            let problem = format!("the file of {scope} doesn't have the columns of this run");
            return Err(io::Error::other(problem));
        }
        let organization = (names.len() == ORGANIZATION).then(|| scope.name());
        readers.push((reader, organization));
        rows.push(0);
        let first = Next {
            row: StringRecord::new(),
            part,
        };
        push_next(&mut heap, &mut readers, first)?;
    }
    while let Some(Reverse(next)) = heap.pop() {
        csv.write_record(&next.row)?;
        if let Some(rows) = rows.get_mut(next.part) {
            *rows += 1;
        }
        push_next(&mut heap, &mut readers, next)?;
    }
    csv.flush()?;
    Ok(rows)
}

/// Reads the row that follows `last`, if there's one.
fn push_next<R: io::Read>(
    heap: &mut BinaryHeap<Reverse<Next>>,
    readers: &mut [(Reader<R>, Option<&str>)],
    last: Next,
) -> io::Result<()> {
    let Next { mut row, part } = last;
    let Some((reader, organization)) = readers.get_mut(part) else {
        return Ok(());
    };
    if reader.read_record(&mut row)? {
        if let Some(organization) = organization {
            row.push_field(organization);
        }
        heap.push(Reverse(Next { row, part }));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::sync::Arc;

    use proptest::prelude::*;

    use super::super::activity::ActivityIndex;
    use super::super::columns::ColumnSet;
    use super::super::completeness::Reading;
    use super::super::seat::{Account, Seat};
    use super::super::{Report, csv};
    use super::*;
    use crate::arbitrary_text;

    fn seat(login: &str, organization: Option<&str>) -> Seat {
        let account = |login: &str| Account {
            id: None,
            login: login.into(),
        };
        Seat {
            assignee: Some(account(login)),
            organization: organization.map(|name| Arc::new(account(name))),
            last_surface_used: Some(login.into()),
            ..Seat::default()
        }
    }

    fn report(kind: ScopeKind, name: &str, seats: Vec<Seat>) -> Report {
        let reading = Reading {
            started_at: Timestamp::from_second(1_772_400_000).unwrap(),
            ended_at: Timestamp::from_second(1_772_400_000).unwrap(),
            pages: 1,
            ..Reading::default()
        };
        Report::new(Scope::new(kind, name).unwrap(), reading, seats)
    }

    fn file(report: &Report, columns: Columns) -> Vec<u8> {
        let index = ActivityIndex::new(std::iter::empty());
        let column_set = match columns {
            Columns::Github => ColumnSet::Github,
            Columns::All => ColumnSet::All(&index),
        };
        let mut file = Vec::new();
        csv::write(report, column_set, &mut file).unwrap();
        file
    }

    fn merged(reports: &[Report], columns: Columns) -> (Vec<usize>, String) {
        let files: Vec<Vec<u8>> = reports.iter().map(|report| file(report, columns)).collect();
        let scopes = reports.iter().map(Report::scope);
        let mut out = Vec::new();
        let parts = scopes.zip(files.iter().map(Vec::as_slice));
        let rows = merge(parts, columns, &mut out).unwrap();
        (rows, String::from_utf8(out).unwrap())
    }

    proptest! {
        #![proptest_config(arbitrary_text::config())]

        #[test]
        fn a_combined_report_is_the_report_of_an_enterprise_with_all_seats(
            parts in proptest::collection::vec(proptest::collection::vec("[a-cA-C\", \n]{1,3}", 0..6), 1..5),
        ) {
            let organization = |number: usize| format!("org-{number}");
            for columns in [Columns::Github, Columns::All] {
                let reports: Vec<Report> = parts
                    .iter()
                    .enumerate()
                    .map(|(number, logins)| {
                        let seats = logins.iter().map(|login| seat(login, None));
                        report(ScopeKind::Organization, &organization(number), seats.collect())
                    })
                    .collect();
                let all = reports.iter().enumerate().flat_map(|(number, report)| {
                    let name = organization(number);
                    let seats = report.seats().iter();
                    seats.map(move |one| seat(one.login(), Some(&name)))
                });
                let enterprise = report(ScopeKind::Enterprise, "octocorp", all.collect());
                let (rows, combined) = merged(&reports, columns);
                let expected: Vec<usize> = reports.iter().map(|one| one.seats().len()).collect();
                prop_assert_eq!(rows, expected);
                prop_assert_eq!(combined.into_bytes(), file(&enterprise, columns));
            }
        }
    }

    #[test]
    fn a_file_with_other_columns_or_without_a_cell_is_refused() {
        let acme = report(ScopeKind::Organization, "acme", vec![seat("octocat", None)]);
        let mut cut = file(&acme, Columns::Github);
        cut.truncate(cut.len() - "None,octocat\n".len());
        for (file, columns) in [
            (file(&acme, Columns::Github), Columns::All),
            (cut, Columns::Github),
        ] {
            let parts = [(acme.scope(), file.as_slice())];
            merge(parts.into_iter(), columns, io::sink()).unwrap_err();
        }
    }
}
