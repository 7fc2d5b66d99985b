//! The job summary and the log of runs that aren't like any other: changes, several organizations,
//! failures, and refusals.

use crate::support::{
    COMMIT_TOKEN, Job, OWN, Step, TOKEN, assert_text, github, github_of_two, unescape,
};
use simulator::seat::Row;
use simulator::{At, Fault, GitHub, Kind, Repository, Seats, Simulator, Token};

const FIRST: &str = "2026-03-02T03:17:00Z";
const SECOND: &str = "2026-03-03T03:17:00Z";

fn job(simulator: &Simulator, time: &str) -> Job {
    Job::on(simulator)
        .input("deliver-to", "repository")
        .variable("TEST_TIME", time)
}

fn run(simulator: &Simulator, time: &str) -> Step {
    let step = job(simulator, time).run();
    step.succeeded();
    step
}

/// The last line of a log.
fn last_line(step: &Step) -> &str {
    step.stdout.lines().last().unwrap_or_default()
}

fn change_seats(simulator: &Simulator, seats: &Seats) {
    simulator.change(|github| {
        github
            .organizations
            .insert("acme".to_owned(), seats.clone());
    });
}

fn row(login: &str, id: u64) -> Row {
    Row::of(login, id)
        .created("2025-11-01T09:00:00Z")
        .activity("2026-03-01T10:00:00Z")
}

#[test]
fn a_day_with_changes_has_a_table_of_them() {
    let before = [
        row("hubot", 1),
        row("mona", 2),
        row("monalisa", 3).team("web", 7),
        row("octocat", 4),
    ];
    let simulator = Simulator::start(github(Seats::rows(before))).unwrap();
    let step = run(&simulator, FIRST);
    assert!(!step.summary.contains("hanges since"), "{}", step.summary);
    assert!(!step.summary.contains("mermaid"), "{}", step.summary);

    let new = (0..12).map(|n| {
        Row::of(&format!("octo-{n:02}"), 100 + n)
            .created("2026-03-02T12:00:00Z")
            .team("web & <mobile>", 8)
    });
    let after = [
        row("hubot", 1).field("pending_cancellation_date", "2026-04-01"),
        row("octocat-renamed", 4).plan("enterprise"),
        Row::of("mona", 2).created("2025-11-01T09:00:00Z"),
    ];
    change_seats(&simulator, &Seats::rows(after.into_iter().chain(new)));
    let step = run(&simulator, SECOND);
    assert_text("summary_of_changes", &step.summary);
    assert_eq!(last_line(&step), "acme: none of 15 Copilot seats are idle.");

    let step = run(&simulator, "2026-03-04T03:17:00Z");
    assert!(
        step.summary
            .contains("\nNo seats changed since 2026-03-03.\n"),
        "{}",
        step.summary
    );
}

#[test]
fn several_organizations_start_with_a_table_of_them() {
    let seats = [row("octocat", 1), row("hubot", 2)];
    let simulator = Simulator::start(github_of_two(Seats::rows(seats), Seats::people(2))).unwrap();
    let refused = Kind::status(404, "Not Found");
    simulator.fault(Fault::always(
        At::path("GET", "/orgs/globex/copilot"),
        refused,
    ));
    let step = job(&simulator, FIRST)
        .input("organization", "acme, globex")
        .run();
    step.failed(1, &["Not done: globex: no report."]);
    assert_text("summary_of_two", &step.summary);
    assert_eq!(last_line(&step), "acme: both Copilot seats are active.");
}

#[test]
fn a_failure_has_one_annotation_with_a_title() {
    let cases = [
        (At::Seats, "No Copilot activity report of acme"),
        (
            At::path("POST", "/graphql"),
            "The report of acme wasn't committed",
        ),
        (At::CreateArtifact, "No artifact was uploaded"),
    ];
    for (at, title) in cases {
        let simulator = Simulator::start(github(Seats::people(3))).unwrap();
        simulator.fault(Fault::always(at, Kind::status(401, "no")));
        let step = job(&simulator, FIRST)
            .input("deliver-to", "artifact, repository")
            .run();
        step.failed(1, &["\nNot everything was done.\n", "\n  Not done: "]);
        assert_eq!(step.errors().len(), 1, "{}", step.stdout);
        let annotation = format!("::error title={title}::");
        step.failed(1, &[&annotation]);
    }
}

#[test]
fn an_error_in_the_summary_has_code_and_the_link_that_a_person_must_open() {
    let simulator = Simulator::start(github(Seats::people(3))).unwrap();
    let server = simulator.server_url();
    for (address, is_link) in [
        (
            format!("{server}/orgs/acme/sso?authorization_request=AZ1"),
            true,
        ),
        ("https://example.com/orgs/acme/sso".to_owned(), false),
    ] {
        let reads = Token::new().copilot(["acme"]).sso_required(&address);
        let github = github(Seats::people(3)).token(TOKEN, reads);
        let simulator = Simulator::start(github).unwrap();
        let step = job(&simulator, FIRST).run();
        let advice = format!("Fix: Authorize `token` for single sign-on at {address}");
        step.failed(1, &[&advice]);
        let server = simulator.server_url();
        assert!(
            step.summary
                .contains("<br>Fix: Authorize `token` for single sign-on at "),
            "{}",
            step.summary
        );
        let link = format!("<{address}>");
        let is_own = address.starts_with(&server);
        assert_eq!(is_own, is_link);
        assert_eq!(step.summary.contains(&link), is_link, "{}", step.summary);
    }
}

#[test]
fn a_run_that_is_refused_has_a_summary() {
    let simulator = Simulator::start(github(Seats::people(3))).unwrap();
    let invalid = Job::on(&simulator)
        .input("deliver-to", "mail")
        .input("inactive-after-days", "soon");
    let step = invalid.run();
    assert_eq!(step.status, 2);
    assert_text("summary_of_invalid_inputs", &step.summary);
    let step = invalid.input("summary", "false").run();
    assert_eq!((step.status, &*step.summary), (2, ""));

    let github = GitHub::new()
        .organization("acme", Seats::people(3))
        .repository(OWN, Repository::public())
        .token(TOKEN, Token::new().copilot(["acme"]).scopes("read:org"))
        .token(COMMIT_TOKEN, Token::new().contents_write([OWN]));
    let simulator = Simulator::start(github).unwrap();
    let step = job(&simulator, FIRST).run();
    step.failed(
        1,
        &["::error title=Copilot activity report::The repository octo/tools is public"],
    );
    assert_text("summary_of_refusal", &step.summary);
    assert!(step.outputs.is_empty());
    let step = job(&simulator, FIRST).input("summary", "false").run();
    assert_eq!((step.status, &*step.summary), (1, ""));
}

#[test]
fn waits_of_more_than_two_seconds_are_logged_once() {
    let simulator = Simulator::start(github(Seats::people(3))).unwrap();
    simulator.fault(Fault::always(At::Seats, Kind::status(500, "oops")));
    let step = job(&simulator, FIRST).input("deliver-to", "none").run();
    step.failed(1, &["(6 times over "]);
    let lines: Vec<&str> = step.stdout.lines().collect();
    let retries: Vec<&&str> = lines
        .iter()
        .filter(|line| line.starts_with("Retrying in "))
        .collect();
    // Of the five waits, the third and later ones are always that long.
    assert!((2..=4).contains(&retries.len()), "{}", step.stdout);
    for line in retries {
        assert!(
            line.contains(" s: Reading the Copilot seats of the organization acme failed: 500 "),
            "{line}"
        );
    }

    let simulator = Simulator::start(github(Seats::people(3))).unwrap();
    let asked = Kind::status(503, "busy").header("Retry-After", "3");
    simulator.fault(Fault::once(At::Seats, asked));
    let step = job(&simulator, FIRST).input("deliver-to", "none").run();
    step.succeeded();
    let waits = step
        .stdout
        .lines()
        .filter(|line| line.starts_with("Waiting 3 s, until "));
    assert_eq!(waits.count(), 1, "{}", unescape(&step.stdout));
}
