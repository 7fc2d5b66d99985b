//! A simulated GitHub to run the Copilot activity report against: the REST and GraphQL API, the
//! artifact service, and its blob store, on three local ports. It's only for development.
//!
//! It responds as GitHub documents, keeps commits in real Git repositories, fails on request
//! ([`Fault`]), and checks every request ([`Simulator::violations`]).
//!
//! In reading order:
//! - [`GitHub`], [`Seats`], [`Repository`], [`Token`], and [`App`]: the simulated data. [`seat`]: one
//!   row. [`GeneratedPeople`]: generated rows.
//! - [`Simulator`]: starts it, and returns the requests.
//! - [`scheduled_run`] and [`Simulator::addresses`]: the environment of a step.
//! - [`Fault`]: what goes wrong, when, and how often.
//! - `server` accepts connections. `exchange` handles one request, with `inspect` (the requirements of
//!   every request) and `delivery` (faults).
//! - `pulls`: pull requests, and how people end them. `world`: the state that the services share.
//! - `api` and `graphql`: GitHub. `git`: its repositories. `results` and `blob`: artifacts.
//!
//! ```
//! use simulator::{GitHub, Repository, Seats, Simulator, Token};
//!
//! let simulator = Simulator::start(
//!     GitHub::new()
//!         .organization("acme", Seats::people(250))
//!         .repository("octo/audit", Repository::private())
//!         .token("secret", Token::new().copilot(["acme"]).contents_write(["octo/audit"])),
//! )?;
//! assert!(simulator.api_url().starts_with("http://127.0.0.1:"));
//! assert!(simulator.violations().is_empty());
//! # std::io::Result::Ok(())
//! ```

mod api;
mod apps;
mod artifacts;
mod billing;
mod blob;
mod delivery;
mod exchange;
mod fault;
mod git;
mod github;
mod graphql;
mod http;
mod inspect;
mod limits;
mod observer;
mod page;
mod people;
mod pull_request;
mod pulls;
mod results;
mod rule;
mod runner;
pub mod seat;
mod seats;
mod server;
mod simulator;
mod sync;
mod token;
mod world;

pub use apps::{App, Installation, Target};
pub use artifacts::Artifact;
pub use billing::Billing;
pub use fault::{At, Change, Fault, Kind, Nth, Rewrite};
pub use github::{BranchProtection, GitHub, Repository, Signatures, Token, Visibility};
pub use http::{Operation, RecordedRequest, Service};
pub use observer::Observer;
pub use people::GeneratedPeople;
pub use pull_request::{Ending, PullRequest};
pub use rule::Rule;
pub use runner::scheduled_run;
pub use seats::{Paging, Seats, TotalSeats};
pub use simulator::{Ports, Simulator};
