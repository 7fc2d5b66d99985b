//! A seat counts as revoked where it is gone, not where the list was read past it: what the report
//! recorded before had and the new one lacks is looked for once more.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod support;

use serde_json::Value;
use simulator::seat::Row;
use simulator::{At, Fault, Kind, Seats, Simulator};
use support::verdict::{is_report, truth};
use support::{Job, OWN, Step, file, files_below, git, github, sound, well_behaved};

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

/// A seat is revoked on the first page and another granted on the last: the total stays, and the
/// row that stood first on the second page is on no page.
fn slip() -> Kind {
    acme(|rows| {
        drop(rows.remove(3));
        let id = 90_000 + rows.last().unwrap()["assignee"]["id"].as_u64().unwrap();
        rows.push(Row::of(&format!("newcomer-{id}"), id).value());
    })
}

fn login(row: &Value) -> String {
    row["assignee"]["login"].as_str().unwrap().to_owned()
}

/// The rows as they are now.
fn rows(simulator: &Simulator) -> Seats {
    let mut seats = None;
    simulator.change(|github| seats = Some(github.organizations["acme"].clone()));
    seats.unwrap()
}

/// How many pages were asked for.
fn pages(simulator: &Simulator) -> usize {
    let seen = simulator.requests();
    seen.iter()
        .filter(|seen| seen.path_and_query.contains("/copilot/billing/seats"))
        .count()
}

/// What the history says of changes: the word and the login, in order.
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

fn is_right(simulator: &Simulator, step: &Step) {
    step.succeeded();
    is_report(&step.report(), &truth(&rows(simulator)));
    assert_eq!(step.output("complete"), "true");
    assert_eq!(
        file(&simulator.git_dir(OWN), &format!("{FOLDER}/latest.csv")),
        step.report()
    );
    sound(simulator, OWN);
    well_behaved(simulator);
}

#[test]
fn a_seat_that_slips_between_two_pages_without_a_sign_is_found_by_reading_again() {
    let simulator = recorded_yesterday(Seats::people(230));
    let (before, first) = (rows(&simulator), pages(&simulator));
    simulator.fault(Fault::once(At::SeatsPage(2), slip()));
    let step = job(&simulator).run();
    is_right(&simulator, &step);
    let newcomer = login(rows(&simulator).rows.last().unwrap());
    let mut expected = [
        change("revoked", &login(&before.rows[3])),
        change("granted", &newcomer),
    ];
    let mut told = changes(&simulator);
    expected.sort();
    told.sort();
    assert_eq!(told, expected);
    // The second reading lacks another seat than the first, and the third agrees with it.
    assert_eq!(pages(&simulator) - first, 3 * 3);
}

#[test]
fn a_seat_that_is_revoked_costs_one_more_reading_and_none_where_the_list_is_one_page() {
    for (people, readings) in [(230, 2), (90, 1)] {
        let simulator = recorded_yesterday(Seats::people(people));
        let first = pages(&simulator);
        let gone = login(&rows(&simulator).rows[5]);
        simulator
            .change(|github| drop(github.organizations.get_mut("acme").unwrap().rows.remove(5)));
        let step = job(&simulator).run();
        is_right(&simulator, &step);
        assert_eq!(changes(&simulator), [change("revoked", &gone)]);
        let pages_now = people.div_ceil(100);
        assert_eq!(pages(&simulator) - first, readings * pages_now);
        assert_eq!(
            step.stdout
                .contains("It is read again before they count as revoked"),
            readings > 1
        );
    }
}

#[test]
fn a_list_that_slips_at_every_reading_is_not_proved_complete_and_revokes_nobody() {
    let simulator = recorded_yesterday(Seats::people(230));
    simulator.fault(Fault::always(At::SeatsPage(2), slip()));
    let step = job(&simulator).run();
    step.failed(
        1,
        &[
            "not proved complete",
            "the list moved each time it was read: the last reading lacks 2 of the seats recorded before",
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
    sound(&simulator, OWN);
}

#[test]
fn nobody_counts_as_revoked_where_the_history_could_not_be_read_beforehand() {
    let simulator = recorded_yesterday(Seats::people(230));
    let gone = login(&rows(&simulator).rows[5]);
    simulator.change(|github| drop(github.organizations.get_mut("acme").unwrap().rows.remove(5)));
    let refused = Kind::status(403, "Resource not accessible");
    simulator.fault(Fault::once(At::path("GET", "/contents/"), refused));
    let step = job(&simulator).run();
    step.failed(
        1,
        &["nobody counts as revoked, because earlier reports could not be read"],
    );
    assert_eq!(step.output("seats"), "229");
    assert_eq!(changes(&simulator), []);

    simulator.clear_faults();
    let step = job(&simulator)
        .variable("TEST_TIME", "2026-11-24T03:00:00Z")
        .run();
    is_right(&simulator, &step);
    assert_eq!(changes(&simulator), [change("revoked", &gone)]);
}
