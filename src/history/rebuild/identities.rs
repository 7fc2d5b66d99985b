//! Who a login in an old report is: reports have logins only, and people rename themselves.

use std::collections::HashMap;

use jiff::Timestamp;

use super::super::changes::Kind;
use super::super::known_person::KnownPerson;
use super::change_line::ChangeLine;
use crate::report::seat::{Account, Seat};

/// When a person with an ID was seen.
struct Seen {
    id: u64,
    first: Timestamp,
    last: Timestamp,
}

/// What's known of logins, all in lower case.
pub(super) struct Identities {
    /// The newer logins of an older one, and the time of the report that showed each.
    renames: HashMap<String, Vec<(Timestamp, String)>>,
    people: HashMap<String, Vec<Seen>>,
    /// The IDs in the file of seats.
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

    /// The newest login of whoever had `login` in the report of `time`, after renames until `end`.
    pub(super) fn login(&self, login: &str, time: Timestamp, end: Timestamp) -> String {
        let (mut login, mut time) = (login.to_owned(), time);
        while let Some(newer) = self.renames.get(&login.to_lowercase())
            && let Some((at, newest)) = newer.iter().find(|(at, _)| *at > time && *at <= end)
        {
            (login, time) = (newest.clone(), *at);
        }
        login
    }

    /// The account, as it's called now, of whoever had `login` in the report of `time`.
    pub(super) fn account(&self, login: &str, time: Timestamp) -> Account {
        let login = self.login(login, time, Timestamp::MAX);
        let name = login.to_lowercase();
        let seen = self.people.get(&name).into_iter().flatten();
        // A login that passed from one to another belongs to who was seen closest to that time.
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
