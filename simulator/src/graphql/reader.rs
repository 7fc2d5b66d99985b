//! Gives the fields that were asked for, read from the repository.

use serde_json::{Map, Value, json};

use super::parse::{Field, Selection};
use super::query::{Place, fields};
use super::{Run, merge};
use crate::git::{Commit, Entry, Person};
use crate::github::{Signatures, Visibility};
use crate::seats::id_of;
use crate::world::SERVER_URL;

/// GitHub gives no more of a file's text than this. Its documentation says only that it may be cut.
const LONGEST_TEXT: usize = 512_000;

/// Something fields can be asked of.
pub(super) enum Node {
    Repository,
    RateLimit,
    Ref {
        name: String,
        oid: String,
    },
    Commit(Commit),
    Tree {
        oid: String,
        path: String,
    },
    Blob {
        oid: String,
    },
    Entry {
        entry: Entry,
        path: String,
    },
    Person(Person),
    Signature {
        is_valid: bool,
    },
    Commits {
        found: Vec<Commit>,
        total: usize,
        end: Option<String>,
        has_next: bool,
    },
    PageInfo {
        end: Option<String>,
        has_next: bool,
    },
}

impl Node {
    fn type_name(&self) -> &'static str {
        match self {
            Self::Repository => "Repository",
            Self::RateLimit => "RateLimit",
            Self::Ref { .. } => "Ref",
            Self::Commit(_) => "Commit",
            Self::Tree { .. } => "Tree",
            Self::Blob { .. } => "Blob",
            Self::Entry { .. } => "TreeEntry",
            Self::Person(_) => "GitActor",
            Self::Signature { .. } => "GpgSignature",
            Self::Commits { .. } => "CommitHistoryConnection",
            Self::PageInfo { .. } => "PageInfo",
        }
    }
}

/// Answers fields, one object after the other.
pub(super) struct Reader<'a, 'b> {
    pub(super) run: &'a mut Run<'b>,
    pub(super) place: Option<&'a Place>,
}

impl Reader<'_, '_> {
    pub(super) fn object(&mut self, node: &Node, selection: &[Selection]) -> Value {
        let mut object = Map::new();
        for field in fields(selection, node.type_name()) {
            let value = if field.name == "__typename" {
                json!(node.type_name())
            } else {
                self.field(node, field)
            };
            merge(&mut object, field.key(), value);
        }
        Value::Object(object)
    }

    fn maybe(&mut self, node: Option<Node>, field: &Field) -> Value {
        node.map_or(Value::Null, |node| self.object(&node, &field.selection))
    }

    fn list(&mut self, nodes: impl Iterator<Item = Node>, field: &Field) -> Value {
        nodes
            .map(|node| self.object(&node, &field.selection))
            .collect()
    }

    fn field(&mut self, node: &Node, field: &Field) -> Value {
        let name = field.name.as_str();
        match (node, self.place) {
            (Node::RateLimit, _) => match name {
                "cost" => json!(1),
                "resetAt" => json!(jiff::Timestamp::now().to_string()),
                "used" => json!(0),
                _ => json!(5000),
            },
            (Node::Person(person), _) => match name {
                "name" => json!(person.name),
                "email" => json!(person.email),
                _ => json!(person.date),
            },
            (Node::Signature { is_valid }, _) => match name {
                "isValid" => json!(is_valid),
                "state" => json!(if *is_valid { "VALID" } else { "INVALID" }),
                "wasSignedByGitHub" => json!(true),
                _ => json!("noreply@github.com"),
            },
            (Node::PageInfo { end, has_next }, _) => match name {
                "hasNextPage" => json!(has_next),
                _ => json!(end),
            },
            (
                Node::Commits {
                    found,
                    total,
                    end,
                    has_next,
                },
                _,
            ) => match name {
                "nodes" => self.list(found.iter().cloned().map(Node::Commit), field),
                "totalCount" => json!(total),
                _ => self.maybe(
                    Some(Node::PageInfo {
                        end: end.clone(),
                        has_next: *has_next,
                    }),
                    field,
                ),
            },
            (_, None) => Value::Null,
            (Node::Repository, Some(place)) => self.repository(place, field),
            (Node::Ref { name: branch, oid }, Some(place)) => match name {
                "id" => json!(format!("REF_{branch}")),
                "name" => json!(branch),
                "prefix" => json!("refs/heads/"),
                _ => self.maybe(object(place, oid, ""), field),
            },
            (Node::Commit(commit), Some(place)) => self.commit(place, commit, field),
            (Node::Tree { oid, path }, Some(place)) => match name {
                "entries" => {
                    let entries = place.repo.entries(oid, false).into_iter();
                    let inside = |entry: &Entry| {
                        if path.is_empty() {
                            entry.name.clone()
                        } else {
                            format!("{path}/{}", entry.name)
                        }
                    };
                    let entries = entries.map(|entry| Node::Entry {
                        path: inside(&entry),
                        entry,
                    });
                    self.list(entries, field)
                }
                _ => any_object(place, oid, name),
            },
            (Node::Blob { oid }, Some(place)) => blob(place, oid, name),
            (Node::Entry { entry, path }, Some(place)) => match name {
                "name" => json!(entry.name),
                "path" => json!(path),
                "type" => json!(entry.kind),
                "mode" => json!(u32::from_str_radix(&entry.mode, 8).unwrap_or_default()),
                "size" => json!(entry.size),
                "oid" => json!(entry.oid),
                _ => self.maybe(object(place, &entry.oid, path), field),
            },
        }
    }

    fn repository(&mut self, place: &Place, field: &Field) -> Value {
        let (full_name, declared, repo) = (&place.full_name, &place.declared, &place.repo);
        let branch = |name: &str| {
            repo.head(name).map(|oid| Node::Ref {
                name: name.to_owned(),
                oid,
            })
        };
        match field.name.as_str() {
            "id" => json!(format!("R_{}", id_of(full_name))),
            "databaseId" => json!(id_of(full_name)),
            "name" => json!(full_name.rsplit('/').next()),
            "nameWithOwner" => json!(full_name),
            "url" => json!(format!("{SERVER_URL}/{full_name}")),
            "isEmpty" => json!(repo.is_empty()),
            "isPrivate" => json!(declared.visibility != Visibility::Public),
            "visibility" => json!(declared.visibility.as_str().to_ascii_uppercase()),
            "viewerPermission" => json!(if place.writes { "WRITE" } else { "READ" }),
            "defaultBranchRef" => self.maybe(branch(&declared.default_branch), field),
            "ref" => {
                let name = self.run.argument(field, "qualifiedName");
                let name = name.as_str().unwrap_or_default();
                self.maybe(
                    branch(name.strip_prefix("refs/heads/").unwrap_or(name)),
                    field,
                )
            }
            "object" => {
                let (expression, oid) = (
                    self.run.argument(field, "expression"),
                    self.run.argument(field, "oid"),
                );
                let expression = expression.as_str().or(oid.as_str()).unwrap_or_default();
                let path = expression.split_once(':').map_or("", |(_, path)| path);
                let found = repo
                    .resolve(expression)
                    .and_then(|oid| object(place, &oid, path));
                self.maybe(found, field)
            }
            _ => json!(false),
        }
    }

    fn commit(&mut self, place: &Place, commit: &Commit, field: &Field) -> Value {
        let (headline, rest) = commit
            .message
            .split_once('\n')
            .unwrap_or((&commit.message, ""));
        match field.name.as_str() {
            "url" | "commitUrl" => json!(format!(
                "{SERVER_URL}/{}/commit/{}",
                place.full_name, commit.oid
            )),
            "message" => json!(commit.message),
            "messageHeadline" => json!(headline),
            "messageBody" => json!(rest.trim_start_matches('\n')),
            "committedDate" => json!(commit.committer.date),
            "authoredDate" => json!(commit.author.date),
            "author" => self.maybe(Some(Node::Person(commit.author.clone())), field),
            "committer" => self.maybe(Some(Node::Person(commit.committer.clone())), field),
            "tree" => self.maybe(
                Some(Node::Tree {
                    oid: commit.tree.clone(),
                    path: String::new(),
                }),
                field,
            ),
            "file" => {
                let path = self.run.argument(field, "path");
                let path = path.as_str().unwrap_or_default();
                let (parent, name) = path.rsplit_once('/').unwrap_or(("", path));
                let tree = place.repo.resolve(&format!("{}:{parent}", commit.oid));
                let entries = tree
                    .map(|tree| place.repo.entries(&tree, false))
                    .unwrap_or_default();
                let found = entries.into_iter().find(|entry| entry.name == name);
                self.maybe(
                    found.map(|entry| Node::Entry {
                        entry,
                        path: path.to_owned(),
                    }),
                    field,
                )
            }
            "signature" => {
                let signed = place.repo.is_verified(&commit.oid)
                    && place.declared.signatures != Signatures::Absent;
                let is_valid = place.declared.signatures == Signatures::Valid;
                self.maybe(signed.then_some(Node::Signature { is_valid }), field)
            }
            "parents" => {
                let parents = commit
                    .parents
                    .iter()
                    .filter_map(|oid| place.repo.commit_at(oid))
                    .collect::<Vec<_>>();
                let total = parents.len();
                self.connection(field, total, |skip, count| {
                    parents.iter().skip(skip).take(count).cloned().collect()
                })
            }
            "history" => {
                let path = self.run.argument(field, "path");
                let total = place
                    .repo
                    .history(&commit.oid, 0, 100_000, path.as_str())
                    .len();
                self.connection(field, total, |skip, count| {
                    place.repo.history(&commit.oid, skip, count, path.as_str())
                })
            }
            name => any_object(place, &commit.oid, name),
        }
    }

    fn connection(
        &mut self,
        field: &Field,
        total: usize,
        get: impl FnOnce(usize, usize) -> Vec<Commit>,
    ) -> Value {
        let name = &field.name;
        let first = self.run.argument(field, "first");
        let Some(first) = first.as_u64() else {
            let message = format!(
                "You must provide a `first` or `last` value to properly paginate the `{name}` connection."
            );
            self.run
                .fail(Some("MISSING_PAGINATION_BOUNDARIES"), name, &message);
            return Value::Null;
        };
        if first > 100 {
            let message = format!(
                "Requesting {first} records on the `{name}` connection exceeds the `first` limit of 100 records."
            );
            self.run.fail(Some("EXCESSIVE_PAGINATION"), name, &message);
            return Value::Null;
        }
        // A cursor is the number of the commit it stands at.
        let after = self.run.argument(field, "after");
        let skip = after
            .as_str()
            .and_then(|after| after.parse::<usize>().ok())
            .map_or(0, |after| after + 1);
        let found = get(skip, usize::try_from(first).unwrap_or(100));
        let end = (skip + found.len())
            .checked_sub(1)
            .map(|last| last.to_string());
        let has_next = skip + found.len() < total;
        self.maybe(
            Some(Node::Commits {
                found,
                total,
                end,
                has_next,
            }),
            field,
        )
    }
}

fn object(place: &Place, oid: &str, path: &str) -> Option<Node> {
    match place.repo.kind(oid)?.as_str() {
        "commit" => place.repo.commit_at(oid).map(Node::Commit),
        "tree" => Some(Node::Tree {
            oid: oid.to_owned(),
            path: path.to_owned(),
        }),
        "blob" => Some(Node::Blob {
            oid: oid.to_owned(),
        }),
        _ => None,
    }
}

fn blob(place: &Place, oid: &str, name: &str) -> Value {
    if name == "byteSize" {
        return json!(place.repo.blob_size(oid));
    }
    if !["text", "isBinary", "isTruncated"].contains(&name) {
        return any_object(place, oid, name);
    }
    let content = place.repo.blob(oid).unwrap_or_default();
    match (
        name,
        std::str::from_utf8(&content)
            .ok()
            .filter(|text| !text.contains('\0')),
    ) {
        ("isTruncated", _) => json!(content.len() > LONGEST_TEXT),
        ("isBinary", text) => json!(text.is_none()),
        (_, None) => Value::Null,
        (_, Some(text)) => json!(&text[..text.floor_char_boundary(LONGEST_TEXT)]),
    }
}

/// The fields that every git object has.
fn any_object(place: &Place, oid: &str, name: &str) -> Value {
    match name {
        "id" => json!(format!("OBJECT_{oid}")),
        "oid" => json!(oid),
        "abbreviatedOid" => json!(&oid[..7]),
        _ => json!(format!("{SERVER_URL}/{}/commit/{oid}", place.full_name)),
    }
}
