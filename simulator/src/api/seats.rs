//! The seats of an organization or enterprise, page by page.

use super::context::Context;
use super::errors;
use crate::github::{self, Scope};
use crate::http::Response;
use crate::page::{Page, cursor};
use crate::seats::{Paging, Seats};

/// The scopes and the permission that can read an organization's seats.
const ORGANIZATION: (&str, &str) = (
    "manage_billing:copilot, read:org",
    "organization_copilot_seat_management=read",
);

const DOCUMENTATION: &str = "https://docs.github.com/rest/copilot/copilot-user-management";

pub(super) fn of(context: Context<'_>, scope: Scope, name: &str) -> Response {
    let page = Page::of(context.call);
    if context.call.query("per_page").as_deref() != Some("100") {
        context.report_violation("per_page isn't 100, GitHub's maximum");
    }
    let found = context.world.github(|github| {
        let map = match scope {
            Scope::Organization => &github.organizations,
            Scope::Enterprise => &github.enterprises,
        };
        github::named(map, name)
            .filter(|(name, _)| context.token.may_read_seats(scope, name))
            .map(|(name, seats)| {
                let path = match scope {
                    Scope::Organization => format!("/organizations/{}", github.number_of(name)),
                    Scope::Enterprise => format!("/enterprises/{name}"),
                };
                page.response(&context.world.api_url, &path, seats)
            })
    });
    let (scopes, permission) = match scope {
        Scope::Organization => ORGANIZATION,
        Scope::Enterprise => (
            "manage_billing:copilot, read:enterprise",
            "enterprise_copilot_seat_management=read",
        ),
    };
    found
        .unwrap_or_else(|| errors::not_found(DOCUMENTATION))
        .header("x-accepted-oauth-scopes", scopes)
        .header("x-accepted-github-permissions", permission)
}

/// "Get Copilot seat information and settings for an organization".
pub(super) fn billing(context: Context<'_>, name: &str) -> Response {
    let found = context.world.github(|github| {
        github::named(&github.organizations, name)
            .filter(|(name, _)| context.token.may_read_seats(Scope::Organization, name))
            .map(|(_, seats)| Response::json(200, &seats.billing_body()))
    });
    found
        .unwrap_or_else(|| errors::not_found(DOCUMENTATION))
        .header("x-accepted-oauth-scopes", ORGANIZATION.0)
        .header("x-accepted-github-permissions", ORGANIZATION.1)
}

/// GitHub's own links use an organization's ID.
pub(super) fn of_organization_id(context: Context<'_>, id: &str) -> Response {
    let name = context.world.github(|github| {
        github
            .organizations
            .keys()
            .find(|name| github.number_of(name).to_string() == id)
            .cloned()
    });
    match name {
        Some(name) => of(context, Scope::Organization, &name),
        None => errors::not_found(DOCUMENTATION),
    }
}

impl Page {
    /// `path` is the path of the organization or enterprise.
    fn response(&self, api_url: &str, path: &str, seats: &Seats) -> Response {
        let body = seats.body(self.start, self.per_page, self.number());
        let response = Response::of(200, "application/json; charset=utf-8", body);
        let links = self.links(api_url, &format!("{path}/copilot/billing/seats"), seats);
        if links.is_empty() {
            response
        } else {
            response.header("link", links.join(", "))
        }
    }

    fn links(&self, api_url: &str, path: &str, seats: &Seats) -> Vec<String> {
        let (per_page, page) = (self.per_page, self.number());
        let last = seats.count().div_ceil(per_page).max(1);
        let link = |origin: &str, query: String, rel: &str| {
            format!("<{origin}{path}?per_page={per_page}&{query}>; rel=\"{rel}\"")
        };
        let numbered = |n: usize, rel: &str| link(api_url, format!("page={n}"), rel);
        let mut links = Vec::new();
        match &seats.paging {
            Paging::Last => {
                if page > 1 {
                    links.push(numbered(page - 1, "prev"));
                }
                if page < last {
                    links.extend([numbered(page + 1, "next"), numbered(last, "last")]);
                }
                if page > 1 {
                    links.push(numbered(1, "first"));
                }
            }
            Paging::NextOnly if page < last => links.push(numbered(page + 1, "next")),
            Paging::ForeignHost(origin) if page < last => {
                links.push(link(origin, format!("page={}", page + 1), "next"));
            }
            Paging::Loop => links.push(numbered(1, "next")),
            Paging::Cursor => {
                let after = |start: usize| format!("after={}", cursor(start));
                if self.start + per_page < seats.count() {
                    links.push(link(api_url, after(self.start + per_page), "next"));
                }
                if self.start > 0 {
                    links.push(link(
                        api_url,
                        after(self.start.saturating_sub(per_page)),
                        "prev",
                    ));
                }
            }
            Paging::NextOnly | Paging::ForeignHost(_) | Paging::None => {}
        }
        links
    }
}

/// A person with any seat, found by login.
pub(super) fn user(context: Context<'_>, login: &str) -> Response {
    let found = context.world.github(|github| {
        let lists = github
            .organizations
            .values()
            .chain(github.enterprises.values());
        let mut people = lists
            .flat_map(|seats| &seats.rows)
            .map(|row| &row["assignee"]);
        let is_meant = |person: &&serde_json::Value| {
            let known = person["login"].as_str();
            known.is_some_and(|known| known.eq_ignore_ascii_case(login))
        };
        people.find(is_meant).cloned()
    });
    match found {
        Some(person) => Response::json(200, &person),
        None => errors::not_found("https://docs.github.com/rest/users/users#get-a-user"),
    }
}
