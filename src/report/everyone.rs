//! The people of several reports, each counted once.

use std::collections::HashMap;

use sha2::{Digest as _, Sha256};

use super::activity::{Counts, PersonActivity};
use super::seat::{Account, Identity};
use super::status::{Status, StatusPolicy};

/// How many bytes of a key there are. That's enough to tell all people apart, and a run can have a
/// million of them.
const KEY: usize = 16;

/// Identifies a person in all reports of a run.
pub(crate) type PersonKey = [u8; KEY];

/// The people of several reports. Someone in two organizations counts once, with their newest
/// activity and their oldest grant.
#[derive(Debug, Clone, Default)]
pub(crate) struct Everyone(HashMap<PersonKey, Evidence>);

/// What the reports say about a person, as far as their status depends on it. Times would take
/// several times as much memory.
#[derive(Debug, Clone, Copy, Default)]
struct Evidence {
    /// Whether they're active in a report.
    is_active: bool,
    /// Whether any activity is known.
    has_activity: bool,
    grant: Grant,
}

/// The oldest grant of a person. Among several reports, the last in this order counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Grant {
    /// No report has one.
    #[default]
    Unknown,
    /// It's newer than the inactivity limit.
    New,
    /// It's older, and all of the time since then is known.
    Covered,
    /// A part of the time since a grant isn't known.
    Uncovered,
}

impl Everyone {
    /// Adds the people of a report, whose status `policy` decides.
    pub(crate) fn add<'a>(
        &mut self,
        activities: impl Iterator<Item = PersonActivity<'a>>,
        policy: StatusPolicy,
    ) {
        for activity in activities {
            let evidence = self.0.entry(key(activity.person.account)).or_default();
            evidence.is_active |= activity.status == Status::Active;
            evidence.has_activity |= activity.last_known_activity_at.is_some();
            evidence.grant = evidence.grant.max(grant(&activity, policy));
        }
    }

    /// Counts people by their status.
    pub(crate) fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for evidence in self.0.values() {
            counts.add(evidence.status());
        }
        counts
    }

    /// Returns a person's status, or `None` if no report has them.
    pub(crate) fn status(&self, person: &PersonKey) -> Option<Status> {
        self.0.get(person).map(Evidence::status)
    }
}

impl Evidence {
    /// Decides the status, in the order of the rules in [`super::status`].
    fn status(&self) -> Status {
        match self.grant {
            _ if self.is_active => Status::Active,
            Grant::New => Status::New,
            Grant::Covered if !self.has_activity => Status::NeverUsed,
            _ => Status::Inactive,
        }
    }
}

/// Returns what identifies a person: the user ID or, if that's unknown, the login.
pub(crate) fn key(account: &Account) -> PersonKey {
    let mut key = [0; KEY];
    match account.identity() {
        Identity::Id(id) => key[..8].copy_from_slice(&id.to_le_bytes()),
        Identity::Login(login) => key.copy_from_slice(&Sha256::digest(login)[..KEY]),
    }
    key
}

/// Classifies a person's oldest grant by the status that they'd have without any activity.
fn grant(activity: &PersonActivity<'_>, policy: StatusPolicy) -> Grant {
    let granted_at = activity.person.granted_at;
    match policy.status(granted_at, None, activity.known_since) {
        Status::New => Grant::New,
        Status::NeverUsed => Grant::Covered,
        _ if granted_at.is_some() => Grant::Uncovered,
        _ => Grant::Unknown,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use jiff::{SignedDuration, Timestamp};
    use proptest::prelude::*;

    use super::super::person::people_in;
    use super::super::seat::{Account, Seat};
    use super::*;

    const DAY: i64 = 86_400;

    fn policy() -> StatusPolicy {
        StatusPolicy {
            now: Timestamp::from_second(1_000 * DAY).unwrap(),
            inactive_after: SignedDuration::from_hours(30 * 24),
        }
    }

    fn ago(days: i64) -> Timestamp {
        Timestamp::from_second((1_000 - days) * DAY).unwrap()
    }

    fn seat(person: u8, granted: Option<i64>, active: Option<i64>) -> Seat {
        Seat {
            assignee: Some(Account {
                // People with and without an ID.
                id: person.is_multiple_of(2).then_some(u64::from(person)),
                login: format!("person-{person}").into(),
            }),
            created_at: granted.map(ago),
            last_activity_at: active.map(ago),
            ..Seat::default()
        }
    }

    fn activities(seats: &[Seat], known_days: i64) -> impl Iterator<Item = PersonActivity<'_>> {
        people_in(seats).map(move |person| PersonActivity {
            status: policy().status(person.granted_at, person.last_activity_at, ago(known_days)),
            last_known_activity_at: person.last_activity_at,
            known_since: ago(known_days),
            person,
        })
    }

    fn counts(reports: &[Vec<Seat>]) -> Counts {
        let mut everyone = Everyone::default();
        for seats in reports {
            everyone.add(activities(seats, 90), policy());
        }
        everyone.counts()
    }

    #[test]
    fn someone_in_two_organizations_has_the_newest_activity_and_the_oldest_grant() {
        for (one, other, status) in [
            ((Some(200), Some(50)), (Some(10), Some(2)), Status::Active),
            ((Some(20), None), (Some(10), None), Status::New),
            ((Some(60), None), (Some(10), None), Status::NeverUsed),
            ((Some(60), None), (None, None), Status::NeverUsed),
            // New in one organization, but known for longer in the other.
            ((Some(60), Some(50)), (Some(10), None), Status::Inactive),
            ((Some(60), None), (Some(10), Some(50)), Status::Inactive),
            ((Some(200), None), (Some(10), None), Status::Inactive),
            ((None, None), (None, None), Status::Inactive),
        ] {
            let (one, other) = (seat(2, one.0, one.1), seat(2, other.0, other.1));
            for reports in [[one.clone(), other.clone()], [other, one]] {
                let mut expected = Counts::default();
                expected.add(status);
                assert_eq!(counts(&reports.map(|seat| vec![seat])), expected);
            }
        }
    }

    #[test]
    fn a_million_people_take_well_under_100_mb() {
        // A map has at most twice as many places as entries, and one more byte for each place.
        let place = size_of::<([u8; KEY], Evidence)>() + 1;
        assert!(2 * (1 << 20) * place < 50_000_000, "{place}");
    }

    fn seats() -> impl Strategy<Value = Vec<Seat>> {
        let days = || proptest::option::of(0_i64..120);
        let facts = (0_u8..6, days(), days());
        let seats = facts.prop_map(|(person, granted, active)| seat(person, granted, active));
        proptest::collection::vec(seats, 0..8)
    }

    proptest! {
        #[test]
        fn several_reports_count_people_as_one_report_with_all_seats_does(
            reports in proptest::collection::vec(seats(), 0..4),
        ) {
            let all = reports.concat();
            prop_assert_eq!(counts(&reports), Counts::of(activities(&all, 90)));
        }
    }
}
