//! Commits files to a branch, all in one commit, on top of the state that was just read. Uses
//! GitHub's API so that GitHub signs the commits.
//!
//! After a failure the branch is read again, because no text from GitHub reliably says what
//! happened:
//!
//! - If its history has our commit, only the response was lost.
//! - If the head moved for another reason, another commit was faster, and everything is computed
//!   again on the new head.
//! - If the head didn't move, GitHub refused the commit or failed.
//!
//! A commit can't be made twice. Each one names the head that it expects, and each delivery has a
//! unique marker.

mod branch;
mod error;
mod git_data;
mod lookup;
mod mutation;
mod parent;
mod permit;
mod protected;
mod protection;
mod rules;
mod shapes;
mod snapshot;

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::client::Client;
use super::error::{GitHubError, Purpose};
use super::names::{BranchName, RepositoryName, RepositoryPath};
use super::rate_limit_state::Cost;
use super::retry::log_wait;
use super::validate;
use crate::system::backoff::Backoff;
use crate::system::clock::{Clock, jitter};
use branch::State;
pub(crate) use error::CommitError;
use error::is_stale;
pub(crate) use parent::Parent;
pub(crate) use permit::Rulebook;
pub(crate) use protection::{FolderCommit, FolderHistory, Protection};
use rules::{Rules, Write};
pub(crate) use snapshot::{Entry, Snapshot};

/// How long to wait in total if others commit at the same time or GitHub fails. With ten writers,
/// one of them wins each round.
const MAX_TOTAL_WAIT: Duration = Duration::from_secs(120);

/// The waits between two tries to commit.
const BACKOFF: Backoff = Backoff::doubling(Duration::from_millis(250), Duration::from_secs(8));

/// How many times GitHub can fail to commit while no one else commits.
const MAX_SERVER_ERRORS: u32 = 6;

/// The size up to which a commit uses GraphQL, which accepts about 40 MB in one request. Files grow
/// by a third in base64. Larger commits use Git Data, where GitHub signs only commits of an App's
/// token. Several GraphQL commits can't replace those: a mutation takes whole files, and a single
/// file of 200,000 people can exceed one request. See "Large commits" in
/// `docs/audit-repository.md`.
pub(crate) const MAX_MUTATION_SIZE: usize = 27_000_000;

/// GitHub refuses larger files ("About large files on GitHub").
const MAX_FILE_SIZE: usize = 100_000_000;

/// The trailer of a commit message that identifies the delivery.
const TRAILER: &str = "Copilot-Activity-Report-Delivery";

/// Commits a delivery to a branch, with a marker that identifies it.
pub(crate) struct Committer<'a> {
    client: &'a Client,
    clock: &'a Clock,
    book: &'a Rulebook,
    repository: RepositoryName,
    branch: BranchName,
    if_missing: MissingBranch,
    first_file: (RepositoryPath, Bytes),
    delivery: String,
    purpose: Purpose,
}

/// What to do if the branch doesn't exist and the repository has commits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum MissingBranch {
    /// Create it from the default branch together with the commit, if there's something to commit.
    Default,
    /// Create it from this branch together with the commit, if there's something to commit. A pull
    /// request then merges the commit back. If this branch doesn't exist, it's created from the
    /// default branch. In a repository without commits, this branch gets the first commit.
    From(BranchName),
    /// Commit nothing, because it's the branch of an open pull request.
    Never,
}

/// The content of a commit.
#[derive(Debug, Clone)]
pub(crate) struct CommitContent {
    /// The first line of its message.
    pub headline: String,
    /// The rest of its message.
    pub body: String,
    /// The files it writes.
    pub files: Vec<(RepositoryPath, Bytes)>,
}

impl CommitContent {
    /// Refuses a file that GitHub doesn't accept.
    pub(crate) fn check(files: &[(RepositoryPath, Bytes)]) -> Result<(), CommitError> {
        let too_large = files.iter().find(|(_, file)| file.len() > MAX_FILE_SIZE);
        match too_large {
            None => Ok(()),
            Some((path, file)) => Err(CommitError::TooLarge {
                path: path.clone(),
                size: file.len(),
            }),
        }
    }
}

/// A commit that was made.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Commit {
    /// Its SHA.
    #[serde(rename = "oid", deserialize_with = "validate::sha")]
    pub sha: String,
    /// The URL of its page on GitHub. Empty if the response has no valid one.
    #[serde(deserialize_with = "validate::page")]
    pub url: String,
    /// What GitHub says about its signature.
    #[serde(rename = "signature")]
    pub verification: Verification,
}

/// What GitHub says about a commit's signature.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "Option<shapes::Signature>")]
pub(crate) enum Verification {
    /// GitHub shows it as verified.
    Verified,
    /// GitHub doesn't, for this reason.
    Unverified(String),
}

impl fmt::Display for Verification {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Verified => f.write_str("verified"),
            Self::Unverified(why) => write!(f, "not verified: {why}"),
        }
    }
}

/// How many times a commit was tried, and how long the run waited for it. Counts planned waits, not
/// measured ones.
#[derive(Debug, Default)]
struct RetryBudget {
    tries: u32,
    server_errors: u32,
    waited: Duration,
}

impl RetryBudget {
    /// Waits longer each time, with jitter. Returns false if the budget is used up.
    async fn wait(&mut self, clock: &Clock, error: &GitHubError) -> bool {
        self.tries += 1;
        let wait = BACKOFF.around(self.tries, jitter());
        if self.waited + wait > MAX_TOTAL_WAIT {
            return false;
        }
        self.waited += wait;
        log_wait(wait, error);
        clock.sleep(wait).await;
        true
    }
}

impl<'a> Committer<'a> {
    /// Creates a committer to `branch` of `repository`. If the repository has no commits,
    /// `first_file` becomes the first one. `delivery` is a marker that no other delivery has. All
    /// committers of a run share one `book`.
    pub(crate) fn new(
        client: &'a Client,
        clock: &'a Clock,
        book: &'a Rulebook,
        repository: RepositoryName,
        (branch, if_missing): (BranchName, MissingBranch),
        first_file: (RepositoryPath, Bytes),
        delivery: String,
    ) -> Self {
        Self {
            client,
            clock,
            book,
            purpose: Purpose::Commit(repository.clone()),
            repository,
            branch,
            if_missing,
            first_file,
            delivery,
        }
    }

    /// Returns the same committer for reading only, which its errors mention.
    pub(crate) fn read_only(self) -> Self {
        Self {
            purpose: Purpose::History(self.repository.clone()),
            ..self
        }
    }

    /// Returns the newest commit of the branch before anything is committed. `None` if there's no
    /// commit yet.
    pub(crate) async fn newest(&self) -> Result<Option<Parent>, GitHubError> {
        let (head, exists) = match self.state().await? {
            State::At(head) => (head, true),
            State::NoBranch(head) | State::NoBase(_, head) => (head, false),
            State::Empty | State::NoDefault | State::Gone => return Ok(None),
        };
        Ok(Some(Parent { head, exists }))
    }

    /// Returns the state of the branch at a commit.
    pub(crate) fn snapshot<'s>(&'s self, parent: &'s Parent) -> Snapshot<'s> {
        Snapshot {
            committer: self,
            parent,
        }
    }

    /// Calls `plan` with a snapshot of the branch, and commits what it returns. Starts over if the
    /// branch moves in the meantime. Commits nothing if `plan` returns `None`.
    ///
    /// Fails with the error of `plan`, or with a [`CommitError`] that says why nothing was
    /// committed. If there was no response, the files may have been committed anyway. The error
    /// says so, and another run finds out.
    pub(crate) async fn commit<E: From<CommitError>>(
        &self,
        mut plan: impl AsyncFnMut(Snapshot<'_>) -> Result<Option<CommitContent>, E>,
    ) -> Result<Option<Commit>, E> {
        let mut budget = RetryBudget::default();
        let mut blobs = git_data::Blobs::default();
        // The branch, if it was created for a commit that it doesn't have yet.
        let mut created = None;
        loop {
            let parent = self.parent(&mut budget).await?;
            let Some(change) = plan(self.snapshot(&parent)).await? else {
                // If an earlier response was lost, the files there may be from our own commit.
                return match budget.tries {
                    0 => Ok(None),
                    _ => Ok(self.history().await.map_err(CommitError::from)?.1),
                };
            };
            let writes: &[Write] = match parent.exists {
                true => &[Write::Commit],
                false => &[Write::NewBranch, Write::Commit],
            };
            let rules = self.permit(&self.branch, writes).await;
            let rules = rules.map_err(CommitError::from)?;
            let Parent { head, mut exists } = parent;
            // GitHub signs an App's commits over REST too. So the commit itself can show whether
            // the App can bypass the rules, and leaves no branch behind if it can't.
            let asks_with_commit = !exists
                && rules.may_refuse(Write::NewBranchWithCommit)
                && !self.client.acts_for_a_person();
            if !exists && !asks_with_commit {
                if !self
                    .ensure_branch(&self.branch, &head, &rules, &mut budget)
                    .await?
                {
                    continue;
                }
                exists = true;
                created = Some(self.branch.clone());
            }
            let size: usize = change.files.iter().map(|(_, file)| file.len()).sum();
            let made = if size > MAX_MUTATION_SIZE || asks_with_commit {
                git_data::commit(self, (&head, exists), &change, &mut blobs).await
            } else {
                mutation::commit(self, &head, &change).await
            };
            let error = match made {
                Ok(commit) => return Ok(Some(commit)),
                Err(error) => error,
            };
            let parent = Parent { head, exists };
            match self.reconcile(&parent, error, &rules, &mut budget).await {
                Ok(Some(commit)) => return Ok(Some(commit)),
                Ok(None) => {}
                Err(CommitError::Protected(error)) => {
                    return Err(CommitError::from(error.leaving(created)).into());
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Finds out what happened to a commit that failed on `parent`. Returns the commit if it was
    /// made after all, or `None` if it's worth another try.
    async fn reconcile(
        &self,
        parent: &Parent,
        error: GitHubError,
        rules: &Rules,
        budget: &mut RetryBudget,
    ) -> Result<Option<Commit>, CommitError> {
        tracing::debug!("The commit failed: {error}");
        if error.was_never_sent() {
            return Err(error.into());
        }
        let may_go_on = budget.wait(self.clock, &error).await;
        let (now, ours) = match self.history().await {
            Ok(found) => found,
            Err(_)
                if error
                    .status()
                    .is_some_and(|status| status.is_client_error()) =>
            {
                return Err(error.into());
            }
            // It's unknown what happened to the commit. The first error says why.
            Err(reading) => {
                tracing::debug!("Couldn't check whether the commit was created: {reading}");
                return Err(CommitError::Unknown(Box::new(error)));
            }
        };
        if let Some(commit) = ours {
            tracing::info!("GitHub's response to the commit was lost, but the commit exists.");
            return Ok(Some(commit));
        }
        let moved = now.as_deref() != parent.exists.then_some(&*parent.head.commit);
        if !moved && error.is_limit() {
            return Err(error.into());
        }
        if !moved && !is_stale(&error) {
            if !error.is_transient() {
                let write = match parent.exists {
                    true => Write::Commit,
                    false => Write::NewBranchWithCommit,
                };
                return Err(self.refused(&self.branch, write, error, rules));
            }
            budget.server_errors += 1;
        }
        if !may_go_on || budget.server_errors >= MAX_SERVER_ERRORS {
            return Err(self.gave_up(budget, error));
        }
        if moved {
            tracing::info!(
                "Someone else committed to {} of {} in the meantime. The action commits on top of that.",
                self.branch,
                self.repository
            );
        }
        Ok(None)
    }

    fn gave_up(&self, budget: &RetryBudget, error: GitHubError) -> CommitError {
        CommitError::GaveUp {
            repository: self.repository.clone(),
            tries: budget.tries,
            waited: budget.waited,
            error: Box::new(error),
        }
    }

    /// Sends a GraphQL query about the repository.
    async fn query<T: DeserializeOwned>(
        &self,
        query: &str,
        variables: &serde_json::Value,
    ) -> Result<T, GitHubError> {
        #[derive(Deserialize)]
        struct Data<R> {
            repository: R,
        }
        let data: Data<T> = self
            .client
            .graphql(&self.purpose, Cost::Query, query, variables)
            .await?;
        Ok(data.repository)
    }

    fn trailer(&self) -> String {
        format!("{TRAILER}: {}", self.delivery)
    }

    /// Returns the body of the commit message, with the trailer of this delivery.
    fn body_with_trailer(&self, change: &CommitContent) -> String {
        format!("{}\n\n{}", change.body, self.trailer())
    }

    fn url<'b>(&'b self, segments: impl IntoIterator<Item = &'b str>) -> reqwest::Url {
        let repository = ["repos", self.repository.owner(), self.repository.name()];
        self.client
            .address()
            .rest(repository.into_iter().chain(segments))
    }
}
