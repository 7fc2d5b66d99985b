//! The rules in force on a branch, and which of them refuse a write for certain or perhaps.

use std::fmt;

use serde::Deserialize;

use crate::system::text::shown;

/// A kind of write, as far as rules tell them apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Write {
    /// The first commit of a repository, which creates its first branch.
    FirstCommit,
    /// A branch at a commit that another branch has already.
    NewBranch,
    /// A branch at a new commit.
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
    /// Its type, such as `pull_request`.
    pub(super) fn kind(&self) -> &str {
        &self.kind
    }

    /// The ruleset it is from, for people.
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

    /// Whether every write of that kind breaks it, whatever is in the commit.
    pub(super) fn is_certain_to_refuse(&self, write: Write) -> bool {
        match write {
            Write::FirstCommit | Write::NewBranchWithCommit => {
                matches!(&*self.kind, "creation" | "pull_request" | "merge_queue")
            }
            Write::NewBranch => self.kind == "creation",
            Write::Commit => matches!(&*self.kind, "update" | "pull_request" | "merge_queue"),
        }
    }

    /// Whether a write of that kind can break it. Rules of kinds that we don't know count.
    fn may_refuse(&self, write: Write) -> bool {
        match &*self.kind {
            // We delete nothing, force nothing, and make neither merges nor tags.
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

/// Its type and where it is from.
impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` ({})", shown(&self.kind, 50), self.ruleset())
    }
}

/// The rules that were read for a branch; none for one whose rules couldn't be read.
#[derive(Debug, Clone, Default)]
pub(super) struct Rules(pub(super) Vec<Rule>);

impl Rules {
    /// Whether one of them can refuse a write of that kind.
    pub(super) fn may_refuse(&self, write: Write) -> bool {
        self.0.iter().any(|rule| rule.may_refuse(write))
    }

    /// Whether one of them refuses every write of that kind by a token that can't bypass it.
    pub(super) fn are_certain_to_refuse(&self, write: Write) -> bool {
        self.0.iter().any(|rule| rule.is_certain_to_refuse(write))
    }

    /// Those that can be the reason why a write was refused, most likely first: those that
    /// GitHub's words mean, if they mean any.
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
