//! A run of many organizations can be killed at any moment. It has recorded all organizations or
//! none, and the next run records what's missing, and nothing twice.
//!
//! Each history has three days. On each of them, a run is killed at a random moment, and then
//! another one runs to its end, in the same workspace. Afterwards, the repository is the same as if
//! no run had been killed.
//!
//! - `KILL_COUNT=60` sets the number of killed runs.
//! - `KILL_SEED=7` sets the seed of the first history. An error has the seed of its history. The
//!   seed decides the moments, but not what the run does at them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use regex::Regex;
use serde_json::Value;
use simulator::seat::Row;
use simulator::{At, Ending, Fault, Kind, Nth, Seats, Service, Simulator};

use super::interruption::wait_until_idle;
use super::many_organizations::{all, assert_verified, github, name};
use crate::history::scenarios::random::Random;
use crate::support::pulls::{branches, protected, pulls, writes};
use crate::support::{
    COMMIT_TOKEN, Job, OWN, Step, all_files_below, assert_intact, checkout, files_in, git, safe,
    sha256,
};

const ORGANIZATIONS: usize = 30;
const DAYS: u64 = 3;

/// The seats of each organization, and so the rows of its report.
const SEATS: u64 = 3;

/// How many runs are killed by default. More take longer than they show.
const KILLS: u64 = 12;

/// A moment to kill a run at.
#[derive(Debug)]
enum Moment {
    /// When GitHub gets this request.
    Request(usize),
    /// This long after the start.
    After(Duration),
}

/// What a run without a kill leaves and takes, for each day.
struct Undisturbed {
    requests: usize,
    took: Duration,
    files: Files,
}

/// The files on a branch. Those with times other than the day have no content here.
type Files = BTreeMap<String, String>;

/// Three days of many organizations, in one workspace.
struct History {
    simulator: Simulator,
    job: Job,
    by_pull_request: bool,
}

impl History {
    fn start(by_pull_request: bool) -> Self {
        let repository = match by_pull_request {
            // A leftover branch would be visible.
            true => protected().deleting_merged_branches(),
            false => safe(),
        };
        let github = github(ORGANIZATIONS, repository).token(COMMIT_TOKEN, writes());
        let simulator = Simulator::start(github).unwrap();
        let names: Vec<String> = (0..ORGANIZATIONS).map(name).collect();
        let job = Job::on(&simulator)
            .input("organization", &names.join(","))
            .input("deliver-to", "artifact, repository")
            .input("combined-report", "true")
            .input("pull-request", &by_pull_request.to_string());
        Self {
            simulator,
            job,
            by_pull_request,
        }
    }

    /// Sets the clock to this hour of the day.
    fn at(self, day: u64, hour: u64) -> Self {
        let time = format!("2026-03-{:02}T{hour:02}:00:00Z", day + 1);
        Self {
            job: self.job.variable("TEST_TIME", &time),
            ..self
        }
    }

    /// Replaces one person in each organization.
    fn change_seats(&self, day: u64) {
        self.simulator.change(|github| {
            for (number, organization) in (0..).zip(all(ORGANIZATIONS)) {
                let people = (day..day + SEATS).map(|person| {
                    let login = format!("{organization}-octocat-{person}");
                    Row::of(&login, 1 + number * 100 + person)
                });
                let seats = Seats::rows(people);
                github.organizations.insert(organization, seats);
            }
        });
    }

    fn git(&self, arguments: &[&str]) -> String {
        git(&self.simulator.git_dir(OWN), arguments)
    }

    /// The branches with the reports: `main` and that of the pull request.
    fn branches(&self) -> Vec<String> {
        let mut branches = branches(&self.simulator);
        branches.push("main".to_owned());
        branches
    }

    /// The commits with reports on these branches, newest first.
    fn deliveries(&self, branches: &[String]) -> Vec<String> {
        let grep = "--grep=^Copilot-Activity-Report-Delivery:";
        let branches = branches.iter().map(|branch| &**branch);
        let arguments: Vec<&str> = ["log", "--format=%H", grep]
            .into_iter()
            .chain(branches)
            .collect();
        self.git(&arguments).lines().map(str::to_owned).collect()
    }

    /// The organizations with a report of that day, on any of these branches.
    fn recorded(&self, branches: &[String], day: u64) -> BTreeSet<String> {
        let manifest = format!("/reports/2026/2026-03-{:02}.json", day + 1);
        let listed = branches
            .iter()
            .map(|branch| self.git(&["ls-tree", "-r", "--name-only", branch]));
        let listed: Vec<String> = listed.collect();
        let paths = listed.iter().flat_map(|paths| paths.lines());
        let folders = paths.filter_map(|path| path.strip_suffix(&manifest));
        let names = folders.filter_map(|folder| folder.split('/').next_back());
        names.map(str::to_owned).collect()
    }

    /// The files on `main`, without times.
    fn files(&self) -> Files {
        let time = Regex::new(r"T\d\d:\d\d:\d\dZ").unwrap();
        let clone = checkout(&self.simulator, OWN);
        let files = all_files_below(clone.path()).into_iter().map(|path| {
            let below = path.strip_prefix(clone.path()).unwrap();
            let content = match path.extension().is_some_and(|extension| extension == "csv") {
                true => {
                    let content = fs::read_to_string(&path).unwrap();
                    time.replace_all(&content, "").into_owned()
                }
                false => String::new(),
            };
            (below.to_str().unwrap().to_owned(), content)
        });
        files
            .filter(|(path, _)| !path.starts_with(".git/"))
            .collect()
    }

    /// Merges the pull request of the runs so far, of which there's exactly one.
    fn merge(&self) {
        if !self.by_pull_request {
            return;
        }
        let open = pulls(&self.simulator).into_iter();
        let open: Vec<_> = open.filter(|(.., ending)| ending.is_none()).collect();
        let [(number, head, _)] = &open[..] else {
            panic!("not one pull request: {open:?}");
        };
        assert_eq!(&branches(&self.simulator), std::slice::from_ref(head));
        let merged = self
            .simulator
            .end_pull_request(OWN, *number, Ending::Merged);
        merged.unwrap();
    }

    /// Runs the action to its end.
    fn run(&self) -> (Step, Duration) {
        let began = Instant::now();
        let step = self.job.run();
        (step, began.elapsed())
    }

    /// Starts a run, and kills it. Returns whether it was still running.
    fn kill(&self, moment: &Moment) -> bool {
        let (reached, wait) = mpsc::channel();
        if let Moment::Request(number) = moment {
            let kind = Kind::change(move |_| {
                let _ = reached.send(());
            });
            self.simulator.fault(Fault {
                at: At::Service(Service::Api),
                nth: Nth::Only(*number),
                kind,
            });
        }
        let running = self.job.start();
        match moment {
            Moment::Request(_) => {
                while wait.recv_timeout(Duration::from_millis(2)).is_err() && !running.is_over() {}
            }
            // The promise holds at whatever moment this is.
            Moment::After(time) => thread::sleep(*time),
        }
        running.signal("KILL");
        let step = running.end();
        wait_until_idle(&self.simulator);
        self.simulator.clear_faults();
        // The run might have ended before the signal.
        assert!(matches!(step.status, -1 | 0), "{}", step.printed());
        step.status == -1
    }

    /// Checks what a killed run left on this day. `before` are the commits of earlier days.
    fn assert_whole(&self, day: u64, before: &[String]) {
        let branches = self.branches();
        assert!(branches.len() <= 2, "{branches:?}");
        let deliveries = self.deliveries(&branches);
        let new = deliveries.strip_suffix(before).unwrap();
        let recorded = self.recorded(&branches, day);
        match new {
            [] => assert_eq!(recorded, BTreeSet::new()),
            [_] => assert_eq!(recorded, all(ORGANIZATIONS)),
            _ => panic!("more than one commit: {new:?}"),
        }
        // Otherwise, the branch is as it was before.
        if !new.is_empty() && !self.by_pull_request {
            assert_verified(&self.simulator);
        }
        self.assert_whole_files();
        for artifact in self.simulator.artifacts() {
            // Two files for each report, and for the combined one.
            let files = files_in(&artifact).len();
            assert_eq!(files, 2 * (ORGANIZATIONS + 1), "{}", artifact.name);
        }
    }

    /// Checks that no file in the workspace is a part of one. Hidden files are, if the run was killed
    /// while it wrote one.
    fn assert_whole_files(&self) {
        for path in all_files_below(&self.job.workspace()) {
            let name = path.file_name().unwrap().to_str().unwrap();
            if name.starts_with('.') {
                continue;
            }
            let content = fs::read_to_string(&path).unwrap();
            if name.ends_with(".csv") {
                let reports = match name.starts_with("all-") {
                    true => ORGANIZATIONS as u64,
                    false => 1,
                };
                let lines = content.lines().count() as u64;
                assert_eq!(lines, 1 + reports * SEATS, "{name}: {content}");
                assert!(content.ends_with('\n'), "{name}: {content}");
                continue;
            }
            let json: Value = serde_json::from_str(&content).unwrap();
            let files = json["files"].as_array().into_iter().flatten();
            for listed in files {
                let listed_name = listed["name"].as_str().unwrap();
                let content = fs::read(path.with_file_name(listed_name)).unwrap();
                assert_eq!(listed["sha256"], sha256(&content), "{name}");
            }
        }
    }

    /// Checks that a run that wasn't killed reports success for everything.
    fn assert_done(&self, step: &Step) {
        step.succeeded();
        let results = fs::read(step.workspace.join(step.output("results-path"))).unwrap();
        let results: Value = serde_json::from_slice(&results).unwrap();
        let scopes = results["scopes"].as_array().unwrap();
        assert_eq!(scopes.len(), ORGANIZATIONS);
        for scope in scopes {
            assert_eq!(scope["error"], Value::Null, "{scope}");
        }
        self.assert_whole_files();
    }
}

/// Lives through the days without a kill.
fn undisturbed(by_pull_request: bool) -> Vec<Undisturbed> {
    let mut history = History::start(by_pull_request);
    let mut days = Vec::new();
    for day in 1..=DAYS {
        history.change_seats(day);
        history = history.at(day, 7);
        let before = history.simulator.requests().len();
        let (step, took) = history.run();
        history.assert_done(&step);
        let requests = history.simulator.requests().len() - before;
        history.merge();
        days.push(Undisturbed {
            requests,
            took,
            files: history.files(),
        });
    }
    days
}

/// Lives through the days with a kill on each. Returns how many runs were still running.
fn live(seed: u64, by_pull_request: bool, undisturbed: &[Undisturbed]) -> usize {
    let mut random = Random(seed);
    let mut history = History::start(by_pull_request);
    let (mut killed, mut last_took) = (0, Duration::ZERO);
    for (day, undisturbed) in (1..).zip(undisturbed) {
        history.change_seats(day);
        history = history.at(day, 6);
        let before = history.deliveries(&["main".to_owned()]);
        let moment = match random.happens(50) {
            true => Moment::Request(1 + random.below(undisturbed.requests)),
            false => {
                let took = last_took.max(undisturbed.took);
                let micros = random.below(usize::try_from(took.as_micros()).unwrap());
                Moment::After(Duration::from_micros(micros.try_into().unwrap()))
            }
        };
        let checked = catch_unwind(AssertUnwindSafe(|| {
            killed += usize::from(history.kill(&moment));
            history.assert_whole(day, &before);
        }));
        named(seed, day, &moment, &checked);
        history = history.at(day, 7);
        let checked = catch_unwind(AssertUnwindSafe(|| {
            let (step, took) = history.run();
            last_took = took;
            history.assert_done(&step);
            history.merge();
            let main = ["main".to_owned()];
            let deliveries = history.deliveries(&main);
            assert_eq!(deliveries.len() as u64, day, "{deliveries:?}");
            assert_eq!(deliveries[1..], before);
            let files = history.files();
            let paths = |files: &Files| files.keys().cloned().collect::<Vec<_>>();
            assert_eq!(paths(&files), paths(&undisturbed.files));
            for (path, content) in &files {
                assert_eq!(content, &undisturbed.files[path], "{path}");
            }
            assert_eq!(branches(&history.simulator), Vec::<String>::new());
            assert_verified(&history.simulator);
        }));
        named(seed, day, &moment, &checked);
    }
    assert_intact(&history.simulator, OWN);
    killed
}

/// Adds to a failure how to see it again.
fn named(seed: u64, day: u64, moment: &impl fmt::Debug, checked: &thread::Result<()>) {
    assert!(
        checked.is_ok(),
        "seed {seed}, day {day}, killed at {moment:?}. To try it again, set KILL_SEED={seed} KILL_COUNT={DAYS}"
    );
}

fn number(name: &str) -> Option<u64> {
    let value = std::env::var(name).ok()?;
    Some(value.parse().unwrap())
}

#[test]
fn a_run_of_many_organizations_can_be_killed_at_any_moment() {
    let first = number("KILL_SEED").unwrap_or_default();
    let kills = number("KILL_COUNT").unwrap_or(KILLS);
    let histories = kills.div_ceil(DAYS);
    println!("{kills} kills, from KILL_SEED={first}");
    let both = thread::scope(|scope| {
        let both = [false, true].map(|mode| scope.spawn(move || undisturbed(mode)));
        both.map(|days| days.join().unwrap())
    });
    let next = AtomicU64::new(first);
    let killed = Mutex::new(0);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::SeqCst);
                    if seed >= first + histories {
                        return;
                    }
                    let by_pull_request = seed % 3 == 1;
                    let undisturbed = &both[usize::from(by_pull_request)];
                    let count = live(seed, by_pull_request, undisturbed);
                    *killed.lock().unwrap() += count;
                }
            });
        }
    });
    let killed = killed.into_inner().unwrap();
    let all = usize::try_from(histories * DAYS).unwrap();
    println!("{killed} of {all} runs were killed before they ended.");
    assert!(killed * 2 > all, "only {killed} of {all} were killed");
}
