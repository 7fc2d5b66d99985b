//! The input of an update of a history, and the plan that results: what to write, as plain data.

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};

use super::changes::Kind;
use super::page::DrawPages;
use crate::report::manifest::Manifest;
use crate::report::scope::Scope;
use crate::report::seat::Seat;

/// A report to record.
#[derive(Debug)]
pub struct HistoryUpdate<'a> {
    /// The organization or enterprise.
    pub scope: &'a Scope,
    /// Its time, in whole seconds.
    pub time: Timestamp,
    /// Its rows, in the report's order, without times that can't be (see
    /// [`crate::report::Report::credible_seats`]).
    pub seats: &'a [Seat],
    /// Whether it certainly shows every seat there was.
    pub shows_every_seat: bool,
    /// Whether it's verified as complete. Missing if that's unknown, as for a downloaded file.
    pub complete: Option<bool>,
    /// Its file in GitHub's format.
    pub csv: Bytes,
    /// Its manifest, still without the files.
    pub manifest: Manifest<'a>,
    /// How long without activity makes a person inactive.
    pub inactive_after: SignedDuration,
    /// By how many seats it falls short of GitHub's total. Missing if that may have another reason
    /// than a total that is off.
    pub shortfall: Option<u64>,
    /// Which of the seats that it no longer shows are revoked.
    pub revoked: Revoked<'a>,
    /// Draws the pages for people.
    pub draw: DrawPages,
}

/// Which of the seats that a report no longer shows are revoked.
///
/// A paginated list can lose a row without a sign: see [`crate::report::completeness`]. A seat that
/// isn't revoked stays in the history until a later report decides.
#[derive(Debug, Clone, Copy)]
pub enum Revoked<'a> {
    /// All of them, because the list came in one piece.
    All,
    /// Only these. None if the report might lack rows.
    Only(&'a [Seat]),
}

/// What to do with a report, and what it changes.
#[derive(Debug)]
pub struct UpdatePlan {
    /// Whether to record it.
    pub action: Action,
    /// Whether the seats' state differs from that of the last recorded report.
    pub changed: bool,
    /// Warnings about files in the folder.
    pub warnings: Vec<String>,
    /// The number of seats granted since the last recorded report.
    pub granted: usize,
    /// The number of seats revoked since then.
    pub revoked: usize,
    /// Each change of a seat, with the login of its holder. Leaves out rows without a person.
    pub changes: Vec<(Kind, String)>,
    /// The files to write, with their paths in the folder. Empty unless the action is to record.
    pub files: Vec<(String, Bytes)>,
}

/// Whether to record a report, and if not, why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Record it.
    Record,
    /// The day has a report that says the same.
    Unchanged,
    /// The folder holds a newer report, of that time.
    Older(Timestamp),
    /// The folder holds another report of the same second.
    SameTime,
    /// The day has a report that is verified as complete, and this one is not.
    LessComplete,
}
