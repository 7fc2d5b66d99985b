//! Who had which login in a history, and when.

use jiff::Timestamp;

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
use crate::report::day::{LATEST, day_of};
use crate::report::manifest::RecordedManifest;
use crate::report::seat::Seat;

/// Who had which login in a history, and when.
pub(crate) struct Trace {
    pub(super) people: Vec<KnownPerson>,
    /// The seats in the newest files.
    pub(super) seats: Vec<Seat>,
    pub(super) renames: Vec<ChangeLine>,
    identities: Identities,
    /// The time of the newest report.
    pub newest: Option<Timestamp>,
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
        let newest = files.paths().iter().rev().find(|path| {
            let is_manifest = day_of(path).is_some() && path.ends_with(".json");
            is_manifest && RecordedManifest::read(&read(path)).is_ok()
        });
        let newest = newest.and_then(|path| RecordedManifest::read(&read(path)).ok());
        let identities = Identities::new(&people, &seats, renames.iter());
        if let Ok(latest) = RecordedReport::read(&read(LATEST)) {
            seats.extend(latest.seats());
        }
        Self {
            people,
            seats,
            renames,
            identities,
            newest: newest.map(|newest| newest.report_time),
        }
    }

    /// The user ID of the person who had `login` at that time, if it's known.
    pub(super) fn id(&self, login: &str, time: Timestamp) -> Option<u64> {
        self.identities.account(login, time).id
    }

    /// Whether `login` at that time is one of the person's names.
    fn is(&self, person: &Person, login: &str, time: Timestamp) -> bool {
        person.has_name(login)
            && (self.id(login, time))
                .is_none_or(|id| person.ids.is_empty() || person.ids.contains(&id))
    }

    /// Whether the person holds a seat.
    pub(crate) fn holds_seat(&self, person: &Person) -> bool {
        let now = self.newest.unwrap_or(Timestamp::MAX);
        let holders = self.seats.iter().filter_map(|seat| seat.assignee.as_ref());
        holders.into_iter().any(|account| match account.id {
            Some(id) if !person.ids.is_empty() => person.ids.contains(&id),
            _ => self.is(person, &account.login, now),
        })
    }

    /// Returns the content of the file at `path` without what it says about the person.
    pub(crate) fn without(&self, person: &Person, path: &str, file: &[u8]) -> Without {
        if !person.names().any(|name| mentions(file, name)) && path != PEOPLE {
            return Without::Same;
        }
        match path {
            README => lines::of_page(person, file),
            PEOPLE => lines::without(file, person, |cells| self.is_about(person, cells)),
            _ if path.ends_with(".json") => {
                manifest::without(file, |time, login| self.is(person, login, time))
            }
            _ => lines::without(file, person, |cells| {
                let time = cells.first().and_then(|time| time.parse().ok());
                let login = cells.get(1).copied().unwrap_or_default();
                time.is_some_and(|time| self.is(person, login, time))
            }),
        }
    }

    /// Whether a line of `people.csv` is about the person.
    fn is_about(&self, person: &Person, cells: &[&str]) -> bool {
        let cell = |place: usize| cells.get(place).copied().unwrap_or_default();
        match cell(0).parse() {
            Ok(id) if !person.ids.is_empty() => person.ids.contains(&id),
            Ok(_) => person.has_name(cell(1)),
            Err(_) => {
                let last_seen = cell(3).parse().unwrap_or(Timestamp::MAX);
                self.is(person, cell(1), last_seen)
            }
        }
    }
}
