//! Checks append-only files: every earlier manifest must match the beginning of the current file.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest as _, Sha256};

use super::{Files, ManifestNode, Verifier, altered, grows};
use crate::history::settings;
use crate::report::manifest::FileEntry;

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
        for path in self.files.paths() {
            if grows(path) && !growing.contains_key(&**path) && self.must_be_named(path, nodes) {
                self.problem(path, "isn't listed in any manifest");
            }
        }
        let damaged = nodes.iter().rfind(|node| node.says.is_none());
        for (path, said) in growing {
            let Some((newest, last)) = said.last() else {
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
            let sizes: BTreeSet<u64> = said.iter().map(|(_, entry)| entry.size).collect();
            let file = match self.files.read(path) {
                Ok(file) => file,
                Err(error) => {
                    self.problem(path, format!("can't be read: {error}"));
                    continue;
                }
            };
            let (size, found) = (file.len() as u64, beginnings(&file, &sizes));
            // A newer manifest that can't be read may list more bytes.
            let is_all = damaged.is_none_or(|damaged| damaged.day < newest.day);
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
