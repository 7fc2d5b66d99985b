//! Branch rules, and GitHub's message if a token violates one.

use serde_json::{Value, json};

/// A branch rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// Changes require a pull request.
    PullRequest,
    /// Commits must have verified signatures.
    RequiredSignatures,
    /// No one can update the branch.
    Update,
    /// No one can create the branch.
    Creation,
    /// No one can delete the branch. The action never does.
    Deletion,
    /// No one can force-push to the branch. The action never does.
    NonFastForward,
    /// The branch can't have merge commits. The action creates none.
    RequiredLinearHistory,
    /// Changes require the merge queue.
    MergeQueue,
    /// Every commit requires a passed status check, which a new commit can't have.
    RequiredStatusChecks,
    /// The commit message must match a pattern. In the simulator, none does.
    CommitMessagePattern,
    /// The author's email address must match a pattern. In the simulator, none does.
    CommitAuthorEmailPattern,
    /// The branch name must match a pattern. In the simulator, none does.
    BranchNamePattern,
    /// A push ruleset blocks files in a folder.
    FilePathRestriction,
    /// A push ruleset blocks files with an extension.
    FileExtensionRestriction,
    /// A push ruleset blocks large files.
    MaxFileSize,
    /// Push protection from secret scanning. It isn't part of a ruleset, and isn't listed anywhere.
    PushProtection,
}

impl Rule {
    /// The type of the rule in GitHub's API. `None` if it isn't part of a ruleset.
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

    /// The rule in the response of *Get rules for a branch*.
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

    /// Whether a commit to an existing branch violates it. `signed` says whether the commit is
    /// verified.
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

    /// Whether creating the branch violates it, at a commit of another branch or at a new one.
    pub(crate) fn forbids_a_branch(self, new_commit: Option<bool>) -> bool {
        match self {
            Self::Creation | Self::BranchNamePattern => true,
            Self::Update => false,
            rule => new_commit.is_some_and(|signed| rule.forbids_a_commit(signed)),
        }
    }

    /// GitHub's message to a token whose commit violates it. The messages for patterns and push
    /// rulesets aren't documented. These are similar to the output of `git push`.
    pub(crate) fn message(self) -> &'static str {
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
