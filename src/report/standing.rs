//! How the people of a report stand: what can be said of each, with the history where there is
//! one.

use std::collections::HashMap;

use jiff::Timestamp;

use super::history::people::People;
use super::history::totals::{Day, Totals};
use super::people::{self, Person};
use super::seat::{Identity, Seat};
use super::status::{KEPT, Rule, Status};

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
    /// Since when every activity of theirs is known.
    pub known_since: Timestamp,
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

/// The `most` inactive people of whom nothing is known for the longest time, the longest first;
/// those among them who never used their seat count too.
pub fn longest_idle<'a>(
    standings: impl Iterator<Item = Standing<'a>>,
    most: usize,
) -> Vec<Standing<'a>> {
    let is_idle = |standing: &Standing<'_>| {
        matches!(standing.status, Status::Inactive | Status::NeverUsed)
            && standing.idle_since().is_some()
    };
    let mut longest: Vec<Standing<'_>> = Vec::with_capacity(most + 1);
    for standing in standings.filter(is_idle) {
        let place = longest.partition_point(|other| other.idle_since() <= standing.idle_since());
        if place < most {
            longest.insert(place, standing);
            longest.truncate(most);
        }
    }
    longest
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
    /// How the people who hold `seats` stand, in the order of their first row.
    pub fn standings<'a>(
        &'a self,
        seats: &'a [Seat],
        rule: Rule,
    ) -> impl Iterator<Item = Standing<'a>> {
        people::of(seats).map(move |person| {
            let known = self.people.get(person.account);
            // A report knows what they did in the 90 days before it, also the first.
            let seen_since = known.map_or(rule.now, |known| known.seen_since_at(rule.now));
            let known_since = seen_since.checked_sub(KEPT).unwrap_or(seen_since);
            let known = known.and_then(|known| known.last_known_activity_at);
            let last_known_activity_at = person.last_activity_at.max(known);
            Standing {
                status: rule.status(person.granted_at, last_known_activity_at, known_since),
                person,
                last_known_activity_at,
                known_since,
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

    /// The line of the day for a report of that time, complete or not, with so many seats.
    #[must_use]
    pub fn day(
        self,
        (report_time, complete): (Timestamp, Option<bool>),
        seats: usize,
        (granted, revoked): (usize, usize),
    ) -> Day {
        Day {
            report_time,
            complete,
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use jiff::SignedDuration;

    use super::*;
    use crate::report::seat::Account;

    fn seat(login: &str, granted: &str, activity: Option<&str>) -> Seat {
        Seat {
            assignee: Some(Account {
                id: None,
                login: login.into(),
            }),
            created_at: Some(granted.parse().unwrap()),
            last_activity_at: activity.map(|time| time.parse().unwrap()),
            ..Seat::default()
        }
    }

    #[test]
    fn the_longest_idle_are_those_of_whom_nothing_is_known_for_the_longest_time() {
        let old = "2023-01-01T00:00:00Z";
        let seats = [
            seat("granted-yesterday", "2026-05-30T00:00:00Z", None),
            seat("long-gone", old, None),
            seat("long-gone-too", old, None),
            seat("used-in-march", old, Some("2026-03-01T00:00:00Z")),
            seat("used-in-may", old, Some("2026-05-30T00:00:00Z")),
        ];
        let known = Known::default();
        let now = "2026-06-01T00:00:00Z".parse().unwrap();
        let inactive_after = SignedDuration::from_hours(30 * 24);
        let rule = Rule {
            now,
            inactive_after,
        };
        for (most, logins) in [
            (2, &["long-gone", "long-gone-too"][..]),
            (9, &["long-gone", "long-gone-too", "used-in-march"]),
            (0, &[]),
        ] {
            let longest = longest_idle(known.standings(&seats, rule), most);
            let names: Vec<_> = longest.iter().map(|s| &*s.person.account.login).collect();
            assert_eq!(names, logins);
        }
        let counts = Counts::of(known.standings(&seats, rule));
        assert_eq!((counts.people, counts.active, counts.new), (5, 1, 1));
        assert_eq!((counts.inactive, counts.never_used), (3, 0));
    }
}
