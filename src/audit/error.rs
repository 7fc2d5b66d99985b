//! Why the audit repository couldn't be read, or doesn't accept a report.

use crate::github::commit::CommitError;
use crate::github::error::GitHubError;
use crate::github::names::NameError;
use crate::history::RecordError;

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
    /// A name that depends on the inputs isn't valid in Git.
    #[error(transparent)]
    Name(#[from] NameError),
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

    /// Whether one of the history and this run has names and the other has pseudonyms, or both have
    /// pseudonyms made with different keys.
    pub(crate) fn is_identity_mismatch(&self) -> bool {
        matches!(self.refusal(), Some(RecordError::OtherKey { .. }))
    }

    fn refusal(&self) -> Option<&RecordError> {
        match self {
            Self::Refused { error, .. } => Some(error),
            _ => None,
        }
    }
}
