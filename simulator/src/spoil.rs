//! Carries a request out, or spoils it as a fault says.

use std::io;
use std::time::Duration;

use serde_json::{Value, json};

use crate::fault::Kind;
use crate::http::{Answer, Call, Operation, Service};
use crate::pull_request::{Ending, PullRequest};
use crate::world::World;
use crate::{api, blob, git, results};

/// How an answer goes out.
#[derive(Debug)]
pub(crate) enum Delivery {
    /// As it should.
    Whole(Answer),
    /// The announced length, half of the body, and the connection closes.
    Half(Answer),
    /// The body, and then more without end.
    Endless(Answer),
    /// The connection closes at once.
    Reset,
    /// The connection closes at once, and the service takes no others for that long.
    Refuse(Duration),
    /// Never.
    Stall,
    /// Later.
    Late(Duration, Box<Delivery>),
}

/// Handles a request as the fault wants it.
pub(crate) fn carry_out(world: &World, call: &Call, kind: Option<Kind>) -> Delivery {
    match kind {
        None => Delivery::Whole(handle(world, call)),
        Some(Kind::Late(by)) => Delivery::Late(by, Box::new(Delivery::Whole(handle(world, call)))),
        Some(kind @ (Kind::Change(_) | Kind::MoveHead | Kind::EndPullRequest(_))) => {
            interfere(world, call, &kind);
            Delivery::Whole(handle(world, call))
        }
        Some(Kind::Headers(headers)) => {
            let answer = headers
                .into_iter()
                .fold(handle(world, call), |answer, (name, value)| {
                    answer.header(&name, value)
                });
            Delivery::Whole(answer)
        }
        Some(Kind::Rewrite(rewrite)) => Delivery::Whole(rewrite.of(handle(world, call))),
        Some(Kind::AfterEffect(kind)) => {
            let answer = handle(world, call);
            match *kind {
                Kind::Late(by) => Delivery::Late(by, Box::new(Delivery::Whole(answer))),
                kind @ (Kind::Change(_) | Kind::MoveHead | Kind::EndPullRequest(_)) => {
                    interfere(world, call, &kind);
                    Delivery::Whole(answer)
                }
                kind => spoil(call, kind, answer),
            }
        }
        Some(kind @ (Kind::Truncate | Kind::WrongLength | Kind::Endless | Kind::BadGzip))
            if only_reads(call) =>
        {
            let answer = handle(world, call);
            spoil(call, kind, answer)
        }
        Some(kind) => spoil(
            call,
            kind,
            Answer::json(200, &json!({ "message": "This answer is spoilt." })),
        ),
    }
}

fn handle(world: &World, call: &Call) -> Answer {
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

fn spoil(call: &Call, kind: Kind, answer: Answer) -> Delivery {
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
            let mut answer = Answer::of(status, content_type, body);
            for (name, value) in headers {
                answer = answer.header(&name, value);
            }
            Delivery::Whole(answer)
        }
        Kind::Html(status) => {
            Delivery::Whole(Answer::of(status, "text/html; charset=utf-8", UNICORN))
        }
        Kind::Reset => Delivery::Reset,
        Kind::Refuse(time) => Delivery::Refuse(time),
        Kind::Stall => Delivery::Stall,
        Kind::Truncate => Delivery::Half(answer),
        Kind::Endless => Delivery::Endless(answer),
        Kind::BadGzip => Delivery::Whole(answer.header("content-encoding", "gzip")),
        Kind::WrongLength => {
            let half = answer.body.len() / 2;
            Delivery::Whole(Answer {
                body: answer.body[..half].to_vec(),
                ..answer
            })
        }
        Kind::RedirectTo(url) => {
            let status = if call.method == "GET" { 302 } else { 307 };
            Delivery::Whole(Answer::empty(status).header("location", url))
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
            Delivery::Whole(Answer::json(
                200,
                &json!({ "data": data, "errors": [error] }),
            ))
        }
        Kind::AfterEffect(kind) => spoil(call, *kind, answer),
        Kind::Rewrite(rewrite) => Delivery::Whole(rewrite.of(answer)),
        Kind::Late(_)
        | Kind::Change(_)
        | Kind::MoveHead
        | Kind::EndPullRequest(_)
        | Kind::Headers(_) => Delivery::Whole(answer),
    }
}

/// What GitHub's front answers when all behind it is busy.
const UNICORN: &str = "<!DOCTYPE html>\n<html>\n  <head><title>Unicorn! &middot; GitHub</title></head>\n  <body>\n    \
    <p><strong>We had issues producing the response to your request.</strong></p>\n    \
    <p>Sorry about that. Please try refreshing and contact us if the problem persists.</p>\n  </body>\n</html>\n";

/// Does what somebody else would do at that moment.
fn interfere(world: &World, call: &Call, kind: &Kind) {
    let done = match kind {
        Kind::Change(change) => world.change(|github| change.0(github)),
        Kind::EndPullRequest(ending) => end_pull_requests(world, *ending),
        _ => move_heads(world, call),
    };
    if let Err(error) = done {
        world.complain(call, format!("the simulator could not interfere: {error}"));
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
        git::commit_by_somebody_else(&repository, branch).map_err(io::Error::other)?;
    }
    Ok(())
}

/// The repository and the branch that a request is about, as far as it says so.
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
