//! GitHub's API: who asks, what for, and the headers of every answer.

mod app;
mod contents;
mod git_data;
mod owners;
mod pulls;
mod refusal;
mod repository;
mod rules;
mod seats;

use serde_json::json;

use crate::github::{self, Token};
use crate::graphql;
use crate::http::{Answer, Call};
use crate::inspect::token_of;
use crate::world::World;

pub(crate) use refusal::{broken_rule, inaccessible};
pub(crate) use repository::{github_itself, identity};
pub(crate) use rules::broken_by_commit;
pub(crate) use seats::page_of as seats_page;

/// Whose seats are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    Organization,
    Enterprise,
}

/// One request of somebody known.
#[derive(Clone, Copy)]
pub(crate) struct Asked<'a> {
    pub(crate) world: &'a World,
    pub(crate) call: &'a Call,
    pub(crate) token: &'a Token,
}

impl Asked<'_> {
    pub(crate) fn complain(&self, what: impl AsRef<str>) {
        self.world.complain(self.call, what);
    }

    /// The repository of that name, if the token may see it: its name as declared, and what was declared.
    pub(crate) fn repository(&self, full_name: &str) -> Option<(String, github::Repository)> {
        let found = self.world.github(|github| {
            github::named(&github.repositories, full_name)
                .map(|(name, repository)| (name.to_owned(), repository.clone()))
        });
        found.filter(|(name, repository)| {
            repository.visibility == github::Visibility::Public || self.token.may_read(name)
        })
    }
}

/// Answers a request.
pub(crate) fn handle(world: &World, call: &Call) -> Answer {
    if call.header("user-agent").is_none_or(str::is_empty) {
        let text = "Request forbidden by administrative rules. Please make sure your request has a User-Agent header";
        return Answer::of(403, "text/html; charset=utf-8", text);
    }
    if let Some(answer) = app::handle(world, call) {
        return answer;
    }
    let Some(token) = token_of(call).and_then(|secret| world.use_token(secret)) else {
        return refusal::bad_credentials();
    };
    let asked = Asked {
        world,
        call,
        token: &token,
    };
    let answer = match &token.sso {
        Some(url) => refusal::single_sign_on(url),
        None => route(asked),
    };
    match &token.scopes {
        Some(scopes) => answer.or_header("x-oauth-scopes", scopes),
        None => answer,
    }
}

fn route(asked: Asked<'_>) -> Answer {
    let segments = asked.call.segments();
    let segments = segments.iter().map(String::as_str).collect::<Vec<_>>();
    match (asked.call.method.as_str(), &segments[..]) {
        ("GET", ["orgs", name, "copilot", "billing", "seats"]) => {
            seats::of(asked, Scope::Organization, name)
        }
        ("GET", ["organizations", id, "copilot", "billing", "seats"]) => {
            seats::of_organization_id(asked, id)
        }
        ("GET", ["enterprises", slug, "copilot", "billing", "seats"]) => {
            seats::of(asked, Scope::Enterprise, slug)
        }
        ("GET", ["orgs", name]) => owners::organization(asked, name),
        ("GET", ["users", login]) => seats::user(asked, login),
        ("POST", ["graphql"]) => graphql::handle(asked),
        (_, ["repos", owner, name, rest @ ..]) => repository::route(asked, owner, name, rest),
        _ => unknown(asked),
    }
}

/// Nothing here answers that: either it does not exist or the simulator must learn it.
fn unknown(asked: Asked<'_>) -> Answer {
    asked.complain("the simulator knows no such endpoint");
    refusal::not_found("https://docs.github.com/rest")
}

/// Adds the headers that every answer of the API has. `number` counts answers; those that a token got of one part of
/// the API count for its limit.
pub(crate) fn dress(world: &World, call: &Call, answer: Answer, number: u64) -> Answer {
    let resource = if call.is_graphql() { "graphql" } else { "core" };
    let who = token_of(call).unwrap_or_default();
    let used = world.use_up(&format!("{who} {resource}"));
    let reset = jiff::Timestamp::now().as_second() + 3600;
    answer
        .or_header("content-type", "application/json; charset=utf-8")
        .or_header("server", "github.com")
        .or_header("x-github-request-id", format!("C0DE:{number:04X}:5EA7"))
        .or_header("x-github-media-type", "github.v3; format=json")
        .or_header("x-github-api-version-selected", "2022-11-28")
        .or_header("x-ratelimit-limit", "5000")
        .or_header(
            "x-ratelimit-remaining",
            5000_u64.saturating_sub(used).to_string(),
        )
        .or_header("x-ratelimit-used", used.min(5000).to_string())
        .or_header("x-ratelimit-reset", reset.to_string())
        .or_header("x-ratelimit-resource", resource)
}

/// GitHub's form of a failure.
fn failure(status: u16, message: &str, documentation: &str) -> Answer {
    let body = json!({ "message": message, "documentation_url": documentation, "status": status.to_string() });
    Answer::json(status, &body)
}
