//! The repositories: real bare ones, driven by the plumbing of the `git` command.

mod batch;
mod object;
mod read;
mod write;

use std::collections::{HashMap, HashSet, hash_map};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock};
use std::{fmt, fs, thread};

use batch::Batch;
pub(crate) use read::{Commit, Entry, Person};
pub(crate) use write::{Edit, NewCommit, commit_by_somebody_else};

use crate::github::Repository;
use crate::world::lock;

/// The `git` command refused, and said why.
#[derive(Debug)]
pub(crate) struct GitError(String);

impl GitError {
    pub(crate) fn new(why: &str) -> Self {
        Self(why.to_owned())
    }
}

impl fmt::Display for GitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for GitError {}

impl From<io::Error> for GitError {
    fn from(error: io::Error) -> Self {
        Self(error.to_string())
    }
}

/// All repositories, each in a folder of its own.
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

    /// Lays the repository if it is not there yet.
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

/// What a repository begins with, as `git fast-import` reads it.
const FIRST_COMMIT: &str = "commit refs/heads/{branch}
committer Mona Lisa <monalisa@example.com> 1767225600 +0000
data 14
Initial commit
M 100644 inline README.md
data {length}
# {name}
";

/// One repository.
pub(crate) struct Repo {
    dir: PathBuf,
    writing: Mutex<()>,
    verified: Mutex<HashSet<String>>,
    /// Those that were looked at, by their ids.
    commits: Mutex<HashMap<String, Commit>>,
    scratch: AtomicU64,
    batch: Mutex<Option<Batch>>,
}

impl Repo {
    fn create(dir: &Path, full_name: &str, declared: &Repository) -> Result<Self, GitError> {
        fs::create_dir_all(dir)?;
        let repo = Self {
            dir: dir.to_owned(),
            writing: Mutex::default(),
            verified: Mutex::default(),
            commits: Mutex::default(),
            scratch: AtomicU64::new(0),
            batch: Mutex::default(),
        };
        repo.git(
            &[
                "init",
                "--quiet",
                "--bare",
                "--template=",
                "--initial-branch",
                &declared.default_branch,
            ],
            &[],
        )?;
        if !declared.empty {
            let name = full_name.rsplit('/').next().unwrap_or(full_name);
            let first = FIRST_COMMIT
                .replace("{branch}", &declared.default_branch)
                .replace("{length}", &(name.len() + 3).to_string())
                .replace("{name}", name);
            repo.git(
                &["-c", "fastimport.unpackLimit=0", "fast-import", "--quiet"],
                first.as_bytes(),
            )?;
        }
        Ok(repo)
    }

    /// Taken by whoever reads a branch in order to move it.
    pub(crate) fn writing(&self) -> MutexGuard<'_, ()> {
        lock(&self.writing)
    }

    /// Asks the one `git cat-file` of the repository, which is started by the first question.
    fn ask<T>(
        &self,
        question: impl FnOnce(&mut Batch) -> Result<Option<T>, GitError>,
    ) -> Option<T> {
        let mut batch = lock(&self.batch);
        if batch.is_none() {
            *batch = Batch::start(batch::command(&self.dir)).ok();
        }
        let answer = question(batch.as_mut()?);
        if answer.is_err() {
            // Another one answers the next question.
            *batch = None;
        }
        answer.ok()?
    }

    fn git(&self, args: &[&str], stdin: &[u8]) -> Result<Vec<u8>, GitError> {
        self.git_with(args, stdin, &[])
    }

    fn git_with(
        &self,
        args: &[&str],
        stdin: &[u8],
        env: &[(&str, String)],
    ) -> Result<Vec<u8>, GitError> {
        let mut child = batch::command(&self.dir)
            .args(args)
            .envs(env.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let pipe = child.stdin.take();
        // Written from beside, so that neither side waits for the other with full pipes.
        let output = thread::scope(|scope| {
            scope.spawn(move || pipe.map(|mut pipe| pipe.write_all(stdin)));
            child.wait_with_output()
        })?;
        if output.status.success() {
            Ok(output.stdout)
        } else {
            Err(GitError(format!(
                "git {}: {}",
                args.join(" "),
                text(&output.stderr).trim()
            )))
        }
    }
}

/// Where the `git` command is. A program that is named by its path is started without a copy of this whole process,
/// which counts where hundreds are.
pub(crate) fn program() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default())
            .map(|folder| folder.join("git"))
            .find(|path| path.is_file())
            .unwrap_or_else(|| PathBuf::from("git"))
    })
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
