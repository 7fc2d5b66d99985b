//! The history of one scope: what GitHub forgets, kept in the audit repository.
//!
//! GitHub drops a person's last activity and sign-in after 90 days, and never reports who held a
//! seat last month.
//! Each report is compared with the one recorded before, and what follows from both is written
//! beside it: `seats.csv`, `changes/`, `people.csv`, `totals.csv`, a page for people, and a
//! manifest that holds all of them together. Everything is computed from the folder as it is
//! found, so that it can be computed again when somebody else was faster.
//!
//! The rule of the day: the day's first report is always recorded. A later one of the same day
//! replaces the day's report, manifest and line of totals, and only where the state of a seat
//! differs. A report older than the recorded one changes nothing.

mod baseline;
pub(crate) mod changes;
mod continuity;
mod damage;
mod error;
mod folder_files;
pub(crate) mod git;
mod hash;
mod header;
mod history_context;
mod identity;
mod identity_mode;
pub(crate) mod import;
mod known_person;
pub(crate) mod listing;
mod page;
pub(crate) mod people;
mod plan;
mod prior_state;
pub(crate) mod rebuild;
mod record;
mod required;
pub(crate) mod seats;
mod table;
#[cfg(test)]
mod tests;
pub(crate) mod totals;
pub(crate) mod verify;

pub(crate) use error::RecordError;
pub use folder_files::FolderFiles;
pub(crate) use history_context::HistoryContext;
pub(crate) use identity::Neighbor;
pub(crate) use page::{Page, README, TREND_DARK, TREND_LIGHT};
pub(crate) use plan::Action;
pub use plan::{HistoryUpdate, Revoked, UpdatePlan};
pub(crate) use prior_state::PriorState;
pub use record::record;
