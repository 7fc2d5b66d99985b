//! A statement about a history, for auditors: one page of Markdown that says where the reports come
//! from, whether they're complete, and who could have changed them.

mod control;
mod exceptions;
mod repository;
mod source;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

use super::figures::{ago, counted, days_or_weeks, gaps};
use super::markdown::{code, escape};
use crate::history::coverage::{Coverage, Days, Rhythm, merged};
use crate::history::tombstones::TOMBSTONES;
use crate::history::verify::{ManifestFacts, Verdict};
use crate::system::text::thousands;

/// How many gaps, reports, or commits a list names.
const MAX_LISTED: usize = 10;

/// What the statement is about.
#[derive(Debug)]
pub(crate) struct Facts<'a> {
    /// The folder of the history.
    pub folder: &'a Path,
    /// Whether its files match its manifests.
    pub verdict: &'a Verdict,
    /// Whether it covers the period. `None` if there's no day to start from.
    pub coverage: Option<&'a Coverage>,
    /// Whether the reports themselves say how often there must be one.
    pub is_rhythm_assumed: bool,
    /// The first day that was checked, if not all were.
    pub from: Option<Date>,
    /// The age of the newest report.
    pub age: Option<SignedDuration>,
    /// Whether that's too old.
    pub is_too_old: bool,
    /// The time of the check.
    pub now: Timestamp,
}

impl Facts<'_> {
    /// Returns the manifests of the period.
    fn manifests(&self) -> impl DoubleEndedIterator<Item = &ManifestFacts> {
        let all = self.verdict.manifests.iter();
        all.filter(|manifest| self.is_in_period(manifest.day()))
    }

    /// Returns the days of the period that have a report, but no manifest that can be used.
    fn days_without_facts(&self) -> Vec<Days> {
        let known: BTreeSet<Date> = self.manifests().map(ManifestFacts::day).collect();
        let days = self.verdict.days.iter().copied();
        let days = days.filter(|day| self.is_in_period(*day) && !known.contains(day));
        merged(days.map(|day| Days { from: day, to: day }))
    }

    fn is_in_period(&self, day: Date) -> bool {
        self.coverage
            .is_none_or(|coverage| coverage.period.contains(day))
    }
}

/// Writes the statement.
pub(crate) fn write(facts: &Facts<'_>) -> String {
    let scope = facts.verdict.scope.as_deref();
    let scope = scope.unwrap_or("unknown organization or enterprise");
    let mut out = format!(
        "# Statement about the Copilot activity reports of the {}\n\n",
        escape(scope)
    );
    let _ = writeln!(
        out,
        "Prepared by {} {} (`verify --statement`) at {} from the files in {}.\n",
        env!("CARGO_PKG_NAME"),
        env!("CARGO_PKG_VERSION"),
        minutes(facts.now),
        code(&facts.folder.display().to_string()),
    );
    let exceptions = exceptions::of(facts);
    let observations = exceptions::observations(facts);
    let counts = [
        (exceptions.len(), "exception", "exceptions"),
        (observations.len(), "observation", "observations"),
    ];
    let counts = counts.map(|(count, one, many)| match count {
        0 => format!("no {many}"),
        _ => counted(count, one, many),
    });
    let result = match facts.manifests().next() {
        Some(_) => counts.join(" and "),
        None => "no conclusion, because the period has no report that can be read".to_owned(),
    };
    let _ = writeln!(out, "**Result: {result}.**");
    for (heading, all) in [("Exceptions", exceptions), ("Observations", observations)] {
        if !all.is_empty() {
            let _ = writeln!(out, "\n{heading}:\n");
        }
        for one in all {
            let _ = writeln!(out, "- {one}");
        }
    }
    let sections = [
        ("Source: is it from the system?", source::section(facts)),
        ("Scope and period", period(facts)),
        ("Population: is it complete?", population(facts)),
        (
            "Control total: does each report have every seat?",
            control::section(facts),
        ),
        ("Accuracy: are the values GitHub's?", accuracy(facts)),
        (
            "Integrity: was anything edited or left out?",
            integrity(facts),
        ),
        ("Who could have changed it?", repository::section(facts)),
        ("What this statement doesn't prove", limits()),
    ];
    for (heading, sentences) in sections {
        let _ = writeln!(out, "\n## {heading}\n");
        for sentence in sentences {
            let _ = writeln!(out, "- {sentence}");
        }
    }
    out
}

fn period(facts: &Facts<'_>) -> Vec<String> {
    let scope = facts.verdict.scope.as_deref().map(escape);
    let mut sentences: Vec<String> = scope
        .map(|scope| format!("Scope: the {scope}."))
        .into_iter()
        .collect();
    let Some(coverage) = facts.coverage else {
        sentences.push("Period: none, because no report can be read.".to_owned());
        return sentences;
    };
    let Days { from, to } = coverage.period;
    let rhythm = match coverage.rhythm {
        Some(Rhythm::Daily) => "One report is expected per day, in UTC",
        Some(Rhythm::Weekly) => "One report is expected per week, from Monday to Sunday, in UTC",
        None => "Gaps between reports are allowed",
    };
    let assumed = if facts.is_rhythm_assumed {
        ", because most reports were recorded that often"
    } else {
        ""
    };
    sentences.push(format!("Period: {from} to {to}. {rhythm}{assumed}."));
    if facts
        .manifests()
        .any(|manifest| manifest.pseudonyms.is_some())
    {
        sentences.push(
            "People have pseudonyms. Only the holder of the key can find out who they are."
                .to_owned(),
        );
    }
    sentences
}

/// Says whether every day has a report, and whether each report lists every seat.
fn population(facts: &Facts<'_>) -> Vec<String> {
    let mut sentences = Vec::new();
    if let Some(coverage) = facts.coverage {
        let recorded = match coverage.rhythm {
            Some(Rhythm::Weekly) => coverage.expected - coverage.missing,
            _ => coverage.recorded,
        };
        let have = match coverage.rhythm {
            None => "Gaps are allowed".to_owned(),
            Some(_) => format!("{} missing", thousands(coverage.missing)),
        };
        let retired = match coverage.retired {
            0 => String::new(),
            retired => format!(
                " {} had a report that was removed on purpose.",
                days_or_weeks(retired, coverage.rhythm)
            ),
        };
        sentences.push(format!(
            "{} expected, {} with a report. {have}.{retired}",
            days_or_weeks(coverage.expected, coverage.rhythm),
            thousands(recorded)
        ));
        if !coverage.gaps.is_empty() {
            sentences.push(format!("Without a report: {}.", gaps(&coverage.gaps)));
        }
        if let Some(gap) = coverage.longest_gap {
            sentences.push(format!(
                "Longest gap: {}, {gap}.",
                counted(gap.count(), "day", "days")
            ));
        }
    }
    let seats: Vec<u64> = facts
        .manifests()
        .filter_map(|manifest| manifest.seats)
        .collect();
    if let (Some(first), Some(last), Some(least), Some(most)) = (
        seats.first(),
        seats.last(),
        seats.iter().min(),
        seats.iter().max(),
    ) {
        let rows = if least == most {
            format!("{least} in every report of the period.")
        } else {
            format!(
                "{first} in the first report of the period, {last} in the last one, and between {least} and {most} in all of them."
            )
        };
        sentences.push(format!("A report has one row per seat. Rows: {rows}"));
    }
    if let Some(age) = facts.age {
        sentences.push(format!("The newest report was recorded {}.", ago(age)));
    }
    sentences
}

/// Says how the rows compare with GitHub's data.
fn accuracy(facts: &Facts<'_>) -> Vec<String> {
    let verdict = facts.verdict;
    let checked = match (verdict.problems.is_empty(), verdict.removals.is_empty()) {
        (true, true) => "The number of rows in each report matches its manifest and `totals.csv`.",
        (true, false) => {
            "The number of rows in each report matches its manifest and `totals.csv`, except for rows that were erased."
        }
        (false, _) => {
            "The number of rows in each report was compared with its manifest and `totals.csv`. Differences are among the exceptions."
        }
    };
    [
        checked,
        "The reports have GitHub's own columns. Whether their values are GitHub's wasn't tested for this statement.",
        "To test it, download the report on GitHub's Copilot page within an hour of a run, and compare it with the day's report.",
    ]
    .map(str::to_owned)
    .into()
}

/// Says whether the files match the manifests.
fn integrity(facts: &Facts<'_>) -> Vec<String> {
    let verdict = facts.verdict;
    let mut sentences = vec![match (verdict.files, verdict.problems.len()) {
        (0, 0) => "No file was checked.".to_owned(),
        (files, problems) => format!(
            "{} checked against the SHA-256 in the manifests. {}.",
            counted(files, "file was", "files were"),
            match problems {
                0 if verdict.removals.is_empty() => "All match".to_owned(),
                0 => format!(
                    "All match or, if lines were erased from them, match {}",
                    code(TOMBSTONES)
                ),
                count => counted(count, "problem was found", "problems were found"),
            }
        ),
    }];
    if let Some(from) = facts.from {
        sentences.push(format!("Files of days before {from} weren't checked."));
    }
    sentences.push("Each manifest has the SHA-256 of the manifest before it. So a day can't be edited, removed, or added without changing all later manifests. Someone with write access can do that.".to_owned());
    if !verdict.removals.is_empty() {
        let unverifiable = match verdict.unverifiable {
            0 => String::new(),
            count => format!(
                " Because of erasures, {} can't be verified.",
                counted(
                    count,
                    "recorded version of a file",
                    "recorded versions of files"
                )
            ),
        };
        sentences.push(format!(
            "Data was removed on purpose, as {} lists.{unverifiable}",
            code(TOMBSTONES)
        ));
    }
    if let Some(newest) = &verdict.newest {
        sentences.push(format!(
            "The newest manifest is {}. Its SHA-256 is {}. If you keep this value elsewhere, it protects all days up to then.",
            code(&newest.name),
            code(&newest.sha256)
        ));
    }
    sentences
}

fn limits() -> Vec<String> {
    [
        "Someone with write access who recomputes all later manifests isn't detected by this check. The commits' signatures, the repository's rules, and attestations protect against that.",
        "No later manifest protects the newest one yet.",
        "GitHub reports only the present, so no one can record a missing day later, or repeat a report of the past.",
        "Activity is what GitHub reports. The program can't check whether GitHub's data is right.",
    ]
    .map(str::to_owned)
    .into()
}

/// Counts equal texts. The most frequent one is first.
fn tally(texts: impl Iterator<Item = String>) -> Vec<(String, usize)> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for text in texts {
        *counts.entry(text).or_default() += 1;
    }
    let mut all: Vec<_> = counts.into_iter().collect();
    all.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    all
}

/// Lists texts, with the number of reports if there are several.
fn listed(all: &[(String, usize)]) -> String {
    if let [(only, _)] = all {
        return only.clone();
    }
    let shown = all.iter().take(MAX_LISTED);
    let shown =
        shown.map(|(text, count)| format!("{text} ({})", counted(*count, "report", "reports")));
    let more = all.len().saturating_sub(MAX_LISTED);
    let more = (more > 0).then(|| format!("and {more} more"));
    shown.chain(more).collect::<Vec<_>>().join("; ")
}

/// Formats a time in UTC, to the minute.
fn minutes(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d %H:%M UTC").to_string()
}
