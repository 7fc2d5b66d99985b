//! `retire` removes old files of a history. The history stays verifiable, and later runs continue
//! it without a warning.

use std::fs;

use super::tombstones::{
    ACME, assert_problems, command, erase, four_days, hubot, mona, person, push, record,
    removed_paths, retire, text, verified,
};
use crate::support::{OWN, checkout, copy_of, files_below};

const NOW: &str = "2026-11-22T12:00:00Z";

#[test]
fn retired_days_are_gone_and_the_history_verifies_and_continues() {
    // The second day is the newest one, and only its report stays.
    for (before, files) in [("2026-01-01", 5), ("2026-11-20", 5), ("2026-11-21", 7)] {
        let (simulator, clone) = four_days();
        let acme = clone.path().join(ACME);
        let people = text(&acme, "people.csv");
        let totals = text(&acme, "totals.csv");
        let step = retire(NOW, before, clone.path());
        step.succeeded();
        assert!(
            step.stdout
                .contains(&format!("removed {files} files from before {before}.")),
            "{}",
            step.printed()
        );
        assert!(!acme.join("reports/2025").exists());
        assert!(!acme.join("changes/2025.csv").exists());
        assert!(acme.join("changes/2026.csv").exists());
        assert_eq!(text(&acme, "people.csv"), people);
        assert_eq!(text(&acme, "totals.csv"), totals);
        let printed = verified(clone.path());
        let line = format!("acme: retired {files} files on 2026-11-22. Reason: Three years\n");
        assert!(printed.contains(&line), "{printed}");
        push(&simulator, clone.path());
        for (time, rows) in [
            ("2026-11-22T18:00:00Z", vec![hubot(), mona()]),
            ("2026-11-22T19:00:00Z", vec![hubot()]),
            ("2026-11-23T03:00:00Z", vec![hubot(), person("lisa", 4)]),
        ] {
            record(&simulator, time, rows);
        }
        let clone = checkout(&simulator, OWN);
        verified(clone.path());
        let again = retire("2026-11-24T00:00:00Z", before, clone.path());
        again.succeeded();
        assert!(
            again.stdout.contains("Nothing to remove"),
            "{}",
            again.printed()
        );
        // The next year's removal.
        retire("2026-11-24T00:00:00Z", "2026-11-22", clone.path()).succeeded();
        verified(clone.path());
        push(&simulator, clone.path());
        record(&simulator, "2026-11-25T03:00:00Z", vec![hubot()]);
        verified(checkout(&simulator, OWN).path());
    }
}

#[test]
fn a_run_on_the_only_day_that_stays_continues_the_chain() {
    let (simulator, clone) = four_days();
    retire("2026-11-21T12:00:00Z", "2026-11-21", clone.path()).succeeded();
    push(&simulator, clone.path());
    record(&simulator, "2026-11-21T18:00:00Z", vec![hubot()]);
    let clone = checkout(&simulator, OWN);
    verified(clone.path());
    let acme = clone.path().join(ACME);
    let manifest = text(&acme, "reports/2026/2026-11-21.json");
    assert!(
        manifest.contains("\"name\": \"reports/2026/2026-11-20.json\""),
        "{manifest}"
    );
}

#[test]
fn erased_files_can_be_retired_and_the_other_way_round() {
    let (simulator, clone) = four_days();
    erase(NOW, "octodog", clone.path()).succeeded();
    retire("2026-11-22T13:00:00Z", "2026-01-01", clone.path()).succeeded();
    verified(clone.path());
    push(&simulator, clone.path());
    record(&simulator, "2026-11-23T03:00:00Z", vec![hubot()]);
    let clone = checkout(&simulator, OWN);
    verified(clone.path());
    erase("2026-11-24T00:00:00Z", "monalisa", clone.path()).succeeded();
    verified(clone.path());
}

#[test]
fn an_interrupted_retirement_is_reported_and_can_be_repeated() {
    let (_simulator, clone) = four_days();
    let done = copy_of(clone.path());
    retire(NOW, "2026-01-01", done.path()).succeeded();
    let lines = text(&done.path().join(ACME), "tombstones.csv");
    let paths = removed_paths(&lines);
    for count in 0..paths.len() {
        let copy = copy_of(clone.path());
        let acme = copy.path().join(ACME);
        fs::write(acme.join("tombstones.csv"), &lines).unwrap();
        for path in &paths[..count] {
            fs::remove_file(acme.join(path)).unwrap();
        }
        let step = super::tombstones::verify(copy.path());
        step.failed(
            1,
            &["is still there, but tombstones.csv says that it was retired on 2026-11-22"],
        );
        retire("2026-11-22T13:00:00Z", "2026-01-01", copy.path()).succeeded();
        assert_eq!(text(&acme, "tombstones.csv"), lines, "{count}");
        verified(copy.path());
    }
}

#[test]
fn the_newest_report_stays() {
    let (_simulator, clone) = four_days();
    let before = files_below(clone.path());
    let step = retire(NOW, "2026-11-22", clone.path());
    step.failed(
        2,
        &["has no report from 2026-11-22 on. Nothing was removed"],
    );
    let folder = clone.path().to_str().unwrap();
    for (arguments, message) in [
        (&["--before", "2026"][..], "YYYY-MM-DD"),
        (&["--before", "2026-01-01"], "--reason <TEXT>"),
        (&["--reason", "x"], "--before <DAY>"),
    ] {
        let step = command(NOW, &[&["retire", folder], arguments].concat());
        step.failed(2, &[message]);
    }
    assert_eq!(files_below(clone.path()), before);
}

#[test]
fn tampering_after_a_retirement_is_found() {
    let (simulator, clone) = four_days();
    let before = copy_of(&clone.path().join(ACME));
    retire(NOW, "2026-01-01", clone.path()).succeeded();
    push(&simulator, clone.path());
    record(&simulator, "2026-11-23T03:00:00Z", vec![hubot()]);
    let clone = checkout(&simulator, OWN);
    let acme = clone.path().join(ACME);
    let path = "reports/2025/2025-12-31.json";

    fs::create_dir_all(acme.join("reports/2025")).unwrap();
    fs::copy(before.path().join(path), acme.join(path)).unwrap();
    let problems = [
        "reports/2025/2025-12-31.csv is in tombstones.csv as retired on 2026-11-22, but ",
        "reports/2025/2025-12-31.csv is missing, but ",
        "reports/2025/2025-12-31.json is still there, but tombstones.csv says ",
    ];
    let step = super::tombstones::verify(&acme);
    step.failed(1, &problems);
    fs::remove_dir_all(acme.join("reports/2025")).unwrap();

    // The first manifest that stays names another one as the previous one.
    let lines = text(&acme, "tombstones.csv");
    let mut forged = String::new();
    for line in lines.split_inclusive('\n') {
        let size = line.split(',').nth(4).unwrap();
        let is_it = line.contains(path);
        forged.push_str(&if is_it {
            line.replacen(size, "1", 1)
        } else {
            line.to_owned()
        });
    }
    fs::write(acme.join("tombstones.csv"), forged).unwrap();
    assert_problems(
        "another manifest",
        &acme,
        &[
            "reports/2025/2025-12-31.json was retired according to tombstones.csv, but not as reports/2026/2026-11-20.json names it",
            "tombstones.csv was changed: ",
        ],
    );

    // A day that was never recorded.
    let (path, hash) = ("reports/2024/2024-01-01.csv", "0".repeat(64));
    let blob = &hash[..40];
    let line = format!("2026-11-25T00:00:00Z,retired,{path},Forged,1,{hash},{blob},,\n");
    fs::write(acme.join("tombstones.csv"), lines + &line).unwrap();
    assert_problems(
        "another day",
        &acme,
        &[
            "reports/2024/2024-01-01.csv is in tombstones.csv as retired on 2026-11-25, but totals.csv has no line for the day",
        ],
    );
}

#[test]
fn the_changes_of_a_year_are_retired_with_its_last_report() {
    let (simulator, _clone) = four_days();
    // No report is between the day and the end of its year.
    record(&simulator, "2027-01-02T03:00:00Z", vec![hubot()]);
    let clone = checkout(&simulator, OWN);
    let acme = clone.path().join(ACME);
    retire("2027-01-03T00:00:00Z", "2026-12-30", clone.path()).succeeded();
    assert!(!acme.join("changes/2025.csv").exists());
    assert!(!acme.join("changes/2026.csv").exists());
    assert!(acme.join("changes/2027.csv").exists());
    verified(clone.path());
    erase("2027-01-03T01:00:00Z", "monalisa", clone.path()).succeeded();
    verified(clone.path());
    push(&simulator, clone.path());
    record(&simulator, "2027-01-04T03:00:00Z", vec![hubot()]);
    verified(checkout(&simulator, OWN).path());
}

#[test]
fn a_file_with_a_later_day_does_not_stand_in_for_the_newest_report() {
    let (_simulator, clone) = four_days();
    let acme = clone.path().join(ACME);
    let manifest = text(&acme, "reports/2026/2026-11-21.json");
    fs::create_dir(acme.join("reports/2099")).unwrap();
    for (name, content) in [
        ("2099-01-01.csv", "stray"),
        ("2099-01-01.json", "stray"),
        ("2099-01-01.json", &manifest),
    ] {
        fs::write(acme.join("reports/2099").join(name), content).unwrap();
        let before = files_below(clone.path());
        let step = retire(NOW, "2026-11-22", clone.path());
        step.failed(
            2,
            &["has no report from 2026-11-22 on. Nothing was removed"],
        );
        assert_eq!(files_below(clone.path()), before);
    }
}

/// Removes a file and rebuilds the history. Returns what this printed.
fn rebuilt_without(acme: &std::path::Path, file: &str) -> String {
    fs::remove_file(acme.join(file)).unwrap();
    let step = command(NOW, &["rebuild", acme.to_str().unwrap()]);
    step.succeeded();
    step.printed()
}

#[test]
fn a_rebuild_names_what_retired_reports_cannot_restore() {
    let (_simulator, clone) = four_days();
    retire(NOW, "2026-01-01", clone.path()).succeeded();

    let copy = copy_of(&clone.path().join(ACME));
    let printed = rebuilt_without(copy.path(), "people.csv");
    let note = "people.csv: the reports from before 2026-11-20 are retired, so the restored people can have a later `First Seen`";
    assert!(printed.contains(note), "{printed}");

    let copy = copy_of(&clone.path().join(ACME));
    let printed = rebuilt_without(copy.path(), "totals.csv");
    let note = "totals.csv: the numbers of 2 days can't be computed again, because their reports are retired.";
    assert!(printed.contains(note), "{printed}");
    let step = super::tombstones::verify(copy.path());
    let one = "totals.csv has no line for the day. The same applies to 3 more files up to reports/2025/2025-12-31.json\n";
    assert!(step.stdout.contains(one), "{}", step.stdout);
    assert_eq!(step.stdout.matches("has no line for the day").count(), 1);

    let copy = copy_of(&clone.path().join(ACME));
    let printed = rebuilt_without(copy.path(), "tombstones.csv");
    assert!(printed.contains("Nothing to rebuild"), "{printed}");
    assert!(!printed.contains("rewrote"), "{printed}");
}
