//! Detects incomplete reads.
//!
//! The list of seats is paginated and isn't a snapshot, so a concurrent change can duplicate or
//! skip a row. Most changes leave a sign, such as a different total or a seat that's read twice.
//! One doesn't: if a seat is revoked and another granted between the same two pages, the total
//! stays the same, and the row at the edge is on neither page. The same happens if `total_seats`
//! doesn't count every row, because the list doesn't fall short of it even without one row.
//! [`super::Report::cannot_have_skipped_rows`] rules both out for some reports. For the others,
//! recorded reports show what's missing; see [`crate::history::PriorState::absent`].

use jiff::Timestamp;

use super::source::{Reader, Requests};

/// How a report was read.
#[derive(Debug, Clone, Default)]
pub struct Reading {
    /// When the first page was requested.
    pub started_at: Timestamp,
    /// When the last page arrived.
    pub ended_at: Timestamp,
    /// How many pages were read. GitHub linked no others.
    pub pages: usize,
    /// The total on each page, in the order of the pages. `None` if the page doesn't have one.
    pub totals: Vec<Option<u64>>,
    /// Whether GitHub said that a page leaves something out.
    pub partial: bool,
    /// Who read it. `None` in tests.
    pub reader: Option<Reader>,
    /// The requests for the first and the last page. `None` in tests.
    pub requests: Option<Requests>,
}

/// A reason why a report can't be called complete.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IncompleteReason {
    /// A page doesn't say how many seats there are, so the list can't be checked.
    #[error("Page {page} doesn't say how many seats there are (`total_seats`)")]
    TotalMissing {
        /// The page, counted from 1.
        page: usize,
    },
    /// `total_seats` isn't the same on every page, so the list changed while it was read.
    #[error(
        "`total_seats` was {first} on page 1 and {later} on page {page}: a seat was granted or revoked while the list was being read"
    )]
    TotalMoved {
        /// The total on the first page.
        first: u64,
        /// The total on another page.
        later: u64,
        /// That page, counted from 1.
        page: usize,
    },
    /// A seat was read twice. The list changed while it was read, and another seat may be missing.
    // No names: this goes to logs, which more people can read than the report.
    #[error(
        "{} twice, because the list changed while it was being read. {} may be missing",
        if *seats == 1 { "A seat appears".to_owned() } else { format!("{seats} seats appear") },
        if *seats == 1 { "Another seat" } else { "Others" }
    )]
    SeatTwice {
        /// How many seats.
        seats: usize,
    },
    /// One reading of the list has seats of the last recorded report that the next reading lacks,
    /// and this happened every time.
    #[error(
        "The list changed each time it was read. The last time, it lacked {seats} previously recorded seats that it had the time before"
    )]
    Unsteady {
        /// How many of these seats the last reading lacks and the one before it has.
        seats: usize,
    },
    /// GitHub said that it leaves out organizations because the token isn't authorized for single
    /// sign-on (`X-GitHub-SSO: partial-results`).
    #[error(
        "GitHub leaves out organizations for which the token is not authorized for single sign-on (`X-GitHub-SSO: partial-results`)"
    )]
    Partial,
    /// The people and the rows without a person are fewer than the seats that GitHub counts.
    #[error(
        "GitHub counts {total_seats} seats (`total_seats`), but its pages list {}",
        listed(*people, *without_person)
    )]
    Short {
        /// How many people were read.
        people: usize,
        /// How many rows have no person.
        without_person: usize,
        /// The total that GitHub reports.
        total_seats: u64,
    },
    /// GitHub bills more seats than its pages list, and a second reading of both showed the same.
    #[error(
        "GitHub bills {billed} seats, not counting pending invitations and unlisted cancellations (`seat_breakdown` of {path}), but its pages list {}",
        listed(*people, *without_person)
    )]
    Unlisted {
        /// How many people were read.
        people: usize,
        /// How many rows have no person.
        without_person: usize,
        /// The billed seats that the list must have. See [`super::control`].
        billed: u64,
        /// The path that they were read from.
        path: String,
    },
}

/// Describes the people and rows that were read.
fn listed(people: usize, without_person: usize) -> String {
    let people = match people {
        1 => "1 person".to_owned(),
        people => format!("{people} people"),
    };
    match without_person {
        0 => people,
        1 => format!("{people} and 1 row without a person"),
        rows => format!("{people} and {rows} rows without a person"),
    }
}

impl IncompleteReason {
    /// Returns whether the reason can disappear if the list is read again.
    pub fn is_transient(&self) -> bool {
        !matches!(self, Self::TotalMissing { .. } | Self::Partial)
    }
}

impl Reading {
    /// Returns the total on the first page.
    pub fn total_seats(&self) -> Option<u64> {
        self.totals.first().copied().flatten()
    }

    /// Finds the reasons why a list with this many `people` and rows `without_person` may be
    /// incomplete, if `twice` seats were read a second time.
    ///
    /// More people than `total_seats` isn't a reason. GitHub bills a person with seats in two
    /// organizations in only one of them.
    pub fn incomplete_reasons(
        &self,
        people: usize,
        without_person: usize,
        twice: usize,
    ) -> Vec<IncompleteReason> {
        let mut incomplete_reasons = Vec::new();
        if self.partial {
            incomplete_reasons.push(IncompleteReason::Partial);
        }
        if let Some(page) = self.totals.iter().position(Option::is_none) {
            incomplete_reasons.push(IncompleteReason::TotalMissing { page: page + 1 });
        }
        if let Some(first) = self.total_seats()
            && let Some((page, later)) = (1..)
                .zip(self.totals.iter().copied())
                .find_map(|(page, total)| Some((page, total.filter(|total| *total != first)?)))
        {
            incomplete_reasons.push(IncompleteReason::TotalMoved { first, later, page });
        }
        if twice > 0 {
            incomplete_reasons.push(IncompleteReason::SeatTwice { seats: twice });
        }
        if let Some(total_seats) = self.totals.iter().copied().flatten().max()
            && ((people + without_person) as u64) < total_seats
        {
            incomplete_reasons.push(IncompleteReason::Short {
                people,
                without_person,
                total_seats,
            });
        }
        incomplete_reasons
    }
}
