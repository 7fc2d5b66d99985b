//! A report of 200,000 seats takes little more memory than its rows.

use crate::support::{Job, github};
use simulator::{GeneratedPeople, Seats, Simulator};

/// 2,000 pages, or about 360 MB of JSON.
const SEATS: usize = 200_000;

/// The process's own memory in bytes: heap, stacks, and buffers.
const MEMORY: u64 = 96 << 20;

#[test]
fn two_hundred_thousand_seats_are_read_and_delivered_with_little_memory() {
    let seats = Seats::generated(GeneratedPeople::organization(SEATS));
    let simulator = Simulator::start(github(seats)).unwrap();
    let step = Job::on(&simulator)
        .input("deliver-to", "artifact")
        // The system's certificate authorities take memory too.
        .without("SSL_CERT_FILE")
        .memory(MEMORY)
        .run();
    step.succeeded();
    assert_eq!(step.output("seats"), SEATS.to_string());
    assert_eq!(step.output("people"), SEATS.to_string());
    assert_eq!(step.output("complete"), "true");
    let rows = step.report().iter().filter(|byte| **byte == b'\n').count();
    assert_eq!(rows, 1 + SEATS);
    assert_eq!(simulator.artifacts().len(), 1);
}
