//! Properties that are true for any inputs.

#![allow(clippy::expect_used)]

use std::path::{Component, Path};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use proptest::prelude::*;

use super::table::INPUTS;
use super::{InputErrors, Inputs, Selection, command};
use crate::arbitrary_text;
use crate::runner::context;
use crate::system::environment::Environment;

/// The runner's variables, in addition to the inputs.
const RUNNER: [&str; 5] = [
    "GITHUB_API_URL",
    "GITHUB_GRAPHQL_URL",
    "GITHUB_REPOSITORY",
    "GITHUB_REPOSITORY_OWNER",
    "GITHUB_WORKSPACE",
];

fn read(given: &[(String, String)]) -> Result<Inputs, InputErrors> {
    let needed = [
        ("GITHUB_ACTIONS", "true"),
        ("GITHUB_REPOSITORY", "octo/tools"),
        ("GITHUB_REPOSITORY_OWNER", "acme"),
        ("GITHUB_WORKSPACE", "/github/workspace"),
        ("INPUT_TOKEN", "ghp_a"),
        ("INPUT_COMMIT-TOKEN", "ghs_b"),
        ("INPUT_DELIVER-TO", "artifact,repository"),
    ];
    let environment: Environment = needed
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .chain(given.iter().cloned())
        .collect();
    let flags = command(&[]).get_matches_from(["copilot-activity-report"]);
    Inputs::read(&flags, &environment, false)
}

/// Generates some of the inputs and runner variables with arbitrary text.
fn given() -> impl Strategy<Value = Vec<(String, String)>> {
    let inputs = INPUTS
        .iter()
        .map(|input| format!("INPUT_{}", input.name.to_uppercase()));
    let names: Vec<String> = inputs.chain(RUNNER.map(str::to_owned)).collect();
    let name = prop::sample::select(names);
    prop::collection::vec((name, arbitrary_text::text()), 1..4)
}

proptest! {
    #![proptest_config(arbitrary_text::config())]

    #[test]
    fn any_inputs_are_accepted_or_refused_by_name_and_never_lead_elsewhere(given in given()) {
        match read(&given) {
            Err(InputErrors { errors, .. }) => {
                prop_assert!(!errors.is_empty());
                for error in &errors {
                    let known = INPUTS.iter().any(|input| input.name == error.input)
                        || RUNNER.contains(&error.input);
                    prop_assert!(known, "{}", error.input);
                    prop_assert!(error.problem.len() < 1000);
                    let shown = |c: char| !c.is_control() && !crate::system::text::is_invisible(c);
                    prop_assert!(error.problem.chars().all(shown), "{:?}", error.problem);
                }
            }
            Ok(inputs) => {
                let below = |part| matches!(part, Component::Normal(_) | Component::CurDir);
                prop_assert!(inputs.output_directory.components().all(below), "{:?}", inputs);
                match &inputs.selection {
                    Selection::Named(scopes) => prop_assert!(!scopes.is_empty()),
                    Selection::Matching(patterns) => {
                        prop_assert!(patterns.given().iter().any(|entry| entry.contains('*')));
                    }
                }
                let commit = inputs.commit.iter().flat_map(|commit| commit.directory.segments());
                for segment in commit {
                    prop_assert!(!matches!(segment, "." | ".."), "{:?}", segment);
                    prop_assert!(!segment.eq_ignore_ascii_case(".git"), "{:?}", segment);
                }
                if let Some(artifact) = &inputs.artifact {
                    prop_assert_eq!(Path::new(artifact.name.as_str()).components().count(), 1);
                }
            }
        }
    }

    #[test]
    fn any_text_as_a_key_is_masked_and_refused_without_being_shown(
        text in arbitrary_text::text(), times in 0..3,
    ) {
        let key = (0..times).fold(text, |text, _| BASE64_STANDARD.encode(text));
        let given = [
            ("INPUT_TOKEN".to_owned(), String::new()),
            ("INPUT_APP-CLIENT-ID".to_owned(), "Iv23liAbC".to_owned()),
            ("INPUT_APP-PRIVATE-KEY".to_owned(), key.clone()),
        ];
        let masked = context::secrets(&given.iter().cloned().collect());
        prop_assert!(masked.iter().all(|secret| !secret.is_empty()));
        let errors = read(&given).map(|_| ()).map_err(|errors| errors.to_string());
        let message = errors.expect_err("no text of those is a key");
        prop_assert!(message.contains("app-private-key: "), "{}", message);
        prop_assert!(key.len() < 16 || !message.contains(&key), "{}", message);
    }

    #[test]
    fn a_secret_in_any_input_is_never_shown(text in arbitrary_text::text(), other in given()) {
        let secret = format!("ghp_secret{text}");
        let mut given = other;
        given.push(("INPUT_TOKEN".to_owned(), secret.clone()));
        given.push(("INPUT_COMMIT-TOKEN".to_owned(), secret.clone()));
        given.push(("INPUT_APP-CLIENT-ID".to_owned(), secret.clone()));
        given.push(("INPUT_APP-PRIVATE-KEY".to_owned(), secret));
        let message = match read(&given) {
            Err(errors) => errors.to_string(),
            Ok(inputs) => format!("{inputs:?}"),
        };
        prop_assert!(!message.contains("ghp_secret"), "{}", message);
    }
}
