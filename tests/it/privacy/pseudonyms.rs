//! Pseudonyms. With a key, no file contains a login or user ID, and a history continues only with
//! the same key.

use crate::support::{
    COMMIT_TOKEN, Job, OWN, TOKEN, assert_intact, contains, file, files_below, git, git_with,
    github, unzip,
};
use simulator::seat::Row;
use simulator::{At, Fault, Kind, Seats, Simulator};

const KEY: &str = "a key of twenty and more";

/// People whose logins and IDs appear nowhere else.
const PEOPLE: [(&str, u64); 4] = [
    ("mona-lisa_acme", 918_273_645),
    ("Hubot-The-Third", 817_263_544),
    ("octo-relative", 726_354_433),
    ("granted-tomorrow", 635_443_322),
];

fn seats(people: &[(&str, u64)]) -> Seats {
    Seats::rows(people.iter().map(|(login, id)| {
        Row::of(login, *id)
            .created("2024-01-05T09:00:00Z")
            .team("a team", 40)
    }))
}

fn job(simulator: &Simulator) -> Job {
    Job::on(simulator)
        .input("deliver-to", "artifact, repository")
        .input("format", "csv, json")
        .input("columns", "all")
        .input("pseudonym-key", KEY)
        .variable("GITHUB_ACTOR", PEOPLE[2].0)
        .variable("RUNNER_DEBUG", "1")
}

#[test]
fn no_login_or_id_is_written() {
    let simulator = Simulator::start(github(seats(&PEOPLE[..3]))).unwrap();
    for (time, people) in [
        ("2026-11-22T03:00:00Z", &PEOPLE[..3]),
        ("2026-11-23T03:00:00Z", &PEOPLE[1..]),
    ] {
        simulator.change(|github| {
            github
                .organizations
                .insert("acme".to_owned(), seats(people));
        });
        let step = job(&simulator).variable("TEST_TIME", time).run();
        step.succeeded();
        let mut texts: Vec<(String, Vec<u8>)> = vec![
            ("the log".into(), step.printed().into()),
            ("the summary".into(), step.summary.clone().into()),
            ("the outputs".into(), format!("{:?}", step.outputs).into()),
        ];
        for path in files_below(&step.workspace) {
            texts.push((path.display().to_string(), std::fs::read(path).unwrap()));
        }
        for artifact in simulator.artifacts() {
            texts.extend(unzip(&artifact.bytes));
        }
        let objects = ["cat-file", "--batch-all-objects", "--batch"];
        texts.push((
            "the repository".into(),
            git_with(&simulator.git_dir(OWN), &objects, b""),
        ));
        assert!(texts.len() > 8, "{}", texts.len());
        for (what, text) in &texts {
            for (login, id) in PEOPLE {
                assert!(
                    !contains(&text.to_ascii_lowercase(), &login.to_lowercase()),
                    "{login} in {what}"
                );
                assert!(!contains(text, &id.to_string()), "{id} in {what}");
            }
        }
        assert_eq!(step.output("people"), "3");
    }
    let report = file(
        &simulator.git_dir(OWN),
        "main:copilot-activity/acme/changes/2026.csv",
    );
    let changes = String::from_utf8(report).unwrap();
    // The first digits of `printf 918273645 | openssl dgst -sha256 -hmac 'a key of twenty and
    // more'`.
    assert!(
        changes.contains(",person-5eff85a3cf777f0992d3,,a team,revoked,"),
        "{changes}"
    );
    assert_eq!(changes.matches(",granted,").count(), 1, "{changes}");
    assert_intact(&simulator, OWN);
}

#[test]
fn a_history_continues_only_with_its_own_key() {
    let named = "written with logins, but this run writes with pseudonyms by the key";
    for (first, second, message) in [
        ("", KEY, named),
        (KEY, "", "but this run writes with logins"),
        (
            KEY,
            "another key of twenty and more",
            "written with pseudonyms by the key",
        ),
    ] {
        let simulator = Simulator::start(github(seats(&PEOPLE))).unwrap();
        let at = |time| job(&simulator).variable("TEST_TIME", time);
        let first = at("2026-11-22T03:00:00Z").input("pseudonym-key", first);
        first.run().succeeded();
        let head = git(&simulator.git_dir(OWN), &["rev-parse", "main"]);
        let artifacts = simulator.artifacts().len();
        for time in ["2026-11-22T05:00:00Z", "2026-11-23T03:00:00Z"] {
            let step = at(time).input("pseudonym-key", second).run();
            step.failed(1, &[message, "Not published", "set another `directory`"]);
            assert_eq!(files_below(&step.workspace).len(), 0);
            assert_eq!(step.output("report-path"), "");
            for (login, _) in PEOPLE {
                assert!(
                    !contains(step.summary.as_bytes(), login),
                    "{}",
                    step.summary
                );
            }
            assert_eq!(git(&simulator.git_dir(OWN), &["rev-parse", "main"]), head);
            assert_eq!(simulator.artifacts().len(), artifacts);
        }
        assert_intact(&simulator, OWN);
    }
}

#[test]
fn a_missing_key_fails_the_run_before_the_artifact() {
    let simulator = Simulator::start(github(seats(&PEOPLE))).unwrap();
    let at = |time| job(&simulator).variable("TEST_TIME", time);
    at("2026-11-22T03:00:00Z").run().succeeded();
    let artifacts = simulator.artifacts().len();
    let refused = Kind::status(403, "Resource not accessible");
    simulator.fault(Fault::first(2, At::FileText, refused));
    let step = at("2026-11-23T03:00:00Z").input("pseudonym-key", "").run();
    step.failed(
        1,
        &[
            "Not published, because its history in the repository names people differently",
            "Not done: acme: no report",
        ],
    );
    assert!(!step.stdout.contains("  Done: acme"), "{}", step.stdout);
    assert_eq!(simulator.artifacts().len(), artifacts);
    assert_eq!(step.output("report-path"), "");
    assert_eq!(files_below(&step.workspace).len(), 0);
    for (login, _) in PEOPLE {
        assert!(
            !contains(step.summary.as_bytes(), login),
            "{}",
            step.summary
        );
    }
    assert_intact(&simulator, OWN);
}

#[test]
fn a_report_that_went_to_standard_output_is_not_deleted_by_name() {
    let simulator = Simulator::start(github(seats(&PEOPLE))).unwrap();
    let at = |time| job(&simulator).variable("TEST_TIME", time);
    at("2026-11-22T03:00:00Z").run().succeeded();
    let refused = Kind::status(403, "Resource not accessible");
    simulator.fault(Fault::first(2, At::FileText, refused));
    let job = at("2026-11-23T03:00:00Z").command_line(&[
        "--organization=acme",
        "--output=-",
        "--deliver-to=repository",
        "--repository=octo/tools",
    ]);
    let job = job
        .variable("GITHUB_TOKEN", TOKEN)
        .variable("COMMIT_TOKEN", COMMIT_TOKEN)
        .variable("PSEUDONYM_KEY", "another key of twenty and more");
    let file = job.workspace().join("standard output");
    std::fs::write(&file, "mine").unwrap();
    job.run()
        .failed(1, &["Delete these yourself: standard output"]);
    assert_eq!(std::fs::read(&file).unwrap(), b"mine");
}

#[test]
fn a_short_key_is_rejected_and_never_shown() {
    let simulator = Simulator::start(github(seats(&PEOPLE))).unwrap();
    let step = job(&simulator).input("pseudonym-key", "tooshort").run();
    step.failed(
        2,
        &["pseudonym-key: a key must have at least 20 characters"],
    );
    assert!(simulator.requests().is_empty());
}

#[test]
fn the_key_gives_the_pseudonym_of_a_person() {
    let simulator = Simulator::start(github(seats(&PEOPLE))).unwrap();
    let (login, id) = PEOPLE[0];
    let pseudonym = |person: &str| {
        Job::on(&simulator)
            .command_line(&["pseudonym", person])
            .variable("PSEUDONYM_KEY", KEY)
    };
    let message = pseudonym(&id.to_string()).run();
    message.succeeded();
    assert!(simulator.requests().is_empty());
    let of_login = pseudonym(login).variable("GITHUB_TOKEN", TOKEN).run();
    of_login.succeeded();
    assert_eq!(message.stdout, of_login.stdout);
    assert!(message.stdout.starts_with("person-"), "{}", message.stdout);

    let nobody = pseudonym("nobody").variable("GITHUB_TOKEN", TOKEN).run();
    nobody.failed(
        1,
        &["Getting the user ID of the login failed", "Check the login"],
    );
    pseudonym(login)
        .run()
        .failed(2, &["GITHUB_TOKEN isn't set"]);
    pseudonym("a b")
        .run()
        .failed(2, &["neither a login nor a user ID"]);
    let prefixed = pseudonym(login)
        .variable("COPILOT_REPORT_PSEUDONYM_KEY", KEY)
        .variable("PSEUDONYM_KEY", "another key of twenty and more")
        .variable("COPILOT_REPORT_TOKEN", TOKEN)
        .variable("GITHUB_TOKEN", "ghp_ofAnotherProgram0000000000000000004")
        .run();
    prefixed.succeeded();
    assert_eq!(message.stdout, prefixed.stdout);
    let short = pseudonym("1").variable("COPILOT_REPORT_PSEUDONYM_KEY", "tooshort");
    short.run().failed(
        2,
        &["COPILOT_REPORT_PSEUDONYM_KEY: a key must have at least"],
    );
    let without = pseudonym("1").without("PSEUDONYM_KEY").run();
    without.failed(2, &["PSEUDONYM_KEY isn't set"]);
}

#[test]
fn an_import_makes_no_pseudonyms_and_logs_it() {
    let job = Job::alone()
        .command_line(&["import", ".", "--organization", "acme"])
        .variable("PSEUDONYM_KEY", KEY);
    job.run().failed(2, &["Unset PSEUDONYM_KEY to import"]);
    let both = job.variable("COPILOT_REPORT_PSEUDONYM_KEY", KEY);
    let message = "Unset COPILOT_REPORT_PSEUDONYM_KEY and PSEUDONYM_KEY to import";
    both.run().failed(2, &[message]);
}

#[test]
fn a_history_with_lost_manifests_takes_no_names_and_continues_with_its_key() {
    for damage in ["{", ""] {
        let simulator = Simulator::start(github(seats(&PEOPLE))).unwrap();
        let at = |time| job(&simulator).variable("TEST_TIME", time);
        at("2026-11-22T03:00:00Z").run().succeeded();
        let manifest = "copilot-activity/acme/reports/2026/2026-11-22.json";
        crate::support::commit_file(&simulator.git_dir(OWN), manifest, damage.as_bytes());
        for key in ["", "another key of twenty and more"] {
            let step = at("2026-11-23T03:00:00Z").input("pseudonym-key", key).run();
            step.failed(1, &["by a key that its manifests no longer name"]);
        }
        let step = at("2026-11-23T03:00:00Z").run();
        step.succeeded();
        assert_eq!(step.output("seats-added"), "0");
    }
}
