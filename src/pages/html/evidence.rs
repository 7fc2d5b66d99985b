//! The page's evidence: what was read, the files' hashes, the run, the commit, and the recorded days.

use super::text::name;
use super::{Commit, DataFile, PageFacts, has_history};
use crate::history::totals::Day;
use crate::pages::figures::{counted, missing_reports};
use crate::pages::repository;
use crate::report::control::Control;
use crate::report::day::date;
use crate::report::manifest::Run;
use crate::system::text::thousands;

/// What shows that the report is genuine and complete.
pub(super) struct Evidence<'a> {
    pub(super) read: String,
    pub(super) files: &'a [DataFile<'a>],
    pub(super) run: Option<Link>,
    pub(super) commit: CommitLine,
    pub(super) repository: Option<String>,
    pub(super) recorded: String,
}

pub(super) struct Link {
    pub(super) text: String,
    pub(super) url: Option<String>,
}

pub(super) struct CommitLine {
    pub(super) link: Option<Link>,
    pub(super) text: String,
    pub(super) good: bool,
}

impl CommitLine {
    pub(super) fn text(text: &str, good: bool) -> Self {
        Self {
            link: None,
            text: text.to_owned(),
            good,
        }
    }
}

/// Gathers what shows that the report is genuine and complete.
pub(super) fn evidence<'a>(facts: &'a PageFacts<'_>, days: &[Day]) -> Evidence<'a> {
    let report = facts.report;
    let total = match report.reading().total_seats() {
        Some(total) => {
            let total = usize::try_from(total).unwrap_or(usize::MAX);
            format!("GitHub's own count is {}.", thousands(total))
        }
        None => "GitHub doesn't say how many there are.".to_owned(),
    };
    let billed = report.control().and_then(Control::described);
    let billed = billed.map(|count| format!(" GitHub's billing count: {count}."));
    let read = format!(
        "{}, held by {}. {total}{}",
        counted(report.seats().len(), "seat", "seats"),
        counted(report.people(), "person", "people"),
        billed.unwrap_or_default(),
    );
    Evidence {
        read,
        files: &facts.files,
        run: facts.run.map(link_to_run),
        commit: commit_line(&facts.recording.commit),
        repository: facts
            .recording
            .repository
            .as_ref()
            .map(repository::sentences),
        recorded: recorded(facts, days),
    }
}

/// Returns the link to the workflow run.
pub(super) fn link_to_run(run: &Run) -> Link {
    Link {
        text: name(&format!(
            "{} {} (attempt {})",
            run.workflow, run.id, run.attempt
        )),
        url: web(&format!(
            "{}/{}/actions/runs/{}/attempts/{}",
            run.server, run.repository, run.id, run.attempt
        )),
    }
}

/// Says whether there's a commit, and whether GitHub verified it.
pub(super) fn commit_line(commit: &Commit) -> CommitLine {
    match commit {
        Commit::NotRequested => {
            CommitLine::text("Not committed: no audit repository is set.", false)
        }
        Commit::Failed => CommitLine::text("Not committed, because the commit failed.", false),
        Commit::Nothing(what) => CommitLine::text(&name(what), true),
        Commit::Made {
            sha,
            url,
            unverified,
        } => CommitLine {
            link: Some(Link {
                text: sha.chars().take(12).collect(),
                url: web(url),
            }),
            text: match unverified {
                None => "verified by GitHub".to_owned(),
                Some(why) => format!("not verified by GitHub: {why}"),
            },
            good: unverified.is_none(),
        },
    }
}

/// Says which days are recorded, and which of them have no report.
fn recorded(facts: &PageFacts<'_>, days: &[Day]) -> String {
    match days {
        [first, .., last] if has_history(facts) => {
            let days_text = format!(
                "{} days from {} to {}.",
                thousands(days.len()),
                date(first.report_time),
                date(last.report_time)
            );
            let missing = missing_reports(days).map(|(count, list)| match list.as_str() {
                "" => format!(" {} without a report.", count.replacen("no ", "No ", 1)),
                _ => format!(" {count} without a report: {list}."),
            });
            format!("{days_text}{}", missing.unwrap_or_default())
        }
        [only] if has_history(facts) => format!("1 day, {}.", date(only.report_time)),
        _ => "No history. All figures are from this report alone, and GitHub keeps activity for only 90 days.".to_owned(),
    }
}

/// Returns the URL if it's one of a web page.
fn web(url: &str) -> Option<String> {
    let is_web = url.starts_with("https://") || url.starts_with("http://");
    is_web.then(|| url.to_owned())
}
