//! The error of a run that didn't do everything.

use std::fmt;

use crate::pages::summary::Line;

/// What was done and what wasn't, if that's not everything. It's written for a person who looks at a failed run, and
/// says what's safe and what's missing.
#[derive(Debug)]
pub(crate) struct Undone {
    pub(super) interruption: Option<Interruption>,
    pub(super) lines: Vec<Line>,
}

/// A signal that interrupted a run.
#[derive(Debug, Clone)]
pub(super) struct Interruption {
    pub(super) signal: &'static str,
    /// What the run did at that time.
    pub(super) doing: String,
    /// Whether what was finished by then was delivered.
    pub(super) has_delivered: bool,
}

impl fmt::Display for Undone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.interruption {
            None => f.write_str("Not everything was done.")?,
            Some(Interruption { signal, doing, .. }) => {
                write!(f, "The run was interrupted ({signal}) while {doing}.")?;
            }
        }
        let interruption = self.interruption.as_ref();
        // What's missing comes first, because the runner cuts off long annotations.
        if interruption.is_some_and(|interruption| !interruption.has_delivered) {
            f.write_str("\n  Not done: everything that isn't listed as done. A commit or artifact that was almost complete may exist anyway, and is whole if it does.")?;
        }
        for (good, title) in [(false, "Not done"), (true, "Done")] {
            for line in self.lines.iter().filter(|line| line.good == good) {
                let text = line.text.to_string();
                let first = text.lines().next().unwrap_or_default();
                write!(f, "\n  {title}: {first}")?;
            }
        }
        Ok(())
    }
}

impl std::error::Error for Undone {}
