//! Every environment variable that the action reads, with any value. The process exits with status
//! 0, 1, or 2, doesn't panic, and prints no secrets.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::process::{Command, Stdio};

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use copilot_activity_report::testing::INPUTS;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed};
use simulator::{Seats, Simulator, scheduled_run};
use tempfile::TempDir;

use crate::support::network::unused_authority;
use crate::support::{COMMIT_TOKEN, OWN, TOKEN, github};

/// Variables whose values must not be printed.
const SECRETS: [&str; 17] = [
    "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
    "ACTIONS_RUNTIME_TOKEN",
    "APP_PRIVATE_KEY",
    "COMMIT_TOKEN",
    "COPILOT_REPORT_APP_PRIVATE_KEY",
    "COPILOT_REPORT_COMMIT_TOKEN",
    "COPILOT_REPORT_PSEUDONYM_KEY",
    "COPILOT_REPORT_TOKEN",
    "GITHUB_TOKEN",
    "INPUT_APP-PRIVATE-KEY",
    "INPUT_APP_PRIVATE_KEY",
    "INPUT_COMMIT-TOKEN",
    "INPUT_COMMIT_TOKEN",
    "INPUT_PSEUDONYM-KEY",
    "INPUT_PSEUDONYM_KEY",
    "INPUT_TOKEN",
    "PSEUDONYM_KEY",
];

/// Variables of the runner, the system, and a shell.
const OTHERS: [&str; 36] = [
    "ACTIONS_RESULTS_URL",
    "ALL_PROXY",
    "CI",
    "GITHUB_ACTIONS",
    "GITHUB_ACTOR",
    "GITHUB_API_URL",
    "GITHUB_EVENT_NAME",
    "GITHUB_GRAPHQL_URL",
    "GITHUB_OUTPUT",
    "GITHUB_REPOSITORY",
    "GITHUB_REPOSITORY_OWNER",
    "GITHUB_RETENTION_DAYS",
    "GITHUB_RUN_ATTEMPT",
    "GITHUB_RUN_ID",
    "GITHUB_SERVER_URL",
    "GITHUB_STEP_SUMMARY",
    "GITHUB_WORKFLOW",
    "GITHUB_WORKSPACE",
    "HOME",
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "INPUT_",
    "INPUT_ORGANISATION",
    "LANG",
    "NO_COLOR",
    "NO_PROXY",
    "RUNNER_DEBUG",
    "RUNNER_TEMP",
    "RUST_BACKTRACE",
    "SSL_CERT_DIR",
    "SSL_CERT_FILE",
    "TERM",
    "TMPDIR",
    "all_proxy",
    "http_proxy",
    "https_proxy",
];

/// The commands to start. The folder of the last two contains a file to import, and nothing to
/// verify.
const COMMANDS: [&[&str]; 6] = [
    &[],
    &["--organization", "acme"],
    &["--help"],
    &["pseudonym", "octocat"],
    &["verify", "."],
    &["import", ".", "--organization", "acme"],
];

const DOWNLOAD: &str = "Report Time,Login,Last Authenticated At,Last Activity At,Last Surface Used\n2026-03-28T06:54:33Z,octocat,None,None,None\n";

/// Almost valid and invalid values. None is the URL of another machine.
fn values() -> Vec<OsString> {
    let nested = (0..40).fold(String::from("''"), |text, _| BASE64_STANDARD.encode(text));
    let deep = BASE64_URL_SAFE_NO_PAD.encode("[".repeat(50_000));
    let texts = [
        "'",
        "\"",
        "''",
        "\"\"",
        "'\"'\"",
        "\\n",
        "\\r\\n\\n",
        "'\\n'",
        "-----",
        "----------",
        "-----BEGIN",
        "-----BEGIN-----END-----",
        "-----BEGIN RSA PRIVATE KEY-----\n-----END RSA PRIVATE KEY-----",
        "-----BEGIN RSA PRIVATE KEY-----\\nAAAA\\n-----END RSA PRIVATE KEY-----\\n",
        "=",
        "AAAA",
        "\u{feff}",
        "\u{202e}\u{200b}",
        "ä\u{1f980}",
        "..",
        "/",
        "/dev/null",
        "/dev/full",
        "/dev/zero",
        "@",
        "%",
        "%00%ff",
        "://",
        "://@",
        "a:b@c:d@:99999",
        "http://",
        "http://[",
        "http://:@:0",
        "http://127.0.0.1:1",
        "0",
        "-1",
        "18446744073709551616",
        "1e999",
        "true",
        "{",
        "{a",
        "*",
        "!",
        "a..b",
        "a.e30.c",
    ];
    let long = ["a".repeat(130_000), "'".repeat(130_000), nested];
    let longer = [format!("a.{deep}.c"), ",".repeat(100_000)];
    texts
        .into_iter()
        .map(OsString::from)
        .chain(long.into_iter().chain(longer).map(OsString::from))
        .chain([OsString::from_vec(b"ghp_\xff\xfe".into())])
        // The system limits the length of a variable.
        .map(|value| OsString::from_vec(value.into_vec().into_iter().take(130_000).collect()))
        .collect()
}

/// Every variable, spelled as the runner does for an input, and as a shell can set it.
fn variables() -> Vec<String> {
    let inputs = INPUTS.iter().flat_map(|input| {
        let name = format!("INPUT_{}", input.name.to_uppercase());
        [name.replace('-', "_"), name]
    });
    let mut variables: Vec<String> = inputs
        .chain(SECRETS.map(str::to_owned))
        .chain(OTHERS.map(str::to_owned))
        .collect();
    variables.sort();
    variables.dedup();
    variables
}

/// Runs the command in a workflow or from the command line with some variables changed, and checks
/// how it ends.
fn assert_ends_normally(
    simulator: &Simulator,
    in_actions: bool,
    arguments: &[&str],
    values: &[(String, OsString)],
) -> Result<(), TestCaseError> {
    let folder = TempDir::new().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    std::fs::write(path("download.csv"), DOWNLOAD).unwrap();
    std::fs::write(path("authority.pem"), unused_authority()).unwrap();
    // Ends a process that hangs. With a full path, it starts without a fork of this process.
    let mut command = Command::new("/usr/bin/timeout");
    command
        .args(["--signal=KILL", "120"])
        .arg(env!("CARGO_BIN_EXE_copilot-activity-report"))
        .args(arguments)
        .env_clear()
        .current_dir(folder.path())
        .stdin(Stdio::null());
    if in_actions {
        command
            .envs(scheduled_run(OWN))
            .env("GITHUB_REPOSITORY_OWNER", "acme")
            .env("GITHUB_WORKSPACE", folder.path())
            .env("GITHUB_OUTPUT", path("output"))
            .env("GITHUB_STEP_SUMMARY", path("summary"))
            .env("INPUT_TOKEN", TOKEN)
            .env("INPUT_COMMIT-TOKEN", COMMIT_TOKEN);
    } else {
        command.env("GITHUB_TOKEN", TOKEN);
    }
    command
        .envs(simulator.addresses())
        .env("PSEUDONYM_KEY", "a key of twenty and more")
        .env("TMPDIR", folder.path())
        .env("NO_PROXY", "127.0.0.1")
        .env("TEST_WAIT_SCALE", "0.001");
    if arguments.first() == Some(&"import") {
        command.env_remove("PSEUDONYM_KEY");
    }
    // Some values of this variable leave the action without certificate authorities.
    if !values.iter().any(|(name, _)| name == "SSL_CERT_DIR") {
        command.env("SSL_CERT_FILE", path("authority.pem"));
    }
    for (name, value) in values {
        command.env(name, value);
    }
    let output = command.output().unwrap();
    let printed = [output.stdout, output.stderr]
        .map(|bytes| String::from_utf8(bytes).unwrap())
        .concat();
    let shown = || {
        let short = |value: &OsString| format!("{value:?}").chars().take(300).collect::<String>();
        let values: Vec<_> = values
            .iter()
            .map(|(name, value)| (name, short(value)))
            .collect();
        let printed: String = printed.chars().take(2_000).collect();
        format!(
            "{arguments:?} in_actions={in_actions} {values:?}: {}\n{printed}",
            output.status
        )
    };
    prop_assert!(
        matches!(output.status.code(), Some(0..=2)),
        "ended otherwise: {}",
        shown()
    );
    prop_assert!(
        !printed.contains("panicked") && !printed.contains("overflowed"),
        "panicked: {}",
        shown()
    );
    let unmasked: Vec<&str> = printed
        .lines()
        .filter(|line| !line.starts_with("::add-mask::"))
        .collect();
    let unmasked = unmasked.join("\n");
    let secrets = values
        .iter()
        .filter(|(name, _)| SECRETS.contains(&name.as_str()))
        .filter_map(|(_, value)| value.to_str());
    for secret in secrets.flat_map(str::lines).map(str::trim) {
        // Shorter or more common texts would appear in any output.
        let is_specific = secret.len() >= 6 && !secret.starts_with("-----");
        let is_shown = is_specific && unmasked.contains(secret);
        prop_assert!(!is_shown, "a secret is shown: {}", shown());
    }
    Ok(())
}

#[test]
fn no_value_of_a_secret_crashes_any_command() {
    let simulator = Simulator::start(github(Seats::people(1))).unwrap();
    let values = values();
    for (number, value) in values.iter().enumerate() {
        for (place, name) in SECRETS.into_iter().enumerate() {
            // Each value is tried for each secret in one of the commands, and each command gets all
            // values.
            let command = COMMANDS[(number + place) % COMMANDS.len()];
            let values = [(name.to_owned(), value.clone())];
            assert_ends_normally(&simulator, (number + place / 6) % 2 == 0, command, &values)
                .unwrap();
        }
    }
}

#[test]
fn no_value_of_a_variable_crashes_the_process() {
    let simulator = Simulator::start(github(Seats::people(1))).unwrap();
    let values = values();
    for (place, name) in variables().into_iter().enumerate() {
        // Each variable gets a twelfth of the values, and each value goes to a twelfth of the
        // variables. Most of these runs do all of their work.
        for value in values.iter().skip(place % 12).step_by(12) {
            let values = [(name.clone(), value.clone())];
            assert_ends_normally(&simulator, true, COMMANDS[0], &values).unwrap();
        }
    }
}

/// A text made of parts with a special meaning.
fn value() -> impl Strategy<Value = OsString> {
    let known: Vec<OsString> = values()
        .into_iter()
        .filter(|value| value.len() < 100)
        .collect();
    let part = prop_oneof![
        4 => prop::sample::select(known).prop_map(OsString::into_vec),
        2 => "[a-zA-Z0-9]{1,8}".prop_map(String::into_bytes),
        1 => any::<char>().prop_map(|c| c.to_string().into_bytes()),
        1 => prop::collection::vec(1_u8.., 1..4),
    ];
    prop::collection::vec(part, 0..5).prop_map(|parts| {
        // Environment variables can't contain a null byte.
        let bytes = parts.concat().into_iter().filter(|byte| *byte != 0);
        OsString::from_vec(bytes.collect())
    })
}

/// Whether the variable could send requests to another machine.
fn leads_elsewhere(name: &str, value: &OsStr) -> bool {
    let leads = ["_URL", "_PROXY", "_proxy"];
    leads.iter().any(|end| name.ends_with(end))
        && !value.as_bytes().starts_with(b"http://127.0.0.1:1")
}

proptest! {
    #![proptest_config(Config {
        cases: 100,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(1),
        max_shrink_iters: 50,
        ..Config::default()
    })]

    #[test]
    fn no_combination_of_variables_crashes_the_process_or_shows_a_secret(
        in_actions in any::<bool>(),
        command in prop::sample::select(&COMMANDS[..]),
        values in prop::collection::vec((prop::sample::select(variables()), value()), 1..4),
    ) {
        thread_local! {
            static SIMULATOR: Simulator = Simulator::start(github(Seats::people(1))).unwrap();
        }
        let values: Vec<_> = values.into_iter().filter(|(name, value)| !leads_elsewhere(name, value)).collect();
        SIMULATOR.with(|simulator| assert_ends_normally(simulator, in_actions, command, &values))?;
    }
}
