//! The audit repository, and the history of one scope in it.

use super::error::AuditError;
use anyhow::Context as _;
use bytes::Bytes;
use jiff::SignedDuration;

use crate::github::client::Client;
use crate::github::commit::{Committer, MissingBranch};
use crate::github::names::{BranchName, NameError, RepositoryPath};
use crate::github::repository::Repository;
use crate::history::FolderFiles;
use crate::inputs::CommitInputs;
use crate::report::provenance::Provenance;
use crate::report::scope::Scope;
use crate::system::clock::Clock;

/// What a repository without commits begins with.
const FIRST_FILE: &str = "# Copilot activity reports\n\nOne folder for each organization or enterprise. A workflow writes the files in them, and may overwrite your edits.\n\nWho used Copilot when is personal data, so keep this repository private.\n";

/// The repository that reports are committed to.
pub(crate) struct AuditRepository<'a> {
    pub(super) inputs: &'a CommitInputs,
    pub(super) client: Client,
    pub(super) clock: Clock,
    pub(super) branch: BranchName,
    pub(super) pulls_by_collaborators: bool,
    pub(super) provenance: Provenance<'a>,
    pub(super) inactive_after: SignedDuration,
}

/// The history of one scope in the audit repository.
pub(crate) struct Ledger<'r> {
    pub(super) repository: &'r AuditRepository<'r>,
    pub(super) looked: Option<Looked>,
}

/// What the ledger held when it was looked at.
pub(super) struct Looked {
    /// The SHA of the commit that was looked at.
    pub(super) head: String,
    pub(super) folder: FolderFiles,
    /// The paths of its files, which follow from the report's day.
    pub(super) paths: [String; 7],
}

impl<'a> AuditRepository<'a> {
    /// The repository that `inputs` name, which GitHub describes as `repository`.
    ///
    /// Fails if it can't take commits (or pull requests) at all, or has no branch to commit to.
    pub(crate) fn new(
        inputs: &'a CommitInputs,
        client: Client,
        clock: Clock,
        repository: &Repository,
        provenance: Provenance<'a>,
        inactive_after: SignedDuration,
    ) -> anyhow::Result<Self> {
        repository.takes(inputs.pull_request)?;
        let branch = match &inputs.branch {
            Some(branch) => branch.clone(),
            None => repository.default_branch().with_context(|| {
                format!(
                    "GitHub returned no default branch for {}. Set `branch`",
                    inputs.repository
                )
            })?,
        };
        Ok(Self {
            inputs,
            client,
            clock,
            branch,
            pulls_by_collaborators: repository.pulls_by_collaborators,
            provenance,
            inactive_after,
        })
    }

    /// The history of one scope. Nothing is read yet.
    pub(crate) fn ledger(&self) -> Ledger<'_> {
        Ledger {
            repository: self,
            looked: None,
        }
    }

    /// The folder of a scope. GitHub ignores case, and a scope has one history.
    pub(super) fn folder(&self, scope: &Scope) -> Result<RepositoryPath, NameError> {
        let name = scope.name().to_ascii_lowercase();
        self.inputs.directory.join(&name)
    }

    /// Makes commits to a branch of this repository.
    pub(super) fn committer(
        &self,
        branch: (BranchName, MissingBranch),
    ) -> Result<Committer<'_>, AuditError> {
        let first_file = (
            self.inputs.directory.join("README.md")?,
            Bytes::from_static(FIRST_FILE.as_bytes()),
        );
        Ok(Committer::new(
            &self.client,
            &self.clock,
            self.inputs.repository.clone(),
            branch,
            first_file,
            self.mark()?,
        ))
    }

    /// A mark that names run and attempt, and that no other commit has.
    fn mark(&self) -> Result<String, AuditError> {
        let mut random = [0; 8];
        getrandom::fill(&mut random).map_err(|error| {
            AuditError::Other(format!("the system provides no random numbers: {error}"))
        })?;
        let random = hex::encode(random);
        Ok(match self.provenance.run() {
            Some(run) => format!("run {} attempt {} {random}", run.id, run.attempt),
            None => format!("by hand {random}"),
        })
    }

    /// The URL of a page, or an empty string if the page isn't on this run's GitHub.
    pub(super) fn trusted_url(&self, url: String) -> String {
        let server = self.provenance.run().map(|run| format!("{}/", run.server));
        match server {
            Some(server) if !url.starts_with(&server) => String::new(),
            _ => url,
        }
    }
}
