//! The simulator's own promises, asked over plain sockets as any client would.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod artifacts;
mod client;
mod commits;
mod contents;
mod faults;
mod graphql;
mod manners;
mod seats;
