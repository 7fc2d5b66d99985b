//! The README above the folders of all organizations and enterprises. It lists each one with its
//! figures.
//!
//! A run knows only its own figures, so it replaces its own rows and keeps the others. People can
//! write above and below the list.

use std::collections::HashSet;
use std::fmt::Write as _;

use jiff::civil::Date;

use super::figures::{headline_sentence, percent};
use crate::history::totals::Day;
use crate::report::activity::Counts;
use crate::report::day::date;
use crate::report::scope::{Scope, ScopeKind};
use crate::system::text::thousands;

/// The first file in a repository without commits. The first report replaces it.
pub(crate) const FIRST_FILE: &str = "# Copilot activity reports\n\nOne folder for each organization or enterprise. A workflow writes the files in them, and may overwrite your edits.\n\nWho used Copilot when is personal data, so keep this repository private.\n";

/// The line above the list.
pub(crate) const START: &str = "<!-- copilot-activity-report: start -->";

/// The line below the list.
pub(crate) const END: &str = "<!-- copilot-activity-report: end -->";

const ABOVE: &str = "# Copilot activity reports\n\n";

const BELOW: &str = "\n\nOne folder for each organization or enterprise. A workflow writes the files in them, and may overwrite your edits. In this file, it updates only the list. You can write above and below it.\n\nWho used Copilot when is personal data, so keep this repository private.\n";

/// What the last cell of a row ends with if the report isn't verified as complete.
const INCOMPLETE: &str = ", not verified as complete";

/// The row of an organization or enterprise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    kind: ScopeKind,
    name: String,
    seats: usize,
    people: usize,
    active: usize,
    idle: usize,
    day: Date,
    is_incomplete: bool,
}

impl Row {
    /// Creates the row of a scope from its newest report.
    pub(crate) fn new(scope: &Scope, newest: &Day) -> Self {
        Self {
            kind: scope.kind(),
            name: scope.name().to_owned(),
            seats: newest.seats,
            people: newest.people,
            active: newest.active,
            idle: newest.counts().idle(),
            day: date(newest.report_time),
            is_incomplete: newest.complete == Some(false),
        }
    }

    /// The name of the scope's folder.
    pub(crate) fn folder(&self) -> String {
        self.name.to_ascii_lowercase()
    }

    /// Reads a line of the list. `None` if it isn't a row.
    fn read(line: &str) -> Option<Self> {
        let cells = line.trim().strip_prefix('|')?.strip_suffix('|')?.split('|');
        let cells: Vec<&str> = cells.map(str::trim).collect();
        let [link, kind, seats, people, active, idle, day] = cells[..] else {
            return None;
        };
        let (name, _) = link
            .strip_prefix('[')?
            .strip_suffix(')')?
            .split_once("](")?;
        let kind = match kind {
            "Organization" => ScopeKind::Organization,
            "Enterprise" => ScopeKind::Enterprise,
            _ => return None,
        };
        let count = |cell: &str| -> Option<usize> {
            let number = cell.split(' ').next()?;
            number.replace(',', "").parse().ok()
        };
        let (day, is_incomplete) = match day.strip_suffix(INCOMPLETE) {
            Some(day) => (day, true),
            None => (day, false),
        };
        Some(Self {
            kind,
            name: Scope::new(kind, name).ok()?.name().to_owned(),
            seats: count(seats)?,
            people: count(people)?,
            active: count(active)?,
            idle: count(idle)?,
            day: day.parse().ok()?,
            is_incomplete,
        })
    }

    fn write(&self) -> String {
        let kind = match self.kind {
            ScopeKind::Organization => "Organization",
            ScopeKind::Enterprise => "Enterprise",
        };
        format!(
            "| [{}]({}) | {kind} | {} | {} | {} | {} | {}{} |",
            self.name,
            self.folder(),
            thousands(self.seats),
            thousands(self.people),
            part(self.active, self.people),
            part(self.idle, self.people),
            self.day,
            if self.is_incomplete { INCOMPLETE } else { "" }
        )
    }
}

/// The figures of several rows, with people counted once. Only a run over all of them knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Once {
    /// The folders of these rows.
    pub folders: HashSet<String>,
    /// The sum of the seats.
    pub seats: usize,
    /// How many people have these seats.
    pub people: usize,
    /// How many of them are active.
    pub active: usize,
    /// How many of them are inactive or have never used their seat.
    pub idle: usize,
}

/// A count of people with its share.
fn part(count: usize, people: usize) -> String {
    match people {
        0 => thousands(count),
        people => format!("{} ({})", thousands(count), percent(count, people)),
    }
}

/// Adds or replaces `own` rows in `file`, the current content, and removes rows without a folder.
/// `None` if the file has no list because someone else wrote it.
///
/// `once` counts only if it's about exactly the rows of the list, and these are all of the same
/// day. A row of another day has other people.
pub(crate) fn update(
    file: Option<&[u8]>,
    own: Vec<Row>,
    once: Option<&Once>,
    has_folder: impl Fn(&str) -> bool,
) -> Option<String> {
    let file = match file {
        None => String::new(),
        Some(file) => String::from_utf8(file.to_vec()).ok()?,
    };
    let (above, list, below) = if file.is_empty() || file == FIRST_FILE {
        (ABOVE, "", BELOW)
    } else {
        let (above, rest) = file.split_once(START)?;
        let (list, below) = rest.split_once(END)?;
        (above, list, below)
    };
    let folders: HashSet<String> = own.iter().map(Row::folder).collect();
    let mut rows: Vec<Row> = list.lines().filter_map(Row::read).collect();
    rows.retain(|row| !folders.contains(&row.folder()) && has_folder(&row.folder()));
    rows.extend(own);
    rows.sort_by_key(Row::folder);
    let once = once.filter(|once| {
        let is_counted = |row: &Row| once.folders.contains(&row.folder());
        let is_one_day = rows.windows(2).all(|pair| pair[0].day == pair[1].day);
        once.folders.len() == rows.len() && rows.iter().all(is_counted) && is_one_day
    });
    let list = written(&rows, once);
    Some(format!("{above}{START}\n{list}{END}{below}"))
}

/// Writes the list. Without `once`, people count in each row that they appear in.
fn written(rows: &[Row], once: Option<&Once>) -> String {
    let sum = |figure: fn(&Row) -> usize| -> usize {
        let figures = rows.iter().map(figure);
        figures.fold(0, usize::saturating_add)
    };
    let (seats, people, active, idle) = match once {
        Some(once) => (once.seats, once.people, once.active, once.idle),
        None => (
            sum(|row| row.seats),
            sum(|row| row.people),
            sum(|row| row.active),
            sum(|row| row.idle),
        ),
    };
    let counts = Counts {
        people,
        active,
        inactive: idle,
        never_used: 0,
        new: people.saturating_sub(active.saturating_add(idle)),
    };
    // An enterprise includes the seats of its organizations, so people would be counted twice.
    let has_enterprise = rows.iter().any(|row| row.kind == ScopeKind::Enterprise);
    let has_overlap = once.is_none() && rows.len() > 1 && has_enterprise;
    let headline = match has_overlap {
        true => String::new(),
        false => format!("**{}**\n\n", headline_sentence(counts, seats)),
    };
    let mut out = format!(
        "{headline}| Name | Kind | Seats | People | Active | Idle | Last report |\n|---|---|---:|---:|---:|---:|---|\n"
    );
    for row in rows {
        let _ = writeln!(out, "{}", row.write());
    }
    if rows.len() > 1 {
        let _ = writeln!(
            out,
            "| **Total** | | **{}** | **{}** | **{}** | **{}** | |",
            thousands(seats),
            thousands(people),
            part(active, people),
            part(idle, people),
        );
        if once.is_none() {
            out.push_str("\nSomeone who appears in several rows is counted in each.\n");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::prelude::*;

    use super::*;
    use crate::arbitrary_text;

    fn row(name: &str, people: usize) -> Row {
        Row {
            kind: ScopeKind::Organization,
            name: name.to_owned(),
            seats: people,
            people,
            active: people / 2,
            idle: people - people / 2,
            day: "2026-03-02".parse().unwrap(),
            is_incomplete: false,
        }
    }

    fn updated(file: Option<&str>, row: Row) -> Option<String> {
        update(file.map(str::as_bytes), vec![row], None, |_| true)
    }

    #[test]
    fn each_scope_has_one_row_whatever_the_order() {
        let one = updated(None, row("acme", 2_000)).unwrap();
        let both = updated(Some(&one), row("Globex", 3)).unwrap();
        let other = updated(Some(FIRST_FILE), row("Globex", 3)).unwrap();
        assert_eq!(updated(Some(&other), row("acme", 2_000)).unwrap(), both);
        assert_eq!(updated(Some(&both), row("Globex", 3)).unwrap(), both);
        for line in [
            "**1,002 of 2,003 Copilot seats are idle (50%)**",
            "| [acme](acme) | Organization | 2,000 | 2,000 | 1,000 (50%) | 1,000 (50%) | 2026-03-02 |",
            "| [Globex](globex) | Organization | 3 | 3 | 1 (33%) | 2 (67%) | 2026-03-02 |",
            "| **Total** | | **2,003** | **2,003** | **1,001 (50%)** | **1,002 (50%)** | |",
        ] {
            assert!(both.lines().any(|other| other == line), "{line}: {both}");
        }
        let acme = vec![row("acme", 2_000)];
        let without = update(Some(both.as_bytes()), acme, None, |name| name != "globex");
        assert_eq!(without.unwrap(), one);
    }

    #[test]
    fn a_run_over_all_rows_counts_people_once_and_another_run_does_not() {
        let folders = ["acme", "globex"].map(str::to_owned);
        let once = Once {
            folders: folders.into_iter().collect(),
            seats: 2_003,
            people: 2_001,
            active: 1_001,
            idle: 1_000,
        };
        let rows = || vec![row("acme", 2_000), row("Globex", 3)];
        let list = update(None, rows(), Some(&once), |_| true).unwrap();
        for line in [
            "**1,000 of 2,001 people with a Copilot seat are idle (50%)**",
            "| [acme](acme) | Organization | 2,000 | 2,000 | 1,000 (50%) | 1,000 (50%) | 2026-03-02 |",
            "| **Total** | | **2,003** | **2,001** | **1,001 (50%)** | **1,000 (50%)** | |",
        ] {
            assert!(list.lines().any(|other| other == line), "{line}: {list}");
        }
        assert!(!list.contains("Someone who appears"), "{list}");
        let each = update(Some(list.as_bytes()), rows(), None, |_| true).unwrap();
        assert!(each.contains("Someone who appears"), "{each}");
        assert!(each.contains("| **2,003** | **2,003** |"), "{each}");
        // A report of another day has other people.
        let mut earlier = rows();
        earlier[0].day = "2026-03-01".parse().unwrap();
        let mixed = update(None, earlier, Some(&once), |_| true).unwrap();
        assert!(mixed.contains("| **2,003** | **2,003** |"), "{mixed}");
        // The figures don't include the third row.
        let third = updated(Some(&list), row("initech", 1)).unwrap();
        let kept = update(Some(third.as_bytes()), rows(), Some(&once), |_| true).unwrap();
        assert!(kept.contains("| **2,004** | **2,004** |"), "{kept}");
    }

    #[test]
    fn text_outside_the_list_stays_and_a_file_without_a_list_stays_as_it_is() {
        let file = format!("# Ours\r\n\r\nText\n{START}\nanything\n| x |\n{END}\nMore\n");
        let list = updated(Some(&file), row("acme", 1)).unwrap();
        assert!(list.starts_with("# Ours\r\n\r\nText\n<!--"), "{list}");
        assert!(list.ends_with("-->\nMore\n"), "{list}");
        assert!(
            !list.contains("anything") && !list.contains("| x |"),
            "{list}"
        );
        for foreign in [
            "# Ours\n".to_owned(),
            format!("# Ours\n{START}\n"),
            format!("{END}\n{START}\n"),
            format!("{FIRST_FILE}More\n"),
        ] {
            assert_eq!(updated(Some(&foreign), row("acme", 1)), None);
        }
        let acme = vec![row("acme", 1)];
        assert_eq!(update(Some(b"\xff"), acme, None, |_| true), None);
    }

    proptest! {
        #![proptest_config(arbitrary_text::config())]

        #[test]
        fn a_row_is_read_with_its_figures_and_written_in_the_same_form_again(
            text in arbitrary_text::text(), people in 0_usize..3_000_000,
        ) {
            let written = row("acme", people).write();
            prop_assert_eq!(Row::read(&written), Some(row("acme", people)));
            let changed = written.replace("acme", &text);
            if let Some(read) = Row::read(&changed) {
                prop_assert_eq!(Row::read(&read.write()), Some(read));
            }
            // Formatters pad the cells of a table.
            let padded = written.replace('|', "  |  ");
            prop_assert_eq!(Row::read(&padded), Some(row("acme", people)));
        }
    }
}
