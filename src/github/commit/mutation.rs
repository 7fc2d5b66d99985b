//! Commits with GraphQL's `createCommitOnBranch`: one request for all files, guarded by the
//! expected head, and signed by GitHub for any token.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::json;

use super::shapes::Head;
use super::{Commit, CommitContent, Committer};
use crate::github::error::GitHubError;
use crate::github::rate_limit_state::Cost;

const MUTATION: &str = "mutation($input: CreateCommitOnBranchInput!) {
  createCommitOnBranch(input: $input) {
    commit { oid url signature { isValid state } }
  }
}";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Data {
    create_commit_on_branch: Payload,
}

#[derive(Deserialize)]
struct Payload {
    commit: Commit,
}

/// Commits `change` on top of `head`.
pub(super) async fn commit(
    committer: &Committer<'_>,
    head: &Head,
    change: &CommitContent,
) -> Result<Commit, GitHubError> {
    let additions: Vec<_> = change
        .files
        .iter()
        .map(|(path, file)| json!({ "path": path.as_str(), "contents": STANDARD.encode(file) }))
        .collect();
    let variables = json!({ "input": {
        "branch": {
            "repositoryNameWithOwner": committer.repository.to_string(),
            "branchName": committer.branch.as_str(),
        },
        "expectedHeadOid": head.commit,
        "message": {
            "headline": change.headline,
            "body": committer.body_with_trailer(change),
        },
        "fileChanges": { "additions": additions },
    }});
    let data: Data = committer
        .client
        .graphql(&committer.purpose, Cost::Mutation, MUTATION, &variables)
        .await?;
    Ok(data.create_commit_on_branch.commit)
}
