//! Writes loose objects without the `git` command. Starting it six times for each commit took
//! longer than the rest of the simulator.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;

use flate2::Compression;
use flate2::write::ZlibEncoder;
use ring::digest;

use super::command::GitError;
use super::content::{Edit, NewCommit};
use super::decode::{self, FOLDER};
use super::repo::Repo;

const FILE: &str = "100644";

impl Repo {
    /// Writes an object and returns its ID.
    pub(super) fn write_object(&self, kind: &str, content: &[u8]) -> Result<String, GitError> {
        let mut object = format!("{kind} {}\0", content.len()).into_bytes();
        object.extend_from_slice(content);
        let oid = digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, &object);
        let oid = hex::encode(oid);
        let folder = self.dir.join("objects").join(&oid[..2]);
        let path = folder.join(&oid[2..]);
        if path.exists() {
            return Ok(oid);
        }
        fs::create_dir_all(&folder)?;
        let mut file = ZlibEncoder::new(
            tempfile::NamedTempFile::new_in(&folder)?,
            Compression::fast(),
        );
        file.write_all(&object)?;
        file.finish()?
            .persist(path)
            .map_err(|error| GitError::from(error.error))?;
        Ok(oid)
    }

    /// Applies the edits to the tree `base`, if all of them add plain files with plain names.
    /// Otherwise, it returns `None`, and Git decides about the path.
    pub(super) fn write_plain_tree(
        &self,
        base: Option<&str>,
        edits: &[Edit],
    ) -> Result<Option<String>, GitError> {
        let mut files = Vec::new();
        for edit in edits {
            match edit {
                Edit::Put { path, mode, oid } if mode == FILE && path.split('/').all(is_plain) => {
                    files.push((path.as_str(), oid.as_str()));
                }
                _ => return Ok(None),
            }
        }
        let base = base.map(|base| format!("{base}^{{tree}}"));
        self.tree_with(base.as_deref(), &files)
    }

    fn tree_with(
        &self,
        base: Option<&str>,
        files: &[(&str, &str)],
    ) -> Result<Option<String>, GitError> {
        let mut entries = match base {
            None => BTreeMap::new(),
            Some(base) => match self.read(|git| git.contents(base)) {
                Some((info, bytes)) if info.kind == "tree" => decode::tree(&bytes),
                _ => return Ok(None),
            },
        };
        let mut folders: BTreeMap<&str, Vec<(&str, &str)>> = BTreeMap::new();
        for (path, oid) in files {
            match path.split_once('/') {
                Some((folder, rest)) => folders.entry(folder).or_default().push((rest, oid)),
                None => {
                    let is_folder = entries.contains_key(&key(path, FOLDER));
                    if is_folder || folders.contains_key(path) {
                        return Ok(None);
                    }
                    entries.insert(key(path, FILE), (FILE.to_owned(), (*oid).to_owned()));
                }
            }
        }
        for (folder, files) in folders {
            let place = key(folder, FOLDER);
            if entries.contains_key(&key(folder, FILE)) {
                return Ok(None);
            }
            let base = entries.get(&place).map(|(_, oid)| oid.as_str());
            let Some(oid) = self.tree_with(base, &files)? else {
                return Ok(None);
            };
            entries.insert(place, (FOLDER.to_owned(), oid));
        }
        let mut tree = Vec::new();
        for (name, (mode, oid)) in entries {
            tree.extend_from_slice(mode.as_bytes());
            tree.push(b' ');
            tree.extend_from_slice(name.strip_suffix(b"/").unwrap_or(&name));
            tree.push(0);
            tree.extend(hex::decode(oid).map_err(|error| GitError::new(&error.to_string()))?);
        }
        self.write_object("tree", &tree).map(Some)
    }

    /// Writes a commit with the current time, unless there's another date or Git would change the
    /// names.
    pub(super) fn write_plain_commit(
        &self,
        new: &NewCommit<'_>,
    ) -> Result<Option<String>, GitError> {
        let people = [new.author, new.committer];
        let is_used = |text: &str| {
            let cut_off = [' ', '.', ',', ':', ';', '"', '\\', '\''];
            !text.is_empty()
                && !text.starts_with(cut_off)
                && !text.ends_with(cut_off)
                && text
                    .chars()
                    .all(|c| matches!(c, ' '..='~') && c != '<' && c != '>')
        };
        let are_plain = people
            .iter()
            .all(|person| person.date.is_none() && is_used(&person.name) && is_used(&person.email));
        if !are_plain || new.message.contains('\0') {
            return Ok(None);
        }
        let mut commit = format!("tree {}\n", new.tree);
        for parent in new.parents {
            commit.push_str(&format!("parent {parent}\n"));
        }
        let now = jiff::Timestamp::now().as_second();
        for (role, person) in ["author", "committer"].iter().zip(people) {
            let line = format!("{role} {} <{}> {now} +0000\n", person.name, person.email);
            commit.push_str(&line);
        }
        commit.push_str(&format!("\n{}", new.message));
        self.write_object("commit", commit.as_bytes()).map(Some)
    }
}

/// A name that's valid on every system.
fn is_plain(name: &str) -> bool {
    let is_usual = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    !name.is_empty() && !name.starts_with('.') && !name.ends_with('.') && name.bytes().all(is_usual)
}

/// An entry's sort key in Git. For a folder, the name ends with a slash.
fn key(name: &str, mode: &str) -> Vec<u8> {
    let slash = if mode == FOLDER { "/" } else { "" };
    format!("{name}{slash}").into_bytes()
}
