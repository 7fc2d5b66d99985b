//! How the people of a report stand: what can be said of each, with the history where there is
//! one.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};

use super::history::people::People;
use super::history::totals::{Day, Totals};
use super::people::{self, Person};
use super::seat::{Identity, Seat};
use super::status::{Rule, Status};

/// What recorded reports know beyond the newest one. Empty where there is no history.
#[derive(Debug, Default)]
pub struct Known {
    /// Everybody ever seen.
    pub people: People,
    /// A line for each day that was recorded.
    pub totals: Totals,
}

/// One person, and what can be said of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing<'a> {
    /// Who it is, and what the report says.
    pub person: Person<'a>,
    /// What can be said of their use.
    pub status: Status,
    /// Their newest activity that any report knew of.
    pub last_known_activity_at: Option<Timestamp>,
}

impl Standing<'_> {
    /// Since when nothing is known of them: their last known activity, or where there is none
    /// their grant.
    #[must_use]
    pub fn idle_since(&self) -> Option<Timestamp> {
        self.last_known_activity_at.or(self.person.granted_at)
    }
}

/// How all people of a report stand, found by their seats.
#[derive(Debug)]
pub struct Standings<'a> {
    all: Vec<Standing<'a>>,
    by_person: HashMap<Identity<'a>, usize>,
}

impl<'a> Standings<'a> {
    /// How those people stand.
    #[must_use]
    pub fn new(standings: impl Iterator<Item = Standing<'a>>) -> Self {
        let all: Vec<Standing<'_>> = standings.collect();
        let person =
            |(place, standing): (usize, &Standing<'a>)| (standing.person.account.identity(), place);
        Self {
            by_person: all.iter().enumerate().map(person).collect(),
            all,
        }
    }

    /// How the holder of a seat stands; nothing for a row without a person.
    #[must_use]
    pub fn of(&self, seat: &Seat) -> Option<&Standing<'a>> {
        let place = self.by_person.get(&seat.assignee.as_ref()?.identity())?;
        self.all.get(*place)
    }
}

/// How many people there are of each status.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// All.
    pub people: usize,
    /// [`Status::Active`].
    pub active: usize,
    /// [`Status::New`].
    pub new: usize,
    /// [`Status::NeverUsed`].
    pub never_used: usize,
    /// [`Status::Inactive`].
    pub inactive: usize,
}

impl Known {
    /// The rule by which a report of the time `now` is told, as far back as the recorded ones
    /// reach without a gap.
    #[must_use]
    pub fn rule(&self, now: Timestamp, inactive_after: SignedDuration) -> Rule {
        let times = self.totals.days().map(|day| day.report_time);
        Rule::new(now, inactive_after, times)
    }

    /// How the people who hold `seats` stand, in the order of their first row.
    pub fn standings<'a>(
        &'a self,
        seats: &'a [Seat],
        rule: Rule,
    ) -> impl Iterator<Item = Standing<'a>> {
        people::of(seats).map(move |person| {
            let known = self.people.get(person.account);
            let known = known.and_then(|known| known.last_known_activity_at);
            let last_known_activity_at = person.last_activity_at.max(known);
            Standing {
                status: rule.status(person.granted_at, last_known_activity_at),
                person,
                last_known_activity_at,
            }
        })
    }
}

impl Counts {
    /// Counts people by their status.
    #[must_use]
    pub fn of<'a>(standings: impl Iterator<Item = Standing<'a>>) -> Self {
        let mut counts = Self::default();
        for standing in standings {
            counts.people += 1;
            *match standing.status {
                Status::Active => &mut counts.active,
                Status::New => &mut counts.new,
                Status::NeverUsed => &mut counts.never_used,
                Status::Inactive => &mut counts.inactive,
            } += 1;
        }
        counts
    }

    /// The line of the day for a report of that time with so many seats.
    #[must_use]
    pub fn day(self, report_time: Timestamp, seats: usize, granted: usize, revoked: usize) -> Day {
        Day {
            report_time,
            seats,
            people: self.people,
            active: self.active,
            inactive: self.inactive,
            never_used: self.never_used,
            new: self.new,
            granted,
            revoked,
        }
    }
}
