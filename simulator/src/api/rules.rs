//! Branch rules: which apply, who can bypass them, and which of them a request violates.

use serde_json::json;

use super::context::Context;
use super::errors;
use super::repository::{CREATED, Place};
use crate::github::Repository;
use crate::http::Response;
use crate::rule::Rule;

/// The ruleset of every rule.
const RULESET: u64 = 42;

/// The rules of a branch. GitHub returns them even if the token can bypass them.
pub(super) fn of_branch(place: &Place, branch: &str) -> Response {
    let rules = place.declared.rules_of(branch).into_iter();
    let rules = rules.filter_map(|rule| rule.listed("Repository", &place.full_name, RULESET));
    Response::json(200, &rules.collect())
}

/// A ruleset, and whether the token can bypass it. What GitHub returns to an App isn't documented,
/// so the response here doesn't depend on what the App can bypass.
pub(super) fn ruleset(context: Context<'_>, place: &Place, id: &str) -> Response {
    if id != RULESET.to_string() || place.declared.rules.is_empty() {
        return errors::not_found(
            "https://docs.github.com/rest/repos/rules#get-a-repository-ruleset",
        );
    }
    let api = format!("{}/repos/{}", context.world.api_url, place.full_name);
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
    if place.declared.shows_who_can_bypass {
        let can_bypass = !context.token.is_bot() && bypasses(context, &place.declared);
        ruleset["current_user_can_bypass"] = if can_bypass { "always" } else { "never" }.into();
    }
    Response::json(200, &ruleset)
}

/// The first rule that a commit to the branch violates, if the token can't bypass it. `signed` says
/// whether the commit is verified.
pub(crate) fn broken_by_commit(
    context: Context<'_>,
    repository: &Repository,
    branch: &str,
    signed: bool,
) -> Option<Rule> {
    broken(context, repository, branch, |rule| {
        rule.forbids_a_commit(signed)
    })
}

/// The first rule that creating the branch violates, if the token can't bypass it. If no other
/// branch has the commit, `new_commit` says whether it's verified.
pub(super) fn broken_by_branch(
    context: Context<'_>,
    repository: &Repository,
    branch: &str,
    new_commit: Option<bool>,
) -> Option<Rule> {
    broken(context, repository, branch, |rule| {
        rule.forbids_a_branch(new_commit)
    })
}

fn broken(
    context: Context<'_>,
    repository: &Repository,
    branch: &str,
    forbids: impl Fn(Rule) -> bool,
) -> Option<Rule> {
    let mut rules = repository.rules_of(branch).into_iter();
    rules.find(|rule| forbids(*rule) && !bypasses(context, repository))
}

fn bypasses(context: Context<'_>, repository: &Repository) -> bool {
    context
        .call
        .token()
        .is_some_and(|secret| repository.bypassed_by.contains(secret))
}
