//! Clocks that differ from GitHub's. An App's assertion contains a time.

use jiff::SignedDuration;
use simulator::Simulator;

use super::{job, on_acme, requests_to};
use crate::support::assert_no_violations;

#[test]
fn a_clock_that_differs_from_githubs_is_corrected_once_and_reported() {
    for (by, message) in [
        (SignedDuration::from_mins(90), "2 hours ahead of GitHub's"),
        (SignedDuration::from_hours(-47), "47 hours behind GitHub's"),
        (SignedDuration::from_hours(-48), "2 days behind GitHub's"),
        (SignedDuration::from_mins(-89), "89 minutes behind GitHub's"),
        (SignedDuration::from_mins(-7), "7 minutes behind GitHub's"),
        (SignedDuration::from_mins(4), "s ahead of GitHub's"),
    ] {
        let simulator = Simulator::start(on_acme()).unwrap();
        let step = job(&simulator)
            .variable("TEST_CLOCK_SKEW", &by.as_secs().to_string())
            .run();
        assert_eq!(step.succeeded().output("seats"), "3");
        assert!(step.stdout.contains(message), "{by}: {}", step.stdout);
        let found = requests_to(&simulator, "/installation");
        let statuses: Vec<_> = found.iter().map(|request| request.status).collect();
        // If the clock is far off, the action takes the time from an earlier response.
        let is_corrected = by.abs() > SignedDuration::from_mins(5);
        let expected = if is_corrected { 200 } else { 401 };
        assert_eq!(statuses[0], Some(expected), "{by}");
        assert_eq!(statuses.contains(&Some(401)), !is_corrected, "{by}");
        assert_eq!(
            requests_to(&simulator, "/access_tokens")[0].status,
            Some(201),
            "{by}"
        );
    }
}

#[test]
fn an_app_without_an_earlier_response_learns_githubs_time_from_the_rejection() {
    for by in [-7200, 420, 7200] {
        let simulator = Simulator::start(on_acme()).unwrap();
        let step = job(&simulator)
            .input("commit-token", "")
            .input("deliver-to", "none")
            .input("summary", "false")
            .variable("TEST_CLOCK_SKEW", &by.to_string())
            .run();
        assert_eq!(step.succeeded().output("seats"), "3", "{by}");
        let found = requests_to(&simulator, "/installation");
        let statuses: Vec<_> = found.iter().map(|request| request.status).collect();
        assert_eq!(statuses[..2], [Some(401), Some(200)], "{by}");
        assert_eq!(step.stdout.matches("clock").count(), 2, "{}", step.stdout);
    }
}

#[test]
fn a_clock_that_differs_by_less_than_a_minute_is_not_reported() {
    for by in [-50, 50] {
        let simulator = Simulator::start(on_acme()).unwrap();
        let step = job(&simulator)
            .variable("TEST_CLOCK_SKEW", &by.to_string())
            .run();
        assert!(
            !step.succeeded().stdout.contains("clock"),
            "{}",
            step.stdout
        );
        assert_no_violations(&simulator);
    }
}
