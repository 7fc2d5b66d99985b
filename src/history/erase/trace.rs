//! Who had which login in a history, and when.

use std::collections::BTreeSet;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::lines::{self, Without};
use super::manifest;
use super::mention::mentions;
use super::person::Person;
use crate::history::change_line::ChangeLine;
use crate::history::changes;
use crate::history::header;
use crate::history::identities::Identities;
use crate::history::page::README;
use crate::history::people::{KnownPerson, PEOPLE, People};
use crate::history::seats::{self, SEATS};
use crate::history::verify::Files;
use crate::report::csv::RecordedReport;
use crate::report::day::{LATEST, date, day_of};
use crate::report::seat::Seat;

/// Who had which login in a history, and when.
pub(crate) struct Trace {
    pub(super) people: Vec<KnownPerson>,
    /// The seats in the newest files.
    pub(super) seats: Vec<Seat>,
    pub(super) renames: Vec<ChangeLine>,
    identities: Identities,
    /// The days of its reports.
    days: BTreeSet<Date>,
    /// The time of the newest report.
    newest: Option<Timestamp>,
}

impl Trace {
    /// Reads the trace of everyone in a history.
    pub(crate) fn read(files: &impl Files) -> Self {
        let read = |path: &str| files.read(path).unwrap_or_default();
        let people = read(PEOPLE);
        let people = People::read(&people)
            .ok()
            .or_else(|| header::people_below(&people));
        let people = people.map(|(people, _)| people.into_lines());
        let people = people.unwrap_or_default();
        let mut seats = seats::read_lines(&read(SEATS));
        let mut renames = Vec::new();
        for path in files.paths() {
            if changes::is_of_seats(path) {
                let file = read(path);
                let lines = changes::lines(&file).flatten();
                let lines = lines.filter_map(ChangeLine::read);
                renames.extend(lines.filter(|line| line.is(changes::Kind::Renamed)));
            }
        }
        renames.sort_by_key(|line| line.time);
        let newest = files.newest_manifest();
        let identities = Identities::new(&people, &seats, renames.iter());
        if let Ok(latest) = RecordedReport::read(&read(LATEST)) {
            seats.extend(latest.seats());
        }
        Self {
            people,
            seats,
            renames,
            identities,
            days: files
                .paths()
                .iter()
                .filter_map(|path| day_of(path))
                .collect(),
            newest: newest.map(|newest| newest.report_time),
        }
    }

    /// The user IDs of everyone who had the login at some time.
    pub(super) fn ids_of(&self, login: &str) -> BTreeSet<u64> {
        let is_it = |other: &str| other.eq_ignore_ascii_case(login);
        let now = self.accounts().filter(|(_, other)| is_it(other));
        let now = now.filter_map(|(id, _)| id);
        let lines = self.renames.iter();
        let lines = lines.filter(|line| is_it(&line.from) || is_it(&line.to));
        let earlier = lines.filter_map(|line| self.id(&line.to, line.time));
        now.chain(earlier).collect()
    }

    /// The user IDs and the newest logins that the history has.
    pub(super) fn accounts(&self) -> impl Iterator<Item = (Option<u64>, &str)> {
        let people = self.people.iter();
        let people = people.map(|person| (person.user_id, &*person.login));
        let holders = self.seats.iter().filter_map(|seat| seat.assignee.as_ref());
        people.chain(holders.map(|account| (account.id, &*account.login)))
    }

    /// The user ID of the person who had `login` at that time, if it's known.
    pub(super) fn id(&self, login: &str, time: Timestamp) -> Option<u64> {
        self.identities.account(login, time).id
    }

    /// Whether `login` at that time is one of the person's names. Imported histories have no user
    /// IDs, so `all` histories of the clone say who had the login.
    fn is(&self, all: &[Self], person: &Person, login: &str, time: Timestamp) -> bool {
        let is_theirs = |id: u64| person.ids.contains(&id);
        if person.ids.is_empty() || !person.has_name(login) {
            return person.has_name(login);
        }
        if let Some(id) = self.id(login, time) {
            return is_theirs(id);
        }
        let mut certain = all
            .iter()
            .filter_map(|trace| trace.identities.holder(login, time))
            .peekable();
        if certain.peek().is_some() {
            return certain.all(is_theirs);
        }
        let mut likely = all
            .iter()
            .filter_map(|trace| trace.id(login, time))
            .peekable();
        if likely.peek().is_none() {
            let mut ids = self.accounts().filter_map(|(id, _)| id);
            return ids.any(is_theirs);
        }
        // If the login passed from one person to another, a guess isn't enough.
        let mut everyone = all.iter().flat_map(|trace| trace.ids_of(login));
        likely.all(is_theirs) && everyone.all(is_theirs)
    }

    /// Whether the history has a person with this user ID.
    pub(crate) fn has_id(&self, id: u64) -> bool {
        self.accounts().any(|(other, _)| other == Some(id))
    }

    /// In how many places the history connects names of the person.
    pub(crate) fn links(&self, person: &Person) -> usize {
        let ids = self.accounts().filter_map(|(id, _)| id);
        let ids = ids.filter(|id| person.ids.contains(id)).count();
        let renames = self.renames.iter();
        ids + renames.filter(|line| person.has_name(&line.from)).count()
    }

    /// Whether the person holds a seat.
    pub(crate) fn holds_seat(&self, all: &[Self], person: &Person) -> bool {
        let now = self.now();
        let holders = self.seats.iter().filter_map(|seat| seat.assignee.as_ref());
        holders.into_iter().any(|account| match account.id {
            Some(id) if !person.ids.is_empty() => person.ids.contains(&id),
            _ => self.is(all, person, &account.login, now),
        })
    }

    /// The end of the day of the last report before that time, or the time itself if there's none.
    /// A person who lost their seat had their login then.
    fn previous(&self, time: Timestamp) -> Timestamp {
        let before = self.days.range(..date(time)).next_back();
        before.map_or(time, |day| end_of(*day))
    }

    /// The time of the newest report.
    fn now(&self) -> Timestamp {
        self.newest.unwrap_or(Timestamp::MAX)
    }

    /// Returns the content of the file at `path` without what it says about the person.
    pub(crate) fn without(
        &self,
        all: &[Self],
        person: &Person,
        path: &str,
        file: &[u8],
    ) -> Without {
        let is = |login: &str, time| self.is(all, person, login, time);
        if !person.names().any(|name| mentions(file, name)) && path != PEOPLE {
            return Without::Same;
        }
        match path {
            README => lines::of_page(person, file, |login, day| match day {
                Some(day) => [start_of(day), end_of(day), self.previous(start_of(day))]
                    .into_iter()
                    .any(|time| is(login, time)),
                None => is(login, self.now()),
            }),
            PEOPLE => lines::without(file, person, |cells| self.is_about(all, person, cells)),
            _ if path.ends_with(".json") => manifest::without(file, |time, login| is(login, time)),
            _ => lines::without(file, person, |cells| {
                let time = cells.first().and_then(|time| time.parse().ok());
                let login = cells.get(1).copied().unwrap_or_default();
                let is_revoked = cells.get(4) == Some(&changes::Kind::Revoked.as_str());
                time.is_some_and(|time| match is_revoked && changes::is_of_seats(path) {
                    true => is(login, self.previous(time)),
                    false => is(login, time),
                })
            }),
        }
    }

    /// Whether a line of `people.csv` is about the person.
    fn is_about(&self, all: &[Self], person: &Person, cells: &[&str]) -> bool {
        let cell = |place: usize| cells.get(place).copied().unwrap_or_default();
        match cell(0).parse() {
            Ok(id) if !person.ids.is_empty() => person.ids.contains(&id),
            Ok(_) => person.has_name(cell(1)),
            Err(_) => {
                let last_seen = cell(3).parse().unwrap_or(Timestamp::MAX);
                self.is(all, person, cell(1), last_seen)
            }
        }
    }
}

/// The first moment of a day.
fn start_of(day: Date) -> Timestamp {
    let start = TimeZone::UTC.to_timestamp(day.at(0, 0, 0, 0));
    start.unwrap_or(Timestamp::MIN)
}

/// The last second of a day.
fn end_of(day: Date) -> Timestamp {
    let last = SignedDuration::from_secs(86_399);
    start_of(day).saturating_add(last).unwrap_or(Timestamp::MAX)
}
