//! Which organizations a run was about, if it selected them by patterns: how many it covers, and
//! which came, went, or were left out.

use serde::{Deserialize, Serialize};

/// Which organizations a run was about. Each list of names is in lowercase order.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SelectionState {
    /// The entries of the input `organization`, as the user wrote them.
    pub patterns: Vec<String>,
    /// How many organizations the run covers.
    pub covered: usize,
    /// Those that the audit repository doesn't have yet. `None` without an audit repository.
    pub new: Option<Vec<String>>,
    /// Those that the audit repository has and that GitHub no longer lists. `None` without an audit
    /// repository.
    pub vanished: Option<Vec<String>>,
    /// Those in which the App's installation is suspended.
    #[serde(default)]
    pub suspended: Vec<String>,
    /// Those whose seats the token can't read.
    #[serde(default)]
    pub unreadable: Vec<String>,
    /// Those that match and that the input leaves out.
    #[serde(default)]
    pub excluded: Vec<String>,
}

/// An organization's login, and GitHub's ID of it if that's known.
pub(crate) type Known = (String, Option<u64>);

/// Compares the organizations of a run with the `recorded` ones. Returns the names of the new and
/// of the vanished ones.
///
/// `listed` are those that GitHub listed and the run doesn't cover, because they're suspended or
/// left out. They haven't vanished. Neither has an organization whose recorded name is one that the
/// run doesn't ask for, as `selects` says.
pub(crate) fn compare(
    selected: &[Known],
    listed: &[Known],
    recorded: &[Known],
    selects: impl Fn(&str) -> bool,
) -> (Vec<String>, Vec<String>) {
    let new = selected
        .iter()
        .filter(|now| !recorded.iter().any(|before| are_same(now, before)));
    let vanished = recorded.iter().filter(|before| {
        let mut known = selected.iter().chain(listed);
        selects(&before.0) && !known.any(|now| are_same(now, before))
    });
    let names = |known: Vec<&Known>| in_order(known.into_iter().map(|(name, _)| name.clone()));
    (names(new.collect()), names(vanished.collect()))
}

/// Returns the names in lowercase order, without duplicates.
pub(crate) fn in_order(names: impl IntoIterator<Item = String>) -> Vec<String> {
    let mut names: Vec<String> = names.into_iter().collect();
    names.sort_by_cached_key(|name| name.to_ascii_lowercase());
    names.dedup_by(|one, other| one.eq_ignore_ascii_case(other));
    names
}

/// Returns whether both are the same organization. A renamed one keeps its ID, and another one can
/// take its name. Names decide only if an ID is unknown.
pub(crate) fn are_same((name, id): &Known, (other_name, other_id): &Known) -> bool {
    match (id, other_id) {
        (Some(id), Some(other_id)) => id == other_id,
        _ => name.eq_ignore_ascii_case(other_name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(names: &[(&str, u64)]) -> Vec<Known> {
        let id = |id: u64| (id > 0).then_some(id);
        names
            .iter()
            .map(|(name, number)| ((*name).to_owned(), id(*number)))
            .collect()
    }

    fn changes(
        selected: &[(&str, u64)],
        listed: &[(&str, u64)],
        recorded: &[(&str, u64)],
    ) -> (Vec<String>, Vec<String>) {
        let selects = |name: &str| name.to_ascii_lowercase().starts_with("acme");
        compare(&known(selected), &known(listed), &known(recorded), selects)
    }

    fn expected(new: &[&str], vanished: &[&str]) -> (Vec<String>, Vec<String>) {
        let owned = |names: &[&str]| names.iter().copied().map(str::to_owned).collect();
        (owned(new), owned(vanished))
    }

    #[test]
    fn what_came_is_new_and_what_went_has_vanished() {
        let changed = changes(
            &[("acme-c", 3), ("Acme-B", 2), ("acme-a", 1)],
            &[],
            &[("acme-a", 1), ("acme-e", 5), ("Acme-D", 4)],
        );
        assert_eq!(
            changed,
            expected(&["Acme-B", "acme-c"], &["Acme-D", "acme-e"])
        );
    }

    #[test]
    fn names_ignore_case_and_decide_only_without_an_id() {
        let changed = changes(
            &[("ACME", 0), ("acme-2", 2)],
            &[],
            &[("acme", 1), ("Acme-2", 0)],
        );
        assert_eq!(changed, expected(&[], &[]));
    }

    #[test]
    fn a_renamed_organization_is_neither_new_nor_vanished() {
        let changed = changes(&[("acme-new", 1)], &[], &[("acme-old", 1)]);
        assert_eq!(changed, expected(&[], &[]));
    }

    #[test]
    fn another_organization_with_a_recorded_name_is_new_and_the_recorded_one_has_vanished() {
        let changed = changes(&[("acme", 2)], &[], &[("acme", 1)]);
        assert_eq!(changed, expected(&["acme"], &["acme"]));
    }

    #[test]
    fn what_is_suspended_or_left_out_has_not_vanished() {
        let listed = [("acme-suspended", 1), ("renamed-and-left-out", 2)];
        let recorded = [("acme-suspended", 1), ("acme-old", 2), ("globex", 3)];
        assert_eq!(changes(&[], &listed, &recorded), expected(&[], &[]));
    }

    #[test]
    fn an_organization_that_was_renamed_to_a_name_that_no_pattern_matches_has_vanished() {
        assert_eq!(changes(&[], &[], &[("acme", 1)]), expected(&[], &["acme"]));
    }
}
