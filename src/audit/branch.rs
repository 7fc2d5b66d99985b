//! The branch that a report goes to, and where its history is read from.
//!
//! Each scope has pull requests of its own, known by the names of their branches. The name follows
//! from scope and day alone: runs at the same time meet on the same branch, and the day's next run
//! takes up a branch whose pull request couldn't be opened.

use sha2::{Digest as _, Sha256};

use super::error::AuditError;
use super::repository::AuditRepository;
use crate::github::names::BranchName;
use crate::github::pulls::{PullRequest, PullRequests};
use crate::report::Report;
use crate::report::day::date;
use crate::report::scope::{Scope, ScopeKind};

/// What the names of our branches begin with, before the scope.
const PREFIX: &str = "copilot-activity-report";

/// How many pull requests of one scope may begin on one day.
const MAX_PULL_REQUESTS_PER_DAY: usize = 100;

/// How many characters of a directory a branch's name shows. With the longest name of a scope, the
/// name is still one that GitHub accepts.
const MAX_DIRECTORY_CHARS: usize = 30;

impl AuditRepository<'_> {
    /// The pull requests into the branch.
    pub(super) fn pulls(&self) -> PullRequests<'_> {
        let repository = &self.inputs.repository;
        PullRequests::new(&self.client, &self.clock, repository, &self.branch)
    }

    /// The branch for the pull request of a report, and the pull request if it's open: the oldest
    /// if there are several. Otherwise the day's first name that no pull request ever had. A branch
    /// with this name may exist, if a run is about to open its pull request or couldn't.
    pub(super) async fn pull_request_branch(
        &self,
        pulls: &PullRequests<'_>,
        report: &Report,
    ) -> Result<(BranchName, Option<PullRequest>), AuditError> {
        let prefix = format!("{PREFIX}/{}/", self.history_name(report.scope()));
        if let Some(open) = pulls.open_below(&prefix).await? {
            return Ok((open.head.clone(), Some(open)));
        }
        let first = format!("{prefix}{}", date(report.time()));
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

    /// What tells the branches of one history from those of every other: the scope; its kind, if
    /// it isn't an organization; and the directory, if it isn't the default. Dots separate them,
    /// because no scope's name has one. Not every directory is a name that git accepts, and two
    /// may differ only in characters that are left out, so its SHA-256 is part of the name.
    fn history_name(&self, scope: &Scope) -> String {
        let mut name = scope.name().to_ascii_lowercase();
        if scope.kind() != ScopeKind::Organization {
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
            let digest = hex::encode(Sha256::digest(directory));
            name.push_str(&format!(".{shown}{}", &digest[..8]));
        }
        name
    }
}
