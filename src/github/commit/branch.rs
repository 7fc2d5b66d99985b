//! The branch that is committed to: where it stands, how it is begun, what rules it has.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::Method;
use serde::Deserialize;
use serde_json::json;

use super::mutation::Signature;
use super::{Commit, Committer};
use crate::github::client::Accept;
use crate::github::error::GitHubError;
use crate::text::shown;

/// The commit a branch points to.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Head {
    /// Its SHA.
    #[serde(rename = "oid")]
    pub(super) commit: String,
    /// Its tree.
    pub(super) tree: Tree,
}

/// A commit's tree.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Tree {
    /// Its SHA.
    #[serde(rename = "oid")]
    pub(super) sha: String,
}

/// Where the branch stands.
#[derive(Debug)]
pub(super) enum State {
    /// The repository has no commit at all.
    Empty,
    /// It has, but not this branch; the default branch stands at that commit.
    NoBranch {
        /// The default branch's commit.
        default: Option<String>,
    },
    /// It stands here.
    At(Head),
}

const STATE: &str = "query($owner: String!, $name: String!, $branch: String!) {
  repository(owner: $owner, name: $name) {
    isEmpty
    defaultBranchRef { target { oid } }
    ref(qualifiedName: $branch) { target { ... on Commit { oid tree { oid } } } }
  }
}";

/// How many of the newest commits are looked through for our own: more than writers can add while
/// an answer is lost.
const HISTORY: &str = "query($owner: String!, $name: String!, $branch: String!) {
  repository(owner: $owner, name: $name) {
    ref(qualifiedName: $branch) {
      target { ... on Commit {
        oid
        history(first: 100) { nodes { oid url message signature { isValid state } } }
      } }
    }
  }
}";

#[derive(Deserialize)]
struct Data<R> {
    repository: R,
}

#[derive(Deserialize)]
struct Reference<T> {
    target: T,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct StateBody {
    is_empty: bool,
    default_branch_ref: Option<Reference<Target>>,
    #[serde(rename = "ref")]
    branch: Option<Reference<Head>>,
}

#[derive(Deserialize)]
struct Target {
    oid: String,
}

#[derive(Deserialize)]
struct HistoryBody {
    #[serde(rename = "ref")]
    branch: Option<Reference<Commits>>,
}

#[derive(Deserialize)]
struct Commits {
    oid: String,
    history: Nodes,
}

#[derive(Deserialize)]
struct Nodes {
    nodes: Vec<CommitBody>,
}

#[derive(Deserialize)]
struct CommitBody {
    oid: String,
    url: String,
    message: String,
    signature: Option<Signature>,
}

impl Committer<'_> {
    /// Asks where the branch stands.
    pub(super) async fn state(&self) -> Result<State, GitHubError> {
        let Data { repository } = self
            .client
            .graphql::<Data<StateBody>>(&self.purpose(), STATE, &self.variables())
            .await?;
        Ok(match repository.branch {
            Some(branch) => State::At(branch.target),
            None if repository.is_empty => State::Empty,
            None => State::NoBranch {
                default: repository
                    .default_branch_ref
                    .map(|branch| branch.target.oid),
            },
        })
    }

    /// Reads the branch's newest commits: where it stands, and the commit of this delivery where
    /// it is among them.
    pub(super) async fn history(&self) -> Result<(Option<String>, Option<Commit>), GitHubError> {
        let Data { repository } = self
            .client
            .graphql::<Data<HistoryBody>>(&self.purpose(), HISTORY, &self.variables())
            .await?;
        let Some(branch) = repository.branch else {
            return Ok((None, None));
        };
        let trailer = self.trailer();
        let ours = branch
            .target
            .history
            .nodes
            .into_iter()
            .find(|commit| commit.message.lines().any(|line| line.trim() == trailer))
            .map(|commit| Commit {
                sha: commit.oid,
                url: commit.url,
                verification: Signature::verification(commit.signature),
            });
        Ok((Some(branch.target.oid), ours))
    }

    /// Makes a repository's first commit. GraphQL and Git Data need one to build on; a contents
    /// PUT is the way that works without ("Create or update file contents").
    pub(super) async fn begin_repository(&self) -> Result<(), GitHubError> {
        let (path, file) = &self.first_file;
        let url = self.url(std::iter::once("contents").chain(path.segments()));
        let body = json!({
            "message": "Begin the record of Copilot activity reports",
            "content": STANDARD.encode(file),
            "branch": self.branch.as_str(),
        });
        self.client
            .send_json(&self.purpose(), Method::PUT, &url, &body)
            .await?;
        tracing::info!(
            "{} was empty; it has its first commit now.",
            self.repository
        );
        Ok(())
    }

    /// Begins the branch at the commit `sha` ("Create a reference").
    pub(super) async fn begin_branch(&self, sha: &str) -> Result<(), GitHubError> {
        let url = self.url(["git", "refs"]);
        let body = json!({ "ref": self.branch.reference(), "sha": sha });
        self.client
            .send_json(&self.purpose(), Method::POST, &url, &body)
            .await?;
        tracing::info!(
            "The branch {} of {} was begun from the default branch.",
            self.branch,
            self.repository
        );
        Ok(())
    }

    /// The rules in force on the branch ("Get rules for a branch"). That there are none does not
    /// mean that the branch is not protected: older protections are not among them.
    pub(super) async fn rules(&self) -> Result<Vec<String>, GitHubError> {
        #[derive(Deserialize)]
        struct Rule {
            #[serde(rename = "type")]
            kind: String,
        }
        let url = self.url(
            ["rules", "branches"]
                .into_iter()
                .chain([self.branch.as_str()]),
        );
        let rules: Vec<Rule> = self
            .client
            .get(&self.purpose(), url, Accept::Json)
            .await?
            .json()?;
        let mut kinds: Vec<String> = rules
            .iter()
            .map(|rule| format!("`{}`", shown(&rule.kind, 50)))
            .collect();
        kinds.sort();
        kinds.dedup();
        Ok(kinds)
    }

    fn variables(&self) -> serde_json::Value {
        json!({
            "owner": self.repository.owner(),
            "name": self.repository.name(),
            "branch": self.branch.reference(),
        })
    }
}
