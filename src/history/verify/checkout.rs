//! Finds files that don't match because of what Git did in the checkout: Git LFS pointers, and
//! converted line endings. Each has one cause and one fix for many files.

use std::collections::BTreeSet;

use super::append_only::beginnings;
use super::{Files, Verifier};
use crate::report::manifest::FileEntry;
use crate::system::git::{LineEnds, reads_lfs_pointer};

/// The message for Git LFS pointers, with the fix.
const POINTER: &str = "is a Git LFS pointer instead of the file. Run `git lfs pull` to see what it points to. The action can't record to files in Git LFS: take them out with `git lfs migrate export --everything --include='PATH/**'` and remove their line from `.gitattributes`";

impl<F: Files> Verifier<'_, F> {
    /// Returns whether a file is a Git LFS pointer, and reports a problem if it is.
    pub(super) fn is_pointer(&mut self, path: &str) -> bool {
        let is_pointer = self.files.open(path).and_then(reads_lfs_pointer);
        let is_pointer = is_pointer.unwrap_or(false);
        if is_pointer {
            self.checkout_problem(path, POINTER);
        }
        is_pointer
    }

    /// Whether a file matches the `recorded` beginnings once its line endings are converted. If
    /// `is_all`, the longest one must be the whole file. All such files are reported as one
    /// problem.
    pub(super) fn has_other_line_ends(
        &mut self,
        path: &str,
        recorded: &[&FileEntry],
        is_all: bool,
    ) -> bool {
        let sizes: BTreeSet<u64> = recorded.iter().map(|entry| entry.size).collect();
        let Ok(file) = self.files.read(path) else {
            return false;
        };
        let ends = LineEnds::ALL.into_iter().find(|ends| {
            let file = ends.convert(&file);
            let found = beginnings(&file, &sizes);
            let fits = |entry: &&FileEntry| found.get(&entry.size) == Some(&entry.sha256);
            let is_whole = sizes.last() == Some(&(file.len() as u64));
            recorded.iter().all(fits) && (!is_all || is_whole)
        });
        if let Some(ends) = ends {
            let paths = self.other_line_ends.entry(ends).or_default();
            paths.insert(path.to_owned());
        }
        ends.is_some()
    }

    fn checkout_problem(&mut self, path: &str, what: &str) {
        self.problem(path, what);
        let last = self.verdict.problems.last().cloned();
        self.verdict.checkout.extend(last);
    }

    /// Reports the files with other line endings as one problem.
    pub(super) fn line_ends(&mut self) {
        let found = std::mem::take(&mut self.other_line_ends);
        for (recorded, paths) in found {
            let Some(first) = paths.first() else { continue };
            let (files, was) = match paths.len() - 1 {
                0 => ("has".to_owned(), "was"),
                1 => ("and 1 more file have".to_owned(), "were"),
                more => (format!("and {more} more files have"), "were"),
            };
            let (found, recorded) = match recorded {
                LineEnds::Lf => ("CRLF", "LF"),
                LineEnds::Crlf => ("LF", "CRLF"),
            };
            let what = format!(
                "{files} {found} line endings, but {was} recorded with {recorded}. Nothing else differs. Git converted them in this checkout. To get the recorded bytes, run `git config core.autocrlf false` in the clone, and then, at its top, `git rm --cached -r -q . && git reset --hard`"
            );
            self.checkout_problem(first, &what);
        }
    }
}
