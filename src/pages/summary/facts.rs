//! What the job summary shows.

use crate::history::HistoryContext;
use crate::history::changes::Kind;
use crate::report::Report;
use crate::report::activity::Counts;
use crate::report::status::StatusPolicy;

/// What became of one scope.
#[derive(Debug)]
pub(crate) struct Section<'a> {
    /// The organization or enterprise.
    pub title: String,
    /// Its report and what it says of people, where it could be read.
    pub facts: Option<Facts<'a>>,
    /// What was delivered where, and what was not; Markdown is escaped here.
    pub lines: Vec<Line>,
    /// What was found amiss on the way and did not stop anything.
    pub warnings: Vec<String>,
}

/// What a report says of people.
#[derive(Debug)]
pub(crate) struct Facts<'a> {
    /// The report.
    pub report: &'a Report,
    /// What recorded reports know besides.
    pub known: &'a HistoryContext,
    /// By what a status is told.
    pub policy: StatusPolicy,
    /// How many people there are of each.
    pub counts: Counts,
    /// Whose seats came or went since the last recorded report, by their login; nothing where no
    /// report is recorded anywhere.
    pub changes: Option<&'a [(Kind, String)]>,
}

/// A line on a delivery.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    /// Whether it went well.
    pub good: bool,
    /// What happened.
    pub text: String,
    /// Where to look.
    pub link: Option<String>,
}

impl Line {
    /// Something that went well.
    pub(crate) fn good(text: String) -> Self {
        Self {
            good: true,
            text,
            link: None,
        }
    }

    /// Something that did not.
    pub(crate) fn bad(text: String) -> Self {
        Self {
            good: false,
            text,
            link: None,
        }
    }

    /// The same, with where to look.
    pub(crate) fn with_link(self, link: &str) -> Self {
        Self {
            link: Some(link.to_owned()),
            ..self
        }
    }
}
