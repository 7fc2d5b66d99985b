//! `--since` verifies a history whose older days were removed or altered on purpose, without
//! `tombstones.csv`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use simulator::seat::Row;
use simulator::{Seats, Simulator};
use tempfile::TempDir;

use super::{
    append, assert_problems, clone, edit, octocat, record, record_by, verify, verify_with,
};
use crate::support::{OWN, checkout, copy_of, files_below, github};

/// Removes a year.
const REMOVE: &str = "
git clone --quiet https://github.com/acme/copilot-audit
cd copilot-audit
git rm -r --quiet copilot-activity/acme/reports/2023
git commit --message 'Remove the reports of 2023'
git push
copilot-activity-report verify --since 2024-01-01 .
";

/// Erases a person.
const ERASE: &str = "
git clone --quiet https://github.com/acme/copilot-audit
cd copilot-audit/copilot-activity/acme
sed -i '2,${/^[^,]*,octocat,/Id}' people.csv changes/*.csv reports/*/*.csv
sed -i 's/\"actor\": \"octocat\"/\"actor\": \"erased\"/I' reports/*/*.json
git commit --all --message 'Erase a person who left'
git push
";

/// Verifies from the first day after that on.
const VERIFY: &str = "
git clone --quiet https://github.com/acme/copilot-audit
copilot-activity-report verify --since 2026-11-23 copilot-audit
";

/// Runs commands in a temporary folder, with the simulated repository instead of acme's.
pub(in crate::history) fn follow(simulator: &Simulator, commands: &str) -> (TempDir, Output) {
    let folder = TempDir::new().unwrap();
    let binary = Path::new(env!("CARGO_BIN_EXE_copilot-activity-report"));
    let mut path = vec![binary.parent().unwrap().to_owned()];
    path.extend(std::env::split_paths(&std::env::var_os("PATH").unwrap()));
    let repository = format!("file://{}", simulator.git_dir(OWN).display());
    let output = Command::new("sh")
        .args(["-euc", commands])
        .current_dir(folder.path())
        .env_clear()
        .env("PATH", std::env::join_paths(path).unwrap())
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CONFIG_COUNT", "3")
        .env("GIT_CONFIG_KEY_0", format!("url.{repository}.insteadOf"))
        .env(
            "GIT_CONFIG_VALUE_0",
            "https://github.com/acme/copilot-audit",
        )
        .env("GIT_CONFIG_KEY_1", "user.name")
        .env("GIT_CONFIG_VALUE_1", "Mona Lisa")
        .env("GIT_CONFIG_KEY_2", "user.email")
        .env("GIT_CONFIG_VALUE_2", "mona@example.com")
        .output()
        .unwrap();
    (folder, output)
}

pub(in crate::history) fn succeeded(output: &Output) -> String {
    let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stdout}{stderr}");
    stdout
}

#[test]
fn days_removed_after_retention_are_not_missed_from_the_first_kept_day_on() {
    let simulator = Simulator::start(github(Seats::people(1))).unwrap();
    for day in ["2023-12-30", "2023-12-31", "2024-01-01", "2024-01-02"] {
        let hubot = (day != "2023-12-30").then(|| Row::of("hubot", 2));
        let rows = std::iter::once(octocat()).chain(hubot).collect();
        record(&simulator, "acme", &format!("{day}T03:00:00Z"), rows);
    }
    let (_folder, output) = follow(&simulator, REMOVE);
    let stdout = succeeded(&output);
    for line in [
        "organization acme, 2 days from 2024-01-01 to 2024-01-02, 11 files checked, 0 problems. Days before 2024-01-01 weren't checked.",
        "Verification passed from 2024-01-01 on.",
    ] {
        assert!(stdout.contains(line), "{stdout}");
    }
    // The history continues. Without the option, `verify` reports the older days as missing.
    record(&simulator, "acme", "2024-01-03T03:00:00Z", vec![octocat()]);
    let clone = checkout(&simulator, OWN);
    verify_with(clone.path(), &["--since", "2024-01-01"]).succeeded();
    assert_problems(
        "all days",
        &verify(clone.path()),
        &clone.path().join("copilot-activity/acme"),
        &[
            "changes/2023.csv isn't listed in any manifest",
            "reports/2023/2023-12-31.json is missing: reports/2024/2024-01-01.json names it as the previous manifest; so are those of 2023-12-30",
        ],
    );
}

/// A history of acme in which octocat held a seat on two of four days, started a run, and was
/// erased on 2026-11-22.
fn erased() -> Simulator {
    let simulator = Simulator::start(github(Seats::people(1))).unwrap();
    let hubot = || Row::of("hubot", 2);
    let mona = || Row::of("monalisa", 3);
    for (time, rows) in [
        ("2025-12-30T03:00:00Z", vec![hubot()]),
        ("2025-12-31T03:00:00Z", vec![hubot(), octocat()]),
        ("2026-11-21T03:00:00Z", vec![hubot(), mona(), octocat()]),
        ("2026-11-22T03:00:00Z", vec![hubot(), mona()]),
    ] {
        let actor = if time.starts_with("2025-12-31") {
            "octocat"
        } else {
            "monalisa"
        };
        record_by(actor, &simulator, "acme", time, rows);
    }
    let before = checkout(&simulator, OWN);
    verify(before.path()).succeeded();
    let (_folder, output) = follow(&simulator, ERASE);
    succeeded(&output);
    for (time, rows) in [
        ("2026-11-23T03:00:00Z", vec![hubot(), mona()]),
        ("2026-11-24T03:00:00Z", vec![hubot()]),
    ] {
        record_by("monalisa", &simulator, "acme", time, rows);
    }
    simulator
}

#[test]
fn an_erased_person_is_gone_and_everything_recorded_since_is_verified() {
    let simulator = erased();
    let clone = checkout(&simulator, OWN);
    let files = files_below(clone.path());
    let files: Vec<&PathBuf> = files
        .iter()
        .filter(|path| !path.components().any(|part| part.as_os_str() == ".git"))
        .collect();
    assert!(files.len() > 15, "{files:?}");
    for path in files {
        let text = fs::read_to_string(path).unwrap();
        assert!(!text.contains("octocat"), "{}: {text}", path.display());
    }

    let (_folder, output) = follow(&simulator, VERIFY);
    let stdout = succeeded(&output);
    for line in [
        "2 days from 2026-11-23 to 2026-11-24, 12 files checked, 0 problems. Days before 2026-11-23 weren't checked.",
        "Verification passed from 2026-11-23 on.",
    ] {
        assert!(stdout.contains(line), "{stdout}");
    }
    // Without the option, `verify` reports exactly what the erasure changed.
    assert_problems(
        "all days",
        &verify(clone.path()),
        &clone.path().join("copilot-activity/acme"),
        &[
            "changes/2025.csv was changed: reports/2025/2025-12-31.json says ",
            "changes/2026.csv was changed: reports/2026/2026-11-22.json says ",
            "reports/2025/2025-12-31.csv was changed: ",
            "reports/2025/2025-12-31.json was changed: reports/2026/2026-11-21.json says ",
            "reports/2026/2026-11-21.csv was changed: ",
        ],
    );
}

type Meddling = (&'static str, fn(&Path), &'static [&'static str]);

const MEDDLING: &[Meddling] = &[
    (
        "a report is edited",
        |acme| edit(&acme.join("reports/2026/2026-11-23.csv"), "hubot", "robot"),
        &["reports/2026/2026-11-23.csv was changed: reports/2026/2026-11-23.json says "],
    ),
    (
        "the first day is removed",
        |acme| {
            fs::remove_file(acme.join("reports/2026/2026-11-23.csv")).unwrap();
            fs::remove_file(acme.join("reports/2026/2026-11-23.json")).unwrap();
        },
        &[
            "reports/2026/2026-11-23.json is missing: reports/2026/2026-11-24.json names it as the previous manifest",
        ],
    ),
    (
        "a change from before is rewritten",
        |acme| edit(&acme.join("changes/2026.csv"), "monalisa", "mona"),
        &["changes/2026.csv was changed: reports/2026/2026-11-23.json says "],
    ),
    (
        "changes of a year that is yet to come are put in",
        |acme| append_new(&acme.join("changes/2027.csv")),
        &["changes/2027.csv isn't listed in any manifest"],
    ),
    (
        "a day is counted that is not there",
        |acme| {
            append(
                &acme.join("totals.csv"),
                "2026-11-25T03:00:00Z,1,1,1,0,0,0,0,0,true\n",
            );
        },
        &[
            "reports/2026/2026-11-25.json is missing: totals.csv has a line for the day",
            "totals.csv was changed: ",
        ],
    ),
];

fn append_new(path: &Path) {
    fs::write(path, "").unwrap();
    append(path, "more\n");
}

#[test]
fn tampering_from_the_given_day_on_is_still_found() {
    let simulator = erased();
    let clone = checkout(&simulator, OWN);
    for (what, meddle, expected) in MEDDLING {
        let copy = copy_of(clone.path());
        let acme = copy.path().join("copilot-activity/acme");
        meddle(&acme);
        let step = verify_with(copy.path(), &["--since", "2026-11-23"]);
        assert_problems(what, &step, &acme, expected);
    }
}

#[test]
fn an_invalid_day_is_rejected_by_the_name_of_the_option() {
    let (_simulator, clone) = clone();
    for day in [
        "yesterday",
        "2026-13-01",
        "20260101",
        "2026-1-1",
        "2026-01-01T00:00:00",
        "",
    ] {
        let step = verify_with(clone.path(), &[&format!("--since={day}")]);
        step.failed(2, &["'--from <DAY>'"]);
    }
    // With nothing to verify, the command fails.
    let step = verify_with(clone.path(), &["--since", "2026-01-04"]);
    step.failed(2, &["--from 2026-01-04: no report from that day on is in "]);
    verify_with(clone.path(), &["--since", "2026-01-03"]).succeeded();
    verify_with(clone.path(), &["--since", "2020-01-01"]).succeeded();
}

#[test]
fn no_checked_manifest_has_to_name_the_changes_of_the_year_before() {
    let (_simulator, clone) = clone();
    let acme = clone.path().join("copilot-activity/acme");
    // All manifests from that day on are of 2026.
    edit(&acme.join("changes/2025.csv"), "hubot", "robot");
    verify_with(clone.path(), &["--since", "2026-01-01"]).succeeded();
    let step = verify_with(clone.path(), &["--since", "2025-12-31"]);
    let expected = "changes/2025.csv was changed: reports/2025/2025-12-31.json says ";
    assert_problems("changes", &step, &acme, &[expected]);
}
