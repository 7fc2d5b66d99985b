//! The pages for people: a scope's page in the audit repository with its images, the index of all
//! scopes, the report as an HTML page, and the job summary. They're all text that's generated from
//! data. This module doesn't read or send anything.

pub(crate) mod figures;
pub(crate) mod html;
pub(crate) mod index;
pub(crate) mod markdown;
pub(crate) mod readme;
pub(crate) mod repository;
pub(crate) mod statement;
pub(crate) mod summary;
pub(crate) mod trend;

use crate::history::{Page, README, TREND_DARK, TREND_LIGHT};

/// Creates the page of a scope's folder and its images.
pub fn draw(page: &Page<'_>) -> [(&'static str, String); 3] {
    let trend = |theme| trend::draw(page.days, theme);
    [
        (README, readme::write(page)),
        (TREND_LIGHT, trend(&trend::Theme::LIGHT)),
        (TREND_DARK, trend(&trend::Theme::DARK)),
    ]
}
