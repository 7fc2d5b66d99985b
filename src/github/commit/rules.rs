//! The rules in force on a branch, and which of them refuse a write for certain.
//!
//! *Get rules for a branch* lists all active rules, whether or not the token can bypass them. So
//! the list alone refuses nothing: a token on a bypass list would be held back. Before the first
//! write a rule refuses only if
//!
//! - the write breaks it whatever the commit looks like (see [`Rule::is_certain_to_refuse`]), and
//! - the ruleset itself says that this token can't bypass it: `current_user_can_bypass` of *Get a
//!   repository ruleset* is `never`, or `pull_requests_only`, which doesn't cover a push, and
//! - the token is a person's. GitHub describes that field for "the user making the API request",
//!   and an App isn't a user. An App on the bypass list is the setup that we recommend, so a wrong
//!   `never` would break exactly those who did everything right.
//!
//! In all other cases the write itself asks: the first one that a rule refuses ends the run. For an
//! App that creates a branch under rules, the commit is made first and the branch is created at it,
//! so that a refusal leaves no branch behind (see [`super::git_data`]).

use std::fmt;

use serde::Deserialize;

use super::Committer;
use super::protected::{Protected, Refused};
use crate::github::names::BranchName;
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
    ruleset_id: Option<u64>,
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
    fn is_certain_to_refuse(&self, write: Write) -> bool {
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
pub(super) struct Rules(Vec<Rule>);

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

/// Which rules were read already, so that they are asked for once in a delivery.
#[derive(Debug, Default)]
pub(super) struct Rulebook(Vec<(BranchName, Rules)>);

/// What GitHub says about who can bypass a ruleset ("Get a repository ruleset").
#[derive(Deserialize)]
struct Ruleset {
    current_user_can_bypass: Option<String>,
}

impl Committer<'_> {
    /// Reads the rules of `branch` before the first of `writes` to it, and refuses those that are
    /// certain not to succeed. Rules that can't be read hold nothing up.
    pub(super) async fn permit(
        &self,
        branch: &BranchName,
        writes: &[Write],
        book: &mut Rulebook,
    ) -> Result<Rules, Box<Protected>> {
        if let Some((_, rules)) = book.0.iter().find(|(known, _)| known == branch) {
            return Ok(rules.clone());
        }
        let rules = self.rules(branch).await;
        for write in writes {
            let certain = |rule: &&Rule| rule.is_certain_to_refuse(*write);
            for rule in rules.0.iter().filter(certain) {
                if self.cannot_bypass(rule).await {
                    return Err(self.protected(branch, *write, &Refused::Beforehand(rule)));
                }
            }
        }
        book.0.push((branch.clone(), rules.clone()));
        Ok(rules)
    }

    /// *Get rules for a branch*. The branch doesn't have to exist. Older protections of branches
    /// aren't among the rules.
    async fn rules(&self, branch: &BranchName) -> Rules {
        let mut url = self.url(["rules", "branches", branch.as_str()]);
        url.query_pairs_mut().append_pair("per_page", "100");
        match self.client.get_list(&self.purpose(), url).await {
            Ok((rules, _)) => Rules(rules),
            Err(error) => {
                tracing::debug!("The rules of {branch} can't be read: {error}");
                Rules::default()
            }
        }
    }

    /// Whether GitHub says that the person whose token this is can't push past a rule.
    async fn cannot_bypass(&self, rule: &Rule) -> bool {
        let Some(id) = rule.ruleset_id.filter(|_| self.client.acts_for_a_person()) else {
            return false;
        };
        let url = self.url(["rulesets", &id.to_string()]);
        match self.client.get::<Ruleset>(&self.purpose(), url).await {
            Ok((ruleset, _)) => matches!(
                ruleset.current_user_can_bypass.as_deref(),
                Some("never" | "pull_requests_only")
            ),
            Err(error) => {
                tracing::debug!("Who can bypass {} can't be read: {error}", rule.ruleset());
                false
            }
        }
    }
}
