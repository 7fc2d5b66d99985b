//! `verify`: a history that somebody meddled with says where, and one that nobody touched says so.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod support;

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use simulator::seat::Row;
use simulator::{Seats, Simulator, Token};
use support::{Job, OWN, Step, TOKEN, checkout, files_below, github};
use tempfile::TempDir;

fn octocat() -> Row {
    Row::of("octocat", 1).activity("2025-12-29T10:00:00Z")
}

fn record(simulator: &Simulator, organization: &str, time: &str, rows: Vec<Row>) {
    simulator.change(|github| {
        let seats = Seats::rows(rows);
        github.organizations.insert(organization.to_owned(), seats);
    });
    let job = Job::on(simulator)
        .input("deliver-to", "repository")
        .input("organization", organization)
        .variable("TEST_TIME", time);
    let step = job.run();
    step.succeeded();
    assert_ne!(step.output("commit-sha"), "", "{}", step.printed());
}

/// A clone of a repository in which acme has five days around new year. On the second day a run
/// replaced the report of an earlier one.
fn clone() -> (Simulator, TempDir) {
    let simulator = Simulator::start(github(Seats::people(1))).unwrap();
    let hubot = || Row::of("hubot", 2);
    let mona = || Row::of("monalisa", 3);
    for (time, rows) in [
        ("2025-12-30T03:00:00Z", vec![octocat()]),
        ("2025-12-31T03:00:00Z", vec![octocat(), hubot()]),
        ("2025-12-31T20:00:00Z", vec![octocat(), hubot(), mona()]),
        ("2026-01-01T03:00:00Z", vec![octocat(), mona()]),
        ("2026-01-02T03:00:00Z", vec![octocat()]),
        ("2026-01-03T03:00:00Z", vec![octocat(), mona()]),
    ] {
        record(&simulator, "acme", time, rows);
    }
    let clone = checkout(&simulator, OWN);
    (simulator, clone)
}

fn verify(folder: &Path) -> Step {
    let folder = folder.to_str().unwrap();
    Job::alone().by_hand(&["verify", folder]).run()
}

fn copy(from: &Path) -> TempDir {
    let to = TempDir::new().unwrap();
    for file in files_below(from) {
        let path = to.path().join(file.strip_prefix(from).unwrap());
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::copy(file, path).unwrap();
    }
    to
}

/// Changes the text of a file.
fn edit(path: &Path, from: &str, to: &str) {
    let text = fs::read_to_string(path).unwrap();
    assert!(text.contains(from), "{from:?} is not in {text}");
    fs::write(path, text.replacen(from, to, 1)).unwrap();
}

fn append(path: &Path, text: &str) {
    let content = fs::read_to_string(path).unwrap() + text;
    fs::write(path, content).unwrap();
}

#[test]
fn a_history_that_nobody_touched_is_as_its_manifests_say() {
    let (_simulator, clone) = clone();
    let told = "organization acme, 5 days from 2025-12-30 to 2026-01-03, 18 files checked, 0 problems.\nAll is as the manifests say.\n";
    // A clone, the folder of all scopes, and the folder of one.
    for folder in ["", "copilot-activity", "copilot-activity/acme"] {
        let step = verify(&clone.path().join(folder));
        step.succeeded();
        assert!(step.stdout.ends_with(told), "{}", step.stdout);
        assert_eq!(step.stdout.lines().count(), 2, "{}", step.stdout);
    }
}

type Meddling = (&'static str, fn(&Path), &'static [&'static str]);

/// What somebody does in the folder of acme, and the problems that must be told, by their
/// beginnings.
const MEDDLING: &[Meddling] = &[
    (
        "a report is edited",
        |acme| edit(&acme.join("reports/2025/2025-12-31.csv"), "hubot", "robot"),
        &["reports/2025/2025-12-31.csv was altered: reports/2025/2025-12-31.json says "],
    ),
    (
        "a manifest is edited",
        |acme| {
            edit(
                &acme.join("reports/2025/2025-12-31.json"),
                "octocat",
                "nobody",
            );
        },
        &["reports/2025/2025-12-31.json was altered: reports/2026/2026-01-01.json says "],
    ),
    (
        "a report is edited, and its manifest made to fit",
        |acme| {
            edit(&acme.join("reports/2025/2025-12-31.csv"), "hubot", "robot");
            let report = fs::read(acme.join("reports/2025/2025-12-31.csv")).unwrap();
            let manifest = acme.join("reports/2025/2025-12-31.json");
            let text = fs::read_to_string(&manifest).unwrap();
            let mut json: serde_json::Value = serde_json::from_str(&text).unwrap();
            for file in json["files"].as_array_mut().unwrap() {
                if file["name"] == "reports/2025/2025-12-31.csv" {
                    file["sha256"] = support::sha256(&report).into();
                }
            }
            fs::write(manifest, json.to_string()).unwrap();
        },
        &["reports/2025/2025-12-31.json was altered: reports/2026/2026-01-01.json says "],
    ),
    (
        "a report is removed",
        |acme| fs::remove_file(acme.join("reports/2026/2026-01-01.csv")).unwrap(),
        &["reports/2026/2026-01-01.csv is missing, and reports/2026/2026-01-01.json names it"],
    ),
    (
        "a manifest is removed",
        |acme| fs::remove_file(acme.join("reports/2026/2026-01-01.json")).unwrap(),
        &[
            "reports/2026/2026-01-01.json is missing, and the day has a report",
            "reports/2026/2026-01-01.json is missing: reports/2026/2026-01-02.json says that it is the manifest before it",
        ],
    ),
    (
        "two days are removed",
        |acme| {
            for day in ["2025/2025-12-31", "2026/2026-01-01"] {
                fs::remove_file(acme.join(format!("reports/{day}.csv"))).unwrap();
                fs::remove_file(acme.join(format!("reports/{day}.json"))).unwrap();
            }
        },
        &[
            // Of 2025 no manifest is left that speaks of changes.
            "changes/2025.csv is named in no manifest",
            "reports/2026/2026-01-01.json is missing: reports/2026/2026-01-02.json says that it is the manifest before it; so are those of 2025-12-31",
        ],
    ),
    (
        "the first day is removed",
        |acme| {
            fs::remove_file(acme.join("reports/2025/2025-12-30.csv")).unwrap();
            fs::remove_file(acme.join("reports/2025/2025-12-30.json")).unwrap();
        },
        &["reports/2025/2025-12-30.json is missing: reports/2025/2025-12-31.json says "],
    ),
    (
        "the newest day is removed",
        |acme| {
            fs::remove_file(acme.join("reports/2026/2026-01-03.csv")).unwrap();
            fs::remove_file(acme.join("reports/2026/2026-01-03.json")).unwrap();
        },
        &[
            "README.md was altered: reports/2026/2026-01-02.json says ",
            "changes/2026.csv was altered: ",
            "latest.csv was altered: ",
            "people.csv was altered: ",
            "reports/2026/2026-01-03.json is missing: totals.csv counts the day",
            "seats.csv was altered: ",
            "totals.csv was altered: ",
            "trend-dark.svg was altered: ",
            "trend-light.svg was altered: ",
        ],
    ),
    (
        "a day is put in before the first",
        |acme| {
            for ending in ["csv", "json"] {
                fs::copy(
                    acme.join(format!("reports/2025/2025-12-30.{ending}")),
                    acme.join(format!("reports/2025/2025-12-29.{ending}")),
                )
                .unwrap();
            }
        },
        &[
            "reports/2025/2025-12-29.csv is not named in reports/2025/2025-12-29.json",
            "reports/2025/2025-12-29.json speaks of a report of 2025-12-30T03:00:0",
            "reports/2025/2025-12-30.json names no manifest before it, and reports/2025/2025-12-29.json is there",
        ],
    ),
    (
        "a manifest is moved to another day",
        |acme| {
            for day in ["2025-12-30", "2025-12-31"] {
                fs::remove_file(acme.join(format!("reports/2025/{day}.csv"))).unwrap();
            }
            fs::rename(
                acme.join("reports/2025/2025-12-31.json"),
                acme.join("reports/2025/2025-12-29.json"),
            )
            .unwrap();
        },
        &[
            "reports/2025/2025-12-29.json is the first, but says that it follows reports/2025/2025-12-30.json",
            "reports/2025/2025-12-29.json names no report of its day",
            "reports/2025/2025-12-29.json speaks of a report of 2025-12-31T20:00:0",
            "reports/2025/2025-12-30.csv is missing, and reports/2025/2025-12-30.json names it",
            "reports/2025/2025-12-30.json names no manifest before it, and reports/2025/2025-12-29.json is there",
            "reports/2025/2025-12-31.json is missing: reports/2026/2026-01-01.json says ",
        ],
    ),
    (
        "a day is put behind the newest",
        |acme| {
            fs::copy(
                acme.join("reports/2026/2026-01-03.json"),
                acme.join("reports/2026/2026-01-05.json"),
            )
            .unwrap();
        },
        &[
            "reports/2026/2026-01-05.json follows reports/2026/2026-01-03.json, but says that it follows reports/2026/2026-01-02.json",
            "reports/2026/2026-01-05.json names no report of its day",
            "reports/2026/2026-01-05.json speaks of a report of 2026-01-03T03:00:0",
        ],
    ),
    (
        "something else lies among the reports",
        |acme| fs::write(acme.join("reports/2026/notes\u{1b}[31m.txt"), "").unwrap(),
        &["reports/2026/notes\\u{1b}[31m.txt is neither the report nor the manifest of a day"],
    ),
    (
        "a manifest is no manifest any more",
        |acme| fs::write(acme.join("reports/2026/2026-01-01.json"), "<<<<<<< HEAD\n").unwrap(),
        &[
            "reports/2026/2026-01-01.json cannot be read: it is no manifest",
            "reports/2026/2026-01-01.json was altered: reports/2026/2026-01-02.json says ",
        ],
    ),
    (
        "a manifest is of another scope",
        |acme| {
            edit(
                &acme.join("reports/2026/2026-01-03.json"),
                "\"acme\"",
                "\"globex\"",
            );
        },
        &[
            "reports/2026/2026-01-03.json is of the organization globex, the first of the organization acme",
        ],
    ),
    (
        "a manifest is of a version to come",
        |acme| {
            let path = acme.join("reports/2026/2026-01-03.json");
            edit(&path, "\"schema_version\": 1", "\"schema_version\": 99");
        },
        &["reports/2026/2026-01-03.json cannot be read: it is of version 99"],
    ),
    (
        "the newest files are edited or removed",
        |acme| {
            edit(&acme.join("latest.csv"), "octocat", "hubot");
            edit(&acme.join("seats.csv"), "octocat", "hubot");
            edit(&acme.join("people.csv"), "octocat", "hubot");
            append(&acme.join("README.md"), "\n");
            fs::remove_file(acme.join("trend-dark.svg")).unwrap();
            append(&acme.join("trend-light.svg"), "\n");
        },
        &[
            "README.md was altered: reports/2026/2026-01-03.json says ",
            "latest.csv was altered: ",
            "people.csv was altered: ",
            "seats.csv was altered: ",
            "trend-dark.svg is missing, and reports/2026/2026-01-03.json names it",
            "trend-light.svg was altered: ",
        ],
    ),
    (
        "a change of the past is rewritten",
        |acme| edit(&acme.join("changes/2025.csv"), "hubot", "robot"),
        &["changes/2025.csv was altered: reports/2025/2025-12-31.json says "],
    ),
    (
        "a change is put below those of a year that is over",
        |acme| append(&acme.join("changes/2025.csv"), "more\n"),
        &[
            "changes/2025.csv was altered: 5 bytes were added to what reports/2025/2025-12-31.json says",
        ],
    ),
    (
        "changes are cut off",
        |acme| {
            let path = acme.join("changes/2026.csv");
            let text = fs::read_to_string(&path).unwrap();
            let header: String = text
                .lines()
                .take(1)
                .map(|line| format!("{line}\n"))
                .collect();
            fs::write(path, header).unwrap();
        },
        &["changes/2026.csv was altered: reports/2026/2026-01-01.json says "],
    ),
    (
        "changes are removed, and others put in",
        |acme| {
            let old = acme.join("changes/2025.csv");
            fs::rename(old, acme.join("changes/2024.csv")).unwrap();
        },
        &[
            "changes/2024.csv is named in no manifest",
            "changes/2025.csv is missing, and reports/2025/2025-12-31.json names it",
        ],
    ),
    (
        "a line of the totals is rewritten",
        |acme| edit(&acme.join("totals.csv"), ",1,1,1,", ",9,9,9,"),
        &["totals.csv was altered: reports/2025/2025-12-30.json says "],
    ),
    (
        "a file is a link to what it should be",
        |acme| {
            let elsewhere = acme.join("../latest.csv");
            fs::rename(acme.join("latest.csv"), &elsewhere).unwrap();
            symlink(elsewhere, acme.join("latest.csv")).unwrap();
        },
        &["latest.csv cannot be read: it is a symbolic link, and none is followed"],
    ),
];

#[test]
fn whatever_is_altered_missing_or_out_of_place_is_named() {
    let (_simulator, clone) = clone();
    for (what, meddle, expected) in MEDDLING {
        let copy = copy(clone.path());
        let acme = copy.path().join("copilot-activity/acme");
        meddle(&acme);
        let step = verify(copy.path());
        step.failed(1, &[]);
        let problems = problems(&step, &acme);
        assert_eq!(problems.len(), expected.len(), "{what}: {problems:#?}");
        for (problem, expected) in problems.iter().zip(*expected) {
            assert!(problem.starts_with(expected), "{what}: {problems:#?}");
        }
    }
}

/// The problems that were told, without the folder. Below them stand a line of the folder and one
/// of all.
fn problems(step: &Step, folder: &Path) -> Vec<String> {
    let folder = format!("{}/", folder.display());
    let mut lines: Vec<&str> = step.stdout.lines().collect();
    let end = lines.pop().unwrap();
    assert!(
        end.starts_with("Not all is as the manifests say: "),
        "{end}"
    );
    let of_folder = lines.pop().unwrap();
    assert!(of_folder.contains(" files checked, "), "{of_folder}");
    lines
        .into_iter()
        .map(|line| line.strip_prefix(&folder).unwrap_or(line).to_owned())
        .collect()
}

#[test]
fn every_history_in_a_clone_is_verified_and_a_workflow_shows_problems_as_errors() {
    let read = Token::new().copilot(["acme", "globex"]).scopes("read:org");
    let simulator = Simulator::start(github(Seats::people(1)).token(TOKEN, read)).unwrap();
    for organization in ["acme", "globex"] {
        let time = "2026-01-01T03:00:00Z";
        record(&simulator, organization, time, vec![octocat()]);
    }
    let clone = checkout(&simulator, OWN);
    let step = verify(clone.path());
    step.succeeded();
    for organization in ["acme", "globex"] {
        let line = format!("copilot-activity/{organization}: organization {organization}, 1 day ");
        assert!(step.stdout.contains(&line), "{}", step.stdout);
    }
    let globex = clone.path().join("copilot-activity/globex");
    append(&globex.join("people.csv"), "\n");
    let job = Job::alone().arguments(&["verify", clone.path().to_str().unwrap()]);
    let step = job.run();
    let path = PathBuf::from(&globex).join("people.csv");
    let line = format!("::error::{} was altered: ", path.display());
    step.failed(
        1,
        &[
            &line,
            "acme, 1 day from 2026-01-01 to 2026-01-01, 8 files checked, 0 problems.",
        ],
    );
}

#[test]
fn where_there_is_nothing_to_verify_that_is_an_error() {
    let empty = TempDir::new().unwrap();
    fs::create_dir_all(empty.path().join("reports/2026")).unwrap();
    fs::write(empty.path().join("reports/2026/2026-1-1.json"), "{}").unwrap();
    verify(empty.path()).failed(2, &["No history was found in "]);
    verify(&empty.path().join("nowhere")).failed(2, &["nowhere is no folder."]);
    let job = Job::alone().by_hand(&["verify"]);
    job.run().failed(2, &["<DIR>"]);
}
