//! A report of more seats than any company has takes little more memory than its rows.

use crate::support::{Job, github};
use simulator::{Crowd, Seats, Simulator};

/// Two thousand pages, some 360 MB of JSON.
const SEATS: usize = 200_000;

/// In bytes, for everything that the process has of its own: heap, stacks, buffers.
const MEMORY: u64 = 96 << 20;

#[test]
fn two_hundred_thousand_seats_are_read_and_delivered_with_little_memory() {
    let seats = Seats::crowd(Crowd::organization(SEATS));
    let simulator = Simulator::start(github(seats)).unwrap();
    let step = Job::on(&simulator)
        .input("deliver-to", "artifact")
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
