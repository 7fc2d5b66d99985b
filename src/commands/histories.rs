//! Finds the histories in a clone, and opens their files.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use super::shared::shown;
use crate::history::seats::SEATS;
use crate::history::totals::TOTALS;
use crate::history::verify::{Files, is_history};
use crate::report::day::REPORTS;

/// A scope's folder on disk.
#[derive(Debug)]
pub(super) struct History {
    folder: PathBuf,
    paths: BTreeSet<String>,
}

impl History {
    /// Returns the folder's real name, even if it was given as `.` or as a link.
    pub(super) fn name(&self) -> Option<String> {
        let folder = fs::canonicalize(&self.folder).ok()?;
        Some(folder.file_name()?.to_string_lossy().into_owned())
    }
}

impl Files for History {
    fn paths(&self) -> &BTreeSet<String> {
        &self.paths
    }

    fn open(&self, path: &str) -> io::Result<Box<dyn Read + '_>> {
        let path = self.folder.join(path);
        let kind = fs::symlink_metadata(&path)?.file_type();
        if kind.is_symlink() {
            return Err(io::Error::other(
                "it's a symbolic link, and the command doesn't follow links",
            ));
        }
        if !kind.is_file() {
            return Err(io::Error::other("it isn't a regular file"));
        }
        Ok(Box::new(File::open(path)?))
    }
}

/// Finds the folders below `top` that have a history, by their relative paths.
pub(super) fn histories(top: &Path) -> anyhow::Result<BTreeMap<String, History>> {
    let all = files_below(top)?;
    let mut histories: BTreeMap<String, History> = BTreeMap::new();
    for folder in all.iter().flat_map(|path| folders_of(path)) {
        let history = || History {
            folder: top.join(folder),
            paths: below(&all, folder),
        };
        let entry = histories.entry(folder.to_owned());
        entry.or_insert_with(history);
    }
    histories.retain(|_, history| is_history(history));
    Ok(histories)
}

/// Returns the folders that have a history if a file with this path exists.
fn folders_of(path: &str) -> impl Iterator<Item = &str> {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    let is_beside = [TOTALS, SEATS].contains(&name);
    let above = folder
        .rsplit_once('/')
        .map(|(above, _)| above)
        .and_then(|above| above.strip_suffix(REPORTS))
        .filter(|above| above.is_empty() || above.ends_with('/'))
        .map(|above| above.trim_end_matches('/'));
    is_beside.then_some(folder).into_iter().chain(above)
}

/// Returns the paths below a folder, relative to it.
fn below(all: &[String], folder: &str) -> BTreeSet<String> {
    let folder = match folder {
        "" => String::new(),
        folder => format!("{folder}/"),
    };
    let below = all.iter().filter_map(|path| path.strip_prefix(&folder));
    below.map(str::to_owned).collect()
}

/// Finds all files below a folder, except in `.git`. Returns their paths relative to it.
pub(super) fn files_below(top: &Path) -> anyhow::Result<Vec<String>> {
    let mut all = Vec::new();
    walk(top, "", &mut all)?;
    Ok(all)
}

/// Finds all files below a folder, except in `.git`, and puts `above` before their paths.
fn walk(folder: &Path, above: &str, found: &mut Vec<String>) -> anyhow::Result<()> {
    let unread = || format!("{} couldn't be read", shown(folder));
    for entry in fs::read_dir(folder).with_context(unread)? {
        let entry = entry.with_context(unread)?;
        let own = entry.file_name();
        let path = format!("{above}{}", own.to_string_lossy());
        // The file type of a link is "link", so this doesn't follow any.
        if !entry.file_type().with_context(unread)?.is_dir() {
            found.push(path);
        } else if own != ".git" {
            walk(&entry.path(), &format!("{path}/"), found)?;
        }
    }
    Ok(())
}
