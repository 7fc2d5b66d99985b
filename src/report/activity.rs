//! What can be said of each person in a report.

use std::collections::HashMap;

use jiff::Timestamp;

use super::person::Person;
use super::seat::{Identity, Seat};
use super::status::Status;

/// One person, and what can be said of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonActivity<'a> {
    /// Who it is, and what the report says.
    pub person: Person<'a>,
    /// What can be said of their use.
    pub status: Status,
    /// Their newest activity that any report knew of.
    pub last_known_activity_at: Option<Timestamp>,
    /// Since when every activity of theirs is known.
    pub known_since: Timestamp,
}

impl PersonActivity<'_> {
    /// Since when nothing is known of them: their last known activity, or where there is none
    /// their grant.
    pub fn idle_since(&self) -> Option<Timestamp> {
        self.last_known_activity_at.or(self.person.granted_at)
    }
}

/// How all people of a report stand, found by their seats.
#[derive(Debug)]
pub struct ActivityIndex<'a> {
    all: Vec<PersonActivity<'a>>,
    by_person: HashMap<Identity<'a>, usize>,
}

impl<'a> ActivityIndex<'a> {
    /// How those people stand.
    pub fn new(activities: impl Iterator<Item = PersonActivity<'a>>) -> Self {
        let all: Vec<PersonActivity<'_>> = activities.collect();
        let person = |(place, activity): (usize, &PersonActivity<'a>)| {
            (activity.person.account.identity(), place)
        };
        Self {
            by_person: all.iter().enumerate().map(person).collect(),
            all,
        }
    }

    /// How the holder of a seat stands; nothing for a row without a person.
    pub fn of(&self, seat: &Seat) -> Option<&PersonActivity<'a>> {
        let place = self.by_person.get(&seat.assignee.as_ref()?.identity())?;
        self.all.get(*place)
    }
}

/// The `most` inactive people of whom nothing is known for the longest time, the longest first;
/// those among them who never used their seat count too.
pub(crate) fn longest_idle<'a>(
    activities: impl Iterator<Item = PersonActivity<'a>>,
    most: usize,
) -> Vec<PersonActivity<'a>> {
    let is_idle = |activity: &PersonActivity<'_>| {
        matches!(activity.status, Status::Inactive | Status::NeverUsed)
            && activity.idle_since().is_some()
    };
    let mut longest: Vec<PersonActivity<'_>> = Vec::with_capacity(most + 1);
    for activity in activities.filter(is_idle) {
        let place = longest.partition_point(|other| other.idle_since() <= activity.idle_since());
        if place < most {
            longest.insert(place, activity);
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

impl Counts {
    /// Counts people by their status.
    pub fn of<'a>(activities: impl Iterator<Item = PersonActivity<'a>>) -> Self {
        let mut counts = Self::default();
        for activity in activities {
            counts.people += 1;
            *match activity.status {
                Status::Active => &mut counts.active,
                Status::New => &mut counts.new,
                Status::NeverUsed => &mut counts.never_used,
                Status::Inactive => &mut counts.inactive,
            } += 1;
        }
        counts
    }
}
