//! Finds our pull requests, and opens one ("List pull requests" and "Create a pull request" of
//! GitHub's REST API).
//!
//! GitHub allows one open pull request from a branch into another, so a retry after a lost response
//! can't open a second one. Before a retry, the code still checks whether the pull request exists.

use std::time::Duration;

use http::Method;
use reqwest::Url;
use serde::Deserialize;
use serde_json::json;

use super::client::Client;
use super::error::{GitHubError, Purpose};
use super::link::Links;
use super::names::{BranchName, RepositoryName};
use super::retry::log_wait;
use super::validate;
use crate::system::backoff::Backoff;
use crate::system::clock::{Clock, jitter};
use crate::system::text::shown;

/// GitHub's largest page.
const PER_PAGE: &str = "100";

/// More pages of open pull requests than any repository in use has.
const MAX_PAGES: usize = 100;

/// How many times to try to open a pull request if GitHub fails.
const MAX_TRIES: u32 = 6;

/// The waits between two of these tries.
const BACKOFF: Backoff = Backoff::doubling(Duration::from_secs(1), Duration::from_secs(16));

/// GitHub refuses longer titles.
const MAX_TITLE_CHARS: usize = 256;

/// The pull requests of a repository into one of its branches.
pub(crate) struct PullRequests<'a> {
    client: &'a Client,
    clock: &'a Clock,
    repository: &'a RepositoryName,
    base: &'a BranchName,
}

/// A pull request within one repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PullRequest {
    /// Its number.
    pub number: u64,
    /// The URL of its page on GitHub. Empty if the response has no valid one.
    pub url: String,
    /// The branch that contains its changes.
    pub head: BranchName,
    /// Whether it's open: neither merged nor closed.
    pub is_open: bool,
    base: String,
}

/// The result of opening a pull request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Opened {
    /// It's open. This run or another one opened it.
    Open(PullRequest),
    /// The branch already had one, which was merged or closed.
    Past(PullRequest),
    /// The branch has no commits that the base doesn't have.
    Nothing,
}

#[derive(Deserialize)]
struct Body {
    number: u64,
    #[serde(deserialize_with = "validate::page")]
    html_url: String,
    state: String,
    head: Side,
    base: Side,
}

#[derive(Deserialize)]
struct Side {
    #[serde(rename = "ref")]
    branch: String,
    /// `None` if the fork was deleted.
    repo: Option<Id>,
}

#[derive(Deserialize)]
struct Id {
    id: u64,
}

impl Body {
    /// Returns the pull request, or `None` if its changes come from a fork, because a stranger's
    /// branch can have any name.
    fn within(self) -> Option<PullRequest> {
        let same = self.head.repo?.id == self.base.repo?.id;
        let head = BranchName::parse(&self.head.branch).ok()?;
        same.then(|| PullRequest {
            number: self.number,
            url: self.html_url,
            head,
            is_open: self.state == "open",
            base: self.base.branch,
        })
    }
}

impl<'a> PullRequests<'a> {
    /// Selects the pull requests of `repository` into `base`.
    pub(crate) fn new(
        client: &'a Client,
        clock: &'a Clock,
        repository: &'a RepositoryName,
        base: &'a BranchName,
    ) -> Self {
        Self {
            client,
            clock,
            repository,
            base,
        }
    }

    /// Returns the oldest open one whose branch starts with `prefix`.
    pub(crate) async fn open_below(
        &self,
        prefix: &str,
    ) -> Result<Option<PullRequest>, GitHubError> {
        let mut url = self.url();
        url.query_pairs_mut()
            .append_pair("state", "open")
            .append_pair("base", self.base.as_str())
            .append_pair("sort", "created")
            .append_pair("direction", "asc")
            .append_pair("per_page", PER_PAGE);
        let is_ours =
            |found: &PullRequest| self.is_open(found) && found.head.as_str().starts_with(prefix);
        for _ in 0..MAX_PAGES {
            let (page, answer): (Vec<Body>, _) = self.client.get_list(&self.purpose(), url).await?;
            let mut page = page.into_iter().filter_map(Body::within);
            if let Some(ours) = page.find(is_ours) {
                return Ok(Some(ours));
            }
            let Some(next) = Links::of(&answer.headers).next else {
                return Ok(None);
            };
            url = answer.linked(&next, self.client.address())?;
        }
        Ok(None)
    }

    /// Returns the newest one that ever had its changes on the branch `head`, into any branch.
    /// Prefers an open one into our base.
    pub(crate) async fn of(&self, head: &BranchName) -> Result<Option<PullRequest>, GitHubError> {
        let mut url = self.url();
        url.query_pairs_mut()
            .append_pair("state", "all")
            .append_pair("head", &format!("{}:{head}", self.repository.owner()))
            .append_pair("per_page", PER_PAGE);
        let (page, _): (Vec<Body>, _) = self.client.get_list(&self.purpose(), url).await?;
        let page = page.into_iter().filter_map(Body::within);
        Ok(page
            .filter(|found| found.head == *head)
            .max_by_key(|found| (self.is_open(found), found.number)))
    }

    /// Returns whether `found` is open and goes into our base.
    pub(crate) fn is_open(&self, found: &PullRequest) -> bool {
        found.is_open && found.base == self.base.as_str()
    }

    /// Opens a pull request for the branch `head`, unless the branch has or had one.
    pub(crate) async fn open(
        &self,
        head: &BranchName,
        title: &str,
        body: &str,
    ) -> Result<Opened, GitHubError> {
        let new = json!({
            "title": shown(title, MAX_TITLE_CHARS - 1),
            "head": head.as_str(),
            "base": self.base.as_str(),
            "body": body,
        });
        let mut tries = 0;
        loop {
            if let Some(found) = self.of(head).await? {
                return Ok(match self.is_open(&found) {
                    true => Opened::Open(found),
                    false => Opened::Past(found),
                });
            }
            let made: Result<Body, _> = self
                .client
                .write(&self.purpose(), Method::POST, self.url(), &new)
                .await;
            let error = match made {
                Ok(body) => {
                    return Ok(Opened::Open(PullRequest {
                        number: body.number,
                        url: body.html_url,
                        head: head.clone(),
                        is_open: true,
                        base: body.base.branch,
                    }));
                }
                Err(error) => error,
            };
            let words = error.words();
            if words.contains("No commits between") {
                return Ok(Opened::Nothing);
            }
            // Another run was faster, or another of GitHub's servers doesn't know the branch yet.
            let may_pass = error.is_transient()
                || words.contains("already exists")
                || words.contains(r#""field":"head""#);
            tries += 1;
            if !may_pass || tries >= MAX_TRIES {
                return Err(error);
            }
            let wait = BACKOFF.around(tries, jitter());
            log_wait(wait, &error);
            self.clock.sleep(wait).await;
        }
    }

    fn purpose(&self) -> Purpose {
        Purpose::PullRequest(self.repository.clone())
    }

    fn url(&self) -> Url {
        let (owner, name) = (self.repository.owner(), self.repository.name());
        self.client.address().rest(["repos", owner, name, "pulls"])
    }
}
