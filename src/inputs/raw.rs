//! Parses the raw inputs one by one, so that a single run reports every error.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Component, Path, PathBuf};

use super::table::{self, INPUTS, default, variable_of};
use super::{ArtifactInputs, CommitInputs, InputError, InputErrors, Inputs};
use crate::github::address::ApiAddress;
use crate::github::names::{BranchName, NameError, RepositoryName, RepositoryPath};
use crate::report::scope::{Scope, ScopeKind};
use crate::runner::artifact::{ArtifactName, Retention};
use crate::system::environment::{Environment, SecretVariables};
use crate::system::text::{is_invisible, shown};

/// The inputs as text, before any check. Flags replace variables, and empty inputs are left out.
pub(super) struct RawInputs<'a> {
    values: BTreeMap<&'static str, String>,
    /// Where the report goes, by hand only.
    pub(super) output: Option<String>,
    pub(super) output_is_terminal: bool,
    pub(super) environment: &'a Environment,
    pub(super) errors: Vec<InputError>,
}

impl Inputs {
    /// Reads and checks the inputs: `flags` as given on the command line, then `environment`. By
    /// hand it matters whether standard output is a terminal.
    pub(crate) fn read(
        flags: &clap::ArgMatches,
        environment: &Environment,
        output_is_terminal: bool,
    ) -> Result<Self, InputErrors> {
        let mut raw = RawInputs::new(flags, environment, output_is_terminal);
        let inputs = raw.check();
        match inputs {
            Some(inputs) if raw.errors.is_empty() => Ok(inputs),
            _ => Err(InputErrors(raw.errors)),
        }
    }
}

impl<'a> RawInputs<'a> {
    pub(super) fn new(
        flags: &clap::ArgMatches,
        environment: &'a Environment,
        output_is_terminal: bool,
    ) -> Self {
        let values = INPUTS
            .iter()
            .filter_map(|input| {
                let flag = match input.kind {
                    table::Kind::Secret => None,
                    _ => flags.get_one::<String>(input.name).map(String::as_str),
                };
                let value = flag
                    .or_else(|| environment.get(&variable_of(input)))?
                    .trim();
                (!value.is_empty()).then(|| (input.name, value.to_owned()))
            })
            .collect();
        Self {
            values,
            output: flags.get_one::<String>("output").cloned(),
            output_is_terminal,
            environment,
            errors: Vec::new(),
        }
    }

    /// Gets a secret that isn't given as an input from the variables of a person's shell.
    pub(super) fn by_hand(&mut self, input: &'static str, variables: SecretVariables) {
        if !self.environment.in_actions()
            && self.get(input).is_none()
            && let Some((_, value)) = self.environment.secret(variables)
        {
            self.values.insert(input, value.trim().to_owned());
        }
    }

    /// Whether a person started the command, and no runner.
    pub(super) fn is_by_hand(&self) -> bool {
        !self.environment.in_actions()
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(String::as_str)
    }

    pub(super) fn in_actions(&self) -> bool {
        self.environment.in_actions()
    }

    /// The value of an input, or its default.
    pub(super) fn or_default(&self, name: &'static str) -> &str {
        self.get(name)
            .unwrap_or_else(|| default(name).unwrap_or_default())
    }

    pub(super) fn refuse(&mut self, input: &'static str, problem: impl fmt::Display) {
        self.errors.push(InputError {
            input,
            problem: problem.to_string(),
        });
    }

    /// The parsed value. Keeps an error instead if there is none.
    pub(super) fn parse<T, E: fmt::Display>(
        &mut self,
        input: &'static str,
        read: Result<T, E>,
    ) -> Option<T> {
        read.map_err(|problem| self.refuse(input, problem)).ok()
    }

    /// Checks every input, also after the first error, so that a person sees all errors at once.
    pub(super) fn check(&mut self) -> Option<Inputs> {
        self.unread_variables();
        let address = ApiAddress::from_environment(self.environment);
        let address = self.parse("GITHUB_API_URL", address);
        let proxies = self.proxies(address.as_ref());
        let scopes = self.scopes();
        let access = self.access();
        let commit_token = self.commit_token();
        let pseudonyms = self.pseudonyms();
        let own_repository = self.own_repository();
        let delivery = self.deliver_to();
        let artifact = self.artifact();
        let commit = self.commit(
            own_repository.as_ref(),
            delivery.is_some_and(|d| d.repository),
        );
        let pull_request = self.parse_bool("pull-request");
        let directory = self.output_directory();
        let allow_public = self.parse_bool("allow-public");
        let report = self.report();
        let max_wait = self.max_wait();
        let summary = self.parse_bool("summary");
        let output = self.output(
            scopes.as_deref(),
            report.as_ref().map(|report| &*report.formats),
            delivery.is_some_and(|to| to.artifact || to.repository),
            delivery.is_some_and(|to| to.artifact),
        );

        if delivery.is_some_and(|delivery| delivery.repository)
            && self.get("commit-token").is_none()
        {
            self.refuse(
                "commit-token",
                "it is missing, and `deliver-to: repository` needs a token that may write to the repository",
            );
        }
        if pull_request == Some(true) && delivery.is_some_and(|delivery| !delivery.repository) {
            self.refuse(
                "pull-request",
                "it is `true`, and `deliver-to` does not name `repository`",
            );
        }
        let delivery = delivery?;
        let (workspace, output_directory) = directory?;
        let commit = match (delivery.repository, commit) {
            (true, Some((repository, branch, directory, message))) => Some(CommitInputs {
                repository: repository?,
                branch,
                pull_request: pull_request?,
                has_default_directory: Some(directory.as_str()) == default("directory"),
                directory,
                message,
            }),
            _ => None,
        };
        Some(Inputs {
            address: address?,
            proxies: proxies?,
            scopes: scopes?,
            access: access?,
            commit_token,
            pseudonyms: pseudonyms?,
            own_repository,
            artifact: if delivery.artifact { artifact } else { None },
            commit,
            workspace,
            output_directory,
            output: output?,
            allow_public: allow_public?,
            report: report?,
            max_wait: max_wait?,
            summary: summary?,
        })
    }

    fn scopes(&mut self) -> Option<Vec<Scope>> {
        let organizations = self.get("organization").map(str::to_owned);
        let enterprise = self.get("enterprise").map(str::to_owned);
        let (input, kind, names) = match (organizations, enterprise) {
            (Some(_), Some(_)) => {
                self.refuse(
                    "enterprise",
                    "it is given together with `organization`; a run takes one of them",
                );
                return None;
            }
            (Some(names), None) => ("organization", ScopeKind::Organization, names),
            (None, Some(name)) => ("enterprise", ScopeKind::Enterprise, name),
            (None, None) => match self.environment.get("GITHUB_REPOSITORY_OWNER") {
                Some(owner) => ("organization", ScopeKind::Organization, owner.to_owned()),
                None => {
                    self.refuse(
                        "organization",
                        "it is missing; name an organization, or an enterprise in `enterprise`",
                    );
                    return None;
                }
            },
        };
        let mut scopes: Vec<Scope> = Vec::new();
        let mut good = true;
        let separators: &[char] = match kind {
            ScopeKind::Organization => &[',', '\n', '\r'],
            ScopeKind::Enterprise => &[],
        };
        for name in names.split(separators).map(str::trim) {
            if name.is_empty() {
                continue;
            }
            match self.parse(input, Scope::new(kind, name)) {
                Some(scope) if !scopes.iter().any(|known| known.is(&scope)) => scopes.push(scope),
                Some(_) => {}
                None => good = false,
            }
        }
        if good && scopes.is_empty() {
            self.refuse(input, "it names nobody");
        }
        (good && !scopes.is_empty()).then_some(scopes)
    }

    fn own_repository(&mut self) -> Option<RepositoryName> {
        let name = self.environment.get("GITHUB_REPOSITORY")?;
        self.parse("GITHUB_REPOSITORY", RepositoryName::parse(name))
    }

    fn deliver_to(&mut self) -> Option<DeliverTo> {
        let value = match self.get("deliver-to") {
            Some(value) => value,
            None if self.environment.in_actions() => self.or_default("deliver-to"),
            None => "none",
        }
        .to_owned();
        let mut deliver = DeliverTo::default();
        let mut none = false;
        let mut good = true;
        for word in value
            .split([',', '\n'])
            .map(str::trim)
            .filter(|w| !w.is_empty())
        {
            match word {
                "artifact" => deliver.artifact = true,
                "repository" => deliver.repository = true,
                "none" => none = true,
                other => {
                    good = false;
                    self.refuse(
                        "deliver-to",
                        format!("{:?} is unknown; it takes `artifact`, `repository`, both separated by a comma, or `none`", shown(other, 50)),
                    );
                }
            }
        }
        if none && (deliver.artifact || deliver.repository) {
            good = false;
            self.refuse("deliver-to", "`none` does not go together with others");
        }
        if good && !none && !deliver.artifact && !deliver.repository {
            good = false;
            self.refuse(
                "deliver-to",
                "it names nothing; write `none` to deliver nowhere",
            );
        }
        good.then_some(deliver)
    }

    fn artifact(&mut self) -> Option<ArtifactInputs> {
        let name = ArtifactName::parse(self.or_default("artifact-name"));
        let name = self.parse("artifact-name", name);
        // GitHub's own action takes 0 for the repository's setting.
        let retention = match self.get("artifact-retention-days") {
            None => Some(None),
            Some(days) => match days.parse::<u16>() {
                Ok(days) if days <= 400 => Some(Retention::from_days(days)),
                _ => {
                    let problem = format!(
                        "{:?} is not a number of days from 1 to 400",
                        shown(days, 50)
                    );
                    self.refuse("artifact-retention-days", problem);
                    None
                }
            },
        };
        Some(ArtifactInputs {
            name: name?,
            retention: retention?,
        })
    }

    fn commit(&mut self, own: Option<&RepositoryName>, asked_for: bool) -> Option<CommitParts> {
        let repository = match self.get("repository") {
            Some(name) => {
                let name = RepositoryName::parse(name);
                self.parse("repository", name)
            }
            None => {
                if own.is_none() && asked_for {
                    self.refuse(
                        "repository",
                        "it is missing; name the repository to commit to",
                    );
                }
                own.cloned()
            }
        };
        let branch = match self.get("branch").map(BranchName::parse) {
            None => Some(None),
            Some(branch) => self.parse("branch", branch).map(Some),
        };
        let directory = RepositoryPath::parse(self.or_default("directory"));
        let directory = self.parse("directory", directory);
        // Only with a name below it is it sure that no file lands among the workflows.
        let directory = directory.and_then(|directory| {
            let checked = directory.join("scope/latest.csv").map(|_| directory);
            self.parse::<_, NameError>("directory", checked)
        });
        let message = self.or_default("commit-message").to_owned();
        let message = match unknown_placeholder(&message) {
            None => Some(message),
            Some(unknown) => {
                let problem = format!(
                    "{:?} is unknown; it knows {{scope}} and {{date}}",
                    shown(unknown, 50)
                );
                self.refuse("commit-message", problem);
                None
            }
        };
        Some((repository, branch?, directory?, message?))
    }

    /// The workspace and the folder in it. The runner rewrites a path that begins with its own
    /// workspace to that of the container, so an absolute path within the workspace is the same
    /// as a relative one. Started by hand there is no workspace to stay in.
    fn output_directory(&mut self) -> Option<(PathBuf, PathBuf)> {
        let workspace = crate::runner::context::workspace(self.environment);
        let given = PathBuf::from(self.or_default("output-directory"));
        let leaves = |path: &Path| path.components().any(|part| part == Component::ParentDir);
        let relative = given
            .strip_prefix(&workspace)
            .map_or_else(|_| given.clone(), Path::to_owned);
        let shown_as_is = given
            .to_str()
            .is_some_and(|path| !path.chars().any(|c| c.is_control() || is_invisible(c)));
        if !shown_as_is {
            self.refuse(
                "output-directory",
                "it has a line break or another character that cannot be seen",
            );
            return None;
        }
        if relative.is_relative() && !leaves(&relative) {
            return Some((workspace, relative));
        }
        if self.environment.get("GITHUB_WORKSPACE").is_none() {
            let absolute = std::path::absolute(&given).unwrap_or(given);
            if !leaves(&absolute) {
                let below = absolute.strip_prefix("/").map(Path::to_owned);
                return Some((PathBuf::from("/"), below.unwrap_or_default()));
            }
        }
        self.refuse(
            "output-directory",
            "it must be a folder in the workspace, without `..`",
        );
        None
    }

    pub(super) fn parse_bool(&mut self, input: &'static str) -> Option<bool> {
        match self.or_default(input) {
            "true" | "True" | "TRUE" => Some(true),
            "false" | "False" | "FALSE" => Some(false),
            other => {
                let problem = format!("{:?} is neither `true` nor `false`", shown(other, 50));
                self.refuse(input, problem);
                None
            }
        }
    }
}

#[derive(Debug, Clone, Copy, Default)]
struct DeliverTo {
    artifact: bool,
    repository: bool,
}

type CommitParts = (
    Option<RepositoryName>,
    Option<BranchName>,
    RepositoryPath,
    String,
);

/// The first `{word}` that a message cannot fill in.
fn unknown_placeholder(message: &str) -> Option<&str> {
    let mut rest = message;
    while let Some(start) = rest.find('{') {
        rest = &rest[start..];
        let end = rest.find('}')? + 1;
        let (placeholder, after) = rest.split_at(end);
        let word = &placeholder[1..end - 1];
        let is_word = !word.is_empty() && word.chars().all(|c| c.is_ascii_alphabetic());
        if is_word && !matches!(placeholder, "{scope}" | "{date}") {
            return Some(placeholder);
        }
        rest = after;
    }
    None
}
