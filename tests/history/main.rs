//! The history held against a model: companies that live for a year or a season, a run of the
//! action every now and then, and afterwards every file of every commit compared with what must
//! stand there.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs, unreachable_pub)]

mod company;
mod ledger;
#[path = "../support/mod.rs"]
mod support;

use std::collections::BTreeMap;

use company::Company;
use jiff::{SignedDuration, Timestamp};
use ledger::{CHANGES, Ledger, Page, date};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use simulator::{GitHub, Repository, Seats, Simulator, Token};
use support::{Job, OWN, checkout, git, git_with, sound};

/// More runs in a minute than one token may make.
const TOKENS: usize = 12;

fn token(who: &str, run: usize) -> String {
    format!("ghp_{who}{:030}", run % TOKENS)
}

/// A company, the GitHub it is on, and what must stand in the repository.
struct Story {
    simulator: Simulator,
    company: Company,
    ledger: Ledger,
    is_enterprise: bool,
    runs: usize,
    /// How many runs there will be.
    of: usize,
    pages: Vec<Page>,
}

impl Story {
    fn begin(company: Company, is_enterprise: bool, of: usize) -> Self {
        let mut github = GitHub::new()
            .organization("acme", Seats::people(0))
            .enterprise("acme", Seats::people(0))
            .repository(OWN, Repository::private());
        for n in 0..TOKENS {
            let read = Token::new().copilot(["acme"]).enterprise(["acme"]);
            let read = read.scopes("read:org, read:enterprise");
            let write = Token::new().contents_write([OWN]);
            github = github
                .token(&token("reads", n), read)
                .token(&token("writes", n), write);
        }
        Self {
            simulator: Simulator::start(github).unwrap(),
            company,
            ledger: Ledger::new(is_enterprise),
            is_enterprise,
            runs: 0,
            of,
            pages: Vec::new(),
        }
    }

    /// A run of the action at that time, and what follows from it.
    fn run_at(&mut self, time: Timestamp) {
        self.company.live_until(time);
        let shown = self.company.shown();
        let answer = self.company.answer(&shown);
        let kind = if self.is_enterprise {
            "enterprise"
        } else {
            "organization"
        };
        self.simulator.change(|github| {
            github
                .organizations
                .insert("acme".to_owned(), answer.clone());
            github.enterprises.insert("acme".to_owned(), answer);
        });
        let job = Job::on(&self.simulator)
            .input("token", &token("reads", self.runs))
            .input("commit-token", &token("writes", self.runs))
            .input("deliver-to", "repository")
            .input(kind, "acme")
            .variable("TEST_TIME", &time.to_string());
        self.runs += 1;
        // The whole repository is searched for secrets once, after the last run.
        let step = if self.runs < self.of {
            job.unwitnessed().run()
        } else {
            job.run()
        };
        step.succeeded();
        assert!(!step.stdout.contains("::warning::"), "{}", step.stdout);
        let path = step
            .output("report-path")
            .trim_end_matches(".csv")
            .to_owned();
        let manifest = std::fs::read(step.workspace.join(format!("{path}.manifest.json"))).unwrap();
        let manifest: Value = serde_json::from_slice(&manifest).unwrap();
        // A busy machine may be late by a second.
        let time: Timestamp = manifest["report_time"].as_str().unwrap().parse().unwrap();

        let differs = self.ledger.differs(&shown);
        assert_eq!(step.output("changed"), differs.to_string(), "{time}");
        let page = self.ledger.take(time, shown);
        assert_eq!(
            step.output("commit-sha").is_empty(),
            page.is_none(),
            "{time}"
        );
        self.pages.extend(page);
    }

    /// Compares each commit with what must stand there.
    fn holds(&self) {
        let directory = self.simulator.git_dir(OWN);
        let format = "--format=%H %(trailers:key=Copilot-Activity-Report-Delivery,separator=%x2C)";
        let log = git(&directory, &["log", "--reverse", format, "main"]);
        let commits = log.lines().filter_map(|line| line.split_once(' '));
        let commits: Vec<&str> = commits
            .filter(|(_, trailer)| !trailer.is_empty())
            .map(|(sha, _)| sha)
            .collect();
        assert_eq!(commits.len(), self.pages.len());
        let mut changes: BTreeMap<String, Vec<u8>> = BTreeMap::new();
        for (commit, page) in commits.iter().zip(&self.pages) {
            let year = page.day.year();
            let names = [
                "seats.csv",
                "people.csv",
                "totals.csv",
                "latest.csv",
                &format!("reports/{year}/{}.csv", page.day),
                &format!("changes/{year}.csv"),
            ];
            let files = blobs(&directory, commit, &names);
            for (name, file) in names.iter().zip(&files).take(4) {
                let file = String::from_utf8(file.clone().unwrap()).unwrap();
                same(&file, &page.files[name], &format!("{name} of {}", page.day));
            }
            assert!(files[3] == files[4], "the report of {}", page.day);
            let grown = files[5].clone().unwrap_or_default();
            let before = changes.insert(names[5].to_owned(), grown.clone());
            assert!(
                grown.starts_with(&before.unwrap_or_default()),
                "{}",
                page.day
            );
        }
        for (year, lines) in &self.ledger.changes {
            let file = changes.remove(&format!("changes/{year}.csv")).unwrap();
            let file = String::from_utf8(file).unwrap();
            in_order(&file);
            let mut found = file.clone();
            if let Some(found_lines) = file.strip_prefix(CHANGES) {
                found = by_report(found_lines);
            }
            same(&found, &lines.concat(), &format!("changes/{year}.csv"));
        }
        assert!(changes.values().all(Vec::is_empty), "{:?}", changes.keys());
        self.manifests_hold_together();
        let clone = checkout(&self.simulator, OWN);
        let folder = clone.path().to_str().unwrap();
        for options in [
            &[][..],
            &["--since", &self.pages[self.pages.len() / 2].day.to_string()],
        ] {
            let verify = [&["verify", folder], options].concat();
            Job::alone().by_hand(&verify).run().succeeded();
        }
        sound(&self.simulator, OWN);
    }

    fn manifests_hold_together(&self) {
        let directory = self.simulator.git_dir(OWN);
        let folder = "main:copilot-activity/acme";
        let reports = git(
            &directory,
            &["ls-tree", "-r", "--name-only", &format!("{folder}/reports")],
        );
        let mut days: Vec<String> = self.pages.iter().map(|page| page.day.to_string()).collect();
        days.dedup();
        let names = days.iter().map(|day| format!("{}/{day}", &day[..4]));
        let expected: Vec<String> = names
            .clone()
            .flat_map(|name| [format!("{name}.csv"), format!("{name}.json")])
            .collect();
        assert_eq!(reports.lines().collect::<Vec<_>>(), expected);
        let mut previous = Value::Null;
        for name in names {
            let name = format!("reports/{name}");
            let [report, file] = ["csv", "json"].map(|ending| {
                let name = format!("{folder}/{name}.{ending}");
                git_with(&directory, &["cat-file", "blob", &name], b"")
            });
            let manifest: Value = serde_json::from_slice(&file).unwrap();
            assert_eq!(manifest["previous"], previous, "{name}");
            let files = manifest["files"].as_array().unwrap();
            let entry = entry(&format!("{name}.csv"), &report);
            assert!(files.contains(&entry), "{name}");
            previous = self::entry(&format!("{name}.json"), &file);
        }
    }
}

fn entry(name: &str, file: &[u8]) -> Value {
    let sha256 = hex::encode(Sha256::digest(file));
    serde_json::json!({ "name": name, "size": file.len(), "sha256": sha256 })
}

/// Files of the scope's folder at a commit; nothing for one that is not there.
fn blobs(directory: &std::path::Path, commit: &str, names: &[&str]) -> Vec<Option<Vec<u8>>> {
    let asked: String = names
        .iter()
        .map(|name| format!("{commit}:copilot-activity/acme/{name}\n"))
        .collect();
    let answer = git_with(directory, &["cat-file", "--batch"], asked.as_bytes());
    let mut rest = answer.as_slice();
    let files = names.iter().map(|_| {
        let end = rest.iter().position(|byte| *byte == b'\n').unwrap();
        let head = std::str::from_utf8(&rest[..end]).unwrap();
        rest = &rest[end + 1..];
        if head.ends_with(" missing") {
            return None;
        }
        let size: usize = head.rsplit(' ').next().unwrap().parse().unwrap();
        let file = rest[..size].to_vec();
        rest = &rest[size + 1..];
        Some(file)
    });
    files.collect()
}

/// The lines of changes, those of one report sorted.
fn by_report(lines: &str) -> String {
    let mut lines: Vec<&str> = lines.split_inclusive('\n').collect();
    let mut sorted = Vec::new();
    for report in lines.chunk_by_mut(|one, other| one[..20] == other[..20]) {
        report.sort_unstable();
        sorted.extend_from_slice(report);
    }
    sorted.concat()
}

/// That the lines of changes stand in order of time, and in one report by login.
fn in_order(file: &str) {
    let mut csv = csv::Reader::from_reader(file.as_bytes());
    let lines: Vec<csv::StringRecord> = csv.records().map(Result::unwrap).collect();
    let place = |line: &csv::StringRecord| {
        let login = if line[1].is_empty() { "none" } else { &line[1] };
        (line[0].to_owned(), login.to_lowercase())
    };
    for (line, next) in lines.iter().zip(lines.iter().skip(1)) {
        assert!(place(line) <= place(next), "{line:?} {next:?}");
    }
}

/// That two texts are the same; names the first lines that differ.
fn same(found: &str, expected: &str, what: &str) {
    if found == expected {
        return;
    }
    let (mut found, mut expected) = (found.lines(), expected.lines());
    for line in 1.. {
        let (one, other) = (found.next(), expected.next());
        assert_eq!(one, other, "line {line} of {what}: found, expected");
        assert!(one.is_some(), "{what} differs in its line ends");
    }
}

/// When the next run is.
fn next_run(story: &mut Story, last: Timestamp) -> Timestamp {
    let day = SignedDuration::from_hours(24);
    let of_the_day = date(last)
        .at(3, 17, 0, 0)
        .to_zoned_datetime(jiff::tz::TimeZone::UTC)
        .unwrap()
        .timestamp();
    let random = &mut story.company.random;
    let hour = |hours: usize| SignedDuration::from_hours(i64::try_from(hours).unwrap());
    match random.below(100) {
        // Again the same day, at once or later; as far as there is a later.
        0..=5 if date(last + hour(1)) == date(last) => last + SignedDuration::from_secs(5),
        6..=17 if date(last + hour(6)) == date(last) => last + hour(1 + random.below(5)),
        // A day or more without a run.
        18..=26 => of_the_day + day * i32::try_from(2 + random.below(4)).unwrap(),
        27..=30 => of_the_day + day + hour(random.below(20)),
        _ => of_the_day + day,
    }
}

#[test]
fn a_year_of_an_organization_is_told_as_it_was() {
    let mut time: Timestamp = "2026-03-01T03:17:00Z".parse().unwrap();
    let mut story = Story::begin(Company::new(1, false, 25, time), false, 365);
    for run in 0..story.of {
        story.run_at(time);
        time = match run {
            // As long as reports may be apart to know of everything, and longer.
            110 => time + SignedDuration::from_hours(90 * 24),
            230 => time + SignedDuration::from_hours(97 * 24),
            _ => next_run(&mut story, time),
        };
    }
    story.holds();
    let kinds: Vec<&str> = story.ledger.kinds().into_iter().collect();
    let all = [
        "cancellation scheduled",
        "cancellation removed",
        "granted",
        "reassigned",
        "plan changed",
        "renamed",
        "revoked",
    ];
    assert_eq!(kinds, all);
    let (changes, days) = story.ledger.extent();
    assert!(changes > 300 && days > 250 && story.pages.len() > days);
}

#[test]
fn a_season_of_an_enterprise_is_told_as_it_was() {
    let mut time: Timestamp = "2026-11-20T03:17:00Z".parse().unwrap();
    let mut story = Story::begin(Company::new(2, true, 30, time), true, 60);
    for _ in 0..story.of {
        story.run_at(time);
        time = next_run(&mut story, time);
    }
    story.holds();
    let (changes, days) = story.ledger.extent();
    assert!(changes > 40 && days > 30, "{changes} changes, {days} days");
    assert_eq!(story.ledger.changes.len(), 2, "one file of changes a year");
}
