//! What this project's own tests, examples, and benchmarks use in addition to the binary.

pub use crate::history::listing::Listing;
pub use crate::history::{FolderFiles, HistoryUpdate, Revoked, UpdatePlan, record};
pub use crate::inputs::table::{INPUTS, Kind};
pub use crate::pages::draw;
pub use crate::report::Report;
pub use crate::report::columns::{self, ColumnSet, Columns};
pub use crate::report::completeness::Reading;
pub use crate::report::csv::write as write_csv;
pub use crate::report::day::{date, day_stem};
pub use crate::report::manifest::Manifest;
pub use crate::report::scope::{Scope, ScopeKind};
pub use crate::report::seat::{Account, Seat, Team};
pub use crate::runner::artifact::{ArtifactName, ArtifactService, File};
pub use crate::runner::log::begin as begin_log;
pub use crate::system::clock::Clock;
pub use crate::system::console::Console;
pub use crate::system::http::{Http, Proxies};
pub use crate::system::text::is_invisible;
