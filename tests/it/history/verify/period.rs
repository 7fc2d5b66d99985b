//! Whether a history covers a period: missing days, the age of the newest report, and the result as
//! JSON and as a statement.

use std::path::Path;

use serde_json::Value;
use simulator::{Seats, Simulator, Token};
use tempfile::TempDir;

use super::{append, octocat, record};
use crate::support::{Job, OWN, Step, TOKEN, checkout, github};

/// The time of the check: six hours after the last report.
const NOW: &str = "2026-11-12T09:00:00Z";

/// A history of acme with a report on each of these days of November 2026.
fn november(days: &[u8]) -> (Simulator, TempDir) {
    let simulator = Simulator::start(github(Seats::people(1))).unwrap();
    for day in days {
        let time = format!("2026-11-{day:02}T03:00:00Z");
        record(&simulator, "acme", &time, vec![octocat()]);
    }
    let clone = checkout(&simulator, OWN);
    (simulator, clone)
}

fn verify(folder: &Path, options: &[&str]) -> Step {
    let arguments = [&["verify", folder.to_str().unwrap()], options].concat();
    let job = Job::alone().command_line(&arguments);
    job.variable("TEST_TIME", NOW).run()
}

fn json(folder: &Path, options: &[&str], exit: i32) -> Value {
    let step = verify(folder, &[&["--format", "json"], options].concat());
    step.failed(exit, &[]);
    serde_json::from_str(&step.stdout).unwrap()
}

#[test]
fn missing_days_fail_with_their_own_exit_code() {
    let (_simulator, clone) = november(&[1, 2, 3, 6, 7, 8, 12]);
    let step = verify(clone.path(), &[]);
    step.failed(
        3,
        &[
            "7 of 12 days from 2026-11-01 to 2026-11-12 have a report. Without a report: 2026-11-04 to 2026-11-05, 2026-11-09 to 2026-11-11. The longest gap is 3 days. Reports are expected daily, judging by the recorded days. The newest report was recorded 6 hours ago.",
            "Verification failed: no file was altered, but the reports don't cover the period: 5 missing days. To allow gaps, use `--expect any`.",
        ],
    );
    let step = verify(clone.path(), &["--expect", "any"]);
    step.succeeded();
    assert!(step.stdout.contains("Gaps are allowed."), "{}", step.stdout);
    let step = verify(clone.path(), &["--expect", "weekly"]);
    step.succeeded();
    let weeks = "3 of 3 weeks from 2026-11-01 to 2026-11-12 have a report.";
    assert!(step.stdout.contains(weeks), "{}", step.stdout);
}

#[test]
fn four_days_out_of_forty_one_do_not_pass() {
    let simulator = Simulator::start(github(Seats::people(1))).unwrap();
    for day in ["10-02", "10-13", "10-29", "11-11"] {
        let time = format!("2026-{day}T03:00:00Z");
        record(&simulator, "acme", &time, vec![octocat()]);
    }
    let clone = checkout(&simulator, OWN);
    verify(clone.path(), &[]).failed(
        3,
        &[
            "4 of 7 weeks from 2026-10-02 to 2026-11-11 have a report.",
            "Reports are expected weekly, judging by the recorded days.",
            "3 missing weeks",
        ],
    );
    let step = verify(clone.path(), &["--expect", "daily"]);
    step.failed(
        3,
        &[
            "4 of 41 days from 2026-10-02 to 2026-11-11",
            "37 missing days",
        ],
    );
}

#[test]
fn a_period_ends_on_the_days_given() {
    let (_simulator, clone) = november(&[1, 2, 3, 6, 7, 8, 12]);
    verify(
        clone.path(),
        &["--from", "2026-11-06", "--to", "2026-11-08"],
    )
    .succeeded();
    for (options, counts) in [
        (
            ["--from", "2026-11-06", "--to", "2026-11-10"],
            "3 of 5 days",
        ),
        (
            ["--from", "2026-10-30", "--to", "2026-11-03"],
            "3 of 5 days",
        ),
        (
            ["--from", "2026-11-12", "--to", "2026-11-14"],
            "1 of 3 days",
        ),
    ] {
        let step = verify(
            clone.path(),
            &[&options[..], &["--expect", "daily"]].concat(),
        );
        step.failed(3, &[counts, "2 missing days"]);
    }
    let step = verify(
        clone.path(),
        &["--from", "2026-11-03", "--to", "2026-11-02"],
    );
    step.failed(2, &["--from 2026-11-03 is after --to 2026-11-02."]);
    for option in [
        "--to=yesterday",
        "--expect=hourly",
        "--max-age=36",
        "--max-age=0h",
    ] {
        let (name, _) = option.split_once('=').unwrap();
        verify(clone.path(), &[option]).failed(2, &[name]);
    }
}

#[test]
fn a_day_after_the_period_is_verified_because_it_protects_the_period() {
    let (_simulator, clone) = november(&[1, 2, 3]);
    let acme = clone.path().join("copilot-activity/acme");
    append(&acme.join("reports/2026/2026-11-03.csv"), "\n");
    let step = verify(clone.path(), &["--to", "2026-11-02"]);
    step.failed(
        1,
        &[
            "2026-11-03.csv was changed",
            "Verification failed: 1 problem.",
        ],
    );
}

#[test]
fn a_newest_report_that_is_too_old_fails_with_its_own_exit_code() {
    let (_simulator, clone) = november(&[10, 11, 12]);
    for age in ["7h", "36h", "1d"] {
        verify(clone.path(), &["--max-age", age]).succeeded();
    }
    let step = verify(clone.path(), &["--max-age", "5h"]);
    step.failed(
        4,
        &[
            "The newest report was recorded 6 hours ago, but it can be at most 5 hours old.",
            "no file was altered and no report is missing, but the newest report is too old.",
        ],
    );
}

#[test]
fn the_exit_code_is_of_the_worst_result() {
    let (_simulator, clone) = november(&[8, 9, 11, 12]);
    let worst = |options: &[&str]| verify(clone.path(), options);
    worst(&["--max-age", "5h"]).failed(3, &["1 missing day", "at most 5 hours old"]);
    let people = clone.path().join("copilot-activity/acme/people.csv");
    append(&people, "\n");
    worst(&["--max-age", "5h"]).failed(1, &["Verification failed: 1 problem, and 1 missing day."]);
}

#[test]
fn the_result_as_json_has_everything_that_the_text_has() {
    let (_simulator, clone) = november(&[8, 9, 11, 12]);
    let folder = clone.path();
    let options = [
        "--max-age",
        "2d",
        "--expect",
        "daily",
        "--from",
        "2026-11-08",
    ];
    let result = json(folder, &options, 3);
    assert_eq!(result["result"], "missing");
    assert_eq!(result["verified_at"], NOW);
    assert_eq!(result["max_age_hours"], 48);
    let history = &result["histories"][0];
    assert_eq!(history["scope"], "organization acme");
    assert_eq!(history["integrity"]["problems"], serde_json::json!([]));
    let coverage = &history["coverage"];
    assert_eq!(coverage["expected"], 5);
    assert_eq!(coverage["recorded_days"], 4);
    assert_eq!(coverage["gaps"][0]["from"], "2026-11-10");
    assert_eq!(history["reports"]["complete"], 4);
    assert_eq!(history["newest"]["age_seconds"], 6 * 60 * 60);
    let manifest = "reports/2026/2026-11-12.json";
    assert_eq!(history["newest"]["manifest"]["name"], manifest);

    let result = json(folder, &["--expect=any", "--max-age=1h"], 4);
    assert_eq!(result["result"], "too_old");
    let result = json(folder, &["--expect=any"], 0);
    assert_eq!(result["result"], "passed");

    // Text from files can't break the document, or become a workflow command.
    let odd = folder.join("copilot-activity/acme/reports/2026/##[error]\u{202e}.txt");
    std::fs::write(odd, "").unwrap();
    let result = json(folder, &["--expect=any"], 1);
    assert_eq!(result["result"], "altered");
    let problem = &result["histories"][0]["integrity"]["problems"][0];
    assert_eq!(problem["path"], "reports/2026/##[error]\u{202e}.txt");
    let step = verify(folder, &["--format", "json"]);
    assert!(!step.stdout.contains("##["), "{}", step.stdout);
    assert!(step.stdout.is_ascii(), "{}", step.stdout);
}

#[test]
fn the_statement_answers_an_auditors_questions() {
    let (_simulator, clone) = november(&[8, 9, 11, 12]);
    let statement = |options: &[&str], exit| {
        let step = verify(clone.path(), &[&["--statement"], options].concat());
        step.failed(exit, &[]);
        step.stdout
    };
    let text = statement(&[], 3);
    for sentence in [
        "# Statement about the Copilot activity reports of the organization acme",
        "at 2026-11-12 09:00 UTC",
        "**Result: 1 exception and 1 observation.**",
        "- The last report of the period is the newest one, so no later manifest protects it yet.",
        "- 1 day without a report: 2026-11-10.",
        "- Started by the event: `schedule`.",
        "- Period: 2026-11-08 to 2026-11-12. One report is expected per day, in UTC, because most reports were recorded that often.",
        "- 5 days expected, 4 with a report. 1 missing.",
        "4 reports were verified as complete against it.",
        "- 15 files were checked against the SHA-256 in the manifests. All match.",
        "The newest manifest is `reports/2026/2026-11-12.json`.",
    ] {
        assert!(text.contains(sentence), "{sentence}: {text}");
    }
    let text = statement(&["--expect", "any"], 0);
    assert!(
        text.contains("**Result: no exceptions and 1 observation.**"),
        "{text}"
    );
    let people = clone.path().join("copilot-activity/acme/people.csv");
    append(&people, "\n");
    let text = statement(&["--expect", "any"], 1);
    assert!(text.contains("- `people.csv` was changed: "), "{text}");
    assert!(text.contains("1 problem was found"), "{text}");
}

#[test]
fn a_report_before_the_period_covers_the_week_in_which_it_starts() {
    // Wednesdays.
    let simulator = Simulator::start(github(Seats::people(1))).unwrap();
    for day in ["10-28", "11-04", "11-11"] {
        let time = format!("2026-{day}T03:00:00Z");
        record(&simulator, "acme", &time, vec![octocat()]);
    }
    let clone = checkout(&simulator, OWN);
    let period = [
        "--from",
        "2026-10-30",
        "--to",
        "2026-11-12",
        "--expect",
        "weekly",
    ];
    let step = verify(clone.path(), &period);
    step.succeeded();
    let covered =
        "3 of 3 weeks from 2026-10-30 to 2026-11-12 have a report. Reports are expected weekly.";
    assert!(step.stdout.contains(covered), "{}", step.stdout);
}

#[test]
fn a_history_that_ended_before_the_period_fails_in_a_clone_with_others() {
    let read = Token::new().copilot(["acme", "globex"]).scopes("read:org");
    let github = github(Seats::people(1)).token(TOKEN, read);
    let simulator = Simulator::start(github).unwrap();
    for (organization, day) in [
        ("acme", 1),
        ("acme", 2),
        ("globex", 1),
        ("globex", 2),
        ("globex", 3),
    ] {
        let time = format!("2026-11-{day:02}T03:00:00Z");
        record(&simulator, organization, &time, vec![octocat()]);
    }
    let clone = checkout(&simulator, OWN);
    let step = verify(clone.path(), &["--from", "2026-11-03"]);
    step.failed(
        3,
        &[
            "acme: organization acme, 0 days, 0 files checked, 0 problems.",
            "acme: 0 of 1 day on 2026-11-03 has a report. Without a report: 2026-11-03. Reports are expected daily",
            "globex: 1 of 1 day on 2026-11-03 has a report.",
            "1 missing day.",
        ],
    );
    let acme = clone.path().join("copilot-activity/acme");
    verify(&acme, &["--from", "2026-11-03"]).failed(2, &["nothing was verified"]);
}

#[test]
fn a_period_before_the_first_report_is_rejected() {
    let (_simulator, clone) = november(&[1, 2]);
    let step = verify(clone.path(), &["--to", "2026-10-31"]);
    step.failed(
        2,
        &["--to 2026-10-31: the first report in ", "is of 2026-11-01."],
    );
    let step = verify(
        clone.path(),
        &[
            "--from",
            "2026-10-30",
            "--to",
            "2026-10-31",
            "--expect",
            "daily",
        ],
    );
    step.failed(
        3,
        &["0 of 2 days from 2026-10-30 to 2026-10-31 have a report."],
    );
}

#[test]
fn a_report_from_the_future_is_not_recent() {
    let (_simulator, clone) = november(&[11, 12]);
    let arguments = ["verify", clone.path().to_str().unwrap(), "--max-age", "2d"];
    let step = Job::alone()
        .command_line(&arguments)
        .variable("TEST_TIME", "2026-11-11T09:00:00Z")
        .run();
    step.failed(4, &["The newest report was recorded in the future"]);
}

#[test]
fn retired_days_are_counted_and_a_period_without_others_is_rejected() {
    let (_simulator, clone) = november(&[1, 2, 3, 4, 5]);
    let folder = clone.path().to_str().unwrap();
    let retire = [
        "retire",
        folder,
        "--before",
        "2026-11-03",
        "--reason",
        "Retention",
    ];
    let retire = Job::alone().command_line(&retire);
    retire.variable("TEST_TIME", NOW).run().succeeded();
    let step = verify(clone.path(), &["--from", "2026-11-02"]);
    step.succeeded();
    let days = "3 of 3 days from 2026-11-02 to 2026-11-05 have a report. 1 day was retired.";
    assert!(step.stdout.contains(days), "{}", step.stdout);
    let statement = verify(clone.path(), &["--from", "2026-11-02", "--statement"]).stdout;
    let retired = "- The reports of 1 day in the period were removed on purpose.";
    assert!(statement.contains(retired), "{statement}");
    let step = verify(
        clone.path(),
        &["--from", "2026-11-01", "--to", "2026-11-02"],
    );
    step.failed(
        2,
        &[
            "All reports of the period in ",
            " were retired, so nothing was verified.",
        ],
    );
}

/// Changes the newest manifest, which nothing protects yet, and returns the statement.
fn statement_after(clone: &TempDir, change: impl FnOnce(&mut Value)) -> String {
    let manifest = "copilot-activity/acme/reports/2026/2026-11-12.json";
    let path = clone.path().join(manifest);
    let text = std::fs::read(&path).unwrap();
    let mut manifest: Value = serde_json::from_slice(&text).unwrap();
    change(&mut manifest);
    std::fs::write(&path, serde_json::to_vec(&manifest).unwrap()).unwrap();
    let step = verify(clone.path(), &["--statement"]);
    step.succeeded();
    step.stdout
}

#[test]
fn the_statement_says_what_is_unknown_instead_of_nothing() {
    let (_simulator, clone) = november(&[11, 12]);
    let text = statement_after(&clone, |manifest| {
        manifest["repository"]["other_commits"] = Value::Null;
    });
    let known = "no one but the action committed to the folder in the period. This is known for 1 of 2 reports.";
    assert!(text.contains(known), "{text}");
    let unknown = "- For 1 of 2 reports, it isn't fully known how the repository was protected and who else committed.";
    assert!(text.contains(unknown), "{text}");

    let text = statement_after(&clone, |manifest| manifest["run"] = "octocat".into());
    let unread = "- 1 day has a report, but no manifest that this statement can use: 2026-11-12.";
    assert!(text.contains(unread), "{text}");
}

#[test]
fn impossible_counts_in_a_manifest_do_not_stop_the_statement() {
    let (_simulator, clone) = november(&[11, 12]);
    let text = statement_after(&clone, |manifest| {
        let others = &mut manifest["repository"]["other_commits"];
        others["unverified"] = u64::MAX.into();
        others["more"] = 1.into();
    });
    let listed =
        "Unverified commits to the folder by anyone but the action: 18446744073709551615 more.";
    assert!(text.contains(listed), "{text}");
}
