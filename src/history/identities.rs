//! Resolves the logins in old reports to people. Reports have only logins, and people rename
//! themselves.

use std::collections::HashMap;

use jiff::Timestamp;

use super::change_line::ChangeLine;
use super::changes::Kind;
use super::people::KnownPerson;
use crate::report::day::date;
use crate::report::seat::{Account, Seat};

/// The times when a person with an ID was first and last seen.
struct Seen {
    id: u64,
    first: Timestamp,
    last: Timestamp,
}

/// What's known about logins. All keys are in lowercase.
pub(super) struct Identities {
    /// The newer logins of an older one, each with the time of the report that showed it.
    renames: HashMap<String, Vec<(Timestamp, String)>>,
    people: HashMap<String, Vec<Seen>>,
    /// The IDs in `seats.csv`.
    holders: HashMap<String, u64>,
}

impl Identities {
    pub(super) fn new<'l>(
        people: &[KnownPerson],
        seats: &[Seat],
        changes: impl Iterator<Item = &'l ChangeLine>,
    ) -> Self {
        let mut found = Self {
            renames: HashMap::new(),
            people: HashMap::new(),
            holders: HashMap::new(),
        };
        for line in changes.filter(|line| line.is(Kind::Renamed)) {
            let newer = found.renames.entry(line.from.to_lowercase()).or_default();
            newer.push((line.time, line.to.clone()));
        }
        for newer in found.renames.values_mut() {
            newer.sort();
        }
        for person in people {
            if let Some(id) = person.user_id {
                let seen = Seen {
                    id,
                    first: person.first_seen,
                    last: person.last_seen,
                };
                let login = person.login.to_lowercase();
                found.people.entry(login).or_default().push(seen);
            }
        }
        for account in seats.iter().filter_map(|seat| seat.assignee.as_ref()) {
            if let Some(id) = account.id {
                found.holders.insert(account.login.to_lowercase(), id);
            }
        }
        found
    }

    /// The newest login of the person who had `login` in the report of `time`, following renames
    /// until `end`.
    pub(super) fn login(&self, login: &str, time: Timestamp, end: Timestamp) -> String {
        let (mut login, mut time) = (login.to_owned(), time);
        while let Some(newer) = self.renames.get(&login.to_lowercase())
            && let Some((at, newest)) = newer.iter().find(|(at, _)| *at > time && *at <= end)
        {
            (login, time) = (newest.clone(), *at);
        }
        login
    }

    /// The ID of the person who had `login` on a day when reports can show them. `None` if reports
    /// show no one with that login before or after it.
    pub(super) fn holder(&self, login: &str, time: Timestamp) -> Option<u64> {
        let name = self.login(login, time, Timestamp::MAX).to_lowercase();
        let mut seen = self.people.get(&name).into_iter().flatten();
        let then = seen.find(|seen| (date(seen.first)..=date(seen.last)).contains(&date(time)));
        then.map(|seen| seen.id)
    }

    /// The account, under its current login, of the person who had `login` in the report of `time`.
    pub(super) fn account(&self, login: &str, time: Timestamp) -> Account {
        let login = self.login(login, time, Timestamp::MAX);
        let name = login.to_lowercase();
        let seen = self.people.get(&name).into_iter().flatten();
        // If a login passed from one person to another, use the one who was seen closest to that
        // time.
        let nearest = seen.min_by_key(|seen| {
            let before = seen.first.duration_since(time);
            let after = time.duration_since(seen.last);
            before.max(after).max(jiff::SignedDuration::ZERO)
        });
        let id = nearest.map(|seen| seen.id);
        Account {
            id: id.or_else(|| self.holders.get(&name).copied()),
            login: login.into(),
        }
    }
}
