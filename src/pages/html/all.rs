//! The page over all organizations of a run. Each report is dropped once it's delivered, so what the
//! page shows is collected report by report.

use std::io;

use askama::Template as _;
use jiff::{SignedDuration, Timestamp};

use super::changes::{Changes, changes};
use super::evidence::{CommitLine, Evidence, commit_line, link_to_run};
use super::rows::{Gathered, Gatherer};
use super::{
    Commit, Common, DataFile, Incomplete, PageFacts, ReportPage, UNCHANGED, UNRECORDED,
    has_history, nameless, text,
};
use crate::pages::figures::counted;
use crate::pages::repository;
use crate::report::activity::Counts;
use crate::report::everyone::Everyone;
use crate::report::manifest::Run;
use crate::report::repository::RepositoryState;
use crate::system::text::thousands;

/// The maximum number of people on the page. A person takes about 500 bytes until it's written, and
/// about 50 bytes in the file.
pub(crate) const MAX_PEOPLE: usize = 200_000;

/// How many incomplete reports are listed with their reasons. More are only named.
const MAX_REASONS: usize = 20;

/// What the reports of a run say, as far as the page shows it.
#[derive(Default)]
pub(crate) struct Collected {
    gatherer: Gatherer,
    /// Whether it's about more people than a page can have. Then nothing else is collected.
    is_too_large: bool,
    reports: usize,
    seats: usize,
    /// The time of the earliest report.
    time: Option<Timestamp>,
    /// GitHub's own counts together. `None` if a report has none.
    total: Option<u64>,
    incomplete: Vec<(String, Vec<String>)>,
    changes: Option<Changes>,
    /// Whether a report is recorded.
    has_history: bool,
    /// Whether a report can be compared with an earlier one.
    has_earlier: bool,
    commits: Commits,
    repository: Option<RepositoryState>,
}

/// What became of the reports in the audit repository.
#[derive(Default)]
struct Commits {
    /// The commits, each once. Several reports can be in the same one.
    made: Vec<Commit>,
    /// Why there was nothing to commit, each reason once.
    nothing: Vec<String>,
    failed: usize,
}

/// Organizations without a report, and why.
#[derive(Debug)]
pub(crate) struct Missing {
    /// Their names.
    pub names: Vec<String>,
    /// Why there's no report of them, as a sentence without a period.
    pub why: String,
}

/// What the page shows in addition to what's collected.
pub(crate) struct AllFacts<'a> {
    /// The people of all reports, who count once.
    pub everyone: &'a Everyone,
    /// The organizations that aren't on the page.
    pub missing: &'a [Missing],
    /// People without known activity for this long are inactive.
    pub inactive_after: SignedDuration,
    /// Whether the page can have people's names.
    pub may_name_people: bool,
    /// Whether the names are pseudonyms.
    pub has_pseudonyms: bool,
    /// The combined report, if there's one.
    pub files: Vec<DataFile<'a>>,
    /// The workflow run, if there's one.
    pub run: Option<&'a Run>,
}

impl Collected {
    /// Adds a report, unless there are too many people.
    pub(crate) fn add(&mut self, facts: &PageFacts<'_>) {
        self.add_up_to(facts, MAX_PEOPLE);
    }

    fn add_up_to(&mut self, facts: &PageFacts<'_>, most: usize) {
        if self.is_too_large {
            return;
        }
        let report = facts.report;
        let name = report.scope().name();
        let (gatherer, policy) = (&mut self.gatherer, facts.policy);
        gatherer.add(report, facts.known, policy, Some(name));
        if gatherer.people() > most {
            *self = Self {
                is_too_large: true,
                ..Self::default()
            };
            return;
        }
        let total = report.reading().total_seats();
        self.total = match (self.reports, self.total) {
            (0, _) => total,
            (_, before) => before.zip(total).map(|(before, total)| before + total),
        };
        self.reports += 1;
        self.seats += report.seats().len();
        self.time = self.time.into_iter().chain([report.time()]).min();
        if !report.is_complete() {
            let reasons = report.incomplete_reasons().iter();
            let reasons = reasons.map(ToString::to_string).collect();
            self.incomplete.push((name.to_owned(), reasons));
        }
        if let Some(changes) = changes(facts) {
            self.changes.get_or_insert_default().add(changes, name);
        }
        self.has_history |= has_history(facts);
        self.has_earlier |= facts.known.totals.days().next().is_some();
        self.commits.add(&facts.recording.commit);
        let repository = facts.recording.repository.clone();
        self.repository = self.repository.take().or(repository);
    }

    /// Returns the time of the earliest report, or `None` if there's no report.
    pub(crate) fn time(&self) -> Option<Timestamp> {
        self.time
    }

    /// Returns whether the reports have more than [`MAX_PEOPLE`] people, so there's no page.
    pub(crate) fn is_too_large(&self) -> bool {
        self.is_too_large
    }

    /// Writes the page as the file `stem` with its extension.
    pub(crate) fn write(
        self,
        stem: &str,
        facts: &AllFacts<'_>,
        out: &mut dyn io::Write,
    ) -> io::Result<()> {
        let Some(time) = self.time else {
            return Ok(());
        };
        let gathered = self.gatherer.finish(Some(facts.everyone));
        let counts = facts.everyone.counts();
        let shared = shared(&gathered);
        let evidence = Evidence {
            read: read(self.seats, counts, self.reports, self.total),
            files: &facts.files,
            run: facts.run.map(link_to_run),
            commit: self.commits.line(),
            repository: self.repository.as_ref().map(repository::sentences),
            recorded: match self.has_history {
                true => "The figures are from the reports of this run and the histories of their organizations. The page of each organization compares them with earlier reports.",
                false => "No history. All figures are from the reports of this run alone, and GitHub keeps activity for only 90 days.",
            }
            .to_owned(),
        };
        let missing = facts.missing.iter().map(|missing| missing.names.len());
        let organizations = self.reports + missing.sum::<usize>();
        let all = counted(organizations, "organization", "organizations");
        let common = Common {
            eyebrow: "Copilot seats over all organizations of the run".to_owned(),
            title: match self.reports {
                reports if reports == organizations => all,
                reports => format!("{} of {all}", thousands(reports)),
            },
            stem: stem.to_owned(),
            time,
            seats: self.seats,
            counts,
            inactive_days: facts.inactive_after.as_hours() / 24,
            incomplete: incomplete(facts.missing, &self.incomplete),
            evidence,
            may_name_people: facts.may_name_people,
            has_pseudonyms: facts.has_pseudonyms,
        };
        let changes_note = match &self.changes {
            _ if self.commits.failed > 0 => {
                "The changes in organizations without a commit are unknown, because the commit failed."
            }
            None => UNRECORDED,
            Some(changes) if !changes.counted().is_empty() => nameless(changes),
            Some(_) if self.has_earlier => UNCHANGED,
            Some(_) => {
                "These are the first recorded reports. Later reports are compared with them."
            }
        };
        let changes = self.changes.unwrap_or_default();
        let page = ReportPage {
            shared,
            change_counts: changes.counted(),
            changes: changes.lines,
            changes_note,
            ..ReportPage::new(common, gathered)?
        };
        page.write_into(out)
    }
}

impl Commits {
    fn add(&mut self, commit: &Commit) {
        match commit {
            Commit::NotRequested => {}
            Commit::Failed => self.failed += 1,
            Commit::Nothing(what) if self.nothing.contains(what) => {}
            Commit::Nothing(what) => self.nothing.push(what.clone()),
            Commit::Made { .. } if self.made.contains(commit) => {}
            Commit::Made { .. } => self.made.push(commit.clone()),
        }
    }

    /// Says whether the reports were committed, and whether GitHub verified that.
    fn line(&self) -> CommitLine {
        let is_verified = |commit: &&Commit| {
            matches!(
                commit,
                Commit::Made {
                    unverified: None,
                    ..
                }
            )
        };
        let line = match (&self.made[..], &self.nothing[..], self.failed) {
            ([], [], 0) => return commit_line(&Commit::NotRequested),
            ([], [], _) => return commit_line(&Commit::Failed),
            ([], nothing, _) => commit_line(&Commit::Nothing(nothing.join("; "))),
            ([commit], ..) => commit_line(commit),
            (commits, ..) => {
                let verified = commits.iter().filter(is_verified).count();
                let all = commits.len();
                match all - verified {
                    0 => CommitLine::text(&format!("{all} commits, all verified by GitHub"), true),
                    other => CommitLine::text(
                        &format!("{all} commits, {other} of them not verified by GitHub"),
                        false,
                    ),
                }
            }
        };
        match self.failed {
            0 => line,
            failed => CommitLine {
                text: format!(
                    "{}. Not committed for {}, because the commit failed.",
                    line.text,
                    counted(failed, "organization", "organizations")
                ),
                good: false,
                ..line
            },
        }
    }
}

/// Says what was read.
fn read(seats: usize, counts: Counts, reports: usize, total: Option<u64>) -> String {
    let total = total.and_then(|total| usize::try_from(total).ok());
    let total = match total {
        Some(total) => format!("GitHub's own counts add up to {}.", thousands(total)),
        None => "GitHub doesn't say for each organization how many there are.".to_owned(),
    };
    format!(
        "{} in {}, held by {}. {total}",
        counted(seats, "seat", "seats"),
        counted(reports, "organization", "organizations"),
        counted(counts.people, "person", "people"),
    )
}

/// Says how many people have seats in several organizations, if some have.
fn shared(gathered: &Gathered) -> Option<String> {
    let rows = gathered.rows.iter();
    let shared = rows.filter(|row| row.organizations.len() > 1).count();
    let (subject, verb) = match shared {
        0 => return None,
        1 => ("1 person".to_owned(), "has"),
        shared => (format!("{} people", thousands(shared)), "have"),
    };
    Some(format!(
        "{subject} {verb} seats in several organizations. They count once here, and in each of these organizations in the table below. Within an enterprise, GitHub bills each of them in only one organization, but its API doesn't say in which one."
    ))
}

/// Lists the organizations that aren't on the page, and the reports that aren't complete. `None` if
/// there are none.
fn incomplete(missing: &[Missing], incomplete: &[(String, Vec<String>)]) -> Option<Incomplete> {
    let without: usize = missing.iter().map(|missing| missing.names.len()).sum();
    if without == 0 && incomplete.is_empty() {
        return None;
    }
    let named = |names: &[&str], why: &str| {
        let names = names.iter().map(|name| text::name(name));
        let names = names.collect::<Vec<_>>().join(", ");
        [vec![(false, format!("{names}: "))], text::parts(why)].concat()
    };
    let mut reasons = Vec::new();
    for Missing { names, why } in missing {
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        reasons.push(named(&names, &format!("{why}.")));
    }
    for (name, why) in incomplete.iter().take(MAX_REASONS) {
        let why = format!("not verified as complete. {}.", why.join(". "));
        reasons.push(named(&[name], &why));
    }
    let others = incomplete.iter().skip(MAX_REASONS);
    let others: Vec<&str> = others.map(|(name, _)| name.as_str()).collect();
    if !others.is_empty() {
        reasons.push(named(&others, "not verified as complete."));
    }
    Some(match without {
        0 => Incomplete {
            label: "Not verified as complete".to_owned(),
            title: "Not every report could be verified as complete. Seats may be missing on this page.",
            reasons,
        },
        _ => Incomplete {
            label: format!(
                "{} missing",
                counted(without, "organization", "organizations")
            ),
            title: "Organizations are missing on this page. The figures don't include their seats.",
            reasons,
        },
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::history::HistoryContext;
    use crate::pages::html::Recording;
    use crate::report::Report;
    use crate::report::completeness::Reading;
    use crate::report::scope::{Scope, ScopeKind};
    use crate::report::seat::{Account, Seat};
    use crate::report::status::StatusPolicy;

    #[test]
    fn too_many_people_leave_nothing_in_memory() {
        let seat = |id| Seat {
            assignee: Some(Account {
                id: Some(id),
                login: format!("person-{id}").into(),
            }),
            ..Seat::default()
        };
        let scope = Scope::new(ScopeKind::Organization, "acme").unwrap();
        let seats = |ids: std::ops::Range<u64>| ids.map(seat).collect();
        let known = HistoryContext::default();
        let mut collected = Collected::default();
        for (ids, is_too_large) in [(0..3, false), (1..4, false), (4..5, true), (0..1, true)] {
            let report = Report::new(scope.clone(), Reading::default(), seats(ids));
            let facts = PageFacts {
                report: &report,
                known: &known,
                policy: StatusPolicy {
                    now: report.time(),
                    inactive_after: SignedDuration::from_hours(30 * 24),
                },
                counts: Counts::default(),
                may_name_people: true,
                has_pseudonyms: false,
                files: Vec::new(),
                run: None,
                recording: Recording::default(),
            };
            collected.add_up_to(&facts, 4);
            assert_eq!(collected.is_too_large(), is_too_large);
            assert_eq!(collected.gatherer.people() == 0, is_too_large);
        }
    }
}
