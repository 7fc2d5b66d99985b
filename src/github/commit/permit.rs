//! Reads the rules in force on a branch, and refuses writes that are certain to break them.
//!
//! *Get rules for a branch* lists all active rules, whether or not the token can bypass them. So
//! the list alone refuses nothing, because that would hold back a token on a bypass list. Before
//! the first write, a rule refuses it only if
//!
//! - the write breaks it regardless of what's in the commit (see [`Rule::is_certain_to_refuse`]),
//!   and
//! - the ruleset itself says that this token can't bypass it: `current_user_can_bypass` of *Get a
//!   repository ruleset* is `never`, or `pull_requests_only`, which doesn't cover a push, and
//! - the token is a person's. GitHub describes that field for "the user making the API request",
//!   and an App isn't a user. An App on the bypass list is the setup that we recommend, so a wrong
//!   `never` would break exactly those who did everything right.
//!
//! In all other cases, the write itself is the test. The first one that a rule refuses ends the
//! run. For an App that creates a branch under rules, the commit is made first and the branch is
//! created at it, so that a refusal leaves no branch behind (see [`super::git_data`]).

use std::cell::RefCell;

use serde::Deserialize;

use super::Committer;
use super::lookup::Lookups;
use super::protected::Protected;
use super::rules::{MAX_RULES, Rule, Rules, Write};
use crate::github::error::Purpose;
use crate::github::names::BranchName;

/// What all committers of a run share: the rules that were already read, so that a run requests
/// them only once, and what's being looked up.
#[derive(Debug, Default)]
pub(crate) struct Rulebook {
    branches: RefCell<Vec<BranchRules>>,
    pub(super) lookups: Lookups,
}

/// The rules of a branch.
#[derive(Debug)]
struct BranchRules {
    branch: BranchName,
    /// `None` if they couldn't be read.
    rules: Option<Rules>,
    /// Whether writes to the branch were already permitted.
    is_permitted: bool,
}

/// What GitHub says about who can bypass a ruleset ("Get a repository ruleset").
#[derive(Deserialize)]
struct Ruleset {
    current_user_can_bypass: Option<String>,
}

impl Rulebook {
    /// Returns the rules of a branch, if they were already read or couldn't be.
    fn rules(&self, branch: &BranchName) -> Option<Option<Rules>> {
        let known = self.branches.borrow();
        let found = known.iter().find(|known| known.branch == *branch)?;
        Some(found.rules.clone())
    }

    fn is_permitted(&self, branch: &BranchName) -> bool {
        let known = self.branches.borrow();
        let mut known = known.iter();
        known.any(|known| known.branch == *branch && known.is_permitted)
    }

    fn permit(&self, branch: &BranchName) {
        let mut known = self.branches.borrow_mut();
        let known = known.iter_mut().filter(|known| known.branch == *branch);
        known.for_each(|known| known.is_permitted = true);
    }
}

impl Committer<'_> {
    /// Reads the rules of `branch` before the first of `writes` to it, and refuses those that are
    /// certain to fail. Rules that can't be read don't block anything.
    pub(super) async fn permit(
        &self,
        branch: &BranchName,
        writes: &[Write],
    ) -> Result<Rules, Box<Protected>> {
        let rules = self.known_rules(branch).await.unwrap_or_default();
        if self.book.is_permitted(branch) {
            return Ok(rules);
        }
        for write in writes {
            let certain = |rule: &&Rule| rule.is_certain_to_refuse(*write);
            for rule in rules.0.iter().filter(certain) {
                if self.cannot_bypass(rule).await {
                    let rules = Rules(vec![rule.clone()]);
                    return Err(self.protected(branch, *write, None, &rules));
                }
            }
        }
        self.book.permit(branch);
        Ok(rules)
    }

    /// Returns the rules of `branch`, which are read once per run. `None` if they can't be read.
    pub(super) async fn known_rules(&self, branch: &BranchName) -> Option<Rules> {
        if let Some(rules) = self.book.rules(branch) {
            return rules;
        }
        let rules = self.rules(branch).await;
        self.book.branches.borrow_mut().push(BranchRules {
            branch: branch.clone(),
            rules: rules.clone(),
            is_permitted: false,
        });
        rules
    }

    /// Reads *Get rules for a branch*. The branch doesn't have to exist. Older protections of
    /// branches aren't among the rules.
    async fn rules(&self, branch: &BranchName) -> Option<Rules> {
        let mut url = self.url(["rules", "branches", branch.as_str()]);
        url.query_pairs_mut()
            .append_pair("per_page", &MAX_RULES.to_string());
        let purpose = Purpose::Protection(self.repository.clone());
        match self.client.get_list(&purpose, url).await {
            Ok((rules, _)) => Some(Rules(rules)),
            Err(error) => {
                tracing::debug!("Couldn't read the rules of {branch}: {error}");
                None
            }
        }
    }

    /// Returns whether GitHub says that the person who owns the token can't bypass a rule.
    async fn cannot_bypass(&self, rule: &Rule) -> bool {
        let Some(id) = rule.ruleset_id.filter(|_| self.client.acts_for_a_person()) else {
            return false;
        };
        let url = self.url(["rulesets", &id.to_string()]);
        match self.client.get::<Ruleset>(&self.purpose, url).await {
            Ok((ruleset, _)) => matches!(
                ruleset.current_user_can_bypass.as_deref(),
                Some("never" | "pull_requests_only")
            ),
            Err(error) => {
                tracing::debug!("Couldn't read who can bypass {}: {error}", rule.ruleset());
                false
            }
        }
    }
}
