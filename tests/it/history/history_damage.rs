//! Damage to a history: days without a run, edited and removed files, older layouts, and runs that
//! are late or concurrent.

use std::thread;

use crate::support::{Job, OWN, Step, assert_intact, commit_file, file, git, github, remove_files};
use simulator::seat::Row;
use simulator::{Seats, Simulator};

const FOLDER: &str = "copilot-activity/acme";
const FIRST: &str = "2026-03-01T03:17:00Z";
const SECOND: &str = "2026-03-02T03:17:00Z";
const THIRD: &str = "2026-03-03T03:17:00Z";

fn run_at(simulator: &Simulator, time: &str) -> Step {
    let job = Job::on(simulator).input("deliver-to", "repository");
    job.variable("TEST_TIME", time).run()
}

fn people(ids: &[u64]) -> Seats {
    let row = |id: &u64| Row::of(&format!("mona-{id}"), *id).activity("2026-02-20T08:00:00Z");
    Seats::rows(ids.iter().map(row))
}

fn now_holding(simulator: &Simulator, ids: &[u64]) {
    let seats = people(ids);
    simulator.change(|github| {
        github.organizations.insert("acme".to_owned(), seats);
    });
}

/// Two days are recorded. `mona-1` stays, `mona-2` leaves, and `mona-3` joins. Today, `mona-4`
/// joins.
fn two_days() -> Simulator {
    let simulator = Simulator::start(github(people(&[1, 2]))).unwrap();
    quiet(&run_at(&simulator, FIRST));
    now_holding(&simulator, &[1, 3]);
    quiet(&run_at(&simulator, SECOND));
    now_holding(&simulator, &[1, 3, 4]);
    simulator
}

fn quiet(step: &Step) {
    step.succeeded();
    assert_eq!(step.warnings(), Vec::<&str>::new());
}

/// The text of a file in the folder. Empty if the file doesn't exist.
fn text(simulator: &Simulator, path: &str) -> String {
    let directory = simulator.git_dir(OWN);
    let name = format!("main:{FOLDER}/{path}");
    let there = git(
        &directory,
        &["ls-tree", "main", &format!("{FOLDER}/{path}")],
    );
    if there.is_empty() {
        return String::new();
    }
    String::from_utf8(file(&directory, &name)).unwrap()
}

/// The lines of a file, without the first.
fn lines(simulator: &Simulator, path: &str) -> Vec<String> {
    let text = text(simulator, path);
    text.lines().skip(1).map(str::to_owned).collect()
}

fn write(simulator: &Simulator, path: &str, content: &str) {
    let directory = simulator.git_dir(OWN);
    commit_file(&directory, &format!("{FOLDER}/{path}"), content.as_bytes());
}

/// An edit of a file.
type Edit = fn(&str) -> String;

/// Checks that the third day was recorded.
fn assert_third_day(simulator: &Simulator, step: &Step) {
    step.succeeded();
    let latest = text(simulator, "latest.csv");
    assert_eq!(latest.as_bytes(), step.report());
    assert_eq!(latest, text(simulator, "reports/2026/2026-03-03.csv"));
    let seats = lines(simulator, "seats.csv");
    let logins: Vec<&str> = seats
        .iter()
        .map(|line| line.split(',').next().unwrap())
        .collect();
    assert_eq!(logins, ["mona-1", "mona-3", "mona-4"]);
    let totals = lines(simulator, "totals.csv");
    let last = totals.last().unwrap();
    assert!(
        last.starts_with("2026-03-03T03:17:0") && last.contains("Z,3,3,3,0,0,0,"),
        "{last}"
    );
    // The third day repaired the files, so the next run reports nothing.
    assert_intact(simulator, OWN);
}

#[test]
fn manually_edited_and_removed_files_are_reported_and_no_line_is_lost() {
    let conflict: Edit =
        |file: &str| format!("<<<<<<< HEAD\n{file}=======\n{file}>>>>>>> theirs\n");
    let invalid: Edit = |_: &str| "who,knows\n1,2\n".to_owned();
    let cut: Edit = |file: &str| file[..file.len() - 10].to_owned();
    for path in [
        "latest.csv",
        "seats.csv",
        "people.csv",
        "totals.csv",
        "changes/2026.csv",
    ] {
        let edits: [Option<Edit>; 4] = [Some(conflict), Some(invalid), Some(cut), None];
        for (number, edit) in edits.iter().enumerate() {
            let what = format!("{path}, edit {number}");
            let simulator = two_days();
            let before = text(&simulator, path);
            let changes = lines(&simulator, "changes/2026.csv");
            assert_eq!(changes.len(), 2, "{what}");
            let edited = edit.map(|edit| edit(&before));
            match &edited {
                Some(edited) => write(&simulator, path, edited),
                None => remove_files(&simulator.git_dir(OWN), FOLDER, &[path]),
            }
            let step = run_at(&simulator, THIRD);
            assert_third_day(&simulator, &step);
            let warnings = step.warnings();
            let place = format!("{FOLDER} of {OWN}: ");
            assert!(
                warnings.iter().all(|line| line.starts_with(&place)),
                "{what}: {warnings:?}"
            );
            assert!(
                warnings.iter().any(|line| line.contains(path)),
                "{what}: {warnings:?}"
            );
            // The action keeps the existing lines of `changes`, even damaged ones.
            let now = text(&simulator, "changes/2026.csv");
            let kept = match &edited {
                Some(edited) if path.starts_with("changes") => edited.clone(),
                None if path.starts_with("changes") => String::new(),
                _ => changes.iter().map(|line| format!("{line}\n")).collect(),
            };
            assert!(now.contains(&kept), "{what}: {now}");
            assert_eq!(
                now.matches(",mona-4,,,granted,").count(),
                1,
                "{what}: {now}"
            );
            assert_eq!(now.matches(",mona-1,").count(), 0, "{what}: {now}");
            // People who hold seats are recorded again. Others are still in the Git history.
            let people = text(&simulator, "people.csv");
            for login in ["mona-1", "mona-3", "mona-4"] {
                assert!(people.contains(&format!(",{login},")), "{what}: {people}");
            }
            if let Some(edited) = edited.filter(|_| path == "totals.csv") {
                // The action also keeps lines that it can't parse.
                let totals = text(&simulator, path);
                let first = edited.lines().nth(1).unwrap();
                assert!(totals.contains(first), "{what}: {totals}");
            }
        }
    }
}

/// Edits a file and runs on the third day. The log and the summary must contain only this warning.
fn assert_third_day_warns(simulator: &Simulator, path: &str, edit: Edit, warnings: &str) -> Step {
    let edited = edit(&text(simulator, path));
    write(simulator, path, &edited);
    let step = run_at(simulator, THIRD);
    assert_third_day(simulator, &step);
    let edited = format!("{path} was changed after the report of 2026-03-02");
    let others: Vec<&str> = step
        .warnings()
        .into_iter()
        .filter(|line| !line.contains(&edited))
        .collect();
    assert_eq!(others.len(), 1, "{others:?}");
    assert!(others[0].contains(warnings), "{others:?}");
    let summary = step.summary.replace('\\', "");
    let line = summary.lines().find(|line| line.contains(warnings));
    assert!(
        line.is_some_and(|line| line.starts_with("- ⚠️ ")),
        "{summary}"
    );
    step
}

#[test]
fn a_damaged_line_of_people_is_kept_and_loses_no_other_line() {
    for edit in [
        (|file: &str| file.replace("\n3,mona-3", "\nthree,mona-3")) as Edit,
        |file| file.replace("\n3,mona-3", "\n3,\"mona-3"),
        |file| file.replace("\n3,mona-3", "\nmona-3"),
    ] {
        let simulator = two_days();
        let warnings = "line 4 of people.csv can't be read. The action keeps it as it is";
        assert_third_day_warns(&simulator, "people.csv", edit, warnings);
        let people = lines(&simulator, "people.csv");
        let of = |login: &str| {
            let mut all = people.iter().filter(|line| line.contains(login));
            (
                all.next().cloned().unwrap_or_default(),
                all.next().cloned().unwrap_or_default(),
            )
        };
        assert!(of("mona-1").0.contains(",2026-03-01T03:17:0"), "{people:?}");
        assert!(of("mona-2").0.contains(",false,2026-02-20"), "{people:?}");
        let (anew, kept) = of("mona-3");
        assert!(anew.starts_with("3,mona-3,2026-03-03"), "{people:?}");
        assert!(kept.contains(",2026-03-02T03:17:0"), "{people:?}");
        assert_eq!(people.last(), Some(&kept));
    }
}

#[test]
fn an_unclosed_quotation_mark_hides_no_later_change() {
    let edit: Edit = |file| format!("{file}2026-03-02T05:00:00Z,\"mona-9,,,granted,,\n");
    let simulator = two_days();
    let warnings =
        "line 4 of changes/2026.csv isn't a valid line of changes. The action keeps it as it is";
    assert_third_day_warns(&simulator, "changes/2026.csv", edit, warnings);
    let page = text(&simulator, "README.md");
    for line in [
        "- 2026-03-03: `mona-4` got a seat",
        "- 2026-03-02: `mona-2` lost the seat",
    ] {
        assert!(page.contains(line), "{page}");
    }
    assert!(page.contains("\nAll 3 changes in 2026"), "{page}");
}

#[test]
fn a_removed_newest_manifest_is_reported_as_missing() {
    for removed in [
        &["reports/2026/2026-03-02.json"][..],
        &[
            "reports/2026/2026-03-02.json",
            "reports/2026/2026-03-02.csv",
        ],
        &[
            "reports/2026/2026-03-02.json",
            "reports/2026/2026-03-01.json",
        ],
    ] {
        let simulator = two_days();
        remove_files(&simulator.git_dir(OWN), FOLDER, removed);
        let step = run_at(&simulator, THIRD);
        assert_third_day(&simulator, &step);
        let warnings = step.warnings();
        assert_eq!(warnings.len(), 1, "{warnings:?}");
        assert!(
            warnings[0].contains("reports/2026/2026-03-02.json, the manifest of the newest report that totals.csv lists, is missing"),
            "{warnings:?}"
        );
    }
}

#[test]
fn a_complete_report_of_the_day_stays_even_if_its_manifest_is_damaged() {
    let simulator = two_days();
    quiet(&run_at(&simulator, THIRD));
    let recorded = text(&simulator, "latest.csv");
    write(&simulator, "reports/2026/2026-03-03.json", "{");
    simulator.change(|github| {
        let short = people(&[1]).total_seats(simulator::TotalSeats::Fixed(3));
        github.organizations.insert("acme".to_owned(), short);
    });
    let job = Job::on(&simulator).input("deliver-to", "repository");
    let job = job.variable("TEST_TIME", "2026-03-03T09:00:00Z");
    let step = job.input("require-complete", "false").run();
    step.succeeded();
    assert!(step.stdout.contains("the day's report there is complete"));
    assert_eq!(text(&simulator, "latest.csv"), recorded);
    let warnings: Vec<&str> = step
        .warnings()
        .into_iter()
        .filter(|line| !line.contains("couldn't be verified as complete"))
        .collect();
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(warnings[0].contains("the manifest reports/2026/2026-03-03.json can't be read"));
}

#[test]
fn what_the_third_day_repaired_is_not_reported_again() {
    for path in ["latest.csv", "seats.csv", "people.csv"] {
        let simulator = two_days();
        write(&simulator, path, "who,knows\n");
        assert!(!run_at(&simulator, THIRD).warnings().is_empty());
        quiet(&run_at(&simulator, "2026-03-04T03:17:00Z"));
        assert_intact(&simulator, OWN);
    }
}

#[test]
fn an_older_layout_is_continued() {
    let simulator = two_days();
    let newer = [
        "seats.csv",
        "people.csv",
        "totals.csv",
        "changes",
        "README.md",
    ];
    remove_files(&simulator.git_dir(OWN), FOLDER, &newer);
    remove_files(
        &simulator.git_dir(OWN),
        FOLDER,
        &["trend-light.svg", "trend-dark.svg"],
    );
    let step = run_at(&simulator, THIRD);
    assert_third_day(&simulator, &step);
    let warnings = step.warnings().join("\n");
    assert!(warnings.contains("seats.csv is missing, so the report is compared with latest.csv"));
    let changes = lines(&simulator, "changes/2026.csv");
    assert_eq!(changes.len(), 1, "{changes:?}");
    assert!(changes[0].contains(",mona-4,,,granted,"), "{changes:?}");
    // The first report is gone, so `First RecordedRequest` is the time of the newest one.
    let people = lines(&simulator, "people.csv");
    assert!(
        people[0].starts_with("1,mona-1,2026-03-02T03:17:0"),
        "{people:?}"
    );
}

#[test]
fn a_folder_with_only_reports_starts_over_and_logs_it() {
    let simulator = two_days();
    let all = [
        "seats.csv",
        "people.csv",
        "totals.csv",
        "changes",
        "latest.csv",
    ];
    remove_files(&simulator.git_dir(OWN), FOLDER, &all);
    let step = run_at(&simulator, THIRD);
    assert_third_day(&simulator, &step);
    let warnings = step.warnings().join("\n");
    assert!(
        warnings.contains("this report is a new baseline"),
        "{warnings}"
    );
    assert_eq!(text(&simulator, "changes/2026.csv"), "");
}

#[test]
fn a_gap_of_a_day_or_a_year_loses_nothing() {
    let simulator = two_days();
    for (time, never_used, inactive) in [
        ("2026-03-04T03:17:00Z", 0, 0),
        // GitHub forgets activity after 90 days, so `mona-9` might have used the seat in between.
        ("2027-04-01T03:17:00Z", 0, 4),
    ] {
        if time.starts_with("2027") {
            let forgotten = [1, 3, 4, 9].map(|id| Row::of(&format!("mona-{id}"), id));
            simulator.change(|github| {
                github
                    .organizations
                    .insert("acme".to_owned(), Seats::rows(forgotten));
            });
        }
        let step = run_at(&simulator, time);
        quiet(&step);
        let totals = lines(&simulator, "totals.csv");
        let last: Vec<&str> = totals.last().unwrap().split(',').collect();
        assert_eq!(last[5], never_used.to_string(), "{last:?}");
        assert_eq!(last[4], inactive.to_string(), "{last:?}");
    }
    let totals = lines(&simulator, "totals.csv");
    let days: Vec<&str> = totals.iter().map(|line| &line[..10]).collect();
    assert_eq!(
        days,
        ["2026-03-01", "2026-03-02", "2026-03-04", "2027-04-01"]
    );
    let people = lines(&simulator, "people.csv");
    assert_eq!(people.len(), 5);
    assert!(
        people[0].contains(",true,2026-02-20T08:00:00Z,"),
        "{people:?}"
    );
    let manifest: serde_json::Value =
        serde_json::from_str(&text(&simulator, "reports/2027/2027-04-01.json")).unwrap();
    assert_eq!(manifest["previous"]["name"], "reports/2026/2026-03-04.json");
    assert_eq!(lines(&simulator, "changes/2027.csv").len(), 1);
    assert_intact(&simulator, OWN);
}

#[test]
fn a_late_run_changes_nothing_and_logs_it() {
    let simulator = Simulator::start(github(people(&[1]))).unwrap();
    quiet(&run_at(&simulator, "2026-03-01T12:00:00Z"));
    quiet(&run_at(&simulator, "2026-03-03T00:20:00Z"));
    let head = git(&simulator.git_dir(OWN), &["rev-parse", "main"]);
    now_holding(&simulator, &[2]);
    // The first time is on the same day. The second is on the day before, which has no report.
    for time in ["2026-03-03T00:10:00Z", "2026-03-02T23:50:00Z"] {
        let step = run_at(&simulator, time);
        quiet(&step);
        let warnings = "it has a newer report, from 2026-03-03T00:20:0";
        assert!(step.stdout.contains(warnings), "{}", step.stdout);
        assert_eq!(step.output("commit-sha"), "");
        assert_eq!(git(&simulator.git_dir(OWN), &["rev-parse", "main"]), head);
    }
    assert_intact(&simulator, OWN);
}

#[test]
fn ten_concurrent_runs_of_one_scope_lose_and_duplicate_no_change() {
    let simulator = Simulator::start(github(people(&[1]))).unwrap();
    quiet(&run_at(&simulator, FIRST));
    let job = |n: u64| {
        Job::on(&simulator)
            .input("deliver-to", "repository")
            // These waits are long enough for the other runs to finish.
            .variable("TEST_WAIT_SCALE", "0.1")
            .variable("TEST_TIME", &format!("2026-03-02T03:{:02}:00Z", n * 5))
    };
    let steps: Vec<Step> = thread::scope(|scope| {
        let runs: Vec<_> = (1..=10)
            .map(|n| {
                let job = job(n);
                scope.spawn(move || job.run())
            })
            .collect();
        // People join and leave in the meantime.
        for n in 2.. {
            if runs.iter().all(thread::ScopedJoinHandle::is_finished) {
                break;
            }
            now_holding(&simulator, &[n, n + 1, n + 2]);
            thread::yield_now();
        }
        runs.into_iter().map(|run| run.join().unwrap()).collect()
    });
    for step in &steps {
        quiet(step);
    }
    assert_changes_add_up(&simulator);
    let recorded = steps
        .iter()
        .filter(|step| !step.output("commit-sha").is_empty());
    let format = "--format=%(trailers:key=Copilot-Activity-Report-Delivery,separator=%x2C).";
    let log = git(&simulator.git_dir(OWN), &["log", format, "main"]);
    let ours = log.lines().filter(|line| *line != ".").count();
    assert_eq!(ours, recorded.count() + 1);
    assert_intact(&simulator, OWN);
}

/// Checks that the recorded changes lead from the first report to the newest, that they're in order
/// of time, and that the totals match.
fn assert_changes_add_up(simulator: &Simulator) {
    let mut holders = vec!["mona-1".to_owned()];
    let changes = lines(simulator, "changes/2026.csv");
    let (mut granted, mut revoked, mut time) = (0, 0, String::new());
    for line in &changes {
        let cells: Vec<&str> = line.split(',').collect();
        assert!(*cells[0] >= *time, "{changes:?}");
        cells[0].clone_into(&mut time);
        let place = holders.iter().position(|login| login == cells[1]);
        match (cells[4], place) {
            ("granted", None) => {
                holders.push(cells[1].to_owned());
                granted += 1;
            }
            ("revoked", Some(place)) => {
                holders.remove(place);
                revoked += 1;
            }
            _ => panic!("{line} in {changes:?}"),
        }
    }
    let seats = lines(simulator, "seats.csv");
    let mut now: Vec<&str> = seats
        .iter()
        .map(|line| line.split(',').next().unwrap())
        .collect();
    holders.sort();
    now.sort_unstable();
    assert_eq!(holders, now);
    let totals = lines(simulator, "totals.csv");
    assert_eq!(totals.len(), 2, "{totals:?}");
    let newest = totals.last().unwrap();
    assert!(
        newest.ends_with(&format!(",{granted},{revoked},true")),
        "{newest} {changes:?}"
    );
    assert!(newest.starts_with(&time[..10]), "{newest} {time}");
}
