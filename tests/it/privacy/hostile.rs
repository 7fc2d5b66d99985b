//! Hostile names and messages from people, organizations, teams, editors, GitHub, and the artifact
//! service. They never become a workflow command, output, link, or path, and they never reveal a
//! secret. The report contains them exactly.

mod plain;
mod responses;
mod variables;

use std::collections::BTreeSet;
use std::process::Command;

use crate::support::{Job, OWN, TOKEN, days_ago, file, github, plain_inputs, unzip};
use copilot_activity_report::Environment;
use copilot_activity_report::testing::Console;
use plain::{assert_only_text, assert_plain_page};
use serde_json::json;
use simulator::seat::Row;
use simulator::{At, Fault, Kind, Operation, Seats, Simulator, Token};

/// Texts with a special meaning for a runner, terminal, shell, Markdown, HTML, path, or
/// spreadsheet.
const HOSTILE: [&str; 40] = [
    "::error::injected",
    "\n::error::injected",
    "\r::error::injected",
    "\r\n  ::set-output name=complete::true",
    "\u{85}::stop-commands::injected",
    "\u{2028}::add-mask::a",
    "\u{ad}::add-mask::a",
    ":\u{2060}:error::injected",
    "##[error]injected",
    "\n##[add-mask]a",
    "#\u{200b}#[error]injected",
    "\nEOF\ncomplete<<EOF\nfalse\nEOF\n",
    "\ncomplete=false\n",
    "[a](https://evil.example/link)",
    "![a](https://evil.example/pixel.png)",
    "<https://evil.example/auto>",
    "https://evil.example/bare",
    "www.evil.example",
    "[a]: https://evil.example/reference",
    "<img src=https://evil.example/x onerror=alert(1)>",
    "<!-- a",
    "--> <script>alert(1)</script>",
    "&lt;b&gt; &#60;i&#62;",
    "a | b | c\n|---|---|\n| d | e |",
    "`a` ``b`` ```",
    "a\\",
    "a\\|b\\`",
    "\n# a\n> b\n- c\n1. d\n\n    e",
    "@octocat @acme/owners",
    "*a* _b_ ~~c~~ $d$",
    "=HYPERLINK(\"https://evil.example\")",
    "+1+1",
    "-1",
    "@SUM(A1)",
    "a,b;c\t\"d\"\"",
    "\u{202e}drowssap\u{2066}\u{feff}",
    "\u{1b}[31mred\u{1b}]8;;https://evil.example\u{7}a\u{7}\u{8}",
    "../../.git/hooks/post-checkout",
    "/etc/passwd\0.csv",
    "$(id) `id` ${{ github.token }} %0A::error::injected",
];

/// All of them in one text.
fn all() -> String {
    HOSTILE.join(" ")
}

fn job(simulator: &Simulator) -> Job {
    Job::on(simulator)
        .input("deliver-to", "artifact,repository")
        .variable("RUNNER_DEBUG", "1")
}

/// The rows of a report, without their times.
fn rows(file: &[u8]) -> BTreeSet<Vec<String>> {
    let mut file = csv::Reader::from_reader(file);
    file.records()
        .map(|row| row.unwrap().iter().skip(1).map(str::to_owned).collect())
        .collect()
}

#[test]
fn names_of_people_editors_teams_and_organizations_are_exact_and_inert() {
    let people = HOSTILE.iter().enumerate().map(|(n, text)| {
        let id = n as u64 + 1;
        Row::of(text, id)
            .created("2020-01-01T00:00:00Z")
            .surface(HOSTILE[(n + 1) % HOSTILE.len()])
            .enterprise_team(HOSTILE[(n + 2) % HOSTILE.len()], id)
            .organization(HOSTILE[(n + 3) % HOSTILE.len()], id)
            .plan(text)
    });
    // The summary names only ten people, and only if not all have been idle for the same time.
    for (number, people) in people.collect::<Vec<_>>().chunks(10).enumerate() {
        let granted = |n: usize| days_ago(40 + n as i64);
        let rows_of = people.iter().zip(0..);
        let seats = Seats::rows(rows_of.map(|(row, n)| row.clone().created(&granted(n))));
        let reads = Token::new()
            .enterprise(["octocorp"])
            .scopes("read:enterprise");
        let github = github(Seats::people(1))
            .enterprise("octocorp", seats)
            .token(TOKEN, reads);
        let simulator = Simulator::start(github).unwrap();
        let step = job(&simulator).input("enterprise", "octocorp").run();
        step.succeeded();
        assert_only_text(&simulator, &step);
        assert!(step.summary.contains("<summary>Longest idle</summary>"));
        let expected: BTreeSet<Vec<String>> = (0..people.len())
            .map(|n| number * 10 + n)
            .map(|n| {
                let text = |further: usize| HOSTILE[(n + further) % HOSTILE.len()].to_owned();
                vec![text(0), "None".into(), "None".into(), text(1), text(3)]
            })
            .collect();
        let report = step.report();
        assert_eq!(rows(&report), expected);
        let latest = file(
            &simulator.git_dir(OWN),
            "main:copilot-activity/octocorp/latest.csv",
        );
        assert!(latest == report);
        let unpacked = unzip(&simulator.artifacts()[0].bytes);
        assert!(unpacked.into_values().any(|file| file == report));
        assert_eq!(step.output("complete"), "true");

        // The repository's page names the people who joined and left.
        simulator.change(|github| {
            let seats = github.enterprises.get_mut("octocorp").unwrap();
            seats.rows.truncate(1);
        });
        let step = job(&simulator).input("enterprise", "octocorp").run();
        step.succeeded();
        assert_only_text(&simulator, &step);
        assert_eq!(step.output("changed"), "true");
    }
}

#[test]
fn a_name_of_ten_megabytes_is_kept_exactly_and_not_shown() {
    let part = "::error::\n[@x](https://evil.example)<b>|`=\u{202e}";
    let long = part.repeat(10_000_000 / part.len() + 1);
    let seats = Seats::rows([
        // A URL with this login would be up to ten times longer.
        Row::of("", 1)
            .field("assignee", json!({ "login": long, "id": 1 }))
            .created("2020-01-01T00:00:00Z"),
        Row::of("octocat", 2).surface(&long),
    ]);
    let simulator = Simulator::start(github(seats)).unwrap();
    let step = job(&simulator)
        .input("deliver-to", "artifact")
        .variable("TEST_WAIT_SCALE", "1")
        .run();
    step.succeeded();
    assert_only_text(&simulator, &step);
    assert!(step.printed().len() + step.summary.len() < 100_000);
    let none = || "None".to_owned();
    let expected = BTreeSet::from([
        vec![long.clone(), none(), none(), none()],
        vec!["octocat".to_owned(), none(), none(), long],
    ]);
    assert!(rows(&step.report()) == expected);
}

#[test]
fn text_in_the_repository_is_inert() {
    let simulator = Simulator::start(github(Seats::people(2))).unwrap();
    // A report of an earlier day, with a hostile value in every column.
    let header = crate::support::outcome_assertions::HEADER;
    let login = all().replace('"', "\"\"");
    let latest = format!("{header}\n2026-01-02T03:04:05Z,\"{login}\",None,None,None\n");
    let directory = simulator.git_dir(OWN);
    crate::support::commit_file(
        &directory,
        crate::support::outcome_assertions::LATEST,
        latest.as_bytes(),
    );
    let step = job(&simulator).run();
    step.succeeded();
    assert_only_text(&simulator, &step);
    assert_eq!(step.output("changed"), "true");

    for broken in [all(), format!("{{\"scope\": {:?}}}", all())] {
        let simulator = Simulator::start(github(Seats::people(2))).unwrap();
        let day = crate::support::today();
        let folder = "copilot-activity/acme";
        for path in [
            format!("{folder}/latest.csv"),
            format!("{folder}/reports/{}/{day}.csv", &day[..4]),
            format!("{folder}/reports/{}/{day}.json", &day[..4]),
        ] {
            crate::support::commit_file(&simulator.git_dir(OWN), &path, broken.as_bytes());
        }
        let step = job(&simulator).run();
        step.succeeded();
        assert_only_text(&simulator, &step);
    }
}

#[test]
fn inputs_with_a_special_meaning_are_rejected_or_inert() {
    let simulator = Simulator::start(github(Seats::people(1))).unwrap();
    for (number, input) in plain_inputs().into_iter().enumerate() {
        // Each input gets a third of the texts, and each text goes to a third of the inputs. The
        // property tests in `src` try many more.
        for text in HOSTILE.iter().skip(number % 3).step_by(3) {
            // Environment variables can't contain a null byte.
            let text = text.replace('\0', "");
            let mut job = job(&simulator)
                .input("deliver-to", "none")
                .input(input, &text);
            if input == "enterprise" {
                job = job.without("GITHUB_REPOSITORY_OWNER");
            }
            let step = job.run();
            // Some are valid messages or folders, and must still end up in the right place.
            assert!(
                matches!(step.status, 0 | 2),
                "{input}: {text:?}: {}",
                step.printed()
            );
            if step.status == 2 {
                step.failed(2, &["The inputs aren't valid. Nothing was sent.", input]);
                assert!(step.outputs.is_empty());
            }
            assert_plain_page(&simulator, &step.summary);
            for path in crate::support::files_below(step.workspace.parent().unwrap()) {
                let inside = path.starts_with(&step.workspace);
                let runners = ["output", "summary", "authority.pem"]
                    .iter()
                    .any(|name| path.ends_with(name));
                assert!(inside || runners, "{path:?}");
            }
        }
    }
    assert_eq!(simulator.violations(), Vec::<String>::new());
}

#[test]
fn a_report_that_is_changed_before_the_upload_is_not_uploaded() {
    let simulator = Simulator::start(github(Seats::people(1))).unwrap();
    let job = job(&simulator);
    let workspace = job.workspace();
    let change = Kind::change(move |_| {
        let files = crate::support::files_below(&workspace);
        let report = files.iter().find(|file| file.extension().unwrap() == "csv");
        std::fs::write(report.unwrap(), "=HYPERLINK()").unwrap();
    });
    simulator.fault(Fault::once(At::Graphql(Operation::Mutation), change));
    let step = job.run();
    step.failed(
        1,
        &[
            "was changed after it was written",
            "Not done: no artifact was uploaded",
        ],
    );
    assert!(simulator.artifacts().is_empty());
    assert_eq!(step.output("commit-sha").len(), 40);
    assert_only_text(&simulator, &step);
}

/// Where and with which message the test below panics.
const PANIC: &str = "TEST_PANIC";

#[test]
fn a_panic_is_an_error_like_any_other_without_its_message() {
    if let Ok(words) = std::env::var(PANIC) {
        let environment = Environment::read();
        let console = Console::of_process(&environment);
        copilot_activity_report::testing::begin_log(&environment, &console);
        assert!(words != "none", "internal details");
        panic!("{words}");
    }
    let words = format!("{TOKEN}\n::error::injected");
    for (values, message) in [
        (
            words.as_str(),
            concat!(
                "::Internal error (this is a bug): the action panicked at ",
                file!(),
                ":"
            ),
        ),
        ("none", " (internal details)."),
    ] {
        let itself = std::env::current_exe().unwrap();
        let name = "privacy::hostile::a_panic_is_an_error_like_any_other_without_its_message";
        let output = Command::new(itself)
            .args(["--exact", name, "--nocapture"])
            .env("GITHUB_ACTIONS", "true")
            .env(PANIC, values)
            .output()
            .unwrap();
        assert!(!output.status.success());
        let printed = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap());
        let printed = printed.concat();
        assert!(printed.contains(message), "{printed}");
        assert!(
            !printed.contains(TOKEN) && !printed.contains("injected"),
            "{printed}"
        );
    }
}
