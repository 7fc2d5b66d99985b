//! The summary of many organizations shows the worst ones first, and each problem once.

use crate::support::{Job, OWN, github_of_many, github_of_two};
use simulator::{At, Fault, Kind, Repository, Seats, Simulator};

#[test]
fn with_25_organizations_there_is_one_table_with_the_worst_first() {
    let (github, names) = github_of_many(25);
    let simulator = Simulator::start(github).unwrap();
    for number in 10..22 {
        let seats = At::path("GET", &format!("/orgs/org-{number}/copilot"));
        simulator.fault(Fault::always(seats, Kind::status(404, "Not Found")));
    }
    let step = Job::on(&simulator)
        .input("organization", &names)
        .input("deliver-to", "none")
        .run();
    step.failed(1, &["Not done: org-10: no report."]);
    let summary = &step.summary;
    assert!(
        summary.starts_with("# 13 of 25 organizations: "),
        "{summary}"
    );
    assert!(!summary.contains("\n## "), "{summary}");
    let failures: Vec<&str> = summary
        .lines()
        .filter(|line| line.starts_with("- ❌"))
        .collect();
    let [failure] = failures[..] else {
        panic!("{failures:?}");
    };
    let names = (10..20).map(|number| format!("org-{number}"));
    let names: Vec<String> = names.collect();
    let start = format!(
        "- ❌ 12 organizations ({}, and 2 more): org-10: no report. Reading",
        names.join(", ")
    );
    assert!(failure.starts_with(&start), "{failure}");
    let rows: Vec<&str> = summary
        .lines()
        .filter_map(|line| line.strip_prefix("| org-")?.get(..2))
        .collect();
    assert_eq!(rows.len(), 25);
    let failed: Vec<String> = (10..22).map(|number| number.to_string()).collect();
    assert_eq!(rows[..12], failed);
    assert!(summary.contains("`results.json`"), "{summary}");
}

#[test]
fn a_warning_about_the_branch_is_shown_once() {
    for (count, is_once) in [(2, true), (25, false)] {
        let (github, names) = github_of_many(count);
        let github = github.repository(OWN, Repository::private());
        let simulator = Simulator::start(github).unwrap();
        let step = Job::on(&simulator)
            .input("organization", &names)
            .input("deliver-to", "repository")
            .run();
        step.succeeded();
        let warnings: Vec<&str> = step
            .summary
            .lines()
            .filter(|line| line.starts_with("- ⚠️"))
            .collect();
        let about_branch: Vec<&&str> = warnings
            .iter()
            .filter(|line| line.contains("force"))
            .collect();
        assert_eq!(about_branch.len(), 1, "{warnings:?}");
        assert_eq!(!about_branch[0].contains("organizations ("), is_once);
    }
}

#[test]
fn a_warning_about_one_organization_stays_in_its_section() {
    let seats = Seats::people(2).total_seats(simulator::TotalSeats::Fixed(1));
    let simulator = Simulator::start(github_of_two(seats, Seats::people(2))).unwrap();
    let step = Job::on(&simulator)
        .input("organization", "acme, globex")
        .run();
    step.succeeded();
    let (top, sections) = step.summary.split_once("\n## acme").unwrap();
    let (acme, globex) = sections.split_once("\n## globex").unwrap();
    assert!(
        !top.contains("⚠️") && !globex.contains("⚠️"),
        "{}",
        step.summary
    );
    assert!(acme.contains("- ⚠️"), "{acme}");
}
