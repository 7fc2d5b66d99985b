//! Endless responses, and responses that decompress to more than fits in memory. The action rejects
//! or truncates each at a fixed size.

use crate::support::{Job, OWN, Step, assert_intact, commit_file, github};
use simulator::{At, Fault, Kind, Operation, Seats, Simulator};

/// The process's own memory in bytes: heap, stacks, and buffers.
const MEMORY: u64 = 1_500_000_000;

fn run(at: At, kind: Kind) -> (Simulator, Step) {
    let simulator = Simulator::start(github(Seats::people(3))).unwrap();
    crate::support::outcome_assertions::record_earlier(&simulator);
    // A file that's too large for a query.
    let path = "copilot-activity/acme/people.csv";
    commit_file(&simulator.git_dir(OWN), path, &[b'-'; 200_000]);
    simulator.fault(Fault::always(at, kind));
    let step = Job::on(&simulator)
        .input("deliver-to", "artifact,repository")
        .variable("RUNNER_DEBUG", "1")
        .memory(MEMORY)
        .run();
    (simulator, step)
}

fn body(status: u16, body: String) -> Kind {
    Kind::Status {
        status,
        headers: Vec::new(),
        body,
    }
}

#[test]
fn an_endless_response_is_rejected_at_the_maximum_size() {
    for (at, message) in [
        (At::Seats, "it's larger than 33554432 bytes"),
        (
            At::path("GET", "/repos/octo/tools"),
            "it's larger than 33554432 bytes",
        ),
        (
            At::Graphql(Operation::Query),
            "it's larger than 33554432 bytes",
        ),
        // An earlier response said how large the file is.
        (
            At::path("GET", "/contents/"),
            "it's larger than 200000 bytes",
        ),
        (At::CreateArtifact, "a body that is not JSON"),
    ] {
        let (simulator, step) = run(at, Kind::Endless);
        step.failed(1, &[message]);
        assert_intact(&simulator, OWN);
    }
}

#[test]
fn only_the_start_of_an_error_response_is_read() {
    let huge = format!(
        "{{\"message\":\"no\",\"errors\":[{}0]}}",
        "0,".repeat(30_000_000)
    );
    for at in [
        At::Seats,
        At::path("GET", "/repos/octo/tools"),
        At::Graphql(Operation::Query),
    ] {
        let (simulator, step) = run(at, body(422, huge.clone()));
        step.failed(1, &["422 Unprocessable Entity"]);
        assert_intact(&simulator, OWN);
    }
}

#[test]
fn millions_of_empty_entries_take_no_memory() {
    let list = "{},".repeat(10_000_000);
    let seats = format!("{{\"total_seats\":1,\"seats\":[{list}{{}}]}}");
    let (simulator, step) = run(At::Seats, body(200, seats));
    step.failed(1, &["10000001 seats on one page"]);
    assert_intact(&simulator, OWN);

    let errors = format!("{{\"errors\":[{list}{{}}]}}");
    let (simulator, step) = run(At::Graphql(Operation::Query), body(200, errors));
    step.failed(1, &["200 OK", "with errors"]);
    assert_intact(&simulator, OWN);
}
