//! The pull requests of runs over many organizations, which people merge or close at any time.

use std::fs;

use serde_json::Value;
use simulator::seat::Row;
use simulator::{
    App, At, Ending, Fault, GitHub, Installation, Kind, Nth, Operation, Repository, Seats,
    Simulator,
};

use super::many_organizations::assert_verified;
use crate::support::keys::{self, CLIENT_ID};
use crate::support::pulls::{address, branches, protected, pulls, writes};
use crate::support::{COMMIT_TOKEN, Job, OWN, Step, assert_intact, git};

const NAMES: [&str; 2] = ["acme", "globex"];

const DAY_1: &str = "2026-03-02T06:00:00Z";
const DAY_2: &str = "2026-03-03T06:00:00Z";

/// An App on all organizations, and a repository whose `main` requires pull requests.
fn start(repository: Repository) -> Simulator {
    let github = NAMES.iter().fold(GitHub::new(), |github, name| {
        github.organization(name, Seats::people(3))
    });
    let github = github
        .repository(OWN, repository)
        .token(COMMIT_TOKEN, writes());
    let simulator = Simulator::start(github).unwrap();
    install(&simulator, &NAMES);
    simulator
}

/// Installs the App on these organizations, and no others.
fn install(simulator: &Simulator, names: &[&str]) {
    let installations = names.iter().map(|name| Installation::organization(name));
    let app = installations.fold(App::new(&keys::public()), App::installed);
    simulator.change(|github| drop(github.apps.insert(CLIENT_ID.to_owned(), app)));
}

fn job(simulator: &Simulator, time: &str) -> Job {
    Job::on(simulator)
        .without("INPUT_TOKEN")
        .input("app-client-id", CLIENT_ID)
        .input("app-private-key", &keys::pem())
        .input("organization", "*")
        .input("deliver-to", "repository")
        .input("pull-request", "true")
        .variable("TEST_TIME", time)
        // Large requests are slow on a busy machine.
        .variable("TEST_WAIT_SCALE", "1")
}

fn run(simulator: &Simulator, time: &str) -> Step {
    let step = job(simulator, time).run();
    step.succeeded();
    step
}

/// Half a commit: about 4.5 MB, and it's in three files.
fn large(name: &str) -> Seats {
    let surface = "x".repeat(90_000);
    let people = (1..=55).map(|n| Row::of(&format!("{name}-{n}"), n).surface(&surface));
    Seats::rows(people)
}

/// The commits and the pull request of the organizations, from `results.json`.
fn results(step: &Step) -> Vec<(String, String)> {
    let results = fs::read(step.workspace.join(step.output("results-path"))).unwrap();
    let results: Value = serde_json::from_slice(&results).unwrap();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let scopes = results["scopes"].as_array().unwrap().iter();
    let scopes = scopes.map(|one| (text(&one["commit"]["sha"]), text(&one["pull_request_url"])));
    scopes.collect()
}

/// The reports on `main`, such as `acme 2026-03-02`.
fn recorded(simulator: &Simulator) -> Vec<String> {
    let paths = ["ls-tree", "-r", "--name-only", "main"];
    let paths = git(&simulator.git_dir(OWN), &paths);
    let reports = paths.lines().filter_map(|path| {
        let (folder, day) = path.strip_suffix(".json")?.split_once("/reports/2026/")?;
        Some(format!("{} {day}", folder.rsplit('/').next()?))
    });
    reports.collect()
}

/// Merges the only open pull request.
fn merge(simulator: &Simulator) {
    let open = pulls(simulator).into_iter();
    let open: Vec<_> = open.filter(|(.., ending)| ending.is_none()).collect();
    let [(number, ..)] = open[..] else {
        panic!("not one pull request: {open:?}");
    };
    let merged = simulator.end_pull_request(OWN, number, Ending::Merged);
    merged.unwrap();
}

#[test]
fn a_merge_between_two_commits_of_a_run_loses_nothing() {
    // GitHub refuses the second commit, because the branch is gone.
    let simulator = start(protected().deleting_merged_branches());
    run(&simulator, DAY_1);
    simulator.change(|github| {
        for name in NAMES {
            github.organizations.insert(name.to_owned(), large(name));
        }
    });
    simulator.fault(Fault {
        at: At::Graphql(Operation::Mutation),
        nth: Nth::Only(2),
        kind: Kind::EndPullRequest(Ending::Merged),
    });
    // To look for secrets in so many megabytes takes longer than all the rest.
    let step = job(&simulator, DAY_2).without_simulator_checks().run();
    step.succeeded();
    // Each report has its own commit, in its own pull request.
    let results = results(&step);
    let [(first, merged), (second, open)] = &results[..] else {
        panic!("{results:?}");
    };
    assert!(
        !first.is_empty() && !second.is_empty() && first != second,
        "{results:?}"
    );
    let urls = [1, 2].map(|number| address(&simulator, number));
    assert_eq!([merged, open], [&urls[0], &urls[1]]);
    merge(&simulator);
    let days = ["2026-03-02", "2026-03-03"];
    let expected = NAMES
        .iter()
        .flat_map(|name| days.map(|day| format!("{name} {day}")));
    assert_eq!(recorded(&simulator), expected.collect::<Vec<_>>());
    assert_verified(&simulator);
}

#[test]
fn a_pattern_that_matches_more_organizations_than_before_keeps_its_pull_request() {
    let simulator = start(protected().deleting_merged_branches());
    install(&simulator, &["acme"]);
    let first = run(&simulator, DAY_1);
    install(&simulator, &NAMES);
    let second = run(&simulator, DAY_2);
    assert_eq!(
        first.output("pull-request-url"),
        second.output("pull-request-url")
    );
    merge(&simulator);
    assert_eq!(branches(&simulator), Vec::<String>::new());
    let expected = ["acme 2026-03-02", "acme 2026-03-03", "globex 2026-03-03"];
    assert_eq!(recorded(&simulator), expected);
    assert_verified(&simulator);
    assert_intact(&simulator, OWN);
}

#[test]
fn a_pull_request_lists_only_the_reports_that_it_has() {
    let simulator = start(protected());
    run(&simulator, DAY_1);
    merge(&simulator);
    simulator.change(|github| {
        let seats = Seats::people(4);
        github.organizations.insert("globex".to_owned(), seats);
    });
    run(&simulator, "2026-03-02T07:00:00Z");
    let second = simulator.pull_requests(OWN).remove(1);
    let title = "Copilot activity report of globex, 2026-03-02";
    assert_eq!(second.title, title);
    assert!(!second.body.contains("acme"), "{}", second.body);
}

#[test]
fn a_pull_request_of_a_branch_that_an_earlier_run_left_lists_all_its_reports() {
    let simulator = start(protected());
    let open = At::path("POST", "/pulls");
    simulator.fault(Fault::always(open, Kind::status(403, "Forbidden")));
    job(&simulator, DAY_1).run().failed(1, &["no pull request"]);
    simulator.clear_faults();
    simulator.change(|github| {
        let seats = Seats::people(4);
        github.organizations.insert("globex".to_owned(), seats);
    });
    run(&simulator, "2026-03-02T07:00:00Z");
    let opened = simulator.pull_requests(OWN).remove(0);
    assert!(opened.body.contains("acme"), "{}", opened.body);
    assert!(opened.body.contains("globex"), "{}", opened.body);
}
