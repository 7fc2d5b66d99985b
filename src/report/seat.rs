//! Seats: the rows of a report, when two of them are the same, and their order.

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use jiff::civil::Date;
use jiff::{RoundMode, Timestamp, TimestampRound, Unit};

use super::scope::ScopeKind;

/// The word in GitHub's file for a missing value.
pub(crate) const NONE: &str = "None";

/// One grant of Copilot access by an organization or an enterprise team: one row of the report.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Seat {
    /// The person with the seat. `None` for a row without a person, which also counts as a seat.
    pub assignee: Option<Account>,
    /// The organization that grants it. `None` in an organization's own report, where it's obvious,
    /// and for seats that an enterprise grants itself.
    pub organization: Option<Arc<Account>>,
    /// The team through which it's granted.
    pub team: Option<Arc<Team>>,
    /// The plan: `business`, `enterprise` or `unknown`, so far.
    pub plan_type: Option<Arc<str>>,
    /// When access was last granted. Every new grant resets it.
    pub created_at: Option<Timestamp>,
    /// The day on which it ends, if it was canceled.
    pub pending_cancellation_date: Option<Date>,
    /// When the person last authenticated. GitHub forgets it after 90 days.
    pub last_authenticated_at: Option<Timestamp>,
    /// When the person last used Copilot. GitHub forgets it after 90 days.
    pub last_activity_at: Option<Timestamp>,
    /// Where the person last used it, such as `vscode/1.113.0/copilot-chat/0.41.1`.
    pub last_surface_used: Option<Arc<str>>,
}

/// A person's or an organization's account.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Account {
    /// GitHub's ID, which stays the same if the login changes.
    pub id: Option<u64>,
    /// The login.
    pub login: Box<str>,
}

/// A team of an organization or an enterprise.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Team {
    /// GitHub's ID, which stays the same if the name changes.
    pub id: u64,
    /// The name.
    pub name: Box<str>,
}

impl Team {
    /// Returns its name, or its ID if GitHub doesn't say its name.
    pub fn shown(&self) -> String {
        if self.name.is_empty() {
            self.id.to_string()
        } else {
            self.name.to_string()
        }
    }
}

/// What identifies an account: its ID or, if that's unknown, its login.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Identity<'a> {
    /// GitHub's ID.
    Id(u64),
    /// The login.
    Login(&'a str),
}

impl Account {
    /// Returns what identifies this account.
    pub fn identity(&self) -> Identity<'_> {
        self.id
            .map_or_else(|| Identity::Login(&self.login), Identity::Id)
    }
}

impl Seat {
    /// Returns the login as the report writes it: `None` for a row without a person.
    pub fn login(&self) -> &str {
        self.assignee.as_ref().map_or(NONE, |a| &*a.login)
    }

    /// Returns the organization as the report writes it.
    pub fn organization(&self) -> &str {
        self.organization.as_ref().map_or(NONE, |o| &*o.login)
    }

    /// Returns the ID of the team through which it's granted.
    pub fn team_id(&self) -> Option<u64> {
        self.team.as_ref().map(|team| team.id)
    }

    /// Returns what GitHub's own columns say about it in a report of this kind. An organization's
    /// report doesn't name the organization.
    pub fn in_githubs_form(&self, kind: ScopeKind) -> impl PartialEq + fmt::Debug {
        (
            self.login(),
            (kind == ScopeKind::Enterprise).then(|| self.organization()),
            self.last_authenticated_at.map(whole_seconds),
            self.last_activity_at.map(whole_seconds),
            self.last_surface_used.as_deref(),
        )
    }

    /// Returns what identifies a seat: the person, the organization, and the team. Rows without a
    /// person have no key. They can't be distinguished, so none of them counts as a duplicate.
    pub(crate) fn key(&self) -> Option<(Identity<'_>, Option<Identity<'_>>, Option<u64>)> {
        Some((
            self.assignee.as_ref()?.identity(),
            self.organization.as_deref().map(Account::identity),
            self.team_id(),
        ))
    }

    /// Compares two seats in the report's order: by login (case-insensitively, then exactly), then
    /// organization, then team. The remaining fields give similar rows a fixed order, so that
    /// reading the same list twice gives the same bytes.
    pub fn order(&self, other: &Self) -> Ordering {
        by_name(self.login(), other.login())
            .then_with(|| self.organization().cmp(other.organization()))
            .then_with(|| self.team_id().cmp(&other.team_id()))
            .then_with(|| self.created_at.cmp(&other.created_at))
            .then_with(|| self.last_authenticated_at.cmp(&other.last_authenticated_at))
            .then_with(|| self.last_activity_at.cmp(&other.last_activity_at))
            .then_with(|| self.last_surface_used.cmp(&other.last_surface_used))
            .then_with(|| {
                let identity = |seat: &Self| seat.assignee.as_ref().and_then(|account| account.id);
                identity(self).cmp(&identity(other))
            })
    }
}

/// Compares logins case-insensitively, then exactly.
pub(crate) fn by_name(one: &str, other: &str) -> Ordering {
    fn lower(text: &str) -> impl Iterator<Item = char> {
        text.chars().flat_map(char::to_lowercase)
    }
    // Almost all logins are ASCII, and a large report compares millions of them.
    let order = if one.is_ascii() && other.is_ascii() {
        let bytes = one.bytes().map(|byte| byte.to_ascii_lowercase());
        bytes.cmp(other.bytes().map(|byte| byte.to_ascii_lowercase()))
    } else {
        lower(one).cmp(lower(other))
    };
    order.then_with(|| one.cmp(other))
}

/// Puts rows in the report's order and removes duplicate seats. Returns the rows and the
/// duplicates.
///
/// If a seat was read twice, the row that's last in the order stays, because it has the newer
/// times.
pub(crate) fn ordered(mut rows: Vec<Seat>) -> (Vec<Seat>, Vec<Seat>) {
    rows.sort_unstable_by(Seat::order);
    let mut repeats: Vec<usize> = grouped(&rows, Seat::key)
        .chunk_by(|one, other| rows[*one].key() == rows[*other].key())
        .flat_map(|same| &same[..same.len() - 1])
        .copied()
        .collect();
    repeats.sort_unstable();
    let mut repeats = repeats.into_iter().peekable();
    let mut places = 0..;
    let twice = rows
        .extract_if(.., |_| {
            places
                .next()
                .is_some_and(|place| repeats.next_if_eq(&place).is_some())
        })
        .collect();
    (rows, twice)
}

/// Returns whether two lists have the same seats, whatever they say about them.
pub(crate) fn are_the_same(one: &[Seat], other: &[Seat]) -> bool {
    let keys = |seats| {
        let keys = grouped(seats, Seat::key).into_iter();
        keys.map(move |place: usize| seats[place].key())
    };
    let grants = |seats: &[Seat]| {
        let without_person = seats.iter().filter(|seat| seat.assignee.is_none());
        let mut grants: Vec<_> = without_person.map(|seat| seat.created_at).collect();
        grants.sort_unstable();
        grants
    };
    keys(one).eq(keys(other)) && grants(one) == grants(other)
}

/// Returns the rows without the times after `latest`, or `None` if there are no such times.
pub(crate) fn without_times_after(seats: &[Seat], latest: Timestamp) -> Option<Vec<Seat>> {
    let has_later = |seat: &Seat| {
        let newest_use = seat.last_authenticated_at.max(seat.last_activity_at);
        seat.created_at.max(newest_use) > Some(latest)
    };
    if !seats.iter().any(has_later) {
        return None;
    }
    let mut seats = seats.to_vec();
    for seat in &mut seats {
        seat.created_at.take_if(|time| *time > latest);
        seat.last_authenticated_at.take_if(|time| *time > latest);
        let activity = seat.last_activity_at.take_if(|time| *time > latest);
        if activity.is_some() {
            seat.last_surface_used = None;
        }
    }
    Some(seats)
}

/// Returns the indexes of all rows that have a key. Rows with the same key are next to each other,
/// in their original order.
///
/// A report can have hundreds of thousands of rows. Sorted indexes take only a few bytes for each
/// row, but a map of the keys would take as much memory as the rows.
pub(super) fn grouped<'a, K: Ord>(
    rows: &'a [Seat],
    key: impl Fn(&'a Seat) -> Option<K>,
) -> Vec<usize> {
    let mut places: Vec<usize> = (0..rows.len())
        .filter(|place| key(&rows[*place]).is_some())
        .collect();
    places.sort_unstable_by(|one, other| {
        let keys = key(&rows[*one]).cmp(&key(&rows[*other]));
        keys.then_with(|| one.cmp(other))
    });
    places
}

/// Drops the fraction of a second, as the report does.
pub(crate) fn whole_seconds(time: Timestamp) -> Timestamp {
    let seconds = TimestampRound::new().smallest(Unit::Second);
    time.round(seconds.mode(RoundMode::Floor)).unwrap_or(time)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn account(login: &str, id: u64) -> Option<Account> {
        Some(Account {
            id: Some(id),
            login: login.into(),
        })
    }

    fn seat(login: &str, id: u64, organization: Option<(&str, u64)>, team: Option<u64>) -> Seat {
        Seat {
            assignee: account(login, id),
            organization: organization
                .and_then(|(login, id)| account(login, id))
                .map(Arc::new),
            team: team.map(|id| {
                Arc::new(Team {
                    id,
                    name: "".into(),
                })
            }),
            ..Seat::default()
        }
    }

    #[test]
    fn rows_are_sorted_by_login_ignoring_case_then_exactly_then_org_then_team() {
        let nobody = Seat::default();
        let rows = vec![
            seat("octocat", 1, Some(("globex", 9)), None),
            nobody.clone(),
            seat("Octocat", 2, None, None),
            seat("octocat", 1, Some(("acme", 8)), Some(5)),
            seat("octocat", 1, Some(("acme", 8)), None),
            seat("monalisa", 3, None, None),
            seat("nora", 4, None, None),
        ];
        let (seats, twice) = ordered(rows);
        assert!(twice.is_empty());
        let order: Vec<_> = seats
            .iter()
            .map(|s| (s.login(), s.organization(), s.team_id()))
            .collect();
        assert_eq!(
            order,
            [
                ("monalisa", "None", None),
                ("None", "None", None),
                ("nora", "None", None),
                ("Octocat", "None", None),
                ("octocat", "acme", None),
                ("octocat", "acme", Some(5)),
                ("octocat", "globex", None),
            ]
        );
    }

    #[test]
    fn a_seat_that_is_listed_twice_is_kept_once_with_its_newer_activity() {
        let older = Seat {
            last_activity_at: Some("2026-01-01T00:00:00Z".parse().unwrap()),
            ..seat("octocat", 1, None, None)
        };
        let newer = Seat {
            last_activity_at: Some("2026-02-01T00:00:00Z".parse().unwrap()),
            ..older.clone()
        };
        let renamed_between = seat("octocat-renamed", 1, None, None);
        let (seats, twice) = ordered(vec![newer.clone(), older.clone()]);
        assert_eq!((seats, twice), (vec![newer.clone()], vec![older]));
        let (seats, twice) = ordered(vec![newer.clone(), renamed_between.clone()]);
        assert_eq!((seats, twice), (vec![renamed_between], vec![newer]));
    }

    #[test]
    fn rows_without_a_person_are_never_mistaken_for_each_other() {
        let (seats, twice) = ordered(vec![Seat::default(), Seat::default()]);
        assert_eq!((seats.len(), twice.len()), (2, 0));
    }

    #[test]
    fn a_fraction_of_a_second_is_dropped_not_rounded() {
        for (time, whole) in [
            ("2026-03-28T06:54:33.999Z", "2026-03-28T06:54:33Z"),
            ("1969-12-31T23:59:58.5Z", "1969-12-31T23:59:58Z"),
        ] {
            assert_eq!(whole_seconds(time.parse().unwrap()).to_string(), whole);
        }
    }
}
