//! Each failure names the request, the response, what's missing, and the fix.

use crate::support::network::{Foreign, self_signed, unused_url};
use crate::support::{
    COMMIT_TOKEN, Job, OWN, Step, TOKEN, assert_intact, commit_file, files_below, git, github,
};
use simulator::{At, Fault, Kind, Operation, Paging, Seats, Simulator, Token};

fn simulator() -> Simulator {
    Simulator::start(github(Seats::people(3))).unwrap()
}

fn job(simulator: &Simulator) -> Job {
    Job::on(simulator)
        .input("deliver-to", "none")
        .variable("TEST_WAIT_SCALE", "0.001")
}

/// Checks that a failed run sets no outputs and leaves no files.
fn assert_nothing_delivered(step: &Step) {
    assert_eq!(step.output("complete"), "false");
    for output in [
        "report-path",
        "report-sha256",
        "artifact-id",
        "commit-sha",
        "changed",
    ] {
        assert_eq!(step.output(output), "", "{output}");
    }
    assert!(files_below(&step.workspace).is_empty());
    assert!(
        step.summary.contains("❌ acme: no report"),
        "{}",
        step.summary
    );
}

#[test]
fn an_error_shows_the_request_the_response_what_is_missing_and_the_fix() {
    let status = Kind::status;
    let not_accessible = "Resource not accessible by personal access token";
    let seats = "organization_copilot_seat_management=read";
    let secondary = "You have exceeded a secondary rate limit. Please wait a few minutes.";
    let reset = (jiff::Timestamp::now().as_second() + 7900).to_string();
    let cases: [(Kind, &[&str]); 13] = [
        (
            status(401, "Bad credentials"),
            &[
                "401 Unauthorized",
                "Bad credentials",
                "Use a valid token in `token`",
            ],
        ),
        (
            status(403, not_accessible).header("X-Accepted-GitHub-Permissions", seats),
            &[
                "403 Forbidden",
                not_accessible,
                "Missing: A fine-grained token or a GitHub App needs the permission",
                seats,
                "GitHub Copilot Business",
            ],
        ),
        (
            status(403, "Must have admin rights")
                .header(
                    "X-Accepted-OAuth-Scopes",
                    "manage_billing:copilot, read:org",
                )
                .header("X-OAuth-Scopes", "repo, gist"),
            &["one of these scopes: manage_billing:copilot, read:org. This token has: repo, gist"],
        ),
        (
            status(403, "Must have admin rights")
                .header(
                    "X-Accepted-OAuth-Scopes",
                    "manage_billing:copilot, read:org",
                )
                .header("X-OAuth-Scopes", ""),
            &["This token has: none"],
        ),
        (
            status(403, secondary).header("Retry-After", "60"),
            &[
                "403 Forbidden (request ID C0DE:",
                "secondary rate limit",
                "rate limit is exhausted for another ",
                " times over ",
                "again after that time, or increase `max-wait-minutes`",
            ],
        ),
        (
            status(403, "API rate limit exceeded for user ID 1.")
                .header("X-RateLimit-Remaining", "0")
                .header("X-RateLimit-Reset", &reset),
            &[
                "API rate limit exceeded",
                "rate limit is exhausted for another 7",
                " s, until ",
                "and that is more than the 30 minutes",
                "again after that time",
            ],
        ),
        (
            status(403, secondary),
            &["secondary rate limit", "that `max-wait-minutes` allows"],
        ),
        (
            status(429, "Too many requests").header("Retry-After", "7"),
            &[
                "Response: 429 Too Many Requests (request ID C0DE:",
                " times over ",
                "that `max-wait-minutes` allows",
            ],
        ),
        (
            status(404, "Not Found"),
            &[
                "404 Not Found",
                "Check the name",
                "GitHub also responds with 404 if a permission is missing.",
            ],
        ),
        (
            status(
                422,
                "Copilot Business is not enabled for this organization.",
            ),
            &[
                "422 Unprocessable Entity",
                "Copilot Business is not enabled",
                "has a Copilot Business or Copilot Enterprise subscription",
            ],
        ),
        (
            status(500, "Server Error"),
            &[
                "500 Internal Server Error",
                "Server Error",
                "https://www.githubstatus.com",
            ],
        ),
        (
            Kind::Html(502),
            &[
                "502 Bad Gateway",
                "Unicorn!",
                "https://www.githubstatus.com",
            ],
        ),
        (
            status(418, "I'm a teapot"),
            &["418", "I'm a teapot", "report the request ID to GitHub."],
        ),
    ];
    for (kind, texts) in cases {
        let simulator = simulator();
        simulator.fault(Fault::always(At::Seats, kind));
        let step = job(&simulator).run();
        let request = format!(
            "Request: GET {}/orgs/acme/copilot/billing/seats",
            simulator.api_url()
        );
        step.failed(1, texts);
        step.failed(
            1,
            &[
                "::Reading the Copilot seats of the organization acme failed.",
                &request,
                "(request ID C0DE:",
                "  Fix: ",
                "Not done: acme: no report.",
            ],
        );
        assert_nothing_delivered(&step);
    }
}

#[test]
fn an_undocumented_response_is_reported_without_names() {
    let body = |body: &str| Kind::Status {
        status: 200,
        headers: Vec::new(),
        body: body.to_owned(),
    };
    // A damaged response, or one from another server, may be fine on the next try. A whole response
    // with unexpected fields stays the same.
    let (damaged, changed) = ("(6 times over ", "(2 times over ");
    let update = "Fix: Update the action";
    let cases: [(Kind, &[&str]); 10] = [
        (
            Kind::Html(200),
            &[
                damaged,
                "not JSON",
                "it starts with",
                "<!DOCTYPE html>",
                "whether a proxy answers",
            ],
        ),
        (
            Kind::WrongLength,
            &[damaged, "not JSON", "is cut off or damaged"],
        ),
        (body(""), &[damaged, "not JSON"]),
        // The part that arrived has unexpected fields.
        (
            body(r#"{"seats":"none","total_"#),
            &[damaged, "can't be used", "whether a proxy answers"],
        ),
        (body("[]"), &[changed, update, "can't be used"]),
        (body("{}"), &[changed, update, "can't be used", "seats"]),
        (
            body(r#"{"seats":[{"assignee":7}]}"#),
            &[changed, update, "at `seats[0].assignee`"],
        ),
        (
            body(r#"{"seats":[{"last_activity_at":"yesterday"}]}"#),
            &[changed, update, "seats[0].last_activity_at", "isn't a time"],
        ),
        (
            Kind::Truncate,
            &[
                damaged,
                "Response: none, the connection failed",
                "HTTPS_PROXY",
            ],
        ),
        (
            Kind::Reset,
            &[
                damaged,
                "Response: none, the connection failed",
                "HTTPS_PROXY",
            ],
        ),
    ];
    for (kind, texts) in cases {
        let simulator = simulator();
        let answered = !matches!(kind, Kind::Truncate | Kind::Reset);
        simulator.fault(Fault::always(At::Seats, kind));
        let step = job(&simulator).run();
        step.failed(1, texts);
        step.failed(
            1,
            &["Request: GET ", "/orgs/acme/copilot/billing/seats", "Fix: "],
        );
        let identified = step.stdout.contains("200 OK (request ID C0DE:");
        assert_eq!(identified, answered, "{}", step.stdout);
        assert_nothing_delivered(&step);
    }

    // A single bad response doesn't fail the run.
    for kind in [body("{}"), Kind::WrongLength] {
        let simulator = simulator();
        simulator.fault(Fault::once(At::Seats, kind));
        job(&simulator).run().succeeded();
    }
}

#[test]
fn a_failed_page_fails_the_whole_report() {
    for (page, kind, text) in [
        (2, Kind::status(500, "Server Error"), "page=2"),
        (3, Kind::WrongLength, "page=3"),
        (3, Kind::status(404, "Not Found"), "page=3"),
    ] {
        let simulator = Simulator::start(github(Seats::people(250))).unwrap();
        simulator.fault(Fault::always(At::SeatsPage(page), kind));
        let step = Job::on(&simulator)
            .input("deliver-to", "artifact,repository")
            .run();
        step.failed(1, &[text, "Fix: "]);
        assert_nothing_delivered(&step);
        assert!(simulator.artifacts().is_empty());
        let commits = git(&simulator.git_dir(OWN), &["rev-list", "--count", "--all"]);
        assert_eq!(commits.trim(), "1");
        assert_intact(&simulator, OWN);
    }
    let looping = Seats::people(3).paging(Paging::Loop);
    let simulator = Simulator::start(github(looping)).unwrap();
    let step = job(&simulator).run();
    step.failed(1, &["pagination links don't end"]);
    assert_nothing_delivered(&step);
}

#[test]
fn a_page_that_claims_more_than_fits_in_memory_does_not_end_the_process() {
    let simulator = simulator();
    // The most rows that the action accepts on one page.
    let rows = vec!["{}"; 10_000].join(",");
    let last = format!("<{}/x?page=100000>; rel=\"last\"", simulator.api_url());
    let promise = Kind::Status {
        status: 200,
        headers: vec![("link".to_owned(), last)],
        body: format!(r#"{{"total_seats":1,"seats":[{rows}]}}"#),
    };
    simulator.fault(Fault::always(At::SeatsPage(1), promise));
    let step = job(&simulator).run();
    step.failed(1, &["404 Not Found", "page=", "Fix: "]);
    assert_nothing_delivered(&step);
}

#[test]
fn an_unreachable_server_is_reported_with_the_reason() {
    let folder = tempfile::tempdir().unwrap();
    let certificate = folder.path().join("authority.pem");
    let private = self_signed(&certificate);
    for (address, texts) in [
        (unused_url(), ["the connection was refused", "a firewall"]),
        (
            "https://nothing.invalid".to_owned(),
            [
                "the server's name couldn't be resolved",
                "can resolve host names",
            ],
        ),
        (
            private.clone(),
            ["the server's certificate isn't trusted", "SSL_CERT_FILE"],
        ),
    ] {
        let step = Job::alone()
            .input("deliver-to", "none")
            .input("token", TOKEN)
            .variable("GITHUB_API_URL", &address)
            .run();
        step.failed(1, &texts);
        let request = format!("Request: GET {address}/orgs/acme/copilot/billing/seats");
        step.failed(1, &[&request, "Response: none, ", "Fix: "]);
        assert_nothing_delivered(&step);
    }
    // The suggested fix works.
    let step = Job::alone()
        .input("deliver-to", "none")
        .input("token", TOKEN)
        .variable("GITHUB_API_URL", &private)
        .variable("SSL_CERT_FILE", certificate.to_str().unwrap())
        .run();
    step.succeeded();
    assert_eq!(step.output("seats"), "0");
}

#[test]
fn without_another_file_the_systems_certificate_authorities_are_trusted() {
    let simulator = Simulator::start(github(Seats::people(3))).unwrap();
    let job = || job(&simulator).without("SSL_CERT_FILE");
    job().run().succeeded();
    // Without any, a run fails, so the first one had them.
    let empty = tempfile::tempdir().unwrap();
    let step = job()
        .variable("SSL_CERT_DIR", empty.path().to_str().unwrap())
        .run();
    step.failed(1, &["missing CA certificates", "SSL_CERT_FILE"]);
}

#[test]
fn a_token_without_single_sign_on_is_reported_with_the_authorization_link() {
    let address = "https://github.com/orgs/acme/sso?authorization_request=AZ1";
    let locked = Token::new()
        .copilot(["acme"])
        .scopes("read:org")
        .sso_required(address);
    let simulator = Simulator::start(github(Seats::people(3)).token(TOKEN, locked)).unwrap();
    let step = job(&simulator).run();
    let advice = format!("Authorize `token` for single sign-on at {address}");
    step.failed(
        1,
        &[
            "403 Forbidden",
            "SAML",
            "Missing: The token isn't authorized for single sign-on.",
            &advice,
        ],
    );
    assert_nothing_delivered(&step);

    let locked = Token::new().contents_write([OWN]).sso_required(address);
    let simulator = Simulator::start(github(Seats::people(3)).token(COMMIT_TOKEN, locked)).unwrap();
    let step = Job::on(&simulator).input("deliver-to", "repository").run();
    let advice = format!("Authorize `commit-token` for single sign-on at {address}");
    step.failed(1, &[&advice]);
}

#[test]
fn a_scope_that_the_token_has_is_not_reported_as_missing() {
    for scopes in ["read:org", "admin:org, repo", "manage_billing:copilot"] {
        let reads = Token::new().scopes(scopes);
        let simulator = Simulator::start(github(Seats::people(3)).token(TOKEN, reads)).unwrap();
        let step = job(&simulator).run();
        step.failed(
            1,
            &[
                "404 Not Found",
                "Check the name",
                "an owner of the organization",
            ],
        );
        assert!(!step.stdout.contains("missing:"), "{}", step.stdout);
    }
}

#[test]
fn another_server_never_sees_a_token() {
    let foreign = Foreign::start();
    let elsewhere = foreign.url();
    let message = format!(
        "a redirect or link to {elsewhere}, which isn't GitHub's API, so the action didn't follow it"
    );

    let seats = Seats::people(250).paging(Paging::ForeignHost(elsewhere.clone()));
    let simulator = Simulator::start(github(seats)).unwrap();
    let step = job(&simulator).run();
    step.failed(1, &[&message, "Fix: "]);
    assert_nothing_delivered(&step);

    for (at, kind) in [
        (At::Seats, Kind::RedirectTo(elsewhere.clone())),
        (At::FileText, Kind::RedirectTo(elsewhere.clone())),
        (
            At::Graphql(Operation::Query),
            Kind::RedirectTo(elsewhere.clone()),
        ),
        (
            At::Graphql(Operation::Mutation),
            Kind::RedirectTo(elsewhere.clone()),
        ),
        (At::CreateArtifact, Kind::RedirectTo(elsewhere.clone())),
        (At::Block, Kind::RedirectTo(elsewhere.clone())),
        (At::FinalizeArtifact, Kind::RedirectTo(elsewhere.clone())),
    ] {
        let simulator = Simulator::start(github(Seats::people(3))).unwrap();
        simulator.fault(Fault::always(at, kind));
        let latest = "copilot-activity/acme/latest.csv";
        commit_file(&simulator.git_dir(OWN), latest, b"damaged");
        let step = Job::on(&simulator)
            .input("deliver-to", "artifact,repository")
            .run();
        assert_eq!(step.status, 1, "{}", step.printed());
    }
    foreign.assert_unused();
}

#[test]
fn a_redirect_within_githubs_api_is_followed() {
    let simulator = simulator();
    let moved = format!(
        "{}/orgs/acme/copilot/billing/seats?per_page=100",
        simulator.api_url()
    );
    simulator.fault(Fault::once(At::Seats, Kind::RedirectTo(moved)));
    let step = job(&simulator).run();
    step.succeeded();
    assert_eq!(step.output("seats"), "3");

    let again = format!("{}/orgs/acme/copilot/billing/seats", simulator.api_url());
    simulator.fault(Fault::always(At::Seats, Kind::RedirectTo(again)));
    let step = job(&simulator).run();
    step.failed(1, &["more than 5 redirects"]);
}
