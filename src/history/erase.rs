//! Finds what a history says about a person, and writes its files without it.
//!
//! Only `people.csv` and `seats.csv` have user IDs. All other files have logins, and a login can
//! pass from one person to another. So each line belongs to the person who had its login at the
//! line's time.

mod find;
mod lines;
mod manifest;
mod mention;
mod person;
mod trace;

use super::changes;
use super::page::README;
use super::people::PEOPLE;
use super::verify::Files;
use crate::report::day::day_of;

pub(crate) use find::find;
pub(crate) use lines::Without;
pub(crate) use mention::mentions;
pub(crate) use person::{Named, Person, PersonError};
pub(crate) use trace::Trace;

/// The files that can say something about a person, in the order in which to rewrite them. Those
/// that connect the person's logins come last, so that an interrupted erasure can be repeated.
pub(crate) fn files_about_people(files: &impl Files) -> Vec<&str> {
    let paths = || files.paths().iter().map(String::as_str);
    let reports = paths().filter(|path| day_of(path).is_some());
    let changes = paths().filter(|path| changes::is_of_seats(path));
    let rest = |name: &'static str| paths().filter(move |path| *path == name);
    reports
        .chain(rest(README))
        .chain(changes)
        .chain(rest(PEOPLE))
        .collect()
}
