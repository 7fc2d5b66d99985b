//! Days whose reports are gone, together with every reference to them.

use std::fs;
use std::path::Path;

use simulator::{Seats, Simulator};
use tempfile::TempDir;

use super::{assert_problems, clone, octocat, record, verify};
use crate::support::{Job, OWN, checkout, copy_of, files_below, github, remove_files};

#[test]
fn removed_newest_days_are_reported_even_after_the_next_run() {
    let simulator = Simulator::start(github(Seats::people(1))).unwrap();
    let at = |day: &str| {
        record(
            &simulator,
            "acme",
            &format!("{day}T03:00:00Z"),
            vec![octocat()],
        );
    };
    for day in ["2025-12-30", "2025-12-31", "2026-01-01", "2026-01-02"] {
        at(day);
    }
    let day = |day: &str| ["csv", "json"].map(|ending| format!("reports/{day}.{ending}"));
    for removed in ["2026/2026-01-01", "2026/2026-01-02"] {
        let removed = day(removed);
        remove_files(
            &simulator.git_dir(OWN),
            "copilot-activity/acme",
            &[&removed[0], &removed[1]],
        );
    }
    at("2026-01-03");
    at("2026-01-04");
    // A second gap, so that two separate groups of days are missing.
    let removed = day("2026/2026-01-04");
    remove_files(
        &simulator.git_dir(OWN),
        "copilot-activity/acme",
        &[&removed[0], &removed[1]],
    );
    at("2026-01-05");
    let clone = checkout(&simulator, OWN);
    let acme = clone.path().join("copilot-activity/acme");
    assert_problems(
        "three days",
        &verify(clone.path()),
        &acme,
        &[
            "reports/2026/2026-01-02.json is missing: totals.csv has a line for the day; so are those of 2026-01-01",
            "reports/2026/2026-01-04.json is missing: totals.csv has a line for the day",
        ],
    );
}

#[test]
fn a_missing_manifest_whose_report_remains_is_reported_once() {
    let simulator = Simulator::start(github(Seats::people(1))).unwrap();
    for day in ["2026-01-01", "2026-01-02"] {
        record(
            &simulator,
            "acme",
            &format!("{day}T03:00:00Z"),
            vec![octocat()],
        );
    }
    remove_files(
        &simulator.git_dir(OWN),
        "copilot-activity/acme",
        &["reports/2026/2026-01-02.json"],
    );
    record(&simulator, "acme", "2026-01-03T03:00:00Z", vec![octocat()]);
    let clone = checkout(&simulator, OWN);
    let acme = clone.path().join("copilot-activity/acme");
    let expected = "reports/2026/2026-01-02.json is missing, but the day has a report";
    assert_problems("a manifest", &verify(clone.path()), &acme, &[expected]);
}

#[test]
fn a_day_that_was_not_recorded_is_not_reported() {
    let simulator = Simulator::start(github(Seats::people(1))).unwrap();
    record(&simulator, "acme", "2026-01-01T03:00:00Z", vec![octocat()]);
    record(&simulator, "acme", "2026-01-05T03:00:00Z", vec![octocat()]);
    // A run records nothing if its report is older than the newest one, or has the same seats.
    for time in ["2026-01-05T02:30:00Z", "2026-01-05T20:00:00Z"] {
        let job = Job::on(&simulator).input("deliver-to", "repository");
        let step = job.variable("TEST_TIME", time).run();
        step.succeeded();
        assert_eq!(step.output("commit-sha"), "");
    }
    let clone = checkout(&simulator, OWN);
    verify(clone.path()).succeeded();
}

#[test]
fn a_folder_without_any_report_is_reported_as_lost() {
    let (_simulator, clone) = clone();
    let keep = |folder: &Path, names: &[&str]| {
        for file in files_below(folder) {
            let name = file.strip_prefix(folder).unwrap().to_str().unwrap();
            if !names.contains(&name) {
                fs::remove_file(file).unwrap();
            }
        }
    };
    let all_days = "reports/2026/2026-01-03.json is missing: totals.csv has a line for the day; so are those of 2025-12-30, 2025-12-31, 2026-01-01, 2026-01-02";
    let no_day = "reports has neither a report nor a manifest of any day";
    for (names, expected) in [
        (&["totals.csv"][..], all_days),
        (&["totals.csv", "latest.csv", "changes/2025.csv"], all_days),
        (&["seats.csv", "people.csv"], no_day),
    ] {
        let copy = copy_of(clone.path());
        let acme = copy.path().join("copilot-activity/acme");
        keep(&acme, names);
        let step = verify(copy.path());
        assert_problems(&names.join(", "), &step, &acme, &[expected]);
        let line = format!(
            "{}: unknown organization or enterprise, 0 days, ",
            acme.display()
        );
        assert!(step.stdout.contains(&line), "{}", step.stdout);
    }
}

#[test]
fn totals_or_seats_files_of_other_programs_are_not_a_history() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("totals.csv"), "Month,Euro\n2026-01,12\n").unwrap();
    fs::write(folder.path().join("seats.csv"), "Room,Seats\n1,2\n").unwrap();
    verify(folder.path()).failed(2, &["No history was found in "]);
}
