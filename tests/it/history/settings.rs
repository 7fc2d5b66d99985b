//! The organization's Copilot settings: each change has a line, and nothing else has.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;
use simulator::{At, Fault, Kind, Seats, Simulator};

use crate::support::{
    Job, OWN, Step, assert_intact, checkout, commit_file, file, git, github, remove_files,
};

const FOLDER: &str = "copilot-activity/acme";
const HEADER: &str = "Report Time,Setting,From,To";

fn run(simulator: &Simulator, time: &str) -> Step {
    let job = Job::on(simulator).input("deliver-to", "repository");
    let step = job.variable("TEST_TIME", time).run();
    step.succeeded();
    assert_eq!(step.warnings(), Vec::<&str>::new(), "{time}");
    step
}

fn set(simulator: &Simulator, name: &str, value: &str) {
    simulator.change(|github| {
        let acme = github.organizations.get_mut("acme").unwrap();
        acme.billing.set(name, value);
    });
}

/// The lines of the year's file. `None` if there's no file.
fn lines(simulator: &Simulator, year: &str) -> Option<Vec<String>> {
    let directory = simulator.git_dir(OWN);
    let path = format!("{FOLDER}/changes/settings/{year}.csv");
    let tree = git(&directory, &["ls-tree", "-r", "--name-only", "main"]);
    tree.lines().any(|line| line == path).then(|| {
        let text = String::from_utf8(file(&directory, &format!("main:{path}"))).unwrap();
        text.lines().map(str::to_owned).collect()
    })
}

fn manifest(simulator: &Simulator, day: &str) -> Value {
    let path = format!("main:{FOLDER}/reports/{}/{day}.json", &day[..4]);
    serde_json::from_slice(&file(&simulator.git_dir(OWN), &path)).unwrap()
}

/// Runs a command on a clone of the repository, and returns its exit code and output.
fn command(simulator: &Simulator, name: &str, edit: impl Fn(&Path)) -> (i32, String) {
    let clone = checkout(simulator, OWN);
    edit(&clone.path().join(FOLDER));
    let mut command = Command::new(env!("CARGO_BIN_EXE_copilot-activity-report"));
    let folder = clone.path().join(FOLDER);
    command.arg(name).arg(&folder).env_clear();
    if name == "verify" {
        command.arg("--expect=any");
    }
    let output = command.output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    (
        output.status.code().unwrap(),
        String::from_utf8(text).unwrap(),
    )
}

#[test]
fn each_setting_that_changes_gets_one_line_and_the_first_value_none() {
    let simulator = Simulator::start(github(Seats::people(3))).unwrap();
    run(&simulator, "2026-12-29T03:00:00Z");
    run(&simulator, "2026-12-30T03:00:00Z");
    assert_eq!(lines(&simulator, "2026"), None);
    assert_eq!(
        manifest(&simulator, "2026-12-30")["settings"]["cli"],
        "enabled"
    );
    assert_eq!(
        manifest(&simulator, "2026-12-30")["settings"]["as_of"],
        "2026-12-30T03:00:00Z"
    );

    set(&simulator, "cli", "disabled");
    set(&simulator, "public_code_suggestions", "allow");
    let step = run(&simulator, "2026-12-31T03:00:00Z");
    let first = [
        HEADER,
        "2026-12-31T03:00:00Z,public_code_suggestions,block,allow",
        "2026-12-31T03:00:00Z,cli,enabled,disabled",
    ];
    assert_eq!(lines(&simulator, "2026").unwrap(), first);
    let line = "Setting changed: `cli` from enabled to disabled";
    assert!(step.summary.contains(line), "{}", step.summary);
    assert!(step.stdout.contains(line), "{}", step.stdout);

    // The next year has its own file, and the older one stays as it is.
    set(&simulator, "cli", "enabled");
    run(&simulator, "2027-01-01T03:00:00Z");
    run(&simulator, "2027-01-02T03:00:00Z");
    assert_eq!(lines(&simulator, "2026").unwrap(), first);
    let second = [HEADER, "2027-01-01T03:00:00Z,cli,disabled,enabled"];
    assert_eq!(lines(&simulator, "2027").unwrap(), second);
    assert_intact(&simulator, OWN);
    let (status, text) = command(&simulator, "verify", |_| {});
    assert_eq!(status, 0, "{text}");
    assert!(lines(&simulator, "2026").is_some());
}

#[test]
fn a_later_run_of_the_day_records_a_setting_even_if_no_seat_differs() {
    let simulator = Simulator::start(github(Seats::people(3))).unwrap();
    run(&simulator, "2026-11-22T03:00:00Z");
    set(&simulator, "ide_chat", "disabled");
    let step = run(&simulator, "2026-11-22T04:00:00Z");
    assert_ne!(step.output("commit-sha"), "");
    assert_eq!(step.output("changed"), "false");
    let step = run(&simulator, "2026-11-22T05:00:00Z");
    assert_eq!(step.output("commit-sha"), "");
    assert_eq!(lines(&simulator, "2026").unwrap().len(), 2);
    assert_intact(&simulator, OWN);
}

#[test]
fn a_value_that_was_or_is_unknown_is_no_change_and_the_last_known_one_is_kept() {
    let simulator = Simulator::start(github(Seats::people(3))).unwrap();
    let refused = || Fault::always(At::Billing, Kind::status(403, "Forbidden"));
    simulator.fault(refused());
    run(&simulator, "2026-11-20T03:00:00Z");
    assert_eq!(manifest(&simulator, "2026-11-20")["settings"], Value::Null);
    simulator.clear_faults();
    run(&simulator, "2026-11-21T03:00:00Z");
    let known = manifest(&simulator, "2026-11-21")["settings"].clone();
    assert_eq!(known["as_of"], "2026-11-21T03:00:00Z");

    simulator.fault(refused());
    let step = run(&simulator, "2026-11-22T03:00:00Z");
    assert_eq!(manifest(&simulator, "2026-11-22")["settings"], known);
    let written = step.output("report-path").replace(".csv", ".manifest.json");
    let written = fs::read(step.workspace.join(written)).unwrap();
    let written: Value = serde_json::from_slice(&written).unwrap();
    assert_eq!(written["settings"], known);

    simulator.clear_faults();
    let gone = Kind::rewrite(|body| {
        body["plan_type"] = "unknown".into();
        body["cli"] = "=cmd(\"x\")".into();
        body.as_object_mut().unwrap().remove("ide_chat");
    });
    simulator.fault(Fault::always(At::Billing, gone));
    run(&simulator, "2026-11-23T03:00:00Z");
    let kept = &manifest(&simulator, "2026-11-23")["settings"];
    for name in ["plan_type", "cli", "ide_chat"] {
        assert_eq!(kept[name], known[name], "{name}");
    }
    assert_eq!(lines(&simulator, "2026"), None);

    // The value from before the gap is what a change is compared with.
    simulator.clear_faults();
    set(&simulator, "plan_type", "enterprise");
    run(&simulator, "2026-11-24T03:00:00Z");
    let line = "2026-11-24T03:00:00Z,plan_type,business,enterprise";
    assert_eq!(lines(&simulator, "2026").unwrap(), [HEADER, line]);
}

#[test]
fn an_edited_removed_or_added_file_is_reported() {
    let simulator = Simulator::start(github(Seats::people(3))).unwrap();
    run(&simulator, "2026-11-21T03:00:00Z");
    set(&simulator, "cli", "disabled");
    run(&simulator, "2026-11-22T03:00:00Z");
    run(&simulator, "2026-11-23T03:00:00Z");
    let path = "changes/settings/2026.csv";
    let edited = |acme: &Path| {
        let file = acme.join(path);
        let text = fs::read_to_string(&file).unwrap();
        fs::write(file, text.replace("disabled", "enabled")).unwrap();
    };
    let (status, text) = command(&simulator, "verify", edited);
    assert!(
        status == 1 && text.contains("changes/settings/2026.csv was changed"),
        "{text}"
    );
    let removed = |acme: &Path| fs::remove_file(acme.join(path)).unwrap();
    let (status, text) = command(&simulator, "verify", removed);
    assert!(
        status == 1 && text.contains("changes/settings/2026.csv is missing"),
        "{text}"
    );
    let added = |acme: &Path| {
        fs::copy(acme.join(path), acme.join("changes/settings/2025.csv"))
            .map(drop)
            .unwrap();
    };
    let (status, text) = command(&simulator, "verify", added);
    assert!(
        status == 1 && text.contains("changes/settings/2025.csv isn't listed in any manifest"),
        "{text}"
    );

    // A run says so too, and keeps the file.
    let directory = simulator.git_dir(OWN);
    let whole = format!("{FOLDER}/{path}");
    commit_file(&directory, &whole, b"mine\n");
    set(&simulator, "cli", "enabled");
    let job = Job::on(&simulator).input("deliver-to", "repository");
    let step = job.variable("TEST_TIME", "2026-11-24T03:00:00Z").run();
    step.succeeded();
    let warnings = step.warnings().join("\n");
    assert!(
        warnings.contains("changes/settings/2026.csv was changed"),
        "{warnings}"
    );
    assert!(
        warnings.contains("doesn't start with the header of a file of changes"),
        "{warnings}"
    );
    let line = "2026-11-24T03:00:00Z,cli,disabled,enabled".to_owned();
    assert_eq!(
        lines(&simulator, "2026").unwrap(),
        ["mine".to_owned(), line]
    );
}

#[test]
fn a_change_is_never_recorded_twice_even_if_the_newest_manifest_is_lost() {
    for is_removed in [false, true] {
        let simulator = Simulator::start(github(Seats::people(3))).unwrap();
        run(&simulator, "2026-11-21T03:00:00Z");
        set(&simulator, "cli", "disabled");
        run(&simulator, "2026-11-22T03:00:00Z");
        let before = lines(&simulator, "2026").unwrap();
        let directory = simulator.git_dir(OWN);
        let manifest = "reports/2026/2026-11-22.json";
        if is_removed {
            remove_files(&directory, FOLDER, &[manifest]);
        } else {
            commit_file(&directory, &format!("{FOLDER}/{manifest}"), b"{}");
        }
        for time in ["2026-11-22T04:00:00Z", "2026-11-23T03:00:00Z"] {
            let job = Job::on(&simulator).input("deliver-to", "repository");
            job.variable("TEST_TIME", time).run().succeeded();
        }
        assert_eq!(lines(&simulator, "2026").unwrap(), before, "{is_removed}");
    }
}

#[test]
fn a_rebuild_restores_a_lost_or_edited_file_byte_for_byte_or_not_at_all() {
    let simulator = Simulator::start(github(Seats::people(3))).unwrap();
    run(&simulator, "2026-11-20T03:00:00Z");
    for (time, value) in [
        ("2026-11-21T03:00:00Z", "disabled"),
        ("2026-11-22T03:00:00Z", "enabled"),
        ("2026-11-23T03:00:00Z", "enabled"),
    ] {
        set(&simulator, "cli", value);
        run(&simulator, time);
    }
    let path = "changes/settings/2026.csv";
    let lose = |acme: &Path| fs::remove_file(acme.join(path)).unwrap();
    let edit = |acme: &Path| fs::write(acme.join(path), "mine\n").unwrap();
    for damage in [&lose as &dyn Fn(&Path), &edit] {
        let (status, text) = command(&simulator, "rebuild", damage);
        assert_eq!(status, 0, "{text}");
        assert!(text.contains("changes/settings/2026.csv"), "{text}");
        assert!(text.contains("Verification passed"), "{text}");
    }

    // The day's first manifest, which shows when the setting changed, is gone.
    set(&simulator, "cli", "disabled");
    run(&simulator, "2026-11-24T03:00:00Z");
    set(&simulator, "cli", "enabled");
    run(&simulator, "2026-11-24T04:00:00Z");
    let (_, text) = command(&simulator, "rebuild", lose);
    assert!(!text.contains("Wrote"), "{text}");
    assert!(text.contains("`verify` still finds 1 problem"), "{text}");
}

#[test]
fn a_rebuild_keeps_the_file() {
    let simulator = Simulator::start(github(Seats::people(3))).unwrap();
    run(&simulator, "2026-11-21T03:00:00Z");
    set(&simulator, "cli", "disabled");
    run(&simulator, "2026-11-22T03:00:00Z");
    let before = lines(&simulator, "2026").unwrap();
    let (status, text) = command(&simulator, "rebuild", |acme| {
        fs::write(acme.join("people.csv"), "damaged").unwrap();
    });
    assert_eq!(status, 0, "{text}");
    assert!(
        text.contains("people.csv") && !text.contains("changes/settings"),
        "{text}"
    );
    assert!(text.contains("Verification passed"), "{text}");
    assert_eq!(lines(&simulator, "2026").unwrap(), before);
}

/// Turns the newest manifest into one of version 1 of the format.
fn downgrade(simulator: &Simulator, day: &str) {
    let mut manifest = manifest(simulator, day);
    manifest["schema_version"] = 1.into();
    let object = manifest.as_object_mut().unwrap();
    for key in [
        "action",
        "api_version",
        "reader",
        "requests",
        "inactive_after_days",
        "control",
        "settings",
    ] {
        assert!(object.remove(key).is_some(), "{key}");
    }
    for (key, parts) in [
        ("generator", &["commit", "image"][..]),
        (
            "run",
            &["workflow_ref", "workflow_sha", "runner_environment"],
        ),
    ] {
        let object = manifest[key].as_object_mut().unwrap();
        object.retain(|name, _| !parts.contains(&name.as_str()));
    }
    let path = format!("{FOLDER}/reports/{}/{day}.json", &day[..4]);
    commit_file(
        &simulator.git_dir(OWN),
        &path,
        &serde_json::to_vec_pretty(&manifest).unwrap(),
    );
}

#[test]
fn a_history_of_version_1_is_verified_rebuilt_and_continued() {
    let simulator = Simulator::start(github(Seats::people(3))).unwrap();
    run(&simulator, "2026-11-21T03:00:00Z");
    downgrade(&simulator, "2026-11-21");
    let (status, text) = command(&simulator, "verify", |_| {});
    assert_eq!(status, 0, "{text}");
    let (status, text) = command(&simulator, "rebuild", |acme| {
        fs::remove_file(acme.join("people.csv")).unwrap();
    });
    assert!(
        status == 0 && text.contains("Verification passed"),
        "{text}"
    );

    set(&simulator, "cli", "disabled");
    run(&simulator, "2026-11-22T03:00:00Z");
    // The old manifest has no settings, so the first known values are the baseline.
    assert_eq!(lines(&simulator, "2026"), None);
    let newest = manifest(&simulator, "2026-11-22");
    assert_eq!(newest["schema_version"], 2);
    assert_eq!(newest["previous"]["name"], "reports/2026/2026-11-21.json");
    assert_eq!(newest["tracked_since"], "2026-11-21T03:00:00Z");
    let (status, text) = command(&simulator, "verify", |_| {});
    assert_eq!(status, 0, "{text}");
}
