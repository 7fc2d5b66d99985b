//! The repositories, each in its own folder.

mod batch;
mod command;
mod content;
mod decode;
mod object;
mod read;
mod repo;
mod write;

use std::collections::{HashMap, hash_map};
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

pub(crate) use command::{GitError, program};
pub(crate) use content::{Commit, Edit, Entry, NewCommit, Person, github_itself};
pub(crate) use repo::Repo;
pub(crate) use write::commit_by_other;

use crate::github::Repository;
use crate::sync::lock;

/// All repositories.
pub(crate) struct Repositories {
    folder: PathBuf,
    open: Mutex<HashMap<String, Arc<Repo>>>,
}

impl Repositories {
    pub(crate) fn new(folder: PathBuf) -> Self {
        Self {
            folder,
            open: Mutex::default(),
        }
    }

    pub(crate) fn dir(&self, full_name: &str) -> PathBuf {
        self.folder
            .join(format!("{}.git", full_name.to_ascii_lowercase()))
    }

    pub(crate) fn get(&self, full_name: &str) -> Option<Arc<Repo>> {
        lock(&self.open)
            .get(&full_name.to_ascii_lowercase())
            .cloned()
    }

    /// Creates the repository if it doesn't exist.
    pub(crate) fn ensure(&self, full_name: &str, declared: &Repository) -> io::Result<()> {
        let mut open = lock(&self.open);
        let key = full_name.to_ascii_lowercase();
        if let hash_map::Entry::Vacant(place) = open.entry(key) {
            let repo = Repo::create(&self.dir(full_name), full_name, declared)
                .map_err(io::Error::other)?;
            place.insert(Arc::new(repo));
        }
        Ok(())
    }
}
