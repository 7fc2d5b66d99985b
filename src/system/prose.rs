//! Text for people that keeps the action's own words apart from those of others.
//!
//! A log shows both the same way. On a Markdown page, only our own words can have code spans, and
//! only a link that we chose can be one.

use std::fmt;

/// Text in parts that know who wrote them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Prose(Vec<Part>);

/// A part of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Part {
    /// The action's own words. Text between backticks is code.
    Own(String),
    /// Words of a server or of a person, which have no markup.
    Foreign(String),
    /// A URL that the reader must open. It comes from a server.
    Link(String),
}

impl Prose {
    /// Creates a text in our own words.
    pub(crate) fn own(words: impl Into<String>) -> Self {
        Self::default().and(words)
    }

    /// Adds our own words.
    pub(crate) fn and(self, words: impl Into<String>) -> Self {
        self.with(Part::Own(words.into()))
    }

    /// Adds words of others.
    pub(crate) fn and_foreign(self, words: impl Into<String>) -> Self {
        self.with(Part::Foreign(words.into()))
    }

    /// Adds a URL that the reader must open.
    pub(crate) fn and_link(self, url: impl Into<String>) -> Self {
        self.with(Part::Link(url.into()))
    }

    /// Adds another text.
    pub(crate) fn join(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// Returns the parts in their order.
    pub(crate) fn parts(&self) -> &[Part] {
        &self.0
    }

    fn with(mut self, part: Part) -> Self {
        self.0.push(part);
        self
    }
}

/// Our own words.
impl From<String> for Prose {
    fn from(words: String) -> Self {
        Self::own(words)
    }
}

impl fmt::Display for Prose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Part::Own(text) | Part::Foreign(text) | Part::Link(text) in &self.0 {
            f.write_str(text)?;
        }
        Ok(())
    }
}
