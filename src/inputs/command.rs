//! The command line: a flag for every input except the secrets.

use std::fmt::Write as _;

use clap::{Arg, Command};

use super::table::{INPUTS, Kind, default};

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
            ("combined-report", "true|false", "One CSV file over all"),
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
pub(crate) fn command(subcommands: &[Command]) -> Command {
    let mut command = Command::new(env!("CARGO_PKG_NAME"))
        .version(env!("CARGO_PKG_VERSION"))
        .about("Downloads GitHub's Copilot activity report for your organizations or enterprise, and saves it as files, as a workflow artifact, or as a commit.")
        .help_template(TEMPLATE)
        .after_help(help(subcommands, Detail::Short))
        .after_long_help(help(subcommands, Detail::Full))
        .args_conflicts_with_subcommands(true)
        .disable_help_subcommand(true)
        .subcommands(subcommands.iter().cloned());
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
