//! `action.yml`, the command's help and the code speak of the same inputs.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use std::collections::BTreeMap;
use std::process::Command;

use copilot_activity_report::inputs::table::{INPUTS, Kind};
use serde::Deserialize;

#[derive(Deserialize)]
struct Action {
    inputs: serde_yaml_ng::Mapping,
    outputs: BTreeMap<String, Output>,
    runs: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct Input {
    description: String,
    required: bool,
    default: Option<String>,
}

#[derive(Deserialize)]
struct Output {
    description: String,
}

fn action() -> Action {
    serde_yaml_ng::from_str(&std::fs::read_to_string("action.yml").unwrap()).unwrap()
}

#[test]
fn action_yml_declares_the_inputs_of_the_code() {
    let declared: Vec<(String, Input)> = action()
        .inputs
        .into_iter()
        .map(|(name, input)| {
            (
                name.as_str().unwrap().to_owned(),
                serde_yaml_ng::from_value(input).unwrap(),
            )
        })
        .collect();
    let names: Vec<&str> = declared.iter().map(|(name, _)| name.as_str()).collect();
    let known: Vec<&str> = INPUTS.iter().map(|input| input.name).collect();
    assert_eq!(names, known);
    for ((name, declared), known) in declared.iter().zip(INPUTS) {
        assert_eq!(declared.description, known.meaning, "{name}");
        assert_eq!(declared.default.as_deref(), known.default, "{name}");
        assert_eq!(declared.required, name == "token", "{name}");
    }
}

#[test]
fn help_explains_every_input_but_the_secrets() {
    let output = Command::new(env!("CARGO_BIN_EXE_copilot-activity-report"))
        .arg("--help")
        .output()
        .unwrap();
    assert!(output.status.success());
    let help = String::from_utf8(output.stdout).unwrap();
    let help: Vec<&str> = help.split_whitespace().collect();
    let help = help.join(" ");
    for input in INPUTS {
        let flag = format!("--{} ", input.name);
        if input.kind == Kind::Secret {
            assert!(!help.contains(&flag), "{flag}");
        } else {
            assert!(help.contains(&flag), "{flag}");
            assert!(help.contains(input.meaning), "{flag}");
        }
    }
}

#[test]
fn the_readme_lists_the_inputs_and_outputs_of_action_yml() {
    let readme = std::fs::read_to_string("README.md").unwrap();
    let action = action();
    for input in INPUTS {
        let default = match input.default {
            Some(default) => format!("`{default}`"),
            None => String::new(),
        };
        let row = format!("| `{}` | {default} | {} |", input.name, input.meaning);
        let row = row.replace("|  |", "| |");
        assert!(readme.contains(&row), "missing in README.md: {row}");
    }
    for (name, output) in &action.outputs {
        let row = format!("| `{name}` | {} |", output.description);
        assert!(readme.contains(&row), "missing in README.md: {row}");
    }
}

#[test]
fn the_action_names_its_entrypoint_because_runners_on_kubernetes_want_it() {
    let runs = action().runs;
    assert_eq!(runs["using"], "docker");
    assert_eq!(runs["entrypoint"], "/copilot-activity-report");
    let dockerfile = std::fs::read_to_string("Dockerfile").unwrap();
    assert!(dockerfile.contains(r#"ENTRYPOINT ["/copilot-activity-report"]"#));
}
