//! A repository as GraphQL describes it, down to its files.

use std::rc::Rc;
use std::sync::Arc;

use serde_json::{Value, json};

use super::execute::{Field, Resolved};
use crate::api::context::Context;
use crate::git::{Commit, Entry, Person, Repo};
use crate::github::{self, Scope, Signatures, Visibility};
use crate::seats::id_of;
use crate::world::SERVER_URL;

/// GitHub returns at most this much of a file's text. Its documentation says only that the text can
/// be truncated.
const LONGEST_TEXT: usize = 512_000;

/// The maximum page size of commits.
const MOST_COMMITS: usize = 100_000;

/// A repository as the caller sees it.
pub(super) struct Place {
    pub(super) full_name: String,
    pub(super) declared: github::Repository,
    pub(super) repo: Arc<Repo>,
    pub(super) writes: bool,
}

/// The repository of that name, if the token can read it.
pub(super) fn place(context: Context<'_>, full_name: &str) -> Result<Rc<Place>, Resolved> {
    let unknown_endpoint = || {
        let message = format!("Could not resolve to a Repository with the name '{full_name}'.");
        Resolved::Error(Some("NOT_FOUND"), message)
    };
    let (full_name, declared) = context.repository(full_name).ok_or_else(unknown_endpoint)?;
    let repo = context.world.repositories.get(&full_name);
    Ok(Rc::new(Place {
        repo: repo.ok_or_else(unknown_endpoint)?,
        writes: context.token.may_write(&full_name),
        full_name,
        declared,
    }))
}

/// An object of which all fields are known.
pub(super) fn plain(type_name: &'static str, fields: Value) -> Resolved {
    Resolved::object(type_name, fields, |_| Resolved::Unserved)
}

/// An enterprise, visible to anyone who can read its seats.
pub(super) fn enterprise(context: Context<'_>, slug: &str) -> Resolved {
    let found = context.world.github(|github| {
        let (slug, _) = github::named(&github.enterprises, slug)?;
        let is_visible = context.token.may_read_seats(Scope::Enterprise, slug);
        is_visible.then(|| (slug.to_owned(), github.number_of(slug)))
    });
    let Some((slug, number)) = found else {
        let message = format!("Could not resolve to a Business with the URL slug of '{slug}'.");
        return Resolved::Error(Some("NOT_FOUND"), message);
    };
    let known = json!({ "id": format!("E_{number}"), "databaseId": number, "slug": slug });
    plain("Enterprise", known)
}

pub(super) fn repository(place: Rc<Place>) -> Resolved {
    let (full_name, declared) = (&place.full_name, &place.declared);
    let known = json!({
        "id": format!("R_{}", id_of(full_name)),
        "databaseId": id_of(full_name),
        "name": full_name.rsplit('/').next(),
        "nameWithOwner": full_name,
        "url": format!("{SERVER_URL}/{full_name}"),
        "isArchived": false, "isDisabled": false, "isLocked": false,
        "isPrivate": declared.visibility != Visibility::Public,
        "visibility": declared.visibility.as_str().to_ascii_uppercase(),
        "viewerPermission": if place.writes { "WRITE" } else { "READ" },
    });
    Resolved::object("Repository", known, move |field| match field.name() {
        "isEmpty" => Resolved::Value(json!(place.repo.is_empty())),
        "defaultBranchRef" => branch(&place, &place.declared.default_branch),
        "ref" => {
            let name = field.text("qualifiedName");
            branch(&place, name.strip_prefix("refs/heads/").unwrap_or(&name))
        }
        "object" => {
            // GitHub accepts only one of them.
            let expression = field.text("expression") + &field.text("oid");
            let path = expression.split_once(':').map_or("", |(_, path)| path);
            let found = place.repo.resolve(&expression);
            found.and_then(|oid| object(&place, &oid, path)).into()
        }
        _ => Resolved::Unserved,
    })
}

/// A branch, null if the repository doesn't have it.
fn branch(place: &Rc<Place>, name: &str) -> Resolved {
    let head = place.repo.head(name);
    head.map(|oid| branch_at(place, name, oid)).into()
}

/// A branch that points to a commit.
pub(super) fn branch_at(place: &Rc<Place>, name: &str, oid: String) -> Resolved {
    let known = json!({ "id": format!("REF_{name}"), "name": name, "prefix": "refs/heads/" });
    let (place, name) = (place.clone(), name.to_owned());
    Resolved::object("Ref", known, move |field| match field.name() {
        "target" => object(&place, &oid, "").into(),
        "refUpdateRule" => branch_protection(&place, &name).into(),
        _ => Resolved::Unserved,
    })
}

/// The branch protection rule of a branch, if it has one.
fn branch_protection(place: &Place, name: &str) -> Option<Resolved> {
    let rule = place.declared.branch_protection;
    let rule = rule.filter(|_| place.declared.default_branch == name)?;
    let known = json!({
        "allowsDeletions": rule.allows_deletions,
        "allowsForcePushes": rule.allows_force_pushes,
        "pattern": name,
        "requiresSignatures": rule.requires_signatures,
    });
    Some(plain("RefUpdateRule", known))
}

/// A Git object; its path if it's a directory.
fn object(place: &Rc<Place>, oid: &str, path: &str) -> Option<Resolved> {
    match place.repo.kind(oid)?.as_str() {
        "commit" => commit_at(place, oid),
        "tree" => Some(tree(place, oid, path)),
        "blob" => Some(blob(place, oid)),
        _ => None,
    }
}

/// The fields that every Git object has, with those that only this one has.
fn git_object(place: &Place, oid: &str, mut known: Value) -> Value {
    known["id"] = json!(format!("OBJECT_{oid}"));
    known["oid"] = json!(oid);
    known["abbreviatedOid"] = json!(&oid[..7]);
    known["commitUrl"] = json!(format!("{SERVER_URL}/{}/commit/{oid}", place.full_name));
    known
}

/// The commit with this ID, if it exists.
pub(super) fn commit_at(place: &Rc<Place>, oid: &str) -> Option<Resolved> {
    Some(commit(place, place.repo.commit_at(oid)?))
}

fn commit(place: &Rc<Place>, commit: Commit) -> Resolved {
    let (headline, body) = match commit.message.split_once('\n') {
        Some((headline, body)) => (headline, body.trim_start_matches('\n')),
        None => (commit.message.as_str(), ""),
    };
    let known = json!({
        "url": format!("{SERVER_URL}/{}/commit/{}", place.full_name, commit.oid),
        "message": commit.message,
        "messageHeadline": headline,
        "messageBody": body,
        "committedDate": commit.committer.date,
        "authoredDate": commit.author.date,
    });
    let known = git_object(place, &commit.oid, known);
    let place = place.clone();
    Resolved::object("Commit", known, move |field| match field.name() {
        "author" => person(&commit.author),
        "committer" => person(&commit.committer),
        "tree" => tree(&place, &commit.tree, ""),
        "signature" => signature(&place, &commit.oid).into(),
        "parents" => {
            let parents = commit.parents.iter();
            let parents = parents.filter_map(|oid| place.repo.commit_at(oid));
            connection(&place, "CommitConnection", field, parents.collect())
        }
        "history" => {
            let path = field.argument("path");
            let commits = place.repo.history(&commit.oid, MOST_COMMITS, path.as_str());
            connection(&place, "CommitHistoryConnection", field, commits)
        }
        _ => Resolved::Unserved,
    })
}

fn person(person: &Person) -> Resolved {
    let known = json!({ "name": person.name, "email": person.email, "date": person.date });
    let person = person.clone();
    Resolved::object("GitActor", known, move |field| match field.name() {
        // There's none for an App.
        "user" if person.name.ends_with("[bot]") => None.into(),
        "user" => account(&person).into(),
        _ => Resolved::Unserved,
    })
}

/// The account with a person's email address, if it's one of GitHub's.
pub(super) fn account(person: &Person) -> Option<Resolved> {
    let local = person.email.strip_suffix("@users.noreply.github.com")?;
    let (id, login) = local.split_once('+')?;
    let id: u32 = id.parse().ok()?;
    let known = json!({ "id": format!("U_{id}"), "databaseId": id, "login": login });
    Some(plain("User", known))
}

fn signature(place: &Place, oid: &str) -> Option<Resolved> {
    let signatures = place.declared.signatures;
    let is_valid = signatures == Signatures::Valid;
    let known = json!({
        "isValid": is_valid,
        "state": if is_valid { "VALID" } else { "INVALID" },
        "wasSignedByGitHub": true,
        "email": "noreply@github.com",
    });
    let is_signed = place.repo.is_verified(oid) && signatures != Signatures::Absent;
    is_signed.then(|| plain("GpgSignature", known))
}

/// A page of commits. A cursor is the position of a commit among them all.
fn connection(
    place: &Rc<Place>,
    type_name: &'static str,
    field: &Field<'_>,
    commits: Vec<Commit>,
) -> Resolved {
    let name = field.name();
    let Some(first) = field.argument("first").as_u64() else {
        let message = format!(
            "You must provide a `first` or `last` value to properly paginate the `{name}` connection."
        );
        return Resolved::Error(Some("MISSING_PAGINATION_BOUNDARIES"), message);
    };
    if first > 100 {
        let message = format!(
            "Requesting {first} records on the `{name}` connection exceeds the `first` limit of 100 records."
        );
        return Resolved::Error(Some("EXCESSIVE_PAGINATION"), message);
    }
    let after = field.text("after").parse::<usize>();
    let skipped = after.map_or(0, |after| after + 1);
    let total = commits.len();
    let rest = commits.into_iter().skip(skipped);
    let page = rest
        .take(usize::try_from(first).unwrap_or(100))
        .collect::<Vec<_>>();
    let end = skipped + page.len();
    let place = place.clone();
    let total_count = json!({ "totalCount": total });
    Resolved::object(type_name, total_count, move |field| match field.name() {
        "nodes" => {
            let nodes = page.iter().map(|one| commit(&place, one.clone()));
            Resolved::List(nodes.collect())
        }
        "pageInfo" => {
            let cursor = end.checked_sub(1).map(|last| last.to_string());
            let known = json!({ "endCursor": cursor, "hasNextPage": end < total });
            plain("PageInfo", known)
        }
        _ => Resolved::Unserved,
    })
}

fn tree(place: &Rc<Place>, oid: &str, path: &str) -> Resolved {
    let known = git_object(place, oid, json!({}));
    let (place, oid, path) = (place.clone(), oid.to_owned(), path.to_owned());
    Resolved::object("Tree", known, move |field| match field.name() {
        "entries" => {
            let entries = place.repo.entries(&oid, false).into_iter();
            Resolved::List(entries.map(|inside| entry(&place, inside, &path)).collect())
        }
        _ => Resolved::Unserved,
    })
}

fn entry(place: &Rc<Place>, entry: Entry, directory: &str) -> Resolved {
    let path = format!("{directory}/{}", entry.name);
    let path = path.trim_start_matches('/').to_owned();
    let known = json!({
        "name": entry.name, "path": path, "type": entry.kind, "size": entry.size, "oid": entry.oid,
        "mode": u32::from_str_radix(&entry.mode, 8).unwrap_or_default(),
    });
    let place = place.clone();
    Resolved::object("TreeEntry", known, move |field| match field.name() {
        "object" => object(&place, &entry.oid, &path).into(),
        _ => Resolved::Unserved,
    })
}

fn blob(place: &Rc<Place>, oid: &str) -> Resolved {
    let known = git_object(place, oid, json!({}));
    let (place, oid) = (place.clone(), oid.to_owned());
    Resolved::object("Blob", known, move |field| {
        if field.name() == "byteSize" {
            return Resolved::Value(json!(place.repo.blob_size(&oid)));
        }
        let content = place.repo.blob(&oid).unwrap_or_default();
        let text = std::str::from_utf8(&content).ok();
        let text = text.filter(|text| !text.contains('\0'));
        Resolved::Value(match field.name() {
            "isBinary" => json!(text.is_none()),
            "isTruncated" => json!(content.len() > LONGEST_TEXT),
            "text" => json!(text.map(|text| &text[..text.floor_char_boundary(LONGEST_TEXT)])),
            _ => return Resolved::Unserved,
        })
    })
}
