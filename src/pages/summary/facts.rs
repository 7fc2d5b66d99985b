//! The data in the job summary.

use crate::history::HistoryContext;
use crate::history::changes::Kind;
use crate::report::Report;
use crate::report::activity::Counts;
use crate::report::status::StatusPolicy;

/// The result for one scope.
#[derive(Debug)]
pub(crate) struct Section<'a> {
    /// The organization or enterprise.
    pub title: String,
    /// Its report with the activity of people, if it could be read.
    pub facts: Option<Facts<'a>>,
    /// What was delivered where, and what wasn't. The summary escapes these lines for Markdown.
    pub lines: Vec<Line>,
    /// Problems that didn't stop the run.
    pub warnings: Vec<String>,
}

/// A report and the activity of its people.
#[derive(Debug)]
pub(crate) struct Facts<'a> {
    /// The report.
    pub report: &'a Report,
    /// What earlier reports say about them.
    pub known: &'a HistoryContext,
    /// Decides their status.
    pub policy: StatusPolicy,
    /// How many people have each status.
    pub counts: Counts,
    /// The seats that changed since the last recorded report, each with the person's login. `None`
    /// if no report is recorded anywhere.
    pub changes: Option<&'a [(Kind, String)]>,
}

/// A line about a delivery.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    /// Whether it succeeded.
    pub good: bool,
    /// What happened.
    pub text: String,
    /// A link to it.
    pub link: Option<String>,
}

impl Line {
    /// Creates a line about a success.
    pub(crate) fn good(text: String) -> Self {
        Self {
            good: true,
            text,
            link: None,
        }
    }

    /// Creates a line about a failure.
    pub(crate) fn bad(text: String) -> Self {
        Self {
            good: false,
            text,
            link: None,
        }
    }

    /// Adds a link.
    pub(crate) fn with_link(self, link: &str) -> Self {
        Self {
            link: Some(link.to_owned()),
            ..self
        }
    }
}
