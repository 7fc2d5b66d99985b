//! Pull requests: list and create.

use serde_json::{Value, json};

use super::context::Context;
use super::errors::{self, error, unknown_endpoint};
use super::repository::{self, CREATED, Place};
use crate::http::Response;
use crate::pull_request::{Ending, PullRequest};
use crate::seat::account;
use crate::seats::id_of;
use crate::world::SERVER_URL;

const DOCUMENTATION: &str = "https://docs.github.com/rest/pulls/pulls";

pub(super) fn route(context: Context<'_>, place: &Place, rest: &[&str]) -> Response {
    match (context.call.method.as_str(), rest) {
        ("GET", _) if !context.token.may_see_pulls(&place.full_name) => {
            errors::missing_permission(context, "pull_requests=read")
        }
        ("GET", []) => list(context, place),
        ("POST", []) => open(context, place),
        _ => unknown_endpoint(context),
    }
}

fn list(context: Context<'_>, place: &Place) -> Response {
    let query = |name: &str| context.call.query(name);
    let number = |name: &str, or: usize| {
        let known = query(name).and_then(|text| text.parse().ok());
        known.filter(|number| *number > 0).unwrap_or(or)
    };
    let state = query("state").unwrap_or_else(|| "open".to_owned());
    // GitHub ignores a head without an owner.
    let head = query("head").filter(|head| head.contains(':'));
    let owner = place.full_name.split('/').next().unwrap_or_default();
    let fits = |pull: &PullRequest| {
        let label = format!("{owner}:{}", pull.head);
        (state == "all" || (state == "open") == pull.ending.is_none())
            && query("base").is_none_or(|base| base == pull.base)
            && head
                .as_ref()
                .is_none_or(|head| *head == label && !pull.of_fork)
    };
    let mut found = context.world.pulls.of(&place.full_name);
    found.retain(fits);
    if query("direction").as_deref() != Some("asc") {
        found.reverse();
    }
    let (per_page, page) = (number("per_page", 30).min(100), number("page", 1));
    let more = found.len() > page * per_page;
    let shown = found.into_iter().skip((page - 1) * per_page).take(per_page);
    let shown: Value = shown.map(|pull| describe(context, place, &pull)).collect();
    let response = Response::json(200, &shown);
    if !more {
        return response;
    }
    let (path, asked_for) = context
        .call
        .path_and_query
        .split_once('?')
        .unwrap_or_default();
    let others = asked_for
        .split('&')
        .filter(|pair| !pair.starts_with("page="));
    let others = others.collect::<Vec<_>>().join("&");
    let api = &context.world.api_url;
    let next = page + 1;
    response.header(
        "link",
        format!("<{api}{path}?{others}&page={next}>; rel=\"next\""),
    )
}

fn open(context: Context<'_>, place: &Place) -> Response {
    if !context.token.may_write_pulls(&place.full_name) {
        return errors::missing_permission(context, "pull_requests=write");
    }
    if context.token.is_bot() && !place.declared.actions_open_pulls {
        let text = "GitHub Actions is not permitted to create or approve pull requests.";
        return error(403, text, DOCUMENTATION);
    }
    // GitHub's response in these two cases isn't documented.
    if !place.declared.has_pull_requests {
        return error(
            403,
            "Pull requests are disabled for this repository.",
            DOCUMENTATION,
        );
    }
    if place.declared.pull_request_creation_policy != "all" && context.token.is_bot() {
        let text = "Only collaborators can open pull requests in this repository.";
        return error(403, text, DOCUMENTATION);
    }
    let Some(body) = context.call.json() else {
        return error(400, "Problems parsing JSON", DOCUMENTATION);
    };
    let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
    let (title, head, base) = (text("title"), text("head"), text("base"));
    let mut all = context.world.pulls.all();
    let invalid = |field: &str| {
        invalid(&json!({ "resource": "PullRequest", "field": field, "code": "invalid" }))
    };
    let custom = |message: String| invalid_for(&message);
    if title.is_empty() || title.chars().count() > 256 {
        context.report_violation("a title is missing or too long");
        return custom("title is too long (maximum is 256 characters)".to_owned());
    }
    let Some(base_at) = place.repo.head(&base) else {
        return invalid("base");
    };
    let Some(head_at) = place.repo.head(&head) else {
        return invalid("head");
    };
    if place.repo.is_ancestor(&head_at, &base_at) {
        return custom(format!("No commits between {base} and {head}"));
    }
    let mut numbers = 1;
    for pull in all.iter() {
        if !pull.repository.eq_ignore_ascii_case(&place.full_name) {
            continue;
        }
        numbers += 1;
        if pull.ending.is_none() && pull.head == head && pull.base == base && !pull.of_fork {
            let owner = place.full_name.split('/').next().unwrap_or_default();
            return custom(format!("A pull request already exists for {owner}:{head}."));
        }
    }
    let pull = PullRequest {
        number: numbers,
        title,
        body: text("body"),
        head,
        base,
        ending: None,
        of_fork: false,
        repository: place.full_name.clone(),
        ended_at: None,
    };
    all.push(pull.clone());
    drop(all);
    let mut about = describe(context, place, &pull);
    if let (Some(about), Value::Object(more)) = (about.as_object_mut(), only_alone()) {
        about.extend(more);
    }
    let url = about["url"].as_str().unwrap_or_default().to_owned();
    Response::json(201, &about).header("location", url)
}

fn invalid(error: &Value) -> Response {
    let body = json!({
        "message": "Validation Failed",
        "errors": [error],
        "documentation_url": format!("{DOCUMENTATION}#create-a-pull-request"),
        "status": "422",
    });
    Response::json(422, &body)
}

fn invalid_for(message: &str) -> Response {
    invalid(&json!({ "resource": "PullRequest", "code": "custom", "message": message }))
}

/// A pull request in a list.
fn describe(context: Context<'_>, place: &Place, pull: &PullRequest) -> Value {
    let api = format!("{}/repos/{}", context.world.api_url, place.full_name);
    let (url, issue) = (
        format!("{api}/pulls/{}", pull.number),
        format!("{api}/issues/{}", pull.number),
    );
    let page = format!("{SERVER_URL}/{}/pull/{}", place.full_name, pull.number);
    let at = |branch: &str| place.repo.head(branch).unwrap_or_default();
    let (base_at, head_at) = pull
        .ended_at
        .clone()
        .unwrap_or_else(|| (at(&pull.base), at(&pull.head)));
    let owner = place.full_name.split('/').next().unwrap_or_default();
    let user = account("github-actions[bot]", 41_898_282, "Bot");
    let side = |branch: &str, sha: &str, of_fork: bool| {
        let owner = if of_fork { "stranger" } else { owner };
        let mut repo = repository::describe(context, place);
        if of_fork {
            repo["id"] = id_of("stranger/fork").into();
        }
        json!({
            "label": format!("{owner}:{branch}"),
            "ref": branch,
            "sha": sha,
            "user": account(owner, id_of(owner).into(), "Organization"),
            "repo": repo,
        })
    };
    let ended = pull.ending.map(|_| CREATED);
    let merged = ended.filter(|_| pull.ending != Some(Ending::Closed));
    let link = |address: String| json!({ "href": address });
    let mut about = json!({
        "id": id_of(&url),
        "node_id": format!("PR_{}", pull.number),
        "number": pull.number,
        "state": if pull.ending.is_none() { "open" } else { "closed" },
        "locked": false,
        "draft": false,
        "title": pull.title,
        "body": pull.body,
        "user": user,
        "labels": [],
        "assignee": null,
        "assignees": [],
        "requested_reviewers": [],
        "requested_teams": [],
        "milestone": null,
        "auto_merge": null,
        "active_lock_reason": null,
        "author_association": "NONE",
        "created_at": CREATED,
        "updated_at": CREATED,
        "closed_at": ended,
        "merged_at": merged,
        "merge_commit_sha": null,
        "head": side(&pull.head, &head_at, pull.of_fork),
        "base": side(&pull.base, &base_at, false),
        "url": url,
        "html_url": page,
        "diff_url": format!("{page}.diff"),
        "patch_url": format!("{page}.patch"),
        "issue_url": issue,
        "commits_url": format!("{url}/commits"),
        "review_comments_url": format!("{url}/comments"),
        "review_comment_url": format!("{api}/pulls/comments{{/number}}"),
        "comments_url": format!("{issue}/comments"),
        "statuses_url": format!("{api}/statuses/{head_at}"),
    });
    // Separate, because the whole object exceeds the macro's recursion limit.
    about["_links"] = json!({
        "self": link(url.clone()),
        "html": link(page.clone()),
        "issue": link(issue.clone()),
        "comments": link(format!("{issue}/comments")),
        "review_comments": link(format!("{url}/comments")),
        "review_comment": link(format!("{api}/pulls/comments{{/number}}")),
        "commits": link(format!("{url}/commits")),
        "statuses": link(format!("{api}/statuses/{head_at}")),
    });
    about
}

/// The fields that only a response with a single pull request has.
fn only_alone() -> Value {
    json!({
        "additions": 1,
        "deletions": 0,
        "changed_files": 1,
        "comments": 0,
        "review_comments": 0,
        "commits": 1,
        "mergeable": null,
        "mergeable_state": "unknown",
        "rebaseable": null,
        "merged": false,
        "merged_by": null,
        "maintainer_can_modify": false,
    })
}
