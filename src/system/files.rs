//! Writes files in the workspace.
//!
//! Files are written completely or not at all, and never through a symbolic link that points
//! outside the workspace. They have the same owner as the workspace.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _, chown};
use std::path::{Component, Path, PathBuf};

use sha2::{Digest as _, Sha256};

/// A directory in the workspace that files are written to.
#[derive(Debug, Clone)]
pub(crate) struct Workspace {
    workspace: PathBuf,
    below: PathBuf,
    owner: (u32, u32),
}

/// A written file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Written {
    /// Its name in the directory.
    pub name: String,
    /// Its path. Empty for a stream, which can't be read or removed again.
    pub path: PathBuf,
    /// Its path relative to the workspace, which later steps can use. The workspace has a different
    /// path inside the action's container.
    pub below_workspace: String,
    /// Its size in bytes.
    pub size: u64,
    /// Its SHA-256 in lowercase hex.
    pub sha256: String,
}

impl Written {
    /// Whether the file still has the written content.
    pub(crate) fn is_unchanged(&self) -> io::Result<bool> {
        let (size, sha256) = digest(&mut File::open(&self.path)?)?;
        Ok(size == self.size && sha256 == self.sha256)
    }
}

/// Why a file couldn't be written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FileError {
    /// A part of the path is a symbolic link that points outside the workspace.
    #[error(
        "`output-directory`: {0} points outside the workspace through a symbolic link. Use another directory."
    )]
    Outside(PathBuf),
    /// The system returned an error, for example because the disk is full.
    #[error("{path} couldn't be written: {error}")]
    Io {
        /// The file or directory.
        path: PathBuf,
        /// The system's error.
        error: io::Error,
    },
}

/// Adds the path of the file or directory to an error of the system.
pub(crate) fn at(path: &Path) -> impl FnOnce(io::Error) -> FileError + '_ {
    move |error| FileError::Io {
        path: path.to_owned(),
        error,
    }
}

impl Workspace {
    /// Opens the directory `below` the `workspace`, and creates it if it doesn't exist. Fails if
    /// `below` is absolute or contains `..`.
    pub(crate) fn open(workspace: &Path, below: &Path) -> Result<Self, FileError> {
        let workspace = fs::canonicalize(workspace).map_err(at(workspace))?;
        let metadata = fs::metadata(&workspace).map_err(at(&workspace))?;
        let owner = (metadata.uid(), metadata.gid());
        let mut path = workspace.clone();
        let mut clean = PathBuf::new();
        for part in below.components() {
            match part {
                Component::Normal(part) => {
                    path.push(part);
                    clean.push(part);
                }
                Component::CurDir => continue,
                Component::ParentDir | Component::RootDir | Component::Prefix(_) => {
                    return Err(FileError::Outside(below.to_owned()));
                }
            }
            match fs::create_dir(&path) {
                Ok(()) => chown_to(&path, owner).map_err(at(&path))?,
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(at(&path)(error)),
            }
            let real = fs::canonicalize(&path).map_err(at(&path))?;
            if !real.starts_with(&workspace) {
                return Err(FileError::Outside(path));
            }
        }
        Ok(Self {
            workspace,
            below: clean,
            owner,
        })
    }

    /// Writes a file with `content`. It writes to a temporary file first, and renames that once
    /// it's complete and on disk.
    pub(crate) fn write(
        &self,
        name: &str,
        content: impl FnOnce(&mut dyn io::Write) -> io::Result<()>,
    ) -> Result<Written, FileError> {
        self.write_like(None, name, content)
    }

    /// Like [`Workspace::write`], but if the file already exists, keeps its mode and, if we're
    /// allowed to change it, its owner.
    pub(crate) fn replace(
        &self,
        name: &str,
        content: impl FnOnce(&mut dyn io::Write) -> io::Result<()>,
    ) -> Result<Written, FileError> {
        let there = fs::metadata(self.workspace.join(&self.below).join(name));
        self.write_like(there.ok().as_ref(), name, content)
    }

    fn write_like(
        &self,
        before: Option<&fs::Metadata>,
        name: &str,
        content: impl FnOnce(&mut dyn io::Write) -> io::Result<()>,
    ) -> Result<Written, FileError> {
        let directory = self.workspace.join(&self.below);
        let path = directory.join(name);
        let temporary = directory.join(format!(".{name}.{}.tmp", std::process::id()));
        let written = self.write_whole(before, &temporary, &path, content);
        if written.is_err() {
            // If this fails, only a hidden file is left, which isn't mistaken for a report.
            let _ = fs::remove_file(&temporary);
        }
        let (size, sha256) = written.map_err(at(&path))?;
        Ok(Written {
            name: name.to_owned(),
            path,
            below_workspace: self.shown(name),
            size,
            sha256,
        })
    }

    /// Returns the path of a file, which is absolute if the workspace is the root directory.
    fn shown(&self, name: &str) -> String {
        let below = self.below.join(name);
        let path = match self.workspace.parent() {
            None => self.workspace.join(below),
            Some(_) => below,
        };
        path.to_string_lossy().into_owned()
    }

    fn write_whole(
        &self,
        before: Option<&fs::Metadata>,
        temporary: &Path,
        path: &Path,
        content: impl FnOnce(&mut dyn io::Write) -> io::Result<()>,
    ) -> io::Result<(u64, String)> {
        let mut options = OpenOptions::new();
        if before.is_some() {
            // No one else can read the file until it has its final mode.
            options.mode(0o600);
        }
        // A killed run can leave this file, and in a container, each run has the same process ID.
        match fs::remove_file(temporary) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let file = options.write(true).create_new(true).open(temporary)?;
        let mut out = HashingWriter::new(io::BufWriter::new(file));
        content(&mut out)?;
        let file: File = out
            .out
            .into_inner()
            .map_err(io::IntoInnerError::into_error)?;
        file.sync_all()?;
        match before {
            None => chown_to(temporary, self.owner)?,
            Some(before) => copy_metadata(temporary, before)?,
        }
        fs::rename(temporary, path)?;
        Ok((out.size, hex::encode(out.hash.finalize())))
    }
}

/// Changes the owner of a file. The container runs as root, and a later step couldn't change or
/// remove a file that root owns.
fn chown_to(path: &Path, owner: (u32, u32)) -> io::Result<()> {
    let metadata = fs::metadata(path)?;
    if (metadata.uid(), metadata.gid()) == owner {
        return Ok(());
    }
    match chown(path, Some(owner.0), Some(owner.1)) {
        // Only root can change the owner. From the command line, that isn't necessary.
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Ok(()),
        result => result,
    }
}

/// Copies the owner and the mode of the file that's replaced.
fn copy_metadata(path: &Path, before: &fs::Metadata) -> io::Result<()> {
    chown_to(path, (before.uid(), before.gid()))?;
    let is_groups = fs::metadata(path)?.gid() == before.gid();
    // If the group couldn't be changed, the new group doesn't get the old group's permissions.
    let kept = if is_groups { 0o777 } else { 0o707 };
    fs::set_permissions(path, fs::Permissions::from_mode(before.mode() & kept))
}

/// Returns the number of bytes that `file` has from here on, and their SHA-256.
pub(crate) fn digest(file: &mut File) -> io::Result<(u64, String)> {
    let mut hashing = HashingWriter::new(io::sink());
    io::copy(file, &mut hashing)?;
    hashing.finish()
}

/// Writes bytes to `out`, and calculates their number and SHA-256.
pub(crate) struct HashingWriter<W> {
    out: W,
    hash: Sha256,
    size: u64,
}

impl<W: io::Write> HashingWriter<W> {
    pub(crate) fn new(out: W) -> Self {
        Self {
            out,
            hash: Sha256::new(),
            size: 0,
        }
    }

    /// Flushes the output. Returns the number of bytes and their SHA-256.
    pub(crate) fn finish(mut self) -> io::Result<(u64, String)> {
        self.out.flush()?;
        Ok((self.size, hex::encode(self.hash.finalize())))
    }
}

impl<W: io::Write> io::Write for HashingWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.out.write(bytes)?;
        self.hash.update(&bytes[..written]);
        self.size += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_file_that_fails_halfway_leaves_nothing_behind() {
        let workspace = tempfile::tempdir().unwrap();
        let folder = Workspace::open(workspace.path(), Path::new("a/b")).unwrap();
        folder
            .write("x.csv", |out| {
                out.write_all(b"half")?;
                Err(io::Error::other("the disk is full"))
            })
            .unwrap_err();
        assert_eq!(
            fs::read_dir(workspace.path().join("a/b")).unwrap().count(),
            0
        );
    }

    #[test]
    fn what_a_killed_run_with_the_same_process_id_left_is_not_in_the_way() {
        let workspace = tempfile::tempdir().unwrap();
        let folder = Workspace::open(workspace.path(), Path::new(".")).unwrap();
        let left = format!(".x.csv.{}.tmp", std::process::id());
        fs::write(workspace.path().join(left), "half").unwrap();
        folder.write("x.csv", |out| out.write_all(b"abc")).unwrap();
        let names = fs::read_dir(workspace.path()).unwrap();
        let names: Vec<_> = names.map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(names, ["x.csv"]);
        let content = fs::read(workspace.path().join("x.csv")).unwrap();
        assert_eq!(content, b"abc");
    }

    #[test]
    fn a_link_out_of_the_workspace_is_refused_and_a_link_inside_it_is_not() {
        let outside = tempfile::tempdir().unwrap();
        let workspace = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink(outside.path(), workspace.path().join("out")).unwrap();
        assert!(matches!(
            Workspace::open(workspace.path(), Path::new("out")),
            Err(FileError::Outside(_))
        ));
        assert!(Workspace::open(workspace.path(), Path::new("out/deeper")).is_err());
        assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 0);
        fs::create_dir(workspace.path().join("real")).unwrap();
        std::os::unix::fs::symlink("real", workspace.path().join("in")).unwrap();
        assert!(Workspace::open(workspace.path(), Path::new("in")).is_ok());
    }

    #[test]
    fn a_link_in_place_of_the_file_is_replaced_and_not_followed() {
        let outside = tempfile::tempdir().unwrap();
        let target = outside.path().join("precious");
        fs::write(&target, "precious").unwrap();
        let workspace = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink(&target, workspace.path().join("x.csv")).unwrap();
        let folder = Workspace::open(workspace.path(), Path::new(".")).unwrap();
        let written = folder.write("x.csv", |out| out.write_all(b"abc")).unwrap();
        assert_eq!(fs::read_to_string(target).unwrap(), "precious");
        assert_eq!(written.below_workspace, "x.csv");
        assert_eq!(
            (written.size, written.sha256.as_str()),
            (
                3,
                "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
            )
        );
    }
}
