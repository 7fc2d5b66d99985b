//! Responses with unexpected fields, values, waits, and errors.

use crate::support::outcome_assertions::{delivery_setup, job};
use crate::support::{Job, TOKEN, files_below, github};
use serde_json::{Value, json};
use simulator::{At, Fault, Kind, Seats, Simulator};

fn reading(simulator: &Simulator) -> Job {
    Job::on(simulator)
        .input("deliver-to", "none")
        .variable("TEST_WAIT_SCALE", "0.001")
}

/// The fields of an object, without the names.
fn values(json: &Value) -> Value {
    let fields = json.as_object().unwrap();
    fields.values().cloned().collect()
}

#[test]
fn a_list_instead_of_an_object_is_not_a_page_of_seats() {
    let whole = |page: &mut Value| *page = json!([0, []]);
    let row = |page: &mut Value| page["seats"] = json!([[null, null, null, null]]);
    let person = |page: &mut Value| page["seats"][0]["assignee"] = json!([1, "hubot"]);
    let organization = |page: &mut Value| page["seats"][0]["organization"] = json!([1, "acme"]);
    let team = |page: &mut Value| page["seats"][0]["assigning_team"] = json!([1, "all"]);
    for rewrite in [
        Kind::rewrite(whole),
        Kind::rewrite(row),
        Kind::rewrite(person),
        Kind::rewrite(organization),
        Kind::rewrite(team),
    ] {
        let simulator = Simulator::start(github(Seats::people(3))).unwrap();
        simulator.fault(Fault::always(At::Seats, rewrite));
        let step = reading(&simulator).run();
        step.failed(1, &["can't be used: at `", "expected an object"]);
        assert!(files_below(&step.workspace).is_empty());
    }
}

#[test]
fn a_list_instead_of_an_object_says_nothing_about_a_repository() {
    let simulator = delivery_setup(Seats::people(3));
    let rewrite = Kind::rewrite(|json| *json = json!([true, "private", "main"]));
    simulator.fault(Fault::always(At::path("GET", "/repos/octo/tools"), rewrite));
    let step = job(&simulator).run();
    step.failed(1, &["expected an object"]);
    assert!(simulator.artifacts().is_empty());
    let requests = simulator.requests();
    let read = requests
        .iter()
        .any(|request| request.path_and_query.contains("/copilot/"));
    assert!(
        !read,
        "the action read seats before it checked the visibility"
    );
}

#[test]
fn a_list_instead_of_graphql_data_is_rejected() {
    let simulator = delivery_setup(Seats::people(3));
    let rewrite = Kind::rewrite(|json| {
        if let Some(data) = json.get_mut("data") {
            *data = values(data);
        }
    });
    simulator.fault(Fault::always(At::path("POST", "/graphql"), rewrite));
    job(&simulator).run().failed(1, &["expected an object"]);
}

#[test]
fn waits_for_a_server_never_exceed_the_requested_time() {
    for (after, most) in [("0", "0"), ("1", "1")] {
        let simulator = Simulator::start(github(Seats::people(3))).unwrap();
        let busy = Kind::status(503, "busy").header("retry-after", after);
        simulator.fault(Fault::first(4, At::Seats, busy));
        let step = reading(&simulator).input("max-wait-minutes", most).run();
        step.succeeded();
        assert_eq!(step.output("seats"), "3");
    }
}

#[test]
fn a_missing_permission_is_reported_even_by_the_last_request_of_an_hour() {
    let simulator = Simulator::start(github(Seats::people(3))).unwrap();
    let refused = Kind::status(403, "Resource not accessible by personal access token")
        .header("x-ratelimit-remaining", "0")
        .header("x-ratelimit-reset", "1");
    simulator.fault(Fault::always(At::Seats, refused));
    let step = reading(&simulator).input("max-wait-minutes", "0").run();
    step.failed(1, &["403 Forbidden", "Resource not accessible by"]);
    let printed = step.printed();
    let mut errors = printed.lines().filter(|line| line.starts_with("::error"));
    assert!(
        errors.all(|error| !error.contains("rate limit")),
        "{printed}"
    );
    let requests = simulator.requests();
    let reads = requests
        .iter()
        .filter(|request| request.path_and_query.contains("/copilot/"));
    assert_eq!(reads.count(), 1);
}

#[test]
fn a_number_that_is_too_large_is_rejected_with_the_maximum() {
    let simulator = Simulator::start(github(Seats::people(3))).unwrap();
    let step = reading(&simulator)
        .input("max-wait-minutes", "99999999999999")
        .run();
    step.failed(2, &["max-wait-minutes: ", "from 0 to 4294967295"]);
    assert!(simulator.requests().is_empty());
}

#[test]
fn a_command_from_the_command_line_names_only_inputs_that_it_has() {
    let simulator = Simulator::start(github(Seats::people(3))).unwrap();
    let limited = Kind::status(429, "slow down").header("retry-after", "600");
    simulator.fault(Fault::always(At::path("GET", "/users/"), limited));
    let step = Job::on(&simulator)
        .command_line(&["pseudonym", "@octocat"])
        .variable("PSEUDONYM_KEY", "0123456789abcdef0123456789abcdef")
        .variable("GITHUB_TOKEN", TOKEN)
        .run();
    step.failed(1, &["more than the 60 s that this command waits."]);
    let printed = step.printed();
    assert!(!printed.contains("max-wait-minutes"), "{printed}");
    assert!(!printed.contains("workflow"), "{printed}");
}
