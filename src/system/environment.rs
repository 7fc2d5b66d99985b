//! Reads the environment variables once, at startup.
//!
//! No other module reads the process's environment, so a test can control everything that a run
//! depends on.

use std::collections::{BTreeMap, BTreeSet};

/// The variables for a secret on the command line. A shell can't set the runner's names, because
/// they have hyphens. Other programs might also use the second, short name, so the first one has
/// precedence.
pub(crate) type SecretVariables = [&'static str; 2];

/// The token that reads the report.
pub(crate) const TOKEN: SecretVariables = ["COPILOT_REPORT_TOKEN", "GITHUB_TOKEN"];

/// The token that writes to the repository.
pub(crate) const COMMIT_TOKEN: SecretVariables = ["COPILOT_REPORT_COMMIT_TOKEN", "COMMIT_TOKEN"];

/// The private key of the GitHub App that reads the report.
pub(crate) const APP_PRIVATE_KEY: SecretVariables =
    ["COPILOT_REPORT_APP_PRIVATE_KEY", "APP_PRIVATE_KEY"];

/// The key that pseudonyms are made with.
pub(crate) const PSEUDONYM_KEY: SecretVariables = ["COPILOT_REPORT_PSEUDONYM_KEY", "PSEUDONYM_KEY"];

/// The environment variables of the process, as they were when it started.
///
/// An empty value counts as not set, because the runner passes an input that isn't set as an empty
/// string (actions/runner, `src/Runner.Worker/Handlers/Handler.cs`).
#[derive(Clone, Default)]
pub struct Environment {
    variables: BTreeMap<String, String>,
    /// The names of variables whose values aren't Unicode.
    unreadable: BTreeSet<String>,
}

impl Environment {
    /// Reads the environment of this process. Skips names and values that aren't Unicode, because
    /// GitHub and the runner don't set any.
    pub fn read() -> Self {
        let mut environment = Self::default();
        for (name, value) in std::env::vars_os() {
            match (name.into_string(), value.into_string()) {
                (Ok(name), Ok(value)) => {
                    environment.variables.insert(name, value);
                }
                (Ok(name), Err(_)) => {
                    environment.unreadable.insert(name);
                }
                (Err(_), _) => {}
            }
        }
        environment
    }

    /// Whether `name` has a value that isn't Unicode. [`Environment::get`] doesn't return it.
    pub fn is_unreadable(&self, name: &str) -> bool {
        self.unreadable.contains(name)
    }

    /// The names of all variables, including those whose values aren't Unicode.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let names = self.variables.keys().chain(&self.unreadable);
        names.map(String::as_str)
    }

    /// The value of `name`. `None` if it isn't set or is empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.variables
            .get(name)
            .map(String::as_str)
            .filter(|value| !value.trim().is_empty())
    }

    /// The first variable for a secret that's set, and its value.
    pub(crate) fn secret(&self, variables: SecretVariables) -> Option<(&'static str, &str)> {
        let mut variables = variables.into_iter();
        variables.find_map(|variable| Some((variable, self.get(variable)?)))
    }

    /// Whether this is a step of a GitHub Actions workflow, which supports workflow commands.
    pub fn in_actions(&self) -> bool {
        self.get("GITHUB_ACTIONS") == Some("true")
    }
}

impl FromIterator<(String, String)> for Environment {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(variables: I) -> Self {
        Self {
            variables: variables.into_iter().collect(),
            unreadable: BTreeSet::new(),
        }
    }
}

/// Doesn't print values, because some of them are secrets.
impl std::fmt::Debug for Environment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.variables.keys()).finish()
    }
}
