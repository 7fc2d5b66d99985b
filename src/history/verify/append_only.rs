//! Checks append-only files: every earlier manifest must match the beginning of the current file.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Read};

use sha2::{Digest as _, Sha256};

use super::{Files, ManifestNode, Verifier, altered, grows};
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
            let (size, found) = match self
                .files
                .open(path)
                .and_then(|file| beginnings(file, &sizes))
            {
                Ok(found) => found,
                Err(error) => {
                    self.problem(path, format!("can't be read: {error}"));
                    continue;
                }
            };
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
            .strip_prefix("changes/")
            .and_then(|name| name.strip_suffix(".csv"))
            .and_then(|year| year.parse::<i16>().ok());
        let is_over = |year| year <= since.year() && nodes.iter().all(|l| l.day.year() != year);
        !nodes.is_empty() && !year.is_some_and(is_over)
    }
}

/// Returns the size of a file, and the SHA-256 of its first bytes for each of `sizes`. Leaves out
/// sizes that are larger than the file.
pub(super) fn beginnings(
    file: impl Read,
    sizes: &BTreeSet<u64>,
) -> io::Result<(u64, BTreeMap<u64, String>)> {
    let mut found = BTreeMap::new();
    let mut file = HashingReader::new(file);
    for &wanted in sizes {
        let missing = wanted - file.size();
        io::copy(&mut (&mut file).take(missing), &mut io::sink())?;
        if file.size() == wanted {
            found.insert(wanted, file.so_far().1);
        }
    }
    io::copy(&mut file, &mut io::sink())?;
    Ok((file.size(), found))
}

/// A reader that hashes a file as it's read.
pub(super) struct HashingReader<R> {
    file: R,
    size: u64,
    hash: Sha256,
}

impl<R> HashingReader<R> {
    pub(super) fn new(file: R) -> Self {
        Self {
            file,
            size: 0,
            hash: Sha256::new(),
        }
    }

    /// The number and SHA-256 of the bytes read so far.
    pub(super) fn so_far(&self) -> (u64, String) {
        (self.size, hex::encode(self.hash.clone().finalize()))
    }

    /// The number of bytes read so far.
    pub(super) fn size(&self) -> u64 {
        self.size
    }
}

impl<R: Read> Read for HashingReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(buffer)?;
        self.hash.update(&buffer[..read]);
        self.size += read as u64;
        Ok(read)
    }
}
