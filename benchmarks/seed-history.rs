//! Generates the history of a large company for `benchmarks/history`: the commits that the action
//! would have created day by day, as a stream for `git fast-import` on standard output.
//!
//! `seed-history PEOPLE DAYS` ends with yesterday, and with the people that the simulator
//! generates. The changes are typical of a company: two out of five people use Copilot on a given
//! day, a few sign in again, and in a year about 15 out of 100 people leave and as many join.

use std::collections::BTreeMap;
use std::io::{self, BufWriter, Write};
use std::sync::Arc;

use anyhow::{Context as _, bail};
use copilot_activity_report::testing::{
    Account, ColumnSet, FolderFiles, HistoryUpdate, Listing, Manifest, Reading, Report, Revoked,
    Scope, ScopeKind, Seat, Team, date, day_stem, draw, record, write_csv,
};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use simulator::Seats;

const DAY: SignedDuration = SignedDuration::from_hours(24);
const MONTH: SignedDuration = SignedDuration::from_hours(30 * 24);
const FOLDER: &str = "copilot-activity/acme";
/// Higher than the user IDs that the simulator generates.
const FURTHER: u64 = 10_000_000;

fn main() -> anyhow::Result<()> {
    let numbers: Vec<usize> = std::env::args()
        .skip(1)
        .map(|number| number.parse().context("usage: seed-history PEOPLE DAYS"))
        .collect::<Result<_, _>>()?;
    let &[people, days] = numbers.as_slice() else {
        bail!("usage: seed-history PEOPLE DAYS");
    };
    let mut out = BufWriter::with_capacity(1 << 20, io::stdout().lock());
    let mut company = Company::new(people)?;
    let scope = Scope::new(ScopeKind::Organization, "acme")?;
    let mut files: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    let mut previous = None;
    let mut listing = Listing::default();
    let last = date(Timestamp::now()).yesterday()?.at(3, 17, 0, 0);
    let last = last.to_zoned_datetime(jiff::tz::TimeZone::UTC)?.timestamp();
    for back in (0..i32::try_from(days)?).rev() {
        let time = last - DAY * back;
        company.live(time);
        let report = Report::new(
            scope.clone(),
            reading(time, &company),
            company.seats.clone(),
        );
        let mut file = Vec::new();
        write_csv(&report, ColumnSet::Github, &mut file)?;
        let entry = HistoryUpdate {
            scope: &scope,
            time,
            seats: report.credible_seats(),
            shows_every_seat: report.shows_every_seat(),
            complete: Some(report.is_complete()),
            csv: file.into(),
            manifest: Manifest::new(&report, "https://api.github.com/", None, Vec::new()),
            inactive_after: MONTH,
            shortfall: report.reliable_shortfall(),
            revoked: Revoked::All,
            draw,
        };
        let found = FolderFiles::paths(time).map(|path| files.remove(&path));
        let found = FolderFiles::from_files(found, previous.take()).with_listing(listing.clone());
        let recording = record(entry, &found, Timestamp::now())?;
        if let Some(warning) = recording.warnings.first() {
            bail!("the history of {time}: {warning}");
        }
        commit(
            &mut out,
            time,
            back + 1 == i32::try_from(days)?,
            &recording.files,
        )?;
        let manifest = format!("{}.json", day_stem(time));
        for (path, file) in recording.files {
            listing.put(&path, &file);
            if path == manifest {
                previous = Some((path, file.into()));
            } else if !path.starts_with("reports/") {
                files.insert(path, file.into());
            }
        }
        // The action doesn't rewrite unchanged files.
        let [latest, _, _, seats, people, totals, changes, ..] = FolderFiles::paths(time);
        let kept = [
            found.latest,
            found.seats,
            found.people,
            found.totals,
            found.changes,
        ];
        for (path, file) in [latest, seats, people, totals, changes]
            .into_iter()
            .zip(kept)
        {
            if let Some(file) = file {
                files.entry(path).or_insert(file);
            }
        }
    }
    out.flush()?;
    Ok(())
}

fn reading(time: Timestamp, company: &Company) -> Reading {
    Reading {
        started_at: time,
        ended_at: time,
        pages: company.seats.len().div_ceil(100),
        totals: vec![Some(company.seats.len() as u64); company.seats.len().div_ceil(100)],
        ..Reading::default()
    }
}

fn commit(
    out: &mut impl Write,
    time: Timestamp,
    is_first: bool,
    files: &[(String, bytes::Bytes)],
) -> io::Result<()> {
    let message = format!("Copilot activity report of acme, {}", date(time));
    writeln!(
        out,
        "commit refs/heads/main\ncommitter GitHub <noreply@github.com> {} +0000\ndata {}\n{message}",
        time.as_second(),
        message.len()
    )?;
    if is_first {
        writeln!(out, "from refs/heads/main^0")?;
    }
    for (path, file) in files {
        writeln!(out, "M 100644 inline {FOLDER}/{path}\ndata {}", file.len())?;
        out.write_all(file)?;
        writeln!(out)?;
    }
    writeln!(out)
}

struct Company {
    random: u64,
    seats: Vec<Seat>,
    /// How many of the people stay. The simulator generates these.
    staying: usize,
    /// The probability in percent that each person uses Copilot on a given day.
    habits: Vec<u64>,
    next: u64,
}

impl Company {
    fn new(people: usize) -> anyhow::Result<Self> {
        let rows = Seats::people(people).rows;
        let mut company = Self {
            random: 1,
            seats: rows.iter().map(seat).collect::<anyhow::Result<_>>()?,
            staying: people,
            habits: Vec::new(),
            next: FURTHER,
        };
        for seat in &mut company.seats {
            seat.last_activity_at = None;
            seat.last_authenticated_at = None;
        }
        company.habits = (0..people).map(|_| company.habit()).collect();
        let beginning = "2020-01-01T00:00:00Z".parse()?;
        for _ in 0..people / 50 {
            company.hire(beginning);
        }
        Ok(company)
    }

    /// On average, two out of five people use Copilot on a given day: some almost always, some
    /// rarely, some never.
    fn habit(&mut self) -> u64 {
        match self.below(10) {
            0..=2 => 80,
            3..=6 => 37,
            7..=8 => 5,
            _ => 0,
        }
    }

    fn hire(&mut self, time: Timestamp) {
        self.next += 1;
        let model = self.seats[self.next as usize % self.staying].clone();
        self.seats.push(Seat {
            assignee: Some(Account {
                id: Some(self.next),
                login: format!("nora-{}", self.next).into(),
            }),
            created_at: Some(time),
            pending_cancellation_date: None,
            last_activity_at: None,
            last_authenticated_at: None,
            ..model
        });
        let habit = self.habit();
        self.habits.push(habit);
    }

    /// Simulates the day before `time`.
    fn live(&mut self, time: Timestamp) {
        for place in 0..self.seats.len() {
            if self.below(100) < self.habits[place] {
                let back = i64::try_from(self.below(86_000)).unwrap_or_default();
                let at = time - SignedDuration::from_secs(back);
                self.seats[place].last_activity_at = Some(at);
                if self.below(30) == 0 {
                    self.seats[place].last_authenticated_at = Some(at);
                }
            }
        }
        // 15% a year, on average.
        for _ in 0..self.staying.div_ceil(2_500) {
            let further = (self.seats.len() - self.staying) as u64;
            if further > 0 {
                let place = self.staying + self.below(further) as usize;
                self.seats.swap_remove(place);
                self.habits.swap_remove(place);
            }
            self.hire(time - SignedDuration::from_hours(8));
        }
    }

    fn below(&mut self, n: u64) -> u64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.random;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % n
    }
}

/// Parses a seat in the simulator's response.
fn seat(row: &Value) -> anyhow::Result<Seat> {
    let text = |name: &str| row[name].as_str();
    let time = |name: &str| text(name).map(str::parse).transpose();
    let account = &row["assignee"];
    let team = &row["assigning_team"];
    Ok(Seat {
        assignee: account["login"].as_str().map(|login| Account {
            id: account["id"].as_u64(),
            login: login.into(),
        }),
        organization: None,
        team: team["id"].as_u64().map(|id| {
            Arc::new(Team {
                id,
                name: team["name"].as_str().unwrap_or_default().into(),
            })
        }),
        plan_type: text("plan_type").map(Into::into),
        created_at: time("created_at")?,
        pending_cancellation_date: text("pending_cancellation_date")
            .map(str::parse)
            .transpose()?,
        last_authenticated_at: time("last_authenticated_at")?,
        last_activity_at: time("last_activity_at")?,
        last_surface_used: text("last_activity_editor").map(Into::into),
    })
}
