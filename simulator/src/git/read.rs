//! Reads a repository.

use super::command::text;
use super::content::{Commit, Entry, Person};
use super::repo::Repo;
use crate::sync::lock;

impl Repo {
    /// Whether GitHub is the committer, and so signs the commit.
    pub(crate) fn is_verified(&self, oid: &str) -> bool {
        lock(&self.verified).contains(oid)
    }

    pub(crate) fn is_empty(&self) -> bool {
        let is_begun = self.resolve("HEAD").is_some();
        !is_begun
            && self
                .git(&["for-each-ref", "--count=1"], &[])
                .map_or(true, |refs| refs.is_empty())
    }

    /// The commit that a branch points to.
    pub(crate) fn head(&self, branch: &str) -> Option<String> {
        self.resolve(&format!("refs/heads/{branch}"))
    }

    /// The object that a Git revision names.
    pub(crate) fn resolve(&self, expression: &str) -> Option<String> {
        Some(self.read(|git| git.info(expression))?.oid)
    }

    /// `commit`, `tree`, `blob`, or `tag`.
    pub(crate) fn kind(&self, oid: &str) -> Option<String> {
        Some(self.read(|git| git.info(oid))?.kind)
    }

    pub(crate) fn blob(&self, oid: &str) -> Option<Vec<u8>> {
        let (info, bytes) = self.read(|git| git.contents(oid))?;
        (info.kind == "blob").then_some(bytes)
    }

    pub(crate) fn blob_size(&self, oid: &str) -> Option<u64> {
        Some(self.read(|git| git.info(oid))?.size)
    }

    /// The entries of a tree. With `recursive`, also those of its subtrees.
    pub(crate) fn entries(&self, tree: &str, recursive: bool) -> Vec<Entry> {
        let how = if recursive { "-rlzt" } else { "-lz" };
        let listing = self
            .git(&["ls-tree", how, "--end-of-options", tree], &[])
            .unwrap_or_default();
        text(&listing).split('\0').filter_map(entry).collect()
    }

    pub(crate) fn commit_at(&self, oid: &str) -> Option<Commit> {
        if let Some(known) = lock(&self.commits).get(oid) {
            return Some(known.clone());
        }
        let commit = self.history(oid, 0, 1, None).pop()?;
        // Only an ID always means the same commit.
        if commit.oid == oid {
            lock(&self.commits).insert(commit.oid.clone(), commit.clone());
        }
        Some(commit)
    }

    /// The history from this commit on. With a path, only the commits that change it.
    pub(crate) fn history(
        &self,
        oid: &str,
        skip: usize,
        count: usize,
        path: Option<&str>,
    ) -> Vec<Commit> {
        let format = "--format=%H%x1f%T%x1f%P%x1f%an%x1f%ae%x1f%aI%x1f%cn%x1f%ce%x1f%cI%x1f%B";
        let (skip, count) = (format!("--skip={skip}"), format!("--max-count={count}"));
        let mut args = vec![
            "log",
            "-z",
            format,
            &skip,
            &count,
            "--end-of-options",
            oid,
            "--",
        ];
        args.extend(path);
        let log = self.git(&args, &[]).unwrap_or_default();
        text(&log).split('\0').filter_map(commit).collect()
    }

    /// Whether a branch contains the commit.
    pub(crate) fn is_on_a_branch(&self, oid: &str) -> bool {
        self.git(&["branch", "--contains", oid], &[])
            .is_ok_and(|branches| !branches.is_empty())
    }

    pub(crate) fn is_ancestor(&self, older: &str, newer: &str) -> bool {
        self.git(&["merge-base", "--is-ancestor", older, newer], &[])
            .is_ok()
    }
}

fn entry(line: &str) -> Option<Entry> {
    let (about, name) = line.split_once('\t')?;
    let mut about = about.split_ascii_whitespace();
    Some(Entry {
        mode: about.next()?.to_owned(),
        kind: about.next()?.to_owned(),
        oid: about.next()?.to_owned(),
        size: about.next()?.parse().unwrap_or(0),
        name: name.to_owned(),
    })
}

fn commit(record: &str) -> Option<Commit> {
    let mut fields = record.splitn(10, '\x1f');
    let mut next = || fields.next().map(str::to_owned);
    let (oid, tree, parents) = (next()?, next()?, next()?);
    let author = Person {
        name: next()?,
        email: next()?,
        date: next(),
    };
    let committer = Person {
        name: next()?,
        email: next()?,
        date: next(),
    };
    let message = next()?.trim_end_matches('\n').to_owned();
    let parents = parents
        .split_ascii_whitespace()
        .map(str::to_owned)
        .collect();
    Some(Commit {
        oid,
        tree,
        parents,
        author,
        committer,
        message,
    })
}
