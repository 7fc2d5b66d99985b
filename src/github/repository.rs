//! What is asked about a repository before anything is delivered to it.

use serde::Deserialize;

use super::client::Client;
use super::error::{GitHubError, Purpose};
use super::names::{BranchName, NameError, RepositoryName};

/// Who can see a repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Visibility {
    /// Everybody.
    Public,
    /// Those who were given access, or the members of the enterprise.
    Restricted,
}

/// What GitHub says of a repository ("Get a repository").
#[derive(Debug, Clone)]
pub struct Repository {
    /// Who can see it.
    pub visibility: Visibility,
    default_branch: String,
}

#[derive(Deserialize)]
struct RepositoryBody {
    private: Option<bool>,
    visibility: Option<String>,
    #[serde(default)]
    default_branch: String,
}

impl Repository {
    /// Asks GitHub about `name`.
    ///
    /// # Errors
    /// Where GitHub does not say. Whoever must know takes such a repository for a public one.
    pub async fn read(client: &Client, name: &RepositoryName) -> Result<Self, GitHubError> {
        let url = client.address().rest(["repos", name.owner(), name.name()]);
        let purpose = Purpose::Visibility(name.clone());
        let (body, _): (RepositoryBody, _) = client.get(&purpose, url).await?;
        // `visibility` knows more than `private` (an enterprise's internal repositories); where a
        // server sends neither, the repository may be public.
        let restricted = match body.visibility.as_deref() {
            Some(visibility) => matches!(visibility, "private" | "internal"),
            None => body.private == Some(true),
        };
        Ok(Self {
            visibility: if restricted {
                Visibility::Restricted
            } else {
                Visibility::Public
            },
            default_branch: body.default_branch,
        })
    }

    /// The branch that is shown first, also of a repository without commits.
    ///
    /// # Errors
    /// Where GitHub names none.
    pub fn default_branch(&self) -> Result<BranchName, NameError> {
        BranchName::parse(&self.default_branch)
    }
}
