//! A pull request, as plain data.

/// A pull request within one repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PullRequest {
    /// Its number in the repository.
    pub number: u64,
    /// Its title.
    pub title: String,
    /// What it says of itself.
    pub body: String,
    /// The branch that holds its changes.
    pub head: String,
    /// The branch they shall go to.
    pub base: String,
    /// How it ended; nothing while it is open.
    pub ending: Option<Ending>,
    /// Whether its branch is that of a fork.
    pub of_fork: bool,
    pub(crate) repository: String,
    /// The commits of both branches at its end.
    pub(crate) ended_at: Option<(String, String)>,
}

/// How a pull request ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// Its commits are merged.
    Merged,
    /// Its changes are merged as one commit.
    Squashed,
    /// It is closed.
    Closed,
}
