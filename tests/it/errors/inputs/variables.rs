//! Inputs from environment variables, in a workflow and on the command line.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::process::Command;

use super::simulator;
use crate::support::{COMMIT_TOKEN, Job, OWN, TOKEN};
use copilot_activity_report::testing::{INPUTS, Kind};
use simulator::Simulator;

/// The same job on the command line, without the runner's variables.
fn command_line(simulator: &Simulator) -> Job {
    Job::on(simulator)
        .command_line(&["--organization", "acme"])
        .variable("GITHUB_TOKEN", TOKEN)
}

#[test]
fn an_input_with_underscores_is_rejected_with_the_right_spelling() {
    let simulator = simulator();
    for input in INPUTS.iter().filter(|input| input.name.contains('-')) {
        let right = format!("INPUT_{}", input.name.to_uppercase());
        let misspelled = right.replace('-', "_");
        let value = "secret-enough-to-be-masked";
        for job in [Job::on(&simulator), command_line(&simulator)] {
            let step = job.variable(&misspelled, value).run();
            let beginning = format!("  {}: ", input.name);
            step.failed(
                2,
                &[&beginning, &format!("{misspelled} isn't read"), &right],
            );
            let unmasked = step.printed().replace(&format!("::add-mask::{value}"), "");
            assert!(!unmasked.contains(value), "{unmasked}");
        }
        // On the command line, the error names a variable that a shell can set.
        let step = command_line(&simulator).variable(&misspelled, value).run();
        let way = match input.kind {
            Kind::Secret => misspelled.replace("INPUT_", "set "),
            _ => format!("use --{} instead", input.name),
        };
        step.failed(2, &[&way]);
        // Another value for the input doesn't hide the error.
        let flag = Job::on(&simulator)
            .input(input.name, "")
            .variable(&misspelled, value);
        flag.run().failed(2, &[&right]);
    }
    assert!(simulator.requests().is_empty());

    // An empty variable counts as unset.
    for empty in ["", " "] {
        let job = INPUTS.iter().fold(Job::on(&simulator), |job, input| {
            let name = input.name.to_uppercase().replace('-', "_");
            let is_other = input.name.contains('-');
            let job = if is_other {
                job.variable(&format!("INPUT_{name}"), empty)
            } else {
                job
            };
            job.input("deliver-to", "none")
        });
        job.run().succeeded();
    }
}

#[test]
fn a_variable_similar_to_an_input_is_rejected_with_a_suggestion() {
    let simulator = simulator();
    for (variable, input) in [
        ("INPUT_ORGANISATION", "organization"),
        ("INPUT_ORGANIZATIONS", "organization"),
        ("INPUT_ORGANIZATOIN", "organization"),
        ("INPUT_ENTERPRIZE", "enterprise"),
        ("INPUT_TOKENS", "token"),
        ("INPUT_COMMITTOKEN", "commit-token"),
        ("INPUT_commit-token", "commit-token"),
        ("INPUT_Summary", "summary"),
    ] {
        for job in [Job::on(&simulator), command_line(&simulator)] {
            let step = job.variable(variable, "globex").run();
            let right = format!("INPUT_{}", input.to_uppercase());
            let beginning = format!("  {input}: ");
            step.failed(2, &[&beginning, &format!("{variable} isn't read"), &right]);
        }
    }
    assert!(simulator.requests().is_empty());

    // Other programs use these variables.
    let job = [
        "INPUT_",
        "INPUT_METHOD",
        "INPUT_NAME",
        "INPUT_TO",
        "INPUTS_TOKEN",
        "INPUTRC",
    ]
    .into_iter()
    .fold(
        Job::on(&simulator).input("deliver-to", "none"),
        |job, name| job.variable(name, "globex"),
    );
    job.run().succeeded();
}

#[test]
fn a_variable_that_is_not_utf8_is_rejected_by_name() {
    let simulator = simulator();
    for (variable, message) in [
        ("INPUT_BRANCH", "branch: "),
        ("INPUT_PSEUDONYM-KEY", "pseudonym-key: "),
        ("INPUT_COMMIT_TOKEN", "commit-token: "),
        ("PSEUDONYM_KEY", "pseudonym-key: "),
        ("COPILOT_REPORT_PSEUDONYM_KEY", "pseudonym-key: "),
        ("COPILOT_REPORT_TOKEN", "token: "),
        ("GITHUB_API_URL", "GITHUB_API_URL"),
        ("GITHUB_GRAPHQL_URL", "GITHUB_GRAPHQL_URL"),
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_copilot-activity-report"))
            .args(["--organization", "acme"])
            .env_clear()
            .envs(simulator.addresses())
            .env("GITHUB_TOKEN", TOKEN)
            .env(variable, OsStr::from_bytes(b"acme-\xff-longer-than-twenty"))
            .current_dir(std::env::temp_dir())
            .output()
            .unwrap();
        let printed = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{variable}: {printed}");
        assert!(
            printed.contains(message) && printed.contains(variable),
            "{printed}"
        );
    }
    assert!(simulator.requests().is_empty());
}

/// The simulator rejects it. It's long enough for the runner to mask.
const OTHER_TOKEN: &str = "ghp_ofAnotherProgram0000000000000000004";

#[test]
fn the_commands_own_variable_for_a_secret_overrides_the_short_one() {
    let simulator = simulator();
    let job = || {
        Job::on(&simulator)
            .command_line(&["--organization", "acme", "--repository", OWN])
            .variable("COPILOT_REPORT_TOKEN", TOKEN)
            .variable("COPILOT_REPORT_COMMIT_TOKEN", COMMIT_TOKEN)
    };
    for deliver in ["none", "repository"] {
        job()
            .variable("INPUT_DELIVER-TO", deliver)
            .run()
            .succeeded();
        job()
            .variable("INPUT_DELIVER-TO", deliver)
            .variable("GITHUB_TOKEN", OTHER_TOKEN)
            .variable("COMMIT_TOKEN", OTHER_TOKEN)
            .run()
            .succeeded();
    }
    // An empty variable counts as unset. An input that the runner passes still takes precedence.
    job()
        .variable("COPILOT_REPORT_TOKEN", " ")
        .variable("GITHUB_TOKEN", TOKEN)
        .run()
        .succeeded();
    job()
        .variable("COPILOT_REPORT_TOKEN", OTHER_TOKEN)
        .variable("INPUT_TOKEN", TOKEN)
        .run()
        .succeeded();
    let step = job().variable("COPILOT_REPORT_TOKEN", "two words").run();
    step.failed(2, &["token: contains a space"]);
}

#[test]
fn a_workflow_that_sets_a_variable_of_the_command_is_referred_to_the_input() {
    let simulator = simulator();
    let key = "a key of twenty and more";
    let job = || {
        Job::on(&simulator)
            .input("deliver-to", "none")
            .variable("COPILOT_REPORT_PSEUDONYM_KEY", key)
    };
    let message = "pseudonym-key: the variable COPILOT_REPORT_PSEUDONYM_KEY isn't read. Set `pseudonym-key` under `with`";
    job().run().failed(2, &[message]);
    assert!(simulator.requests().is_empty());
    // A workflow can use the variable to set the input.
    job().input("pseudonym-key", key).run().succeeded();
}
