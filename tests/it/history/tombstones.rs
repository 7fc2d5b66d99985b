//! `verify` accepts what `tombstones.csv` explains, names it, and reports everything else.

use std::fs;
use std::path::Path;

use simulator::seat::Row;
use simulator::{Seats, Simulator};
use tempfile::TempDir;

use super::verify::since::{follow, succeeded};
use crate::support::{Job, OWN, Step, checkout, copy_of, git, github, sha256};

pub(super) const ACME: &str = "copilot-activity/acme";
pub(super) const REASON: &str = "Request 4711";

/// Runs the action for acme with these seats, and checks that it warns about nothing.
pub(super) fn record(simulator: &Simulator, time: &str, rows: Vec<Row>) {
    record_by("monalisa", simulator, time, rows);
}

/// The same, in a run that someone started manually.
pub(super) fn record_by(actor: &str, simulator: &Simulator, time: &str, rows: Vec<Row>) {
    simulator.change(|github| {
        let seats = Seats::rows(rows);
        github.organizations.insert("acme".to_owned(), seats);
    });
    let step = Job::on(simulator)
        .input("deliver-to", "repository")
        .input("organization", "acme")
        .variable("TEST_TIME", time)
        .variable("GITHUB_ACTOR", actor)
        .run();
    step.succeeded();
    assert_eq!(step.warnings(), Vec::<&str>::new(), "{time}");
    assert_ne!(step.output("commit-sha"), "", "{}", step.printed());
}

/// Runs a subcommand at that time.
pub(super) fn command(time: &str, arguments: &[&str]) -> Step {
    let job = Job::alone().command_line(arguments);
    job.variable("TEST_TIME", time).run()
}

pub(super) fn verify(folder: &Path) -> Step {
    command(
        "2027-01-01T00:00:00Z",
        &["verify", folder.to_str().unwrap(), "--expect=any"],
    )
}

/// Verifies a folder, and returns what it printed.
pub(super) fn verified(folder: &Path) -> String {
    let step = verify(folder);
    step.succeeded();
    step.stdout
}

/// The paths in the lines of `tombstones.csv`, in order.
pub(super) fn removed_paths(lines: &str) -> Vec<&str> {
    let lines = lines.lines().skip(1);
    lines.map(|line| line.split(',').nth(2).unwrap()).collect()
}

/// Commits everything in a clone, and pushes it.
pub(super) fn push(simulator: &Simulator, clone: &Path) {
    let directory = clone.join(".git");
    let top = format!("--work-tree={}", clone.display());
    let to = format!("file://{}", simulator.git_dir(OWN).display());
    let name = ["-c", "user.name=Mona", "-c", "user.email=mona@example.com"];
    git(&directory, &[&*top, "add", "--all", "."]);
    let commit = [&name[..], &[&top, "commit", "--quiet", "-m", "Remove"]].concat();
    git(&directory, &commit);
    git(&directory, &["push", "--quiet", &to, "HEAD:main"]);
}

/// A seat that was granted before the first day.
pub(super) fn person(login: &str, id: u64) -> Row {
    Row::of(login, id).created("2025-06-01T09:00:00Z")
}

pub(super) fn hubot() -> Row {
    person("hubot", 2)
}

pub(super) fn mona() -> Row {
    person("monalisa", 1003)
}

/// Four days of acme. Someone is renamed from octocat to octodog, starts a run, and leaves.
pub(super) fn four_days() -> (Simulator, TempDir) {
    let simulator = Simulator::start(github(Seats::people(1))).unwrap();
    let (before, after) = (|| person("octocat", 583_231), || person("octodog", 583_231));
    record(&simulator, "2025-12-30T03:00:00Z", vec![hubot(), before()]);
    let time = "2025-12-31T03:00:00Z";
    record_by("octodog", &simulator, time, vec![hubot(), after()]);
    let time = "2026-11-20T03:00:00Z";
    record(&simulator, time, vec![hubot(), mona(), after()]);
    record(&simulator, "2026-11-21T03:00:00Z", vec![hubot(), mona()]);
    let clone = checkout(&simulator, OWN);
    (simulator, clone)
}

pub(super) fn erase(time: &str, person: &str, folder: &Path) -> Step {
    let folder = folder.to_str().unwrap();
    command(time, &["erase", person, folder, "--reason", REASON])
}

pub(super) fn retire(time: &str, before: &str, folder: &Path) -> Step {
    let folder = folder.to_str().unwrap();
    let options = ["--before", before, "--reason", "Three years"];
    command(time, &[&["retire", folder], &options[..]].concat())
}

pub(super) fn text(acme: &Path, path: &str) -> String {
    fs::read_to_string(acme.join(path)).unwrap()
}

pub(super) fn edit(acme: &Path, path: &str, from: &str, to: &str) {
    let content = text(acme, path);
    assert!(content.contains(from), "{from:?} isn't in {content}");
    fs::write(acme.join(path), content.replacen(from, to, 1)).unwrap();
}

/// The commands of `docs/retention.md` that contain `words`.
fn commands(words: &str) -> &'static str {
    let blocks = include_str!("../../../docs/retention.md").split("```sh\n");
    let blocks = blocks.skip(1).filter_map(|rest| rest.split("```").next());
    let found: Vec<&str> = blocks.filter(|block| block.contains(words)).collect();
    let [block] = found[..] else {
        panic!("{words} is in {} blocks of the page", found.len());
    };
    block
}

#[test]
fn the_commands_of_the_docs_leave_a_history_that_verifies_and_continues() {
    let (simulator, _clone) = four_days();
    for words in [" erase octocat ", " retire "] {
        // The history has gaps.
        let verify = "verify --expect any copilot-audit";
        let commands = commands(words)
            .replace("2024-01-01", "2026-01-01")
            .replace("verify copilot-audit", verify);
        let (_folder, output) = follow(&simulator, &commands);
        let printed = succeeded(&output);
        assert!(printed.contains("Verification passed."), "{printed}");
    }
    record(&simulator, "2027-01-02T03:00:00Z", vec![hubot()]);
    let clone = checkout(&simulator, OWN);
    let printed = verified(clone.path());
    assert!(printed.contains("Reason: Request 4711\n"), "{printed}");
}

/// Adds a line to `tombstones.csv` for each change of a file since `before`.
fn forge(acme: &Path, before: &Path, time: &str, paths: &[&str]) {
    let mut lines = text(acme, "tombstones.csv");
    for path in paths {
        let old = fs::read(before.join(path)).unwrap();
        let new = fs::read(acme.join(path)).ok();
        let (kind, after) = match &new {
            Some(new) => ("erased", format!("{},{}", new.len(), sha256(new))),
            None => ("retired", ",".to_owned()),
        };
        let (size, hash) = (old.len(), sha256(&old));
        lines.push_str(&format!(
            "{time},{kind},{path},Forged,{size},{hash},{},{after}\n",
            "0".repeat(40)
        ));
    }
    fs::write(acme.join("tombstones.csv"), lines).unwrap();
}

type Tampering = (&'static str, fn(&Path, &Path), &'static [&'static str]);

const TAMPERING: &[Tampering] = &[
    (
        "an erased report is edited",
        |acme, _| edit(acme, "reports/2026/2026-11-20.csv", "hubot", "robot"),
        &["reports/2026/2026-11-20.csv was changed: tombstones.csv says "],
    ),
    (
        "an erased manifest is edited",
        |acme, _| {
            edit(
                acme,
                "reports/2025/2025-12-31.json",
                "\"pages\": 1",
                "\"pages\": 2",
            );
        },
        &["reports/2025/2025-12-31.json was changed: tombstones.csv says "],
    ),
    (
        "erased changes are edited",
        |acme, _| edit(acme, "changes/2026.csv", "monalisa", "robot"),
        &["changes/2026.csv was changed: tombstones.csv says "],
    ),
    (
        "lines are added to erased changes",
        |acme, _| edit(acme, "changes/2025.csv", "To\n", "To\nmore\n"),
        &["changes/2025.csv was changed: 5 bytes were added to what tombstones.csv says"],
    ),
    (
        "people.csv is edited",
        |acme, _| edit(acme, "people.csv", "hubot", "robot"),
        &["people.csv was changed: "],
    ),
    (
        "a report is edited that wasn't erased",
        |acme, _| edit(acme, "reports/2026/2026-11-21.csv", "hubot", "robot"),
        &["reports/2026/2026-11-21.csv was changed: reports/2026/2026-11-21.json says "],
    ),
    (
        "tombstones.csv is removed",
        |acme, _| fs::remove_file(acme.join("tombstones.csv")).unwrap(),
        &[
            "changes/2025.csv was changed: reports/2025/",
            "changes/2026.csv was changed: reports/2026/",
            "reports/2025/2025-12-30.csv was changed: ",
            "reports/2025/2025-12-31.csv was changed: ",
            "reports/2025/2025-12-31.json was changed: ",
            "reports/2026/2026-11-20.csv was changed: ",
            "tombstones.csv is missing, but ",
        ],
    ),
    (
        "a reason is edited",
        |acme, _| edit(acme, "tombstones.csv", "4711", "4712"),
        &["tombstones.csv was changed: "],
    ),
    (
        "a line can't be read",
        |acme, _| {
            edit(
                acme,
                "tombstones.csv",
                "erased,changes/2025.csv",
                "lost,changes/2025.csv",
            );
        },
        &[
            "changes/2025.csv was changed: ",
            "tombstones.csv line ",
            "tombstones.csv was changed: ",
        ],
    ),
    (
        "a line of an erased report comes back",
        |acme, before| {
            fs::copy(
                before.join("reports/2026/2026-11-20.csv"),
                acme.join("reports/2026/2026-11-20.csv"),
            )
            .unwrap();
        },
        &["reports/2026/2026-11-20.csv still has the lines that `tombstones.csv` lists as erased"],
    ),
    (
        "a line doesn't fit the recorded report",
        |acme, before| {
            let path = "reports/2026/2026-11-21.csv";
            let copy = copy_of(before);
            edit(copy.path(), path, "hubot", "other");
            edit(acme, path, "hubot", "bot");
            forge(acme, copy.path(), "2026-11-25T00:00:00Z", &[path]);
        },
        &[
            "reports/2026/2026-11-21.csv had lines erased on 2026-11-25 according to tombstones.csv, but ",
            "reports/2026/2026-11-21.csv was changed: ",
        ],
    ),
    (
        "rows are added to an erased report",
        |acme, _| {
            let copy = copy_of(acme);
            let path = "reports/2026/2026-11-20.csv";
            let rows = "Report Time\nrobot\nrobot\nrobot\n";
            fs::write(acme.join(path), rows).unwrap();
            forge(acme, copy.path(), "2026-11-25T00:00:00Z", &[path]);
        },
        &[
            "reports/2026/2026-11-20.json counts 3 seats, but reports/2026/2026-11-20.csv has 3 after lines were erased from it",
        ],
    ),
    (
        "lines are about files that got larger",
        |acme, _| {
            let copy = copy_of(acme);
            let paths = ["changes/2026.csv", "people.csv"];
            for path in paths {
                fs::write(acme.join(path), text(acme, path) + "more\n").unwrap();
            }
            forge(acme, copy.path(), "2026-11-25T00:00:00Z", &paths);
        },
        &[
            "changes/2026.csv is in tombstones.csv as erased on 2026-11-25, but no line can have been erased",
            "changes/2026.csv was changed: ",
            "people.csv is in tombstones.csv as erased on 2026-11-25, but no line can have been erased",
            "people.csv was changed: reports/",
        ],
    ),
    (
        "lines have no reason, hash, or size",
        |acme, _| {
            let (hash, blob) = ("a".repeat(64), "b".repeat(40));
            let start = "2026-11-25T00:00:00Z,erased,README.md";
            let lines = [
                format!("{start},,900,{hash},{blob},800,{hash}\n"),
                format!("{start},Forged,900,{},{blob},800,{hash}\n", &hash[1..]),
                format!("{start},Forged,900,{hash},{},800,{hash}\n", &blob[1..]),
                format!(
                    "{start},Forged,900,{hash},{blob},800,{}\n",
                    hash.replace('a', "x")
                ),
                format!("{start},Forged,900,{hash},{blob},,\n"),
            ];
            let file = text(acme, "tombstones.csv") + &lines.concat();
            fs::write(acme.join("tombstones.csv"), file).unwrap();
        },
        &["tombstones.csv line "; 5],
    ),
    (
        "a line is cut off",
        |acme, _| {
            let file = text(acme, "tombstones.csv");
            fs::write(acme.join("tombstones.csv"), &file[..file.len() - 20]).unwrap();
        },
        &[
            "tombstones.csv line 9 can't be read",
            "tombstones.csv was changed: ",
        ],
    ),
    (
        "a line about an earlier time is added later",
        |acme, _| {
            let copy = copy_of(acme);
            let path = "reports/2026/2026-11-21.csv";
            fs::write(acme.join(path), "Report Time\nrobot\nrobot\n").unwrap();
            forge(acme, copy.path(), "2026-11-22T00:00:00Z", &[path]);
        },
        &[
            "reports/2026/2026-11-21.json counts 2 seats, but ",
            "tombstones.csv has a line for 2026-11-22T00:00:00Z, but the report of 2026-11-23T03:00:00Z was recorded later without it",
        ],
    ),
    (
        "a day in the middle is retired",
        |acme, before| {
            let paths = [
                "reports/2026/2026-11-21.csv",
                "reports/2026/2026-11-21.json",
            ];
            for path in paths {
                fs::remove_file(acme.join(path)).unwrap();
            }
            forge(acme, before, "2026-11-25T00:00:00Z", &paths);
        },
        &[
            "reports/2026/2026-11-21.csv is in tombstones.csv as retired on 2026-11-25, but files of the same time or older ones are still there",
            "reports/2026/2026-11-21.json is in tombstones.csv as retired on 2026-11-25, but ",
            "reports/2026/2026-11-21.json is missing: ",
        ],
    ),
    (
        "a line is about totals.csv",
        |acme, _| {
            let copy = copy_of(acme);
            edit(acme, "totals.csv", ",2,2,", ",9,9,");
            forge(acme, copy.path(), "2026-11-25T00:00:00Z", &["totals.csv"]);
        },
        &[
            "totals.csv is in tombstones.csv as erased on 2026-11-25, but the `erase` command never changes it",
            "totals.csv was changed: ",
        ],
    ),
    (
        "a line is about a file that no manifest lists",
        |acme, _| {
            fs::write(acme.join("notes.txt"), "1").unwrap();
            let copy = copy_of(acme);
            fs::write(acme.join("notes.txt"), "2").unwrap();
            forge(acme, copy.path(), "2026-11-25T00:00:00Z", &["notes.txt"]);
        },
        &[
            "notes.txt is in tombstones.csv as erased on 2026-11-25, but the `erase` command never changes it",
        ],
    ),
];

/// Checks that the reported problems start with these texts.
pub(super) fn assert_problems(what: &str, acme: &Path, expected: &[&str]) {
    let step = verify(acme);
    step.failed(1, &[]);
    let folder = format!("{}/", acme.display());
    let problems: Vec<&str> = step
        .stdout
        .lines()
        .filter_map(|line| line.strip_prefix(&folder))
        // Lines about the whole folder.
        .filter(|line| !line.starts_with(": "))
        .collect();
    assert_eq!(problems.len(), expected.len(), "{what}: {problems:#?}");
    for (problem, expected) in problems.iter().zip(expected) {
        assert!(problem.starts_with(expected), "{what}: {problems:#?}");
    }
}

#[test]
fn tampering_after_an_erasure_is_found() {
    let (simulator, clone) = four_days();
    let before = copy_of(&clone.path().join(ACME));
    erase("2026-11-22T12:00:00Z", "octodog", clone.path()).succeeded();
    push(&simulator, clone.path());
    record(&simulator, "2026-11-23T03:00:00Z", vec![hubot(), mona()]);
    let clone = checkout(&simulator, OWN);
    verified(clone.path());
    for (what, meddle, expected) in TAMPERING {
        let copy = copy_of(clone.path());
        let acme = copy.path().join(ACME);
        meddle(&acme, before.path());
        assert_problems(what, &acme, expected);
    }
}

#[test]
fn a_line_that_fits_is_named_with_its_day_and_reason() {
    let (_simulator, clone) = four_days();
    let acme = clone.path().join(ACME);
    let before = copy_of(&acme);
    fs::write(
        acme.join("tombstones.csv"),
        "Removed At,Kind,Path,Reason,Size Before,SHA-256 Before,Git Blob Before,Size After,SHA-256 After\n",
    )
    .unwrap();
    let path = "reports/2026/2026-11-20.csv";
    let rest: String = text(&acme, path)
        .split_inclusive('\n')
        .filter(|line| !line.contains("hubot"))
        .collect();
    fs::write(acme.join(path), rest).unwrap();
    forge(&acme, before.path(), "2026-11-25T00:00:00Z", &[path]);
    let printed = verified(&acme);
    let line = ": lines erased from 1 file on 2026-11-25. Reason: Forged\n";
    assert!(printed.contains(line), "{printed}");
}

#[test]
fn each_file_counts_once_for_a_reason() {
    let (_simulator, clone) = four_days();
    erase("2026-11-22T12:00:00Z", "octodog", clone.path()).succeeded();
    let acme = clone.path().join(ACME);
    let lines = text(&acme, "tombstones.csv");
    let (_, last) = lines.trim_end().rsplit_once('\n').unwrap();
    fs::write(acme.join("tombstones.csv"), format!("{lines}{last}\n")).unwrap();
    let printed = verified(&acme);
    let line = ": lines erased from 8 files on 2026-11-22. ";
    assert!(printed.contains(line), "{printed}");
}

#[test]
fn converted_line_endings_are_the_only_problem_after_an_erasure() {
    let (_simulator, clone) = four_days();
    erase("2026-11-22T12:00:00Z", "octodog", clone.path()).succeeded();
    let acme = clone.path().join(ACME);
    for path in crate::support::files_below(&acme) {
        let file = fs::read_to_string(&path).unwrap();
        fs::write(&path, file.replace('\n', "\r\n")).unwrap();
    }
    assert_problems("CRLF", &acme, &[".gitattributes and "]);
    for step in [
        erase("2026-11-22T12:00:00Z", "hubot", clone.path()),
        retire("2026-11-22T12:00:00Z", "2026-01-01", clone.path()),
    ] {
        step.failed(1, &["differ from the recorded ones. Nothing was written."]);
    }
}
