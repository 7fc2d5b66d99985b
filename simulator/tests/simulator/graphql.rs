//! Queries return exactly the selected fields.

use serde_json::{Value, json};

use crate::client::{api, assert_no_violations, get, graphql, start};
use crate::commits::{MUTATION, head, input};

#[test]
fn anything_unknown_to_the_schema_is_rejected_as_a_violation() {
    let simulator = start();
    let refused = |query: &str, variables: &Value| {
        let violations = simulator.violations().len();
        let response = graphql(&simulator, query, variables);
        assert!(response.get("data").is_none());
        assert!(simulator.violations().len() > violations);
        response["errors"][0]["message"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let on = |selection: &str| {
        format!("{{ repository(owner: \"octo\", name: \"audit\") {{ {selection} }} }}")
    };
    assert_eq!(
        refused(&on("isBare"), &Value::Null),
        "Field 'isBare' doesn't exist on type 'Repository'"
    );
    assert_eq!(
        refused(
            &on("defaultBranchRef { target { tree { oid } } }"),
            &Value::Null
        ),
        "Field 'tree' doesn't exist on type 'GitObject'"
    );
    assert!(
        refused(&on("ref { name }"), &Value::Null)
            .contains("missing required arguments: qualifiedName")
    );
    assert!(refused(&on("defaultBranchRef"), &Value::Null).contains("must have selections"));
    assert!(refused(&on("isEmpty { name }"), &Value::Null).contains("scalars"));
    assert!(
        refused(
            "query($a: String!) { repository(owner: $a, name: $b) { id } }",
            &json!({ "a": "x" })
        )
        .contains("$b")
    );
    assert!(
        refused(
            "query($a: String!) { repository(owner: $a, name: \"b\") { id } }",
            &Value::Null
        )
        .contains("invalid value")
    );
    assert!(refused("{ repository(owner: ", &Value::Null).contains("Parse error"));
}

#[test]
fn what_github_would_reject_is_rejected() {
    let simulator = start();
    let rejects = |query: &str, variables: &Value| {
        let violations = simulator.violations().len();
        let response = graphql(&simulator, query, variables);
        assert!(
            response.get("data").is_none(),
            "{query} {variables}: {response}"
        );
        assert!(simulator.violations().len() > violations, "{query}");
    };
    let repository = |selection: &str| {
        format!("{{ repository(owner: \"octo\", name: \"audit\") {{ {selection} }} }}")
    };
    for query in [
        // The literal's type differs from the argument's.
        "{ repository(owner: 5, name: \"audit\") { id } }",
        // A nullable variable for a non-null argument.
        "query($o: String) { repository(owner: $o, name: \"audit\") { id } }",
        // The variable's type doesn't exist.
        "query($o: Text!) { repository(owner: $o, name: \"audit\") { id } }",
        // One response key for two fields.
        &repository("a: isEmpty a: isPrivate"),
        // One response key for two sets of arguments.
        &repository("ref(qualifiedName: \"a\") { id } ref(qualifiedName: \"b\") { id }"),
    ] {
        rejects(query, &json!({ "o": "octo" }));
    }
    let owner = "query($o: String!) { repository(owner: $o, name: \"audit\") { id } }";
    rejects(owner, &json!({ "o": ["octo"] }));

    let whole = input(&head(&simulator), &[("a", "1")]);
    for (name, value) in [
        (
            "/input/fileChanges/deletions",
            json!([{ "path": "b", "mode": "100644" }]),
        ),
        ("/input/fileChanges/deletions", json!([{}])),
        ("/input/fileChanges/additions/0/path", Value::Null),
        ("/input/message", json!("Report")),
        ("/input/expectedHeadOid", json!(5)),
    ] {
        let mut broken = whole.clone();
        broken["input"]["fileChanges"]["deletions"] = Value::Null;
        *broken.pointer_mut(name).unwrap() = value;
        rejects(MUTATION, &broken);
    }
}

#[test]
fn a_field_without_a_resolver_is_a_violation() {
    let simulator = start();
    let target = |selection: &str| {
        format!(
            "{{ repository(owner: \"octo\", name: \"audit\") {{ defaultBranchRef {{ target {{ ... on Commit {{ {selection} }} }} }} }} }}"
        )
    };
    for query in [
        &target("history(first: 1, since: \"2026-01-01T00:00:00Z\") { totalCount }"),
        &target("oid @skip(if: true)"),
        &target("... @include(if: false) { oid }"),
        "{ repository(owner: \"octo\", name: \"audit\") { ...all } } fragment all on Repository { id }",
        "{ __schema { types { name } } }",
    ] {
        let violations = simulator.violations().len();
        let response = graphql(&simulator, query, &Value::Null);
        assert!(response.get("errors").is_some(), "{query}: {response}");
        assert!(simulator.violations().len() > violations, "{query}");
    }
}

#[test]
fn a_field_selected_twice_is_returned_once_with_all_selections() {
    let simulator = start();
    let query = "{ repository(owner: \"octo\", name: \"audit\") {
      defaultBranchRef { target { ... on Commit { history(first: 1) { nodes { oid } } } } }
      defaultBranchRef { name target { ... on Commit { history(first: 1) { nodes { message } } } } }
    } }";
    let response = graphql(&simulator, query, &Value::Null);
    let branch = &response["data"]["repository"]["defaultBranchRef"];
    let commit = json!({ "oid": head(&simulator), "message": "Initial commit" });
    let expected = json!({ "name": "main", "target": { "history": { "nodes": [commit] } } });
    assert_eq!(branch, &expected);
    assert_no_violations(&simulator);
}

#[test]
fn a_repository_that_is_not_visible_cannot_be_resolved() {
    let simulator = start();
    let response = graphql(
        &simulator,
        "{ repository(owner: \"octo\", name: \"other\") { id } }",
        &Value::Null,
    );
    assert_eq!(response["data"]["repository"], Value::Null);
    assert_eq!(response["errors"][0]["type"], "NOT_FOUND");
    assert_eq!(
        api(
            &simulator,
            "POST",
            "/graphql",
            Some(&json!({ "query": "{ rateLimit { remaining } }" }))
        )
        .unwrap()
        .json(),
        json!({ "data": { "rateLimit": { "remaining": 5000 } } })
    );
    assert_eq!(get(&simulator, "/graphql").status, 404);
}

#[test]
fn a_branch_shows_its_protection_rule_and_a_commit_its_author() {
    let simulator = start();
    let query = "{
      viewer { databaseId login }
      repository(owner: \"octo\", name: \"audit\") { defaultBranchRef {
        refUpdateRule { allowsForcePushes allowsDeletions requiresSignatures }
        target { ... on Commit { author { email user { databaseId } } } }
      } }
    }";
    let branch = |response: &Value| response["data"]["repository"]["defaultBranchRef"].clone();
    let response = graphql(&simulator, query, &Value::Null);
    assert!(response["data"]["viewer"]["databaseId"].is_u64());
    assert_eq!(branch(&response)["refUpdateRule"], Value::Null);
    assert_eq!(branch(&response)["target"]["author"]["user"], Value::Null);
    simulator.change(|github| {
        let repository = github.repositories.get_mut("octo/audit").unwrap();
        repository.branch_protection = Some(simulator::BranchProtection::default());
    });
    let response = graphql(&simulator, query, &Value::Null);
    let rule = json!({ "allowsForcePushes": false, "allowsDeletions": false, "requiresSignatures": false });
    assert_eq!(branch(&response)["refUpdateRule"], rule);
    assert_no_violations(&simulator);
}
