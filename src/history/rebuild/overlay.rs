//! The history as it will be after the rebuild: the existing files, overlaid with the new ones.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Read};

use super::super::verify::Files;

/// New files that overlay existing ones.
pub(super) struct Overlay<'f, F> {
    files: &'f F,
    /// The files that will be replaced or added, by path.
    pub(super) new: BTreeMap<String, Vec<u8>>,
    paths: BTreeSet<String>,
}

impl<'f, F: Files> Overlay<'f, F> {
    pub(super) fn new(files: &'f F) -> Self {
        Self {
            files,
            new: BTreeMap::new(),
            paths: files.paths().clone(),
        }
    }

    /// Adds a new file, unless it already exists with this content.
    pub(super) fn put(&mut self, path: &str, content: Vec<u8>) {
        if self.read(path).ok().as_deref() != Some(&content) {
            self.paths.insert(path.to_owned());
            self.new.insert(path.to_owned(), content);
        }
    }

    /// Adds a new file if there's content for it.
    pub(super) fn put_some(&mut self, path: &str, content: Option<Vec<u8>>) {
        if let Some(content) = content {
            self.put(path, content);
        }
    }

    /// The new files, with `last` at the end.
    pub(super) fn into_files(mut self, last: &str) -> Vec<(String, Vec<u8>)> {
        let last = self.new.remove_entry(last);
        self.new.into_iter().chain(last).collect()
    }
}

impl<F: Files> Files for Overlay<'_, F> {
    fn paths(&self) -> &BTreeSet<String> {
        &self.paths
    }

    fn open(&self, path: &str) -> io::Result<Box<dyn Read + '_>> {
        match self.new.get(path) {
            Some(content) => Ok(Box::new(&content[..])),
            None => self.files.open(path),
        }
    }
}
