//! The rules of branches: which there are, who can bypass them, and which of them a request breaks.

use serde_json::json;

use super::asked::Asked;
use super::refusal;
use super::repository::{CREATED, Place};
use crate::github::Repository;
use crate::http::Answer;
use crate::rule::Rule;

/// The ruleset that every rule here is from.
const RULESET: u64 = 42;

/// The rules of a branch, whether or not the token can bypass them: the answer is the same for everybody.
pub(super) fn of_branch(place: &Place, branch: &str) -> Answer {
    let rules = place.declared.rules_of(branch).into_iter();
    let rules = rules.filter_map(|rule| rule.listed("Repository", &place.full_name, RULESET));
    Answer::json(200, &rules.collect())
}

/// A ruleset, and whether the token can bypass it. What GitHub tells Apps isn't described, so they are told the same
/// whatever they can do.
pub(super) fn ruleset(asked: Asked<'_>, place: &Place, id: &str) -> Answer {
    if id != RULESET.to_string() || place.declared.rules.is_empty() {
        return refusal::not_found(
            "https://docs.github.com/rest/repos/rules#get-a-repository-ruleset",
        );
    }
    let api = format!("{}/repos/{}", asked.world.api_url, place.full_name);
    let mut ruleset = json!({
        "id": RULESET,
        "name": "Protection",
        "target": "branch",
        "source_type": "Repository",
        "source": place.full_name,
        "enforcement": "active",
        "node_id": format!("RRS_{RULESET}"),
        "_links": { "self": { "href": format!("{api}/rulesets/{RULESET}") } },
        "created_at": CREATED,
        "updated_at": CREATED,
    });
    if place.declared.tells_who_can_bypass {
        let can_bypass = !asked.token.is_bot() && bypasses(asked, &place.declared);
        ruleset["current_user_can_bypass"] = if can_bypass { "always" } else { "never" }.into();
    }
    Answer::json(200, &ruleset)
}

/// The first rule that a commit to the branch breaks, if the token can't bypass it. `signed`: whether it is verified.
pub(crate) fn broken_by_commit(
    asked: Asked<'_>,
    repository: &Repository,
    branch: &str,
    signed: bool,
) -> Option<Rule> {
    broken(asked, repository, branch, |rule| {
        rule.forbids_a_commit(signed)
    })
}

/// The first rule that creating the branch breaks, if the token can't bypass it. `new_commit`: whether its commit is
/// verified, if no other branch has it.
pub(super) fn broken_by_branch(
    asked: Asked<'_>,
    repository: &Repository,
    branch: &str,
    new_commit: Option<bool>,
) -> Option<Rule> {
    broken(asked, repository, branch, |rule| {
        rule.forbids_a_branch(new_commit)
    })
}

fn broken(
    asked: Asked<'_>,
    repository: &Repository,
    branch: &str,
    forbids: impl Fn(Rule) -> bool,
) -> Option<Rule> {
    let mut rules = repository.rules_of(branch).into_iter();
    rules.find(|rule| forbids(*rule) && !bypasses(asked, repository))
}

fn bypasses(asked: Asked<'_>, repository: &Repository) -> bool {
    asked
        .call
        .token()
        .is_some_and(|secret| repository.bypassed_by.contains(secret))
}
