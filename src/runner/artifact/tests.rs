//! Tests the whole upload against a small server that's both the service and the store.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::*;
use crate::system::http::Proxies;

mod server;
mod single_file;

use self::server::{STORE, Server, reply};

impl Server {
    fn service(&self) -> ArtifactService {
        let environment =
            environment(&[("ACTIONS_RESULTS_URL", &format!("{}/path/", self.origin))]);
        ArtifactService::from_environment(client(), Clock::system(&environment), &environment)
            .unwrap()
    }

    async fn upload(&self) -> (Result<Uploaded, ArtifactError>, Vec<String>) {
        upload(&self.service(), b"Login\noctocat\n").await
    }
}

fn token() -> String {
    let claims = r#"{"scp":"Actions.Results:run-1:job-2"}"#;
    format!("h.{}.t0ps3cr3t", URL_SAFE_NO_PAD.encode(claims))
}

fn environment(more: &[(&str, &str)]) -> Environment {
    let token = token();
    [
        ("TEST_WAIT_SCALE", "0"),
        ("ACTIONS_RUNTIME_TOKEN", token.as_str()),
        ("GITHUB_REPOSITORY", "acme/audit"),
        ("GITHUB_RUN_ID", "99"),
        ("GITHUB_RETENTION_DAYS", "90"),
    ]
    .iter()
    .chain(more)
    .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
    .collect()
}

fn client() -> Http {
    Http::new(&Environment::default(), Proxies::default()).unwrap()
}

async fn upload(
    service: &ArtifactService,
    content: &[u8],
) -> (Result<Uploaded, ArtifactError>, Vec<String>) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("report.csv");
    std::fs::write(&path, content).unwrap();
    let file = File {
        name: "acme/report.csv",
        path: &path,
    };
    let name = ArtifactName::parse("report").unwrap();
    let mut masked = Vec::new();
    let result = service
        .upload(&name, &[file], Retention::from_days(400), &mut |secret| {
            masked.push(secret.to_owned());
        })
        .await;
    if let Err(error) = &result {
        for secret in ["t0ps3cr3t", "s3cr3t%2Bsig", "s3cr3t+sig", "/c/x"] {
            let text = format!("{error} {error:?}");
            assert!(!text.contains(secret), "{text}");
        }
    }
    (result, masked)
}

#[tokio::test]
async fn a_large_file_arrives_whole_and_its_address_is_unchanged() {
    let server = Server::start(|_, _| None);
    let mut content = vec![0; 9 << 20];
    getrandom::fill(&mut content).unwrap();
    let service = server.service();
    let (uploaded, masked) = upload(&service, &content).await;
    let uploaded = uploaded.unwrap();

    assert_eq!(masked, ["s3cr3t%2Bsig%3D", "s3cr3t+sig="]);
    assert_eq!(uploaded.id, "4711");
    assert_eq!(
        uploaded.url,
        "https://github.com/acme/audit/actions/runs/99/artifacts/4711"
    );

    let created = server.of("CreateArtifact");
    let request = created[0].json();
    assert_eq!(
        created[0].line.trim_end(),
        "POST /twirp/github.actions.results.api.v1.ArtifactService/CreateArtifact HTTP/1.1"
    );
    assert!(
        created[0]
            .head
            .contains(&format!("authorization: bearer {}", token().to_lowercase()))
    );
    assert_eq!(request["version"], 7);
    assert_eq!(request["mime_type"], "application/zip");
    assert_eq!(request["workflow_run_backend_id"], "run-1");
    assert_eq!(request["workflow_job_run_backend_id"], "job-2");
    assert!(request["expires_at"].as_str().unwrap().ends_with('Z'));

    // Joins the blocks in the order of the list.
    let list = server.of("blocklist");
    assert!(
        list[0]
            .line
            .starts_with(&format!("PUT {STORE}&comp=blocklist "))
    );
    assert!(
        list[0]
            .head
            .contains("x-ms-blob-content-type: application/zip\r\n")
    );
    let blocks = server.of("block");
    assert_eq!(blocks.len(), 2);
    let mut blob = Vec::new();
    let order = String::from_utf8(list[0].body.clone()).unwrap();
    for id in order.split("<Latest>").skip(1) {
        let id = id.split('<').next().unwrap();
        let target = format!(
            "PUT {STORE}&comp=block&blockid={} ",
            signed_address::encoded(id)
        );
        let block = blocks
            .iter()
            .find(|block| block.line.starts_with(&target))
            .unwrap();
        assert!(!block.head.contains("authorization"));
        blob.extend_from_slice(&block.body);
    }
    assert_eq!(hex::encode(Sha256::digest(&blob)), uploaded.digest);

    let request = server.of("FinalizeArtifact")[0].json();
    assert_eq!(request["size"], blob.len().to_string());
    assert_eq!(request["hash"], format!("sha256:{}", uploaded.digest));
    assert_eq!(request["name"], "report");

    let printed = format!("{service:?}");
    assert!(!printed.contains("t0ps3cr3t"), "{printed}");
}

#[tokio::test]
async fn if_a_name_is_taken_the_next_number_is_used() {
    let server = Server::start(|request, earlier| match request.what() {
        "CreateArtifact" if earlier < 2 => reply(
            409,
            r#"{"code":"already_exists","msg":"an artifact with this name already exists on the workflow run"}"#,
        ),
        _ => None,
    });
    let uploaded = server.upload().await.0.unwrap();
    assert_eq!(uploaded.name.as_str(), "report-3");
    assert_eq!(server.of("FinalizeArtifact")[0].json()["name"], "report-3");
    assert_eq!(server.count("DeleteArtifact"), 0);
}

#[tokio::test]
async fn a_lost_answer_costs_only_a_name() {
    let server = Server::start(|request, earlier| match (request.what(), earlier) {
        ("CreateArtifact", 0) => reply(0, ""),
        ("CreateArtifact", 1) => reply(409, r#"{"msg":"it already exists"}"#),
        _ => None,
    });
    assert_eq!(server.upload().await.0.unwrap().name.as_str(), "report-2");
}

#[tokio::test]
async fn a_server_that_supports_only_version_4_gets_version_7_once() {
    for (status, body) in [
        (500, "Error decode request body"),
        (400, r#"{"code":"malformed","msg":"unknown field"}"#),
        (
            400,
            r#"{"code":"invalid_argument","msg":"mime_type a valid mime_type is required"}"#,
        ),
    ] {
        let server = Server::start(move |request, _| {
            let seven = request.what() == "CreateArtifact" && request.json()["version"] == 7;
            seven.then(|| (status, String::new(), body.to_owned()))
        });
        let service = server.service();
        upload(&service, b"one").await.0.unwrap();
        upload(&service, b"two").await.0.unwrap();
        let versions: Vec<_> = server
            .of("CreateArtifact")
            .iter()
            .map(|request| {
                (
                    request.json()["version"].as_u64(),
                    request.json().get("mime_type").is_some(),
                )
            })
            .collect();
        assert_eq!(
            versions,
            [(Some(7), true), (Some(4), false), (Some(4), false)]
        );
    }
}

#[tokio::test]
async fn a_failing_service_is_tried_five_times() {
    let server = Server::start(|_, _| {
        Some((
            503,
            "x-github-request-id: AB:1\r\n".into(),
            r#"{"code":"unavailable","msg":"later"}"#.into(),
        ))
    });
    let text = server.upload().await.0.unwrap_err().to_string();
    assert_eq!(server.count("CreateArtifact"), 5);
    assert!(
        text.contains("CreateArtifact for report failed 5 times"),
        "{text}"
    );
    assert!(
        text.contains("HTTP 503 unavailable, \"later\" (request ID AB:1)"),
        "{text}"
    );
}

#[tokio::test]
async fn a_temporary_failure_is_not_mistaken_for_a_server_that_supports_version_4() {
    let server = Server::start(|request, earlier| match request.what() {
        "CreateArtifact" if earlier < 3 => reply(500, "<html>oops</html>"),
        _ => None,
    });
    server.upload().await.0.unwrap();
    let versions: Vec<_> = server
        .of("CreateArtifact")
        .iter()
        .map(|request| request.json()["version"].as_u64().unwrap())
        .collect();
    assert_eq!(versions, [7, 7, 4, 7]);
}

#[tokio::test]
async fn failures_that_a_retry_cannot_fix_are_not_retried() {
    for (status, headers, body, said) in [
        (
            403,
            "",
            r#"{"code":"permission_denied","msg":"no"}"#,
            "permission_denied",
        ),
        (
            403,
            "",
            r#"{"code":"x","msg":"Insufficient usage to create artifact"}"#,
            "used up",
        ),
        (
            302,
            "location: http://127.0.0.1:1/\r\n",
            "",
            "Redirects are never followed",
        ),
        (503, "retry-after: 1000\r\n", "{}", "to wait 1000 s"),
        (
            200,
            "",
            r#"{"signed_upload_url":"https://a"}"#,
            "request failed",
        ),
    ] {
        let server = Server::start(move |_, _| Some((status, headers.into(), body.into())));
        let text = server.upload().await.0.unwrap_err().to_string();
        assert!(text.contains(said), "{text}");
        assert_eq!(server.count("CreateArtifact"), 1);
    }
}

#[tokio::test]
async fn a_completed_artifact_is_found_in_the_list_if_the_answer_was_lost() {
    let server = Server::start(|request, earlier| match (request.what(), earlier) {
        ("FinalizeArtifact", 0) => reply(504, "gateway"),
        _ => None,
    });
    // The list doesn't show the artifact, so the upload calls FinalizeArtifact again.
    server.upload().await.0.unwrap();
    assert_eq!(
        (
            server.count("FinalizeArtifact"),
            server.count("ListArtifacts")
        ),
        (2, 1)
    );

    let size = Arc::new(Mutex::new(Value::Null));
    let server = Server::start(move |request, _| match request.what() {
        "FinalizeArtifact" => {
            *size.lock().unwrap() = request.json()["size"].clone();
            reply(0, "")
        }
        "ListArtifacts" => {
            assert_eq!(request.json()["name_filter"], "report");
            let size = size.lock().unwrap().clone();
            let list = json!({"artifacts": [{"name": "report", "size": size, "databaseId": 12}]});
            reply(200, &list.to_string())
        }
        _ => None,
    });
    assert_eq!(server.upload().await.0.unwrap().id, "12");
    assert_eq!(server.count("FinalizeArtifact"), 1);
    assert_eq!(server.count("blocklist"), 1);
}

#[tokio::test]
async fn an_artifact_that_cannot_be_completed_is_reported_by_name() {
    let server = Server::start(|request, _| match request.what() {
        "FinalizeArtifact" => reply(403, r#"{"code":"permission_denied","msg":"no"}"#),
        _ => None,
    });
    let error = server.upload().await.0.unwrap_err();
    assert!(matches!(error, ArtifactError::Unfinished { .. }), "{error}");
    assert_eq!(
        (
            server.count("FinalizeArtifact"),
            server.count("ListArtifacts")
        ),
        (1, 0)
    );
}

#[tokio::test]
async fn the_store_is_tried_four_times() {
    let server = Server::start(|request, earlier| match request.what() {
        "block" if earlier < 3 => reply(503, "<Code>ServerBusy</Code>"),
        "blocklist" if earlier < 1 => reply(0, ""),
        _ => None,
    });
    server.upload().await.0.unwrap();
    assert_eq!((server.count("block"), server.count("blocklist")), (4, 2));

    let server = Server::start(|request, _| match request.what() {
        "block" => reply(
            500,
            "<Error><Code>InternalError</Code><Message>oh\nno</Message></Error>",
        ),
        _ => None,
    });
    let text = server.upload().await.0.unwrap_err().to_string();
    assert!(text.contains("Put Block 1 of 1 failed 4 times"), "{text}");
    assert!(
        text.contains(r#"HTTP 500 InternalError, "oh\nno""#),
        "{text}"
    );
}

#[tokio::test]
async fn a_refused_address_is_explained_and_not_shown() {
    let server = Server::start(|request, _| {
        match request.what() {
        "blocklist" => Some((
            403,
            "x-ms-request-id: 77\r\n".into(),
            "<Error><Code>AuthenticationFailed</Code><Message>not s3cr3t%2Bsig%3D</Message></Error>".into(),
        )),
        _ => None,
    }
    });
    let text = server.upload().await.0.unwrap_err().to_string();
    assert_eq!(server.count("blocklist"), 1);
    assert!(text.contains("has probably expired"), "{text}");
    assert!(
        text.contains("AuthenticationFailed, \"not ***\" (request ID 77)"),
        "{text}"
    );
}

#[test]
fn a_missing_artifact_service_is_reported_before_anything_is_sent() {
    let make = |more: &[(&str, &str)]| {
        let environment = environment(more);
        ArtifactService::from_environment(client(), Clock::system(&environment), &environment)
    };
    let results = ("ACTIONS_RESULTS_URL", "https://results.example/");
    for server in [
        "https://github.com",
        "https://acme.ghe.com/",
        "http://a.localhost:80",
        "",
    ] {
        assert!(
            make(&[results, ("GITHUB_SERVER_URL", server)]).is_ok(),
            "{server}"
        );
    }
    for (more, said) in [
        (
            vec![("GITHUB_SERVER_URL", "https://git.acme.com")],
            "git.acme.com",
        ),
        (
            vec![("GITHUB_SERVER_URL", "https://notgithub.com")],
            "Enterprise Server",
        ),
        (vec![], "ACTIONS_RESULTS_URL is not set"),
        (vec![results, ("ACTIONS_RUNTIME_TOKEN", "")], "`run:` steps"),
        (
            vec![results, ("ACTIONS_RUNTIME_TOKEN", "ghs_x")],
            "can't be used",
        ),
        (vec![("ACTIONS_RESULTS_URL", "results")], "isn't an http"),
    ] {
        let text = make(&more).unwrap_err().to_string();
        assert!(text.contains(said), "{text}");
    }
}
