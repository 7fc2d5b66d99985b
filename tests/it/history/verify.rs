//! `verify` reports every change to a history, and passes if there's none.

mod checkout;
mod missing_days;
mod period;
mod scopes;
pub(super) mod since;
mod tampering;
mod unnamed;

use std::fs;
use std::path::{Path, PathBuf};

use crate::support::{Job, OWN, Step, TOKEN, checkout, github};
use simulator::seat::Row;
use simulator::{Seats, Simulator, Token};
use tempfile::TempDir;

fn octocat() -> Row {
    let row = Row::of("octocat", 1).activity("2025-12-29T10:00:00Z");
    row.created("2025-11-01T09:00:00Z")
}

fn record(simulator: &Simulator, organization: &str, time: &str, rows: Vec<Row>) {
    record_by("octocat", simulator, organization, time, rows);
}

/// The same, in a run that someone started manually.
fn record_by(actor: &str, simulator: &Simulator, organization: &str, time: &str, rows: Vec<Row>) {
    simulator.change(|github| {
        let seats = Seats::rows(rows);
        github.organizations.insert(organization.to_owned(), seats);
    });
    let step = job(simulator, organization, time)
        .variable("GITHUB_ACTOR", actor)
        .run();
    step.succeeded();
    assert_ne!(step.output("commit-sha"), "", "{}", step.printed());
}

fn job(simulator: &Simulator, organization: &str, time: &str) -> Job {
    Job::on(simulator)
        .input("deliver-to", "repository")
        .input("organization", organization)
        .variable("TEST_TIME", time)
}

/// A clone of a repository in which acme has five days around New Year. On the second day, a run
/// replaced an earlier report.
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
    verify_with(folder, &[])
}

/// Most tests record only the days that they need, so gaps are allowed.
fn verify_with(folder: &Path, options: &[&str]) -> Step {
    let gaps = ["--expect", "any"];
    let arguments = [&["verify", folder.to_str().unwrap()], &gaps[..], options].concat();
    Job::alone().command_line(&arguments).run()
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
fn an_untouched_history_matches_its_manifests() {
    let (_simulator, clone) = clone();
    // A clone, the folder of all scopes, and the folder of one scope.
    for folder in ["", "copilot-activity", "copilot-activity/acme"] {
        let step = verify(&clone.path().join(folder));
        step.succeeded();
        let lines: Vec<&str> = step.stdout.lines().collect();
        let files = "organization acme, 5 days from 2025-12-30 to 2026-01-03, 19 files checked, 0 problems.";
        assert!(lines[0].ends_with(files), "{}", step.stdout);
        assert_eq!(lines[2..], ["Verification passed."], "{}", step.stdout);
    }
}

/// Checks that the reported problems start with these texts.
fn assert_problems(what: &str, step: &Step, acme: &Path, expected: &[&str]) {
    step.failed(1, &[]);
    let problems = problems(step, acme);
    assert_eq!(problems.len(), expected.len(), "{what}: {problems:#?}");
    // `verify` sorts them.
    let mut expected = expected.to_vec();
    expected.sort_unstable();
    for (problem, expected) in problems.iter().zip(expected) {
        assert!(problem.starts_with(expected), "{what}: {problems:#?}");
    }
}

/// The reported problems, without the folder's path. The last lines are the totals.
fn problems(step: &Step, folder: &Path) -> Vec<String> {
    let folder = format!("{}/", folder.display());
    let mut lines: Vec<&str> = step.stdout.lines().collect();
    let end = lines.pop().unwrap();
    assert!(
        end.starts_with("Verification failed") && end.contains(": "),
        "{end}"
    );
    // Without any day, there's nothing to say about the days.
    lines.pop_if(|line| line.contains(" a report. "));
    let of_folder = lines.pop().unwrap();
    assert!(of_folder.contains(" files checked, "), "{of_folder}");
    lines
        .into_iter()
        .map(|line| line.strip_prefix(&folder).unwrap_or(line).to_owned())
        .collect()
}

/// A clone of a repository in which acme has two days with pseudonyms.
pub(super) fn clone_with_pseudonyms() -> TempDir {
    let simulator = Simulator::start(github(Seats::people(3))).unwrap();
    for day in ["2026-01-01", "2026-01-02"] {
        let job = Job::on(&simulator)
            .input("deliver-to", "repository")
            .input("pseudonym-key", "a key of twenty and more")
            .variable("TEST_TIME", &format!("{day}T03:00:00Z"));
        job.run().succeeded();
    }
    checkout(&simulator, OWN)
}

#[test]
fn a_history_with_pseudonyms_matches_its_manifests() {
    verify(clone_with_pseudonyms().path()).succeeded();
}

#[test]
fn every_history_in_a_clone_is_verified_and_problems_are_workflow_errors() {
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
    let line = format!("::{} was changed: ", path.display());
    step.failed(
        1,
        &[
            &line,
            "acme, 1 day from 2026-01-01 to 2026-01-01, 9 files checked, 0 problems.",
        ],
    );
}

#[test]
fn having_nothing_to_verify_is_an_error() {
    let empty = TempDir::new().unwrap();
    fs::create_dir_all(empty.path().join("reports/2026")).unwrap();
    fs::write(empty.path().join("reports/2026/2026-1-1.json"), "{}").unwrap();
    verify(empty.path()).failed(2, &["No history was found in "]);
    verify(&empty.path().join("nowhere")).failed(2, &["nowhere isn't a directory."]);
    let job = Job::alone().command_line(&["verify"]);
    job.run().failed(2, &["<DIR>"]);
}
