//! Finds the files of a history that are older than a day, so that someone can remove them.
//! `totals.csv` and `people.csv` keep what they say about the past.

use jiff::civil::Date;

use super::changes::year_of;
use super::verify::Files;
use crate::report::day::{date, day_of, stem_of};
use crate::report::manifest::RecordedManifest;

/// The old files of a history, in the order in which to remove them: the oldest day first, and files
/// of changes last. The file of the year of `day` is old if no manifest of that year stays, because
/// only these list it.
pub(crate) fn files_before(files: &impl Files, day: Date) -> Vec<&str> {
    let paths = || files.paths().iter().map(String::as_str);
    let is_old = |path: &&str| day_of(path).is_some_and(|of| of < day);
    let is_manifest = |path: &&str| path.ends_with(".json");
    let mut kept = paths().filter(|path| is_manifest(path) && !is_old(path));
    let is_year_kept = kept.any(|path| day_of(path).is_some_and(|of| of.year() == day.year()));
    let changes = paths().filter(|path| {
        year_of(path).is_some_and(|of| of < day.year() || (of == day.year() && !is_year_kept))
    });
    paths().filter(is_old).chain(changes).collect()
}

/// Whether a history has a report from that day on, with its manifest.
pub(crate) fn has_report_from(files: &impl Files, day: Date) -> bool {
    let newest = files.paths().iter().rev();
    let mut days = newest
        .filter(|path| path.ends_with(".json"))
        .filter_map(|path| day_of(path));
    days.any(|of| {
        let report = format!("{}.csv", stem_of(of));
        of >= day
            && files.paths().contains(&report)
            && files
                .read(&format!("{}.json", stem_of(of)))
                .is_ok_and(|file| describes(&file, of))
    })
}

/// Whether a file is the manifest of a report of that day.
fn describes(file: &[u8], day: Date) -> bool {
    RecordedManifest::read(file).is_ok_and(|manifest| date(manifest.report_time) == day)
}
