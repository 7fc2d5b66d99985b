//! The report as JSON: every row with every column, the manifest's data, and the files that contain
//! it.

use std::fs;

use crate::support::{Job, assert_no_violations, github, github_of_two, unzip};
use serde_json::{Value, json};
use sha2::Digest as _;
use simulator::seat::Row;
use simulator::{Seats, Simulator, TotalSeats};

const NOW: &str = "2026-11-22T03:00:00Z";

/// An hour later, on the same day.
const LATER: &str = "2026-11-22T04:00:00Z";

fn job(simulator: &Simulator) -> Job {
    Job::on(simulator)
        .variable("TEST_TIME", NOW)
        .input("deliver-to", "none")
        .input("format", "json")
}

/// Every kind of row that GitHub sends.
fn seats() -> Seats {
    Seats::rows([
        Row::of("octocat", 1)
            .authenticated("2026-11-01T03:52:53+02:00")
            .activity("2026-11-20T03:00:01Z")
            .surface("vscode/1.113.0/copilot-chat/0.41.1")
            .team("=1+1, \"team\"", 7)
            .cancelled("2026-12-01"),
        Row::of("Hubot", 2)
            .surface("=cmd,\"x\"")
            .created("2026-11-20T09:00:00Z")
            .plan("enterprise"),
        Row::of("", 0)
            .without_person()
            .without("created_at")
            .plan("unknown"),
        Row::of("monalisa", 3)
            .field("plan_type", Value::Null)
            .field("assigning_team", json!({"id": 8, "name": ""})),
        Row::of("mona-inactive", 4).activity("2026-09-01T00:00:00Z"),
    ])
}

/// The JSON of the run's report.
fn report(step: &crate::support::Step) -> Value {
    serde_json::from_slice(&step.report()).unwrap()
}

#[test]
fn a_row_has_githubs_columns_and_missing_values_are_null() {
    let simulator = Simulator::start(github(seats())).unwrap();
    let step = job(&simulator).run();
    step.succeeded();
    let row = |login: Value, authenticated: Value, activity: Value, surface: Value| {
        json!({
            "report_time": NOW, "login": login, "last_authenticated_at": authenticated,
            "last_activity_at": activity, "last_surface_used": surface,
        })
    };
    let null = || Value::Null;
    assert_eq!(
        report(&step)["rows"],
        json!([
            row(json!("Hubot"), null(), null(), json!("=cmd,\"x\"")),
            row(
                json!("mona-inactive"),
                null(),
                json!("2026-09-01T00:00:00Z"),
                null()
            ),
            row(json!("monalisa"), null(), null(), null()),
            row(null(), null(), null(), null()),
            row(
                json!("octocat"),
                json!("2026-11-01T01:52:53Z"),
                json!("2026-11-20T03:00:01Z"),
                json!("vscode/1.113.0/copilot-chat/0.41.1"),
            ),
        ])
    );
    let text = String::from_utf8(step.report()).unwrap();
    let rows = text
        .lines()
        .filter(|line| line.starts_with("    {\"report_time\":"));
    assert_eq!(rows.count(), 5, "a row is a line: {text}");
}

#[test]
fn all_columns_describe_the_seat_and_its_person() {
    let simulator = Simulator::start(github(seats())).unwrap();
    let step = job(&simulator).input("columns", "all").run();
    step.succeeded();
    let report = report(&step);
    let of = |login: Value| {
        let rows = report["rows"].as_array().unwrap();
        let mut row = rows
            .iter()
            .find(|row| row["login"] == login)
            .unwrap()
            .clone();
        for github in [
            "report_time",
            "login",
            "last_authenticated_at",
            "last_activity_at",
        ] {
            row.as_object_mut().unwrap().remove(github).unwrap();
        }
        row
    };
    assert_eq!(
        of(json!("octocat")),
        json!({
            "last_surface_used": "vscode/1.113.0/copilot-chat/0.41.1", "organization": "acme",
            "status": "active", "days_since_activity": 1,
            "last_known_activity_at": "2026-11-20T03:00:01Z",
            "surface": "vscode", "surface_version": "1.113.0", "plan_type": "business",
            "assigned_at": "2026-01-05T09:00:00Z", "assigning_team": "=1+1, \"team\"",
            "pending_cancellation_date": "2026-12-01", "user_id": 1,
        })
    );
    assert_eq!(
        of(json!("Hubot")),
        json!({
            "last_surface_used": "=cmd,\"x\"", "organization": "acme", "status": "new",
            "days_since_activity": null, "last_known_activity_at": null,
            "surface": "=cmd,\"x\"", "surface_version": null, "plan_type": "enterprise",
            "assigned_at": "2026-11-20T09:00:00Z", "assigning_team": null,
            "pending_cancellation_date": null, "user_id": 2,
        })
    );
    assert_eq!(
        of(Value::Null),
        json!({
            "last_surface_used": null, "organization": "acme", "status": null,
            "days_since_activity": null, "last_known_activity_at": null, "surface": null,
            "surface_version": null, "plan_type": "unknown", "assigned_at": null,
            "assigning_team": null, "pending_cancellation_date": null, "user_id": null,
        })
    );
    let monalisa = of(json!("monalisa"));
    assert_eq!(
        monalisa["assigning_team"], "8",
        "the ID if there is no name"
    );
    assert_eq!(
        (&monalisa["status"], &monalisa["plan_type"]),
        (&json!("inactive"), &Value::Null)
    );
    assert_eq!(of(json!("mona-inactive"))["days_since_activity"], 82);
}

#[test]
fn the_object_says_what_its_manifest_says_except_for_the_files() {
    for (seats, complete) in [
        (Seats::people(250), true),
        (Seats::people(0), true),
        (Seats::people(3).total_seats(TotalSeats::Fixed(9)), false),
    ] {
        let simulator = Simulator::start(github(seats)).unwrap();
        let step = job(&simulator).input("require-complete", "false").run();
        step.succeeded();
        let mut report = report(&step);
        let rows = report.as_object_mut().unwrap().remove("rows").unwrap();
        assert_eq!(
            rows.as_array().unwrap().len().to_string(),
            step.output("seats")
        );
        let path = step
            .output("report-path")
            .replace(".json", ".manifest.json");
        let manifest = fs::read(step.workspace.join(path)).unwrap();
        let mut manifest: Value = serde_json::from_slice(&manifest).unwrap();
        let files = manifest.as_object_mut().unwrap().remove("files").unwrap();
        assert_eq!(files[0]["sha256"], step.output("report-sha256"));
        assert_eq!(report, manifest);
        assert_eq!(report["complete"], complete);
        assert_eq!(
            report["incomplete_reasons"].as_array().unwrap().is_empty(),
            complete
        );
    }
}

#[test]
fn both_forms_are_written_hashed_listed_and_uploaded() {
    let github = github_of_two(seats(), Seats::people(3));
    let simulator = Simulator::start(github).unwrap();
    let step = job(&simulator)
        .input("organization", "acme, globex")
        .input("format", "json, csv")
        .input("deliver-to", "artifact")
        .run();
    step.succeeded();
    let paths: Vec<&str> = step.output("report-path").lines().collect();
    let hashes: Vec<&str> = step.output("report-sha256").lines().collect();
    let endings: Vec<String> = paths
        .iter()
        .map(|path| {
            let (_, name) = path.split_once('/').unwrap();
            let (scope, rest) = name.split_once('-').unwrap();
            format!("{scope} {}", rest.rsplit_once('.').unwrap().1)
        })
        .collect();
    assert_eq!(
        endings,
        ["acme csv", "acme json", "globex csv", "globex json"]
    );
    let artifact = unzip(&simulator.artifacts()[0].bytes);
    assert_eq!(artifact.len(), 6);
    for (path, hash) in paths.iter().zip(&hashes) {
        let file = fs::read(step.workspace.join(path)).unwrap();
        assert_eq!(*hash, hex::encode(sha2::Sha256::digest(&file)));
        let (_, name) = path.split_once('/').unwrap();
        assert_eq!(artifact[name], file);
        let stem = name.rsplit_once('.').unwrap().0;
        let manifest: Value =
            serde_json::from_slice(&artifact[&format!("{stem}.manifest.json")]).unwrap();
        let files = manifest["files"].as_array().unwrap();
        assert_eq!(files.len(), 2);
        let entry = json!({"name": name, "size": file.len(), "sha256": hash});
        assert!(files.contains(&entry), "{manifest}");
    }
    assert_no_violations(&simulator);
}

#[test]
fn every_person_has_one_status_and_the_counts_add_up() {
    let simulator = Simulator::start(github(seats())).unwrap();
    let step = job(&simulator).run();
    step.succeeded();
    let counts = ["people", "active", "new", "inactive", "never-used"];
    let counts = counts.map(|name| step.output(name).parse::<u32>().unwrap());
    assert_eq!(counts, [4, 1, 1, 2, 0]);
    let [people, rest @ ..] = counts;
    assert_eq!(people, rest.iter().sum::<u32>());

    // Granted within the 90 days that GitHub remembers, and not used since.
    simulator.change(|github| {
        let row = Row::of("octocat", 1).created("2026-09-15T00:00:00Z");
        github
            .organizations
            .insert("acme".to_owned(), Seats::rows([row]));
    });
    let step = job(&simulator).run();
    assert_eq!(
        (step.output("never-used"), step.output("inactive")),
        ("1", "0")
    );
}

#[test]
fn an_exceeded_limit_fails_the_run_after_everything_is_delivered() {
    for (limit, shown, exceeded) in [
        ("1", "1 person", true),
        ("2", "2 people", false),
        ("49.99%", "49.99%", true),
        ("50%", "50%", false),
    ] {
        let simulator = Simulator::start(github(seats())).unwrap();
        let step = job(&simulator)
            .input("deliver-to", "artifact, repository")
            .input("max-inactive", limit)
            .run();
        assert_eq!(step.status, i32::from(exceeded), "{}", step.printed());
        let annotation = format!(
            "::2 of 4 people (50.00%25) are inactive or have never used their seat. `max-inactive` allows {}. Everything was delivered",
            shown.replace('%', "%25")
        );
        assert_eq!(
            step.stdout.contains(&annotation),
            exceeded,
            "{}",
            step.stdout
        );
        assert_eq!(step.summary.contains("max-inactive"), exceeded);
        assert_eq!(simulator.artifacts().len(), 1);
        assert_eq!(step.output("commit-sha").len(), 40);
        assert_eq!(step.output("complete"), "true");
        assert_no_violations(&simulator);
    }
}

#[test]
fn seats_added_and_removed_since_the_last_record_are_counted() {
    let simulator = Simulator::start(github(seats())).unwrap();
    let job = job(&simulator).input("deliver-to", "repository");
    let first = job.run();
    first.succeeded();
    let of = |step: &crate::support::Step| {
        ["seats-added", "seats-removed", "changed"].map(|name| step.output(name).to_owned())
    };
    assert_eq!(of(&first)[2], "true");
    assert_eq!(of(&job.run()), ["0", "0", "false"]);
    simulator.change(|github| {
        let rows = [
            Row::of("Hubot", 2),
            Row::of("newcomer", 5),
            Row::of("another", 6),
        ];
        github
            .organizations
            .insert("acme".to_owned(), Seats::rows(rows));
    });
    let changed = job.variable("TEST_TIME", LATER).run();
    changed.succeeded();
    assert_eq!(of(&changed), ["2", "4", "true"]);
}
