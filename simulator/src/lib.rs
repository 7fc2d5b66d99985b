//! A GitHub to run the Copilot activity report against: its REST and GraphQL API, the service that keeps workflow
//! artifacts and the store behind it, on three local addresses. For development only.
//!
//! It answers as GitHub documents, keeps repositories as real git repositories, fails on request ([`Fault`]), and
//! holds every request it gets against what GitHub documents ([`Simulator::complaints`]).
//!
//! In reading order:
//! - [`GitHub`], [`Seats`], [`Repository`], [`Token`], [`App`]: what there is. [`seat`]: one row. [`Crowd`]: made-up people.
//! - [`Simulator`]: runs it, and tells what was asked of it.
//! - [`scheduled_run`], [`Simulator::addresses`]: what a runner tells a step of it.
//! - [`Fault`]: what shall go wrong, where and how often.
//! - `server` takes connections, `exchange` leads one request from its arrival to its answer, past `inspect` (what
//!   every request must have) and `spoil` (faults).
//! - `pulls`: pull requests, and how people end them. `world`: what all services share.
//! - `api`, `graphql`: GitHub. `git`: its repositories. `results`, `blob`: artifacts.
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
//! assert!(simulator.complaints().is_empty());
//! # std::io::Result::Ok(())
//! ```

mod api;
mod apps;
mod artifacts;
mod blob;
mod exchange;
mod fault;
mod git;
mod github;
mod graphql;
mod http;
mod inspect;
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
mod spoil;
mod sync;
mod witness;
mod world;

pub use apps::{App, Installation, Target};
pub use artifacts::Artifact;
pub use fault::{At, Change, Fault, Kind, Nth, Rewrite};
pub use github::{GitHub, Repository, Signatures, Token, Visibility};
pub use http::{Operation, Seen, Service};
pub use people::Crowd;
pub use pull_request::{Ending, PullRequest};
pub use rule::Rule;
pub use runner::scheduled_run;
pub use seats::{Paging, Seats, TotalSeats};
pub use simulator::{Ports, Simulator};
pub use witness::Witness;
