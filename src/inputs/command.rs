//! The command line: a flag for every input except the secrets.

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::{Arg, ArgGroup, Command, value_parser};
use jiff::civil::Date;

use super::table::{INPUTS, Kind, default};
use crate::commands::{import, pseudonym, rebuild, verify};
use crate::github::names::{NameError, RepositoryPath};
use crate::report::scope::{Scope, ScopeKind};

/// A flag in the help: its name, the name of its value, and its description for `-h`.
type Flag = (&'static str, &'static str, &'static str);

/// All flags, in groups.
const GROUPS: [(&str, &[Flag]); 5] = [
    (
        "Report",
        &[
            ("organization", "ORG,...", "Organizations to report on"),
            ("enterprise", "SLUG", "Enterprise to report on instead"),
            ("app-client-id", "ID", "GitHub App that reads the report"),
        ],
    ),
    (
        "Output",
        &[
            ("deliver-to", "WHERE", "artifact, repository, or none"),
            ("format", "FORMAT", "csv, json, and html"),
            ("columns", "COLUMNS", "github or all"),
            ("output-directory", "DIR", "Directory for the files"),
            ("output", "FILE", "File for the report, or - for stdout"),
        ],
    ),
    (
        "Workflow artifact",
        &[
            ("artifact-name", "NAME", "Name of the artifact"),
            (
                "artifact-retention-days",
                "DAYS",
                "How long GitHub keeps it",
            ),
        ],
    ),
    (
        "Commit",
        &[
            ("repository", "OWNER/NAME", "Repository to commit to"),
            ("branch", "BRANCH", "Branch to commit to"),
            ("pull-request", "true|false", "Open a pull request instead"),
            ("directory", "DIR", "Folder in the repository"),
            ("commit-message", "TEXT", "Commit message"),
        ],
    ),
    (
        "Rules and limits",
        &[
            ("allow-public", "true|false", "Allow public repositories"),
            (
                "inactive-after-days",
                "DAYS",
                "When people count as inactive",
            ),
            ("max-inactive", "N|N%", "Fail if more people are inactive"),
            (
                "require-complete",
                "true|false",
                "Fail if seats may be missing",
            ),
            (
                "max-wait-minutes",
                "MINUTES",
                "Longest wait for rate limits",
            ),
            ("summary", "true|false", "Write a job summary"),
        ],
    ),
];

/// Which description of a flag to show.
#[derive(Clone, Copy)]
enum Detail {
    /// For `-h`.
    Short,
    /// For `--help`.
    Full,
}

/// The maximum line width of the help.
const WIDTH: usize = 80;

/// The column where the descriptions of the flags start.
const COLUMN: usize = 36;

/// The description of `--output`, which workflows don't have.
const OUTPUT: &str = "File for the report alone, or `-` for standard output. Command line only. Default: `-` if output is redirected and you set no delivery or directory.";

// clap renders a blank line after each flag of `--help`, so the help lists the flags itself.
const TEMPLATE: &str = "{about}\n\n{usage-heading} {usage}{after-help}";

const OTHER_FLAGS: &str = "
Other:
  -h, --help     Print help (`-h`: summary)
  -V, --version  Print the version
";

const AFTER_SHORT_HELP: &str = "
For defaults, environment variables, and examples, use --help.";

const AFTER_FULL_HELP: &str = "
In a workflow, every option except --output is an input with the same name.
From the command line, the default of --deliver-to is `none`.

Environment variables:
  GITHUB_TOKEN           Owner's token (manage_billing:copilot or read:org)
  APP_PRIVATE_KEY        Private key of the App in --app-client-id
  COMMIT_TOKEN           Token with write access to the repository
  PSEUDONYM_KEY          Key to replace logins and user IDs with pseudonyms
  COPILOT_REPORT_TOKEN, COPILOT_REPORT_APP_PRIVATE_KEY, ...
                         Override the four above
  GITHUB_API_URL         API of GHE.com: https://api.SUBDOMAIN.ghe.com
  HTTPS_PROXY, NO_PROXY  Proxy to use, and hosts to reach without it
  SSL_CERT_FILE          CA certificates to trust, in PEM format
  NO_COLOR               Set to any value to turn off colors
  RUNNER_DEBUG           Set to 1 to log each request

Exit status: 0 success, 1 failure (the messages list what was delivered),
2 invalid inputs (nothing was sent).

Examples:
  copilot-activity-report --organization acme > report.csv
  copilot-activity-report --organization acme --format json | jq '.rows[].login'
  copilot-activity-report --organization acme \\
    --deliver-to repository --repository acme/copilot-audit";

/// Creates the command from the table of inputs.
pub(crate) fn command() -> Command {
    let subcommands = [verify(), rebuild(), import(), pseudonym()];
    let mut command = Command::new(env!("CARGO_PKG_NAME"))
        .version(env!("CARGO_PKG_VERSION"))
        .about("Downloads GitHub's Copilot activity report for your organizations or enterprise, and saves it as files, as a workflow artifact, or as a commit.")
        .help_template(TEMPLATE)
        .after_help(help(&subcommands, Detail::Short))
        .after_long_help(help(&subcommands, Detail::Full))
        .args_conflicts_with_subcommands(true)
        .disable_help_subcommand(true)
        .subcommands(subcommands);
    for (name, value, _) in GROUPS.iter().flat_map(|(_, flags)| *flags) {
        let arg = Arg::new(*name).long(*name).value_name(*value);
        command = command.arg(if is_switch(name) {
            arg.num_args(0..=1).default_missing_value("true")
        } else {
            arg
        });
    }
    command
}

fn is_switch(name: &str) -> bool {
    let input = INPUTS.iter().find(|input| input.name == name);
    input.is_some_and(|input| input.kind == Kind::Switch)
}

/// Returns the help below the usage.
fn help(subcommands: &[Command], detail: Detail) -> String {
    let mut help = String::from("Commands:\n");
    for command in subcommands {
        let about = command.get_about().map(ToString::to_string);
        let about = about.unwrap_or_default();
        let _ = writeln!(help, "  {:<9}  {about}", command.get_name());
    }
    for (heading, flags) in GROUPS {
        let _ = write!(help, "\n{heading}:\n");
        for (name, value, gist) in flags {
            let flag = if is_switch(name) {
                format!("  --{name} [{value}]")
            } else {
                format!("  --{name} <{value}>")
            };
            let meaning = match detail {
                Detail::Short => (*gist).to_owned(),
                Detail::Full => meaning(name),
            };
            let _ = writeln!(help, "{flag:COLUMN$}{meaning}");
        }
    }
    help.push_str(OTHER_FLAGS);
    help.push_str(match detail {
        Detail::Short => AFTER_SHORT_HELP,
        Detail::Full => AFTER_FULL_HELP,
    });
    help
}

/// Returns the full description of a flag with its default.
fn meaning(name: &str) -> String {
    let input = INPUTS.iter().find(|input| input.name == name);
    let mut meaning = input.map_or(OUTPUT, |input| input.meaning).to_owned();
    if let Some(default) = default(name) {
        // People search for a short default together with its label.
        let _ = write!(meaning, " [default:\u{a0}{default}]");
    }
    let mut lines = String::new();
    let mut width = COLUMN;
    for word in meaning.split(' ') {
        let length = word.chars().count();
        if lines.is_empty() {
            width += length;
        } else if width + 1 + length > WIDTH {
            let _ = write!(lines, "\n{:COLUMN$}", "");
            width = COLUMN + length;
        } else {
            lines.push(' ');
            width += 1 + length;
        }
        lines.push_str(word);
    }
    lines.replace('\u{a0}', " ")
}

fn verify() -> Command {
    Command::new(verify::COMMAND)
        .about("Verify a recorded history")
        .long_about(
            "Verifies the recorded histories in a clone against their manifests, and lists each file that was changed, is missing, or is out of order. Works offline, without a token and without Git. A shallow clone is enough.\n\nThis finds accidents and careless edits. Anyone with write access to all files can also write manifests that match.",
        )
        .after_help(
            "Exit status:\n  0  Verification passed\n  1  Verification failed\n  2  Nothing to verify, or invalid arguments",
        )
        .arg(folder(
            "Clone, or a directory in it. Every history in it is verified",
        ))
        .arg(
            Arg::new(verify::SINCE)
                .long(verify::SINCE)
                .value_name("DAY")
                .value_parser(day)
                .help("First day to verify, such as 2026-11-22. Use it if older days were removed or changed on purpose"),
        )
}

fn pseudonym() -> Command {
    Command::new(pseudonym::COMMAND)
        .about("Look up a person's pseudonym")
        .long_about(
            "Looks up a person's pseudonym with the key in PSEUDONYM_KEY. For a login, the command gets the user ID from GitHub, with the token in GITHUB_TOKEN. For a user ID, it needs neither GitHub nor a token. If a login looks like a number, put an @ in front of it.",
        )
        .after_help(
            "Exit status:\n  0  The pseudonym was printed\n  1  GitHub didn't return the user ID\n  2  Invalid argument or key",
        )
        .arg(
            Arg::new("LOGIN-OR-ID")
                .required(true)
                .help("The person's login or user ID"),
        )
}

fn import() -> Command {
    Command::new(import::COMMAND)
        .about("Import reports that you downloaded from GitHub")
        .long_about(
            "Creates the history of an organization or enterprise from reports that you downloaded in the past. Run it at the top of a clone that has no history of that organization or enterprise yet. Then commit the new files. The next run of the action continues the history.\n\nThe command checks all files first. If it can't use some of them, it lists each one and writes nothing.",
        )
        .after_help(
            "Exit status:\n  0  The history was created\n  1  Failure. Nothing was written\n  2  Invalid arguments",
        )
        .arg(folder(
            "Directory of the downloaded files. Files that end in .csv are imported, including those of this action",
        ))
        .arg(
            Arg::new("organization")
                .long("organization")
                .value_name("ORG")
                .value_parser(|name: &str| Scope::new(ScopeKind::Organization, name))
                .help("Organization that the reports are about"),
        )
        .arg(
            Arg::new("enterprise")
                .long("enterprise")
                .value_name("SLUG")
                .value_parser(|name: &str| Scope::new(ScopeKind::Enterprise, name))
                .help("Enterprise that the reports are about"),
        )
        .group(
            ArgGroup::new(import::SCOPE)
                .args(["organization", "enterprise"])
                .required(true),
        )
        .arg(
            Arg::new("directory")
                .long("directory")
                .value_name("DIR")
                .default_value(default("directory"))
                .value_parser(directory)
                .help("Folder in the repository, as in the action's `directory` input"),
        )
        .arg(inactive_after_days())
}

fn inactive_after_days() -> Arg {
    Arg::new("inactive-after-days")
        .long("inactive-after-days")
        .value_name("DAYS")
        .default_value(default("inactive-after-days"))
        .value_parser(value_parser!(u16).range(1..))
        .help("Days without activity, as in the action's `inactive-after-days` input")
}

fn rebuild() -> Command {
    Command::new(rebuild::COMMAND)
        .about("Rebuild damaged files of a history from its reports")
        .long_about(
            "Rebuilds damaged or lost files of a history: people.csv, totals.csv, changes/, and the files that depend on them. Works offline, without a token and without Git.\n\nReports show who had a seat and what they did. They don't have user IDs, teams, plans, grants, and cancellations. So the command keeps every line that it can still read, and adds only what's missing. It doesn't touch undamaged files, reports, and manifests, but it writes the hashes of the new files to the newest manifest.\n\nIf an older commit has the undamaged file and nothing was recorded since, restore the file from that commit instead. It has more details than the reports.",
        )
        .after_help(
            "Exit status:\n  0  The history was rebuilt, or nothing was damaged\n  1  Failure. Nothing was written\n  2  Not the folder of a history, or invalid arguments",
        )
        .arg(folder(
            "Folder of an organization or enterprise in a clone, such as copilot-activity/acme",
        ))
        .arg(inactive_after_days())
}

fn folder(help: &'static str) -> Arg {
    Arg::new("DIR")
        .required(true)
        .value_parser(value_parser!(PathBuf))
        .help(help)
}

/// Parses a day. Only the format in the reports' names is valid.
fn day(text: &str) -> Result<Date, String> {
    let day = text.parse().ok();
    day.filter(|day: &Date| day.to_string() == text)
        .ok_or_else(|| "write a day as YYYY-MM-DD, such as 2026-11-22".to_owned())
}

/// Parses the folder for the reports.
pub(super) fn directory(path: &str) -> Result<RepositoryPath, NameError> {
    let path = RepositoryPath::parse(path)?;
    // Checks a name below the path, to make sure that no file ends up among the workflows.
    path.join("scope/latest.csv").map(|_| path)
}
