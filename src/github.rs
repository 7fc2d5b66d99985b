//! GitHub's public API: reading seats, asking about repositories, committing, pull requests.
//!
//! Each file builds on those before it: [`exchange`] sends one request by octocrab, [`retry`] sends
//! it again, [`credentials`] gets a GitHub App's token that way, and [`client`] joins them.

pub(crate) mod address;
pub(crate) mod app;
mod authorization;
mod checked;
pub(crate) mod client;
pub(crate) mod commit;
pub(crate) mod credentials;
pub(crate) mod error;
pub(crate) mod exchange;
mod few;
pub(crate) mod identity;
pub(crate) mod link;
pub(crate) mod names;
mod object;
pub(crate) mod pacer;
pub(crate) mod pacing;
pub(crate) mod pulls;
pub(crate) mod repository;
mod request;
pub(crate) mod response;
mod retry;
mod retry_policy;
pub(crate) mod seats;
pub(crate) mod user;
