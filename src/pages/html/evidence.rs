//! The page's evidence: what was read, the files' hashes, the run, the commit, and the recorded days.

use super::text::name;
use super::{Commit, DataFile, PageFacts, has_history};
use crate::history::totals::Day;
use crate::pages::figures::{counted, missing_reports};
use crate::pages::repository;
use crate::report::control::Control;
use crate::report::day::date;
use crate::system::text::thousands;

/// What shows that the report is genuine and complete.
pub(super) struct Evidence<'a> {
    pub(super) read: String,
    pub(super) files: &'a [DataFile<'a>],
    pub(super) run: Option<Link>,
    pub(super) commit: CommitLine,
    pub(super) repository: Option<String>,
    pub(super) recorded: Option<String>,
    pub(super) missing: Option<String>,
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
    let run = facts.run.map(|run| Link {
        text: name(&format!(
            "{} {} (attempt {})",
            run.workflow, run.id, run.attempt
        )),
        url: web(&format!(
            "{}/{}/actions/runs/{}/attempts/{}",
            run.server, run.repository, run.id, run.attempt
        )),
    });
    let line = |text: &str, good| CommitLine {
        link: None,
        text: text.to_owned(),
        good,
    };
    let commit = match &facts.recording.commit {
        Commit::NotRequested => line("Not committed: no audit repository is set.", false),
        Commit::Failed => line("Not committed, because the commit failed.", false),
        Commit::Nothing(what) => line(&name(what), true),
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
    };
    let (mut recorded, mut missing) = (None, None);
    if let (true, [first, .., last]) = (has_history(facts), days) {
        recorded = Some(format!(
            "{} days from {} to {}.",
            thousands(days.len()),
            date(first.report_time),
            date(last.report_time)
        ));
        missing = missing_reports(days).map(|(count, list)| match list.as_str() {
            "" => format!("{} without a report.", count.replacen("no ", "No ", 1)),
            _ => format!("{count} without a report: {list}."),
        });
    } else if let (true, [only]) = (has_history(facts), days) {
        recorded = Some(format!("1 day, {}.", date(only.report_time)));
    }
    Evidence {
        read,
        files: &facts.files,
        run,
        commit,
        repository: facts
            .recording
            .repository
            .as_ref()
            .map(repository::sentences),
        recorded,
        missing,
    }
}

/// Returns the URL if it's one of a web page.
fn web(url: &str) -> Option<String> {
    let is_web = url.starts_with("https://") || url.starts_with("http://");
    is_web.then(|| url.to_owned())
}
