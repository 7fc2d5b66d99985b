//! What a run has done so far, and what it is doing: told at its end, also where it is interrupted
//! or fails half way.

use std::cell::RefCell;
use std::fmt;

use crate::pages::summary::Line;

/// What a run has done so far.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    lines: RefCell<Vec<Line>>,
    doing: RefCell<String>,
}

impl Progress {
    /// Notes what is being done from here on.
    pub(crate) fn doing(&self, what: impl Into<String>) {
        *self.doing.borrow_mut() = what.into();
    }

    /// Notes what was done, or was not.
    pub(crate) fn note(&self, line: Line) {
        self.lines.borrow_mut().push(line);
    }

    /// Notes this in the place of what was noted last, which is not so any more.
    pub(crate) fn correct(&self, line: Line) {
        let mut lines = self.lines.borrow_mut();
        lines.pop();
        lines.push(line);
    }

    /// Whether all that was noted went well.
    pub(crate) fn is_good(&self) -> bool {
        self.lines.borrow().iter().all(|line| line.good)
    }

    /// What is to be told where not everything was done.
    pub(crate) fn undone(&self) -> Undone {
        Undone {
            interruption: None,
            lines: self.lines.borrow().clone(),
        }
    }

    /// What is to be told where `signal` interrupted the run.
    pub(crate) fn interrupted(&self, signal: &'static str) -> Undone {
        Undone {
            interruption: Some((signal, self.doing.borrow().clone())),
            lines: self.lines.borrow().clone(),
        }
    }
}

/// Not everything was done. For a person who sees the red run first: what is safe, and what is
/// missing.
#[derive(Debug)]
pub(crate) struct Undone {
    interruption: Option<(&'static str, String)>,
    lines: Vec<Line>,
}

impl fmt::Display for Undone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.interruption {
            None => f.write_str("Not everything was done.")?,
            Some((signal, doing)) => {
                write!(f, "The run was interrupted ({signal}) while {doing}.")?;
            }
        }
        for (good, title) in [(true, "done"), (false, "not done")] {
            for line in self.lines.iter().filter(|line| line.good == good) {
                let first = line.text.lines().next().unwrap_or_default();
                write!(f, "\n  {title}: {first}")?;
            }
        }
        if self.interruption.is_some() {
            f.write_str("\n  not done: everything else. Nothing is half delivered: a commit or an artifact that was just being completed may be there all the same, and is whole then")?;
        }
        Ok(())
    }
}

impl std::error::Error for Undone {}
