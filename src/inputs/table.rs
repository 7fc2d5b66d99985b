//! Defines every input once: its name, its default, and its description. The flags, their help, and
//! the check of `action.yml` use this table.

/// One input.
#[derive(Debug, Clone, Copy)]
pub struct Input {
    /// Its name, in `action.yml` and as a flag.
    pub name: &'static str,
    /// Its default in `action.yml`, if it has one.
    pub default: Option<&'static str>,
    /// The type of its value.
    pub kind: Kind,
    /// Its description for users.
    pub meaning: &'static str,
}

/// The type of an input's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Text.
    Text,
    /// `true` or `false`.
    Switch,
    /// Text that must stay secret. Read only from the environment, never from a flag.
    Secret,
}

/// The runner's prefix for the names of inputs.
pub(super) const PREFIX: &str = "INPUT_";

/// Returns the variable in which the runner passes an input.
pub(super) fn variable_of(input: &Input) -> String {
    format!("{PREFIX}{}", input.name.to_uppercase())
}

/// Returns the default of an input.
pub(crate) fn default(name: &str) -> Option<&'static str> {
    let input = INPUTS.iter().find(|input| input.name == name);
    input.and_then(|input| input.default)
}

/// All inputs, in the order of the documentation.
pub const INPUTS: &[Input] = &[
    Input {
        name: "organization",
        default: None,
        kind: Kind::Text,
        meaning: "Organizations or patterns (`*`, `acme-*`, `!name`), separated by commas or lines. Defaults to the repository's owner.",
    },
    Input {
        name: "enterprise",
        default: None,
        kind: Kind::Text,
        meaning: "An enterprise's slug, instead of organizations.",
    },
    Input {
        name: "token",
        default: None,
        kind: Kind::Secret,
        meaning: "An owner's token to read the report. The workflow's `GITHUB_TOKEN` doesn't work.",
    },
    Input {
        name: "app-client-id",
        default: None,
        kind: Kind::Text,
        meaning: "Client ID of a GitHub App that replaces `token`.",
    },
    Input {
        name: "app-private-key",
        default: None,
        kind: Kind::Secret,
        meaning: "The App's private key: the full text of its `.pem` file.",
    },
    Input {
        name: "deliver-to",
        default: Some("artifact"),
        kind: Kind::Text,
        meaning: "Destinations: `artifact`, `repository`, both separated by a comma, or `none`.",
    },
    Input {
        name: "format",
        default: Some("csv"),
        kind: Kind::Text,
        meaning: "File formats, separated by commas: `csv`, `json`, and `html` (a page to look at).",
    },
    Input {
        name: "columns",
        default: Some("github"),
        kind: Kind::Text,
        meaning: "`github` for GitHub's own columns, or `all` for every known column.",
    },
    Input {
        name: "combined-report",
        default: Some("false"),
        kind: Kind::Switch,
        meaning: "Also write one CSV file with the rows of all organizations.",
    },
    Input {
        name: "output-directory",
        default: Some("copilot-activity-report"),
        kind: Kind::Text,
        meaning: "Directory for the files, in the workspace.",
    },
    Input {
        name: "artifact-name",
        default: Some("copilot-activity-report"),
        kind: Kind::Text,
        meaning: "Artifact name. If it's taken, a number such as `-2` is added.",
    },
    Input {
        name: "artifact-retention-days",
        default: None,
        kind: Kind::Text,
        meaning: "Days to keep the artifact. Defaults to the repository's setting, the maximum.",
    },
    Input {
        name: "repository",
        default: None,
        kind: Kind::Text,
        meaning: "Repository to commit to, as `owner/name`. Defaults to the workflow's repository.",
    },
    Input {
        name: "branch",
        default: None,
        kind: Kind::Text,
        meaning: "Branch to commit to, created if missing. Defaults to the default branch.",
    },
    Input {
        name: "pull-request",
        default: Some("false"),
        kind: Kind::Switch,
        meaning: "Open a pull request into `branch` instead of committing to it.",
    },
    Input {
        name: "directory",
        default: Some("copilot-activity"),
        kind: Kind::Text,
        meaning: "Directory in the repository, with a folder per organization.",
    },
    Input {
        name: "commit-token",
        default: Some("${{ github.token }}"),
        kind: Kind::Secret,
        meaning: "Writes to the repository. The default reaches only the workflow's own repository.",
    },
    Input {
        name: "commit-message",
        default: Some("Copilot activity report of {scope}, {date}"),
        kind: Kind::Text,
        meaning: "Commit message. `{scope}` is the organization or enterprise, `{date}` the UTC day.",
    },
    Input {
        name: "allow-public",
        default: Some("false"),
        kind: Kind::Switch,
        meaning: "Allow publishing this personal data to a public repository.",
    },
    Input {
        name: "pseudonym-key",
        default: None,
        kind: Kind::Secret,
        meaning: "Secret key that replaces logins and user IDs with stable pseudonyms.",
    },
    Input {
        name: "inactive-after-days",
        default: Some("30"),
        kind: Kind::Text,
        meaning: "Days without activity after which a person counts as inactive.",
    },
    Input {
        name: "max-inactive",
        default: None,
        kind: Kind::Text,
        meaning: "Fail above this number or percentage of inactive and never-used people.",
    },
    Input {
        name: "require-complete",
        default: Some("true"),
        kind: Kind::Switch,
        meaning: "Fail if the report isn't complete. If `false`, publish it, marked incomplete.",
    },
    Input {
        name: "max-wait-minutes",
        default: Some("30"),
        kind: Kind::Text,
        meaning: "Maximum total minutes to wait if GitHub asks for it.",
    },
    Input {
        name: "summary",
        default: Some("true"),
        kind: Kind::Switch,
        meaning: "Write a job summary.",
    },
];
