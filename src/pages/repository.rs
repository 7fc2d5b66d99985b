//! The state of the audit repository in words.

use crate::pages::figures::counted;
use crate::report::repository::{Guard, OtherCommits, RepositoryState, Visibility};

/// Describes the state in a few short sentences, without names.
pub(crate) fn sentences(state: &RepositoryState) -> String {
    let visibility = match state.visibility {
        Visibility::Private => "The audit repository is private.",
        Visibility::Internal => "The audit repository is internal.",
        Visibility::Public => "The audit repository is public.",
        Visibility::Unknown => "Whether the audit repository is private is unknown.",
    };
    let mut sentences = vec![visibility.to_owned()];
    sentences.extend(guards(state));
    if state.rewritten == Some(true) {
        sentences.push("The last report's commit is no longer in the branch.".to_owned());
    }
    sentences.extend(others(state.other_commits.as_ref()));
    sentences.join(" ")
}

/// Says what the branch is protected from.
fn guards(state: &RepositoryState) -> Vec<String> {
    let guards = [
        ("force pushes", state.force_pushes),
        ("deletion", state.deletion),
        ("unsigned commits", state.unsigned_commits),
    ];
    let those = |guard: Guard| {
        let those = guards.iter().filter(|(_, found)| *found == guard);
        let those: Vec<&str> = those.map(|(what, _)| *what).collect();
        match those[..] {
            [] => None,
            [one] => Some((one.to_owned(), one != "deletion")),
            [one, other] => Some((format!("{one} and {other}"), true)),
            _ => Some((
                those.join(", ").replace(", unsigned", ", and unsigned"),
                true,
            )),
        }
    };
    let are = |is_plural| if is_plural { "are" } else { "is" };
    let blocked = those(Guard::Blocked)
        .map(|(what, plural)| format!("{} {} blocked.", capital(&what), are(plural)));
    let allowed = those(Guard::Allowed)
        .map(|(what, plural)| format!("{} {} allowed.", capital(&what), are(plural)));
    let unknown = those(Guard::Unknown)
        .map(|(what, plural)| format!("Whether {what} {} blocked is unknown.", are(plural)));
    blocked.into_iter().chain(allowed).chain(unknown).collect()
}

fn capital(words: &str) -> String {
    let mut words = words.to_owned();
    if let Some(first) = words.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    words
}

fn others(others: Option<&OtherCommits>) -> Option<String> {
    let Some(others) = others else {
        return Some("Whether anyone else committed since the last report is unknown.".to_owned());
    };
    let count = others.count();
    let since = match (&others.since, count) {
        // The first report has no commit before it.
        (None, 0) => return None,
        (Some(_), 0) => return Some("No one else committed since the last report.".to_owned()),
        (Some(_), _) => "since the last report",
        (None, _) => "in the folder",
    };
    let commits = counted(count, "other commit", "other commits");
    let verified = match (count, others.unverified) {
        (1, 0) => "verified".to_owned(),
        (1, _) => "not verified".to_owned(),
        (_, 0) => "all verified".to_owned(),
        (_, unverified) if unverified == count => "none verified".to_owned(),
        (_, unverified) => format!("{unverified} not verified"),
    };
    Some(format!("{commits} {since}, {verified}."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::repository::OtherCommit;

    #[test]
    fn each_state_is_said_and_unknown_is_said_as_unknown() {
        let unknown = RepositoryState::default();
        assert_eq!(
            sentences(&unknown),
            "Whether the audit repository is private is unknown. Whether force pushes, deletion, and unsigned commits are blocked is unknown. Whether anyone else committed since the last report is unknown."
        );
        let commit = |verified| OtherCommit {
            sha: String::new(),
            verified,
        };
        let state = RepositoryState {
            visibility: Visibility::Private,
            force_pushes: Guard::Blocked,
            deletion: Guard::Allowed,
            unsigned_commits: Guard::Blocked,
            other_commits: Some(OtherCommits::new(
                Some(String::new()),
                vec![commit(true), commit(false)],
            )),
            rewritten: Some(false),
            ..unknown
        };
        assert_eq!(
            sentences(&state),
            "The audit repository is private. Force pushes and unsigned commits are blocked. Deletion is allowed. 2 other commits since the last report, 1 not verified."
        );
    }
}
