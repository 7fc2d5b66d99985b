//! Commits of others are found whatever they say about themselves, and the action's own commits
//! aren't taken for those of others.

use super::{
    Change, FOLDER, PERSON, REWRITTEN, UNVERIFIED, assert_calm, assert_warned, commit, edit,
    guards, job, manifest_in, parsed, report, start, state,
};
use crate::support::pulls::{self, protected};
use crate::support::{Job, OWN, TOKEN, assert_intact, commit_file, git_with, github};
use serde_json::{Value, json};
use simulator::seat::Row;
use simulator::{Ending, Repository, Seats, Simulator, Token};

const BOT: (&str, &str) = (
    "github-actions[bot]",
    "41898282+github-actions[bot]@users.noreply.github.com",
);
const TRAILER: &str = "Copilot-Activity-Report-Delivery: run 4242 attempt 1 0123456789abcdef";

fn head(simulator: &Simulator) -> String {
    parsed(simulator, "main")
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
        json!({ "since": last, "commits": [{ "sha": verified, "verified": true }], "more": 0, "unverified": 0 })
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
    let none = json!({ "since": null, "commits": [], "more": 0, "unverified": 0 });
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
    let listed = json!({ "since": last, "commits": [{ "sha": edit, "verified": false }], "more": 0, "unverified": 1 });
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
