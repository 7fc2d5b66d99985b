//! Finds out which organizations are new, and which of the recorded ones the run doesn't cover
//! anymore.

use crate::audit::AuditRepository;
use crate::report::selection::{Known, SelectionState, are_same, in_order};
use crate::run::select::Selected;

/// Which organizations a run covers, if it selects them by patterns.
#[derive(Debug, Clone)]
pub(crate) struct Coverage {
    /// What the manifests say about it.
    pub(crate) state: SelectionState,
    /// The recorded organizations that aren't covered anymore, each with the reason.
    pub(crate) lost: Vec<(String, &'static str)>,
}

impl Coverage {
    /// Compares the selected organizations with the recorded ones. `None` if all are named.
    pub(crate) async fn of(
        selected: &Selected,
        audit: Option<&AuditRepository<'_>>,
    ) -> Option<Self> {
        let mut state = selected.state()?;
        let found = selected.selection.as_ref()?;
        let unreadable = found.unreadable.iter();
        state.unreadable = in_order(unreadable.map(|(name, _)| name.clone()));
        let mut lost = Vec::new();
        if let Some(audit) = audit {
            let covered = selected.scopes.iter().map(|one| &one.scope);
            match audit.recorded_organizations(covered).await {
                Ok(recorded) => {
                    let is_recorded =
                        |one: &&Known| recorded.iter().any(|known| are_same(one, known));
                    let mut lose = |names: Vec<String>, why| {
                        lost.extend(names.into_iter().map(|name| (name, why)));
                    };
                    let (new, vanished) = selected.compared(&recorded).unwrap_or_default();
                    lose(vanished.clone(), "GitHub no longer lists it");
                    let known = |list: &[Known]| -> Vec<String> {
                        let known = list.iter().filter(is_recorded);
                        known.map(|(name, _)| name.clone()).collect()
                    };
                    lose(
                        known(&found.suspended),
                        "the App's installation is suspended",
                    );
                    lose(known(&found.unreadable), "the token can't read its seats");
                    (state.new, state.vanished) = (Some(new), Some(vanished));
                }
                Err(error) => tracing::warn!(
                    "Couldn't read which organizations the repository has, so it's unknown which are new and which have vanished. {error}"
                ),
            }
        }
        Some(Self { state, lost })
    }
}
