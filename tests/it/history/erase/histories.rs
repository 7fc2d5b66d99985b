//! `erase` removes a person from all histories of a clone, also from those without user IDs.

use std::fs;
use std::path::Path;

use simulator::{Seats, Simulator, Token};

use super::super::tombstones::{ACME, erase, hubot, person, push, record, text, verified, verify};
use super::{NOW, assert_gone, contents};
use crate::support::{Job, OWN, TOKEN, checkout, github};

#[test]
fn a_person_is_erased_from_all_histories_of_a_clone() {
    let read = Token::new()
        .copilot(["acme"])
        .enterprise(["octocorp"])
        .scopes("read:org");
    let rows = || {
        Seats::rows(vec![
            hubot(),
            person("octocat", 583_231).organization("acme", 7),
        ])
    };
    let simulator = Simulator::start(
        github(rows())
            .enterprise("octocorp", rows())
            .token(TOKEN, read),
    )
    .unwrap();
    let run = |time: &str| {
        for input in ["organization", "enterprise"] {
            let scope = if input == "organization" {
                "acme"
            } else {
                "octocorp"
            };
            let job = Job::on(&simulator).input("deliver-to", "repository");
            let step = job.input(input, scope).variable("TEST_TIME", time).run();
            step.succeeded();
            assert_eq!(step.warnings(), Vec::<&str>::new());
        }
    };
    run("2026-03-01T03:00:00Z");
    simulator.change(|github| {
        let rows = || Seats::rows(vec![hubot()]);
        github.organizations.insert("acme".to_owned(), rows());
    });
    run("2026-03-02T03:00:00Z");
    let clone = checkout(&simulator, OWN);
    // One seat is enough to refuse everything.
    erase(NOW, "octocat", clone.path()).failed(2, &["octocorp: octocat still holds a seat"]);
    simulator.change(|github| {
        let rows = || Seats::rows(vec![hubot()]);
        github.enterprises.insert("octocorp".to_owned(), rows());
    });
    run("2026-03-03T03:00:00Z");
    let clone = checkout(&simulator, OWN);
    erase(NOW, "octocat", clone.path()).succeeded();
    assert_gone(clone.path(), &["octocat"], "583231");
    verified(clone.path());
    push(&simulator, clone.path());
    run("2026-11-23T03:00:00Z");
    verified(checkout(&simulator, OWN).path());
}

/// A download of a report, with CRLF line endings.
fn download(day: &str, logins: &[&str]) -> String {
    let header = "Report Time,Login,Last Authenticated At,Last Activity At,Last Surface Used\r\n";
    let rows = logins.iter();
    let rows = rows.map(|login| format!("{day}T03:00:00Z,{login},None,None,\"a, b\"\r\n"));
    header.to_owned() + &rows.collect::<String>()
}

/// Imports downloads, each of a day, as the history of an organization in the clone.
fn import_into(clone: &Path, organization: &str, days: &[(&str, &[&str])]) {
    let job = Job::alone();
    for (day, logins) in days {
        let file = job.workspace().join(format!("{day}.csv"));
        fs::write(file, download(day, logins)).unwrap();
    }
    let job = job.command_line(&["import", ".", "--organization", organization]);
    let step = job.variable("TEST_TIME", NOW).run();
    step.succeeded();
    let from = step.workspace.join("copilot-activity").join(organization);
    let to = clone.join("copilot-activity").join(organization);
    for (name, content) in contents(&from) {
        let path = to.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
}

/// Acme's history: alice is renamed, and someone else takes the login.
fn taken_login() -> Simulator {
    let simulator = Simulator::start(github(Seats::people(1))).unwrap();
    let (alice, renamed) = (|| person("alice", 583_231), || person("Alice-New", 583_231));
    for (day, rows) in [
        ("04", vec![hubot(), alice()]),
        ("05", vec![hubot(), alice()]),
        ("06", vec![hubot(), renamed()]),
        ("07", vec![hubot(), renamed()]),
        ("08", vec![hubot(), person("ALICE", 777)]),
        ("20", vec![hubot(), person("ALICE", 777)]),
        ("21", vec![hubot()]),
    ] {
        record(&simulator, &format!("2026-01-{day}T03:00:00Z"), rows);
    }
    simulator
}

#[test]
fn other_histories_tell_who_had_a_login_in_imported_reports() {
    let simulator = taken_login();
    for (days, is_kept) in [
        // Someone else had the login.
        (["2026-01-12", "2026-01-13"], true),
        // The person had it.
        (["2026-01-04", "2026-01-05"], false),
        // No one is known to have had it.
        (["2026-01-07", "2026-01-22"], true),
    ] {
        let clone = checkout(&simulator, OWN);
        let folder = clone.path().join("copilot-activity/zeta");
        let days = days.map(|day| (day, &["alice", "mona"][..]));
        let last = [("2026-01-30", if is_kept { days[0].1 } else { &["mona"] })];
        import_into(clone.path(), "zeta", &[&days[..], &last].concat());
        let before = contents(&folder);
        let step = erase(NOW, "583231", clone.path());
        step.succeeded();
        if is_kept {
            assert_eq!(contents(&folder), before);
            let message = "files still contain one of the person's logins.";
            assert!(step.printed().contains(message), "{}", step.printed());
            assert!(
                step.printed().contains("zeta/people.csv"),
                "{}",
                step.printed()
            );
        } else {
            assert_gone(&folder, &["alice"], "583231");
        }
        let acme = clone.path().join(ACME);
        assert!(!text(&acme, "reports/2026/2026-01-05.csv").contains("alice"));
        assert!(text(&acme, "reports/2026/2026-01-08.csv").contains("ALICE"));
        assert!(text(&acme, "README.md").contains("`ALICE`"));
        verified(clone.path());
    }
}

#[test]
fn a_person_is_erased_from_imported_reports_whose_other_bytes_stay() {
    let folder = tempfile::TempDir::new().unwrap();
    let days: [(&str, &[&str]); 2] = [
        ("2026-03-01", &["hubot", "octocat"]),
        ("2026-03-02", &["hubot"]),
    ];
    import_into(folder.path(), "acme", &days);
    erase(NOW, "OCTOCAT", folder.path()).succeeded();
    assert_gone(folder.path(), &["octocat"], "none");
    let report = text(&folder.path().join(ACME), "reports/2026/2026-03-01.csv");
    assert_eq!(report, download("2026-03-01", &["hubot"]));
    verified(folder.path());
}

#[test]
fn an_erasure_interrupted_before_the_last_history_can_be_repeated() {
    let simulator = taken_login();
    let clone = checkout(&simulator, OWN);
    let days: [(&str, &[&str]); 2] = [
        ("2026-01-04", &["alice", "mona"]),
        ("2026-01-05", &["mona"]),
    ];
    import_into(clone.path(), "zeta", &days);
    let acme = clone.path().join(ACME);
    let zeta = clone.path().join("copilot-activity/zeta");
    let before = contents(&acme);
    // A folder in place of the file, so that the command fails there.
    for folder in [&zeta, &acme] {
        fs::create_dir(folder.join("tombstones.csv")).unwrap();
        let step = erase(NOW, "Alice-New", clone.path());
        step.failed(1, &["run the same command again"]);
        let logins = "Logins of Alice-New: alice, alice-new.";
        assert!(step.printed().contains(logins), "{}", step.printed());
        fs::remove_dir(folder.join("tombstones.csv")).unwrap();
        assert_eq!(contents(&acme), before);
    }
    let step = verify(&zeta);
    step.failed(1, &["Run the `erase` command again to finish it"]);
    erase(NOW, "Alice-New", clone.path()).succeeded();
    assert_gone(&zeta, &["alice"], "583231");
    verified(clone.path());
}
