//! The files in a scope's folder, with the Git blob IDs of their content. One listing reveals edits
//! to files that a run doesn't read.

use std::collections::BTreeMap;

use jiff::civil::Date;
use sha2::{Digest as _, Sha256};

use super::tombstones::Tombstone;
use crate::report::day::{REPORTS, day_of, stem_of};
use crate::report::manifest::{FileEntry, RecordedManifest};
use crate::system::git::blob_id;

/// The files in a scope's folder: their blob IDs by path.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Listing(BTreeMap<String, String>);

impl Listing {
    /// Creates a listing from paths and blob IDs.
    pub fn new(files: impl IntoIterator<Item = (String, String)>) -> Self {
        Self(files.into_iter().collect())
    }

    /// Adds a file, or replaces its content.
    pub fn put(&mut self, path: &str, content: &[u8]) {
        self.0.insert(path.to_owned(), blob_id(content));
    }

    /// Whether there's a file with this path and content.
    pub fn has(&self, path: &str, content: &[u8]) -> bool {
        self.0.get(path).is_some_and(|id| *id == blob_id(content))
    }

    /// The path of the newest manifest before `day`.
    pub fn manifest_before(&self, day: Date) -> Option<&str> {
        let manifests = self.0.keys().filter(|path| path.ends_with(".json"));
        let days = manifests.filter_map(|path| Some((day_of(path)?, path)));
        let before = days.filter(|(other, _)| *other < day).max();
        before.map(|(_, path)| path.as_str())
    }

    /// The paths and blob IDs of the files of changes.
    pub(super) fn changes(&self) -> impl Iterator<Item = (String, String)> {
        let files = self
            .0
            .iter()
            .filter(|(path, _)| path.starts_with("changes/"));
        files.map(|(path, id)| (path.clone(), id.clone()))
    }

    /// The blob IDs of these files, by path.
    pub(super) fn blobs(&self, files: &[FileEntry]) -> BTreeMap<String, String> {
        let named = files
            .iter()
            .filter_map(|entry| self.0.get_key_value(&entry.name));
        named.map(|(path, id)| (path.clone(), id.clone())).collect()
    }

    /// Returns a SHA-256 for each folder of reports. It hashes a line `NAME ID` for each file, in
    /// the order of the names, without the report and the manifest of `day`.
    pub(super) fn older_reports(&self, day: Date) -> BTreeMap<String, String> {
        let mut folders: BTreeMap<&str, Sha256> = BTreeMap::new();
        let of_day = stem_of(day);
        let is_of_day = |path: &str| {
            let stem = path.strip_suffix(".csv").or(path.strip_suffix(".json"));
            stem == Some(&of_day)
        };
        for (path, id) in &self.0 {
            let Some((folder, name)) = path.rsplit_once('/') else {
                continue;
            };
            let is_of_reports = folder
                .strip_prefix(REPORTS)
                .is_some_and(|year| year.starts_with('/'));
            if is_of_reports && !is_of_day(path) {
                let hash = folders.entry(folder).or_default();
                for part in [name, " ", id, "\n"] {
                    hash.update(part);
                }
            }
        }
        let hashes = folders.into_iter();
        hashes
            .map(|(folder, hash)| (folder.to_owned(), hex::encode(hash.finalize())))
            .collect()
    }

    /// The listing as it was before these removals.
    pub(super) fn before(&self, removals: &[Tombstone]) -> Self {
        let mut before = self.clone();
        for line in removals.iter().rev().filter(|line| line.is_possible()) {
            let id = line.git_blob_before.clone();
            before.0.insert(line.path.clone(), id);
        }
        before
    }

    /// Returns what differs from `manifest`, the manifest of `day`: each file, with what happened
    /// to it. Leaves out files that `is_read`, because their content is compared instead.
    pub(super) fn differences(
        &self,
        manifest: &RecordedManifest,
        day: Date,
        is_read: impl Fn(&str) -> bool,
    ) -> Vec<(String, &'static str)> {
        let blobs = manifest.git_blobs.iter().filter(|(path, _)| !is_read(path));
        let blobs = blobs.filter_map(|(path, recorded)| match self.0.get(path) {
            Some(id) if id == recorded => None,
            Some(_) => Some((path.clone(), "was changed")),
            None => Some((path.clone(), "was removed")),
        });
        let now = self.older_reports(day);
        let folders = manifest.older_reports.keys();
        let folders = folders.chain(now.keys().filter(|_| !manifest.git_blobs.is_empty()));
        let folders: std::collections::BTreeSet<&String> = folders.collect();
        let older = folders.into_iter().filter_map(|folder| {
            let is_same = now.get(folder) == manifest.older_reports.get(folder);
            let what = "was changed, added, or removed";
            (!is_same).then(|| (format!("a file of an older day in {folder}"), what))
        });
        blobs.chain(older).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_files_of_older_days_count_as_older_reports() {
        let mut listing = Listing::default();
        for path in [
            "README.md",
            "changes/2026.csv",
            "reports/2025/2025-12-31.csv",
            "reports/2026/2026-01-01.json",
            "reports/2026/2026-01-02.json",
        ] {
            listing.put(path, path.as_bytes());
        }
        let day: Date = jiff::civil::date(2026, 1, 2);
        assert_eq!(
            listing.manifest_before(day),
            Some("reports/2026/2026-01-01.json")
        );
        let before = listing.older_reports(day);
        assert_eq!(
            before.keys().collect::<Vec<_>>(),
            ["reports/2025", "reports/2026"]
        );
        listing.put("reports/2026/2026-01-02.csv", b"of the day");
        listing.put("README.md", b"other");
        assert_eq!(listing.older_reports(day), before);
        listing.put("reports/2026/2026-01-01.json", b"edited");
        let after = listing.older_reports(day);
        assert_eq!(after["reports/2025"], before["reports/2025"]);
        assert_ne!(after["reports/2026"], before["reports/2026"]);
    }
}
