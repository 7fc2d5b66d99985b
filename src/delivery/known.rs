//! What reports that were recorded before know of people, read before the new one is written: its
//! files and outputs tell how people stand.

use super::Delivery;
use super::pull_request::branch_for;
use crate::github::commit::Beginning;
use crate::github::pulls::PullRequests;
use crate::report::Report;
use crate::report::history::people::{self, PEOPLE, People};
use crate::report::history::totals::{TOTALS, Totals};
use crate::report::standing::Known;

impl Delivery<'_> {
    /// What the reports recorded before know; nothing where none is recorded anywhere. A file that
    /// cannot be read counts for nothing here, and is told of when the report is recorded.
    ///
    /// # Errors
    /// Where the repository could not be read.
    pub async fn known(&self, report: &Report) -> anyhow::Result<Known> {
        let Some(target) = &self.repository else {
            return Ok(Known::default());
        };
        let branch = if target.inputs.pull_request {
            let repository = &target.inputs.repository;
            let pulls = PullRequests::new(&target.client, self.clock, repository, &target.branch);
            let (branch, _) = branch_for(&pulls, target, report).await?;
            (branch, Beginning::From(target.branch.clone()))
        } else {
            (target.branch.clone(), Beginning::Default)
        };
        let folder = target.folder(report.scope())?;
        let paths = [folder.join(PEOPLE)?, folder.join(TOTALS)?];
        let files = self.committer(target, branch)?.look(&paths).await?;
        let [seen, days] = &files[..] else {
            return Ok(Known::default());
        };
        let seen = seen.as_deref().map(people::read);
        Ok(Known {
            people: People::new(seen.and_then(Result::ok).unwrap_or_default()),
            totals: Totals::read(days.as_deref().unwrap_or_default()).0,
        })
    }
}
