//! Whose history a folder contains. A run never continues the history of another organization, and
//! a renamed organization keeps its own.

use std::path::Path;

use crate::support::{
    Job, OWN, Step, TOKEN, assert_intact, checkout, commit_file, file, files_below, git, git_with,
    github, github_of_two,
};
use serde_json::{Value, json};
use simulator::seat::Row;
use simulator::{At, Fault, GitHub, Kind, Operation, Seats, Simulator, Token};

const DAY_1: &str = "2026-03-02T03:00:00Z";
const DAY_2: &str = "2026-03-03T03:00:00Z";
const DAY_3: &str = "2026-03-04T03:00:00Z";

fn octocat() -> Row {
    Row::of("octocat", 1).activity("2026-03-01T10:00:00Z")
}

fn hubot() -> Row {
    Row::of("hubot", 2).activity("2026-03-01T11:00:00Z")
}

fn job(simulator: &Simulator, scope: &str, time: &str) -> Job {
    Job::on(simulator)
        .input("deliver-to", "artifact,repository")
        .input("organization", scope)
        .variable("TEST_TIME", time)
}

/// A GitHub with two organizations without seats.
fn two() -> GitHub {
    github_of_two(Seats::rows([octocat()]), Seats::rows([hubot()]))
}

/// Moves folders of the repository one after the other, as `git mv` does.
fn move_folders(simulator: &Simulator, moves: &[(&str, &str)]) {
    move_folders_in(&simulator.git_dir(OWN), moves);
}

fn move_folders_in(directory: &Path, moves: &[(&str, &str)]) {
    let mut commit = "commit refs/heads/main\n\
         committer Mona Lisa <mona@example.com> 1772400000 +0000\n\
         data 4\nmove\n\
         from refs/heads/main^0\n"
        .to_owned();
    for (from, to) in moves {
        commit.push_str(&format!("R {from} {to}\n"));
    }
    git_with(directory, &["fast-import", "--quiet"], commit.as_bytes());
}

/// Swaps the folders of acme and globex.
const SWAP: [(&str, &str); 3] = [
    ("copilot-activity/acme", "aside"),
    ("copilot-activity/globex", "copilot-activity/acme"),
    ("aside", "copilot-activity/globex"),
];

fn head(simulator: &Simulator) -> String {
    git(&simulator.git_dir(OWN), &["rev-parse", "main"])
}

fn text(simulator: &Simulator, path: &str) -> String {
    let name = format!("main:copilot-activity/{path}");
    String::from_utf8(file(&simulator.git_dir(OWN), &name)).unwrap()
}

fn manifest(simulator: &Simulator, folder: &str, time: &str) -> Value {
    let path = format!("{folder}/reports/2026/{}.json", &time[..10]);
    serde_json::from_str(&text(simulator, &path)).unwrap()
}

/// Sets or removes the ID in a manifest.
fn set_id(simulator: &Simulator, folder: &str, time: &str, id: Option<u32>) {
    let mut manifest = manifest(simulator, folder, time);
    let scope = manifest["scope"].as_object_mut().unwrap();
    match id {
        Some(id) => scope.insert("id".to_owned(), id.into()),
        None => scope.remove("id"),
    };
    let path = format!(
        "copilot-activity/{folder}/reports/2026/{}.json",
        &time[..10]
    );
    let content = serde_json::to_vec_pretty(&manifest).unwrap();
    commit_file(&simulator.git_dir(OWN), &path, &content);
}

fn number_of(simulator: &Simulator, name: &str) -> u32 {
    let mut number = 0;
    simulator.change(|github| number = github.number_of(name));
    number
}

/// How often the organizations themselves were requested.
fn organization_requests(simulator: &Simulator) -> usize {
    let requests = simulator.requests();
    let is_organization = |path: &str| path.starts_with("/orgs/") && path.matches('/').count() == 2;
    requests
        .iter()
        .filter(|request| is_organization(&request.path_and_query))
        .count()
}

fn verify(simulator: &Simulator) -> Step {
    let clone = checkout(simulator, OWN);
    let arguments = ["verify", clone.path().to_str().unwrap(), "--expect=any"];
    Job::alone().command_line(&arguments).run()
}

/// Checks that a run changed nothing in the repository.
fn assert_nothing_recorded(simulator: &Simulator, step: &Step, before: &str) {
    assert_eq!(head(simulator), before, "{}", step.printed());
    assert_eq!(step.output("commit-sha"), "");
    assert_intact(simulator, OWN);
}

/// Checks that a run delivered nothing.
fn assert_nothing_published(simulator: &Simulator, step: &Step, before: &str) {
    assert_nothing_recorded(simulator, step, before);
    let files = files_below(&step.workspace);
    assert!(files.is_empty(), "{files:?}");
    assert_eq!(step.output("report-path"), "");
    assert_eq!(step.output("artifact-name"), "");
}

#[test]
fn a_recorded_manifest_has_the_github_id_of_the_organization() {
    let simulator = Simulator::start(github(Seats::people(250))).unwrap();
    let step = job(&simulator, "Acme", DAY_1).run();
    step.succeeded();
    let id = number_of(&simulator, "acme");
    let expected = json!({ "kind": "organization", "name": "Acme", "id": id });
    assert_eq!(manifest(&simulator, "acme", DAY_1)["scope"], expected);
    assert_eq!(
        organization_requests(&simulator),
        1,
        "one request for each organization"
    );
    assert_intact(&simulator, OWN);
}

#[test]
fn no_organization_id_is_requested_without_a_repository_to_record_in() {
    let simulator = Simulator::start(github(Seats::people(3))).unwrap();
    let step = job(&simulator, "acme", DAY_1)
        .input("deliver-to", "artifact")
        .run();
    step.succeeded();
    assert_eq!(organization_requests(&simulator), 0);
    let files = files_below(&step.workspace);
    let manifest = files
        .iter()
        .find(|path| path.to_str().unwrap().ends_with(".manifest.json"));
    let manifest: Value =
        serde_json::from_slice(&std::fs::read(manifest.unwrap()).unwrap()).unwrap();
    assert_eq!(manifest["scope"]["id"], Value::Null);
}

#[test]
fn an_enterprise_has_an_id() {
    let read = Token::new()
        .enterprise(["octocorp"])
        .scopes("read:enterprise");
    let github = github(Seats::people(1))
        .enterprise("octocorp", Seats::enterprise_people(3))
        .token(TOKEN, read);
    let simulator = Simulator::start(github).unwrap();
    let job = Job::on(&simulator)
        .input("deliver-to", "repository")
        .input("enterprise", "octocorp")
        .variable("TEST_TIME", DAY_1);
    job.run().succeeded();
    let id = number_of(&simulator, "octocorp");
    let scope = &manifest(&simulator, "octocorp", DAY_1)["scope"];
    assert_eq!(
        *scope,
        json!({ "kind": "enterprise", "name": "octocorp", "id": id })
    );
    let not_found = Kind::GraphqlError {
        error_type: Some("INSUFFICIENT_SCOPES".to_owned()),
        message: "Your token has not been granted the required scopes".to_owned(),
    };
    simulator.fault(Fault::first(1, At::Graphql(Operation::Query), not_found));
    job.variable("TEST_TIME", DAY_2).run().succeeded();
    let scope = &manifest(&simulator, "octocorp", DAY_2)["scope"];
    assert_eq!(scope["id"], Value::Null);
    verify(&simulator).succeeded();
    assert_intact(&simulator, OWN);
}

#[test]
fn an_id_that_github_does_not_return_is_unknown_and_does_not_fail_the_run() {
    for kind in [
        Kind::status(404, "Not Found"),
        Kind::status(403, "Resource not accessible by integration"),
        Kind::status(502, "Bad Gateway"),
        Kind::Html(200),
        Kind::Reset,
        Kind::rewrite(|json| json["id"] = "1\n::error::injected".into()),
        Kind::rewrite(|json| json["id"] = (-1).into()),
        Kind::rewrite(|json| *json = json!([1])),
    ] {
        let what = format!("{kind:?}");
        let simulator = Simulator::start(github(Seats::people(3))).unwrap();
        job(&simulator, "acme", DAY_1).run().succeeded();
        simulator.fault(Fault::always(At::Organization, kind));
        let step = job(&simulator, "acme", DAY_2)
            .variable("TEST_WAIT_SCALE", "0.001")
            .run();
        step.succeeded();
        let scope = &manifest(&simulator, "acme", DAY_2)["scope"];
        assert_eq!(scope["id"], Value::Null, "{what}");
        simulator.clear_faults();
        job(&simulator, "acme", DAY_3).run().succeeded();
        verify(&simulator).succeeded();
    }
}

#[test]
fn a_folder_swapped_with_another_is_rejected_before_anything_is_published() {
    let simulator = Simulator::start(two()).unwrap();
    job(&simulator, "acme,globex", DAY_1).run().succeeded();
    let artifacts = simulator.artifacts().len();
    move_folders(&simulator, &SWAP);
    let before = head(&simulator);
    let verified = verify(&simulator);
    let ids = ["acme", "globex"].map(|name| number_of(&simulator, name));
    for (folder, other, id) in [("acme", "globex", ids[1]), ("globex", "acme", ids[0])] {
        let what = format!(
            "copilot-activity/{folder}/reports/2026/2026-03-02.json is of the organization {other} (ID {id}), but the folder's name is {folder}"
        );
        verified.failed(1, &[&what]);
    }
    let step = job(&simulator, "acme,globex", DAY_2).run();
    step.failed(
        1,
        &[
            "Not published",
            "copilot-activity/acme of octo/tools",
            &format!(
                "the history of the organization globex (ID {}), not of the organization acme (ID {})",
                ids[1], ids[0]
            ),
            &format!(
                "the history of the organization acme (ID {}), not of the organization globex (ID {})",
                ids[0], ids[1]
            ),
            "swap them back",
        ],
    );
    assert_nothing_published(&simulator, &step, &before);
    assert_eq!(simulator.artifacts().len(), artifacts);
    // After the folders are swapped back, both histories continue.
    move_folders(&simulator, &SWAP);
    let step = job(&simulator, "acme,globex", DAY_2).run();
    step.succeeded();
    assert_eq!(
        (step.output("seats-added"), step.output("seats-removed")),
        ("0", "0")
    );
    verify(&simulator).succeeded();
}

#[test]
fn folders_that_are_swapped_during_a_run_are_rejected_at_the_commit() {
    let simulator = Simulator::start(two()).unwrap();
    job(&simulator, "acme,globex", DAY_1).run().succeeded();
    let directory = simulator.git_dir(OWN);
    let swap = Kind::change(move |_| move_folders_in(&directory, &SWAP));
    simulator.fault(Fault::first(1, At::Graphql(Operation::Mutation), swap));
    let step = job(&simulator, "acme", DAY_2).run();
    step.failed(
        1,
        &[
            "Not done: acme: not committed",
            "the history of the organization globex (ID ",
            "Done: acme: written to",
        ],
    );
    assert_eq!(step.output("commit-sha"), "");
    let message = git(&simulator.git_dir(OWN), &["log", "-1", "--format=%s"]);
    assert_eq!(message, "move\n");
    assert_intact(&simulator, OWN);
}

#[test]
fn a_renamed_organization_starts_no_second_history_and_continues_once_moved() {
    let simulator = Simulator::start(github(Seats::rows([octocat(), hubot()]))).unwrap();
    job(&simulator, "acme", DAY_1).run().succeeded();
    simulator.change(|github| github.rename("acme", "globex"));
    let before = head(&simulator);
    let step = job(&simulator, "globex", DAY_2).run();
    step.failed(
        1,
        &[
            "Not done: globex: not committed",
            "the organization acme was renamed to globex",
            "`git mv copilot-activity/acme copilot-activity/globex`",
            "Done: globex: written to",
            "Done: uploaded as the artifact",
        ],
    );
    assert_nothing_recorded(&simulator, &step, &before);
    assert_eq!(simulator.artifacts().len(), 2);
    assert_eq!(step.output("seats"), "2");

    move_folders(
        &simulator,
        &[("copilot-activity/acme", "copilot-activity/globex")],
    );
    let step = job(&simulator, "globex", DAY_2).run();
    step.succeeded();
    assert_eq!(
        (
            step.output("changed"),
            step.output("seats-added"),
            step.output("seats-removed")
        ),
        ("false", "0", "0")
    );
    let later = manifest(&simulator, "globex", DAY_2);
    assert_eq!(later["scope"]["name"], "globex");
    assert_eq!(later["previous"]["name"], "reports/2026/2026-03-02.json");
    let verified = verify(&simulator);
    verified.succeeded();
    assert!(
        verified.stdout.contains("organization globex, 2 days"),
        "{}",
        verified.stdout
    );
    job(&simulator, "globex", DAY_3).run().succeeded();
    verify(&simulator).succeeded();
    assert_intact(&simulator, OWN);
}

#[test]
fn a_rename_is_found_among_many_folders_and_years_and_reported_with_quotes() {
    let simulator = Simulator::start(two()).unwrap();
    let directory = "a b/it's";
    let job = |scope: &str, time: &str| {
        job(&simulator, scope, time)
            .input("deliver-to", "repository")
            .input("directory", directory)
    };
    job("globex", "2024-05-05T03:00:00Z").run().succeeded();
    job("acme", "2025-12-31T03:00:00Z").run().succeeded();
    let repository = simulator.git_dir(OWN);
    commit_file(&repository, "a b/it's/notes.md", b"notes\n");
    commit_file(&repository, "a b/it's/plans/reports/2026/x.txt", b"x\n");
    // A folder for a year, without a manifest.
    commit_file(&repository, "a b/it's/acme/reports/2026/.keep", b"");
    simulator.change(|github| github.rename("acme", "initech"));
    let step = job("initech", DAY_1).run();
    let command = r"`git mv 'a b/it'\''s/acme' 'a b/it'\''s/initech'`";
    step.failed(1, &[command]);
    // The same at the root of the repository.
    let simulator = Simulator::start(two()).unwrap();
    let job = |scope: &str, time: &str| {
        Job::on(&simulator)
            .input("deliver-to", "repository")
            .input("organization", scope)
            .input("directory", ".")
            .variable("TEST_TIME", time)
    };
    job("acme", DAY_1).run().succeeded();
    simulator.change(|github| github.rename("acme", "initech"));
    job("initech", DAY_2)
        .run()
        .failed(1, &["`git mv acme initech`"]);
    job("globex", DAY_2).run().succeeded();
}

#[test]
fn an_organization_that_takes_a_freed_name_gets_its_own_history() {
    let simulator = Simulator::start(github(Seats::rows([octocat()]))).unwrap();
    job(&simulator, "acme", DAY_1).run().succeeded();
    simulator.change(|github| {
        github.rename("acme", "globex");
        github
            .organizations
            .insert("acme".to_owned(), Seats::rows([hubot()]));
    });
    let before = head(&simulator);
    let step = job(&simulator, "acme", DAY_2).run();
    let ids = ["globex", "acme"].map(|name| number_of(&simulator, name));
    let message = format!(
        "the history of the organization acme (ID {}), not of the organization acme (ID {})",
        ids[0], ids[1]
    );
    step.failed(1, &["Not published", &message]);
    assert_nothing_published(&simulator, &step, &before);
}

#[test]
fn manifests_without_an_id_stay_valid_and_a_rename_needs_confirmation() {
    let simulator = Simulator::start(github(Seats::rows([octocat()]))).unwrap();
    job(&simulator, "acme", DAY_1).run().succeeded();
    // Earlier versions wrote manifests without an ID.
    set_id(&simulator, "acme", DAY_1, None);
    verify(&simulator).succeeded();
    job(&simulator, "acme", DAY_2).run().succeeded();
    verify(&simulator).succeeded();
    set_id(&simulator, "acme", DAY_2, None);

    simulator.change(|github| github.rename("acme", "globex"));
    move_folders(
        &simulator,
        &[("copilot-activity/acme", "copilot-activity/globex")],
    );
    let before = head(&simulator);
    let id = number_of(&simulator, "globex");
    let step = job(&simulator, "globex", DAY_3).run();
    step.failed(
        1,
        &[
            "Not published",
            &format!(
                "the history of the organization acme, not of the organization globex (ID {id})"
            ),
            &format!("add `\"id\": {id}` to `scope` in reports/2026/2026-03-03.json"),
        ],
    );
    assert_nothing_published(&simulator, &step, &before);
    set_id(&simulator, "globex", DAY_2, Some(id));
    let step = job(&simulator, "globex", DAY_3).run();
    step.succeeded();
    assert_eq!(step.output("changed"), "false");
    verify(&simulator).succeeded();
    assert_intact(&simulator, OWN);
}

#[test]
fn a_run_without_a_known_id_does_not_continue_under_another_name() {
    let simulator = Simulator::start(github(Seats::rows([octocat()]))).unwrap();
    job(&simulator, "acme", DAY_1).run().succeeded();
    simulator.change(|github| github.rename("acme", "globex"));
    move_folders(
        &simulator,
        &[("copilot-activity/acme", "copilot-activity/globex")],
    );
    let refused = Kind::status(403, "Forbidden");
    simulator.fault(Fault::always(At::Organization, refused));
    let before = head(&simulator);
    let step = job(&simulator, "globex", DAY_2).run();
    let message = "not of the organization globex (its ID couldn't be read)";
    step.failed(1, &["Not published", message]);
    assert_nothing_published(&simulator, &step, &before);
}
