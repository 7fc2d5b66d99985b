//! `createCommitOnBranch`: several files in one commit, if the branch is still where the caller thinks.

use std::collections::HashSet;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Map, Value, json};

use super::parse::{Field, Selection};
use super::query::{self, Place, fields};
use super::{Run, merge};
use crate::api::{broken_by_commit, broken_rule, github_itself, identity, inaccessible};
use crate::git::{Edit, NewCommit};
use crate::github::Signatures;

/// GitHub refuses a commit whose request is larger.
const LARGEST_REQUEST: usize = 40_000_000;

/// The input's fields, down to the files.
const INPUT: &[(&str, &[&str])] = &[
    (
        "",
        &[
            "branch",
            "message",
            "expectedHeadOid",
            "fileChanges",
            "clientMutationId",
        ],
    ),
    ("branch", &["repositoryNameWithOwner", "branchName", "id"]),
    ("message", &["headline", "body"]),
    ("fileChanges", &["additions", "deletions"]),
];

/// Why there is no commit.
struct Refusal {
    error_type: Option<&'static str>,
    message: String,
}

fn refusal(error_type: impl Into<Option<&'static str>>, message: impl Into<String>) -> Refusal {
    Refusal {
        error_type: error_type.into(),
        message: message.into(),
    }
}

/// Answers a mutation.
pub(super) fn root(run: &mut Run<'_>, selection: &[Selection]) -> Value {
    let mut data = Map::new();
    for field in fields(selection, "Mutation") {
        let value = if field.name == "__typename" {
            json!("Mutation")
        } else {
            create(run, field)
        };
        merge(&mut data, field.key(), value);
    }
    Value::Object(data)
}

fn create(run: &mut Run<'_>, field: &Field) -> Value {
    let input = run.argument(field, "input");
    for problem in problems(&input) {
        run.refuse(&format!("Variable $input of type CreateCommitOnBranchInput! was provided invalid value for {problem}"));
    }
    if !run.refused.is_empty() {
        return Value::Null;
    }
    match commit(run, &input) {
        Ok((place, branch, oid)) => {
            let mut payload = Map::new();
            for field in fields(&field.selection, "CreateCommitOnBranchPayload") {
                let value = match field.name.as_str() {
                    "commit" => query::commit(run, &place, &oid, &field.selection),
                    "ref" => query::branch(run, &place, &branch, &oid, &field.selection),
                    "clientMutationId" => input["clientMutationId"].clone(),
                    _ => json!("CreateCommitOnBranchPayload"),
                };
                merge(&mut payload, field.key(), value);
            }
            Value::Object(payload)
        }
        Err(refusal) => {
            run.fail(refusal.error_type, field.key(), &refusal.message);
            Value::Null
        }
    }
}

/// What GitHub's schema has against the input.
fn problems(input: &Value) -> Vec<String> {
    let mut problems = Vec::new();
    for (part, known) in INPUT {
        let object = if part.is_empty() {
            input
        } else {
            &input[*part]
        };
        for name in object
            .as_object()
            .into_iter()
            .flatten()
            .map(|(name, _)| name)
        {
            if !known.contains(&name.as_str()) {
                problems.push(format!("{part}.{name} (Field is not defined on the input)"));
            }
        }
    }
    if !input["expectedHeadOid"].is_string() {
        problems.push("expectedHeadOid (Expected value to not be null)".to_owned());
    }
    if !input["message"]["headline"].is_string() {
        problems.push("message.headline (Expected value to not be null)".to_owned());
    }
    for addition in input["fileChanges"]["additions"]
        .as_array()
        .into_iter()
        .flatten()
    {
        let keys = addition
            .as_object()
            .map(|object| object.keys().map(String::as_str).collect::<Vec<_>>());
        if keys.is_none_or(|mut keys| {
            keys.sort_unstable();
            keys != ["contents", "path"]
        }) {
            problems.push("fileChanges.additions (A file takes `path` and `contents`)".to_owned());
        }
    }
    problems
}

fn commit(run: &Run<'_>, input: &Value) -> Result<(Place, String, String), Refusal> {
    if run.asked.call.body.len() > LARGEST_REQUEST {
        run.asked.complain("a commit of more than 40 MB");
        return Err(refusal(
            None,
            "Something went wrong while executing your query. This may be the result of a timeout, or it could be a GitHub bug.",
        ));
    }
    let full_name = input["branch"]["repositoryNameWithOwner"]
        .as_str()
        .unwrap_or_default();
    let name = input["branch"]["branchName"].as_str().unwrap_or_default();
    let branch = name.strip_prefix("refs/heads/").unwrap_or(name);
    let place = query::place(run, full_name).ok_or_else(|| {
        refusal(
            "NOT_FOUND",
            format!("Could not resolve to a Repository with the name '{full_name}'."),
        )
    })?;
    if !place.writes {
        return Err(refusal("FORBIDDEN", inaccessible(run.asked)));
    }
    if place.declared.archived {
        return Err(refusal(
            "FORBIDDEN",
            "Repository was archived so is read-only.",
        ));
    }
    let edits = edits(run, &place, input)?;

    let _writing = place.repo.writing();
    let head = place.repo.head(branch).ok_or_else(|| {
        refusal(
            "NOT_FOUND",
            format!("The branch \"{branch}\" does not exist."),
        )
    })?;
    let expected = input["expectedHeadOid"].as_str().unwrap_or_default();
    if head != expected {
        let message = format!(
            "Expected branch to point to \"{expected}\" but it did not. Pull and try again."
        );
        return Err(refusal("STALE_DATA", message));
    }
    let signed = place.declared.signatures == Signatures::Valid;
    if let Some(rule) = broken_by_commit(run.asked, &place.declared, branch, signed) {
        return Err(refusal("UNPROCESSABLE", broken_rule(rule).trim_end()));
    }
    for edit in &edits {
        if let Edit::Remove { path } = edit
            && place.repo.resolve(&format!("{head}:{path}")).is_none()
        {
            return Err(refusal(
                None,
                format!(
                    "A path was requested for deletion which does not exist as of commit oid `{head}`: {path}"
                ),
            ));
        }
    }
    let message = match input["message"]["body"]
        .as_str()
        .filter(|body| !body.is_empty())
    {
        Some(body) => format!(
            "{}\n\n{body}",
            input["message"]["headline"].as_str().unwrap_or_default()
        ),
        None => input["message"]["headline"]
            .as_str()
            .unwrap_or_default()
            .to_owned(),
    };
    let made = || {
        let tree = place.repo.write_tree(Some(&head), &edits)?;
        let oid = place.repo.commit(&NewCommit {
            tree: &tree,
            parents: std::slice::from_ref(&head),
            message: &message,
            author: &identity(run.asked),
            committer: &github_itself(),
            verified: true,
        })?;
        place
            .repo
            .set_branch(branch, &oid, Some(&head))
            .map(|()| oid)
    };
    match made() {
        Ok(oid) => Ok((place.clone(), branch.to_owned(), oid)),
        Err(error) => {
            run.asked.complain(format!("git refused: {error}"));
            Err(refusal(
                "UNPROCESSABLE",
                "A path was requested for addition which is not well-formed.",
            ))
        }
    }
}

/// The changes asked for; their files are written already.
fn edits(run: &Run<'_>, place: &Place, input: &Value) -> Result<Vec<Edit>, Refusal> {
    let mut seen = HashSet::new();
    let (mut paths, mut contents) = (Vec::new(), Vec::new());
    let mut edits = Vec::new();
    let additions = input["fileChanges"]["additions"]
        .as_array()
        .into_iter()
        .flatten();
    let deletions = input["fileChanges"]["deletions"]
        .as_array()
        .into_iter()
        .flatten();
    for (change, is_addition) in additions
        .map(|change| (change, true))
        .chain(deletions.map(|change| (change, false)))
    {
        let path = change["path"].as_str().unwrap_or_default().to_owned();
        if !seen.insert(path.clone()) {
            run.asked
                .complain(format!("the path {path} stands twice in one commit"));
            return Err(refusal(
                None,
                format!("A path may not be changed twice in one commit: {path}"),
            ));
        }
        if path
            .split('/')
            .any(|part| ["", ".", "..", ".git"].contains(&part))
        {
            run.asked
                .complain(format!("the path {path:?} is not well-formed"));
            return Err(refusal(
                "UNPROCESSABLE",
                format!("A path was requested which is not well-formed: {path}"),
            ));
        }
        if path.starts_with(".github/workflows/") {
            return Err(refusal("FORBIDDEN", inaccessible(run.asked)));
        }
        if is_addition {
            let Ok(content) =
                BASE64_STANDARD.decode(change["contents"].as_str().unwrap_or_default())
            else {
                run.asked
                    .complain(format!("the contents of {path} are not base64"));
                return Err(refusal("UNPROCESSABLE", "Contents must be base64 encoded."));
            };
            paths.push(path);
            contents.push(content);
        } else {
            edits.push(Edit::Remove { path });
        }
    }
    let written = place
        .repo
        .write_blobs(&contents.iter().map(Vec::as_slice).collect::<Vec<_>>());
    let oids = written.map_err(|error| refusal(None, error.to_string()))?;
    let put = |(path, oid)| Edit::Put {
        path,
        mode: "100644".to_owned(),
        oid,
    };
    edits.extend(paths.into_iter().zip(oids).map(put));
    Ok(edits)
}
