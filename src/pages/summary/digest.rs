//! What the summary needs of a report, so that the report itself can be dropped.

use jiff::Timestamp;

use super::facts::Facts;
use super::{changes, idle, status, trend};
use crate::report::activity::Counts;
use crate::report::control::Control;
use crate::system::text::thousands;

/// What the summary says about a report.
#[derive(Debug, Clone)]
pub(crate) struct Digest {
    /// How many rows the report has.
    pub seats: usize,
    /// How many people have each status.
    pub counts: Counts,
    /// The time of the report.
    pub time: Timestamp,
    /// Why the report may be incomplete. Empty if it's complete.
    pub reasons: Vec<String>,
    /// How the list of seats was read.
    pub(super) reading: String,
    /// The tables and the chart, in Markdown.
    pub(super) body: String,
}

impl Digest {
    /// Digests a report. `names` says whether the summary can have people's names.
    pub(crate) fn of(facts: &Facts<'_>, names: bool) -> Self {
        let mut body = String::new();
        status::write(&mut body, facts);
        changes::write(&mut body, facts, names);
        trend::write(&mut body, facts);
        if names {
            idle::write(&mut body, facts);
        }
        let reasons = facts.report.incomplete_reasons().iter();
        Self {
            seats: facts.report.seats().len(),
            counts: facts.counts,
            time: facts.report.time(),
            reasons: reasons.map(ToString::to_string).collect(),
            reading: reading(facts),
            body,
        }
    }

    /// Returns whether the report is verified as complete.
    pub(crate) fn is_complete(&self) -> bool {
        self.reasons.is_empty()
    }
}

/// Describes how the list of seats was read.
fn reading(facts: &Facts<'_>) -> String {
    let reading = facts.report.reading();
    let total = match reading.total_seats() {
        Some(total) => format!("GitHub's total is {}", thousands(count_of(total))),
        None => "GitHub's total is unknown".to_owned(),
    };
    let pages = match reading.pages {
        1 => "1 page".to_owned(),
        pages => format!("{} pages", thousands(pages)),
    };
    let rows = match facts.report.seats().len() {
        1 => "1 row".to_owned(),
        rows => format!("{} rows", thousands(rows)),
    };
    let time = facts.report.time().to_string();
    let billed = facts.report.control().and_then(Control::described);
    let billed = billed.map(|count| format!(" GitHub's billing count: {count}."));
    let billed = billed.unwrap_or_default();
    format!("read {rows} from {pages}, starting at {time}. {total}.{billed}")
}

fn count_of(total: u64) -> usize {
    usize::try_from(total).unwrap_or(usize::MAX)
}
