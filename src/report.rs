//! The activity report itself: its rows, their order, its file form, its manifest, and what makes
//! it complete.
//!
//! This room does no input or output and knows nothing of GitHub's or the runner's protocols.
//! What it states about GitHub's own file comes from GitHub's documentation ("Downloading a GitHub
//! Copilot activity report") and from files that people downloaded.
//!
//! From the inside out: a [`seat`] is a row, [`people`] hold seats, a [`scope`] is what a report is
//! about, [`completeness`] what is known of how it was read. [`Report`] puts them together;
//! [`mod@csv`] and [`manifest`] make files of it. [`status`] says who counts as active; [`history`]
//! is what a repository keeps of all reports, and [`day`] says where a day's files lie in it.

pub mod columns;
pub mod completeness;
pub mod csv;
pub mod day;
pub mod git;
pub mod history;
pub mod json;
pub mod manifest;
pub mod people;
pub mod pseudonym;
pub mod scope;
pub mod seat;
pub mod standing;
pub mod status;

use jiff::{SignedDuration, Timestamp};

use completeness::{Doubt, Reading};
use people::Person;
use scope::Scope;
use seat::Seat;

/// The Copilot activity report of one scope.
#[derive(Debug, Clone)]
pub struct Report {
    scope: Scope,
    reading: Reading,
    seats: Vec<Seat>,
    people: usize,
    doubts: Vec<Doubt>,
}

impl Report {
    /// Makes the report of `scope` from the rows that were read: orders them, keeps one of any
    /// seat that stands twice, and finds what speaks against the list being complete.
    #[must_use]
    pub fn new(scope: Scope, reading: Reading, rows: Vec<Seat>) -> Self {
        let (seats, twice) = seat::ordered(rows);
        let people = people::of(&seats).count();
        let without_person = seats.iter().filter(|seat| seat.assignee.is_none()).count();
        let doubts = reading.doubts(people, without_person, twice.len());
        Self {
            scope,
            reading,
            seats,
            people,
            doubts,
        }
    }

    /// The organization or enterprise the report is about.
    #[must_use]
    pub fn scope(&self) -> &Scope {
        &self.scope
    }

    /// The moment the report speaks of, in whole seconds: when its reading began. Every row carries
    /// it.
    #[must_use]
    pub fn time(&self) -> Timestamp {
        seat::whole_seconds(self.reading.started_at)
    }

    /// How it was read: when, in how many pages, and what GitHub said the total is.
    #[must_use]
    pub fn reading(&self) -> &Reading {
        &self.reading
    }

    /// The rows, in the report's order.
    #[must_use]
    pub fn seats(&self) -> &[Seat] {
        &self.seats
    }

    /// How many people hold a seat; somebody with several seats counts once.
    #[must_use]
    pub fn people(&self) -> usize {
        self.people
    }

    /// Each person with the newest activity and the oldest grant among their seats, by login.
    pub fn each_person(&self) -> impl Iterator<Item = Person<'_>> {
        people::of(&self.seats)
    }

    /// What speaks against the report being complete. Empty for a complete report.
    #[must_use]
    pub fn doubts(&self) -> &[Doubt] {
        &self.doubts
    }

    /// The same report, with one more thing that speaks against its being complete.
    #[must_use]
    pub fn doubted(mut self, doubt: Doubt) -> Self {
        self.doubts.push(doubt);
        self
    }

    /// Whether the report is proved to hold every row.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.doubts.is_empty()
    }

    /// Whether no row can have slipped between two pages without a sign.
    ///
    /// A row slips where one before it went, and the total stays only where another was granted in
    /// that time, whose grant is new, or where the total does not count every row.
    #[must_use]
    pub fn is_airtight(&self) -> bool {
        const NEW: SignedDuration = SignedDuration::from_hours(1);
        let counts_every_row = self.reading.total_seats() == Some(self.seats.len() as u64)
            && self.people == self.seats.len();
        let newest = self.seats.iter().filter_map(|seat| seat.created_at).max();
        let is_new = |at| self.reading.started_at.duration_since(at) < NEW;
        self.reading.pages == 1
            || (self.is_complete() && counts_every_row && !newest.is_some_and(is_new))
    }

    /// Whether both were read alike: the same seats, and the same doubts about them.
    #[must_use]
    pub fn says_the_same_as(&self, other: &Self) -> bool {
        self.seats == other.seats && self.doubts == other.doubts
    }

    /// The name of the report's file without its ending, as GitHub names its download:
    /// `<scope>-seat-activity-<unix seconds>`.
    #[must_use]
    pub fn file_stem(&self) -> String {
        format!(
            "{}-seat-activity-{}",
            self.scope.name(),
            self.time().as_second()
        )
    }
}
