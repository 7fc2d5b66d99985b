//! The action on the command line: standard output, files, and terminals.

use std::fs;
use std::io::Read as _;
use std::path::PathBuf;

use crate::support::{COMMIT_TOKEN, Job, OWN, TOKEN, assert_no_violations, files_below, github};
use simulator::{At, Fault, Kind, Seats, Simulator, Token};

/// More than the buffer of a pipe holds, on 20 pages.
const MANY: usize = 2_000;

fn command_line(simulator: &Simulator, arguments: &[&str]) -> Job {
    let arguments = [&["--organization", "acme"], arguments].concat();
    Job::on(simulator)
        .command_line(&arguments)
        .variable("GITHUB_TOKEN", TOKEN)
        .variable("TERM", "xterm-256color")
}

/// A report without the times and request IDs of its run.
fn timeless(report: &str) -> Vec<String> {
    let of_the_run = [
        "report_time",
        "started_at",
        "ended_at",
        "request_id",
        "as_of",
    ];
    let lines = report.lines().filter(|line| {
        let key = line.trim_start().trim_start_matches('"');
        !of_the_run.iter().any(|time| key.starts_with(time))
    });
    let without_first = |line: &str| match line.split_once(',') {
        Some((first, rest)) if first.contains("20") => rest.to_owned(),
        _ => line.to_owned(),
    };
    lines.map(without_first).collect()
}

fn nothing() -> Vec<PathBuf> {
    Vec::new()
}

#[test]
fn a_missing_token_is_named_as_the_variable_to_set() {
    let missing = |arguments| Job::alone().command_line(arguments).run();
    let step = missing(&[
        "--organization=acme",
        "--deliver-to=repository",
        "--repository=octo/tools",
    ]);
    let tokens = [
        "token: isn't set. Set GITHUB_TOKEN ",
        "commit-token: isn't set. Set COMMIT_TOKEN ",
    ];
    step.failed(2, &tokens);
}

#[test]
fn piped_output_is_exactly_the_report_of_the_file() {
    let simulator = Simulator::start(github(Seats::people(250))).unwrap();
    for (form, ending) in [
        (&["--columns", "github"][..], "csv"),
        (&["--columns", "all"], "csv"),
        (&["--format", "json"], "json"),
        (&["--format", "json", "--columns", "all"], "json"),
    ] {
        let piped = command_line(&simulator, form).run();
        piped.succeeded();
        assert_eq!(files_below(&piped.workspace), nothing());
        assert!(!piped.stdout.contains('\x1b') && !piped.stderr.contains('\x1b'));

        let filed = command_line(
            &simulator,
            &[form, &["--output-directory", "here"]].concat(),
        )
        .run();
        filed.succeeded();
        assert_eq!(filed.stdout, "");
        let files = files_below(&filed.workspace.join("here"));
        let report = files.iter().find(|file| {
            let name = file.to_str().unwrap();
            name.ends_with(ending) && !name.ends_with("manifest.json")
        });
        let report = fs::read_to_string(report.unwrap()).unwrap();
        assert!(report.len() > 10_000);
        assert_eq!(timeless(&piped.stdout), timeless(&report), "{form:?}");
        assert_eq!(piped.stdout.len(), report.len(), "{form:?}");
    }
    assert_no_violations(&simulator);
}

#[test]
fn a_file_gets_only_the_report_whatever_it_contained_before() {
    let simulator = Simulator::start(github(Seats::people(3))).unwrap();
    let job = command_line(&simulator, &["--output", "report.csv"]);
    let path = job.workspace().join("report.csv");
    for before in [None, Some("longer than any report ".repeat(100))] {
        if let Some(before) = before {
            fs::write(&path, before).unwrap();
        }
        let step = job.run();
        step.succeeded();
        assert_eq!(step.stdout, "");
        assert_eq!(files_below(&step.workspace), std::slice::from_ref(&path));
        assert_eq!(fs::read_to_string(&path).unwrap().lines().count(), 4);
    }

    let elsewhere = tempfile::tempdir().unwrap();
    let target = elsewhere.path().join("real.csv");
    fs::write(&target, "before").unwrap();
    fs::remove_file(&path).unwrap();
    std::os::unix::fs::symlink(&target, &path).unwrap();
    job.run().succeeded();
    assert!(path.is_symlink());
    assert_eq!(fs::read_to_string(&target).unwrap().lines().count(), 4);

    let to_dash = command_line(&simulator, &["--output", "-"]).on_terminal(false);
    to_dash.succeeded();
    assert!(to_dash.stderr.contains("Z,octocat,"), "{}", to_dash.stderr);
    assert_eq!(files_below(&to_dash.workspace), nothing());
}

#[test]
fn one_destination_for_two_reports_is_rejected_before_any_request() {
    let simulator = Simulator::start(github(Seats::people(3))).unwrap();
    for (arguments, why) in [
        (&["--organization=acme,globex"][..], "several organizations"),
        (
            &["--organization=acme,globex", "--output=x.csv"],
            "several organizations",
        ),
        (
            &["--organization=acme", "--format=csv,json"],
            "`format` names several",
        ),
        (
            &[
                "--organization=acme",
                "--output=x.csv",
                "--output-directory=here",
            ],
            "together with `output-directory`",
        ),
        (
            &["--organization=acme", "--output=-", "--deliver-to=artifact"],
            "an artifact contains the files",
        ),
    ] {
        let job = Job::on(&simulator).command_line(arguments);
        let step = job.variable("GITHUB_TOKEN", TOKEN).run();
        step.failed(2, &["output: ", why]);
        assert_eq!(step.stdout, "");
        assert_eq!(files_below(&step.workspace), nothing());
    }
    let in_workflow = Job::on(&simulator).arguments(&["--output", "x.csv"]).run();
    in_workflow.failed(2, &["output: ", "from the command line"]);
    for place in ["missing/x.csv", "."] {
        let step = command_line(&simulator, &["--output", place]).run();
        step.failed(1, &[place.trim_end_matches("/x.csv")]);
    }
    assert!(simulator.requests().is_empty());
}

#[test]
fn a_delivery_or_folder_leaves_standard_output_empty() {
    let simulator = Simulator::start(github(Seats::people(3))).unwrap();
    let deliver = ["--deliver-to", "repository", "--repository", OWN];
    let job = command_line(&simulator, &deliver).variable("COMMIT_TOKEN", COMMIT_TOKEN);
    let step = job.run();
    step.succeeded();
    assert_eq!(step.stdout, "");
    assert_eq!(files_below(&step.workspace).len(), 2);

    let both = [&deliver[..], &["--output", "-"]].concat();
    let job = command_line(&simulator, &both).variable("COMMIT_TOKEN", COMMIT_TOKEN);
    let step = job.run();
    step.succeeded();
    assert_eq!(step.stdout.lines().count(), 4);
    assert_eq!(files_below(&step.workspace), nothing());

    let on_terminal = command_line(&simulator, &[]).on_terminal(false);
    on_terminal.succeeded();
    assert!(!on_terminal.stderr.contains("Report Time"));
    assert_eq!(files_below(&on_terminal.workspace).len(), 2);
    assert_no_violations(&simulator);
}

#[test]
fn a_reader_that_stops_early_is_not_a_failure_and_a_full_disk_is() {
    let simulator = Simulator::start(github(Seats::people(MANY))).unwrap();
    let (mut reader, writer) = std::io::pipe().unwrap();
    let job = command_line(&simulator, &[]);
    let head = std::thread::spawn(move || {
        let mut head = [0; 11];
        reader.read_exact(&mut head).unwrap();
        head
    });
    let step = job.run_into(writer);
    assert_eq!(&head.join().unwrap(), b"Report Time");
    step.succeeded();
    assert!(!step.stderr.contains("error"), "{}", step.stderr);

    let over = command_line(&simulator, &["--max-inactive", "0"]);
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    over.run_into(writer).failed(1, &["`max-inactive`"]);

    let full = fs::OpenOptions::new().write(true).open("/dev/full");
    let step = job.run_into(full.unwrap());
    step.failed(1, &["error: ", "standard output couldn't be written"]);
    let step = command_line(&simulator, &["--output", "/dev/full"]).run();
    step.failed(1, &["error: ", "/dev/full couldn't be written"]);
}

#[test]
fn only_a_terminal_shows_progress() {
    let simulator = Simulator::start(github(Seats::people(MANY))).unwrap();
    let job = command_line(&simulator, &[]);
    let step = job.on_terminal(true);
    step.succeeded();
    assert_eq!(step.stdout.lines().count(), MANY + 1);
    assert!(!step.stdout.contains('\x1b'));
    assert!(
        step.stderr.contains("of 20 pages, about"),
        "{}",
        step.stderr
    );
    assert!(step.stderr.contains("\x1b["), "a line is drawn anew");

    let plain = "acme: 10 of 20 pages.";
    let dumb = command_line(&simulator, &[]).variable("TERM", "dumb");
    for step in [job.run(), dumb.on_terminal(true), dumb.on_terminal(false)] {
        step.succeeded();
        assert!(!step.stderr.contains('\x1b'), "{}", step.stderr);
        assert!(step.stderr.contains(plain), "{}", step.stderr);
    }
    let in_workflow = Job::on(&simulator)
        .input("deliver-to", "none")
        .variable("TERM", "xterm");
    let step = in_workflow.on_terminal(true);
    step.succeeded();
    assert_eq!(step.stderr, "");
    assert!(!step.stdout.contains('\x1b') && !step.stdout.contains("of 20 pages"));
}

#[test]
fn only_a_terminal_that_wants_colors_gets_them() {
    let simulator = Simulator::start(github(Seats::people(3))).unwrap();
    simulator.change(|github| {
        github.tokens.insert(TOKEN.to_owned(), Token::new());
    });
    let red = "\x1b[1;31merror:\x1b[0m ";
    let job = command_line(&simulator, &[]);
    job.on_terminal(true).failed(1, &[red]);
    for (name, value, coloured) in [
        ("NO_COLOR", "1", false),
        ("NO_COLOR", "", true),
        ("TERM", "dumb", false),
        ("GITHUB_ACTIONS", "true", false),
    ] {
        let step = command_line(&simulator, &[])
            .variable(name, value)
            .on_terminal(true);
        assert_eq!(
            step.stderr.contains(red),
            coloured,
            "{name}: {}",
            step.stderr
        );
        let colours = step.stderr.split("\x1b[").skip(1).any(|code| {
            let end = code.find(|c: char| c.is_ascii_alphabetic());
            code[end.unwrap()..].starts_with('m')
        });
        assert_eq!(colours, coloured, "{name}: {}", step.stderr);
    }
    assert!(!job.run().stderr.contains('\x1b'));
    let help = Job::alone()
        .command_line(&["--help"])
        .variable("TERM", "xterm");
    assert!(!help.run().stdout.contains('\x1b'));
    let plain = help.variable("NO_COLOR", "1").on_terminal(false);
    assert!(!plain.stderr.contains("\x1b["));
}

#[test]
fn a_wait_is_announced_next_to_the_progress_bar() {
    let simulator = Simulator::start(github(Seats::people(MANY))).unwrap();
    simulator.fault(Fault::once(
        At::Seats,
        Kind::Status {
            status: 429,
            headers: vec![("retry-after".to_owned(), "61".to_owned())],
            body: "{}".to_owned(),
        },
    ));
    let step = command_line(&simulator, &[]).on_terminal(true);
    step.succeeded();
    assert!(step.stderr.contains("Waiting 6"), "{}", step.stderr);
    assert!(!step.stdout.contains("Waiting"));
}
