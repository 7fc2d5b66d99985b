//! Records a report in the ledger, and says what came of it.

use super::error::AuditError;
use super::repository::Ledger;
use crate::github::commit::{Commit, MissingBranch};
use crate::github::pulls::PullRequest;
use crate::history::Revoked;
use crate::history::changes::Kind;
use crate::report::Report;

/// What became of a report in the repository.
#[derive(Debug)]
pub(crate) struct Recorded {
    /// How many seats came since the last recorded report.
    pub granted: usize,
    /// How many went.
    pub revoked: usize,
    /// Each change of a seat, with the login of its person.
    pub changes: Vec<(Kind, String)>,
    /// Whether the seats' state differs from the last recorded report.
    pub changed: bool,
    /// What the repository has that it shouldn't have.
    pub warnings: Vec<String>,
    /// The commit, if one was made.
    pub commit: Option<Commit>,
    /// The pull request that holds the report, if one was asked for and there is one.
    pub pull_request: Option<PullRequest>,
    /// What happened, for people.
    pub what: String,
    /// Why the pull request couldn't be opened, if it couldn't.
    pub not_opened: Option<String>,
}

impl Ledger<'_> {
    /// Commits a report, as the rule of the day wants it, to the branch or by a pull request into
    /// it. What was read by [`Ledger::look`] isn't read again if nobody committed since.
    ///
    /// Fails if the report had to be committed and wasn't.
    pub(crate) async fn record(
        self,
        report: &Report,
        revoked: Revoked<'_>,
    ) -> Result<Recorded, AuditError> {
        let repository = self.repository;
        let pending = repository.pending(report, revoked, self.looked)?;
        let (placed, proposed) = if repository.inputs.pull_request {
            repository.propose(&pending).await?
        } else {
            let branch = (repository.branch.clone(), MissingBranch::Default);
            (repository.place(&pending, branch).await?, Ok(None))
        };
        for warning in &placed.recording.warnings {
            let name = &repository.inputs.repository;
            tracing::warn!("{} of {name}: {warning}", pending.folder);
        }
        let what = placed.summary(repository);
        let (pull_request, not_opened) = match proposed {
            Ok(found) => (found, None),
            Err(error) => (None, Some(error)),
        };
        let recording = placed.recording;
        Ok(Recorded {
            granted: recording.granted,
            revoked: recording.revoked,
            changes: recording.changes,
            changed: recording.changed,
            warnings: recording.warnings,
            commit: placed.commit,
            pull_request: pull_request.map(|mut found| {
                found.url = repository.trusted_url(found.url);
                found
            }),
            what,
            not_opened,
        })
    }
}
