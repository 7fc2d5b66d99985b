//! The README above the folders of all organizations and enterprises, with the figures of each.

use crate::support::{
    Job, OWN, Step, assert_intact, checkout, commit_file, file, git, github, github_of_two, pulls,
    remove_files,
};
use simulator::{Repository, Seats, Simulator};

const INDEX: &str = "copilot-activity/README.md";
const DAY_1: &str = "2026-03-02T03:00:00Z";
const DAY_2: &str = "2026-03-03T03:00:00Z";

fn two() -> Simulator {
    Simulator::start(github_of_two(Seats::people(4), Seats::people(2))).unwrap()
}

fn run(simulator: &Simulator, scopes: &str, time: &str) -> Step {
    let job = Job::on(simulator).input("deliver-to", "repository");
    let step = job
        .input("organization", scopes)
        .variable("TEST_TIME", time)
        .run();
    step.succeeded();
    step
}

fn index(simulator: &Simulator) -> String {
    let file = file(&simulator.git_dir(OWN), &format!("main:{INDEX}"));
    String::from_utf8(file).unwrap()
}

/// The rows of the list, without the header and the shares.
fn rows(simulator: &Simulator) -> Vec<String> {
    let index = index(simulator);
    let rows = index.lines().filter(|line| line.starts_with("| ["));
    rows.map(str::to_owned).collect()
}

#[test]
fn each_organization_has_a_row_with_its_newest_figures() {
    let simulator = two();
    run(&simulator, "acme,globex", DAY_1);
    let names = |rows: &[String]| -> Vec<String> {
        let cells = rows.iter().map(|row| row.split('|').collect::<Vec<_>>());
        cells
            .map(|cells| format!("{}{}{}", cells[1], cells[3], cells[7]))
            .collect()
    };
    assert_eq!(
        names(&rows(&simulator)),
        [
            " [acme](acme)  4  2026-03-02 ",
            " [globex](globex)  2  2026-03-02 "
        ]
    );
    run(&simulator, "globex", DAY_2);
    assert_eq!(
        names(&rows(&simulator)),
        [
            " [acme](acme)  4  2026-03-02 ",
            " [globex](globex)  2  2026-03-03 "
        ]
    );
    assert!(index(&simulator).contains("| **Total** | | **6** | **6** |"));
    let clone = checkout(&simulator, OWN);
    let arguments = ["verify", clone.path().to_str().unwrap(), "--expect=any"];
    Job::alone().command_line(&arguments).run().succeeded();
    assert_intact(&simulator, OWN);
}

#[test]
fn a_run_that_records_nothing_does_not_change_the_list() {
    let simulator = two();
    run(&simulator, "acme", DAY_1);
    let before = git(&simulator.git_dir(OWN), &["rev-parse", "main"]);
    run(&simulator, "acme", "2026-03-02T09:00:00Z");
    let after = git(&simulator.git_dir(OWN), &["rev-parse", "main"]);
    assert_eq!(before, after);
}

#[test]
fn a_folder_that_was_renamed_or_removed_leaves_the_list() {
    let simulator = two();
    run(&simulator, "acme,globex", DAY_1);
    let directory = simulator.git_dir(OWN);
    let files = git(
        &directory,
        &["ls-tree", "-r", "--name-only", "main:copilot-activity/acme"],
    );
    let files: Vec<&str> = files.lines().collect();
    remove_files(&directory, "copilot-activity/acme", &files);
    run(&simulator, "globex", DAY_2);
    let rows = rows(&simulator);
    assert_eq!(rows.len(), 1, "{rows:?}");
    assert!(rows[0].starts_with("| [globex](globex) "), "{rows:?}");
}

#[test]
fn what_people_write_in_the_file_stays() {
    let simulator = two();
    run(&simulator, "acme", DAY_1);
    let edited = index(&simulator)
        .replace("# Copilot activity reports", "# For our auditors")
        .replace("| [acme](acme)", "| damaged [acme](acme)");
    commit_file(&simulator.git_dir(OWN), INDEX, edited.as_bytes());
    run(&simulator, "acme,globex", DAY_2);
    let index = index(&simulator);
    assert!(index.starts_with("# For our auditors\n"), "{index}");
    assert!(!index.contains("damaged"), "{index}");
    assert_eq!(rows(&simulator).len(), 2, "{index}");

    let foreign = "# Ours\n\nNot a list.\n";
    commit_file(&simulator.git_dir(OWN), INDEX, foreign.as_bytes());
    let step = run(&simulator, "acme", "2026-03-04T03:00:00Z");
    assert_eq!(self::index(&simulator), foreign);
    let message = "copilot-activity/README.md of octo/tools has no list of the reports";
    assert!(step.stdout.contains(message), "{}", step.printed());
}

#[test]
fn the_first_file_of_an_empty_repository_becomes_the_list() {
    let simulator = github(Seats::people(3)).repository(OWN, Repository::private().empty());
    let simulator = Simulator::start(simulator).unwrap();
    run(&simulator, "acme", DAY_1);
    assert_eq!(rows(&simulator).len(), 1, "{}", index(&simulator));
    assert!(!index(&simulator).contains("**Total**"));
}

#[test]
fn a_pull_request_does_not_change_the_list() {
    let simulator = pulls::start(pulls::protected());
    let step = pulls::run(&simulator, "2026-03-02", 3);
    let commit = step.output("commit-sha");
    let files = git(
        &simulator.git_dir(OWN),
        &["show", "--name-only", "--format=", commit],
    );
    assert!(!files.is_empty() && !files.contains(INDEX), "{files}");
}
