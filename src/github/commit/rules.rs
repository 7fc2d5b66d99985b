//! The rules in force on a branch, and which of them certainly or possibly refuse a write.

use std::fmt;

use serde::Deserialize;

use crate::system::text::shown;

/// How many rules one page of *Get rules for a branch* has at most. Further pages aren't read.
pub(super) const MAX_RULES: usize = 100;

/// A kind of write, as far as rules distinguish them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Write {
    /// The first commit of a repository, which creates its first branch.
    FirstCommit,
    /// A new branch at a commit that another branch already has.
    NewBranch,
    /// A new branch at a new commit.
    NewBranchWithCommit,
    /// A commit on top of an existing branch.
    Commit,
}

/// A rule in force on a branch.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Rule {
    #[serde(rename = "type")]
    kind: String,
    ruleset_source_type: Option<String>,
    ruleset_source: Option<String>,
    pub(super) ruleset_id: Option<u64>,
}

impl Rule {
    /// Returns its type, such as `pull_request`.
    pub(super) fn kind(&self) -> &str {
        &self.kind
    }

    /// Returns the ruleset that it's from, for messages.
    pub(super) fn ruleset(&self) -> String {
        let id = self.ruleset_id.map(|id| format!(" {id}"));
        let source = self.ruleset_source.as_ref().map(|source| {
            let kind = self.ruleset_source_type.as_deref().unwrap_or("source");
            let kind = shown(kind, 20).to_lowercase();
            format!(" of the {kind} {}", shown(source, 100))
        });
        format!(
            "ruleset{}{}",
            id.unwrap_or_default(),
            source.unwrap_or_default()
        )
    }

    /// Returns whether every write of that kind breaks it, regardless of what's in the commit.
    pub(super) fn is_certain_to_refuse(&self, write: Write) -> bool {
        match write {
            Write::FirstCommit | Write::NewBranchWithCommit => {
                matches!(&*self.kind, "creation" | "pull_request" | "merge_queue")
            }
            Write::NewBranch => self.kind == "creation",
            Write::Commit => matches!(&*self.kind, "update" | "pull_request" | "merge_queue"),
        }
    }

    /// Returns whether a write of that kind can break it. Rules of unknown kinds count.
    fn may_refuse(&self, write: Write) -> bool {
        match &*self.kind {
            // The action deletes nothing, never force-pushes, and creates neither merges nor tags.
            "deletion" | "non_fast_forward" | "required_linear_history" | "tag_name_pattern" => {
                false
            }
            "creation" | "branch_name_pattern" => write != Write::Commit,
            "update" => write == Write::Commit,
            "pull_request"
            | "merge_queue"
            | "required_signatures"
            | "commit_message_pattern"
            | "commit_author_email_pattern"
            | "committer_email_pattern"
            | "file_path_restriction"
            | "file_extension_restriction"
            | "max_file_path_length"
            | "max_file_size" => write != Write::NewBranch,
            _ => true,
        }
    }
}

/// Shows its type and where it's from.
impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` ({})", shown(&self.kind, 50), self.ruleset())
    }
}

/// The rules that were read for a branch. Empty if they couldn't be read.
#[derive(Debug, Clone, Default)]
pub(super) struct Rules(pub(super) Vec<Rule>);

impl Rules {
    /// Returns whether one of them can refuse a write of that kind.
    pub(super) fn may_refuse(&self, write: Write) -> bool {
        self.0.iter().any(|rule| rule.may_refuse(write))
    }

    /// Returns whether one of them refuses every write of that kind by a token that can't bypass
    /// it.
    pub(super) fn are_certain_to_refuse(&self, write: Write) -> bool {
        self.0.iter().any(|rule| rule.is_certain_to_refuse(write))
    }

    /// Returns whether a rule of this kind is among them. `None` if there may be more rules than
    /// were read.
    pub(super) fn has(&self, kind: &str) -> Option<bool> {
        if self.0.iter().any(|rule| rule.kind == kind) {
            return Some(true);
        }
        (self.0.len() < MAX_RULES).then_some(false)
    }

    /// Returns the rules that can be the reason why a write was refused, most likely first. If
    /// GitHub's message refers to a kind of rule, only rules of that kind count.
    pub(super) fn behind(&self, write: Write, meant: Option<&str>) -> Vec<&Rule> {
        let mut rules: Vec<&Rule> = self
            .0
            .iter()
            .filter(|rule| match meant {
                Some(kind) => rule.kind == kind,
                None => rule.may_refuse(write),
            })
            .collect();
        rules.sort_by_key(|rule| !rule.is_certain_to_refuse(write));
        rules
    }
}
