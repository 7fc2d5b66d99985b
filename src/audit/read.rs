//! Reads the history before the new report is written. The report's files and outputs need it for
//! the activity status, and only a comparison with it shows that a seat was revoked.

use std::collections::HashMap;

use jiff::Timestamp;

use super::error::AuditError;
use super::folder::{newest_manifests_in, read_folder};
use super::repository::{AuditRepository, LastRead, Ledger, ReadingPoint};
use crate::github::commit::MissingBranch;
use crate::github::names::RepositoryPath;
use crate::history::{FolderFiles, PriorState, RecordError};
use crate::report::Report;
use crate::report::day::date;
use crate::report::manifest::RecordedManifest;
use crate::report::scope::{Scope, ScopeKind};
use crate::report::selection::Known;

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
        let point = repository.reading_point(time).await?;
        let Some(newest) = &point.newest else {
            return Ok(None);
        };
        let committer = repository.committer(point.branch.clone())?.read_only();
        let snapshot = committer.snapshot(newest);
        // Both at once take no more requests than one of them.
        let directory = repository.directory(&snapshot);
        let files = read_folder(&snapshot, repository, report);
        let (directory, files) = futures_util::try_join!(directory, files)?;
        let last_read = LastRead {
            head: snapshot.head().to_owned(),
            folder_id: directory.folder_id(&folder).map(str::to_owned),
            files,
            paths: FolderFiles::paths(time),
        };
        let past = PriorState::read(&last_read.files, time, repository.clock.now());
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
    /// Returns the organizations that have a history in the repository. Those with the names of
    /// `covered` ones have no ID.
    ///
    /// Fails if the repository can't be read.
    pub(crate) async fn recorded_organizations<'s>(
        &self,
        covered: impl Iterator<Item = &'s Scope>,
    ) -> Result<Vec<Known>, AuditError> {
        let point = self.reading_point(self.clock.now()).await?;
        let Some(newest) = &point.newest else {
            return Ok(Vec::new());
        };
        let committer = self.committer(point.branch.clone())?.read_only();
        let snapshot = committer.snapshot(newest);
        let directory = self.directory(&snapshot).await?;
        let names: HashMap<String, &str> = covered
            .map(|scope| (scope.name().to_ascii_lowercase(), scope.name()))
            .collect();
        let (mut recorded, mut others) = (Vec::new(), Vec::new());
        for name in directory.names() {
            match names.get(name) {
                Some(name) => recorded.push(((*name).to_owned(), None)),
                None if Scope::new(ScopeKind::Organization, name).is_ok() => {
                    others.push(self.inputs.directory.join(name)?);
                }
                None => {}
            }
        }
        for (_, manifest) in newest_manifests_in(&snapshot, others).await? {
            if let Ok(manifest) = RecordedManifest::read(&manifest)
                && manifest.scope.kind == ScopeKind::Organization
            {
                recorded.push((manifest.scope.name, manifest.scope.id));
            }
        }
        Ok(recorded)
    }

    /// Returns where the earlier reports of all scopes are read from, by reports of this `time`.
    async fn reading_point(&self, time: Timestamp) -> Result<&ReadingPoint, AuditError> {
        let find = async || {
            let branch = match self.inputs.pull_request {
                false => (self.branch.clone(), MissingBranch::Default),
                true => {
                    let day = date(time);
                    let (branch, _) = self.pull_request_branch(&self.pulls(), day).await?;
                    (branch, MissingBranch::From(self.branch.clone()))
                }
            };
            let newest = self.committer(branch.clone())?.read_only().newest().await?;
            Ok(ReadingPoint { branch, newest })
        };
        self.reading_point.get_or_try_init(find).await
    }

    /// Returns the error for a history that a report can't continue.
    pub(super) fn refused(&self, folder: &RepositoryPath, error: RecordError) -> AuditError {
        AuditError::Refused {
            folder: format!("{folder} of {}", self.inputs.repository),
            error: Box::new(error),
        }
    }
}
