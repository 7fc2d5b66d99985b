//! Brings a report to a branch, which keeps one report per day.

use bytes::Bytes;

use super::check::RepositoryCheck;
use super::error::AuditError;
use super::folder::read_folder;
use super::repository::{AuditFiles, AuditRepository, LastRead};
use crate::github::commit::{Commit, CommitContent, MissingBranch};
use crate::github::names::{BranchName, NameError, RepositoryPath};
use crate::history::totals::Day;
use crate::history::{self, Action, FolderFiles, HistoryUpdate, Revoked, UpdatePlan};
use crate::pages::index::{self, END, Row, START};
use crate::report::Report;
use crate::report::columns::ColumnSet;
use crate::report::csv;
use crate::report::day::date;
use crate::report::manifest::sha256;
use crate::report::scope::Scope;

/// A report that's being recorded.
pub(super) struct PendingReport<'r> {
    pub(super) report: &'r Report,
    /// The seats that count as revoked if the report doesn't have them.
    revoked: Revoked<'r>,
    /// The content of the ledger when it was last read.
    last_read: Option<LastRead>,
    csv: Bytes,
    /// The folder of the scope.
    pub(super) folder: RepositoryPath,
    /// The commit's message.
    pub(super) message: CommitContent,
}

/// A report that is now on a branch, or already was.
pub(super) struct PlacedReport {
    pub(super) branch: BranchName,
    pub(super) plan: UpdatePlan,
    pub(super) commit: Option<Commit>,
    /// The state of the repository before the commit.
    pub(super) check: RepositoryCheck,
    /// Whether the branch now exists.
    pub(super) exists: bool,
}

impl AuditRepository<'_> {
    /// Prepares a report for the commit.
    pub(super) fn pending<'r>(
        &self,
        report: &'r Report,
        revoked: Revoked<'r>,
        last_read: Option<LastRead>,
    ) -> Result<PendingReport<'r>, AuditError> {
        // The repository always has GitHub's own columns, even if the files of this run have
        // others.
        let mut content = Vec::new();
        csv::write(report, ColumnSet::Github, &mut content)
            .map_err(|error| AuditError::Other(error.to_string()))?;
        Ok(PendingReport {
            report,
            revoked,
            last_read,
            folder: self.folder(report.scope())?,
            message: self.message(report, &content),
            csv: Bytes::from(content),
        })
    }

    /// Brings a report to a branch.
    pub(super) async fn place(
        &self,
        pending: &PendingReport<'_>,
        branch: (BranchName, MissingBranch),
    ) -> Result<PlacedReport, AuditError> {
        let (name, report) = (branch.0.clone(), pending.report);
        let committer = self.committer(branch)?;
        let mut decided: Option<(UpdatePlan, bool)> = None;
        let mut checked: Option<RepositoryCheck> = None;
        let mut is_listed = true;
        let commit = committer
            .commit(async |snapshot| {
                let read;
                let is_current = |last_read: &&LastRead| {
                    last_read.head == snapshot.head()
                        && last_read.paths == FolderFiles::paths(report.time())
                };
                // Nobody has committed since, so the folder needn't be read again.
                let found = match pending.last_read.as_ref().filter(is_current) {
                    Some(last_read) => &last_read.files,
                    None => {
                        read = read_folder(&snapshot, self, report).await?;
                        &read
                    }
                };
                let is_of_head = |check: &RepositoryCheck| check.state.parent == snapshot.head();
                if !checked.as_ref().is_some_and(is_of_head) {
                    let place = (report.scope(), &pending.folder);
                    checked = Some(self.check(&snapshot, place, &found.folder).await);
                }
                let mut entry = self.entry(pending);
                entry.manifest.repository = checked.as_ref().map(|check| check.state.clone());
                let recorded = history::record(entry, &found.folder, self.clock.now());
                let recording = recorded.map_err(|error| self.refused(&pending.folder, error))?;
                let (change, _) = decided.insert((recording, snapshot.exists()));
                if change.files.is_empty() {
                    return Ok::<_, AuditError>(None);
                }
                let files = std::mem::take(&mut change.files).into_iter();
                let files = files.map(|(path, file)| Ok((pending.folder.join(&path)?, file)));
                let mut files = files.collect::<Result<Vec<_>, NameError>>()?;
                if let Some(day) = &change.day {
                    let listed = self.listed(report.scope(), day, found)?;
                    is_listed = listed.is_some();
                    files.extend(listed.flatten());
                }
                Ok(Some(CommitContent {
                    files,
                    ..pending.message.clone()
                }))
            })
            .await?;
        if !is_listed {
            tracing::info!(
                "{} of {} has no list of the reports, because the action didn't create the file. To add the list, add these two lines to it: `{START}` and `{END}`.",
                self.index()?,
                self.inputs.repository
            );
        }
        let decided = decided.zip(checked);
        let ((plan, existed), check) =
            decided.ok_or_else(|| AuditError::Other("nothing was decided".to_owned()))?;
        Ok(PlacedReport {
            branch: name,
            plan,
            check,
            exists: existed || commit.is_some(),
            commit: commit.map(|commit| Commit {
                url: self.trusted_url(commit.url),
                ..commit
            }),
        })
    }

    /// Returns the list of all scopes if it has to change for a report with these totals, or `None`
    /// if the file isn't the action's.
    ///
    /// A pull request doesn't change the list. Otherwise those of two scopes would always conflict,
    /// and only a person could merge the second one.
    fn listed(
        &self,
        scope: &Scope,
        day: &Day,
        found: &AuditFiles,
    ) -> Result<Option<Option<(RepositoryPath, Bytes)>>, NameError> {
        if self.inputs.pull_request {
            return Ok(Some(None));
        }
        let file = found.index.as_deref();
        let has_folder = |name: &str| found.folders.iter().any(|folder| folder == name);
        let own = vec![Row::new(scope, day)];
        let Some(list) = index::update(file, own, None, has_folder) else {
            return Ok(None);
        };
        let is_new = file != Some(list.as_bytes());
        let change = is_new.then(|| Ok((self.index()?, Bytes::from(list))));
        change.transpose().map(Some)
    }

    /// Describes the report as an update of the history.
    fn entry<'e>(&'e self, pending: &'e PendingReport<'_>) -> HistoryUpdate<'e> {
        let report = pending.report;
        let api = self.client.address().as_str();
        HistoryUpdate {
            scope: report.scope(),
            time: report.time(),
            seats: report.credible_seats(),
            shows_every_seat: report.shows_every_seat(),
            complete: Some(report.is_complete()),
            csv: pending.csv.clone(),
            manifest: self.provenance.manifest(report, api, Vec::new()),
            inactive_after: self.inactive_after,
            shortfall: report.reliable_shortfall(),
            revoked: pending.revoked,
            draw: crate::pages::draw,
        }
    }

    fn message(&self, report: &Report, file: &[u8]) -> CommitContent {
        let date = date(report.time()).to_string();
        let message = self
            .inputs
            .message
            .replace("{scope}", report.scope().name())
            .replace("{date}", &date);
        let (headline, rest) = message.split_once('\n').unwrap_or((&message, ""));
        let mut body = Vec::new();
        if !rest.trim().is_empty() {
            body.push(rest.trim().to_owned());
        }
        let complete = if report.is_complete() {
            "complete"
        } else {
            "NOT VERIFIED AS COMPLETE"
        };
        body.push(format!(
            "{} seats, {} people, {complete}\nReport time: {}\nSHA-256: {}",
            report.seats().len(),
            report.people(),
            report.time(),
            sha256(file)
        ));
        body.push(self.provenance.made_by());
        CommitContent {
            headline: headline.trim().to_owned(),
            body: body.join("\n\n"),
            files: Vec::new(),
        }
    }
}

impl PlacedReport {
    /// Describes the result.
    pub(super) fn summary(&self, repository: &AuditRepository<'_>) -> String {
        // The branch isn't created if there's nothing new to commit.
        let branch = if self.exists {
            &self.branch
        } else {
            &repository.branch
        };
        let place = format!("{} (branch {branch})", repository.inputs.repository);
        if let Some(Commit {
            sha, verification, ..
        }) = &self.commit
        {
            return format!("committed to {place} as {sha}, {verification}");
        }
        let why = match self.plan.action {
            Action::Older(time) => &format!("it has a newer report, from {time}"),
            Action::SameTime => "another run recorded a report from the same second",
            Action::LessComplete => "the day's report there is complete, and this one is not",
            _ => "no seat differs from the day's report there",
        };
        format!("nothing committed to {place}: {why}")
    }
}
