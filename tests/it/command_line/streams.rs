//! Where the report goes on the command line: pipes without a reader, files that another program
//! opened, and files with their own mode.

use std::fs;
use std::io::Read as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use crate::support::{Job, OWN, TOKEN, checkout, files_below, github};
use simulator::{Seats, Simulator};
use tempfile::TempDir;

/// More than the buffer of a pipe holds.
const MANY: usize = 2_000;

/// How long an interrupted run may take to end. The test fails if it takes longer.
const AT_MOST: Duration = Duration::from_secs(30);

fn command_line(simulator: &Simulator, arguments: &[&str]) -> Job {
    let arguments = [&["--organization", "acme"], arguments].concat();
    Job::on(simulator)
        .command_line(&arguments)
        .variable("GITHUB_TOKEN", TOKEN)
}

fn until(what: &str, condition: impl Fn() -> bool) {
    let began = Instant::now();
    while !condition() {
        assert!(began.elapsed() < AT_MOST, "never: {what}");
        thread::sleep(Duration::from_millis(2));
    }
}

fn fifo(path: &Path) {
    let created = Command::new("mkfifo").arg(path).status().unwrap();
    assert!(created.success());
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

/// How many whole reports a file contains.
fn reports(path: &Path, rows: usize) -> usize {
    let text = fs::read_to_string(path).unwrap();
    let heads = text.matches("Report Time,").count();
    assert_eq!(text.lines().count(), heads * (rows + 1), "{text}");
    heads
}

#[test]
fn a_run_whose_report_is_not_read_ends_if_it_is_interrupted() {
    let simulator = Simulator::start(github(Seats::people(MANY))).unwrap();
    for signal in ["TERM", "INT"] {
        // The first pipe has no reader. The reader of the second stops after the first bytes.
        for opened in [false, true] {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("p");
            let job = command_line(&simulator, &["--output", path.to_str().unwrap()]);
            fifo(&path);
            let before = simulator.requests().len();
            let running = job.start();
            let reader = opened.then(|| {
                let mut reader = fs::File::open(&path).unwrap();
                reader.read_exact(&mut [0; 11]).unwrap();
                reader
            });
            until("all pages", || {
                let requests = simulator.requests();
                requests.len() >= before + 20
                    && requests.iter().all(|request| request.status.is_some())
            });
            running.signal(signal);
            until("the end", || running.is_over());
            let step = running.end();
            let message = format!("The run was interrupted (SIG{signal}) while ");
            step.failed(1, &[&message, "Not done: everything that isn"]);
            if opened {
                let place = format!(
                    "writing the report of acme to {}, which may have only a part of it",
                    path.display()
                );
                step.failed(1, &[&place]);
            }
            drop(reader);
        }
    }
}

#[test]
fn a_run_whose_standard_output_is_not_read_ends_if_it_is_interrupted() {
    let simulator = Simulator::start(github(Seats::people(MANY))).unwrap();
    let job = command_line(&simulator, &[]);
    let (mut reader, writer) = std::io::pipe().unwrap();
    let running = job.start_into(writer);
    reader.read_exact(&mut [0; 11]).unwrap();
    running.signal("TERM");
    until("the end", || running.is_over());
    running.end().failed(
        1,
        &["interrupted (SIGTERM) while writing the report of acme to standard output, which may have only a part"],
    );
}

#[test]
fn a_file_opened_by_another_program_is_never_replaced() {
    let simulator = Simulator::start(github(Seats::people(3))).unwrap();
    for place in ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"] {
        let job = command_line(&simulator, &["--output", place]);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("all.csv");
        let mut log = fs::File::create(&path).unwrap();
        for times in 1..=2 {
            job.run_into(log.try_clone().unwrap()).succeeded();
            assert_eq!(reports(&path, 3), times, "{place}");
        }
        // The action wrote to the opened file, and didn't replace it.
        std::io::Write::write_all(&mut log, b"").unwrap();
        assert_eq!(
            log.metadata().unwrap().len(),
            fs::metadata(&path).unwrap().len(),
            "{place}"
        );
        assert_eq!(files_below(folder.path()), [path]);
    }
    let step = command_line(&simulator, &["--output", "/dev/stderr"]).run();
    step.succeeded();
    assert!(step.stderr.contains("Z,octocat,"), "{}", step.stderr);
}

#[test]
fn a_file_keeps_its_mode() {
    let simulator = Simulator::start(github(Seats::people(3))).unwrap();
    let job = command_line(&simulator, &["--output", "report.csv"]);
    let path = job.workspace().join("report.csv");
    for wanted in [0o600, 0o640, 0o664] {
        fs::write(&path, "before").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(wanted)).unwrap();
        job.run().succeeded();
        assert_eq!(reports(&path, 3), 1);
        assert_eq!(mode(&path), wanted, "{wanted:o}");
    }
}

#[test]
fn a_dangling_link_is_rejected_and_left_in_place() {
    let simulator = Simulator::start(github(Seats::people(3))).unwrap();
    for target in ["round", "missing"] {
        let job = command_line(&simulator, &["--output", "round"]);
        symlink(target, job.workspace().join("round")).unwrap();
        job.run().failed(1, &["error: round couldn't be written"]);
        assert!(job.workspace().join("round").is_symlink());
    }
    assert!(simulator.requests().is_empty());
}

#[test]
fn an_empty_output_name_is_rejected() {
    let simulator = Simulator::start(github(Seats::people(3))).unwrap();
    for empty in ["", " "] {
        let step = command_line(&simulator, &["--output", empty]).run();
        step.failed(2, &["output: is empty"]);
        assert_eq!(step.stdout, "");
        assert!(files_below(&step.workspace).is_empty());
    }
    assert!(simulator.requests().is_empty());
}

/// A clone with one report.
fn recorded() -> (Simulator, TempDir) {
    let simulator = Simulator::start(github(Seats::people(3))).unwrap();
    let step = Job::on(&simulator).input("deliver-to", "repository").run();
    step.succeeded();
    let clone = checkout(&simulator, OWN);
    (simulator, clone)
}

#[test]
fn the_result_of_a_command_in_a_workflow_has_no_secret_and_no_other_line() {
    let (_simulator, clone) = recorded();
    let clone = clone.path().to_str().unwrap();
    for option in ["--format=json", "--statement"] {
        let step = Job::alone()
            .variable("GITHUB_ACTIONS", "true")
            .variable("GITHUB_TOKEN", TOKEN)
            .arguments(&["verify", clone, option])
            .run();
        step.succeeded();
        assert!(!step.stdout.contains("::"), "{}", step.stdout);
        let mask = format!("::add-mask::{TOKEN}\n");
        assert!(step.stderr.contains(&mask), "{}", step.stderr);
    }
}

#[test]
fn a_result_that_cannot_be_written_is_an_error() {
    let (_simulator, clone) = recorded();
    let clone = clone.path().to_str().unwrap();
    for arguments in [
        &["verify", clone][..],
        &["verify", clone, "--format=json"],
        &["verify", clone, "--statement"],
    ] {
        let full = fs::File::options().write(true).open("/dev/full").unwrap();
        let step = Job::alone().arguments(arguments).run_into(full);
        step.failed(
            1,
            &[
                "The result couldn't be written to standard output.",
                "No space left",
            ],
        );
    }
}

#[test]
fn an_absolute_directory_stays_absolute_in_log_and_results() {
    let simulator = Simulator::start(github(Seats::people(3))).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap();
    let step = command_line(&simulator, &["--output-directory", path]).run();
    step.succeeded();
    assert!(step.stderr.contains(path), "{}", step.stderr);
    let results = fs::read(folder.path().join("results.json")).unwrap();
    let results: serde_json::Value = serde_json::from_slice(&results).unwrap();
    for file in results["scopes"][0]["files"].as_array().unwrap() {
        let file = Path::new(file["path"].as_str().unwrap());
        assert!(file.is_absolute() && file.is_file(), "{file:?}");
    }
}
