//! Someone with a seat in several organizations counts once.

use crate::support::{Job, assert_no_violations, github_of_two};
use simulator::seat::Row;
use simulator::{Seats, Simulator};

const TIME: &str = "2026-03-02T03:17:00Z";

/// octocat is idle in acme and active in globex. hubot is idle in both. mona is only in globex, and
/// new.
fn simulator() -> Simulator {
    let old = |login, id| Row::of(login, id).created("2026-01-10T09:00:00Z");
    let acme = [
        old("octocat", 1).activity("2026-01-20T10:00:00Z"),
        old("hubot", 2),
    ];
    let globex = [
        old("octocat", 1).activity("2026-03-01T10:00:00Z"),
        Row::of("hubot", 2).created("2026-02-27T09:00:00Z"),
        Row::of("mona", 3).created("2026-02-27T09:00:00Z"),
    ];
    let github = github_of_two(Seats::rows(acme), Seats::rows(globex));
    Simulator::start(github).unwrap()
}

fn job(simulator: &Simulator) -> Job {
    Job::on(simulator)
        .input("organization", "acme, globex")
        .variable("TEST_TIME", TIME)
}

#[test]
fn someone_in_two_organizations_counts_once_in_outputs_summary_and_log() {
    let simulator = simulator();
    let step = job(&simulator).run();
    step.succeeded();
    for (name, count) in [
        ("seats", "5"),
        ("people", "3"),
        ("active", "1"),
        ("never-used", "1"),
        ("inactive", "0"),
        ("new", "1"),
    ] {
        assert_eq!(step.output(name), count, "{name}");
    }
    let headline = "1 of 3 people with a Copilot seat is idle (33%)";
    let title = format!("# 2 organizations: {headline}\n");
    assert!(step.summary.starts_with(&title), "{}", step.summary);
    let last = step.stdout.lines().last().unwrap();
    assert_eq!(last, format!("acme, globex: {headline}."));
    assert_no_violations(&simulator);
}

#[test]
fn someone_in_two_organizations_counts_once_for_the_limit() {
    for (limit, over) in [("1", None), ("34%", None), ("0", Some("1 of 3 people"))] {
        let simulator = simulator();
        let step = job(&simulator).input("max-inactive", limit).run();
        match over {
            None => step.succeeded(),
            Some(over) => step.failed(1, &[over]),
        };
    }
}
