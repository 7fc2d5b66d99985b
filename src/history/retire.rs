//! Finds the files of a history that are older than a day, so that someone can remove them.
//! `totals.csv` and `people.csv` keep what they say about the past.

use jiff::civil::Date;

use super::changes::year_of;
use super::verify::Files;
use crate::report::day::day_of;

/// The old files of a history, in the order in which to remove them: the oldest day first, and files
/// of changes last.
pub(crate) fn files_before(files: &impl Files, day: Date) -> Vec<&str> {
    let paths = || files.paths().iter().map(String::as_str);
    let reports = paths().filter(|path| day_of(path).is_some_and(|of| of < day));
    let changes = paths().filter(|path| year_of(path).is_some_and(|of| of < day.year()));
    reports.chain(changes).collect()
}

/// Whether a history has a report from that day on.
pub(crate) fn has_report_from(files: &impl Files, day: Date) -> bool {
    let days = files.paths().iter().filter_map(|path| day_of(path));
    days.max().is_some_and(|newest| newest >= day)
}
