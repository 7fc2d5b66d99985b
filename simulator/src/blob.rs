//! The blob store for artifacts: the parts of Azure Blob Storage that uploads and downloads need.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use crate::artifacts::{Store, Upload};
use crate::http::{Call, Response};
use crate::sync::lock;
use crate::world::World;

/// Handles a request.
pub(crate) fn handle(world: &World, call: &Call) -> Response {
    let known_version = world.github(|github| github.known_artifact_version);
    let refuse = |status: u16, code: &str, message: &str| {
        world.report_violation(call, message);
        error(status, code, message)
    };
    if call.header("authorization").is_some() {
        return error(
            403,
            "AuthenticationFailed",
            "Server failed to authenticate the request.",
        );
    }
    let mut store = lock(&world.artifacts);
    if call.method == "GET" {
        return download(&mut store, call).unwrap_or_else(|| {
            refuse(
                403,
                "AuthenticationFailed",
                "the URL isn't signed for reading",
            )
        });
    }
    let finished = store.finished();
    let Some(upload) = store.at_path(&call.path) else {
        return refuse(404, "ResourceNotFound", "the URL isn't one that was issued");
    };
    let target = &upload.write_target;
    let appended = call.path_and_query.strip_prefix(target.as_str());
    if !appended.is_some_and(|rest| rest.is_empty() || rest.starts_with('&')) {
        return refuse(
            403,
            "AuthenticationFailed",
            "the signed address was changed: parameters may only be appended",
        );
    }
    if call.method != "PUT" {
        return refuse(
            405,
            "UnsupportedHttpVerb",
            "the resource doesn't support the specified Http Verb",
        );
    }
    if call.header("content-length").is_none() {
        return refuse(
            411,
            "MissingContentLengthHeader",
            "Content-Length is missing",
        );
    }
    if finished.iter().any(|artifact| artifact.name == upload.name) {
        world.report_violation(call, "the artifact is already finalized");
    }
    let stored = match call.query("comp").as_deref() {
        Some("block") => put_block(upload, call),
        Some("blocklist") => put_block_list(upload, call),
        None if known_version < 7 => return Response::empty(200),
        None => put_blob(upload, call),
        Some(_) => Err((400, "InvalidQueryParameterValue", "unknown comp")),
    };
    match stored {
        Ok(()) => Response::empty(201)
            .header("etag", "\"0x8DE000000000000\"")
            .header("x-ms-request-server-encrypted", "true"),
        Err((status, code, message)) => refuse(status, code, message),
    }
}

/// The status, Azure's error code, and the message.
type Refusal = (u16, &'static str, &'static str);

fn put_block(upload: &mut Upload, call: &Call) -> Result<(), Refusal> {
    let id = call.query("blockid").unwrap_or_default();
    if BASE64_STANDARD
        .decode(&id)
        .map_or(true, |id| id.is_empty() || id.len() > 64)
    {
        return Err((
            400,
            "InvalidQueryParameterValue",
            "blockid isn't base64 of at most 64 bytes",
        ));
    }
    if call.body.is_empty() {
        return Err((400, "InvalidHeaderValue", "a block can't be empty"));
    }
    if upload.blocks.keys().any(|other| other.len() != id.len()) {
        return Err((
            400,
            "InvalidBlobOrBlock",
            "all block IDs of a blob must have the same length",
        ));
    }
    upload.blocks.insert(id, call.body.to_vec());
    Ok(())
}

fn put_block_list(upload: &mut Upload, call: &Call) -> Result<(), Refusal> {
    let body = std::str::from_utf8(&call.body).unwrap_or_default();
    let ids = block_list(body).ok_or((
        400,
        "InvalidXmlDocument",
        "the block list is not the XML it should be",
    ))?;
    let mut content = Vec::new();
    for id in ids {
        let block = upload.blocks.get(id).ok_or((
            400,
            "InvalidBlockList",
            "the block list names a block that was not uploaded",
        ))?;
        content.extend_from_slice(block);
    }
    upload.content = Some(content);
    upload.content_type = call.header("x-ms-blob-content-type").map(str::to_owned);
    Ok(())
}

fn put_blob(upload: &mut Upload, call: &Call) -> Result<(), Refusal> {
    if call.header("x-ms-blob-type") != Some("BlockBlob") {
        return Err((400, "MissingRequiredHeader", "x-ms-blob-type is missing"));
    }
    upload.content = Some(call.body.to_vec());
    upload.content_type = call
        .header("x-ms-blob-content-type")
        .or(call.header("content-type"))
        .map(str::to_owned);
    Ok(())
}

/// The block IDs in `<BlockList>`, in order.
fn block_list(xml: &str) -> Option<Vec<&str>> {
    let mut rest = xml.trim().trim_start_matches('\u{feff}');
    if rest.starts_with("<?xml") {
        rest = rest.split_once("?>")?.1.trim();
    }
    if rest
        .strip_prefix("<BlockList")
        .is_some_and(|rest| rest.trim_start() == "/>")
    {
        return Some(Vec::new());
    }
    let mut inside = rest
        .strip_prefix("<BlockList>")?
        .strip_suffix("</BlockList>")?
        .trim();
    let mut ids = Vec::new();
    while !inside.is_empty() {
        let kind = ["Latest", "Uncommitted", "Committed"]
            .into_iter()
            .find(|kind| inside.starts_with(&format!("<{kind}>")))?;
        let (id, after) = inside[kind.len() + 2..].split_once(&format!("</{kind}>"))?;
        ids.push(id.trim());
        inside = after.trim_start();
    }
    Some(ids)
}

fn download(store: &mut Store, call: &Call) -> Option<Response> {
    let upload = store.at_path(&call.path)?;
    if call.path_and_query != upload.read_target {
        return None;
    }
    let content_type = upload
        .content_type
        .as_deref()
        .unwrap_or("application/octet-stream");
    let file = if content_type == "application/zip" {
        format!("{}.zip", upload.name)
    } else {
        upload.name.clone()
    };
    let disposition = format!("attachment; filename=\"{file}\"");
    Some(
        Response::of(200, content_type, upload.content.clone()?)
            .header("content-disposition", disposition),
    )
}

fn error(status: u16, code: &str, message: &str) -> Response {
    let xml = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?><Error><Code>{code}</Code><Message>{message}</Message></Error>"
    );
    Response::of(status, "application/xml", xml).header("x-ms-error-code", code)
}
