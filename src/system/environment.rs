//! The environment, read once at the edge.
//!
//! Everything the action learns from environment variables passes through here, so that no other
//! module reads the process's environment and a test can see all that a run depends on.

use std::collections::{BTreeMap, BTreeSet};

/// The variables that have a secret if a person starts the command. A shell can't set the runner's
/// names for them, which have hyphens. The second name is the short one, which other programs might
/// use, too, so the first one counts if both are set.
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
/// An empty value is an absent one: the runner hands an input that was not given as an empty
/// string (actions/runner, `src/Runner.Worker/Handlers/Handler.cs`).
#[derive(Clone, Default)]
pub struct Environment {
    variables: BTreeMap<String, String>,
    /// The names of those whose values are not Unicode.
    unreadable: BTreeSet<String>,
}

impl Environment {
    /// Reads the environment of this process. Names and values that are not Unicode are left out:
    /// nothing that GitHub or the runner sets is of that kind.
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

    /// Whether `name` has a value that is not Unicode, which [`Environment::get`] does not give.
    pub fn is_unreadable(&self, name: &str) -> bool {
        self.unreadable.contains(name)
    }

    /// The names of all variables, also of those whose values aren't Unicode.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let names = self.variables.keys().chain(&self.unreadable);
        names.map(String::as_str)
    }

    /// The value of `name`, or nothing where it is not set or empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.variables
            .get(name)
            .map(String::as_str)
            .filter(|value| !value.trim().is_empty())
    }

    /// The variable that counts for a secret, and its value.
    pub(crate) fn secret(&self, variables: SecretVariables) -> Option<(&'static str, &str)> {
        let mut variables = variables.into_iter();
        variables.find_map(|variable| Some((variable, self.get(variable)?)))
    }

    /// Whether this is a step of a GitHub Actions workflow, where workflow commands are understood.
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

/// Prints no values: some of them are secrets.
impl std::fmt::Debug for Environment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.variables.keys()).finish()
    }
}
