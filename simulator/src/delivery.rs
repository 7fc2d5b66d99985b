//! Carries out a request, or applies a fault.

use std::io;
use std::time::Duration;

use serde_json::{Value, json};

use crate::fault::Kind;
use crate::http::{Call, Operation, Response, Service};
use crate::pull_request::{Ending, PullRequest};
use crate::world::World;
use crate::{api, blob, git, results};

/// How a response is sent.
#[derive(Debug)]
pub(crate) enum Delivery {
    /// As usual.
    Whole(Response),
    /// The full length in the header and half of the body, then the connection closes.
    Half(Response),
    /// The body, then endless spaces.
    Endless(Response),
    /// The connection closes at once.
    Reset,
    /// The connection closes at once, and the service refuses new ones for this long.
    Refuse(Duration),
    /// Never.
    Stall,
    /// After a delay.
    Late(Duration, Box<Delivery>),
}

/// Handles a request with a fault.
pub(crate) fn carry_out(world: &World, call: &Call, kind: Option<Kind>) -> Delivery {
    match kind {
        None => Delivery::Whole(handle(world, call)),
        Some(Kind::Late(by)) => Delivery::Late(by, Box::new(Delivery::Whole(handle(world, call)))),
        Some(kind @ (Kind::Change(_) | Kind::MoveHead | Kind::EndPullRequest(_))) => {
            interfere(world, call, &kind);
            Delivery::Whole(handle(world, call))
        }
        Some(Kind::Headers(headers)) => {
            let response = headers
                .into_iter()
                .fold(handle(world, call), |response, (name, value)| {
                    response.header(&name, value)
                });
            Delivery::Whole(response)
        }
        Some(Kind::Rewrite(rewrite)) => Delivery::Whole(rewrite.of(handle(world, call))),
        Some(Kind::AfterEffect(kind)) => {
            let response = handle(world, call);
            match *kind {
                Kind::Late(by) => Delivery::Late(by, Box::new(Delivery::Whole(response))),
                kind @ (Kind::Change(_) | Kind::MoveHead | Kind::EndPullRequest(_)) => {
                    interfere(world, call, &kind);
                    Delivery::Whole(response)
                }
                kind => apply(call, kind, response),
            }
        }
        Some(kind @ (Kind::Truncate | Kind::WrongLength | Kind::Endless | Kind::BadGzip))
            if only_reads(call) =>
        {
            let response = handle(world, call);
            apply(call, kind, response)
        }
        Some(kind) => apply(
            call,
            kind,
            Response::json(200, &json!({ "message": "This response is faulty." })),
        ),
    }
}

fn handle(world: &World, call: &Call) -> Response {
    match call.service {
        Service::Api => api::handle(world, call),
        Service::Results => results::handle(world, call),
        Service::Blob => blob::handle(world, call),
    }
}

fn only_reads(call: &Call) -> bool {
    call.method == "GET"
        || call.path.ends_with("/ListArtifacts")
        || call.path.ends_with("/GetSignedArtifactURL")
        || (call.is_graphql() && call.operation() == Operation::Query)
}

fn apply(call: &Call, kind: Kind, response: Response) -> Delivery {
    match kind {
        Kind::Status {
            status,
            headers,
            body,
        } => {
            let content_type = if body.starts_with('<') {
                "application/xml"
            } else {
                "application/json; charset=utf-8"
            };
            let mut response = Response::of(status, content_type, body);
            for (name, value) in headers {
                response = response.header(&name, value);
            }
            Delivery::Whole(response)
        }
        Kind::Html(status) => {
            Delivery::Whole(Response::of(status, "text/html; charset=utf-8", UNICORN))
        }
        Kind::Reset => Delivery::Reset,
        Kind::Refuse(time) => Delivery::Refuse(time),
        Kind::Stall => Delivery::Stall,
        Kind::Truncate => Delivery::Half(response),
        Kind::Endless => Delivery::Endless(response),
        Kind::BadGzip => Delivery::Whole(response.header("content-encoding", "gzip")),
        Kind::WrongLength => {
            let half = response.body.len() / 2;
            Delivery::Whole(Response {
                body: response.body[..half].to_vec(),
                ..response
            })
        }
        Kind::RedirectTo(url) => {
            let status = if call.method == "GET" { 302 } else { 307 };
            Delivery::Whole(Response::empty(status).header("location", url))
        }
        Kind::GraphqlError {
            error_type,
            message,
        } => {
            let (field, data) = match call.operation() {
                Operation::Query => ("repository", json!({ "repository": null })),
                Operation::Mutation => (
                    "createCommitOnBranch",
                    json!({ "createCommitOnBranch": null }),
                ),
            };
            let mut error = json!({ "path": [field], "locations": [{ "line": 1, "column": 1 }], "message": message });
            if let Some(error_type) = error_type {
                error["type"] = Value::String(error_type);
            }
            Delivery::Whole(Response::json(
                200,
                &json!({ "data": data, "errors": [error] }),
            ))
        }
        Kind::AfterEffect(kind) => apply(call, *kind, response),
        Kind::Rewrite(rewrite) => Delivery::Whole(rewrite.of(response)),
        Kind::Late(_)
        | Kind::Change(_)
        | Kind::MoveHead
        | Kind::EndPullRequest(_)
        | Kind::Headers(_) => Delivery::Whole(response),
    }
}

/// The response of GitHub's front end when its servers are overloaded.
const UNICORN: &str = "<!DOCTYPE html>\n<html>\n  <head><title>Unicorn! &middot; GitHub</title></head>\n  <body>\n    \
    <p><strong>We had issues producing the response to your request.</strong></p>\n    \
    <p>Sorry about that. Please try refreshing and contact us if the problem persists.</p>\n  </body>\n</html>\n";

/// Makes the concurrent change.
fn interfere(world: &World, call: &Call, kind: &Kind) {
    let done = match kind {
        Kind::Change(change) => world.change(|github| change.0(github)),
        Kind::EndPullRequest(ending) => end_pull_requests(world, *ending),
        _ => move_heads(world, call),
    };
    if let Err(error) = done {
        world.report_violation(
            call,
            format!("the simulator couldn't make the concurrent change: {error}"),
        );
    }
}

fn end_pull_requests(world: &World, ending: Ending) -> io::Result<()> {
    let names: Vec<String> = world.github(|github| github.repositories.keys().cloned().collect());
    let is_open = |pull: &PullRequest| pull.ending.is_none();
    for name in names {
        if world.pulls.of(&name).iter().any(is_open) {
            world
                .end_pull_request(&name, None, ending)
                .map_err(io::Error::other)?;
        }
    }
    Ok(())
}

fn move_heads(world: &World, call: &Call) -> io::Result<()> {
    let (repository, branch) = target(call);
    let declared = world.github(|github| github.repositories.clone());
    let meant = declared.iter().filter(|(name, _)| {
        repository
            .as_ref()
            .is_none_or(|repository| repository.eq_ignore_ascii_case(name))
    });
    for (name, declared) in meant {
        let Some(repository) = world.repositories.get(name) else {
            continue;
        };
        let branch = branch.as_deref().unwrap_or(&declared.default_branch);
        let _writing = repository.writing();
        git::commit_by_other(&repository, branch).map_err(io::Error::other)?;
    }
    Ok(())
}

/// The repository and the branch in a request, if it names them.
fn target(call: &Call) -> (Option<String>, Option<String>) {
    let body = call.json().unwrap_or_default();
    let text = |value: &Value| value.as_str().map(str::to_owned);
    if call.is_graphql() {
        let variables = &body["variables"];
        let inputs = variables
            .as_object()
            .into_iter()
            .flatten()
            .map(|(_, input)| &input["branch"]);
        for branch in inputs.chain([&variables["branch"]]) {
            if let Some(repository) = text(&branch["repositoryNameWithOwner"]) {
                return (Some(repository), text(&branch["branchName"]));
            }
        }
        let named = variables["owner"].as_str().zip(variables["name"].as_str());
        return (named.map(|(owner, name)| format!("{owner}/{name}")), None);
    }
    let segments = call.segments();
    match segments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [
            "repos",
            owner,
            name,
            "git",
            "refs" | "ref",
            "heads",
            ref branch @ ..,
        ] => (Some(format!("{owner}/{name}")), Some(branch.join("/"))),
        ["repos", owner, name, ..] => (Some(format!("{owner}/{name}")), text(&body["branch"])),
        _ => (None, None),
    }
}
