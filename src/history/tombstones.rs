//! `tombstones.csv`: what was removed from the folder on purpose, when, why, and the hash of what
//! was there. It's append-only and never names a person.
//!
//! A line explains why a file doesn't match its manifest anymore. Anyone with write access can add
//! a line, so `verify` lists them all.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::changes;
use super::page::README;
use super::people::PEOPLE;
use super::table;
use crate::report::day::{date, day_of};
use crate::report::manifest::{FileEntry, RecordedManifest, sha256};
use crate::system::git::blob_id;
use crate::system::text::is_hex;

/// The file's name in the folder of a scope.
pub(crate) const TOMBSTONES: &str = "tombstones.csv";

/// The columns. The time is UTC in whole seconds, and sizes are in bytes.
pub(crate) const COLUMNS: [&str; 9] = [
    "Removed At",
    "Kind",
    "Path",
    "Reason",
    "Size Before",
    "SHA-256 Before",
    "Git Blob Before",
    "Size After",
    "SHA-256 After",
];

/// The length of a SHA-256 in hexadecimal.
const SHA256_DIGITS: usize = 64;

/// The length of a Git blob ID in hexadecimal.
const SHA1_DIGITS: usize = 40;

/// What was removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum RemovalKind {
    /// The whole file, because it's old.
    Retired,
    /// What the file said about a person. The rest stays.
    Erased,
}

/// One removal from one file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Tombstone {
    /// When it was removed.
    pub removed_at: Timestamp,
    /// What was removed.
    pub kind: RemovalKind,
    /// The path of the file in the folder.
    pub path: String,
    /// Why, in the words of the person who removed it.
    pub reason: String,
    size_before: u64,
    sha256_before: String,
    /// The Git blob ID of the file before.
    pub git_blob_before: String,
    size_after: Option<u64>,
    sha256_after: Option<String>,
}

impl Tombstone {
    /// Describes a removal from the file at `path`, whose content was `before`. It's now `after`,
    /// or the file is gone.
    pub(crate) fn new(
        (removed_at, reason): (Timestamp, &str),
        path: &str,
        before: &[u8],
        after: Option<&[u8]>,
    ) -> Self {
        Self {
            removed_at,
            kind: match after {
                Some(_) => RemovalKind::Erased,
                None => RemovalKind::Retired,
            },
            path: path.to_owned(),
            reason: reason.to_owned(),
            size_before: before.len() as u64,
            sha256_before: sha256(before),
            git_blob_before: blob_id(before),
            size_after: after.map(|after| after.len() as u64),
            sha256_after: after.map(sha256),
        }
    }

    /// Whether every cell has a value that the commands write.
    fn is_whole(&self) -> bool {
        let is_after = match (self.kind, self.size_after, &self.sha256_after) {
            (RemovalKind::Retired, None, None) => true,
            (RemovalKind::Erased, Some(_), Some(hash)) => is_hex(hash, SHA256_DIGITS),
            _ => false,
        };
        is_after
            && is_hex(&self.sha256_before, SHA256_DIGITS)
            && is_hex(&self.git_blob_before, SHA1_DIGITS)
            && !self.reason.trim().is_empty()
    }

    /// Whether it's about an erasure that can't have removed a line, because the file didn't shrink.
    /// In manifests and pages, another text can take the place of a login.
    pub(super) fn removes_nothing(&self) -> bool {
        let path = &*self.path;
        let is_report = day_of(path).is_some() && path.ends_with(".csv");
        let is_table = is_report || changes::is_of_seats(path) || path == PEOPLE;
        is_table
            && self
                .size_after
                .is_some_and(|after| after >= self.size_before)
    }

    /// Whether the commands can have removed this: only old files, or lines about people.
    pub(super) fn is_possible(&self) -> bool {
        let (path, is_of_day) = (&*self.path, day_of(&self.path).is_some());
        match self.kind {
            RemovalKind::Retired => is_of_day || changes::year_of(path).is_some(),
            RemovalKind::Erased => {
                (is_of_day || changes::is_of_seats(path) || [README, PEOPLE].contains(&path))
                    && !self.removes_nothing()
            }
        }
    }

    /// The file as it was.
    pub(super) fn before(&self) -> FileEntry {
        FileEntry {
            name: self.path.clone(),
            size: self.size_before,
            sha256: self.sha256_before.clone(),
        }
    }

    /// The file as it was left. `None` if it was removed.
    pub(super) fn after(&self) -> Option<FileEntry> {
        Some(FileEntry {
            name: self.path.clone(),
            size: self.size_after?,
            sha256: self.sha256_after.clone()?,
        })
    }
}

/// Removals on one day for one reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Removal {
    /// The day.
    pub day: Date,
    /// What was removed.
    pub kind: RemovalKind,
    /// Why, according to the person who removed it.
    pub reason: String,
    /// From how many files.
    pub files: usize,
}

/// What removals did to a recorded file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Left {
    /// Nothing: no removal started from that content.
    Unchanged,
    /// They left this content.
    Rest(FileEntry),
    /// They removed the file.
    Nothing,
}

/// The lines of the file.
#[derive(Debug, Default)]
pub(crate) struct Tombstones {
    all: Vec<Tombstone>,
    /// The numbers of the lines that can't be read.
    pub(super) damaged: Vec<usize>,
    /// How many lines are in the beginnings of the file that manifests list, by their size.
    listed: BTreeMap<u64, usize>,
}

impl Tombstones {
    /// Reads the file, or the part of it from the start of a line on.
    pub(crate) fn read(file: &[u8]) -> Self {
        let mut found = Self::default();
        let lines = table::lines(file, |record| {
            if *record == COLUMNS[..] {
                return Some(None);
            }
            let line: Option<Tombstone> = record.deserialize(None).ok();
            let line = line.filter(|line| record.len() == COLUMNS.len() && line.is_whole());
            line.map(Some)
        });
        for line in lines {
            match line {
                Ok(line) => found.all.extend(line),
                Err(bad) => found.damaged.push(bad.number),
            }
        }
        found
    }

    /// Reads the lines that were added after `recorded`, what a manifest says about the file. The
    /// second value is whether the recorded part is still as it was.
    pub(crate) fn since(file: &[u8], recorded: Option<&FileEntry>) -> (Self, bool) {
        let Some(recorded) = recorded else {
            return (Self::read(file), true);
        };
        let size = usize::try_from(recorded.size).unwrap_or(usize::MAX);
        match file.split_at_checked(size) {
            Some((old, new)) if sha256(old) == recorded.sha256 => (Self::read(new), true),
            _ => (Self::read(file), false),
        }
    }

    /// Finds out which lines are in each version of the `file` that a manifest lists.
    pub(super) fn compare<'e>(
        &mut self,
        file: &[u8],
        recorded: impl Iterator<Item = &'e FileEntry>,
    ) {
        for entry in recorded {
            let all = self.all.len();
            let listed = self.listed.entry(entry.size);
            listed.or_insert_with(|| match Self::since(file, Some(entry)) {
                (new, true) => all.saturating_sub(new.all.len()),
                (_, false) => 0,
            });
        }
    }

    /// Whether the line at `place` was written before a manifest. The manifest lists the line, or
    /// its report is of a later time. Times alone aren't enough: a run can read the seats before an
    /// erasure, and record them after it.
    pub(super) fn is_before(&self, place: usize, manifest: &RecordedManifest) -> bool {
        let mut entries = manifest.files.iter();
        let listed = entries.find(|entry| entry.name == TOMBSTONES);
        let listed = listed.and_then(|entry| self.listed.get(&entry.size));
        let line = self.all.get(place);
        listed.is_some_and(|count| place < *count)
            || line.is_some_and(|line| line.removed_at < manifest.report_time)
    }

    /// All lines, in order.
    pub(crate) fn all(&self) -> &[Tombstone] {
        &self.all
    }

    /// The days of which a file was removed.
    pub(super) fn retired_days(&self) -> BTreeSet<Date> {
        let retired = self.all.iter();
        let retired = retired.filter(|line| line.kind == RemovalKind::Retired);
        retired.filter_map(|line| day_of(&line.path)).collect()
    }

    /// What was removed, in order of time.
    pub(super) fn summary(&self) -> Vec<Removal> {
        let mut removals: BTreeMap<(Date, RemovalKind, &str), BTreeSet<&str>> = BTreeMap::new();
        for line in &self.all {
            let key = (date(line.removed_at), line.kind, &*line.reason);
            removals.entry(key).or_default().insert(&line.path);
        }
        let removals = removals.into_iter();
        let removals = removals.map(|((day, kind, reason), files)| Removal {
            day,
            kind,
            reason: reason.to_owned(),
            files: files.len(),
        });
        removals.collect()
    }

    /// The lines about a file.
    pub(super) fn of<'t>(
        &'t self,
        path: &'t str,
    ) -> impl DoubleEndedIterator<Item = (usize, &'t Tombstone)> {
        let all = self.all.iter().enumerate();
        all.filter(move |(_, line)| line.path == path)
    }

    /// Whether the newest line about a file says that it was retired.
    pub(super) fn is_retired(&self, path: &str) -> bool {
        let newest = self.of(path).next_back();
        newest.is_some_and(|(_, line)| line.kind == RemovalKind::Retired)
    }

    /// Follows the removals from a `recorded` file. Also returns the places of the lines that it
    /// followed.
    pub(super) fn follow(&self, recorded: &FileEntry) -> (Left, Vec<usize>) {
        let mut left = Left::Unchanged;
        let mut followed = Vec::new();
        for (place, line) in self.of(&recorded.name) {
            let now = match &left {
                Left::Unchanged => Some(recorded),
                Left::Rest(entry) => Some(entry),
                Left::Nothing => None,
            };
            if line.is_possible() && now.is_some_and(|now| *now == line.before()) {
                left = line.after().map_or(Left::Nothing, Left::Rest);
                followed.push(place);
            }
        }
        (left, followed)
    }

    /// The newest manifest before `day`, if it was retired.
    pub(super) fn last_manifest_before(&self, day: Date) -> Option<FileEntry> {
        let retired = self.all.iter().filter(|line| line.after().is_none());
        let manifests = retired.filter(|line| line.path.ends_with(".json"));
        let before = manifests.filter_map(|line| Some((day_of(&line.path)?, line)));
        let newest = before.filter(|(of, _)| *of < day).max_by_key(|(of, _)| *of);
        newest.map(|(_, line)| line.before())
    }

    /// Whether one of the first `count` lines is about the same removal. True if the command was
    /// interrupted and runs again.
    pub(crate) fn has(&self, new: &Tombstone, count: usize) -> bool {
        let same = |old: &Tombstone| (old.before(), old.after()) == (new.before(), new.after());
        let mut earlier = self.of(&new.path).filter(|(place, _)| *place < count);
        earlier.any(|(_, old)| same(old))
    }
}

/// Appends lines to the file. Keeps the existing bytes as they are.
pub(crate) fn append(file: &[u8], lines: &[Tombstone]) -> csv::Result<Vec<u8>> {
    if file.is_empty() {
        return table::write(&COLUMNS, lines);
    }
    let mut file = file.to_vec();
    if !file.ends_with(b"\n") {
        file.push(b'\n');
    }
    file.extend(table::rows(lines)?);
    Ok(file)
}
