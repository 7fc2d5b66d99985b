//! Which system, program, and workflow the reports come from.

use super::{Facts, listed, tally};
use crate::pages::figures::counted;
use crate::pages::markdown::{code, escape};

/// Says which system, program, and workflow the reports come from.
pub(super) fn section(facts: &Facts<'_>) -> Vec<String> {
    let endpoints = tally(facts.manifests().filter_map(|manifest| {
        let api = manifest.api.as_deref()?;
        let path = manifest
            .requests
            .as_ref()
            .and_then(|all| all.path.as_deref());
        let version = manifest.api_version.as_deref();
        let version = version.map_or_else(String::new, |version| {
            format!(", API version {}", escape(version))
        });
        Some(format!(
            "{}{version}",
            code(&format!("{api}{}", path.unwrap_or("")))
        ))
    }));
    let readers = tally(
        facts
            .manifests()
            .filter_map(|manifest| Some(escape(&manifest.reader.as_ref()?.described()))),
    );
    let workflows = tally(facts.manifests().filter_map(|manifest| {
        let run = manifest.run.as_ref()?;
        let file = run.workflow_ref.as_deref().map(code);
        let file = file
            .unwrap_or_else(|| format!("{} in {}", escape(&run.workflow), escape(&run.repository)));
        let runner = run
            .runner_environment
            .as_deref()
            .map_or_else(String::new, |runner| {
                format!(" on a {} runner", escape(runner))
            });
        Some(format!("{file}{runner}"))
    }));
    let events = tally(
        facts
            .manifests()
            .filter_map(|manifest| Some(code(&manifest.run.as_ref()?.event))),
    );
    let programs = tally(facts.manifests().filter_map(|manifest| {
        let generator = manifest.generator.as_ref()?;
        let version = escape(generator.version.as_deref()?);
        let commit = generator.commit.as_deref();
        let commit = commit.map_or_else(String::new, |commit| {
            format!(" from commit {}", code(commit))
        });
        let image = generator.image.as_deref();
        let image = image.map_or_else(String::new, |image| format!(", image {}", code(image)));
        Some(format!("{version}{commit}{image}"))
    }));
    let imported = facts
        .manifests()
        .filter(|manifest| manifest.imported_from.is_some())
        .count();
    let by_hand = facts
        .manifests()
        .filter(|manifest| manifest.run.is_none() && manifest.imported_from.is_none())
        .count();
    let mut sentences = Vec::new();
    for (what, found) in [
        ("Read from GitHub's API", &endpoints),
        ("Credentials", &readers),
        ("Workflow", &workflows),
        ("Started by the event", &events),
        ("Program version", &programs),
    ] {
        if !found.is_empty() {
            sentences.push(format!("{what}: {}.", listed(found)));
        }
    }
    if by_hand > 0 {
        let reports = counted(by_hand, "report was", "reports were");
        sentences.push(format!(
            "{reports} recorded from a command line, not by a workflow."
        ));
    }
    if imported > 0 {
        let reports = counted(imported, "report was", "reports were");
        sentences.push(format!(
            "{reports} imported from files that a person downloaded from GitHub."
        ));
    }
    if sentences.is_empty() {
        sentences.push(
            "There's no readable manifest of the period, so the source is unknown.".to_owned(),
        );
    } else {
        sentences.push("Each day's manifest in `reports/` names its workflow run and, since manifest version 2, the IDs of the first and the last request.".to_owned());
    }
    sentences
}
