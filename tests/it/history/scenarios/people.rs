//! What the history knows about people, based on the documented rules.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::members::SHOWN;
use super::row::{Row, cell, is_plausible, table};

const PEOPLE: &str = "User Id,Login,First Seen,Last Seen,Tracked Since,Holds Seat,Last Known Activity At,\
                      Last Known Surface,Last Known Authentication At\n";

/// How long people count as active after their last activity.
const INACTIVE_AFTER: SignedDuration = SignedDuration::from_hours(30 * 24);

#[derive(Debug, Clone)]
struct Person {
    id: Option<u64>,
    login: String,
    first: Timestamp,
    last: Timestamp,
    since: Timestamp,
    holds: bool,
    used: Option<(Timestamp, Option<String>)>,
    signed_in: Option<Timestamp>,
}

/// Everyone who was ever seen.
#[derive(Debug, Clone, Default)]
pub struct People(Vec<Person>);

/// The number of people with each status.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    pub people: usize,
    pub active: usize,
    pub inactive: usize,
    pub never: usize,
    pub new: usize,
}

impl People {
    /// Everyone in the report of this time, if `people.csv` is lost.
    pub fn rebuilt(time: Timestamp, latest: &[Row], seats: Option<&[Row]>) -> Self {
        let mut people = Self::default();
        let seats = seats.unwrap_or_default();
        let rows = latest.iter().map(|row| {
            let row = row.plausible(time);
            let same_login = seats.iter().filter(|seat| seat.login == row.login);
            let same: Vec<&Row> = same_login.collect();
            let just_like: Vec<&Row> = {
                let is_like = |seat: &&Row| seat.bare() == row.bare();
                same.iter().copied().filter(is_like).collect()
            };
            // If several seats have this login, the one with the same activity has the right ID.
            let id = only_id(&same).or_else(|| only_id(&just_like));
            Row { id, ..row }
        });
        people.see(time, &rows.collect::<Vec<_>>(), &[]);
        people
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The logins of those without a seat.
    pub fn former(&self) -> Vec<String> {
        let former = self.0.iter().filter(|person| !person.holds);
        former.map(|person| person.login.clone()).collect()
    }

    /// Removes the lines of this login without a seat.
    pub fn forget(&mut self, login: &str) {
        self.0
            .retain(|person| person.holds || person.login != login);
    }

    /// The ID of the person with this login. If there are two, the one who was seen last.
    pub fn id_of(&self, login: &str) -> Option<u64> {
        let same = |person: &&Person| person.login.eq_ignore_ascii_case(login);
        let people = self.0.iter().filter(same);
        people.max_by_key(|person| person.last)?.id
    }

    fn place(&self, row: &Row) -> Option<usize> {
        let login = row.login.as_ref()?;
        let by_id = |person: &Person| person.id.is_some() && person.id == row.id;
        let by_login = |person: &Person| {
            (person.id.is_none() || row.id.is_none()) && person.login.eq_ignore_ascii_case(login)
        };
        let place = self.0.iter().position(by_id);
        place.or_else(|| self.0.iter().position(by_login))
    }

    /// The last recorded report with this seat's person, if the line is certainly about them.
    pub fn last_seen(&self, row: &Row) -> Option<Timestamp> {
        let person = &self.0[self.place(row)?];
        (person.id == row.id).then_some(person.last)
    }

    /// Records the seats of a report, and the missing seats that are kept.
    pub fn see(&mut self, time: Timestamp, shown: &[Row], kept: &[Row]) {
        for person in &mut self.0 {
            person.holds = false;
            let known = |at: &Timestamp| is_plausible(*at, time);
            person.used = person.used.take().filter(|used| known(&used.0));
            person.signed_in = person.signed_in.filter(known);
        }
        for row in kept {
            if let Some(place) = self.place(row) {
                self.0[place].holds = true;
            }
        }
        for row in shown {
            let Some(login) = row.login.clone() else {
                continue;
            };
            let place = self.place(row).unwrap_or_else(|| {
                self.0.push(Person {
                    id: row.id,
                    login: login.clone(),
                    first: time,
                    last: time,
                    since: time,
                    holds: true,
                    used: None,
                    signed_in: None,
                });
                self.0.len() - 1
            });
            let person = &mut self.0[place];
            person.since = person.since_at(time);
            person.id = person.id.or(row.id);
            person.login = login;
            person.last = time;
            person.holds = true;
            person.signed_in = person.signed_in.max(row.signed_in);
            if let Some(used) = row.used
                && person.used.as_ref().is_none_or(|known| known.0 < used)
            {
                person.used = Some((used, row.surface.clone()));
            }
        }
    }

    /// Counts the people in a report by status.
    pub fn counts(&self, time: Timestamp, shown: &[Row]) -> Counts {
        let recent = |then: Timestamp| time.duration_since(then) < INACTIVE_AFTER;
        let mut by_person: BTreeMap<u64, Vec<&Row>> = BTreeMap::new();
        for row in shown {
            if let Some(id) = row.id {
                by_person.entry(id).or_default().push(row);
            }
        }
        let mut counts = Counts::default();
        for rows in by_person.values() {
            let known = self.place(rows[0]).map(|place| &self.0[place]);
            let granted = rows.iter().filter_map(|row| row.granted).min();
            let known_use = known.and_then(|known| Some(known.used.as_ref()?.0));
            let used = rows.iter().filter_map(|row| row.used);
            let used = used
                .chain(known_use.filter(|at| is_plausible(*at, time)))
                .max();
            let since = known.map_or(time, |known| known.since_at(time)) - SHOWN;
            counts.people += 1;
            *if used.is_some_and(recent) {
                &mut counts.active
            } else if granted.is_some_and(recent) {
                &mut counts.new
            } else if used.is_none() && granted.is_some_and(|granted| granted >= since) {
                &mut counts.never
            } else {
                &mut counts.inactive
            } += 1;
        }
        counts
    }

    /// The contents of `people.csv`.
    pub fn file(&self) -> String {
        let mut people: Vec<&Person> = self.0.iter().collect();
        people.sort_by_key(|person| (person.login.to_lowercase(), &person.login, person.id));
        let lines = people.iter().map(|person| {
            let used = person.used.as_ref();
            [
                cell(person.id),
                person.login.clone(),
                person.first.to_string(),
                person.last.to_string(),
                person.since.to_string(),
                person.holds.to_string(),
                cell(used.map(|used| used.0)),
                cell(used.and_then(|used| used.1.clone())),
                cell(person.signed_in),
            ]
        });
        format!("{PEOPLE}{}", table(lines))
    }
}

/// The ID of the person who holds all of these seats, if it's the same person.
fn only_id(seats: &[&Row]) -> Option<u64> {
    let first = seats.first()?.id;
    first.filter(|_| seats.iter().all(|seat| seat.id == first))
}

impl Person {
    /// The earliest report since which no two reports with this person are more than 90 days apart,
    /// if the report of `time` shows them.
    fn since_at(&self, time: Timestamp) -> Timestamp {
        if time.duration_since(self.last) > SHOWN {
            time
        } else {
            self.since
        }
    }
}
