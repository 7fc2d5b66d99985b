//! Organizations: their names and IDs.

use serde_json::json;

use super::context::Context;
use super::errors;
use crate::github;
use crate::http::Response;
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
    let api = format!("{}/orgs/{login}", context.world.api_url);
    Response::json(
        200,
        &json!({
            "login": login, "id": id, "node_id": format!("O_{id}"), "url": api,
            "repos_url": format!("{api}/repos"), "events_url": format!("{api}/events"),
            "hooks_url": format!("{api}/hooks"), "issues_url": format!("{api}/issues"),
            "members_url": format!("{api}/members{{/member}}"),
            "public_members_url": format!("{api}/public_members{{/member}}"),
            "avatar_url": format!("{SERVER_URL}/avatars/{login}"), "description": null,
            "html_url": format!("{SERVER_URL}/{login}"),
            "has_organization_projects": true, "has_repository_projects": true,
            "public_repos": 0, "public_gists": 0, "followers": 0, "following": 0,
            "type": "Organization", "created_at": "2020-01-05T09:00:00Z",
            "updated_at": "2026-01-05T09:00:00Z", "archived_at": null,
        }),
    )
}
