//! Commits that GitHub rejects. The error names the rule, permission, or limit, and the fix.

use crate::support::{COMMIT_TOKEN, Job, OWN, assert_intact, files_below, git, github, safe};
use simulator::{At, Fault, Kind, Operation, Repository, Rule, Seats, Simulator, Token};

const MUTATION: At = At::Graphql(Operation::Mutation);

fn job(simulator: &Simulator) -> Job {
    Job::on(simulator).input("deliver-to", "repository")
}

fn simulator() -> Simulator {
    Simulator::start(github(Seats::people(3))).unwrap()
}

#[test]
fn a_rule_that_blocks_the_commit_is_named() {
    let unsigned = Repository::private().unsigned();
    let closed = |rule| Repository::private().protected(rule);
    for (repository, branch, texts) in [
        (
            closed(Rule::PullRequest),
            "",
            [
                "Changes must be made through a pull request",
                "`pull_request`",
                "Set `pull-request: true`",
            ],
        ),
        (
            closed(Rule::Update),
            "",
            [
                "Cannot update this protected ref",
                "`update`",
                "Add the account or App of `commit-token` to the bypass list",
            ],
        ),
        (
            unsigned.protected(Rule::RequiredSignatures),
            "",
            [
                "Commits must have verified signatures",
                "`required_signatures`",
                "turn on web commit signing",
            ],
        ),
        (
            Repository::private().protected_branch("audit", Rule::PullRequest),
            "audit",
            [
                "Reference update failed",
                "`pull_request`",
                "Set `pull-request: true`",
            ],
        ),
        // The first commit in an empty repository uses another API.
        (
            closed(Rule::PullRequest).empty(),
            "",
            [
                "Changes must be made through a pull request",
                "`pull_request`",
                "Commit a file to main of octo/tools yourself",
            ],
        ),
    ] {
        let what = format!("{repository:?}");
        let github = github(Seats::people(3)).repository(OWN, repository);
        let simulator = Simulator::start(github).unwrap();
        let step = job(&simulator).input("branch", branch).run();
        step.failed(1, &texts);
        let advice = step.stdout.matches("Fix: ").count();
        assert_eq!(advice, 1, "{what}\n{}", step.stdout);
        step.failed(1, &["Not done: acme: not committed", "Done: acme: written"]);
        let again = simulator
            .requests()
            .iter()
            .filter(|request| {
                request.json().is_some_and(|body| {
                    body["query"]
                        .as_str()
                        .unwrap_or_default()
                        .starts_with("mutation")
                })
            })
            .count();
        assert!(
            again <= 1,
            "{what}: the action repeated a request that can't succeed"
        );
        assert_intact(&simulator, OWN);
    }
}

#[test]
fn an_unlisted_branch_protection_is_reported_as_a_rule() {
    let simulator = simulator();
    simulator.fault(Fault::always(
        MUTATION,
        Kind::GraphqlError {
            error_type: Some("UNPROCESSABLE".to_owned()),
            message: "Protected branch update failed for refs/heads/main.".to_owned(),
        },
    ));
    let step = job(&simulator).run();
    step.failed(
        1,
        &[
            "UNPROCESSABLE: Protected branch update failed",
            "The branch main is protected, and GitHub doesn't list the rule.",
            "to the bypass list of the branch protection rule",
        ],
    );
    assert_intact(&simulator, OWN);

    let simulator = Simulator::start(github(Seats::people(3))).unwrap();
    let refused =
        "Repository rule violations found\n\nCannot create ref due to creations being restricted.";
    let at = At::path("POST", "/git/refs");
    simulator.fault(Fault::always(at, Kind::status(422, refused)));
    let step = job(&simulator).input("branch", "audit").run();
    step.failed(
        1,
        &[
            "creations being restricted",
            "The branch audit is protected by `creation`",
            "Create the branch audit yourself",
        ],
    );
    assert_intact(&simulator, OWN);
}

#[test]
fn a_missing_permission_is_not_reported_as_a_rule() {
    let ruled = Repository::private().protected(Rule::RequiredSignatures);
    for (repository, name) in [(Repository::private(), "octo/rules"), (ruled, OWN)] {
        let github = github(Seats::people(3))
            .repository(name, repository)
            .token(COMMIT_TOKEN, Token::new().read([OWN, name]));
        let simulator = Simulator::start(github).unwrap();
        let step = job(&simulator).input("repository", name).run();
        step.failed(
            1,
            &[
                &format!("Committing to the repository {name} failed"),
                "POST ",
                "/graphql",
                "FORBIDDEN: Resource not accessible by integration",
                "(request ID C0DE:",
                "with the `contents: write` permission",
                "Not done: acme: not committed",
            ],
        );
        assert!(!step.stdout.contains("bypass"), "{}", step.stdout);
        assert_intact(&simulator, OWN);
    }
}

#[test]
fn a_repository_that_is_not_found_is_reported_before_the_seats_are_read() {
    for allow_public in ["false", "true"] {
        let simulator = simulator();
        let step = job(&simulator)
            .input("repository", "octo/audti")
            .input("allow-public", allow_public)
            .run();
        step.failed(
            1,
            &[
                "octo/audti",
                "404 Not Found",
                "(request ID C0DE:",
                "Check the name",
                "`commit-token`",
            ],
        );
        let requests = simulator.requests();
        let requests: Vec<&str> = requests
            .iter()
            .map(|request| &*request.path_and_query)
            .collect();
        assert_eq!(requests, ["/repos/octo/audti"]);
    }
}

#[test]
fn a_new_branch_in_an_empty_repository_is_reported() {
    let simulator = simulator();
    let directory = simulator.git_dir(OWN);
    git(&directory, &["update-ref", "refs/heads/old", "main"]);
    git(&directory, &["update-ref", "-d", "refs/heads/main"]);
    let step = job(&simulator).run();
    step.failed(
        1,
        &[
            "The branch main doesn't exist in octo/tools",
            "no default branch",
        ],
    );
    assert_intact(&simulator, OWN);
}

#[test]
fn a_rejected_commit_is_reported_like_any_other_error() {
    let graphql = |kind: &str, message: &str| Kind::GraphqlError {
        error_type: Some(kind.to_owned()),
        message: message.to_owned(),
    };
    let cases: [(Kind, &[&str]); 6] = [
        (
            Kind::status(401, "Bad credentials"),
            &[
                "401 Unauthorized",
                "Bad credentials",
                "Use a valid token in `commit-token`",
            ],
        ),
        (
            Kind::status(403, "Resource not accessible by integration")
                .header("X-Accepted-GitHub-Permissions", "contents=write"),
            &[
                "403 Forbidden",
                "needs the permission contents=write",
                "`contents: write`",
            ],
        ),
        (
            Kind::status(429, "secondary rate limit").header("Retry-After", "60"),
            &[
                "Response: 429 Too Many Requests (request ID C0DE:",
                ": secondary rate limit",
                " times over ",
                "rate limit is exhausted for another ",
                "minutes that `max-wait-minutes` allows",
                "again after that time",
            ],
        ),
        (
            graphql("RATE_LIMITED", "API rate limit exceeded"),
            &[
                "200 OK",
                "RATE_LIMITED: API rate limit exceeded",
                " times over ",
                "rate limit is exhausted for another ",
                "minutes that `max-wait-minutes` allows",
                "again after that time",
            ],
        ),
        (
            graphql("NOT_FOUND", "Could not resolve to a Repository"),
            &[
                "NOT_FOUND: Could not resolve",
                "Check the name",
                "`commit-token`",
            ],
        ),
        (
            graphql(
                "UNPROCESSABLE",
                "A path was requested which is not well-formed",
            ),
            &[
                "UNPROCESSABLE: A path",
                "Resolve the problem that GitHub's message describes.",
            ],
        ),
    ];
    for (kind, texts) in cases {
        let simulator = simulator();
        simulator.fault(Fault::always(At::Graphql(Operation::Mutation), kind));
        let step = job(&simulator).variable("TEST_WAIT_SCALE", "0.001").run();
        step.failed(1, texts);
        let request = format!("Request: POST {}", simulator.graphql_url());
        step.failed(
            1,
            &[
                "::Committing to the repository octo/tools failed.",
                &request,
                "(request ID C0DE:",
                "Not done: acme: not committed",
                "Done: acme: written to copilot-activity-report/",
            ],
        );
        assert_eq!(
            (step.output("complete"), step.output("commit-sha")),
            ("true", "")
        );
        assert_eq!(files_below(&step.workspace).len(), 2);
        assert_intact(&simulator, OWN);
    }
}

#[test]
fn a_read_only_repository_is_rejected_before_seats_are_read() {
    for (repository, pull_request, texts) in [
        (
            Repository::private().archived(),
            "false",
            ["The repository octo/tools is archived", "Unarchive it"],
        ),
        (
            Repository::public().archived(),
            "true",
            ["The repository octo/tools is archived", "Unarchive it"],
        ),
        (
            Repository::private().disabled(),
            "false",
            [
                "GitHub has disabled the repository octo/tools",
                "Open its page on GitHub",
            ],
        ),
        (
            Repository::private().without_pull_requests(),
            "true",
            [
                "Pull requests are turned off in the repository octo/tools",
                "set `pull-request: false`",
            ],
        ),
    ] {
        let what = format!("{texts:?}");
        let simulator =
            Simulator::start(github(Seats::people(3)).repository(OWN, repository)).unwrap();
        let step = job(&simulator)
            .input("deliver-to", "artifact,repository")
            .input("allow-public", "true")
            .input("pull-request", pull_request)
            .run();
        step.failed(1, &texts);
        step.failed(1, &["Nothing was read or delivered"]);
        let requests = simulator.requests();
        let requests: Vec<&str> = requests
            .iter()
            .map(|request| &*request.path_and_query)
            .collect();
        assert_eq!(requests, ["/repos/octo/tools"], "{what}");
        assert!(files_below(&step.workspace).is_empty(), "{what}");
        assert_intact(&simulator, OWN);
    }
}

#[test]
fn a_read_only_repository_does_not_stop_other_deliveries() {
    for (repository, deliver_to) in [
        (Repository::private().archived(), "artifact"),
        (Repository::private().without_pull_requests(), "artifact"),
        (Repository::private().without_pull_requests(), "repository"),
    ] {
        let simulator =
            Simulator::start(github(Seats::people(3)).repository(OWN, repository)).unwrap();
        let job = Job::on(&simulator).input("deliver-to", deliver_to);
        job.run().succeeded();
        assert_intact(&simulator, OWN);
    }
    // An older server doesn't know these fields.
    let simulator = simulator();
    let older = Kind::rewrite(|repository| {
        for field in ["archived", "disabled", "has_pull_requests"] {
            repository.as_object_mut().unwrap().remove(field);
        }
        repository["pull_request_creation_policy"] = serde_json::Value::Null;
    });
    simulator.fault(Fault::first(1, At::path("GET", "/repos/octo/tools"), older));
    job(&simulator).run().succeeded();
}

#[test]
fn a_pull_request_that_only_collaborators_can_open_says_so() {
    let writes = Token::new().contents_write([OWN]).pulls_write([OWN]);
    let repository = safe().pulls_by_collaborators();
    let github = github(Seats::people(3))
        .repository(OWN, repository)
        .token(COMMIT_TOKEN, writes);
    let simulator = Simulator::start(github).unwrap();
    let step = job(&simulator).input("pull-request", "true").run();
    step.failed(
        1,
        &[
            "403 Forbidden",
            "only collaborators can open pull requests in octo/tools",
            "to a token of a collaborator",
            "Done: the report is on the branch ",
        ],
    );
    assert_eq!(step.stdout.matches("Fix: ").count(), 1);
    assert_intact(&simulator, OWN);
}

#[test]
fn a_repository_archived_during_the_run_is_reported_as_archived() {
    for (branch, at) in [("", MUTATION), ("audit", At::path("POST", "/git/refs"))] {
        let simulator = simulator();
        let archive = Kind::change(|github| {
            let repository = github.repositories.get_mut(OWN).unwrap();
            repository.archived = true;
        });
        simulator.fault(Fault::once(at, archive));
        let step = job(&simulator).input("branch", branch).run();
        step.failed(1, &["Repository was archived", "Unarchive octo/tools"]);
        assert!(!step.stdout.contains("contents: write"), "{}", step.stdout);
        assert_eq!(step.stdout.matches("Fix: ").count(), 1);
        assert_intact(&simulator, OWN);
    }
}
