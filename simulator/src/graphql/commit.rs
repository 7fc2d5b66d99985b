//! `createCommitOnBranch`: several files in one commit, if the branch is still at the expected
//! commit.

use std::collections::HashSet;
use std::rc::Rc;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use super::execute::Resolved;
use super::query::{self, Place};
use crate::api::context::{Context, identity};
use crate::api::errors::{broken_rule, inaccessible};
use crate::api::rules::broken_by_commit;
use crate::git::{Edit, NewCommit, github_itself};
use crate::github::Signatures;

/// GitHub rejects larger requests.
const LARGEST_REQUEST: usize = 40_000_000;

fn rejection(kind: impl Into<Option<&'static str>>, message: impl Into<String>) -> Resolved {
    Resolved::Error(kind.into(), message.into())
}

/// Resolves `createCommitOnBranch`.
pub(super) fn create(context: Context<'_>, input: &Value) -> Resolved {
    let (place, branch, oid) = match commit(context, input) {
        Ok(committed) => committed,
        Err(rejection) => return rejection,
    };
    let payload = "CreateCommitOnBranchPayload";
    let known = json!({ "clientMutationId": input["clientMutationId"] });
    Resolved::object(payload, known, move |field| match field.name() {
        "commit" => query::commit_at(&place, &oid).into(),
        "ref" => query::branch_at(&place, &branch, oid.clone()),
        _ => Resolved::Unserved,
    })
}

/// Commits to a branch. Returns the repository, the branch, and the commit.
fn commit(context: Context<'_>, input: &Value) -> Result<(Rc<Place>, String, String), Resolved> {
    if context.call.body.len() > LARGEST_REQUEST {
        context.report_violation("a commit exceeds 40 MB");
        return Err(rejection(
            None,
            "Something went wrong while executing your query. This may be the result of a timeout, or it could be a GitHub bug.",
        ));
    }
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let name = text(&input["branch"]["branchName"]);
    let branch = name.strip_prefix("refs/heads/").unwrap_or(&name);
    let place = query::place(context, &text(&input["branch"]["repositoryNameWithOwner"]))?;
    if !place.writes {
        return Err(rejection("FORBIDDEN", inaccessible(context)));
    }
    if place.declared.archived {
        return Err(rejection(
            "FORBIDDEN",
            "Repository was archived so is read-only.".to_owned(),
        ));
    }
    let additions = input["fileChanges"]["additions"].as_array();
    let max = place.declared.max_additions;
    if let Some(max) = max.filter(|max| additions.is_some_and(|additions| additions.len() > *max)) {
        let files = if max == 1 { "file" } else { "files" };
        let message = format!("A commit can add or change up to {max} {files}.");
        return Err(rejection("UNPROCESSABLE", message));
    }
    let edits = edits(context, &place, &input["fileChanges"])?;

    let _writing = place.repo.writing();
    let missing = format!("The branch \"{branch}\" does not exist.");
    let head = place.repo.head(branch);
    let head = head.ok_or_else(|| rejection("NOT_FOUND", missing))?;
    let expected = text(&input["expectedHeadOid"]);
    if head != expected {
        let message = format!(
            "Expected branch to point to \"{expected}\" but it did not. Pull and try again."
        );
        return Err(rejection("STALE_DATA", message));
    }
    let signed = place.declared.signatures == Signatures::Valid;
    if let Some(rule) = broken_by_commit(context, &place.declared, branch, signed) {
        return Err(rejection("UNPROCESSABLE", broken_rule(rule).trim_end()));
    }
    let missing = edits.iter().find_map(|edit| match edit {
        Edit::Remove { path } if place.repo.resolve(&format!("{head}:{path}")).is_none() => {
            Some(path)
        }
        _ => None,
    });
    if let Some(path) = missing {
        let message = format!(
            "A path was requested for deletion which does not exist as of commit oid `{head}`: {path}"
        );
        return Err(rejection(None, message));
    }
    let mut message = text(&input["message"]["headline"]);
    let body = text(&input["message"]["body"]);
    if !body.is_empty() {
        message = format!("{message}\n\n{body}");
    }
    let committed = || {
        let tree = place.repo.write_tree(Some(&head), &edits)?;
        let oid = place.repo.commit(&NewCommit {
            tree: &tree,
            parents: std::slice::from_ref(&head),
            message: &message,
            author: &identity(context),
            committer: &github_itself(),
            verified: true,
        })?;
        let moved = place.repo.set_branch(branch, &oid, Some(&head));
        moved.map(|()| oid)
    };
    match committed() {
        Ok(oid) => Ok((place.clone(), branch.to_owned(), oid)),
        Err(error) => {
            context.report_violation(format!("Git failed: {error}"));
            Err(rejection(
                "UNPROCESSABLE",
                "A path was requested for addition which is not well-formed.",
            ))
        }
    }
}

/// The requested changes. The contents of the files are already written.
fn edits(context: Context<'_>, place: &Place, changes: &Value) -> Result<Vec<Edit>, Resolved> {
    let mut seen = HashSet::new();
    let (mut paths, mut contents) = (Vec::new(), Vec::new());
    let mut edits = Vec::new();
    let listed = |name: &str| changes[name].as_array().into_iter().flatten();
    for change in listed("additions").chain(listed("deletions")) {
        let path = change["path"].as_str().unwrap_or_default().to_owned();
        if !seen.insert(path.clone()) {
            context.report_violation(format!("the path {path} is in the commit twice"));
            let message = format!("A path may not be changed twice in one commit: {path}");
            return Err(rejection(None, message));
        }
        let mut parts = path.split('/');
        if parts.any(|part| ["", ".", "..", ".git"].contains(&part)) {
            context.report_violation(format!("the path {path:?} isn't valid"));
            let message = format!("A path was requested which is not well-formed: {path}");
            return Err(rejection("UNPROCESSABLE", message));
        }
        if path.starts_with(".github/workflows/") {
            return Err(rejection("FORBIDDEN", inaccessible(context)));
        }
        // Only an addition has contents.
        let Some(content) = change["contents"].as_str() else {
            edits.push(Edit::Remove { path });
            continue;
        };
        let Ok(content) = BASE64_STANDARD.decode(content) else {
            context.report_violation(format!("the contents of {path} are not base64"));
            return Err(rejection(
                "UNPROCESSABLE",
                "Contents must be base64 encoded.",
            ));
        };
        paths.push(path);
        contents.push(content);
    }
    let contents = contents.iter().map(Vec::as_slice).collect::<Vec<_>>();
    let written = place.repo.write_blobs(&contents);
    let oids = written.map_err(|error| rejection(None, error.to_string()))?;
    let put = |(path, oid)| Edit::Put {
        path,
        mode: "100644".to_owned(),
        oid,
    };
    edits.extend(paths.into_iter().zip(oids).map(put));
    Ok(edits)
}
