//! What the repository must contain after each run, based only on the documented rules.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::changes::{self, Compared, granted, refreshed, renamed, revoked};
use super::people::{Counts, People};
use super::revocations::{Known, Missing};
use super::row::{CHANGES, Report, Row, TOTALS, date, latest_file, ordered, seats_file, table};

/// Files that a commit by someone else can damage between two runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum File {
    Seats,
    People,
    Totals,
    Latest,
    /// The manifest of the newest day.
    Manifest,
}

/// How a file is damaged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Damage {
    Removed,
    Overwritten,
    /// Only the header is overwritten.
    Header,
}

/// The expected result of a run.
#[derive(Debug)]
pub struct Outcome {
    pub changed: bool,
    pub is_recorded: bool,
    pub counts: Counts,
    pub granted: Vec<Row>,
    pub revoked: Vec<Row>,
    /// Seats that the report didn't show, but that might still exist.
    pub kept: Vec<Row>,
    /// By how many seats GitHub's total was too high before this run, as far as known.
    pub excess_before: usize,
    /// The start of the period without gaps in the record of seats.
    pub since: Timestamp,
}

impl Outcome {
    /// The outputs of a run with this report.
    pub fn outputs(&self, report: &Report) -> [(&'static str, String); 10] {
        [
            ("changed", self.changed.to_string()),
            ("seats-added", self.granted.len().to_string()),
            ("seats-removed", self.revoked.len().to_string()),
            ("complete", report.is_complete().to_string()),
            ("seats", report.rows.len().to_string()),
            ("people", self.counts.people.to_string()),
            ("active", self.counts.active.to_string()),
            ("inactive", self.counts.inactive.to_string()),
            ("never-used", self.counts.never.to_string()),
            ("new", self.counts.new.to_string()),
        ]
    }
}

/// The newest recorded report.
#[derive(Debug, Clone)]
struct Last {
    time: Timestamp,
    is_complete: bool,
    is_certain: bool,
    excess: usize,
    /// Whether its own files are unchanged.
    is_whole: bool,
}

/// The period without gaps in `seats.csv`.
#[derive(Debug, Clone, Copy)]
struct Chain {
    since: Timestamp,
    has_baseline: bool,
}

/// A line of `totals.csv`: its time, its numbers, and whether the report was complete.
type Total = (Timestamp, [usize; 8], bool);

#[derive(Clone, Default)]
pub struct Model {
    is_enterprise: bool,
    last: Option<Last>,
    chain: Option<Chain>,
    seats: Option<Vec<Row>>,
    latest: Option<Vec<Row>>,
    people: Option<People>,
    totals: Vec<Total>,
    /// The lines of changes by year.
    pub changes: BTreeMap<i16, Vec<String>>,
    /// The days with a report.
    pub days: BTreeSet<jiff::civil::Date>,
    pub recorded: usize,
    pub damaged: BTreeSet<File>,
    /// Files that were damaged since the last recorded report.
    newly_damaged: BTreeSet<File>,
}

/// The contents of damaged files.
pub const BROKEN: &str = "broken\n";

impl Model {
    pub fn new(is_enterprise: bool) -> Self {
        Self {
            is_enterprise,
            ..Self::default()
        }
    }

    /// The logins in `people.csv` of those without a seat.
    pub fn former_holders(&self) -> Vec<String> {
        self.people.iter().flat_map(People::former).collect()
    }

    /// Removes this login's lines without a seat from `people.csv`.
    pub fn forget(&mut self, login: &str) {
        if let Some(people) = &mut self.people {
            people.forget(login);
        }
    }

    pub fn last_time(&self) -> Option<Timestamp> {
        self.last.as_ref().map(|last| last.time)
    }

    /// Whether a run at this time fails because the newest report is too far in the future.
    pub fn is_ahead_of(&self, now: Timestamp) -> bool {
        let ahead = |last: Timestamp| last.duration_since(now) > SignedDuration::from_hours(1);
        self.last_time().is_some_and(ahead)
    }

    /// Removes or overwrites a file.
    pub fn damage(&mut self, file: File, damage: Damage) {
        self.damaged.insert(file);
        self.newly_damaged.insert(file);
        let has_lines = match file {
            File::Seats => self.seats.as_ref().is_some_and(|seats| !seats.is_empty()),
            File::People => self
                .people
                .as_ref()
                .is_some_and(|people| !people.is_empty()),
            File::Latest => self.latest.as_ref().is_some_and(|rows| !rows.is_empty()),
            File::Totals | File::Manifest => true,
        };
        match file {
            _ if damage == Damage::Header && has_lines => {}
            File::Seats => self.seats = None,
            File::People => self.people = None,
            File::Totals => self.totals.clear(),
            File::Latest => self.latest = None,
            File::Manifest => {}
        }
        if let Some(last) = &mut self.last {
            last.is_whole &= !matches!(file, File::Latest | File::Manifest);
            if file == File::Manifest {
                (last.is_certain, last.excess) = (false, 0);
                let since = last.time;
                self.chain = Some(Chain {
                    since,
                    has_baseline: false,
                });
            }
        }
    }

    /// The seats that a report is compared with, and since when they're recorded.
    fn before(&self) -> Option<(Vec<Row>, Chain)> {
        let last = self.last.as_ref()?;
        if let Some(seats) = &self.seats {
            return Some((seats.clone(), self.chain?));
        }
        let chain = Chain {
            since: last.time,
            has_baseline: last.is_certain,
        };
        let filled = self.latest.as_ref()?.iter().map(|row| {
            let people = self.people.as_ref();
            let id = people.and_then(|people| people.id_of(row.login.as_deref()?));
            Row {
                id,
                ..row.plausible(last.time).bare()
            }
        });
        Some((filled.collect(), chain))
    }

    fn people(&self) -> People {
        match (&self.people, &self.last, &self.latest) {
            (Some(people), ..) => people.clone(),
            (None, Some(last), Some(latest)) => {
                People::rebuilt(last.time, latest, self.seats.as_deref())
            }
            _ => People::default(),
        }
    }

    /// Records a report.
    pub fn process(&mut self, report: &Report) -> Outcome {
        let time = report.time;
        let rows: Vec<Row> = report.rows.iter().map(|row| row.plausible(time)).collect();
        let people = self.people();
        let counts = people.counts(time, &rows);
        let nothing = Outcome {
            changed: false,
            is_recorded: false,
            counts,
            granted: Vec::new(),
            revoked: Vec::new(),
            kept: Vec::new(),
            excess_before: 0,
            since: time,
        };
        let is_complete = report.is_complete();
        let again = self
            .last
            .clone()
            .filter(|last| date(last.time) == date(time));
        if self.last.as_ref().is_some_and(|last| time <= last.time)
            || again
                .as_ref()
                .is_some_and(|last| last.is_complete && !is_complete)
        {
            return nothing;
        }
        let before = self.before();
        let mut lines = Vec::new();
        let (mut kept, mut added, mut removed) = (Vec::new(), Vec::new(), Vec::new());
        let excess_before = self.last.as_ref().map_or(0, |last| last.excess);
        let mut excess = Missing::default().excess(report, excess_before);
        if let Some((before, chain)) = &before {
            let compared = Compared::new(before, &rows);
            let known = Known {
                time: self.last.as_ref().map_or(time, |last| last.time),
                excess: excess_before,
                people: &people,
            };
            let missing = Missing::new(compared.gone.clone(), report, known);
            excess = missing.excess(report, excess_before);
            removed = missing.revoked.iter().copied().cloned().collect();
            lines.extend(missing.revoked.into_iter().map(revoked));
            let refreshed = missing.kept.into_iter().map(|row| refreshed(row, &rows));
            kept = refreshed.collect();
            let is_grant =
                |row: &&&Row| chain.has_baseline || row.granted.is_some_and(|at| at >= chain.since);
            let new: Vec<&Row> = compared.new.iter().filter(is_grant).copied().collect();
            added = new.iter().copied().cloned().collect();
            lines.extend(new.into_iter().map(granted));
            lines.extend(compared.facts());
            lines.extend(renamed(before, &rows));
        }
        let state = ordered(rows.iter().chain(&kept).cloned().collect());
        let changed = match (&before, &self.seats) {
            (None, _) => true,
            (Some((before, _)), Some(_)) => *before != state,
            (Some((before, _)), None) => {
                let bare = |rows: &[Row]| ordered(rows.iter().map(Row::bare).collect());
                bare(&state) != bare(before)
            }
        };
        let is_better = again
            .as_ref()
            .is_some_and(|last| !last.is_complete && is_complete);
        if again.as_ref().is_some_and(|last| last.is_whole) && !changed && !is_better {
            return nothing;
        }
        self.record(
            report,
            (&rows, &kept, state),
            people,
            (added.len(), removed.len()),
            excess,
        );
        let has_baseline = before.as_ref().is_some_and(|before| before.1.has_baseline);
        let since = before.map_or(time, |before| before.1.since);
        self.chain = Some(Chain {
            since,
            has_baseline: has_baseline || report.is_certain(),
        });
        let (year, lines) = changes::lines(time, &lines);
        if !lines.is_empty() {
            self.changes.entry(year).or_default().extend(lines);
        }
        Outcome {
            changed,
            is_recorded: true,
            counts,
            granted: added,
            revoked: removed,
            kept,
            excess_before,
            since,
        }
    }

    fn record(
        &mut self,
        report: &Report,
        (rows, kept, state): (&[Row], &[Row], Vec<Row>),
        mut people: People,
        (added, removed): (usize, usize),
        excess: usize,
    ) {
        let time = report.time;
        people.see(time, rows, kept);
        let counts = people.counts(time, rows);
        let mut line = [
            rows.len(),
            counts.people,
            counts.active,
            counts.inactive,
            counts.never,
            counts.new,
            added,
            removed,
        ];
        self.totals.retain(|(at, replaced, _)| {
            let is_same_day = date(*at) == date(time);
            if is_same_day {
                line[6] += replaced[6];
                line[7] += replaced[7];
            }
            !is_same_day
        });
        self.totals.push((time, line, report.is_complete()));
        self.people = Some(people);
        self.seats = Some(state);
        self.latest = Some(ordered(report.rows.clone()));
        self.last = Some(Last {
            time,
            is_complete: report.is_complete(),
            is_certain: report.is_certain(),
            excess,
            is_whole: true,
        });
        self.days.insert(date(time));
        self.newly_damaged.clear();
        self.recorded += 1;
    }

    /// The expected files, without damaged ones.
    pub fn files(&self) -> BTreeMap<String, String> {
        let mut files = BTreeMap::new();
        let mut put = |name: &str, file: String| files.insert(name.to_owned(), file);
        let Some(last) = &self.last else { return files };
        let is_there = |file| !self.newly_damaged.contains(&file);
        if let Some(seats) = self.seats.as_ref().filter(|_| is_there(File::Seats)) {
            put("seats.csv", seats_file(seats));
        }
        if let Some(people) = self.people.as_ref().filter(|_| is_there(File::People)) {
            put("people.csv", people.file());
        }
        if let Some(rows) = self.latest.as_ref().filter(|_| is_there(File::Latest)) {
            let latest = latest_file(last.time, rows, self.is_enterprise);
            put("latest.csv", latest.clone());
            let day = date(last.time);
            put(&format!("reports/{}/{day}.csv", day.year()), latest);
        }
        if !self.totals.is_empty() && is_there(File::Totals) {
            put("totals.csv", self.totals_file());
        }
        for (year, lines) in &self.changes {
            put(
                &format!("changes/{year}.csv"),
                format!("{CHANGES}{}", lines.concat()),
            );
        }
        files
    }

    fn totals_file(&self) -> String {
        let lines = self.totals.iter().map(|(time, counts, is_complete)| {
            let counts = counts.iter().map(ToString::to_string);
            let line = [time.to_string()].into_iter().chain(counts);
            table([line.chain([is_complete.to_string()])])
        });
        format!("{TOTALS}{}", lines.collect::<String>())
    }
}
