//! The inputs, checked.
//!
//! An input comes from a variable with the runner's spelling (`INPUT_DELIVER-TO`: upper case, with
//! hyphens), or from a flag of the same name, which takes precedence. All errors are reported at once
//! by the names of the inputs, before the action sends anything.

mod access;
mod command;
mod delivery;
mod output;
#[cfg(test)]
mod proptests;
mod raw;
pub(crate) mod table;
mod thresholds;
mod unread;

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use jiff::SignedDuration;
use secrecy::SecretString;

use crate::github::address::ApiAddress;
use crate::github::app::App;
use crate::github::names::{BranchName, RepositoryName, RepositoryPath};
use crate::report::columns::Columns;
use crate::report::pseudonym_key::PseudonymKey;
use crate::report::scope::Scope;
use crate::runner::artifact::{ArtifactName, Retention};
use crate::system::http::Proxies;

pub(crate) use command::command;

/// What the user asked for.
#[derive(Debug)]
pub(crate) struct Inputs {
    /// Where GitHub's API is.
    pub address: ApiAddress,
    /// Whose reports are read, each once.
    pub scopes: Vec<Scope>,
    /// Reads the reports.
    pub access: Access,
    /// Asks whether the workflow's repository is public; where there is none, `access` does.
    pub commit_token: Option<SecretString>,
    /// Puts pseudonyms in the place of people, where there is one.
    pub pseudonyms: Option<PseudonymKey>,
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
    /// Whether the files go there.
    pub output: Output,
    /// Whether a public repository may receive the report.
    pub allow_public: bool,
    /// What the report is like, and when it is an error.
    pub report: ReportInputs,
    /// How long may be waited in all because GitHub asks for it.
    pub max_wait: Duration,
    /// The proxies that requests go by.
    pub proxies: Proxies,
    /// Whether a job summary is written.
    pub summary: bool,
}

/// By what right the reports are read.
#[derive(Debug)]
pub(crate) enum Access {
    /// Somebody's token.
    Token(SecretString),
    /// A GitHub App that is installed on each organization, or on the enterprise.
    App(App),
}

/// Where the files of a report go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Output {
    /// To the folder in the workspace, each with its manifest.
    Directory,
    /// The report alone, to this file. By hand only, as the next.
    File(PathBuf),
    /// The report alone, to standard output.
    Standard,
}

/// What the report is like, and when it is an error.
#[derive(Debug)]
pub(crate) struct ReportInputs {
    /// The forms of its files, each once.
    pub formats: Vec<Format>,
    /// Which columns they have.
    pub columns: Columns,
    /// From when somebody counts as inactive: exactly so long ago, or longer.
    pub inactive_after: SignedDuration,
    /// How many people may be inactive or may never have used their seat, where there is a limit.
    pub max_inactive: Option<Limit>,
    /// Whether an incomplete report is an error.
    pub require_complete: bool,
}

/// The form of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Format {
    /// As GitHub's own.
    Csv,
    /// As the project's schema says.
    Json,
}

/// How many people may be of a kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Limit {
    /// So many.
    People(u32),
    /// So many hundredths of a percent of all.
    Hundredths(u32),
}

impl Limit {
    /// Whether `some` of `all` people are more than it says.
    pub(crate) fn is_exceeded(self, some: usize, all: usize) -> bool {
        match self {
            Self::People(most) => some as u64 > u64::from(most),
            Self::Hundredths(most) => some as u64 * 10_000 > u64::from(most) * all as u64,
        }
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::People(1) => f.write_str("1 person"),
            Self::People(most) => write!(f, "{most} people"),
            Self::Hundredths(most) => {
                let text = format!("{}.{:02}", most / 100, most % 100);
                let text = text.trim_end_matches('0').trim_end_matches('.');
                write!(f, "{text}%")
            }
        }
    }
}

/// The artifact to make.
#[derive(Debug)]
pub(crate) struct ArtifactInputs {
    /// Its name.
    pub name: ArtifactName,
    /// How many days GitHub keeps it; nothing for the repository's setting.
    pub retention: Option<Retention>,
}

/// Where to commit, and how.
#[derive(Debug)]
pub(crate) struct CommitInputs {
    /// The repository.
    pub repository: RepositoryName,
    /// The branch it goes to; nothing for the default branch.
    pub branch: Option<BranchName>,
    /// Whether it goes there by a pull request, instead of by a commit.
    pub pull_request: bool,
    /// The folder in it.
    pub directory: RepositoryPath,
    /// Whether that's the default one.
    pub has_default_directory: bool,
    /// The message, with `{scope}` and `{date}` in it.
    pub message: String,
}

/// An input that can't be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct InputError {
    /// The input's name, or that of a variable of the runner.
    pub input: &'static str,
    /// What is wrong with it, and what to do.
    pub problem: String,
}

/// All inputs that can't be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct InputErrors(pub Vec<InputError>);

impl fmt::Display for InputErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("The inputs aren't valid. Nothing was sent.")?;
        for InputError { input, problem } in &self.0 {
            write!(f, "\n  {input}: {problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for InputErrors {}
