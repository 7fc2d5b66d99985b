//! Reads the environment variables once, at startup.
//!
//! No other module reads the process's environment, so a test can control everything that a run
//! depends on.

use std::collections::BTreeMap;

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
    /// A value that isn't Unicode is `None`.
    variables: BTreeMap<String, Option<String>>,
}

impl Environment {
    /// Reads the environment of this process. Skips names and values that aren't Unicode, because
    /// GitHub and the runner don't set any.
    pub fn read() -> Self {
        let variables = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok())));
        Self {
            variables: variables.collect(),
        }
    }

    /// Whether `name` has a value that isn't Unicode. [`Environment::get`] doesn't return it.
    pub fn is_unreadable(&self, name: &str) -> bool {
        self.variables.get(name) == Some(&None)
    }

    /// The names of all variables. Those whose values aren't Unicode come last.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let of = |unreadable| {
            let variables = self.variables.iter();
            variables.filter(move |(_, value)| value.is_none() == unreadable)
        };
        of(false).chain(of(true)).map(|(name, _)| name.as_str())
    }

    /// The value of `name`. `None` if it isn't set or is empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        let value = self.variables.get(name)?.as_deref();
        value.filter(|value| !value.trim().is_empty())
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
        let variables = variables.into_iter();
        Self {
            variables: variables.map(|(name, value)| (name, Some(value))).collect(),
        }
    }
}

/// Doesn't print values, because some of them are secrets.
impl std::fmt::Debug for Environment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.variables.keys()).finish()
    }
}
