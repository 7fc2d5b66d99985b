//! Inputs for the artifact and the commit.

use super::ArtifactInputs;
use super::raw::RawInputs;
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
                        format!("{:?} isn't a valid value. Use `artifact`, `repository`, both separated by a comma, or `none`.", shown(other, 50)),
                    );
                }
            }
        }
        if none && (deliver.artifact || deliver.repository) {
            good = false;
            self.refuse("deliver-to", "`none` can't be combined with other values");
        }
        if good && !none && !deliver.artifact && !deliver.repository {
            good = false;
            self.refuse(
                "deliver-to",
                "contains no value. To deliver nowhere, use `none`.",
            );
        }
        good.then_some(deliver)
    }

    pub(super) fn artifact(&mut self) -> Option<ArtifactInputs> {
        let name = ArtifactName::parse(self.or_default("artifact-name"));
        let name = self.parse("artifact-name", name);
        // GitHub's own action accepts 0 for the repository's setting.
        let retention = match self.get("artifact-retention-days") {
            None => Some(None),
            Some(days) => match days.parse::<u16>() {
                Ok(days) if days <= 400 => Some(Retention::from_days(days)),
                _ => {
                    let problem =
                        format!("{:?} isn't a number of days from 1 to 400", shown(days, 50));
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

    pub(super) fn commit(
        &mut self,
        own: Option<&RepositoryName>,
        asked_for: bool,
    ) -> Option<CommitParts> {
        let repository = match self.get("repository") {
            Some(name) => {
                let name = RepositoryName::parse(name);
                self.parse("repository", name)
            }
            None => {
                if own.is_none() && asked_for {
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
        let directory = RepositoryPath::parse(self.or_default("directory"));
        let directory = self.parse("directory", directory);
        // Checks a name below the directory, to make sure that no file ends up among the workflows.
        let directory = directory.and_then(|directory| {
            let checked = directory.join("scope/latest.csv").map(|_| directory);
            self.parse::<_, NameError>("directory", checked)
        });
        let message = self.or_default("commit-message").to_owned();
        let message = match unknown_placeholder(&message) {
            None => Some(message),
            Some(unknown) => {
                let problem = format!(
                    "{:?} isn't a valid placeholder. Use {{scope}} and {{date}}.",
                    shown(unknown, 50)
                );
                self.refuse("commit-message", problem);
                None
            }
        };
        Some((repository, branch?, directory?, message?))
    }
}

#[derive(Debug, Clone, Copy, Default)]
pub(super) struct DeliverTo {
    pub(super) artifact: bool,
    pub(super) repository: bool,
}

pub(super) type CommitParts = (
    Option<RepositoryName>,
    Option<BranchName>,
    RepositoryPath,
    String,
);

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
