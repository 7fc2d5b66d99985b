//! The environment of a step: its run, and the URLs of its GitHub. The caller adds folders, files,
//! and inputs.

use std::collections::BTreeMap;

use crate::simulator::Simulator;

/// A scheduled run of a workflow in the repository `owner/name`.
pub fn scheduled_run(repository: &str) -> BTreeMap<String, String> {
    let (owner, _) = repository.split_once('/').unwrap_or((repository, ""));
    let variables = [
        ("CI", "true"),
        ("GITHUB_ACTIONS", "true"),
        ("GITHUB_ACTOR", "octocat"),
        ("GITHUB_EVENT_NAME", "schedule"),
        ("GITHUB_REPOSITORY", repository),
        ("GITHUB_REPOSITORY_OWNER", owner),
        ("GITHUB_RETENTION_DAYS", "90"),
        ("GITHUB_RUN_ATTEMPT", "1"),
        ("GITHUB_RUN_ID", "4242"),
        ("GITHUB_WORKFLOW", "Copilot report"),
    ];
    let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
    variables.into()
}

impl Simulator {
    /// The URLs of this GitHub, and the token for its artifacts.
    pub fn addresses(&self) -> BTreeMap<String, String> {
        let variables = [
            ("ACTIONS_RESULTS_URL", self.results_url()),
            ("ACTIONS_RUNTIME_TOKEN", self.runtime_token()),
            ("GITHUB_API_URL", self.api_url()),
            ("GITHUB_GRAPHQL_URL", self.graphql_url()),
            ("GITHUB_SERVER_URL", self.server_url()),
        ];
        variables
            .map(|(name, value)| (name.to_owned(), value))
            .into()
    }
}
