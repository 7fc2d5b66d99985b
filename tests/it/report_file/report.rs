//! The report for its readers: the bytes of the file, the manifest, and the outputs.

use crate::support::{Job, OWN, TOKEN, assert_intact, github, github_of_two};
use simulator::seat::Row;
use simulator::{GitHub, Paging, Seats, Simulator, Token, TotalSeats};

const FIVE: &str = "Report Time,Login,Last Authenticated At,Last Activity At,Last Surface Used\n";
const SIX: &str =
    "Report Time,Login,Last Authenticated At,Last Activity At,Last Surface Used,Organization\n";

fn job(simulator: &Simulator) -> Job {
    Job::on(simulator).input("deliver-to", "none")
}

/// The report without its first column, which is the time of the run.
fn rows(report: &[u8]) -> Vec<String> {
    String::from_utf8(report.to_vec())
        .unwrap()
        .lines()
        .skip(1)
        .map(|line| line.split_once(',').unwrap().1.to_owned())
        .collect()
}

#[test]
fn the_report_of_an_organization_has_the_format_of_githubs_report() {
    let simulator = Simulator::start(github(Seats::rows([
        Row::of("octocat", 1)
            .authenticated("2026-03-27T03:52:53+02:00")
            .activity("2021-10-14T00:53:32-06:00")
            .surface("vscode/1.113.0/copilot-chat/0.41.1"),
        Row::of("Hubot", 2).surface("=cmd,\"x\""),
        Row::of("", 0)
            .without_person()
            .activity("2026-03-01T10:00:00.999Z"),
        Row::of("monalisa", 3)
            .team("a, \"team\"", 7)
            .field("plan_type", "quantum"),
    ])))
    .unwrap();
    let step = job(&simulator).run();
    step.succeeded();
    let report = String::from_utf8(step.report()).unwrap();
    let time = &report[FIVE.len()..FIVE.len() + 20];
    assert!(time.parse::<jiff::Timestamp>().is_ok(), "{time}");
    assert_eq!(
        report,
        format!(
            "{FIVE}\
             {time},Hubot,None,None,\"=cmd,\"\"x\"\"\"\n\
             {time},monalisa,None,None,None\n\
             {time},None,None,2026-03-01T10:00:00Z,None\n\
             {time},octocat,2026-03-27T01:52:53Z,2021-10-14T06:53:32Z,vscode/1.113.0/copilot-chat/0.41.1\n"
        )
    );
    assert_eq!(simulator.violations(), Vec::<String>::new());
}

#[test]
fn the_report_of_an_enterprise_has_a_row_for_each_person_and_organization() {
    let seats = Seats::rows([
        Row::of("octocat", 1).organization("globex", 12),
        Row::of("octocat", 1).organization("acme", 11),
        Row::of("octocat", 1)
            .no_organization()
            .enterprise_team("everyone", 5),
        Row::of("", 0).without_person().organization("acme", 11),
        Row::of("hubot", 2).organization("acme", 11),
    ]);
    let github = GitHub::new()
        .enterprise("octocorp", seats)
        .token(TOKEN, Token::new().enterprise(["octocorp"]));
    let simulator = Simulator::start(github).unwrap();
    let step = job(&simulator)
        .input("enterprise", "octocorp")
        .without("GITHUB_REPOSITORY")
        .run();
    step.succeeded();
    let report = step.report();
    assert!(report.starts_with(SIX.as_bytes()));
    assert_eq!(
        rows(&report),
        [
            "hubot,None,None,None,acme",
            "None,None,None,None,acme",
            "octocat,None,None,None,None",
            "octocat,None,None,None,acme",
            "octocat,None,None,None,globex",
        ]
    );
    assert_eq!((step.output("seats"), step.output("people")), ("5", "2"));
    assert_eq!(step.output("complete"), "true");
    assert_eq!(simulator.violations(), Vec::<String>::new());
}

#[test]
fn an_empty_report_is_a_header_and_not_a_failure() {
    let simulator = Simulator::start(github(Seats::people(0))).unwrap();
    let step = job(&simulator).run();
    step.succeeded();
    assert_eq!(step.report(), FIVE.as_bytes());
    assert_eq!(
        (step.output("seats"), step.output("complete")),
        ("0", "true")
    );
}

#[test]
fn every_page_is_read_however_github_links_them() {
    for paging in [Paging::Last, Paging::NextOnly, Paging::Cursor] {
        let seats = Seats::people(250).paging(paging.clone());
        let simulator = Simulator::start(github(seats)).unwrap();
        let step = job(&simulator).run();
        step.succeeded();
        assert_eq!(
            (step.output("seats"), step.output("people")),
            ("250", "250")
        );
        assert_eq!(rows(&step.report()).len(), 250, "{paging:?}");
        assert_eq!(simulator.violations(), Vec::<String>::new());
        let requests = simulator.requests();
        let pages = requests
            .iter()
            .filter(|request| request.path_and_query.contains("/copilot/billing/seats"));
        assert_eq!(pages.count(), 3, "{paging:?}");
    }
}

#[test]
fn a_second_run_gives_the_same_bytes_except_for_the_report_time() {
    let simulator = Simulator::start(github(Seats::people(250))).unwrap();
    let job = job(&simulator);
    let (first, second) = (job.run().report(), job.run().report());
    assert_eq!(rows(&first), rows(&second));
    let mut sorted = rows(&first);
    sorted.sort_by_key(|row| {
        let login = row.split(',').next().unwrap().to_owned();
        (login.to_lowercase(), login)
    });
    assert_eq!(rows(&first), sorted);
}

#[test]
fn the_manifest_names_the_origin_of_the_report_and_identifies_its_bytes() {
    let simulator = Simulator::start(github(Seats::people(250))).unwrap();
    let step = job(&simulator).run();
    step.succeeded();
    let path = step.output("report-path").to_owned();
    assert!(
        path.starts_with("copilot-activity-report/acme-seat-activity-"),
        "{path}"
    );
    let manifest = path.replace(".csv", ".manifest.json");
    let manifest: serde_json::Value =
        serde_json::from_slice(&std::fs::read(step.workspace.join(manifest)).unwrap()).unwrap();
    let unix: i64 = path
        .rsplit_once('-')
        .unwrap()
        .1
        .trim_end_matches(".csv")
        .parse()
        .unwrap();
    let report_time: jiff::Timestamp = manifest["report_time"].as_str().unwrap().parse().unwrap();
    assert_eq!(report_time.as_second(), unix);
    assert_eq!(manifest["scope"]["kind"], "organization");
    assert_eq!(manifest["scope"]["name"], "acme");
    assert_eq!(manifest["api"], simulator.api_url());
    assert_eq!(manifest["run"]["id"], "4242");
    assert_eq!(manifest["run"]["event"], "schedule");
    assert_eq!(manifest["pages"], 3);
    assert_eq!(manifest["seats"], 250);
    assert_eq!(manifest["people"], 250);
    assert_eq!(manifest["total_seats"], 250);
    assert_eq!(manifest["complete"], true);
    assert_eq!(manifest["files"][0]["sha256"], step.output("report-sha256"));
    assert_eq!(manifest["files"][0]["size"], step.report().len());
    use sha2::Digest as _;
    assert_eq!(
        hex::encode(sha2::Sha256::digest(step.report())),
        step.output("report-sha256")
    );
}

#[test]
fn a_list_that_changed_while_it_was_read_is_not_published() {
    let row = |n: u64| Row::of(&format!("mona-{n:04}"), n);
    let cases = [
        (
            Seats::people(250).total_seats(TotalSeats::PerPage(vec![250, 251, 250])),
            "`total_seats` was 250 on page 1 and 251 on page 2",
        ),
        (
            Seats::people(250).total_seats(TotalSeats::Fixed(300)),
            "GitHub counts 300 seats",
        ),
        (
            Seats::people(250).total_seats(TotalSeats::Missing),
            "doesn't say how many seats",
        ),
        (Seats::rows([row(1), row(2), row(2)]), "appears twice"),
    ];
    for (seats, why) in cases {
        let simulator = Simulator::start(github(seats)).unwrap();
        let job = Job::on(&simulator).input("deliver-to", "artifact, repository");
        let step = job.run();
        step.failed(
            1,
            &[why, "couldn't be verified as complete", "require-complete"],
        );
        assert_eq!(step.output("complete"), "false");
        assert_eq!(
            crate::support::files_below(&step.workspace),
            Vec::<std::path::PathBuf>::new()
        );
        assert!(simulator.artifacts().is_empty());
        assert_intact(&simulator, OWN);

        let step = job.input("require-complete", "false").run();
        step.succeeded();
        assert_eq!(step.output("complete"), "false");
        assert!(step.stdout.contains("::warning::"), "{}", step.stdout);
        assert!(step.summary.contains("couldn't be verified as complete"));
        assert_eq!(simulator.artifacts().len(), 1);
    }
}

#[test]
fn more_people_than_seats_cause_only_a_warning() {
    let seats = Seats::people(5).total_seats(TotalSeats::Fixed(3));
    let simulator = Simulator::start(github(seats)).unwrap();
    let step = job(&simulator).run();
    step.succeeded();
    assert_eq!(step.output("complete"), "true");
    assert!(
        step.stdout
            .contains("::warning::acme: 5 people have seats, but GitHub counts 3")
    );
}

#[test]
fn an_organization_that_fails_does_not_stop_the_others() {
    let github = github_of_two(Seats::people(3), Seats::people(4));
    let simulator = Simulator::start(github).unwrap();
    let step = Job::on(&simulator)
        .input("organization", "acme, nobody\nglobex,ACME")
        .input("deliver-to", "artifact,repository")
        .run();
    step.failed(
        1,
        &[
            "organization nobody failed",
            "404",
            "Not done: nobody",
            "Done: globex",
        ],
    );
    // Those in acme are also in globex.
    assert_eq!((step.output("seats"), step.output("people")), ("7", "4"));
    assert_eq!(step.output("complete"), "false");
    assert_eq!(step.output("report-path").lines().count(), 2);
    assert_eq!(step.output("commit-sha").lines().count(), 1);
    assert_eq!(simulator.artifacts().len(), 1);
    assert_eq!(
        crate::support::unzip(&simulator.artifacts()[0].bytes).len(),
        4
    );
    assert_intact(&simulator, OWN);
}

#[test]
fn files_are_not_written_through_a_link_out_of_the_workspace() {
    let simulator = Simulator::start(github(Seats::people(3))).unwrap();
    let outside = tempfile::tempdir().unwrap();
    let job = job(&simulator);
    std::os::unix::fs::symlink(outside.path(), job.workspace().join("out")).unwrap();
    let step = job.input("output-directory", "out/reports").run();
    step.failed(1, &["output-directory", "points outside the workspace"]);
    assert!(simulator.requests().is_empty());
    assert_eq!(std::fs::read_dir(outside.path()).unwrap().count(), 0);
}

#[test]
fn from_the_command_line_it_writes_the_file_and_no_workflow_commands() {
    let simulator = Simulator::start(github(Seats::people(3))).unwrap();
    let step = Job::on(&simulator)
        .command_line(&["--organization", "acme", "--output-directory", "here"])
        .variable("GITHUB_TOKEN", TOKEN)
        .run();
    step.succeeded();
    let files = crate::support::files_below(&step.workspace.join("here"));
    assert_eq!(files.len(), 2, "{files:?}");
    assert!(
        !step.printed().lines().any(|line| line.starts_with("::")),
        "{}",
        step.printed()
    );
    // The list, and GitHub's second count.
    assert_eq!(simulator.requests().len(), 2);
}
