//! Simulated members: they join, leave, use Copilot, sign in, and change their logins. `Members`
//! knows what really happened, and what GitHub would show.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

use super::random::Random;
use super::row::Row;

/// How long GitHub shows the last activity.
pub const SHOWN: SignedDuration = SignedDuration::from_hours(90 * 24);

const DAY: i64 = 86_400;
const SURFACES: [Option<&str>; 5] = [
    Some("vscode/1.113.0/copilot-chat/0.41.1"),
    Some("copilot-cli"),
    Some("JetBrains-IU/261.22158.277"),
    Some("/unknown"),
    None,
];
const PLANS: [Option<&str>; 5] = [
    Some("business"),
    Some("business"),
    Some("enterprise"),
    Some("unknown"),
    None,
];

/// The identity of a seat. A row without a person has a hidden number instead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    pub person: Option<u64>,
    pub unassigned: u64,
    pub organization: Option<u64>,
    pub team: Option<u64>,
}

#[derive(Debug, Clone, PartialEq)]
struct Grant {
    at: Timestamp,
    plan: Option<&'static str>,
    ends: Option<Date>,
}

struct Person {
    login: String,
    /// On how many of 100 days they use Copilot.
    habit: usize,
    uses: Vec<(Timestamp, Option<&'static str>)>,
    signed_in: Option<Timestamp>,
}

pub struct Members {
    pub random: Random,
    is_enterprise: bool,
    now: Timestamp,
    people: BTreeMap<u64, Person>,
    seats: BTreeMap<Key, Grant>,
    organizations: BTreeMap<u64, String>,
    teams: BTreeMap<u64, String>,
    /// Logins that are free to reuse.
    free: Vec<String>,
    next: u64,
}

impl Members {
    pub fn new(seed: u64, is_enterprise: bool, people: usize, now: Timestamp) -> Self {
        let organizations = [(7, "acme"), (8, "initech"), (9, "Umbrella")];
        let teams = [
            (40, "a team"),
            (41, "Research, \"and\" more"),
            (42, "tools"),
        ];
        let named = |names: [(u64, &str); 3]| names.map(|(id, name)| (id, name.to_owned())).into();
        let mut members = Self {
            random: Random(seed),
            is_enterprise,
            now,
            people: BTreeMap::new(),
            seats: BTreeMap::new(),
            organizations: named(organizations),
            teams: named(teams),
            free: Vec::new(),
            next: 100,
        };
        for _ in 0..people {
            let days = i64::try_from(members.random.below(400)).unwrap();
            let person = members.add_person();
            members.grant(person, now - SignedDuration::from_secs(days * DAY));
        }
        members.advance_to(now + SignedDuration::from_secs(1));
        members
    }

    /// The rows that GitHub shows now.
    pub fn shown(&self) -> Vec<(Key, Row)> {
        let seats = self.seats.iter().map(|(key, grant)| {
            let person = key.person.map(|id| &self.people[&id]);
            let used = person.and_then(|person| person.uses.last()).filter(|use_| {
                let since = self.now.duration_since(use_.0);
                // GitHub forgets activity after a time, and when it grants a seat again.
                use_.0 >= grant.at && since <= SHOWN
            });
            let row = Row {
                login: person.map(|person| person.login.clone()),
                id: key.person,
                organization: key.organization.map(|id| self.organizations[&id].clone()),
                organization_id: key.organization,
                team: key.team.map(|id| self.teams[&id].clone()),
                team_id: key.team,
                plan: grant.plan.map(str::to_owned),
                granted: Some(grant.at),
                ends: grant.ends,
                signed_in: person.and_then(|person| person.signed_in),
                used: used.map(|use_| use_.0),
                surface: used.and_then(|use_| use_.1).map(str::to_owned),
            };
            (*key, row)
        });
        seats.collect()
    }

    /// The number of people with seats, as GitHub counts them.
    pub fn holders(&self) -> usize {
        let holders: BTreeSet<u64> = self.seats.keys().filter_map(|key| key.person).collect();
        holders.len()
    }

    /// Simulates each day until `then`.
    pub fn advance_to(&mut self, then: Timestamp) {
        while self.now < then {
            let from = self.now;
            self.now = then.min(from + SignedDuration::from_secs(DAY));
            self.use_copilot(from);
            let usual = 1 + self.random.below(3);
            for _ in 0..if self.random.happens(50) { usual } else { 0 } {
                self.change_something(from);
            }
            let today = self.now.to_zoned_datetime(jiff::tz::TimeZone::UTC).date();
            self.seats
                .retain(|_, grant| grant.ends.is_none_or(|ends| ends > today));
        }
    }

    /// Makes one random change.
    pub fn change_now(&mut self) {
        for _ in 0..=self.random.below(2) {
            self.change_something(self.now);
        }
    }

    /// A random time between `from` and now. It's often exactly now, so that times are equal to the
    /// second.
    fn random_time(&mut self, from: Timestamp) -> Timestamp {
        let span = self.now.duration_since(from).as_secs().max(1);
        let back = match self.random.below(8) {
            0 => 0,
            1 => 1.min(span - 1),
            _ => i64::try_from(self.random.below(usize::try_from(span).unwrap())).unwrap(),
        };
        self.now - SignedDuration::from_secs(back)
    }

    fn use_copilot(&mut self, from: Timestamp) {
        let holders: Vec<u64> = self.seats.keys().filter_map(|key| key.person).collect();
        for id in holders {
            let (at, surface) = (self.random_time(from), self.random.pick(&SURFACES).unwrap());
            let (uses, signs_in) = (self.random.below(100), self.random.happens(5));
            let person = self.people.get_mut(&id).unwrap();
            let newer = person.uses.last().is_none_or(|last| last.0 < at);
            if uses < person.habit && newer {
                person.uses.push((at, surface));
            }
            if signs_in {
                person.signed_in = person.signed_in.max(Some(at));
            }
        }
    }

    fn change_something(&mut self, from: Timestamp) {
        let at = self.random_time(from);
        let keys: Vec<Key> = self.seats.keys().copied().collect();
        let Some(key) = self.random.pick(&keys) else {
            let person = self.add_person();
            return self.grant(person, at);
        };
        match self.random.below(26) {
            0..=3 => {
                let person = self.add_person();
                self.grant(person, at);
            }
            4..=5 => {
                self.seats.remove(&key);
            }
            6..=8 => self.grant_again(key, at),
            9..=11 => self.rename(key.person),
            12..=14 => {
                let days = i64::try_from(1 + self.random.below(40)).unwrap();
                let day = at + SignedDuration::from_secs(days * DAY);
                self.with(key, |grant| {
                    grant.ends = Some(day.to_zoned_datetime(jiff::tz::TimeZone::UTC).date());
                });
            }
            15..=16 => self.withdraw(),
            17..=18 => {
                let plan = self.random.pick(&PLANS).unwrap();
                self.with(key, |grant| grant.plan = plan);
            }
            19 => self.rehire(at),
            20 => self.hand_over_login(key.person, at),
            21 => {
                let (team, name) = (40 + self.next % 3, format!("team {}", self.next));
                self.next += 1;
                self.teams.insert(team, name);
            }
            22 => self.move_to_another_team(key, at),
            23 if self.is_enterprise => {
                let organization = 7 + self.next % 3;
                self.next += 1;
                self.organizations
                    .insert(organization, format!("org-{}", self.next));
            }
            24 if self.is_enterprise => self.grant(key.person, at),
            25 if self.is_enterprise => self.delete_account(key),
            _ => self.swap_logins(),
        }
    }

    fn with(&mut self, key: Key, change: impl FnOnce(&mut Grant)) {
        change(self.seats.get_mut(&key).unwrap());
    }

    fn add_person(&mut self) -> Option<u64> {
        let id = self.next;
        self.next += 1;
        let login = self.login();
        let habits = [0, 0, 2, 10, 40, 40, 70];
        let habit = self.random.pick(&habits).unwrap();
        let person = Person {
            login,
            habit,
            uses: Vec::new(),
            signed_in: None,
        };
        self.people.insert(id, person);
        Some(id)
    }

    /// A new login, or one that another person used before.
    fn login(&mut self) -> String {
        if !self.free.is_empty() && self.random.happens(60) {
            let place = self.random.below(self.free.len());
            return self.free.swap_remove(place);
        }
        self.next += 1;
        let mona = if self.next.is_multiple_of(4) {
            "Mona"
        } else {
            "mona"
        };
        format!("{mona}-{}", self.next)
    }

    /// Grants a seat to a person or to nobody, unless they already have one of this kind.
    fn grant(&mut self, person: Option<u64>, at: Timestamp) {
        self.next += 1;
        let team = match self.random.below(4) {
            0 => Some(40 + self.next % 3),
            _ => None,
        };
        let organization =
            (self.is_enterprise && self.random.happens(85)).then(|| 7 + self.next % 3);
        let key = Key {
            person,
            unassigned: if person.is_none() { self.next } else { 0 },
            organization,
            // In an organization, each person has one seat.
            team: team.filter(|_| self.is_enterprise || !self.has_seat(person)),
        };
        if !self.is_enterprise && self.has_seat(person) {
            return;
        }
        let plan = self.random.pick(&PLANS).unwrap();
        self.seats.entry(key).or_insert(Grant {
            at,
            plan,
            ends: None,
        });
    }

    fn has_seat(&self, person: Option<u64>) -> bool {
        self.seats.keys().any(|key| key.person == person)
    }

    /// Revokes the seat and grants it again.
    fn grant_again(&mut self, key: Key, at: Timestamp) {
        // Rows without a person differ only in when they were granted.
        if key.person.is_some() {
            self.with(key, |grant| {
                grant.at = at;
                grant.ends = None;
            });
        }
    }

    fn withdraw(&mut self) {
        let ending = self.seats.values_mut().find(|grant| grant.ends.is_some());
        if let Some(grant) = ending {
            grant.ends = None;
        }
    }

    fn rename(&mut self, person: Option<u64>) {
        let Some(id) = person else { return };
        let (same, login) = (self.random.happens(15), self.login());
        let person = self.people.get_mut(&id).unwrap();
        let login = if same {
            self.free.push(login);
            person.login.to_ascii_uppercase()
        } else {
            self.free.push(person.login.clone());
            login
        };
        person.login = login;
    }

    fn swap_logins(&mut self) {
        let ids: Vec<u64> = self.people.keys().copied().collect();
        let (one, other) = (self.random.pick(&ids), self.random.pick(&ids));
        let (Some(one), Some(other)) = (one, other) else {
            return;
        };
        let logins = [other, one].map(|id| self.people[&id].login.clone());
        for (id, login) in [one, other].into_iter().zip(logins) {
            self.people.get_mut(&id).unwrap().login = login;
        }
    }

    /// Someone without a seat gets one again.
    fn rehire(&mut self, at: Timestamp) {
        let away: Vec<u64> = self.people.keys().copied().collect();
        let away: Vec<u64> = away
            .into_iter()
            .filter(|id| !self.has_seat(Some(*id)))
            .collect();
        let person = self.random.pick(&away);
        if person.is_some() {
            self.grant(person, at);
        }
    }

    /// Someone leaves, and a new person takes over the login.
    fn hand_over_login(&mut self, person: Option<u64>, at: Timestamp) {
        let Some(id) = person else { return };
        self.seats.retain(|key, _| key.person != person);
        let new = self.add_person();
        let (gone, taken) = (format!("gone-{id}"), self.people[&id].login.clone());
        self.people.get_mut(&id).unwrap().login = gone;
        let given = &mut self.people.get_mut(&new.unwrap()).unwrap().login;
        self.free.push(std::mem::replace(given, taken));
        self.grant(new, at);
    }

    fn move_to_another_team(&mut self, key: Key, at: Timestamp) {
        let grant = self.seats.remove(&key).unwrap();
        let team = match key.team {
            Some(_) => None,
            None => Some(41),
        };
        let to = Key { team, ..key };
        self.seats.entry(to).or_insert(Grant { at, ..grant });
    }

    /// Deletes an account. Its seats remain, without a person.
    fn delete_account(&mut self, key: Key) {
        self.next += 1;
        let grant = self.seats.remove(&key).unwrap();
        let unassigned = Key {
            person: None,
            unassigned: self.next,
            ..key
        };
        self.seats.insert(unassigned, grant);
    }
}
