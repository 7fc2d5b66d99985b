//! Brings reports into the repository with a pull request.
//!
//! While there's an open pull request, runs commit to its branch and read their histories from it.
//! Otherwise, the reports go to a new branch. The commit creates the branch, so there's no
//! leftover branch if there's nothing to record.
//!
//! Someone can merge or close a pull request at any time. If that happens while reports are being
//! recorded, everything starts over from the base. What was merged is already there, and what
//! wasn't is recorded again.

use super::error::AuditError;
use super::place::{PendingReport, PlacedReport, PlacedReports};
use super::record::Results;
use super::repository::AuditRepository;
use crate::github::commit::{CommitError, MissingBranch};
use crate::github::error::GitHubError;
use crate::github::names::{BranchName, RepositoryName};
use crate::github::pulls::{Opened, PullRequest};
use crate::pages::markdown::code;
use crate::report::day::date;
use crate::report::scope::Scope;
use crate::system::prose::Prose;

/// How often to start over because the pull request was merged or closed in the meantime.
const MAX_ROUNDS: usize = 10;

/// How many reports the text of a pull request lists.
const MAX_ROWS: usize = 100;

/// How to keep or discard the reports of a pull request.
const KEEP: &str = "To keep the reports, merge, squash, or rebase the pull request. To discard them, close it. The next run opens a new one.";

/// A report that was committed to a pull request before someone merged or closed that.
struct Earlier {
    placed: PlacedReport,
    branch: BranchName,
    pull_request: Option<PullRequest>,
}

impl AuditRepository<'_> {
    /// Brings reports to the branch of a pull request.
    pub(super) async fn propose(
        &self,
        mut pending: Vec<PendingReport<'_>>,
    ) -> Result<Results, AuditError> {
        let repository = &self.inputs.repository;
        let pulls = self.pulls();
        let day = pending.first().map(|first| date(first.report.time()));
        let day = day.ok_or_else(|| AuditError::Other("there's no report".to_owned()))?;
        let mut earlier: Vec<Option<Earlier>> = pending.iter().map(|_| None).collect();
        for _ in 0..MAX_ROUNDS {
            let (name, open) = self.pull_request_branch(&pulls, day).await?;
            let beginning = match open {
                Some(_) => MissingBranch::Never,
                None => MissingBranch::From(self.branch.clone()),
            };
            let (branch, mut placed) = ((name, beginning), PlacedReports::new());
            let existed = match self.place(&mut pending, &branch, &mut placed).await {
                // GitHub can delete the branch when it's merged.
                Err(AuditError::Commit(CommitError::Gone { .. })) => {
                    keep(&mut earlier, placed, &branch.0, open.as_ref());
                    continue;
                }
                existed => existed?,
            };
            let branch = branch.0;
            let proposed = match open {
                Some(open) if !has_commit(&placed) => Ok(Opened::Open(open)),
                None if !existed && !has_commit(&placed) => Ok(Opened::Nothing),
                // Even if one was open, because it may be merged or closed by now.
                _ => {
                    let (headline, body) = self.described(&pending, &placed, existed);
                    pulls.open(&branch, &headline, &body).await
                }
            };
            let (branch, proposed) = match proposed {
                Ok(Opened::Open(open)) => (branch, Ok(Some(open))),
                Ok(Opened::Nothing) => (self.branch.clone(), Ok(None)),
                Ok(Opened::Past(past)) => {
                    tracing::info!(
                        "The pull request {} was merged or closed in the meantime. The report goes to a new one.",
                        past.number
                    );
                    keep(&mut earlier, placed, &branch, Some(&past));
                    continue;
                }
                Err(error) => {
                    let error = self.not_opened(&error, &branch);
                    (branch, Err(error))
                }
            };
            let placed = placed.into_iter().zip(&pending).zip(earlier);
            let recorded = placed.map(|((placed, pending), earlier)| {
                let placed = placed?;
                let (placed, branch, proposed) = match earlier {
                    // The merged pull request already has the report.
                    Some(Earlier {
                        placed: earlier,
                        branch,
                        pull_request,
                    }) if placed.commit.is_none() => (earlier, branch, Ok(pull_request)),
                    _ => (placed, branch.clone(), proposed.clone()),
                };
                self.log(&placed, pending);
                Ok(self.recorded(placed, &branch, &proposed))
            });
            return Ok(recorded.collect());
        }
        let whose = self.only_scope.as_ref().map(Scope::name);
        Err(AuditError::Other(format!(
            "The pull requests of {} in {repository} were merged or closed {MAX_ROUNDS} times while the action committed to them.\n  Fix: Run the workflow again.",
            whose.unwrap_or("several organizations")
        )))
    }

    /// Returns the error if the report is on its branch, but the pull request couldn't be opened.
    fn not_opened(&self, error: &GitHubError, branch: &BranchName) -> Prose {
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
            "\n  Done: the report is on the branch {branch} of {repository}, without a pull request into {}. The next run on the same day opens it. After that, open it yourself, or the next run starts again from {}",
            self.branch, self.branch
        ))
    }

    /// Returns the title and the text of a pull request. They're written only once, so they
    /// describe its first reports. They have no names of people. `existed` says whether its branch
    /// already existed, and may have more than what was committed now.
    fn described(
        &self,
        pending: &[PendingReport<'_>],
        placed: &PlacedReports,
        existed: bool,
    ) -> (String, String) {
        let placed = pending.iter().zip(placed);
        let placed = placed.filter_map(|(pending, placed)| Some((pending, placed.as_ref().ok()?)));
        let mut placed: Vec<(&PendingReport<'_>, &PlacedReport)> = placed.collect();
        if !existed {
            // The base already has the others.
            placed.retain(|(_, placed)| placed.commit.is_some());
        }
        let included: Vec<&PendingReport<'_>> =
            placed.iter().map(|(pending, _)| *pending).collect();
        let headline = self.message(&included, Vec::new()).headline;
        let body = match &placed[..] {
            [(pending, placed)] => self.body(pending, placed),
            _ => self.body_of_several(&placed),
        };
        (headline, body)
    }

    /// Returns the text of a pull request with reports of several organizations.
    fn body_of_several(&self, placed: &[(&PendingReport<'_>, &PlacedReport)]) -> String {
        let mut rows = String::new();
        for (pending, placed) in placed.iter().take(MAX_ROWS) {
            let report = pending.report;
            let complete = if report.is_complete() {
                "✔"
            } else {
                "⚠️ no"
            };
            rows.push_str(&format!(
                "| {} | {} | {} | {} | {} | {complete} |\n",
                code(pending.folder.as_str()),
                report.seats().len(),
                report.people(),
                placed.plan.granted,
                placed.plan.revoked,
            ));
        }
        let more = match placed.len().saturating_sub(MAX_ROWS) {
            0 => String::new(),
            more => format!("\n{more} more aren't listed here.\n"),
        };
        format!(
            "Records GitHub's Copilot activity reports of {} organizations. These are the first reports in the pull request:\n\n| Folder | Seats (rows) | People | Seats granted | Seats revoked | Verified as complete |\n|---|---:|---:|---:|---:|---|\n{rows}{more}\nWhile the pull request is open, later runs add their reports to it. The newest numbers are in the `README.md` of each folder on its branch.\n\n{KEEP}\n\n{}\n",
            placed.len(),
            self.provenance.made_by()
        )
    }

    /// Returns the text of a pull request with one report.
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
            "Records GitHub's Copilot activity report of the {} {} in {folder}. This is the first report in the pull request, {complete}:\n\n| | |\n|---|---:|\n{rows}\nWhile the pull request is open, later runs add their reports to it, one commit each. The newest numbers are in {} on its branch.\n\n{KEEP}\n\n{}\n",
            report.scope().kind(),
            code(report.scope().name()),
            code(&format!("{}/README.md", pending.folder)),
            self.provenance.made_by()
        )
    }
}

/// Returns whether any of the reports was committed.
fn has_commit(placed: &PlacedReports) -> bool {
    let mut placed = placed.iter().flatten();
    placed.any(|placed| placed.commit.is_some())
}

/// Keeps what was committed to the `branch` of a pull request that was merged or closed.
fn keep(
    earlier: &mut [Option<Earlier>],
    placed: PlacedReports,
    branch: &BranchName,
    pull_request: Option<&PullRequest>,
) {
    for (earlier, placed) in earlier.iter_mut().zip(placed) {
        if let Ok(placed) = placed
            && placed.commit.is_some()
        {
            *earlier = Some(Earlier {
                placed,
                branch: branch.clone(),
                pull_request: pull_request.cloned(),
            });
        }
    }
}

/// Explains that GitHub refuses a pull request because only collaborators can open one.
fn by_collaborators(error: &GitHubError, repository: &RepositoryName) -> Prose {
    error.prose_without_advice().and(format!(
        "\n  Missing: only collaborators can open pull requests in {repository} (`pull_request_creation_policy` is `collaborators_only`)\n  Fix: Set `commit-token` to a token of a collaborator with the *Write* role."
    ))
}
