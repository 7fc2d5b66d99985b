//! A pull request, as plain data.

/// A pull request within one repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PullRequest {
    /// Its number in the repository.
    pub number: u64,
    /// Its title.
    pub title: String,
    /// Its description.
    pub body: String,
    /// The branch with its changes.
    pub head: String,
    /// The branch to merge into.
    pub base: String,
    /// How it ended. `None` while it's open.
    pub ending: Option<Ending>,
    /// Whether its branch is in a fork.
    pub of_fork: bool,
    pub(crate) repository: String,
    /// The commits of both branches when it ended.
    pub(crate) ended_at: Option<(String, String)>,
}

/// How a pull request ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// Merged with a merge commit.
    Merged,
    /// Squashed and merged.
    Squashed,
    /// Closed.
    Closed,
}
