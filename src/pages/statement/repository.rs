//! Who could have changed the history, as far as the runs found out.

use std::collections::HashSet;

use super::{Facts, MAX_LISTED, listed, tally};
use crate::history::verify::ManifestFacts;
use crate::pages::figures::counted;
use crate::pages::markdown::{code, escape};
use crate::pages::repository::sentences as state_in_words;
use crate::report::repository::{Guard, OtherCommit, RepositoryState, Visibility};

/// Describes what the manifests say about the repository.
pub(super) fn section(facts: &Facts<'_>) -> Vec<String> {
    let Some((day, newest)) = states(facts).last() else {
        return vec![
            "Unknown. The manifests of the period don't say how the repository is protected, because they're from before version 2, or were imported. Check the repository's rules and the commits' authors yourself.".to_owned(),
        ];
    };
    let mut all = vec![format!(
        "Repository: {}, branch {}. As of {day}: {}",
        escape(&newest.name),
        code(&newest.branch),
        state_in_words(newest)
    )];
    let guards = tally(states(facts).map(|(_, state)| {
        let guards = [
            ("force pushes", state.force_pushes),
            ("deletion", state.deletion),
            ("unsigned commits", state.unsigned_commits),
        ];
        let words = guards.map(|(what, guard)| format!("{what} {}", in_words(guard)));
        words.join(", ")
    }));
    if guards.len() > 1 {
        all.push(format!(
            "The rules changed in the period: {}.",
            listed(&guards)
        ));
    }
    let known = states(facts).filter(|(_, state)| state.other_commits.is_some());
    let known = known.count();
    let reports = counted(facts.manifests().count(), "report", "reports");
    all.push(match (known, counts(facts)) {
        (0, _) => "Whether anyone but the action committed to the folder in the period is unknown.".to_owned(),
        (_, (0, _)) => format!(
            "According to `other_commits` in the manifests, no one but the action committed to the folder in the period. This is known for {known} of {reports}."
        ),
        (_, (others, unverified)) => format!(
            "Commits to the folder by anyone but the action in the period: {others}, of which {unverified} {} verified. This is known for {known} of {reports}.",
            if unverified == 1 { "isn't" } else { "aren't" }
        ),
    });
    all.push(
        "Who can bypass the repository's rules isn't recorded. To see it, open its settings."
            .to_owned(),
    );
    all
}

/// Lists rewritten branches, and commits by others that aren't verified.
pub(super) fn exceptions(facts: &Facts<'_>) -> Vec<String> {
    let rewritten = states(facts).filter(|(_, state)| state.rewritten == Some(true));
    let rewritten = rewritten.map(|(day, _)| {
        format!(
            "Before the report of {day}, the branch was rewritten: the commit of the report before it was gone."
        )
    });
    let others = others(facts, false)
        .map(|list| format!("Unverified commits to the folder by anyone but the action: {list}."));
    rewritten.chain(others).collect()
}

/// Lists verified commits by others, and what the branch allows.
pub(super) fn observations(facts: &Facts<'_>) -> Vec<String> {
    let others = others(facts, true)
        .map(|list| format!("Verified commits to the folder by anyone but the action: {list}."));
    let facts_of = |state: &RepositoryState| {
        let unsafe_facts = [
            (state.visibility == Visibility::Public, "it was public"),
            (
                state.force_pushes == Guard::Allowed,
                "force pushes were allowed",
            ),
            (
                state.deletion == Guard::Allowed,
                "the branch could be deleted",
            ),
            (
                state.unsigned_commits == Guard::Allowed,
                "unsigned commits were allowed",
            ),
        ];
        let known = unsafe_facts.into_iter().filter(|(is_unsafe, _)| *is_unsafe);
        known.map(|(_, what)| what).collect::<Vec<_>>().join(", ")
    };
    let allowed = tally(
        states(facts)
            .map(|(_, state)| facts_of(state))
            .filter(|facts| !facts.is_empty()),
    );
    let all = facts.manifests().count();
    let allowed = allowed.into_iter().map(|(what, count)| {
        format!(
            "For {count} of {}, the repository wasn't protected: {what}.",
            counted(all, "report", "reports")
        )
    });
    let is_unknown = |manifest: &&ManifestFacts| {
        manifest.repository.as_ref().is_none_or(|state| {
            let guards = [state.force_pushes, state.deletion, state.unsigned_commits];
            guards.contains(&Guard::Unknown) || state.other_commits.is_none()
        })
    };
    let unknown = facts.manifests().filter(is_unknown).count();
    let unknown = (unknown > 0).then(|| {
        format!(
            "For {unknown} of {}, it isn't fully known how the repository was protected and who else committed.",
            counted(all, "report", "reports")
        )
    });
    others.into_iter().chain(allowed).chain(unknown).collect()
}

/// Lists the commits by others, by whether they're verified.
fn others(facts: &Facts<'_>, verified: bool) -> Option<String> {
    let (all, unverified) = counts(facts);
    let count = if verified {
        all.saturating_sub(unverified)
    } else {
        unverified
    };
    let those = commits(facts);
    let those = those.filter(|commit| commit.verified == verified);
    let mut list: Vec<String> = those
        .take(MAX_LISTED)
        .map(|commit| code(commit.sha.get(..12).unwrap_or(&commit.sha)))
        .collect();
    let more = count.saturating_sub(list.len());
    list.extend((more > 0).then(|| format!("{more} more")));
    (count > 0).then(|| list.join(", "))
}

/// Returns the states of the repository that the manifests have, with their days.
fn states<'f>(
    facts: &'f Facts<'_>,
) -> impl DoubleEndedIterator<Item = (jiff::civil::Date, &'f RepositoryState)> {
    let state = |manifest: &'f ManifestFacts| Some((manifest.day(), manifest.repository.as_ref()?));
    facts.manifests().filter_map(state)
}

/// Returns the commits by others that the manifests list, each one once.
fn commits<'f>(facts: &'f Facts<'_>) -> impl Iterator<Item = &'f OtherCommit> {
    let others = states(facts).filter_map(|(_, state)| state.other_commits.as_ref());
    let mut known = HashSet::new();
    let commits = others.flat_map(|others| &others.commits);
    commits.filter(move |commit| known.insert(&commit.sha))
}

/// Returns how many commits by others there are, listed or not, and how many aren't verified.
/// Anyone can have edited the numbers, so they can be too large to add.
fn counts(facts: &Facts<'_>) -> (usize, usize) {
    let others = || states(facts).filter_map(|(_, state)| state.other_commits.as_ref());
    let listed = commits(facts).filter(|commit| !commit.verified).count();
    let all = others().fold(commits(facts).count(), |sum, others| {
        sum.saturating_add(others.more)
    });
    let unverified = others().fold(listed, |sum, others| {
        sum.saturating_add(others.unlisted_unverified())
    });
    (all, unverified)
}

fn in_words(guard: Guard) -> &'static str {
    match guard {
        Guard::Blocked => "blocked",
        Guard::Allowed => "allowed",
        Guard::Unknown => "unknown",
    }
}
