//! `rebuild` recreates damaged files from a history's reports, and keeps information that only the
//! damaged files have.

mod refusals;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::verify::clone_with_pseudonyms;
use crate::support::{Job, OWN, Step, checkout, commit_file, copy_of, files_below, git, github};
use simulator::seat::Row;
use simulator::{Seats, Simulator};
use tempfile::TempDir;

const ACME: &str = "copilot-activity/acme";
const LAST: &str = "2026-01-03T03:00:00Z";

fn row(login: &str, id: u64, granted: &str) -> Row {
    let row = Row::of(login, id).created(granted);
    row.activity("2025-12-20T10:00:00Z")
        .authenticated("2025-12-21T10:00:00Z")
}

fn run(simulator: &Simulator, time: &str, rows: Vec<Row>) -> Step {
    simulator.change(|github| {
        github
            .organizations
            .insert("acme".to_owned(), Seats::rows(rows));
    });
    let job = Job::on(simulator).input("deliver-to", "repository");
    let step = job.variable("TEST_TIME", time).run();
    step.succeeded();
    step
}

/// The seats of acme on the last day.
fn present() -> Vec<Row> {
    let old = "2025-06-01T09:00:00Z";
    vec![
        row("octodog", 1, old).activity("2026-01-02T10:00:00Z"),
        row("hubot", 2, "2026-01-01T12:00:00Z").without("last_activity_at"),
        row("lisa", 4, "2025-12-30T12:00:00Z")
            .plan("enterprise")
            .team("robots", 9),
    ]
}

/// Five days around New Year. hubot leaves and returns, lisa joins and gets another plan, and
/// octocat is renamed. GitHub forgets mona's activity before she leaves.
fn five_days() -> (Simulator, TempDir) {
    let simulator = Simulator::start(github(Seats::people(1))).unwrap();
    let old = "2025-06-01T09:00:00Z";
    let lisa = || row("lisa", 4, "2025-12-30T12:00:00Z").team("robots", 9);
    let mona = || row("mona", 3, old);
    let forgotten = mona()
        .without("last_activity_at")
        .without("last_authenticated_at");
    let days = [
        (
            "2025-12-30T03:00:00Z",
            vec![row("octocat", 1, old), row("hubot", 2, old), mona()],
        ),
        (
            "2025-12-31T03:00:00Z",
            vec![row("octocat", 1, old), mona(), lisa()],
        ),
        (
            "2026-01-01T03:00:00Z",
            vec![row("octodog", 1, old), forgotten, lisa()],
        ),
        (
            "2026-01-02T03:00:00Z",
            vec![
                row("octodog", 1, old),
                row("hubot", 2, "2026-01-01T12:00:00Z").without("last_activity_at"),
                lisa(),
            ],
        ),
        (LAST, present()),
    ];
    for (time, rows) in days {
        run(&simulator, time, rows);
    }
    let clone = checkout(&simulator, OWN);
    (simulator, clone)
}

fn contents(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let files = files_below(folder).into_iter();
    files
        .map(|path| (path.clone(), fs::read(path).unwrap()))
        .collect()
}

fn rebuild(folder: &Path) -> Step {
    let job = Job::alone().command_line(&["rebuild", folder.to_str().unwrap()]);
    job.run()
}

/// Rebuilds a history and verifies the result.
fn rebuilt(acme: &Path) -> Step {
    let step = rebuild(acme);
    step.succeeded();
    assert!(
        step.stdout.contains("Verification passed."),
        "{}",
        step.printed()
    );
    let verify = Job::alone()
        .command_line(&["verify", acme.to_str().unwrap(), "--expect", "any"])
        .run();
    verify.succeeded();
    let again = rebuild(acme);
    again.succeeded();
    assert!(
        again.stdout.contains("Nothing to rebuild"),
        "{}",
        again.printed()
    );
    step
}

fn text(acme: &Path, path: &str) -> String {
    fs::read_to_string(acme.join(path)).unwrap()
}

fn edit(acme: &Path, path: &str, from: &str, to: &str) {
    let content = text(acme, path);
    assert!(content.contains(from), "{from:?} isn't in {content}");
    fs::write(acme.join(path), content.replacen(from, to, 1)).unwrap();
}

#[test]
fn an_undamaged_history_stays_unchanged() {
    let (_simulator, clone) = five_days();
    let acme = clone.path().join(ACME);
    let before = contents(&acme);
    let step = rebuild(&acme);
    step.succeeded();
    assert!(
        step.stdout.contains("Nothing to rebuild"),
        "{}",
        step.printed()
    );
    assert_eq!(contents(&acme), before);
}

type Damage = (&'static str, &'static str, fn(&Path));

/// Edits of a file that lose nothing, because the reports and the other files have the same
/// information.
const DAMAGE: &[Damage] = &[
    ("its header is damaged", "people.csv", |acme| {
        edit(acme, "people.csv", "User Id", "Usr Id");
    }),
    ("its header is missing", "people.csv", |acme| {
        let content = text(acme, "people.csv");
        let (_, lines) = content.split_once('\n').unwrap();
        fs::write(acme.join("people.csv"), lines).unwrap();
    }),
    ("a line can't be read", "people.csv", |acme| {
        edit(acme, "people.csv", "\n4,lisa,2025", "\n4,lisa,in 2025");
    }),
    ("it's a merge conflict", "people.csv", |acme| {
        let content = text(acme, "people.csv");
        let conflict = format!("<<<<<<< HEAD\n{content}=======\n{content}>>>>>>> theirs\n");
        fs::write(acme.join("people.csv"), conflict).unwrap();
    }),
    ("it's missing", "totals.csv", |acme| {
        fs::remove_file(acme.join("totals.csv")).unwrap();
    }),
    ("it's something else", "totals.csv", |acme| {
        fs::write(acme.join("totals.csv"), "who,knows\n1,2\n").unwrap();
    }),
    ("its header is damaged", "totals.csv", |acme| {
        edit(acme, "totals.csv", "Report Time", "Time");
    }),
    ("a line can't be read", "totals.csv", |acme| {
        edit(acme, "totals.csv", "2025-12-31T", "2025-12-31t?");
    }),
    ("a line counts something else", "totals.csv", |acme| {
        edit(acme, "totals.csv", "Z,3,3,", "Z,9,9,");
    }),
    ("a line is missing", "changes/2026.csv", |acme| {
        let content = text(acme, "changes/2026.csv");
        let lines = content.lines().filter(|line| !line.contains("hubot"));
        let lines: Vec<&str> = lines.collect();
        fs::write(acme.join("changes/2026.csv"), lines.join("\n") + "\n").unwrap();
    }),
    ("a line can't be read", "changes/2026.csv", |acme| {
        edit(acme, "changes/2026.csv", "\n2026-01-02T", "\nsome day");
    }),
    ("its header is damaged", "changes/2025.csv", |acme| {
        edit(acme, "changes/2025.csv", "Report Time", "\"Time");
    }),
    ("it's a merge conflict", "changes/2026.csv", |acme| {
        let content = text(acme, "changes/2026.csv");
        let conflict = format!("<<<<<<< HEAD\n{content}=======\n{content}>>>>>>> theirs\n");
        fs::write(acme.join("changes/2026.csv"), conflict).unwrap();
    }),
    ("its header is damaged", "seats.csv", |acme| {
        edit(acme, "seats.csv", "Login", "\"Login");
    }),
    ("it's missing", "latest.csv", |acme| {
        fs::remove_file(acme.join("latest.csv")).unwrap();
    }),
    ("it's something else", "latest.csv", |acme| {
        fs::write(acme.join("latest.csv"), "who,knows\n").unwrap();
    }),
    ("it's missing", "README.md", |acme| {
        fs::remove_file(acme.join("README.md")).unwrap();
    }),
    ("it's something else", "trend-dark.svg", |acme| {
        fs::write(acme.join("trend-dark.svg"), "<svg/>").unwrap();
    }),
    ("it's missing", ".gitattributes", |acme| {
        fs::remove_file(acme.join(".gitattributes")).unwrap();
    }),
];

#[test]
fn files_are_restored_byte_for_byte_from_the_reports() {
    let (_simulator, clone) = five_days();
    for (what, path, damage) in DAMAGE {
        let copy = copy_of(clone.path());
        let acme = copy.path().join(ACME);
        damage(&acme);
        let step = rebuilt(&acme);
        for (name, content) in contents(&clone.path().join(ACME)) {
            let name = name.strip_prefix(clone.path()).unwrap();
            // The manifest doesn't contain the time of its creation, so all bytes match.
            let now = fs::read(copy.path().join(name)).unwrap();
            let (now, then) = (
                String::from_utf8_lossy(&now),
                String::from_utf8_lossy(&content),
            );
            assert_eq!(
                now,
                then,
                "{path}: {what}: {}: {}",
                name.display(),
                step.printed()
            );
        }
    }
}

#[test]
fn people_are_restored_with_what_the_reports_say_about_them() {
    let (_simulator, clone) = five_days();
    for content in [None, Some("who,knows\n1,2\n"), Some("")] {
        let copy = copy_of(clone.path());
        let acme = copy.path().join(ACME);
        let before = text(&acme, "people.csv");
        match content {
            Some(content) => fs::write(acme.join("people.csv"), content).unwrap(),
            None => fs::remove_file(acme.join("people.csv")).unwrap(),
        }
        let step = rebuilt(&acme);
        assert!(
            step.printed().contains("4 people are restored"),
            "{}",
            step.printed()
        );
        // octocat's first report has the earlier login. mona's ID is lost, because she no longer
        // has a seat.
        let expected = before.replace("\n3,mona,", "\n,mona,");
        assert_ne!(expected, before);
        assert_eq!(text(&acme, "people.csv"), expected, "{content:?}");
    }
}

#[test]
fn a_history_that_started_over_after_a_loss_gets_its_past_back() {
    let (simulator, _clone) = five_days();
    let before = {
        let clone = checkout(&simulator, OWN);
        text(&clone.path().join(ACME), "people.csv")
    };
    let path = format!("{ACME}/people.csv");
    commit_file(&simulator.git_dir(OWN), &path, b"lost\n");
    run(&simulator, "2026-01-04T03:00:00Z", present());
    let clone = checkout(&simulator, OWN);
    let acme = clone.path().join(ACME);
    assert!(!text(&acme, "people.csv").contains("mona"));
    rebuilt(&acme);
    let people = text(&acme, "people.csv");
    for line in before.lines().filter(|line| !line.contains("mona")) {
        let first: Vec<&str> = line.split(',').take(3).collect();
        assert!(people.contains(&first.join(",")), "{line}: {people}");
    }
    let mona = ",mona,2025-12-30T03:00:0";
    assert!(people.contains(mona), "{people}");
    assert!(people.contains(",false,2025-12-20T10:00:00Z,"), "{people}");
}

#[test]
fn facts_found_only_in_readable_lines_are_kept() {
    let (_simulator, clone) = five_days();
    let acme = clone.path().join(ACME);
    // Someone removed the older reports, which had more information, on purpose.
    edit(
        &acme,
        "people.csv",
        "1,octodog,2025-12-30",
        "1,octodog,2023-12-30",
    );
    edit(
        &acme,
        "people.csv",
        ",false,2025-12-20",
        ",false,2024-12-20",
    );
    edit(&acme, "people.csv", "\n2,hubot,2025", "\ntwo,hubot,2025");
    fs::write(
        acme.join("people.csv"),
        text(&acme, "people.csv")
            + "99,gone,2023-01-01T00:00:00Z,2023-02-01T00:00:00Z,2023-01-01T00:00:00Z,false,,,\n",
    )
    .unwrap();
    edit(&acme, "seats.csv", "\nocto", "\noctopus,octo");
    edit(&acme, "changes/2026.csv", "\n2026-01-02T", "\nlost");
    let lines = text(&acme, "changes/2026.csv");
    let kept: Vec<&str> = lines
        .lines()
        .filter(|line| line.starts_with("2026"))
        .collect();
    let step = rebuild(&acme);
    step.succeeded();
    let people = text(&acme, "people.csv");
    for line in [
        "\n1,octodog,2023-12-30",
        "\n3,mona,",
        "\n2,hubot,2025-12-30T03:00:0",
        "\n99,gone,2023-01-01",
    ] {
        assert!(people.contains(line), "{line}: {people}");
    }
    assert!(!people.contains("two,"), "{people}");
    let changes = text(&acme, "changes/2026.csv");
    assert!(
        kept.len() >= 2 && kept.iter().all(|line| changes.contains(line)),
        "{changes}"
    );
    let seats = text(&acme, "seats.csv");
    // The lines that can be parsed keep teams and grants. The other line has what the report
    // contains.
    assert!(
        seats.contains("lisa,4,,,robots,9,enterprise,2025-12-30T12:00:00Z"),
        "{seats}"
    );
    assert!(seats.contains("\noctodog,1,,,,,,,,"), "{seats}");
}

#[test]
fn the_next_run_reports_no_change_for_what_was_only_lost() {
    let (simulator, clone) = five_days();
    let acme = clone.path().join(ACME);
    fs::remove_file(acme.join("seats.csv")).unwrap();
    fs::remove_file(acme.join("people.csv")).unwrap();
    rebuilt(&acme);
    let seats = text(&acme, "seats.csv");
    assert_eq!(seats.lines().count(), 4, "{seats}");
    for path in files_below(&acme) {
        let name = path.strip_prefix(clone.path()).unwrap().to_str().unwrap();
        commit_file(&simulator.git_dir(OWN), name, &fs::read(&path).unwrap());
    }
    let before = text(&acme, "changes/2026.csv");
    let step = run(&simulator, "2026-01-04T03:00:00Z", present());
    assert_eq!(step.warnings(), Vec::<&str>::new());
    assert_eq!(
        (step.output("seats-added"), step.output("seats-removed")),
        ("0", "0")
    );
    let clone = checkout(&simulator, OWN);
    let acme = clone.path().join(ACME);
    assert_eq!(text(&acme, "changes/2026.csv"), before);
    assert!(text(&acme, "seats.csv").contains("lisa,4,,,robots,9,enterprise,2025"));
    Job::alone()
        .command_line(&["verify", acme.to_str().unwrap(), "--expect", "any"])
        .run()
        .succeeded();
}

#[test]
fn what_an_incomplete_report_lacks_does_not_become_a_revocation() {
    let (simulator, _clone) = five_days();
    let short =
        Seats::rows(present().into_iter().skip(1)).total_seats(simulator::TotalSeats::Fixed(3));
    simulator.change(|github| {
        github.organizations.insert("acme".to_owned(), short);
    });
    let job = Job::on(&simulator)
        .input("deliver-to", "repository")
        .input("require-complete", "false");
    job.variable("TEST_TIME", "2026-01-04T03:00:00Z")
        .run()
        .succeeded();
    run(&simulator, "2026-01-05T03:00:00Z", present());
    let clone = checkout(&simulator, OWN);
    let acme = clone.path().join(ACME);
    let before = text(&acme, "changes/2026.csv");
    for path in ["changes/2026.csv", "totals.csv"] {
        fs::remove_file(acme.join(path)).unwrap();
    }
    rebuild(&acme).succeeded();
    let changes = text(&acme, "changes/2026.csv");
    assert!(
        !changes.contains("2026-01-04") && !changes.contains("2026-01-05"),
        "{changes}"
    );
    // All other changes that the reports show are there.
    for line in before
        .lines()
        .filter(|line| line.contains("revoked") || line.contains("granted,"))
    {
        let cells: Vec<&str> = line.split(',').take(5).collect();
        assert!(changes.contains(&cells.join(",")), "{line}: {changes}");
    }
}

#[test]
fn a_person_who_was_erased_does_not_come_back() {
    let (simulator, _clone) = five_days();
    for path in [
        "people.csv",
        "changes/2026.csv",
        "reports/2025/2025-12-30.csv",
        "reports/2025/2025-12-31.csv",
        "reports/2026/2026-01-01.csv",
    ] {
        let path = format!("{ACME}/{path}");
        let content = git(&simulator.git_dir(OWN), &["show", &format!("main:{path}")]);
        let lines = content.lines().filter(|line| !line.contains("mona"));
        let lines: Vec<&str> = lines.collect();
        commit_file(
            &simulator.git_dir(OWN),
            &path,
            (lines.join("\n") + "\n").as_bytes(),
        );
    }
    run(&simulator, "2026-01-04T03:00:00Z", present());
    let clone = checkout(&simulator, OWN);
    let acme = clone.path().join(ACME);
    edit(&acme, "people.csv", "User Id", "Usr Id");
    rebuild(&acme).succeeded();
    for (path, content) in contents(&acme) {
        assert!(
            !crate::support::contains(&content, "mona"),
            "{}",
            path.display()
        );
    }
}

#[test]
fn a_history_with_pseudonyms_is_rebuilt_without_the_key() {
    let clone = clone_with_pseudonyms();
    let acme = clone.path().join(ACME);
    let before = contents(&acme);
    for path in ["people.csv", "totals.csv"] {
        fs::remove_file(acme.join(path)).unwrap();
    }
    rebuilt(&acme);
    for (path, content) in before {
        let now = fs::read_to_string(&path).unwrap();
        let then = String::from_utf8(content).unwrap();
        assert_eq!(now, then, "{}", path.display());
    }
}
