//! Damage to a history loses as little as possible: damaged headers, Git LFS pointers, and edits of
//! files that a run doesn't read.

use crate::support::{Job, OWN, Step, assert_intact, commit_file, file, git, github, remove_files};
use simulator::seat::Row;
use simulator::{Seats, Simulator, TotalSeats};

const FOLDER: &str = "copilot-activity/acme";
const DAYS: [&str; 5] = [
    "2025-12-30T03:17:00Z",
    "2025-12-31T03:17:00Z",
    "2026-01-01T03:17:00Z",
    "2026-01-02T03:17:00Z",
    "2026-01-03T03:17:00Z",
];

fn row(id: u64) -> Row {
    let row = Row::of(&format!("mona-{id}"), id);
    row.created("2025-11-01T09:00:00Z")
        .activity("2025-12-20T08:00:00Z")
}

fn holding(simulator: &Simulator, rows: impl IntoIterator<Item = Row>) {
    let seats = Seats::rows(rows);
    simulator.change(|github| {
        github.organizations.insert("acme".to_owned(), seats);
    });
}

fn run(simulator: &Simulator, time: &str) -> Step {
    let job = Job::on(simulator).input("deliver-to", "repository");
    job.variable("TEST_TIME", time).run()
}

fn quiet(step: &Step) {
    step.succeeded();
    assert_eq!(step.warnings(), Vec::<&str>::new());
}

/// Three recorded days around New Year. `mona-2` leaves and `mona-3` joins on the second, and
/// `mona-4` joins on the third. Now `mona-1` has another plan.
fn three_days() -> Simulator {
    let simulator = Simulator::start(github(Seats::rows([row(1), row(2)]))).unwrap();
    quiet(&run(&simulator, DAYS[0]));
    holding(&simulator, [row(1), row(3)]);
    quiet(&run(&simulator, DAYS[1]));
    holding(&simulator, [row(1), row(3), row(4)]);
    quiet(&run(&simulator, DAYS[2]));
    let other_plan = row(1).plan("enterprise");
    holding(&simulator, [other_plan, row(3), row(4)]);
    simulator
}

fn text(simulator: &Simulator, path: &str) -> String {
    let name = format!("main:{FOLDER}/{path}");
    String::from_utf8(file(&simulator.git_dir(OWN), &name)).unwrap()
}

fn write(simulator: &Simulator, path: &str, content: &str) {
    let path = format!("{FOLDER}/{path}");
    commit_file(&simulator.git_dir(OWN), &path, content.as_bytes());
}

fn head(simulator: &Simulator) -> String {
    git(&simulator.git_dir(OWN), &["rev-parse", "main"])
}

type Edit = fn(&str) -> String;

/// Edits of a file's first line.
const HEADERS: [(&str, Edit); 4] = [
    ("a column is called otherwise", |file| {
        format!("x{}", &file[1..])
    }),
    ("a quotation mark is opened", |file| format!("\"{file}")),
    ("it is other text", |file| {
        let (_, lines) = file.split_once('\n').unwrap();
        format!("<<<<<<< HEAD\n{lines}")
    }),
    ("it is missing", |file| {
        let (_, lines) = file.split_once('\n').unwrap();
        lines.to_owned()
    }),
];

/// Removes the seconds of the reports' times, because they depend on how fast the machine is.
fn hide_seconds(text: &str) -> String {
    let mut parts = text.split("T03:17:");
    let first = parts.next().unwrap().to_owned();
    parts.fold(first, |text, part| format!("{text}T03:17:{}", &part[2..]))
}

#[test]
fn a_damaged_header_loses_no_line() {
    let whole = three_days();
    quiet(&run(&whole, DAYS[3]));
    for (what, edit) in HEADERS {
        let simulator = three_days();
        let paths = ["people.csv", "seats.csv", "totals.csv"];
        for path in paths {
            write(&simulator, path, &edit(&text(&simulator, path)));
        }
        let step = run(&simulator, DAYS[3]);
        step.succeeded();
        let warnings = step.warnings();
        for path in paths {
            let header = format!("the first line of {path} isn't its header");
            assert!(
                warnings.iter().any(|line| line.contains(&header)),
                "{what}: {warnings:?}"
            );
        }
        assert_eq!(warnings.len(), 6, "{what}: {warnings:?}");
        for file in ["people.csv", "seats.csv", "totals.csv", "changes/2026.csv"] {
            let [now, expected] =
                [&simulator, &whole].map(|simulator| hide_seconds(&text(simulator, file)));
            assert_eq!(now, expected, "{what}: {file}");
        }
        quiet(&run(&simulator, DAYS[4]));
        assert_intact(&simulator, OWN);
    }
}

#[test]
fn a_damaged_header_of_the_newest_report_loses_no_row() {
    for (what, edit) in HEADERS {
        let simulator = three_days();
        // Without `seats.csv`, the action compares with the newest report.
        remove_files(&simulator.git_dir(OWN), FOLDER, &["seats.csv"]);
        write(
            &simulator,
            "latest.csv",
            &edit(&text(&simulator, "latest.csv")),
        );
        holding(&simulator, [row(1), row(4)]);
        let step = run(&simulator, DAYS[3]);
        step.succeeded();
        let warnings = step.warnings().join("\n");
        let header = "the first line of latest.csv isn't its header";
        assert!(warnings.contains(header), "{what}: {warnings}");
        let changes = text(&simulator, "changes/2026.csv");
        assert!(changes.contains("mona-3,,,revoked,"), "{what}: {changes}");
        assert_eq!(step.output("seats-removed"), "1", "{what}");
    }
}

#[test]
fn an_unreadable_people_file_loses_no_more_than_a_missing_one() {
    let missing = three_days();
    remove_files(&missing.git_dir(OWN), FOLDER, &["people.csv"]);
    run(&missing, DAYS[3]).succeeded();
    for content in ["who,knows\n1,2\n", "", "\u{0}\u{1}"] {
        let simulator = three_days();
        write(&simulator, "people.csv", content);
        run(&simulator, DAYS[3]).succeeded();
        let [people, expected] =
            [&simulator, &missing].map(|simulator| hide_seconds(&text(simulator, "people.csv")));
        assert_eq!(people, expected, "{content:?}");
        assert!(people.contains("4,mona-4,2026-01-01T03:17:"), "{people}");
    }
}

#[test]
fn a_hidden_seat_is_not_revoked_after_people_are_lost() {
    let listing = |ids: &[u64], total| {
        let rows = ids.iter().map(|id| row(*id));
        Seats::rows(rows).total_seats(TotalSeats::Fixed(total))
    };
    let simulator = Simulator::start(github(listing(&[1, 2, 3], 3))).unwrap();
    // 1 is hidden on almost every day. 3 is hidden at first, and then gone.
    let days: [(&[u64], u64); 6] = [
        (&[1, 2, 3], 3),
        (&[2, 3], 3),
        (&[2, 3], 3),
        (&[2], 3),
        (&[2], 2),
        (&[1, 2], 2),
    ];
    for (number, (ids, total)) in (1..).zip(days) {
        if number == 3 {
            remove_files(&simulator.git_dir(OWN), FOLDER, &["people.csv"]);
        }
        simulator.change(|github| {
            let seats = listing(ids, total);
            github.organizations.insert("acme".to_owned(), seats);
        });
        let job = Job::on(&simulator)
            .input("deliver-to", "repository")
            .input("require-complete", "false");
        let time = format!("2026-01-{number:02}T03:17:00Z");
        job.variable("TEST_TIME", &time).run().succeeded();
    }
    let changes = text(&simulator, "changes/2026.csv");
    let changes: Vec<&str> = changes.lines().skip(1).collect();
    let [only] = changes[..] else {
        panic!("{changes:?}");
    };
    assert!(only.starts_with("2026-01-06T03:17:"), "{only}");
    assert!(only.contains(",mona-3,,,revoked,"), "{only}");
}

#[test]
fn both_sides_of_a_merge_conflict_in_people_become_one_person_again() {
    let simulator = three_days();
    let people = text(&simulator, "people.csv");
    let (header, lines) = people.split_once('\n').unwrap();
    let theirs = lines.replace("2025-12-30T03:17:0", "2025-11-30T03:17:0");
    write(
        &simulator,
        "people.csv",
        &format!("{header}\n<<<<<<< HEAD\n{lines}=======\n{theirs}>>>>>>> theirs\n"),
    );
    run(&simulator, DAYS[3]).succeeded();
    let people = text(&simulator, "people.csv");
    for login in ["mona-1", "mona-2", "mona-3", "mona-4"] {
        let lines = people.lines().filter(|line| line.contains(login));
        assert_eq!(lines.count(), 1, "{people}");
    }
    assert!(people.contains("\n1,mona-1,2025-11-30T03:17:0"), "{people}");
}

#[test]
fn files_in_git_lfs_are_rejected_by_name_and_nothing_is_recorded() {
    let pointer = "version https://git-lfs.github.com/spec/v1\n\
                   oid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\n\
                   size 12345\n";
    let simulator = three_days();
    for path in [
        "latest.csv",
        "seats.csv",
        "people.csv",
        "totals.csv",
        "changes/2026.csv",
        "reports/2026/2026-01-01.json",
        "reports/2026/2026-01-02.json",
        "reports/2026/2026-01-02.csv",
    ] {
        let is_there = !path.contains("2026-01-02");
        let whole = is_there.then(|| text(&simulator, path));
        write(&simulator, path, pointer);
        let before = head(&simulator);
        let step = run(&simulator, DAYS[3]);
        step.failed(
            1,
            &[
                &format!("a file is in Git LFS: {path}."),
                "git add --renormalize .",
                "git lfs migrate export",
            ],
        );
        assert_eq!(head(&simulator), before, "{path}");
        assert_eq!(step.output("commit-sha"), "", "{path}");
        match whole {
            Some(whole) => write(&simulator, path, &whole),
            None => remove_files(&simulator.git_dir(OWN), FOLDER, &[path]),
        }
    }
    quiet(&run(&simulator, DAYS[3]));
}

#[test]
fn edits_of_files_that_a_run_does_not_read_are_reported_once() {
    let of_older =
        |folder: &str| format!("a file of an older day in {folder} was changed, added, or removed");
    for (what, is_removed) in [("was changed", false), ("was removed", true)] {
        let simulator = three_days();
        let mut expected = Vec::new();
        for path in [
            ".gitattributes",
            "README.md",
            "changes/2025.csv",
            "reports/2026/2026-01-01.csv",
            "trend-dark.svg",
            "trend-light.svg",
        ] {
            expected.push(format!("{path} {what}"));
            match is_removed {
                true => remove_files(&simulator.git_dir(OWN), FOLDER, &[path]),
                false => write(&simulator, path, "edited\n"),
            }
        }
        expected.push(of_older("reports/2025"));
        match is_removed {
            true => remove_files(
                &simulator.git_dir(OWN),
                FOLDER,
                &["reports/2025/2025-12-30.csv"],
            ),
            false => write(&simulator, "reports/2025/2025-12-31.json", "edited\n"),
        }
        let step = run(&simulator, DAYS[3]);
        step.succeeded();
        let found = step.warnings();
        assert_eq!(found.len(), expected.len(), "{found:#?}");
        for (found, expected) in found.iter().zip(expected) {
            let warnings = format!(": {expected} after the report of 2026-01-01T03:17:");
            assert!(found.contains(&warnings), "{found} {warnings}");
        }
        quiet(&run(&simulator, DAYS[4]));
    }
    let simulator = three_days();
    write(&simulator, "reports/2024/2024-01-01.csv", "made up\n");
    let step = run(&simulator, DAYS[3]);
    step.succeeded();
    let found = step.warnings();
    assert!(found[0].contains(&of_older("reports/2024")), "{found:?}");
    assert_intact(&simulator, OWN);
}

#[test]
fn a_later_run_of_the_day_reports_edits() {
    let simulator = three_days();
    write(&simulator, "reports/2025/2025-12-30.csv", "edited\n");
    write(&simulator, "README.md", "edited\n");
    holding(&simulator, [row(1)]);
    let step = run(&simulator, "2026-01-01T12:00:00Z");
    step.succeeded();
    let found = step.warnings();
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found[0].contains("README.md was changed"), "{found:?}");
    assert!(
        found[1].contains("an older day in reports/2025"),
        "{found:?}"
    );
    quiet(&run(&simulator, DAYS[3]));
}

#[test]
fn a_run_requests_the_list_of_days_once() {
    let simulator = three_days();
    let count_listings = |simulator: &Simulator| {
        let requests = simulator.requests();
        let listings = requests
            .iter()
            .filter(|request| crate::support::contains(&request.body, "entries"));
        listings.count()
    };
    let before = count_listings(&simulator);
    quiet(&run(&simulator, DAYS[3]));
    assert_eq!(count_listings(&simulator) - before, 1);
}

#[test]
fn git_is_configured_once_to_keep_line_endings() {
    let simulator = three_days();
    assert_eq!(text(&simulator, ".gitattributes"), "* -text\n");
    let manifest = text(&simulator, "reports/2026/2026-01-01.json");
    assert!(
        manifest.contains("\"name\": \".gitattributes\""),
        "{manifest}"
    );
    let path = format!("{FOLDER}/.gitattributes");
    let commits = |simulator: &Simulator| {
        let directory = simulator.git_dir(OWN);
        git(&directory, &["log", "--format=%H", "main", "--", &path])
    };
    assert_eq!(commits(&simulator).lines().count(), 1);
    quiet(&run(&simulator, DAYS[3]));
    assert_eq!(commits(&simulator).lines().count(), 1);
    write(&simulator, ".gitattributes", "*.csv text\n");
    run(&simulator, DAYS[4]).succeeded();
    assert_eq!(text(&simulator, ".gitattributes"), "* -text\n");
}
