//! What to check in each history, and the result.

use std::path::PathBuf;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

use crate::commands::FAILURE;
use crate::commands::histories::History;
use crate::history::coverage::{Coverage, Days, Rhythm};
use crate::history::verify::{Verdict, verify};
use crate::pages::statement;
use crate::system::clock::MAX_CLOCK_SKEW;

/// The exit code if days have no report, but no file was altered.
const MISSING: u8 = 3;
/// The exit code if the newest report is too old, but nothing is altered or missing.
const TOO_OLD: u8 = 4;

/// How often there must be a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Expectation {
    /// As often as this.
    Every(Rhythm),
    /// Gaps are allowed.
    Any,
}

impl Expectation {
    /// Returns the expectation with this name: `daily`, `weekly`, or anything else for gaps.
    pub(super) fn named(name: &str) -> Self {
        match [Rhythm::Daily, Rhythm::Weekly]
            .into_iter()
            .find(|rhythm| rhythm.name() == name)
        {
            Some(rhythm) => Self::Every(rhythm),
            None => Self::Any,
        }
    }

    /// Returns its name.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Every(rhythm) => rhythm.name(),
            Self::Any => "any",
        }
    }
}

/// The maximum age of the newest report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct MaxAge(pub(super) SignedDuration);

impl MaxAge {
    /// Parses an age in hours (`36h`) or days (`3d`).
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let hours = |number: &str, each: u16| number.parse::<u16>().ok().map(|n| (n, each));
        let parsed = match (text.strip_suffix('h'), text.strip_suffix('d')) {
            (Some(number), _) => hours(number, 1),
            (_, Some(number)) => hours(number, 24),
            _ => None,
        };
        let (number, each) = parsed
            .filter(|(number, _)| *number > 0)
            .ok_or("write an age in hours or days, such as 36h or 3d")?;
        let hours = i64::from(number) * i64::from(each);
        Ok(Self(SignedDuration::from_hours(hours)))
    }
}

/// What to check.
#[derive(Debug)]
pub(super) struct Request {
    /// The first day to check.
    pub(super) from: Option<Date>,
    /// The last day that must have a report.
    pub(super) to: Option<Date>,
    /// How often there must be a report, if the command says so.
    pub(super) expect: Option<Expectation>,
    /// How old the newest report may be.
    pub(super) max_age: Option<MaxAge>,
    /// The time of the check.
    pub(super) now: Timestamp,
}

/// A history that was checked.
#[derive(Debug)]
pub(super) struct Checked {
    /// Its folder.
    pub(super) folder: PathBuf,
    /// Whether its files match its manifests.
    pub(super) verdict: Verdict,
    /// Whether it covers the period. `None` if there's no day to start from.
    pub(super) coverage: Option<Coverage>,
    /// The age of the newest report.
    pub(super) age: Option<SignedDuration>,
    /// Whether that's too old.
    pub(super) is_too_old: bool,
}

impl Checked {
    /// Checks the `history` in `folder`.
    pub(super) fn new(request: &Request, folder: PathBuf, history: &History) -> Self {
        let verdict = verify(history, history.name().as_deref(), request.from);
        let newest = verdict.manifests.last().map(|newest| newest.report_time);
        let age = newest.map(|time| request.now.duration_since(time));
        let is_allowed =
            |MaxAge(most): MaxAge| age.is_some_and(|age| (-MAX_CLOCK_SKEW..=most).contains(&age));
        Self {
            folder,
            is_too_old: request.max_age.is_some_and(|most| !is_allowed(most)),
            verdict,
            coverage: None,
            age,
        }
    }

    /// Finds out how the reports cover the period. If no report is in it, it ends on `last`.
    pub(super) fn cover(&mut self, request: &Request, last: Option<Date>) {
        let days = &self.verdict.all_days;
        let rhythm = match request.expect {
            Some(Expectation::Every(rhythm)) => Some(rhythm),
            Some(Expectation::Any) => None,
            // No one can rely on a history without a rhythm, so it doesn't pass by having none.
            None if days.len() > 1 => Some(Rhythm::of(days).unwrap_or(Rhythm::Weekly)),
            None => Some(Rhythm::Daily),
        };
        let from = request.from.or_else(|| days.first().copied());
        let own = self.verdict.days.last().copied();
        let to = request.to.or(own).or(last.max(request.from));
        let period = from.zip(to).filter(|(from, to)| from <= to);
        self.coverage = period
            .map(|(from, to)| Coverage::of(days, &self.verdict.retired, Days { from, to }, rhythm));
    }

    /// Returns whether the days themselves say how often there must be a report.
    pub(super) fn has_own_rhythm(&self, request: &Request) -> bool {
        request.expect.is_none() && self.verdict.all_days.len() > 1
    }

    /// Returns whether no day was checked, and nothing is wrong.
    pub(super) fn has_nothing(&self) -> bool {
        self.verdict.days.is_empty() && self.verdict.problems.is_empty()
    }

    /// Returns the first recorded day.
    pub(super) fn first_day(&self) -> Option<Date> {
        self.verdict.all_days.first().copied()
    }

    /// Returns the last recorded day.
    pub(super) fn last_day(&self) -> Option<Date> {
        self.verdict.all_days.last().copied()
    }

    /// Returns whether all that was recorded in the period was removed on purpose.
    pub(super) fn is_retired(&self) -> bool {
        let coverage = self.coverage.as_ref();
        coverage.is_some_and(|coverage| {
            coverage.recorded + coverage.missing == 0 && coverage.retired > 0
        })
    }

    /// Returns how many days or weeks have no report.
    pub(super) fn missing(&self) -> usize {
        self.coverage
            .as_ref()
            .map_or(0, |coverage| coverage.missing)
    }

    /// Returns what the statement needs.
    pub(super) fn facts(&self, request: &Request) -> statement::Facts<'_> {
        statement::Facts {
            folder: &self.folder,
            verdict: &self.verdict,
            coverage: self.coverage.as_ref(),
            is_rhythm_assumed: self.has_own_rhythm(request),
            from: request.from,
            age: self.age,
            is_too_old: self.is_too_old,
            now: request.now,
        }
    }
}

/// What's wrong with a history, the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Failure {
    /// A file was altered or lost.
    Altered,
    /// Days have no report.
    Missing,
    /// The newest report is too old.
    TooOld,
}

impl Failure {
    /// Returns the worst that's wrong with a history.
    pub(super) fn of(checked: &Checked) -> Option<Self> {
        if !checked.verdict.problems.is_empty() {
            Some(Self::Altered)
        } else if checked.missing() > 0 {
            Some(Self::Missing)
        } else {
            checked.is_too_old.then_some(Self::TooOld)
        }
    }

    /// Returns the worst that's wrong with any of them.
    pub(super) fn of_all(all: &[Checked]) -> Option<Self> {
        all.iter().filter_map(Self::of).min()
    }

    /// Returns the command's exit code.
    pub(super) fn exit_code(self) -> u8 {
        match self {
            Self::Altered => FAILURE,
            Self::Missing => MISSING,
            Self::TooOld => TOO_OLD,
        }
    }

    /// Returns its name in JSON.
    pub(super) fn name(failure: Option<Self>) -> &'static str {
        match failure {
            None => "passed",
            Some(Self::Altered) => "altered",
            Some(Self::Missing) => "missing",
            Some(Self::TooOld) => "too_old",
        }
    }
}
