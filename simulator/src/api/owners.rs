//! Organizations: their names and IDs, and which a person belongs to.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::context::Context;
use super::errors;
use crate::github;
use crate::http::Response;
use crate::page::Page;
use crate::world::SERVER_URL;

/// "Get an organization", whose public part everyone can see. A renamed organization isn't found by
/// its old name: "API requests that use the old organization's name will return a 404 error"
/// ("Renaming an organization").
pub(super) fn organization(context: Context<'_>, name: &str) -> Response {
    let found = context.world.github(|github| {
        let (name, _) = github::named(&github.organizations, name)?;
        Some((name.to_owned(), github.number_of(name)))
    });
    let Some((login, id)) = found else {
        return errors::not_found("https://docs.github.com/rest/orgs/orgs#get-an-organization");
    };
    let mut organization = summary(context, &login, id);
    let more = json!({
        "html_url": format!("{SERVER_URL}/{login}"),
        "has_organization_projects": true, "has_repository_projects": true,
        "public_repos": 0, "public_gists": 0, "followers": 0, "following": 0,
        "type": "Organization", "created_at": "2020-01-05T09:00:00Z",
        "updated_at": "2026-01-05T09:00:00Z", "archived_at": null,
    });
    if let (Some(all), Value::Object(more)) = (organization.as_object_mut(), more) {
        all.extend(more);
    }
    Response::json(200, &organization)
}

/// "List organizations for the authenticated user". An App's installation isn't a user. For a
/// fine-grained token, the list is empty.
pub(super) fn organizations(context: Context<'_>) -> Response {
    let Context { world, call, token } = context;
    if call.query("per_page").as_deref() != Some("100") {
        context.report_violation("per_page isn't 100, GitHub's maximum");
    }
    let Some(scopes) = &token.scopes else {
        return errors::missing_permission(context, "");
    };
    let is_fine_grained = call
        .token()
        .is_some_and(|secret| secret.starts_with("github_pat_"));
    if is_fine_grained {
        return Response::json(200, &json!([]));
    }
    let accepted = ["admin:org", "read:org", "repo", "user", "write:org"];
    if !scopes.split(", ").any(|scope| accepted.contains(&scope)) {
        let message = "You need at least read:org scope or user scope to list your organizations.";
        let documentation =
            "https://docs.github.com/rest/orgs/orgs#list-organizations-for-the-authenticated-user";
        return errors::error(403, message, documentation)
            .header("x-accepted-oauth-scopes", accepted.join(", "));
    }
    let members: BTreeSet<&String> = token.organizations.union(&token.copilot).collect();
    let (left_out, listed): (Vec<&String>, Vec<&String>) = members
        .into_iter()
        .partition(|name| token.left_out.contains(*name));
    let id = |name: &str| world.github(|github| github.number_of(name));
    let list: Vec<Value> = listed
        .iter()
        .map(|name| summary(context, name, id(name)))
        .collect();
    let response = Page::of(call).of_list(&format!("{}/user/orgs", world.api_url), &list);
    if left_out.is_empty() {
        return response;
    }
    let ids: Vec<String> = left_out.iter().map(|name| id(name).to_string()).collect();
    let header = format!("partial-results; organizations={}", ids.join(","));
    response.header("x-github-sso", header)
}

fn summary(context: Context<'_>, login: &str, id: u32) -> Value {
    let api = format!("{}/orgs/{login}", context.world.api_url);
    json!({
        "login": login, "id": id, "node_id": format!("O_{id}"), "url": api,
        "repos_url": format!("{api}/repos"), "events_url": format!("{api}/events"),
        "hooks_url": format!("{api}/hooks"), "issues_url": format!("{api}/issues"),
        "members_url": format!("{api}/members{{/member}}"),
        "public_members_url": format!("{api}/public_members{{/member}}"),
        "avatar_url": format!("{SERVER_URL}/avatars/{login}"), "description": null,
    })
}
