//! With each report, the action says who can see the audit repository, what its branch allows, and
//! who else committed. What it can't know is unknown, and never fails a run.

use crate::support::pulls::{self, protected};
use crate::support::{
    Job, OWN, Step, TOKEN, assert_intact, commit_file, file, git, git_with, github,
};
use serde_json::{Value, json};
use simulator::seat::Row;
use simulator::{
    At, BranchProtection, Ending, Fault, Kind, RecordedRequest, Repository, Rule, Seats, Simulator,
    Token,
};

const FOLDER: &str = "copilot-activity/acme";
const PERSON: (&str, &str) = ("Mona Lisa", "1001+mona@users.noreply.github.com");
const BOT: (&str, &str) = (
    "github-actions[bot]",
    "41898282+github-actions[bot]@users.noreply.github.com",
);
const TRAILER: &str = "Copilot-Activity-Report-Delivery: run 4242 attempt 1 0123456789abcdef";
const FIX: &str = "add a ruleset for main that ";
const UNVERIFIED: &str = "since the last report aren't verified, so anyone can have made them: ";
const REWRITTEN: &str = "was rewritten: the commit of the last report is no longer in it.";

fn start(repository: Repository) -> Simulator {
    Simulator::start(github(Seats::people(1)).repository(OWN, repository)).unwrap()
}

fn job(simulator: &Simulator, day: u32) -> Job {
    Job::on(simulator)
        .input("deliver-to", "repository")
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

fn head(simulator: &Simulator) -> String {
    parsed(simulator, "main")
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
fn commits_of_others_are_listed_and_only_unverified_ones_are_a_warning() {
    let simulator = start(Repository::private());
    let last = report(&simulator, 2).output("commit-sha").to_owned();
    let verified = edit(&simulator, "note.txt");
    simulator.sign(OWN, &verified);
    // A commit that doesn't change the folder doesn't count.
    let step = report(&simulator, 3);
    assert_calm(&step);
    let found = state(&simulator, 3);
    assert_eq!(
        found["other_commits"],
        json!({ "since": last, "commits": [{ "sha": verified, "verified": true }], "more": 0 })
    );
    assert_eq!(found["rewritten"], false);

    let last = step.output("commit-sha").to_owned();
    let unverified = edit(&simulator, "another.txt");
    let verified = edit(&simulator, "third.txt");
    simulator.sign(OWN, &verified);
    let step = report(&simulator, 4);
    assert_warned(&step, &format!("{UNVERIFIED}{}.", &unverified[..12]));
    let listed = json!([
        { "sha": unverified, "verified": false },
        { "sha": verified, "verified": true },
    ]);
    let found = state(&simulator, 4);
    assert_eq!(found["other_commits"]["since"], last);
    assert_eq!(found["other_commits"]["commits"], listed);
    assert!(
        step.summary
            .contains("2 other commits since the last report, 1 not verified")
    );
    assert!(!step.printed().contains("Mona Lisa"));

    let step = report(&simulator, 5);
    assert_calm(&step);
    assert_eq!(state(&simulator, 5)["other_commits"]["commits"], json!([]));
}

#[test]
fn a_later_report_of_the_day_keeps_the_commits_that_the_earlier_one_listed() {
    let simulator = start(Repository::private());
    let last = report(&simulator, 2).output("commit-sha").to_owned();
    let other = edit(&simulator, "note.txt");
    report(&simulator, 3);
    simulator.change(|github| {
        let seats = Seats::rows([Row::of("hubot", 99)]);
        github.organizations.insert("acme".to_owned(), seats);
    });
    let later = job(&simulator, 3).variable("TEST_TIME", "2026-03-03T09:00:00Z");
    let step = later.run();
    step.succeeded();
    assert_calm(&step);
    let others = &state(&simulator, 3)["other_commits"];
    assert_eq!(others["since"], last);
    assert_eq!(
        others["commits"],
        json!([{ "sha": other, "verified": false }])
    );
}

#[test]
fn a_commit_is_found_whatever_its_date_author_and_message_say() {
    let simulator = start(Repository::private());
    report(&simulator, 2);
    let message = format!("Copilot activity report of acme\n\n{TRAILER}");
    // In 2001, by the action, it says.
    let forged = (1_000_000_000, &*message);
    let place = ("main", &["main"][..]);
    let unsigned = commit(&simulator, place, BOT, forged, &Change::File("a.txt"));
    let signed = commit(&simulator, place, PERSON, forged, &Change::File("b.txt"));
    simulator.sign(OWN, &signed);
    let step = report(&simulator, 3);
    assert_warned(&step, &format!("{UNVERIFIED}{}.", &unsigned[..12]));
    let listed = json!([
        { "sha": unsigned, "verified": false },
        { "sha": signed, "verified": true },
    ]);
    assert_eq!(state(&simulator, 3)["other_commits"]["commits"], listed);

    // GitHub's signature of a merge doesn't cover an old commit that it adds.
    let now = jiff::Timestamp::now().as_second();
    let side = ("side", &["main~3"][..]);
    commit(
        &simulator,
        side,
        PERSON,
        (1_000_000_000, "Hide"),
        &Change::File("c.txt"),
    );
    edit(&simulator, "d.txt");
    simulator.sign(OWN, &head(&simulator));
    let parents = ("main", &["main", "side"][..]);
    let merge = commit(
        &simulator,
        parents,
        PERSON,
        (now, "Merge"),
        &Change::File("c.txt"),
    );
    simulator.sign(OWN, &merge);
    let step = report(&simulator, 4);
    assert_warned(&step, &format!("{UNVERIFIED}{}", &merge[..12]));
}

#[test]
fn a_replaced_report_is_noticed_after_a_force_push() {
    let now = jiff::Timestamp::now().as_second();
    let simulator = start(Repository::private());
    let first = report(&simulator, 2).output("commit-sha").to_owned();
    report(&simulator, 3);
    // Without the action's trailer.
    let change = Change::TreeOf("main");
    commit(
        &simulator,
        ("main", &["main~"]),
        PERSON,
        (now, "Tidy up"),
        &change,
    );
    let step = report(&simulator, 4);
    assert_warned(&step, REWRITTEN);
    let found = state(&simulator, 4);
    assert_eq!(found["rewritten"], true);
    assert_eq!(found["other_commits"]["since"], first);
    assert!(
        step.summary
            .contains("The last report's commit is no longer in the branch.")
    );
    assert_calm(&report(&simulator, 5));

    // With it, and even with the author's name.
    let message = format!("Copilot activity report of acme\n\n{TRAILER}");
    let last = parsed(&simulator, "main~");
    let forged = commit(
        &simulator,
        ("main", &["main~"]),
        BOT,
        (now, &message),
        &Change::TreeOf("main"),
    );
    let step = report(&simulator, 6);
    assert_warned(&step, &format!("{UNVERIFIED}{}.", &forged[..12]));
    let others = &state(&simulator, 6)["other_commits"];
    assert_eq!(others["since"], last);
    assert_eq!(
        others["commits"],
        json!([{ "sha": forged, "verified": false }])
    );
}

#[test]
fn a_renamed_folder_is_not_a_rewritten_branch() {
    let simulator = start(Repository::private());
    let last = report(&simulator, 2).output("commit-sha").to_owned();
    let other = edit(&simulator, "note.txt");
    simulator.change(|github| github.rename("acme", "globex"));
    let top = parsed(&simulator, "main:copilot-activity/acme");
    let index = parsed(&simulator, "main:copilot-activity/README.md");
    let now = jiff::Timestamp::now().as_second();
    let stream = format!(
        "commit refs/heads/main\ncommitter Mona <mona@example.com> {now} +0000\ndata 6\nRename\nfrom refs/heads/main^0\nD copilot-activity\nM 040000 {top} copilot-activity/globex\nM 100644 {index} copilot-activity/README.md\n"
    );
    git_with(
        &simulator.git_dir(OWN),
        &["fast-import", "--quiet"],
        stream.as_bytes(),
    );
    let rename = head(&simulator);
    let step = job(&simulator, 3).input("organization", "globex").run();
    step.succeeded();
    let found = manifest_in(&simulator, "copilot-activity/globex", 3)["repository"].clone();
    assert_eq!(found["rewritten"], false);
    assert_eq!(found["other_commits"]["since"], last);
    let listed = json!([{ "sha": rename, "verified": false }, { "sha": other, "verified": false }]);
    assert_eq!(found["other_commits"]["commits"], listed);
    let step = job(&simulator, 4).input("organization", "globex").run();
    assert_calm(&step);
}

#[test]
fn without_an_earlier_manifest_the_own_commits_show_what_is_known() {
    let simulator = start(Repository::private().empty());
    let step = report(&simulator, 2);
    let found = state(&simulator, 2);
    let none = json!({ "since": null, "commits": [], "more": 0 });
    assert_eq!(
        (&found["other_commits"], &found["rewritten"]),
        (&none, &Value::Null)
    );
    assert_eq!(found["parent"], parsed(&simulator, "main~"));
    assert!(
        !step.summary.contains("the last report"),
        "{}",
        step.summary
    );

    // As an earlier version wrote it, or someone who hides their commit. The action's own commits
    // still show where the last report is.
    let last = step.output("commit-sha");
    let path = format!("{FOLDER}/reports/2026/2026-03-02.json");
    let mut manifest = manifest_in(&simulator, FOLDER, 2);
    manifest.as_object_mut().unwrap().remove("repository");
    let manifest = serde_json::to_vec(&manifest).unwrap();
    commit_file(&simulator.git_dir(OWN), &path, &manifest);
    let edit = head(&simulator);
    report(&simulator, 3);
    let found = state(&simulator, 3);
    let listed =
        json!({ "since": last, "commits": [{ "sha": edit, "verified": false }], "more": 0 });
    assert_eq!(
        (&found["other_commits"], &found["rewritten"]),
        (&listed, &Value::Null)
    );
}

#[test]
fn ten_writers_at_once_do_not_take_each_other_for_others() {
    let names: Vec<String> = (0..10).map(|n| format!("org-{n}")).collect();
    let mut github =
        github(Seats::people(1)).token(TOKEN, Token::new().copilot(&names).scopes("read:org"));
    for name in &names {
        github = github.organization(name, Seats::people(2));
    }
    let simulator = Simulator::start(github).unwrap();
    for day in [2, 3] {
        let jobs: Vec<Job> = names
            .iter()
            .flat_map(|name| {
                // Two runs of each organization, a second apart.
                [0, 1].map(|second| {
                    let time = format!("2026-03-{day:02}T03:17:0{second}Z");
                    job(&simulator, day)
                        .input("organization", name)
                        .variable("TEST_TIME", &time)
                })
            })
            .take(10)
            .collect();
        let running: Vec<_> = jobs.iter().map(Job::start).collect();
        for running in running {
            let step = running.end();
            step.succeeded();
            assert!(!step.stdout.contains(UNVERIFIED) && !step.stdout.contains(REWRITTEN));
        }
    }
    for name in &names[..5] {
        let found = &manifest_in(&simulator, &format!("copilot-activity/{name}"), 3)["repository"];
        assert_eq!(found["other_commits"]["commits"], json!([]), "{found}");
        assert_eq!(found["rewritten"], false, "{found}");
    }
    assert_intact(&simulator, OWN);
}

#[test]
fn a_pull_request_that_was_merged_or_squashed_is_not_a_rewritten_branch() {
    for ending in [Ending::Merged, Ending::Squashed] {
        let simulator = pulls::start(protected());
        for (day, number) in [("2026-03-02", 1), ("2026-03-03", 2)] {
            let step = pulls::run(&simulator, day, number);
            assert!(
                !step.stdout.contains(REWRITTEN),
                "{ending:?}: {}",
                step.stdout
            );
            simulator.end_pull_request(OWN, number, ending).unwrap();
        }
        let found = state(&simulator, 3);
        assert_eq!(found["branch"], "main");
        assert_ne!(found["rewritten"], true, "{ending:?}");
        assert_eq!(guards(&found), ["allowed"; 3]);
    }
}

#[test]
fn a_run_reads_the_rules_once_and_the_commits_once_per_organization() {
    let simulator = start(Repository::private());
    report(&simulator, 2);
    let before = simulator.requests().len();
    report(&simulator, 3);
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
