//! Parses the raw inputs one by one, so that a single run reports every error.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::RangeInclusive;
use std::path::{Component, Path, PathBuf};
use std::str::FromStr;

use super::table::{self, INPUTS, default, variable_of};
use super::{InputError, InputErrors, Inputs};
use crate::github::address::ApiAddress;
use crate::github::names::RepositoryName;
use crate::system::environment::{Environment, SecretVariables};
use crate::system::text::{is_invisible, shown};

/// The inputs as text, before any check. Flags override variables, and empty inputs are left out.
pub(super) struct RawInputs<'a> {
    values: BTreeMap<&'static str, String>,
    /// Where the report goes. Command line only.
    pub(super) output: Option<String>,
    pub(super) output_is_terminal: bool,
    pub(super) environment: &'a Environment,
    pub(super) errors: Vec<InputError>,
}

impl Inputs {
    /// Reads and checks the inputs: `flags` from the command line, then `environment`. Outside a
    /// workflow, it matters whether standard output is a terminal.
    pub(crate) fn read(
        flags: &clap::ArgMatches,
        environment: &Environment,
        output_is_terminal: bool,
    ) -> Result<Self, InputErrors> {
        let mut raw = RawInputs::new(flags, environment, output_is_terminal);
        let inputs = raw.check();
        match inputs {
            Some(inputs) if raw.errors.is_empty() => Ok(inputs),
            _ => Err(InputErrors {
                summary: raw.get("summary") != Some("false"),
                errors: raw.errors,
            }),
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

    /// From the command line, gets a secret from the shell's variables if the input isn't set.
    pub(super) fn fill_from_shell(&mut self, input: &'static str, variables: SecretVariables) {
        if !self.environment.in_actions()
            && self.get(input).is_none()
            && let Some((_, value)) = self.environment.secret(variables)
        {
            self.values.insert(input, value.trim().to_owned());
        }
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(String::as_str)
    }

    pub(super) fn in_actions(&self) -> bool {
        self.environment.in_actions()
    }

    /// Returns the value of an input, or its default.
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

    /// Returns the parsed value. If parsing fails, adds the error and returns `None`.
    pub(super) fn parse<T, E: fmt::Display>(
        &mut self,
        input: &'static str,
        read: Result<T, E>,
    ) -> Option<T> {
        read.map_err(|problem| self.refuse(input, problem)).ok()
    }

    /// Checks every input, even after an error, so that users see all errors at once.
    pub(super) fn check(&mut self) -> Option<Inputs> {
        self.unread_variables();
        let address = ApiAddress::from_environment(self.environment);
        let address = self.parse("GITHUB_API_URL", address);
        let proxies = self.proxies(address.as_ref());
        let selection = self.selection();
        let access = self.access();
        self.refuse_token_without_list(selection.as_ref(), access.as_ref());
        let commit_token = self.commit_token();
        let pseudonyms = self.pseudonyms();
        let own_repository = self.own_repository();
        let delivery = self.deliver_to();
        let artifact = self.artifact();
        let commit = self.commit(own_repository.as_ref(), delivery);
        let directory = self.output_directory();
        let allow_public = self.parse_bool("allow-public");
        let report = self.report();
        let max_wait = self.max_wait();
        let summary = self.parse_bool("summary");
        let output = self.output(
            selection.as_ref(),
            report.as_ref().map(|report| &*report.formats),
            delivery,
        );
        let delivery = delivery?;
        let (workspace, output_directory) = directory?;
        Some(Inputs {
            address: address?,
            proxies: proxies?,
            selection: selection?,
            access: access?,
            commit_token,
            pseudonyms: pseudonyms?,
            own_repository,
            artifact: artifact.filter(|_| delivery.artifact),
            commit: commit.filter(|_| delivery.repository),
            workspace,
            output_directory,
            output: output?,
            allow_public: allow_public?,
            report: report?,
            max_wait: max_wait?,
            summary: summary?,
        })
    }

    fn own_repository(&mut self) -> Option<RepositoryName> {
        let name = self.environment.get("GITHUB_REPOSITORY")?;
        self.parse("GITHUB_REPOSITORY", RepositoryName::parse(name))
    }

    /// Returns the workspace and the folder in it. The runner rewrites a path in its own workspace
    /// to one in the container's workspace, so an absolute path in the workspace is the same as a
    /// relative path. Outside a workflow, any folder is allowed.
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
                "contains a line break or another invisible character",
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
            "must be a directory in the workspace, without `..`",
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

    /// Parses a whole number in `range`.
    pub(super) fn parse_number<T: FromStr + PartialOrd + fmt::Display>(
        &mut self,
        input: &'static str,
        unit: &str,
        range: RangeInclusive<T>,
    ) -> Option<T> {
        let value = self.or_default(input);
        let number = value.parse().ok().filter(|number| range.contains(number));
        if number.is_none() {
            let (value, min, max) = (shown(value, 50), range.start(), range.end());
            let problem = format!("{value:?} isn't a number of {unit} from {min} to {max}");
            self.refuse(input, problem);
        }
        number
    }

    /// Parses values separated by commas or lines. `expected` describes the valid values.
    pub(super) fn parse_list<T: Copy>(
        &mut self,
        input: &'static str,
        value: &str,
        choices: &[(&str, T)],
        expected: &str,
    ) -> Option<Vec<T>> {
        let words = value.split([',', '\n']).map(str::trim);
        let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
        let mut values = Vec::new();
        for word in &words {
            match choices.iter().find(|(name, _)| name == word) {
                Some((_, value)) => values.push(*value),
                None => {
                    let word = shown(word, 50);
                    self.refuse(
                        input,
                        format!("{word:?} isn't a valid value. Use {expected}."),
                    );
                }
            }
        }
        if words.is_empty() {
            self.refuse(input, format!("contains no value. Use {expected}."));
        }
        (!words.is_empty() && values.len() == words.len()).then_some(values)
    }
}
