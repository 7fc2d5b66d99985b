//! The requirements of every request.

use std::thread;
use std::time::Duration;

use simulator::{GitHub, RecordedRequest, Seats, Service, Simulator, Token};

use crate::client::{TOKEN, assert_no_violations, get, send, start, world};

const ACME: &str = "/orgs/acme/copilot/billing/seats?per_page=100";

fn status_of(simulator: &Simulator, path: &str, headers: &[(&str, &str)]) -> u16 {
    send(
        "GET",
        &format!("{}{path}", simulator.api_url()),
        headers,
        b"",
    )
    .unwrap()
    .status
}

#[test]
fn a_request_without_required_headers_is_a_violation() {
    let simulator = start();
    let authorization = format!("Bearer {TOKEN}");
    let good = [
        ("user-agent", "tests"),
        ("authorization", authorization.as_str()),
        ("accept", "application/vnd.github+json"),
        ("x-github-api-version", "2022-11-28"),
        ("accept-encoding", "gzip"),
    ];
    assert_eq!(status_of(&simulator, ACME, &good), 200);
    assert_no_violations(&simulator);
    for (i, status) in [403, 401, 200, 200, 200].into_iter().enumerate() {
        let mut headers = good.to_vec();
        headers.remove(i);
        assert_eq!(status_of(&simulator, ACME, &headers), status);
        assert_eq!(simulator.violations().len(), i + 1);
    }
    let mut twice = good.to_vec();
    twice.push(("authorization", &authorization));
    assert_eq!(status_of(&simulator, ACME, &twice), 401);
    assert_eq!(
        status_of(&simulator, &format!("{ACME}&token={TOKEN}"), &good),
        200
    );
    assert!(simulator.violations()[6].contains("the URL contains a token"));
    let older = format!("token {TOKEN}");
    let mut older_form = good.to_vec();
    older_form[1] = ("authorization", &older);
    assert_eq!(status_of(&simulator, ACME, &older_form), 200);
    assert_eq!(simulator.violations().len(), 8);
}

#[test]
fn an_unknown_token_gets_a_401_and_is_not_a_violation() {
    let simulator = Simulator::start(GitHub::new().token("other", Token::new())).unwrap();
    let reply = get(&simulator, ACME);
    assert_eq!(
        (reply.status, reply.json()["message"].as_str()),
        (401, Some("Bad credentials"))
    );
    assert_no_violations(&simulator);
}

#[test]
fn every_request_is_recorded_in_order_with_its_status() {
    let simulator = start();
    get(&simulator, ACME);
    get(
        &simulator,
        "/orgs/nobody/copilot/billing/seats?per_page=100",
    );
    let requests = simulator.requests();
    assert_eq!(
        requests
            .iter()
            .map(|requests| requests.status)
            .collect::<Vec<_>>(),
        [Some(200), Some(404)]
    );
    assert_eq!(
        (
            requests[0].service,
            requests[0].method.as_str(),
            requests[0].path_and_query.as_str()
        ),
        (Service::Api, "GET", ACME)
    );
    assert_eq!(requests[0].header("accept-encoding"), Some("gzip"));
}

#[test]
fn more_than_100_concurrent_requests_are_a_violation() {
    let github = world()
        .organization("acme", Seats::people(2))
        .latency(Duration::from_millis(1500));
    let simulator = Simulator::start(github).unwrap();
    thread::scope(|scope| {
        for _ in 0..101 {
            scope.spawn(|| get(&simulator, ACME));
        }
    });
    assert_eq!(simulator.in_flight_max(), 101);
    assert_eq!(simulator.violations().len(), 1);
    assert!(simulator.violations()[0].contains("more than 100"));
}

#[test]
fn a_github_that_enforces_its_limits_refuses_what_exceeds_them() {
    let github = || world().organization("acme", Seats::people(2));
    // Points.
    let simulator = Simulator::start(github().enforcing_limits()).unwrap();
    for _ in 0..900 {
        get(&simulator, ACME);
    }
    assert_eq!(simulator.violations(), Vec::<String>::new());
    get(&simulator, ACME);
    let requests = simulator.requests();
    assert_eq!(requests[899].status, Some(200));
    assert_eq!(requests[900].status, Some(403));
    assert!(simulator.violations()[0].contains("901 points"));

    // Server time, and concurrent requests.
    let slow = github().latency(Duration::from_millis(1500));
    let simulator = Simulator::start(slow.enforcing_limits()).unwrap();
    thread::scope(|scope| {
        for _ in 0..101 {
            scope.spawn(|| get(&simulator, ACME));
        }
    });
    let refused = |requests: &[RecordedRequest]| {
        let is_refused = |request: &&RecordedRequest| request.status == Some(403);
        requests.iter().filter(is_refused).count()
    };
    assert_eq!(refused(&simulator.requests()), 1);
    let most = simulator
        .requests()
        .iter()
        .map(|request| request.in_flight)
        .max();
    assert_eq!(most, Some(101));
    get(&simulator, ACME);
    assert_eq!(refused(&simulator.requests()), 2);
    assert!(simulator.violations()[1].contains("server time"));
}

#[test]
fn dropping_the_simulator_removes_its_files() {
    let simulator = start();
    let dir = simulator.git_dir("octo/audit");
    assert!(dir.is_dir());
    drop(simulator);
    assert!(!dir.exists());
}
