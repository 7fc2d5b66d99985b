//! Reads the history before the new report is written. The report's files and outputs need it for
//! the activity status, and only a comparison with it shows that a seat was revoked.

use super::error::AuditError;
use super::folder::read_folder;
use super::repository::{AuditRepository, LastRead, Ledger};
use crate::github::commit::MissingBranch;
use crate::github::names::{BranchName, RepositoryPath};
use crate::history::{FolderFiles, PriorState, RecordError};
use crate::report::Report;

impl Ledger<'_> {
    /// Reads earlier reports. Returns `None` if there aren't any. Ignores a file that can't be
    /// read, because recording the report logs it later.
    ///
    /// Fails if the repository can't be read, or if the report must not be published anywhere (see
    /// [`AuditError::forbids_publishing`]).
    pub(crate) async fn read(&mut self, report: &Report) -> Result<Option<PriorState>, AuditError> {
        let repository = self.repository;
        let folder = repository.folder(report.scope())?;
        let time = report.time();
        let branch = repository.history_branch(report).await?;
        let committer = repository.committer(branch)?.read_only();
        let last_read = committer.read_snapshot(async |snapshot| {
            Ok::<_, AuditError>(LastRead {
                head: snapshot.head().to_owned(),
                files: read_folder(&snapshot, repository, report).await?,
                paths: FolderFiles::paths(time),
            })
        });
        let Some(last_read) = last_read.await? else {
            return Ok(None);
        };
        let past = PriorState::read(&last_read.files.folder, time, repository.clock.now());
        let key = repository.provenance.key_fingerprint();
        match past.check_identity(report.scope(), key.as_deref(), report.seats()) {
            Ok(()) => {
                self.last_read = Some(last_read);
                Ok(Some(past))
            }
            // The history is about another scope, or is elsewhere. Recording the report is refused.
            Err(RecordError::OtherKind { .. } | RecordError::Renamed { .. }) => Ok(None),
            Err(error) => Err(repository.refused(&folder, error)),
        }
    }
}

impl AuditRepository<'_> {
    /// Returns the branch with the history.
    async fn history_branch(
        &self,
        report: &Report,
    ) -> Result<(BranchName, MissingBranch), AuditError> {
        if !self.inputs.pull_request {
            return Ok((self.branch.clone(), MissingBranch::Default));
        }
        let (branch, _) = self.pull_request_branch(&self.pulls(), report).await?;
        Ok((branch, MissingBranch::From(self.branch.clone())))
    }

    /// Returns the error for a history that a report can't continue.
    pub(super) fn refused(&self, folder: &RepositoryPath, error: RecordError) -> AuditError {
        AuditError::Refused {
            folder: format!("{folder} of {}", self.inputs.repository),
            error: Box::new(error),
        }
    }
}
