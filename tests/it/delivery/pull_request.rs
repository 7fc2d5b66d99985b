//! Reports by pull request, for branches without direct commits.

use crate::support::pulls::{
    BRANCH, address, branches, days, job, protected, pull, pulls, recorded, run, seats, start, with,
};
use crate::support::{OWN, TOKEN, assert_intact, commit_file, git};
use simulator::{Ending, Repository, Simulator, Token};

#[test]
fn the_first_run_opens_a_pull_request_and_does_not_touch_the_base() {
    let simulator = start(protected());
    let main = git(&simulator.git_dir(OWN), &["rev-parse", "main"]);
    let step = run(&simulator, "2026-03-02", 3);
    assert_eq!(pulls(&simulator), [pull(1, "2026-03-02", None)]);
    let url = address(&simulator, 1);
    assert_eq!(step.output("pull-request-url"), url);
    assert!(step.summary.contains(&url), "{}", step.summary);
    assert!(step.stdout.contains(&url), "{}", step.stdout);
    assert_eq!(git(&simulator.git_dir(OWN), &["rev-parse", "main"]), main);
    let branch = format!("{BRANCH}/2026-03-02");
    let head = git(&simulator.git_dir(OWN), &["rev-parse", &branch]);
    assert_eq!(head.trim(), step.output("commit-sha"));
    let count = git(&simulator.git_dir(OWN), &["rev-list", "--count", &branch]);
    assert_eq!(count.trim(), "2");

    let pull_request = simulator.pull_requests(OWN).remove(0);
    assert_eq!(
        pull_request.title,
        "Copilot activity report of acme, 2026-03-02"
    );
    assert_eq!(pull_request.base, "main");
    for text in [
        "the organization `acme` in `copilot-activity/acme`",
        "| Seats (rows) | 3 |",
        "verified as complete",
        "later runs add their reports to it",
        "/octo/tools/actions/runs/4242/attempts/1",
    ] {
        assert!(
            pull_request.body.contains(text),
            "{text:?}: {}",
            pull_request.body
        );
    }
    assert!(
        !pull_request.body.contains("mona-"),
        "contains no names: {}",
        pull_request.body
    );
    assert_intact(&simulator, OWN);
}

#[test]
fn later_days_are_added_to_the_open_pull_request_as_one_history() {
    let simulator = start(protected());
    run(&simulator, "2026-03-02", 1);
    let step = run(&simulator, "2026-03-03", 2);
    run(&simulator, "2026-03-05", 4);
    assert_eq!(step.output("pull-request-url"), address(&simulator, 1));
    assert_eq!(pulls(&simulator), [pull(1, "2026-03-02", None)]);
    let branch = format!("{BRANCH}/2026-03-02");
    assert_eq!(
        recorded(&simulator, &branch),
        days(&[
            ("2026-03-02", "1"),
            ("2026-03-03", "2"),
            ("2026-03-05", "4")
        ])
    );
    assert_eq!(branches(&simulator), [branch]);
    assert_intact(&simulator, OWN);
}

#[test]
fn after_a_merge_or_squash_the_next_one_continues_the_history_of_the_base() {
    for ending in [Ending::Merged, Ending::Squashed] {
        for repository in [protected(), protected().deleting_merged_branches()] {
            let simulator = start(repository);
            run(&simulator, "2026-03-02", 1);
            run(&simulator, "2026-03-03", 2);
            simulator.end_pull_request(OWN, 1, ending).unwrap();
            let step = run(&simulator, "2026-03-04", 3);
            assert_eq!(step.output("pull-request-url"), address(&simulator, 2));
            let body = simulator.pull_requests(OWN).remove(1).body;
            assert!(body.contains("| Seats granted | 1 |"), "{body}");
            run(&simulator, "2026-03-05", 4);
            assert_eq!(
                pulls(&simulator),
                [
                    pull(1, "2026-03-02", Some(ending)),
                    pull(2, "2026-03-04", None)
                ]
            );
            // The pull request can be merged, so it contains nothing that's already merged.
            simulator.end_pull_request(OWN, 2, ending).unwrap();
            let all = [("2026-03-02", "1"), ("2026-03-03", "2")];
            let all = [&all[..], &[("2026-03-04", "3"), ("2026-03-05", "4")]].concat();
            assert_eq!(recorded(&simulator, "main"), days(&all));
            assert_intact(&simulator, OWN);
        }
    }
}

#[test]
fn after_a_close_the_next_one_starts_from_the_base_without_the_closed_days() {
    let simulator = start(protected());
    run(&simulator, "2026-03-02", 1);
    simulator.end_pull_request(OWN, 1, Ending::Closed).unwrap();
    let step = run(&simulator, "2026-03-03", 2);
    assert_eq!(step.output("pull-request-url"), address(&simulator, 2));
    let branch = format!("{BRANCH}/2026-03-03");
    assert_eq!(recorded(&simulator, &branch), days(&[("2026-03-03", "2")]));
    // GitHub closes a pull request if its branch is deleted.
    simulator.delete_branch(OWN, &branch).unwrap();
    run(&simulator, "2026-03-04", 3);
    let branch = format!("{BRANCH}/2026-03-04");
    assert_eq!(recorded(&simulator, &branch), days(&[("2026-03-04", "3")]));
    assert_intact(&simulator, OWN);
}

#[test]
fn a_second_pull_request_on_the_same_day_gets_its_own_name() {
    for (ending, repository) in [
        (Ending::Closed, protected()),
        (Ending::Squashed, protected()),
        (Ending::Squashed, protected().deleting_merged_branches()),
    ] {
        let simulator = start(repository);
        run(&simulator, "2026-03-02", 1);
        simulator.end_pull_request(OWN, 1, ending).unwrap();
        run(&simulator, "2026-03-02", 2);
        let second = pull(2, "2026-03-02-2", None);
        assert_eq!(
            pulls(&simulator),
            [pull(1, "2026-03-02", Some(ending)), second.clone()]
        );
        assert_eq!(
            recorded(&simulator, &second.1),
            days(&[("2026-03-02", "2")])
        );
        simulator.end_pull_request(OWN, 2, ending).unwrap();
        assert_intact(&simulator, OWN);
    }
}

#[test]
fn an_unchanged_day_makes_no_commit_no_branch_and_no_pull_request() {
    let simulator = start(protected());
    run(&simulator, "2026-03-02", 1);
    let step = run(&simulator, "2026-03-02", 1);
    assert_eq!(step.output("commit-sha"), "");
    assert_eq!(step.output("changed"), "false");
    assert_eq!(
        step.output("pull-request-url"),
        address(&simulator, 1),
        "the one that is open holds the report"
    );
    simulator
        .end_pull_request(OWN, 1, Ending::Squashed)
        .unwrap();
    let step = run(&simulator, "2026-03-02", 1);
    let outputs = ["commit-sha", "changed", "pull-request-url"].map(|name| step.output(name));
    assert_eq!(outputs, ["", "false", ""]);
    let message = "nothing committed to octo/tools (branch main): no seat differs";
    assert!(step.stdout.contains(message), "{}", step.stdout);
    assert_eq!(pulls(&simulator).len(), 1);
    assert_eq!(branches(&simulator), [format!("{BRANCH}/2026-03-02")]);
    assert_intact(&simulator, OWN);
}

#[test]
fn several_organizations_share_a_pull_request() {
    let read = Token::new().copilot(["acme", "Globex"]).scopes("read:org");
    let github = with(seats(1), protected())
        .organization("Globex", seats(2))
        .token(TOKEN, read);
    let simulator = Simulator::start(github).unwrap();
    let run = |day: &str| {
        let step = job(&simulator, day)
            .input("organization", "acme, Globex")
            .run();
        step.succeeded();
        let urls = step.output("pull-request-url").lines();
        urls.map(str::to_owned).collect::<Vec<_>>()
    };
    let first = [address(&simulator, 1)];
    assert_eq!(run("2026-03-02"), first);
    assert_eq!(run("2026-03-03"), first);
    let heads = pulls(&simulator).into_iter().map(|(_, head, _)| head);
    let head = "copilot-activity-report/organizations.all/2026-03-02";
    assert_eq!(heads.collect::<Vec<_>>(), [head]);
    simulator.end_pull_request(OWN, 1, Ending::Merged).unwrap();
    assert_eq!(run("2026-03-04"), [address(&simulator, 2)]);
    simulator.end_pull_request(OWN, 2, Ending::Merged).unwrap();
    assert_eq!(recorded(&simulator, "main").len(), 3);
    assert_intact(&simulator, OWN);
}

#[test]
fn same_named_histories_of_other_directories_or_kinds_share_no_pull_request() {
    let read = Token::new().copilot(["acme"]).enterprise(["acme"]);
    let read = read.scopes("read:org, read:enterprise");
    let github = with(seats(1), protected())
        .enterprise("acme", seats(2))
        .token(TOKEN, read);
    let simulator = Simulator::start(github).unwrap();
    // Git rejects most of these as branch names, or rejects them together. Some differ only in
    // other characters than letters.
    let long = "long/".repeat(30);
    let histories = [
        ("organization", "copilot-activity"),
        ("organization", "copilot activity"),
        ("organization", "copilot/activity"),
        ("organization", "copilot"),
        ("organization", "."),
        ("organization", "reports.lock/Übersicht @{1} ~^[a"),
        ("organization", &long),
        ("enterprise", "enterprises"),
        // It's also the organization's folder. The first pull request to be merged gets the folder.
        ("enterprise", "copilot-activity"),
    ];
    let run = |day: &str| {
        for (kind, directory) in histories {
            job(&simulator, day)
                .without("GITHUB_REPOSITORY_OWNER")
                .input(kind, "acme")
                .input("directory", directory)
                .run()
                .succeeded();
        }
    };
    run("2026-03-02");
    let opened = pulls(&simulator);
    assert_eq!(opened.len(), histories.len());
    assert_eq!(opened[0], pull(1, "2026-03-02", None));
    for (number, shown) in [
        (1, ".copilot-activity-"),
        (7, ".enterprise.enterprises-"),
        (8, ".enterprise/"),
    ] {
        let (_, head, _) = &opened[number];
        assert!(head.starts_with(&format!("{BRANCH}{shown}")), "{head}");
        assert!(head.ends_with("/2026-03-02"), "{head}");
    }
    // Each run continues its own pull request.
    run("2026-03-03");
    assert_eq!(pulls(&simulator), opened);
    for (_, head, _) in &opened {
        let range = format!("main..{head}");
        let commits = git(&simulator.git_dir(OWN), &["rev-list", "--count", &range]);
        assert_eq!(commits.trim(), "2", "{head}");
    }
    for number in 1..=2 {
        simulator
            .end_pull_request(OWN, number, Ending::Merged)
            .unwrap();
    }
    assert_intact(&simulator, OWN);
}

#[test]
fn only_our_own_pull_request_among_many_is_updated() {
    let simulator = start(protected());
    run(&simulator, "2026-03-02", 1);
    simulator.change_pull_requests(|all| {
        let ours = all.pop().unwrap();
        let other = |number: u64, head: &str, base: &str, of_fork: bool| {
            let mut other = ours.clone();
            (other.number, other.of_fork) = (number, of_fork);
            (other.head, other.base) = (head.to_owned(), base.to_owned());
            other
        };
        // Pull requests from a fork, of another scope, of another base branch, and a hundred from
        // people.
        all.push(other(1, &format!("{BRANCH}/2026-03-02"), "main", true));
        all.push(other(
            2,
            "copilot-activity-report/acme-labs/2026-03-02",
            "main",
            false,
        ));
        all.push(other(3, &format!("{BRANCH}/2026-03-01"), "next", false));
        all.extend((4..104).map(|number| other(number, "monalisas-patch", "main", false)));
        all.push(other(104, &ours.head, "main", false));
    });
    let step = run(&simulator, "2026-03-03", 2);
    assert_eq!(step.output("pull-request-url"), address(&simulator, 104));
    let branch = format!("{BRANCH}/2026-03-02");
    assert_eq!(recorded(&simulator, &branch).len(), 2);
    assert_eq!(branches(&simulator), [branch]);
    assert_intact(&simulator, OWN);
}

#[test]
fn new_commits_on_the_base_do_not_get_in_the_way() {
    let simulator = start(protected());
    run(&simulator, "2026-03-02", 1);
    commit_file(&simulator.git_dir(OWN), "src/main.rs", b"fn main() {}\n");
    run(&simulator, "2026-03-03", 2);
    simulator.end_pull_request(OWN, 1, Ending::Merged).unwrap();
    run(&simulator, "2026-03-04", 3);
    simulator.end_pull_request(OWN, 2, Ending::Merged).unwrap();
    assert_eq!(recorded(&simulator, "main").len(), 3);
    assert_intact(&simulator, OWN);
}

#[test]
fn a_repository_without_commits_or_a_base_is_initialized_first() {
    for (repository, base, day) in [
        (Repository::private().empty(), "", "2026-03-02"),
        (Repository::private().empty(), "audit", "2026-03-02"),
        (Repository::private(), "audit", "2026-03-02"),
    ] {
        let simulator = start(repository);
        let step = job(&simulator, day).input("branch", base).run();
        step.succeeded();
        let pull_request = simulator.pull_requests(OWN).remove(0);
        let base = if base.is_empty() { "main" } else { base };
        assert_eq!(pull_request.base, base);
        simulator.end_pull_request(OWN, 1, Ending::Merged).unwrap();
        assert_eq!(recorded(&simulator, base), days(&[(day, "1")]));
        assert_intact(&simulator, OWN);
    }
}

#[test]
fn a_pull_request_requires_delivery_to_the_repository() {
    let simulator = start(protected());
    for deliver_to in ["artifact", "none"] {
        let step = job(&simulator, "2026-03-02")
            .input("deliver-to", deliver_to)
            .run();
        step.failed(2, &["pull-request: ", "doesn't include `repository`"]);
    }
    assert!(simulator.requests().is_empty());
}

#[test]
fn the_refusal_of_a_protected_branch_suggests_a_pull_request() {
    let simulator = start(protected());
    let step = job(&simulator, "2026-03-02")
        .input("pull-request", "false")
        .run();
    step.failed(
        1,
        &[
            "the rule `pull_request` (ruleset 42",
            "Set `pull-request: true`",
        ],
    );
    assert_eq!(pulls(&simulator), []);
    assert_intact(&simulator, OWN);
}
