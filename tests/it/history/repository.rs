//! Reports in a repository: one commit with all files, at most one commit a day, and the outputs
//! about the commit.

use crate::support::{
    COMMIT_TOKEN, Job, OWN, Step, TOKEN, assert_intact, commit_file, file, git, github,
    github_of_two, within_one_day,
};
use simulator::seat::Row;
use simulator::{GitHub, Repository, Seats, Simulator, Token};

const AUDIT: &str = "octo/audit";

fn job(simulator: &Simulator) -> Job {
    Job::on(simulator).input("deliver-to", "repository")
}

/// The organization acme, and a workflow repository with these settings.
fn with_audit(seats: Seats, repository: Repository) -> GitHub {
    let writes = Token::new().contents_write([OWN, AUDIT]);
    github(seats)
        .repository(AUDIT, repository)
        .token(COMMIT_TOKEN, writes)
}

fn octocat() -> Row {
    Row::of("octocat", 1).activity("2026-03-01T10:00:00Z")
}

/// The day of a report, from its `Report Time`.
fn day(report: &[u8]) -> String {
    let text = String::from_utf8(report.to_vec()).unwrap();
    text.lines().nth(1).unwrap()[..10].to_owned()
}

/// The action's commits on a branch, newest first.
fn deliveries(simulator: &Simulator, repository: &str, branch: &str) -> Vec<String> {
    let format = "--format=%H %(trailers:key=Copilot-Activity-Report-Delivery,separator=%x2C)";
    git(&simulator.git_dir(repository), &["log", format, branch])
        .lines()
        .filter_map(|line| line.split_once(' '))
        .filter(|(_, trailer)| !trailer.is_empty())
        .map(|(sha, _)| sha.to_owned())
        .collect()
}

/// Checks that the branch has the delivered report in one commit.
fn assert_has_report(simulator: &Simulator, repository: &str, branch: &str, step: &Step) {
    let directory = simulator.git_dir(repository);
    let sha = step.output("commit-sha");
    let head = git(&directory, &["rev-parse", branch]);
    assert_eq!(head.trim(), sha);
    let report = step.report();
    let day = day(&report);
    let changed = git(&directory, &["show", "--name-only", "--format=", branch]);
    let folder = "copilot-activity/acme";
    let mut changed: Vec<&str> = changed
        .lines()
        .filter(|path| *path != "copilot-activity/README.md")
        .map(|path| path.strip_prefix("copilot-activity/acme/").unwrap())
        .collect();
    let report_name = format!("reports/{}/{day}.csv", &day[..4]);
    let manifest_name = report_name.replace(".csv", ".json");
    // Unchanged files aren't in the commit.
    changed.retain(|path| {
        ![".gitattributes", "people.csv", "seats.csv"].contains(path)
            && !path.starts_with("changes/")
    });
    let expected = ["README.md", "latest.csv", &report_name, &manifest_name];
    let expected = [
        &expected[..],
        &["totals.csv", "trend-dark.svg", "trend-light.svg"],
    ]
    .concat();
    assert_eq!(changed, expected);
    let at = |path: &str| file(&directory, &format!("{branch}:{folder}/{path}"));
    assert_eq!(at("latest.csv"), report);
    assert_eq!(at(&report_name), report);
    let manifest: serde_json::Value = serde_json::from_slice(&at(&manifest_name)).unwrap();
    let named = manifest["files"].as_array().unwrap();
    let of_report = named
        .iter()
        .find(|file| file["name"] == *report_name)
        .unwrap();
    assert_eq!(of_report["size"], report.len());
    assert_eq!(of_report["sha256"], step.output("report-sha256"));
    assert_eq!(manifest["scope"]["name"], "acme");
    assert_eq!(manifest["run"]["id"], "4242");
    let url = format!("{}/{repository}/commit/{sha}", simulator.server_url());
    assert_eq!(step.output("commit-url"), url);
    assert!(step.summary.contains(&url), "{}", step.summary);
}

#[test]
fn all_files_of_a_report_are_in_one_commit() {
    let simulator = Simulator::start(github(Seats::people(250))).unwrap();
    let step = job(&simulator).run();
    step.succeeded();
    assert_has_report(&simulator, OWN, "main", &step);
    assert_eq!(deliveries(&simulator, OWN, "main").len(), 1);
    assert_eq!(step.output("changed"), "true");
    let readme = file(&simulator.git_dir(OWN), "main:README.md");
    assert_eq!(readme, b"# tools\n");
    let message = git(&simulator.git_dir(OWN), &["log", "-1", "--format=%B"]);
    for text in [
        "250 seats, 250 people, complete",
        step.output("report-sha256"),
        "/octo/tools/actions/runs/4242/attempts/1",
        "Copilot-Activity-Report-Delivery: run 4242 attempt 1 ",
    ] {
        assert!(message.contains(text), "{message}");
    }
    assert_intact(&simulator, OWN);
}

#[test]
fn a_repository_without_commits_and_a_missing_branch_are_initialized() {
    for (repository, branch, commits) in [
        (Repository::private().empty(), "", 2),
        (Repository::private().empty(), "audit/copilot", 2),
        (Repository::private(), "audit/copilot", 2),
        (Repository::private(), "refs/heads/main", 2),
        (Repository::internal().default_branch("trunk"), "", 2),
    ] {
        let default = repository.default_branch.clone();
        let what = format!("{repository:?} {branch:?}");
        let simulator = Simulator::start(with_audit(Seats::people(3), repository)).unwrap();
        let job = job(&simulator)
            .input("repository", AUDIT)
            .input("branch", branch);
        let step = job.run();
        assert_eq!(step.status, 0, "{what}\n{}", step.printed());
        let branch = match branch {
            "" => default.as_str(),
            branch => branch.trim_start_matches("refs/heads/"),
        };
        assert_has_report(&simulator, AUDIT, branch, &step);
        let count = git(
            &simulator.git_dir(AUDIT),
            &["rev-list", "--count", &format!("refs/heads/{branch}")],
        );
        assert_eq!(count.trim(), commits.to_string(), "{what}");
        assert_intact(&simulator, AUDIT);
        let own = git(&simulator.git_dir(OWN), &["rev-list", "--count", "--all"]);
        assert_eq!(own.trim(), "1", "nothing goes to the workflow's repository");
    }
}

#[test]
fn a_later_run_of_the_day_commits_only_if_a_seat_differs() {
    let (simulator, steps) = within_one_day(|| {
        let simulator = Simulator::start(github(Seats::rows([octocat()]))).unwrap();
        let job = job(&simulator);
        let mut steps = vec![job.run(), job.run()];
        let more = [octocat(), Row::of("hubot", 2)];
        simulator.change(|github| {
            github
                .organizations
                .insert("acme".to_owned(), Seats::rows(more));
        });
        steps.extend([job.run(), job.run()]);
        (simulator, steps)
    });
    let changed: Vec<&str> = steps.iter().map(|step| step.output("changed")).collect();
    assert_eq!(changed, ["true", "false", "true", "false"]);
    for (step, committed) in steps.iter().zip([true, false, true, false]) {
        step.succeeded();
        assert_eq!(step.output("commit-sha").is_empty(), !committed);
        assert_eq!(step.output("commit-url").is_empty(), !committed);
        let message = "nothing committed to octo/tools (branch main): no seat differs";
        assert_eq!(step.stdout.contains(message), !committed, "{}", step.stdout);
    }
    let commits = [&steps[2], &steps[0]].map(|step| step.output("commit-sha"));
    assert_eq!(deliveries(&simulator, OWN, "main"), commits);
    assert_has_report(&simulator, OWN, "main", &steps[2]);
    let days = git(
        &simulator.git_dir(OWN),
        &[
            "ls-tree",
            "-r",
            "--name-only",
            "main",
            "copilot-activity/acme/reports",
        ],
    );
    assert_eq!(days.lines().count(), 2, "{days}");
    assert_intact(&simulator, OWN);
}

#[test]
fn the_first_run_of_a_day_records_even_what_has_not_changed() {
    let simulator = Simulator::start(github(Seats::rows([octocat()]))).unwrap();
    let yesterday = "Report Time,Login,Last Authenticated At,Last Activity At,Last Surface Used\n\
                     2026-03-02T06:00:00Z,octocat,None,2026-03-01T10:00:00Z,None\n";
    let directory = simulator.git_dir(OWN);
    let path = "copilot-activity/acme/latest.csv";
    commit_file(&directory, path, yesterday.as_bytes());
    let step = job(&simulator).run();
    step.succeeded();
    assert_eq!(step.output("changed"), "false");
    assert_has_report(&simulator, OWN, "main", &step);
    assert_intact(&simulator, OWN);
}

#[test]
fn an_older_report_changes_nothing() {
    let simulator = Simulator::start(github(Seats::rows([octocat()]))).unwrap();
    let directory = simulator.git_dir(OWN);
    let path = "copilot-activity/acme/latest.csv";
    // The newer report comes from a runner whose clock is slightly ahead.
    let ahead = jiff::Timestamp::now() + jiff::SignedDuration::from_mins(10);
    let ahead = jiff::Timestamp::from_second(ahead.as_second()).unwrap();
    let newer = format!(
        "Report Time,Login,Last Authenticated At,Last Activity At,Last Surface Used\n\
         {ahead},hubot,None,None,None\n"
    );
    commit_file(&directory, path, newer.as_bytes());
    let head = git(&directory, &["rev-parse", "main"]);
    let step = job(&simulator).run();
    step.succeeded();
    assert_eq!(step.output("commit-sha"), "");
    assert_eq!(git(&directory, &["rev-parse", "main"]), head);
    assert!(
        step.stdout
            .contains(&format!("it has a newer report, from {ahead}"))
    );
    assert!(step.summary.contains("it has a newer report"));
    assert_intact(&simulator, OWN);
}

#[test]
fn a_damaged_record_is_reported_and_written_again() {
    for damage in [
        "who,knows\n".as_bytes(),
        b"",
        b"\xff\xfe\x00",
        b"Report Time,Login,Last Authenticated At,Last Activity At,Last Surface Used\nyesterday,a,b,c,d\n",
        b"Report Time,Login,Last Authenticated At,Last Activity At,Last Surface Used\n2026-03-02T06:00:00Z,\"a",
    ] {
        let simulator = Simulator::start(github(Seats::people(3))).unwrap();
        let directory = simulator.git_dir(OWN);
        commit_file(&directory, "copilot-activity/acme/latest.csv", damage);
        let step = job(&simulator).run();
        step.succeeded();
        let warning = "::warning::copilot-activity/acme of octo/tools: the recorded latest.csv can't be read";
        assert!(step.stdout.contains(warning), "{}", step.stdout);
        assert_eq!(step.output("changed"), "true");
        assert_has_report(&simulator, OWN, "main", &step);
        assert_intact(&simulator, OWN);
    }
}

#[test]
fn an_organization_and_an_enterprise_with_the_same_name_share_no_folder() {
    let read = Token::new().copilot(["acme"]).enterprise(["acme"]);
    let github = github(Seats::people(3))
        .enterprise("acme", Seats::enterprise_people(3))
        .token(TOKEN, read.scopes("read:org, read:enterprise"));
    let simulator = Simulator::start(github).unwrap();
    let organization = || job(&simulator).input("organization", "acme");
    let enterprise = || job(&simulator).input("enterprise", "acme");
    organization().run().succeeded();
    let step = enterprise().run();
    step.failed(
        1,
        &[
            "copilot-activity/acme of octo/tools",
            "holds the reports of an organization of the same name, not of the enterprise",
            "Set another `directory`",
        ],
    );
    assert_eq!(step.output("commit-sha"), "");
    assert_eq!(step.output("seats"), "3", "the file is in the workspace");
    enterprise()
        .input("directory", "elsewhere")
        .run()
        .succeeded();
    let step = organization().input("directory", "elsewhere").run();
    step.failed(1, &["of an enterprise of the same name"]);
    assert_eq!(deliveries(&simulator, OWN, "main").len(), 2);
    assert_intact(&simulator, OWN);
}

#[test]
fn each_of_several_organizations_gets_a_folder_in_the_same_commit() {
    let github = github_of_two(Seats::people(3), Seats::people(4));
    let simulator = Simulator::start(github).unwrap();
    let step = job(&simulator)
        .input("organization", "acme\nglobex")
        .input("directory", ".")
        .run();
    step.succeeded();
    assert_eq!(
        deliveries(&simulator, OWN, "main"),
        [step.output("commit-sha")]
    );
    for (scope, path) in ["acme", "globex"]
        .iter()
        .zip(step.output("report-path").lines())
    {
        let latest = file(&simulator.git_dir(OWN), &format!("main:{scope}/latest.csv"));
        assert_eq!(latest, std::fs::read(step.workspace.join(path)).unwrap());
    }
    assert_intact(&simulator, OWN);
}

#[test]
fn the_commit_message_is_as_requested() {
    let simulator = Simulator::start(github(Seats::people(3))).unwrap();
    let step = job(&simulator)
        .input(
            "commit-message",
            "Seats of {scope} ({date}), {scope}\n\nFor the auditors of {scope}.\n",
        )
        .run();
    step.succeeded();
    let day = day(&step.report());
    let message = git(&simulator.git_dir(OWN), &["log", "-1", "--format=%B"]);
    let head = format!("Seats of acme ({day}), acme\n\nFor the auditors of acme.\n\n3 seats, ");
    assert!(message.starts_with(&head), "{message}");
    assert_eq!(deliveries(&simulator, OWN, "main").len(), 1);

    let requests = simulator.requests().len();
    let step = job(&simulator).input("commit-message", "{scpoe}").run();
    step.failed(2, &["commit-message", "{scpoe}", "{scope} and {date}"]);
    assert_eq!(simulator.requests().len(), requests);
}

#[test]
fn a_signature_is_reported_as_github_reports_it() {
    for (repository, message) in [
        (Repository::private(), ", verified"),
        (
            Repository::private().unsigned(),
            ", not verified: it isn't signed",
        ),
        (
            Repository::private().badly_signed(),
            ", not verified: its signature is ",
        ),
    ] {
        let github = github(Seats::people(3)).repository(OWN, repository);
        let simulator = Simulator::start(github).unwrap();
        let step = job(&simulator).run();
        step.succeeded();
        let message = format!(" as {}{message}", step.output("commit-sha"));
        assert!(step.stdout.contains(&message), "{}", step.stdout);
        assert!(step.summary.contains(&message), "{}", step.summary);
        assert_intact(&simulator, OWN);
    }
}

#[test]
fn a_folder_can_have_any_name_that_git_accepts() {
    for directory in ["Prüfung 2026/Copilot, täglich", "a+b&c#d/100%", "./a/"] {
        let (simulator, again) = within_one_day(|| {
            let simulator = Simulator::start(github(Seats::people(3))).unwrap();
            let job = job(&simulator).input("directory", directory);
            job.run().succeeded();
            let again = job.run();
            again.succeeded();
            (simulator, again)
        });
        // The second run finds the recorded report.
        assert_eq!(again.output("changed"), "false", "{directory}");
        assert_eq!(deliveries(&simulator, OWN, "main").len(), 1);
        let directory = directory.trim_start_matches("./").trim_end_matches('/');
        let latest = format!("main:{directory}/acme/latest.csv");
        assert!(!file(&simulator.git_dir(OWN), &latest).is_empty());
        assert_intact(&simulator, OWN);
    }
}

#[test]
fn one_organization_has_one_history_in_any_case() {
    let simulator = Simulator::start(github(Seats::people(3))).unwrap();
    let job = |name| {
        Job::on(&simulator)
            .input("organization", name)
            .input("deliver-to", "repository")
            .run()
    };
    job("ACME").succeeded();
    let again = job("acme");
    again.succeeded();
    assert_eq!(again.output("changed"), "false");
    assert_eq!(again.output("commit-sha"), "");
    assert_intact(&simulator, OWN);
}

#[test]
fn nothing_is_committed_before_a_report_from_the_future() {
    let simulator = Simulator::start(github(Seats::rows([octocat()]))).unwrap();
    let directory = simulator.git_dir(OWN);
    let path = "copilot-activity/acme/latest.csv";
    let future = "Report Time,Login,Last Authenticated At,Last Activity At,Last Surface Used\n\
                  2199-01-01T00:00:00Z,hubot,None,None,None\n";
    commit_file(&directory, path, future.as_bytes());
    let step = job(&simulator)
        .input("deliver-to", "artifact, repository")
        .run();
    step.failed(
        1,
        &[
            "the newest recorded report is from 2199-01-01T00:00:00Z",
            "Revert the commit that recorded it",
        ],
    );
    assert_eq!(step.output("commit-sha"), "");
    assert_ne!(step.output("artifact-id"), "");
    assert_intact(&simulator, OWN);
}

#[test]
fn an_incomplete_report_does_not_replace_the_days_complete_one() {
    let simulator = Simulator::start(github(Seats::people(3))).unwrap();
    let job = job(&simulator).input("require-complete", "false");
    job.run().succeeded();
    simulator.change(|github| {
        let short = Seats::people(1).total_seats(simulator::TotalSeats::Fixed(3));
        github.organizations.insert("acme".to_owned(), short);
    });
    let step = job.run();
    step.succeeded();
    assert_eq!(step.output("commit-sha"), "");
    assert!(
        step.stdout
            .contains("the day's report there is complete, and this one is not")
    );
    assert_intact(&simulator, OWN);
}
