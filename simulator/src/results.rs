//! The artifact service: Twirp over JSON, as in `actions/toolkit`.

use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use crate::http::{Call, Response};
use crate::sync::lock;
use crate::world::World;

const PREFIX: &str = "/twirp/github.actions.results.api.v1.ArtifactService/";

/// The fields of each call, except the two IDs.
const FIELDS: &[(&str, &[&str])] = &[
    (
        "CreateArtifact",
        &["name", "expires_at", "version", "mime_type"],
    ),
    ("FinalizeArtifact", &["name", "size", "hash"]),
    ("ListArtifacts", &["name_filter", "id_filter"]),
    ("GetSignedArtifactURL", &["name"]),
    ("DeleteArtifact", &["name"]),
];

const IDS: [&str; 2] = ["workflow_run_backend_id", "workflow_job_run_backend_id"];

/// Characters that aren't allowed in an artifact's name.
const FORBIDDEN: [char; 11] = ['"', ':', '<', '>', '|', '*', '?', '\r', '\n', '\\', '/'];

/// Handles a request.
pub(crate) fn handle(world: &World, call: &Call) -> Response {
    let Some(rpc) = call
        .path
        .strip_prefix(PREFIX)
        .filter(|_| call.method == "POST")
    else {
        world.report_violation(
            call,
            format!("the results service responds only at {PREFIX} of its origin"),
        );
        return twirp(404, "bad_route", "no handler for path");
    };
    let Some((rpc, known)) = FIELDS.iter().find(|(name, _)| *name == rpc) else {
        world.report_violation(call, "unknown call");
        return twirp(404, "bad_route", "no handler for path");
    };
    if call.bearer() != Some(world.run.token.as_str()) {
        return twirp(401, "unauthenticated", "authentication failed");
    }
    if !call
        .header("content-type")
        .is_some_and(|kind| kind.starts_with("application/json"))
    {
        world.report_violation(call, "the content type isn't JSON");
        return twirp(404, "bad_route", "unexpected Content-Type");
    }
    let Some(Value::Object(body)) = call.json() else {
        world.report_violation(call, "the body is not a JSON object");
        return twirp(400, "malformed", "the json request could not be decoded");
    };
    let version = world.github(|github| github.known_artifact_version);
    let body = Fields(
        body.into_iter()
            .map(|(name, value)| (snake(&name), value))
            .collect(),
    );
    for name in body.0.keys() {
        let is_known = IDS.contains(&name.as_str()) || known.contains(&name.as_str());
        if version < 7 && (!is_known || name == "mime_type") {
            return Response::of(
                500,
                "text/plain; charset=utf-8",
                "Error decode request body\n",
            );
        }
        if !is_known {
            world.report_violation(call, format!("{rpc} has no field {name}"));
        }
    }
    if IDS.map(|id| body.text(id)) != [world.run.run.as_str(), world.run.job.as_str()] {
        world.report_violation(call, "the IDs aren't those of the token");
        return twirp(
            403,
            "permission_denied",
            "the ids do not belong to the token",
        );
    }
    let name = body.text("name");
    let result = match *rpc {
        "CreateArtifact" => create(world, call, &body, name),
        "FinalizeArtifact" => finalize(world, call, &body, name),
        "ListArtifacts" => Ok(list(world, &body)),
        "GetSignedArtifactURL" => signed_url(world, name),
        _ => {
            world.report_violation(call, "the action must never delete an artifact");
            Err(twirp(404, "not_found", "artifact not found"))
        }
    };
    result.map_or_else(
        |error| error,
        |response| {
            Response::json(
                200,
                &if version < 7 {
                    in_camel(response)
                } else {
                    response
                },
            )
        },
    )
}

fn create(world: &World, call: &Call, body: &Fields, name: &str) -> Result<Value, Response> {
    let breach = |what: &str| {
        world.report_violation(call, what);
        Err(twirp(400, "invalid_argument", what))
    };
    if name.is_empty() || name.contains(FORBIDDEN) {
        return breach("the artifact name is empty or contains a forbidden character");
    }
    let version = body.number("version").unwrap_or_default();
    let known = u64::from(world.github(|github| github.known_artifact_version));
    if !(4..=known.max(4)).contains(&version) {
        return breach("the artifact version is not supported");
    }
    let mime_type = body
        .0
        .get("mime_type")
        .and_then(Value::as_str)
        .map(str::to_owned);
    if version >= 7 && mime_type.as_deref().is_none_or(|kind| !kind.contains('/')) {
        return breach("mime_type a valid mime_type is required for this artifact version");
    }
    let expires_at = body
        .0
        .get("expires_at")
        .and_then(Value::as_str)
        .map(str::to_owned);
    if let Some(time) = &expires_at
        && !time
            .parse::<jiff::Timestamp>()
            .is_ok_and(|time| time > jiff::Timestamp::now())
    {
        return breach("expires_at is no time in the future");
    }
    let is_used = world.github(|github| github.taken_artifact_names.contains(name));
    let mut store = lock(&world.artifacts);
    if is_used || store.is_used(name) {
        return Err(twirp(
            409,
            "already_exists",
            "an artifact with this name already exists on the workflow run",
        ));
    }
    let upload = store.create(&world.run.run, &world.run.job, name, mime_type);
    upload.version = u32::try_from(version).unwrap_or_default();
    upload.expires_at = expires_at;
    Ok(
        json!({ "ok": true, "signed_upload_url": format!("{}{}", world.blob_url, upload.write_target) }),
    )
}

fn finalize(world: &World, call: &Call, body: &Fields, name: &str) -> Result<Value, Response> {
    let mut store = lock(&world.artifacts);
    let Some(upload) = store.named(name) else {
        world.report_violation(call, "an artifact was finalized without being created");
        return Err(twirp(404, "not_found", "artifact not found"));
    };
    let breach = |what: String| {
        world.report_violation(call, &what);
        Err(twirp(400, "invalid_argument", &what))
    };
    let Some(content) = &upload.content else {
        return breach("nothing was uploaded".to_owned());
    };
    let size = body.number("size").unwrap_or_default();
    if size != content.len() as u64 {
        return breach(format!(
            "size is {size}, but {} bytes were uploaded",
            content.len()
        ));
    }
    let digest = format!("sha256:{}", hex::encode(Sha256::digest(content)));
    let hash = body.0.get("hash").and_then(Value::as_str);
    if hash.is_some_and(|hash| hash != digest) {
        return breach(format!(
            "hash is {}, but that of the uploaded bytes is {digest}",
            hash.unwrap_or_default()
        ));
    }
    if upload.mime_type.is_some() && upload.mime_type != upload.content_type {
        let (announced, uploaded) = (&upload.mime_type, &upload.content_type);
        world.report_violation(
            call,
            format!(
                "announced as {announced:?} but uploaded as {uploaded:?}, so downloads have the wrong type"
            ),
        );
    }
    let hash = hash.map(str::to_owned);
    let id = store.finish(name, size, hash);
    Ok(json!({ "ok": id.is_some(), "artifact_id": id.unwrap_or_default().to_string() }))
}

fn list(world: &World, body: &Fields) -> Value {
    let (name, id) = (
        body.0.get("name_filter").and_then(Value::as_str),
        body.number("id_filter"),
    );
    let finished = lock(&world.artifacts).finished();
    let wanted = finished.iter().filter(|artifact| {
        name.is_none_or(|name| artifact.name == name) && id.is_none_or(|id| artifact.id == id)
    });
    let artifacts = wanted.map(|artifact| {
        json!({
            "workflow_run_backend_id": world.run.run,
            "workflow_job_run_backend_id": world.run.job,
            "database_id": artifact.id.to_string(),
            "name": artifact.name,
            "size": artifact.size.to_string(),
            "created_at": artifact.created_at,
            "digest": artifact.digest,
        })
    });
    json!({ "artifacts": artifacts.collect::<Value>() })
}

fn signed_url(world: &World, name: &str) -> Result<Value, Response> {
    let mut store = lock(&world.artifacts);
    if !store
        .finished()
        .iter()
        .any(|artifact| artifact.name == name)
    {
        return Err(twirp(404, "not_found", "artifact not found"));
    }
    let target = store
        .named(name)
        .map(|upload| upload.read_target.clone())
        .unwrap_or_default();
    Ok(json!({ "signed_url": format!("{}{target}", world.blob_url) }))
}

/// The fields of a request, with names in snake case.
struct Fields(Map<String, Value>);

impl Fields {
    fn text(&self, name: &str) -> &str {
        self.0.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    /// A number. JSON can contain 64-bit numbers as strings.
    fn number(&self, name: &str) -> Option<u64> {
        let value = self.0.get(name)?;
        value.as_u64().or_else(|| value.as_str()?.parse().ok())
    }
}

fn twirp(status: u16, code: &str, message: &str) -> Response {
    Response::json(status, &json!({ "code": code, "msg": message }))
}

fn snake(name: &str) -> String {
    let parts = name.chars().map(|c| {
        if c.is_ascii_uppercase() {
            format!("_{}", c.to_ascii_lowercase())
        } else {
            c.to_string()
        }
    });
    parts.collect()
}

fn in_camel(value: Value) -> Value {
    match value {
        Value::Object(fields) => fields
            .into_iter()
            .map(|(name, value)| (camel(&name), in_camel(value)))
            .collect(),
        Value::Array(items) => items.into_iter().map(in_camel).collect(),
        other => other,
    }
}

fn camel(name: &str) -> String {
    let mut parts = name.split('_');
    let mut camel = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (first, rest) = part.split_at(part.len().min(1));
        camel.push_str(&first.to_ascii_uppercase());
        camel.push_str(rest);
    }
    camel
}
