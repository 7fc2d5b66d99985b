//! The audit repository: what it holds of a scope, and how a report gets into it.
//!
//! A [`Ledger`] is one scope's history in it. First read the ledger, then record the
//! report on top of that: directly by a commit, or by a pull request.

mod branch;
mod check;
mod directory;
mod error;
mod folder;
mod message;
mod place;
mod propose;
mod read;
mod record;
mod repository;

pub(crate) use error::AuditError;
pub(crate) use record::{NewReport, Recorded};
pub(crate) use repository::{AuditRepository, Ledger};
