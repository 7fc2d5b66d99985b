//! Checks the inputs.
//!
//! An input comes from a variable with the runner's spelling (`INPUT_DELIVER-TO`: uppercase, with
//! hyphens), or from a flag of the same name, which takes precedence. All errors are reported at
//! once, by the names of the inputs, before the action sends anything.

mod access;
mod command;
mod delivery;
mod output;
#[cfg(test)]
mod proptests;
mod raw;
mod selection;
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
use crate::runner::artifact::{ArtifactName, Retention};
use crate::system::http::Proxies;

pub(crate) use command::command;
pub(crate) use delivery::directory;
pub(crate) use selection::{Patterns, Selection};
pub(crate) use table::default;

/// The user's settings.
#[derive(Debug)]
pub(crate) struct Inputs {
    /// The URL of GitHub's API.
    pub address: ApiAddress,
    /// What the reports are about.
    pub selection: Selection,
    /// The credentials for reading the reports.
    pub access: Access,
    /// The token for commits. It also checks whether the workflow's repository is public; if it
    /// isn't set, `access` does.
    pub commit_token: Option<SecretString>,
    /// The key for pseudonyms, if people get pseudonyms.
    pub pseudonyms: Option<PseudonymKey>,
    /// The workflow's own repository, in a workflow.
    pub own_repository: Option<RepositoryName>,
    /// The artifact to upload, if any.
    pub artifact: Option<ArtifactInputs>,
    /// Where to commit, if anywhere.
    pub commit: Option<CommitInputs>,
    /// The folder that paths in outputs are relative to.
    pub workspace: PathBuf,
    /// The folder for the files, relative to the workspace.
    pub output_directory: PathBuf,
    /// Where the files go.
    pub output: Output,
    /// Whether reports can go to a public repository.
    pub allow_public: bool,
    /// The settings for the report, and when it's an error.
    pub report: ReportInputs,
    /// The maximum total time to wait if GitHub asks for it.
    pub max_wait: Duration,
    /// The proxies for requests.
    pub proxies: Proxies,
    /// Whether to write a job summary.
    pub summary: bool,
}

/// The credentials for reading the reports.
#[derive(Debug)]
pub(crate) enum Access {
    /// A token.
    Token(SecretString),
    /// A GitHub App that's installed on each organization, or on the enterprise.
    App(App),
}

/// Where the files of a report go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Output {
    /// The folder in the workspace. Each report has its manifest.
    Directory,
    /// Only the report, to this file. Command line only, like `Standard`.
    File(PathBuf),
    /// Only the report, to standard output.
    Standard,
}

/// The settings for the report, and when it's an error.
#[derive(Debug)]
pub(crate) struct ReportInputs {
    /// The formats of its files, without duplicates.
    pub formats: Vec<Format>,
    /// The columns of its files.
    pub columns: Columns,
    /// Whether to write a file with the rows of all reports.
    pub combined: bool,
    /// How long without activity a person counts as inactive. Exactly this long counts too.
    pub inactive_after: SignedDuration,
    /// How many people can be inactive or never have used their seat, if there's a limit.
    pub max_inactive: Option<Limit>,
    /// Whether an incomplete report is an error.
    pub require_complete: bool,
}

/// The format of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Format {
    /// The same as GitHub's own.
    Csv,
    /// The format in the project's JSON schema.
    Json,
    /// A page for people.
    Html,
}

/// How many people can have a status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Limit {
    /// A number of people.
    People(u32),
    /// A share of all people, in hundredths of a percent.
    Hundredths(u32),
}

impl Limit {
    /// Returns whether `some` of `all` people are more than the limit.
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

/// The artifact to upload.
#[derive(Debug)]
pub(crate) struct ArtifactInputs {
    /// Its name.
    pub name: ArtifactName,
    /// How many days GitHub keeps it, or `None` for the repository's setting.
    pub retention: Option<Retention>,
}

/// Where to commit, and how.
#[derive(Debug)]
pub(crate) struct CommitInputs {
    /// The repository.
    pub repository: RepositoryName,
    /// The branch for the reports, or `None` for the default branch.
    pub branch: Option<BranchName>,
    /// Whether to use a pull request instead of a direct commit.
    pub pull_request: bool,
    /// The folder for the reports.
    pub directory: RepositoryPath,
    /// Whether that's the default folder.
    pub has_default_directory: bool,
    /// The message, with the placeholders `{scope}` and `{date}`.
    pub message: String,
}

/// An input that can't be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct InputError {
    /// The name of the input, or of a runner variable.
    pub input: &'static str,
    /// What's wrong with it, and how to fix it.
    pub problem: String,
}

/// All inputs that can't be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct InputErrors {
    /// What's wrong with each of them.
    pub errors: Vec<InputError>,
    /// Whether to write a job summary, even so.
    pub summary: bool,
}

impl InputErrors {
    /// Says that there are invalid inputs, and what that means.
    pub(crate) const FIRST: &str = "The inputs aren't valid. Nothing was sent.";
}

impl fmt::Display for InputErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(Self::FIRST)?;
        for InputError { input, problem } in &self.errors {
            write!(f, "\n  {input}: {problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for InputErrors {}
