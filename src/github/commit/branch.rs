//! The branch to commit to: reads its state and its files, and creates it.

use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::Method;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::json;

use super::shapes::{Head, Signature};
use super::{Commit, Committer, MissingBranch};
use crate::github::error::GitHubError;
use crate::github::names::{BranchName, RepositoryPath};
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
struct EntriesBody {
    #[serde(default)]
    entries: Vec<EntryBody>,
}

#[derive(Deserialize)]
struct EntryBody {
    name: String,
}

/// How many folders one query lists.
const MAX_FOLDERS: usize = 100;

#[derive(Deserialize)]
pub(super) struct Data<R> {
    pub(super) repository: R,
}

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
#[serde(rename_all = "camelCase")]
struct BlobBody {
    byte_size: Option<usize>,
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
    nodes: Vec<CommitBody>,
}

#[derive(Deserialize)]
struct CommitBody {
    #[serde(deserialize_with = "validate::sha")]
    oid: String,
    #[serde(deserialize_with = "validate::page")]
    url: String,
    message: String,
    signature: Option<Signature>,
}

impl Committer<'_> {
    /// Reads the state of the branch.
    pub(super) async fn state(&self) -> Result<State<'_>, GitHubError> {
        let mut variables = self.variables();
        variables["from"] = match &self.if_missing {
            MissingBranch::From(base) => base.reference().into(),
            MissingBranch::Default | MissingBranch::Never => self.branch.reference().into(),
        };
        let Data { repository } = self
            .client
            .query::<Data<StateBody>>(&self.purpose(), STATE, &variables)
            .await?;
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
        let Data { repository } = self
            .client
            .query::<Data<HistoryBody>>(&self.purpose(), HISTORY, &self.variables())
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
            .write::<IgnoredAny>(&self.purpose(), Method::PUT, url, &body)
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
            .write::<IgnoredAny>(&self.purpose(), Method::POST, url, &body)
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

    /// Reads files as they are at `head`. A missing file is `None`. Reads their sizes first, so
    /// that a truncated file isn't mistaken for the whole.
    pub(super) async fn files(
        &self,
        head: &Head,
        paths: &[RepositoryPath],
    ) -> Result<Vec<Option<Vec<u8>>>, GitHubError> {
        let mut query = String::from(
            "query($owner: String!, $name: String!) {\n  repository(owner: $owner, name: $name) {\n",
        );
        for (number, path) in paths.iter().enumerate() {
            let expression = serde_json::Value::from(format!("{}:{path}", head.commit));
            query.push_str(&format!(
                "    file{number}: object(expression: {expression}) {{ ... on Blob {{ byteSize }} }}\n"
            ));
        }
        query.push_str("  }\n}");
        let Data { repository } = self
            .client
            .query::<Data<HashMap<String, Option<BlobBody>>>>(
                &self.purpose(),
                &query,
                &json!({ "owner": self.repository.owner(), "name": self.repository.name() }),
            )
            .await?;
        let mut files = Vec::new();
        for (number, path) in paths.iter().enumerate() {
            let blob = repository.get(&format!("file{number}"));
            let size = blob.and_then(|blob| blob.as_ref()?.byte_size);
            files.push(match size {
                None => None,
                Some(size) => {
                    let mut url = self.url(std::iter::once("contents").chain(path.segments()));
                    url.query_pairs_mut().append_pair("ref", &head.commit);
                    let file = self.client.get_file(&self.purpose(), url, size).await?;
                    Some(file.into())
                }
            });
        }
        Ok(files)
    }

    /// Lists many folders as they are at `head`, with few requests.
    pub(super) async fn names_in(
        &self,
        head: &Head,
        folders: &[RepositoryPath],
    ) -> Result<Vec<Vec<String>>, GitHubError> {
        let mut names = Vec::new();
        for folders in folders.chunks(MAX_FOLDERS) {
            let mut query = String::from(
                "query($owner: String!, $name: String!) {\n  repository(owner: $owner, name: $name) {\n",
            );
            for (number, folder) in folders.iter().enumerate() {
                let expression = format!("{}:{}", head.commit, folder.as_str());
                let expression = serde_json::Value::from(expression);
                query.push_str(&format!(
                    "    folder{number}: object(expression: {expression}) {{ ... on Tree {{ entries {{ name }} }} }}\n"
                ));
            }
            query.push_str("  }\n}");
            let Data { mut repository } = self
                .client
                .query::<Data<HashMap<String, Option<EntriesBody>>>>(
                    &self.purpose(),
                    &query,
                    &json!({ "owner": self.repository.owner(), "name": self.repository.name() }),
                )
                .await?;
            names.extend((0..folders.len()).map(|number| {
                let tree = repository.remove(&format!("folder{number}")).flatten();
                let entries = tree.map_or_else(Vec::new, |tree| tree.entries);
                entries.into_iter().map(|entry| entry.name).collect()
            }));
        }
        Ok(names)
    }

    fn variables(&self) -> serde_json::Value {
        json!({
            "owner": self.repository.owner(),
            "name": self.repository.name(),
            "branch": self.branch.reference(),
        })
    }
}
