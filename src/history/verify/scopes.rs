//! Checks that all manifests belong to one organization or enterprise, the one the folder is named
//! after.

use super::{Files, ManifestNode, Verifier};
use crate::history::identity::has_same_name;
use crate::report::manifest::RecordedScope;

/// Consecutive manifests with the same name.
struct Stretch<'l> {
    /// The first and the last manifest.
    ends: (&'l ManifestNode, &'l ManifestNode),
    scope: &'l RecordedScope,
    /// The first and the last ID, which differ only if another organization or enterprise took the
    /// name.
    ids: Option<(u64, u64)>,
}

impl<F: Files> Verifier<'_, F> {
    /// Checks that all manifests belong to one scope. Its name can change if the ID shows a rename.
    pub(super) fn scopes(&mut self, nodes: &[ManifestNode], folder: Option<&str>) {
        let mut stretches: Vec<Stretch<'_>> = Vec::new();
        for node in nodes {
            let Some(says) = &node.says else { continue };
            let scope = &says.scope;
            let last = stretches.last_mut();
            match last.filter(|last| has_same_name(last.scope, scope)) {
                Some(stretch) => {
                    if let (Some((_, before)), Some(id)) = (stretch.ids, scope.id)
                        && before != id
                    {
                        let what = format!(
                            "is of the {}, but the ID in the manifests before it is {before}. Another {} has the name now",
                            scope.described(),
                            scope.kind
                        );
                        self.problem(&node.path, what);
                    }
                    stretch.ends.1 = node;
                    let first = stretch.ids.map(|(first, _)| first);
                    stretch.ids = scope.id.map(|id| (first.unwrap_or(id), id)).or(stretch.ids);
                }
                None => stretches.push(Stretch {
                    ends: (node, node),
                    scope,
                    ids: scope.id.map(|id| (id, id)),
                }),
            }
        }
        for pair in stretches.windows(2) {
            let [before, after] = pair else { continue };
            if let Some(why) = unproven(before, after) {
                let (node, earlier) = (after.ends.0, before.ends.1);
                let what = format!(
                    "is of the {}, and {} is of the {}: {why}",
                    after.scope.described(),
                    earlier.path,
                    before.scope.described()
                );
                self.problem(&node.path, what);
            }
        }
        let Some(newest) = stretches.last() else {
            return;
        };
        if let Some(folder) = folder
            && !newest.scope.name.eq_ignore_ascii_case(folder)
        {
            let what = format!(
                "is of the {}, but the folder's name is {}. Two folders may have been swapped, or this one was moved or copied. The folder of an organization or enterprise must have its name",
                newest.scope.described(),
                super::shown(folder)
            );
            self.problem(&newest.ends.1.path, what);
        }
        self.verdict.scope = Some(format!("{} {}", newest.scope.kind, newest.scope.name));
    }
}

/// Why nothing proves that `after` is the scope of `before` under a new name. `None` if it's
/// proven.
fn unproven(before: &Stretch<'_>, after: &Stretch<'_>) -> Option<&'static str> {
    if before.scope.kind != after.scope.kind {
        return Some("an organization and an enterprise can't share a history");
    }
    match (before.ids, after.ids) {
        (Some((_, before)), Some((after, _))) if before == after => None,
        (Some(_), Some(_)) => Some("their IDs differ, so it isn't a rename"),
        _ => Some("only an ID in both can prove a rename"),
    }
}
