//! Why a history can't be rebuilt.

use super::super::verify::Problem;
use crate::report::scope::ScopeNameError;

/// Why a history can't be rebuilt.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RebuildError {
    /// Git changed the files in the checkout, so they don't match what was recorded.
    #[error("the checkout isn't what was recorded")]
    Checkout(Vec<Problem>),
    /// A report or the newest manifest can't be read, and everything is computed from them.
    #[error("a file that the history is rebuilt from can't be read")]
    Unreadable(Vec<Problem>),
    /// The user interrupted the rebuild.
    #[error("interrupted")]
    Interrupted,
    /// The newest manifest has an invalid scope name.
    #[error("the newest manifest: {0}")]
    Scope(#[from] ScopeNameError),
    /// A file couldn't be serialized. This never happens in practice.
    #[error("a file of the history can't be written: {0}")]
    Csv(#[from] csv::Error),
    /// The newest manifest couldn't be serialized. This never happens in practice.
    #[error("the newest manifest can't be written: {0}")]
    Manifest(#[from] serde_json::Error),
}
