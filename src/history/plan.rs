//! The input of an update of a history, and the resulting plan: the files to write, as plain data.

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};

use super::page::DrawPages;
use super::seat_changes::SeatChange;
use super::totals::Day;
use crate::report::control::SettingChange;
use crate::report::manifest::Manifest;
use crate::report::scope::Scope;
use crate::report::seat::Seat;

/// A report to record.
#[derive(Debug)]
pub struct HistoryUpdate<'a> {
    /// The organization or enterprise.
    pub scope: &'a Scope,
    /// The time of the report, in whole seconds.
    pub time: Timestamp,
    /// The rows, in the report's order, without impossible times (see
    /// [`crate::report::Report::credible_seats`]).
    pub seats: &'a [Seat],
    /// Whether the report certainly shows every seat.
    pub shows_every_seat: bool,
    /// Whether the report is verified as complete. `None` if that's unknown, as for a downloaded
    /// file.
    pub complete: Option<bool>,
    /// The report's file in GitHub's format.
    pub csv: Bytes,
    /// The report's manifest, without the list of files.
    pub manifest: Manifest<'a>,
    /// How long without activity makes a person inactive.
    pub inactive_after: SignedDuration,
    /// The number of seats missing compared with GitHub's total. `None` if anything but an
    /// inaccurate total could be the cause.
    pub shortfall: Option<u64>,
    /// Which of the seats that the report no longer shows are revoked.
    pub revoked: Revoked<'a>,
    /// Draws the README page.
    pub draw: DrawPages,
}

/// Which of the seats that a report no longer shows are revoked.
///
/// A paginated list can lose a row without a sign (see [`crate::report::completeness`]). A seat
/// that isn't revoked stays in the history until a later report decides.
#[derive(Debug, Clone, Copy)]
pub enum Revoked<'a> {
    /// All of them, because the list was a single page.
    All,
    /// Only these. Empty if the report might lack rows.
    Only(&'a [Seat]),
}

/// What to do with a report, and what changed.
#[derive(Debug)]
pub struct UpdatePlan {
    /// Whether to record the report.
    pub action: Action,
    /// Whether the state of the seats differs from the last recorded report.
    pub changed: bool,
    /// Warnings about files in the folder.
    pub warnings: Vec<String>,
    /// The number of seats granted since the last recorded report.
    pub granted: usize,
    /// The number of seats revoked since the last recorded report.
    pub revoked: usize,
    /// Each change of a seat. Rows without a person are left out.
    pub changes: Vec<SeatChange>,
    /// Each setting of the organization that differs from the newest known value.
    pub setting_changes: Vec<SettingChange>,
    /// The day's line of totals. `None` unless the action is [`Action::Record`].
    pub day: Option<Day>,
    /// The files to write, with their paths in the folder. Empty unless the action is
    /// [`Action::Record`].
    pub files: Vec<(String, Bytes)>,
}

/// Whether to record a report, and if not, why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Record the report.
    Record,
    /// The day already has a report with the same seats, and no setting differs.
    Unchanged,
    /// The folder holds a newer report, from this time.
    Older(Timestamp),
    /// The folder holds a different report from the same second.
    SameTime,
    /// The day already has a report that's verified as complete, and this one isn't.
    LessComplete,
}
