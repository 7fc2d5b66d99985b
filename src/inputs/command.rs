//! The command line: a flag for every input but the secrets.

use clap::{Arg, Command};

use super::table::{INPUTS, Kind};

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

Environment:
  GITHUB_TOKEN           reads the report when started by hand
  COMMIT_TOKEN           writes to the repository when started by hand
  PSEUDONYM_KEY          the secret by which people get pseudonyms
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
#[must_use]
pub fn command() -> Command {
    let mut command = Command::new(env!("CARGO_PKG_NAME"))
        .version(env!("CARGO_PKG_VERSION"))
        .about("Takes GitHub's Copilot activity report and delivers it.")
        .long_about(
            "Takes GitHub's Copilot activity report of organizations or an enterprise: who holds a Copilot seat, and when they last used it. Writes it in GitHub's own form, and delivers it as a workflow artifact, as a commit, or both.\n\nIn a workflow every option but `--output` is an input of the same name. Started by hand it delivers nowhere unless told to, and writes files, or the report alone where its output is piped.",
        )
        .after_help(AFTER_HELP);
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

fn help(meaning: &str, default: Option<&str>) -> String {
    match default {
        Some(default) => format!("{meaning} [default: {default}]"),
        None => meaning.to_owned(),
    }
}
