//! The result as text: a line for each problem, two for each history, and one for all.

use jiff::SignedDuration;

use super::check::{Checked, Failure, Request};
use crate::commands::shared::{count, shown};
use crate::history::coverage::{Coverage, Days, Rhythm};
use crate::history::tombstones::{Removal, RemovalKind};
use crate::pages::figures::{ago, gaps};
use crate::runner::log;
use crate::system::environment::Environment;

/// Prints the result. In a workflow, each problem is an error annotation.
pub(super) fn print(environment: &Environment, request: &Request, all: &[Checked]) {
    for checked in all {
        print_integrity(environment, request, checked);
        print_coverage(environment, request, checked);
    }
    let from = request
        .from
        .map_or_else(String::new, |from| format!(" from {from} on"));
    let problems: usize = all.iter().map(|one| one.verdict.problems.len()).sum();
    let weekly = all.iter().filter(|one| is_weekly(one));
    let weeks: usize = weekly.map(Checked::missing).sum();
    let days = all.iter().map(Checked::missing).sum::<usize>() - weeks;
    let missing = [(days, "missing day"), (weeks, "missing week")]
        .into_iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, what)| count(number, what));
    let missing = missing.collect::<Vec<_>>().join(" and ");
    match Failure::of_all(all) {
        None => log::answer(&format!("Verification passed{from}.")),
        Some(Failure::Altered) => {
            let more = match missing.as_str() {
                "" => String::new(),
                missing => format!(", and {missing}"),
            };
            let what = format!(
                "Verification failed{from}: {}{more}.",
                count(problems, "problem")
            );
            log::finding(environment, &what);
        }
        Some(Failure::Missing) => {
            let what = format!(
                "Verification failed{from}: no file was altered, but the reports don't cover the period: {missing}. To allow gaps, use `--expect any`."
            );
            log::finding(environment, &what);
        }
        Some(Failure::TooOld) => {
            let what = format!(
                "Verification failed{from}: no file was altered and no report is missing, but the newest report is too old."
            );
            log::finding(environment, &what);
        }
    }
}

fn print_integrity(environment: &Environment, request: &Request, checked: &Checked) {
    let verdict = &checked.verdict;
    for problem in &verdict.problems {
        let path = checked.folder.join(&problem.path);
        let what = crate::system::text::shown(&problem.what, 1_000);
        log::finding(environment, &format!("{} {what}", shown(path)));
    }
    let scope = verdict
        .scope
        .as_deref()
        .unwrap_or("unknown organization or enterprise");
    let span = verdict.days.first().zip(verdict.days.last());
    let span = span.map_or_else(String::new, |(first, last)| {
        format!(" from {first} to {last}")
    });
    for removal in &verdict.removals {
        let (folder, removal) = (shown(&checked.folder), in_words(removal));
        log::answer(&format!("{folder}: {removal}"));
    }
    let unverifiable = match verdict.unverifiable {
        0 => String::new(),
        1 => " 1 recorded version of a file isn't verifiable because of an erasure.".to_owned(),
        many => {
            format!(" {many} recorded versions of files aren't verifiable because of erasures.")
        }
    };
    let left_out = request.from.map_or_else(String::new, |from| {
        format!(" Days before {from} weren't checked.")
    });
    log::answer(&format!(
        "{}: {}, {}{span}, {} checked, {}.{unverifiable}{left_out}",
        shown(&checked.folder),
        shown(scope),
        count(verdict.days.len(), "day"),
        count(verdict.files, "file"),
        count(verdict.problems.len(), "problem"),
    ));
}

/// Describes what was removed on purpose.
fn in_words(removal: &Removal) -> String {
    let what = match removal.kind {
        RemovalKind::Retired => "retired",
        RemovalKind::Erased => "lines erased from",
    };
    format!(
        "{what} {} on {}. Reason: {}",
        count(removal.files, "file"),
        removal.day,
        crate::system::text::shown(&removal.reason, 300)
    )
}

fn print_coverage(environment: &Environment, request: &Request, checked: &Checked) {
    let mut sentences: Vec<String> = checked
        .coverage
        .iter()
        .map(|coverage| described(coverage, checked.has_own_rhythm(request)))
        .collect();
    let most = request.max_age.filter(|_| checked.is_too_old);
    let limit = most.map_or_else(String::new, |most| {
        format!(", but it can be at most {} old", length(most.0))
    });
    match checked.age {
        Some(age) => sentences.push(format!(
            "The newest report was recorded {}{limit}.",
            ago(age)
        )),
        None if checked.is_too_old => sentences.push(
            "No manifest can be read, so the age of the newest report is unknown.".to_owned(),
        ),
        None => {}
    }
    if sentences.is_empty() {
        return;
    }
    let line = format!("{}: {}", shown(&checked.folder), sentences.join(" "));
    if checked.missing() > 0 || checked.is_too_old {
        log::finding(environment, &line);
    } else {
        log::answer(&line);
    }
}

/// Describes how the reports cover the period. `is_judged` says whether the reports themselves say
/// how often there must be one.
fn described(coverage: &Coverage, is_judged: bool) -> String {
    let (have, unit, usual) = match coverage.rhythm {
        Some(Rhythm::Weekly) => (coverage.expected - coverage.missing, "week", 6),
        _ => (coverage.recorded, "day", 1),
    };
    let period = match coverage.period {
        Days { from, to } if from == to => format!("on {from}"),
        Days { from, to } => format!("from {from} to {to}"),
    };
    let verb = if coverage.expected == 1 {
        "has"
    } else {
        "have"
    };
    let mut sentences = vec![format!(
        "{have} of {} {period} {verb} a report.",
        count(coverage.expected, unit)
    )];
    if coverage.retired > 0 {
        let verb = if coverage.retired == 1 { "was" } else { "were" };
        sentences.push(format!("{} {verb} retired.", count(coverage.retired, unit)));
    }
    if !coverage.gaps.is_empty() {
        sentences.push(format!("Without a report: {}.", gaps(&coverage.gaps)));
    }
    let longest = coverage.longest_gap.map(Days::count);
    if let Some(longest) = longest.filter(|longest| *longest > usual) {
        sentences.push(format!("The longest gap is {}.", count(longest, "day")));
    }
    sentences.push(match coverage.rhythm {
        None => "Gaps are allowed.".to_owned(),
        Some(rhythm) if is_judged => format!(
            "Reports are expected {}, judging by the recorded days.",
            rhythm.name()
        ),
        Some(rhythm) => format!("Reports are expected {}.", rhythm.name()),
    });
    sentences.join(" ")
}

fn is_weekly(checked: &Checked) -> bool {
    let coverage = checked.coverage.as_ref();
    coverage.is_some_and(|coverage| coverage.rhythm == Some(Rhythm::Weekly))
}

/// Formats a duration in whole hours.
fn length(duration: SignedDuration) -> String {
    let hours = usize::try_from(duration.as_hours()).unwrap_or_default();
    match hours % 24 {
        0 => count(hours / 24, "day"),
        _ => count(hours, "hour"),
    }
}
