//! What's known about a person. Merges a report into it, or two lines about the same person. Both
//! lines are correct, and either can contain what the other doesn't.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::report::seat::{Account, Seat, whole_seconds};
use crate::report::status::GITHUB_RETENTION;

/// A person who was ever seen in a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct KnownPerson {
    /// Their user ID on GitHub. `None` if they're only in downloaded reports.
    pub user_id: Option<u64>,
    /// Their newest login.
    pub login: String,
    /// The time of the first report they were in.
    pub first_seen: Timestamp,
    /// The time of the last report they were in.
    pub last_seen: Timestamp,
    /// The time of the first report in the latest unbroken series of reports they were in. A series
    /// breaks if two reports are more than [`GITHUB_RETENTION`] apart.
    pub tracked_since: Timestamp,
    /// Whether they hold a seat in the newest report.
    pub holds_seat: bool,
    /// Their newest activity in any report.
    pub last_known_activity_at: Option<Timestamp>,
    /// The surface of that activity.
    pub last_known_surface: Option<String>,
    /// Their newest authentication in any report.
    pub last_known_authentication_at: Option<Timestamp>,
}

impl KnownPerson {
    /// The value of [`KnownPerson::tracked_since`] after a report of that time that includes them.
    pub(crate) fn tracked_since_at(&self, time: Timestamp) -> Timestamp {
        if time.duration_since(self.last_seen) > GITHUB_RETENTION {
            time
        } else {
            self.tracked_since
        }
    }

    pub(super) fn merge_seat(&mut self, time: Timestamp, account: &Account, seat: &Seat) {
        self.user_id = self.user_id.or(account.id);
        self.login = account.login.to_string();
        self.tracked_since = self.tracked_since_at(time);
        self.last_seen = self.last_seen.max(time);
        self.holds_seat = true;
        let activity = seat.last_activity_at.map(whole_seconds);
        if activity.is_some() && activity >= self.last_known_activity_at {
            if activity > self.last_known_activity_at || seat.last_surface_used.is_some() {
                self.last_known_surface = seat.last_surface_used.as_deref().map(str::to_owned);
            }
            self.last_known_activity_at = activity;
        }
        let authentication = seat.last_authenticated_at.map(whole_seconds);
        self.last_known_authentication_at = self.last_known_authentication_at.max(authentication);
    }
}

/// Whether two lines are about the same person: by ID, or by login if neither has one.
pub(super) fn is_same(one: &KnownPerson, other: &KnownPerson) -> bool {
    match (one.user_id, other.user_id) {
        (None, None) => one.login.to_lowercase() == other.login.to_lowercase(),
        (one, other) => one == other,
    }
}

/// Merges two lines. If they conflict, the line with the later report wins, or `one` if both are
/// equally late.
pub(super) fn merged(one: KnownPerson, other: KnownPerson) -> KnownPerson {
    let (newer, older) = if other.last_seen > one.last_seen {
        (other, one)
    } else {
        (one, other)
    };
    let activity = [&newer, &older]
        .into_iter()
        .max_by_key(|person| {
            let has_surface = person.last_known_surface.is_some();
            (person.last_known_activity_at, has_surface)
        })
        .map(|person| {
            (
                person.last_known_activity_at,
                person.last_known_surface.clone(),
            )
        });
    let (last_known_activity_at, last_known_surface) = activity.unwrap_or_default();
    KnownPerson {
        user_id: newer.user_id.or(older.user_id),
        first_seen: newer.first_seen.min(older.first_seen),
        last_seen: newer.last_seen,
        // Both series of reports have no gaps, so the earlier start is correct too, unless that
        // series ended before the later one started.
        tracked_since: if newer.tracked_since.duration_since(older.last_seen) <= GITHUB_RETENTION {
            newer.tracked_since.min(older.tracked_since)
        } else {
            newer.tracked_since
        },
        holds_seat: newer.holds_seat,
        last_known_activity_at,
        last_known_surface,
        last_known_authentication_at: newer
            .last_known_authentication_at
            .max(older.last_known_authentication_at),
        login: newer.login,
    }
}
