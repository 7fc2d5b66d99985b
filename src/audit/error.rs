//! Why the audit repository couldn't be read, or doesn't take a report.

use crate::github::commit::CommitError;
use crate::github::error::GitHubError;
use crate::github::names::NameError;
use crate::history::RecordError;

/// Why the audit repository couldn't be read, or doesn't take a report.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AuditError {
    /// GitHub didn't answer, or refused a request.
    #[error(transparent)]
    GitHub(#[from] GitHubError),
    /// Nothing was committed.
    #[error(transparent)]
    Commit(#[from] CommitError),
    /// The history in the folder isn't one that the report can continue.
    #[error("{folder}: {error}")]
    Refused {
        /// The folder and its repository.
        folder: String,
        /// What the history says.
        error: Box<RecordError>,
    },
    /// A name that follows from the inputs isn't one that git takes.
    #[error(transparent)]
    Name(#[from] NameError),
    /// Anything else, in words for the person who reads the log.
    #[error("{0}")]
    Other(String),
}

impl AuditError {
    /// Why the report must not be published anywhere, if the history that it belongs to is the
    /// reason.
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

    /// Whether the history has names and this run has pseudonyms, the other way round, or pseudonyms
    /// made with another key.
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
