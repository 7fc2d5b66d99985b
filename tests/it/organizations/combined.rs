//! `combined-report` adds one file with the rows of all organizations, and a manifest that says
//! what's in it.

use std::fs;

use crate::support::outcome_assertions::HEADER;
use crate::support::{
    Job, Step, TOKEN, assert_no_violations, files_below, github_of_two, sha256, unzip,
};
use serde_json::{Value, json};
use simulator::seat::Row;
use simulator::{At, Fault, GitHub, Kind, Operation, Seats, Simulator, Token};

const TIME: &str = "2026-03-02T03:17:00Z";

/// The stem of the files, with the time as seconds.
const STEM: &str = "copilot-activity-report/all-seat-activity-1772421420";

fn github() -> GitHub {
    let row = |login, id| Row::of(login, id).activity("2026-03-01T10:00:00Z");
    let acme = [row("octocat", 1), row("Hubot", 2), row("mona", 3)];
    let globex = [row("octocat", 1), row("ada", 4)];
    let reads = Token::new().copilot(["acme", "globex", "initech", "all"]);
    github_of_two(Seats::rows(acme), Seats::rows(globex))
        .organization("initech", Seats::rows([] as [Row; 0]))
        .organization("all", Seats::rows([row("mona", 3)]))
        .token(TOKEN, reads.scopes("read:org"))
}

fn job(simulator: &Simulator) -> Job {
    Job::on(simulator)
        .input("organization", "globex, acme, initech")
        .input("combined-report", "true")
        .variable("TEST_TIME", TIME)
}

fn text(step: &Step, path: &str) -> String {
    fs::read_to_string(step.workspace.join(path)).unwrap()
}

fn manifest(step: &Step) -> Value {
    serde_json::from_str(&text(step, &format!("{STEM}.manifest.json"))).unwrap()
}

#[test]
fn the_combined_report_has_the_rows_of_all_reports_in_the_order_of_a_report() {
    let simulator = Simulator::start(github()).unwrap();
    let step = job(&simulator).run();
    step.succeeded();
    let csv = text(&step, &format!("{STEM}.csv"));
    let row = |login: &str, organization: &str| {
        format!("{TIME},{login},None,2026-03-01T10:00:00Z,None,{organization}")
    };
    let expected = [
        format!("{HEADER},Organization"),
        row("ada", "globex"),
        row("Hubot", "acme"),
        row("mona", "acme"),
        row("octocat", "acme"),
        row("octocat", "globex"),
    ];
    let surface_free: Vec<String> = csv.lines().map(without_surface).collect();
    let expected: Vec<String> = expected.iter().map(|line| without_surface(line)).collect();
    assert_eq!(surface_free, expected);

    let manifest = manifest(&step);
    assert_eq!(manifest["report_time"], TIME);
    assert_eq!(manifest["complete"], true);
    assert_eq!(
        (&manifest["seats"], &manifest["people"]),
        (&json!(5), &json!(4))
    );
    assert_eq!(manifest["missing"], json!([]));
    assert_eq!(manifest["files"][0]["sha256"], sha256(csv.as_bytes()));
    let parts = manifest["parts"].as_array().unwrap();
    let rows: Vec<&Value> = parts.iter().map(|part| &part["rows"]).collect();
    assert_eq!(rows, [2, 3, 0]);
    for part in parts {
        let file = part["file"].as_str().unwrap();
        let content = text(&step, &format!("copilot-activity-report/{file}"));
        assert_eq!(part["sha256"], sha256(content.as_bytes()));
    }
    assert_no_violations(&simulator);
}

/// A line without the surface, which the simulator chooses.
fn without_surface(line: &str) -> String {
    let cells: Vec<&str> = line.split(',').collect();
    [&cells[..4], &cells[5..]].concat().join(",")
}

#[test]
fn the_combined_report_is_in_the_artifact_and_in_the_results_but_not_in_the_repository() {
    let simulator = Simulator::start(github()).unwrap();
    let step = job(&simulator)
        .input("deliver-to", "artifact, repository")
        .run();
    step.succeeded();
    let zip = unzip(&simulator.artifacts()[0].bytes);
    let results: Value = serde_json::from_str(&text(&step, step.output("results-path"))).unwrap();
    let combined = results["combined"].as_array().unwrap();
    for (file, extension) in combined.iter().zip(["csv", "manifest.json"]) {
        let path = format!("{STEM}.{extension}");
        assert_eq!(file["path"], path);
        let content = text(&step, &path);
        assert_eq!(file["sha256"], sha256(content.as_bytes()));
        let (_, name) = path.split_once('/').unwrap();
        assert_eq!(zip[name], content.into_bytes());
    }
    let directory = simulator.git_dir(crate::support::OWN);
    let paths = crate::support::git(&directory, &["ls-tree", "-r", "--name-only", "main"]);
    assert!(!paths.contains("all-seat"), "{paths}");
}

#[test]
fn with_all_columns_the_combined_report_has_all_columns() {
    let simulator = Simulator::start(github()).unwrap();
    let step = job(&simulator).input("columns", "all").run();
    step.succeeded();
    let parts = step.output("report-path").lines();
    let parts: Vec<String> = parts.map(|path| text(&step, path)).collect();
    let mut rows: Vec<&str> = parts.iter().flat_map(|part| part.lines().skip(1)).collect();
    let combined = text(&step, &format!("{STEM}.csv"));
    let (header, combined) = combined.split_once('\n').unwrap();
    assert_eq!(Some(header), parts[0].lines().next());
    let mut combined: Vec<&str> = combined.lines().collect();
    rows.sort_unstable();
    combined.sort_unstable();
    assert_eq!(combined, rows);
}

#[test]
fn a_missing_report_makes_the_combined_report_incomplete_and_is_named() {
    let simulator = Simulator::start(github()).unwrap();
    let seats = At::path("GET", "/orgs/acme/copilot");
    simulator.fault(Fault::always(seats, Kind::status(404, "Not Found")));
    let step = job(&simulator).run();
    let path = format!("{STEM}.csv");
    step.failed(
        1,
        &[
            "Not done: acme: no report.",
            &format!("Done: all organizations: written to {path} in the workspace"),
        ],
    );
    let manifest = manifest(&step);
    assert_eq!(manifest["complete"], false);
    assert_eq!(manifest["seats"], 2);
    let [missing] = &manifest["missing"].as_array().unwrap()[..] else {
        panic!("{manifest}");
    };
    assert_eq!(missing["scope"]["name"], "acme");
    let reason = missing["reason"].as_str().unwrap();
    assert!(reason.contains("404 Not Found"), "{reason}");
}

#[test]
fn a_file_that_changed_since_it_was_written_is_an_error_and_nothing_is_combined() {
    for change in ["appended", "replaced", "removed"] {
        let simulator = Simulator::start(github()).unwrap();
        let job = job(&simulator).input("deliver-to", "repository");
        let path = "copilot-activity-report/globex-seat-activity-1772421420.csv";
        let path = job.workspace().join(path);
        let tamper = Kind::change(move |_| {
            let content = fs::read_to_string(&path).unwrap();
            match change {
                "appended" => fs::write(&path, format!("{content}x,y,None,None,None\n")).unwrap(),
                "replaced" => fs::write(&path, content.replace("ada", "bob")).unwrap(),
                _ => fs::remove_file(&path).unwrap(),
            }
        });
        // All reports are written before they're committed.
        let at = At::Graphql(Operation::Mutation);
        simulator.fault(Fault::first(1, at, tamper));
        let step = job.run();
        let why = match change {
            "removed" => "No such file",
            _ => "globex-seat-activity-1772421420.csv was changed after it was written",
        };
        step.failed(1, &["Not done: no combined report. ", why]);
        let files = files_below(&step.workspace);
        let is_combined = |path: &std::path::PathBuf| path.to_str().unwrap().contains("/all-");
        assert!(!files.iter().any(is_combined), "{files:?}");
    }
}

#[test]
fn an_organization_with_the_name_of_the_combined_report_keeps_its_own_file() {
    let simulator = Simulator::start(github()).unwrap();
    let step = job(&simulator).input("organization", "acme, all").run();
    let why = "all-seat-activity-1772421420.csv is the report of all";
    step.failed(1, &["Not done: no combined report. ", why]);
    let own = text(&step, &format!("{STEM}.csv"));
    assert_eq!(own.lines().count(), 2, "{own}");
}

#[test]
fn the_combined_report_needs_csv_files_and_works_with_one_organization() {
    let simulator = Simulator::start(github()).unwrap();
    let step = job(&simulator).input("format", "json").run();
    step.failed(
        2,
        &["combined-report: combines CSV files, but `format` doesn't include `csv`"],
    );
    let step = job(&simulator).input("organization", "acme").run();
    step.succeeded();
    assert_eq!(manifest(&step)["seats"], 3);
    let step = Job::on(&simulator)
        .command_line(&["--organization=acme", "--combined-report", "--output=-"])
        .run();
    step.failed(2, &["`combined-report` adds another file"]);
}
