//! Runs that deliver by pull request to the workflow's repository, and the resulting pull requests.

use simulator::seat::Row;
use simulator::{Ending, GitHub, PullRequest, Repository, Rule, Seats, Simulator, Token};

use super::{COMMIT_TOKEN, Job, OWN, Step, file, git, github};

pub const BRANCH: &str = "copilot-activity-report/acme";
pub const FOLDER: &str = "copilot-activity/acme";

/// The workflow's repository, whose `main` requires pull requests.
pub fn protected() -> Repository {
    Repository::private().protected(Rule::PullRequest)
}

pub fn writes() -> Token {
    Token::new().contents_write([OWN]).pulls_write([OWN])
}

pub fn with(seats: Seats, repository: Repository) -> GitHub {
    github(seats)
        .repository(OWN, repository)
        .token(COMMIT_TOKEN, writes())
}

pub fn start(repository: Repository) -> Simulator {
    Simulator::start(with(seats(1), repository)).unwrap()
}

/// People, the newest of whom joined that day.
pub fn seats(people: u64) -> Seats {
    Seats::rows((1..=people).map(|n| Row::of(&format!("mona-{n}"), n)))
}

pub fn job(simulator: &Simulator, day: &str) -> Job {
    Job::on(simulator)
        .input("deliver-to", "repository")
        .input("pull-request", "true")
        .variable("TEST_TIME", &format!("{day}T03:17:00Z"))
}

/// Runs the action on that day, after the organization got this many people.
pub fn run(simulator: &Simulator, day: &str, people: u64) -> Step {
    simulator.change(|github| {
        github
            .organizations
            .insert("acme".to_owned(), seats(people));
    });
    // Only the first of two reports in the same second is recorded.
    let time = format!("{day}T04:{people:02}:00Z");
    let step = job(simulator, day).variable("TEST_TIME", &time).run();
    step.succeeded();
    step
}

/// The pull requests: number, branch, and how they ended.
pub fn pulls(simulator: &Simulator) -> Vec<(u64, String, Option<Ending>)> {
    let all = simulator.pull_requests(OWN).into_iter();
    all.map(|pull: PullRequest| (pull.number, pull.head, pull.ending))
        .collect()
}

pub fn pull(number: u64, day: &str, ending: Option<Ending>) -> (u64, String, Option<Ending>) {
    (number, format!("{BRANCH}/{day}"), ending)
}

pub fn address(simulator: &Simulator, number: u64) -> String {
    format!("{}/{OWN}/pull/{number}", simulator.server_url())
}

/// The days in a branch's totals, and the number of seats of each.
pub fn recorded(simulator: &Simulator, branch: &str) -> Vec<(String, String)> {
    let totals = file(
        &simulator.git_dir(OWN),
        &format!("{branch}:{FOLDER}/totals.csv"),
    );
    let totals = String::from_utf8(totals).unwrap();
    let lines = totals.lines().skip(1).map(|line| {
        let cells: Vec<&str> = line.split(',').collect();
        (cells[0][..10].to_owned(), cells[1].to_owned())
    });
    lines.collect()
}

pub fn days(days: &[(&str, &str)]) -> Vec<(String, String)> {
    let owned = |&(day, seats): &(&str, &str)| (day.to_owned(), seats.to_owned());
    days.iter().map(owned).collect()
}

/// The branches except `main`.
pub fn branches(simulator: &Simulator) -> Vec<String> {
    let names = git(
        &simulator.git_dir(OWN),
        &["for-each-ref", "--format=%(refname:lstrip=2)"],
    );
    let names = names.lines().filter(|name| *name != "main");
    names.map(str::to_owned).collect()
}
