//! Reads a repository.

use super::command::text;
use super::content::{Commit, Entry};
use super::decode::{self, FOLDER};
use super::repo::Repo;
use crate::sync::lock;

/// The mode of a submodule, whose object is in another repository.
const SUBMODULE: &str = "160000";

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
        let mut entries = Vec::new();
        self.add_entries(&format!("{tree}^{{tree}}"), "", recursive, &mut entries);
        entries
    }

    fn add_entries(&self, tree: &str, folder: &str, recursive: bool, entries: &mut Vec<Entry>) {
        let Some((_, tree)) = self.read(|git| git.contents(tree)) else {
            return;
        };
        for (name, (mode, oid)) in decode::tree(&tree) {
            let kind = match mode.as_str() {
                FOLDER => "tree",
                SUBMODULE => "commit",
                _ => "blob",
            };
            let name = format!("{folder}{}", text(&name).trim_end_matches('/'));
            let size = (kind == "blob").then(|| self.blob_size(&oid)).flatten();
            entries.push(Entry {
                mode: format!("{mode:0>6}"),
                kind: kind.to_owned(),
                oid: oid.clone(),
                size: size.unwrap_or(0),
                name: name.clone(),
            });
            if recursive && kind == "tree" {
                self.add_entries(&oid, &format!("{name}/"), recursive, entries);
            }
        }
    }

    pub(crate) fn commit_at(&self, revision: &str) -> Option<Commit> {
        if let Some(known) = lock(&self.commits).get(revision) {
            return Some(known.clone());
        }
        let (info, object) = self.read(|git| git.contents(&format!("{revision}^{{commit}}")))?;
        let commit = decode::commit(info.oid, &object)?;
        // Only an ID always means the same commit.
        lock(&self.commits).insert(commit.oid.clone(), commit.clone());
        Some(commit)
    }

    /// The newest commits up to this one. With a path, only those that change it.
    pub(crate) fn history(&self, oid: &str, count: usize, path: Option<&str>) -> Vec<Commit> {
        let count = format!("--max-count={count}");
        let mut args = vec!["rev-list", &count, "--end-of-options", oid, "--"];
        args.extend(path);
        let listed = self.git(&args, &[]).unwrap_or_default();
        text(&listed)
            .lines()
            .filter_map(|oid| self.commit_at(oid))
            .collect()
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::path::Path;

    use super::super::content::Person;
    use super::*;
    use crate::github::Repository;

    /// A branch with a folder whose neighbors sort around it, an executable file, a symbolic link, a
    /// submodule, names with spaces and other letters, and a merge of two time zones.
    const HISTORY: &str = "commit refs/heads/side
mark :1
author Mona <mona@example.com> 1767225600 -0330
committer Hubot van Octo <hubot@example.com> 1767229200 +0545
data 12
A side

one

from refs/heads/main^0
M 100644 inline side.txt
data 1
1
commit refs/heads/main
author Mona <mona@example.com> 1767225600 +0000
committer Mona Lisa <monalisa@example.com> 1767225601 +0000
data 5
Merge
from refs/heads/main^0
merge :1
M 100644 inline a/b/deep name.csv
data 3
xyz
M 100755 inline a-b
data 0

M 120000 inline a.b
data 3
a-b
M 160000 1111111111111111111111111111111111111111 a0
M 100644 inline a/\u{fc}
data 1
2
";

    fn repository(folder: &Path) -> Repo {
        let declared = Repository::private();
        let repo = Repo::create(folder, "acme/audit", &declared).unwrap();
        repo.git(&["fast-import", "--quiet"], HISTORY.as_bytes())
            .unwrap();
        repo
    }

    fn git(repo: &Repo, args: &[&str]) -> String {
        text(&repo.git(args, &[]).unwrap())
    }

    #[test]
    fn a_tree_has_the_entries_that_git_lists() {
        let folder = tempfile::tempdir().unwrap();
        let repo = repository(folder.path());
        for (revision, recursive, how) in [
            ("HEAD", true, "-rlzt"),
            ("HEAD", false, "-lz"),
            ("HEAD:a", true, "-rlzt"),
        ] {
            let tree = repo.resolve(revision).unwrap();
            let entries = repo.entries(&tree, recursive);
            let listed = entries.iter().map(|entry| {
                let size = match entry.kind.as_str() {
                    "blob" => entry.size.to_string(),
                    _ => "-".to_owned(),
                };
                let Entry {
                    mode,
                    kind,
                    oid,
                    name,
                    ..
                } = entry;
                format!("{mode} {kind} {oid} {size:>7}\t{name}\0")
            });
            assert_eq!(
                listed.collect::<String>(),
                git(&repo, &["ls-tree", how, revision])
            );
        }
    }

    #[test]
    fn a_commit_has_the_fields_that_git_shows() {
        let folder = tempfile::tempdir().unwrap();
        let repo = repository(folder.path());
        let signed = format!(
            "tree {}\nparent {}\nauthor Mona <mona@example.com> 1767225600 +0000\ncommitter Hubot <> 1767225600 -0800\n\
             gpgsig -----BEGIN\n author no\n \n -----END\n\n\nSigned\n",
            repo.resolve("HEAD^{tree}").unwrap(),
            repo.head("main").unwrap(),
        );
        let signed = repo.write_object("commit", signed.as_bytes()).unwrap();
        let history = repo.history(&signed, 9, None);
        assert_eq!(history.len(), 4);
        let shown = history.iter().map(|commit| {
            let Commit {
                oid,
                tree,
                parents,
                author,
                committer,
                message,
            } = commit;
            let person = |person: &Person| {
                format!(
                    "{} <{}> {}",
                    person.name,
                    person.email,
                    person.date.as_deref().unwrap()
                )
            };
            format!(
                "{oid} {tree} {}|{}|{}|{message}",
                parents.join(" "),
                person(author),
                person(committer)
            )
        });
        let format = "--format=%H %T %P|%an <%ae> %aI|%cn <%ce> %cI|%B";
        // Git before 2.45 prints UTC as an offset.
        let expected = git(&repo, &["log", "-z", format, &signed]).replace("+00:00", "Z");
        let expected = expected
            .split('\0')
            .map(|commit| commit.trim_end_matches('\n'));
        let expected: Vec<&str> = expected.filter(|commit| !commit.is_empty()).collect();
        assert_eq!(shown.collect::<Vec<String>>(), expected);
    }
}
