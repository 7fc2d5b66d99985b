//! The command line: a flag for every input but the secrets.

use clap::{Arg, Command};

use super::table::{INPUTS, Kind};

/// The command, made from the table of inputs.
#[must_use]
pub fn command() -> Command {
    let mut command = Command::new(env!("CARGO_PKG_NAME"))
        .version(env!("CARGO_PKG_VERSION"))
        .about("Takes GitHub's Copilot activity report and delivers it.")
        .long_about(
            "Takes GitHub's Copilot activity report of organizations or an enterprise: who holds a Copilot seat, and when they last used it. Writes it in GitHub's own form, and delivers it as a workflow artifact, as a commit, or both.\n\nIn a workflow every option is an input of the same name. Started by hand it writes the files and delivers nowhere, unless told to.",
        )
        .after_help(
            "Environment:\n  GITHUB_TOKEN         reads the report when started by hand\n  COMMIT_TOKEN         writes to the repository when started by hand\n  APP_PRIVATE_KEY      the key of the App in --app-client-id, which then reads the report\n  GITHUB_API_URL       GitHub's API, for GitHub with data residency\n  HTTPS_PROXY, NO_PROXY, SSL_CERT_FILE\n\nExit status:\n  0  all was done\n  1  something was not done; the messages say what was delivered\n  2  the inputs cannot be used; nothing was sent\n\nExample:\n  GITHUB_TOKEN=… copilot-activity-report --organization acme",
        );
    for input in INPUTS {
        let arg = Arg::new(input.name)
            .long(input.name)
            .help(help(input.meaning, input.default));
        command = match input.kind {
            Kind::Secret => command,
            Kind::Text => command.arg(arg.value_name("VALUE")),
            Kind::Switch => command.arg(
                arg.value_name("true|false")
                    .num_args(0..=1)
                    .default_missing_value("true"),
            ),
        };
    }
    command
}

fn help(meaning: &str, default: Option<&str>) -> String {
    match default {
        Some(default) => format!("{meaning} [default: {default}]"),
        None => meaning.to_owned(),
    }
}
