//! Computes the activity status of people from the recorded history.

use super::people::People;
use super::totals::Totals;
use crate::report::activity::PersonActivity;
use crate::report::person::people_in;
use crate::report::seat::Seat;
use crate::report::status::{GITHUB_RETENTION, StatusPolicy};

/// What the recorded reports know beyond the newest one. Empty if there's no history.
#[derive(Debug, Default)]
pub(crate) struct HistoryContext {
    /// Every person ever seen.
    pub people: People,
    /// A line for each recorded day.
    pub totals: Totals,
}

impl HistoryContext {
    /// The activity of the people who hold `seats`, in the order of their first row.
    pub(crate) fn activities<'a>(
        &'a self,
        seats: &'a [Seat],
        policy: StatusPolicy,
    ) -> impl Iterator<Item = PersonActivity<'a>> {
        people_in(seats).map(move |person| {
            let known = self.people.get(person.account);
            // Every report, including the first one, covers the activity of the 90 days before it.
            let tracked_since =
                known.map_or(policy.now, |known| known.tracked_since_at(policy.now));
            let known_since = tracked_since
                .checked_sub(GITHUB_RETENTION)
                .unwrap_or(tracked_since);
            let known = known.and_then(|known| known.last_known_activity_at);
            let last_known_activity_at = person.last_activity_at.max(known);
            PersonActivity {
                status: policy.status(person.granted_at, last_known_activity_at, known_since),
                person,
                last_known_activity_at,
                known_since,
            }
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use jiff::SignedDuration;

    use super::*;
    use crate::report::activity::{Counts, longest_idle};
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
    fn the_longest_idle_are_those_without_known_activity_for_the_longest_time() {
        let old = "2023-01-01T00:00:00Z";
        let seats = [
            seat("granted-yesterday", "2026-05-30T00:00:00Z", None),
            seat("long-gone", old, None),
            seat("long-gone-too", old, None),
            seat("used-in-march", old, Some("2026-03-01T00:00:00Z")),
            seat("used-in-may", old, Some("2026-05-30T00:00:00Z")),
        ];
        let known = HistoryContext::default();
        let now = "2026-06-01T00:00:00Z".parse().unwrap();
        let inactive_after = SignedDuration::from_hours(30 * 24);
        let policy = StatusPolicy {
            now,
            inactive_after,
        };
        for (most, logins) in [
            (2, &["long-gone", "long-gone-too"][..]),
            (9, &["long-gone", "long-gone-too", "used-in-march"]),
            (0, &[]),
        ] {
            let longest = longest_idle(known.activities(&seats, policy), most);
            let names: Vec<_> = longest.iter().map(|s| &*s.person.account.login).collect();
            assert_eq!(names, logins);
        }
        let counts = Counts::of(known.activities(&seats, policy));
        assert_eq!((counts.people, counts.active, counts.new), (5, 1, 1));
        assert_eq!((counts.inactive, counts.never_used), (3, 0));
    }
}
