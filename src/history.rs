//! The history of an organization or enterprise in the audit repository.
//!
//! GitHub drops a person's last activity and sign-in after 90 days, and never reports who held a
//! seat last month. So this module compares each report with the one recorded before it and records
//! the differences in `seats.csv`, `changes/`, `people.csv`, and `totals.csv`. It also writes a
//! README page and a manifest.
//!
//! - [`folder_files`]: the files that the next report needs.
//! - [`prior_state`]: what those files say.
//! - [`record()`]: plans an update from the report and the prior state. If another run commits
//!   first, the plan is computed again.
//! - [`verify`], [`rebuild`], [`import`], [`retire`], [`erase`]: the parts of the subcommands that
//!   don't access the file system.
//!
//! The history has one report per day. The first one is always recorded. A later one replaces the
//! day's report, manifest, and line of totals only if the state of a seat differs. A report that's
//! older than the recorded one changes nothing.

mod change_line;
pub(crate) mod changes;
mod continuity;
pub(crate) mod coverage;
mod current_seats;
mod damage;
pub(crate) mod erase;
mod error;
mod folder_files;
mod header;
mod history_context;
mod identities;
mod identity;
mod identity_mode;
pub(crate) mod import;
pub(crate) mod listing;
mod page;
pub(crate) mod people;
mod plan;
mod prior_state;
pub(crate) mod rebuild;
mod record;
mod required;
pub(crate) mod retire;
mod seat_changes;
pub(crate) mod seats;
mod settings;
mod table;
#[cfg(test)]
mod tests;
pub(crate) mod tombstones;
pub(crate) mod totals;
pub(crate) mod verify;

pub(crate) use current_seats::{CurrentSeats, IdlePerson};
pub(crate) use error::RecordError;
pub use folder_files::FolderFiles;
pub(crate) use history_context::HistoryContext;
pub(crate) use identity::Neighbor;
pub(crate) use page::{Page, README, TREND_DARK, TREND_LIGHT};
pub(crate) use plan::Action;
pub use plan::{HistoryUpdate, Revoked, UpdatePlan};
pub(crate) use prior_state::PriorState;
pub use record::record;
pub(crate) use seat_changes::{SeatChange, SeatEvent, events};
