//! A run of many organizations records all of them in one commit, under the promises of a single
//! one.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::thread;
use std::time::Duration;

use crate::delivery::faults::{FAILURES, Failure};
use crate::support::{
    COMMIT_TOKEN, Job, OWN, Step, TOKEN, assert_intact, checkout, commit_file, file, files_below,
    files_in, git, safe, within_one_day,
};
use simulator::seat::Row;
use simulator::{At, Fault, GitHub, Kind, Nth, Operation, Repository, Seats, Simulator, Token};

const MUTATION: At = At::Graphql(Operation::Mutation);
const QUERY: At = At::Graphql(Operation::Query);

const DAY_1: &str = "2026-03-02T06:00:00Z";
const DAY_2: &str = "2026-03-03T06:00:00Z";

pub fn name(number: usize) -> String {
    format!("team-{number:02}")
}

/// A GitHub with this many organizations of a few people each.
pub fn github(count: usize, repository: Repository) -> GitHub {
    let names = || (0..count).map(name);
    let github = GitHub::new()
        .repository(OWN, repository)
        .token(TOKEN, Token::new().copilot(names()).scopes("read:org"))
        .token(COMMIT_TOKEN, Token::new().contents_write([OWN]));
    names().fold(github, |github, name| {
        let rows = (1..=3).map(|n| Row::of(&format!("{name}-octocat-{n}"), n));
        github.organization(&name, Seats::rows(rows))
    })
}

fn start(count: usize) -> Simulator {
    Simulator::start(github(count, safe())).unwrap()
}

fn job(simulator: &Simulator, count: usize) -> Job {
    let names: Vec<String> = (0..count).map(name).collect();
    Job::on(simulator)
        .input("organization", &names.join(","))
        .input("deliver-to", "repository")
}

fn deliveries(simulator: &Simulator) -> Vec<String> {
    let format =
        "--format=%H %(trailers:key=Copilot-Activity-Report-Delivery,valueonly,separator=%x2C)";
    let log = git(&simulator.git_dir(OWN), &["log", format, "main"]);
    let ours = log.lines().filter_map(|line| line.split_once(' '));
    let ours = ours.filter(|(_, delivery)| !delivery.is_empty());
    ours.map(|(sha, _)| sha.to_owned()).collect()
}

/// The folders with a history on the branch.
fn recorded(simulator: &Simulator) -> BTreeSet<String> {
    let files = git(
        &simulator.git_dir(OWN),
        &["ls-tree", "-r", "--name-only", "main"],
    );
    let manifests = files.lines().filter(|path| path.contains("/reports/"));
    let folders = manifests.filter_map(|path| path.split('/').nth(1));
    folders.map(str::to_owned).collect()
}

pub fn all(count: usize) -> BTreeSet<String> {
    (0..count).map(name).collect()
}

/// Checks that `verify` finds no problem in the histories of all organizations.
pub fn assert_verified(simulator: &Simulator) {
    let clone = checkout(simulator, OWN);
    let folder = clone.path().join("copilot-activity");
    let folder = folder.to_str().unwrap();
    let step = Job::alone()
        .arguments(&["verify", folder, "--expect", "any"])
        .run();
    step.succeeded();
    assert_intact(simulator, OWN);
}

#[test]
fn forty_organizations_are_recorded_in_one_commit_with_few_queries() {
    let simulator = start(40);
    let step = job(&simulator, 40).run();
    step.succeeded();
    assert_eq!(deliveries(&simulator), [step.output("commit-sha")]);
    assert_eq!(recorded(&simulator), all(40));
    let index = file(&simulator.git_dir(OWN), "main:copilot-activity/README.md");
    let index = String::from_utf8(index).unwrap();
    assert_eq!(
        index.lines().filter(|line| line.starts_with("| [")).count(),
        40
    );
    let message = git(
        &simulator.git_dir(OWN),
        &["log", "-1", "--format=%B", "main"],
    );
    assert!(message.starts_with("Copilot activity report of 40 organizations, "));
    for name in all(40) {
        assert!(message.contains(&format!("{name}: 3 seats, 3 people, complete")));
    }
    assert_verified(&simulator);
    // The second run has histories to read.
    let before = simulator.requests().len();
    job(&simulator, 40).run().succeeded();
    let requests = simulator.requests();
    let queries = requests[before..].iter();
    let queries = queries.filter(|request| request.path_and_query.contains("graphql"));
    let queries = queries.count();
    assert!(queries < 60, "{queries} queries for 40 organizations");
}

#[test]
fn if_github_refuses_a_commit_of_many_files_smaller_ones_record_all_reports() {
    let simulator = Simulator::start(github(40, safe().max_additions(100))).unwrap();
    let step = job(&simulator, 40).run();
    step.succeeded();
    assert_eq!(recorded(&simulator), all(40));
    let commits = deliveries(&simulator).len();
    assert!((2..=8).contains(&commits), "{commits} commits");
    let warnings = step.all_warnings();
    let refused = "tries again with up to 100 files in a commit";
    let refusals = warnings.iter().filter(|warning| warning.contains(refused));
    assert_eq!(refusals.count(), 1, "{warnings:?}");
    assert_verified(&simulator);
}

#[test]
fn a_commit_of_few_files_that_github_refuses_is_tried_once_more_at_most() {
    let simulator = Simulator::start(github(40, safe().max_additions(1))).unwrap();
    let step = job(&simulator, 40).run();
    step.failed(1, &["up to 1 file", "Not done: team-00"]);
    assert_eq!(recorded(&simulator), BTreeSet::new());
    let requests = simulator.requests();
    // Queries are much shorter than files.
    let commits = requests.iter().filter(|request| {
        request.path_and_query.contains("graphql") && request.body_length > 50_000
    });
    assert_eq!(commits.count(), 2);
}

#[test]
fn an_unchanged_organization_is_not_part_of_the_second_commit_of_a_day() {
    within_one_day(|| {
        let simulator = start(3);
        job(&simulator, 3).run().succeeded();
        simulator.change(|github| {
            let seats = github.organizations.get_mut(&name(1)).unwrap();
            drop(seats.rows.remove(0));
        });
        let step = job(&simulator, 3).run();
        step.succeeded();
        let files = git(
            &simulator.git_dir(OWN),
            &["show", "--name-only", "--format=", "main"],
        );
        let folder = format!("copilot-activity/{}/", name(1));
        let others = files.lines().filter(|path| !path.starts_with(&folder));
        assert_eq!(others.collect::<Vec<_>>(), ["copilot-activity/README.md"]);
        assert!(step.stdout.contains("team-00, team-02: nothing committed"));
        assert_verified(&simulator);
    });
}

#[test]
fn an_organization_that_fails_does_not_stop_the_others_and_is_named() {
    let simulator = start(5);
    // One can't be read, and the folder of another one has someone else's history.
    simulator.change(|github| drop(github.organizations.remove(&name(1))));
    let report = "Report Time,Login,Last Authenticated At,Last Activity At,Last Surface Used,Organization\n\
                  2026-03-02T06:00:00Z,octocat,None,None,None,octo\n";
    let path = format!("copilot-activity/{}/latest.csv", name(3));
    commit_file(&simulator.git_dir(OWN), &path, report.as_bytes());
    let step = job(&simulator, 5)
        .input("deliver-to", "artifact,repository")
        .run();
    step.failed(
        1,
        &[
            "No Copilot activity report of team-01",
            "The report of team-03 wasn't committed",
            "Not done: team-01: no report",
            "Not done: team-03: not committed",
        ],
    );
    assert_eq!(deliveries(&simulator), [step.output("commit-sha")]);
    let without = |left_out: &[usize]| -> BTreeSet<String> {
        let left_out: Vec<String> = left_out.iter().copied().map(name).collect();
        all(5)
            .into_iter()
            .filter(|name| !left_out.contains(name))
            .collect()
    };
    assert_eq!(recorded(&simulator), without(&[1, 3]));
    let uploaded = files_in(&simulator.artifacts()[0]);
    for name in without(&[1]) {
        let is_its = |file: &String| file.starts_with(&name);
        assert!(uploaded.keys().any(is_its), "{name}");
    }
    assert_intact(&simulator, OWN);
}

#[test]
fn a_commit_for_all_is_made_once_whatever_happens_to_it() {
    for (at, nth, kind) in [
        (MUTATION, Nth::First(2), Kind::Html(502)),
        (MUTATION, Nth::Only(1), Kind::Reset.after_effect()),
        (MUTATION, Nth::Only(1), Kind::Html(502).after_effect()),
        (MUTATION, Nth::First(3), Kind::MoveHead),
        (QUERY, Nth::First(3), Kind::Html(502)),
        (QUERY, Nth::Only(2), Kind::MoveHead),
        (At::FileText, Nth::First(2), Kind::Truncate),
    ] {
        let what = format!("{at:?} {kind:?}");
        for is_empty in [false, true] {
            let repository = if is_empty { safe().empty() } else { safe() };
            let simulator = Simulator::start(github(4, repository)).unwrap();
            if is_empty && matches!(kind, Kind::MoveHead) {
                continue;
            }
            simulator.fault(Fault {
                at: at.clone(),
                nth,
                kind: kind.clone(),
            });
            let step = job(&simulator, 4).run();
            assert_eq!(step.status, 0, "{what}\n{}", step.printed());
            assert_eq!(
                deliveries(&simulator),
                [step.output("commit-sha")],
                "{what}"
            );
            assert_eq!(recorded(&simulator), all(4), "{what}");
            assert_verified(&simulator);
        }
    }
}

/// Runs one case of [`no_failure_of_a_commit_for_all_loses_or_mixes_anything`].
fn fail_once(failure: &Failure, at: &At, nth: usize, after_effect: bool) {
    let what = format!(
        "{} at {at:?} {nth}, after effect: {after_effect}",
        failure.name
    );
    let simulator = start(3);
    // The second day reads histories.
    job(&simulator, 3)
        .variable("TEST_TIME", DAY_1)
        .run()
        .succeeded();
    let before = deliveries(&simulator);
    let kind = (failure.kind)(&simulator);
    let kind = if after_effect {
        kind.after_effect()
    } else {
        kind
    };
    let nth = Nth::Only(nth);
    simulator.fault(Fault {
        at: at.clone(),
        nth,
        kind,
    });
    let step = job(&simulator, 3)
        .variable("TEST_TIME", DAY_2)
        .variable("TEST_WAIT_SCALE", "0.001")
        .run();
    let made = deliveries(&simulator).len() - before.len();
    assert!(made <= 1, "{what}: {made} commits");
    assert!(matches!(step.status, 0 | 1), "{what}\n{}", step.printed());
    if failure.passing {
        assert_eq!((step.status, made), (0, 1), "{what}\n{}", step.printed());
    }
    let has_day = |name: &String| {
        let path = format!("main:copilot-activity/{name}/reports/2026/2026-03-03.json");
        Command::new("git")
            .args(["cat-file", "-e", &path])
            .current_dir(simulator.git_dir(OWN))
            .stderr(Stdio::null())
            .status()
            .unwrap()
            .success()
    };
    for name in all(3) {
        let is_named = step
            .printed()
            .contains(&format!("Not done: {name}: not committed"))
            || step
                .printed()
                .contains(&format!("Not done: {name}: no report"));
        assert_eq!(
            has_day(&name),
            !is_named,
            "{what}: {name}\n{}",
            step.printed()
        );
    }
    simulator.clear_faults();
    job(&simulator, 3)
        .variable("TEST_TIME", "2026-03-03T08:00:00Z")
        .run()
        .succeeded();
    assert!(all(3).iter().all(has_day), "{what}");
    assert_verified(&simulator);
}

#[test]
fn no_failure_of_a_commit_for_all_loses_or_mixes_anything() {
    let targets = [
        (QUERY, 1, false),
        (QUERY, 2, false),
        (QUERY, 3, false),
        (QUERY, 5, false),
        (At::FileText, 1, false),
        (MUTATION, 1, false),
        (MUTATION, 1, true),
    ];
    let failures = FAILURES.iter().filter(|failure| failure.name != "refuse");
    let cases = failures.flat_map(|failure| targets.iter().map(move |target| (failure, target)));
    let queue = Mutex::new(cases);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                loop {
                    let next = queue.lock().unwrap().next();
                    let Some((failure, (at, nth, after_effect))) = next else {
                        return;
                    };
                    fail_once(failure, at, *nth, *after_effect);
                }
            });
        }
    });
}

#[test]
fn a_report_that_another_run_was_faster_with_is_not_credited_with_the_commit() {
    let simulator = start(2);
    let directory = simulator.git_dir(OWN);
    let head = || git(&directory, &["rev-parse", "main"]).trim().to_owned();
    let base = head();
    job(&simulator, 1)
        .variable("TEST_TIME", "2026-03-02T06:30:00Z")
        .run()
        .succeeded();
    let faster = head();
    git(&directory, &["update-ref", "refs/heads/main", &base]);
    // The other run's commit appears while this one commits both reports.
    let appear = {
        let directory = directory.clone();
        Kind::change(move |_| drop(git(&directory, &["update-ref", "refs/heads/main", &faster])))
    };
    simulator.fault(Fault::first(1, MUTATION, appear));
    let step = job(&simulator, 2).variable("TEST_TIME", DAY_1).run();
    step.succeeded();
    assert!(
        step.stdout
            .contains("team-00: nothing committed to octo/tools")
    );
    let results = std::fs::read(step.workspace.join(step.output("results-path"))).unwrap();
    let results: serde_json::Value = serde_json::from_slice(&results).unwrap();
    assert_eq!(results["scopes"][0]["commit"], serde_json::Value::Null);
    let sha = step.output("commit-sha");
    assert_eq!(results["scopes"][1]["commit"]["sha"], sha);
    assert_eq!(head(), sha);
    assert_verified(&simulator);
}

#[test]
fn a_refused_commit_is_one_error_for_all() {
    let simulator = start(6);
    simulator.fault(Fault::always(
        MUTATION,
        Kind::status(403, "Resource not accessible"),
    ));
    let step = job(&simulator, 6).run();
    step.failed(1, &["The reports of 6 organizations weren't committed"]);
    assert_eq!(step.errors().len(), 1, "{}", step.printed());
    assert_eq!(deliveries(&simulator), Vec::<String>::new());
}

#[test]
fn ten_runs_of_many_organizations_at_once_lose_nothing() {
    within_one_day(|| {
        let simulator = start(8);
        let steps: Vec<Step> = thread::scope(|scope| {
            let runs: Vec<_> = (0..10)
                .map(|_| {
                    scope.spawn(|| job(&simulator, 8).variable("TEST_WAIT_SCALE", "0.1").run())
                })
                .collect();
            runs.into_iter().map(|run| run.join().unwrap()).collect()
        });
        for step in &steps {
            step.succeeded();
        }
        assert_eq!(recorded(&simulator), all(8));
        assert_verified(&simulator);
    });
}

#[test]
fn an_interrupted_run_delivers_what_is_finished_and_names_the_rest() {
    let simulator = start(5);
    let stalled = format!("/orgs/{}/copilot/billing/seats", name(2));
    simulator.fault(Fault::always(At::path("GET", &stalled), Kind::Stall));
    let job = job(&simulator, 5)
        .input("deliver-to", "artifact,repository")
        .without("TEST_WAIT_SCALE");
    let running = job.start();
    // The manifest is the last file of a report.
    let manifests = || {
        let files = files_below(&job.workspace());
        let is_manifest = |file: &&PathBuf| file.to_str().unwrap().ends_with(".manifest.json");
        files.iter().filter(is_manifest).count()
    };
    while manifests() < 4 && !running.is_over() {
        thread::sleep(Duration::from_millis(2));
    }
    running.signal("INT");
    let step = running.end();
    step.failed(
        1,
        &[
            "The run was interrupted (SIGINT) while reading the reports",
            "Not done: not read: team-02",
        ],
    );
    let mut expected = all(5);
    expected.remove(&name(2));
    assert_eq!(recorded(&simulator), expected);
    assert_eq!(deliveries(&simulator), [step.output("commit-sha")]);
    assert_eq!(simulator.artifacts().len(), 1);
    assert_eq!(step.output("complete"), "false");
    let results = std::fs::read(step.workspace.join(step.output("results-path"))).unwrap();
    let results: serde_json::Value = serde_json::from_slice(&results).unwrap();
    let error = &results["scopes"][2]["error"];
    assert_eq!(error, "the run was interrupted before it was read");
    simulator.clear_faults();
    self::job(&simulator, 5).run().succeeded();
    assert_eq!(recorded(&simulator), all(5));
    assert_verified(&simulator);
}

#[test]
fn a_run_of_many_organizations_can_be_killed_after_any_number_of_requests() {
    let whole = start(3);
    job(&whole, 3).run().succeeded();
    let count = whole.requests().len();
    assert!(count > 10, "{count}");
    for number in 1..=count {
        let simulator = start(3);
        let job = job(&simulator, 3);
        let running = job.start();
        while simulator.requests().len() < number && !running.is_over() {
            thread::yield_now();
        }
        if !running.is_over() {
            running.signal("KILL");
        }
        running.end();
        while !simulator.is_idle() {
            thread::yield_now();
        }
        let left = recorded(&simulator);
        assert!(left.is_empty() || left == all(3), "{left:?}");
        self::job(&simulator, 3).run().succeeded();
        assert_eq!(recorded(&simulator), all(3));
        assert_verified(&simulator);
    }
}
