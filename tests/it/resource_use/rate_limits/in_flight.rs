//! The number of requests in flight follows GitHub's responses.
//!
//! These tests don't shorten waits, and GitHub enforces its limits.

use std::time::Duration;

use super::{announced, api, job, limited};
use crate::support::{assert_no_violations, github};
use simulator::{At, Fault, GeneratedPeople, Kind, RecordedRequest, Seats, Simulator};

/// A hundred pages.
const SEATS: usize = 10_000;

fn start(latency: u64) -> Simulator {
    let seats = Seats::generated(GeneratedPeople::organization(SEATS));
    let github = github(seats).latency(Duration::from_millis(latency));
    Simulator::start(github.enforcing_limits()).unwrap()
}

fn most_in_flight(requests: &[RecordedRequest]) -> usize {
    let in_flight = requests.iter().map(|request| request.in_flight);
    in_flight.max().unwrap()
}

#[test]
fn it_grows_while_responses_are_quick_and_exceeds_no_limit() {
    for latency in [50, 200, 800] {
        let simulator = start(latency);
        let step = job(&simulator).without("TEST_WAIT_SCALE").run();
        step.succeeded();
        assert_eq!(step.output("people"), SEATS.to_string());
        assert_eq!(announced(&step), Vec::<u64>::new());
        assert_no_violations(&simulator);
        let most = simulator.in_flight_max();
        assert!((11..=100).contains(&most), "{most} at {latency} ms");
    }
}

#[test]
fn it_falls_after_github_asks_to_wait_or_fails() {
    for kind in [
        limited(429).header("retry-after", "1"),
        Kind::status(503, "The service is busy").header("retry-after", "1"),
        Kind::Reset,
    ] {
        let simulator = start(200);
        simulator.fault(Fault::once(At::SeatsPage(60), kind.clone()));
        let step = job(&simulator).without("TEST_WAIT_SCALE").run();
        step.succeeded();
        assert_eq!(step.output("people"), SEATS.to_string());
        assert_no_violations(&simulator);
        let requests = api(&simulator);
        let is_page_60 = |request: &RecordedRequest| request.path_and_query.ends_with("page=60");
        let again = requests.iter().rposition(is_page_60).unwrap();
        let (before, after) = requests.split_at(again);
        let (before, after) = (most_in_flight(before), most_in_flight(after));
        assert!(before > 10 && after < before, "{kind:?}: {before}, {after}");
    }
}

#[test]
fn no_request_begins_after_a_page_has_failed_for_good() {
    let simulator = start(50);
    simulator.fault(Fault::always(
        At::SeatsPage(2),
        Kind::status(404, "Not Found"),
    ));
    let step = job(&simulator).without("TEST_WAIT_SCALE").run();
    step.failed(1, &["404 Not Found"]);
    // Page 1, and as many as can begin before page 2 has its response.
    let pages = api(&simulator)
        .iter()
        .filter(|request| request.path_and_query.contains("/seats"))
        .count();
    assert!(pages <= 1 + 20, "{pages}");
}
