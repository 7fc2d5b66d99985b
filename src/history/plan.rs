//! The input of an update of a history, and its plan: what to write, as plain data.

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};

use super::changes::Kind;
use super::page::DrawPages;
use crate::report::manifest::Manifest;
use crate::report::scope::Scope;
use crate::report::seat::Seat;

/// A report that is to be recorded.
#[derive(Debug)]
pub struct HistoryUpdate<'a> {
    /// Whom it is about.
    pub scope: &'a Scope,
    /// Its time, in whole seconds.
    pub time: Timestamp,
    /// Its rows, in the report's order, without times that can't be (see
    /// [`crate::report::Report::credible_seats`]).
    pub seats: &'a [Seat],
    /// Whether it certainly shows every seat there was.
    pub shows_every_seat: bool,
    /// Whether it is proved complete; nothing where nobody can know, as of a downloaded file.
    pub complete: Option<bool>,
    /// Its file in GitHub's own form.
    pub csv: Bytes,
    /// Where it comes from.
    pub manifest: Manifest<'a>,
    /// From when somebody counts as inactive.
    pub inactive_after: SignedDuration,
    /// By how many seats it falls short of GitHub's total. Missing if that may have another reason
    /// than a total that is off.
    pub shortfall: Option<u64>,
    /// Which seats that it does not show any more are revoked.
    pub revoked: Revoked<'a>,
    /// Draws the pages for people.
    pub draw: DrawPages,
}

/// Which seats that a report does not show any more are revoked.
///
/// A list that is read page by page can lose a row without a sign; see [`crate::report::completeness`].
/// What is not called revoked stays in the history until a later report settles it.
#[derive(Debug, Clone, Copy)]
pub enum Revoked<'a> {
    /// All of them: the list came in one piece.
    All,
    /// These alone. None, if the report may lack rows.
    Only(&'a [Seat]),
}

/// What is to be done with a report, and what it changes.
#[derive(Debug)]
pub struct UpdatePlan {
    /// Whether it is to be recorded, and why not.
    pub action: Action,
    /// Whether the seats' state differs from that of the last recorded report.
    pub changed: bool,
    /// What was found in the folder that should not be so; the person is told.
    pub warnings: Vec<String>,
    /// How many seats came since the last recorded report.
    pub granted: usize,
    /// How many went.
    pub revoked: usize,
    /// Who was concerned by each change of a seat, by their login; rows without a person are left
    /// out.
    pub changes: Vec<(Kind, String)>,
    /// The files to write, with their paths in the folder. None where nothing is to be recorded.
    pub files: Vec<(String, Bytes)>,
}

/// Whether a report is to be recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Write it.
    Record,
    /// The day has a report that says the same.
    Unchanged,
    /// The folder holds a newer report, of that time.
    Older(Timestamp),
    /// The folder holds another report of the same second.
    SameTime,
    /// The day has a report that is proved complete, and this one is not.
    LessComplete,
}
