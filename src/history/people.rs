//! `people.csv`: each person ever seen in a report of the scope, with what was last known about
//! them.
//!
//! GitHub drops a person's last activity after 90 days, when a seat is revoked, and when access is
//! granted again. The values here never regress. They survive all of that, and also a renamed
//! login, because the ID identifies the person. As long as the ID is unknown, the login identifies
//! them.

use std::collections::HashMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::table::{self, TableError};
use crate::report::seat::{Account, Seat, by_name, whole_seconds};
use crate::report::status::GITHUB_RETENTION;

/// The file's name in the folder of a scope.
pub(crate) const PEOPLE: &str = "people.csv";

/// The columns. Times are UTC in whole seconds. A missing value is an empty cell.
pub(crate) const COLUMNS: [&str; 9] = [
    "User Id",
    "Login",
    "First Seen",
    "Last Seen",
    "Tracked Since",
    "Holds Seat",
    "Last Known Activity At",
    "Last Known Surface",
    "Last Known Authentication At",
];

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
    pub(super) fn tracked_since_at(&self, time: Timestamp) -> Timestamp {
        if time.duration_since(self.last_seen) > GITHUB_RETENTION {
            time
        } else {
            self.tracked_since
        }
    }

    fn merge_seat(&mut self, time: Timestamp, account: &Account, seat: &Seat) {
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

/// Every person ever seen, indexed by ID and login.
#[derive(Debug, Default)]
pub(crate) struct People {
    all: Vec<KnownPerson>,
    /// Lines that can't be read, which the file has below the others.
    pub(super) damaged: Vec<Vec<u8>>,
    by_id: HashMap<u64, usize>,
    by_login: HashMap<String, usize>,
}

impl People {
    /// Creates the index of these people.
    pub(crate) fn new(known: Vec<KnownPerson>) -> Self {
        let mut people = Self::default();
        for person in known {
            people.insert(person);
        }
        people
    }

    /// Reads the file, and returns the numbers of the lines that can't be read. Those lines are
    /// kept as they are.
    pub(crate) fn read(file: &[u8]) -> Result<(Self, Vec<usize>), TableError> {
        let mut columns = false;
        let mut people = Self::default();
        let mut numbers = Vec::new();
        let lines = table::lines(file, |record| {
            if *record == COLUMNS[..] {
                columns = true;
                return Some(None);
            }
            if !columns || record.len() != COLUMNS.len() {
                return None;
            }
            record.deserialize(None).ok().map(Some)
        });
        for (place, line) in lines.enumerate() {
            match line {
                Ok(None) => {}
                Ok(Some(person)) => people.add(person),
                Err(_) if place == 0 => return Err(TableError::Columns(COLUMNS.join(","))),
                Err(bad) => {
                    people.damaged.push(bad.text.to_vec());
                    numbers.push(bad.number);
                }
            }
        }
        Ok((people, numbers))
    }

    /// What's known about the holder of an account.
    pub(crate) fn get(&self, account: &Account) -> Option<&KnownPerson> {
        self.all.get(self.place(account)?)
    }

    pub(crate) fn logins(&self) -> impl Iterator<Item = &str> {
        self.all.iter().map(|person| &*person.login)
    }

    /// Merges a report: its time, its seats, and the `kept` seats that it doesn't show.
    pub(crate) fn merge_report(&mut self, time: Timestamp, seats: &[Seat], kept: &[Seat]) {
        for person in &mut self.all {
            person.holds_seat = false;
        }
        let holders = |seat: &Seat| seat.assignee.clone();
        for account in kept.iter().filter_map(holders) {
            if let Some(place) = self.place(&account) {
                self.all[place].holds_seat = true;
            }
        }
        for seat in seats {
            let Some(account) = &seat.assignee else {
                continue;
            };
            let place = self.place(account).unwrap_or_else(|| {
                self.insert(KnownPerson {
                    user_id: account.id,
                    login: account.login.to_string(),
                    first_seen: time,
                    last_seen: time,
                    tracked_since: time,
                    holds_seat: true,
                    last_known_activity_at: None,
                    last_known_surface: None,
                    last_known_authentication_at: None,
                })
            });
            self.all[place].merge_seat(time, account, seat);
            self.index(place);
        }
    }

    /// Drops activities and sign-ins later than `latest`, which are impossible. Returns the number
    /// of affected people.
    pub(crate) fn forget_times_after(&mut self, latest: Timestamp) -> usize {
        let mut people = 0;
        for person in &mut self.all {
            let activity = &mut person.last_known_activity_at;
            let was_active = activity.take_if(|time| *time > latest).is_some();
            if was_active {
                person.last_known_surface = None;
            }
            let authentication = &mut person.last_known_authentication_at;
            let was_there = authentication.take_if(|time| *time > latest).is_some();
            people += usize::from(was_active || was_there);
        }
        people
    }

    /// All people, sorted by login as in the report.
    pub(crate) fn into_lines(mut self) -> Vec<KnownPerson> {
        self.all.sort_by(|one, other| {
            by_name(&one.login, &other.login).then(one.user_id.cmp(&other.user_id))
        });
        self.all
    }

    /// Writes the file: all people, sorted by login as in the report, followed by the lines that
    /// couldn't be read.
    pub(crate) fn write(mut self) -> csv::Result<Vec<u8>> {
        let damaged = std::mem::take(&mut self.damaged);
        let mut file = table::write(&COLUMNS, self.into_lines())?;
        for line in damaged {
            file.extend(line);
            file.push(b'\n');
        }
        Ok(file)
    }

    /// Adds a line about a person, and merges it with an existing line about the same person.
    pub(super) fn add(&mut self, person: KnownPerson) {
        let by_id = person.user_id.and_then(|id| self.by_id.get(&id));
        let by_login = || self.by_login.get(&person.login.to_lowercase());
        let place = by_id.or_else(by_login).copied();
        match place.filter(|place| is_same(&self.all[*place], &person)) {
            Some(place) => {
                self.all[place] = merged(self.all[place].clone(), person);
                self.index(place);
            }
            None => {
                self.insert(person);
            }
        }
    }

    fn insert(&mut self, person: KnownPerson) -> usize {
        self.all.push(person);
        let place = self.all.len() - 1;
        self.index(place);
        place
    }

    fn index(&mut self, place: usize) {
        let person = &self.all[place];
        if let Some(id) = person.user_id {
            self.by_id.insert(id, place);
        }
        // A login that passed from one person to another identifies the one who was last seen with
        // it.
        let newest = self
            .by_login
            .get(&person.login.to_lowercase())
            .is_none_or(|known| self.all[*known].last_seen <= person.last_seen);
        if newest {
            self.by_login.insert(person.login.to_lowercase(), place);
        }
    }

    fn place(&self, account: &Account) -> Option<usize> {
        let by_login = || {
            let place = *self.by_login.get(&account.login.to_lowercase())?;
            (account.id.is_none() || self.all[place].user_id.is_none()).then_some(place)
        };
        account
            .id
            .and_then(|id| self.by_id.get(&id).copied())
            .or_else(by_login)
    }
}

/// Whether two lines are about the same person: by ID, or by login if neither has one.
fn is_same(one: &KnownPerson, other: &KnownPerson) -> bool {
    match (one.user_id, other.user_id) {
        (None, None) => one.login.to_lowercase() == other.login.to_lowercase(),
        (one, other) => one == other,
    }
}

/// Merges two lines about a person. Both are correct, and either can contain what the other
/// doesn't. If they conflict, the line with the later report wins, or `one` if both are
/// equally late.
fn merged(one: KnownPerson, other: KnownPerson) -> KnownPerson {
    let (newer, older) = if other.last_seen > one.last_seen {
        (other, one)
    } else {
        (one, other)
    };
    let activity = |person: &KnownPerson| {
        let has_surface = person.last_known_surface.is_some();
        (person.last_known_activity_at, has_surface)
    };
    let is_newer = activity(&newer) > activity(&older);
    let last_active = if is_newer { &newer } else { &older };
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
        last_known_activity_at: last_active.last_known_activity_at,
        last_known_surface: last_active.last_known_surface.clone(),
        last_known_authentication_at: newer
            .last_known_authentication_at
            .max(older.last_known_authentication_at),
        login: newer.login,
    }
}
