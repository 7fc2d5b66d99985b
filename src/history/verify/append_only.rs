//! Checks append-only files: every earlier manifest must match the beginning of the current file.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest as _, Sha256};

use super::removals::{Growing, UNFINISHED_ERASURE};
use super::{Files, ManifestNode, Verifier, altered, grows};
use crate::history::settings;
use crate::history::tombstones::{TOMBSTONES, Tombstones};
use crate::report::manifest::{FileEntry, sha256};

impl<F: Files> Verifier<'_, F> {
    /// Checks `totals.csv` and the files of changes.
    pub(super) fn append_only(&mut self, nodes: &[ManifestNode]) {
        let mut growing: BTreeMap<&str, Vec<(&ManifestNode, &FileEntry)>> = BTreeMap::new();
        for node in nodes {
            let entries = node.says.iter().flat_map(|says| &says.files);
            for entry in entries.filter(|entry| grows(&entry.name)) {
                growing.entry(&entry.name).or_default().push((node, entry));
            }
        }
        let versions = growing.get(TOMBSTONES).into_iter().flatten();
        let file = self.files.read(TOMBSTONES).unwrap_or_default();
        self.tombstones
            .compare(&file, versions.map(|(_, entry)| *entry));
        for path in self.files.paths() {
            let is_unnamed = grows(path) && !growing.contains_key(&**path);
            // The next run lists the tombstones.
            if path == TOMBSTONES {
                let said = growing.get(TOMBSTONES).and_then(|said| said.last());
                self.check_backdated(said.map(|(_, entry)| *entry), nodes);
            } else if is_unnamed
                && !self.tombstones.is_retired(path)
                && self.must_be_named(path, nodes)
            {
                self.problem(path, "isn't listed in any manifest");
            }
        }
        let damaged = nodes.iter().rfind(|node| node.says.is_none());
        for (path, said) in growing {
            let Some((newest, _)) = said.last() else {
                continue;
            };
            if !self.has(path) {
                self.problem(path, format!("is missing, but {} lists it", newest.path));
                continue;
            }
            self.verdict.files += 1;
            if self.is_pointer(path) {
                continue;
            }
            let file = match self.files.read(path) {
                Ok(file) => file,
                Err(error) => {
                    self.problem(path, format!("can't be read: {error}"));
                    continue;
                }
            };
            let growing = self.still_checked(path, &said);
            let sizes: BTreeSet<u64> = said.iter().map(|(_, entry)| entry.size).collect();
            let (size, found) = (file.len() as u64, beginnings(&file, &sizes));
            let is_same = |entry: &FileEntry| found.get(&entry.size) == Some(&entry.sha256);
            let (earlier, said) = said.split_at(growing.from);
            let lost = earlier.iter().filter(|(_, entry)| !is_same(entry)).count();
            self.verdict.unverifiable += lost.saturating_sub(growing.confirmed);
            if let Some(after) = &growing.after
                && !self.starts_as_left(path, &file, (&growing, after, said.is_empty()))
            {
                continue;
            }
            let Some((newest, last)) = said.last() else {
                continue;
            };
            // A newer manifest that can't be read may list more bytes, and so may a removal that no
            // manifest lists yet.
            let is_all =
                damaged.is_none_or(|damaged| damaged.day < newest.day) && path != TOMBSTONES;
            let wrong: Vec<_> = said
                .iter()
                .filter(|(_, entry)| found.get(&entry.size) != Some(&entry.sha256))
                .collect();
            let is_as_recorded = wrong.is_empty() && (!is_all || last.size == size);
            let recorded: Vec<&FileEntry> = said.iter().map(|(_, entry)| *entry).collect();
            if is_as_recorded || self.has_other_line_ends(path, &recorded, is_all) {
                continue;
            }
            if let Some((node, entry)) = wrong.first() {
                let what = match found.get(&entry.size) {
                    Some(sha256) => altered(&node.path, entry, entry.size, sha256),
                    None => altered(&node.path, entry, size, ""),
                };
                let more = match wrong.len() {
                    1 => String::new(),
                    all => format!(", and {} later manifests don't match either", all - 1),
                };
                self.problem(path, format!("{what}{more}"));
            } else {
                let what = format!(
                    "was changed: {} bytes were added to what {} says",
                    size - last.size,
                    newest.path
                );
                self.problem(path, what);
            }
        }
    }

    /// Checks that a file still starts with what an erasure left, and that it's all if no later
    /// manifest lists the file. Reports a problem otherwise.
    fn starts_as_left(
        &mut self,
        path: &str,
        file: &[u8],
        (growing, after, is_all): (&Growing, &FileEntry, bool),
    ) -> bool {
        let size = file.len() as u64;
        let found = beginnings(file, &BTreeSet::from([after.size]));
        let is_left = found.get(&after.size) == Some(&after.sha256);
        if is_left && (!is_all || after.size == size) {
            return true;
        }
        if self.has_other_line_ends(path, &[after], is_all) {
            return true;
        }
        let is_before = growing
            .before
            .as_ref()
            .is_some_and(|before| (before.size, &before.sha256) == (size, &sha256(file)));
        let what = match found.get(&after.size) {
            _ if is_before => UNFINISHED_ERASURE.to_owned(),
            Some(_) if is_left => format!(
                "was changed: {} bytes were added to what {TOMBSTONES} says",
                size - after.size
            ),
            Some(sha256) => altered(TOMBSTONES, after, after.size, sha256),
            None => altered(TOMBSTONES, after, size, ""),
        };
        self.problem(path, what);
        false
    }

    /// Checks that removals that the newest manifest doesn't list are newer than it.
    fn check_backdated(&mut self, recorded: Option<&FileEntry>, nodes: &[ManifestNode]) {
        let newest = nodes.iter().rev().find_map(|node| node.says.as_ref());
        let Some(newest) = newest else { return };
        let file = self.files.read(TOMBSTONES).unwrap_or_default();
        let recorded = recorded.filter(|_| newest.sha256(TOMBSTONES).is_some());
        let (new, is_intact) = Tombstones::since(&file, recorded);
        let mut new = new.all().iter();
        if let Some(line) = new.find(|line| line.removed_at < newest.report_time && is_intact) {
            let what = format!(
                "has a line for {}, but the report of {} was recorded later without it",
                line.removed_at, newest.report_time
            );
            self.problem(TOMBSTONES, what);
        }
    }

    /// Whether an existing file must be listed in one of the manifests. A year's changes are listed
    /// only in manifests of that year, which can be earlier than the checked days.
    fn must_be_named(&self, path: &str, nodes: &[ManifestNode]) -> bool {
        let Some(since) = self.since else {
            return !nodes.is_empty();
        };
        let year = path
            .strip_prefix(settings::FOLDER)
            .or(path.strip_prefix("changes/"))
            .and_then(|name| name.strip_suffix(".csv"))
            .and_then(|year| year.parse::<i16>().ok());
        let is_over = |year| year <= since.year() && nodes.iter().all(|l| l.day.year() != year);
        !nodes.is_empty() && !year.is_some_and(is_over)
    }
}

/// Returns the SHA-256 of the first bytes of `file` for each of `sizes`. Leaves out sizes that are
/// larger than the file.
pub(super) fn beginnings(file: &[u8], sizes: &BTreeSet<u64>) -> BTreeMap<u64, String> {
    let mut found = BTreeMap::new();
    let mut hash = Sha256::new();
    let mut hashed = 0;
    for &size in sizes {
        let end = usize::try_from(size).ok();
        let Some(part) = end.and_then(|end| file.get(hashed..end)) else {
            break;
        };
        hash.update(part);
        hashed += part.len();
        found.insert(size, hex::encode(hash.clone().finalize()));
    }
    found
}
