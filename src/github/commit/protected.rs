//! The error for a write that a rule or protection refuses: which one it is, and how to fix it.

use std::fmt;

use super::rules::{Rule, Rules, Write};
use super::{Committer, MissingBranch};
use crate::github::error::GitHubError;
use crate::github::names::{BranchName, RepositoryName};
use crate::system::prose::Prose;

/// Push protection isn't a rule of a ruleset and has no type there.
const PUSH_PROTECTION: &str = "push protection";

/// A write that a rule or protection of the repository refuses.
#[derive(Debug)]
pub(crate) struct Protected {
    /// The repository.
    repository: RepositoryName,
    /// GitHub's response. `None` if the write wasn't tried.
    error: Option<Box<GitHubError>>,
    /// The rule or protection that's in the way.
    obstacle: String,
    /// How to fix it.
    advice: String,
    /// The branch that was created and got no commit.
    left: Option<BranchName>,
}

impl Protected {
    /// Records that `branch` was created for the commit, if there is one.
    pub(super) fn leaving(mut self: Box<Self>, branch: Option<BranchName>) -> Box<Self> {
        self.left = branch;
        self
    }
}

impl Protected {
    /// Returns the error with its words and those of GitHub kept apart.
    pub(super) fn prose(&self) -> Prose {
        let mut prose = match &self.error {
            Some(error) => error.prose_without_advice(),
            None => Prose::own(format!(
                "Committing to the repository {} isn't possible. Nothing was written.",
                self.repository
            )),
        };
        prose = prose.and("\n  Missing: ").and(&self.obstacle);
        if let Some(branch) = &self.left {
            prose = prose.and(format!(
                "\n  Done: the branch {branch} was created and has no report yet. The next run uses it."
            ));
        }
        prose.and("\n  Fix: ").and(&self.advice)
    }
}

impl fmt::Display for Protected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.prose().fmt(f)
    }
}

impl std::error::Error for Protected {}

impl Committer<'_> {
    /// Returns the error for a write to `branch` that one of its `rules` refuses, or that GitHub
    /// refused with `error`.
    pub(super) fn protected(
        &self,
        branch: &BranchName,
        write: Write,
        error: Option<GitHubError>,
        rules: &Rules,
    ) -> Box<Protected> {
        let meant = error.as_ref().and_then(|error| meant(&error.words()));
        let rules = rules.behind(write, meant);
        let first = rules.first().copied();
        let obstacle = match (&error, meant, &rules[..]) {
            (None, _, _) => format!(
                "Permission to bypass {}, which applies to the branch {branch}. GitHub says that the account of `commit-token` can't bypass it.",
                listed(&rules)
            ),
            (Some(_), Some(PUSH_PROTECTION), _) => format!(
                "Push protection detects a secret in the report's files, so the branch {branch} doesn't get them."
            ),
            (Some(_), Some(kind), []) => format!(
                "The branch {branch} is protected by `{kind}`. GitHub doesn't list which ruleset or branch protection rule that is."
            ),
            (Some(_), None, []) if write != Write::Commit => format!(
                "GitHub doesn't say why the branch {branch} can't be created. Either a rule forbids it, or its name conflicts with that of another branch, as `a` and `a/b` do."
            ),
            (Some(_), None, []) => {
                format!("The branch {branch} is protected, and GitHub doesn't list the rule.")
            }
            (Some(_), None, [_, _, ..]) => format!(
                "One of the rules of the branch {branch} blocks this, and GitHub doesn't say which: {}",
                listed(&rules)
            ),
            (Some(_), ..) => format!(
                "Permission to bypass {}, which blocks this on the branch {branch}",
                listed(&rules)
            ),
        };
        let advice = match (meant, &error) {
            (Some("required_signatures"), Some(error)) => self.signing(error).to_owned(),
            _ => self.advice(branch, write, meant.or(first.map(Rule::kind)), first),
        };
        Box::new(Protected {
            repository: self.repository.clone(),
            error: error.map(Box::new),
            obstacle,
            advice,
            left: None,
        })
    }

    /// Returns how to get a commit signed. GitHub signs commits made over GraphQL, unless it's a
    /// GitHub Enterprise Server that doesn't. It also signs those of Apps over REST.
    fn signing(&self, error: &GitHubError) -> &'static str {
        if self.client.acts_for_a_person() && !error.asked.ends_with("/graphql") {
            "Set `commit-token` to a GitHub App's token. For Apps, GitHub also signs large commits."
        } else {
            "Ask the site administrator of GitHub Enterprise Server to turn on web commit signing, so that commits created through its API are signed."
        }
    }

    /// Returns the one fix for a rule of that kind.
    fn advice(
        &self,
        branch: &BranchName,
        write: Write,
        kind: Option<&str>,
        rule: Option<&Rule>,
    ) -> String {
        let ruleset = rule.map_or_else(|| "the branch protection rule".to_owned(), Rule::ruleset);
        let by_pull_request = self.if_missing != MissingBranch::Default;
        let takes_pull_requests = matches!(
            kind,
            Some(
                "pull_request"
                    | "merge_queue"
                    | "required_status_checks"
                    | "required_deployments"
                    | "workflows"
                    | "code_scanning"
                    | "code_quality"
            )
        );
        let bypass = || {
            format!(
                "Add the account or App of `commit-token` to the bypass list of {ruleset}. The workflow's GITHUB_TOKEN can't be on it."
            )
        };
        // Another way to deliver doesn't change what's in the files or the message.
        match kind {
            Some(PUSH_PROTECTION) => {
                return format!(
                    "Add the folder in `directory` to `paths-ignore` in `.github/secret_scanning.yml` on the default branch of {}. What GitHub detects as a secret is a login or a team name.",
                    self.repository
                );
            }
            Some("commit_message_pattern") => {
                return format!("Change `commit-message` so that {ruleset} allows it.");
            }
            Some("file_path_restriction" | "max_file_path_length") => {
                return format!("Set `directory` to another folder, one that {ruleset} allows.");
            }
            Some("file_extension_restriction" | "max_file_size") => return bypass(),
            Some("commit_author_email_pattern" | "committer_email_pattern") => return bypass(),
            _ => {}
        }
        if write == Write::FirstCommit {
            let also = if by_pull_request || !takes_pull_requests {
                ""
            } else {
                ", and set `pull-request: true`"
            };
            return format!(
                "Commit a file to {branch} of {} yourself, for example a README.md{also}.",
                self.repository
            );
        }
        if kind.is_none() && write != Write::Commit {
            return format!(
                "Create the branch {branch} yourself. The repository's branches page shows what prevents it."
            );
        }
        if self.is_base(branch) {
            return format!("Create the branch {branch} yourself.");
        }
        if by_pull_request {
            let ours = branch.as_str().split('/').next().unwrap_or_default();
            return format!(
                "Exclude `{ours}/**/*` from the branches that {ruleset} applies to. The action commits reports to these branches before it opens their pull request."
            );
        }
        match kind {
            _ if takes_pull_requests => {
                "Set `pull-request: true` to deliver reports by pull request.".to_owned()
            }
            Some("creation") => {
                format!("Create the branch {branch} yourself. Then reports can be committed to it.")
            }
            Some("branch_name_pattern") => {
                "Set `branch` to a name that the rule allows.".to_owned()
            }
            _ => bypass(),
        }
    }

    /// Returns whether `branch` is the one that pull requests go into.
    fn is_base(&self, branch: &BranchName) -> bool {
        matches!(&self.if_missing, MissingBranch::From(base) if base == branch)
    }
}

fn listed(rules: &[&Rule]) -> String {
    let mut listed: Vec<String> = rules
        .iter()
        .map(|rule| format!("the rule {rule}"))
        .collect();
    listed.dedup();
    let more = listed.len().saturating_sub(5);
    listed.truncate(5);
    let all = listed.join(", ");
    match more {
        0 => all,
        more => format!("{all} and {more} more"),
    }
}

/// What GitHub's message contains for each kind of rule, in lowercase. GitHub doesn't document
/// these messages. These are from logs that people published.
const WORDS: [(&str, &str); 19] = [
    ("secret", PUSH_PROTECTION),
    ("creations being restricted", "creation"),
    ("through a pull request", "pull_request"),
    ("merge queue", "merge_queue"),
    ("cannot update this protected ref", "update"),
    ("verified signatures", "required_signatures"),
    ("must be signed", "required_signatures"),
    ("status check", "required_status_checks"),
    ("merge commits", "required_linear_history"),
    ("commit message", "commit_message_pattern"),
    ("author email", "commit_author_email_pattern"),
    ("committer email", "committer_email_pattern"),
    ("branch name", "branch_name_pattern"),
    ("file extension", "file_extension_restriction"),
    ("file size", "max_file_size"),
    ("path length", "max_file_path_length"),
    ("file path", "file_path_restriction"),
    ("deployment", "required_deployments"),
    ("code scanning", "code_scanning"),
];

/// Returns the kind of rule that GitHub's message refers to.
fn meant(words: &str) -> Option<&'static str> {
    let words = words.to_lowercase();
    let meant = WORDS.iter().find(|(part, _)| words.contains(part));
    meant.map(|(_, kind)| *kind)
}
