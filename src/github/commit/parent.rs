//! Creates what a commit is made on: a repository's first commit, and branches.

use super::branch::State;
use super::error::{gives_no_reason, is_by_a_rule};
use super::rules::{Rules, Write};
use super::shapes::Head;
use super::{CommitError, Committer, RetryBudget};
use crate::github::error::GitHubError;
use crate::github::names::BranchName;

/// What a commit is made on.
#[derive(Debug, Clone)]
pub(crate) struct Parent {
    pub(super) head: Head,
    /// Whether the branch exists, rather than being created with the commit.
    pub(super) exists: bool,
}

impl Committer<'_> {
    /// Returns the error if GitHub refuses permanently, because of a rule of the branch or for
    /// another reason.
    pub(super) fn refused(
        &self,
        branch: &BranchName,
        write: Write,
        error: GitHubError,
        rules: &Rules,
    ) -> CommitError {
        if is_by_a_rule(&error, write, rules) || gives_no_reason(&error) {
            self.protected(branch, write, Some(error), rules).into()
        } else {
            error.into()
        }
    }

    /// Returns what to commit on. A repository without commits gets its first one.
    pub(super) async fn parent(&self, budget: &mut RetryBudget) -> Result<Parent, CommitError> {
        loop {
            // The read was already retried.
            let (repository, branch) = (self.repository.clone(), self.branch.clone());
            match self.state().await? {
                State::At(head) => return Ok(Parent { head, exists: true }),
                State::NoBranch(head) => {
                    return Ok(Parent {
                        head,
                        exists: false,
                    });
                }
                State::Empty => {
                    let (branch, write) = (self.first_branch(), Write::FirstCommit);
                    let rules = self.permit(branch, &[write]).await?;
                    let step = self.create_first_commit().await;
                    self.check_created(step, (branch, write), &rules, budget)
                        .await?;
                }
                State::NoBase(base, head) => {
                    let rules = self.permit(base, &[Write::NewBranch]).await?;
                    self.ensure_branch(base, &head, &rules, budget).await?;
                }
                State::NoDefault => {
                    return Err(CommitError::NoDefaultBranch { repository, branch });
                }
                State::Gone => return Err(CommitError::Gone { repository, branch }),
            }
        }
    }

    /// Creates `branch` at `head`. Returns false if the branch might not exist yet and the caller
    /// must check again.
    pub(super) async fn ensure_branch(
        &self,
        branch: &BranchName,
        head: &Head,
        rules: &Rules,
        budget: &mut RetryBudget,
    ) -> Result<bool, CommitError> {
        let step = self.create_branch(branch, &head.commit).await;
        self.check_created(step, (branch, Write::NewBranch), rules, budget)
            .await
    }

    async fn check_created(
        &self,
        step: Result<(), GitHubError>,
        (branch, write): (&BranchName, Write),
        rules: &Rules,
        budget: &mut RetryBudget,
    ) -> Result<bool, CommitError> {
        let Err(error) = step else {
            return Ok(true);
        };
        // Another run was faster, or another of GitHub's servers doesn't know the commit yet.
        let max = match write {
            Write::NewBranch if !error.words().contains("already exists") => 3,
            _ => 10,
        };
        let by_another = error
            .status()
            .is_some_and(|status| matches!(status.as_u16(), 409 | 422))
            && !is_by_a_rule(&error, write, rules)
            && budget.tries < max;
        if !by_another && !error.is_transient() {
            return Err(self.refused(branch, write, error, rules));
        }
        if !budget.wait(self.clock, &error).await {
            return Err(self.gave_up(budget, error));
        }
        Ok(false)
    }
}
