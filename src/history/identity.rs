//! Checks whose history a folder holds: compares the organization or enterprise in the newest
//! manifest with that of the run.
//!
//! An organization keeps its ID when it's renamed, and another organization that takes the name
//! later has another ID. So if both IDs are known, they decide. Names decide only if one of the IDs
//! is unknown, as in manifests of earlier versions.

use super::error::RecordError;
use bytes::Bytes;

use crate::report::manifest::{RecordedManifest, RecordedScope};
use crate::report::scope::Scope;

/// A folder next to one that doesn't hold a history yet.
#[derive(Debug, Clone)]
pub struct Neighbor {
    /// Its path in the repository.
    pub folder: String,
    /// The path that it would need to be the folder of the run's scope.
    pub target: String,
    /// Its newest manifest.
    pub manifest: Bytes,
}

/// Whether two scopes are the same, as far as that's known. Either of the IDs can be unknown.
pub(super) fn is_same(one: &RecordedScope, other: &RecordedScope) -> bool {
    one.kind == other.kind
        && match (one.id, other.id) {
            (Some(one), Some(other)) => one == other,
            _ => has_same_name(one, other),
        }
}

/// Whether two scopes have the same name. GitHub doesn't distinguish case in names.
pub(super) fn has_same_name(one: &RecordedScope, other: &RecordedScope) -> bool {
    one.kind == other.kind && one.name.eq_ignore_ascii_case(&other.name)
}

/// Fails if the newest manifest, `recorded` at the path `manifest`, belongs to another scope.
pub(super) fn check(
    recorded: &RecordedScope,
    manifest: &str,
    scope: &Scope,
) -> Result<(), RecordError> {
    let ours = RecordedScope::from(scope);
    if is_same(recorded, &ours) {
        return Ok(());
    }
    let same_name = recorded.name.eq_ignore_ascii_case(&ours.name);
    if recorded.kind != ours.kind && same_name {
        return Err(RecordError::OtherKind {
            recorded: recorded.kind,
            ours: ours.kind,
        });
    }
    let name = crate::system::text::shown(&recorded.name, 100);
    let what_to_do = match (recorded.id, ours.id) {
        _ if same_name => "Move the old history out of `directory`, or set another `directory`. Another organization or enterprise has this name now, so the histories must stay separate.".to_owned(),
        (Some(_), Some(_)) => "If two folders were swapped, swap them back. If the folder was moved here, move it back.".to_owned(),
        (None, Some(id)) if recorded.kind == ours.kind => format!(
            "If two folders were swapped, swap them back. If {name} was renamed to {}, no manifest proves it, because {manifest} was written without an ID: add `\"id\": {id}` to `scope` in {manifest}, commit, and push.",
            ours.name
        ),
        (Some(_), None) if recorded.kind == ours.kind => format!(
            "If two folders were swapped, swap them back. If {name} was renamed to {}, this run can't tell without the ID. The log says why the ID couldn't be read.",
            ours.name
        ),
        _ => "If two folders were swapped, swap them back. The action can't recognize a rename without IDs.".to_owned(),
    };
    let unread = if ours.id.is_none() {
        " (its ID couldn't be read)"
    } else {
        ""
    };
    Err(RecordError::OtherScope {
        recorded: recorded.described(),
        ours: format!("{}{unread}", ours.described()),
        what_to_do,
    })
}

/// Fails if one of the `neighbors` of an empty folder is the history of the same organization or
/// enterprise under an earlier name.
pub(super) fn refuse_second(neighbors: &[Neighbor], scope: &Scope) -> Result<(), RecordError> {
    let ours = RecordedScope::from(scope);
    for neighbor in neighbors {
        let Ok(manifest) = RecordedManifest::read(&neighbor.manifest) else {
            continue;
        };
        let theirs = manifest.scope;
        let is_ours = theirs.id.is_some() && theirs.id == ours.id && theirs.kind == ours.kind;
        if is_ours && !has_same_name(&theirs, &ours) {
            return Err(RecordError::Renamed {
                kind: ours.kind,
                before: crate::system::text::shown(&theirs.name, 100),
                now: ours.name,
                from: quoted(&neighbor.folder),
                to: quoted(&neighbor.target),
            });
        }
    }
    Ok(())
}

/// Quotes a path for a shell command.
fn quoted(path: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-".contains(c);
    if path.chars().all(is_plain) && !path.starts_with('-') {
        path.to_owned()
    } else {
        format!("'{}'", path.replace('\'', r"'\''"))
    }
}
