//! `changes/settings/YYYY.csv`: every change of the organization's Copilot settings. There's one
//! append-only file per year.
//!
//! The first known value of a setting is a baseline without a line. The newest known values are in
//! the newest manifest.

use jiff::Timestamp;
use serde::Serialize;

use super::table;
use crate::report::control::SettingChange;
use crate::report::day::date;

/// The folder of the files. They aren't among the files of seat changes, which have other columns.
pub(super) const FOLDER: &str = "changes/settings/";

/// The columns of the file.
pub(super) const COLUMNS: [&str; 4] = ["Report Time", "Setting", "From", "To"];

/// The path, in the folder of a scope, of the file for the year of `time`.
pub(super) fn file_name(time: Timestamp) -> String {
    file_of(date(time).year())
}

/// The path of the file for a year.
pub(super) fn file_of(year: i16) -> String {
    format!("{FOLDER}{year:04}.csv")
}

#[derive(Serialize)]
struct Line<'c> {
    report_time: Timestamp,
    setting: &'c str,
    from: &'c str,
    to: &'c str,
}

/// Appends `changes`, found in the report of `time`, to `file`. Keeps the existing bytes as they
/// are, even if they're damaged.
pub(super) fn append(
    file: &[u8],
    time: Timestamp,
    changes: &[SettingChange],
) -> csv::Result<Vec<u8>> {
    let lines = changes.iter().map(|change| Line {
        report_time: time,
        setting: change.setting,
        from: &change.from,
        to: &change.to,
    });
    table::append(file, &COLUMNS, lines)
}

/// The number of the first line below the header that isn't valid, if there is one.
pub(super) fn invalid_line(file: &[u8]) -> Option<usize> {
    let is_change = |record: &csv::ByteRecord| {
        let time = record
            .get(0)
            .and_then(|time| std::str::from_utf8(time).ok());
        let is_time = time.is_some_and(|time| time.parse::<Timestamp>().is_ok());
        (is_time && record.len() == COLUMNS.len()).then_some(())
    };
    let lines = table::lines(file, is_change);
    let numbers = lines.filter_map(Result::err).map(|bad| bad.number);
    numbers.filter(|number| *number != 1).min()
}
