//! A single file that's uploaded without a ZIP file.

use super::*;

#[tokio::test]
async fn a_single_file_is_uploaded_as_it_is_under_its_own_name() {
    let server = Server::start(|request, earlier| match (request.what(), earlier) {
        ("CreateArtifact", 0) => reply(409, r#"{"code":"already_exists","msg":"already exists"}"#),
        _ => None,
    });
    let content = b"<!doctype html><title>\xc3\xa4</title>\n";
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("page");
    std::fs::write(&path, content).unwrap();
    let file = File {
        name: "acme-seat-activity-1.html",
        path: &path,
    };
    let uploaded = server
        .service()
        .upload_raw(file, "text/html", Retention::from_days(3), &mut |_| {})
        .await
        .unwrap()
        .unwrap();

    assert_eq!(uploaded.name.as_str(), "acme-seat-activity-1-2.html");
    assert_eq!(uploaded.digest, hex::encode(Sha256::digest(content)));
    assert_eq!(uploaded.size, content.len() as u64);
    let names: Vec<Value> = server
        .of("CreateArtifact")
        .iter()
        .map(server::Request::json)
        .collect();
    assert_eq!(names[0]["name"], "acme-seat-activity-1.html");
    assert_eq!(names[1]["name"], "acme-seat-activity-1-2.html");
    for request in names {
        assert_eq!(request["version"], 7);
        assert_eq!(request["mime_type"], "text/html");
        assert!(request["expires_at"].is_string());
    }
    assert_eq!(server.of("block")[0].body, content);
    let list = &server.of("blocklist")[0];
    assert!(list.head.contains("x-ms-blob-content-type: text/html\r\n"));
    let finalized = server.of("FinalizeArtifact")[0].json();
    assert_eq!(finalized["hash"], format!("sha256:{}", uploaded.digest));
    assert_eq!(finalized["size"], content.len().to_string());
}

/// Uploads a small page.
async fn upload_page(service: &ArtifactService) -> Option<Uploaded> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("page");
    std::fs::write(&path, "x").unwrap();
    let file = File {
        name: "page.html",
        path: &path,
    };
    service
        .upload_raw(file, "text/html", None, &mut |_| {})
        .await
        .unwrap()
}

#[tokio::test]
async fn a_server_that_supports_only_version_4_gets_no_single_file() {
    let server = Server::start(|request, _| {
        let is_new = request.what() == "CreateArtifact" && request.json()["version"] == 7;
        if is_new { reply(400, "") } else { None }
    });
    let service = server.service();
    upload(&service, b"Login\n").await.0.unwrap();
    let calls = server.count("CreateArtifact");
    let uploaded = upload_page(&service).await;
    assert_eq!(uploaded, None);
    assert_eq!(server.count("CreateArtifact"), calls);
}

#[tokio::test]
async fn a_server_that_fails_without_a_reason_gets_version_7_twice() {
    for (failures, versions) in [(1, vec![7, 7, 7]), (usize::MAX, vec![7, 7, 4])] {
        let server = Server::start(move |request, earlier| {
            let is_new = request.what() == "CreateArtifact" && request.json()["version"] == 7;
            if is_new && earlier < failures {
                reply(500, "")
            } else {
                None
            }
        });
        let service = server.service();
        upload(&service, b"Login\n").await.0.unwrap();
        let uploaded = upload_page(&service).await;
        assert_eq!(uploaded.is_some(), failures == 1);
        let created = server.of("CreateArtifact");
        let found: Vec<Value> = created
            .iter()
            .map(|one| one.json()["version"].clone())
            .collect();
        assert_eq!(found, versions);
    }
}

#[tokio::test]
async fn a_refused_single_file_never_becomes_version_4() {
    let server = Server::start(|request, _| match request.what() {
        "CreateArtifact" => reply(400, r#"{"code":"invalid_argument","msg":"no"}"#),
        _ => None,
    });
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("page");
    std::fs::write(&path, "x").unwrap();
    for (name, calls) in [("page.html", 1), ("a:b.html", 1)] {
        let file = File { name, path: &path };
        let service = server.service();
        let result = service
            .upload_raw(file, "text/html", None, &mut |_| {})
            .await;
        assert!(result.is_err());
        let created = server.of("CreateArtifact");
        assert_eq!(created.len(), calls);
        assert!(created.iter().all(|one| one.json()["version"] == 7));
    }
}
