//! Faults on request.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use simulator::{At, Fault, Kind, Nth, Operation, Ports, Simulator};

use crate::artifacts::{create, put, rpc};
use crate::client::{api, assert_no_violations, get, git, graphql, start, world};
use crate::commits::{MUTATION, head, input};

const ACME: &str = "/orgs/acme/copilot/billing/seats?per_page=100";

/// Checks that the fault affects one request, and returns the next response.
fn affected(kind: Kind) -> (Simulator, std::io::Result<crate::client::Reply>) {
    let simulator = start();
    simulator.fault(Fault::once(At::SeatsPage(1), kind));
    let reply = api(&simulator, "GET", ACME, None);
    assert_eq!(get(&simulator, ACME).status, 200);
    assert_no_violations(&simulator);
    (simulator, reply)
}

#[test]
fn a_status_comes_with_its_headers_and_the_usual_ones() {
    let kind = Kind::status(403, "You have exceeded a secondary rate limit")
        .header("retry-after", "3")
        .header("x-ratelimit-remaining", "7");
    let (simulator, reply) = affected(kind);
    let reply = reply.unwrap();
    assert_eq!(
        (
            reply.status,
            reply.header("retry-after"),
            reply.header("x-ratelimit-remaining")
        ),
        (403, Some("3"), Some("7"))
    );
    assert!(reply.header("x-github-request-id").is_some());
    assert!(reply.text().contains("secondary rate limit"));
    assert_eq!(simulator.requests()[0].status, Some(403));
}

#[test]
fn an_html_page_is_not_json() {
    let reply = affected(Kind::Html(502)).1.unwrap();
    assert_eq!(
        (reply.status, reply.header("content-type")),
        (502, Some("text/html; charset=utf-8"))
    );
    assert!(reply.text().contains("Unicorn"));
}

#[test]
fn a_reset_connection_has_no_response() {
    let (simulator, reply) = affected(Kind::Reset);
    assert!(reply.is_err());
    assert_eq!(simulator.requests()[0].status, None);
}

#[test]
fn a_truncated_response_ends_early() {
    assert!(affected(Kind::Truncate).1.is_err());
}

#[test]
fn a_truncated_response_can_look_whole() {
    let reply = affected(Kind::WrongLength).1.unwrap();
    assert_eq!(reply.status, 200);
    assert!(serde_json::from_slice::<Value>(&reply.body()).is_err());
}

#[test]
fn a_response_marked_as_compressed_can_be_uncompressed() {
    let reply = affected(Kind::BadGzip).1.unwrap();
    assert_eq!(reply.header("content-encoding"), Some("gzip"));
    assert_eq!(reply.raw[0], b'{');
}

#[test]
fn a_redirect_leads_elsewhere() {
    let reply = affected(Kind::RedirectTo("https://example.com/".to_owned()))
        .1
        .unwrap();
    assert_eq!(
        (reply.status, reply.header("location")),
        (302, Some("https://example.com/"))
    );
}

#[test]
fn a_delayed_response_is_unchanged() {
    let begun = Instant::now();
    assert_eq!(
        affected(Kind::Late(Duration::from_millis(300)))
            .1
            .unwrap()
            .status,
        200
    );
    assert!(begun.elapsed() >= Duration::from_millis(300));
}

/// Everything received within this time, on a connection that the server might keep open.
fn listen(simulator: &Simulator, time: Duration) -> Vec<u8> {
    let mut connection =
        TcpStream::connect(simulator.api_url().strip_prefix("http://").unwrap()).unwrap();
    connection.set_read_timeout(Some(time)).unwrap();
    write!(connection, "GET {ACME} HTTP/1.1\r\nhost: x\r\n\r\n").unwrap();
    let (begun, mut all, mut part) = (Instant::now(), Vec::new(), vec![0; 65536]);
    while begun.elapsed() < time {
        match connection.read(&mut part) {
            Ok(0) => panic!("the connection was closed"),
            Ok(n) => all.extend_from_slice(&part[..n]),
            Err(_) => break,
        }
    }
    all
}

#[test]
fn a_service_that_is_down_refuses_connections_and_comes_back() {
    let ports = Ports {
        api: 21_000 + (std::process::id() % 10_000) as u16,
        ..Ports::default()
    };
    let simulator = Simulator::start_on(world(), ports).unwrap();
    let outage = Kind::Refuse(Duration::from_millis(300));
    simulator.fault(Fault::once(At::SeatsPage(1), outage));
    assert!(api(&simulator, "GET", ACME, None).is_err());
    let address = simulator.api_url();
    let address = address.strip_prefix("http://").unwrap();
    let refused = TcpStream::connect(address).unwrap_err();
    assert_eq!(refused.kind(), std::io::ErrorKind::ConnectionRefused);
    let begun = Instant::now();
    while TcpStream::connect(address).is_err() {
        assert!(begun.elapsed() < Duration::from_secs(5));
    }
    assert_eq!(get(&simulator, ACME).status, 200);
}

#[test]
fn a_stalled_request_is_never_answered() {
    let simulator = start();
    simulator.fault(Fault::always(At::Seats, Kind::Stall));
    assert!(listen(&simulator, Duration::from_millis(400)).is_empty());
}

#[test]
fn an_endless_response_does_not_end() {
    let simulator = start();
    simulator.fault(Fault::always(At::Seats, Kind::Endless));
    assert!(listen(&simulator, Duration::from_millis(400)).len() > 64 * 1024);
}

#[test]
fn the_affected_requests_can_be_chosen() {
    let simulator = start();
    simulator.fault(Fault {
        at: At::path("GET", "page=2"),
        nth: Nth::Only(2),
        kind: Kind::status(500, ""),
    });
    simulator.fault(Fault::always(At::SeatsPage(3), Kind::status(503, "")));
    let page = |n: u32| get(&simulator, &format!("{ACME}&page={n}")).status;
    assert_eq!(
        [page(1), page(2), page(2), page(2), page(3), page(3)],
        [200, 200, 500, 200, 503, 503]
    );
    simulator.clear_faults();
    assert_eq!(page(3), 200);
}

#[test]
fn a_response_can_be_lost_after_the_request_was_carried_out() {
    let simulator = start();
    let before = head(&simulator);
    simulator.fault(Fault::once(
        At::Graphql(Operation::Mutation),
        Kind::Reset.after_effect(),
    ));
    let body = json!({ "query": MUTATION, "variables": input(&before, &[("a", "1")]) });
    assert!(api(&simulator, "POST", "/graphql", Some(&body)).is_err());
    assert_ne!(head(&simulator), before);
    assert_eq!(git(&simulator, &["show", "main:a"]), "1");

    simulator.fault(Fault::once(
        At::CreateArtifact,
        Kind::Html(502).after_effect(),
    ));
    assert_eq!(create(&simulator, "report").unwrap().status, 502);
    assert_eq!(create(&simulator, "report").unwrap().status, 409);
}

#[test]
fn a_head_can_move_after_it_was_read() {
    let simulator = start();
    let before = head(&simulator);
    simulator.fault(Fault::once(
        At::Graphql(Operation::Query),
        Kind::MoveHead.after_effect(),
    ));
    let query = "query($owner: String!, $name: String!) { repository(owner: $owner, name: $name) { defaultBranchRef { target { oid } } } }";
    let response = graphql(
        &simulator,
        query,
        &json!({ "owner": "octo", "name": "audit" }),
    );
    assert_eq!(
        response["data"]["repository"]["defaultBranchRef"]["target"]["oid"],
        before
    );
    assert_ne!(head(&simulator), before);
}

#[test]
fn graphql_errors_come_with_status_200() {
    let simulator = start();
    let before = head(&simulator);
    let kind = Kind::GraphqlError {
        error_type: None,
        message: "Something went wrong".to_owned(),
    };
    simulator.fault(Fault::once(At::Graphql(Operation::Mutation), kind));
    let response = graphql(&simulator, MUTATION, &input(&before, &[("a", "1")]));
    assert_eq!(response["data"], json!({ "createCommitOnBranch": null }));
    assert_eq!(response["errors"][0]["message"], "Something went wrong");
    assert_eq!(head(&simulator), before);
}

#[test]
fn the_list_can_move_while_it_is_read() {
    let simulator = start();
    let revoke =
        Kind::change(|github| drop(github.organizations.get_mut("acme").unwrap().rows.remove(0)));
    simulator.fault(Fault::once(At::SeatsPage(2), revoke));
    let first = get(&simulator, ACME).json();
    let second = get(&simulator, &format!("{ACME}&page=2")).json();
    assert_eq!(
        (
            first["total_seats"].as_u64(),
            second["total_seats"].as_u64()
        ),
        (Some(250), Some(249))
    );
    assert_eq!(second["seats"][0]["assignee"]["login"], "mona-0102");
}

#[test]
fn every_step_of_an_upload_can_fail() {
    let simulator = start();
    for at in [
        At::FinalizeArtifact,
        At::ListArtifacts,
        At::Block,
        At::BlockList,
    ] {
        simulator.fault(Fault::always(at, Kind::status(503, "busy")));
    }
    let url = create(&simulator, "a").unwrap().json()["signed_upload_url"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(
        put(&format!("{url}&comp=block&blockid=YQ%3D%3D"), &[], b"x")
            .unwrap()
            .status,
        503
    );
    assert_eq!(
        put(&format!("{url}&comp=blocklist"), &[], b"<BlockList/>")
            .unwrap()
            .status,
        503
    );
    assert_eq!(
        rpc(&simulator, "FinalizeArtifact", json!({ "name": "a" }))
            .unwrap()
            .status,
        503
    );
    assert_eq!(
        rpc(&simulator, "ListArtifacts", json!({})).unwrap().status,
        503
    );
    assert_no_violations(&simulator);
}
