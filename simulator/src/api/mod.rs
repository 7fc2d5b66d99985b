//! GitHub's REST API: authentication, routing, and the headers of every response.

mod app;
mod contents;
pub(crate) mod context;
pub(crate) mod errors;
mod git_data;
mod owners;
mod pulls;
mod repository;
pub(crate) mod rules;
mod seats;

use context::Context;
use errors::unknown_endpoint;
use repository::Place;

use crate::github::Scope;
use crate::graphql;
use crate::http::{Call, Response};
use crate::world::World;

/// Handles a request.
pub(crate) fn handle(world: &World, call: &Call) -> Response {
    if call.header("user-agent").is_none_or(str::is_empty) {
        let text = "Request forbidden by administrative rules. Please make sure your request has a User-Agent header";
        return Response::of(403, "text/html; charset=utf-8", text);
    }
    if let Some(response) = app::handle(world, call) {
        return response;
    }
    let Some(token) = call.token().and_then(|secret| world.use_token(secret)) else {
        return errors::bad_credentials();
    };
    let context = Context {
        world,
        call,
        token: &token,
    };
    let response = match &token.sso {
        Some(url) => errors::single_sign_on(url),
        None => route(context),
    };
    match &token.scopes {
        Some(scopes) => response.or_header("x-oauth-scopes", scopes),
        None => response,
    }
}

fn route(context: Context<'_>) -> Response {
    let segments = context.call.segments();
    let segments = segments.iter().map(String::as_str).collect::<Vec<_>>();
    match (context.call.method.as_str(), &segments[..]) {
        ("GET", ["orgs", name, "copilot", "billing", "seats"]) => {
            seats::of(context, Scope::Organization, name)
        }
        ("GET", ["organizations", id, "copilot", "billing", "seats"]) => {
            seats::of_organization_id(context, id)
        }
        ("GET", ["enterprises", slug, "copilot", "billing", "seats"]) => {
            seats::of(context, Scope::Enterprise, slug)
        }
        ("GET", ["orgs", name, "copilot", "billing"]) => seats::billing(context, name),
        ("GET", ["orgs", name]) => owners::organization(context, name),
        ("GET", ["user", "orgs"]) => owners::organizations(context),
        ("GET", ["users", login]) => seats::user(context, login),
        ("POST", ["graphql"]) => graphql::handle(context),
        (_, ["repos", owner, name, rest @ ..]) => of_repository(context, owner, name, rest),
        _ => unknown_endpoint(context),
    }
}

fn of_repository(context: Context<'_>, owner: &str, name: &str, rest: &[&str]) -> Response {
    let found = context.repository(&format!("{owner}/{name}"));
    let place = found.and_then(|(full_name, declared)| {
        let repo = context.world.repositories.get(&full_name)?;
        Some(Place {
            full_name,
            declared,
            repo,
        })
    });
    let Some(place) = place else {
        return errors::not_found("https://docs.github.com/rest/repos/repos#get-a-repository");
    };
    let method = context.call.method.as_str();
    if method != "GET" && place.declared.archived {
        return errors::archived();
    }
    if let ["pulls", rest @ ..] = rest {
        return pulls::route(context, &place, rest);
    }
    if method != "GET" && !context.token.may_write(&place.full_name) {
        return errors::not_writable(context);
    }
    match (method, rest) {
        ("GET", []) => Response::json(200, &repository::describe(context, &place)),
        ("GET", ["rules", "branches", branch @ ..]) => rules::of_branch(&place, &branch.join("/")),
        ("GET", ["rulesets", id]) => rules::ruleset(context, &place, id),
        ("GET", ["contents", path @ ..]) => {
            contents::get(context, &place, path.join("/").trim_matches('/'))
        }
        ("PUT", ["contents", path @ ..]) => contents::put(context, &place, &path.join("/")),
        (_, ["git", rest @ ..]) => git_data::route(context, &place, rest),
        _ => unknown_endpoint(context),
    }
}

/// Adds the headers of every API response. `number` counts all responses. The rate limit counts
/// those of each token and part of the API.
pub(crate) fn add_headers(world: &World, call: &Call, response: Response, number: u64) -> Response {
    let resource = if call.is_graphql() { "graphql" } else { "core" };
    let who = call.token().unwrap_or_default();
    let used = world.count_response(&format!("{who} {resource}"));
    let now = world.now();
    let reset = now.as_second() + 3600;
    response
        .or_header(
            "date",
            now.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string(),
        )
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
