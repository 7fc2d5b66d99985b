//! Why the audit repository couldn't be read, or doesn't accept a report.

use std::sync::Arc;

use crate::github::commit::CommitError;
use crate::github::error::GitHubError;
use crate::github::names::{NameError, RepositoryName, RepositoryPath};
use crate::history::RecordError;
use crate::system::prose::Prose;

/// Why the audit repository couldn't be read, or doesn't accept a report.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AuditError {
    /// GitHub didn't answer, or refused a request.
    #[error(transparent)]
    GitHub(#[from] GitHubError),
    /// Committing failed.
    #[error(transparent)]
    Commit(#[from] CommitError),
    /// A report can't continue the history in the folder.
    #[error("{folder}: {error}")]
    Refused {
        /// The folder and its repository.
        folder: String,
        /// What's wrong with the history.
        error: Box<RecordError>,
    },
    /// A file, a link, or a submodule has the name of a folder for reports.
    #[error(
        "{path} of {repository} isn't a folder. To avoid replacing it, the action recorded nothing in it.\n  Fix: Give it another name, or set another `directory`."
    )]
    InTheWay {
        /// Its path.
        path: RepositoryPath,
        /// The repository.
        repository: RepositoryName,
    },
    /// A name that depends on the inputs isn't valid in Git.
    #[error(transparent)]
    Name(#[from] NameError),
    /// An error that several reports share.
    #[error(transparent)]
    Shared(Arc<AuditError>),
    /// Anything else, in words for the log.
    #[error("{0}")]
    Other(String),
}

impl AuditError {
    /// Returns why the report must not be published anywhere, if its history is the reason.
    pub(crate) fn forbids_publishing(&self) -> Option<&'static str> {
        match self.refusal()? {
            RecordError::OtherScope { .. } => Some(
                "its folder in the repository has the history of another organization or enterprise",
            ),
            RecordError::OtherKey { .. } => {
                Some("its history in the repository names people differently")
            }
            _ => None,
        }
    }

    /// Why files that were already written must be withdrawn, if they must. Names and pseudonyms, or
    /// pseudonyms made with different keys, must never be mixed.
    pub(crate) fn forbids_keeping_files(&self) -> Option<&'static str> {
        match self.refusal()? {
            RecordError::OtherKey { .. } => self.forbids_publishing(),
            _ => None,
        }
    }

    /// Returns the error with its words and those of GitHub kept apart.
    pub(crate) fn prose(&self) -> Prose {
        match self {
            Self::GitHub(error) => error.prose(),
            Self::Commit(error) => error.prose(),
            Self::Shared(error) => error.prose(),
            _ => Prose::own(self.to_string()),
        }
    }

    fn refusal(&self) -> Option<&RecordError> {
        match self {
            Self::Refused { error, .. } => Some(error),
            Self::Shared(error) => error.refusal(),
            _ => None,
        }
    }
}
