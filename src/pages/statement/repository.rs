//! Who could have changed the history, as far as the runs found out.

use super::{Facts, MAX_LISTED, listed, tally};
use crate::history::verify::ManifestFacts;
use crate::pages::figures::counted;
use crate::pages::markdown::{code, escape};

/// Describes what the manifests say about the repository.
pub(super) fn section(facts: &Facts<'_>) -> Vec<String> {
    let newest = facts
        .manifests()
        .filter_map(|manifest| Some((manifest.day(), manifest.repository.as_ref()?)))
        .last();
    let Some((day, repository)) = newest else {
        return vec![
            "Unknown. The manifests of the period don't say how the repository is protected, because they're from before version 2, or were imported. Check the repository's rules and the commits' authors yourself.".to_owned(),
        ];
    };
    let name = repository.name.as_deref().map_or_else(String::new, escape);
    let known = |fact: &Option<String>| escape(fact.as_deref().unwrap_or("unknown"));
    let mut sentences = vec![format!(
        "As of {day}, the repository {name} is {}. On the branch {}, force pushes are {}, deletion is {}, and unsigned commits are {}.",
        match repository.visibility.as_deref() {
            Some("unknown") | None => "of unknown visibility".to_owned(),
            Some(visibility) => escape(visibility),
        },
        repository
            .branch
            .as_deref()
            .map_or_else(|| "(unknown)".to_owned(), code),
        known(&repository.force_pushes),
        known(&repository.deletion),
        known(&repository.unsigned_commits),
    )];
    let rules = tally(
        facts
            .manifests()
            .map(|manifest| match &manifest.repository {
                None => "unknown".to_owned(),
                Some(then) => format!(
                    "force pushes {}, deletion {}, unsigned commits {}",
                    known(&then.force_pushes),
                    known(&then.deletion),
                    known(&then.unsigned_commits)
                ),
            }),
    );
    if rules.len() > 1 {
        sentences.push(format!(
            "The rules weren't the same in the whole period: {}.",
            listed(&rules)
        ));
    }
    let others = |manifest: &ManifestFacts| {
        let repository = manifest.repository.as_ref()?;
        repository.other_commits.clone()
    };
    let known_for = facts
        .manifests()
        .filter(|manifest| others(manifest).is_some())
        .count();
    let (mut count, mut unverified) = (0, 0);
    for found in facts.manifests().filter_map(others) {
        count += found.commits.len() + usize::try_from(found.more).unwrap_or_default();
        unverified += found
            .commits
            .iter()
            .filter(|commit| !commit.verified)
            .count();
    }
    sentences.push(format!(
        "Commits in the folder by anyone but the action: {count}, of which {unverified} without a verified signature. This is known for {} of {}.",
        known_for,
        counted(facts.manifests().count(), "report", "reports")
    ));
    sentences.push(
        "Who can bypass the repository's rules isn't recorded. To see it, open its settings."
            .to_owned(),
    );
    sentences
}

/// Lists unsafe facts and commits by others.
pub(super) fn exceptions(facts: &Facts<'_>) -> Vec<String> {
    let mut all = Vec::new();
    let mut commits = Vec::new();
    for manifest in facts.manifests() {
        let Some(repository) = &manifest.repository else {
            continue;
        };
        if repository.rewritten == Some(true) {
            all.push(format!(
                "Before the report of {}, the branch was rewritten: the commit of the report before it was gone.",
                manifest.day()
            ));
        }
        if let Some(others) = &repository.other_commits {
            let listed = others.commits.iter().map(|commit| {
                let signature = if commit.verified {
                    "verified"
                } else {
                    "not verified"
                };
                format!(
                    "{} ({signature})",
                    code(commit.sha.get(..12).unwrap_or(&commit.sha))
                )
            });
            commits.extend(listed);
        }
    }
    if !commits.is_empty() {
        let more = commits.len().saturating_sub(MAX_LISTED);
        let shown = commits.iter().take(MAX_LISTED).cloned();
        let shown = shown.chain((more > 0).then(|| format!("and {more} more")));
        all.push(format!(
            "Commits in the folder by anyone but the action: {}.",
            shown.collect::<Vec<_>>().join(", ")
        ));
    }
    let newest = facts
        .manifests()
        .filter_map(|manifest| manifest.repository.as_ref())
        .last();
    if let Some(newest) = newest {
        let is = |fact: &Option<String>, value: &str| fact.as_deref() == Some(value);
        let unsafe_facts = [
            (is(&newest.visibility, "public"), "the repository is public"),
            (
                is(&newest.force_pushes, "allowed"),
                "force pushes are allowed",
            ),
            (is(&newest.deletion, "allowed"), "the branch can be deleted"),
            (
                is(&newest.unsigned_commits, "allowed"),
                "unsigned commits are allowed",
            ),
        ];
        let unsafe_facts: Vec<&str> = unsafe_facts
            .into_iter()
            .filter(|(is_unsafe, _)| *is_unsafe)
            .map(|(_, what)| what)
            .collect();
        if !unsafe_facts.is_empty() {
            all.push(format!(
                "The history isn't protected: {}.",
                unsafe_facts.join(", ")
            ));
        }
    }
    all
}
