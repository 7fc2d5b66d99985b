//! `import` turns downloaded reports into a history that the action continues.

mod files;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::support::{
    Job, OWN, Step, TOKEN, assert_intact, checkout, commit_file, contains, file, files_below,
    github,
};
use simulator::seat::Row;
use simulator::{Seats, Simulator, Token};
use tempfile::TempDir;

const FIVE: &str = "Report Time,Login,Last Authenticated At,Last Activity At,Last Surface Used";

/// A file in GitHub's format, with `rows` below the header.
fn report(time: &str, rows: &[&str]) -> String {
    let rows = rows.iter().map(|row| format!("{time},{row}\n"));
    let organization = rows.clone().any(|row| row.split(',').count() == 6);
    let sixth = if organization { ",Organization" } else { "" };
    format!("{FIVE}{sixth}\n{}", rows.collect::<String>())
}

/// A folder of downloads.
fn downloads(files: &[(&str, String)]) -> TempDir {
    let folder = TempDir::new().unwrap();
    for (name, content) in files {
        fs::write(folder.path().join(name), content).unwrap();
    }
    folder
}

/// Imports in the folder of `job`.
fn import(job: Job, folder: &Path, arguments: &[&str]) -> Step {
    let folder = folder.to_str().unwrap();
    job.command_line(&[&["import", folder], arguments].concat())
        .variable("TEST_TIME", "2026-11-23T03:00:00Z")
        .run()
}

fn acme(folder: &TempDir) -> Step {
    import(Job::alone(), folder.path(), &["--organization", "acme"])
}

/// The created files, by their path in the scope's folder.
fn created(step: &Step, folder: &str) -> BTreeMap<String, String> {
    let folder = step.workspace.join(folder);
    files_below(&folder)
        .into_iter()
        .map(|path| {
            let name = path
                .strip_prefix(&folder)
                .unwrap()
                .to_str()
                .unwrap()
                .to_owned();
            (name, fs::read_to_string(path).unwrap())
        })
        .collect()
}

fn assert_nothing_written(step: &Step) {
    let left: Vec<_> = fs::read_dir(&step.workspace).unwrap().collect();
    assert!(left.is_empty(), "{left:?}");
}

fn verify(folder: &Path) {
    let folder = folder.to_str().unwrap();
    let step = Job::alone()
        .command_line(&["verify", folder, "--expect=any"])
        .run();
    step.succeeded();
}

/// Pushes a history to a simulated repository.
fn push(simulator: &Simulator, step: &Step) {
    for path in files_below(&step.workspace) {
        let name = path.strip_prefix(&step.workspace).unwrap();
        let content = fs::read(&path).unwrap();
        commit_file(&simulator.git_dir(OWN), name.to_str().unwrap(), &content);
    }
}

#[test]
fn an_imported_history_is_in_order_of_time_and_the_action_continues_it() {
    let first = report(
        "2026-06-01T08:00:00Z",
        &[
            "hubot,None,2026-05-20T10:00:00Z,vscode/1.99.0/copilot-chat/0.20.0",
            "Octocat,2026-05-30T10:00:00Z,2026-05-30T11:00:00Z,copilot-cli",
        ],
    );
    let second = report(
        "2026-09-01T08:00:00Z",
        &["monalisa,None,None,None", "octocat,None,None,None"],
    );
    // Neither the file names nor their order show when a report was created.
    let folder = downloads(&[
        ("z.csv", first.clone()),
        ("ACME-seat-activity-1788249600.CSV", second.clone()),
    ]);
    let step = acme(&folder);
    step.succeeded();
    for text in [
        "Created copilot-activity/acme: the history of the organization acme, 2 days from 2026-06-01 to 2026-09-01.",
        "git add -- copilot-activity/acme\n",
    ] {
        assert!(step.stdout.contains(text), "{}", step.stdout);
    }
    let files = created(&step, "copilot-activity/acme");
    assert_eq!(files["reports/2026/2026-06-01.csv"], first);
    assert_eq!(files["reports/2026/2026-09-01.csv"], second);
    assert_eq!(files["latest.csv"], second);
    let changes = "Report Time,Login,Organization,Team,Change,From,To\n\
                   2026-09-01T08:00:00Z,hubot,,,revoked,,\n\
                   2026-09-01T08:00:00Z,monalisa,,,granted,,\n";
    assert_eq!(files["changes/2026.csv"], changes);
    let manifest: serde_json::Value =
        serde_json::from_str(&files["reports/2026/2026-06-01.json"]).unwrap();
    assert_eq!(manifest["imported_from"], "z.csv");
    assert_eq!(manifest["complete"], serde_json::Value::Null);
    assert_eq!(
        fs::read_dir(&step.workspace).unwrap().count(),
        1,
        "no other folder"
    );
    verify(&step.workspace);

    // The next run adds IDs and grants. Only hubot's seat is new.
    let rows = [
        Row::of("octocat", 1)
            .created("2026-01-05T09:00:00Z")
            .without("last_activity_at"),
        Row::of("monalisa", 3)
            .created("2026-08-15T09:00:00Z")
            .without("last_activity_at"),
        Row::of("hubot", 2)
            .created("2026-11-20T09:00:00Z")
            .without("last_activity_at"),
    ];
    let simulator = Simulator::start(github(Seats::rows(rows))).unwrap();
    push(&simulator, &step);
    let job = Job::on(&simulator).input("deliver-to", "repository");
    let run = job.variable("TEST_TIME", "2026-11-23T03:00:00Z").run();
    run.succeeded();
    assert_eq!(run.warnings(), Vec::<&str>::new());
    let at = |path: &str| {
        let path = format!("main:copilot-activity/acme/{path}");
        String::from_utf8(file(&simulator.git_dir(OWN), &path)).unwrap()
    };
    let grown = format!("{changes}2026-11-23T03:00:00Z,hubot,,,granted,,2026-11-20T09:00:00Z\n");
    assert_eq!(at("changes/2026.csv"), grown);
    let people = at("people.csv");
    let people: Vec<&str> = people.lines().skip(1).collect();
    let now = "2026-11-23T03:00:00Z";
    assert_eq!(
        people,
        [
            format!(
                "2,hubot,2026-06-01T08:00:00Z,{now},{now},true,2026-05-20T10:00:00Z,vscode/1.99.0/copilot-chat/0.20.0,"
            ),
            format!("3,monalisa,2026-09-01T08:00:00Z,{now},2026-09-01T08:00:00Z,true,,,"),
            format!(
                "1,octocat,2026-06-01T08:00:00Z,{now},2026-09-01T08:00:00Z,true,2026-05-30T11:00:00Z,copilot-cli,2026-05-30T10:00:00Z"
            ),
        ]
    );
    let manifest: serde_json::Value =
        serde_json::from_str(&at("reports/2026/2026-11-23.json")).unwrap();
    assert_eq!(manifest["previous"]["name"], "reports/2026/2026-09-01.json");
    assert_intact(&simulator, OWN);
    verify(checkout(&simulator, OWN).path());
}

#[test]
fn files_of_an_enterprise_can_have_five_or_six_columns() {
    for (bare_last, days) in [
        (false, ["2026-06-01", "2026-06-02"]),
        (true, ["2026-06-02", "2026-06-01"]),
    ] {
        let at = |day: &str| format!("{day}T08:00:00Z");
        let five = report(&at(days[0]), &["octocat,None,None,None"]);
        let six = report(
            &at(days[1]),
            &[
                "octocat,None,None,None,acme",
                "octocat,None,None,None,globex",
            ],
        );
        let folder = downloads(&[("a.csv", five), ("b.csv", six)]);
        let step = import(
            Job::alone(),
            folder.path(),
            &["--enterprise", "Octocorp", "--directory", "."],
        );
        step.succeeded();
        assert!(
            step.stdout.contains("of the enterprise Octocorp, 2 days"),
            "{}",
            step.stdout
        );
        let files = created(&step, "octocorp");
        assert!(
            !files.contains_key("changes/2026.csv"),
            "{bare_last}: {files:#?}"
        );

        let row = |organization, id| {
            let row = Row::of("octocat", 1).created("2026-01-05T09:00:00Z");
            row.organization(organization, id)
        };
        let seats = Seats::rows([row("acme", 7), row("globex", 8)]);
        let read = Token::new()
            .enterprise(["octocorp"])
            .scopes("read:enterprise");
        let github = github(Seats::people(1))
            .enterprise("octocorp", seats)
            .token(TOKEN, read);
        let simulator = Simulator::start(github).unwrap();
        push(&simulator, &step);
        let job = Job::on(&simulator)
            .input("enterprise", "octocorp")
            .input("directory", ".")
            .input("deliver-to", "repository");
        let run = job.variable("TEST_TIME", "2026-11-23T03:00:00Z").run();
        run.succeeded();
        assert_ne!(run.output("commit-sha"), "");
        let clone = checkout(&simulator, OWN);
        assert!(!clone.path().join("octocorp/changes").exists());
        let seats = fs::read_to_string(clone.path().join("octocorp/seats.csv")).unwrap();
        assert!(seats.contains("octocat,1,acme,7,"), "{seats}");
        verify(clone.path());
    }
}

#[test]
fn all_unusable_files_are_named_at_once_and_nothing_is_written() {
    let good = || report("2026-06-01T08:00:00Z", &["octocat,None,None,None"]);
    let two_times = good() + "2026-06-02T08:00:00Z,hubot,None,None,None\n";
    let folder = downloads(&[
        ("good.csv", good()),
        (
            "acme-seat-activity-1.csv",
            report("2026-06-03T08:00:00Z", &["octocat,None,None,None"]),
        ),
        ("cut.csv", good() + "2026-06-01T08:00:00Z,hub"),
        ("empty.csv", String::new()),
        (
            "future.csv",
            report("2026-11-24T08:00:00Z", &["octocat,None,None,None"]),
        ),
        ("globex-seat-activity-1780300800.csv", good()),
        ("nobody.csv", format!("{FIVE}\n")),
        (
            "other.csv",
            "login,activity\noctocat,yesterday\n".to_owned(),
        ),
        (
            "same-time.csv",
            report("2026-06-01T08:00:00Z", &["hubot,None,None,None"]),
        ),
        ("two-times.csv", two_times),
    ]);
    let step = acme(&folder);
    step.failed(
        1,
        &[
            "8 files can't be imported. Nothing was written.",
            "\n  cut.csv: it's cut off: line 3, the last one, has no line ending",
            "\n  empty.csv: it's empty",
            "\n  future.csv: it says that it's from 2026-11-24T08:00:00Z, which is in the future",
            "\n  globex-seat-activity-1780300800.csv: its name says that it's a report of globex",
            "\n  nobody.csv: it has no rows, so only a name",
            "\n  other.csv: its first line isn't the header of a Copilot activity report",
            "\n  same-time.csv: it has the same time as good.csv, but has different content",
            "\n  two-times.csv: its rows have different times",
        ],
    );
    assert!(
        !step.printed().contains("\n  good.csv"),
        "{}",
        step.printed()
    );
    assert!(
        !step.printed().contains("\n  acme-seat"),
        "{}",
        step.printed()
    );
    assert_nothing_written(&step);

    let six = report("2026-06-01T08:00:00Z", &["octocat,None,None,None,acme"]);
    let folder = downloads(&[("a.csv", six)]);
    let step = acme(&folder);
    step.failed(
        1,
        &["a.csv: it has the column `Organization` of an enterprise's report, but you set `--organization`"],
    );
    assert_nothing_written(&step);
}

#[test]
fn skipped_files_are_listed() {
    let octocat = |time: &str| report(time, &["octocat,None,None,None"]);
    let folder = downloads(&[
        ("a.csv", octocat("2026-06-01T08:00:00Z")),
        ("a (1).csv", octocat("2026-06-01T08:00:00Z")),
        ("b.csv", octocat("2026-06-01T09:00:00Z")),
        (
            "c.csv",
            report("2026-06-01T10:00:00Z", &["hubot,None,None,None"]),
        ),
        ("notes.txt", "the auditors want these".to_owned()),
        (".hidden", String::new()),
        // The report has no rows, so only the file name shows the time.
        ("acme-seat-activity-1780387200.csv", format!("{FIVE}\n")),
    ]);
    fs::create_dir(folder.path().join("older.csv")).unwrap();
    let step = acme(&folder);
    step.succeeded();
    let passed: Vec<&str> = step
        .stdout
        .lines()
        .filter(|line| line.starts_with("Skipped "))
        .collect();
    assert_eq!(
        passed,
        [
            "Skipped notes.txt: it's not a CSV file.",
            "Skipped older.csv: it's a directory.",
            "Skipped a.csv: it's the same as a (1).csv.",
            "Skipped b.csv: its seats are the same as in an earlier report of the same day.",
            "Skipped a (1).csv: c.csv is from later on the same day.",
        ]
    );
    let files = created(&step, "copilot-activity/acme");
    let reports: Vec<&String> = files
        .keys()
        .filter(|path| path.starts_with("reports/"))
        .collect();
    assert_eq!(
        reports,
        [
            "reports/2026/2026-06-01.csv",
            "reports/2026/2026-06-01.json",
            "reports/2026/2026-06-02.csv",
            "reports/2026/2026-06-02.json",
        ]
    );
    assert!(contains(
        files["reports/2026/2026-06-01.csv"].as_bytes(),
        "hubot"
    ));
    verify(&step.workspace);
}

#[test]
fn an_existing_history_is_never_changed() {
    let folder = downloads(&[(
        "a.csv",
        report("2026-06-01T08:00:00Z", &["octocat,None,None,None"]),
    )]);
    let job = Job::alone();
    let target = job.workspace().join("copilot-activity/acme");
    fs::create_dir_all(&target).unwrap();
    fs::write(target.join("latest.csv"), "precious").unwrap();
    let step = import(job, folder.path(), &["--organization", "ACME"]);
    step.failed(
        1,
        &[
            "copilot-activity/acme already exists",
            "Nothing was written",
        ],
    );
    let left = files_below(&step.workspace);
    assert_eq!(left, [target.join("latest.csv")]);

    // An empty folder has no history of this scope, and neither does another scope's folder.
    let job = Job::alone();
    fs::create_dir_all(job.workspace().join("copilot-activity/acme")).unwrap();
    fs::create_dir_all(job.workspace().join("copilot-activity/globex")).unwrap();
    import(job, folder.path(), &["--organization", "acme"]).succeeded();

    let outside = TempDir::new().unwrap();
    let job = Job::alone();
    std::os::unix::fs::symlink(outside.path(), job.workspace().join("copilot-activity")).unwrap();
    let step = import(job, folder.path(), &["--organization", "acme"]);
    step.failed(1, &["leads out of this directory through a symbolic link"]);
    assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 0);
}

#[test]
fn invalid_arguments_are_rejected() {
    let folder = downloads(&[]);
    for (arguments, text) in [
        (&["--organization", "../x"][..], "--organization"),
        (&["--enterprise", "acme,globex"], "--enterprise"),
        (&[], "--organization <ORG>|--enterprise <SLUG>"),
        (
            &["--organization", "acme", "--enterprise", "octocorp"],
            "'--organization <ORG>' cannot be used with '--enterprise <SLUG>'",
        ),
        (
            &["--organization", "acme", "--organization", "globex"],
            "'--organization <ORG>' cannot be used multiple times",
        ),
        (
            &["--organization", "acme", "--directory", "../x"],
            "--directory",
        ),
        (
            &["--organization", "acme", "--directory", ".github/workflows"],
            "--directory",
        ),
        (
            &["--organization", "acme", "--inactive-after-days", "0"],
            "--inactive-after-days",
        ),
    ] {
        let step = import(Job::alone(), folder.path(), arguments);
        step.failed(2, &[text]);
        assert_nothing_written(&step);
    }
    let nowhere = folder.path().join("nowhere");
    let step = import(Job::alone(), &nowhere, &["--organization", "acme"]);
    step.failed(2, &["nowhere isn't a directory."]);
    let step = acme(&folder);
    step.failed(1, &["contains no CSV files. Nothing was written."]);
    assert_nothing_written(&step);
}

#[test]
fn an_interrupted_import_leaves_nothing_behind() {
    let files: Vec<(String, String)> = (0..2_000)
        .map(|day| {
            let time = jiff::Timestamp::UNIX_EPOCH + jiff::SignedDuration::from_hours(24 * day);
            let content = report(&time.to_string(), &["octocat,None,None,None"]);
            (format!("{day}.csv"), content)
        })
        .collect();
    let files: Vec<(&str, String)> = files.iter().map(|(n, c)| (&**n, c.clone())).collect();
    let folder = downloads(&files);
    let job = Job::alone().command_line(&[
        "import",
        folder.path().to_str().unwrap(),
        "--organization",
        "acme",
    ]);
    let running = job.start();
    // The import must be interrupted after it wrote something, and before it ends.
    while !running.is_over() && fs::read_dir(job.workspace()).unwrap().next().is_none() {
        std::thread::yield_now();
    }
    running.signal("TERM");
    let step = running.end();
    step.failed(1, &["Interrupted. Nothing was written."]);
    assert_nothing_written(&step);
}
