//! What the README page of a history shows, and the names of its files.

use jiff::{SignedDuration, Timestamp};

use super::current_seats::CurrentSeats;
use super::totals::Day;
use crate::report::control::Control;
use crate::report::manifest::Run;
use crate::report::repository::RepositoryState;
use crate::report::scope::Scope;

/// The README page in the folder of a scope.
pub(crate) const README: &str = "README.md";

/// The page's chart for GitHub's light theme.
pub(crate) const TREND_LIGHT: &str = "trend-light.svg";

/// The page's chart for GitHub's dark theme.
pub(crate) const TREND_DARK: &str = "trend-dark.svg";

/// The data that the README page and its charts show.
#[derive(Debug)]
pub struct Page<'a> {
    /// The organization or enterprise.
    pub scope: &'a Scope,
    /// The time of the newest report.
    pub time: Timestamp,
    /// Whether the report is verified as complete. `None` if that's unknown.
    pub complete: Option<bool>,
    /// How long without activity makes a person inactive.
    pub inactive_after: SignedDuration,
    /// All recorded days, in order of time.
    pub days: &'a [Day],
    /// The file of the current year's changes.
    pub changes: &'a [u8],
    /// The workflow run that recorded the newest report. `None` if no run did.
    pub run: Option<&'a Run>,
    /// GitHub's second count. `None` if there's none for the report.
    pub control: Option<&'a Control>,
    /// The state of the audit repository before the report was committed. `None` if it wasn't
    /// checked.
    pub repository: Option<&'a RepositoryState>,
    /// What to show about the seats of the newest report.
    pub(crate) current: &'a CurrentSeats,
}

/// Draws [`README`], [`TREND_LIGHT`], and [`TREND_DARK`], and returns each with its name.
pub(crate) type DrawPages = fn(&Page<'_>) -> [(&'static str, String); 3];
