//! The audit repository, and one scope's history in it.

use std::cell::RefCell;
use std::collections::HashSet;
use std::rc::Rc;

use super::directory::{Directory, Manifests};
use super::error::AuditError;
use anyhow::Context as _;
use bytes::Bytes;
use jiff::SignedDuration;
use tokio::sync::{Mutex, OnceCell};

use crate::github::client::Client;
use crate::github::commit::{Committer, MissingBranch, Parent, Rulebook};
use crate::github::names::{BranchName, NameError, RepositoryPath};
use crate::github::repository::Repository;
use crate::history::FolderFiles;
use crate::inputs::CommitInputs;
use crate::pages::index::{FIRST_FILE, Once};
use crate::report::provenance::Provenance;
use crate::report::repository::Visibility;
use crate::report::scope::Scope;
use crate::system::clock::Clock;

/// The repository for the reports.
pub(crate) struct AuditRepository<'a> {
    pub(super) inputs: &'a CommitInputs,
    pub(super) client: Client,
    pub(super) clock: Clock,
    pub(super) branch: BranchName,
    pub(super) visibility: Visibility,
    book: Rulebook,
    /// What was already said about the repository.
    pub(super) said: RefCell<HashSet<String>>,
    pub(super) pulls_by_collaborators: bool,
    pub(super) provenance: Provenance<'a>,
    pub(super) inactive_after: SignedDuration,
    /// Where earlier reports are read from, for all scopes of the run.
    pub(super) reading_point: OnceCell<ReadingPoint>,
    pub(super) known_directory: Mutex<Option<Rc<Directory>>>,
    pub(super) known_manifests: Mutex<Option<Manifests>>,
    /// The figures of all reports so far, with people counted once.
    pub(super) once: RefCell<Option<Once>>,
    /// The scope of the run, if it's about no other one.
    pub(super) only_scope: Option<Scope>,
}

/// One scope's history in the audit repository.
pub(crate) struct Ledger<'r> {
    pub(super) repository: &'r AuditRepository<'r>,
    pub(super) last_read: Option<LastRead>,
}

/// The content of the ledger when it was last read.
pub(super) struct LastRead {
    /// The SHA of the commit that was read.
    pub(super) head: String,
    /// The ID of the folder's content, or `None` if the folder didn't exist.
    pub(super) folder_id: Option<String>,
    pub(super) files: FolderFiles,
    /// The paths of the files in the folder, which depend on the report's day.
    pub(super) paths: [String; 9],
}

/// The branch that earlier reports are read from.
pub(super) struct ReadingPoint {
    pub(super) branch: (BranchName, MissingBranch),
    /// The commit, or `None` if there's none yet.
    pub(super) newest: Option<Parent>,
}

impl<'a> AuditRepository<'a> {
    /// Creates the repository that `inputs` name and GitHub describes as `repository`, for the
    /// report of `only_scope`, or for the reports of several scopes.
    ///
    /// Fails if it can't have commits (or pull requests) at all, or has no branch to commit to.
    pub(crate) fn new(
        inputs: &'a CommitInputs,
        client: Client,
        clock: Clock,
        repository: &Repository,
        provenance: Provenance<'a>,
        inactive_after: SignedDuration,
        only_scope: Option<Scope>,
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
            visibility: repository.visibility,
            book: Rulebook::default(),
            said: RefCell::default(),
            pulls_by_collaborators: repository.pulls_by_collaborators,
            provenance,
            inactive_after,
            reading_point: OnceCell::new(),
            known_directory: Mutex::default(),
            known_manifests: Mutex::default(),
            once: RefCell::default(),
            only_scope,
        })
    }

    /// Replaces where the reports come from.
    pub(crate) fn set_provenance(&mut self, provenance: Provenance<'a>) {
        self.provenance = provenance;
    }

    /// Returns one scope's history. Reads nothing yet.
    pub(crate) fn ledger(&self) -> Ledger<'_> {
        Ledger {
            repository: self,
            last_read: None,
        }
    }

    /// Returns the folder of a scope, in lowercase. GitHub ignores case, and a scope has only one
    /// history.
    pub(super) fn folder(&self, scope: &Scope) -> Result<RepositoryPath, NameError> {
        let name = scope.name().to_ascii_lowercase();
        self.inputs.directory.join(&name)
    }

    /// Returns the path of the list of all scopes.
    pub(super) fn index(&self) -> Result<RepositoryPath, NameError> {
        self.inputs.directory.join("README.md")
    }

    /// Creates commits on a branch of this repository.
    pub(super) fn committer(
        &self,
        branch: (BranchName, MissingBranch),
    ) -> Result<Committer<'_>, AuditError> {
        let first_file = (self.index()?, Bytes::from_static(FIRST_FILE.as_bytes()));
        Ok(Committer::new(
            &self.client,
            &self.clock,
            &self.book,
            self.inputs.repository.clone(),
            branch,
            first_file,
            self.mark()?,
        ))
    }

    /// Returns a marker that identifies run and attempt, and is unique to this commit.
    fn mark(&self) -> Result<String, AuditError> {
        let mut random = [0; 9];
        getrandom::fill(&mut random).map_err(|error| {
            AuditError::Other(format!("the system provides no random numbers: {error}"))
        })?;
        let random = hex::encode(random);
        Ok(match self.provenance.run() {
            Some(run) => format!("run {} attempt {} {random}", run.id, run.attempt),
            None => format!("command line {random}"),
        })
    }

    /// Returns the URL, or an empty string if it isn't on this run's GitHub.
    pub(super) fn trusted_url(&self, url: String) -> String {
        let server = self.provenance.run().map(|run| format!("{}/", run.server));
        match server {
            Some(server) if !url.starts_with(&server) => String::new(),
            _ => url,
        }
    }
}
