//! A list that changes while the action reads it. If it settles, the report is right. If not, the
//! run fails and shows the numbers.

use crate::support::outcome_assertions::{expected_rows, is_report};
use crate::support::{Job, OWN, Step, assert_intact, assert_no_violations, files_below, github};
use serde_json::Value;
use simulator::seat::Row;
use simulator::{At, Fault, Kind, Nth, Paging, Seats, Simulator, TotalSeats};

fn job(simulator: &Simulator) -> Job {
    Job::on(simulator).input("deliver-to", "none")
}

/// How many pages were requested.
fn pages(simulator: &Simulator) -> usize {
    let requests = simulator.requests();
    requests
        .iter()
        .filter(|request| request.path_and_query.contains("/copilot/billing/seats"))
        .count()
}

fn rows(change: impl Fn(&mut Vec<Value>) + Send + Sync + 'static) -> Kind {
    Kind::change(move |github| change(&mut github.organizations.get_mut("acme").unwrap().rows))
}

fn revoke(row: usize) -> Kind {
    rows(move |rows| drop(rows.remove(row)))
}

fn grant(row: usize) -> Kind {
    rows(move |rows| {
        let login = format!("newcomer-{}", rows.len());
        let id = 90_000 + rows.len() as u64;
        rows.insert(row, Row::of(&login, id).value());
    })
}

/// The expected report.
fn now(simulator: &Simulator) -> Vec<String> {
    let mut seats = None;
    simulator.change(|github| seats = Some(github.organizations["acme"].clone()));
    expected_rows(&seats.unwrap())
}

fn assert_right(simulator: &Simulator, step: &Step) {
    step.succeeded();
    is_report(&step.report(), &now(simulator));
    assert_eq!(step.output("complete"), "true");
    assert_eq!(step.output("people"), now(simulator).len().to_string());
    assert_no_violations(simulator);
}

fn assert_rejected(step: &Step, texts: &[&str]) {
    step.failed(1, texts);
    step.failed(
        1,
        &[
            "couldn't be verified as complete",
            "`require-complete: false`",
        ],
    );
    assert_eq!(step.output("complete"), "false");
    assert_eq!(step.output("report-path"), "");
    assert_eq!(files_below(&step.workspace).len(), 0);
}

#[test]
fn a_seat_granted_or_revoked_between_two_pages_is_read_again() {
    for paging in [Paging::Last, Paging::NextOnly, Paging::Cursor] {
        for page in [2, 3] {
            for (what, change) in [
                ("revoked on the first page", revoke(3)),
                ("revoked on the last page", revoke(229)),
                ("granted on the first page", grant(3)),
                ("granted on the last page", grant(229)),
            ] {
                let seats = Seats::people(230).paging(paging.clone());
                let simulator = Simulator::start(github(seats)).unwrap();
                simulator.fault(Fault::once(At::SeatsPage(page), change));
                let step = job(&simulator).run();
                let what = format!("{what}, before page {page}, {paging:?}");
                println!("{what}");
                assert_right(&simulator, &step);
                assert!(
                    step.stdout.contains("reading the list of seats again"),
                    "{what}"
                );
                assert_eq!(pages(&simulator), 6, "{what}");
            }
        }
    }
}

#[test]
fn an_enterprise_that_changes_is_read_again() {
    let seats = Seats::enterprise_people(200);
    assert!(seats.rows.len() > 200);
    let github = github(Seats::people(0))
        .enterprise("octocorp", seats)
        .token(
            crate::support::TOKEN,
            simulator::Token::new().enterprise(["octocorp"]),
        );
    let simulator = Simulator::start(github).unwrap();
    let revoked = Kind::change(|github| {
        drop(
            github
                .enterprises
                .get_mut("octocorp")
                .unwrap()
                .rows
                .remove(5),
        );
    });
    simulator.fault(Fault::once(At::SeatsPage(2), revoked));
    let step = job(&simulator).input("enterprise", "octocorp").run();
    step.succeeded();
    let mut left = 0;
    simulator.change(|github| left = github.enterprises["octocorp"].rows.len());
    assert_eq!(step.output("seats"), left.to_string());
    assert_eq!(step.output("complete"), "true");
    assert_no_violations(&simulator);
}

#[test]
fn a_list_that_changes_three_times_is_right_in_the_fourth_reading() {
    let simulator = Simulator::start(github(Seats::people(230))).unwrap();
    simulator.fault(Fault::first(3, At::SeatsPage(3), revoke(3)));
    let step = job(&simulator).run();
    assert_right(&simulator, &step);
    assert_eq!(step.output("people"), "227");
    assert_eq!(pages(&simulator), 4 * 3);
}

#[test]
fn a_list_that_never_settles_fails_after_three_more_readings() {
    // With three pages, the action reads the last two in parallel, and either could find the change
    // first.
    let simulator = Simulator::start(github(Seats::people(130))).unwrap();
    simulator.fault(Fault::always(At::SeatsPage(2), revoke(3)));
    let job = job(&simulator).input("deliver-to", "artifact,repository");
    let step = job.run();
    assert_rejected(
        &step,
        &[
            // These are the numbers of the fourth reading.
            "`total_seats` was 127 on page 1 and 126 on page 2",
            "a seat was granted or revoked while the list was being read",
            "Run again",
        ],
    );
    assert_eq!(pages(&simulator), 4 * 2);
    assert!(simulator.artifacts().is_empty());
    assert_intact(&simulator, OWN);

    // The list settles, and the next run delivers it.
    simulator.clear_faults();
    let step = job.run();
    is_report(&step.report(), &now(&simulator));
    assert_eq!(simulator.artifacts().len(), 1);
}

#[test]
fn an_unreached_total_fails_with_its_numbers_after_one_more_reading() {
    let short = Seats::people(230).total_seats(TotalSeats::Fixed(233));
    let numbers = "GitHub counts 233 seats (`total_seats`), but its pages list 230 people";
    let simulator = Simulator::start(github(short.clone())).unwrap();
    let step = job(&simulator).run();
    assert_rejected(&step, &[numbers]);
    assert_eq!(pages(&simulator), 2 * 3);

    let simulator = Simulator::start(github(short.clone())).unwrap();
    let step = job(&simulator).input("require-complete", "false").run();
    step.succeeded();
    is_report(&step.report(), &expected_rows(&short));
    assert_eq!(step.output("complete"), "false");
    let warning = "::warning::The report of acme couldn't be verified as complete.";
    assert!(step.stdout.contains(warning), "{}", step.stdout);
    assert!(step.stdout.contains(numbers), "{}", step.stdout);
    assert!(step.summary.contains("couldn't be verified as complete"));
    let manifest = step
        .workspace
        .join(step.output("report-path").replace(".csv", ".manifest.json"));
    let manifest: Value = serde_json::from_slice(&std::fs::read(manifest).unwrap()).unwrap();
    assert_eq!(manifest["complete"], false);
    assert_eq!(pages(&simulator), 2 * 3);
}

#[test]
fn rows_without_a_person_can_count_toward_the_total() {
    let person = |n: u64| Row::of(&format!("mona-{n}"), n);
    let seats = |total| {
        Seats::rows([
            person(1),
            person(2),
            Row::of("", 0).without_person(),
            Row::of("", 0).without_person().organization("globex", 7),
        ])
        .total_seats(TotalSeats::Fixed(total))
    };
    for (total, complete) in [(2, true), (3, true), (4, true), (5, false)] {
        let simulator = Simulator::start(github(seats(total))).unwrap();
        let step = job(&simulator).run();
        if complete {
            step.succeeded();
            assert_eq!(step.output("seats"), "4");
        } else {
            assert_rejected(&step, &["2 people and 2 rows without a person"]);
        }
    }
}

#[test]
fn a_missing_total_is_not_requested_repeatedly() {
    for total in [
        TotalSeats::Missing,
        TotalSeats::Null,
        TotalSeats::NotANumber,
    ] {
        let seats = Seats::people(230).total_seats(total);
        let simulator = Simulator::start(github(seats)).unwrap();
        let step = job(&simulator).run();
        assert_rejected(&step, &["Page 1 doesn't say how many seats there are"]);
        assert_eq!(pages(&simulator), 3);
    }
}

#[test]
fn a_page_that_is_listed_twice_is_never_published_as_complete() {
    // Page 3 repeats page 2, as if the list grew by a page between the two requests.
    let simulator = Simulator::start(github(Seats::people(300))).unwrap();
    let shift = || {
        rows(|rows| {
            let more = (0..100).map(|n| Row::of(&format!("early-{n}"), 80_000 + n).value());
            rows.splice(0..0, more);
        })
    };
    simulator.fault(Fault {
        at: At::SeatsPage(3),
        nth: Nth::Only(1),
        kind: shift(),
    });
    let step = job(&simulator).run();
    assert_right(&simulator, &step);
    assert_eq!(step.output("people"), "400");
}

#[test]
fn a_list_that_loses_pages_while_it_is_read_is_not_a_failure() {
    let simulator = Simulator::start(github(Seats::people(210))).unwrap();
    let shrink = rows(|rows| rows.truncate(150));
    simulator.fault(Fault::once(At::SeatsPage(2), shrink));
    let step = job(&simulator).run();
    assert_right(&simulator, &step);
    assert_eq!(step.output("people"), "150");
}

#[test]
fn organizations_missing_without_single_sign_on_make_a_report_incomplete() {
    let simulator = Simulator::start(github(Seats::people(3))).unwrap();
    let partial = Kind::Headers(Vec::new());
    let partial = partial.header(
        "x-github-sso",
        "partial-results; organizations=21955855,20582480",
    );
    simulator.fault(Fault::always(At::SeatsPage(1), partial));
    let step = job(&simulator).run();
    step.failed(
        1,
        &[
            "couldn't be verified as complete",
            "not authorized for single sign-on (`X-GitHub-SSO: partial-results`)",
            "Authorize `token` for single sign-on in each organization that the report must include",
            "`require-complete: false`",
        ],
    );
    assert!(!step.stdout.contains("Run again"), "{}", step.stdout);
    assert_eq!(step.output("report-path"), "");
    assert_eq!(pages(&simulator), 1);

    let step = job(&simulator).input("require-complete", "false").run();
    step.succeeded();
    assert_eq!(step.output("complete"), "false");
    assert_eq!(step.output("people"), "3");
}
