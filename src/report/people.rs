//! People: those who hold seats, each with what their seats say together.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;

use super::seat::Seat;

/// Somebody who holds one or more seats.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person<'a> {
    /// Their login.
    pub login: &'a str,
    /// The oldest grant among their seats.
    pub granted_at: Option<Timestamp>,
    /// The newest activity among their seats; GitHub forgets it after 90 days.
    pub last_activity_at: Option<Timestamp>,
    /// What they were last active in.
    pub last_surface_used: Option<&'a str>,
}

impl Person<'_> {
    /// Since when nothing is known of them: their last activity, or where there is none known
    /// their grant.
    #[must_use]
    pub fn idle_since(&self) -> Option<Timestamp> {
        self.last_activity_at.or(self.granted_at)
    }
}

/// How many people hold the seats.
#[must_use]
pub fn count(seats: &[Seat]) -> usize {
    seats
        .iter()
        .filter_map(|seat| Some(seat.assignee.as_ref()?.identity()))
        .collect::<HashSet<_>>()
        .len()
}

/// The people who hold the seats, in the order of their first row.
#[must_use]
pub fn of(seats: &[Seat]) -> Vec<Person<'_>> {
    let mut people: Vec<Person<'_>> = Vec::new();
    let mut places = HashMap::new();
    for seat in seats {
        let Some(assignee) = &seat.assignee else {
            continue;
        };
        let place = *places.entry(assignee.identity()).or_insert_with(|| {
            people.push(Person {
                login: &assignee.login,
                granted_at: None,
                last_activity_at: None,
                last_surface_used: None,
            });
            people.len() - 1
        });
        let person = &mut people[place];
        person.granted_at = match (person.granted_at, seat.created_at) {
            (Some(known), Some(other)) => Some(known.min(other)),
            (known, other) => known.or(other),
        };
        if seat.last_activity_at > person.last_activity_at {
            person.last_activity_at = seat.last_activity_at;
            person.last_surface_used = seat.last_surface_used.as_deref();
        }
    }
    people
}

/// The `most` people of whom nothing is known for the longest time, the longest first.
#[must_use]
pub fn longest_idle<'a>(people: &[Person<'a>], most: usize) -> Vec<Person<'a>> {
    let mut idle: Vec<_> = people
        .iter()
        .filter(|person| person.idle_since().is_some())
        .cloned()
        .collect();
    idle.sort_by_key(Person::idle_since);
    idle.truncate(most);
    idle
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::super::seat::Account;
    use super::*;

    fn seat(login: &str, id: u64, granted: &str, activity: Option<&str>) -> Seat {
        Seat {
            assignee: Some(Account {
                id: Some(id),
                login: login.into(),
            }),
            created_at: Some(granted.parse().unwrap()),
            last_activity_at: activity.map(|time| time.parse().unwrap()),
            last_surface_used: activity.map(|time| format!("vscode/{time}").into()),
            ..Seat::default()
        }
    }

    #[test]
    fn a_person_counts_once_with_the_newest_activity_and_the_oldest_grant() {
        let seats = [
            seat(
                "octocat",
                1,
                "2026-03-01T00:00:00Z",
                Some("2026-05-01T00:00:00Z"),
            ),
            Seat::default(),
            seat(
                "octocat",
                1,
                "2025-03-01T00:00:00Z",
                Some("2026-04-01T00:00:00Z"),
            ),
        ];
        assert_eq!(count(&seats), 1);
        assert_eq!(
            of(&seats),
            [Person {
                login: "octocat",
                granted_at: seats[2].created_at,
                last_activity_at: seats[0].last_activity_at,
                last_surface_used: Some("vscode/2026-05-01T00:00:00Z"),
            }]
        );
    }

    #[test]
    fn the_longest_idle_are_those_of_whom_nothing_is_known_for_the_longest_time() {
        let seats = [
            seat("granted-yesterday", 1, "2026-05-30T00:00:00Z", None),
            seat("long-gone", 2, "2023-01-01T00:00:00Z", None),
            seat(
                "used-in-march",
                3,
                "2023-01-01T00:00:00Z",
                Some("2026-03-01T00:00:00Z"),
            ),
        ];
        let people = of(&seats);
        let logins: Vec<_> = longest_idle(&people, 2).iter().map(|p| p.login).collect();
        assert_eq!(logins, ["long-gone", "used-in-march"]);
    }
}
