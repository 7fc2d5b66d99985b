//! The Git database API: blobs, trees, commits, and references.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use super::context::{Context, identity};
use super::errors::{error, unknown_endpoint};
use super::repository::Place;
use super::{errors, rules};
use crate::git::{Edit, GitError, NewCommit, Person, github_itself};
use crate::github::Signatures;
use crate::http::Response;
use crate::world::SERVER_URL;

const DOCUMENTATION: &str = "https://docs.github.com/rest/git";

pub(super) fn route(context: Context<'_>, place: &Place, rest: &[&str]) -> Response {
    let method = context.call.method.as_str();
    if place.repo.is_empty() {
        return errors::empty_repository();
    }
    match (method, rest) {
        ("GET", ["blobs", oid]) => blob(context, place, oid),
        ("GET", ["trees", expression]) => tree(context, place, expression),
        ("GET", ["commits", oid]) if place.repo.kind(oid).as_deref() == Some("commit") => {
            Response::json(200, &describe_commit(context, place, oid))
        }
        ("GET", ["commits", _]) => errors::not_found(DOCUMENTATION),
        ("GET", ["ref", "heads", branch @ ..]) => {
            let branch = branch.join("/");
            match place.repo.head(&branch) {
                Some(oid) => Response::json(200, &describe_branch(context, place, &branch, &oid)),
                None => errors::not_found(DOCUMENTATION),
            }
        }
        ("POST" | "PATCH", _) => {
            let Some(body) = context.call.json() else {
                return error(400, "Problems parsing JSON", DOCUMENTATION);
            };
            let written = match (method, rest) {
                ("POST", ["blobs"]) => create_blob(context, place, &body),
                ("POST", ["trees"]) => create_tree(context, place, &body),
                ("POST", ["commits"]) => create_commit(context, place, &body),
                ("POST", ["refs"]) => create_branch(context, place, &body),
                ("PATCH", ["refs", "heads", branch @ ..]) => {
                    move_branch(context, place, &branch.join("/"), &body)
                }
                _ => return unknown_endpoint(context),
            };
            written.unwrap_or_else(|error| {
                context.report_violation(format!("Git failed: {error}"));
                errors::unprocessable("Invalid request.")
            })
        }
        _ => unknown_endpoint(context),
    }
}

fn blob(context: Context<'_>, place: &Place, oid: &str) -> Response {
    let Some(content) = place.repo.blob(oid) else {
        return errors::not_found(DOCUMENTATION);
    };
    if context
        .call
        .header("accept")
        .is_some_and(|accept| accept.contains("raw"))
    {
        return Response::of(
            200,
            "application/vnd.github.raw+json; charset=utf-8",
            content,
        );
    }
    let url = url(context, place, "blobs", oid);
    let size = content.len();
    let content = BASE64_STANDARD.encode(content);
    Response::json(
        200,
        &json!({ "sha": oid, "size": size, "url": url, "content": content, "encoding": "base64" }),
    )
}

fn tree(context: Context<'_>, place: &Place, expression: &str) -> Response {
    let Some(oid) = place.repo.resolve(&format!("{expression}^{{tree}}")) else {
        return errors::not_found(DOCUMENTATION);
    };
    let entries = place.repo.entries(&oid, context.call.query("recursive").is_some()).into_iter().map(|entry| {
        let objects = if entry.kind == "blob" { "blobs" } else { "trees" };
        let url = url(context, place, objects, &entry.oid);
        let mut about = json!({ "path": entry.name, "mode": entry.mode, "type": entry.kind, "sha": entry.oid, "url": url });
        if entry.kind == "blob" {
            about["size"] = json!(entry.size);
        }
        about
    });
    let entries = entries.collect::<Value>();
    Response::json(
        200,
        &json!({ "sha": oid, "url": url(context, place, "trees", &oid), "tree": entries, "truncated": false }),
    )
}

fn create_blob(context: Context<'_>, place: &Place, body: &Value) -> Result<Response, GitError> {
    let content = body["content"].as_str().unwrap_or_default();
    let content = match body["encoding"].as_str() {
        Some("base64") => BASE64_STANDARD.decode(content).ok(),
        None | Some("utf-8") => Some(content.as_bytes().to_vec()),
        Some(_) => None,
    };
    let Some(content) = content.filter(|_| body["content"].is_string()) else {
        context.report_violation("the blob is neither UTF-8 nor base64");
        return Ok(errors::unprocessable(
            "Invalid request.\n\n\"content\" is not valid Base64.",
        ));
    };
    if content.len() > 40 * 1024 * 1024 {
        context.report_violation("a blob exceeds 40 MiB");
        return Ok(errors::unprocessable(
            "Sorry, your input was too large to process. Consider creating the blob in a local clone of the repository and then pushing it to GitHub.",
        ));
    }
    let oid = place.repo.write_blobs(&[&content])?.remove(0);
    Ok(created(
        &url(context, place, "blobs", &oid),
        &json!({ "sha": oid, "url": url(context, place, "blobs", &oid) }),
    ))
}

fn create_tree(context: Context<'_>, place: &Place, body: &Value) -> Result<Response, GitError> {
    let base = match body["base_tree"].as_str() {
        Some(base) => match place.repo.resolve(&format!("{base}^{{tree}}")) {
            Some(base) => Some(base),
            None => return Ok(errors::unprocessable("base_tree is not a valid tree oid")),
        },
        None => None,
    };
    let mut edits = Vec::new();
    for entry in body["tree"].as_array().into_iter().flatten() {
        let Some(path) = entry["path"].as_str() else {
            context.report_violation("a tree entry without a path");
            return Ok(errors::unprocessable("tree.path is required"));
        };
        let (path, mode) = (
            path.to_owned(),
            entry["mode"].as_str().unwrap_or("100644").to_owned(),
        );
        edits.push(match (&entry["sha"], entry["content"].as_str()) {
            (Value::String(oid), None) if place.repo.kind(oid).is_some() => Edit::Put {
                path,
                mode,
                oid: oid.clone(),
            },
            (Value::String(oid), None) => {
                return Ok(errors::unprocessable(&format!(
                    "tree.sha {oid} is not a valid blob"
                )));
            }
            (Value::Null, Some(content)) => Edit::Put {
                path,
                mode,
                oid: place.repo.write_blobs(&[content.as_bytes()])?.remove(0),
            },
            (Value::Null, None) => Edit::Remove { path },
            _ => {
                context.report_violation("a tree entry must have either `sha` or `content`");
                return Ok(errors::unprocessable(
                    "Must supply either tree.sha or tree.content",
                ));
            }
        });
    }
    let oid = place.repo.write_tree(base.as_deref(), &edits)?;
    let url = url(context, place, "trees", &oid);
    let entries = place.repo.entries(&oid, false).into_iter();
    let entries = entries.map(|entry| json!({ "path": entry.name, "mode": entry.mode, "type": entry.kind, "sha": entry.oid }));
    Ok(created(
        &url,
        &json!({ "sha": oid, "url": url, "tree": entries.collect::<Value>(), "truncated": false }),
    ))
}

fn create_commit(context: Context<'_>, place: &Place, body: &Value) -> Result<Response, GitError> {
    let (Some(message), Some(tree)) = (body["message"].as_str(), body["tree"].as_str()) else {
        context.report_violation("`message` and `tree` are required");
        return Ok(errors::unprocessable(
            "Invalid request.\n\n\"message\", \"tree\" weren't supplied.",
        ));
    };
    let parents = body["parents"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str);
    let parents = parents.map(str::to_owned).collect::<Vec<_>>();
    if place.repo.kind(tree).as_deref() != Some("tree") {
        return Ok(errors::unprocessable("Tree SHA does not exist"));
    }
    if parents
        .iter()
        .any(|parent| place.repo.kind(parent).as_deref() != Some("commit"))
    {
        return Ok(errors::unprocessable(
            "Parent SHA does not exist or is not a commit object",
        ));
    }
    let author = person(&body["author"]);
    let committer = person(&body["committer"]);
    let signed = place.signs(context, author.is_some() || committer.is_some());
    let author = author.unwrap_or_else(|| identity(context));
    let committer = committer.unwrap_or_else(|| {
        if signed {
            github_itself()
        } else {
            author.clone()
        }
    });
    let oid = place.repo.commit(&NewCommit {
        tree,
        parents: &parents,
        message,
        author: &author,
        committer: &committer,
        verified: signed,
    })?;
    Ok(created(
        &url(context, place, "commits", &oid),
        &describe_commit(context, place, &oid),
    ))
}

fn create_branch(context: Context<'_>, place: &Place, body: &Value) -> Result<Response, GitError> {
    let (Some(name), Some(oid)) = (body["ref"].as_str(), body["sha"].as_str()) else {
        context.report_violation("`ref` and `sha` are required");
        return Ok(errors::unprocessable(
            "Invalid request.\n\n\"ref\", \"sha\" weren't supplied.",
        ));
    };
    let Some(branch) = name.strip_prefix("refs/heads/") else {
        context.report_violation("`ref` doesn't start with `refs/heads/`");
        return Ok(errors::unprocessable(
            "Reference name must start with 'refs/' and contain at least one other slash.",
        ));
    };
    if place.repo.kind(oid).as_deref() != Some("commit") {
        return Ok(errors::unprocessable("Object does not exist"));
    }
    let _writing = place.repo.writing();
    if place.repo.head(branch).is_some() {
        return Ok(errors::unprocessable("Reference already exists"));
    }
    let is_new = !place.repo.is_on_a_branch(oid);
    let signed = place.repo.is_verified(oid) && place.declared.signatures == Signatures::Valid;
    let new_commit = is_new.then_some(signed);
    // Here, GitHub doesn't say which rule it is.
    if rules::broken_by_branch(context, &place.declared, branch, new_commit).is_some() {
        return Ok(errors::unprocessable("Reference update failed"));
    }
    place.repo.set_branch(branch, oid, None)?;
    Ok(created(
        &url(context, place, "refs/heads", branch),
        &describe_branch(context, place, branch, oid),
    ))
}

fn move_branch(
    context: Context<'_>,
    place: &Place,
    branch: &str,
    body: &Value,
) -> Result<Response, GitError> {
    let oid = body["sha"].as_str().unwrap_or_default();
    let force = body["force"].as_bool().unwrap_or(false);
    if force {
        context.report_violation(
            "a branch was force-pushed, so another person's commits might be lost",
        );
    }
    let _writing = place.repo.writing();
    let Some(head) = place.repo.head(branch) else {
        return Ok(errors::unprocessable("Reference does not exist"));
    };
    if place.repo.kind(oid).as_deref() != Some("commit") {
        return Ok(errors::unprocessable("Object does not exist"));
    }
    if !force && !place.repo.is_ancestor(&head, oid) {
        return Ok(errors::unprocessable("Update is not a fast forward"));
    }
    let signed = place.repo.is_verified(oid) && place.declared.signatures == Signatures::Valid;
    if let Some(rule) = rules::broken_by_commit(context, &place.declared, branch, signed) {
        return Ok(errors::unprocessable(&errors::broken_rule(rule)));
    }
    place.repo.set_branch(branch, oid, Some(&head))?;
    Ok(Response::json(
        200,
        &describe_branch(context, place, branch, oid),
    ))
}

/// A commit with its verification.
pub(super) fn describe_commit(context: Context<'_>, place: &Place, oid: &str) -> Value {
    let Some(commit) = place.repo.commit_at(oid) else {
        return Value::Null;
    };
    let person = |person: &Person| json!({ "name": person.name, "email": person.email, "date": person.date });
    let page = |oid: &str| format!("{SERVER_URL}/{}/commit/{oid}", place.full_name);
    let parents = commit.parents.iter().map(
        |parent| json!({ "sha": parent, "url": url(context, place, "commits", parent), "html_url": page(parent) }),
    );
    let signed = place.repo.is_verified(oid) && place.declared.signatures != Signatures::Absent;
    let reason = match place.declared.signatures {
        _ if !signed => "unsigned",
        Signatures::Valid => "valid",
        Signatures::Invalid | Signatures::Absent => "invalid",
    };
    let signature = signed.then_some(
        "-----BEGIN PGP SIGNATURE-----\n\nnot a real one\n-----END PGP SIGNATURE-----\n",
    );
    json!({
        "sha": oid,
        "node_id": format!("C_{oid}"),
        "url": url(context, place, "commits", oid),
        "html_url": page(oid),
        "author": person(&commit.author),
        "committer": person(&commit.committer),
        "message": commit.message,
        "tree": { "sha": commit.tree, "url": url(context, place, "trees", &commit.tree) },
        "parents": parents.collect::<Value>(),
        "verification": { "verified": reason == "valid", "reason": reason, "signature": signature, "payload": null, "verified_at": null },
    })
}

fn describe_branch(context: Context<'_>, place: &Place, branch: &str, oid: &str) -> Value {
    json!({
        "ref": format!("refs/heads/{branch}"),
        "node_id": format!("REF_{oid}"),
        "url": url(context, place, "refs/heads", branch),
        "object": { "sha": oid, "type": "commit", "url": url(context, place, "commits", oid) },
    })
}

/// The author or committer in a request.
pub(super) fn person(value: &Value) -> Option<Person> {
    let text = |name: &str| value[name].as_str().map(str::to_owned);
    Some(Person {
        name: text("name")?,
        email: text("email")?,
        date: text("date"),
    })
}

fn url(context: Context<'_>, place: &Place, what: &str, which: &str) -> String {
    format!(
        "{}/repos/{}/git/{what}/{which}",
        context.world.api_url, place.full_name
    )
}

fn created(url: &str, body: &Value) -> Response {
    Response::json(201, body).header("location", url)
}
