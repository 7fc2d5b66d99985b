//! What the user asked for, checked.
//!
//! An input comes from the environment as the runner spells it (`INPUT_DELIVER-TO`: upper case,
//! hyphens stay), or from a flag of the same name, which wins. Everything that is wrong is found
//! before anything is sent, and told all at once, each by the input's name.

mod command;
mod given;
pub mod table;

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use jiff::SignedDuration;
use secrecy::SecretString;

use crate::environment::Environment;
use crate::github::address::ApiAddress;
use crate::github::names::{BranchName, RepositoryName, RepositoryPath};
use crate::report::scope::Scope;
use crate::runner::artifact::{ArtifactName, Retention};

pub use command::command;
use given::Given;

/// What the user asked for.
#[derive(Debug)]
pub struct Inputs {
    /// Where GitHub's API is.
    pub address: ApiAddress,
    /// Whose reports are read, each once.
    pub scopes: Vec<Scope>,
    /// Reads the reports.
    pub token: SecretString,
    /// Asks whether the workflow's repository is public; where there is none, `token` does.
    pub commit_token: Option<SecretString>,
    /// The workflow's own repository, in a workflow.
    pub own_repository: Option<RepositoryName>,
    /// The artifact to make, where one is asked for.
    pub artifact: Option<ArtifactInputs>,
    /// Where to commit, where that is asked for.
    pub commit: Option<CommitInputs>,
    /// The folder that paths in outputs are relative to.
    pub workspace: PathBuf,
    /// The folder in the workspace that the files go to; relative.
    pub output_directory: PathBuf,
    /// Whether a public repository may receive the report.
    pub allow_public: bool,
    /// From when somebody counts as inactive: exactly so long ago, or longer.
    pub inactive_after: SignedDuration,
    /// Whether an incomplete report is an error.
    pub require_complete: bool,
    /// How long GitHub's rate limits may be waited for in all.
    pub max_wait: Duration,
    /// Whether a job summary is written.
    pub summary: bool,
}

/// The artifact to make.
#[derive(Debug)]
pub struct ArtifactInputs {
    /// Its name.
    pub name: ArtifactName,
    /// How many days GitHub keeps it; nothing for the repository's setting.
    pub retention: Option<Retention>,
}

/// Where to commit, and how.
#[derive(Debug)]
pub struct CommitInputs {
    /// The repository.
    pub repository: RepositoryName,
    /// The branch it goes to; nothing for the default branch.
    pub branch: Option<BranchName>,
    /// Whether it goes there by a pull request, instead of by a commit.
    pub pull_request: bool,
    /// The folder in it.
    pub directory: RepositoryPath,
    /// Writes to it.
    pub token: SecretString,
    /// The message, with `{scope}` and `{date}` in it.
    pub message: String,
}

/// One input that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// The input's name, or that of a variable of the runner.
    pub input: &'static str,
    /// What is wrong with it, and what to do.
    pub problem: String,
}

/// All inputs that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistakes(pub Vec<Mistake>);

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("The inputs cannot be used; nothing was sent.")?;
        for Mistake { input, problem } in &self.0 {
            write!(f, "\n  {input}: {problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Mistakes {}

impl Inputs {
    /// Reads and checks the inputs: `flags` as given on the command line, then `environment`.
    ///
    /// # Errors
    /// All that cannot be used, at once.
    pub fn read(flags: &clap::ArgMatches, environment: &Environment) -> Result<Self, Mistakes> {
        let mut given = Given::new(flags, environment);
        let inputs = given.check();
        match inputs {
            Some(inputs) if given.mistakes.is_empty() => Ok(inputs),
            _ => Err(Mistakes(given.mistakes)),
        }
    }
}
