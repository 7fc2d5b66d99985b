//! What a report is about.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Whether a scope is an organization or an enterprise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ScopeKind {
    /// An organization: one row a person, five columns.
    Organization,
    /// An enterprise: one row for each person and organization, six columns.
    Enterprise,
}

impl fmt::Display for ScopeKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Organization => "organization",
            Self::Enterprise => "enterprise",
        })
    }
}

/// The organization or enterprise a report is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Scope {
    kind: ScopeKind,
    name: String,
    id: Option<u64>,
}

/// Why a text cannot name an organization or an enterprise.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{name:?} can't be the name of an {kind}: names have only letters, digits, `-`, and `_`, start with a letter or digit, and have at most {MAX_NAME} characters"
)]
pub struct ScopeNameError {
    kind: ScopeKind,
    name: String,
}

/// GitHub allows 39 characters for a login and 60 for an enterprise's slug; anything far beyond
/// is a mistake and would not fit a file name.
const MAX_NAME: usize = 100;

impl Scope {
    /// Checks a name that somebody gave.
    ///
    /// # Errors
    /// Where the name could not be one of GitHub's. It becomes part of an address, of a file name
    /// and of a folder, so nothing that means something there is let through.
    pub fn new(kind: ScopeKind, name: &str) -> Result<Self, ScopeNameError> {
        let fits = name.len() <= MAX_NAME
            && name.starts_with(|c: char| c.is_ascii_alphanumeric())
            && name
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
        if fits {
            Ok(Self {
                kind,
                name: name.to_owned(),
                id: None,
            })
        } else {
            Err(ScopeNameError {
                kind,
                name: name.chars().take(MAX_NAME).collect(),
            })
        }
    }

    /// Whether it is an organization or an enterprise.
    pub fn kind(&self) -> ScopeKind {
        self.kind
    }

    /// Its login or slug, as the user wrote it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The number by which GitHub knows it, whatever its name; nothing if it's unknown.
    pub fn id(&self) -> Option<u64> {
        self.id
    }

    /// The same scope with its number.
    pub fn with_id(self, id: u64) -> Self {
        Self {
            id: Some(id),
            ..self
        }
    }

    /// Whether both are the same to GitHub, which does not tell case apart.
    pub fn is(&self, other: &Self) -> bool {
        self.kind == other.kind && self.name.eq_ignore_ascii_case(&other.name)
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::prelude::*;

    use super::*;
    use crate::arbitrary_text;

    #[test]
    fn names_that_mean_something_in_a_path_or_an_address_are_refused() {
        for name in [
            "", "-acme", "a/b", "..", ".git", "a b", "a%2e", "ä", "a?b", "a#b", "a\nb",
        ] {
            assert!(
                Scope::new(ScopeKind::Organization, name).is_err(),
                "{name:?}"
            );
        }
        for name in ["acme", "octo-cat_acme", "1-2-3", "acme-"] {
            assert_eq!(
                Scope::new(ScopeKind::Enterprise, name).unwrap().name(),
                name
            );
        }
    }

    proptest! {
        #![proptest_config(arbitrary_text::config())]

        #[test]
        fn what_is_taken_as_a_name_means_nothing_in_a_path_or_an_address(text in arbitrary_text::text()) {
            for kind in [ScopeKind::Organization, ScopeKind::Enterprise] {
                match Scope::new(kind, &text) {
                    Ok(scope) => {
                        prop_assert_eq!(scope.name(), text.as_str());
                        let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
                        prop_assert!(!text.is_empty() && text.chars().all(plain));
                    }
                    Err(error) => {
                        let is_plain = !error.to_string().contains(char::is_control);
                        prop_assert!(is_plain, "{}", error);
                    }
                }
            }
        }
    }
}
