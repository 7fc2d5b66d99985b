//! Records a report in the ledger, and returns the result.

use super::check::RepositoryCheck;
use super::error::AuditError;
use super::repository::Ledger;
use crate::github::commit::{Commit, MissingBranch};
use crate::github::pulls::PullRequest;
use crate::history::{Revoked, UpdatePlan};
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

impl Ledger<'_> {
    /// Commits a report to the branch, or to a pull request into it. The branch keeps one report
    /// per day. If nobody has committed since [`Ledger::read`], what it read isn't read again.
    ///
    /// Fails if the report couldn't be committed.
    pub(crate) async fn record(
        self,
        report: &Report,
        revoked: Revoked<'_>,
    ) -> Result<Recorded, AuditError> {
        let repository = self.repository;
        let pending = repository.pending(report, revoked, self.last_read)?;
        let (placed, proposed) = if repository.inputs.pull_request {
            repository.propose(&pending).await?
        } else {
            let branch = (repository.branch.clone(), MissingBranch::Default);
            (repository.place(&pending, branch).await?, Ok(None))
        };
        for warning in &placed.plan.warnings {
            let name = &repository.inputs.repository;
            tracing::warn!("{} of {name}: {warning}", pending.folder);
        }
        for change in &placed.plan.setting_changes {
            tracing::info!("{}: {change}.", report.scope());
        }
        // Facts about the branch are the same for all organizations.
        for warning in &placed.check.warnings {
            if repository.said.borrow_mut().insert(warning.clone()) {
                tracing::warn!("{warning}");
            }
        }
        for known in &placed.check.known {
            if repository.said.borrow_mut().insert(known.clone()) {
                tracing::info!("{known}");
            }
        }
        let what = placed.summary(repository);
        let (pull_request, not_opened) = match proposed {
            Ok(found) => (found, None),
            Err(error) => (None, Some(error)),
        };
        Ok(Recorded {
            plan: placed.plan,
            commit: placed.commit,
            check: placed.check,
            pull_request: pull_request.map(|mut found| {
                found.url = repository.trusted_url(found.url);
                found
            }),
            what,
            not_opened,
        })
    }
}
