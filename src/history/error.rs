//! Why a history doesn't accept a report.

use jiff::Timestamp;

use crate::report::scope::ScopeKind;

/// Why a report cannot go into a folder at all.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// An organization and an enterprise may have the same name, and the one must not overwrite
    /// the other.
    #[error(
        "the folder holds the reports of an {recorded} of the same name, not of the {ours}; name another `directory`"
    )]
    OtherKind {
        /// Whose reports are there.
        recorded: ScopeKind,
        /// What this report is about.
        ours: ScopeKind,
    },
    /// Two folders were swapped, a name was taken over, or a folder was moved: everybody would be
    /// revoked and granted.
    #[error(
        "the folder holds the history of the {recorded}, not of the {ours}.\n  what to do: {what_to_do}"
    )]
    OtherScope {
        /// Whose reports are there.
        recorded: String,
        /// What this report is about.
        ours: String,
        /// What whoever reads this can do.
        what_to_do: String,
    },
    /// The history is there under an earlier name.
    #[error(
        "the {kind} {before} was renamed to {now}: its ID is the same, and its history is still in {from}. Nothing was recorded, so that no second history begins.\n  what to do: run `git mv {from} {to}` in a clone of the branch, commit, and push. The next run continues the history"
    )]
    Renamed {
        /// What was renamed.
        kind: ScopeKind,
        /// Its name in the newest manifest.
        before: String,
        /// Its name now.
        now: String,
        /// The folder of the history.
        from: String,
        /// Where the folder belongs.
        to: String,
    },
    /// Pseudonyms and names, or those of two keys, cannot stand for one another.
    #[error(
        "the folder's history was written {recorded}, and this run writes {ours} (`pseudonym-key`); use the key of the history, or name another `directory`"
    )]
    OtherKey {
        /// How people are called there.
        recorded: String,
        /// How this run calls them.
        ours: String,
    },
    /// Git LFS keeps the files elsewhere, so what they say is unknown.
    #[error(
        "{} in Git LFS: {}. The action reads and writes files through GitHub's API, which has only the pointers. Nothing was recorded.\n  what to do: take the files out of Git LFS. In a clone with Git LFS installed, remove the line with `filter=lfs` that covers them from `.gitattributes`, and then run `git add --renormalize . && git commit --message 'Take the reports out of Git LFS' && git push`. To take them out of older commits too, run `git lfs migrate export --everything --include='**/{scope}/**'` instead, which rewrites the history",
        if files.len() == 1 { "a file is" } else { "files are" },
        files.join(", "),
    )]
    Lfs {
        /// The files, by their paths in the folder.
        files: Vec<String>,
        /// The name of the scope's folder.
        scope: String,
    },
    /// The newest report was recorded with a time that GitHub's clock hasn't reached. A report in
    /// front of it would break the chain of manifests for good.
    #[error(
        "the newest recorded report is of {recorded}, and it is only {now} by GitHub's clock. Nothing was recorded, because a report never goes in front of a newer one\n  what to do: revert the commit that recorded it, and run again"
    )]
    FromTheFuture {
        /// The time of that report.
        recorded: Timestamp,
        /// The present.
        now: Timestamp,
    },
    /// A file could not be put into its form. Never in practice.
    #[error("a file of the history could not be written: {0}")]
    Csv(#[from] csv::Error),
    /// The manifest could not be put into its form. Never in practice.
    #[error("the manifest could not be written: {0}")]
    Manifest(#[from] serde_json::Error),
}
