//! Which organizations a run with patterns covers.

use serde::{Deserialize, Serialize};

/// The organizations that patterns selected, and what changed since the last run. Names are sorted
/// and in lowercase.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SelectionState {
    /// The patterns, as the user wrote them.
    pub patterns: Vec<String>,
    /// How many organizations the run covers.
    pub covered: usize,
    /// Organizations without a history. `None` without an audit repository.
    pub new: Option<Vec<String>>,
    /// Organizations with a history that GitHub no longer lists. `None` without an audit
    /// repository.
    pub vanished: Option<Vec<String>>,
    /// Organizations in which the App is suspended.
    pub suspended: Vec<String>,
    /// Organizations whose seats the token can't read.
    pub unreadable: Vec<String>,
    /// Organizations that a pattern leaves out.
    pub excluded: Vec<String>,
}
