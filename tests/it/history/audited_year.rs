//! A long history with everything that happens to one: days without a run, a renamed organization, an
//! edit, a force push, an erased person, and retired reports. In the end, `verify` answers what an
//! auditor asks.
//!
//! `AUDIT_DAYS=400` sets the number of days. With `-- --nocapture`, the test prints what `verify`
//! says.

use std::fs;
use std::path::{Path, PathBuf};

use jiff::ToSpan as _;
use jiff::civil::{Date, date};
use serde_json::Value;
use simulator::seat::Row;
use simulator::{Billing, GitHub, Repository, Seats, Simulator, Token};

use crate::support::{Job, OWN, Step, checkout, commit_file, file, files_below, git};

/// The number of days by default. It must be a multiple of 40.
const DAYS: i32 = 40;

const ERASED: (&str, u64) = ("monalisa", 3);

/// What happens on which day, counted from 0.
struct Calendar {
    days: i32,
    first: Date,
}

impl Calendar {
    fn new() -> Self {
        let days = std::env::var("AUDIT_DAYS");
        let days = days.map_or(DAYS, |days| days.parse().unwrap());
        assert_eq!(days % 40, 0, "AUDIT_DAYS");
        let last = date(2026, 11, 28);
        Self {
            days,
            first: last.checked_sub((days - 1).days()).unwrap(),
        }
    }

    fn at(&self, eighths: i32) -> i32 {
        self.days * eighths / 8
    }

    fn date(&self, day: i32) -> Date {
        self.first.checked_add(day.days()).unwrap()
    }

    fn time(&self, day: i32) -> String {
        format!("{}T03:17:00Z", self.date(day))
    }

    /// Days on which no run takes place.
    fn is_missed(&self, day: i32) -> bool {
        [self.at(2) + 3, self.at(2) + 4, self.at(3) + 1].contains(&day)
    }

    fn seats(&self, day: i32) -> Vec<Row> {
        let mut rows: Vec<Row> = (0..20)
            .filter(|number| self.days * number / 20 <= day)
            .map(|number| {
                let granted = self.time(self.days * number / 20);
                let row = Row::of(&format!("octo-{number}"), 100 + number as u64);
                row.created(&granted).activity(&granted)
            })
            .collect();
        if day < self.at(4) {
            let (login, id) = ERASED;
            let row = Row::of(login, id).created(&self.time(0));
            rows.push(row.activity(&self.time(day - day % 5)));
        }
        rows
    }
}

/// GitHub's limits are per minute and token, so the days share several tokens.
const TOKENS: i32 = 20;

fn tokens(day: i32) -> (String, String) {
    let number = day % TOKENS;
    (format!("ghp_reader{number}"), format!("ghs_writer{number}"))
}

struct Year {
    calendar: Calendar,
    simulator: Simulator,
    organization: &'static str,
    /// The setting `cli`.
    setting: &'static str,
}

impl Year {
    fn new() -> Self {
        let calendar = Calendar::new();
        let github = GitHub::new()
            .organization("acme", Seats::people(0))
            .repository(OWN, Repository::private());
        let github = (0..TOKENS).fold(github, |github, day| {
            let (reader, writer) = tokens(day);
            github
                .token(&reader, Token::new().copilot(["acme", "globex"]))
                .token(&writer, Token::new().contents_write([OWN]))
        });
        Self {
            calendar,
            simulator: Simulator::start(github).unwrap(),
            organization: "acme",
            setting: "enabled",
        }
    }

    /// Runs the action on a day.
    fn run(&self, day: i32) -> Step {
        let rows = self.calendar.seats(day);
        let organization = self.organization.to_owned();
        let mut billing = Billing::default();
        billing.set("cli", self.setting);
        let seats = Seats::rows(rows).billing(billing);
        self.simulator.change(move |github| {
            github.organizations.insert(organization, seats);
        });
        let (reader, writer) = tokens(day);
        let step = Job::on(&self.simulator)
            .input("deliver-to", "repository")
            .input("organization", self.organization)
            .input("token", &reader)
            .input("commit-token", &writer)
            .variable("TEST_TIME", &self.calendar.time(day))
            .run();
        step.succeeded();
        step
    }

    fn git_dir(&self) -> PathBuf {
        self.simulator.git_dir(OWN)
    }

    /// Changes a clone with a command, and pushes the result as one commit of a person.
    fn change(&self, message: &str, command: impl FnOnce(&Path)) {
        let clone = checkout(&self.simulator, OWN);
        command(clone.path());
        let directory = clone.path().join(".git");
        let top = format!("--work-tree={}", clone.path().display());
        git(&directory, &[&top, "add", "--all"]);
        let identity = ["-c", "user.name=Mona", "-c", "user.email=mona@example.com"];
        let commit = [
            &identity[..],
            &[&top, "commit", "--quiet", "--message", message],
        ]
        .concat();
        git(&directory, &commit);
        let to = format!("file://{}", self.git_dir().display());
        git(&directory, &["push", "--quiet", &to, "HEAD:main"]);
    }

    /// Changes a file in the folder as someone with Git would.
    fn edit(&self, path: &str, change: impl FnOnce(&str) -> String) {
        let path = format!("copilot-activity/{}/{path}", self.organization);
        let before = file(&self.git_dir(), &format!("main:{path}"));
        let before = String::from_utf8(before).unwrap();
        let after = change(&before);
        assert_ne!(after, before);
        commit_file(&self.git_dir(), &path, after.as_bytes());
    }

    /// Removes the second newest commit from the branch.
    fn rewrite(&self) {
        let directory = self.git_dir();
        let message = git(&directory, &["log", "-1", "--format=%B", "main"]);
        let commit = [
            "-c",
            "user.name=Mona",
            "-c",
            "user.email=mona@example.com",
            "commit-tree",
            "main^{tree}",
            "-p",
            "main~2",
            "-m",
            message.trim(),
        ];
        let commit = git(&directory, &commit);
        git(
            &directory,
            &["update-ref", "refs/heads/main", commit.trim()],
        );
    }

    fn manifest(&self, day: i32) -> Value {
        let date = self.calendar.date(day);
        let path = format!(
            "main:copilot-activity/{}/reports/{:04}/{date}.json",
            self.organization,
            date.year()
        );
        serde_json::from_slice(&file(&self.git_dir(), &path)).unwrap()
    }
}

#[test]
fn a_long_history_answers_what_an_auditor_asks() {
    let mut year = Year::new();
    let calendar = Calendar::new();
    let report = |day: i32| {
        let date = calendar.date(day);
        format!("reports/{:04}/{date}", date.year())
    };
    let said = |step: &Step, text: &str| {
        let printed = step.printed();
        assert!(printed.contains(text), "{text:?} is missing in:\n{printed}");
    };
    for day in 0..calendar.days {
        if calendar.is_missed(day) {
            continue;
        }
        if day == calendar.at(2) {
            year.simulator
                .change(|github| github.rename("acme", "globex"));
            year.organization = "globex";
            year.change("Rename acme to globex", |clone| {
                let folder = clone.join("copilot-activity");
                fs::rename(folder.join("acme"), folder.join("globex")).unwrap();
            });
        }
        let step = year.run(day);
        let previous = day - 1;
        let now = calendar.time(day).replace("T03", "T09");
        if day == calendar.at(1) {
            year.setting = "disabled";
        } else if previous == calendar.at(1) {
            said(&step, "Setting changed: `cli` from enabled to disabled");
        } else if day == calendar.at(2) + 5 {
            said(
                &step,
                "No report was recorded for 2 days since the last one: ",
            );
        } else if day == calendar.at(4) {
            // Someone edits an old report on their machine.
            let path = report(calendar.at(3) + 2) + ".csv";
            year.edit(&path, |text| text.replacen("octo-1,", "octo-9,", 1));
        } else if previous == calendar.at(4) {
            said(&step, "a file of an older day in reports/");
            said(&step, "aren't verified, so anyone can have made them: ");
            let path = report(calendar.at(3) + 2) + ".csv";
            year.edit(&path, |text| text.replacen("octo-9,", "octo-1,", 1));
        } else if day == calendar.at(5) {
            git(
                &year.git_dir(),
                &["update-ref", "refs/heads/main", "main~1"],
            );
        } else if previous == calendar.at(5) {
            // Nothing but the gap shows that the branch lost its newest commit.
            said(
                &step,
                "No report was recorded for 1 day since the last one: ",
            );
            year.rewrite();
        } else if previous == calendar.at(5) + 1 {
            said(
                &step,
                "was rewritten: the commit of the last report is no longer in it.",
            );
            assert_eq!(year.manifest(day)["repository"]["rewritten"], true);
        } else if day == calendar.at(6) {
            year.change("Erase a person", |clone| {
                let folder = clone.to_str().unwrap();
                let erase = ["erase", ERASED.0, folder, "--reason", "Left the company"];
                let job = Job::alone().command_line(&erase);
                job.variable("TEST_TIME", &now).run().succeeded();
            });
        } else if day == calendar.at(7) {
            year.change("Retire old reports", |clone| {
                let folder = clone.to_str().unwrap();
                let before = calendar.date(calendar.at(1)).to_string();
                let retire = [
                    "retire",
                    folder,
                    "--before",
                    &before,
                    "--reason",
                    "Retention",
                ];
                let job = Job::alone().command_line(&retire);
                job.variable("TEST_TIME", &now).run().succeeded();
            });
        }
        let is_after_removal = [6, 7]
            .iter()
            .any(|eighths| previous == calendar.at(*eighths));
        if is_after_removal {
            assert!(
                !step.printed().contains("was changed"),
                "{}",
                step.printed()
            );
        }
    }

    let clone = checkout(&year.simulator, OWN);
    let globex = clone.path().join("copilot-activity/globex");
    for path in files_below(&globex) {
        let text = fs::read_to_string(&path).unwrap();
        assert!(!text.contains(ERASED.0), "{}: {text}", path.display());
    }
    let now = calendar.time(calendar.days);
    let verify = |folder: &Path, options: &[&str]| {
        let arguments = [&["verify", folder.to_str().unwrap()], options].concat();
        let job = Job::alone().command_line(&arguments);
        job.variable("TEST_TIME", &now).run()
    };
    let missing = [
        calendar.at(2) + 3,
        calendar.at(2) + 4,
        calendar.at(3) + 1,
        calendar.at(5),
    ];
    let step = verify(clone.path(), &["--max-age", "36h"]);
    step.failed(3, &[" 0 problems.", "4 missing days"]);
    let result = verify(clone.path(), &["--format", "json"]);
    let result: Value = serde_json::from_str(&result.stdout).unwrap();
    let coverage = &result["histories"][0]["coverage"];
    let gaps: Vec<&str> = coverage["gaps"]
        .as_array()
        .unwrap()
        .iter()
        .map(|gap| gap["from"].as_str().unwrap())
        .collect();
    let expected = [missing[0], missing[2], missing[3]].map(|day| calendar.date(day).to_string());
    assert_eq!(gaps, expected);
    let after = calendar.date(calendar.at(5) + 1).to_string();
    verify(clone.path(), &["--from", &after, "--expect", "daily"]).succeeded();

    let statement = verify(clone.path(), &["--statement"]).stdout;
    for text in [
        "- 4 days without a report: ",
        "the branch was rewritten",
        "Unverified commits to the folder by anyone but the action",
        "Left the company",
        "Retention",
    ] {
        assert!(statement.contains(text), "{text}: {statement}");
    }
    println!("{}\n{statement}", step.stdout);
}
