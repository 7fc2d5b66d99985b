//! Inputs for the artifact and the commit.

use super::raw::RawInputs;
use super::table::default;
use super::{ArtifactInputs, CommitInputs};
use crate::github::names::{BranchName, NameError, RepositoryName, RepositoryPath};
use crate::runner::artifact::{ArtifactName, Retention};
use crate::system::text::shown;

impl RawInputs<'_> {
    pub(super) fn deliver_to(&mut self) -> Option<DeliverTo> {
        let value = match self.get("deliver-to") {
            Some(value) => value,
            None if self.environment.in_actions() => self.or_default("deliver-to"),
            None => "none",
        }
        .to_owned();
        let choices = [
            ("artifact", Target::Artifact),
            ("repository", Target::Repository),
            ("none", Target::Nowhere),
        ];
        let expected = "`artifact`, `repository`, both separated by a comma, or `none`";
        let chosen = self.parse_list("deliver-to", &value, &choices, expected)?;
        let deliver = DeliverTo {
            artifact: chosen.contains(&Target::Artifact),
            repository: chosen.contains(&Target::Repository),
        };
        if chosen.contains(&Target::Nowhere) && (deliver.artifact || deliver.repository) {
            self.refuse("deliver-to", "`none` can't be combined with other values");
            return None;
        }
        Some(deliver)
    }

    pub(super) fn artifact(&mut self) -> Option<ArtifactInputs> {
        let name = ArtifactName::parse(self.or_default("artifact-name"));
        let name = self.parse("artifact-name", name);
        // GitHub's own action accepts 0 for the repository's setting.
        let retention = match self.get("artifact-retention-days") {
            None => None,
            Some(_) => Retention::from_days(self.parse_number(
                "artifact-retention-days",
                "days",
                0..=400,
            )?),
        };
        Some(ArtifactInputs {
            name: name?,
            retention,
        })
    }

    /// Checks the inputs for a commit, even if `deliver_to` doesn't include one.
    pub(super) fn commit(
        &mut self,
        own: Option<&RepositoryName>,
        deliver_to: Option<DeliverTo>,
    ) -> Option<CommitInputs> {
        let commits = deliver_to.is_some_and(|to| to.repository);
        let repository = match self.get("repository") {
            Some(name) => {
                let name = RepositoryName::parse(name);
                self.parse("repository", name)
            }
            None => {
                if own.is_none() && commits {
                    self.refuse(
                        "repository",
                        "isn't set. Set it to the repository to commit to.",
                    );
                }
                own.cloned()
            }
        };
        let branch = match self.get("branch").map(BranchName::parse) {
            None => Some(None),
            Some(branch) => self.parse("branch", branch).map(Some),
        };
        let directory = directory(self.or_default("directory"));
        let directory = self.parse("directory", directory);
        let message = self.or_default("commit-message").to_owned();
        let unknown = unknown_placeholder(&message);
        if let Some(unknown) = unknown {
            let problem = format!(
                "{:?} isn't a valid placeholder. Use {{scope}} and {{date}}.",
                shown(unknown, 50)
            );
            self.refuse("commit-message", problem);
        }
        let pull_request = self.parse_bool("pull-request");
        if pull_request == Some(true) && deliver_to.is_some_and(|to| !to.repository) {
            self.refuse(
                "pull-request",
                "is `true`, but `deliver-to` doesn't include `repository`",
            );
        }
        if commits && self.get("commit-token").is_none() {
            let problem = if self.in_actions() {
                "isn't set. `deliver-to: repository` needs a token that can write to the repository."
            } else {
                "isn't set. Set COMMIT_TOKEN to a token that can write to the repository."
            };
            self.refuse("commit-token", problem);
        }
        let directory = directory?;
        Some(CommitInputs {
            repository: repository?,
            branch: branch?,
            pull_request: pull_request?,
            has_default_directory: Some(directory.as_str()) == default("directory"),
            directory,
            message,
        })
    }
}

#[derive(Debug, Clone, Copy)]
pub(super) struct DeliverTo {
    pub(super) artifact: bool,
    pub(super) repository: bool,
}

/// Parses the folder for the reports.
pub(crate) fn directory(path: &str) -> Result<RepositoryPath, NameError> {
    let path = RepositoryPath::parse(path)?;
    // Checks a name below the path, to make sure that no file ends up among the workflows.
    path.join("scope/latest.csv").map(|_| path)
}

/// A value of `deliver-to`.
#[derive(Clone, Copy, PartialEq)]
enum Target {
    Artifact,
    Repository,
    Nowhere,
}

/// Finds the first `{word}` that isn't a placeholder of the message.
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
