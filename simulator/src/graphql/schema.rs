//! The part of GitHub's GraphQL schema that is served, and the check of a document against it before anything runs.

use serde_json::{Value, json};

use super::parse::{Document, Field, Selection};
use crate::fault::Operation;

/// Type, field, arguments, and the type of what it gives; capitals alone stand for scalars.
const FIELDS: &[(&str, &str, &[&str], &str)] = &[
    (
        "Query",
        "repository",
        &["owner!", "name!", "followRenames"],
        "Repository",
    ),
    (
        "Query",
        "enterprise",
        &["slug!", "invitationToken"],
        "Enterprise",
    ),
    ("Enterprise", "databaseId", &[], "INT"),
    ("Enterprise", "id", &[], "ID"),
    ("Enterprise", "slug", &[], "STRING"),
    ("Query", "rateLimit", &["dryRun"], "RateLimit"),
    (
        "Mutation",
        "createCommitOnBranch",
        &["input!"],
        "CreateCommitOnBranchPayload",
    ),
    (
        "CreateCommitOnBranchPayload",
        "clientMutationId",
        &[],
        "STRING",
    ),
    ("CreateCommitOnBranchPayload", "commit", &[], "Commit"),
    ("CreateCommitOnBranchPayload", "ref", &[], "Ref"),
    ("RateLimit", "cost", &[], "INT"),
    ("RateLimit", "limit", &[], "INT"),
    ("RateLimit", "remaining", &[], "INT"),
    ("RateLimit", "resetAt", &[], "TIME"),
    ("RateLimit", "used", &[], "INT"),
    ("Repository", "id", &[], "ID"),
    ("Repository", "databaseId", &[], "INT"),
    ("Repository", "name", &[], "STRING"),
    ("Repository", "nameWithOwner", &[], "STRING"),
    ("Repository", "url", &[], "URI"),
    ("Repository", "isEmpty", &[], "BOOLEAN"),
    ("Repository", "isPrivate", &[], "BOOLEAN"),
    ("Repository", "isArchived", &[], "BOOLEAN"),
    ("Repository", "isDisabled", &[], "BOOLEAN"),
    ("Repository", "isLocked", &[], "BOOLEAN"),
    ("Repository", "visibility", &[], "ENUM"),
    ("Repository", "viewerPermission", &[], "ENUM"),
    ("Repository", "defaultBranchRef", &[], "Ref"),
    ("Repository", "ref", &["qualifiedName!"], "Ref"),
    ("Repository", "object", &["expression", "oid"], "GitObject"),
    ("Ref", "id", &[], "ID"),
    ("Ref", "name", &[], "STRING"),
    ("Ref", "prefix", &[], "STRING"),
    ("Ref", "target", &[], "GitObject"),
    ("GitObject", "id", &[], "ID"),
    ("GitObject", "oid", &[], "OID"),
    ("GitObject", "abbreviatedOid", &[], "STRING"),
    ("GitObject", "commitUrl", &[], "URI"),
    ("Commit", "url", &[], "URI"),
    ("Commit", "message", &[], "STRING"),
    ("Commit", "messageHeadline", &[], "STRING"),
    ("Commit", "messageBody", &[], "STRING"),
    ("Commit", "committedDate", &[], "TIME"),
    ("Commit", "authoredDate", &[], "TIME"),
    ("Commit", "author", &[], "GitActor"),
    ("Commit", "committer", &[], "GitActor"),
    ("Commit", "tree", &[], "Tree"),
    ("Commit", "file", &["path!"], "TreeEntry"),
    ("Commit", "signature", &[], "GitSignature"),
    (
        "Commit",
        "parents",
        &["first", "after", "last", "before"],
        "CommitConnection",
    ),
    (
        "Commit",
        "history",
        &[
            "first", "after", "path", "last", "before", "since", "until", "author",
        ],
        "CommitConnection",
    ),
    ("CommitConnection", "nodes", &[], "Commit"),
    ("CommitConnection", "totalCount", &[], "INT"),
    ("CommitConnection", "pageInfo", &[], "PageInfo"),
    ("PageInfo", "hasNextPage", &[], "BOOLEAN"),
    ("PageInfo", "endCursor", &[], "STRING"),
    ("GitActor", "name", &[], "STRING"),
    ("GitActor", "email", &[], "STRING"),
    ("GitActor", "date", &[], "TIME"),
    ("GitSignature", "isValid", &[], "BOOLEAN"),
    ("GitSignature", "state", &[], "ENUM"),
    ("GitSignature", "wasSignedByGitHub", &[], "BOOLEAN"),
    ("GitSignature", "email", &[], "STRING"),
    ("Tree", "entries", &[], "TreeEntry"),
    ("TreeEntry", "name", &[], "STRING"),
    ("TreeEntry", "path", &[], "STRING"),
    ("TreeEntry", "type", &[], "STRING"),
    ("TreeEntry", "mode", &[], "INT"),
    ("TreeEntry", "size", &[], "INT"),
    ("TreeEntry", "oid", &[], "OID"),
    ("TreeEntry", "object", &[], "GitObject"),
    ("Blob", "byteSize", &[], "INT"),
    ("Blob", "isBinary", &[], "BOOLEAN"),
    ("Blob", "isTruncated", &[], "BOOLEAN"),
    ("Blob", "text", &[], "STRING"),
];

const OBJECTS: [&str; 4] = ["Commit", "Tree", "Blob", "Tag"];

/// Everything that is wrong with a document, as GitHub's errors.
pub(super) fn validate(document: &Document, variables: &Value) -> Vec<Value> {
    let root = match document.operation {
        Operation::Query => "Query",
        Operation::Mutation => "Mutation",
    };
    let mut found = Findings {
        errors: Vec::new(),
        used: Vec::new(),
    };
    found.selection(root, &document.selection);
    for variable in &document.variables {
        let (name, kind) = (&variable.name, &variable.kind);
        if !found.used.contains(name) {
            found.errors.push(json!({ "message": format!("Variable ${name} is declared by anonymous query but not used") }));
        }
        let is_missing = variables[name].is_null() && variable.default.is_none();
        if kind.ends_with('!') && is_missing {
            let message = format!("Variable ${name} of type {kind} was provided invalid value");
            found.errors.push(json!({
                "message": message,
                "extensions": { "value": null, "problems": [{ "path": [], "explanation": "Expected value to not be null" }] },
            }));
        }
    }
    for used in std::mem::take(&mut found.used) {
        if !document
            .variables
            .iter()
            .any(|variable| variable.name == used)
        {
            found.errors.push(json!({ "message": format!("Variable ${used} is used by anonymous query but not declared") }));
        }
    }
    found.errors
}

struct Findings {
    errors: Vec<Value>,
    used: Vec<String>,
}

impl Findings {
    fn selection(&mut self, kind: &str, selection: &[Selection]) {
        for selected in selection {
            match selected {
                Selection::Field(field) => self.field(kind, field),
                Selection::On {
                    kind: None,
                    selection,
                } => self.selection(kind, selection),
                Selection::On {
                    kind: Some(on),
                    selection,
                } => {
                    let fits = on == kind
                        || (kind == "GitObject" && OBJECTS.contains(&on.as_str()))
                        || (on == "GitObject" && OBJECTS.contains(&kind));
                    if fits {
                        self.selection(on, selection);
                    } else {
                        self.errors.push(json!({ "message": format!("Fragment on {on} can't be spread inside {kind}") }));
                    }
                }
            }
        }
    }

    fn field(&mut self, kind: &str, field: &Field) {
        let name = &field.name;
        for (_, argument) in &field.arguments {
            self.used
                .extend(argument.variables().into_iter().map(str::to_owned));
        }
        if name == "__typename" {
            return;
        }
        let known = FIELDS.iter().find(|(on, known, ..)| {
            known == name && (*on == kind || (*on == "GitObject" && OBJECTS.contains(&kind)))
        });
        let Some((_, _, arguments, gives)) = known else {
            self.errors.push(json!({
                "path": [name],
                "extensions": { "code": "undefinedField", "typeName": kind, "fieldName": name },
                "message": format!("Field '{name}' doesn't exist on type '{kind}'"),
            }));
            return;
        };
        for (argument, _) in &field.arguments {
            if !arguments
                .iter()
                .any(|known| known.trim_end_matches('!') == argument)
            {
                self.errors.push(json!({ "message": format!("Field '{name}' doesn't accept argument '{argument}'") }));
            }
        }
        for required in arguments
            .iter()
            .filter_map(|argument| argument.strip_suffix('!'))
        {
            if !field
                .arguments
                .iter()
                .any(|(argument, _)| argument == required)
            {
                self.errors.push(json!({ "message": format!("Field '{name}' is missing required arguments: {required}") }));
            }
        }
        let is_scalar = gives.chars().all(|c| c.is_ascii_uppercase());
        match (is_scalar, field.selection.is_empty()) {
            (true, false) => self.errors.push(json!({ "message": format!("Selections can't be made on scalars (field '{name}')") })),
            (false, true) => self.errors.push(json!({ "message": format!("Field must have selections (field '{name}' returns {gives} but has no selections. Did you mean '{name} {{ ... }}'?)") })),
            _ => self.selection(gives, &field.selection),
        }
    }
}
