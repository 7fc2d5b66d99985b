//! What reports that were recorded before say, read before the new one is written: its files and
//! outputs tell how people stand, and whether a seat is gone shows only against them.

use anyhow::Context as _;

use super::folder::found;
use super::pull_request::branch_for;
use super::{Delivery, Target};
use crate::github::client::Client;
use crate::github::commit::{Beginning, CommitError};
use crate::github::identity;
use crate::github::names::BranchName;
use crate::github::pulls::PullRequests;
use crate::history::{FolderFiles, PriorState, RecordError};
use crate::report::Report;
use crate::report::pseudonym_key::PseudonymKey;
use crate::report::scope::Scope;

/// What a repository holds of the scope of a report, as it was at one commit.
#[derive(Debug)]
pub(crate) struct Held {
    /// The SHA of that commit.
    pub(super) head: String,
    pub(super) folder: FolderFiles,
    /// The paths of its files, which follow from the report's day.
    pub(super) paths: [String; 7],
}

impl Delivery<'_> {
    /// What the reports recorded before say, and the files that say it; nothing where none is
    /// recorded anywhere. A file that cannot be read counts for nothing here, and is told of when
    /// the report is recorded.
    ///
    /// Where the repository could not be read; and a [`RecordError`] where people are called
    /// otherwise there, or where the history there is somebody else's, so that the report must not
    /// go anywhere.
    pub(crate) async fn past(&self, report: &Report) -> anyhow::Result<Option<(PriorState, Held)>> {
        let Some(target) = &self.repository else {
            return Ok(None);
        };
        let name = target.folder(report.scope())?;
        let time = report.time();
        let branch = self.looked_at(target, report).await?;
        let committer = self.committer(target, branch)?.looking();
        let held = committer.look(async |snapshot| {
            Ok(Held {
                head: snapshot.head().to_owned(),
                folder: found(&snapshot, target, report).await?,
                paths: FolderFiles::paths(time),
            })
        });
        let Some(held) = held.await? else {
            return Ok(None);
        };
        let past = PriorState::read(&held.folder, time, self.clock.now());
        let key = self.pseudonyms.map(PseudonymKey::fingerprint);
        match past.check_identity(report.scope(), key.as_deref(), report.seats()) {
            // It says nothing of this scope, or is elsewhere; recording is refused for it.
            Err(RecordError::OtherKind { .. } | RecordError::Renamed { .. }) => Ok(None),
            taken => taken
                .with_context(|| format!("{name} of {}", target.inputs.repository))
                .map(|()| Some((past, held))),
        }
    }

    /// The scope with the number by which GitHub knows it. It's asked for only if there's a history
    /// to compare it with; a scope whose number can't be read stays as it is.
    pub(crate) async fn identified(&self, reader: &Client, scope: &Scope) -> Scope {
        if self.repository.is_none() {
            return scope.clone();
        }
        match identity::id(reader, scope).await {
            Ok(id) => scope.clone().with_id(id),
            Err(error) => {
                let kind = scope.kind();
                tracing::info!(
                    "The ID of the {kind} {scope} couldn't be read. It's recorded as unknown, so a later rename of the {kind} can't be recognized. {error}"
                );
                scope.clone()
            }
        }
    }

    /// The branch that the history is read from.
    async fn looked_at(
        &self,
        target: &Target<'_>,
        report: &Report,
    ) -> anyhow::Result<(BranchName, Beginning)> {
        if !target.inputs.pull_request {
            return Ok((target.branch.clone(), Beginning::Default));
        }
        let repository = &target.inputs.repository;
        let pulls = PullRequests::new(&target.client, self.clock, repository, &target.branch);
        let (branch, _) = branch_for(&pulls, target, report).await?;
        Ok((branch, Beginning::From(target.branch.clone())))
    }
}

/// Why a report must not be published anywhere, if the history that it would belong to is the
/// reason.
pub(crate) fn unpublishable(error: &anyhow::Error) -> Option<&'static str> {
    if calls_people_otherwise(error) {
        return Some("people are called otherwise where it is to be recorded");
    }
    matches!(error.downcast_ref(), Some(RecordError::OtherScope { .. }))
        .then_some("its folder in the repository holds the history of somebody else")
}

/// Whether a report was refused because the history it belongs to calls people otherwise.
pub(crate) fn calls_people_otherwise(error: &anyhow::Error) -> bool {
    let error = match error.downcast_ref() {
        Some(CommitError::Plan(error)) => error,
        _ => error,
    };
    matches!(error.downcast_ref(), Some(RecordError::OtherKey { .. }))
}
