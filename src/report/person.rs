//! People with seats, each with a summary of their seats.

use std::iter;

use jiff::Timestamp;

use super::seat::{Account, Identity, Seat, grouped};

/// Someone with one or more seats.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person<'a> {
    /// Their account.
    pub account: &'a Account,
    /// The oldest grant among their seats.
    pub granted_at: Option<Timestamp>,
    /// The newest activity among their seats. GitHub forgets it after 90 days.
    pub last_activity_at: Option<Timestamp>,
    /// Where they were last active.
    pub last_surface_used: Option<&'a str>,
}

impl<'a> Person<'a> {
    /// Summarizes the rows of one person. Returns `None` if the rows have no person.
    fn of(rows: impl Iterator<Item = &'a Seat>) -> Option<Self> {
        let mut rows = rows.peekable();
        let mut person = Self {
            account: rows.peek()?.assignee.as_ref()?,
            granted_at: None,
            last_activity_at: None,
            last_surface_used: None,
        };
        for seat in rows {
            let grants = person.granted_at.into_iter().chain(seat.created_at);
            person.granted_at = grants.min();
            if seat.last_activity_at > person.last_activity_at {
                person.last_activity_at = seat.last_activity_at;
                person.last_surface_used = seat.last_surface_used.as_deref();
            }
        }
        Some(person)
    }
}

/// Returns the people with seats, in the order of their first row. Creates each one only when it's
/// needed, because all of them together would take as much memory as their seats.
pub(crate) fn people_in(seats: &[Seat]) -> impl Iterator<Item = Person<'_>> {
    let mut is_first = vec![false; seats.len()];
    // The person's next row. Their last row refers to itself.
    let mut next: Vec<usize> = (0..seats.len()).collect();
    for rows in
        grouped(seats, holder).chunk_by(|one, other| holder(&seats[*one]) == holder(&seats[*other]))
    {
        is_first[rows[0]] = true;
        for pair in rows.windows(2) {
            next[pair[0]] = pair[1];
        }
    }
    (0..seats.len())
        .filter(move |row| is_first[*row])
        .filter_map(move |first| {
            let rows = iter::successors(Some(first), |row| {
                Some(next[*row]).filter(|following| following != row)
            });
            Person::of(rows.map(|row| &seats[row]))
        })
}

fn holder(seat: &Seat) -> Option<Identity<'_>> {
    Some(seat.assignee.as_ref()?.identity())
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
        assert_eq!(
            people_in(&seats).collect::<Vec<_>>(),
            [Person {
                account: seats[0].assignee.as_ref().unwrap(),
                granted_at: seats[2].created_at,
                last_activity_at: seats[0].last_activity_at,
                last_surface_used: Some("vscode/2026-05-01T00:00:00Z"),
            }]
        );
    }

    #[test]
    fn a_person_renamed_during_the_reading_is_one_person_at_their_first_position() {
        let granted = "2026-03-01T00:00:00Z";
        let seats = [
            seat("hubot", 1, granted, None),
            seat("monalisa", 2, granted, None),
            seat("octocat", 1, granted, Some("2026-05-01T00:00:00Z")),
            seat("octodog", 1, granted, Some("2026-04-01T00:00:00Z")),
        ];
        let people: Vec<_> = people_in(&seats)
            .map(|p| (&*p.account.login, p.last_activity_at))
            .collect();
        assert_eq!(
            people,
            [("hubot", seats[2].last_activity_at), ("monalisa", None)]
        );
    }
}
