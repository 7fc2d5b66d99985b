//! Reads how a branch is protected, and which commits changed a folder. It can't prevent a commit:
//! what can't be read is unknown.
//!
//! Two sources say what a branch is protected from:
//!
//! - *Get rules for a branch* lists the active rules of rulesets.
//! - GraphQL's `Ref.refUpdateRule` has the branch protection rule, in the part that people who
//!   aren't administrators can see. It's null if there's none.
//!
//! Neither says who can bypass a rule.
//!
//! A commit counts as the action's own if its message has the trailer of a delivery, GitHub signed
//! it, and the account of this token is its author. GitHub signs a commit that's made through its
//! API or on its pages, and then the author is the account that made it. So someone without the
//! token can't make such a commit, whatever they write into its message.

use serde::Deserialize;
use serde_json::json;

use super::lookup::Field;
use super::snapshot::Snapshot;
use super::{Committer, TRAILER};
use crate::github::error::{GitHubError, Purpose};
use crate::github::names::{BranchName, RepositoryPath};
use crate::github::validate;
use crate::report::repository::Guard;

/// The account of the token, and the branch's protection rule.
const PROTECTION: &str = "query($owner: String!, $name: String!, $branch: String!) {
  viewer { databaseId }
  repository(owner: $owner, name: $name) {
    ref(qualifiedName: $branch) {
      refUpdateRule { allowsForcePushes allowsDeletions requiresSignatures }
    }
  }
}";

/// What's read of each commit.
const COMMIT: &str = "oid message parents(first: 2) { nodes { oid } } \
     signature { isValid wasSignedByGitHub } author { email user { databaseId } }";

/// How many commits show what happened since the last report, if the action committed daily.
const FEW: usize = 10;

/// How many commits are read at most.
const MANY: usize = 100;

/// How a branch is protected.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Protection {
    /// Whether the branch can be force-pushed.
    pub force_pushes: Guard,
    /// Whether the branch can be deleted.
    pub deletion: Guard,
    /// Whether the branch can get commits without a verified signature.
    pub unsigned_commits: Guard,
    /// The ID of the account that the token belongs to, if it's known.
    viewer: Option<u64>,
}

/// The newest commits that changed a folder.
#[derive(Debug, Clone, Default)]
pub(crate) struct FolderHistory {
    /// The commits, newest first.
    pub commits: Vec<FolderCommit>,
    /// Whether there are no older ones.
    pub is_whole: bool,
}

/// A commit that changed a folder.
#[derive(Debug, Clone)]
pub(crate) struct FolderCommit {
    /// Its SHA.
    pub sha: String,
    /// The SHAs of its parents, at most two.
    pub parents: Vec<String>,
    /// Whether its message says that it's a delivery of this action. Anyone can write that.
    pub is_delivery: bool,
    /// Whether it's certainly a delivery with the account of this token.
    pub is_own: bool,
    /// Whether GitHub verified its signature.
    pub is_verified: bool,
}

#[derive(Deserialize)]
struct Body {
    viewer: Account,
    repository: Option<RepositoryBody>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Account {
    database_id: Option<u64>,
}

#[derive(Deserialize)]
struct RepositoryBody {
    #[serde(rename = "ref")]
    branch: Option<BranchBody>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct BranchBody {
    ref_update_rule: Option<BranchRule>,
}

/// GraphQL's `RefUpdateRule`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct BranchRule {
    allows_force_pushes: bool,
    allows_deletions: bool,
    requires_signatures: bool,
}

#[derive(Deserialize)]
struct HistoryBody {
    history: Commits,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Commits {
    page_info: PageInfo,
    nodes: Vec<CommitBody>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PageInfo {
    has_next_page: bool,
}

#[derive(Deserialize)]
struct CommitBody {
    #[serde(deserialize_with = "validate::sha")]
    oid: String,
    message: String,
    parents: Parents,
    signature: Option<SignatureBody>,
    author: Option<Author>,
}

#[derive(Deserialize)]
struct Parents {
    nodes: Vec<ParentBody>,
}

#[derive(Deserialize)]
struct ParentBody {
    #[serde(deserialize_with = "validate::sha")]
    oid: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SignatureBody {
    is_valid: bool,
    was_signed_by_git_hub: bool,
}

#[derive(Deserialize)]
struct Author {
    email: Option<String>,
    user: Option<Account>,
}

impl Author {
    /// Returns whether it's the account with this ID. GraphQL has no user for an App, but GitHub
    /// gives each account an address with its ID ("Email addresses reference").
    fn is(&self, id: u64) -> bool {
        let has_address = || {
            let (account, domain) = self.email.as_deref()?.split_once('@')?;
            let is_githubs = domain.starts_with("users.noreply.");
            Some(is_githubs && account.split_once('+')?.0 == id.to_string())
        };
        match &self.user {
            Some(user) => user.database_id == Some(id),
            None => has_address() == Some(true),
        }
    }
}

impl CommitBody {
    fn read(self, viewer: u64) -> FolderCommit {
        let prefix = format!("{TRAILER}: ");
        let is_delivery = self
            .message
            .lines()
            .any(|line| line.trim().starts_with(&prefix));
        let by_viewer = self.author.is_some_and(|author| author.is(viewer));
        let signature = self.signature.filter(|signature| signature.is_valid);
        FolderCommit {
            sha: self.oid,
            parents: self.parents.nodes.into_iter().map(|one| one.oid).collect(),
            is_delivery,
            is_own: is_delivery
                && by_viewer
                && signature
                    .as_ref()
                    .is_some_and(|one| one.was_signed_by_git_hub),
            is_verified: signature.is_some(),
        }
    }
}

impl Snapshot<'_> {
    /// Reads how `branch` is protected.
    pub(crate) async fn protection(&self, branch: &BranchName) -> Protection {
        let committer = self.committer;
        let rules = committer.known_rules(branch).await;
        let (body, is_whole) = match committer.read_protection(branch).await {
            Ok((body, is_whole)) => (Some(body), is_whole),
            Err(error) => {
                tracing::debug!("Couldn't read the protection of {branch}: {error}");
                (None, false)
            }
        };
        let viewer = body.as_ref().and_then(|body| body.viewer.database_id);
        let found = body.and_then(|body| body.repository?.branch);
        let branch_rule = found.map(|branch| branch.ref_update_rule);
        let guard = |kind: &str, blocks: fn(&BranchRule) -> bool| {
            let by_ruleset = rules.as_ref().and_then(|rules| rules.has(kind));
            let by_branch = match &branch_rule {
                Some(Some(rule)) => Some(blocks(rule)),
                Some(None) if is_whole => Some(false),
                _ => None,
            };
            match (by_ruleset, by_branch) {
                (Some(true), _) | (_, Some(true)) => Guard::Blocked,
                (Some(false), Some(false)) => Guard::Allowed,
                _ => Guard::Unknown,
            }
        };
        Protection {
            force_pushes: guard("non_fast_forward", |rule| !rule.allows_force_pushes),
            deletion: guard("deletion", |rule| !rule.allows_deletions),
            unsigned_commits: guard("required_signatures", |rule| rule.requires_signatures),
            viewer,
        }
    }

    /// Reads the newest commits that changed `folder`, as of this snapshot. Reads more if these few
    /// don't have the one that's `wanted`. `None` if they can't be read, or if it's unknown which
    /// are the action's own.
    pub(crate) async fn history(
        &self,
        protection: &Protection,
        folder: &RepositoryPath,
        wanted: impl Fn(&FolderCommit) -> bool,
    ) -> Option<FolderHistory> {
        let viewer = protection.viewer?;
        let few = self.newest_commits(viewer, folder, FEW).await?;
        if few.is_whole || few.commits.iter().any(wanted) {
            return Some(few);
        }
        self.newest_commits(viewer, folder, MANY).await
    }

    async fn newest_commits(
        &self,
        viewer: u64,
        folder: &RepositoryPath,
        most: usize,
    ) -> Option<FolderHistory> {
        let (head, path) = (self.head(), serde_json::Value::from(folder.as_str()));
        let field = Field {
            text: format!(
                "object(oid: \"{head}\") {{ ... on Commit {{ history(first: {most}, path: {path}) {{ pageInfo {{ hasNextPage }} nodes {{ {COMMIT} }} }} }} }}"
            ),
            weight: most / 5,
        };
        let found = match self.committer.look_up(vec![field]).await {
            Ok(found) => found,
            Err(error) => {
                tracing::debug!("Couldn't read the commits to {folder}: {error}");
                return None;
            }
        };
        let HistoryBody { history } = found.into_iter().next().flatten()?;
        let commits = history.nodes.into_iter();
        Some(FolderHistory {
            is_whole: !history.page_info.has_next_page,
            commits: commits.map(|commit| commit.read(viewer)).collect(),
        })
    }
}

impl Committer<'_> {
    async fn read_protection(&self, branch: &BranchName) -> Result<(Body, bool), GitHubError> {
        let variables = json!({
            "owner": self.repository.owner(),
            "name": self.repository.name(),
            "branch": branch.reference(),
        });
        let purpose = Purpose::Protection(self.repository.clone());
        self.client
            .graphql_in_part(&purpose, PROTECTION, &variables)
            .await
    }
}
