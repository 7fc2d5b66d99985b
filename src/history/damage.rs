//! Finds damaged, missing, and altered files in a folder. Each finding is a warning and never stops
//! a report.

use jiff::Timestamp;

use super::changes;
use super::folder_files::FolderFiles;
use super::header;
use super::required::unnamed;
use super::settings;
use super::table;
use super::tombstones::{Left, TOMBSTONES, Tombstones};
use super::totals::TOTALS;
use crate::report::day::{date, day_stem};
use crate::report::manifest::{FileEntry, RecordedManifest, sha256};

/// Reads a file with `parse`, or with `below` if `parse` fails, and adds a warning in that case.
pub(super) fn read<T, E: std::fmt::Display>(
    (name, file): (&str, Option<&[u8]>),
    parse: impl FnOnce(&[u8]) -> Result<T, E>,
    below: impl FnOnce(&[u8]) -> Option<T>,
    warnings: &mut Vec<String>,
) -> Option<T> {
    let file = file?;
    let error = match parse(file) {
        Ok(read) => return Some(read),
        Err(error) => error,
    };
    let read = below(file);
    warnings.push(match read {
        Some(_) => header::damaged_header(name),
        None => written_anew(name, &error),
    });
    read
}

pub(super) fn manifest(
    stem: &str,
    file: &[u8],
    warnings: &mut Vec<String>,
) -> Option<RecordedManifest> {
    RecordedManifest::read(file)
        .map_err(|error| {
            warnings.push(format!(
                "the manifest {stem}.json can't be read ({error}). Its contents are still in the repository's Git history."
            ));
        })
        .ok()
}

pub(super) fn written_anew(name: &str, error: &dyn std::fmt::Display) -> String {
    format!(
        "the recorded {name} can't be read ({error}). The action creates it again. The old version stays in the repository's Git history."
    )
}

/// Warns about files that differ from what the newest manifest says. If the newest report that is
/// counted has no manifest, warns only about that.
pub(super) fn altered(
    folder: &FolderFiles,
    newest: Option<&RecordedManifest>,
    (time, counted): (Timestamp, Option<Timestamp>),
    warnings: &mut Vec<String>,
) {
    if let Some(counted) = counted
        && newest.is_none_or(|newest| day_stem(newest.report_time) != day_stem(counted))
    {
        let path = format!("{}.json", day_stem(counted));
        let is_todays = day_stem(counted) == day_stem(time) && folder.day_manifest.is_some();
        let is_previous = folder
            .previous
            .as_ref()
            .is_some_and(|(other, _)| *other == path);
        // A manifest that exists and can't be read already has a warning.
        if !is_todays && !is_previous {
            warnings.push(format!(
                "{path}, the manifest of the newest report that {TOTALS} lists, is missing, so the action can't tell whether the files were changed. The manifest is still in the repository's Git history."
            ));
        }
        return;
    }
    let Some(newest) = newest else { return };
    let mut found: Vec<(String, &str)> = Vec::new();
    let (removals, has_old_removals) = removals_since(folder, newest, warnings);
    for entry in &newest.files {
        match folder.file(&entry.name, time) {
            None => {}
            Some(Some(_)) if entry.name == TOMBSTONES && has_old_removals => {}
            Some(Some(file)) if sha256(file) == entry.sha256 => {}
            Some(Some(file)) if is_left(&removals, entry, file) => {}
            Some(Some(_)) => found.push((entry.name.clone(), "was changed")),
            Some(None) => found.push((entry.name.clone(), "was removed")),
        }
    }
    if let Some(listing) = &folder.listing {
        let is_read = |path: &str| folder.file(path, time).is_some();
        let listing = listing.before(removals.all());
        found.extend(listing.differences(newest, date(newest.report_time), is_read));
    }
    for (path, what) in found {
        warnings.push(format!(
            "{path} {what} after the report of {} was recorded, by something other than this action. For details, run `copilot-activity-report verify` in a clone.",
            newest.report_time
        ));
    }
    let mut missing = unnamed(newest);
    let names = [changes::file_name, settings::file_name];
    let growing = names.into_iter().zip([&folder.changes, &folder.settings]);
    for (name, file) in growing {
        let path = name(time);
        if file.as_ref().is_some_and(|file| !file.is_empty())
            && path == name(newest.report_time)
            && newest.sha256(&path).is_none()
        {
            missing.push(path);
            missing.sort();
        }
    }
    if !missing.is_empty() {
        warnings.push(format!(
            "{}.json doesn't list {}, so the action can't tell whether something else changed them. For details, run `copilot-activity-report verify` in a clone.",
            day_stem(newest.report_time),
            missing.join(", ")
        ));
    }
}

/// Describes a damaged file of changes. `invalid_line` returns the number of the first damaged line.
pub(super) fn damaged_changes(
    (name, file): (String, Option<&[u8]>),
    columns: &[&str],
    invalid_line: impl FnOnce(&[u8]) -> Option<usize>,
) -> Option<String> {
    let file = file.filter(|file| !file.is_empty())?;
    if !table::has_columns(file, columns) {
        return Some(format!(
            "{name} doesn't start with the header of a file of changes. The action keeps the file as it is, and adds new lines below."
        ));
    }
    let line = invalid_line(file)?;
    Some(format!(
        "line {line} of {name} isn't a valid line of changes. The action keeps it as it is, but other programs may fail to read it, or all lines below it. Fix the line yourself."
    ))
}

/// The removals since the newest manifest was written, and whether the earlier ones are as it lists
/// them. Adds a warning about lines that can't be read.
fn removals_since(
    folder: &FolderFiles,
    newest: &RecordedManifest,
    warnings: &mut Vec<String>,
) -> (Tombstones, bool) {
    let file = folder.tombstones.as_deref().unwrap_or_default();
    warnings.extend(damaged_lines(TOMBSTONES, &Tombstones::read(file).damaged));
    let recorded = newest.files.iter().find(|entry| entry.name == TOMBSTONES);
    Tombstones::since(file, recorded)
}

/// Whether the file is what removals left of a recorded file.
fn is_left(removals: &Tombstones, recorded: &FileEntry, file: &[u8]) -> bool {
    match removals.follow(recorded).0 {
        Left::Rest(left) => left.sha256 == sha256(file),
        Left::Unchanged | Left::Nothing => false,
    }
}

/// Describes lines that can't be read, by their numbers.
pub(super) fn damaged_lines(name: &str, numbers: &[usize]) -> Option<String> {
    let first = numbers.first()?;
    Some(match numbers.len() {
        1 => format!(
            "line {first} of {name} can't be read. The action keeps it as it is, and ignores it."
        ),
        all => format!(
            "{all} lines of {name} can't be read. The first is line {first}. The action keeps them as they are, and ignores them."
        ),
    })
}
