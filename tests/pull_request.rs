//! Reports by pull request: for branches that nobody commits to directly.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod support;

use std::thread;

use simulator::seat::Row;
use simulator::{
    At, Ending, Fault, GitHub, Kind, Nth, Operation, PullRequest, Repository, Rule, Seats,
    Simulator, Token,
};
use support::{COMMIT_TOKEN, Job, OWN, Step, TOKEN, commit_file, file, git, github, sound};

const BRANCH: &str = "copilot-activity-report/acme";
const FOLDER: &str = "copilot-activity/acme";
const QUERY: At = At::Graphql(Operation::Query);
const MUTATION: At = At::Graphql(Operation::Mutation);

/// The workflow's repository, whose `main` takes changes by pull request only.
fn protected() -> Repository {
    Repository::private().protected(Rule::PullRequest)
}

fn writes() -> Token {
    Token::new().contents_write([OWN]).pulls_write([OWN])
}

fn with(seats: Seats, repository: Repository) -> GitHub {
    github(seats)
        .repository(OWN, repository)
        .token(COMMIT_TOKEN, writes())
}

fn start(repository: Repository) -> Simulator {
    Simulator::start(with(seats(1), repository)).unwrap()
}

/// So many people, the newest of whom came that day.
fn seats(people: u64) -> Seats {
    Seats::rows((1..=people).map(|n| Row::of(&format!("mona-{n}"), n)))
}

fn job(simulator: &Simulator, day: &str) -> Job {
    Job::on(simulator)
        .input("deliver-to", "repository")
        .input("pull-request", "true")
        .variable("TEST_TIME", &format!("{day}T03:17:00Z"))
}

/// Runs on that day, after the organization got that many people.
fn run(simulator: &Simulator, day: &str, people: u64) -> Step {
    simulator.change(|github| {
        github
            .organizations
            .insert("acme".to_owned(), seats(people));
    });
    let step = job(simulator, day).run();
    step.succeeded();
    step
}

/// What the pull requests are, as number, branch and ending.
fn pulls(simulator: &Simulator) -> Vec<(u64, String, Option<Ending>)> {
    let all = simulator.pull_requests(OWN).into_iter();
    all.map(|pull: PullRequest| (pull.number, pull.head, pull.ending))
        .collect()
}

fn pull(number: u64, day: &str, ending: Option<Ending>) -> (u64, String, Option<Ending>) {
    (number, format!("{BRANCH}/{day}"), ending)
}

fn address(simulator: &Simulator, number: u64) -> String {
    format!("{}/{OWN}/pull/{number}", simulator.server_url())
}

/// The days that the record on a branch has in its trend, and the seats of each.
fn recorded(simulator: &Simulator, branch: &str) -> Vec<(String, String)> {
    let totals = file(
        &simulator.git_dir(OWN),
        &format!("{branch}:{FOLDER}/totals.csv"),
    );
    let totals = String::from_utf8(totals).unwrap();
    let lines = totals.lines().skip(1).map(|line| {
        let cells: Vec<&str> = line.split(',').collect();
        (cells[0][..10].to_owned(), cells[1].to_owned())
    });
    lines.collect()
}

fn days(days: &[(&str, &str)]) -> Vec<(String, String)> {
    let owned = |&(day, seats): &(&str, &str)| (day.to_owned(), seats.to_owned());
    days.iter().map(owned).collect()
}

/// The branches there are, but `main`.
fn branches(simulator: &Simulator) -> Vec<String> {
    let names = git(
        &simulator.git_dir(OWN),
        &["for-each-ref", "--format=%(refname:lstrip=2)"],
    );
    let names = names.lines().filter(|name| *name != "main");
    names.map(str::to_owned).collect()
}

#[test]
fn the_first_run_opens_a_pull_request_and_leaves_the_protected_branch_alone() {
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

    let made = simulator.pull_requests(OWN).remove(0);
    assert_eq!(made.title, "Copilot activity report of acme, 2026-03-02");
    assert_eq!(made.base, "main");
    for text in [
        "the organization `acme` in `copilot-activity/acme`",
        "| Seats (rows) | 3 |",
        "proved complete",
        "later runs add their reports to it",
        "/octo/tools/actions/runs/4242/attempts/1",
    ] {
        assert!(made.body.contains(text), "{text:?}: {}", made.body);
    }
    assert!(
        !made.body.contains("mona-"),
        "it names nobody: {}",
        made.body
    );
    sound(&simulator, OWN);
}

#[test]
fn while_it_is_open_later_days_pile_up_on_it_with_one_history() {
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
    sound(&simulator, OWN);
}

#[test]
fn after_a_merge_or_a_squash_the_next_begins_from_the_base_with_the_same_history() {
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
            // It can be merged, so it holds nothing that was merged before.
            simulator.end_pull_request(OWN, 2, ending).unwrap();
            let all = [("2026-03-02", "1"), ("2026-03-03", "2")];
            let all = [&all[..], &[("2026-03-04", "3"), ("2026-03-05", "4")]].concat();
            assert_eq!(recorded(&simulator, "main"), days(&all));
            sound(&simulator, OWN);
        }
    }
}

#[test]
fn after_it_was_closed_the_next_begins_from_the_base_without_what_was_closed() {
    let simulator = start(protected());
    run(&simulator, "2026-03-02", 1);
    simulator.end_pull_request(OWN, 1, Ending::Closed).unwrap();
    let step = run(&simulator, "2026-03-03", 2);
    assert_eq!(step.output("pull-request-url"), address(&simulator, 2));
    let branch = format!("{BRANCH}/2026-03-03");
    assert_eq!(recorded(&simulator, &branch), days(&[("2026-03-03", "2")]));
    // GitHub closes it where its branch is deleted.
    simulator.delete_branch(OWN, &branch).unwrap();
    run(&simulator, "2026-03-04", 3);
    let branch = format!("{BRANCH}/2026-03-04");
    assert_eq!(recorded(&simulator, &branch), days(&[("2026-03-04", "3")]));
    sound(&simulator, OWN);
}

#[test]
fn a_second_pull_request_of_the_same_day_gets_a_name_of_its_own() {
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
        sound(&simulator, OWN);
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
    let told = "nothing committed to octo/tools (branch main): no seat differs";
    assert!(step.stdout.contains(told), "{}", step.stdout);
    assert_eq!(pulls(&simulator).len(), 1);
    assert_eq!(branches(&simulator), [format!("{BRANCH}/2026-03-02")]);
    sound(&simulator, OWN);
}

#[test]
fn a_merge_in_the_middle_of_a_run_loses_nothing_and_doubles_nothing() {
    let list = At::path("GET", "/pulls?");
    let open = At::path("POST", "/pulls");
    for ending in [Ending::Merged, Ending::Squashed, Ending::Closed] {
        for repository in [protected(), protected().deleting_merged_branches()] {
            // Before it is found, before its branch is read, before the commit, and after it.
            let moments = [(&list, 1), (&QUERY, 1), (&MUTATION, 1), (&list, 2)];
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
                sound(&simulator, OWN);
            }
        }
    }
    // And a new one that is merged before this run knows of it.
    let simulator = start(protected());
    simulator.fault(Fault::once(open, Kind::Reset.after_effect()));
    simulator.fault(Fault {
        at: list,
        nth: Nth::Only(4),
        kind: Kind::EndPullRequest(Ending::Merged),
    });
    let step = run(&simulator, "2026-03-02", 1);
    assert_eq!(step.output("pull-request-url"), address(&simulator, 1));
    assert!(!step.output("commit-sha").is_empty());
    assert_eq!(recorded(&simulator, "main"), days(&[("2026-03-02", "1")]));
    assert_eq!(pulls(&simulator).len(), 1);
    sound(&simulator, OWN);
}

#[test]
fn a_lost_answer_never_makes_a_second_pull_request() {
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
            sound(&simulator, OWN);
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
    sound(&simulator, OWN);
}

#[test]
fn a_missing_permission_and_the_setting_are_named_and_the_next_run_takes_up_what_is_there() {
    // Without the permission nothing is begun at all.
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
            &format!("done: the report is on the branch {branch} of octo/tools"),
            "not done: acme: no pull request",
        ],
    );
    assert!(
        !step.output("commit-sha").is_empty(),
        "what was done is told"
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
    sound(&simulator, OWN);
}

#[test]
fn each_of_several_organizations_has_a_pull_request_of_its_own() {
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
    let both = [address(&simulator, 1), address(&simulator, 2)];
    assert_eq!(run("2026-03-02"), both);
    assert_eq!(run("2026-03-03"), both);
    let heads = pulls(&simulator).into_iter().map(|(_, head, _)| head);
    let named = |scope: &str| format!("copilot-activity-report/{scope}/2026-03-02");
    assert_eq!(heads.collect::<Vec<_>>(), [named("acme"), named("globex")]);
    // One is merged, the other stays.
    simulator.end_pull_request(OWN, 1, Ending::Merged).unwrap();
    assert_eq!(
        run("2026-03-04"),
        [address(&simulator, 3), address(&simulator, 2)]
    );
    simulator.end_pull_request(OWN, 2, Ending::Merged).unwrap();
    simulator.end_pull_request(OWN, 3, Ending::Merged).unwrap();
    assert_eq!(recorded(&simulator, "main").len(), 3);
    sound(&simulator, OWN);
}

#[test]
fn only_our_own_are_added_to_among_many() {
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
        // A stranger's of the same name, another scope's, another base's, and a hundred of people.
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
    sound(&simulator, OWN);
}

#[test]
fn what_the_base_gained_meanwhile_does_not_hinder() {
    let simulator = start(protected());
    run(&simulator, "2026-03-02", 1);
    commit_file(&simulator.git_dir(OWN), "src/main.rs", b"fn main() {}\n");
    run(&simulator, "2026-03-03", 2);
    simulator.end_pull_request(OWN, 1, Ending::Merged).unwrap();
    run(&simulator, "2026-03-04", 3);
    simulator.end_pull_request(OWN, 2, Ending::Merged).unwrap();
    assert_eq!(recorded(&simulator, "main").len(), 3);
    sound(&simulator, OWN);
}

#[test]
fn a_repository_without_commits_or_without_the_base_is_begun_first() {
    for (repository, base, day) in [
        (Repository::private().empty(), "", "2026-03-02"),
        (Repository::private().empty(), "audit", "2026-03-02"),
        (Repository::private(), "audit", "2026-03-02"),
    ] {
        let simulator = start(repository);
        let step = job(&simulator, day).input("branch", base).run();
        step.succeeded();
        let made = simulator.pull_requests(OWN).remove(0);
        let base = if base.is_empty() { "main" } else { base };
        assert_eq!(made.base, base);
        simulator.end_pull_request(OWN, 1, Ending::Merged).unwrap();
        assert_eq!(recorded(&simulator, base), days(&[(day, "1")]));
        sound(&simulator, OWN);
    }
}

#[test]
fn it_goes_with_a_delivery_to_the_repository_only() {
    let simulator = start(protected());
    for deliver_to in ["artifact", "none"] {
        let step = job(&simulator, "2026-03-02")
            .input("deliver-to", deliver_to)
            .run();
        step.failed(2, &["pull-request: ", "does not name `repository`"]);
    }
    assert!(simulator.requests().is_empty());
}

#[test]
fn the_refusal_of_a_protected_branch_names_the_way_by_pull_request() {
    let simulator = start(protected());
    let step = job(&simulator, "2026-03-02")
        .input("pull-request", "false")
        .run();
    step.failed(1, &["its rules are `pull_request`", "`pull-request: true`"]);
    assert_eq!(pulls(&simulator), []);
    sound(&simulator, OWN);
}
