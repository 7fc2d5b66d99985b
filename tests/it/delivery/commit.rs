//! Commits with concurrent commits, lost responses, and errors from GitHub.

use std::thread;

use crate::support::{
    COMMIT_TOKEN, Job, OWN, TOKEN, assert_intact, commit_file, file, git, github, within_one_day,
};
use simulator::{
    At, Fault, GitHub, Kind, Nth, Operation, RecordedRequest, Repository, Seats, Simulator, Token,
};

const MUTATION: At = At::Graphql(Operation::Mutation);
const QUERY: At = At::Graphql(Operation::Query);

fn job(simulator: &Simulator) -> Job {
    Job::on(simulator).input("deliver-to", "repository")
}

fn simulator() -> Simulator {
    Simulator::start(github(Seats::people(3))).unwrap()
}

/// A GitHub with a recorded report of another day.
fn with_record() -> Simulator {
    let simulator = simulator();
    let report = "Report Time,Login,Last Authenticated At,Last Activity At,Last Surface Used\n\
                  2026-03-02T06:00:00Z,octocat,None,None,None\n";
    let path = "copilot-activity/acme/latest.csv";
    commit_file(&simulator.git_dir(OWN), path, report.as_bytes());
    simulator
}

/// The number of GraphQL queries before the first write.
fn queries_before_the_commit() -> usize {
    let simulator = simulator();
    job(&simulator).run().succeeded();
    let is = |request: &RecordedRequest, kind: &str| {
        let body = request.json().unwrap_or_default();
        body["query"].as_str().unwrap_or_default().starts_with(kind)
    };
    let requests = simulator.requests();
    requests
        .iter()
        .take_while(|request| !is(request, "mutation"))
        .filter(|request| is(request, "query"))
        .count()
}

/// The number of commits in the workflow's repository.
fn commits(simulator: &Simulator) -> (usize, usize) {
    let format = "--format=%(trailers:key=Copilot-Activity-Report-Delivery,separator=%x2C).";
    let log = git(&simulator.git_dir(OWN), &["log", format, "--all"]);
    let others = log.lines().filter(|line| *line == ".").count();
    (log.lines().count() - others, others)
}

#[test]
fn a_report_is_committed_on_top_of_concurrent_commits() {
    for (at, nth, others) in [
        (MUTATION, Nth::First(4), 5),
        (MUTATION, Nth::Only(1), 2),
        // The branch moves after the action read its head, and before it reads the recorded files.
        (QUERY, Nth::First(3), 4),
    ] {
        let simulator = simulator();
        simulator.fault(Fault {
            at,
            nth,
            kind: Kind::MoveHead,
        });
        let step = job(&simulator).run();
        step.succeeded();
        assert_eq!(commits(&simulator), (1, others));
        let head = git(&simulator.git_dir(OWN), &["rev-parse", "main"]);
        assert_eq!(head.trim(), step.output("commit-sha"));
        assert_intact(&simulator, OWN);
    }
}

#[test]
fn a_lost_response_never_creates_a_second_commit() {
    let queries = queries_before_the_commit();
    for kind in [
        Kind::Reset,
        Kind::Html(502),
        Kind::status(504, "timeout"),
        Kind::Truncate,
        Kind::WrongLength,
        Kind::GraphqlError {
            error_type: None,
            message: "Something went wrong while executing your query.".to_owned(),
        },
    ] {
        for then in [None, Some(Kind::MoveHead), Some(Kind::Html(503))] {
            let simulator = simulator();
            simulator.fault(Fault::once(MUTATION, kind.clone().after_effect()));
            let moved = matches!(then, Some(Kind::MoveHead));
            if let Some(kind) = then {
                // The branch moves just before the action looks for its commit.
                simulator.fault(Fault {
                    at: QUERY,
                    nth: Nth::Only(queries + 1),
                    kind,
                });
            }
            let step = job(&simulator).run();
            assert_eq!(step.status, 0, "{kind:?}\n{}", step.printed());
            assert_eq!(commits(&simulator), (1, 1 + usize::from(moved)), "{kind:?}");
            let newest = format!("main~{}", usize::from(moved));
            let ours = git(&simulator.git_dir(OWN), &["rev-parse", &newest]);
            assert_eq!(step.output("commit-sha"), ours.trim());
            assert!(step.stdout.contains("verified"), "{}", step.stdout);
            assert_intact(&simulator, OWN);
        }
    }
}

#[test]
fn only_a_commit_that_was_sent_can_exist_after_an_error() {
    let limit = || Kind::status(429, "slow down").header("retry-after", "7200");
    let rules = At::path("GET", "/rules/branches/");
    for (at, kind, said, not_said) in [
        (
            MUTATION,
            limit().after_effect(),
            "Whether GitHub created the commit isn't known",
            "which wasn't sent",
        ),
        (
            rules,
            limit(),
            "/graphql, which wasn't sent\n  Response to an earlier request: 429 ",
            "isn't known",
        ),
    ] {
        let simulator = simulator();
        simulator.fault(Fault::once(at, kind));
        let step = job(&simulator).run();
        let printed = step.printed().replace("%0A", "\n");
        step.failed(1, &[]);
        assert!(printed.contains(said), "{said}: {printed}");
        assert!(!printed.contains(not_said), "{not_said}: {printed}");
    }
}

#[test]
fn a_temporary_failure_of_github_is_waited_out() {
    let error = |message: &str| Kind::GraphqlError {
        error_type: None,
        message: message.to_owned(),
    };
    for (at, kind) in [
        (MUTATION, Kind::Html(502)),
        (MUTATION, Kind::Reset),
        (
            MUTATION,
            error("Something went wrong while executing your query."),
        ),
        // Another of GitHub's servers doesn't have the newest commit yet.
        (MUTATION, error("is at 0123456789 but expected 9876543210")),
        (QUERY, Kind::status(503, "Service Unavailable")),
        (QUERY, Kind::Truncate),
        (At::FileText, Kind::Html(500)),
        (At::FileText, Kind::Reset),
    ] {
        let what = format!("{at:?} {kind:?}");
        let simulator = with_record();
        simulator.fault(Fault::first(3, at, kind));
        let step = job(&simulator).run();
        assert_eq!(step.status, 0, "{what}\n{}", step.printed());
        assert_eq!(commits(&simulator), (1, 2), "{what}");
        assert_intact(&simulator, OWN);
    }
}

#[test]
fn creating_a_repository_or_branch_survives_lost_responses_and_concurrent_commits() {
    for (repository, branch, at) in [
        (
            Repository::private().empty(),
            "",
            At::path("PUT", "/contents/"),
        ),
        (
            Repository::private(),
            "audit",
            At::path("POST", "/git/refs"),
        ),
    ] {
        for kind in [
            Kind::Html(502),
            Kind::Reset,
            Kind::Html(502).after_effect(),
            Kind::Reset.after_effect(),
        ] {
            let github = github(Seats::people(3)).repository(OWN, repository.clone());
            let simulator = Simulator::start(github).unwrap();
            simulator.fault(Fault::once(at.clone(), kind.clone()));
            let step = job(&simulator).input("branch", branch).run();
            assert_eq!(step.status, 0, "{at:?} {kind:?}\n{}", step.printed());
            assert_eq!(commits(&simulator), (1, 1), "{at:?} {kind:?}");
            assert_intact(&simulator, OWN);
        }
    }
}

#[test]
fn a_commit_gives_up_eventually_and_says_how_often_it_was_tried() {
    let tried = "Committing to octo/tools failed ";
    let failed = "Committing to the repository octo/tools failed";
    for (at, kind, texts) in [
        (MUTATION, Kind::Html(502), [tried, " times over ", "502"]),
        (
            MUTATION,
            Kind::MoveHead,
            [tried, " times over ", "STALE_DATA"],
        ),
        (
            QUERY,
            Kind::Reset,
            [failed, "(6 times over ", "the connection failed"],
        ),
        (
            At::FileText,
            Kind::status(500, "oops"),
            [failed, "(6 times over ", "oops"],
        ),
    ] {
        let simulator = with_record();
        simulator.fault(Fault::always(at, kind));
        let job = job(&simulator).variable("TEST_WAIT_SCALE", "0.001");
        let step = job.run();
        step.failed(1, &texts);
        step.failed(1, &["Not done: acme: not committed", "Done: acme: written"]);
        assert_eq!((step.output("commit-sha"), step.output("seats")), ("", "3"));
        assert_eq!(crate::support::files_below(&step.workspace).len(), 2);
        simulator.clear_faults();
        assert_eq!(commits(&simulator).0, 0);
        assert_intact(&simulator, OWN);
    }
}

#[test]
fn ten_runs_at_once_record_the_day_once_and_all_succeed() {
    for repository in [Repository::private(), Repository::private().empty()] {
        let (simulator, outcomes) = within_one_day(|| {
            let github = github(Seats::people(20)).repository(OWN, repository.clone());
            let simulator = Simulator::start(github).unwrap();
            let outcomes = ten_at_once(|_| job(&simulator).variable("TEST_WAIT_SCALE", "0.1"));
            (simulator, outcomes)
        });
        let committed: Vec<_> = outcomes.iter().filter(|(_, sha)| !sha.is_empty()).collect();
        for (changed, sha) in &outcomes {
            assert_eq!(changed == "true", !sha.is_empty(), "{outcomes:?}");
        }
        assert_eq!(committed.len(), 1, "{outcomes:?}");
        assert_eq!(commits(&simulator), (1, 1));
        assert_intact(&simulator, OWN);
    }
}

#[test]
fn ten_scopes_at_once_in_one_repository_are_all_recorded() {
    for (repository, branch) in [
        (Repository::private().empty(), ""),
        (Repository::private(), "audit"),
    ] {
        let names: Vec<String> = (0..10).map(|n| format!("org-{n}")).collect();
        let read = Token::new().copilot(names.clone()).scopes("read:org");
        let github = names
            .iter()
            .fold(GitHub::new(), |github, name| {
                github.organization(name, Seats::people(20))
            })
            .repository(OWN, repository)
            .token(TOKEN, read)
            .token(COMMIT_TOKEN, Token::new().contents_write([OWN]));
        let simulator = Simulator::start(github).unwrap();
        let outcomes = ten_at_once(|n| {
            job(&simulator)
                .input("organization", &names[n])
                .input("branch", branch)
                // These waits are long enough for the other runs to finish.
                .variable("TEST_WAIT_SCALE", "0.1")
        });
        assert!(outcomes.iter().all(|(changed, _)| changed == "true"));
        assert_eq!(commits(&simulator), (10, 1));
        for (name, (_, sha)) in names.iter().zip(&outcomes) {
            let changed = git(
                &simulator.git_dir(OWN),
                &["show", "--name-only", "--format=", sha],
            );
            let own = format!("copilot-activity/{name}/");
            assert_eq!(
                changed
                    .lines()
                    .filter(|path| path.starts_with(&own))
                    .count(),
                10
            );
            assert_eq!(changed.lines().count(), 11);
        }
        let branch = if branch.is_empty() { "main" } else { branch };
        let index = file(
            &simulator.git_dir(OWN),
            &format!("{branch}:copilot-activity/README.md"),
        );
        let index = String::from_utf8(index).unwrap();
        for name in &names {
            let row = format!("\n| [{name}]({name}) | Organization | 20 | 20 |");
            assert_eq!(index.matches(&row).count(), 1, "{index}");
        }
        assert!(index.contains("| **Total** | | **200** |"), "{index}");
        assert_intact(&simulator, OWN);
    }
}

/// Starts ten jobs at the same time. Returns `changed` and `commit-sha` of each.
fn ten_at_once(job: impl Fn(usize) -> Job + Sync) -> Vec<(String, String)> {
    thread::scope(|scope| {
        let runs: Vec<_> = (0..10)
            .map(|n| {
                let job = &job;
                scope.spawn(move || {
                    let step = job(n).run();
                    step.succeeded();
                    ["changed", "commit-sha"].map(|name| step.output(name).to_owned())
                })
            })
            .collect();
        runs.into_iter()
            .map(|run| run.join().unwrap().into())
            .collect()
    })
}
