//! Every input, once: its name, its default and what it means. The flags, their help and the
//! check of `action.yml` come from here.

/// One input.
#[derive(Debug, Clone, Copy)]
pub struct Input {
    /// Its name in `action.yml`, and as a flag.
    pub name: &'static str,
    /// Its default in `action.yml`, where it has one.
    pub default: Option<&'static str>,
    /// What kind of value it takes.
    pub kind: Kind,
    /// What it means, for people.
    pub meaning: &'static str,
}

/// What kind of value an input takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A text.
    Text,
    /// `true` or `false`.
    Switch,
    /// A text that must not be seen: read from the environment only, never a flag.
    Secret,
}

/// What the runner puts before the name of an input.
pub(super) const PREFIX: &str = "INPUT_";

/// The variable in which the runner passes an input.
pub(super) fn variable_of(input: &Input) -> String {
    format!("{PREFIX}{}", input.name.to_uppercase())
}

/// The default of an input.
pub(crate) fn default(name: &str) -> Option<&'static str> {
    let input = INPUTS.iter().find(|input| input.name == name);
    input.and_then(|input| input.default)
}

/// All inputs, in the order in which people are shown them.
pub const INPUTS: &[Input] = &[
    Input {
        name: "organization",
        default: None,
        kind: Kind::Text,
        meaning: "One or more organizations, separated by commas or lines; each gets a report of its own. Without it and without `enterprise`: the owner of the workflow's repository.",
    },
    Input {
        name: "enterprise",
        default: None,
        kind: Kind::Text,
        meaning: "The slug of an enterprise, instead of organizations.",
    },
    Input {
        name: "token",
        default: None,
        kind: Kind::Secret,
        meaning: "Reads the report. Must be of an owner of the organization or enterprise; the workflow's own token cannot read Copilot seats.",
    },
    Input {
        name: "app-client-id",
        default: None,
        kind: Kind::Text,
        meaning: "The client ID of a GitHub App that reads the report instead of `token`. It must be installed on each organization, or on the enterprise itself.",
    },
    Input {
        name: "app-private-key",
        default: None,
        kind: Kind::Secret,
        meaning: "The App's private key, the text of the `.pem` file that GitHub made for it.",
    },
    Input {
        name: "deliver-to",
        default: Some("artifact"),
        kind: Kind::Text,
        meaning: "Where the report goes besides the workspace: `artifact`, `repository`, both separated by a comma, or `none`.",
    },
    Input {
        name: "format",
        default: Some("csv"),
        kind: Kind::Text,
        meaning: "The form of the files in the workspace and the artifact: `csv`, `json`, or both separated by a comma.",
    },
    Input {
        name: "columns",
        default: Some("github"),
        kind: Kind::Text,
        meaning: "Which columns those files have: `github` for exactly those of GitHub's own file, `all` for everything else that is known besides.",
    },
    Input {
        name: "output-directory",
        default: Some("copilot-activity-report"),
        kind: Kind::Text,
        meaning: "The folder in the workspace that the files are written to.",
    },
    Input {
        name: "artifact-name",
        default: Some("copilot-activity-report"),
        kind: Kind::Text,
        meaning: "The artifact's name. Where it is taken in this run already, `-2`, `-3` and so on is added.",
    },
    Input {
        name: "artifact-retention-days",
        default: None,
        kind: Kind::Text,
        meaning: "How many days GitHub keeps the artifact. Without it: the repository's setting, which is also the most that can be had.",
    },
    Input {
        name: "repository",
        default: None,
        kind: Kind::Text,
        meaning: "The repository to commit to, as `owner/name`. Without it: the workflow's own.",
    },
    Input {
        name: "branch",
        default: None,
        kind: Kind::Text,
        meaning: "The branch to commit to; begun from the default branch where it does not exist. Without it: the default branch.",
    },
    Input {
        name: "pull-request",
        default: Some("false"),
        kind: Kind::Switch,
        meaning: "Deliver by a pull request into `branch` rather than by a commit to it, as protected branches want it. While it is open, later runs add to it. Needs `pull-requests: write`.",
    },
    Input {
        name: "directory",
        default: Some("copilot-activity"),
        kind: Kind::Text,
        meaning: "The folder in the repository; each organization or enterprise has a folder of its own in it.",
    },
    Input {
        name: "commit-token",
        default: Some("${{ github.token }}"),
        kind: Kind::Secret,
        meaning: "Writes to the repository, and asks whether repositories are public. The workflow's own token reaches its own repository only.",
    },
    Input {
        name: "commit-message",
        default: Some("Copilot activity report of {scope}, {date}"),
        kind: Kind::Text,
        meaning: "The commit's message. `{scope}` stands for the organization or enterprise, `{date}` for the day in UTC.",
    },
    Input {
        name: "allow-public",
        default: Some("false"),
        kind: Kind::Switch,
        meaning: "Deliver to a public repository all the same. Who used Copilot when is personal data, and everybody could read it there.",
    },
    Input {
        name: "pseudonym-key",
        default: None,
        kind: Kind::Secret,
        meaning: "Puts a stable pseudonym, made with this secret key, in the place of every login and user id, in all files, the summary, the log and the history. Keep the key: without it nobody can tell who is who, and with another one a history cannot go on.",
    },
    Input {
        name: "inactive-after-days",
        default: Some("30"),
        kind: Kind::Text,
        meaning: "From how many days without activity on somebody counts as inactive; exactly that long ago counts.",
    },
    Input {
        name: "max-inactive",
        default: None,
        kind: Kind::Text,
        meaning: "How many people may be inactive or may never have used their seat, as a number or a percentage such as `12.5%`. The run delivers everything, and fails where there are more.",
    },
    Input {
        name: "require-complete",
        default: Some("true"),
        kind: Kind::Switch,
        meaning: "Whether a report that cannot be proved complete is an error. With `false` it is delivered, marked as incomplete.",
    },
    Input {
        name: "max-wait-minutes",
        default: Some("30"),
        kind: Kind::Text,
        meaning: "How many minutes to wait in all when GitHub asks for it, by its rate limits or by `Retry-After`. A longer wait is an error at once. Keeping to the limits beforehand does not count.",
    },
    Input {
        name: "summary",
        default: Some("true"),
        kind: Kind::Switch,
        meaning: "Whether a job summary is written.",
    },
];
