//! Determines which files a manifest must list. A file that no manifest lists could be altered
//! undetected.

use super::page::{README, TREND_DARK, TREND_LIGHT};
use super::people::PEOPLE;
use super::seats::SEATS;
use super::totals::TOTALS;
use crate::report::day::{LATEST, day_stem};
use crate::report::manifest::RecordedManifest;
use crate::system::git;

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
