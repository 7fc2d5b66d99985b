//! `totals.csv`: the trend, with one line per day. It also shows when reports were recorded, and so
//! how far back the knowledge about a person reaches.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::table;
use crate::report::activity::Counts;
use crate::report::day::date;

/// The file's name in the folder of a scope.
pub(crate) const TOTALS: &str = "totals.csv";

/// The columns. The time is UTC in whole seconds.
pub(crate) const COLUMNS: [&str; 10] = [
    "Report Time",
    "Seats",
    "People",
    "Active",
    "Inactive",
    "Never Used",
    "New",
    "Granted",
    "Revoked",
    "Complete",
];

/// The line of one day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Day {
    /// The time of the day's report.
    pub report_time: Timestamp,
    /// The number of rows in the report.
    pub seats: usize,
    /// The number of people who hold the seats.
    pub people: usize,
    /// The people who were active recently.
    pub active: usize,
    /// The people who aren't known to have another status.
    pub inactive: usize,
    /// The people who never used their seat.
    pub never_used: usize,
    /// The people who got their seat recently and haven't been active yet.
    pub new: usize,
    /// The number of seats granted since the previous day's report.
    pub granted: usize,
    /// The number of seats revoked since then.
    pub revoked: usize,
    /// Whether the report is verified as complete. `None` if that's unknown.
    pub complete: Option<bool>,
}

impl Day {
    /// The line for the report of that time, with its completeness and counts.
    pub fn new(
        (report_time, complete): (Timestamp, Option<bool>),
        seats: usize,
        counts: Counts,
        (granted, revoked): (usize, usize),
    ) -> Self {
        Self {
            report_time,
            complete,
            seats,
            people: counts.people,
            active: counts.active,
            inactive: counts.inactive,
            never_used: counts.never_used,
            new: counts.new,
            granted,
            revoked,
        }
    }
}

impl Day {
    /// Returns how many people have each status.
    pub(crate) fn counts(&self) -> Counts {
        Counts {
            people: self.people,
            active: self.active,
            new: self.new,
            never_used: self.never_used,
            inactive: self.inactive,
        }
    }
}

/// The lines of the file, both as text and parsed. A line that can't be read stays as it is.
#[derive(Debug, Default)]
pub(crate) struct Totals {
    lines: Vec<(String, Option<Day>)>,
}

impl Totals {
    /// Reads the file, and returns the numbers of the lines that can't be read.
    pub(crate) fn read(file: &[u8]) -> (Self, Vec<usize>) {
        let header = COLUMNS.join(",");
        let text = String::from_utf8_lossy(table::without_mark(file));
        let lacks_header = lacks_header(file);
        let lines: Vec<_> = (1..)
            .zip(text.lines().map(|line| line.trim_end_matches('\r')))
            .filter(|(_, line)| !line.is_empty() && *line != header)
            .map(|(number, line)| (number, line.to_owned(), day(line)))
            // A damaged header doesn't contain anything worth keeping.
            .filter(|(number, _, day)| *number != 1 || day.is_some() || !lacks_header)
            .collect();
        let damaged = lines.iter().filter(|(.., day)| day.is_none());
        let damaged = damaged.map(|(number, ..)| *number).collect();
        let lines = lines
            .into_iter()
            .map(|(_, line, day)| (line, day))
            .collect();
        (Self { lines }, damaged)
    }

    /// The days, in the order of the file.
    pub(crate) fn days(&self) -> impl DoubleEndedIterator<Item = &Day> {
        self.lines.iter().filter_map(|(_, day)| day.as_ref())
    }

    /// Inserts the line of a day, ordered by time. Replaces the day's earlier line, and adds the
    /// seats granted and revoked in that line.
    pub(crate) fn put(&mut self, mut line: Day) {
        let same_day = |day: &Day| date(day.report_time) == date(line.report_time);
        let mut counted = (0, 0);
        self.lines.retain(|(_, day)| {
            let Some(day) = day.filter(same_day) else {
                return true;
            };
            counted = (counted.0 + day.granted, counted.1 + day.revoked);
            false
        });
        line.granted += counted.0;
        line.revoked += counted.1;
        let later = |(_, day): &(String, Option<Day>)| {
            day.is_some_and(|day| day.report_time > line.report_time)
        };
        let place = self.lines.iter().position(later);
        let place = place.unwrap_or(self.lines.len());
        self.lines.insert(place, (String::new(), Some(line)));
    }

    /// Writes the file.
    pub(crate) fn write(&self) -> csv::Result<Vec<u8>> {
        let mut file = format!("{}\n", COLUMNS.join(",")).into_bytes();
        for (text, day) in &self.lines {
            match day {
                Some(day) => file.extend(table::rows([day])?),
                None => {
                    file.extend_from_slice(text.as_bytes());
                    file.push(b'\n');
                }
            }
        }
        Ok(file)
    }
}

fn day(line: &str) -> Option<Day> {
    let mut csv = csv::ReaderBuilder::new()
        .has_headers(false)
        .from_reader(line.as_bytes());
    csv.deserialize().next()?.ok()
}

/// Whether the file has lines but no header.
pub(super) fn lacks_header(file: &[u8]) -> bool {
    let header = COLUMNS.join(",");
    let text = String::from_utf8_lossy(table::without_mark(file));
    let mut lines = text.lines().filter(|line| !line.is_empty()).peekable();
    lines.peek().is_some() && !lines.any(|line| line == header)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_damaged_line_is_written_the_same_each_time() {
        let file = format!("{}\ndamaged\r\r\r\n", COLUMNS.join(","));
        let once = Totals::read(file.as_bytes()).0.write().unwrap();
        let twice = Totals::read(&once).0.write().unwrap();
        assert_eq!(once, twice);
    }
}
