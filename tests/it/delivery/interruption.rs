//! A canceled or killed run stops at once, delivers nothing partial, and logs what it delivered.
//! The next run succeeds.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use crate::support::outcome_assertions::{
    Delivered, check_outcome, delivery_setup, expected_rows, job,
};
use crate::support::{Job, OWN, Running, Step, assert_intact, git};
use simulator::{At, Fault, Kind, Operation, RecordedRequest, Seats, Service, Simulator};

/// Three pages.
const SEATS: usize = 210;

/// How long a canceled run may take to end.
const AT_ONCE: Duration = Duration::from_secs(2);

const FILES: Delivered = Delivered {
    files: true,
    ..Delivered::NOTHING
};
const COMMIT: Delivered = Delivered {
    commit: true,
    ..FILES
};

/// A moment of the run: the request that it waits for, and what it has delivered by then.
struct Moment {
    doing: &'static str,
    at: At,
    reached: fn(&RecordedRequest) -> bool,
    delivered: Delivered,
}

fn moments() -> [Moment; 7] {
    let moment = |doing, at, reached, delivered| Moment {
        doing,
        at,
        reached,
        delivered,
    };
    [
        moment(
            "getting ready",
            At::path("GET", "/repos/octo/tools"),
            |request| request.path_and_query.starts_with("/repos/octo/tools"),
            Delivered::NOTHING,
        ),
        moment(
            "reading the seats of acme",
            At::SeatsPage(3),
            |request| request.path_and_query.ends_with("page=3"),
            Delivered::NOTHING,
        ),
        moment(
            "reading the history of acme",
            At::FileText,
            |request| String::from_utf8_lossy(&request.body).contains("on Blob { text }"),
            Delivered::NOTHING,
        ),
        moment(
            "committing the report of acme",
            At::Graphql(Operation::Mutation),
            |request| String::from_utf8_lossy(&request.body).contains("createCommitOnBranch"),
            FILES,
        ),
        moment(
            "uploading the artifact",
            At::CreateArtifact,
            |request| request.path_and_query.ends_with("/CreateArtifact"),
            COMMIT,
        ),
        moment(
            "uploading the artifact",
            At::Block,
            |request| request.service == Service::Blob,
            COMMIT,
        ),
        moment(
            "uploading the artifact",
            At::FinalizeArtifact,
            |request| request.path_and_query.ends_with("/FinalizeArtifact"),
            COMMIT,
        ),
    ]
}

/// Waits for `condition`, and panics if it takes too long.
fn until(what: &str, condition: impl Fn() -> bool) {
    let began = Instant::now();
    while !condition() {
        assert!(began.elapsed() < Duration::from_secs(60), "never: {what}");
        thread::sleep(Duration::from_millis(2));
    }
}

/// A job that waits for responses as long as in production.
fn with_real_waits(simulator: &Simulator) -> Job {
    job(simulator).without("TEST_WAIT_SCALE")
}

/// Starts a run, and waits until it sends this moment's request, which gets no response.
fn started<'a>(simulator: &Simulator, job: &'a Job, moment: &Moment, kind: Kind) -> Running<'a> {
    simulator.fault(Fault::always(moment.at.clone(), kind));
    let running = job.start();
    until(moment.doing, || {
        simulator.requests().iter().any(moment.reached) || running.is_over()
    });
    running
}

/// Checks that another run delivers everything, whatever the interrupted run left.
fn assert_next_run_works(simulator: &Simulator, expected_rows: &[String], before: Delivered) {
    simulator.clear_faults();
    let step = job(simulator).run();
    step.succeeded();
    crate::support::outcome_assertions::is_report(&step.report(), expected_rows);
    assert_eq!(step.output("commit-sha").is_empty(), before.commit);
    assert_eq!(
        simulator.artifacts().len(),
        1 + usize::from(before.artifact)
    );
    assert_intact(simulator, OWN);
}

#[test]
fn a_canceled_run_stops_at_once_and_logs_what_it_delivered() {
    let expected_rows = expected_rows(&Seats::people(SEATS));
    for (moment, signal) in moments().iter().zip(["TERM", "INT"].iter().cycle()) {
        let simulator = delivery_setup(Seats::people(SEATS));
        let job = with_real_waits(&simulator);
        let running = started(&simulator, &job, moment, Kind::Stall);
        let began = Instant::now();
        running.signal(signal);
        if moment.delivered.files {
            // What's finished gets some time, which the second signal cuts off. The run may get
            // both at once, in any order.
            running.signal(if *signal == "TERM" { "INT" } else { "TERM" });
        }
        let step = running.end();
        let took = began.elapsed();
        assert!(took < AT_ONCE, "{}: {took:?}", moment.doing);
        let message = format!(") while {}.", moment.doing);
        let texts = ["::The run was interrupted (SIG", &message];
        step.failed(1, &texts);
        step.failed(1, &["Not done: everything that isn"]);
        let delivered = check_outcome(&simulator, &step, &expected_rows);
        assert_eq!(delivered, moment.delivered, "{}", moment.doing);
        let says_committed = step
            .printed()
            .contains("Done: acme: committed to octo/tools");
        assert_eq!(says_committed, delivered.commit, "{}", step.printed());
        // Later steps learn what was delivered, and people too.
        if delivered.files {
            assert_ne!(step.output("report-path"), "", "{}", moment.doing);
            assert_eq!(!step.output("commit-sha").is_empty(), delivered.commit);
            assert!(step.workspace.join(step.output("results-path")).is_file());
            assert!(step.summary.starts_with("# acme: "), "{}", step.summary);
        }
        assert_next_run_works(&simulator, &expected_rows, delivered);
    }
}

#[test]
fn a_canceled_run_that_waits_for_a_limit_or_a_retry_stops_at_once() {
    let expected_rows = expected_rows(&Seats::people(SEATS));
    let limited = Kind::status(429, "slow down").header("retry-after", "600");
    for kind in [limited, Kind::status(502, "Bad Gateway")] {
        let simulator = delivery_setup(Seats::people(SEATS));
        simulator.fault(Fault::always(At::SeatsPage(1), kind));
        let job = with_real_waits(&simulator);
        let running = job.start();
        until("a response", || {
            let requests = simulator.requests();
            requests
                .iter()
                .any(|request| matches!(request.status, Some(429 | 502)))
        });
        let began = Instant::now();
        running.signal("TERM");
        let step = running.end();
        assert!(began.elapsed() < AT_ONCE);
        step.failed(
            1,
            &["interrupted (SIGTERM) while reading the seats of acme"],
        );
        assert_eq!(
            check_outcome(&simulator, &step, &expected_rows),
            Delivered::NOTHING
        );
    }
}

#[test]
fn a_delivery_just_before_an_interruption_is_whole_and_found_by_the_next_run() {
    let expected_rows = expected_rows(&Seats::people(SEATS));
    for moment in moments()
        .iter()
        .filter(|moment| matches!(moment.at, At::Graphql(_) | At::FinalizeArtifact))
    {
        for signal in ["TERM", "KILL"] {
            let simulator = delivery_setup(Seats::people(SEATS));
            let job = with_real_waits(&simulator);
            let running = started(&simulator, &job, moment, Kind::Stall.after_effect());
            let done = || match moment.at {
                At::FinalizeArtifact => !simulator.artifacts().is_empty(),
                _ => commits(&simulator) == 3,
            };
            until("the request is carried out", done);
            running.signal(signal);
            let step = running.end();
            wait_until_idle(&simulator);
            assert_ne!(step.status, 0);
            let delivered = check_outcome(&simulator, &step, &expected_rows);
            let expected = match moment.at {
                At::FinalizeArtifact => Delivered::ALL,
                _ => COMMIT,
            };
            assert_eq!(delivered, expected, "{}", moment.doing);
            assert_next_run_works(&simulator, &expected_rows, delivered);
        }
    }
}

fn commits(simulator: &Simulator) -> usize {
    let count = git(&simulator.git_dir(OWN), &["rev-list", "--count", "main"]);
    count.trim().parse().unwrap()
}

fn killed(simulator: &Simulator, step: &Step, expected_rows: &[String]) -> Delivered {
    assert_eq!(step.status, -1, "{}", step.printed());
    check_outcome(simulator, step, expected_rows)
}

#[test]
fn a_killed_run_leaves_nothing_half_done() {
    let expected_rows = expected_rows(&Seats::people(SEATS));
    for moment in moments() {
        let simulator = delivery_setup(Seats::people(SEATS));
        let job = with_real_waits(&simulator);
        let running = started(&simulator, &job, &moment, Kind::Stall);
        running.signal("KILL");
        let delivered = killed(&simulator, &running.end(), &expected_rows);
        assert_eq!(delivered, moment.delivered, "{}", moment.doing);
        assert_next_run_works(&simulator, &expected_rows, delivered);
    }
}

/// Interrupts the run anywhere, not only at a request: while it writes files, creates the zip, or
/// commits.
#[test]
fn a_run_can_be_killed_after_any_number_of_requests() {
    let expected_rows = expected_rows(&Seats::people(SEATS));
    let whole = delivery_setup(Seats::people(SEATS));
    job(&whole).run().succeeded();
    let count = whole.requests().len();
    assert!(count > 8, "{count}");
    for number in 1..=count {
        let simulator = delivery_setup(Seats::people(SEATS));
        let job = with_real_waits(&simulator);
        let running = job.start();
        until("this many requests", || {
            simulator.requests().len() >= number || running.is_over()
        });
        if !running.is_over() {
            running.signal("KILL");
        }
        let step = running.end();
        // The run might have ended before the signal.
        assert!(matches!(step.status, -1 | 0), "{}", step.printed());
        wait_until_idle(&simulator);
        let delivered = check_outcome(&simulator, &step, &expected_rows);
        assert_next_run_works(&simulator, &expected_rows, delivered);
    }
}

/// Waits until the simulator has received and executed all requests, which continues without the
/// client.
pub fn wait_until_idle(simulator: &Simulator) {
    // An invalid request gets a response and isn't recorded. The server reads earlier data first.
    let address = simulator.api_url();
    let mut connection = TcpStream::connect(address.trim_start_matches("http://")).unwrap();
    connection.write_all(b"?\r\n\r\n").unwrap();
    connection.read_to_end(&mut Vec::new()).unwrap();
    until("rest", || simulator.is_idle());
}
