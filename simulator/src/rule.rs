//! Rules that protect branches, and what GitHub says to a token that breaks one.

use serde_json::{Value, json};

/// A rule that protects a branch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// Changes must be made through a pull request: nothing is written directly.
    PullRequest,
    /// Commits must have verified signatures.
    RequiredSignatures,
    /// Nobody updates the branch.
    Update,
    /// Nobody creates the branch.
    Creation,
    /// Nobody deletes the branch, which no request of the action does.
    Deletion,
    /// Nobody forces the branch, which no request of the action does.
    NonFastForward,
    /// The branch has no merge commits, and the action makes none.
    RequiredLinearHistory,
    /// Changes must be made through the merge queue.
    MergeQueue,
    /// A status check must have passed on every commit, which a new commit hasn't had time for.
    RequiredStatusChecks,
    /// The commit's message must match a pattern; here no message does.
    CommitMessagePattern,
    /// The email address of the commit's author must match a pattern; here none does.
    CommitAuthorEmailPattern,
    /// The branch's name must match a pattern; here no name does.
    BranchNamePattern,
    /// A push ruleset keeps files out of a folder.
    FilePathRestriction,
    /// A push ruleset keeps files with an extension out.
    FileExtensionRestriction,
    /// A push ruleset keeps large files out.
    MaxFileSize,
    /// Push protection of secret scanning: no rule of a ruleset, and listed nowhere.
    PushProtection,
}

impl Rule {
    /// The type of the rule in GitHub's API; nothing for one that isn't of a ruleset.
    fn kind(self) -> Option<&'static str> {
        Some(match self {
            Self::PullRequest => "pull_request",
            Self::RequiredSignatures => "required_signatures",
            Self::Update => "update",
            Self::Creation => "creation",
            Self::Deletion => "deletion",
            Self::NonFastForward => "non_fast_forward",
            Self::RequiredLinearHistory => "required_linear_history",
            Self::MergeQueue => "merge_queue",
            Self::RequiredStatusChecks => "required_status_checks",
            Self::CommitMessagePattern => "commit_message_pattern",
            Self::CommitAuthorEmailPattern => "commit_author_email_pattern",
            Self::BranchNamePattern => "branch_name_pattern",
            Self::FilePathRestriction => "file_path_restriction",
            Self::FileExtensionRestriction => "file_extension_restriction",
            Self::MaxFileSize => "max_file_size",
            Self::PushProtection => return None,
        })
    }

    /// The rule as *Get rules for a branch* lists it, from that ruleset.
    pub(crate) fn listed(self, source_type: &str, source: &str, id: u64) -> Option<Value> {
        let mut rule = json!({
            "type": self.kind()?,
            "ruleset_source_type": source_type,
            "ruleset_source": source,
            "ruleset_id": id,
        });
        let pattern = json!({ "operator": "starts_with", "pattern": "JIRA-" });
        match self {
            Self::CommitMessagePattern
            | Self::CommitAuthorEmailPattern
            | Self::BranchNamePattern => rule["parameters"] = pattern,
            Self::RequiredStatusChecks => {
                rule["parameters"] = json!({
                    "required_status_checks": [{ "context": "build" }],
                    "strict_required_status_checks_policy": false,
                });
            }
            Self::FilePathRestriction => {
                rule["parameters"] = json!({ "restricted_file_paths": ["copilot-activity/**/*"] });
            }
            Self::FileExtensionRestriction => {
                rule["parameters"] = json!({ "restricted_file_extensions": ["*.csv"] });
            }
            Self::MaxFileSize => rule["parameters"] = json!({ "max_file_size": 1 }),
            _ => {}
        }
        Some(rule)
    }

    /// Whether a commit to an existing branch breaks it. `signed`: whether the commit is verified.
    pub(crate) fn forbids_a_commit(self, signed: bool) -> bool {
        match self {
            Self::RequiredSignatures => !signed,
            Self::Creation
            | Self::BranchNamePattern
            | Self::Deletion
            | Self::NonFastForward
            | Self::RequiredLinearHistory => false,
            _ => true,
        }
    }

    /// Whether creating the branch breaks it, at a commit that another branch has already, or at a new one.
    pub(crate) fn forbids_a_branch(self, new_commit: Option<bool>) -> bool {
        match self {
            Self::Creation | Self::BranchNamePattern => true,
            Self::Update => false,
            rule => new_commit.is_some_and(|signed| rule.forbids_a_commit(signed)),
        }
    }

    /// What GitHub says to a token that breaks it by a commit. Its texts for patterns and push rulesets are described
    /// nowhere; these are close to what `git push` prints.
    pub(crate) fn refusal(self) -> &'static str {
        match self {
            Self::PullRequest => "Changes must be made through a pull request.",
            Self::RequiredSignatures => "Commits must have verified signatures.",
            Self::Update => "Cannot update this protected ref.",
            Self::Creation => "Cannot create ref due to creations being restricted.",
            Self::Deletion => "Cannot delete this branch",
            Self::NonFastForward => "Cannot force-push to this branch",
            Self::RequiredLinearHistory => "This branch must not contain merge commits.",
            Self::MergeQueue => "Changes must be made through the merge queue",
            Self::RequiredStatusChecks => "Required status check \"build\" is expected.",
            Self::CommitMessagePattern => {
                "Commit message must start with a matching pattern: JIRA-"
            }
            Self::CommitAuthorEmailPattern => {
                "Commit author email must start with a matching pattern: JIRA-"
            }
            Self::BranchNamePattern => "Branch name must start with a matching pattern: JIRA-",
            Self::FilePathRestriction => "File path is restricted",
            Self::FileExtensionRestriction => "File extension is restricted",
            Self::MaxFileSize => "File size exceeds the limit",
            Self::PushProtection => "Secret detected in content",
        }
    }
}
