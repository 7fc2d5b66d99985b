//! GitHub's API: who asks, what for, and the headers of every answer.

mod app;
pub(crate) mod asked;
mod contents;
mod git_data;
mod owners;
mod pulls;
pub(crate) mod refusal;
mod repository;
pub(crate) mod rules;
mod seats;

use asked::Asked;
use refusal::unknown;
use repository::Place;

use crate::github::Scope;
use crate::graphql;
use crate::http::{Answer, Call};
use crate::world::World;

/// Answers a request.
pub(crate) fn handle(world: &World, call: &Call) -> Answer {
    if call.header("user-agent").is_none_or(str::is_empty) {
        let text = "Request forbidden by administrative rules. Please make sure your request has a User-Agent header";
        return Answer::of(403, "text/html; charset=utf-8", text);
    }
    if let Some(answer) = app::handle(world, call) {
        return answer;
    }
    let Some(token) = call.token().and_then(|secret| world.use_token(secret)) else {
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
        (_, ["repos", owner, name, rest @ ..]) => of_repository(asked, owner, name, rest),
        _ => unknown(asked),
    }
}

fn of_repository(asked: Asked<'_>, owner: &str, name: &str, rest: &[&str]) -> Answer {
    let found = asked.repository(&format!("{owner}/{name}"));
    let place = found.and_then(|(full_name, declared)| {
        let repo = asked.world.repositories.get(&full_name)?;
        Some(Place {
            full_name,
            declared,
            repo,
        })
    });
    let Some(place) = place else {
        return refusal::not_found("https://docs.github.com/rest/repos/repos#get-a-repository");
    };
    let method = asked.call.method.as_str();
    if method != "GET" && place.declared.archived {
        return refusal::archived();
    }
    if let ["pulls", rest @ ..] = rest {
        return pulls::route(asked, &place, rest);
    }
    if method != "GET" && !asked.token.may_write(&place.full_name) {
        return refusal::may_not_write(asked);
    }
    match (method, rest) {
        ("GET", []) => Answer::json(200, &repository::describe(asked, &place)),
        ("GET", ["rules", "branches", branch @ ..]) => rules::of_branch(&place, &branch.join("/")),
        ("GET", ["rulesets", id]) => rules::ruleset(asked, &place, id),
        ("GET", ["contents", path @ ..]) => {
            contents::get(asked, &place, path.join("/").trim_matches('/'))
        }
        ("PUT", ["contents", path @ ..]) => contents::put(asked, &place, &path.join("/")),
        (_, ["git", rest @ ..]) => git_data::route(asked, &place, rest),
        _ => unknown(asked),
    }
}

/// Adds the headers that every answer of the API has. `number` counts answers; those that a token got of one part of
/// the API count for its limit.
pub(crate) fn dress(world: &World, call: &Call, answer: Answer, number: u64) -> Answer {
    let resource = if call.is_graphql() { "graphql" } else { "core" };
    let who = call.token().unwrap_or_default();
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
