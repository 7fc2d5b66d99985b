//! The simulator's promises, tested over plain sockets.
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
mod requests;
mod seats;
