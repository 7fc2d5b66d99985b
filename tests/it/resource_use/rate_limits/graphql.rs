//! GraphQL's rate limits, which GitHub reports with status 200.

use simulator::{At, Fault, Kind, Operation, Seats};

use super::{announced, api};
use crate::support::outcome_assertions::{
    self, Delivered, check_outcome, delivery_setup, expected_rows,
};

#[test]
fn graphql_limits_that_come_with_status_200_are_obeyed() {
    let graphql = |kind: Option<&str>, message: &str| Kind::GraphqlError {
        error_type: kind.map(str::to_owned),
        message: message.to_owned(),
    };
    let primary = || {
        graphql(
            Some("RATE_LIMITED"),
            "API rate limit exceeded for user ID 1.",
        )
    };
    let secondary = || graphql(None, "You have exceeded a secondary rate limit.");
    let expected_rows = expected_rows(&Seats::people(3));
    for operation in [Operation::Query, Operation::Mutation] {
        for kind in [primary(), secondary()] {
            let simulator = delivery_setup(Seats::people(3));
            simulator.fault(Fault::once(At::Graphql(operation), kind.clone()));
            let step = outcome_assertions::job(&simulator).run();
            assert_eq!(
                check_outcome(&simulator, &step, &expected_rows),
                Delivered::ALL
            );
            let waits = announced(&step);
            assert!(
                waits.len() == 1 && (6..=60).contains(&waits[0]),
                "{}",
                step.stdout
            );

            let simulator = delivery_setup(Seats::people(3));
            simulator.fault(Fault::always(At::Graphql(operation), kind));
            let step = outcome_assertions::job(&simulator)
                .variable("TEST_WAIT_SCALE", "0.001")
                .run();
            step.failed(1, &["200 OK (request ID C0DE:", "rate limit"]);
            let delivered = check_outcome(&simulator, &step, &expected_rows);
            assert!(!delivered.commit && delivered.files, "{delivered:?}");
            assert!(api(&simulator).len() < 25, "{}", api(&simulator).len());
        }
    }
}

#[test]
fn a_wait_for_graphql_that_is_too_long_shows_the_graphql_response() {
    let simulator = delivery_setup(Seats::people(3));
    let message = "You have exceeded a secondary rate limit.".to_owned();
    let kind = Kind::GraphqlError {
        error_type: None,
        message,
    };
    simulator.fault(Fault::always(At::Graphql(Operation::Query), kind));
    let step = outcome_assertions::job(&simulator)
        .input("max-wait-minutes", "0")
        .run();
    step.failed(
        1,
        &[
            "200 OK (request ID C0DE:",
            "You have exceeded a secondary rate limit.",
            "`max-wait-minutes` allows",
        ],
    );
}
