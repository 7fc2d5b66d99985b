//! GitHub's public API: reading seats, asking about repositories, committing, pull requests.
//!
//! Requests go through octocrab, which adds the base address; the answers are read
//! into small structures of our own, because octocrab's refuse what GitHub may send (a seat given
//! by an enterprise team), drop what we need (`total_seats`, the type of a GraphQL error), and
//! know no enterprise seats.

pub(crate) mod address;
pub(crate) mod answer;
pub(crate) mod app;
mod checked;
pub(crate) mod client;
pub(crate) mod commit;
pub(crate) mod credentials;
pub(crate) mod error;
mod few;
pub(crate) mod identity;
pub(crate) mod link;
pub(crate) mod names;
mod object;
pub(crate) mod pacer;
pub(crate) mod pacing;
pub(crate) mod pulls;
pub(crate) mod repository;
pub(crate) mod retry;
pub(crate) mod seats;
pub(crate) mod user;
