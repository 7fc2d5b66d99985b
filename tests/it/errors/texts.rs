//! Snapshots of the texts that people read, so that their wording changes only on purpose.

use std::process::{Command, Stdio};

use simulator::seat::Row;
use simulator::{At, Fault, Kind, Operation, Seats, Simulator, TotalSeats};

use crate::support::network::unused_url;
use crate::support::{Job, OWN, assert_text, file, github, unescape};

const TIME: &str = "2026-03-02T03:17:00Z";

/// One person for each category that the pages count.
fn people() -> Seats {
    let granted = "2025-11-01T09:00:00Z";
    let row = |login, id| Row::of(login, id).created(granted);
    Seats::rows([
        row("octocat", 1).activity("2026-03-01T10:00:00Z"),
        row("monalisa", 2).activity("2026-02-20T10:00:00Z"),
        row("hubot", 3).activity("2026-01-10T10:00:00Z"),
        row("mona", 4),
        Row::of("octokitten", 5).created("2026-02-27T09:00:00Z"),
        Row::of("defunkt", 6).created("2026-01-05T09:00:00Z"),
    ])
}

fn simulator() -> Simulator {
    Simulator::start(github(people())).unwrap()
}

/// Runs a job that must fail, and returns its output.
fn printed(simulator: &Simulator, change: impl Fn(Job) -> Job) -> String {
    let job = Job::on(simulator)
        .input("deliver-to", "none")
        .variable("TEST_TIME", TIME)
        .variable("TEST_WAIT_SCALE", "0.001");
    let step = change(job).run();
    assert_eq!(step.status, 1, "{}", step.printed());
    unescape(&step.printed())
}

fn failed_run(at: At, kind: Kind) -> String {
    let simulator = simulator();
    simulator.fault(Fault::always(at, kind));
    printed(&simulator, |job| job.input("deliver-to", "repository"))
}

#[test]
fn the_summary() {
    let simulator = simulator();
    let step = Job::on(&simulator)
        .input("deliver-to", "artifact, repository")
        .variable("TEST_TIME", TIME)
        .run();
    step.succeeded();
    assert_text("summary", &step.summary);
    let readme = file(
        &simulator.git_dir(OWN),
        "main:copilot-activity/acme/README.md",
    );
    assert_text("audit_page", &String::from_utf8(readme).unwrap());
}

#[test]
fn the_help() {
    for (name, flag) in [("help", "--help"), ("help_short", "-h")] {
        let output = Command::new(env!("CARGO_BIN_EXE_copilot-activity-report"))
            .arg(flag)
            .stdin(Stdio::null())
            .env_clear()
            .output()
            .unwrap();
        assert!(output.status.success());
        assert_text(name, &String::from_utf8(output.stdout).unwrap());
    }
}

#[test]
fn all_invalid_inputs_at_once() {
    let step = Job::alone()
        .input("organization", "acme, -acme")
        .input("enterprise", "globex")
        .input("app-client-id", "Iv1.0123456789abcdef")
        .input("deliver-to", "artifacts")
        .input("format", "xlsx")
        .input("columns", "none")
        .input("output-directory", "../elsewhere")
        .input("artifact-name", "a/b")
        .input("artifact-retention-days", "0")
        .input("repository", "octo")
        .input("branch", "a..b")
        .input("directory", "/etc")
        .input("pull-request", "maybe")
        .input("inactive-after-days", "soon")
        .input("max-inactive", "101%")
        .input("pseudonym-key", "short")
        .input("require-complete", "1")
        .input("max-wait-minutes", "-1")
        .input("summary", "on")
        .run();
    assert_eq!(step.status, 2, "{}", step.printed());
    assert_text("invalid_inputs", &unescape(&step.printed()));
}

#[test]
fn a_token_that_is_not_valid() {
    let text = failed_run(At::Seats, Kind::status(401, "Bad credentials"));
    assert_text("error_401", &text);
}

#[test]
fn a_scope_that_is_missing() {
    let kind = Kind::status(403, "Must have admin rights")
        .header(
            "X-Accepted-OAuth-Scopes",
            "manage_billing:copilot, read:org",
        )
        .header("X-OAuth-Scopes", "repo, gist");
    assert_text("error_403", &failed_run(At::Seats, kind));
}

#[test]
fn an_organization_that_is_not_found() {
    let text = failed_run(At::Seats, Kind::status(404, "Not Found"));
    assert_text("error_404", &text);
}

#[test]
fn a_commit_that_is_rejected() {
    let simulator = simulator();
    let at = At::Graphql(Operation::Mutation);
    simulator.fault(Fault::always(
        at,
        Kind::status(422, "Something that nobody foresaw"),
    ));
    let text = printed(&simulator, |job| job.input("deliver-to", "repository"));
    assert_text("error_422", &text);
}

#[test]
fn a_rate_limit_that_lasts_too_long() {
    let kind = Kind::status(429, "Too many requests").header("Retry-After", "7200");
    assert_text("error_rate_limit", &failed_run(At::Seats, kind));
}

#[test]
fn a_report_that_is_not_complete() {
    let seats = people().total_seats(TotalSeats::Fixed(7));
    let simulator = Simulator::start(github(seats)).unwrap();
    assert_text("error_incomplete", &printed(&simulator, |job| job));
}

#[test]
fn a_host_that_does_not_respond() {
    let simulator = simulator();
    let text = printed(&simulator, |job| {
        job.variable("GITHUB_API_URL", &unused_url())
    });
    assert_text("error_unreachable", &text);
}
