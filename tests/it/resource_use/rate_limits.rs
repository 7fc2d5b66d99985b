//! GitHub's rate limits. All requests stop together when GitHub reports a limit. The log announces
//! each wait, and no wait is longer than the user allows.
//!
//! These tests shorten the waits. They check the order of the requests and the log.

mod graphql;
mod in_flight;

use std::time::{Duration, Instant};

use crate::support::outcome_assertions::{
    Delivered, check_outcome, delivery_setup, expected_rows, is_report,
};
use crate::support::{Job, OWN, Step, assert_no_violations, github};
use simulator::{At, Fault, Kind, Nth, Operation, RecordedRequest, Seats, Service, Simulator};

/// Twelve pages.
const SEATS: usize = 1200;

fn job(simulator: &Simulator) -> Job {
    Job::on(simulator).input("deliver-to", "none")
}

fn limited(status: u16) -> Kind {
    Kind::status(status, "You have exceeded a secondary rate limit")
}

/// A time this many seconds from now, in the format of `x-ratelimit-reset`.
fn reset_in(seconds: i64) -> String {
    (jiff::Timestamp::now().as_second() + seconds).to_string()
}

/// All API requests except the first, which reads the visibility of the workflow's repository.
fn api(simulator: &Simulator) -> Vec<RecordedRequest> {
    let requests = simulator.requests();
    requests
        .into_iter()
        .filter(|request| request.service == Service::Api)
        .filter(|request| !request.path_and_query.ends_with(OWN))
        .collect()
}

/// What the log says if only the headers of successful responses show that no requests remain.
const NONE_LEFT: &str = "no request is left until then.";

/// The length of each wait for `why` in the log. Each line must name the response.
fn logged_waits(step: &Step, why: &str) -> Vec<(u64, String)> {
    step.stdout
        .lines()
        .filter_map(|line| line.strip_prefix("Waiting ")?.split_once(why))
        .map(|(wait, response)| {
            let (seconds, end) = wait.split_once(" s, until ").unwrap();
            end.parse::<jiff::Timestamp>().unwrap();
            (seconds.parse().unwrap(), response.to_owned())
        })
        .collect()
}

/// The length of each wait for a limit in the log. Each line must name the status and request ID of
/// the response.
fn announced(step: &Step) -> Vec<u64> {
    let waits = logged_waits(step, ", because of GitHub's rate limit: ");
    let seconds = waits.iter().map(|(seconds, response)| {
        let status = response.split(' ').next().unwrap();
        let has_status =
            ["200", "403", "429"].contains(&status) && response.contains(" (request ID C0DE:");
        assert!(has_status || response == NONE_LEFT, "{response}");
        *seconds
    });
    seconds.collect()
}

#[test]
fn every_rate_limit_response_is_obeyed_and_announced() {
    let expected_rows = expected_rows(&Seats::people(210));
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
        is_report(&step.report(), &expected_rows);
        let waits = announced(&step);
        assert_eq!(waits.len(), 1, "{what}: {}", step.stdout);
        // Part of the wait is over by then, and the action adds a second to a reset.
        assert!(
            (seconds / 10..=seconds + 1).contains(&waits[0]),
            "{what}: {waits:?}"
        );
        // Waits are a hundred times shorter here.
        let least = Duration::from_millis(seconds * 10).mul_f64(0.5);
        assert!(began.elapsed() >= least, "{what}");
        assert_no_violations(&simulator);
    }
}

#[test]
fn waits_for_a_permanent_limit_grow_up_to_the_users_maximum() {
    let simulator = Simulator::start(github(Seats::people(3))).unwrap();
    simulator.fault(Fault::always(At::Seats, limited(403)));
    let step = job(&simulator)
        .input("max-wait-minutes", "64")
        .variable("TEST_WAIT_SCALE", "0.003")
        .run();
    step.failed(
        1,
        &[
            "Response: 403 Forbidden (request ID C0DE:",
            "secondary rate limit",
            "(7 times over ",
            "Missing: GitHub's rate limit is exhausted for another ",
            "s already waited, that is more than the 64 minutes that `max-wait-minutes` allows.",
            "increase `max-wait-minutes`",
        ],
    );
    let lengths = [60, 120, 240, 480, 960, 1920];
    assert_eq!(announced(&step).len(), lengths.len(), "{}", step.stdout);
    for (wait, least) in announced(&step).iter().zip(lengths) {
        // Part of the wait is over when the action starts to wait.
        assert!((least - 45..=least).contains(wait), "{wait} of {least}");
    }
    let (_, waited) = step.stdout.split_once("together with the ").unwrap();
    let waited: u64 = waited.split(' ').next().unwrap().parse().unwrap();
    assert!((3400..=3780).contains(&waited), "{waited}");
    assert_eq!(api(&simulator).len(), 7);
}

#[test]
fn repeated_limits_are_waited_out_up_to_the_users_maximum() {
    let simulator = Simulator::start(github(Seats::people(3))).unwrap();
    let short = || limited(429).header("retry-after", "1");
    simulator.fault(Fault::first(9, At::Seats, short()));
    job(&simulator).run().succeeded();
    // Nine refused requests, the list, and GitHub's second count.
    assert_eq!(api(&simulator).len(), 11);

    // The action must not poll every second for hours.
    let simulator = Simulator::start(github(Seats::people(3))).unwrap();
    simulator.fault(Fault::always(At::Seats, short()));
    let step = job(&simulator).input("max-wait-minutes", "10").run();
    step.failed(
        1,
        &["429 Too Many Requests (request ID C0DE:", " times over "],
    );
    let count = api(&simulator).len();
    assert!((14..=17).contains(&count), "{count}: {}", step.stdout);
}

#[test]
fn all_requests_wait_for_a_busy_server_without_a_rate_limit_message() {
    let busy = |wait: &str| Kind::status(503, "The service is busy").header("retry-after", wait);
    let response = "503 Service Unavailable (request ID C0DE:";
    let simulator = Simulator::start(github(Seats::people(SEATS))).unwrap();
    simulator.fault(Fault::once(At::SeatsPage(2), busy("40")));
    let step = job(&simulator).run();
    step.succeeded();
    is_report(&step.report(), &expected_rows(&Seats::people(SEATS)));
    // On a slow machine, requests look expensive, so the action slows down before it reaches the
    // limit.
    let printed = step
        .printed()
        .replace("to stay within GitHub's rate limits", "");
    assert!(!printed.contains("limit"), "{printed}");
    let waits = logged_waits(&step, ", because GitHub asks for it: ");
    let [(seconds, reason)] = &waits[..] else {
        panic!("{}", step.stdout)
    };
    assert!((4..=40).contains(seconds), "{seconds}");
    assert!(
        reason.starts_with(response) && reason.contains(": The service is busy"),
        "{reason}"
    );

    // If a wait is too long, the run fails at once and sends no further requests.
    let simulator = delivery_setup(Seats::people(3));
    simulator.fault(Fault::once(At::SeatsPage(1), busy("7200")));
    let step = crate::support::outcome_assertions::job(&simulator).run();
    let missing = "Missing: GitHub asks clients to wait for another 7";
    step.failed(
        1,
        &[
            response,
            "The service is busy",
            missing,
            "30 minutes that `max-wait-minutes` allows.",
        ],
    );
    assert!(!step.printed().contains("limit"), "{}", step.printed());
    let after = api(&simulator)
        .into_iter()
        .skip_while(|request| request.status != Some(503));
    assert_eq!(after.count(), 1, "nothing comes after it");

    // It counts as a try like any other.
    let simulator = Simulator::start(github(Seats::people(3))).unwrap();
    simulator.fault(Fault::always(At::Seats, busy("20")));
    let step = job(&simulator).run();
    step.failed(
        1,
        &[
            response,
            "The service is busy",
            "(6 times over ",
            "again after the 20 s that GitHub asks for",
            "githubstatus.com",
        ],
    );
    assert!(!step.printed().contains("limit"), "{}", step.printed());

    // The action doesn't repeat a write, but later requests wait.
    let simulator = delivery_setup(Seats::people(3));
    simulator.fault(Fault::once(At::Graphql(Operation::Mutation), busy("40")));
    let step = crate::support::outcome_assertions::job(&simulator).run();
    assert_eq!(
        check_outcome(&simulator, &step, &expected_rows(&Seats::people(3))),
        Delivered::ALL
    );
    assert_eq!(
        logged_waits(&step, ", because GitHub asks for it: ").len(),
        1,
        "{}",
        step.stdout
    );
}

#[test]
fn a_wait_until_a_time_uses_githubs_clock() {
    let expected_rows = expected_rows(&Seats::people(210));
    for ahead in [-7200, 7200] {
        let theirs = jiff::Timestamp::now() + jiff::SignedDuration::from_secs(ahead);
        let date = theirs.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
        let reset = (theirs.as_second() + 400).to_string();
        let dated = |kind: Kind| {
            kind.header("date", &date)
                .header("x-ratelimit-remaining", "0")
                .header("x-ratelimit-reset", &reset)
        };
        for (what, kind) in [
            ("a refusal", dated(Kind::status(403, "API rate limit exceeded"))),
            ("a successful response", dated(Kind::Headers(Vec::new()))),
            ("a refusal by GraphQL", dated(Kind::Status {
                status: 200,
                headers: Vec::new(),
                body: r#"{"errors":[{"type":"RATE_LIMITED","message":"API rate limit exceeded"}]}"#.to_owned(),
            })),
        ] {
            let simulator = delivery_setup(Seats::people(210));
            let at = match what {
                "a refusal by GraphQL" => At::Graphql(Operation::Query),
                _ => At::SeatsPage(1),
            };
            simulator.fault(Fault::once(at, kind));
            // The earlier request with the same token reports the same reset.
            let earlier = Kind::Headers(Vec::new()).header("date", &date).header("x-ratelimit-reset", &reset);
            simulator.fault(Fault::once(At::Organization, earlier));
            let step = crate::support::outcome_assertions::job(&simulator).variable("TEST_WAIT_SCALE", "0.003").run();
            assert_eq!(check_outcome(&simulator, &step, &expected_rows), Delivered::ALL, "{what}: {}", step.printed());
            let waits = announced(&step);
            assert_eq!(waits.len(), 1, "{what}, {ahead}: {}", step.stdout);
            assert!((100..=401).contains(&waits[0]), "{what}, {ahead}: {waits:?}");
        }
    }
}

#[test]
fn a_limit_on_one_request_applies_to_all_requests() {
    let simulator = Simulator::start(github(Seats::people(3000))).unwrap();
    // Ten requests for pages are in flight. GitHub limits one of them and answers the others later,
    // so the action must not send any more.
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
        let requests = api(&simulator);
        requests
            .iter()
            .any(|request| request.path_and_query.ends_with(&page) && request.status.is_some())
    };
    let began = Instant::now();
    while !is_answered("11") {
        assert!(began.elapsed() < Duration::from_secs(30));
        std::thread::sleep(Duration::from_millis(5));
    }
    running.signal("TERM");
    let step = running.end();
    step.failed(1, &["interrupted"]);
    assert_eq!(
        announced(&step).len(),
        1,
        "more than one message: {}",
        step.stdout
    );
    assert_eq!(api(&simulator).len(), 11, "page 1, and ten at once");
    assert!(simulator.in_flight_max() <= 10);
}

#[test]
fn a_limit_on_reading_applies_to_writing() {
    // Both tokens wait, because secondary limits apply to the account.
    let simulator = delivery_setup(Seats::people(3));
    simulator.fault(Fault::once(
        At::SeatsPage(1),
        limited(429).header("retry-after", "7200"),
    ));
    let step = crate::support::outcome_assertions::job(&simulator).run();
    step.failed(1, &["max-wait-minutes"]);
    let expected_rows = expected_rows(&Seats::people(3));
    assert_eq!(
        check_outcome(&simulator, &step, &expected_rows),
        Delivered::NOTHING
    );
    let after = api(&simulator)
        .iter()
        .skip_while(|request| request.status != Some(429))
        .count();
    assert_eq!(after, 1, "no requests after the limit");
}

#[test]
fn a_wait_that_is_too_long_fails_at_once_with_githubs_response() {
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
        let (began, began_at) = (Instant::now(), jiff::Timestamp::now());
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
                "(request ID C0DE:",
                "GitHub's rate limit is exhausted for another",
                "minutes that `max-wait-minutes` allows",
                "Fix: Run the workflow again after that time",
            ],
        );
        assert!(!step.printed().contains("times over"), "{}", step.printed());
        assert!(api(&simulator).len() <= 11);
        if words.contains("user ID 1") {
            let (_, until) = step.stdout.split_once(" s, until ").unwrap();
            let until: jiff::Timestamp = until[..20].parse().unwrap();
            let over = began_at.as_second() + 3000;
            assert!((over..over + 10).contains(&until.as_second()), "{until}");
        }
    }
}

#[test]
fn waits_add_up() {
    let simulator = Simulator::start(github(Seats::people(210))).unwrap();
    for page in [1, 2, 3] {
        simulator.fault(Fault::once(
            At::SeatsPage(page),
            limited(429).header("retry-after", "100"),
        ));
    }
    // GitHub limits pages 2 and 3 at the same time, and the action waits for both together.
    let step = job(&simulator).input("max-wait-minutes", "4").run();
    step.succeeded();

    let simulator = Simulator::start(github(Seats::people(210))).unwrap();
    simulator.fault(Fault::first(
        3,
        At::SeatsPage(1),
        limited(429).header("retry-after", "100"),
    ));
    let step = job(&simulator).input("max-wait-minutes", "4").run();
    // Part of the wait is over when the action starts to wait.
    step.failed(
        1,
        &["together with the 19", "s already waited,", "4 minutes"],
    );
    assert_eq!(api(&simulator).len(), 3);
}

#[test]
fn an_exhausted_hourly_limit_is_noticed_before_a_request_is_rejected() {
    let simulator = Simulator::start(github(Seats::people(210))).unwrap();
    // The first page uses the last request of the hour.
    simulator.fault(Fault::once(
        At::SeatsPage(1),
        Kind::Headers(Vec::new())
            .header("x-ratelimit-remaining", "0")
            .header("x-ratelimit-reset", &reset_in(50)),
    ));
    let step = job(&simulator).run();
    step.succeeded();
    let waits = announced(&step);
    assert_eq!(waits.len(), 1, "{}", step.stdout);
    assert!((35..=50).contains(&waits[0]), "{waits:?}");
    // Three pages, and GitHub's second count.
    assert_eq!(api(&simulator).len(), 4, "none was refused");
}

#[test]
fn repeated_limits_in_a_long_list_only_delay_the_run() {
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
    is_report(&step.report(), &expected_rows(&Seats::people(SEATS)));
    assert_no_violations(&simulator);
}
