//! The activity report: its rows and their order, its files, its manifest, and its completeness.
//!
//! This module does no input or output, and knows nothing about the protocols of GitHub or the
//! runner. Statements about GitHub's own file come from GitHub's documentation ("Downloading a
//! GitHub Copilot activity report") and from files that people downloaded.
//!
//! From the inside out: a [`seat`] is a row, a [`person`] holds seats, a [`scope`] is what a report
//! is about, and [`completeness`] is about how it was read. [`Report`] puts them together, and
//! [`mod@csv`] and [`manifest`] make files from it. [`status`] decides who counts as active.
//! [`crate::history`] is what a repository keeps of all reports, and [`day`] names the files of
//! each day in it.

pub(crate) mod activity;
pub mod columns;
pub(crate) mod combined;
pub(crate) mod completeness;
pub(crate) mod control;
pub(crate) mod csv;
pub(crate) mod day;
pub(crate) mod everyone;
pub(crate) mod generator;
pub(crate) mod json;
pub(crate) mod manifest;
pub(crate) mod person;
pub(crate) mod provenance;
pub(crate) mod pseudonym_key;
pub(crate) mod repository;
pub(crate) mod scope;
pub(crate) mod seat;
pub(crate) mod selection;
pub(crate) mod source;
pub(crate) mod status;
#[cfg(test)]
mod tests;

use jiff::{SignedDuration, Timestamp};

use crate::system::clock::MAX_CLOCK_SKEW;
use completeness::{IncompleteReason, Reading};
use control::{Control, Settings};
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
    control: Option<Control>,
    settings: Option<Settings>,
}

impl Report {
    /// Creates the report of `scope` from the rows that were read: sorts them, removes duplicate
    /// seats, and finds reasons why the list may be incomplete.
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
            control: None,
            settings: None,
        }
    }

    /// Returns the organization or enterprise that the report is about.
    pub fn scope(&self) -> &Scope {
        &self.scope
    }

    /// Returns the time of the report in whole seconds, which is when the first page was requested.
    /// Every row has it.
    pub fn time(&self) -> Timestamp {
        seat::whole_seconds(self.reading.started_at)
    }

    /// Returns how the list was read: when, in how many pages, and with which totals.
    pub fn reading(&self) -> &Reading {
        &self.reading
    }

    /// Returns the rows, in the report's order.
    pub fn seats(&self) -> &[Seat] {
        &self.seats
    }

    /// Returns the rows without impossible times, such as a grant, an activity, or a sign-in after
    /// the report was read. Use these for computations; [`Report::seats`] has what GitHub said.
    pub fn credible_seats(&self) -> &[Seat] {
        self.credible.as_deref().unwrap_or(&self.seats)
    }

    /// Returns the number of rows with an impossible time.
    pub fn times_from_the_future(&self) -> usize {
        let pairs = self.seats.iter().zip(self.credible_seats());
        pairs.filter(|(said, credible)| said != credible).count()
    }

    /// Returns the number of people with a seat. A person with several seats counts once.
    pub fn people(&self) -> usize {
        self.people
    }

    /// Returns each person with their newest activity and their oldest grant, in the order of
    /// logins.
    pub fn each_person(&self) -> impl Iterator<Item = Person<'_>> {
        people_in(self.credible_seats())
    }

    /// Returns the reasons why the report may be incomplete. There are none if it's complete.
    pub fn incomplete_reasons(&self) -> &[IncompleteReason] {
        &self.incomplete_reasons
    }

    /// Adds a reason why the report may be incomplete.
    pub fn with_reason(mut self, reason: IncompleteReason) -> Self {
        self.incomplete_reasons.push(reason);
        self
    }

    /// Adds GitHub's second count, and the settings if they could be read.
    pub(crate) fn with_control(self, control: Control, settings: Option<Settings>) -> Self {
        Self {
            control: Some(control),
            settings,
            ..self
        }
    }

    /// Returns GitHub's second count. `None` if there's none for such a report.
    pub(crate) fn control(&self) -> Option<&Control> {
        self.control.as_ref()
    }

    /// Returns the organization's settings, if they could be read.
    pub(crate) fn settings(&self) -> Option<&Settings> {
        self.settings.as_ref()
    }

    /// Returns the reason why the report may be incomplete according to `control`, GitHub's second
    /// count. A difference that `total_seats` already shows isn't another reason.
    pub(crate) fn contradiction(&self, control: &Control) -> Option<IncompleteReason> {
        let without_person = self.seats.iter().filter(|seat| seat.assignee.is_none());
        let (people, without_person) = (self.people, without_person.count());
        let canceled = |seat: &&Seat| seat.pending_cancellation_date.is_some();
        let canceled = self.seats.iter().filter(canceled).count() as u64;
        let billed = control.listable(canceled)?;
        let missing = billed.saturating_sub((people + without_person) as u64);
        (missing > self.shortfall().unwrap_or_default()).then(|| IncompleteReason::Unlisted {
            people,
            without_person,
            billed,
            path: control.path.clone(),
        })
    }

    /// Returns whether the report is verified as complete.
    pub fn is_complete(&self) -> bool {
        self.incomplete_reasons.is_empty()
    }

    /// Returns whether it's impossible that a row was skipped between two pages without a sign.
    ///
    /// A row can be skipped if another seat before it was revoked. Then the total stays the same
    /// only if a seat was granted in that time, so its grant is new, or if the total doesn't count
    /// every row.
    pub fn cannot_have_skipped_rows(&self) -> bool {
        const NEW: SignedDuration = SignedDuration::from_hours(1);
        let counts_every_row = self.reading.total_seats() == Some(self.seats.len() as u64)
            && self.people == self.seats.len();
        let newest = self.seats.iter().filter_map(|seat| seat.created_at).max();
        let is_new = |at| self.reading.started_at.duration_since(at) < NEW;
        self.reading.pages == 1
            || (self.is_complete() && counts_every_row && !newest.is_some_and(is_new))
    }

    /// Returns by how many seats the pages fall short of `total_seats`, or `None` if GitHub doesn't
    /// say how many seats there are.
    pub fn shortfall(&self) -> Option<u64> {
        let without_person = self.seats.iter().filter(|seat| seat.assignee.is_none());
        let listed = (self.people + without_person.count()) as u64;
        let total = self.reading.totals.iter().copied().flatten().max()?;
        Some(total.saturating_sub(listed))
    }

    /// Returns whether two readings list the same seats and have the same reasons to be incomplete.
    /// Activity in the meantime doesn't matter.
    pub fn agrees_with(&self, other: &Self) -> bool {
        self.incomplete_reasons == other.incomplete_reasons
            && seat::are_the_same(&self.seats, &other.seats)
    }

    /// Marks the report as confirmed, because two readings in a row agree.
    pub fn confirmed(mut self) -> Self {
        self.is_confirmed = true;
        self
    }

    /// Returns whether the report is incomplete only because the pages fall short of `total_seats`,
    /// and two readings in a row fell short by the same number, with the same seats.
    ///
    /// GitHub's total isn't always the number of seats that it lists. If it's permanently off, the
    /// list won't get any longer. Seats that earlier reports have and this list lacks can then
    /// count as revoked; see [`crate::history::PriorState::gone_despite_shortfall`].
    pub fn has_steady_shortfall(&self) -> bool {
        self.is_confirmed && matches!(*self.incomplete_reasons, [IncompleteReason::Short { .. }])
    }

    /// Returns the shortfall, if only a wrong total or skipped seats can be the cause. That's the
    /// case for a complete report and for one with a steady shortfall.
    pub fn reliable_shortfall(&self) -> Option<u64> {
        self.shortfall()
            .filter(|_| self.is_complete() || self.has_steady_shortfall())
    }

    /// Returns whether this report certainly has every seat that existed.
    pub fn shows_every_seat(&self) -> bool {
        self.is_complete() && self.cannot_have_skipped_rows()
    }

    /// Returns the file name without its extension, as GitHub names its download:
    /// `<scope>-seat-activity-<unix seconds>`.
    pub fn file_stem(&self) -> String {
        format!(
            "{}-seat-activity-{}",
            self.scope.name(),
            self.time().as_second()
        )
    }
}

/// Returns the latest plausible time in data that was read at `time`. A time that's later by no
/// more than the clock skew between GitHub and this machine isn't wrong.
pub(crate) fn credible_until(time: Timestamp) -> Timestamp {
    time.checked_add(MAX_CLOCK_SKEW).unwrap_or(time)
}
