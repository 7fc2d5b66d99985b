//! One bare Git repository, accessed with Git's plumbing commands.

use std::collections::{HashMap, HashSet};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::atomic::AtomicU64;
use std::sync::{Mutex, MutexGuard};
use std::{fs, thread};

use super::batch::Batch;
use super::command::{GitError, command, text};
use super::content::Commit;
use crate::github::Repository;
use crate::sync::lock;

/// The first commit, in the format of `git fast-import`.
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
    pub(super) dir: PathBuf,
    writing: Mutex<()>,
    pub(super) verified: Mutex<HashSet<String>>,
    /// The commits that were read, by ID.
    pub(super) commits: Mutex<HashMap<String, Commit>>,
    pub(super) scratch: AtomicU64,
    batch: Mutex<Option<Batch>>,
}

impl Repo {
    pub(super) fn create(
        dir: &Path,
        full_name: &str,
        declared: &Repository,
    ) -> Result<Self, GitError> {
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

    /// Prevents other writes while a request reads and moves a branch.
    pub(crate) fn writing(&self) -> MutexGuard<'_, ()> {
        lock(&self.writing)
    }

    /// Reads from the repository's `git cat-file`, which the first read starts.
    pub(super) fn read<T>(
        &self,
        read: impl FnOnce(&mut Batch) -> Result<Option<T>, GitError>,
    ) -> Option<T> {
        let mut batch = lock(&self.batch);
        if batch.is_none() {
            *batch = Batch::start(command(&self.dir)).ok();
        }
        let response = read(batch.as_mut()?);
        if response.is_err() {
            // The next read starts another process.
            *batch = None;
        }
        response.ok()?
    }

    pub(super) fn git(&self, args: &[&str], stdin: &[u8]) -> Result<Vec<u8>, GitError> {
        self.git_with(args, stdin, &[])
    }

    pub(super) fn git_with(
        &self,
        args: &[&str],
        stdin: &[u8],
        env: &[(&str, String)],
    ) -> Result<Vec<u8>, GitError> {
        let mut child = command(&self.dir)
            .args(args)
            .envs(env.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let pipe = child.stdin.take();
        // Writing on another thread avoids a deadlock if both pipes are full.
        let output = thread::scope(|scope| {
            scope.spawn(move || pipe.map(|mut pipe| pipe.write_all(stdin)));
            child.wait_with_output()
        })?;
        if output.status.success() {
            Ok(output.stdout)
        } else {
            Err(GitError::new(&format!(
                "git {}: {}",
                args.join(" "),
                text(&output.stderr).trim()
            )))
        }
    }
}
