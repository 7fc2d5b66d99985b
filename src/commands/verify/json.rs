//! The result as JSON. `docs/verify.schema.json` describes it.

use std::fmt::Write as _;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;

use super::check::{Checked, Expectation, Failure, MaxAge, Request};
use crate::commands::shared::shown;
use crate::history::coverage::{Coverage, Days, Rhythm};
use crate::history::tombstones::{Removal, RemovalKind};
use crate::history::verify::Problem;
use crate::report::manifest::FileEntry;
use crate::report::seat::whole_seconds;

/// The version of the format. It increases if a change can affect readers.
const SCHEMA_VERSION: u32 = 1;

#[derive(Serialize)]
struct Document<'a> {
    schema_version: u32,
    generator: Generator,
    verified_at: Timestamp,
    from: Option<Date>,
    to: Option<Date>,
    expect: Option<&'a str>,
    max_age_hours: Option<i64>,
    result: &'a str,
    histories: Vec<History<'a>>,
}

#[derive(Serialize)]
struct Generator {
    name: &'static str,
    version: &'static str,
}

#[derive(Serialize)]
struct History<'a> {
    folder: String,
    scope: Option<&'a str>,
    result: &'a str,
    integrity: Integrity<'a>,
    coverage: Option<CoverageFacts>,
    reports: Reports,
    newest: Option<Newest<'a>>,
}

#[derive(Serialize)]
struct Integrity<'a> {
    files_checked: usize,
    problems: Vec<ProblemFacts<'a>>,
    removals: Vec<RemovalFacts<'a>>,
    unverifiable: usize,
}

#[derive(Serialize)]
struct RemovalFacts<'a> {
    day: Date,
    kind: RemovalKind,
    reason: &'a str,
    files: usize,
}

#[derive(Serialize)]
struct ProblemFacts<'a> {
    path: &'a str,
    problem: &'a str,
}

#[derive(Serialize)]
struct CoverageFacts {
    from: Date,
    to: Date,
    rhythm: Option<&'static str>,
    unit: &'static str,
    expected: usize,
    recorded_days: usize,
    missing: usize,
    retired: usize,
    gaps: Vec<Gap>,
    longest_gap_days: usize,
}

#[derive(Serialize)]
struct Gap {
    from: Date,
    to: Date,
}

/// How many reports of the period were verified as complete when they were recorded.
#[derive(Default, Serialize)]
struct Reports {
    complete: usize,
    incomplete: usize,
    unknown: usize,
}

#[derive(Serialize)]
struct Newest<'a> {
    report_time: Timestamp,
    age_seconds: i64,
    too_old: bool,
    manifest: Option<&'a FileEntry>,
}

/// Returns the result as one JSON document. It's in ASCII and can't contain a workflow command, so
/// that it reaches a file or another program unchanged.
pub(super) fn write(request: &Request, all: &[Checked]) -> serde_json::Result<String> {
    let document = Document {
        schema_version: SCHEMA_VERSION,
        generator: Generator {
            name: env!("CARGO_PKG_NAME"),
            version: env!("CARGO_PKG_VERSION"),
        },
        verified_at: request.now,
        from: request.from,
        to: request.to,
        expect: request.expect.map(Expectation::name),
        max_age_hours: request.max_age.map(|MaxAge(most)| most.as_hours()),
        result: Failure::name(Failure::of_all(all)),
        histories: all.iter().map(history).collect(),
    };
    let json = serde_json::to_string_pretty(&document)?;
    Ok(in_ascii(&json).replace("##[", r"#\u0023["))
}

/// Escapes all characters in strings that aren't ASCII.
fn in_ascii(json: &str) -> String {
    let mut ascii = String::with_capacity(json.len());
    for c in json.chars() {
        if c.is_ascii() && c != '\x7f' {
            ascii.push(c);
        } else {
            for unit in c.encode_utf16(&mut [0; 2]) {
                let _ = write!(ascii, "\\u{unit:04x}");
            }
        }
    }
    ascii
}

fn history(checked: &Checked) -> History<'_> {
    let verdict = &checked.verdict;
    let mut reports = Reports::default();
    for manifest in &verdict.manifests {
        let is_in_period = checked
            .coverage
            .as_ref()
            .is_none_or(|coverage| coverage.period.contains(manifest.day()));
        match manifest.complete {
            _ if !is_in_period => {}
            Some(true) => reports.complete += 1,
            Some(false) => reports.incomplete += 1,
            None => reports.unknown += 1,
        }
    }
    let newest = verdict.manifests.last().zip(checked.age);
    History {
        folder: shown(&checked.folder),
        scope: verdict.scope.as_deref(),
        result: Failure::name(Failure::of(checked)),
        integrity: Integrity {
            files_checked: verdict.files,
            problems: verdict.problems.iter().map(problem).collect(),
            removals: verdict.removals.iter().map(removal).collect(),
            unverifiable: verdict.unverifiable,
        },
        coverage: checked.coverage.as_ref().map(coverage),
        reports,
        newest: newest.map(|(newest, age)| Newest {
            report_time: whole_seconds(newest.report_time),
            age_seconds: age.as_secs(),
            too_old: checked.is_too_old,
            manifest: verdict.newest.as_ref(),
        }),
    }
}

fn problem(problem: &Problem) -> ProblemFacts<'_> {
    ProblemFacts {
        path: &problem.path,
        problem: &problem.what,
    }
}

fn removal(removal: &Removal) -> RemovalFacts<'_> {
    RemovalFacts {
        day: removal.day,
        kind: removal.kind,
        reason: &removal.reason,
        files: removal.files,
    }
}

fn coverage(coverage: &Coverage) -> CoverageFacts {
    let gaps = coverage.gaps.iter();
    CoverageFacts {
        from: coverage.period.from,
        to: coverage.period.to,
        rhythm: coverage.rhythm.map(Rhythm::name),
        unit: match coverage.rhythm {
            Some(Rhythm::Weekly) => "week",
            _ => "day",
        },
        expected: coverage.expected,
        recorded_days: coverage.recorded,
        missing: coverage.missing,
        retired: coverage.retired,
        gaps: gaps.map(|&Days { from, to }| Gap { from, to }).collect(),
        longest_gap_days: coverage.longest_gap.map_or(0, Days::count),
    }
}
