//! A repository, its branch rules, and the way to its contents.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{Asked, contents, git_data, refusal, unknown};
use crate::git::{Person, Repo};
use crate::github::{self, Signatures, Visibility};
use crate::http::Answer;
use crate::seats::id_of;
use crate::world::SERVER_URL;

/// A repository that the token may see.
pub(super) struct Place {
    pub(super) full_name: String,
    pub(super) declared: github::Repository,
    pub(super) repo: Arc<Repo>,
}

impl Place {
    /// Whether GitHub signs a commit that this token makes over REST, and says so. GitHub signs what an App commits
    /// without naming an author.
    pub(super) fn signs(&self, asked: Asked<'_>, names_somebody: bool) -> bool {
        asked.token.is_bot() && !names_somebody && self.declared.signatures != Signatures::Absent
    }
}

pub(super) fn route(asked: Asked<'_>, owner: &str, name: &str, rest: &[&str]) -> Answer {
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
    if method != "GET" && !asked.token.may_write(&place.full_name) {
        return refusal::may_not_write(asked);
    }
    match (method, rest) {
        ("GET", []) => Answer::json(200, &describe(asked, &place)),
        ("GET", ["rules", "branches", branch @ ..]) => rules(&place, &branch.join("/")),
        ("GET", ["contents", path @ ..]) => {
            contents::get(asked, &place, path.join("/").trim_matches('/'))
        }
        ("PUT", ["contents", path @ ..]) => contents::put(asked, &place, &path.join("/")),
        (_, ["git", rest @ ..]) => git_data::route(asked, &place, rest),
        _ => unknown(asked),
    }
}

fn describe(asked: Asked<'_>, place: &Place) -> Value {
    let (owner, name) = place
        .full_name
        .split_once('/')
        .unwrap_or(("", &place.full_name));
    let api = format!("{}/repos/{}", asked.world.api_url, place.full_name);
    let writes = asked.token.may_write(&place.full_name);
    json!({
        "id": id_of(&place.full_name),
        "node_id": format!("R_{}", id_of(&place.full_name)),
        "name": name,
        "full_name": place.full_name,
        "private": place.declared.visibility != Visibility::Public,
        "visibility": place.declared.visibility.as_str(),
        "owner": { "login": owner, "id": id_of(owner), "type": "Organization" },
        "html_url": format!("{SERVER_URL}/{}", place.full_name),
        "description": null,
        "fork": false,
        "url": api,
        "contents_url": format!("{api}/contents/{{+path}}"),
        "default_branch": place.declared.default_branch,
        "archived": false,
        "disabled": false,
        "size": if place.repo.is_empty() { 0 } else { 1 },
        "permissions": { "admin": false, "maintain": false, "push": writes, "triage": writes, "pull": true },
    })
}

fn rules(place: &Place, branch: &str) -> Answer {
    let rules = place.declared.rules_of(branch).into_iter().map(|rule| {
        json!({
            "type": rule.as_str(),
            "ruleset_source_type": "Repository",
            "ruleset_source": place.full_name,
            "ruleset_id": 42,
        })
    });
    Answer::json(200, &rules.collect())
}

/// Who commits with this token where the request names nobody.
pub(crate) fn identity(asked: Asked<'_>) -> Person {
    if asked.token.is_bot() {
        Person::of(
            "github-actions[bot]",
            "41898282+github-actions[bot]@users.noreply.github.com",
        )
    } else {
        Person::of("monalisa", "1001+monalisa@users.noreply.github.com")
    }
}

/// GitHub itself, as it stands in commits made on its pages and over its API.
pub(crate) fn github_itself() -> Person {
    Person::of("GitHub", "noreply@github.com")
}
