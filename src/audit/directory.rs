//! What the directory with all folders has, at one commit. It's read once for all scopes.

use bytes::Bytes;

use crate::github::commit::Entry;
use crate::github::names::RepositoryPath;

/// The folder with the folders of all scopes, at one commit.
#[derive(Debug)]
pub(super) struct Directory {
    /// The SHA of the commit.
    pub(super) head: String,
    /// Whether it's a file or a link instead.
    pub(super) is_file: bool,
    pub(super) entries: Vec<Entry>,
    /// The list of all scopes. `None` if there's none.
    pub(super) index: Option<Vec<u8>>,
}

impl Directory {
    /// Returns the ID of the content of a folder, which changes with every file in it. `None` if
    /// it doesn't exist.
    pub(super) fn folder_id(&self, folder: &RepositoryPath) -> Option<&str> {
        let name = folder.segments().last()?;
        let entry = self.entries.iter().find(|entry| entry.name == name)?;
        Some(&entry.oid)
    }

    /// Returns the names of the folders.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        let folders = self.entries.iter().filter(|entry| entry.is_folder());
        folders.map(|entry| &*entry.name)
    }

    /// Returns whether there's a folder with this name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.names().any(|folder| folder == name)
    }

    /// Returns whether something else has the name of this folder.
    pub(super) fn is_in_the_way(&self, folder: &RepositoryPath) -> bool {
        let name = folder.segments().last();
        let mut entries = self.entries.iter();
        entries.any(|entry| Some(&*entry.name) == name && !entry.is_folder())
    }
}

/// The newest manifest of each folder that has one, at one commit.
#[derive(Debug)]
pub(super) struct Manifests {
    /// The SHA of the commit.
    pub(super) head: String,
    /// The folders and their manifests.
    pub(super) folders: Vec<(RepositoryPath, Bytes)>,
}
