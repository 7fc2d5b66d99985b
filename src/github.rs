//! GitHub's public API: reads seats and repository settings, commits files, and opens pull
//! requests.
//!
//! Each module builds on the ones before it. [`exchange`] sends one request through octocrab.
//! [`retry`] retries it. [`credentials`] uses both to get a GitHub App's token. [`client`] combines
//! them.

pub(crate) mod address;
pub(crate) mod app;
mod authorization;
pub(crate) mod billing;
pub(crate) mod client;
pub(crate) mod commit;
pub(crate) mod credentials;
pub(crate) mod error;
pub(crate) mod exchange;
pub(crate) mod ids;
pub(crate) mod installation;
mod link;
pub(crate) mod names;
pub(crate) mod organizations;
pub(crate) mod pulls;
mod rate_limit_state;
pub(crate) mod rate_limiter;
pub(crate) mod repository;
mod request;
mod response;
mod retry;
mod retry_policy;
pub(crate) mod seats;
mod strict;
mod validate;

#[cfg(feature = "fuzzing")]
pub(crate) use link::Links;
