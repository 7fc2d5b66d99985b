//! Files by path: get and list contents, and create or update a file.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use super::context::{Context, identity};
use super::errors::error;
use super::repository::Place;
use super::{errors, git_data, rules};
use crate::git::{Edit, Entry, NewCommit, github_itself};
use crate::http::Response;
use crate::world::SERVER_URL;

const DOCUMENTATION: &str = "https://docs.github.com/rest/repos/contents";

/// The largest file whose contents GitHub includes in JSON.
const LARGEST_IN_JSON: u64 = 1024 * 1024;

pub(super) fn get(context: Context<'_>, place: &Place, path: &str) -> Response {
    if place.repo.is_empty() {
        return error(404, "This repository is empty.", DOCUMENTATION);
    }
    let wanted = context.call.query("ref");
    let reference = wanted.as_deref().unwrap_or(&place.declared.default_branch);
    let commit = place
        .repo
        .head(reference)
        .or_else(|| place.repo.resolve(&format!("{reference}^{{commit}}")));
    let Some(commit) = commit else {
        return error(
            404,
            &format!("No commit found for the ref {reference}"),
            DOCUMENTATION,
        );
    };
    let Some(oid) = place.repo.resolve(&format!("{commit}:{path}")) else {
        return errors::not_found(DOCUMENTATION);
    };
    let accept = context.call.header("accept").unwrap_or_default();
    if place.repo.kind(&oid).as_deref() == Some("tree") {
        let listed = place.repo.entries(&oid, false).into_iter().map(|entry| {
            let path = if path.is_empty() {
                entry.name.clone()
            } else {
                format!("{path}/{}", entry.name)
            };
            describe(context, place, &path, reference, &entry)
        });
        let listed = listed.collect::<Value>();
        let whole = json!({ "type": "dir", "name": path, "path": path, "sha": oid, "size": 0, "entries": listed });
        return Response::json(
            200,
            if accept.contains("object") {
                &whole
            } else {
                &listed
            },
        );
    }
    let content = place.repo.blob(&oid).unwrap_or_default();
    if accept.contains("raw") {
        return Response::of(
            200,
            "application/vnd.github.raw+json; charset=utf-8",
            content,
        );
    }
    let entry = Entry {
        mode: "100644".to_owned(),
        kind: "blob".to_owned(),
        oid,
        size: content.len() as u64,
        name: path.rsplit('/').next().unwrap_or(path).to_owned(),
    };
    let mut file = describe(context, place, path, reference, &entry);
    let fits = entry.size <= LARGEST_IN_JSON;
    file["content"] = json!(if fits {
        in_lines(&BASE64_STANDARD.encode(content))
    } else {
        String::new()
    });
    file["encoding"] = json!(if fits { "base64" } else { "none" });
    Response::json(200, &file)
}

pub(super) fn put(context: Context<'_>, place: &Place, path: &str) -> Response {
    let Some(body) = context.call.json() else {
        return error(400, "Problems parsing JSON", DOCUMENTATION);
    };
    let (Some(message), Some(content)) = (body["message"].as_str(), body["content"].as_str())
    else {
        context.report_violation("`message` and `content` are required");
        return errors::unprocessable(
            "Invalid request.\n\n\"message\", \"content\" weren't supplied.",
        );
    };
    let Ok(content) = BASE64_STANDARD.decode(content) else {
        context.report_violation("`content` is not base64");
        return errors::unprocessable("content is not valid Base64");
    };
    let branch = body["branch"]
        .as_str()
        .unwrap_or(&place.declared.default_branch);
    let _writing = place.repo.writing();
    let head = place.repo.head(branch);
    if head.is_none() && !place.repo.is_empty() {
        return error(404, &format!("Branch {branch} not found"), DOCUMENTATION);
    }
    let names_somebody = body.get("author").or(body.get("committer")).is_some();
    let signed = place.signs(context, names_somebody);
    let broken = match head {
        Some(_) => rules::broken_by_commit(context, &place.declared, branch, signed),
        None => rules::broken_by_branch(context, &place.declared, branch, Some(signed)),
    };
    if let Some(rule) = broken {
        return errors::conflict(&errors::broken_rule(rule));
    }
    let standing = head
        .as_ref()
        .and_then(|head| place.repo.resolve(&format!("{head}:{path}")));
    match (&standing, body["sha"].as_str()) {
        (Some(_), None) => {
            return errors::unprocessable("Invalid request.\n\n\"sha\" wasn't supplied.");
        }
        (Some(standing), Some(sha)) if standing != sha => {
            return errors::conflict(&format!("{path} does not match {sha}"));
        }
        _ => {}
    }
    let author = git_data::person(&body["author"]).unwrap_or_else(|| identity(context));
    let committer = git_data::person(&body["committer"]).unwrap_or_else(|| {
        if signed {
            github_itself()
        } else {
            author.clone()
        }
    });
    let written = || {
        let oid = place.repo.write_blobs(&[&content])?.remove(0);
        let put = Edit::Put {
            path: path.to_owned(),
            mode: "100644".to_owned(),
            oid: oid.clone(),
        };
        let tree = place.repo.write_tree(head.as_deref(), &[put])?;
        let commit = place.repo.commit(&NewCommit {
            tree: &tree,
            parents: head.as_slice(),
            message,
            author: &author,
            committer: &committer,
            verified: signed,
        })?;
        place
            .repo
            .set_branch(branch, &commit, head.as_deref())
            .map(|()| (oid, commit))
    };
    match written() {
        Ok((oid, commit)) => {
            let entry = Entry {
                mode: "100644".to_owned(),
                kind: "blob".to_owned(),
                oid,
                size: content.len() as u64,
                name: path.rsplit('/').next().unwrap_or(path).to_owned(),
            };
            let body = json!({
                "content": describe(context, place, path, branch, &entry),
                "commit": git_data::describe_commit(context, place, &commit),
            });
            Response::json(if standing.is_some() { 200 } else { 201 }, &body)
        }
        Err(error) => {
            context.report_violation(format!("Git failed: {error}"));
            errors::unprocessable("path contains a malformed path component")
        }
    }
}

fn describe(
    context: Context<'_>,
    place: &Place,
    path: &str,
    reference: &str,
    entry: &Entry,
) -> Value {
    let name = &place.full_name;
    let api = format!("{}/repos/{name}", context.world.api_url);
    let is_file = entry.kind == "blob";
    let (kind, page, objects) = if is_file {
        ("file", "blob", "blobs")
    } else {
        ("dir", "tree", "trees")
    };
    let url = format!("{api}/contents/{path}?ref={reference}");
    let git_url = format!("{api}/git/{objects}/{}", entry.oid);
    let html_url = format!("{SERVER_URL}/{name}/{page}/{reference}/{path}");
    json!({
        "name": entry.name,
        "path": path,
        "sha": entry.oid,
        "size": entry.size,
        "url": url,
        "html_url": html_url,
        "git_url": git_url,
        "download_url": is_file.then(|| format!("{SERVER_URL}/{name}/raw/{reference}/{path}")),
        "type": kind,
        "_links": { "self": url, "git": git_url, "html": html_url },
    })
}

/// GitHub breaks base64 into lines of 60.
fn in_lines(base64: &str) -> String {
    let mut lines = String::with_capacity(base64.len() + base64.len() / 60 + 1);
    for (i, c) in base64.chars().enumerate() {
        if i > 0 && i % 60 == 0 {
            lines.push('\n');
        }
        lines.push(c);
    }
    lines.push('\n');
    lines
}
