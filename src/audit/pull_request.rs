//! A report goes into a repository by a pull request.
//!
//! Each scope has pull requests of its own, known by the names of their branches. While one is
//! open, runs commit to its branch and read their history from it. Otherwise the report goes to a
//! new branch, begun from the base with the commit, so that none is left over where there is
//! nothing to record. The branch's name follows from scope and day alone: runs at the same time
//! meet on the same branch, and a run whose pull request could not be opened is taken up by the
//! day's next one.
//!
//! A pull request may be merged or closed at any moment. Where that happens while a report is
//! brought to its branch, everything begins again from the base: what was merged is found there,
//! and what was not is recorded anew.

use anyhow::bail;

use sha2::{Digest as _, Sha256};

use super::record::{Offer, Placed};
use super::{Delivery, Target};
use crate::github::commit::{CommitError, MissingBranch};
use crate::github::error::GitHubError;
use crate::github::names::{BranchName, RepositoryName, RepositoryPath};
use crate::github::pulls::{Opened, PullRequest, PullRequests};
use crate::inputs::table::default;
use crate::pages::markdown::code;
use crate::report::Report;
use crate::report::day::date;
use crate::report::scope::{Scope, ScopeKind};

/// What the names of our branches begin with, before the scope.
const BRANCHES: &str = "copilot-activity-report";

/// How often it begins again because a pull request was merged or closed meanwhile.
const ROUNDS: usize = 10;

/// How many pull requests of one scope may begin on one day.
const MOST_A_DAY: usize = 100;

/// How much of a directory a branch's name shows. With the longest name of a scope it is a name
/// that GitHub takes.
const PLAIN: usize = 30;

/// The pull request that holds a report; none where there is nothing to propose. An error where
/// the report is on its branch, and no pull request could be opened for it.
pub(super) type Proposed = anyhow::Result<Option<PullRequest>>;

impl Delivery<'_> {
    /// Brings a report to the branch of a pull request into the target's branch.
    pub(super) async fn propose(
        &self,
        target: &Target<'_>,
        offer: &Offer<'_>,
    ) -> anyhow::Result<(Placed, Proposed)> {
        let repository = &target.inputs.repository;
        let pulls = PullRequests::new(&target.client, self.clock, repository, &target.branch);
        let mut before: Option<(Placed, PullRequest)> = None;
        for _ in 0..ROUNDS {
            let (branch, open) = branch_for(&pulls, target, offer.report).await?;
            let beginning = match open {
                Some(_) => MissingBranch::Never,
                None => MissingBranch::From(target.branch.clone()),
            };
            let placed = match self.place(target, offer, (branch, beginning)).await {
                Err(error) if is_gone(&error) => continue,
                placed => placed?,
            };
            let proposed = match open {
                Some(open) if placed.commit.is_none() => Ok(Opened::Open(open)),
                None if !placed.exists => Ok(Opened::Nothing),
                // Also for one that was open: it may be merged or closed by now.
                _ => {
                    let body = self.body(offer, &placed);
                    pulls
                        .open(&placed.branch, &offer.message.headline, &body)
                        .await
                }
            };
            return Ok(match (proposed, before.take()) {
                // It is in what was merged.
                (Ok(_), Some((earlier, merged))) if placed.commit.is_none() => {
                    (earlier, Ok(Some(merged)))
                }
                (Ok(Opened::Open(open)), _) => (placed, Ok(Some(open))),
                (Ok(Opened::Nothing), _) => (placed, Ok(None)),
                (Ok(Opened::Past(past)), _) => {
                    tracing::info!(
                        "The pull request {} was merged or closed meanwhile; the report is brought to a new one.",
                        past.number
                    );
                    before = Some((placed, past)).filter(|(placed, _)| placed.commit.is_some());
                    continue;
                }
                (Err(error), _) => {
                    let refused = error
                        .status()
                        .is_some_and(|status| status.is_client_error());
                    let told = if refused && target.pulls_by_collaborators {
                        by_collaborators(&error, repository)
                    } else {
                        error.to_string()
                    };
                    let error = anyhow::anyhow!(
                        "{told}\n  done: the report is on the branch {} of {repository}, without a pull request into {}. The day's next run opens it; after that open it by hand, or the next run begins anew from {}",
                        placed.branch,
                        target.branch,
                        target.branch
                    );
                    (placed, Err(error))
                }
            });
        }
        bail!(
            "The pull requests of {} in {repository} were merged or closed {ROUNDS} times while the report was brought to them.\n  what to do: run the workflow again",
            offer.report.scope()
        )
    }

    /// What a pull request says of itself. It is written once, so it names the report that it
    /// begins with; and nobody.
    fn body(&self, offer: &Offer<'_>, placed: &Placed) -> String {
        let (report, folder) = (offer.report, code(offer.folder.as_str()));
        let complete = if report.is_complete() {
            "proved complete"
        } else {
            "**not proved complete**"
        };
        let mut rows = vec![
            ("Report time (UTC)", report.time().to_string()),
            ("Seats (rows)", report.seats().len().to_string()),
            ("People", report.people().to_string()),
        ];
        if placed.commit.is_some() {
            rows.push(("Seats granted", placed.recording.granted.to_string()));
            rows.push(("Seats revoked", placed.recording.revoked.to_string()));
        }
        let rows: String = rows
            .iter()
            .map(|(what, figure)| format!("| {what} | {figure} |\n"))
            .collect();
        format!(
            "Records GitHub's Copilot activity report of the {} {} in {folder}. This is the report that the pull request began with, {complete}:\n\n| | |\n|---|---:|\n{rows}\nWhile the pull request is open, later runs add their reports to it, a commit each. The newest figures are in {} on its branch.\n\nMerge it, in whichever way, to take the reports over; close it to drop them. Nothing else has to be done: the next run opens another one.\n\n{}\n",
            report.scope().kind(),
            code(report.scope().name()),
            code(&format!("{}/README.md", offer.folder)),
            self.made_by()
        )
    }
}

/// The branch to bring a report to, and its pull request where that is open: the oldest, should
/// there be several. Otherwise the day's first name that no pull request ever had; a branch may
/// exist by that name, where a run is about to open its pull request or could not.
pub(super) async fn branch_for(
    pulls: &PullRequests<'_>,
    target: &Target<'_>,
    report: &Report,
) -> anyhow::Result<(BranchName, Option<PullRequest>)> {
    let history = history(report.scope(), &target.inputs.directory);
    let prefix = format!("{BRANCHES}/{history}/");
    if let Some(open) = pulls.open_below(&prefix).await? {
        return Ok((open.head.clone(), Some(open)));
    }
    let first = format!("{prefix}{}", date(report.time()));
    for number in 1..=MOST_A_DAY {
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
    bail!("{MOST_A_DAY} pull requests began with {first} already, and no further is begun this day")
}

/// What tells the branches of one history from those of every other: the scope; its kind, where it
/// is no organization; and the directory, where it is not the usual one. Dots part them, which no
/// scope's name has. Many a directory is no name for git, or only in letters that others share: it
/// is told by what is plain in it, and by its SHA-256.
fn history(scope: &Scope, directory: &RepositoryPath) -> String {
    let mut history = scope.name().to_ascii_lowercase();
    if scope.kind() != ScopeKind::Organization {
        history.push_str(&format!(".{}", scope.kind()));
    }
    let directory = directory.as_str();
    if Some(directory) != default("directory") {
        let plain: Vec<&str> = directory
            .split(|c: char| !c.is_ascii_alphanumeric())
            .filter(|part| !part.is_empty())
            .collect();
        let mut shown: String = plain.join("-").chars().take(PLAIN).collect();
        if !shown.is_empty() {
            shown.push('-');
        }
        let digest = hex::encode(Sha256::digest(directory));
        history.push_str(&format!(".{shown}{}", &digest[..8]));
    }
    history
}

/// A refusal to open a pull request where only collaborators can.
fn by_collaborators(error: &GitHubError, repository: &RepositoryName) -> String {
    format!(
        "{}\n  missing: only collaborators can open pull requests in {repository} (`pull_request_creation_policy` is `collaborators_only`)\n  what to do: give a token of a collaborator with the role *Write* in `commit-token`",
        error.without_advice()
    )
}

/// Whether the branch was deleted meanwhile, as GitHub can do on merging.
fn is_gone(error: &anyhow::Error) -> bool {
    matches!(error.downcast_ref(), Some(CommitError::Gone { .. }))
}
