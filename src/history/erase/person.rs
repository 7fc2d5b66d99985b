//! A person, and how the caller names them.

use std::collections::BTreeSet;

use super::mention::mentions;

/// How the caller names the person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Named {
    /// By a login or pseudonym.
    Login(String),
    /// By GitHub's user ID.
    Id(u64),
}

/// A person, by everything that names them.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Person {
    /// Their user ID. Empty if it's unknown, as for a pseudonym.
    pub ids: BTreeSet<u64>,
    /// Their logins, in lowercase.
    names: BTreeSet<String>,
}

impl Person {
    /// Their logins, in lowercase.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(String::as_str)
    }

    /// The login or user ID in a text that must not name them, if there's one.
    pub(crate) fn named_in(&self, text: &str) -> Option<String> {
        let ids = self.ids.iter().map(u64::to_string);
        let mut all = self.names().map(str::to_owned).chain(ids);
        all.find(|name| mentions(text.as_bytes(), name))
    }

    /// Whether it's one of their logins.
    pub(super) fn has_name(&self, login: &str) -> bool {
        self.names.contains(&login.to_lowercase())
    }

    /// Adds a login. Returns whether it's new.
    pub(super) fn add(&mut self, login: &str) -> bool {
        self.names.insert(login.to_lowercase())
    }
}

/// Why it's unknown who is meant.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PersonError {
    /// Several people had the login, at different times.
    #[error("{} people had this login at different times", .0.len())]
    Several(BTreeSet<u64>),
}
