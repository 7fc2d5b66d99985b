//! A seat counts as revoked only if it's really gone. If the previous report has a seat that the
//! new list lacks, the seat might have moved between pages, so the action reads the list again.

use crate::support::outcome_assertions::{expected_rows, is_report};
use crate::support::{
    Job, OWN, Step, TOKEN, assert_intact, assert_no_violations, file, files_below, git, github,
};
use serde_json::Value;
use simulator::seat::Row;
use simulator::{At, Fault, Kind, Nth, Seats, Simulator, Token};

const FOLDER: &str = "main:copilot-activity/acme";

/// Three pages of seats, recorded the day before.
fn recorded_yesterday(seats: Seats) -> Simulator {
    let simulator = Simulator::start(github(seats)).unwrap();
    job(&simulator)
        .variable("TEST_TIME", "2026-11-22T03:00:00Z")
        .run()
        .succeeded();
    simulator
}

fn job(simulator: &Simulator) -> Job {
    Job::on(simulator)
        .input("deliver-to", "repository, artifact")
        .variable("TEST_TIME", "2026-11-23T03:00:00Z")
}

fn acme(change: impl Fn(&mut Vec<Value>) + Send + Sync + 'static) -> Kind {
    Kind::change(move |github| change(&mut github.organizations.get_mut("acme").unwrap().rows))
}

/// When the new seat was granted.
const LATELY: &str = "2026-11-23T02:59:30Z";

/// Revokes a seat on the first page and grants another on the last. The total stays the same, and
/// the first row of the second page moves to a page that was already read.
fn move_between_pages() -> Kind {
    acme(|rows| {
        drop(rows.remove(3));
        let id = 90_000 + rows.last().unwrap()["assignee"]["id"].as_u64().unwrap();
        let newcomer = Row::of(&format!("newcomer-{id}"), id);
        rows.push(newcomer.created(LATELY).value());
    })
}

fn login(row: &Value) -> String {
    row["assignee"]["login"].as_str().unwrap().to_owned()
}

/// The current rows.
fn rows(simulator: &Simulator) -> Seats {
    let mut seats = None;
    simulator.change(|github| seats = Some(github.organizations["acme"].clone()));
    seats.unwrap()
}

/// How many pages were requested.
fn pages(simulator: &Simulator) -> usize {
    let requests = simulator.requests();
    requests
        .iter()
        .filter(|request| request.path_and_query.contains("/copilot/billing/seats"))
        .count()
}

/// The recorded changes: type and login, in order.
fn changes(simulator: &Simulator) -> Vec<(String, String)> {
    let directory = simulator.git_dir(OWN);
    let there = git(&directory, &["ls-tree", "-r", "--name-only", "main"]);
    if !there.contains("changes/2026.csv") {
        return Vec::new();
    }
    let text = String::from_utf8(file(&directory, &format!("{FOLDER}/changes/2026.csv"))).unwrap();
    let lines = text.lines().skip(1).map(|line| {
        let cells: Vec<&str> = line.split(',').collect();
        (cells[4].to_owned(), cells[1].to_owned())
    });
    lines.collect()
}

fn change(what: &str, login: &str) -> (String, String) {
    (what.to_owned(), login.to_owned())
}

fn assert_right(simulator: &Simulator, step: &Step) {
    step.succeeded();
    is_report(&step.report(), &expected_rows(&rows(simulator)));
    assert_eq!(step.output("complete"), "true");
    assert_eq!(
        file(&simulator.git_dir(OWN), &format!("{FOLDER}/latest.csv")),
        step.report()
    );
    assert_intact(simulator, OWN);
    assert_no_violations(simulator);
}

#[test]
fn a_seat_that_moves_between_two_pages_is_found_by_rereading() {
    let simulator = recorded_yesterday(Seats::people(230));
    let (before, first) = (rows(&simulator), pages(&simulator));
    simulator.fault(Fault::once(At::SeatsPage(2), move_between_pages()));
    let step = job(&simulator).run();
    assert_right(&simulator, &step);
    let newcomer = login(rows(&simulator).rows.last().unwrap());
    let mut expected = [
        change("revoked", &login(&before.rows[3])),
        change("granted", &newcomer),
    ];
    let mut recorded = changes(&simulator);
    expected.sort();
    recorded.sort();
    assert_eq!(recorded, expected);
    // The second reading lacks a different seat than the first. The third agrees with the second.
    assert_eq!(pages(&simulator) - first, 3 * 3);
}

#[test]
fn a_recent_seat_that_moves_during_the_second_reading_is_not_lost() {
    let simulator = recorded_yesterday(Seats::people(230));
    let revoked_login = login(&rows(&simulator).rows[5]);
    let (fresh, first) = ("granted-lately", pages(&simulator));
    simulator.change(|github| {
        let rows = &mut github.organizations.get_mut("acme").unwrap().rows;
        rows.remove(5);
        rows.insert(100, Row::of(fresh, 80_000).created(LATELY).value());
    });
    simulator.fault(Fault {
        at: At::SeatsPage(2),
        nth: Nth::Only(2),
        kind: move_between_pages(),
    });
    let step = job(&simulator).run();
    assert_right(&simulator, &step);
    let recorded = changes(&simulator);
    assert!(recorded.contains(&change("granted", fresh)), "{recorded:?}");
    assert!(
        recorded.contains(&change("revoked", &revoked_login)),
        "{recorded:?}"
    );
    assert_eq!(recorded.len(), 4, "{recorded:?}");
    // The third reading lacks a seat that the second has. The fourth agrees with the third.
    assert_eq!(pages(&simulator) - first, 4 * 3);
}

#[test]
fn revoking_a_second_seat_of_a_person_hides_no_other_seat() {
    let seats = Seats::enterprise_people(200);
    let all: Vec<String> = seats.rows.iter().map(login).collect();
    let second = (1..90).find(|row| all[*row] == all[row - 1]).unwrap();
    let read = Token::new().enterprise(["octocorp"]);
    let github = github(Seats::people(0))
        .enterprise("octocorp", seats)
        .token(TOKEN, read);
    let simulator = Simulator::start(github).unwrap();
    let job = || job(&simulator).input("enterprise", "octocorp");
    let yesterday = job().variable("TEST_TIME", "2026-11-22T03:00:00Z");
    yesterday.run().succeeded();
    let revoked = Kind::change(move |github| {
        let octocorp = github.enterprises.get_mut("octocorp").unwrap();
        octocorp.rows.remove(second);
    });
    simulator.fault(Fault::once(At::SeatsPage(2), revoked));
    let step = job().run();
    step.succeeded();
    assert_eq!(step.output("complete"), "true");
    assert_eq!(step.output("seats-removed"), "1");
    assert_eq!(step.output("seats-added"), "0");
    assert_intact(&simulator, OWN);
}

#[test]
fn a_revoked_seat_is_read_again_only_if_it_might_have_moved() {
    for (people, granted_lately, readings) in [
        (230, false, 1),
        (230, true, 2),
        (90, false, 1),
        (90, true, 1),
    ] {
        let simulator = recorded_yesterday(Seats::people(people));
        let first = pages(&simulator);
        let revoked_login = login(&rows(&simulator).rows[5]);
        simulator.change(|github| {
            let rows = &mut github.organizations.get_mut("acme").unwrap().rows;
            rows.remove(5);
            if granted_lately {
                rows.push(Row::of("granted-lately", 80_000).created(LATELY).value());
            }
        });
        let step = job(&simulator).run();
        assert_right(&simulator, &step);
        assert!(changes(&simulator).contains(&change("revoked", &revoked_login)));
        assert_eq!(changes(&simulator).len(), 1 + usize::from(granted_lately));
        let pages_now = people.div_ceil(100);
        assert_eq!(pages(&simulator) - first, readings * pages_now);
        assert_eq!(
            step.stdout
                .contains("The action reads it again before they count as revoked"),
            readings > 1
        );
    }
}

#[test]
fn a_list_that_changes_in_every_reading_revokes_no_seats() {
    let simulator = recorded_yesterday(Seats::people(230));
    simulator.fault(Fault::always(At::SeatsPage(2), move_between_pages()));
    let step = job(&simulator).run();
    step.failed(
        1,
        &[
            "couldn't be verified as complete",
            "The list changed each time it was read. The last time, it lacked 2 previously recorded seats",
            "`require-complete: false`",
        ],
    );
    assert_eq!(files_below(&step.workspace).len(), 0);
    assert_eq!(changes(&simulator), []);

    let step = job(&simulator).input("require-complete", "false").run();
    step.succeeded();
    assert_eq!(step.output("complete"), "false");
    assert!(
        changes(&simulator)
            .iter()
            .all(|(what, _)| what == "granted")
    );
    assert_intact(&simulator, OWN);
}

#[test]
fn a_list_of_several_pages_revokes_no_seats_if_the_history_was_not_readable() {
    for (people, revoked) in [(230, 0), (90, 1)] {
        let simulator = recorded_yesterday(Seats::people(people));
        let revoked_login = login(&rows(&simulator).rows[5]);
        simulator.change(|github| {
            drop(github.organizations.get_mut("acme").unwrap().rows.remove(5));
        });
        let refused = Kind::status(403, "Resource not accessible");
        simulator.fault(Fault::first(2, At::FileText, refused));
        let step = job(&simulator).run();
        step.failed(
            1,
            &[
                "seats missing from a list of several pages don't count as revoked",
                "Reading the history in the repository octo/tools failed",
                "Done: acme: committed to octo/tools",
            ],
        );
        assert_eq!(step.output("seats"), (people - 1).to_string());
        assert_eq!(step.output("seats-removed"), revoked.to_string());
        assert_eq!(changes(&simulator).len(), revoked);

        simulator.clear_faults();
        let job = job(&simulator).variable("TEST_TIME", "2026-11-24T03:00:00Z");
        assert_right(&simulator, &job.run());
        assert_eq!(changes(&simulator), [change("revoked", &revoked_login)]);
    }
}

#[test]
fn seats_missing_from_an_incomplete_baseline_do_not_become_grants() {
    let simulator = Simulator::start(github(Seats::people(230))).unwrap();
    let short = Kind::rewrite(|page| page["seats"].as_array_mut().unwrap().truncate(90));
    simulator.fault(Fault::always(At::SeatsPage(2), short));
    for time in ["2026-11-21T03:00:00Z", "2026-11-22T03:00:00Z"] {
        let job = job(&simulator).input("require-complete", "false");
        let step = job.variable("TEST_TIME", time).run();
        step.succeeded();
        assert_eq!(step.output("complete"), "false");
    }
    simulator.clear_faults();
    simulator.change(|github| {
        let rows = &mut github.organizations.get_mut("acme").unwrap().rows;
        rows.push(Row::of("granted-lately", 80_000).created(LATELY).value());
    });
    let step = job(&simulator).run();
    assert_right(&simulator, &step);
    assert_eq!(changes(&simulator), [change("granted", "granted-lately")]);
    assert_eq!(step.output("seats-added"), "1");
}
