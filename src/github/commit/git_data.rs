//! Commits through the REST API's Git Data: creates blobs, a tree, and a commit, and moves the
//! branch forward to it. Used for commits that are too large for one GraphQL request, and for those
//! of an App that create a branch under rules.
//!
//! Nothing is visible before the branch moves or is created. The branch is never force-updated.

use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::Method;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::shapes::Head;
use super::{Commit, CommitContent, Committer, Verification};
use crate::github::error::GitHubError;
use crate::github::validate;
use crate::system::text::shown;

/// The blobs that were already uploaded, by the SHA-256 of their bytes. A file that has two paths,
/// or is committed again on a new head, is sent once.
#[derive(Debug, Default)]
pub(super) struct Blobs(HashMap<[u8; 32], String>);

/// Trees of a few megabytes time out on GitHub, so only small files are sent with the tree.
const MAX_INLINE_SIZE: usize = 64 * 1024;

#[derive(Deserialize)]
struct Created {
    #[serde(deserialize_with = "validate::sha")]
    sha: String,
}

#[derive(Deserialize)]
struct CreatedCommit {
    #[serde(deserialize_with = "validate::sha")]
    sha: String,
    #[serde(default, deserialize_with = "validate::page")]
    html_url: String,
    verification: Option<VerificationBody>,
}

#[derive(Deserialize)]
struct VerificationBody {
    #[serde(default)]
    verified: bool,
    #[serde(default)]
    reason: String,
}

/// Commits `change` on top of `head`. If the branch `exists`, it's at `head`. Otherwise, it's
/// created at the new commit. Nothing is visible until then, so a refusal leaves nothing behind.
pub(super) async fn commit(
    committer: &Committer<'_>,
    (head, exists): (&Head, bool),
    change: &CommitContent,
    blobs: &mut Blobs,
) -> Result<Commit, GitHubError> {
    let mut entries = Vec::new();
    for (path, file) in &change.files {
        if let Some(text) = inline(file) {
            entries.push(json!({
                "path": path.as_str(), "mode": "100644", "type": "blob", "content": text,
            }));
            continue;
        }
        let digest: [u8; 32] = Sha256::digest(file).into();
        let sha = match blobs.0.get(&digest) {
            Some(sha) => sha.clone(),
            None => {
                let body = json!({ "content": STANDARD.encode(file), "encoding": "base64" });
                let Created { sha } = post(committer, "blobs", &body).await?;
                blobs.0.insert(digest, sha.clone());
                sha
            }
        };
        entries
            .push(json!({ "path": path.as_str(), "mode": "100644", "type": "blob", "sha": sha }));
    }
    let tree = json!({ "base_tree": head.tree.sha, "tree": entries });
    let Created { sha: tree } = post(committer, "trees", &tree).await?;
    let message = format!(
        "{}\n\n{}",
        change.headline,
        committer.body_with_trailer(change)
    );
    // Author and committer are left out, because only then GitHub signs for an App ("About commit
    // signature verification", "Signature verification for bots").
    let body = json!({ "message": message, "tree": tree, "parents": [head.commit] });
    let made: CreatedCommit = post(committer, "commits", &body).await?;

    if exists {
        let reference = ["git", "refs", "heads"];
        let url = committer.url(
            reference
                .into_iter()
                .chain(committer.branch.as_str().split('/')),
        );
        let body = json!({ "sha": made.sha, "force": false });
        committer
            .client
            .write::<IgnoredAny>(&committer.purpose, Method::PATCH, url, &body)
            .await?;
    } else {
        committer
            .create_branch(&committer.branch, &made.sha)
            .await?;
    }
    Ok(Commit {
        verification: match made.verification {
            Some(VerificationBody { verified: true, .. }) => Verification::Verified,
            Some(VerificationBody { reason, .. }) => {
                Verification::Unverified(format!("its signature is {}", shown(&reason, 50)))
            }
            None => Verification::Unverified("it isn't signed".to_owned()),
        },
        sha: made.sha,
        url: made.html_url,
    })
}

/// Returns the text of a file that's small enough to be sent with the tree itself ("Create a tree")
/// instead of in a separate request.
fn inline(file: &[u8]) -> Option<&str> {
    (file.len() <= MAX_INLINE_SIZE)
        .then(|| std::str::from_utf8(file).ok())
        .flatten()
}

async fn post<T: serde::de::DeserializeOwned>(
    committer: &Committer<'_>,
    what: &str,
    body: &Value,
) -> Result<T, GitHubError> {
    let url = committer.url(["git", what]);
    committer
        .client
        .write(&committer.purpose, Method::POST, url, body)
        .await
}
