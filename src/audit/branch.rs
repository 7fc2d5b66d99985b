//! The branch that a report goes to, and where its history is read from.
//!
//! The names of their branches identify the pull requests of a history. A run of one scope has its
//! own pull requests, and all other runs share theirs, also those whose pattern matches only one
//! organization today. The name depends only on that and on the day, so concurrent runs use the
//! same branch. If a pull request couldn't be opened, the day's next run uses its branch.

use jiff::civil::Date;

use super::error::AuditError;
use super::repository::AuditRepository;
use crate::github::names::BranchName;
use crate::github::pulls::{PullRequest, PullRequests};
use crate::report::manifest::sha256;
use crate::report::scope::ScopeKind;

/// The start of our branch names, before the scope.
const PREFIX: &str = "copilot-activity-report";

/// What the branches of several scopes have in place of a name. No scope's name has a dot.
const SEVERAL: &str = "organizations.all";

/// How many pull requests of one history can start on one day.
const MAX_PULL_REQUESTS_PER_DAY: usize = 100;

/// How many characters of a directory a branch name shows. Even with the longest scope name, GitHub
/// accepts the branch name.
const MAX_DIRECTORY_CHARS: usize = 30;

impl AuditRepository<'_> {
    /// Returns the pull requests into the branch.
    pub(super) fn pulls(&self) -> PullRequests<'_> {
        let repository = &self.inputs.repository;
        PullRequests::new(&self.client, &self.clock, repository, &self.branch)
    }

    /// Returns the branch for the pull request of reports of a `day`, and the pull request if it's open. If
    /// several are open, the oldest one counts. If none is, the branch gets the day's first name
    /// that no pull request ever had. A branch with this name may already exist, if a run is about
    /// to open its pull request or couldn't.
    pub(super) async fn pull_request_branch(
        &self,
        pulls: &PullRequests<'_>,
        day: Date,
    ) -> Result<(BranchName, Option<PullRequest>), AuditError> {
        let prefix = format!("{PREFIX}/{}/", self.history_name());
        if let Some(open) = pulls.open_below(&prefix).await? {
            return Ok((open.head.clone(), Some(open)));
        }
        let first = format!("{prefix}{day}");
        for number in 1..=MAX_PULL_REQUESTS_PER_DAY {
            let name = match number {
                1 => first.clone(),
                number => format!("{first}-{number}"),
            };
            let branch = BranchName::parse(&name)?;
            match pulls.of(&branch).await? {
                None => return Ok((branch, None)),
                Some(open) if pulls.is_open(&open) => return Ok((branch, Some(open))),
                Some(_) => {}
            }
        }
        Err(AuditError::Other(format!(
            "{MAX_PULL_REQUESTS_PER_DAY} pull requests already use branches that start with {first}, so no further one is opened today"
        )))
    }

    /// Returns what distinguishes the branches of this run from all others: its scope, if it's about
    /// no other one; that one's kind, if it isn't an organization; and the directory, if it isn't
    /// the default. Dots separate them, because no scope name has one. Git doesn't accept every
    /// directory in a branch name, and two directories can differ only in characters that are left
    /// out, so the name has the directory's SHA-256.
    fn history_name(&self) -> String {
        let mut name = match &self.only_scope {
            Some(scope) => scope.name().to_ascii_lowercase(),
            None => SEVERAL.to_owned(),
        };
        if let Some(scope) = &self.only_scope
            && scope.kind() != ScopeKind::Organization
        {
            name.push_str(&format!(".{}", scope.kind()));
        }
        if !self.inputs.has_default_directory {
            let directory = self.inputs.directory.as_str();
            let plain: Vec<&str> = directory
                .split(|c: char| !c.is_ascii_alphanumeric())
                .filter(|part| !part.is_empty())
                .collect();
            let plain = plain.join("-");
            let mut shown: String = plain.chars().take(MAX_DIRECTORY_CHARS).collect();
            if !shown.is_empty() {
                shown.push('-');
            }
            name.push_str(&format!(".{shown}{}", &sha256(directory.as_bytes())[..8]));
        }
        name
    }
}
