//! `action.yml`, the README, `--help`, and the code agree about the inputs, outputs, defaults, and
//! columns.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use crate::support::{Job, github};
use copilot_activity_report::testing::{Columns, INPUTS, Kind, ScopeKind, columns};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_yaml_ng::Mapping;
use simulator::{Seats, Simulator};

#[derive(Deserialize)]
struct Action {
    inputs: Mapping,
    outputs: Mapping,
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

/// The entries of a part of `action.yml`, in their order.
fn each<T: DeserializeOwned>(part: Mapping) -> Vec<(String, T)> {
    part.into_iter()
        .map(|(name, found)| {
            let name = name.as_str().unwrap().to_owned();
            (name, serde_yaml_ng::from_value(found).unwrap())
        })
        .collect()
}

#[test]
fn action_yml_declares_the_inputs_of_the_code() {
    let declared: Vec<(String, Input)> = each(action().inputs);
    let names: Vec<&str> = declared.iter().map(|(name, _)| name.as_str()).collect();
    let known: Vec<&str> = INPUTS.iter().map(|input| input.name).collect();
    assert_eq!(names, known);
    for ((name, declared), known) in declared.iter().zip(INPUTS) {
        assert_eq!(declared.description, known.meaning, "{name}");
        assert_eq!(declared.default.as_deref(), known.default, "{name}");
        // Either `token` or an App is required, which a runner can't check.
        assert!(!declared.required, "{name}");
    }
}

#[test]
fn help_explains_every_input_except_the_secrets() {
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
            let default = match input.default {
                Some(default) => format!(" [default: {default}]"),
                None => String::new(),
            };
            let meaning = format!("{}{default}", input.meaning);
            assert!(help.contains(&meaning), "{meaning}");
        }
    }
}

/// The rows of the table below this heading of the README, without the header.
fn table(heading: &str) -> Vec<String> {
    let readme = std::fs::read_to_string("README.md").unwrap();
    let (_, section) = readme.split_once(&format!("\n## {heading}\n")).unwrap();
    let section = section.split("\n## ").next().unwrap();
    let rows = section.lines().filter(|line| line.starts_with("| "));
    rows.skip(2).map(str::to_owned).collect()
}

#[test]
fn the_readme_lists_the_inputs_and_outputs_of_action_yml_and_no_others() {
    let inputs: Vec<String> = INPUTS
        .iter()
        .map(|input| {
            let default = match input.default {
                Some(default) => format!("`{default}` "),
                None => String::new(),
            };
            format!("| `{}` | {default}| {} |", input.name, input.meaning)
        })
        .collect();
    assert_eq!(table("Inputs"), inputs);
    let outputs: Vec<String> = each(action().outputs)
        .iter()
        .map(|(name, output): &(String, Output)| format!("| `{name}` | {} |", output.description))
        .collect();
    assert_eq!(table("Outputs"), outputs);
}

#[test]
fn a_run_writes_the_outputs_of_action_yml_and_no_others() {
    let simulator = Simulator::start(github(Seats::people(3))).unwrap();
    let step = Job::on(&simulator)
        .input("deliver-to", "artifact, repository")
        .run();
    step.succeeded();
    let declared: Vec<(String, Output)> = each(action().outputs);
    let declared: BTreeSet<&String> = declared.iter().map(|(name, _)| name).collect();
    let written: BTreeSet<&String> = step.outputs.keys().collect();
    assert_eq!(written, declared);
}

#[test]
fn the_docs_show_the_columns_of_the_code() {
    let page = std::fs::read_to_string("docs/report.md").unwrap();
    let (_, example) = page.split_once("```csv\n").unwrap();
    let names = |kind| -> Vec<&str> {
        let columns = columns::of(kind, Columns::Github);
        columns.iter().map(|column| column.name).collect()
    };
    let organization = names(ScopeKind::Organization);
    assert_eq!(example.lines().next().unwrap(), organization.join(","));
    let enterprise = names(ScopeKind::Enterprise);
    let [sixth] = enterprise[organization.len()..] else {
        panic!("{enterprise:?}")
    };
    assert!(page.contains(&format!("a sixth column, `{sixth}`")));
    let table: Vec<String> = columns::GITHUB
        .iter()
        .chain(&columns::EXTRA_COLUMNS)
        .map(|column| {
            let (name, key) = (column.name, column.key());
            format!("| {name} | `{key}` | {} |", column.meaning)
        })
        .collect();
    assert!(page.contains(&table.join("\n")), "{}", table.join("\n"));
}

#[test]
fn the_schema_of_the_json_has_the_columns_of_the_code() {
    let schema = std::fs::read("docs/report.schema.json").unwrap();
    let schema: serde_json::Value = serde_json::from_slice(&schema).unwrap();
    let properties = schema["$defs"]["row"]["properties"].as_object().unwrap();
    let found: BTreeMap<String, &str> = properties
        .iter()
        .map(|(key, property)| (key.clone(), property["description"].as_str().unwrap()))
        .collect();
    let known: BTreeMap<String, &str> = columns::GITHUB
        .iter()
        .chain(&columns::EXTRA_COLUMNS)
        .map(|column| (column.key(), column.meaning))
        .collect();
    assert_eq!(found, known);
}

/// The parts of a file that follow this text, up to the next delimiter.
fn named(file: &str, before: &str, after: &str) -> String {
    let text = std::fs::read_to_string(file).unwrap();
    let found: Vec<&str> = text.split(before).skip(1).collect();
    assert_eq!(
        found.len(),
        1,
        "{file} has {before:?} more or less than once"
    );
    found[0].split(after).next().unwrap().to_owned()
}

#[test]
fn the_compiler_is_the_same_for_rustup_the_image_cargo_and_the_docs() {
    let version = named("rust-toolchain.toml", "channel = \"", "\"");
    let (minor, patch) = version.rsplit_once('.').unwrap();
    assert!(
        minor.contains('.') && patch.parse::<u32>().is_ok(),
        "{version}"
    );
    assert_eq!(
        named("Dockerfile", "FROM rust:", "-alpine@sha256:"),
        version
    );
    assert_eq!(named("Cargo.toml", "rust-version = \"", "\""), minor);
    assert_eq!(named("docs/install.md", "need Rust ", " or later"), minor);
}

#[test]
fn dependabot_updates_the_compiler_in_all_files_at_once() {
    let text = std::fs::read_to_string(".github/dependabot.yml").unwrap();
    let dependabot: Mapping = serde_yaml_ng::from_str(&text).unwrap();
    let updates = dependabot["updates"].as_sequence().unwrap();
    for ecosystem in ["docker", "rust-toolchain"] {
        let mut of = updates.iter();
        let update = of.find(|update| update["package-ecosystem"] == ecosystem);
        let update = update.unwrap();
        assert_eq!(update["multi-ecosystem-group"], "compiler", "{ecosystem}");
        // Without patterns, GitHub rejects the group.
        assert_eq!(update["patterns"][0], "*", "{ecosystem}");
    }
    assert!(dependabot["multi-ecosystem-groups"]["compiler"]["schedule"].is_mapping());
}

#[test]
fn the_action_names_its_entrypoint_for_runners_on_kubernetes() {
    let runs = action().runs;
    assert_eq!(runs["using"], "docker");
    assert_eq!(runs["entrypoint"], "/copilot-activity-report");
    let dockerfile = std::fs::read_to_string("Dockerfile").unwrap();
    assert!(dockerfile.contains(r#"ENTRYPOINT ["/copilot-activity-report"]"#));
}

#[test]
fn the_examples_name_the_line_of_the_next_release() {
    let line = concat!("v", env!("CARGO_PKG_VERSION_MAJOR"));
    let mut named = 0;
    let docs = std::fs::read_dir("docs").unwrap();
    let docs = docs
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"));
    for page in docs.chain(["README.md".into()]) {
        let text = std::fs::read_to_string(&page).unwrap();
        for (_, used) in text
            .match_indices("octocat/copilot-activity-report@")
            .map(|(at, name)| text.split_at(at + name.len()))
        {
            let version = used.split(['`', '\n', ' ']).next().unwrap();
            assert_eq!(version, line, "{}", page.display());
            named += 1;
        }
    }
    assert!(named > 10, "{named}");
}

/// The modules that each module uses, all of them above it in the list.
const DEPENDENCIES: [(&str, &[&str]); 10] = [
    ("system", &[]),
    ("report", &["system"]),
    ("history", &["report", "system"]),
    ("runner", &["report", "system"]),
    ("pages", &["history", "report", "system"]),
    ("github", &["report", "system"]),
    // The subcommands are part of the command line.
    ("inputs", &["github", "report", "runner", "system"]),
    (
        "audit",
        &["github", "history", "inputs", "pages", "report", "system"],
    ),
    (
        "commands",
        &[
            "github", "history", "inputs", "pages", "report", "runner", "system",
        ],
    ),
    (
        "run",
        &[
            "audit", "github", "history", "inputs", "pages", "report", "runner", "system",
        ],
    ),
];

#[test]
fn modules_use_only_the_modules_that_they_may_use() {
    for (place, (module, used)) in DEPENDENCIES.iter().enumerate() {
        let above: Vec<&str> = DEPENDENCIES[..place]
            .iter()
            .map(|(name, _)| *name)
            .collect();
        assert!(used.iter().all(|name| above.contains(name)), "{module}");
    }
    let dependencies = BTreeMap::from(DEPENDENCIES);
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut folders = vec![std::path::PathBuf::from("src")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let below = path.strip_prefix("src").unwrap().with_extension("");
            let module = below.iter().next().unwrap().to_str().unwrap().to_owned();
            let is_test = below.iter().any(|part| {
                ["tests", "properties", "proptests"]
                    .iter()
                    .any(|name| part == *name)
            });
            if is_test
                || ["lib", "main", "arbitrary_text", "testing", "fuzzing"]
                    .contains(&module.as_str())
            {
                continue;
            }
            assert!(
                dependencies.contains_key(&*module),
                "{} is in a new module",
                path.display()
            );
            let text = std::fs::read_to_string(&path).unwrap();
            let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
            let lines = code
                .lines()
                .filter(|line| !line.trim_start().starts_with("//"));
            for line in lines {
                let uses = line.split("crate::").skip(1).map(|used| {
                    let end = used.find(|c: char| !c.is_alphanumeric() && c != '_');
                    used[..end.unwrap_or(used.len())].to_owned()
                });
                found.entry(module.clone()).or_default().extend(uses);
            }
        }
    }
    for (module, used) in &found {
        for other in used.iter().filter(|other| *other != module) {
            assert!(
                dependencies[&**module].contains(&other.as_str()),
                "{module} uses {other}, which isn't before it"
            );
        }
    }
    assert_eq!(found.len(), dependencies.len(), "every module has code");
}
