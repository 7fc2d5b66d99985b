//! Reports by pull request, with concurrent merges, lost responses, and missing permissions.

use std::thread;

use crate::support::pulls::{
    BRANCH, address, branches, days, job, protected, pull, pulls, recorded, run, start,
};
use crate::support::{COMMIT_TOKEN, OWN, assert_intact, git};
use simulator::{At, Ending, Fault, Kind, Nth, Operation, RecordedRequest, Token};

const QUERY: At = At::Graphql(Operation::Query);
const MUTATION: At = At::Graphql(Operation::Mutation);

/// How many times the first run lists pull requests, and how many times a run with an open pull
/// request does.
fn lists() -> [usize; 2] {
    let simulator = start(protected());
    let mut before = 0;
    ["2026-03-02", "2026-03-03"].map(|day| {
        run(&simulator, day, 1);
        let requests = simulator.requests();
        let is_list = |request: &&RecordedRequest| {
            request.method == "GET" && request.path_and_query.contains("/pulls?")
        };
        let all = requests.iter().filter(is_list).count();
        all - std::mem::replace(&mut before, all)
    })
}

#[test]
fn a_merge_during_a_run_loses_and_duplicates_nothing() {
    let list = At::path("GET", "/pulls?");
    let [first, later] = lists();
    let open = At::path("POST", "/pulls");
    for ending in [Ending::Merged, Ending::Squashed, Ending::Closed] {
        for repository in [protected(), protected().deleting_merged_branches()] {
            // Before the action finds it, before it reads the branch, before the commit, and after
            // it.
            let moments = [
                (&list, 1),
                (&list, later - 1),
                (&QUERY, 1),
                (&QUERY, 3),
                (&MUTATION, 1),
                (&list, later),
            ];
            for (at, nth) in moments {
                let what = format!("{ending:?} {at:?} {nth}");
                let simulator = start(repository.clone());
                run(&simulator, "2026-03-02", 1);
                simulator.fault(Fault {
                    at: at.clone(),
                    nth: Nth::Only(nth),
                    kind: Kind::EndPullRequest(ending),
                });
                let step = run(&simulator, "2026-03-03", 2);
                assert_eq!(step.output("changed"), "true", "{what}");
                assert!(!step.output("commit-sha").is_empty(), "{what}");
                let ended = simulator.pull_requests(OWN).remove(0).ending;
                assert_eq!(ended, Some(ending), "{what}");
                for left in simulator.pull_requests(OWN) {
                    if left.ending.is_none() {
                        let number = left.number;
                        let merged = simulator.end_pull_request(OWN, number, Ending::Squashed);
                        merged.unwrap();
                    }
                }
                let kept = [("2026-03-02", "1"), ("2026-03-03", "2")];
                let kept = match ending {
                    Ending::Closed => &kept[1..],
                    Ending::Merged | Ending::Squashed => &kept,
                };
                assert_eq!(recorded(&simulator, "main"), days(kept), "{what}");
                assert_intact(&simulator, OWN);
            }
        }
    }
    // A new pull request that's merged before the run gets the response.
    let simulator = start(protected());
    simulator.fault(Fault::once(open, Kind::Reset.after_effect()));
    simulator.fault(Fault {
        at: list,
        nth: Nth::Only(first + 1),
        kind: Kind::EndPullRequest(Ending::Merged),
    });
    let step = run(&simulator, "2026-03-02", 1);
    assert_eq!(step.output("pull-request-url"), address(&simulator, 1));
    assert!(!step.output("commit-sha").is_empty());
    assert_eq!(recorded(&simulator, "main"), days(&[("2026-03-02", "1")]));
    assert_eq!(pulls(&simulator).len(), 1);
    assert_intact(&simulator, OWN);
}

#[test]
fn a_lost_response_never_creates_a_second_pull_request() {
    for kind in [
        Kind::Reset,
        Kind::Html(502),
        Kind::Truncate,
        Kind::Reset.after_effect(),
        Kind::Html(502).after_effect(),
        Kind::Truncate.after_effect(),
    ] {
        for at in [
            At::path("POST", "/pulls"),
            At::path("POST", "/git/refs"),
            MUTATION,
        ] {
            let simulator = start(protected());
            simulator.fault(Fault::once(at.clone(), kind.clone()));
            let step = run(&simulator, "2026-03-02", 1);
            let what = format!("{at:?} {kind:?}");
            assert_eq!(pulls(&simulator), [pull(1, "2026-03-02", None)], "{what}");
            assert_eq!(step.output("pull-request-url"), address(&simulator, 1));
            let range = format!("main..{BRANCH}/2026-03-02");
            let count = git(&simulator.git_dir(OWN), &["rev-list", "--count", &range]);
            assert_eq!(count.trim(), "1", "{what}");
            assert_intact(&simulator, OWN);
        }
    }
}

#[test]
fn ten_runs_at_once_open_one_pull_request_and_all_succeed() {
    let simulator = start(protected());
    let outcomes = thread::scope(|scope| {
        let one = || {
            let step = job(&simulator, "2026-03-02")
                .variable("TEST_WAIT_SCALE", "0.1")
                .run();
            step.succeeded();
            ["commit-sha", "pull-request-url"].map(|name| step.output(name).to_owned())
        };
        let runs: Vec<_> = (0..10).map(|_| scope.spawn(one)).collect();
        let outcomes = runs.into_iter().map(|run| run.join().unwrap());
        outcomes.collect::<Vec<_>>()
    });
    let committed = outcomes.iter().filter(|[sha, _]| !sha.is_empty());
    assert_eq!(committed.count(), 1, "{outcomes:?}");
    for [_, url] in &outcomes {
        assert_eq!(*url, address(&simulator, 1));
    }
    assert_eq!(pulls(&simulator), [pull(1, "2026-03-02", None)]);
    assert_eq!(branches(&simulator), [format!("{BRANCH}/2026-03-02")]);
    assert_intact(&simulator, OWN);
}

#[test]
fn a_missing_permission_or_setting_is_named_and_the_next_run_continues() {
    // Without the permission, the run writes nothing.
    let simulator = start(protected());
    simulator.change(|github| {
        let token = Token::new().contents_write([OWN]);
        github.tokens.insert(COMMIT_TOKEN.to_owned(), token);
    });
    let step = job(&simulator, "2026-03-02").run();
    step.failed(1, &["pull-requests: write", "acme: not committed"]);
    assert_eq!(branches(&simulator), Vec::<String>::new());

    let simulator = start(protected().without_pulls_of_actions());
    let step = job(&simulator, "2026-03-02").run();
    let branch = format!("{BRANCH}/2026-03-02");
    step.failed(
        1,
        &[
            "GitHub Actions is not permitted to create or approve pull requests",
            "Allow GitHub Actions to create and approve pull requests",
            &format!("Done: the report is on the branch {branch} of octo/tools"),
            "Not done: acme: no pull request",
        ],
    );
    assert!(
        !step.output("commit-sha").is_empty(),
        "the error names what was done"
    );
    assert_eq!(step.output("pull-request-url"), "");
    assert!(step.summary.contains("no pull request"), "{}", step.summary);

    simulator.change(|github| {
        let repository = github.repositories.get_mut(OWN).unwrap();
        repository.actions_open_pulls = true;
    });
    let step = run(&simulator, "2026-03-02", 1);
    assert_eq!(step.output("commit-sha"), "", "it is committed already");
    assert_eq!(step.output("pull-request-url"), address(&simulator, 1));
    assert_eq!(pulls(&simulator), [pull(1, "2026-03-02", None)]);
    assert_eq!(recorded(&simulator, &branch), days(&[("2026-03-02", "1")]));
    assert_intact(&simulator, OWN);
}

#[test]
fn a_forged_response_about_a_pull_request_reaches_no_output_or_page() {
    for url in [
        "javascript:alert(1)",
        "https://evil.example/octo/tools/pull/1",
        "http://github.localhost/$(id)",
        "",
    ] {
        let simulator = start(protected());
        let forged = Kind::rewrite(move |response| response["html_url"] = url.into());
        simulator.fault(Fault::once(At::path("POST", "/pulls"), forged));
        let step = run(&simulator, "2026-03-02", 1);
        assert_eq!(step.output("pull-request-url"), "", "{url}");
        assert!(step.summary.contains("\n- pull request 1\n"), "{url}");
        let message = format!("{}{}", step.summary, step.stdout);
        assert!(url.is_empty() || !message.contains(url), "{message}");
    }
    // The action ignores an invalid branch name.
    let simulator = start(protected());
    run(&simulator, "2026-03-02", 1);
    let forged =
        Kind::rewrite(|response| response[0]["head"]["ref"] = format!("{BRANCH}/../x").into());
    simulator.fault(Fault::once(At::path("GET", "/pulls?"), forged));
    let step = run(&simulator, "2026-03-03", 2);
    step.succeeded();
    assert!(!git(&simulator.git_dir(OWN), &["for-each-ref"]).contains(".."));
}
