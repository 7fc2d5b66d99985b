//! Records reports in the repository, and returns the result for each of them.

use std::sync::Arc;

use super::check::RepositoryCheck;
use super::error::AuditError;
use super::place::{PendingReport, PlacedReport, PlacedReports};
use super::repository::{AuditRepository, Ledger};
use crate::github::commit::{Commit, MissingBranch};
use crate::github::names::BranchName;
use crate::github::pulls::PullRequest;
use crate::history::{Revoked, UpdatePlan};
use crate::pages::index::Once;
use crate::report::Report;
use crate::system::prose::Prose;

/// The result of recording a report in the repository.
#[derive(Debug)]
pub(crate) struct Recorded {
    /// What changed since the last recorded report, and what the repository has, but shouldn't.
    pub plan: UpdatePlan,
    /// The commit, if one was made.
    pub commit: Option<Commit>,
    /// The pull request with the report, if one was requested and exists.
    pub pull_request: Option<PullRequest>,
    /// What's known about the repository itself.
    pub check: RepositoryCheck,
    /// Description of the result.
    pub what: String,
    /// Why the pull request couldn't be opened, if it couldn't.
    pub not_opened: Option<Prose>,
}

/// A report to record.
pub(crate) struct NewReport<'r> {
    /// What was read of its history.
    pub ledger: Ledger<'r>,
    /// The report.
    pub report: &'r Report,
    /// Which of the seats that it no longer has count as revoked.
    pub revoked: Revoked<'r>,
}

/// The result for each of several reports. Reports that failed together share an error.
pub(crate) type Results = Vec<Result<Recorded, Arc<AuditError>>>;

impl AuditRepository<'_> {
    /// Commits reports to the branch, or to a pull request into it, with as few commits as
    /// possible. The branch keeps one report per day and scope. If nobody has changed a folder
    /// since [`Ledger::read`], it isn't read again. `once` are the figures of all reports of the run
    /// so far. Returns the results in the order of `reports`.
    pub(crate) async fn record(&self, reports: Vec<NewReport<'_>>, once: Once) -> Results {
        *self.once.borrow_mut() = Some(once);
        let count = reports.len();
        let pending = reports.into_iter().map(|new| {
            let NewReport {
                ledger,
                report,
                revoked,
            } = new;
            self.pending(report, revoked, ledger.last_read)
        });
        let pending = match pending.collect::<Result<Vec<_>, _>>() {
            Ok(pending) => pending,
            Err(error) => return failures(error, count),
        };
        let recorded = match self.inputs.pull_request {
            true => self.propose(pending).await,
            false => self.commit(pending).await,
        };
        recorded.unwrap_or_else(|error| failures(error, count))
    }

    /// Commits reports to the branch.
    async fn commit(&self, mut pending: Vec<PendingReport<'_>>) -> Result<Results, AuditError> {
        let branch = (self.branch.clone(), MissingBranch::Default);
        let mut placed = PlacedReports::new();
        self.place(&mut pending, &branch, &mut placed).await?;
        let placed = placed.into_iter().zip(&pending);
        let recorded = placed.map(|(placed, pending)| {
            let placed = placed?;
            self.log(&placed, pending);
            Ok(self.recorded(placed, &self.branch, &Ok(None)))
        });
        Ok(recorded.collect())
    }

    /// Returns the result for a report that was placed on `branch`, with its pull request.
    pub(super) fn recorded(
        &self,
        placed: PlacedReport,
        branch: &BranchName,
        proposed: &Result<Option<PullRequest>, Prose>,
    ) -> Recorded {
        let what = placed.summary(self, branch);
        let (pull_request, not_opened) = match proposed {
            Ok(found) => (found.clone(), None),
            Err(error) => (None, Some(error.clone())),
        };
        Recorded {
            plan: placed.plan,
            commit: placed.commit,
            check: placed.check,
            pull_request: pull_request.map(|mut found| {
                found.url = self.trusted_url(found.url);
                found
            }),
            what,
            not_opened,
        }
    }

    /// Logs what's unusual about a history and about the repository.
    pub(super) fn log(&self, placed: &PlacedReport, pending: &PendingReport<'_>) {
        for warning in &placed.plan.warnings {
            let name = &self.inputs.repository;
            tracing::warn!("{} of {name}: {warning}", pending.folder);
        }
        for change in &placed.plan.setting_changes {
            tracing::info!("{}: {change}.", pending.report.scope());
        }
        // Facts about the branch are the same for all organizations.
        for warning in &placed.check.warnings {
            if self.said.borrow_mut().insert(warning.clone()) {
                tracing::warn!("{warning}");
            }
        }
        for known in &placed.check.known {
            if self.said.borrow_mut().insert(known.clone()) {
                tracing::info!("{known}");
            }
        }
    }
}

fn failures(error: AuditError, count: usize) -> Results {
    let error = Arc::new(error);
    (0..count).map(|_| Err(Arc::clone(&error))).collect()
}
