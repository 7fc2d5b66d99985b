//! Runs a scenario: each run uses the built binary and a simulated GitHub, and each file and output
//! must match the model.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::Value;
use sha2::{Digest as _, Sha256};
use simulator::{At, Fault, GitHub, Kind, Seats, Simulator, Token, TotalSeats};
use tempfile::TempDir;

use super::accuracy::Accuracy;
use super::files::{as_expected, blobs, same};
use super::model::{BROKEN, Damage, File, Model};
use super::row::{date, response_row};
use super::scenario::Run;
use crate::support::{Job, OWN, assert_intact, git_with, safe};

/// More than the number of runs in a minute, so that no token reaches its rate limit.
const TOKENS: usize = 12;

const FOLDER: &str = "copilot-activity/acme";

/// An error describes what differs.
pub type Check = Result<(), String>;

/// The simulated GitHub, and the expected contents of the repository.
pub struct Execution {
    simulator: Simulator,
    pub model: Model,
    pub accuracy: Accuracy,
    is_enterprise: bool,
    runs: usize,
    head: String,
    /// Whether every run must succeed without warnings.
    is_usual: bool,
    /// What happened, to print after a failure.
    pub log: Vec<String>,
}

impl Execution {
    pub fn start(is_enterprise: bool, is_usual: bool) -> Self {
        let mut github = GitHub::new()
            .organization("acme", Seats::people(0))
            .enterprise("acme", Seats::people(0))
            .repository(OWN, safe());
        for n in 0..TOKENS {
            let read = Token::new().copilot(["acme"]).enterprise(["acme"]);
            let read = read.scopes("read:org, read:enterprise");
            let write = Token::new().contents_write([OWN]);
            github = github
                .token(&token("reads", n), read)
                .token(&token("writes", n), write);
        }
        let mut execution = Self {
            simulator: Simulator::start_in_memory(github).unwrap(),
            model: Model::new(is_enterprise),
            accuracy: Accuracy::default(),
            is_enterprise,
            runs: 0,
            head: String::new(),
            is_usual,
            log: Vec::new(),
        };
        execution.head = execution.files(&[]).0;
        execution
    }

    /// Runs the action and compares the result with the model.
    pub fn run(&mut self, mut run: Run) -> Check {
        self.apply_damage(&run.damage);
        self.set(&run);
        self.runs += 1;
        let kind = if self.is_enterprise {
            "enterprise"
        } else {
            "organization"
        };
        let job = Job::on(&self.simulator)
            .input("token", &token("reads", self.runs))
            .input("commit-token", &token("writes", self.runs))
            .input("deliver-to", "repository")
            .input("require-complete", &run.is_strict.to_string())
            .input(kind, "acme")
            .variable("TEST_TIME", &run.report.time.to_string())
            .variable("TEST_CLOCK_SKEW", &run.skew.to_string());
        let step = job.without_simulator_checks().run();
        self.log_run(&run);
        if run.fails() || self.model.is_ahead_of(run.report.time) {
            if step.status == 0 {
                return Err("the run succeeded, but must fail".to_owned());
            }
            let (head, _) = self.files(&[]);
            return same(&head, &self.head, "the commit after a failed run");
        }
        if step.status != 0 {
            return Err(format!("the run failed:\n{}", step.stdout));
        }
        if self.is_usual && !step.warnings().is_empty() {
            return Err(format!("a warning:\n{}", step.stdout));
        }
        let path = step
            .output("report-path")
            .trim_end_matches(".csv")
            .to_owned();
        let manifest = std::fs::read(step.workspace.join(format!("{path}.manifest.json"))).unwrap();
        let manifest: Value = serde_json::from_slice(&manifest).unwrap();
        // A slow machine might be late by a second.
        run.report.time = manifest["report_time"].as_str().unwrap().parse().unwrap();
        if !run.report.steady {
            run.report.total = usize::try_from(manifest["total_seats"].as_u64().unwrap()).unwrap();
        }

        let outcome = self.model.process(&run.report);
        for (name, expected) in outcome.outputs(&run.report) {
            same(step.output(name), &expected, &format!("the output {name}"))?;
        }
        self.compare(step.output("commit-sha"), outcome.is_recorded)?;
        let is_damaged = !self.model.damaged.is_empty();
        self.accuracy.check(&run, &outcome, is_damaged)
    }

    /// Compares the repository after a run.
    fn compare(&mut self, sha: &str, is_recorded: bool) -> Check {
        let expected = self.model.files();
        let names: Vec<&str> = expected.keys().map(String::as_str).collect();
        let (head, found) = self.files(&names);
        let is_found = head != self.head;
        same(
            &is_found.to_string(),
            &is_recorded.to_string(),
            "whether there is a commit",
        )?;
        let expected_sha = if is_recorded { &head } else { "" };
        same(sha, expected_sha, "the output commit-sha")?;
        self.head = head;
        as_expected(&expected, found)
    }

    /// Checks that `verify` finds exactly the damage.
    pub fn end(&self) -> Check {
        let clone = self.clone_of();
        let folder = clone.path().to_str().unwrap();
        let newest = self.model.last_time().map(|time| date(time).to_string());
        let step = Job::alone()
            .command_line(&["verify", folder, "--expect=any"])
            .run();
        if self.model.damaged.is_empty() {
            if newest.is_some() && step.status != 0 {
                return Err(format!("verify:\n{}{}", step.stdout, step.stderr));
            }
            return self.check_manifests(&clone.path().join(FOLDER));
        }
        let names = self.model.damaged.iter().map(|file| match file {
            File::Seats => "seats.csv",
            File::People => "people.csv",
            File::Totals => "totals.csv",
            File::Latest => "latest.csv",
            File::Manifest => ".json",
        });
        let mut names: Vec<&str> = names.collect();
        if self.model.damaged.contains(&File::Manifest) {
            names.push("isn't listed in any manifest");
        }
        let totals = [" files checked, ", " a report."];
        let is_total = |line: &str| totals.iter().any(|text| line.contains(text));
        let problems = step.stdout.lines().filter(|line| !is_total(line));
        for line in problems.filter(|line| line.contains(FOLDER)) {
            if !names.iter().any(|name| line.contains(name)) {
                return Err(format!("verify: {line}"));
            }
        }
        Ok(())
    }

    /// The checks that apply to every test.
    pub fn holds(&self) {
        assert_intact(&self.simulator, OWN);
    }

    /// The repository's files, without its history.
    fn clone_of(&self) -> TempDir {
        let clone = TempDir::new().unwrap();
        let tree = format!("--work-tree={}", clone.path().display());
        let arguments = [&tree, "checkout", "--quiet", "-f", "main", "--", "."];
        git_with(&self.simulator.git_dir(OWN), &arguments, b"");
        clone
    }

    /// The newest commit, and the files of the scope's folder.
    fn files(&self, names: &[&str]) -> (String, Vec<Option<Vec<u8>>>) {
        let query = names.iter().map(|name| format!("main:{FOLDER}/{name}\n"));
        let query: String = ["main\n".to_owned()].into_iter().chain(query).collect();
        let directory = self.simulator.git_dir(OWN);
        let output = git_with(&directory, &["cat-file", "--batch"], query.as_bytes());
        let head = String::from_utf8_lossy(&output[..40]).into_owned();
        let mut files = blobs(&output);
        files.remove(0);
        (head, files)
    }

    /// Commits the damage directly to the repository.
    fn apply_damage(&mut self, damage: &[(File, Damage)]) {
        let Some(time) = self.model.last_time().filter(|_| !damage.is_empty()) else {
            return;
        };
        let day = date(time);
        let mut commit = "commit refs/heads/main\n\
                          committer Mona Lisa <mona@example.com> 1767225600 +0000\n\
                          data 5\nSpoil\nfrom refs/heads/main^0\n"
            .to_owned();
        for (file, damage) in damage {
            let path = match file {
                File::Seats => "seats.csv".to_owned(),
                File::People => "people.csv".to_owned(),
                File::Totals => "totals.csv".to_owned(),
                File::Latest => "latest.csv".to_owned(),
                File::Manifest => format!("reports/{}/{day}.json", day.year()),
            };
            let overwritten = match damage {
                Damage::Removed => None,
                Damage::Overwritten => Some(BROKEN.to_owned()),
                Damage::Header => {
                    let found = self.files(&[&path]).1.remove(0).unwrap_or_default();
                    let text = String::from_utf8(found).unwrap();
                    let below = text.split_once('\n').map_or("", |(_, below)| below);
                    Some(format!("{BROKEN}{below}"))
                }
            };
            commit.push_str(&match overwritten {
                None => format!("D {FOLDER}/{path}\n"),
                Some(text) => {
                    let size = text.len();
                    format!("M 100644 inline {FOLDER}/{path}\ndata {size}\n{text}\n")
                }
            });
            self.model.damage(*file, *damage);
        }
        let directory = self.simulator.git_dir(OWN);
        git_with(&directory, &["fast-import", "--quiet"], commit.as_bytes());
        self.head = self.files(&[]).0;
    }

    /// Sets up GitHub's responses for a run.
    fn set(&self, run: &Run) {
        let report = &run.report;
        let rows = report
            .rows
            .iter()
            .map(|row| response_row(row, self.is_enterprise));
        let total = u64::try_from(report.total).unwrap();
        let seats = Seats::rows(rows).total_seats(TotalSeats::Fixed(total));
        self.simulator.change(|github| {
            github
                .organizations
                .insert("acme".to_owned(), seats.clone());
            github.enterprises.insert("acme".to_owned(), seats);
        });
        self.simulator.clear_faults();
        if run.is_refused {
            let kind = Kind::status(404, "Not Found");
            self.simulator.fault(Fault::always(At::Seats, kind));
        }
        if report.partial {
            let said = "partial-results; organizations=21955855".to_owned();
            let kind = Kind::Headers(vec![("x-github-sso".to_owned(), said)]);
            self.simulator.fault(Fault::always(At::Seats, kind));
        }
        if !report.steady {
            let pages = u64::try_from(report.pages).unwrap();
            let pages_read = AtomicU64::new(0);
            let kind = Kind::rewrite(move |page| {
                let reading = pages_read.fetch_add(1, Ordering::SeqCst) / pages;
                page["total_seats"] = (total + reading).into();
            });
            self.simulator.fault(Fault::always(At::Seats, kind));
        }
    }

    /// Logs the circumstances of a run.
    fn log_run(&mut self, run: &Run) {
        let Run {
            report,
            skew,
            is_refused,
            is_strict,
            damage,
            ..
        } = run;
        let rows = report.rows.iter().map(|row| format!("    {row:?}\n"));
        let rows: String = rows.collect();
        let rows = rows.replace("None", "-").replace("Some(", "(");
        self.log.push(format!(
            "run {}: {}, total {}, partial {}, steady {}, skew {skew}, refused {is_refused}, strict {is_strict}, spoiled {damage:?}\n{rows}",
            self.runs, report.time, report.total, report.partial, report.steady,
        ));
    }

    fn check_manifests(&self, folder: &Path) -> Check {
        let mut previous = Value::Null;
        for day in &self.model.days {
            let name = format!("reports/{}/{day}", day.year());
            let read = |ending| std::fs::read(folder.join(format!("{name}.{ending}"))).unwrap();
            let (report, file) = (read("csv"), read("json"));
            let manifest: Value = serde_json::from_slice(&file).unwrap();
            let files = manifest["files"].as_array().unwrap();
            let is_listed = files.contains(&entry(&format!("{name}.csv"), &report));
            if manifest["previous"] != previous || !is_listed {
                return Err(format!("the manifest {name}.json: {manifest}"));
            }
            previous = entry(&format!("{name}.json"), &file);
        }
        Ok(())
    }
}

fn token(who: &str, run: usize) -> String {
    format!("ghp_{who}{:030}", run % TOKENS)
}

fn entry(name: &str, file: &[u8]) -> Value {
    let sha256 = hex::encode(Sha256::digest(file));
    serde_json::json!({ "name": name, "size": file.len(), "sha256": sha256 })
}
