//! With each report, the action says who can see the audit repository, what its branch allows, and
//! who else committed. What it can't know is unknown, and never fails a run.

mod others;

use crate::support::{Job, OWN, Step, assert_intact, file, git, git_with, github, github_of_two};
use serde_json::{Value, json};
use simulator::seat::Row;
use simulator::{
    At, BranchProtection, Fault, Kind, RecordedRequest, Repository, Rule, Seats, Simulator,
};

const FOLDER: &str = "copilot-activity/acme";
const PERSON: (&str, &str) = ("Mona Lisa", "1001+mona@users.noreply.github.com");
const FIX: &str = "add a ruleset for main that ";
const UNVERIFIED: &str = "since the last report aren't verified, so anyone can have made them: ";
const REWRITTEN: &str = "was rewritten: the commit of the last report is no longer in it.";

fn start(repository: Repository) -> Simulator {
    Simulator::start(github(Seats::people(1)).repository(OWN, repository)).unwrap()
}

fn job(simulator: &Simulator, day: u32) -> Job {
    Job::on(simulator)
        .input("deliver-to", "repository")
        .input("format", "csv, html")
        .variable("TEST_TIME", &format!("2026-03-{day:02}T03:17:00Z"))
}

/// Runs the action on that day in March, when as many people have a seat.
fn report(simulator: &Simulator, day: u32) -> Step {
    let people = (1..=u64::from(day)).map(|n| Row::of(&format!("mona-{n}"), n));
    let seats = Seats::rows(people.collect::<Vec<_>>());
    simulator.change(|github| {
        github.organizations.insert("acme".to_owned(), seats);
    });
    let step = job(simulator, day).run();
    step.succeeded();
    step
}

fn manifest_in(simulator: &Simulator, folder: &str, day: u32) -> Value {
    let path = format!("main:{folder}/reports/2026/2026-03-{day:02}.json");
    serde_json::from_slice(&file(&simulator.git_dir(OWN), &path)).unwrap()
}

/// What the day's manifest says about the repository.
fn state(simulator: &Simulator, day: u32) -> Value {
    manifest_in(simulator, FOLDER, day)["repository"].clone()
}

fn guards(state: &Value) -> [&str; 3] {
    ["force_pushes", "deletion", "unsigned_commits"].map(|key| state[key].as_str().unwrap())
}

fn parsed(simulator: &Simulator, revision: &str) -> String {
    let sha = git(&simulator.git_dir(OWN), &["rev-parse", revision]);
    sha.trim().to_owned()
}

/// What a commit contains.
enum Change<'c> {
    /// A file in the folder of the organization.
    File(&'c str),
    /// The tree of this commit.
    TreeOf(&'c str),
}

/// Puts a commit on `branch`, wherever that was before.
fn commit(
    simulator: &Simulator,
    (branch, parents): (&str, &[&str]),
    (name, email): (&str, &str),
    (seconds, message): (i64, &str),
    change: &Change<'_>,
) -> String {
    let mut stream = format!(
        "commit refs/heads/{branch}\ncommitter {name} <{email}> {seconds} +0000\ndata {}\n{message}\n",
        message.len()
    );
    for (place, parent) in parents.iter().enumerate() {
        let kind = if place == 0 { "from" } else { "merge" };
        stream.push_str(&format!("{kind} {}\n", parsed(simulator, parent)));
    }
    match change {
        Change::File(path) => {
            stream.push_str(&format!("M 100644 inline {FOLDER}/{path}\ndata 5\nother\n"));
        }
        Change::TreeOf(commit) => {
            let tree = parsed(simulator, &format!("{commit}^{{tree}}"));
            stream.push_str(&format!("M 040000 {tree} \"\"\n"));
        }
    }
    let arguments = ["fast-import", "--quiet", "--force"];
    git_with(&simulator.git_dir(OWN), &arguments, stream.as_bytes());
    parsed(simulator, branch)
}

/// Commits a file to the folder as a person.
fn edit(simulator: &Simulator, path: &str) -> String {
    let now = jiff::Timestamp::now().as_second();
    let place = ("main", &["main"][..]);
    commit(simulator, place, PERSON, (now, "Edit"), &Change::File(path))
}

/// Checks that nothing about the repository is an annotation.
fn assert_calm(step: &Step) {
    for text in [FIX, UNVERIFIED, REWRITTEN] {
        let warned = step
            .stdout
            .lines()
            .any(|line| line.starts_with("::warning") && line.contains(text));
        assert!(!warned, "{}", step.stdout);
    }
}

fn assert_warned(step: &Step, text: &str) {
    let warned = |line: &str| line.starts_with("::warning") && line.contains(text);
    assert!(step.stdout.lines().any(warned), "{text}: {}", step.stdout);
    assert!(step.summary.contains("⚠️"), "{}", step.summary);
}

/// Changes the responses to the query about the repository.
fn rewrite_query(simulator: &Simulator, rewrite: fn(&mut Value)) {
    let rewrite = move |reply: &mut Value| {
        if reply["data"]["viewer"].is_object() {
            rewrite(reply);
        }
    };
    simulator.fault(Fault::always(
        At::path("POST", "/graphql"),
        Kind::rewrite(rewrite),
    ));
}

#[test]
fn a_branch_is_protected_by_a_ruleset_or_by_a_branch_protection_rule() {
    let classic = |allows_force_pushes, allows_deletions, requires_signatures| BranchProtection {
        allows_force_pushes,
        allows_deletions,
        requires_signatures,
    };
    let private = Repository::private;
    for (repository, expected, settings) in [
        (
            private(),
            ["allowed"; 3],
            "blocks force pushes, restricts deletions, and requires signed commits.",
        ),
        (
            private()
                .protected(Rule::NonFastForward)
                .protected(Rule::Deletion)
                .protected(Rule::RequiredSignatures),
            ["blocked"; 3],
            "",
        ),
        (
            private().with_branch_protection(classic(false, false, true)),
            ["blocked"; 3],
            "",
        ),
        (
            private().with_branch_protection(classic(true, false, false)),
            ["allowed", "blocked", "allowed"],
            "blocks force pushes and requires signed commits.",
        ),
        (
            private()
                .protected(Rule::NonFastForward)
                .with_branch_protection(classic(true, false, false)),
            ["blocked", "blocked", "allowed"],
            "requires signed commits.",
        ),
    ] {
        let what = format!("{repository:?}");
        let simulator = start(repository);
        let step = report(&simulator, 2);
        let state = state(&simulator, 2);
        assert_eq!(guards(&state), expected, "{what}");
        assert_eq!(state["name"], OWN);
        assert_eq!(state["branch"], "main");
        assert_eq!(state["visibility"], "private");
        assert_eq!(state["parent"], parsed(&simulator, "main~"));
        match settings {
            "" => assert_calm(&step),
            settings => assert_warned(&step, &format!("{FIX}{settings}")),
        }
        assert_intact(&simulator, OWN);
    }
}

#[test]
fn what_cannot_be_read_is_unknown_and_does_not_fail_the_run() {
    let refused = || Fault::always(At::path("GET", "/rules/branches/"), Kind::status(403, "No"));
    let rule = BranchProtection::default();

    let simulator = start(Repository::private());
    simulator.fault(refused());
    let step = report(&simulator, 2);
    assert_eq!(guards(&state(&simulator, 2)), ["unknown"; 3]);
    assert_calm(&step);

    // One of the two is enough to know that something is blocked.
    let simulator = start(Repository::private().with_branch_protection(rule));
    simulator.fault(refused());
    report(&simulator, 2);
    let expected = ["blocked", "blocked", "unknown"];
    assert_eq!(guards(&state(&simulator, 2)), expected);

    // The branch protection rule is hidden from this token, and the rest isn't.
    let simulator = start(Repository::private().protected(Rule::Deletion));
    rewrite_query(&simulator, |reply| {
        reply["data"]["repository"]["ref"]["refUpdateRule"] = Value::Null;
        reply["errors"] = json!([{ "type": "FORBIDDEN", "message": "Resource not accessible" }]);
    });
    report(&simulator, 2);
    report(&simulator, 3);
    let found = state(&simulator, 3);
    assert_eq!(guards(&found), ["unknown", "blocked", "unknown"]);
    assert_eq!(found["rewritten"], false);

    let simulator = start(Repository::private());
    simulator.fault(refused());
    rewrite_query(&simulator, |reply| {
        *reply = json!({ "data": null, "errors": [{ "type": "FORBIDDEN", "message": "No" }] });
    });
    report(&simulator, 2);
    edit(&simulator, "note.txt");
    let step = report(&simulator, 3);
    let found = state(&simulator, 3);
    assert_eq!(guards(&found), ["unknown"; 3]);
    assert_eq!(
        (&found["other_commits"], &found["rewritten"]),
        (&Value::Null, &Value::Null)
    );
    assert_calm(&step);
    let page = file(&simulator.git_dir(OWN), &format!("main:{FOLDER}/README.md"));
    let page = String::from_utf8(page).unwrap();
    assert!(page.contains("unsigned commits are blocked is unknown. Whether anyone else committed since the last report is unknown."), "{page}");
}

#[test]
fn an_unsafe_setting_is_a_warning_once_and_is_in_each_page() {
    let safe = Repository::private()
        .protected(Rule::NonFastForward)
        .protected(Rule::Deletion)
        .protected(Rule::RequiredSignatures);
    let simulator = start(safe);
    assert_calm(&report(&simulator, 2));
    simulator.change(|github| {
        let repository = github.repositories.get_mut(OWN).unwrap();
        repository
            .rules
            .retain(|(_, rule)| *rule != Rule::NonFastForward);
    });
    assert_warned(
        &report(&simulator, 3),
        &format!("{FIX}blocks force pushes."),
    );
    let step = report(&simulator, 4);
    assert_calm(&step);
    assert!(step.stdout.contains(FIX), "{}", step.stdout);
    let sentence = "The audit repository is private. Deletion and unsigned commits are blocked. Force pushes are allowed. No one else committed since the last report.";
    let page = file(&simulator.git_dir(OWN), &format!("main:{FOLDER}/README.md"));
    let page = String::from_utf8(page).unwrap();
    assert!(page.contains(sentence), "{page}");
    let sentence = sentence.trim_end_matches('.');
    assert!(step.summary.contains(sentence), "{}", step.summary);
    let html = step.output("report-path").lines().last().unwrap();
    let html = std::fs::read_to_string(step.workspace.join(html)).unwrap();
    assert!(html.contains(sentence), "{html}");
}

#[test]
fn a_public_repository_is_a_warning_even_if_that_is_allowed() {
    let simulator = start(Repository::public());
    let run = |day| job(&simulator, day).input("allow-public", "true").run();
    let step = run(2);
    step.succeeded();
    assert_warned(&step, "is public, which `allow-public: true` permits.");
    assert_eq!(state(&simulator, 2)["visibility"], "public");
    let step = run(3);
    assert!(step.stdout.contains("is public, which"), "{}", step.stdout);
    assert!(
        !step
            .stdout
            .lines()
            .any(|line| line.starts_with("::warning") && line.contains("is public"))
    );
}

#[test]
fn a_run_reads_the_rules_and_the_protection_once_for_all_organizations() {
    let seats = Seats::people(2);
    let simulator = Simulator::start(github_of_two(seats.clone(), seats)).unwrap();
    let run = |day| {
        job(&simulator, day)
            .input("organization", "acme, globex")
            .run()
    };
    run(2).succeeded();
    let before = simulator.requests().len();
    run(3).succeeded();
    let requests = simulator.requests().split_off(before);
    let is_query = |request: &&RecordedRequest| {
        let body = request.json().unwrap_or_default();
        body["query"]
            .as_str()
            .is_some_and(|query| query.contains("refUpdateRule"))
    };
    assert_eq!(requests.iter().filter(is_query).count(), 1);
    let rules = requests
        .iter()
        .filter(|request| request.path_and_query.contains("/rules/branches/"));
    assert_eq!(rules.count(), 1);
}
