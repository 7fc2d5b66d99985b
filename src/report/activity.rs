//! Computes the activity status of each person in a report.

use std::collections::HashMap;

use jiff::Timestamp;

use super::person::Person;
use super::seat::{Identity, Seat};
use super::status::Status;

/// A person with their activity status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonActivity<'a> {
    /// The person, with what the report says about them.
    pub person: Person<'a>,
    /// Their status.
    pub status: Status,
    /// The newest activity that any report has.
    pub last_known_activity_at: Option<Timestamp>,
    /// The time since which all of their activity is known.
    pub known_since: Timestamp,
}

impl PersonActivity<'_> {
    /// Returns the start of the time without known activity: their last known activity or, if there
    /// is none, their grant.
    pub fn idle_since(&self) -> Option<Timestamp> {
        self.last_known_activity_at.or(self.person.granted_at)
    }
}

/// The activity of everyone in a report, by seat.
#[derive(Debug)]
pub struct ActivityIndex<'a> {
    all: Vec<PersonActivity<'a>>,
    by_person: HashMap<Identity<'a>, usize>,
}

impl<'a> ActivityIndex<'a> {
    /// Indexes the activity by person.
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

    /// Returns the activity of the person with this seat, or `None` if the row has no person.
    pub fn of(&self, seat: &Seat) -> Option<&PersonActivity<'a>> {
        let place = self.by_person.get(&seat.assignee.as_ref()?.identity())?;
        self.all.get(*place)
    }
}

/// Returns the `most` people without known activity for the longest time, longest first. Includes
/// people who are inactive and people who never used their seat.
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

/// How many people have each status.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Everyone.
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
    /// Returns how many people don't use their seat.
    pub(crate) fn idle(self) -> usize {
        self.inactive + self.never_used
    }

    /// Counts people by their status.
    pub fn of<'a>(activities: impl Iterator<Item = PersonActivity<'a>>) -> Self {
        let mut counts = Self::default();
        for activity in activities {
            counts.add(activity.status);
        }
        counts
    }

    /// Adds a person with this status.
    pub(crate) fn add(&mut self, status: Status) {
        self.people += 1;
        *match status {
            Status::Active => &mut self.active,
            Status::New => &mut self.new,
            Status::NeverUsed => &mut self.never_used,
            Status::Inactive => &mut self.inactive,
        } += 1;
    }
}
