//! GitHub's public API: reading seats, asking about repositories, committing, pull requests.
//!
//! Each file builds on those before it: [`exchange`] sends one request by octocrab, [`retry`] sends
//! it again, [`credentials`] gets a GitHub App's token that way, and [`client`] joins them.

pub(crate) mod address;
pub(crate) mod app;
mod authorization;
mod bounded_vec;
pub(crate) mod client;
pub(crate) mod commit;
pub(crate) mod credentials;
pub(crate) mod error;
pub(crate) mod exchange;
mod link;
pub(crate) mod names;
pub(crate) mod pulls;
mod rate_limit_state;
pub(crate) mod rate_limiter;
pub(crate) mod repository;
mod request;
mod response;
mod retry;
mod retry_policy;
pub(crate) mod scope_id;
pub(crate) mod seats;
mod strict_map;
pub(crate) mod user;
mod validate;
