//! The results in the job summary.

use super::digest::Digest;
use crate::system::prose::Prose;

/// The result for one scope.
#[derive(Debug)]
pub(crate) struct Section<'a> {
    /// The name of the organization or enterprise.
    pub name: &'a str,
    /// What there is to say about its report, if it could be read.
    pub digest: Option<&'a Digest>,
    /// What was delivered where, and what wasn't. The summary escapes these lines for Markdown.
    pub lines: Vec<Line>,
    /// Problems that didn't stop the run.
    pub warnings: Vec<String>,
    /// The URL of the report as a page, if it was uploaded.
    pub page: Option<&'a str>,
}

/// A line about a delivery.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    /// Whether it succeeded.
    pub good: bool,
    /// What happened.
    pub text: Prose,
    /// A link to it.
    pub link: Option<String>,
}

impl Line {
    /// Creates a line about a success.
    pub(crate) fn good(text: impl Into<Prose>) -> Self {
        Self {
            good: true,
            text: text.into(),
            link: None,
        }
    }

    /// Creates a line about a failure.
    pub(crate) fn bad(text: impl Into<Prose>) -> Self {
        Self {
            good: false,
            text: text.into(),
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
