//! Reports that are too large for one GraphQL request. The action commits them with the Git
//! database API, under the same promises.

use crate::support::{COMMIT_TOKEN, Job, OWN, Step, assert_intact, file, git, github};
use simulator::seat::Row;
use simulator::{At, Fault, Kind, Nth, Repository, Rule, Seats, Simulator, Token};

/// About 11 MB, so that the day's report, the latest report, and the seats together exceed 27 MB.
fn large() -> Seats {
    let surface = "x".repeat(9_000);
    Seats::rows((1..=1200).map(|n| Row::of(&format!("mona-{n}"), n).surface(&surface)))
}

fn run(simulator: &Simulator) -> Step {
    Job::on(simulator)
        .input("deliver-to", "repository")
        // Large requests are slow on a busy machine.
        .variable("TEST_WAIT_SCALE", "1")
        .run()
}

const BRANCH: &str = "/git/refs/heads/";

/// The number of requests with this method to this part of the Git database API.
fn count(simulator: &Simulator, method: &str, part: &str) -> usize {
    let requests = simulator.requests();
    let fits = |request: &&simulator::RecordedRequest| {
        request.method == method && request.path_and_query.contains(&format!("/git/{part}"))
    };
    requests.iter().filter(fits).count()
}

fn assert_has_report(simulator: &Simulator, step: &Step) {
    let directory = simulator.git_dir(OWN);
    let head = git(&directory, &["rev-parse", "main"]);
    assert_eq!(head.trim(), step.output("commit-sha"));
    let files = git(&directory, &["show", "--name-only", "--format=", "main"]);
    assert_eq!(files.lines().count(), 11, "{files}");
    let latest = file(&directory, "main:copilot-activity/acme/latest.csv");
    assert!(
        latest == step.report(),
        "latest.csv differs from the report"
    );
    assert!(latest.len() > 10_000_000);
    assert_intact(simulator, OWN);
}

#[test]
fn a_large_report_is_one_commit_and_each_file_is_always_sent_only_once() {
    let simulator = Simulator::start(github(large())).unwrap();
    let at_branch = |nth, kind| Fault {
        at: At::path("PATCH", BRANCH),
        nth,
        kind,
    };
    simulator.fault(Fault::once(At::path("POST", "/git/trees"), Kind::Html(502)));
    simulator.fault(at_branch(Nth::Only(1), Kind::MoveHead));
    simulator.fault(at_branch(Nth::Only(2), Kind::Reset.after_effect()));
    let step = run(&simulator);
    step.succeeded();
    // Separate blobs are the report, which is at two paths, the seats, and the people. Small files
    // are part of the tree.
    assert_eq!(count(&simulator, "POST", "blobs"), 3);
    assert_eq!(count(&simulator, "PATCH", "refs"), 2);
    let directory = simulator.git_dir(OWN);
    let total = git(&directory, &["rev-list", "--count", "--all"]);
    assert_eq!(total.trim(), "3", "the first, another person's, ours");
    assert!(step.stdout.contains(", verified"), "{}", step.stdout);
    assert_has_report(&simulator, &step);
}

#[test]
fn a_large_report_with_a_personal_token_is_reported_as_unsigned() {
    let person = Token::new().contents_write([OWN]).scopes("repo");
    let simulator = Simulator::start(github(large()).token(COMMIT_TOKEN, person)).unwrap();
    let step = run(&simulator);
    step.succeeded();
    let message = ", not verified: its signature is unsigned";
    assert!(step.stdout.contains(message), "{}", step.stdout);
    assert_eq!(count(&simulator, "POST", "blobs"), 3);
    assert_eq!(count(&simulator, "PATCH", "refs"), 1);
    assert_has_report(&simulator, &step);
}

#[test]
fn a_rule_that_blocks_a_large_report_is_named() {
    let closed = Repository::private().protected(Rule::PullRequest);
    let simulator = Simulator::start(github(large()).repository(OWN, closed)).unwrap();
    let step = run(&simulator);
    step.failed(
        1,
        &[
            "Changes must be made through a pull request",
            "`pull_request`",
            "Set `pull-request: true`",
        ],
    );
    assert_eq!(count(&simulator, "PATCH", "refs"), 1);
    assert_intact(&simulator, OWN);
}
