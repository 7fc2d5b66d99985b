//! "Get a repository".

use std::sync::Arc;

use serde_json::{Value, json};

use super::context::Context;
use crate::git::Repo;
use crate::github::{self, Signatures, Visibility};
use crate::seat::account;
use crate::seats::id_of;
use crate::world::SERVER_URL;

/// A repository that the token can see.
pub(super) struct Place {
    pub(super) full_name: String,
    pub(super) declared: github::Repository,
    pub(super) repo: Arc<Repo>,
}

impl Place {
    /// Whether GitHub signs a commit that this token creates over REST, and reports it as verified.
    /// GitHub signs an App's commit if the request names no author.
    pub(super) fn signs(&self, context: Context<'_>, names_somebody: bool) -> bool {
        context.token.is_bot() && !names_somebody && self.declared.signatures != Signatures::Absent
    }
}

/// The URLs in the description of a repository. Each starts with the repository's own URL.
const ADDRESSES: &[(&str, &str)] = &[
    ("archive_url", "/{archive_format}{/ref}"),
    ("assignees_url", "/assignees{/user}"),
    ("blobs_url", "/git/blobs{/sha}"),
    ("branches_url", "/branches{/branch}"),
    ("collaborators_url", "/collaborators{/collaborator}"),
    ("comments_url", "/comments{/number}"),
    ("commits_url", "/commits{/sha}"),
    ("compare_url", "/compare/{base}...{head}"),
    ("contents_url", "/contents/{+path}"),
    ("contributors_url", "/contributors"),
    ("deployments_url", "/deployments"),
    ("downloads_url", "/downloads"),
    ("events_url", "/events"),
    ("forks_url", "/forks"),
    ("git_commits_url", "/git/commits{/sha}"),
    ("git_refs_url", "/git/refs{/sha}"),
    ("git_tags_url", "/git/tags{/sha}"),
    ("hooks_url", "/hooks"),
    ("issue_comment_url", "/issues/comments{/number}"),
    ("issue_events_url", "/issues/events{/number}"),
    ("issues_url", "/issues{/number}"),
    ("keys_url", "/keys{/key_id}"),
    ("labels_url", "/labels{/name}"),
    ("languages_url", "/languages"),
    ("merges_url", "/merges"),
    ("milestones_url", "/milestones{/number}"),
    (
        "notifications_url",
        "/notifications{?since,all,participating}",
    ),
    ("pulls_url", "/pulls{/number}"),
    ("releases_url", "/releases{/id}"),
    ("stargazers_url", "/stargazers"),
    ("statuses_url", "/statuses/{sha}"),
    ("subscribers_url", "/subscribers"),
    ("subscription_url", "/subscription"),
    ("tags_url", "/tags"),
    ("teams_url", "/teams"),
    ("trees_url", "/git/trees{/sha}"),
];

/// When every repository was created.
pub(super) const CREATED: &str = "2026-01-05T09:00:00Z";

pub(super) fn describe(context: Context<'_>, place: &Place) -> Value {
    let (owner, name) = place
        .full_name
        .split_once('/')
        .unwrap_or(("", &place.full_name));
    let api = format!("{}/repos/{}", context.world.api_url, place.full_name);
    let page = format!("{SERVER_URL}/{}", place.full_name);
    let writes = context.token.may_write(&place.full_name);
    let mut about = json!({
        "id": id_of(&place.full_name),
        "node_id": format!("R_{}", id_of(&place.full_name)),
        "name": name,
        "full_name": place.full_name,
        "private": place.declared.visibility != Visibility::Public,
        "visibility": place.declared.visibility.as_str(),
        "owner": account(owner, id_of(owner).into(), "Organization"),
        "html_url": page,
        "description": null,
        "fork": false,
        "url": api,
        "default_branch": place.declared.default_branch,
        "archived": place.declared.archived,
        "disabled": place.declared.disabled,
        "has_pull_requests": place.declared.has_pull_requests,
        "pull_request_creation_policy": place.declared.pull_request_creation_policy,
        "size": if place.repo.is_empty() { 0 } else { 1 },
        "permissions": { "admin": false, "maintain": false, "push": writes, "triage": writes, "pull": true },
    });
    // In two parts, because the whole object exceeds the macro's recursion limit.
    let more = json!({
        "clone_url": format!("{page}.git"),
        "created_at": CREATED,
        "forks": 0,
        "forks_count": 0,
        "git_url": format!("git:{SERVER_URL}/{}.git", place.full_name),
        "has_discussions": false,
        "has_downloads": true,
        "has_issues": true,
        "has_pages": false,
        "has_projects": true,
        "has_wiki": true,
        "homepage": null,
        "language": null,
        "license": null,
        "mirror_url": null,
        "network_count": 0,
        "open_issues": 0,
        "open_issues_count": 0,
        "pushed_at": CREATED,
        "ssh_url": format!("git@github.localhost:{}.git", place.full_name),
        "stargazers_count": 0,
        "subscribers_count": 0,
        "svn_url": page,
        "updated_at": CREATED,
        "watchers": 0,
        "watchers_count": 0,
    });
    if let (Some(about), Value::Object(more)) = (about.as_object_mut(), more) {
        about.extend(more);
    }
    for (field, rest) in ADDRESSES {
        about[field] = format!("{api}{rest}").into();
    }
    about
}
