//! Brings a report into the repository with a pull request.
//!
//! While a scope has an open pull request, runs commit to its branch and read their history from
//! it. Otherwise, the report goes to a new branch. The commit creates the branch, so there's no
//! leftover branch if there's nothing to record.
//!
//! Someone can merge or close a pull request at any time. If that happens while a report is being
//! recorded, everything starts over from the base. What was merged is already there, and what
//! wasn't is recorded again.

use super::error::AuditError;
use super::place::{PendingReport, PlacedReport};
use super::repository::AuditRepository;
use crate::github::commit::{CommitError, MissingBranch};
use crate::github::error::GitHubError;
use crate::github::names::RepositoryName;
use crate::github::pulls::{Opened, PullRequest};
use crate::pages::markdown::code;
use crate::system::prose::Prose;

/// How often to start over because the pull request was merged or closed in the meantime.
const MAX_ROUNDS: usize = 10;

/// The pull request with a report, or `None` if there's nothing to propose. It's an error if the
/// report is on its branch but no pull request could be opened.
pub(super) type PullRequestResult = Result<Option<PullRequest>, Prose>;

impl AuditRepository<'_> {
    /// Brings a report to the branch of a pull request.
    pub(super) async fn propose(
        &self,
        pending: &PendingReport<'_>,
    ) -> Result<(PlacedReport, PullRequestResult), AuditError> {
        let repository = &self.inputs.repository;
        let pulls = self.pulls();
        let mut before: Option<(PlacedReport, PullRequest)> = None;
        for _ in 0..MAX_ROUNDS {
            let (branch, open) = self.pull_request_branch(&pulls, pending.report).await?;
            let beginning = match open {
                Some(_) => MissingBranch::Never,
                None => MissingBranch::From(self.branch.clone()),
            };
            let placed = match self.place(pending, (branch, beginning)).await {
                // GitHub can delete the branch when it's merged.
                Err(AuditError::Commit(CommitError::Gone { .. })) => continue,
                placed => placed?,
            };
            let proposed = match open {
                Some(open) if placed.commit.is_none() => Ok(Opened::Open(open)),
                None if !placed.exists => Ok(Opened::Nothing),
                // Even if one was open, because it may be merged or closed by now.
                _ => {
                    let body = self.body(pending, &placed);
                    pulls
                        .open(&placed.branch, &pending.message.headline, &body)
                        .await
                }
            };
            return Ok(match (proposed, before.take()) {
                // The merged pull request already has the report.
                (Ok(_), Some((earlier, merged))) if placed.commit.is_none() => {
                    (earlier, Ok(Some(merged)))
                }
                (Ok(Opened::Open(open)), _) => (placed, Ok(Some(open))),
                (Ok(Opened::Nothing), _) => (placed, Ok(None)),
                (Ok(Opened::Past(past)), _) => {
                    tracing::info!(
                        "The pull request {} was merged or closed in the meantime. The report goes to a new one.",
                        past.number
                    );
                    before = Some((placed, past)).filter(|(placed, _)| placed.commit.is_some());
                    continue;
                }
                (Err(error), _) => {
                    let error = self.not_opened(&error, &placed);
                    (placed, Err(error))
                }
            });
        }
        Err(AuditError::Other(format!(
            "The pull requests of {} in {repository} were merged or closed {MAX_ROUNDS} times while the action added the report.\n  Fix: Run the workflow again.",
            pending.report.scope()
        )))
    }

    /// Returns the error if the report is on its branch, but the pull request couldn't be opened.
    fn not_opened(&self, error: &GitHubError, placed: &PlacedReport) -> Prose {
        let repository = &self.inputs.repository;
        let refused = error
            .status()
            .is_some_and(|status| status.is_client_error());
        let message = if refused && self.pulls_by_collaborators {
            by_collaborators(error, repository)
        } else {
            error.prose()
        };
        message.and(format!(
            "\n  Done: the report is on the branch {} of {repository}, without a pull request into {}. The next run on the same day opens it. After that, open it yourself, or the next run starts again from {}",
            placed.branch, self.branch, self.branch
        ))
    }

    /// Returns the text of a pull request. It's written only once, so it describes the first report
    /// of the pull request. It has no names.
    fn body(&self, pending: &PendingReport<'_>, placed: &PlacedReport) -> String {
        let (report, folder) = (pending.report, code(pending.folder.as_str()));
        let complete = if report.is_complete() {
            "verified as complete"
        } else {
            "**not verified as complete**"
        };
        let mut rows = vec![
            ("Report time (UTC)", report.time().to_string()),
            ("Seats (rows)", report.seats().len().to_string()),
            ("People", report.people().to_string()),
        ];
        if placed.commit.is_some() {
            rows.push(("Seats granted", placed.plan.granted.to_string()));
            rows.push(("Seats revoked", placed.plan.revoked.to_string()));
        }
        let rows: String = rows
            .iter()
            .map(|(what, figure)| format!("| {what} | {figure} |\n"))
            .collect();
        format!(
            "Records GitHub's Copilot activity report of the {} {} in {folder}. This is the first report in the pull request, {complete}:\n\n| | |\n|---|---:|\n{rows}\nWhile the pull request is open, later runs add their reports to it, one commit each. The newest numbers are in {} on its branch.\n\nTo keep the reports, merge, squash, or rebase the pull request. To discard them, close it. The next run opens a new one.\n\n{}\n",
            report.scope().kind(),
            code(report.scope().name()),
            code(&format!("{}/README.md", pending.folder)),
            self.provenance.made_by()
        )
    }
}

/// Explains that GitHub refuses a pull request because only collaborators can open one.
fn by_collaborators(error: &GitHubError, repository: &RepositoryName) -> Prose {
    error.prose_without_advice().and(format!(
        "\n  Missing: only collaborators can open pull requests in {repository} (`pull_request_creation_policy` is `collaborators_only`)\n  Fix: Set `commit-token` to a token of a collaborator with the *Write* role."
    ))
}
