//! The command line: a flag for every input but the secrets.

use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use clap::{Arg, Command, value_parser};

use super::table::{INPUTS, Kind};
use crate::archive::{import, verify};
use crate::github::names::{NameError, RepositoryPath};
use crate::report::scope::{Scope, ScopeKind};

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
            "Environment:\n  GITHUB_TOKEN         reads the report when started by hand\n  COMMIT_TOKEN         writes to the repository when started by hand\n  GITHUB_API_URL       GitHub's API, for GitHub with data residency\n  HTTPS_PROXY, NO_PROXY, SSL_CERT_FILE\n\nExit status:\n  0  all was done\n  1  something was not done; the messages say what was delivered\n  2  the inputs cannot be used; nothing was sent\n\nExamples:\n  GITHUB_TOKEN=… copilot-activity-report --organization acme\n  copilot-activity-report verify copilot-activity\n  copilot-activity-report import ~/Downloads/reports --scope acme",
        )
        .args_conflicts_with_subcommands(true)
        .disable_help_subcommand(true)
        .subcommand(verify())
        .subcommand(import());
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

fn verify() -> Command {
    Command::new(verify::COMMAND)
        .about("Holds the recorded histories in a clone against their manifests")
        .long_about(
            "Holds the recorded histories in a clone against their manifests, and names each file that was altered, is missing or does not follow. Needs no network, no token and no git; a shallow clone has all that it needs.\n\nIt finds accidents and careless edits. Whoever may write everything can write manifests that fit, too.",
        )
        .after_help(
            "Exit status:\n  0  all is as the manifests say\n  1  something is not\n  2  there is nothing to verify",
        )
        .arg(folder(
            "A clone, or a folder in it; every history below it is verified",
        ))
}

fn import() -> Command {
    Command::new(import::COMMAND)
        .about("Begins a history from reports that were downloaded by hand")
        .long_about(
            "Begins the history of an organization or enterprise from reports that were downloaded by hand in the past. Start it at the top of a clone that has no history of that scope yet; commit what it makes, and the next run of the action continues from it.\n\nAll files are looked at first. Where one of them cannot be used each such file is named, and nothing is written.",
        )
        .after_help(
            "Exit status:\n  0  the history is made\n  1  it is not, and nothing was written\n  2  the arguments cannot be used",
        )
        .arg(folder(
            "The folder of the downloaded files; those that end in .csv are imported",
        ))
        .arg(
            Arg::new("scope")
                .long("scope")
                .value_name("NAME")
                .required(true)
                .value_parser(scope)
                .help("The organization's login or the enterprise's slug"),
        )
        .arg(
            Arg::new("kind")
                .long("kind")
                .value_name("KIND")
                .value_parser(kind())
                .help("What it is. Without it: an enterprise where a file has six columns"),
        )
        .arg(
            Arg::new("directory")
                .long("directory")
                .value_name("PATH")
                .default_value("copilot-activity")
                .value_parser(directory)
                .help("The action's input of this name"),
        )
        .arg(
            Arg::new("inactive-after-days")
                .long("inactive-after-days")
                .value_name("DAYS")
                .default_value("30")
                .value_parser(value_parser!(u16).range(1..))
                .help("The action's input of this name"),
        )
}

fn folder(help: &'static str) -> Arg {
    Arg::new("DIR")
        .required(true)
        .value_parser(value_parser!(PathBuf))
        .help(help)
}

/// A scope's name means the same for both kinds.
fn scope(name: &str) -> Result<String, String> {
    match Scope::new(ScopeKind::Organization, name) {
        Ok(scope) => Ok(scope.name().to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

fn kind() -> impl clap::builder::TypedValueParser<Value = ScopeKind> {
    PossibleValuesParser::new(["organization", "enterprise"]).map(|kind| match &*kind {
        "enterprise" => ScopeKind::Enterprise,
        _ => ScopeKind::Organization,
    })
}

fn directory(path: &str) -> Result<RepositoryPath, NameError> {
    let path = RepositoryPath::parse(path)?;
    // Only with a name below it is it sure that no file lands among the workflows.
    path.join("scope/latest.csv").map(|_| path)
}

fn help(meaning: &str, default: Option<&str>) -> String {
    match default {
        Some(default) => format!("{meaning} [default: {default}]"),
        None => meaning.to_owned(),
    }
}
