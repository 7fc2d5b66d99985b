//! Writes to a repository: files, trees, commits, and branches.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::sync::atomic::Ordering;

use super::command::{GitError, text};
use super::content::{Edit, NewCommit, Person};
use super::repo::Repo;
use crate::sync::lock;

const NO_COMMIT: &str = "0000000000000000000000000000000000000000";

impl Repo {
    /// Writes files and returns their object IDs in the same order.
    pub(crate) fn write_blobs(&self, contents: &[&[u8]]) -> Result<Vec<String>, GitError> {
        let written = contents.iter().map(|file| self.write_object("blob", file));
        written.collect()
    }

    /// Writes a tree: the base with the edits applied.
    pub(crate) fn write_tree(
        &self,
        base: Option<&str>,
        edits: &[Edit],
    ) -> Result<String, GitError> {
        if let Some(tree) = self.write_plain_tree(base, edits)? {
            return Ok(tree);
        }
        let number = self.scratch.fetch_add(1, Ordering::Relaxed);
        let index = self.dir.join(format!("index-{number}"));
        let written = self.write_tree_through(&index, base, edits);
        // The file is left over if Git failed before it wrote the tree.
        let _ = fs::remove_file(&index);
        written
    }

    fn write_tree_through(
        &self,
        index: &Path,
        base: Option<&str>,
        edits: &[Edit],
    ) -> Result<String, GitError> {
        let env = [("GIT_INDEX_FILE", index.display().to_string())];
        match base {
            Some(base) => self.git_with(&["read-tree", base], &[], &env)?,
            None => self.git_with(&["read-tree", "--empty"], &[], &env)?,
        };
        let mut lines = Vec::new();
        for edit in edits {
            match edit {
                Edit::Put { path, mode, oid } => write!(lines, "{mode} {oid}\t{path}\0")?,
                Edit::Remove { path } => write!(lines, "0 {NO_COMMIT}\t{path}\0")?,
            }
        }
        self.git_with(&["update-index", "-z", "--index-info"], &lines, &env)?;
        Ok(text(&self.git_with(&["write-tree"], &[], &env)?)
            .trim()
            .to_owned())
    }

    pub(crate) fn commit(&self, new: &NewCommit<'_>) -> Result<String, GitError> {
        let mut args = vec!["commit-tree", new.tree];
        for parent in new.parents {
            args.extend(["-p", parent]);
        }
        let mut env = vec![
            ("GIT_AUTHOR_NAME", new.author.name.clone()),
            ("GIT_AUTHOR_EMAIL", new.author.email.clone()),
            ("GIT_COMMITTER_NAME", new.committer.name.clone()),
            ("GIT_COMMITTER_EMAIL", new.committer.email.clone()),
        ];
        env.extend(
            new.author
                .date
                .clone()
                .map(|date| ("GIT_AUTHOR_DATE", date)),
        );
        env.extend(
            new.committer
                .date
                .clone()
                .map(|date| ("GIT_COMMITTER_DATE", date)),
        );
        let oid = match self.write_plain_commit(new)? {
            Some(oid) => oid,
            None => text(&self.git_with(&args, new.message.as_bytes(), &env)?)
                .trim()
                .to_owned(),
        };
        if new.verified {
            self.sign(&oid);
        }
        Ok(oid)
    }

    /// Signs a commit as GitHub does.
    pub(crate) fn sign(&self, oid: &str) {
        lock(&self.verified).insert(oid.to_owned());
    }

    /// Merges two commits into a tree. Fails if they conflict.
    pub(crate) fn merged_tree(&self, ours: &str, theirs: &str) -> Result<String, GitError> {
        let tree = self.git(&["merge-tree", "--write-tree", ours, theirs], &[])?;
        Ok(text(&tree).trim().to_owned())
    }

    pub(crate) fn delete_branch(&self, branch: &str) -> Result<(), GitError> {
        let name = format!("refs/heads/{branch}");
        self.git(&["update-ref", "-d", &name], &[]).map(drop)
    }

    /// Moves a branch to a commit, if it still points to `old`. `None` creates the branch.
    pub(crate) fn set_branch(
        &self,
        branch: &str,
        new: &str,
        old: Option<&str>,
    ) -> Result<(), GitError> {
        let name = format!("refs/heads/{branch}");
        self.git(&["update-ref", &name, new, old.unwrap_or(NO_COMMIT)], &[])
            .map(drop)
    }
}

/// An unrelated commit by a person.
pub(crate) fn commit_by_other(repo: &Repo, branch: &str) -> Result<(), GitError> {
    let head = repo.head(branch);
    let number = repo.scratch.fetch_add(1, Ordering::Relaxed);
    let blobs = repo.write_blobs(&[format!("Change {number} by somebody else\n").as_bytes()])?;
    let put = Edit::Put {
        path: "elsewhere.txt".to_owned(),
        mode: "100644".to_owned(),
        oid: blobs[0].clone(),
    };
    let tree = repo.write_tree(head.as_deref(), &[put])?;
    let person = Person::of("Hubot", "hubot@example.com");
    let oid = repo.commit(&NewCommit {
        tree: &tree,
        parents: head.as_slice(),
        message: "Somebody else's change",
        author: &person,
        committer: &person,
        verified: false,
    })?;
    repo.set_branch(branch, &oid, head.as_deref())
}
