//! Why a history can't be rebuilt.

use super::super::verify::Problem;
use crate::report::scope::ScopeNameError;

/// Why a history can't be rebuilt.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RebuildError {
    /// The files aren't those that were recorded, because of what Git did in the checkout.
    #[error("the checkout isn't what was recorded")]
    Checkout(Vec<Problem>),
    /// The reports and the newest manifest are what everything is computed from.
    #[error("a file that the history is rebuilt from can't be read")]
    Unreadable(Vec<Problem>),
    /// Someone ended it.
    #[error("interrupted")]
    Interrupted,
    /// The newest manifest names a scope that can't be one.
    #[error("the newest manifest: {0}")]
    Scope(#[from] ScopeNameError),
    /// A file couldn't be put into its form. Never in practice.
    #[error("a file of the history can't be written: {0}")]
    Csv(#[from] csv::Error),
    /// The newest manifest couldn't be written. Never in practice.
    #[error("the newest manifest can't be written: {0}")]
    Manifest(#[from] serde_json::Error),
}
