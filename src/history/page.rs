//! What the pages for people show, and the names of their files.

use jiff::{SignedDuration, Timestamp};

use super::totals::Day;
use crate::report::scope::Scope;

/// The page for people in the folder of a scope.
pub(crate) const README: &str = "README.md";

/// The picture in it for light pages.
pub(crate) const TREND_LIGHT: &str = "trend-light.svg";

/// The picture in it for dark pages.
pub(crate) const TREND_DARK: &str = "trend-dark.svg";

/// What the pages for people show.
#[derive(Debug)]
pub struct Page<'a> {
    /// The organization or enterprise.
    pub scope: &'a Scope,
    /// The time of the newest report.
    pub time: Timestamp,
    /// Whether it's verified as complete. Missing if that's unknown.
    pub complete: Option<bool>,
    /// How long without activity makes a person inactive.
    pub inactive_after: SignedDuration,
    /// All recorded days, in order of time.
    pub days: &'a [Day],
    /// The file of this year's changes.
    pub changes: &'a [u8],
}

/// Draws [`README`], [`TREND_LIGHT`], and [`TREND_DARK`], each with its name.
pub(crate) type DrawPages = fn(&Page<'_>) -> [(&'static str, String); 3];
