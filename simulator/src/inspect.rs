//! Checks every request: the headers that GitHub documents, and that secrets only go where they
//! belong. A violation is only recorded, and the service still responds.

use crate::http::{Call, Service, decode};
use crate::world::World;

const VERSION: &str = "2022-11-28";
const JSON: &str = "application/vnd.github+json";
const RAW: &str = "application/vnd.github.raw+json";
const OBJECT: &str = "application/vnd.github.object+json";

/// Records every violation.
pub(crate) fn inspect(world: &World, call: &Call) {
    let address = decode(&call.path_and_query);
    if world
        .secrets()
        .iter()
        .any(|secret| address.contains(secret.as_str()) || call.path_and_query.contains(secret))
    {
        world.report_violation(call, "the URL contains a token");
    }
    match call.service {
        Service::Api => inspect_api(world, call),
        Service::Results => {
            if call
                .bearer()
                .is_some_and(|secret| world.token(secret).is_some())
            {
                world.report_violation(call, "a GitHub token was sent to the results service");
            }
        }
        Service::Blob => {
            if call.header("authorization").is_some() {
                world.report_violation(
                    call,
                    "the blob store got an Authorization header, although the signed URL is enough",
                );
            }
        }
    }
}

fn inspect_api(world: &World, call: &Call) {
    if call.header("user-agent").is_none_or(str::is_empty) {
        world.report_violation(call, "no User-Agent");
    }
    match call.all_headers("authorization").count() {
        1 if call.bearer().is_none() => {
            world.report_violation(call, "Authorization isn't in the format `Bearer <token>`");
        }
        1 => {}
        n => world.report_violation(call, format!("{n} Authorization headers instead of one")),
    }
    if call.bearer() == Some(world.run.token.as_str()) {
        world.report_violation(call, "the runtime token was sent to GitHub's API");
    }
    if call.is_graphql() {
        return;
    }
    let accepted = call.all_headers("accept").collect::<Vec<_>>();
    let has_media = call.path.contains("/contents") || call.path.contains("/git/blobs/");
    match accepted[..] {
        [JSON] => {}
        [RAW | OBJECT] if has_media => {}
        _ => world.report_violation(call, format!("Accept is {accepted:?} instead of {JSON}")),
    }
    let versions = call.all_headers("x-github-api-version").collect::<Vec<_>>();
    if versions != [VERSION] {
        world.report_violation(
            call,
            format!("X-GitHub-Api-Version is {versions:?} instead of one {VERSION}"),
        );
    }
    if call.is_seats() && !call.wants_gzip() {
        world.report_violation(
            call,
            "seats were requested without gzip, which takes about 20 times as many bytes",
        );
    }
}
