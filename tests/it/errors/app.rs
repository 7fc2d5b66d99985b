//! Authentication as a GitHub App: the formats of its private key, its installations, and its
//! installation tokens.

mod clock;

use std::time::Duration;

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use simulator::{
    App, At, Fault, GitHub, Installation, Kind, RecordedRequest, Repository, Seats, Simulator,
};

use crate::support::keys::{self, CLIENT_ID};
use crate::support::{COMMIT_TOKEN, Job, OWN, assert_no_violations, github};

fn app() -> App {
    App::new(&keys::public())
}

/// A simulated GitHub with this App. No other token can read seats.
fn with(app: App) -> GitHub {
    let mut github = github(Seats::people(3)).app(CLIENT_ID, app);
    github.tokens.retain(|token, _| token == COMMIT_TOKEN);
    github
}

fn on_acme() -> GitHub {
    with(app().installed(Installation::organization("acme")))
}

fn job(simulator: &Simulator) -> Job {
    Job::on(simulator)
        .without("INPUT_TOKEN")
        .input("app-client-id", CLIENT_ID)
        .input("app-private-key", &keys::pem())
        .input("deliver-to", "none")
}

fn requests_to(simulator: &Simulator, part: &str) -> Vec<RecordedRequest> {
    let mut requests_to = simulator.requests();
    requests_to.retain(|request| request.path_and_query.contains(part));
    requests_to
}

fn claims(request: &RecordedRequest) -> Value {
    let assertion = request.header("authorization").unwrap();
    let claims = assertion.split('.').nth(1).unwrap();
    serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap()
}

#[test]
fn an_app_reads_the_report_with_an_installation_token() {
    let simulator = Simulator::start(on_acme()).unwrap();
    let step = job(&simulator).run();
    assert_eq!(step.succeeded().output("seats"), "3");
    let found = requests_to(&simulator, "/orgs/acme/installation");
    let [found] = &found[..] else {
        panic!("{found:?}")
    };
    let claims = claims(found);
    let now = Timestamp::now().as_second();
    let (iat, exp) = (
        claims["iat"].as_i64().unwrap(),
        claims["exp"].as_i64().unwrap(),
    );
    assert!(iat <= now - 60, "{claims} at {now}");
    assert!(exp > now && exp <= now + 9 * 60, "{claims} at {now}");
    assert_eq!(claims["iss"], CLIENT_ID);
    let tokens = requests_to(&simulator, "/access_tokens");
    let [token] = &tokens[..] else {
        panic!("{tokens:?}")
    };
    // GitHub's tokens consist of the App's ID and a JSON Web Token.
    let reads = requests_to(&simulator, "/copilot/billing/seats");
    let bearer = reads[0].header("authorization").unwrap();
    let secret = bearer.strip_prefix("Bearer ").unwrap();
    assert!(secret.starts_with("ghs_4242_ey"), "{secret}");
    assert!((500..560).contains(&secret.len()), "{}", secret.len());
    assert_eq!(secret.matches('.').count(), 2);
    let mask = format!("::add-mask::{secret}");
    assert!(step.stdout.lines().any(|line| line == mask));
    let least = json!({ "permissions": { "organization_copilot_seat_management": "read" } });
    assert_eq!(token.json(), Some(least));
    assert_no_violations(&simulator);
}

#[test]
fn each_organization_is_read_with_its_own_token() {
    let app = app()
        .installed(Installation::organization("acme"))
        .installed(Installation::organization("globex"));
    let github = with(app).organization("globex", Seats::people(2));
    let simulator = Simulator::start(github).unwrap();
    let step = job(&simulator).input("organization", "acme, globex, initech");
    let step = step.run();
    step.failed(
        1,
        &[
            "Finding the GitHub App's installation on the organization initech failed",
            "404 Not Found",
            "have an owner of initech install the GitHub App on that organization",
            "Done: acme: written",
            "Done: globex: written",
            "Not done: initech",
        ],
    );
    assert_eq!(step.output("seats"), "5");
    assert_eq!(requests_to(&simulator, "/access_tokens").len(), 2);
    assert_no_violations(&simulator);
}

#[test]
fn an_enterprise_is_read_if_the_app_is_installed_on_the_enterprise_itself() {
    let on = |installation| {
        let github = with(app().installed(installation)).enterprise("octocorp", Seats::people(4));
        Simulator::start(github).unwrap()
    };
    let simulator = on(Installation::enterprise("octocorp"));
    let step = job(&simulator).input("enterprise", "octocorp").run();
    assert_eq!(step.succeeded().output("seats"), "4");
    // GitHub rejects a request to limit the permissions of an enterprise's token.
    assert_eq!(
        requests_to(&simulator, "/access_tokens")[0].json(),
        Some(json!({}))
    );
    assert_no_violations(&simulator);

    let simulator = on(Installation::organization("octocorp"));
    let step = job(&simulator).input("enterprise", "octocorp").run();
    step.failed(
        1,
        &[
            "installation on the enterprise octocorp failed",
            "on the enterprise itself. An installation on its organizations isn't enough",
            "the enterprise permission \"Enterprise Copilot license management\" (read)",
        ],
    );

    let simulator = on(Installation::enterprise("octocorp").without_permissions());
    let step = job(&simulator).input("enterprise", "octocorp").run();
    step.failed(
        1,
        &[
            "Reading the Copilot seats of the enterprise octocorp failed",
            "the enterprise permission \"Enterprise Copilot license management\" (read)",
        ],
    );
}

#[test]
fn a_token_rejected_by_an_enterprise_is_reported_with_the_apps_missing_permission() {
    let seats = Seats::enterprise_people(4);
    let github = github(Seats::people(1)).enterprise("octocorp", seats);
    let simulator = Simulator::start(github).unwrap();
    // This App can read the organization's seats, but not the enterprise's.
    let step = Job::on(&simulator).input("enterprise", "octocorp").run();
    step.failed(
        1,
        &[
            "Reading the Copilot seats of the enterprise octocorp failed",
            "a classic token with the `manage_billing:copilot` or `read:enterprise` scope",
            "the enterprise permission \"Enterprise Copilot license management\" (read)",
        ],
    );
}

#[test]
fn a_missing_permission_or_suspended_installation_is_reported_first() {
    for (installation, texts) in [
        (
            Installation::organization("acme").without_permissions(),
            [
                "Missing: The organization permission \"GitHub Copilot Business\" (read)",
                "an owner of the organization must approve it on the installation's page (http://github.localhost/organizations/acme/settings/installations/",
            ],
        ),
        (
            Installation::organization("acme").suspended(),
            [
                "The installation has been suspended since 2026-11-01T08:00:00Z by monalisa",
                "Unsuspend the installation",
            ],
        ),
    ] {
        let simulator = Simulator::start(with(app().installed(installation))).unwrap();
        job(&simulator).run().failed(1, &texts);
        let about_apps = requests_to(&simulator, "/installation");
        assert_eq!(about_apps.len(), 1);
        assert!(requests_to(&simulator, "/seats").is_empty());
    }
}

#[test]
fn a_key_is_accepted_in_every_format() {
    let simulator = Simulator::start(on_acme()).unwrap();
    let pem = keys::pem();
    for (what, key) in [
        ("PKCS#8", keys::pkcs8_pem()),
        ("line ends of Windows", pem.replace('\n', "\r\n")),
        ("line ends written out", pem.replace('\n', "\\n")),
        ("those of Windows written out", pem.replace('\n', "\\r\\n")),
        ("spaces", pem.replace('\n', " ")),
        ("no line ends", pem.replace('\n', "")),
        ("indented", pem.replace('\n', "\n    ")),
        ("quotes", format!("\"{}\"", pem.trim().replace('\n', "\\n"))),
        ("base64 of all", BASE64_STANDARD.encode(&pem)),
        (
            "base64 of PKCS#8",
            BASE64_STANDARD.encode(keys::pkcs8_pem()),
        ),
        (
            "no first and last line",
            BASE64_STANDARD.encode(keys::der()),
        ),
    ] {
        let step = job(&simulator).input("app-private-key", &key).run();
        assert_eq!(step.status, 0, "{what}: {}", step.printed());
    }
    assert_no_violations(&simulator);
}

#[test]
fn an_invalid_key_is_rejected_with_its_type() {
    let pem = keys::pem();
    let body = keys::der();
    let other = rcgen::KeyPair::generate().unwrap();
    let (ecdsa, public) = (other.serialize_pem(), other.public_key_pem());
    let encrypted = pem.replacen(
        '\n',
        "\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\n",
        1,
    );
    let armored = |label: &str| keys::armored(label, &body);
    for (key, text) in [
        (
            armored("ENCRYPTED PRIVATE KEY"),
            "encrypted with a password",
        ),
        (encrypted, "encrypted with a password"),
        (public, "not the App's private RSA key"),
        (
            "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABgQ octocat".to_owned(),
            "not the App's private RSA key",
        ),
        (armored("CERTIFICATE"), "not the App's private RSA key"),
        (armored("EC PRIVATE KEY"), "not the App's private RSA key"),
        (ecdsa, "not the App's private RSA key"),
        (
            armored("OPENSSH PRIVATE KEY"),
            "not the App's private RSA key",
        ),
        (pem[..pem.len() / 2].to_owned(), "the key is cut off"),
        (format!("{pem}{pem}"), "more than one key"),
        (
            keys::armored("RSA PRIVATE KEY", &body[..body.len() - 9]),
            "the key is cut off or damaged",
        ),
        (
            "copilot-reports.2026-11-23.private-key.pem".to_owned(),
            "it isn't a private key",
        ),
        (
            "SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=".to_owned(),
            "it isn't a private key",
        ),
    ] {
        let step = Job::alone()
            .input("app-client-id", CLIENT_ID)
            .input("app-private-key", &key)
            .run();
        step.failed(2, &["app-private-key: ", text]);
    }
}

#[test]
fn a_token_with_an_app_or_an_incomplete_app_is_rejected_before_any_request() {
    let pem = keys::pem();
    for (inputs, text) in [
        (
            vec![
                ("token", "ghp_octocat"),
                ("app-client-id", CLIENT_ID),
                ("app-private-key", &pem),
            ],
            "app-client-id: can't be used together with `token`",
        ),
        (
            vec![("app-client-id", CLIENT_ID)],
            "app-private-key: isn't set",
        ),
        (vec![("app-private-key", &*pem)], "app-client-id: isn't set"),
        (
            vec![("token", "ghp_octocat"), ("app-private-key", &pem)],
            "app-private-key: needs `app-client-id`",
        ),
        (
            vec![
                ("app-client-id", "https://github.com/apps/x"),
                ("app-private-key", &pem),
            ],
            "app-client-id: it isn't the client ID of a GitHub App",
        ),
        (
            vec![("token", ""), ("app-client-id", "")],
            "token: isn't set",
        ),
    ] {
        let job = inputs
            .iter()
            .fold(Job::alone(), |job, (name, value)| job.input(name, value));
        job.run().failed(2, &[text]);
    }
}

#[test]
fn the_key_of_another_app_and_an_unknown_app_are_reported() {
    let simulator = Simulator::start(on_acme()).unwrap();
    let step = job(&simulator)
        .input("app-client-id", "Iv23liAnother")
        .run();
    let same = "Check that `app-client-id` and `app-private-key` belong to the same GitHub App";
    step.failed(1, &["404 Not Found", "Integration not found", same]);

    let mut other = app().installed(Installation::organization("acme"));
    other.public_key[40] ^= 1;
    let simulator = Simulator::start(with(other)).unwrap();
    let step = job(&simulator).run();
    step.failed(1, &["401 Unauthorized", "could not be decoded", same]);
    // GitHub would reject a second assertion too, so the action doesn't send one.
    assert_eq!(requests_to(&simulator, "/installation").len(), 1);
}

#[test]
fn a_token_is_renewed_before_it_expires_in_the_middle_of_a_list() {
    // Waits are a hundred times shorter here: 300 ms stand for 30 seconds, half of the token's
    // lifetime.
    let app = app()
        .installed(Installation::organization("acme"))
        .tokens_last(SignedDuration::from_secs(40));
    let github = with(app).organization("acme", Seats::people(1200));
    let simulator = Simulator::start(github).unwrap();
    let first = At::path("GET", "/orgs/acme/copilot/billing/seats");
    simulator.fault(Fault::always(first, Kind::Late(Duration::from_millis(300))));
    let step = job(&simulator).run();
    assert_eq!(step.succeeded().output("seats"), "1200");
    let seats = requests_to(&simulator, "/copilot/billing/seats");
    assert!(
        seats.iter().all(|request| request.status == Some(200)),
        "{seats:?}"
    );
    let tokens = requests_to(&simulator, "/access_tokens").len();
    assert!(tokens >= 2, "{tokens}");
    assert_eq!(requests_to(&simulator, "/installation").len(), tokens + 1);
    assert_no_violations(&simulator);
}

#[test]
fn a_token_that_expires_early_is_replaced_once_for_all_requests() {
    let app = app()
        .installed(Installation::organization("acme"))
        .tokens_serve(5);
    let github = with(app).organization("acme", Seats::people(900));
    let simulator = Simulator::start(github).unwrap();
    let step = job(&simulator).run();
    assert_eq!(step.succeeded().output("seats"), "900");
    assert_eq!(requests_to(&simulator, "/access_tokens").len(), 2);
}

#[test]
fn tokens_are_not_requested_endlessly_if_github_keeps_rejecting_them() {
    let app = app()
        .installed(Installation::organization("acme"))
        .tokens_serve(0);
    let simulator = Simulator::start(with(app)).unwrap();
    job(&simulator)
        .run()
        .failed(1, &["Reading the Copilot seats", "401 Unauthorized"]);
    assert_eq!(requests_to(&simulator, "/access_tokens").len(), 2);
}

#[test]
fn temporary_failures_are_retried_and_a_truncated_token_is_not_shown() {
    for kind in [
        Kind::status(502, "Bad gateway"),
        Kind::Truncate,
        Kind::Reset,
        Kind::status(403, "You have exceeded a secondary rate limit").header("Retry-After", "60"),
    ] {
        for path in ["/orgs/acme/installation", "/access_tokens"] {
            let simulator = Simulator::start(on_acme()).unwrap();
            let method = if path == "/access_tokens" {
                "POST"
            } else {
                "GET"
            };
            simulator.fault(Fault::once(At::path(method, path), kind.clone()));
            let step = job(&simulator).variable("RUNNER_DEBUG", "1").run();
            assert_eq!(step.status, 0, "{kind:?} {path}: {}", step.printed());
        }
    }
    let simulator = Simulator::start(on_acme()).unwrap();
    simulator.fault(Fault::always(
        At::path("POST", "/access_tokens"),
        Kind::Truncate,
    ));
    job(&simulator)
        .run()
        .failed(1, &["Getting a GitHub App token"]);
}

#[test]
fn without_another_token_the_app_checks_whether_the_repository_is_public() {
    let installation = Installation::organization("octo").repositories([OWN]);
    let both = app()
        .installed(Installation::organization("acme"))
        .installed(installation);
    let github = with(both)
        .organization("octo", Seats::people(2))
        .repository(OWN, Repository::private());
    let simulator = Simulator::start(github).unwrap();
    let step = job(&simulator)
        .without("INPUT_COMMIT-TOKEN")
        .input("organization", "acme, octo")
        .input("deliver-to", "artifact")
        .run();
    assert_eq!(step.succeeded().output("seats"), "5");
    assert_eq!(simulator.artifacts().len(), 1);
    assert_no_violations(&simulator);
}

#[test]
fn from_the_command_line_app_private_key_is_used_and_a_stray_token_is_not() {
    let simulator = Simulator::start(on_acme()).unwrap();
    let step = Job::on(&simulator)
        .command_line(&["--organization", "acme", "--app-client-id", CLIENT_ID])
        .variable("APP_PRIVATE_KEY", &keys::pem())
        .variable("GITHUB_TOKEN", "ghp_ofSomethingElse00000000000000000003")
        .run();
    step.succeeded();
    let step = Job::on(&simulator)
        .command_line(&["--organization", "acme", "--app-client-id", CLIENT_ID])
        .variable("COPILOT_REPORT_APP_PRIVATE_KEY", &keys::pem())
        .variable("APP_PRIVATE_KEY", "the key of another program")
        .run();
    step.succeeded();
    let step = Job::on(&simulator)
        .command_line(&["--organization", "acme", "--app-client-id", CLIENT_ID])
        .run();
    step.failed(2, &["app-private-key: isn't set", "APP_PRIVATE_KEY"]);
    assert_no_violations(&simulator);
}
