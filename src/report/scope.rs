//! The organization or enterprise that a report is about.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Whether a scope is an organization or an enterprise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ScopeKind {
    /// An organization: one row for each person, five columns.
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

/// Why a text can't be the name of an organization or an enterprise.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{name:?} can't be the name of an {kind}: names have only letters, digits, `-`, and `_`, start with a letter or digit, and have at most {MAX_NAME} characters"
)]
pub struct ScopeNameError {
    kind: ScopeKind,
    name: String,
}

/// GitHub allows 39 characters for a login and 60 for an enterprise's slug. Anything much longer is
/// a mistake and wouldn't fit in a file name.
const MAX_NAME: usize = 100;

impl Scope {
    /// Checks a name from the user.
    ///
    /// # Errors
    /// Fails if GitHub wouldn't accept the name. It becomes part of a URL, a file name, and a
    /// folder name, so characters with a special meaning there are refused.
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

    /// Returns whether it's an organization or an enterprise.
    pub fn kind(&self) -> ScopeKind {
        self.kind
    }

    /// Returns its login or slug, as the user wrote it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns GitHub's ID, which stays the same if the name changes, or `None` if it's unknown.
    pub fn id(&self) -> Option<u64> {
        self.id
    }

    /// Sets the ID.
    pub fn with_id(self, id: u64) -> Self {
        Self {
            id: Some(id),
            ..self
        }
    }

    /// Returns whether both are the same to GitHub, which ignores case.
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
    fn names_with_a_special_meaning_in_a_path_or_an_address_are_refused() {
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
        fn accepted_names_have_no_special_meaning_in_a_path_or_an_address(text in arbitrary_text::text()) {
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
