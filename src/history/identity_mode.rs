//! Ensures that a history uses either logins or the pseudonyms of one key, never a mix.

use std::collections::HashSet;

use crate::report::pseudonym_key::is_pseudonym;
use crate::report::seat::Seat;

/// How a history names people.
#[derive(Debug)]
pub(super) enum IdentityMode {
    /// By their logins.
    Own,
    /// By the pseudonyms of the key with this fingerprint.
    Key(String),
    /// By these pseudonyms. No manifest has the fingerprint of their key.
    UnknownKey(HashSet<String>),
}

impl IdentityMode {
    pub(super) fn of(fingerprint: Option<String>) -> Self {
        fingerprint.map_or(Self::Own, Self::Key)
    }

    /// Infers the mode from the names, for a history whose manifests can't be read.
    pub(super) fn guessed<'l>(logins: impl Iterator<Item = &'l str>) -> Self {
        let (pseudonyms, own): (Vec<&str>, Vec<&str>) =
            logins.partition(|login| is_pseudonym(login));
        if pseudonyms.is_empty() || !own.is_empty() {
            return Self::Own;
        }
        Self::UnknownKey(pseudonyms.into_iter().map(str::to_owned).collect())
    }

    /// Whether a run that uses the key with that fingerprint, or no key, names people in the same
    /// way. If the history's key is unknown, it does if at least one person is in both.
    pub(super) fn are_by(&self, key: Option<&str>, seats: &[Seat]) -> bool {
        match (self, key) {
            (Self::Own, key) => key.is_none(),
            (Self::Key(recorded), key) => key == Some(recorded.as_str()),
            (Self::UnknownKey(_), None) => false,
            (Self::UnknownKey(known), Some(_)) => {
                seats.iter().any(|seat| known.contains(seat.login()))
            }
        }
    }

    /// Describes the mode in a message.
    pub(super) fn described(&self) -> String {
        match self {
            Self::Own => described(None),
            Self::Key(key) => described(Some(key)),
            Self::UnknownKey(_) => {
                "with pseudonyms, by a key that its manifests no longer name".to_owned()
            }
        }
    }
}

/// Describes how a run names people with the key of that fingerprint, or without a key.
pub(super) fn described(fingerprint: Option<&str>) -> String {
    match fingerprint {
        Some(key) => format!(
            "with pseudonyms by the key {}",
            crate::system::text::shown(key, 20)
        ),
        None => "with logins".to_owned(),
    }
}
