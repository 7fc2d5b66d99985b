//! A manifest must list every file of its day's commit. Otherwise a file could stay unchecked.

use std::fs;
use std::path::Path;

use serde_json::Value;
use simulator::seat::Row;
use simulator::{Seats, Simulator};

use super::{assert_problems, clone, octocat, problems, record, verify};
use crate::support::{OWN, checkout, commit_file, copy_of, file, github};

const NEWEST: &str = "reports/2026/2026-01-03.json";

/// Removes a file from the list in a manifest.
fn unlist(manifest: &Path, name: &str) {
    let text = fs::read_to_string(manifest).unwrap();
    fs::write(manifest, without(&text, name)).unwrap();
}

fn without(manifest: &str, name: &str) -> String {
    let mut json: Value = serde_json::from_str(manifest).unwrap();
    let files = json["files"].as_array_mut().unwrap();
    let before = files.len();
    files.retain(|file| file["name"] != name);
    assert_eq!(files.len() + 1, before, "{name} is not in {manifest}");
    serde_json::to_string_pretty(&json).unwrap() + "\n"
}

#[test]
fn a_file_not_in_the_newest_manifest_is_a_problem_whatever_it_contains() {
    let (_simulator, clone) = clone();
    for name in [
        "README.md",
        "latest.csv",
        "seats.csv",
        "people.csv",
        "totals.csv",
        "trend-light.svg",
        "trend-dark.svg",
        "changes/2026.csv",
    ] {
        let copy = copy_of(clone.path());
        let acme = copy.path().join("copilot-activity/acme");
        unlist(&acme.join(NEWEST), name);
        let step = verify(copy.path());
        step.failed(1, &[]);
        let expected = format!("{NEWEST} doesn't list {name}");
        let problems = problems(&step, &acme);
        let is_reported = problems.iter().any(|line| line.starts_with(&expected));
        assert!(is_reported, "{name}: {problems:#?}");
    }
}

#[test]
fn altered_people_are_found_even_if_the_newest_manifest_does_not_name_them() {
    let (_simulator, clone) = clone();
    let acme = clone.path().join("copilot-activity/acme");
    unlist(&acme.join(NEWEST), "people.csv");
    super::edit(&acme.join("people.csv"), "octocat", "hubot");
    let problem = format!("{NEWEST} doesn't list people.csv");
    assert_problems("people", &verify(clone.path()), &acme, &[&problem]);
}

#[test]
fn an_older_manifest_must_name_its_files() {
    let (_simulator, clone) = clone();
    let acme = clone.path().join("copilot-activity/acme");
    let manifest = "reports/2026/2026-01-02.json";
    for name in ["people.csv", "totals.csv", "changes/2026.csv"] {
        unlist(&acme.join(manifest), name);
    }
    let unlisted = format!("{manifest} doesn't list changes/2026.csv, people.csv, totals.csv");
    let altered = format!("{manifest} was changed: {NEWEST} says ");
    assert_problems(
        "older",
        &verify(clone.path()),
        &acme,
        &[&unlisted, &altered],
    );
}

#[test]
fn a_run_warns_if_the_newest_manifest_names_too_few_files() {
    let simulator = Simulator::start(github(Seats::people(1))).unwrap();
    let rows = || vec![octocat(), Row::of("hubot", 2)];
    record(&simulator, "acme", "2026-01-01T03:00:00Z", rows());
    let directory = simulator.git_dir(OWN);
    let path = "copilot-activity/acme/reports/2026/2026-01-01.json";
    let manifest = String::from_utf8(file(&directory, &format!("main:{path}"))).unwrap();
    let manifest = without(&without(&manifest, "people.csv"), "README.md");
    commit_file(&directory, path, manifest.as_bytes());
    let step = super::job(&simulator, "acme", "2026-01-02T03:00:00Z").run();
    step.succeeded();
    let warning = "::warning::copilot-activity/acme of octo/tools: reports/2026/2026-01-01.json doesn't list README.md, people.csv";
    assert!(step.stdout.contains(warning), "{}", step.stdout);
    assert!(
        step.summary.contains("doesn't list README.md, people.csv"),
        "{}",
        step.summary
    );
    let clone = checkout(&simulator, OWN);
    verify(clone.path()).failed(1, &["2026-01-01.json doesn't list README.md, people.csv"]);
}
