//! GitHub's public API: reading seats, asking about repositories, committing, pull requests.
//!
//! Requests go through octocrab, which adds the base address; the answers are read
//! into small structures of our own, because octocrab's refuse what GitHub may send (a seat given
//! by an enterprise team), drop what we need (`total_seats`, the type of a GraphQL error), and
//! know no enterprise seats.

pub mod address;
pub mod answer;
pub mod app;
mod checked;
pub mod client;
pub mod commit;
pub mod credentials;
pub mod error;
mod few;
pub mod identity;
pub mod link;
pub mod names;
mod object;
pub mod pacer;
pub mod pacing;
pub mod pulls;
pub mod repository;
pub mod retry;
pub mod seats;
pub mod user;
