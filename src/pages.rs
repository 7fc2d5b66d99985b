//! The pages that people look at: a scope's page in the audit repository with its pictures, and the
//! job summary. All of it is text made from data; nothing here reads or sends anything.

pub(crate) mod markdown;
pub(crate) mod readme;
pub(crate) mod summary;
pub(crate) mod trend;

use crate::history::{Page, README};

/// Draws the page of a scope's folder and its pictures.
pub fn draw(page: &Page<'_>) -> [(&'static str, String); 3] {
    let trend = |theme: trend::Theme| (theme.file, trend::draw(page.days, theme));
    [
        (README, readme::write(page)),
        trend(trend::LIGHT),
        trend(trend::DARK),
    ]
}
