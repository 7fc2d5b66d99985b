//! The environment, read once at the edge.
//!
//! Everything the action learns from environment variables passes through here, so that no other
//! module reads the process's environment and a test can see all that a run depends on.

use std::collections::BTreeMap;

/// The environment variables of the process, as they were when it started.
///
/// An empty value is an absent one: the runner hands an input that was not given as an empty
/// string (actions/runner, `src/Runner.Worker/Handlers/Handler.cs`).
#[derive(Clone, Default)]
pub struct Environment(BTreeMap<String, String>);

impl Environment {
    /// Reads the environment of this process. Names and values that are not Unicode are left out:
    /// nothing that GitHub or the runner sets is of that kind.
    #[must_use]
    pub fn read() -> Self {
        std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect()
    }

    /// The value of `name`, or nothing where it is not set or empty.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0
            .get(name)
            .map(String::as_str)
            .filter(|value| !value.trim().is_empty())
    }

    /// Whether this is a step of a GitHub Actions workflow, where workflow commands are understood.
    #[must_use]
    pub fn in_actions(&self) -> bool {
        self.get("GITHUB_ACTIONS") == Some("true")
    }
}

impl FromIterator<(String, String)> for Environment {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(variables: I) -> Self {
        Self(variables.into_iter().collect())
    }
}

/// Prints no values: some of them are secrets.
impl std::fmt::Debug for Environment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}
