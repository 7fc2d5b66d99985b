//! A long life in a rough world: one in three requests meets a fault, and someone edits the
//! repository every tenth day. After each run, the repository and the outputs match the model.
//!
//! - `SOAK_DAYS=400` sets the number of days. With less than 100, there's an edit every second day.
//! - `SOAK_SEED=7` sets the seed. The requests of a run overlap, so a fault might still meet another
//!   request.
//!
//! `--nocapture` prints what happened.

mod edits;
mod faults;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use jiff::civil::{Date, date};
use jiff::{SignedDuration, Timestamp, ToSpan as _};
use serde_json::Value;
use simulator::{GitHub, Seats, Simulator, Token, TotalSeats};

use super::scenarios::files::as_expected;
use super::scenarios::model::{Model, Outcome};
use super::scenarios::random::Random;
use super::scenarios::row::{Report, response_row};
use super::scenarios::scenario::Scenario;
use crate::support::page::Page;
use crate::support::{
    Job, OWN, Step, all_files_below, assert_intact, checkout, file, files_in, git, safe, sha256,
};
use edits::{EDITS, Edit};
use faults::{Faults, Weather};

const DAYS: i32 = 24;

/// GitHub's limits are per minute and token, so the runs share several tokens.
const TOKENS: usize = 20;

fn number(name: &str) -> Option<u64> {
    Some(std::env::var(name).ok()?.parse().unwrap())
}

fn time(day: Date, hour: i8) -> Timestamp {
    let time = day.at(hour, 17, 0, 0);
    time.to_zoned_datetime(jiff::tz::TimeZone::UTC)
        .unwrap()
        .timestamp()
}

struct Soak {
    simulator: Simulator,
    members: Scenario,
    model: Model,
    /// The model before the last recorded report.
    before_last: Model,
    random: Random,
    faults: Faults,
    organization: &'static str,
    first: Date,
    last: Date,
    /// The report of the run that's in progress.
    report: Option<Report>,
    /// The names and hashes of the files that runs uploaded, and in how many artifacts they are.
    uploaded: Vec<(String, String, usize)>,
    /// The commits that runs reported.
    commits: Vec<String>,
    /// What the last runs printed.
    printed: String,
    /// Whether a person repaired a file since the last run, which the next run notices, too.
    is_repaired: bool,
    runs: usize,
    failed: usize,
    /// How many of them gave up on a request that met too many temporary faults.
    given_up: usize,
    edits: BTreeMap<Edit, usize>,
}

impl Soak {
    fn new(seed: u64, days: i32) -> Self {
        let last = date(2026, 11, 28);
        let first = last.checked_sub((days - 1).days()).unwrap();
        let github = GitHub::new()
            .organization("acme", Seats::people(0))
            .repository(OWN, safe());
        let github = (0..TOKENS).fold(github, |github, number| {
            let read = Token::new().copilot(["acme", "globex"]).scopes("read:org");
            let write = Token::new().contents_write([OWN]);
            github
                .token(&token("reads", number), read)
                .token(&token("writes", number), write)
        });
        Self {
            simulator: Simulator::start_in_memory(github).unwrap(),
            members: Scenario::of(seed, [].into(), 12, time(first, 3)),
            model: Model::new(false),
            before_last: Model::new(false),
            random: Random(seed),
            faults: Faults::new(seed),
            organization: "acme",
            first,
            last,
            report: None,
            uploaded: Vec::new(),
            commits: Vec::new(),
            printed: String::new(),
            is_repaired: false,
            runs: 0,
            failed: 0,
            given_up: 0,
            edits: BTreeMap::new(),
        }
    }

    fn git_dir(&self) -> PathBuf {
        self.simulator.git_dir(OWN)
    }

    fn head(&self) -> String {
        git(&self.git_dir(), &["rev-parse", "main"])
            .trim()
            .to_owned()
    }

    /// A path in the organization's folder.
    fn path(&self, path: &str) -> String {
        let path = format!("copilot-activity/{}/{path}", self.organization);
        path.trim_end_matches('/').to_owned()
    }

    /// A day without an edit.
    fn usual_day(&mut self, day: Date, weather: Weather) {
        let step = match weather {
            Weather::Stormy => self.run_in_a_storm(day),
            _ => self.sound_run(time(day, 3), weather),
        };
        self.has_page(&step);
        if !std::mem::take(&mut self.is_repaired) {
            self.saw_no_damage();
        }
        if self.random.happens(10) {
            self.sound_run(time(day, 15), Weather::Rough);
        }
    }

    /// A run that may fail, and the next one, which must not.
    fn run_in_a_storm(&mut self, day: Date) -> Step {
        let before = self.head();
        let step = self.attempt(time(day, 3), Weather::Stormy);
        self.printed = step.printed();
        if step.status == 0 {
            self.matches(&step);
            return step;
        }
        self.failed(&step, &before);
        self.sound_run(time(day, 9), Weather::Rough)
    }

    /// A run that must succeed, and match the model. It may give up if the same request fails again
    /// and again. Then the next run must succeed.
    fn sound_run(&mut self, time: Timestamp, weather: Weather) -> Step {
        self.printed.clear();
        let mut tries = (0..4).map(|hour| time + SignedDuration::from_hours(hour));
        loop {
            let before = self.head();
            let step = self.attempt(tries.next().unwrap(), weather);
            self.printed.push_str(&step.printed());
            if step.status == 0 {
                self.matches(&step);
                return step;
            }
            let has_given_up = |error: &&str| error.contains("failed 5 times in ");
            assert!(step.errors().iter().all(has_given_up), "{}", step.printed());
            self.given_up += 1;
            self.failed(&step, &before);
        }
    }

    /// Checks a run that failed. `before` is the commit before it.
    fn failed(&mut self, step: &Step, before: &str) {
        self.failed += 1;
        step.failed(1, &[]);
        assert!(!step.errors().is_empty(), "{}", step.printed());
        if self.head() != before {
            self.record(None);
        }
    }

    fn attempt(&mut self, time: Timestamp, weather: Weather) -> Step {
        let run = self.members.run_at(time);
        let rows = run.report.rows.iter().map(|row| response_row(row, false));
        let total = u64::try_from(run.report.total).unwrap();
        let seats = Seats::rows(rows).total_seats(TotalSeats::Fixed(total));
        let organization = self.organization.to_owned();
        self.simulator.change(|github| {
            github.organizations.insert(organization, seats);
        });
        self.report = Some(run.report);
        self.faults.plan(&self.simulator, weather);
        self.runs += 1;
        let job = Job::on(&self.simulator)
            .input("token", &token("reads", self.runs))
            .input("commit-token", &token("writes", self.runs))
            .input("deliver-to", "artifact, repository")
            .input("format", "csv, json, html")
            .input("organization", self.organization)
            // To the simulator, all of this is one workflow run.
            .input("artifact-name", &format!("report-{}", self.runs))
            .variable("TEST_TIME", &time.to_string())
            .variable("TEST_WAIT_SCALE", "0.001");
        let step = job.without_simulator_checks().run();
        self.faults.end(&self.simulator);
        let temp = step.workspace.parent().unwrap().join("temp");
        assert_eq!(all_files_below(&temp), Vec::<PathBuf>::new());
        step
    }

    /// Checks a run that succeeded: its outputs, the repository, and the page.
    fn matches(&mut self, step: &Step) {
        let printed = step.printed();
        let outcome = self.record(Some(step));
        let report = self.report.as_ref().unwrap();
        for (name, expected) in outcome.outputs(report) {
            assert_eq!(step.output(name), expected, "{name}: {printed}");
        }
        let sha = step.output("commit-sha");
        assert_eq!(!sha.is_empty(), outcome.is_recorded, "{printed}");
        if outcome.is_recorded {
            assert_eq!(sha, self.head(), "{printed}");
            self.commits.push(sha.to_owned());
        }
        for path in step.output("report-path").lines() {
            let path = step.workspace.join(path);
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            // The page is also its own artifact, unless the service failed twice in a row with a
            // status that older services have, too.
            let is_alone = name.ends_with(".html") && !step.output("page-url").is_empty();
            let hash = sha256(&fs::read(path).unwrap());
            self.uploaded.push((name, hash, 1 + usize::from(is_alone)));
        }
        let data = Page::of(step).data();
        let statuses = data["status"].as_array().unwrap();
        let counts = outcome.counts;
        let expected = [counts.active, counts.new, counts.inactive, counts.never];
        for (status, expected) in expected.into_iter().enumerate() {
            let found = statuses.iter().filter(|found| **found == status).count();
            assert_eq!(found, expected, "status {status}: {printed}");
        }
    }

    /// Records the report in the model, and compares the repository with it.
    fn record(&mut self, step: Option<&Step>) -> Outcome {
        let report = self.report.as_mut().unwrap();
        // A slow machine might be late by a second.
        report.time = match step {
            Some(step) => {
                let path = step.output("report-path").lines().next().unwrap();
                let path = path.replace(".csv", ".manifest.json");
                time_in(&fs::read(step.workspace.join(path)).unwrap())
            }
            None => {
                let day = super::scenarios::row::date(report.time);
                let path = format!("reports/{:04}/{day}.json", day.year());
                let folder = format!("copilot-activity/{}", self.organization);
                let name = format!("main:{folder}/{path}");
                time_in(&file(&self.simulator.git_dir(OWN), &name))
            }
        };
        let before = self.model.clone();
        let outcome = self.model.process(report);
        if outcome.is_recorded {
            self.before_last = before;
        }
        let expected = self.model.files();
        let found = expected.keys().map(|name| {
            let name = format!("main:{}", self.path(name));
            Some(file(&self.git_dir(), &name))
        });
        if let Err(error) = as_expected(&expected, found.collect()) {
            panic!("{error}\n{}", step.map(Step::printed).unwrap_or_default());
        }
        outcome
    }

    /// The last runs found no damage.
    fn saw_no_damage(&self) {
        let damage = "by something other than this action";
        assert!(!self.printed.contains(damage), "{}", self.printed);
    }

    /// The page has the same figures as the outputs.
    fn has_page(&self, step: &Step) {
        let page = Page::of(step);
        let cards = page.is_closed().html.split("<dd class=\"figure\">").skip(1);
        let cards: Vec<&str> = cards
            .map(|card| card.split([' ', '<']).next().unwrap())
            .collect();
        let outputs = ["seats", "active", "new", "inactive", "never-used"];
        assert_eq!(cards, outputs.map(|name| step.output(name)));
    }

    /// The result of `verify` in a new clone, and how long it took.
    fn verify(&self, options: &[&str]) -> (Step, Duration) {
        let clone = checkout(&self.simulator, OWN);
        let folder = clone.path().to_str().unwrap();
        let arguments = [&["verify", folder, "--expect", "daily"], options].concat();
        let job = Job::alone().command_line(&arguments);
        let now = time(self.last, 23).to_string();
        let began = Instant::now();
        let step = job.variable("TEST_TIME", &now).run();
        (step, began.elapsed())
    }

    /// The days without a report, up to the newest one.
    fn missing(&self) -> Vec<Date> {
        let newest = *self.model.days.last().unwrap();
        let days = self.first.series(1.day()).take_while(|day| *day <= newest);
        days.filter(|day| !self.model.days.contains(day)).collect()
    }

    /// Checks what's left in the end. Returns how long `verify` took.
    fn end(&self) -> Duration {
        let [from, to] = [self.first, self.last].map(|day| day.to_string());
        let period = ["--from", &from, "--to", &to];
        let (step, took) = self.verify(&[&period[..], &["--format", "json"]].concat());
        let status = if self.missing().is_empty() { 0 } else { 3 };
        step.failed(status, &[]);
        let result: Value = serde_json::from_str(&step.stdout).unwrap();
        let history = &result["histories"][0];
        assert_eq!(history["integrity"]["problems"], serde_json::json!([]));
        let gaps = history["coverage"]["gaps"].as_array().unwrap();
        let gaps: Vec<&str> = gaps
            .iter()
            .map(|gap| gap["from"].as_str().unwrap())
            .collect();
        let missing: Vec<String> = self.missing().iter().map(Date::to_string).collect();
        assert_eq!(gaps, missing);
        if let Some(last) = self.missing().last() {
            let from = last.tomorrow().unwrap().to_string();
            self.verify(&["--from", &from, "--to", &to]).0.succeeded();
        }

        assert_intact(&self.simulator, OWN);
        let directory = self.git_dir();
        let branches = git(&directory, &["for-each-ref", "--format=%(refname)"]);
        assert_eq!(branches, "refs/heads/main\n");
        let leftover = |path: &PathBuf| {
            let name = path.file_name().unwrap().to_str().unwrap();
            name.ends_with(".lock") || name.starts_with("tmp_")
        };
        let left: Vec<PathBuf> = all_files_below(&directory);
        let left: Vec<&PathBuf> = left.iter().filter(|path| leftover(path)).collect();
        assert_eq!(left, Vec::<&PathBuf>::new());
        let history = git(&directory, &["rev-list", "main"]);
        for commit in &self.commits {
            assert!(history.contains(commit), "{commit} is gone");
        }
        self.each_report_is_uploaded_once();
        took
    }

    fn each_report_is_uploaded_once(&self) {
        let artifacts = self.simulator.artifacts();
        let files = artifacts.iter().flat_map(files_in);
        // An artifact of a single file might have another name than the file.
        let mut found: BTreeMap<String, usize> = BTreeMap::new();
        for (_, bytes) in files {
            *found.entry(sha256(&bytes)).or_default() += 1;
        }
        for (name, hash, times) in &self.uploaded {
            assert_eq!(found.get(hash), Some(times), "{name}");
        }
    }
}

fn token(who: &str, run: usize) -> String {
    format!("ghp_{who}{:030}", run % TOKENS)
}

fn time_in(manifest: &[u8]) -> Timestamp {
    let manifest: Value = serde_json::from_slice(manifest).unwrap();
    manifest["report_time"].as_str().unwrap().parse().unwrap()
}

fn size_of(folder: &Path) -> u64 {
    let files = all_files_below(folder);
    files
        .iter()
        .map(|path| path.metadata().unwrap().len())
        .sum()
}

/// The edit on this day, counted from 0.
fn edit_on(day: i32, between: i32) -> Option<Edit> {
    let number = usize::try_from(day / between).unwrap().checked_sub(1)?;
    (day % between == 0).then_some(EDITS[number % EDITS.len()])
}

#[test]
fn a_long_life_with_faults_and_edits_loses_nothing() {
    let seed = number("SOAK_SEED").unwrap_or(5);
    let days = number("SOAK_DAYS").map_or(DAYS, |days| i32::try_from(days).unwrap());
    let between = if days < 100 { 2 } else { 10 };
    println!("SOAK_SEED={seed} SOAK_DAYS={days}");
    let began = Instant::now();
    let mut soak = Soak::new(seed, days);
    for (number, day) in (0..days).zip(soak.first.series(1.day())) {
        if let Some(edit) = edit_on(number, between) {
            println!("{day}: {edit:?}");
            soak.edited_day(edit, day);
            *soak.edits.entry(edit).or_default() += 1;
        } else if edit_on(number + 1, between) == Some(Edit::Rename) {
            // A renamed organization is recognized by the ID in the last manifest.
            soak.usual_day(day, Weather::Gentle);
        } else {
            let is_stormy = soak.random.happens(25);
            let weather = if is_stormy {
                Weather::Stormy
            } else {
                Weather::Rough
            };
            soak.usual_day(day, weather);
        }
    }
    let verify = soak.end();
    let directory = soak.git_dir();
    let commits = git(&directory, &["rev-list", "--count", "main"]);
    let requests = soak.simulator.request_count();
    let faults: usize = soak.faults.counts.values().sum();
    assert!(
        faults.abs_diff(requests / 3) <= soak.runs,
        "{faults} of {requests}"
    );
    let loose = size_of(&directory);
    git(&directory, &["gc", "--quiet"]);
    println!(
        "{days} days in {:.0?}: {} runs, {} failed ({} gave up), {requests} requests, {faults} faults, {} commits, {:.1} MB, {:.1} MB packed, {} days missing, verify {verify:.1?}\n{:?}\n{:?}",
        began.elapsed(),
        soak.runs,
        soak.failed,
        soak.given_up,
        commits.trim(),
        loose as f64 / 1e6,
        size_of(&directory) as f64 / 1e6,
        soak.missing().len(),
        soak.faults.counts,
        soak.edits,
    );
}
