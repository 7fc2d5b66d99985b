//! The manifest says where a report comes from: the program, the action, the run, who read it, and
//! which requests GitHub answered. It names no token and, with pseudonyms, no person.

use std::fs;

use serde_json::{Value, json};
use simulator::{App, At, Fault, GitHub, Installation, Kind, Paging, Seats, Simulator, Token};

use crate::support::keys::{self, CLIENT_ID};
use crate::support::{Job, Step, TOKEN, assert_no_violations, files_below, github};

fn job(simulator: &Simulator) -> Job {
    Job::on(simulator).input("deliver-to", "none")
}

fn manifest(step: &Step) -> Value {
    step.succeeded();
    let files = files_below(&step.workspace);
    let is_manifest =
        |path: &&std::path::PathBuf| path.to_string_lossy().ends_with(".manifest.json");
    let path = files.iter().find(is_manifest).unwrap();
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

#[test]
fn program_action_and_run_are_recorded_as_far_as_they_are_known() {
    let simulator = Simulator::start(github(Seats::people(3))).unwrap();
    let image = format!(
        "ghcr.io/octocat/copilot-activity-report@sha256:{}",
        "0a".repeat(32)
    );
    let step = job(&simulator)
        .variable(
            "GITHUB_ACTION_REPOSITORY",
            "octocat/copilot-activity-report",
        )
        .variable("GITHUB_ACTION_REF", "v1")
        .variable("ACTION_IMAGE", &image)
        .variable(
            "GITHUB_WORKFLOW_REF",
            "octo/tools/.github/workflows/report.yml@refs/heads/main",
        )
        .variable("GITHUB_WORKFLOW_SHA", &"b".repeat(40))
        .variable("RUNNER_ENVIRONMENT", "github-hosted")
        .input("inactive-after-days", "45")
        .run();
    let known = manifest(&step);
    assert_eq!(known["schema_version"], 2);
    assert_eq!(known["generator"]["image"], image);
    assert_eq!(known["generator"]["version"], env!("CARGO_PKG_VERSION"));
    let action = json!({"repository": "octocat/copilot-activity-report", "ref": "v1"});
    assert_eq!(known["action"], action);
    assert_eq!(known["api_version"], "2022-11-28");
    assert_eq!(known["inactive_after_days"], 45);
    let run = &known["run"];
    assert_eq!(
        run["workflow_ref"],
        "octo/tools/.github/workflows/report.yml@refs/heads/main"
    );
    assert_eq!(run["workflow_sha"], "b".repeat(40));
    assert_eq!(run["runner_environment"], "github-hosted");

    let step = job(&simulator)
        .variable("ACTION_IMAGE", "ghcr.io/octocat/report:v1")
        .run();
    let unknown = manifest(&step);
    // Only a release's image is built with its commit.
    for (key, part) in [
        ("generator", "commit"),
        ("generator", "image"),
        ("run", "workflow_ref"),
        ("run", "workflow_sha"),
        ("run", "runner_environment"),
    ] {
        assert_eq!(unknown[key].get(part), Some(&Value::Null), "{key}.{part}");
    }
    assert_eq!(unknown.get("action"), Some(&Value::Null));
    assert_eq!(unknown["inactive_after_days"], 30);
}

#[test]
fn the_type_of_the_token_is_recorded_and_never_its_value() {
    for (token, form) in [
        (
            "ghp_0123456789abcdef0123456789abcdef0123",
            "classic personal access token",
        ),
        (
            "github_pat_0123456789abcdef0123456789abcdef",
            "fine-grained personal access token",
        ),
        (
            "gho_0123456789abcdef0123456789abcdef0123",
            "OAuth access token",
        ),
        (
            "ghu_0123456789abcdef0123456789abcdef0123",
            "GitHub App user access token",
        ),
        (
            "ghs_0123456789abcdef0123456789abcdef0123",
            "GitHub App installation access token",
        ),
        ("0123456789abcdef0123456789abcdef01234567", "unknown"),
    ] {
        let github = github(Seats::people(3)).token(token, Token::new().copilot(["acme"]));
        let simulator = Simulator::start(github).unwrap();
        let step = job(&simulator).input("token", token).run();
        let reader = &manifest(&step)["reader"];
        assert_eq!(*reader, json!({"kind": "token", "type": form}));
    }
}

#[test]
fn an_app_is_recorded_by_its_client_id() {
    let app = App::new(&keys::public()).installed(Installation::organization("acme"));
    let simulator = Simulator::start(github(Seats::people(3)).app(CLIENT_ID, app)).unwrap();
    let step = job(&simulator)
        .without("INPUT_TOKEN")
        .input("app-client-id", CLIENT_ID)
        .input("app-private-key", &keys::pem())
        .run();
    let manifest = manifest(&step);
    assert_eq!(
        manifest["reader"],
        json!({"kind": "app", "client_id": CLIENT_ID})
    );
    assert_eq!(manifest["control"]["status"], 200);
    assert_no_violations(&simulator);
}

/// The requests in a manifest, and the statuses and request IDs of the first and the last page.
fn requests(github: GitHub, fault: Option<Fault>, inputs: &[(&str, &str)]) -> Value {
    let simulator = Simulator::start(github).unwrap();
    if let Some(fault) = fault {
        simulator.fault(fault);
    }
    let job = inputs
        .iter()
        .fold(job(&simulator), |job, (name, value)| job.input(name, value));
    manifest(&job.run())["requests"].clone()
}

#[test]
fn the_first_and_the_last_page_are_recorded_with_their_request_ids() {
    for paging in [Paging::Last, Paging::NextOnly, Paging::Cursor] {
        let seats = Seats::people(250).paging(paging.clone());
        let found = requests(github(seats), None, &[]);
        assert_eq!(found["path"], "/orgs/acme/copilot/billing/seats");
        assert_eq!(found["parameters"], json!({"per_page": "100"}));
        for (page, number) in [("first", 1), ("last", 3)] {
            let page = &found[page];
            assert_eq!(
                (&page["page"], &page["status"]),
                (&json!(number), &json!(200)),
                "{paging:?}"
            );
            assert!(
                page["request_id"].as_str().unwrap().starts_with("C0DE:"),
                "{page}"
            );
        }
        assert_ne!(found["first"]["request_id"], found["last"]["request_id"]);
    }
    let one = requests(github(Seats::people(0)), None, &[]);
    assert_eq!(one["first"], one["last"]);
    let token = Token::new().enterprise(["octocorp"]);
    let enterprise = github(Seats::people(0))
        .enterprise("octocorp", Seats::enterprise_people(20))
        .token(TOKEN, token);
    let found = requests(enterprise, None, &[("enterprise", "octocorp")]);
    assert_eq!(found["path"], "/enterprises/octocorp/copilot/billing/seats");
}

#[test]
fn the_requests_are_those_of_the_reading_that_the_report_is_from() {
    let revoke = Kind::change(|github| {
        drop(github.organizations.get_mut("acme").unwrap().rows.remove(3));
    });
    let simulator = Simulator::start(github(Seats::people(250))).unwrap();
    simulator.fault(Fault::once(At::SeatsPage(3), revoke));
    // Each response of the second reading has its own ID.
    let marked = Kind::Headers(vec![(
        "x-github-request-id".to_owned(),
        "C0DE:SECOND".to_owned(),
    )]);
    simulator.fault(Fault {
        at: At::SeatsPage(1),
        nth: simulator::Nth::From(2),
        kind: marked,
    });
    let found = manifest(&job(&simulator).run())["requests"].clone();
    assert_eq!(found["first"]["request_id"], "C0DE:SECOND");
    assert_eq!(found["last"]["page"], 3);
}

#[test]
fn a_request_id_that_is_no_request_id_is_not_recorded() {
    let odd = Kind::Headers(vec![(
        "x-github-request-id".to_owned(),
        "octocat says <hi>".to_owned(),
    )]);
    let found = requests(
        github(Seats::people(3)),
        Some(Fault::always(At::Seats, odd)),
        &[],
    );
    assert_eq!(found["first"]["request_id"], Value::Null);
    assert_eq!(found["first"]["status"], 200);
}

#[test]
fn with_pseudonyms_the_manifest_names_no_person() {
    let simulator = Simulator::start(github(Seats::people(3))).unwrap();
    let step = job(&simulator)
        .input("pseudonym-key", "a secret of thirty-two characters")
        .variable("GITHUB_ACTOR", "monalisa")
        .run();
    let manifest = manifest(&step);
    assert_eq!(manifest["run"]["actor"], Value::Null);
    let text = manifest.to_string();
    for name in ["octocat", "monalisa", "hubot"] {
        assert!(!text.contains(name), "{name}: {text}");
    }
}

/// Runs a job with the runner's list of files to attest. Returns what the list has then.
fn run_with_list(job: Job) -> (Step, String) {
    let list = job.workspace().join("../artifacts");
    fs::write(&list, "").unwrap();
    let step = job
        .variable("GITHUB_ARTIFACTS", list.to_str().unwrap())
        .run();
    step.succeeded();
    let text = fs::read_to_string(&list).unwrap();
    (step, text)
}

#[test]
fn the_runner_gets_the_paths_of_all_files_to_attest_them() {
    let simulator = Simulator::start(github(Seats::people(3))).unwrap();
    let job = job(&simulator).input("format", "csv, json, html");
    let (step, text) = run_with_list(job);
    let mut listed: Vec<&str> = text.lines().collect();
    listed.sort_unstable();
    let written = files_below(&step.workspace);
    let written = written.iter().map(|path| {
        path.strip_prefix(&step.workspace)
            .unwrap()
            .to_str()
            .unwrap()
    });
    assert_eq!(listed, written.collect::<Vec<_>>());
    assert_eq!(listed.len(), 4);
}

#[test]
fn a_list_for_the_runner_that_cannot_be_written_fails_nothing() {
    let simulator = Simulator::start(github(Seats::people(3))).unwrap();
    let step = job(&simulator)
        .variable("GITHUB_ARTIFACTS", "/nowhere/artifacts")
        .run();
    step.succeeded();
    let warning = "Couldn't list the files in the file in GITHUB_ARTIFACTS";
    assert!(
        step.warnings().join("\n").contains(warning),
        "{}",
        step.stdout
    );

    // The runner accepts no path with an equals sign.
    let job = job(&simulator).input("output-directory", "a=b");
    let (step, text) = run_with_list(job);
    assert_eq!(text, "");
    let warning = "The file in GITHUB_ARTIFACTS doesn't list 2 of the files";
    assert!(
        step.warnings().join("\n").contains(warning),
        "{}",
        step.stdout
    );

    let job = Job::on(&simulator)
        .command_line(&["--organization", "acme", "--output", "-"])
        .variable("GITHUB_TOKEN", TOKEN);
    let (_, text) = run_with_list(job);
    assert_eq!(text, "");
}
