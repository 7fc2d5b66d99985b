//! What's in the way of an organization's files is kept, and doesn't stop the other organizations.

use simulator::{Seats, Simulator};

use crate::support::{Job, OWN, assert_intact, commit_file, file, git_with, github_of_two};

const MINE: &[u8] = b"mine\n";

/// A GitHub with two organizations, and a repository with a file at this path.
fn start(path: &str) -> Simulator {
    let simulator = Simulator::start(github_of_two(Seats::people(3), Seats::people(2))).unwrap();
    commit_file(&simulator.git_dir(OWN), path, MINE);
    simulator
}

fn job(simulator: &Simulator) -> Job {
    Job::on(simulator)
        .input("organization", "acme, globex")
        .input("deliver-to", "repository")
}

#[test]
fn a_file_with_the_name_of_an_organizations_folder_is_kept() {
    let path = "copilot-activity/globex";
    let simulator = start(path);
    job(&simulator).run().failed(
        1,
        &[
            "The report of globex wasn't committed",
            "copilot-activity/globex of octo/tools isn't a folder.",
            "Done: acme: committed to octo/tools",
        ],
    );
    let directory = simulator.git_dir(OWN);
    assert_eq!(file(&directory, &format!("main:{path}")), MINE);
    // The next run succeeds.
    let moved = "commit refs/heads/main\ncommitter Mona Lisa <mona@example.com> 1772420000 +0000\n\
                 data 4\nmove\nfrom refs/heads/main^0\n\
                 R copilot-activity/globex notes.txt\n";
    git_with(&directory, &["fast-import", "--quiet"], moved.as_bytes());
    job(&simulator).run().succeeded();
    assert_eq!(file(&directory, "main:notes.txt"), MINE);
    assert_intact(&simulator, OWN);
}

#[test]
fn a_file_with_the_name_of_the_directory_is_kept_and_named_once() {
    let simulator = start("copilot-activity");
    let step = job(&simulator).run();
    step.failed(
        1,
        &[
            "The reports of 2 organizations weren't committed",
            "copilot-activity of octo/tools isn't a folder.",
        ],
    );
    assert_eq!(step.errors().len(), 1, "{}", step.printed());
    let directory = simulator.git_dir(OWN);
    assert_eq!(file(&directory, "main:copilot-activity"), MINE);
    assert_intact(&simulator, OWN);
}
