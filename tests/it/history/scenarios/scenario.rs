//! Scenarios: random lists of seats, and random problems in each run, under named conditions.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use super::members::{Key, Members};
use super::model::{Damage, File};
use super::random::Random;
use super::row::{Report, Row, date};

/// The conditions, and the percentage of scenarios that have each.
pub const CONDITIONS: [(&str, usize); 20] = [
    // An enterprise, in which a person can have several seats.
    ("enterprise", 40),
    // A list of two pages.
    ("pages", 4),
    // GitHub hides rows, and counts them.
    ("lossy", 25),
    // GitHub hides rows, and doesn't count them.
    ("lossy unseen", 10),
    // The first list lacks rows.
    ("lossy first", 20),
    // `total_seats` is always too high by the same number.
    ("steady", 20),
    // `total_seats` is too high by a growing number.
    ("growing", 10),
    // `total_seats` differs in each reading.
    ("unsteady", 10),
    // GitHub omits organizations that require single sign-on.
    ("partial", 20),
    // A run fails, or rejects the list.
    ("failed", 15),
    // A report is older than the newest one.
    ("older", 20),
    // Two reports are of the same second.
    ("same second", 20),
    // The runner's clock is off by hours.
    ("clock", 20),
    // GitHub returns times in the future.
    ("future", 20),
    // A commit by someone else removes or overwrites a file.
    ("seats.csv", 20),
    ("people.csv", 15),
    ("totals.csv", 15),
    ("latest.csv", 15),
    ("manifest", 10),
    // Only the header of a file is overwritten.
    ("header", 30),
];

/// By how many seconds clocks are off.
const SKEWS: [i64; 6] = [-90_000, -7_200, -3_601, 1_000, 3_601, 20_000];

/// The circumstances of a run.
#[derive(Debug, Clone)]
pub struct Run {
    pub report: Report,
    /// The seats that really exist.
    pub held: Vec<Row>,
    /// By how many seats GitHub's total is too high, in addition to hidden seats.
    pub excess: usize,
    /// Whether GitHub might hide seats without counting them.
    pub is_uncounted: bool,
    /// How far the runner's clock is ahead of GitHub's, in seconds.
    pub skew: i64,
    /// Whether GitHub denies access to the seats.
    pub is_refused: bool,
    /// Whether the run accepts only complete reports.
    pub is_strict: bool,
    /// The files that someone damaged before the run.
    pub damage: Vec<(File, Damage)>,
}

impl Run {
    /// Whether the run can't publish a report.
    pub fn fails(&self) -> bool {
        self.is_refused || (self.is_strict && !self.report.is_complete())
    }
}

/// Members, and the random problems of their reports.
pub struct Scenario {
    pub conditions: BTreeSet<&'static str>,
    pub is_enterprise: bool,
    members: Members,
    random: Random,
    /// The latest time so far.
    time: Timestamp,
    runs: usize,
    /// The rows that GitHub showed in the previous run.
    before: Option<Vec<(Key, Row)>>,
    hidden: BTreeSet<Key>,
    excess: usize,
}

impl Scenario {
    /// A scenario with random conditions from `allowed`. If `has_all` is set, it has all of them
    /// except `enterprise`, which stays random.
    pub fn drawn(seed: u64, allowed: &BTreeSet<&'static str>, has_all: bool) -> Self {
        let mut random = Random(seed.wrapping_mul(0x9e37_79b9) ^ 0x5ea5_0000);
        let mut conditions = BTreeSet::new();
        for (name, chance) in CONDITIONS {
            let is_drawn = random.happens(chance) || (has_all && name != "enterprise");
            if allowed.contains(name) && is_drawn {
                conditions.insert(name);
            }
        }
        let start: Timestamp = "2026-11-01T03:17:00Z".parse().unwrap();
        let days = i64::try_from(random.below(60)).unwrap();
        let time = start + SignedDuration::from_hours(24 * days);
        let people = if conditions.contains("pages") {
            103
        } else {
            2 + random.below(6)
        };
        Self::of(seed, conditions, people, time)
    }

    /// A scenario with this many members.
    pub fn of(
        seed: u64,
        conditions: BTreeSet<&'static str>,
        people: usize,
        time: Timestamp,
    ) -> Self {
        let is_enterprise = conditions.contains("enterprise");
        Self {
            is_enterprise,
            members: Members::new(seed, is_enterprise, people, time),
            random: Random(seed ^ 0xd1ce),
            before: None,
            excess: 0,
            conditions,
            time,
            runs: 0,
            hidden: BTreeSet::new(),
        }
    }

    fn has(&self, condition: &str) -> bool {
        self.conditions.contains(condition)
    }

    /// Whether a condition affects this run. It does in the given percentage of runs.
    fn applies(&mut self, condition: &str, in_a_hundred: usize) -> bool {
        let happens = self.random.happens(in_a_hundred);
        self.has(condition) && happens
    }

    /// The next run. `last` is the time of the newest recorded report.
    pub fn next(&mut self, last: Option<Timestamp>) -> Run {
        if self.runs > 0 {
            self.time = self.later();
        }
        let mut time = self.time;
        let mut before = None;
        if let Some(last) = last
            && self.applies("same second", 25)
        {
            // The list either is the earlier one, or changed within the same second.
            time = last;
            before = self.before.clone().filter(|_| self.random.happens(50));
            if before.is_none() {
                self.members.advance_to(self.time);
                self.members.change_now();
            }
        } else if self.applies("older", 25) && self.runs > 0 {
            time = self.time - SignedDuration::from_mins(self.up_to(50));
            if self.random.happens(20) {
                time -= SignedDuration::from_hours(2);
            }
            before.clone_from(&self.before);
        }
        let run = match before {
            Some(before) => self.run_that_shows(time, before),
            None => self.run_at(time),
        };
        self.runs += 1;
        run
    }

    /// The run at this time.
    pub fn run_at(&mut self, time: Timestamp) -> Run {
        self.before = Some(self.members.shown());
        self.members.advance_to(time);
        let shown = self.members.shown();
        self.run_that_shows(time, shown)
    }

    fn run_that_shows(&mut self, time: Timestamp, shown: Vec<(Key, Row)>) -> Run {
        let held = shown.iter().map(|(_, row)| row.clone()).collect();
        let (rows, total) = self.lossy(shown);
        let rows: Vec<Row> = rows.into_iter().map(|row| self.dated(row, time)).collect();
        let report = Report {
            time,
            pages: rows.len().div_ceil(100).max(1),
            rows,
            total,
            partial: self.applies("partial", 30),
            steady: !self.applies("unsteady", 40),
        };
        let is_off = self.applies("clock", 50);
        let is_failed = self.applies("failed", 25);
        let is_refused = is_failed && self.random.happens(50);
        Run {
            report,
            held,
            excess: self.excess + usize::from(self.has("steady")),
            is_uncounted: self.is_enterprise || self.has("lossy unseen"),
            skew: if is_off {
                SKEWS[self.random.below(SKEWS.len())]
            } else {
                0
            },
            is_refused,
            is_strict: is_failed && !is_refused,
            damage: self.damage(),
        }
    }

    fn up_to(&mut self, most: usize) -> i64 {
        i64::try_from(1 + self.random.below(most)).unwrap()
    }

    /// The time of the next run.
    fn later(&mut self) -> Timestamp {
        let hours = SignedDuration::from_hours;
        match self.random.below(100) {
            0..=9 => self.time + SignedDuration::from_secs(self.up_to(10)),
            10..=34 => self.time + SignedDuration::from_mins(self.up_to(400)),
            35..=44 => self.time + hours(24 * self.up_to(5)),
            45..=46 => self.time + hours(24 * (80 + self.up_to(20))),
            _ => self.time + hours(12 + self.up_to(24)),
        }
    }

    /// The rows that GitHub shows, and its total.
    fn lossy(&mut self, shown: Vec<(Key, Row)>) -> (Vec<Row>, usize) {
        let is_first = self.runs == 0;
        if self.random.happens(50) {
            self.hidden.clear();
        }
        let loses = self.applies("lossy", 40)
            || self.applies("lossy unseen", 40)
            || self.applies("lossy first", if is_first { 100 } else { 0 });
        if loses && !shown.is_empty() {
            for _ in 0..self.up_to(2) {
                let place = self.random.below(shown.len());
                self.hidden.insert(shown[place].0);
            }
        }
        let counts_all = !self.has("lossy unseen");
        let all = self.members.holders();
        let shown = shown
            .into_iter()
            .filter(|(key, _)| !self.hidden.contains(key));
        let rows: Vec<Row> = shown.map(|(_, row)| row).collect();
        let mut total = if counts_all {
            all
        } else {
            super::row::people_in(&rows)
        };
        if self.has("steady") {
            total += 1;
        }
        if self.applies("growing", 40) {
            self.excess += 1;
        }
        (rows, total + self.excess)
    }

    /// A row whose times might be in the future.
    fn dated(&mut self, row: Row, time: Timestamp) -> Row {
        if !self.applies("future", 25) || row.login.is_none() {
            return row;
        }
        let minutes = match self.random.below(4) {
            // Clocks always differ slightly.
            0 => self.random.below(4),
            1 => 7,
            2 => 60 * 24,
            _ => 60 * 24 * 300,
        };
        let at = Some(time + SignedDuration::from_mins(i64::try_from(minutes).unwrap()));
        match self.random.below(3) {
            0 => Row {
                granted: at,
                plan: Some("business".to_owned()),
                ..row
            },
            1 => Row {
                used: at,
                surface: Some("copilot-cli".to_owned()),
                ..row
            },
            _ => Row {
                signed_in: at,
                ..row
            },
        }
    }

    /// The damage before this run. It's limited to two files, so the time of the last report
    /// survives.
    fn damage(&mut self) -> Vec<(File, Damage)> {
        let files = [
            ("seats.csv", File::Seats),
            ("people.csv", File::People),
            ("totals.csv", File::Totals),
            ("latest.csv", File::Latest),
            ("manifest", File::Manifest),
        ];
        let mut damage = Vec::new();
        for (name, file) in files {
            let is_removed = self.random.happens(50);
            if self.applies(name, 15) && self.runs > 0 && damage.len() < 2 {
                let has_lines = file != File::Manifest && self.applies("header", 70);
                damage.push(match is_removed {
                    _ if has_lines => (file, Damage::Header),
                    true => (file, Damage::Removed),
                    false => (file, Damage::Overwritten),
                });
            }
        }
        damage
    }
}

/// The times of daily runs. Some days have none, and some have several.
pub fn usual_times(
    seed: u64,
    mut time: Timestamp,
    gaps: &[(usize, i64)],
) -> impl Iterator<Item = Timestamp> {
    let mut random = Random(seed);
    let hours = SignedDuration::from_hours;
    let gaps = gaps.to_vec();
    (0..).map(move |run| {
        let this = time;
        let at_night = date(time)
            .at(3, 17, 0, 0)
            .to_zoned_datetime(jiff::tz::TimeZone::UTC);
        let at_night = at_night.unwrap().timestamp();
        let below = |random: &mut Random, n| i64::try_from(random.below(n)).unwrap();
        let gap = gaps.iter().find(|(at, _)| *at == run);
        time = match (gap, random.below(100)) {
            (Some((_, days)), _) => time + hours(days * 24),
            // Another run on the same day, unless the day is over.
            (_, 0..=5) if date(time + hours(1)) == date(time) => {
                time + SignedDuration::from_secs(5)
            }
            (_, 6..=17) if date(time + hours(6)) == date(time) => {
                time + hours(1 + below(&mut random, 5))
            }
            // A gap of one or more days.
            (_, 18..=26) => at_night + hours(24 * (2 + below(&mut random, 4))),
            (_, 27..=30) => at_night + hours(24 + below(&mut random, 20)),
            _ => at_night + hours(24),
        };
        this
    })
}
