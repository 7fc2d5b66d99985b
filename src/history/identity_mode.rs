//! Ensures that a history uses either logins or the pseudonyms of one key, never a mix.

use std::collections::HashSet;

use crate::report::pseudonym_key::is_pseudonym;
use crate::report::seat::Seat;

/// How a history names people.
#[derive(Debug)]
pub(super) enum IdentityMode {
    /// By their logins.
    Own,
    /// By pseudonyms of the key with that fingerprint.
    Key(String),
    /// By these pseudonyms. No manifest has the fingerprint of their key.
    UnknownKey(HashSet<String>),
}

impl IdentityMode {
    pub(super) fn of(fingerprint: Option<String>) -> Self {
        fingerprint.map_or(Self::Own, Self::Key)
    }

    /// Told by the names themselves, where no manifest can be read.
    pub(super) fn guessed<'l>(logins: impl Iterator<Item = &'l str>) -> Self {
        let (pseudonyms, own): (Vec<&str>, Vec<&str>) =
            logins.partition(|login| is_pseudonym(login));
        if pseudonyms.is_empty() || !own.is_empty() {
            return Self::Own;
        }
        Self::UnknownKey(pseudonyms.into_iter().map(str::to_owned).collect())
    }

    /// Whether a run with the key of that fingerprint, or without one, calls people alike. Where
    /// the key of the history is not known, it is by somebody who stands in both.
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

    /// For people.
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

/// How people are called with a key of that fingerprint.
pub(super) fn described(fingerprint: Option<&str>) -> String {
    match fingerprint {
        Some(key) => format!(
            "with pseudonyms by the key {}",
            crate::system::text::shown(key, 20)
        ),
        None => "with logins".to_owned(),
    }
}
