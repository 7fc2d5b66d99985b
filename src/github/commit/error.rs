//! Why nothing was committed, and what GitHub's message says about it.

use std::time::Duration;

use super::MAX_FILE_SIZE;
use super::protected::Protected;
use super::rules::{Rules, Write};
use crate::github::error::{ErrorKind, GitHubError};
use crate::github::names::{BranchName, RepositoryName, RepositoryPath};
use crate::system::prose::Prose;

/// Why nothing was committed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CommitError {
    /// GitHub didn't respond, or rejected a request.
    #[error(transparent)]
    GitHub(#[from] GitHubError),
    /// A rule or protection of the repository refuses it.
    #[error(transparent)]
    Protected(#[from] Box<Protected>),
    /// Others were faster, or GitHub failed, until the retry budget was used up.
    #[error("Committing to {repository} failed {tries} times over {} s. The last error:\n{error}", .waited.as_secs())]
    GaveUp {
        /// The repository.
        repository: RepositoryName,
        /// How many times a commit was tried.
        tries: u32,
        /// How long the run waited between the tries, in total.
        waited: Duration,
        /// What happened the last time.
        error: Box<GitHubError>,
    },
    /// There was no response to the commit, and then none to the check of what happened to it.
    #[error(
        "{0}\n  Missing: Whether GitHub created the commit isn't known. The next run finds out, and doesn't commit twice."
    )]
    Unknown(Box<GitHubError>),
    /// The repository has commits, but not on its default branch, so there's nothing to create a
    /// new branch from.
    #[error(
        "The branch {branch} doesn't exist in {repository}, and there's no default branch to create it from. Create the branch, or set `branch` to another one."
    )]
    NoDefaultBranch {
        /// The repository.
        repository: RepositoryName,
        /// The requested branch.
        branch: BranchName,
    },
    /// The branch no longer exists, and must not be created again.
    #[error("The branch {branch} of {repository} no longer exists")]
    Gone {
        /// The repository.
        repository: RepositoryName,
        /// The branch.
        branch: BranchName,
    },
    /// A file is larger than GitHub accepts.
    #[error(
        "{path} has {size} bytes, and GitHub accepts files of up to {MAX_FILE_SIZE} bytes in a repository. Deliver it as an artifact instead."
    )]
    TooLarge {
        /// The file.
        path: RepositoryPath,
        /// Its size in bytes.
        size: usize,
    },
}

impl CommitError {
    /// Returns whether a smaller commit may succeed, because GitHub refused this one for a reason
    /// that it doesn't name, or failed for as long as it was tried.
    pub(crate) fn may_be_for_its_size(&self) -> bool {
        match self {
            Self::GitHub(error) => may_be_by_a_rule(error),
            Self::GaveUp { error, .. } => !is_stale(error),
            _ => false,
        }
    }

    /// Returns the error with its words and those of GitHub kept apart.
    pub(crate) fn prose(&self) -> Prose {
        match self {
            Self::GitHub(error) => error.prose(),
            Self::Protected(protected) => protected.prose(),
            Self::GaveUp { error, .. } => {
                let all = self.to_string();
                let own = all.strip_suffix(&error.to_string()).unwrap_or_default();
                Prose::own(own).join(error.prose())
            }
            Self::Unknown(error) => {
                let all = self.to_string();
                let own = all.strip_prefix(&error.to_string()).unwrap_or_default();
                error.prose().and(own)
            }
            _ => Prose::own(self.to_string()),
        }
    }
}

/// Returns whether a rule or protection caused the refusal of a write.
pub(super) fn is_by_a_rule(error: &GitHubError, write: Write, rules: &Rules) -> bool {
    if names_a_rule(error) {
        return true;
    }
    if gives_no_reason(error) {
        return rules.may_refuse(write);
    }
    // Other writes can fail for other reasons too, which GitHub's message names.
    write == Write::Commit && may_be_by_a_rule(error) && rules.are_certain_to_refuse(write)
}

/// Returns whether GitHub says only that a branch can't be created or moved. Over REST, that's all
/// it says if a rule is in the way.
pub(super) fn gives_no_reason(error: &GitHubError) -> bool {
    error.words().contains("Reference update failed")
}

/// Returns whether GitHub's own message mentions a rule or protection of the branch.
fn names_a_rule(error: &GitHubError) -> bool {
    let words = error.words().to_lowercase();
    [
        "rule",
        "protected",
        "pull request",
        "signed",
        "signature",
        "secret detected",
    ]
    .iter()
    .any(|word| words.contains(word))
}

/// Returns whether a rule is one possible reason for the refusal. A missing permission or a limit
/// isn't, because GitHub reports those separately.
fn may_be_by_a_rule(error: &GitHubError) -> bool {
    match &*error.kind {
        ErrorKind::Refused(api_error) => matches!(api_error.status.as_u16(), 409 | 422),
        ErrorKind::Graphql { errors, .. } => errors.iter().all(|error| {
            !matches!(
                error.kind.as_deref(),
                Some("FORBIDDEN" | "NOT_FOUND" | "INSUFFICIENT_SCOPES" | "RATE_LIMITED")
            )
        }),
        _ => false,
    }
}

/// Returns whether GitHub says that the branch is no longer where we expected it. The head may
/// still look unmoved for a moment if another server responds.
pub(super) fn is_stale(error: &GitHubError) -> bool {
    match &*error.kind {
        ErrorKind::Graphql { errors, .. } => errors.iter().any(|error| {
            error.kind.as_deref() == Some("STALE_DATA")
                || error.message.contains("Expected branch to point to")
                || error.message.contains("but expected")
        }),
        ErrorKind::Refused(api_error) => api_error.message.contains("not a fast forward"),
        _ => false,
    }
}
