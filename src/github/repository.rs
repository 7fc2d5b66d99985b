//! Reads the settings of a repository before anything is delivered to it.

use serde::Deserialize;

use super::client::Client;
use super::error::{GitHubError, Purpose};
use super::names::{BranchName, NameError, RepositoryName};
use crate::report::repository::Visibility;

/// What GitHub says about a repository ("Get a repository").
#[derive(Debug, Clone)]
pub(crate) struct Repository {
    /// Who can see it.
    pub visibility: Visibility,
    /// Whether only collaborators can open pull requests in it. Whether an App counts as one isn't
    /// described, so this refuses nothing by itself.
    pub pulls_by_collaborators: bool,
    name: RepositoryName,
    body: RepositoryBody,
}

/// Why no one can deliver anything to a repository.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Closed {
    /// It's archived, which makes it read-only.
    #[error(
        "The repository {0} is archived, so nothing can be committed to it. Nothing was read or delivered.\n  Fix: Unarchive it in its settings, or set `repository` to another one."
    )]
    Archived(RepositoryName),
    /// GitHub has disabled it.
    #[error(
        "GitHub has disabled the repository {0}, so nothing can be committed to it. Nothing was read or delivered.\n  Fix: Open its page on GitHub, which says why and whom to contact, or set `repository` to another one."
    )]
    Disabled(RepositoryName),
    /// Its pull requests are turned off.
    #[error(
        "Pull requests are turned off in the repository {0}, so `pull-request: true` can't deliver to it. Nothing was read or delivered.\n  Fix: Turn them on in its settings (General, Features), or set `pull-request: false`."
    )]
    WithoutPullRequests(RepositoryName),
}

#[derive(Debug, Clone, Deserialize)]
struct RepositoryBody {
    private: Option<bool>,
    visibility: Option<String>,
    #[serde(default)]
    default_branch: String,
    archived: Option<bool>,
    disabled: Option<bool>,
    /// Servers that don't know the setting have pull requests.
    has_pull_requests: Option<bool>,
    pull_request_creation_policy: Option<String>,
}

impl Repository {
    /// Reads the settings of `name`.
    pub(crate) async fn read(client: &Client, name: &RepositoryName) -> Result<Self, GitHubError> {
        let url = client.address().rest(["repos", name.owner(), name.name()]);
        let purpose = Purpose::Visibility(name.clone());
        let (body, _): (RepositoryBody, _) = client.get(&purpose, url).await?;
        // `visibility` says more than `private`, because it knows an enterprise's internal
        // repositories. If a server sends neither, the repository may be public.
        let visibility = match (body.visibility.as_deref(), body.private) {
            (Some("private"), _) | (None, Some(true)) => Visibility::Private,
            (Some("internal"), _) => Visibility::Internal,
            (Some("public"), _) | (None, Some(false)) => Visibility::Public,
            _ => Visibility::Unknown,
        };
        Ok(Self {
            visibility,
            pulls_by_collaborators: body.pull_request_creation_policy.as_deref()
                == Some("collaborators_only"),
            name: name.clone(),
            body,
        })
    }

    /// Returns whether only people with access, or the members of the enterprise, can see it.
    pub(crate) fn is_restricted(&self) -> bool {
        matches!(self.visibility, Visibility::Private | Visibility::Internal)
    }

    /// Checks that the repository accepts commits and, if `pull_requests` is set, pull requests.
    pub(crate) fn takes(&self, pull_requests: bool) -> Result<(), Closed> {
        let name = || self.name.clone();
        if self.body.disabled == Some(true) {
            Err(Closed::Disabled(name()))
        } else if self.body.archived == Some(true) {
            Err(Closed::Archived(name()))
        } else if pull_requests && self.body.has_pull_requests == Some(false) {
            Err(Closed::WithoutPullRequests(name()))
        } else {
            Ok(())
        }
    }

    /// Returns the default branch, which a repository without commits has too.
    pub(crate) fn default_branch(&self) -> Result<BranchName, NameError> {
        BranchName::parse(&self.body.default_branch)
    }
}
