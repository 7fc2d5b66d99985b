//! `people.csv`: each person ever seen in a report of the scope, with what was last known about
//! them.
//!
//! GitHub drops a person's last activity after 90 days, when a seat is revoked, and when access is
//! granted again. The values here never regress. They survive all of that, and also a renamed
//! login, because the ID identifies the person. As long as the ID is unknown, the login identifies
//! them.

use std::collections::HashMap;

use jiff::Timestamp;

use super::known_person::{KnownPerson, is_same, merged};
use super::table::{self, TableError};
use crate::report::seat::{Account, Seat, by_name};

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

/// Every person ever seen, indexed by ID and login.
#[derive(Debug, Default)]
pub(crate) struct People {
    all: Vec<KnownPerson>,
    /// Lines of the file that can't be read.
    damaged: Vec<Vec<u8>>,
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

    /// Removes and returns the lines that can't be read.
    pub(super) fn take_damaged(&mut self) -> Vec<Vec<u8>> {
        std::mem::take(&mut self.damaged)
    }

    /// Sets the lines that can't be read, which the file has below the others.
    pub(super) fn put_damaged(&mut self, damaged: Vec<Vec<u8>>) {
        self.damaged = damaged;
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
