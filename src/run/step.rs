//! What a run is doing right now, for a run that is interrupted then.

use std::cell::RefCell;
use std::fmt;

/// What a run is doing right now, such as `reading the seats of acme`.
#[derive(Default)]
pub(crate) struct CurrentStep(RefCell<String>);

impl CurrentStep {
    /// Notes what is being done from here on.
    pub(crate) fn set(&self, what: impl Into<String>) {
        *self.0.borrow_mut() = what.into();
    }
}

impl fmt::Display for CurrentStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.borrow())
    }
}
