//! The current step of a run, in case it's interrupted.

use std::cell::RefCell;
use std::fmt;

/// The current step of a run, such as `reading the seats of acme`.
#[derive(Default)]
pub(crate) struct CurrentStep(RefCell<String>);

impl CurrentStep {
    /// Sets the current step.
    pub(crate) fn set(&self, what: impl Into<String>) {
        *self.0.borrow_mut() = what.into();
    }
}

impl fmt::Display for CurrentStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.borrow())
    }
}
