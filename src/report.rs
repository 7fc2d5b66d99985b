//! The activity report itself: its rows, their order, its file form, its manifest, and what makes
//! it complete.
//!
//! This room does no input or output and knows nothing of GitHub's or the runner's protocols.
//! What it states about GitHub's own file comes from GitHub's documentation ("Downloading a GitHub
//! Copilot activity report") and from files that people downloaded.
//!
//! From the inside out: a [`seat`] is a row, a [`person`] holds seats, a [`scope`] is what a report is
//! about, [`completeness`] what is known of how it was read. [`Report`] puts them together;
//! [`mod@csv`] and [`manifest`] make files of it. [`status`] says who counts as active; [`crate::history`]
//! is what a repository keeps of all reports, and [`day`] says where a day's files lie in it.

pub(crate) mod activity;
pub mod columns;
pub(crate) mod completeness;
pub(crate) mod csv;
pub(crate) mod day;
pub(crate) mod json;
pub(crate) mod manifest;
pub(crate) mod person;
pub(crate) mod provenance;
pub(crate) mod pseudonym_key;
pub(crate) mod scope;
pub(crate) mod seat;
pub(crate) mod status;
#[cfg(test)]
mod tests;

use jiff::{SignedDuration, Timestamp};

use crate::system::clock::MAX_CLOCK_SKEW;
use completeness::{IncompleteReason, Reading};
use person::{Person, people_in};
use scope::Scope;
use seat::Seat;

/// The Copilot activity report of one scope.
#[derive(Debug, Clone)]
pub struct Report {
    scope: Scope,
    reading: Reading,
    seats: Vec<Seat>,
    people: usize,
    incomplete_reasons: Vec<IncompleteReason>,
    credible: Option<Vec<Seat>>,
    is_confirmed: bool,
}

impl Report {
    /// Makes the report of `scope` from the rows that were read: orders them, keeps one of any
    /// seat that stands twice, and finds what speaks against the list being complete.
    pub fn new(scope: Scope, reading: Reading, rows: Vec<Seat>) -> Self {
        let (seats, twice) = seat::ordered(rows);
        let people = people_in(&seats).count();
        let without_person = seats.iter().filter(|seat| seat.assignee.is_none()).count();
        let incomplete_reasons = reading.incomplete_reasons(people, without_person, twice.len());
        Self {
            credible: seat::without_times_after(&seats, credible_until(reading.ended_at)),
            scope,
            reading,
            seats,
            people,
            incomplete_reasons,
            is_confirmed: false,
        }
    }

    /// The organization or enterprise the report is about.
    pub fn scope(&self) -> &Scope {
        &self.scope
    }

    /// The moment the report speaks of, in whole seconds: when its reading began. Every row carries
    /// it.
    pub fn time(&self) -> Timestamp {
        seat::whole_seconds(self.reading.started_at)
    }

    /// How it was read: when, in how many pages, and what GitHub said the total is.
    pub fn reading(&self) -> &Reading {
        &self.reading
    }

    /// The rows, in the report's order.
    pub fn seats(&self) -> &[Seat] {
        &self.seats
    }

    /// The rows without times that cannot be: a grant, an activity, or a sign-in after the report
    /// was read. These are what counts; [`Report::seats`] is what GitHub said.
    pub fn credible_seats(&self) -> &[Seat] {
        self.credible.as_deref().unwrap_or(&self.seats)
    }

    /// How many rows have a time that cannot be.
    pub fn times_from_the_future(&self) -> usize {
        let pairs = self.seats.iter().zip(self.credible_seats());
        pairs.filter(|(said, credible)| said != credible).count()
    }

    /// How many people hold a seat; somebody with several seats counts once.
    pub fn people(&self) -> usize {
        self.people
    }

    /// Each person with the newest activity and the oldest grant among their seats, by login.
    pub fn each_person(&self) -> impl Iterator<Item = Person<'_>> {
        people_in(self.credible_seats())
    }

    /// What speaks against the report being complete. Empty for a complete report.
    pub fn incomplete_reasons(&self) -> &[IncompleteReason] {
        &self.incomplete_reasons
    }

    /// The same report, with one more thing that speaks against its being complete.
    pub fn with_reason(mut self, reason: IncompleteReason) -> Self {
        self.incomplete_reasons.push(reason);
        self
    }

    /// Whether the report is proved to hold every row.
    pub fn is_complete(&self) -> bool {
        self.incomplete_reasons.is_empty()
    }

    /// Whether no row can have slipped between two pages without a sign.
    ///
    /// A row slips where one before it went, and the total stays only where another was granted in
    /// that time, whose grant is new, or where the total does not count every row.
    pub fn cannot_have_skipped_rows(&self) -> bool {
        const NEW: SignedDuration = SignedDuration::from_hours(1);
        let counts_every_row = self.reading.total_seats() == Some(self.seats.len() as u64)
            && self.people == self.seats.len();
        let newest = self.seats.iter().filter_map(|seat| seat.created_at).max();
        let is_new = |at| self.reading.started_at.duration_since(at) < NEW;
        self.reading.pages == 1
            || (self.is_complete() && counts_every_row && !newest.is_some_and(is_new))
    }

    /// By how many seats the pages fall short of `total_seats`. Missing if GitHub doesn't say how
    /// many there are.
    pub fn shortfall(&self) -> Option<u64> {
        let without_person = self.seats.iter().filter(|seat| seat.assignee.is_none());
        let listed = (self.people + without_person.count()) as u64;
        let total = self.reading.totals.iter().copied().flatten().max()?;
        Some(total.saturating_sub(listed))
    }

    /// Whether two readings list the same seats and leave the same doubts. What the holders did in
    /// the meantime doesn't matter.
    pub fn agrees_with(&self, other: &Self) -> bool {
        self.incomplete_reasons == other.incomplete_reasons
            && seat::are_the_same(&self.seats, &other.seats)
    }

    /// The same report, after another reading in a row agreed with it.
    pub fn confirmed(mut self) -> Self {
        self.is_confirmed = true;
        self
    }

    /// Whether the only doubt is a `total_seats` that the pages miss, and two readings in a row
    /// missed it by the same number with the same seats.
    ///
    /// GitHub's total isn't always the number of seats that it lists. If it's off for good, this
    /// list is all there is to see, and what it lacks compared with earlier reports can be called
    /// revoked; see [`crate::history::PriorState::gone_despite_shortfall`].
    pub fn has_steady_shortfall(&self) -> bool {
        self.is_confirmed && matches!(*self.incomplete_reasons, [IncompleteReason::Short { .. }])
    }

    /// The shortfall, if it has no other reason than a total that is off or seats that the pages
    /// lost: that of a complete report, or of one with a steady shortfall.
    pub fn reliable_shortfall(&self) -> Option<u64> {
        self.shortfall()
            .filter(|_| self.is_complete() || self.has_steady_shortfall())
    }

    /// Whether this report certainly shows every seat there was.
    pub fn shows_every_seat(&self) -> bool {
        self.is_complete() && self.cannot_have_skipped_rows()
    }

    /// The name of the report's file without its ending, as GitHub names its download:
    /// `<scope>-seat-activity-<unix seconds>`.
    pub fn file_stem(&self) -> String {
        format!(
            "{}-seat-activity-{}",
            self.scope.name(),
            self.time().as_second()
        )
    }
}

/// The latest time that something can have that was read at `time`. What GitHub's clock and the
/// machine's can differ by is no sign of a wrong time.
pub(crate) fn credible_until(time: Timestamp) -> Timestamp {
    time.checked_add(MAX_CLOCK_SKEW).unwrap_or(time)
}
