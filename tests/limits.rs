//! A good citizen: GitHub's limits are kept, and what GitHub says when one is reached is obeyed by
//! all requests together, announced, and never waited for longer than the user wants.
//!
//! Waits are shortened here; what counts is the order of the requests and what is printed.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod support;

use std::time::{Duration, Instant};

use simulator::{At, Fault, Kind, Nth, Operation, Seats, Seen, Service, Simulator};
use support::verdict::{Delivered, is_report, judge, scene, truth};
use support::{Job, OWN, Step, github, well_behaved};

/// Twelve pages.
const SEATS: usize = 1200;

fn job(simulator: &Simulator) -> Job {
    Job::on(simulator).input("deliver-to", "none")
}

fn limited(status: u16) -> Kind {
    Kind::status(status, "You have exceeded a secondary rate limit")
}

/// In so many seconds, as `x-ratelimit-reset` says it.
fn reset_in(seconds: i64) -> String {
    (jiff::Timestamp::now().as_second() + seconds).to_string()
}

/// The requests to the API, but for the first, which asks who sees the workflow's repository.
fn api(simulator: &Simulator) -> Vec<Seen> {
    let seen = simulator.requests();
    seen.into_iter()
        .filter(|seen| seen.service == Service::Api)
        .filter(|seen| !seen.path_and_query.ends_with(OWN))
        .collect()
}

/// How long a line of the log says that everything waits because of a limit.
fn announced(step: &Step) -> Vec<u64> {
    step.stdout
        .lines()
        .filter(|line| line.ends_with("because GitHub says so (rate limit)."))
        .map(|line| {
            let (seconds, until) = line
                .strip_prefix("Waiting ")
                .and_then(|line| line.split_once(" s, until "))
                .unwrap();
            let end = until.split(',').next().unwrap();
            end.parse::<jiff::Timestamp>().unwrap();
            seconds.parse().unwrap()
        })
        .collect()
}

#[test]
fn every_way_in_which_github_says_to_wait_is_understood_and_announced() {
    let truth = truth(&Seats::people(210));
    for (what, kind, seconds) in [
        (
            "Retry-After with 429",
            limited(429).header("retry-after", "20"),
            20,
        ),
        (
            "Retry-After with 403",
            limited(403).header("retry-after", "20"),
            20,
        ),
        (
            "the hour is used up",
            Kind::status(403, "API rate limit exceeded")
                .header("x-ratelimit-remaining", "0")
                .header("x-ratelimit-reset", &reset_in(40)),
            40,
        ),
        (
            "the hour is used up, with 429",
            Kind::status(429, "API rate limit exceeded")
                .header("x-ratelimit-remaining", "0")
                .header("x-ratelimit-reset", &reset_in(40)),
            40,
        ),
        ("nothing but the words", limited(403), 60),
        ("nothing but 429", Kind::status(429, "slow down"), 60),
    ] {
        let simulator = Simulator::start(github(Seats::people(210))).unwrap();
        simulator.fault(Fault::once(At::SeatsPage(2), kind));
        let began = Instant::now();
        let step = job(&simulator).run();
        step.succeeded();
        is_report(&step.report(), &truth);
        let told = announced(&step);
        assert_eq!(told.len(), 1, "{what}: {}", step.stdout);
        // Some of it has passed by then, and a second is added to a reset.
        assert!(
            (seconds / 10..=seconds + 1).contains(&told[0]),
            "{what}: {told:?}"
        );
        // A hundred times shorter here.
        let least = Duration::from_millis(seconds * 10).mul_f64(0.5);
        assert!(began.elapsed() >= least, "{what}");
        well_behaved(&simulator);
    }
}

#[test]
fn a_secondary_limit_is_waited_for_longer_each_time_and_given_up_in_the_end() {
    let simulator = Simulator::start(github(Seats::people(3))).unwrap();
    simulator.fault(Fault::always(At::Seats, limited(403)));
    let step = job(&simulator)
        .input("max-wait-minutes", "600")
        .variable("TEST_WAIT_SCALE", "0.003")
        .run();
    step.failed(1, &["403", "secondary rate limit", "(6 times over "]);
    assert_eq!(announced(&step).len(), 5, "{}", step.stdout);
    for (told, least) in announced(&step).iter().zip([60, 120, 240, 480, 960]) {
        // Some of it has passed when waiting begins.
        assert!((least - 45..=least).contains(told), "{told} of {least}");
    }
    assert_eq!(api(&simulator).len(), 6);
}

#[test]
fn what_one_request_is_told_all_requests_obey() {
    let simulator = Simulator::start(github(Seats::people(3000))).unwrap();
    // Ten pages are under way. One of them is limited, and the others are answered after that,
    // the last of them long after; nothing more may come.
    simulator.fault(Fault::once(
        At::SeatsPage(6),
        limited(429).header("retry-after", "600"),
    ));
    let late = |page, by| Fault::once(At::SeatsPage(page), Kind::Late(Duration::from_millis(by)));
    for page in [2, 3, 4, 5, 7, 8, 9, 10] {
        simulator.fault(late(page, 300));
    }
    simulator.fault(late(11, 1000));
    let job = job(&simulator).without("TEST_WAIT_SCALE");
    let running = job.start();
    let is_answered = |page: &str| {
        let page = format!("page={page}");
        let seen = api(&simulator);
        seen.iter()
            .any(|seen| seen.path_and_query.ends_with(&page) && seen.status.is_some())
    };
    let began = Instant::now();
    while !is_answered("11") {
        assert!(began.elapsed() < Duration::from_secs(30));
        std::thread::sleep(Duration::from_millis(5));
    }
    running.signal("TERM");
    let step = running.end();
    step.failed(1, &["interrupted"]);
    assert_eq!(announced(&step).len(), 1, "said once: {}", step.stdout);
    assert_eq!(api(&simulator).len(), 11, "page 1, and ten at once");
    assert!(simulator.in_flight_max() <= 10);
}

#[test]
fn a_limit_that_reading_meets_holds_for_writing_too() {
    // Both tokens wait: secondary limits are the account's.
    let simulator = scene(Seats::people(3));
    simulator.fault(Fault::once(
        At::SeatsPage(1),
        limited(429).header("retry-after", "7200"),
    ));
    let step = support::verdict::job(&simulator).run();
    step.failed(1, &["max-wait-minutes"]);
    let truth = truth(&Seats::people(3));
    assert_eq!(judge(&simulator, &step, &truth), Delivered::NOTHING);
    let after = api(&simulator)
        .iter()
        .skip_while(|seen| seen.status != Some(429))
        .count();
    assert_eq!(after, 1, "nothing comes after the limit");
}

#[test]
fn a_wait_that_is_too_long_is_an_error_at_once_with_githubs_answer() {
    let hour = || {
        Kind::status(403, "API rate limit exceeded for user ID 1")
            .header("x-ratelimit-remaining", "0")
            .header("x-ratelimit-reset", &reset_in(3000))
    };
    for (kind, minutes, words) in [
        (
            limited(429).header("retry-after", "1900"),
            "",
            "exceeded a secondary rate limit",
        ),
        (hour(), "", "API rate limit exceeded for user ID 1"),
        (limited(403), "0", "exceeded a secondary rate limit"),
    ] {
        let simulator = Simulator::start(github(Seats::people(SEATS))).unwrap();
        simulator.fault(Fault::once(At::SeatsPage(2), kind));
        let began = Instant::now();
        let step = job(&simulator)
            .input("max-wait-minutes", minutes)
            .without("TEST_WAIT_SCALE")
            .run();
        assert!(began.elapsed() < Duration::from_secs(20), "not at once");
        step.failed(
            1,
            &[
                "Reading the Copilot seats of the organization acme failed",
                words,
                "(request C0DE:",
                "GitHub's rate limit leaves no request for another",
                "minutes that `max-wait-minutes` allows",
                "what to do: run the workflow again after that time",
            ],
        );
        assert!(!step.printed().contains("times over"), "{}", step.printed());
        assert!(api(&simulator).len() <= 11);
    }
}

#[test]
fn waits_are_counted_together() {
    let simulator = Simulator::start(github(Seats::people(210))).unwrap();
    for page in [1, 2, 3] {
        simulator.fault(Fault::once(
            At::SeatsPage(page),
            limited(429).header("retry-after", "100"),
        ));
    }
    // Pages 2 and 3 are limited at the same time, and waited for together.
    let step = job(&simulator).input("max-wait-minutes", "4").run();
    step.succeeded();

    let simulator = Simulator::start(github(Seats::people(210))).unwrap();
    simulator.fault(Fault::first(
        3,
        At::SeatsPage(1),
        limited(429).header("retry-after", "100"),
    ));
    let step = job(&simulator).input("max-wait-minutes", "4").run();
    // Some of it has passed when waiting begins.
    step.failed(1, &["together with the 19", "s waited before", "4 minutes"]);
    assert_eq!(api(&simulator).len(), 3);
}

#[test]
fn an_hour_that_is_used_up_is_noticed_before_a_request_is_refused() {
    let simulator = Simulator::start(github(Seats::people(210))).unwrap();
    // The first page is the last request of the hour.
    simulator.fault(Fault::once(
        At::SeatsPage(1),
        Kind::Headers(Vec::new())
            .header("x-ratelimit-remaining", "0")
            .header("x-ratelimit-reset", &reset_in(50)),
    ));
    let step = job(&simulator).run();
    step.succeeded();
    let told = announced(&step);
    assert_eq!(told.len(), 1, "{}", step.stdout);
    assert!((35..=50).contains(&told[0]), "{told:?}");
    assert_eq!(api(&simulator).len(), 3, "none was refused");
}

#[test]
fn graphql_says_its_limits_with_status_200_and_they_are_obeyed() {
    let graphql = |kind: Option<&str>, message: &str| Kind::GraphqlError {
        error_type: kind.map(str::to_owned),
        message: message.to_owned(),
    };
    let primary = || {
        graphql(
            Some("RATE_LIMITED"),
            "API rate limit exceeded for user ID 1.",
        )
    };
    let secondary = || graphql(None, "You have exceeded a secondary rate limit.");
    let truth = truth(&Seats::people(3));
    for operation in [Operation::Query, Operation::Mutation] {
        for (kind, announces) in [(primary(), 0), (secondary(), 1)] {
            let simulator = scene(Seats::people(3));
            simulator.fault(Fault::once(At::Graphql(operation), kind.clone()));
            let step = support::verdict::job(&simulator).run();
            assert_eq!(judge(&simulator, &step, &truth), Delivered::ALL);
            assert_eq!(announced(&step).len(), announces, "{}", step.stdout);

            let simulator = scene(Seats::people(3));
            simulator.fault(Fault::always(At::Graphql(operation), kind));
            let step = support::verdict::job(&simulator)
                .variable("TEST_WAIT_SCALE", "0.001")
                .run();
            step.failed(1, &["200 OK (request C0DE:", "rate limit"]);
            let delivered = judge(&simulator, &step, &truth);
            assert!(!delivered.commit && delivered.files, "{delivered:?}");
            assert!(api(&simulator).len() < 25, "{}", api(&simulator).len());
        }
    }
}

#[test]
fn a_wait_for_graphql_that_is_too_long_tells_what_graphql_answered() {
    let simulator = scene(Seats::people(3));
    let message = "You have exceeded a secondary rate limit.".to_owned();
    let kind = Kind::GraphqlError {
        error_type: None,
        message,
    };
    simulator.fault(Fault::always(At::Graphql(Operation::Query), kind));
    let step = support::verdict::job(&simulator)
        .input("max-wait-minutes", "0")
        .run();
    step.failed(
        1,
        &[
            "200 OK (request C0DE:",
            "You have exceeded a secondary rate limit.",
            "`max-wait-minutes` allows",
        ],
    );
}

#[test]
fn no_more_than_ten_requests_are_under_way_however_slow_github_is() {
    let github = github(Seats::people(3000)).latency(Duration::from_millis(30));
    let simulator = Simulator::start(github).unwrap();
    let step = job(&simulator).without("TEST_WAIT_SCALE").run();
    step.succeeded();
    assert_eq!(step.output("people"), "3000");
    assert_eq!(simulator.in_flight_max(), 10);
    assert_eq!(announced(&step), Vec::<u64>::new());
    well_behaved(&simulator);
}

#[test]
fn limits_that_come_again_in_the_middle_of_a_long_list_cost_time_and_nothing_else() {
    let simulator = Simulator::start(github(Seats::people(SEATS))).unwrap();
    for nth in [2, 5, 9] {
        simulator.fault(Fault {
            at: At::Seats,
            nth: Nth::Only(nth),
            kind: limited(429).header("retry-after", "7"),
        });
    }
    let step = job(&simulator).run();
    step.succeeded();
    is_report(&step.report(), &truth(&Seats::people(SEATS)));
    assert!(simulator.in_flight_max() <= 10);
    well_behaved(&simulator);
}
