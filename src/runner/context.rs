//! Where the action runs: the workspace, and the run of the workflow.

use std::path::{Path, PathBuf};

use percent_encoding::percent_decode_str;

use crate::environment::Environment;
use crate::report::manifest::Run;

/// The folder that the workflow's steps share; by hand, the folder the command was started in.
#[must_use]
pub fn workspace(environment: &Environment) -> PathBuf {
    environment
        .get("GITHUB_WORKSPACE")
        .map_or_else(|| PathBuf::from("."), |path| Path::new(path).to_owned())
}

/// The run of the workflow; nothing where the action was started by hand.
#[must_use]
pub fn run(environment: &Environment) -> Option<Run> {
    let variable = |name| environment.get(name).unwrap_or_default().to_owned();
    environment.in_actions().then(|| Run {
        server: environment
            .get("GITHUB_SERVER_URL")
            .unwrap_or("https://github.com")
            .trim_end_matches('/')
            .to_owned(),
        repository: variable("GITHUB_REPOSITORY"),
        id: variable("GITHUB_RUN_ID"),
        attempt: environment
            .get("GITHUB_RUN_ATTEMPT")
            .unwrap_or("1")
            .to_owned(),
        workflow: variable("GITHUB_WORKFLOW"),
        actor: environment.get("GITHUB_ACTOR").map(str::to_owned),
        event: variable("GITHUB_EVENT_NAME"),
    })
}

/// The values that must not be printed: tokens, and the passwords of proxies. They are masked
/// before anything else is printed.
#[must_use]
pub fn secrets(environment: &Environment) -> Vec<String> {
    let tokens = [
        "INPUT_TOKEN",
        "INPUT_COMMIT-TOKEN",
        "INPUT_PSEUDONYM-KEY",
        "PSEUDONYM_KEY",
        "GITHUB_TOKEN",
        "COMMIT_TOKEN",
        "ACTIONS_RUNTIME_TOKEN",
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
    ];
    let proxies = [
        "HTTPS_PROXY",
        "https_proxy",
        "HTTP_PROXY",
        "http_proxy",
        "ALL_PROXY",
        "all_proxy",
    ];
    let tokens = tokens
        .into_iter()
        .filter_map(|name| environment.get(name))
        .flat_map(str::lines)
        .map(|line| line.trim().to_owned());
    let passwords = proxies
        .into_iter()
        .filter_map(|name| environment.get(name))
        .filter_map(|address| {
            let (credentials, _) = address.rsplit_once('@')?;
            let credentials = credentials
                .split_once("://")
                .map_or(credentials, |(_, c)| c);
            Some(credentials.split_once(':')?.1)
        })
        .flat_map(|password| {
            let decoded = percent_decode_str(password).decode_utf8_lossy();
            [password.to_owned(), decoded.into_owned()]
        });
    let mut secrets: Vec<String> = tokens
        .chain(passwords)
        .filter(|secret| !secret.is_empty())
        .collect();
    secrets.sort();
    secrets.dedup();
    secrets
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_and_passwords_of_proxies_are_secrets_line_by_line() {
        let environment: Environment = [
            ("INPUT_TOKEN", "first\n second \n\n"),
            ("GITHUB_TOKEN", "first"),
            ("https_proxy", "http://octocat:open@sesame@proxy:3128"),
            ("ALL_PROXY", "http://octocat:p%40ss%3Aword@proxy:3128"),
            ("HTTP_PROXY", "proxy:3128"),
            ("GITHUB_ACTOR", "octocat"),
        ]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
        assert_eq!(
            secrets(&environment),
            [
                "first",
                "open@sesame",
                "p%40ss%3Aword",
                "p@ss:word",
                "second"
            ]
        );
    }
}
