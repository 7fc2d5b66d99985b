//! Hostile responses from GitHub, the artifact service, and the blob store.

use serde_json::{Value, json};
use simulator::{At, Fault, Kind, Operation, Seats, Simulator};

use super::plain::assert_only_text;
use super::{HOSTILE, all, job};
use crate::support::{COMMIT_TOKEN, OWN, TOKEN, git, github, outcome_assertions};

/// Characters that aren't allowed in a header are left out.
fn in_header(text: &str) -> String {
    text.chars()
        .filter(|c| (' '..='~').contains(c) || *c == '\t')
        .collect()
}

#[test]
fn text_in_responses_from_github_is_inert() {
    let hostile = all();
    let long = hostile.repeat(10_000_000 / hostile.len());
    for (at, status) in [
        (At::Seats, 404),
        (At::Seats, 403),
        (At::Seats, 422),
        (At::path("GET", "/repos/"), 404),
        (At::FileText, 403),
        (At::path("POST", "/graphql"), 401),
        (At::CreateArtifact, 400),
        (At::FinalizeArtifact, 403),
        (At::Block, 409),
        (At::BlockList, 403),
    ] {
        for text in [&hostile, &long] {
            let simulator = outcome_assertions::delivery_setup(Seats::people(3));
            let twirp = json!({
                "code": text, "msg": text, "message": text, "documentation_url": text,
                "errors": [text, { "message": text }],
            });
            let xml = format!("<Error><Code>{text}</Code><Message>{text}</Message></Error>");
            let body = match at {
                At::Block | At::BlockList => xml,
                _ => twirp.to_string(),
            };
            let mut refused = Kind::Status {
                status,
                headers: Vec::new(),
                body,
            };
            for header in [
                "x-github-request-id",
                "x-ms-request-id",
                "x-oauth-scopes",
                "x-accepted-oauth-scopes",
                "x-accepted-github-permissions",
            ] {
                refused = refused.header(header, &in_header(&hostile));
            }
            let sso = format!("required; url={}", in_header(&hostile));
            simulator.fault(Fault::always(
                at.clone(),
                refused.header("x-github-sso", &sso),
            ));
            let step = job(&simulator).run();
            assert_eq!(step.status, 1, "{at:?}: {}", step.printed());
            assert_only_text(&simulator, &step);
        }
    }
}

#[test]
fn text_in_responses_from_graphql_is_inert() {
    for operation in [Operation::Query, Operation::Mutation] {
        let simulator = Simulator::start(github(Seats::people(3))).unwrap();
        let kind = Kind::GraphqlError {
            error_type: Some(all()),
            message: all(),
        };
        simulator.fault(Fault::always(At::Graphql(operation), kind));
        let step = job(&simulator).run();
        assert_eq!(step.status, 1);
        assert_only_text(&simulator, &step);
    }
}

/// Replaces the value of every field with this name in a response.
fn replace(json: &mut Value, field: &str, text: &str) {
    match json {
        Value::Array(list) => list.iter_mut().for_each(|json| replace(json, field, text)),
        Value::Object(fields) => {
            for (name, json) in fields {
                if name == field && !json.is_object() {
                    *json = json!(text);
                } else {
                    replace(json, field, text);
                }
            }
        }
        _ => {}
    }
}

#[test]
fn a_forged_commit_url_sha_or_signature_reaches_no_output_or_page() {
    for (field, text) in [
        ("url", "https://evil.example/commit/1"),
        ("url", "http://github.localhost/a\nhttps://evil.example"),
        ("url", "http://github.localhost/$(id)"),
        ("url", "http://github.localhost@evil.example/"),
        ("url", "javascript:alert(1)"),
        ("state", &all()),
    ] {
        let simulator = Simulator::start(github(Seats::people(3))).unwrap();
        let text = text.to_owned();
        let rewrite = Kind::rewrite(move |json| {
            replace(json, field, &text);
            replace(json, "isValid", "false");
            if let Some(valid) =
                json.pointer_mut("/data/createCommitOnBranch/commit/signature/isValid")
            {
                *valid = json!(false);
            }
        });
        simulator.fault(Fault::always(At::Graphql(Operation::Mutation), rewrite));
        let step = job(&simulator).run();
        step.succeeded();
        assert_only_text(&simulator, &step);
        assert_eq!(step.output("commit-sha").len(), 40);
        assert_eq!(step.output("commit-url").is_empty(), field == "url");
    }
    // The SHA of an object becomes part of URLs and outputs.
    for operation in [Operation::Query, Operation::Mutation] {
        let simulator = Simulator::start(github(Seats::people(3))).unwrap();
        let rewrite = Kind::rewrite(|json| replace(json, "oid", "../../user\n::error::injected"));
        simulator.fault(Fault::always(At::Graphql(operation), rewrite));
        let step = job(&simulator).run();
        match operation {
            Operation::Query => step.failed(1, &["it isn't the SHA of a Git object"]),
            // The action finds its commit in the branch's history.
            Operation::Mutation => step.succeeded(),
        };
        assert_only_text(&simulator, &step);
        let sha = git(&simulator.git_dir(OWN), &["rev-parse", "main"]);
        let committed = operation == Operation::Mutation;
        assert_eq!(step.output("commit-sha") == sha.trim(), committed);
        let requests = simulator.requests();
        assert!(
            !requests
                .iter()
                .any(|request| request.path_and_query.contains("user"))
        );
    }
}

#[test]
fn a_forged_name_or_default_branch_of_the_repository_is_inert() {
    for text in HOSTILE {
        let simulator = Simulator::start(github(Seats::people(1))).unwrap();
        let rewrite = Kind::rewrite(move |json| {
            for field in [
                "full_name",
                "name",
                "html_url",
                "url",
                "default_branch",
                "login",
            ] {
                replace(json, field, text);
            }
        });
        simulator.fault(Fault::always(At::path("GET", "/repos/octo/tools"), rewrite));
        let step = job(&simulator).input("deliver-to", "repository").run();
        assert_only_text(&simulator, &step);
        let heads = git(
            &simulator.git_dir(OWN),
            &["for-each-ref", "--format=%(refname)"],
        );
        for head in heads.lines() {
            assert!(head.starts_with("refs/heads/"), "{head}");
        }
    }
}

#[test]
fn a_forged_response_of_the_artifact_service_is_inert() {
    let evil = "https://evil.example/x?sig=abcdefgh".to_owned();
    let http = "http://evil.example/x?sig=abcdefgh".to_owned();
    for (at, field, text, done) in [
        (At::CreateArtifact, "signed_upload_url", all(), false),
        (At::CreateArtifact, "signed_upload_url", http, false),
        (
            At::CreateArtifact,
            "signed_upload_url",
            "file:///etc/passwd".to_owned(),
            false,
        ),
        (
            At::CreateArtifact,
            "signed_upload_url",
            format!("{evil}\n::error::a"),
            false,
        ),
        (At::FinalizeArtifact, "artifact_id", all(), false),
        (
            At::FinalizeArtifact,
            "artifact_id",
            "7/../../x".to_owned(),
            false,
        ),
        (At::FinalizeArtifact, "artifact_id", "7".to_owned(), true),
    ] {
        let simulator = Simulator::start(github(Seats::people(1))).unwrap();
        let rewrite = Kind::rewrite(move |json| {
            replace(json, field, &text);
            replace(json, "database_id", &text);
        });
        simulator.fault(Fault::always(at, rewrite.clone()));
        simulator.fault(Fault::always(At::ListArtifacts, rewrite));
        let step = job(&simulator).run();
        assert_eq!(step.status, i32::from(!done), "{}", step.printed());
        assert_only_text(&simulator, &step);
        assert!(!step.output("commit-sha").is_empty());
    }
}

/// A page from a debugging proxy that shows the received request.
fn echo(secret: &str) -> String {
    format!("You sent: Authorization: Bearer {secret} and the signature {secret}")
}

#[test]
fn a_secret_that_a_server_echoes_is_not_shown() {
    // Every test checks for secrets. Here, the servers try to reveal them.
    for (at, status) in [
        (At::Seats, 404),
        (At::Seats, 200),
        (At::path("GET", "/repos/"), 403),
        (At::path("POST", "/graphql"), 422),
        (At::CreateArtifact, 400),
        (At::FinalizeArtifact, 500),
        (At::Block, 403),
    ] {
        for json in [true, false] {
            let simulator = Simulator::start(github(Seats::people(1))).unwrap();
            for secret in [TOKEN, COMMIT_TOKEN, &simulator.runtime_token()] {
                let text = echo(secret);
                let body = if json {
                    json!({ "message": text, "msg": text, "code": "internal", "seats": text })
                        .to_string()
                } else {
                    text
                };
                simulator.clear_faults();
                simulator.fault(Fault::always(
                    at.clone(),
                    Kind::Status {
                        status,
                        headers: vec![("x-github-request-id".to_owned(), secret.to_owned())],
                        body,
                    },
                ));
                let step = job(&simulator).run();
                assert_eq!(step.status, 1, "{}", step.printed());
            }
        }
    }
}
