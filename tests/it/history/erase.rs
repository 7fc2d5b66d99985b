//! `erase` removes a person from a history. The history stays verifiable, and later runs continue
//! it without a warning.

mod histories;

use std::fs;
use std::path::Path;

use simulator::seat::Row;
use simulator::{Seats, Simulator};

use super::tombstones::{
    ACME, REASON, command, edit, erase, four_days, hubot, mona, person, push, record, record_by,
    removed_paths, text, verified, verify,
};
use super::verify::clone_with_pseudonyms;
use crate::support::{Job, OWN, checkout, copy_of, files_below, github};

const NOW: &str = "2026-11-22T12:00:00Z";

/// The files in a folder, without those of Git.
fn contents(folder: &Path) -> Vec<(String, String)> {
    let files = files_below(folder).into_iter();
    let files = files.map(|path| {
        let name = path.strip_prefix(folder).unwrap().display().to_string();
        (
            name,
            String::from_utf8_lossy(&fs::read(path).unwrap()).into_owned(),
        )
    });
    files
        .filter(|(name, _)| !name.starts_with(".git/"))
        .collect()
}

/// Checks that no file has one of these names, as `grep -ri` finds it, or the user ID in a cell.
fn assert_gone(folder: &Path, names: &[&str], id: &str) {
    let files = contents(folder);
    assert!(files.len() > 10, "{}", files.len());
    for (path, text) in files {
        let lower = text.to_lowercase();
        for name in names {
            assert!(!lower.contains(name), "{name} is in {path}: {text}");
        }
        for line in text.lines().filter(|_| path.ends_with(".csv")) {
            assert!(line.split(',').all(|cell| cell != id), "{path}: {line}");
        }
    }
}

#[test]
fn an_erased_person_is_gone_and_the_history_verifies_and_continues() {
    for name in ["octodog", "OctoDog", "octocat", "583231"] {
        let (simulator, clone) = four_days();
        let step = erase(NOW, name, clone.path());
        step.succeeded();
        assert_gone(clone.path(), &["octocat", "octodog"], "583231");
        for message in [
            "from 8 files.",
            "still in the Git history",
            "commit -m 'Erase a person'",
        ] {
            assert!(step.stdout.contains(message), "{}", step.printed());
        }
        let lines = text(&clone.path().join(ACME), "tombstones.csv");
        assert_eq!(lines.lines().count(), 9, "{lines}");
        let printed = verified(clone.path());
        for message in [
            "acme: lines erased from 8 files on 2026-11-22. Reason: Request 4711\n",
            "4 days from 2025-12-30 to 2026-11-21",
            "aren't verifiable because of erasures.",
        ] {
            assert!(printed.contains(message), "{printed}");
        }
        for day in ["2025-12-30", "2025-12-31", "2026-11-20", "2026-11-21"] {
            let folder = clone.path().to_str().unwrap();
            let from = ["verify", folder, "--from", day, "--expect=any"];
            command(NOW, &from).succeeded();
        }
        push(&simulator, clone.path());
        for (time, rows) in [
            ("2026-11-22T18:00:00Z", vec![hubot(), mona()]),
            (
                "2026-11-23T03:00:00Z",
                vec![hubot(), mona(), person("lisa", 4)],
            ),
            ("2026-11-24T03:00:00Z", vec![hubot()]),
            ("2027-01-01T03:00:00Z", vec![hubot(), mona()]),
        ] {
            record(&simulator, time, rows);
        }
        let clone = checkout(&simulator, OWN);
        assert_gone(clone.path(), &["octocat", "octodog"], "583231");
        verified(clone.path());
        let again = erase("2027-01-02T00:00:00Z", name, clone.path());
        again.succeeded();
        assert!(
            again.stdout.contains("Nothing to remove"),
            "{}",
            again.printed()
        );
    }
}

#[test]
fn a_run_on_the_day_of_the_erasure_continues_the_history() {
    let simulator = Simulator::start(github(Seats::people(1))).unwrap();
    let octocat = || person("octocat", 583_231);
    record(&simulator, "2026-11-20T03:00:00Z", vec![hubot(), octocat()]);
    record(
        &simulator,
        "2026-11-21T03:00:00Z",
        vec![hubot(), octocat(), mona()],
    );
    record_by("octocat", &simulator, "2026-11-22T03:00:00Z", vec![hubot()]);
    let clone = checkout(&simulator, OWN);
    erase(NOW, "octocat", clone.path()).succeeded();
    verified(clone.path());
    push(&simulator, clone.path());
    record(
        &simulator,
        "2026-11-22T18:00:00Z",
        vec![hubot(), person("lisa", 4)],
    );
    let clone = checkout(&simulator, OWN);
    assert_gone(clone.path(), &["octocat"], "583231");
    verified(clone.path());
    record(&simulator, "2026-11-23T03:00:00Z", vec![hubot()]);
    verified(checkout(&simulator, OWN).path());
}

#[test]
fn several_people_can_be_erased_one_after_the_other() {
    let (simulator, clone) = four_days();
    erase(NOW, "octodog", clone.path()).succeeded();
    push(&simulator, clone.path());
    record(&simulator, "2026-11-23T03:00:00Z", vec![hubot()]);
    let clone = checkout(&simulator, OWN);
    erase("2026-11-24T00:00:00Z", "monalisa", clone.path()).succeeded();
    assert_gone(clone.path(), &["octocat", "octodog", "monalisa"], "1003");
    let printed = verified(clone.path());
    for day in ["2026-11-22", "2026-11-24"] {
        assert!(
            printed.contains(&format!(" on {day}. Reason: ")),
            "{printed}"
        );
    }
    push(&simulator, clone.path());
    record_by(
        "hubot",
        &simulator,
        "2026-11-25T03:00:00Z",
        vec![hubot(), person("lisa", 4)],
    );
    verified(checkout(&simulator, OWN).path());
}

#[test]
fn an_interrupted_erasure_is_reported_and_can_be_repeated() {
    let (_simulator, clone) = four_days();
    let done = copy_of(clone.path());
    erase(NOW, "octodog", done.path()).succeeded();
    let lines = text(&done.path().join(ACME), "tombstones.csv");
    let paths = removed_paths(&lines);
    // The command writes the files in the order of the lines, after `tombstones.csv`.
    for count in 0..paths.len() {
        let copy = copy_of(clone.path());
        let acme = copy.path().join(ACME);
        for path in paths[..count].iter().chain(&["tombstones.csv"]) {
            fs::copy(done.path().join(ACME).join(path), acme.join(path)).unwrap();
        }
        let step = verify(copy.path());
        step.failed(
            1,
            &["still has the lines that `tombstones.csv` lists as erased"],
        );
        erase("2026-11-22T13:00:00Z", "octodog", copy.path()).succeeded();
        assert_eq!(
            contents(&acme),
            contents(&done.path().join(ACME)),
            "{count}"
        );
    }
    verified(done.path());
}

#[test]
fn someone_with_a_seat_is_not_erased() {
    let (_simulator, clone) = four_days();
    let before = contents(clone.path());
    for name in ["hubot", "2", "HUBOT"] {
        let step = erase(NOW, name, clone.path());
        step.failed(
            2,
            &["still holds a seat. Nothing was removed", "Remove the seat"],
        );
    }
    assert_eq!(contents(clone.path()), before);
}

#[test]
fn a_reason_is_one_short_line_without_the_persons_names() {
    let (_simulator, clone) = four_days();
    let before = contents(clone.path());
    let long = "x".repeat(201);
    let allowed = copy_of(clone.path());
    let folder = allowed.path().to_str().unwrap();
    // These aren't the login, but contain it.
    let reason = "Request octocats, in octodogma 5832311";
    command(NOW, &["erase", "octodog", folder, "--reason", reason]).succeeded();
    for (reason, message) in [
        ("Request of OctoCat", "--reason contains octocat"),
        ("For octodog", "--reason contains octodog"),
        ("User 583231 left", "--reason contains 583231"),
        ("", "say why"),
        ("two\nlines", "use one line of visible characters"),
        (&long, "use at most 200 characters instead of 201"),
    ] {
        let folder = clone.path().to_str().unwrap();
        let step = command(NOW, &["erase", "octodog", folder, "--reason", reason]);
        step.failed(2, &[message]);
    }
    let step = command(NOW, &["erase", "octodog", clone.path().to_str().unwrap()]);
    step.failed(2, &["--reason <TEXT>"]);
    for name in ["", "@", "a,b", "a b"] {
        let message = format!("`{name}` isn't a login, a pseudonym, or a user ID.");
        erase(NOW, name, clone.path()).failed(2, &[&message]);
    }
    assert_eq!(contents(clone.path()), before);
}

#[test]
fn someone_else_who_had_the_same_login_stays() {
    let simulator = Simulator::start(github(Seats::people(1))).unwrap();
    for (time, rows) in [
        ("2026-03-01T03:00:00Z", vec![hubot(), Row::of("octocat", 1)]),
        ("2026-03-02T03:00:00Z", vec![hubot(), Row::of("octodog", 1)]),
        ("2026-03-03T03:00:00Z", vec![hubot()]),
        ("2026-03-04T03:00:00Z", vec![hubot(), Row::of("octocat", 9)]),
    ] {
        record(&simulator, time, rows);
    }
    let clone = checkout(&simulator, OWN);
    let acme = clone.path().join(ACME);
    let step = erase(NOW, "octocat", clone.path());
    step.failed(
        2,
        &[
            "Several people had the login octocat at different times",
            "people.csv instead: 1, 9.",
        ],
    );
    let step = erase(NOW, "1", clone.path());
    step.succeeded();
    assert!(
        step.printed()
            .contains("still contain one of the person's logins."),
        "{}",
        step.printed()
    );
    assert!(!text(&acme, "reports/2026/2026-03-01.csv").contains("octocat"));
    assert!(text(&acme, "reports/2026/2026-03-04.csv").contains("octocat"));
    assert!(text(&acme, "people.csv").contains("9,octocat,"));
    let changes = text(&acme, "changes/2026.csv");
    assert_eq!(changes.matches("octocat").count(), 1, "{changes}");
    assert!(!changes.contains("octodog"), "{changes}");
    verified(clone.path());
}

#[test]
fn a_pseudonym_is_erased_like_a_login() {
    let clone = clone_with_pseudonyms();
    let acme = clone.path().join(ACME);
    let seats = text(&acme, "seats.csv");
    let person = seats
        .lines()
        .nth(1)
        .unwrap()
        .split(',')
        .next()
        .unwrap()
        .to_owned();
    erase(NOW, &person, clone.path()).failed(2, &["still holds a seat"]);

    let simulator = Simulator::start(github(Seats::people(3))).unwrap();
    let job = |time: &str| {
        Job::on(&simulator)
            .input("deliver-to", "repository")
            .input("pseudonym-key", "a key of twenty and more")
            .variable("TEST_TIME", time)
    };
    job("2026-01-01T03:00:00Z").run().succeeded();
    simulator.change(|github| {
        let rows = Seats::rows(vec![hubot()]);
        github.organizations.insert("acme".to_owned(), rows);
    });
    job("2026-01-02T03:00:00Z").run().succeeded();
    let clone = checkout(&simulator, OWN);
    erase(NOW, &person, clone.path()).succeeded();
    assert_gone(clone.path(), &[&person], "none");
    verified(clone.path());
    push(&simulator, clone.path());
    let step = job("2026-11-23T03:00:00Z").run();
    step.succeeded();
    assert_eq!(step.warnings(), Vec::<&str>::new());
    verified(checkout(&simulator, OWN).path());
}

#[test]
fn a_damaged_line_with_the_persons_name_stops_the_erasure() {
    let (_simulator, clone) = four_days();
    let acme = clone.path().join(ACME);
    edit(&acme, "changes/2026.csv", ",octodog,", ",\"octodog,");
    let before = contents(clone.path());
    let step = erase(NOW, "octodog", clone.path());
    step.failed(1, &["changes/2026.csv can't be read, and it has one of the person's names. Nothing was removed."]);
    assert_eq!(contents(clone.path()), before);
}

#[test]
fn other_things_with_the_same_name_are_listed_and_stay() {
    let simulator = Simulator::start(github(Seats::people(1))).unwrap();
    let team = || hubot().team("octocat", 5);
    record(
        &simulator,
        "2026-03-01T03:00:00Z",
        vec![mona(), Row::of("octocat", 1)],
    );
    record(&simulator, "2026-03-02T03:00:00Z", vec![mona(), team()]);
    let clone = checkout(&simulator, OWN);
    let step = erase(NOW, "octocat", clone.path());
    step.succeeded();
    let printed = step.printed();
    assert!(
        printed.contains("files still contain one of the person's logins."),
        "{printed}"
    );
    assert!(printed.contains("seats.csv"), "{printed}");
    assert!(text(&clone.path().join(ACME), "tombstones.csv").contains(REASON));
    verified(clone.path());
}

#[test]
fn a_rebuild_after_an_erasure_does_not_bring_the_person_back() {
    let (_simulator, clone) = four_days();
    erase(NOW, "octodog", clone.path()).succeeded();
    let acme = clone.path().join(ACME);
    for file in ["people.csv", "README.md", "totals.csv"] {
        fs::remove_file(acme.join(file)).unwrap();
    }
    let step = command(NOW, &["rebuild", acme.to_str().unwrap()]);
    step.succeeded();
    assert_gone(clone.path(), &["octocat", "octodog"], "583231");
    assert!(text(&acme, "reports/2026/2026-11-21.json").contains("tombstones.csv"));
}

#[test]
fn an_interrupted_erasure_can_be_repeated_after_a_run() {
    let (simulator, clone) = four_days();
    let done = copy_of(clone.path());
    erase(NOW, "octodog", done.path()).succeeded();
    let path = format!("{ACME}/tombstones.csv");
    fs::copy(done.path().join(&path), clone.path().join(&path)).unwrap();
    push(&simulator, clone.path());
    let rows = vec![hubot(), mona(), person("lisa", 4)];
    record(&simulator, "2026-11-23T03:00:00Z", rows);
    let clone = checkout(&simulator, OWN);
    verify(clone.path()).failed(1, &["Run the `erase` command again to finish it"]);
    erase("2026-11-23T12:00:00Z", "octodog", clone.path()).succeeded();
    assert_gone(clone.path(), &["octocat", "octodog"], "583231");
    verified(clone.path());
    push(&simulator, clone.path());
    record(&simulator, "2026-11-24T03:00:00Z", vec![hubot()]);
    verified(checkout(&simulator, OWN).path());
}

#[test]
fn a_run_that_read_the_seats_before_the_erasure_and_recorded_them_later_verifies() {
    let lisa = || person("lisa", 4);
    // On the day of the newest report, and on another day.
    let (same, more) = (|| vec![hubot(), mona()], vec![hubot(), mona(), lisa()]);
    for (erased, run, rows) in [
        ("2026-11-21T12:00:00Z", "2026-11-21T11:59:00Z", more.clone()),
        ("2026-11-23T12:00:00Z", "2026-11-23T11:59:00Z", same()),
        ("2026-11-23T12:00:00Z", "2026-11-23T11:59:00Z", more),
    ] {
        let (simulator, clone) = four_days();
        erase(erased, "octodog", clone.path()).succeeded();
        push(&simulator, clone.path());
        record(&simulator, run, rows);
        for later in [&[hubot()][..], &[hubot(), lisa()]] {
            let clone = checkout(&simulator, OWN);
            assert_gone(clone.path(), &["octocat", "octodog"], "583231");
            verified(clone.path());
            let folder = clone.path().to_str().unwrap();
            for day in ["2025-12-31", "2026-11-20", "2026-11-21", &run[..10]] {
                let from = ["verify", folder, "--from", day, "--expect=any"];
                command(NOW, &from).succeeded();
            }
            let time = format!("2026-11-{}T03:00:00Z", 23 + later.len());
            record(&simulator, &time, later.to_vec());
        }
    }
}

#[test]
fn a_user_id_given_as_a_login_is_explained() {
    let (_simulator, clone) = four_days();
    let before = contents(clone.path());
    let step = erase(NOW, "@583231", clone.path());
    step.succeeded();
    let message = "has @583231. 583231 is a user ID there. To erase that person, use it without";
    assert!(step.stdout.contains(message), "{}", step.printed());
    assert_eq!(contents(clone.path()), before);
}

#[test]
fn the_page_says_if_its_latest_changes_were_erased() {
    let simulator = Simulator::start(github(Seats::people(1))).unwrap();
    let rows = vec![hubot(), person("octocat", 583_231)];
    record(&simulator, "2026-11-20T03:00:00Z", rows);
    record(&simulator, "2026-11-21T03:00:00Z", vec![hubot()]);
    let clone = checkout(&simulator, OWN);
    erase(NOW, "octocat", clone.path()).succeeded();
    let page = text(&clone.path().join(ACME), "README.md");
    let section = "## Latest changes\n\nThe latest changes were erased. The next run updates this page.\n\nThe only change in 2026: ";
    assert!(page.contains(section), "{page}");
    verified(clone.path());
}
