//! Checks the result of a run: either everything was delivered, or the run failed and what was
//! delivered is whole and named.

use std::collections::BTreeSet;
use std::fs;

use serde_json::Value;
use simulator::{Seats, Simulator};

use super::{
    Job, OWN, Step, assert_no_violations, commit_file, file, files_below, git, github, unzip,
};

/// The header of an organization's report.
pub const HEADER: &str =
    "Report Time,Login,Last Authenticated At,Last Activity At,Last Surface Used";

/// The path of the newest report in the repository.
pub const LATEST: &str = "copilot-activity/acme/latest.csv";

/// A report of another day, committed by an earlier run.
const EARLIER: &str = "2026-01-02T03:04:05Z,octocat,None,None,None\n";

/// A GitHub with `seats` of acme, and a repository with an earlier report.
pub fn delivery_setup(seats: Seats) -> Simulator {
    let simulator = Simulator::start(github(seats)).unwrap();
    record_earlier(&simulator);
    simulator
}

/// Commits an earlier report to the workflow's repository.
pub fn record_earlier(simulator: &Simulator) {
    let earlier = format!("{HEADER}\n{EARLIER}");
    commit_file(&simulator.git_dir(OWN), LATEST, earlier.as_bytes());
}

/// A job that delivers everything and logs in detail.
pub fn job(simulator: &Simulator) -> Job {
    Job::on(simulator)
        .input("deliver-to", "artifact,repository")
        .variable("RUNNER_DEBUG", "1")
}

/// The expected rows of the report, without the `Report Time`.
pub fn expected_rows(seats: &Seats) -> Vec<String> {
    let mut rows: Vec<(String, String)> = seats
        .rows
        .iter()
        .map(|row| {
            let text = |value: &Value| value.as_str().unwrap_or("None").to_owned();
            let time = |value: &Value| match value.as_str() {
                None => "None".to_owned(),
                Some(time) => {
                    let time: jiff::Timestamp = time.parse().unwrap();
                    time.to_string()
                }
            };
            let login = text(&row["assignee"]["login"]);
            let row = format!(
                "{login},{},{},{}",
                time(&row["last_authenticated_at"]),
                time(&row["last_activity_at"]),
                text(&row["last_activity_editor"]),
            );
            (login, row)
        })
        .collect();
    rows.sort_by_key(|(login, _)| (login.to_lowercase(), login.clone()));
    rows.into_iter().map(|(_, row)| row).collect()
}

/// Checks that a file is the whole report of `expected_rows`, with one time.
pub fn is_report(file: &[u8], expected_rows: &[String]) {
    let text = std::str::from_utf8(file).unwrap();
    assert!(text.ends_with('\n'), "cut off: {text:?}");
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some(HEADER));
    let (times, rows): (BTreeSet<&str>, Vec<&str>) =
        lines.map(|line| line.split_once(',').unwrap()).unzip();
    assert!(times.len() <= 1, "{times:?}");
    for time in times {
        time.parse::<jiff::Timestamp>().unwrap();
    }
    assert_eq!(rows, expected_rows);
}

/// What a run delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Delivered {
    /// The files in the workspace.
    pub files: bool,
    pub commit: bool,
    pub artifact: bool,
}

impl Delivered {
    pub const NOTHING: Self = Self {
        files: false,
        commit: false,
        artifact: false,
    };
    pub const ALL: Self = Self {
        files: true,
        commit: true,
        artifact: true,
    };
}

/// Checks everything that the only run of a [`delivery_setup`] left. Panics if something is partial, wrong,
/// or not named.
pub fn check_outcome(simulator: &Simulator, step: &Step, expected_rows: &[String]) -> Delivered {
    let files = files(step, expected_rows);
    let commit = commit(simulator, expected_rows);
    let artifact = artifact(simulator, step, files.is_some());
    let delivered = Delivered {
        files: files.is_some(),
        commit: commit.is_some(),
        artifact: artifact.is_some(),
    };
    assert_no_violations(simulator);
    if step.status == 0 {
        assert_eq!(delivered, Delivered::ALL, "{}", step.printed());
        assert_eq!(Some(step.report()), files);
        assert_eq!(Some(step.output("commit-sha")), commit.as_deref());
        assert_eq!(Some(step.output("artifact-name")), artifact.as_deref());
    } else if step.status > 0 {
        is_named(step, delivered, artifact.as_deref());
    }
    delivered
}

/// The report in the workspace. It's either whole or missing.
fn files(step: &Step, expected_rows: &[String]) -> Option<Vec<u8>> {
    let all = files_below(&step.workspace);
    let visible: Vec<&str> = all
        .iter()
        .map(|path| path.file_name().unwrap().to_str().unwrap())
        .filter(|name| step.status >= 0 || !(name.starts_with('.') && name.ends_with(".tmp")))
        .collect();
    let folder = step.workspace.join("copilot-activity-report");
    match visible[..] {
        [] => None,
        // The process was killed between the two.
        [csv] if step.status < 0 => {
            is_report(&fs::read(folder.join(csv)).unwrap(), expected_rows);
            None
        }
        [csv, manifest] => {
            let report = fs::read(folder.join(csv)).unwrap();
            is_report(&report, expected_rows);
            assert_eq!(manifest, csv.replace(".csv", ".manifest.json"));
            let manifest: Value =
                serde_json::from_slice(&fs::read(folder.join(manifest)).unwrap()).unwrap();
            assert_eq!(manifest["files"][0]["name"], csv);
            assert_eq!(manifest["files"][0]["size"], report.len());
            assert_eq!(manifest["complete"], true);
            Some(report)
        }
        _ => panic!("not a report with its manifest: {all:?}"),
    }
}

/// The commit of the run. It must be on top of the earlier report, and the only change.
fn commit(simulator: &Simulator, expected_rows: &[String]) -> Option<String> {
    let directory = simulator.git_dir(OWN);
    git(&directory, &["fsck", "--strict"]);
    let branches = git(&directory, &["for-each-ref", "--format=%(refname)"]);
    assert_eq!(branches, "refs/heads/main\n");
    let format = "--format=%H %(trailers:key=Copilot-Activity-Report-Delivery,separator=%x2C)";
    let log = git(&directory, &["log", format, "main"]);
    let commits = || log.lines().map(|line| line.split_once(' ').unwrap());
    let ours: Vec<&str> = commits()
        .filter_map(|(sha, trailer)| (!trailer.is_empty()).then_some(sha))
        .collect();
    assert_eq!(commits().count(), ours.len() + 2, "{log}");
    match ours[..] {
        [] => None,
        [sha] => {
            assert_eq!(git(&directory, &["rev-parse", "main"]).trim(), sha);
            let latest = file(&directory, &format!("main:{LATEST}"));
            is_report(&latest, expected_rows);
            let changed = git(&directory, &["show", "--name-only", "--format=", "main"]);
            let named = |part: &str| changed.lines().find(|path| path.contains(part));
            for part in [
                "seats.csv",
                "people.csv",
                "totals.csv",
                ".json",
                "README.md",
            ] {
                assert!(named(part).is_some(), "{part}: {changed}");
            }
            let report = named("/reports/").unwrap().replace(".json", ".csv");
            assert_eq!(file(&directory, &format!("main:{report}")), latest);
            assert!(
                changed
                    .lines()
                    .all(|path| path.starts_with("copilot-activity/acme/")
                        || path == "copilot-activity/README.md")
            );
            Some(sha.to_owned())
        }
        _ => panic!("more than one commit: {log}"),
    }
}

/// The name of the artifact, which must contain exactly the files of the workspace.
fn artifact(simulator: &Simulator, step: &Step, has_files: bool) -> Option<String> {
    match &simulator.artifacts()[..] {
        [] => None,
        [artifact] => {
            assert!(has_files);
            let unpacked = unzip(&artifact.bytes);
            let mut written = files_below(&step.workspace);
            // A killed run leaves the file that it was writing.
            let is_whole = |name: &str| step.status >= 0 || !name.ends_with(".tmp");
            written.retain(|path| is_whole(path.to_str().unwrap()));
            assert_eq!(unpacked.len(), written.len());
            for path in written {
                let name = path.file_name().unwrap().to_str().unwrap();
                assert_eq!(unpacked[name], fs::read(&path).unwrap(), "{name}");
            }
            Some(artifact.name.clone())
        }
        _ => panic!("more than one artifact"),
    }
}

/// Checks that the error of a failed run says for each destination whether it was delivered.
fn is_named(step: &Step, delivered: Delivered, artifact: Option<&str>) {
    let printed = step.printed();
    let says = |text: &str| printed.contains(text);
    assert!(!step.errors().is_empty(), "no error: {printed}");
    assert_eq!(
        says("Done: acme: written to copilot-activity-report/acme-seat-activity-"),
        delivered.files,
        "{printed}"
    );
    let interrupted = says("The run was interrupted");
    if !delivered.files {
        let is_named =
            says("acme: no report.") || says("Nothing was read or delivered") || interrupted;
        assert!(is_named, "{printed}");
    }
    if delivered.commit {
        let is_named = says("Done: acme: committed to octo/tools")
            || says("Whether GitHub created the commit isn't known")
            || interrupted;
        assert!(is_named, "{printed}");
    } else if delivered.files {
        assert!(
            says("Not done: acme: not committed.") || interrupted,
            "{printed}"
        );
    }
    let unknown = says("was uploaded completely, but whether it was finalized isn't known");
    if let Some(name) = artifact {
        let is_named = format!("Done: uploaded as the artifact {name}");
        assert!(says(&is_named) || unknown || interrupted, "{printed}");
    } else if delivered.files {
        let is_named = says("Not done: no artifact was uploaded.") || unknown || interrupted;
        assert!(is_named, "{printed}");
    }
}
