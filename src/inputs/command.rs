//! The command line: a flag for every input but the secrets.

use std::path::PathBuf;

use clap::{Arg, ArgGroup, Command, value_parser};
use jiff::civil::Date;

use super::table::{INPUTS, Kind, default};
use crate::commands::{import, pseudonym, rebuild, verify};
use crate::github::names::{NameError, RepositoryPath};
use crate::report::scope::{Scope, ScopeKind};

/// The inputs with which a group of the help begins; those that follow belong to it.
const HEADINGS: [(&str, &str); 5] = [
    ("organization", "Whose report"),
    ("deliver-to", "Where it goes, and in which form"),
    ("artifact-name", "As a workflow artifact"),
    ("repository", "As a commit"),
    ("allow-public", "Rules and limits"),
];

/// The group of what no workflow has.
const BY_HAND: &str = "By hand";

const AFTER_HELP: &str = "\
Examples:
  The token is read from GITHUB_TOKEN. It must be of an owner, with the scope
  `manage_billing:copilot` or `read:org`.

  Files in the folder copilot-activity-report, with a manifest that proves them:
    copilot-activity-report --organization acme

  The report alone, to a file or to another program:
    copilot-activity-report --organization acme > report.csv
    copilot-activity-report --organization acme --output report.csv
    copilot-activity-report --organization acme --format json | jq '.rows[].login'

  Who never used their seat:
    copilot-activity-report --organization acme --format json --columns all |
      jq -r '.rows[] | select(.status == \"never used\") | .login'

  A commit to a repository, with COMMIT_TOKEN:
    copilot-activity-report --organization acme \\
      --deliver-to repository --repository acme/copilot-audit

  Whether the histories in a clone are whole, computing damaged files of one
  again, and beginning one from old files:
    copilot-activity-report verify copilot-activity
    copilot-activity-report rebuild copilot-activity/acme
    copilot-activity-report import ~/Downloads/reports --organization acme

Environment:
  GITHUB_TOKEN           reads the report when started by hand
  APP_PRIVATE_KEY        the key of the App in --app-client-id, which then
                         reads the report
  COMMIT_TOKEN           writes to the repository when started by hand
  PSEUDONYM_KEY          the secret by which people get pseudonyms
  COPILOT_REPORT_TOKEN, COPILOT_REPORT_APP_PRIVATE_KEY,
  COPILOT_REPORT_COMMIT_TOKEN, COPILOT_REPORT_PSEUDONYM_KEY
                         the same four, in a shell where other programs use
                         the short names; if both are set, these count
  GITHUB_API_URL         GitHub's API, for GitHub with data residency:
                         https://api.SUBDOMAIN.ghe.com
  HTTPS_PROXY, NO_PROXY  the proxy to use, and for which hosts not to
  SSL_CERT_FILE          certificate authorities to trust, as PEM
  NO_COLOR               no colours
  RUNNER_DEBUG           with 1, each request is told

Exit status:
  0  all was done
  1  something was not done; the messages say what was delivered
  2  the inputs cannot be used; nothing was sent

Messages go to standard error, the report never mixes with them.";

/// The command, made from the table of inputs.
pub(crate) fn command() -> Command {
    let mut command = Command::new(env!("CARGO_PKG_NAME"))
        .version(env!("CARGO_PKG_VERSION"))
        .about("Takes GitHub's Copilot activity report and delivers it.")
        .long_about(
            "Takes GitHub's Copilot activity report of organizations or an enterprise: who holds a Copilot seat, and when they last used it. Writes it in GitHub's own form, and delivers it as a workflow artifact, as a commit, or both.\n\nIn a workflow every option but `--output` is an input of the same name. Started by hand it delivers nowhere unless told to, and writes files, or the report alone where its output is piped.",
        )
        .after_help(AFTER_HELP)
        .args_conflicts_with_subcommands(true)
        .disable_help_subcommand(true)
        .subcommand(verify())
        .subcommand(rebuild())
        .subcommand(import())
        .subcommand(pseudonym());
    let mut heading = "Options";
    for input in INPUTS {
        if let Some((_, begun)) = HEADINGS.iter().find(|(first, _)| *first == input.name) {
            heading = begun;
        }
        let arg = Arg::new(input.name)
            .long(input.name)
            .help(help(input.meaning, input.default))
            .help_heading(heading);
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
    command.arg(
        Arg::new("output")
            .long("output")
            .value_name("FILE")
            .help("By hand only: the file that takes the report, without a manifest; `-` is standard output. Without it: standard output where that is piped or redirected and neither `--output-directory` nor a delivery is asked for, else files in `--output-directory`.")
            .help_heading(BY_HAND),
    )
}

fn verify() -> Command {
    Command::new(verify::COMMAND)
        .about("Holds the recorded histories in a clone against their manifests")
        .long_about(
            "Holds the recorded histories in a clone against their manifests, and names each file that was altered, is missing or does not follow. Needs no network, no token and no git; a shallow clone has all that it needs.\n\nIt finds accidents and careless edits. Whoever may write everything can write manifests that fit, too.",
        )
        .after_help(
            "Exit status:\n  0  all is as the manifests say\n  1  something is not\n  2  there is nothing to verify, or the arguments cannot be used",
        )
        .arg(folder(
            "A clone, or a folder in it; every history below it is verified",
        ))
        .arg(
            Arg::new(verify::SINCE)
                .long(verify::SINCE)
                .value_name("DAY")
                .value_parser(day)
                .help("The first day to look at, such as 2026-11-22. Nothing before it is: for a history whose older days were removed or altered on purpose"),
        )
}

fn pseudonym() -> Command {
    Command::new(pseudonym::COMMAND)
        .about("Tells a person's pseudonym to whoever holds the key")
        .long_about(
            "Tells a person's pseudonym to whoever holds the key, which is read from PSEUDONYM_KEY. Of a login GitHub is asked for the number, with GITHUB_TOKEN; a number needs neither. A login that looks like a number is written with an @ before it.",
        )
        .after_help(
            "Exit status:\n  0  it was told\n  1  GitHub did not say the number\n  2  the argument or the key cannot be used",
        )
        .arg(
            Arg::new("LOGIN-OR-ID")
                .required(true)
                .help("The person's login, or GitHub's number for them"),
        )
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
            "The folder of the downloaded files; those that end in .csv are imported, also the action's own",
        ))
        .arg(
            Arg::new("organization")
                .long("organization")
                .value_name("LOGIN")
                .value_parser(|name: &str| Scope::new(ScopeKind::Organization, name))
                .help("The organization that the reports are about"),
        )
        .arg(
            Arg::new("enterprise")
                .long("enterprise")
                .value_name("SLUG")
                .value_parser(|name: &str| Scope::new(ScopeKind::Enterprise, name))
                .help("The enterprise that the reports are about"),
        )
        .group(
            ArgGroup::new(import::SCOPE)
                .args(["organization", "enterprise"])
                .required(true),
        )
        .arg(
            Arg::new("directory")
                .long("directory")
                .value_name("PATH")
                .default_value(default("directory"))
                .value_parser(directory)
                .help("The action's input of this name"),
        )
        .arg(inactive_after_days())
}

fn inactive_after_days() -> Arg {
    Arg::new("inactive-after-days")
        .long("inactive-after-days")
        .value_name("DAYS")
        .default_value(default("inactive-after-days"))
        .value_parser(value_parser!(u16).range(1..))
        .help("The action's input of this name")
}

fn rebuild() -> Command {
    Command::new(rebuild::COMMAND)
        .about("Computes damaged files of a history again, from its reports")
        .long_about(
            "Computes files of a history again that were damaged or lost: people.csv, totals.csv, changes/, and what follows from them. Reports say who held a seat and what they did. They don't say user IDs, teams, plans, grants, and cancellations, so every line that can still be read stays, and only what's missing is added. Files that are whole aren't touched, and neither are reports and manifests, except that the newest manifest gets the hashes of the new files. Needs no network, no token, and no Git.\n\nIf the file is undamaged in an older commit and nothing was recorded since, take it from there instead: it says more than the reports.",
        )
        .after_help(
            "Exit status:\n  0  the history is rebuilt, or nothing was damaged\n  1  it isn't, and nothing was written\n  2  the folder isn't a history, or the arguments can't be used",
        )
        .arg(folder(
            "The folder of an organization or enterprise in a clone, such as copilot-activity/acme",
        ))
        .arg(inactive_after_days())
}

fn folder(help: &'static str) -> Arg {
    Arg::new("DIR")
        .required(true)
        .value_parser(value_parser!(PathBuf))
        .help(help)
}

/// A day has one form only, that of the reports' names.
fn day(text: &str) -> Result<Date, String> {
    let day = text.parse().ok();
    day.filter(|day: &Date| day.to_string() == text)
        .ok_or_else(|| "a day is written as 2026-11-22".to_owned())
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
