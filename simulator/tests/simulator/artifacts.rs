//! Artifacts, from their creation to their download.

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use simulator::Simulator;

use crate::client::{Reply, TOKEN, assert_no_violations, send, start, world};

fn ids(simulator: &Simulator) -> [String; 2] {
    let token = simulator.runtime_token();
    let claims = BASE64_URL_SAFE_NO_PAD
        .decode(token.split('.').nth(1).unwrap())
        .unwrap();
    let claims: Value = serde_json::from_slice(&claims).unwrap();
    let scope = claims["scp"]
        .as_str()
        .unwrap()
        .split(' ')
        .find_map(|scope| scope.strip_prefix("Actions.Results:"))
        .unwrap()
        .to_owned();
    let (run, job) = scope.split_once(':').unwrap();
    [run.to_owned(), job.to_owned()]
}

pub(crate) fn rpc(simulator: &Simulator, name: &str, mut body: Value) -> std::io::Result<Reply> {
    let [run, job] = ids(simulator);
    body["workflow_run_backend_id"] = json!(run);
    body["workflow_job_run_backend_id"] = json!(job);
    let origin = simulator.results_url().replace("/some/path/", "");
    let url = format!("{origin}/twirp/github.actions.results.api.v1.ArtifactService/{name}");
    let (token, body) = (
        format!("Bearer {}", simulator.runtime_token()),
        body.to_string(),
    );
    let length = body.len().to_string();
    send(
        "POST",
        &url,
        &[
            ("authorization", &token),
            ("content-type", "application/json"),
            ("content-length", &length),
        ],
        body.as_bytes(),
    )
}

pub(crate) fn put(url: &str, headers: &[(&str, &str)], body: &[u8]) -> std::io::Result<Reply> {
    let length = body.len().to_string();
    send(
        "PUT",
        url,
        &[headers, &[("content-length", length.as_str())]].concat(),
        body,
    )
}

pub(crate) fn create(simulator: &Simulator, name: &str) -> std::io::Result<Reply> {
    rpc(
        simulator,
        "CreateArtifact",
        json!({ "name": name, "version": 7, "mime_type": "application/zip" }),
    )
}

fn id(number: u8) -> String {
    BASE64_STANDARD
        .encode([number; 5])
        .replace('+', "%2B")
        .replace('/', "%2F")
        .replace('=', "%3D")
}

fn list(ids: &[u8]) -> String {
    let ids = ids
        .iter()
        .map(|id| format!("<Latest>{}</Latest>", BASE64_STANDARD.encode([*id; 5])));
    format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?><BlockList>{}</BlockList>",
        ids.collect::<String>()
    )
}

const ZIP: [(&str, &str); 1] = [("x-ms-blob-content-type", "application/zip")];

#[test]
fn protocol_violations_are_rejected_and_recorded() {
    let simulator = start();
    let assert_error = |reply: &Reply, status: u16, violations: usize| {
        assert_eq!(
            (reply.status, simulator.violations().len()),
            (status, violations),
            "{:?}",
            simulator.violations()
        );
    };
    assert_error(&create(&simulator, "a/b").unwrap(), 400, 1);
    assert_error(
        &rpc(
            &simulator,
            "CreateArtifact",
            json!({ "name": "a", "version": 7 }),
        )
        .unwrap(),
        400,
        2,
    );
    let url = create(&simulator, "a").unwrap().json()["signed_upload_url"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_error(
        &put(
            &format!("{}&comp=blocklist", url.replace("%3a", "%3A")),
            &[],
            b"<BlockList/>",
        )
        .unwrap(),
        403,
        3,
    );
    assert_error(
        &put(&format!("{url}&comp=blocklist"), &[], list(&[9]).as_bytes()).unwrap(),
        400,
        4,
    );
    assert_error(
        &put(
            &format!("{url}&comp=blocklist"),
            &[("authorization", "Bearer x")],
            b"<BlockList/>",
        )
        .unwrap(),
        403,
        5,
    );
    let chunked = send(
        "PUT",
        &format!("{url}&comp=block&blockid={}", id(1)),
        &[("transfer-encoding", "chunked")],
        b"1\r\na\r\n0\r\n\r\n",
    );
    assert_error(&chunked.unwrap(), 411, 6);
    put(&format!("{url}&comp=blocklist"), &ZIP, b"<BlockList />").unwrap();
    assert_error(
        &rpc(
            &simulator,
            "FinalizeArtifact",
            json!({ "name": "a", "size": "1" }),
        )
        .unwrap(),
        400,
        7,
    );
    assert_error(
        &rpc(
            &simulator,
            "FinalizeArtifact",
            json!({ "name": "a", "hash": "sha256:00" }),
        )
        .unwrap(),
        400,
        8,
    );
    assert_error(
        &rpc(
            &simulator,
            "FinalizeArtifact",
            json!({ "name": "a", "colour": 1 }),
        )
        .unwrap(),
        200,
        9,
    );
    assert_error(
        &rpc(&simulator, "DeleteArtifact", json!({ "name": "a" })).unwrap(),
        404,
        10,
    );
    let authorization = format!("Bearer {TOKEN}");
    let mismatch = send(
        "POST",
        &format!("{}twirp/x", simulator.results_url()),
        &[("authorization", &authorization), ("content-length", "0")],
        b"",
    );
    assert_error(&mismatch.unwrap(), 404, 12);
}

#[test]
fn services_of_version_4_reject_unknown_fields() {
    let simulator = Simulator::start(world().known_artifact_version(4)).unwrap();
    let refused = create(&simulator, "a").unwrap();
    assert_eq!(
        (refused.status, refused.text().trim()),
        (500, "Error decode request body")
    );
    let created = rpc(
        &simulator,
        "CreateArtifact",
        json!({ "name": "a", "version": 4 }),
    )
    .unwrap()
    .json();
    let url = created["signedUploadUrl"].as_str().unwrap();
    put(&format!("{url}&comp=block&blockid={}", id(1)), &[], b"zip").unwrap();
    put(
        &format!("{url}&comp=blocklist"),
        &ZIP,
        list(&[1]).as_bytes(),
    )
    .unwrap();
    let finished = rpc(
        &simulator,
        "FinalizeArtifact",
        json!({ "name": "a", "size": "3" }),
    )
    .unwrap()
    .json();
    assert!(finished["artifactId"].is_string());
    assert_no_violations(&simulator);
}

#[test]
fn a_single_file_is_downloaded_under_its_own_name_and_type() {
    let simulator = start();
    let raw = json!({ "name": "page.html", "version": 7, "mime_type": "text/html" });
    let created = rpc(&simulator, "CreateArtifact", raw).unwrap().json();
    let url = created["signed_upload_url"].as_str().unwrap();
    let path = url.split('?').next().unwrap();
    assert!(!path.ends_with(".zip"), "clients would unpack it");
    put(&format!("{url}&comp=block&blockid={}", id(1)), &[], b"<p>").unwrap();
    let html = [("x-ms-blob-content-type", "text/html")];
    put(
        &format!("{url}&comp=blocklist"),
        &html,
        list(&[1]).as_bytes(),
    )
    .unwrap();
    let size = json!({ "name": "page.html", "size": "3" });
    rpc(&simulator, "FinalizeArtifact", size).unwrap();
    let name = json!({ "name": "page.html" });
    let signed = rpc(&simulator, "GetSignedArtifactURL", name)
        .unwrap()
        .json();
    let file = send("GET", signed["signed_url"].as_str().unwrap(), &[], b"").unwrap();
    assert_eq!(file.text(), "<p>");
    let header = |name: &str| file.header(name).unwrap_or_default();
    assert_eq!(header("content-type"), "text/html");
    assert_eq!(
        header("content-disposition"),
        "attachment; filename=\"page.html\""
    );
    assert_no_violations(&simulator);
}
