//! Rebuilds `people.csv` from its readable lines and the reports.

use jiff::Timestamp;
use jiff::civil::Date;

use super::super::header;
use super::super::people::{KnownPerson, PEOPLE, People};
use super::RebuildError;
use super::source::Source;

/// The readable parts of the file.
pub(super) struct Lines {
    pub(super) readable: Vec<KnownPerson>,
    /// The lines that can't be read.
    damaged: Vec<Vec<u8>>,
    /// Whether the file exists and has its header.
    has_header: bool,
}

impl Lines {
    pub(super) fn read(source: &Source) -> Self {
        let file = source.content(PEOPLE).unwrap_or_default();
        let (read, has_header) = match People::read(file) {
            Ok((people, _)) => (Some(people), source.content(PEOPLE).is_some()),
            Err(_) => (header::people_below(file).map(|(people, _)| people), false),
        };
        let mut people = read.unwrap_or_default();
        Self {
            damaged: std::mem::take(&mut people.damaged),
            readable: people.into_lines(),
            has_header,
        }
    }

    /// Writes the file if it lacks information that the reports have. Keeps what it has beyond the
    /// reports. Doesn't add anyone to an undamaged file, because a person may have been erased from
    /// it. `first_kept` is the day of the first report if older ones are retired.
    pub(super) fn write(
        &self,
        seen: People,
        is_damaged: bool,
        first_kept: Option<Date>,
        notes: &mut Vec<String>,
    ) -> Result<Option<Vec<u8>>, RebuildError> {
        let seen = seen.into_lines();
        let first = |people: &[KnownPerson]| -> Option<Timestamp> {
            people.iter().map(|person| person.first_seen).min()
        };
        // A file that was started again after a loss doesn't reach back to the first report.
        let reaches_back = match (first(&self.readable), first(&seen)) {
            (Some(file), Some(reports)) => file <= reports,
            (None, Some(_)) => false,
            (_, None) => true,
        };
        if self.has_header && self.damaged.is_empty() && reaches_back && !is_damaged {
            return Ok(None);
        }
        let mut people = People::new(self.readable.clone());
        let before = self.readable.len();
        for person in seen {
            people.add(person);
        }
        let mut lines: Vec<String> = people.logins().map(str::to_lowercase).collect();
        lines.sort();
        let restored = lines.len() - before;
        if restored > 0 {
            let people = match restored {
                1 => "1 person is".to_owned(),
                more => format!("{more} people are"),
            };
            notes.push(format!(
                "{PEOPLE}: {people} restored from the reports. If a person is only in a report, their user ID stays empty until they have a seat again."
            ));
            if let Some(day) = first_kept {
                notes.push(format!(
                    "{PEOPLE}: the reports from before {day} are retired, so the restored people can have a later `First Seen` and `Tracked Since` than before."
                ));
            }
        }
        // An unreadable line isn't needed anymore if the reports have the person it was about.
        let is_known = |line: &[u8]| {
            let line = String::from_utf8_lossy(line).to_lowercase();
            let mut cells = line.split(',').map(|cell| cell.trim_matches('"'));
            cells.any(|cell| {
                lines
                    .binary_search_by(|login| login.as_str().cmp(cell))
                    .is_ok()
            })
        };
        let is_a_line = |line: &[u8]| line.contains(&b',');
        let kept = self
            .damaged
            .iter()
            .filter(|line| is_a_line(line) && !is_known(line));
        people.damaged = kept.cloned().collect();
        Ok(Some(people.write()?))
    }
}
