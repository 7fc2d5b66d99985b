//! Determines which files a manifest must list. A file that no manifest lists could be altered
//! undetected.

use jiff::Timestamp;

use super::changes;
use super::folder_files::FolderFiles;
use super::page::{README, TREND_DARK, TREND_LIGHT};
use super::people::PEOPLE;
use super::seats::SEATS;
use super::totals::TOTALS;
use crate::history::git;
use crate::report::day::{LATEST, day_stem};
use crate::report::manifest::RecordedManifest;

/// The files that every manifest lists, in addition to the day's report.
pub(super) const ALWAYS: [&str; 8] = [
    git::ATTRIBUTES,
    LATEST,
    README,
    PEOPLE,
    SEATS,
    TOTALS,
    TREND_LIGHT,
    TREND_DARK,
];

/// The files that a manifest must list and doesn't, sorted by name, and then the report. Doesn't
/// include the file of changes, because a manifest lists it only after the year's first change.
pub(super) fn unnamed(manifest: &RecordedManifest) -> Vec<String> {
    let mut always = ALWAYS.map(str::to_owned);
    always.sort();
    let report = format!("{}.csv", day_stem(manifest.report_time));
    let names = always.into_iter().chain([report]);
    names
        .filter(|name| manifest.sha256(name).is_none())
        .collect()
}

/// Warns if the newest manifest doesn't list every required file. Checks this before a report of
/// `time` is recorded in `folder`.
pub(super) fn warning(
    newest: &RecordedManifest,
    folder: &FolderFiles,
    time: Timestamp,
) -> Option<String> {
    let mut missing = unnamed(newest);
    let changes = changes::file_name(time);
    let has_changes = folder.changes.as_ref().is_some_and(|file| !file.is_empty());
    if has_changes
        && changes == changes::file_name(newest.report_time)
        && newest.sha256(&changes).is_none()
    {
        missing.push(changes);
        missing.sort();
    }
    (!missing.is_empty()).then(|| {
        format!(
            "{}.json doesn't name {}, so the action can't tell whether something else changed them. For details, run `copilot-activity-report verify` in a clone.",
            day_stem(newest.report_time),
            missing.join(", ")
        )
    })
}
