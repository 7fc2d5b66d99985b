//! Why a history doesn't accept a report.

use jiff::Timestamp;

use crate::report::scope::ScopeKind;

/// Why a folder doesn't accept a report.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// An organization and an enterprise can have the same name, and neither is allowed to
    /// overwrite the other.
    #[error(
        "the folder holds the reports of an {recorded} of the same name, not of the {ours}.\n  Fix: Set another `directory`."
    )]
    OtherKind {
        /// The scope of the recorded reports.
        recorded: ScopeKind,
        /// The scope of this report.
        ours: ScopeKind,
    },
    /// Folders were swapped, a name was reused, or a folder was moved. All seats would appear to be
    /// revoked and granted.
    #[error(
        "the folder holds the history of the {recorded}, not of the {ours}.\n  Fix: {what_to_do}"
    )]
    OtherScope {
        /// The scope of the recorded reports.
        recorded: String,
        /// The scope of this report.
        ours: String,
        /// What to do.
        what_to_do: String,
    },
    /// The history exists under an earlier name.
    #[error(
        "the {kind} {before} was renamed to {now}: its ID is the same, and its history is still in {from}. To avoid starting a second history, the action recorded nothing.\n  Fix: Run `git mv {from} {to}` in a clone of the branch, commit, and push. The next run continues the history."
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
    /// A history contains either logins or the pseudonyms of one key.
    #[error(
        "the folder's history was written {recorded}, but this run writes {ours} (`pseudonym-key`).\n  Fix: Use the key of the history, or set another `directory`."
    )]
    OtherKey {
        /// How the history names people.
        recorded: String,
        /// How this run names people.
        ours: String,
    },
    /// The files are pointers of Git LFS, so their content is unknown.
    #[error(
        "{} in Git LFS: {}. The action reads and writes files through GitHub's API, which has only the pointers. Nothing was recorded.\n  Fix: Take the files out of Git LFS. In a clone with Git LFS installed, remove the line with `filter=lfs` that covers them from `.gitattributes`, and then run `git add --renormalize . && git commit --message 'Take the reports out of Git LFS' && git push`. To take them out of older commits too, run `git lfs migrate export --everything --include='**/{scope}/**'` instead, which rewrites the history.",
        if files.len() == 1 { "a file is" } else { "files are" },
        files.join(", "),
    )]
    Lfs {
        /// The paths of the files in the folder.
        files: Vec<String>,
        /// The name of the scope's folder.
        scope: String,
    },
    /// The newest report was recorded with a time that GitHub's clock hasn't reached. An earlier
    /// report would break the chain of manifests permanently.
    #[error(
        "the newest recorded report is from {recorded}, but GitHub's clock says {now}. Nothing was recorded, because a report can't be added before a newer one.\n  Fix: Revert the commit that recorded it, and run again."
    )]
    FromTheFuture {
        /// The time of the newest report.
        recorded: Timestamp,
        /// The current time by GitHub's clock.
        now: Timestamp,
    },
    /// A file couldn't be serialized. This never happens in practice.
    #[error("a file of the history couldn't be written: {0}")]
    Csv(#[from] csv::Error),
    /// The manifest couldn't be serialized. This never happens in practice.
    #[error("the manifest couldn't be written: {0}")]
    Manifest(#[from] serde_json::Error),
}
