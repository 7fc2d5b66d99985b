//! `results.json` has the results for each organization, however many there are.

use std::fs;

use crate::support::{
    Job, OWN, Step, assert_no_violations, github, github_of_many, github_of_two, sha256, unzip,
};
use serde_json::{Value, json};
use simulator::{At, Fault, Kind, Seats, Simulator};

const TIME: &str = "2026-03-02T03:17:00Z";

fn results(step: &Step) -> Value {
    let path = step.output("results-path");
    assert_eq!(path, "copilot-activity-report/results.json");
    serde_json::from_slice(&fs::read(step.workspace.join(path)).unwrap()).unwrap()
}

fn refuse(simulator: &Simulator, organization: &str) {
    let seats = At::path("GET", &format!("/orgs/{organization}/copilot"));
    simulator.fault(Fault::always(seats, Kind::status(404, "Not Found")));
}

#[test]
fn each_organization_has_an_entry_also_if_it_failed() {
    let github = github_of_two(Seats::people(3), Seats::people(2));
    let simulator = Simulator::start(github).unwrap();
    refuse(&simulator, "globex");
    let step = Job::on(&simulator)
        .input("organization", "acme, globex")
        .input("deliver-to", "artifact, repository")
        .input("format", "csv, html")
        .variable("TEST_TIME", TIME)
        .run();
    step.failed(1, &["Not done: globex: no report."]);
    let results = results(&step);
    assert_eq!(results["schema_version"], 1);
    assert_eq!(results["combined"], json!([]));
    let [acme, globex] = &results["scopes"].as_array().unwrap()[..] else {
        panic!("{results}");
    };
    assert_eq!(acme["kind"], "organization");
    assert_eq!(acme["name"], "acme");
    assert!(acme["id"].is_u64(), "{acme}");
    assert_eq!(acme["error"], Value::Null);
    for (key, output) in [
        ("seats", "seats"),
        ("people", "people"),
        ("active", "active"),
        ("inactive", "inactive"),
        ("never_used", "never-used"),
        ("new", "new"),
        ("seats_added", "seats-added"),
        ("seats_removed", "seats-removed"),
        ("changed", "changed"),
    ] {
        assert_eq!(acme[key].to_string(), step.output(output), "{key}");
    }
    assert_eq!(acme["complete"], true);
    assert_eq!(acme["commit"]["sha"], step.output("commit-sha"));
    assert_eq!(acme["commit"]["url"], step.output("commit-url"));
    assert_eq!(acme["commit"]["verified"], true);
    assert_eq!(acme["pull_request_url"], Value::Null);
    let pages: Vec<&str> = step.output("page-url").lines().collect();
    let expected = [acme["page_url"].as_str(), results["page"]["url"].as_str()];
    assert_eq!(pages, expected.map(Option::unwrap));
    let files = acme["files"].as_array().unwrap();
    assert_eq!(files.len(), 3, "{files:?}");
    for file in files {
        let content = fs::read(step.workspace.join(file["path"].as_str().unwrap())).unwrap();
        assert_eq!(file["sha256"], sha256(&content));
    }
    let error = globex["error"].as_str().unwrap();
    assert!(error.starts_with("globex: no report. Reading"), "{error}");
    assert!(error.contains("Response: 404 Not Found"), "{error}");
    assert_eq!(globex["files"], json!([]));
    for key in ["id", "seats", "people", "complete", "changed", "commit"] {
        assert_eq!(globex[key], Value::Null, "{key}");
    }
    let zip = simulator.artifacts();
    let zip = zip
        .iter()
        .find(|one| one.name == step.output("artifact-name"));
    let names: Vec<String> = unzip(&zip.unwrap().bytes).into_keys().collect();
    assert!(!names.contains(&"results.json".to_owned()), "{names:?}");
    assert_no_violations(&simulator);
}

#[test]
fn with_25_organizations_only_the_file_has_each_of_them() {
    let (github, names) = github_of_many(25);
    let simulator = Simulator::start(github).unwrap();
    refuse(&simulator, "org-07");
    let step = Job::on(&simulator)
        .input("organization", &names)
        .input("deliver-to", "artifact, repository")
        .variable("TEST_TIME", TIME)
        .run();
    step.failed(1, &["Not done: org-07: no report."]);
    for output in ["report-path", "report-sha256", "page-url"] {
        assert_eq!(step.output(output), "", "{output}");
    }
    assert_ne!(step.output("commit-sha"), "");
    assert_eq!(step.output("seats"), (25 * 26 / 2 - 8).to_string());
    assert_eq!(step.output("complete"), "false");
    let results = results(&step);
    let scopes = results["scopes"].as_array().unwrap();
    for (number, (scope, name)) in scopes.iter().zip(names.split(',')).enumerate() {
        assert_eq!(scope["name"], name);
        match number {
            7 => assert_ne!(scope["error"], Value::Null),
            _ => assert_eq!(scope["seats"], number + 1),
        }
    }
    assert_eq!(scopes.len(), 25);
    assert_no_violations(&simulator);
}

#[test]
fn a_failed_commit_is_an_error_although_there_is_a_report() {
    let simulator = Simulator::start(github(Seats::people(3))).unwrap();
    let refused = Kind::status(403, "Resource not accessible by integration");
    simulator.fault(Fault::always(At::path("POST", "/graphql"), refused));
    let step = Job::on(&simulator)
        .input("deliver-to", "repository")
        .input("repository", OWN)
        .run();
    step.failed(1, &["Not done: acme: not committed."]);
    let results = results(&step);
    let acme = &results["scopes"][0];
    assert_eq!(acme["seats"], 3);
    assert_eq!(acme["commit"], Value::Null);
    let error = acme["error"].as_str().unwrap();
    assert!(error.starts_with("acme: not committed."), "{error}");
}

#[test]
fn a_report_alone_comes_without_results() {
    let simulator = Simulator::start(github(Seats::people(3))).unwrap();
    let step = Job::on(&simulator)
        .variable("COPILOT_REPORT_TOKEN", crate::support::TOKEN)
        .command_line(&["--organization", "acme", "--output", "report.csv"])
        .run();
    step.succeeded();
    let names = fs::read_dir(&step.workspace).unwrap();
    let names: Vec<_> = names.map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, ["report.csv"]);
}
