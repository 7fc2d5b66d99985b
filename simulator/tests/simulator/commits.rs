//! `createCommitOnBranch`, on real repositories.

use std::thread;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use simulator::{At, Fault, Kind, Operation, Repository, Rule, Simulator, Token};

use crate::client::{AUDIT, TOKEN, assert_no_violations, git, graphql, start, world};

pub(crate) const MUTATION: &str = "mutation($input: CreateCommitOnBranchInput!) {
  createCommitOnBranch(input: $input) {
    commit { oid url signature { isValid state wasSignedByGitHub } }
  }
}";

pub(crate) fn input(head: &str, files: &[(&str, &str)]) -> Value {
    let additions = files
        .iter()
        .map(|(path, text)| json!({ "path": path, "contents": BASE64_STANDARD.encode(text) }));
    json!({ "input": {
        "branch": { "repositoryNameWithOwner": AUDIT, "branchName": "main" },
        "message": { "headline": "Report", "body": "All of it." },
        "expectedHeadOid": head,
        "fileChanges": { "additions": additions.collect::<Value>() },
    }})
}

pub(crate) fn head(simulator: &Simulator) -> String {
    git(simulator, &["rev-parse", "refs/heads/main"])
}

#[test]
fn a_commit_contains_its_files_and_is_signed() {
    let simulator = start();
    let before = head(&simulator);
    let response = graphql(
        &simulator,
        MUTATION,
        &input(
            &before,
            &[("a/b/latest.csv", "Login\n"), ("README.md", "new\n")],
        ),
    );
    let commit = &response["data"]["createCommitOnBranch"]["commit"];
    let oid = commit["oid"].as_str().unwrap();
    assert_eq!(
        commit["signature"],
        json!({ "isValid": true, "state": "VALID", "wasSignedByGitHub": true })
    );
    assert_eq!(
        commit["url"],
        format!("http://github.localhost/{AUDIT}/commit/{oid}")
    );
    assert_eq!(head(&simulator), oid);
    assert_eq!(git(&simulator, &["show", "main:a/b/latest.csv"]), "Login");
    assert_eq!(
        git(
            &simulator,
            &["log", "-1", "--format=%an|%cn|%ce|%B|%P", "main"]
        ),
        format!("github-actions[bot]|GitHub|noreply@github.com|Report\n\nAll of it.|{before}")
    );
    git(&simulator, &["fsck", "--strict"]);
    assert_no_violations(&simulator);
}

#[test]
fn a_stale_head_is_rejected_as_on_github() {
    let simulator = start();
    let before = head(&simulator);
    graphql(&simulator, MUTATION, &input(&before, &[("a", "1")]));
    let response = graphql(&simulator, MUTATION, &input(&before, &[("a", "2")]));
    assert_eq!(response["data"]["createCommitOnBranch"], Value::Null);
    let error = &response["errors"][0];
    assert_eq!(error["type"], "STALE_DATA");
    assert_eq!(error["path"], json!(["createCommitOnBranch"]));
    assert_eq!(
        error["message"],
        format!("Expected branch to point to \"{before}\" but it did not. Pull and try again.")
    );
    assert_no_violations(&simulator);
}

#[test]
fn ten_concurrent_writers_all_succeed_one_after_the_other() {
    let simulator = start();
    thread::scope(|scope| {
        for i in 0..10 {
            let simulator = &simulator;
            scope.spawn(move || {
                loop {
                    let response = graphql(
                        simulator,
                        MUTATION,
                        &input(&head(simulator), &[(&format!("file-{i}"), "x")]),
                    );
                    match response["errors"][0]["type"].as_str() {
                        None => break,
                        Some(error) => assert_eq!(error, "STALE_DATA"),
                    }
                }
            });
        }
    });
    assert_eq!(git(&simulator, &["rev-list", "--count", "main"]), "11");
    assert_eq!(
        git(&simulator, &["ls-tree", "--name-only", "main"])
            .lines()
            .count(),
        11
    );
    git(&simulator, &["fsck", "--strict"]);
    assert_no_violations(&simulator);
}

#[test]
fn a_commit_of_another_writer_comes_first_if_requested() {
    let simulator = start();
    let before = head(&simulator);
    simulator.fault(Fault::once(
        At::Graphql(Operation::Mutation),
        Kind::MoveHead,
    ));
    let response = graphql(&simulator, MUTATION, &input(&before, &[("a", "1")]));
    assert_eq!(response["errors"][0]["type"], "STALE_DATA");
    let moved = head(&simulator);
    assert_ne!(moved, before);
    let response = graphql(&simulator, MUTATION, &input(&moved, &[("a", "1")]));
    assert!(response.get("errors").is_none());
    assert_eq!(git(&simulator, &["rev-list", "--count", "main"]), "3");
}

#[test]
fn rules_permissions_and_missing_objects_are_enforced() {
    let simulator = Simulator::start(
        world().repository(AUDIT, Repository::private().protected(Rule::PullRequest)),
    )
    .unwrap();
    let before = head(&simulator);
    let refused = |input: &Value| graphql(&simulator, MUTATION, input)["errors"][0].clone();
    let standard = input(&before, &[("a", "1")]);
    assert_eq!(
        refused(&standard)["message"],
        "Repository rule violations found\n\nChanges must be made through a pull request."
    );
    let mut elsewhere = standard.clone();
    elsewhere["input"]["branch"]["branchName"] = json!("nowhere");
    assert_eq!(refused(&elsewhere)["type"], "NOT_FOUND");
    elsewhere["input"]["branch"]["repositoryNameWithOwner"] = json!("octo/nowhere");
    assert_eq!(refused(&elsewhere)["type"], "NOT_FOUND");
    simulator.change(|github| {
        github
            .tokens
            .insert(TOKEN.to_owned(), Token::new().read([AUDIT]));
    });
    assert_eq!(refused(&standard)["type"], "FORBIDDEN");
    assert_eq!(
        refused(&standard)["message"],
        "Resource not accessible by integration"
    );
    assert_no_violations(&simulator);
}

#[test]
fn malformed_input_is_a_violation() {
    let simulator = start();
    let before = head(&simulator);
    let assert_error = |input: &Value| {
        let violations = simulator.violations().len();
        assert!(graphql(&simulator, MUTATION, input).get("errors").is_some());
        assert!(simulator.violations().len() > violations, "{input}");
    };
    assert_error(&input(&before, &[("a", "1"), ("a", "2")]));
    assert_error(&input(&before, &[("../a", "1")]));
    let mut broken = input(&before, &[("a", "1")]);
    broken["input"]["expectedHeadOid"] = Value::Null;
    assert_error(&broken);
    broken = input(&before, &[("a", "1")]);
    broken["input"]["author"] = json!("me");
    assert_error(&broken);
    assert_eq!(head(&simulator), before);
}

#[test]
fn deletions_remove_files_and_require_that_they_exist() {
    let simulator = start();
    let mut delete = input(&head(&simulator), &[("a", "1")]);
    delete["input"]["fileChanges"]["deletions"] = json!([{ "path": "README.md" }]);
    assert!(
        graphql(&simulator, MUTATION, &delete)
            .get("errors")
            .is_none()
    );
    assert_eq!(git(&simulator, &["ls-tree", "--name-only", "main"]), "a");
    delete["input"]["expectedHeadOid"] = json!(head(&simulator));
    assert!(
        graphql(&simulator, MUTATION, &delete)
            .get("errors")
            .is_some()
    );
}

#[test]
fn an_unsigned_commit_has_no_signature() {
    let signature = |repository: Repository| {
        let simulator = Simulator::start(world().repository(AUDIT, repository)).unwrap();
        let response = graphql(
            &simulator,
            MUTATION,
            &input(&head(&simulator), &[("a", "1")]),
        );
        response["data"]["createCommitOnBranch"]["commit"]["signature"].clone()
    };
    assert_eq!(signature(Repository::public().unsigned()), Value::Null);
    assert_eq!(
        signature(Repository::internal().badly_signed())["isValid"],
        false
    );
}
