//! Public repositories. The action delivers personal data to one only if the user allows it, and
//! checks this before it reads seats.

use crate::support::{
    COMMIT_TOKEN, Job, OWN, TOKEN, assert_no_violations, files_below, git, github,
};
use simulator::{At, Fault, Kind, Repository, Seats, Simulator, Token};

const AUDIT: &str = "octo/audit";

/// The workflow's repository and the audit repository, with these visibilities. `commit-token` can
/// write to both.
fn simulator(own: Repository, audit: Repository) -> Simulator {
    let writes = Token::new().contents_write([OWN, AUDIT]);
    let github = github(Seats::people(3))
        .repository(OWN, own)
        .repository(AUDIT, audit)
        .token(COMMIT_TOKEN, writes);
    Simulator::start(github).unwrap()
}

fn job(simulator: &Simulator, deliver_to: &str) -> Job {
    Job::on(simulator)
        .input("deliver-to", deliver_to)
        .input("repository", AUDIT)
}

/// Checks that the run read no seats and delivered nothing.
fn assert_nothing_happened(simulator: &Simulator) {
    let read = |request: &simulator::RecordedRequest| request.path_and_query.contains("/copilot/");
    assert!(!simulator.requests().iter().any(read), "seats were read");
    assert!(simulator.artifacts().is_empty());
    let commits = git(&simulator.git_dir(AUDIT), &["rev-list", "--count", "--all"]);
    assert_eq!(commits.trim(), "1");
    assert_no_violations(simulator);
}

#[test]
fn a_public_repository_gets_the_report_only_if_that_is_allowed() {
    let (public, internal, private) = (
        Repository::public(),
        Repository::internal(),
        Repository::private(),
    );
    // Which repository is public, and which one the error names.
    for (own, audit, deliver_to, refused) in [
        (&public, &private, "artifact", Some(OWN)),
        (&internal, &public, "artifact", None),
        (&private, &public, "artifact", None),
        (&private, &public, "repository", Some(AUDIT)),
        (&public, &internal, "repository", None),
        (&public, &private, "repository", None),
        (&public, &private, "artifact,repository", Some(OWN)),
        (&private, &public, "artifact,repository", Some(AUDIT)),
        (&internal, &private, "artifact,repository", None),
        (&public, &public, "none", None),
    ] {
        let simulator = simulator(own.clone(), audit.clone());
        let step = job(&simulator, deliver_to).run();
        let Some(refused) = refused else {
            step.succeeded();
            assert_no_violations(&simulator);
            continue;
        };
        step.failed(
            1,
            &[
                &format!("The repository {refused} is public"),
                "personal data",
                "`allow-public: true`",
                "Make the repository private",
            ],
        );
        assert!(files_below(&step.workspace).is_empty());
        assert_nothing_happened(&simulator);

        let step = job(&simulator, deliver_to)
            .input("allow-public", "true")
            .run();
        step.succeeded();
        let delivered = [
            ("artifact", step.output("artifact-id")),
            ("repository", step.output("commit-sha")),
        ];
        for (place, output) in delivered {
            assert_eq!(deliver_to.contains(place), !output.is_empty(), "{place}");
        }
        assert_no_violations(&simulator);
    }
}

#[test]
fn visibility_that_cannot_be_read_counts_as_public() {
    let about = |name: &str| At::path("GET", &format!("/repos/{name}"));
    for (deliver_to, name) in [("artifact", OWN), ("repository", AUDIT)] {
        for kind in [
            Kind::status(404, "Not Found"),
            Kind::status(403, "Resource not accessible by integration"),
            Kind::Html(502),
            Kind::Reset,
            Kind::RedirectTo("https://example.com/".to_owned()),
        ] {
            let simulator = simulator(Repository::private(), Repository::private());
            simulator.fault(Fault::always(about(name), kind));
            let step = job(&simulator, deliver_to).run();
            step.failed(
                1,
                &[
                    &format!("Couldn't determine whether {name} is public"),
                    "so the action treats it as public",
                    "Nothing was read or delivered",
                    "  Fix: ",
                ],
            );
            simulator.clear_faults();
            assert_nothing_happened(&simulator);
        }
    }
}

#[test]
fn a_response_without_the_visibility_counts_as_public() {
    for (body, public) in [
        (r#"{"default_branch":"main"}"#, true),
        (
            r#"{"default_branch":"main","private":null,"visibility":null}"#,
            true,
        ),
        (
            r#"{"default_branch":"main","private":true,"visibility":"public"}"#,
            true,
        ),
        (
            r#"{"default_branch":"main","private":true,"visibility":"secret"}"#,
            true,
        ),
        (r#"{"default_branch":"main","private":true}"#, false),
    ] {
        let simulator = simulator(Repository::private(), Repository::private());
        let response = Kind::Status {
            status: 200,
            headers: Vec::new(),
            body: body.to_owned(),
        };
        simulator.fault(Fault::always(
            At::path("GET", &format!("/repos/{OWN}")),
            response,
        ));
        let step = job(&simulator, "artifact").run();
        if public {
            step.failed(1, &["is public"]);
            assert_nothing_happened(&simulator);
        } else {
            step.succeeded();
        }
    }
}

#[test]
fn the_reading_token_is_used_if_the_writing_one_cannot_read_the_visibility() {
    let reads = Token::new()
        .copilot(["acme"])
        .read([OWN])
        .scopes("read:org");
    let github = github(Seats::people(3))
        .token(TOKEN, reads)
        .token(COMMIT_TOKEN, Token::new());
    let simulator = Simulator::start(github).unwrap();
    let job = Job::on(&simulator).input("deliver-to", "artifact");
    job.run().succeeded();
    // Artifacts need no second token.
    job.input("commit-token", "").run().succeeded();
    assert_no_violations(&simulator);
}

#[test]
fn the_page_of_a_public_repository_names_no_one() {
    for (own, allowed, named) in [
        (Repository::public(), "false", false),
        (Repository::public(), "true", true),
        (Repository::private(), "false", true),
    ] {
        for deliver_to in ["none", "repository"] {
            let simulator = simulator(own.clone(), Repository::private());
            let step = job(&simulator, deliver_to)
                .input("allow-public", allowed)
                .run();
            step.succeeded();
            assert!(step.summary.contains("| Seats | 3 |"), "{}", step.summary);
            assert_eq!(step.summary.contains("octocat"), named, "{}", step.summary);
            assert!(!step.stdout.contains("octocat"), "{}", step.stdout);
        }
    }
    // If the visibility is unknown, the page might be public.
    let simulator = simulator(Repository::private(), Repository::private());
    simulator.fault(Fault::always(
        At::path("GET", "/repos/octo/tools"),
        Kind::status(404, "Not Found"),
    ));
    let step = job(&simulator, "none").run();
    step.succeeded();
    assert!(!step.summary.contains("octocat"));
}
