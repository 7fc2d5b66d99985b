//! Finds what a query is about.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::parse::{Field, Selection};
use super::reader::{Node, Reader};
use super::{Run, merge};
use crate::api::Scope;
use crate::git::Repo;
use crate::github;

/// A repository as the caller sees it.
#[derive(Clone)]
pub(super) struct Place {
    pub(super) full_name: String,
    pub(super) declared: github::Repository,
    pub(super) repo: Arc<Repo>,
    pub(super) writes: bool,
}

/// Answers a query.
pub(super) fn root(run: &mut Run<'_>, selection: &[Selection]) -> Value {
    let mut data = Map::new();
    for field in fields(selection, "Query") {
        let value = match field.name.as_str() {
            "repository" => repository(run, field),
            "enterprise" => enterprise(run, field),
            "rateLimit" => Reader { run, place: None }.object(&Node::RateLimit, &field.selection),
            _ => json!("Query"),
        };
        merge(&mut data, field.key(), value);
    }
    Value::Object(data)
}

/// An enterprise, which whoever may read its seats sees.
fn enterprise(run: &mut Run<'_>, field: &Field) -> Value {
    let slug = run.argument(field, "slug");
    let slug = slug.as_str().unwrap_or_default();
    let asked = run.asked;
    let found = asked.world.github(|github| {
        let (slug, _) = github::named(&github.enterprises, slug)?;
        let sees = asked.token.may_read_seats(Scope::Enterprise, slug);
        sees.then(|| (slug.to_owned(), github.number_of(slug)))
    });
    let Some((slug, number)) = found else {
        let message = format!("Could not resolve to a Business with the URL slug of '{slug}'.");
        run.fail(Some("NOT_FOUND"), field.key(), &message);
        return Value::Null;
    };
    let mut data = Map::new();
    for field in fields(&field.selection, "Enterprise") {
        let value = match field.name.as_str() {
            "databaseId" => json!(number),
            "id" => json!(format!("E_{number}")),
            "slug" => json!(slug),
            _ => json!("Enterprise"),
        };
        merge(&mut data, field.key(), value);
    }
    Value::Object(data)
}

fn repository(run: &mut Run<'_>, field: &Field) -> Value {
    let (owner, name) = (run.argument(field, "owner"), run.argument(field, "name"));
    let full_name = format!(
        "{}/{}",
        owner.as_str().unwrap_or_default(),
        name.as_str().unwrap_or_default()
    );
    match place(run, &full_name) {
        Some(place) => Reader {
            run,
            place: Some(&place),
        }
        .object(&Node::Repository, &field.selection),
        None => {
            let message = format!("Could not resolve to a Repository with the name '{full_name}'.");
            run.fail(Some("NOT_FOUND"), field.key(), &message);
            Value::Null
        }
    }
}

/// The repository of that name, if the token may see it.
pub(super) fn place(run: &Run<'_>, full_name: &str) -> Option<Place> {
    let (full_name, declared) = run.asked.repository(full_name)?;
    let repo = run.asked.world.repositories.get(&full_name)?;
    let writes = run.asked.token.may_write(&full_name);
    Some(Place {
        full_name,
        declared,
        repo,
        writes,
    })
}

/// What is asked of one commit.
pub(super) fn commit(
    run: &mut Run<'_>,
    place: &Place,
    oid: &str,
    selection: &[Selection],
) -> Value {
    let mut reader = Reader {
        run,
        place: Some(place),
    };
    place.repo.commit_at(oid).map_or(Value::Null, |commit| {
        reader.object(&Node::Commit(commit), selection)
    })
}

/// What is asked of one branch.
pub(super) fn branch(
    run: &mut Run<'_>,
    place: &Place,
    name: &str,
    oid: &str,
    selection: &[Selection],
) -> Value {
    let node = Node::Ref {
        name: name.to_owned(),
        oid: oid.to_owned(),
    };
    Reader {
        run,
        place: Some(place),
    }
    .object(&node, selection)
}

/// The fields asked of an object of that type, those in fragments that fit it included.
pub(super) fn fields<'a>(selection: &'a [Selection], type_name: &str) -> Vec<&'a Field> {
    let mut found = Vec::new();
    for selected in selection {
        match selected {
            Selection::Field(field) => found.push(field),
            Selection::On { kind, selection } => {
                let fits = kind.as_deref().is_none_or(|kind| {
                    kind == type_name
                        || (kind == "GitObject" && ["Commit", "Tree", "Blob"].contains(&type_name))
                        || (kind == "GitSignature" && type_name == "GpgSignature")
                });
                if fits {
                    found.extend(fields(selection, type_name));
                }
            }
        }
    }
    found
}
