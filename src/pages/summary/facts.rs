//! A report as the job summary sees it.

use crate::history::{HistoryContext, SeatChange};
use crate::report::Report;
use crate::report::activity::Counts;
use crate::report::status::StatusPolicy;

/// A report and the activity of its people.
#[derive(Debug)]
pub(crate) struct Facts<'a> {
    /// The report.
    pub report: &'a Report,
    /// What earlier reports say about them.
    pub known: &'a HistoryContext,
    /// Decides their status.
    pub policy: StatusPolicy,
    /// How many people have each status.
    pub counts: Counts,
    /// The seats that changed since the last recorded report. `None` if this report isn't recorded.
    pub changes: Option<&'a [SeatChange]>,
}
