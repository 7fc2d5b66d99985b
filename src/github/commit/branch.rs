//! The branch to commit to: reads its state and its newest commits, and creates it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::Method;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::json;

use super::shapes::Head;
use super::{Commit, Committer, MissingBranch};
use crate::github::error::GitHubError;
use crate::github::names::BranchName;
use crate::github::validate;

/// The state of the branch.
#[derive(Debug)]
pub(super) enum State<'a> {
    /// The repository has no commit at all.
    Empty,
    /// The branch doesn't exist, and will be created at this commit.
    NoBranch(Head),
    /// The branch to create it from doesn't exist either. The default branch is at this commit.
    NoBase(&'a BranchName, Head),
    /// There's nothing to create the branch from.
    NoDefault,
    /// The branch doesn't exist, and won't be created.
    Gone,
    /// The branch is at this commit.
    At(Head),
}

const STATE: &str = "query($owner: String!, $name: String!, $branch: String!, $from: String!) {
  repository(owner: $owner, name: $name) {
    isEmpty
    defaultBranchRef { target { ... on Commit { oid tree { oid } } } }
    from: ref(qualifiedName: $from) { target { ... on Commit { oid tree { oid } } } }
    ref(qualifiedName: $branch) { target { ... on Commit { oid tree { oid } } } }
  }
}";

/// The newest commits, which can include ours. There are more of them than writers can add while a
/// response is lost.
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
struct Reference<T> {
    target: T,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct StateBody {
    is_empty: bool,
    default_branch_ref: Option<Reference<Head>>,
    from: Option<Reference<Head>>,
    #[serde(rename = "ref")]
    branch: Option<Reference<Head>>,
}

#[derive(Deserialize)]
struct HistoryBody {
    #[serde(rename = "ref")]
    branch: Option<Reference<Commits>>,
}

#[derive(Deserialize)]
struct Commits {
    #[serde(deserialize_with = "validate::sha")]
    oid: String,
    history: Nodes,
}

#[derive(Deserialize)]
struct Nodes {
    nodes: Vec<WithMessage>,
}

#[derive(Deserialize)]
struct WithMessage {
    message: String,
    #[serde(flatten)]
    commit: Commit,
}

impl Committer<'_> {
    /// Reads the state of the branch.
    pub(super) async fn state(&self) -> Result<State<'_>, GitHubError> {
        let mut variables = self.variables();
        variables["from"] = self.first_branch().reference().into();
        let repository: StateBody = self.query(STATE, &variables).await?;
        if let Some(branch) = repository.branch {
            return Ok(State::At(branch.target));
        }
        let from = repository.from.map(|from| from.target);
        let default = repository.default_branch_ref.map(|branch| branch.target);
        Ok(match (&self.if_missing, from, default) {
            (MissingBranch::Never, ..) => State::Gone,
            _ if repository.is_empty => State::Empty,
            (MissingBranch::From(_), Some(from), _) => State::NoBranch(from),
            (MissingBranch::From(base), None, Some(default)) => State::NoBase(base, default),
            (MissingBranch::Default, _, Some(default)) => State::NoBranch(default),
            (_, _, None) => State::NoDefault,
        })
    }

    /// Reads the branch's newest commits: its head, and the commit of this delivery if it's among
    /// them.
    pub(super) async fn history(&self) -> Result<(Option<String>, Option<Commit>), GitHubError> {
        let repository: HistoryBody = self.query(HISTORY, &self.variables()).await?;
        let Some(branch) = repository.branch else {
            return Ok((None, None));
        };
        let trailer = self.trailer();
        let ours = branch
            .target
            .history
            .nodes
            .into_iter()
            .find(|node| node.message.lines().any(|line| line.trim() == trailer))
            .map(|node| node.commit);
        Ok((Some(branch.target.oid), ours))
    }

    /// Returns the branch that a repository's first commit goes to.
    pub(super) fn first_branch(&self) -> &BranchName {
        match &self.if_missing {
            MissingBranch::From(base) => base,
            MissingBranch::Default | MissingBranch::Never => &self.branch,
        }
    }

    /// Creates a repository's first commit. GraphQL and Git Data need an existing commit to build
    /// on, but a contents PUT doesn't ("Create or update file contents").
    pub(super) async fn create_first_commit(&self) -> Result<(), GitHubError> {
        let (path, file) = &self.first_file;
        let branch = self.first_branch();
        let url = self.url(std::iter::once("contents").chain(path.segments()));
        let body = json!({
            "message": "Start recording Copilot activity reports",
            "content": STANDARD.encode(file),
            "branch": branch.as_str(),
        });
        self.client
            .write::<IgnoredAny>(&self.purpose, Method::PUT, url, &body)
            .await?;
        tracing::info!(
            "{} was empty. It now has its first commit.",
            self.repository
        );
        Ok(())
    }

    /// Creates a branch at the commit `sha` ("Create a reference").
    pub(super) async fn create_branch(
        &self,
        branch: &BranchName,
        sha: &str,
    ) -> Result<(), GitHubError> {
        let url = self.url(["git", "refs"]);
        let body = json!({ "ref": branch.reference(), "sha": sha });
        self.client
            .write::<IgnoredAny>(&self.purpose, Method::POST, url, &body)
            .await?;
        let from = match &self.if_missing {
            MissingBranch::From(base) if base != branch => format!("the branch {base}"),
            _ => "the default branch".to_owned(),
        };
        tracing::info!(
            "The branch {branch} of {} was created from {from}.",
            self.repository
        );
        Ok(())
    }

    fn variables(&self) -> serde_json::Value {
        json!({
            "owner": self.repository.owner(),
            "name": self.repository.name(),
            "branch": self.branch.reference(),
        })
    }
}
