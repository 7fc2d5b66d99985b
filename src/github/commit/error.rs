//! Why nothing was committed, and what GitHub's words say of it.

use std::time::Duration;

use super::MAX_FILE_SIZE;
use super::protected::Protected;
use super::rules::{Rules, Write};
use crate::github::error::{ErrorKind, GitHubError};
use crate::github::names::{BranchName, RepositoryName, RepositoryPath};

/// Why nothing was committed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CommitError {
    /// GitHub did not answer or did not accept a request.
    #[error(transparent)]
    GitHub(#[from] GitHubError),
    /// A rule or protection of the repository refuses it.
    #[error(transparent)]
    Protected(#[from] Box<Protected>),
    /// Others were faster, or GitHub stumbled, for longer than we go on.
    #[error("Committing to {repository} failed {tries} times over {} s. The last error:\n{error}", .waited.as_secs())]
    GaveUp {
        /// The repository.
        repository: RepositoryName,
        /// How many times a commit was tried.
        tries: u32,
        /// How long was waited between them, in all.
        waited: Duration,
        /// What happened the last time.
        error: Box<GitHubError>,
    },
    /// No answer came to the commit, and then none to the question what became of it.
    #[error(
        "{error}\n  Missing: Whether GitHub created the commit isn't known. The next run finds out, and doesn't commit twice."
    )]
    Unknown {
        /// What happened to the commit.
        error: Box<GitHubError>,
    },
    /// The repository has commits, but not on its default branch, so there is nothing to begin a
    /// new branch from.
    #[error(
        "The branch {branch} doesn't exist in {repository}, and there's no default branch to create it from. Create the branch, or set `branch` to another one."
    )]
    NoDefaultBranch {
        /// The repository.
        repository: RepositoryName,
        /// The branch asked for.
        branch: BranchName,
    },
    /// The branch is gone, and it is not to be begun anew.
    #[error("The branch {branch} of {repository} no longer exists")]
    Gone {
        /// The repository.
        repository: RepositoryName,
        /// The branch.
        branch: BranchName,
    },
    /// A file is larger than GitHub takes.
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

/// Whether a rule or protection is behind a refused write.
pub(super) fn is_by_a_rule(error: &GitHubError, write: Write, rules: &Rules) -> bool {
    if names_a_rule(error) {
        return true;
    }
    if gives_no_reason(error) {
        return rules.may_refuse(write);
    }
    // Other writes fail for other reasons too, which GitHub names.
    write == Write::Commit && may_be_by_a_rule(error) && rules.are_certain_to_refuse(write)
}

/// Whether GitHub said nothing but that a branch can't be created or moved, which is all that it
/// says over REST if a rule is in the way.
pub(super) fn gives_no_reason(error: &GitHubError) -> bool {
    error.words().contains("Reference update failed")
}

/// Whether GitHub's own words speak of a rule or protection of the branch.
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

/// Whether the refusal is of the kind that rules bring about, and also others: not a missing
/// permission and not a limit, which GitHub tells apart.
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

/// Whether GitHub says that the branch is no longer where we expected it. The head may look
/// unmoved for a moment nevertheless, when another server answers.
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
