//! How the reports agree with GitHub's own counts.

use super::{Facts, MAX_LISTED};
use crate::history::verify::ManifestFacts;
use crate::pages::figures::counted;
use crate::pages::markdown::escape;
use crate::system::text::thousands;

/// Describes the control totals.
pub(super) fn section(facts: &Facts<'_>) -> Vec<String> {
    let count = |has: fn(&&ManifestFacts) -> bool| facts.manifests().filter(has).count();
    let complete = count(|manifest| manifest.complete == Some(true));
    let incomplete = count(|manifest| manifest.complete == Some(false));
    let unknown = count(|manifest| manifest.complete.is_none());
    let mut sentences = vec![format!(
        "First control total: `total_seats` in GitHub's list of seats. When they were recorded, {} verified as complete against it.",
        counted(complete, "report was", "reports were")
    )];
    if incomplete > 0 {
        sentences.push(format!(
            "{} not verified as complete. See the exceptions.",
            counted(incomplete, "report was", "reports were")
        ));
    }
    if unknown > 0 {
        sentences.push(format!(
            "{} imported without a total.",
            counted(unknown, "report was", "reports were")
        ));
    }
    let read = count(|manifest| billed(manifest).is_some());
    let same =
        count(|manifest| billed(manifest).is_some_and(|total| Some(total) == manifest.total_seats));
    let refused = count(|manifest| {
        let control = manifest.control.as_ref();
        control.is_some() && billed(manifest).is_none()
    });
    if read + refused == 0 {
        sentences.push("Second control total: none. GitHub has none for enterprises, and manifests before version 2 don't have it.".to_owned());
    } else {
        sentences.push(format!(
            "Second control total: `seat_breakdown` in GitHub's billing summary, a separate request. It was read for {}, and has the same total for {}.",
            counted(read, "report", "reports"),
            thousands(same)
        ));
    }
    if read > same {
        sentences.push("The two totals can differ without an error, for example by pending invitations. A difference that could mean a missing seat makes a report incomplete.".to_owned());
    }
    if refused > 0 {
        sentences.push(format!(
            "For {}, GitHub's billing summary couldn't be read. The manifests say why.",
            counted(refused, "report", "reports")
        ));
    }
    sentences
}

/// Lists the reports that weren't verified as complete, and why.
pub(super) fn exceptions(facts: &Facts<'_>) -> Vec<String> {
    let incomplete: Vec<&ManifestFacts> = facts
        .manifests()
        .filter(|manifest| manifest.complete == Some(false))
        .collect();
    let shown = incomplete.iter().take(MAX_LISTED).map(|manifest| {
        let reasons: Vec<String> = manifest
            .incomplete_reasons
            .iter()
            .map(|why| escape(why))
            .collect();
        let reasons = reasons.join("; ");
        format!(
            "The report of {} wasn't verified as complete: {reasons}.",
            manifest.day()
        )
    });
    let more = incomplete.len().saturating_sub(MAX_LISTED);
    let more = (more > 0).then(|| {
        format!(
            "{} not verified as complete.",
            counted(more, "more report was", "more reports were")
        )
    });
    shown.chain(more).collect()
}

/// Says how many reports were imported.
pub(super) fn imported(facts: &Facts<'_>) -> Option<String> {
    let imported = facts
        .manifests()
        .filter(|manifest| manifest.complete.is_none());
    let count = imported.count();
    (count > 0).then(|| {
        format!(
            "{} imported, so it's unknown whether every seat is in {}.",
            counted(count, "report was", "reports were"),
            if count == 1 { "it" } else { "them" }
        )
    })
}

/// Returns the total in GitHub's billing summary.
fn billed(manifest: &ManifestFacts) -> Option<u64> {
    manifest.control.as_ref()?.seats.as_ref()?.total
}
