//! What an auditor must follow up on: exceptions, which the control should prevent, and observations,
//! which make the evidence weaker.

use super::{Facts, MAX_LISTED, control, repository};
use crate::history::tombstones::RemovalKind;
use crate::pages::figures::{ago, counted, days_or_weeks, gaps};
use crate::pages::markdown::{code, escape};

/// Lists the exceptions, in Markdown.
pub(super) fn of(facts: &Facts<'_>) -> Vec<String> {
    let problems = &facts.verdict.problems;
    let mut all: Vec<String> = problems
        .iter()
        .take(MAX_LISTED)
        .map(|problem| format!("{} {}.", code(&problem.path), escape(&problem.what)))
        .collect();
    if problems.len() > MAX_LISTED {
        let more = problems.len() - MAX_LISTED;
        all.push(format!(
            "{} with files. To list all of them, run `verify` without `--statement`.",
            counted(more, "more problem", "more problems")
        ));
    }
    if let Some(coverage) = facts.coverage
        && coverage.missing > 0
    {
        let missing = days_or_weeks(coverage.missing, coverage.rhythm);
        let list = gaps(&coverage.gaps);
        all.push(format!("{missing} without a report: {list}."));
    }
    if let Some(coverage) = facts.coverage
        && coverage.retired > 0
    {
        let retired = days_or_weeks(coverage.retired, coverage.rhythm);
        all.push(format!(
            "The reports of {retired} in the period were removed on purpose. See the observations."
        ));
    }
    if facts.is_too_old {
        all.push(match facts.age {
            Some(age) => format!(
                "The newest report is too old: it was recorded {}.",
                ago(age)
            ),
            None => {
                "No manifest can be read, so the age of the newest report is unknown.".to_owned()
            }
        });
    }
    let unread = facts.days_without_facts();
    if !unread.is_empty() {
        all.push(format!(
            "{} a report, but no manifest that this statement can use: {}.",
            counted(
                unread.iter().map(|days| days.count()).sum(),
                "day has",
                "days have"
            ),
            gaps(&unread)
        ));
    }
    all.extend(control::exceptions(facts));
    all.extend(repository::exceptions(facts));
    all
}

/// Lists the observations, in Markdown.
pub(super) fn observations(facts: &Facts<'_>) -> Vec<String> {
    let removals = facts.verdict.removals.iter().map(|removal| {
        let what = match removal.kind {
            RemovalKind::Retired => {
                counted(removal.files, "file was retired", "files were retired")
            }
            RemovalKind::Erased => {
                let files = counted(removal.files, "file", "files");
                format!("lines about a person were erased from {files}")
            }
        };
        format!(
            "On {}, {what}. Reason: {}",
            removal.day,
            escape(&removal.reason)
        )
    });
    let newest = facts.verdict.days.last().copied();
    let unprotected = facts
        .coverage
        .filter(|coverage| newest.is_some_and(|newest| newest <= coverage.period.to))
        .map(|_| {
            "The last report of the period is the newest one, so no later manifest protects it yet."
                .to_owned()
        });
    let imported = control::imported(facts).into_iter();
    let repository = repository::observations(facts);
    let all = removals.chain(unprotected).chain(imported);
    all.chain(repository).collect()
}
