//! `organization: "*"` covers every organization that GitHub lists, and says which it doesn't.

use serde_json::{Value, json};
use simulator::{App, At, Fault, GitHub, Installation, Kind, Seats, Simulator, Token};

use crate::support::keys::{self, CLIENT_ID};
use crate::support::{
    COMMIT_TOKEN, Job, OWN, Step, TOKEN, assert_no_violations, checkout, files_below, github,
};

/// A simulated GitHub with these installations of the App. Every organization has three people.
fn with(installations: impl IntoIterator<Item = Installation>) -> GitHub {
    let mut app = App::new(&keys::public());
    let mut github = github(Seats::people(3));
    for installation in installations {
        github = github.organization(&installation.name, Seats::people(3));
        app = app.installed(installation);
    }
    github.tokens.retain(|token, _| token == COMMIT_TOKEN);
    github.app(CLIENT_ID, app)
}

fn by_app(simulator: &Simulator, organization: &str) -> Step {
    Job::on(simulator)
        .without("INPUT_TOKEN")
        .input("app-client-id", CLIENT_ID)
        .input("app-private-key", &keys::pem())
        .input("deliver-to", "none")
        .input("organization", organization)
        .run()
}

/// A simulated GitHub whose token can read `acme`, `acme-tools`, and `globex`.
fn of_person(token: Token) -> Simulator {
    let names = ["acme", "acme-tools", "globex"];
    let mut github = github(Seats::people(3));
    for name in names {
        github = github.organization(name, Seats::people(3));
    }
    Simulator::start(github.token(TOKEN, token.copilot(names))).unwrap()
}

fn by_token(simulator: &Simulator, organization: &str) -> Step {
    Job::on(simulator)
        .input("deliver-to", "none")
        .input("organization", organization)
        .run()
}

/// The organizations whose seats were read, in alphabetical order, because they're read at the same
/// time.
fn covered(simulator: &Simulator) -> Vec<String> {
    let requests = simulator.requests();
    let names = requests.iter().filter_map(|request| {
        let path = request.path_and_query.strip_prefix("/orgs/")?;
        let (name, _) = path.split_once("/copilot/billing/seats")?;
        Some(name.to_owned())
    });
    let mut names: Vec<String> = names.collect();
    names.sort_by_key(|name| name.to_lowercase());
    names
}

fn count(simulator: &Simulator, part: &str) -> usize {
    let requests = simulator.requests();
    let paths = requests.iter().map(|request| &request.path_and_query);
    paths.filter(|path| path.contains(part)).count()
}

/// What each manifest says about the selection.
fn selections(step: &Step) -> Vec<Value> {
    let files = files_below(&step.workspace);
    let manifests = files
        .iter()
        .filter(|file| file.to_str().unwrap().ends_with("manifest.json"));
    manifests
        .map(|file| {
            let manifest: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
            manifest["selection"].clone()
        })
        .collect()
}

#[test]
fn a_pattern_selects_from_every_page_of_an_apps_installations() {
    let others = (0..250).map(|n| match n {
        5 => Installation::organization("acme-first"),
        150 => Installation::organization("Acme-Middle"),
        249 => Installation::organization("acme-last"),
        _ => Installation::organization(&format!("other-{n}")),
    });
    let simulator = Simulator::start(with(others)).unwrap();
    let step = by_app(&simulator, "acme-*");
    assert_eq!(step.succeeded().output("seats"), "9");
    assert_eq!(
        covered(&simulator),
        ["acme-first", "acme-last", "Acme-Middle"]
    );
    // A list with several pages is read twice. It has all that a token needs.
    assert_eq!(count(&simulator, "/app/installations?"), 6);
    assert_eq!(count(&simulator, "/installation"), 6 + 3);
    let expected = json!({
        "patterns": ["acme-*"], "covered": 3, "new": null, "vanished": null, "suspended": [],
        "unreadable": [], "excluded": [],
    });
    assert_eq!(selections(&step), vec![expected; 3]);
    assert_no_violations(&simulator);
}

#[test]
fn a_star_selects_all_organizations_but_those_that_are_left_out_or_suspended() {
    let simulator = Simulator::start(with([
        Installation::organization("acme"),
        Installation::organization("acme-test"),
        Installation::organization("globex"),
        Installation::organization("initech").suspended(),
        Installation::user("monalisa"),
        Installation::enterprise("octocorp"),
    ]))
    .unwrap();
    let step = by_app(&simulator, "*\n!*-TEST\n!Globex");
    step.succeeded();
    assert_eq!(covered(&simulator), ["acme"]);
    let warnings = step.all_warnings();
    let suspended = "initech: the GitHub App's installation is suspended, so there's no report.";
    assert!(
        warnings.iter().any(|warning| warning.contains(suspended)),
        "{warnings:?}"
    );
    let expected = json!({
        "patterns": ["*", "!*-TEST", "!Globex"], "covered": 1, "new": null, "vanished": null,
        "suspended": ["initech"], "unreadable": [], "excluded": ["acme-test", "globex"],
    });
    assert_eq!(selections(&step), [expected]);
    assert_no_violations(&simulator);
}

#[test]
fn a_named_organization_is_covered_whatever_the_patterns_leave_out() {
    let simulator = Simulator::start(with([
        Installation::organization("acme-core"),
        Installation::organization("acme-test"),
        Installation::organization("globex").suspended(),
        Installation::organization("initech"),
    ]))
    .unwrap();
    let step = by_app(&simulator, "initech*, !acme-*, Acme-Core, globex, hooli");
    step.failed(
        1,
        &[
            "Finding the GitHub App's installation on the organization globex failed.",
            "The installation has been suspended since",
            "Finding the GitHub App's installation on the organization hooli failed.",
            "Done: acme-core: written",
            "Done: initech: written",
            "Not done: globex",
            "Not done: hooli",
        ],
    );
    assert_eq!(covered(&simulator), ["acme-core", "initech"]);
    assert_eq!(count(&simulator, "/orgs/hooli/installation"), 1);
    assert_eq!(count(&simulator, "/orgs/globex/installation"), 0);
    assert_no_violations(&simulator);
}

#[test]
fn a_missing_permission_fails_only_its_organization() {
    let simulator = Simulator::start(with([
        Installation::organization("acme"),
        Installation::organization("globex").without_permissions(),
    ]))
    .unwrap();
    by_app(&simulator, "*").failed(
        1,
        &[
            "Finding the GitHub App's installation on the organization globex failed.",
            "/app/installations?per_page=100",
            "Missing: The organization permission \"GitHub Copilot Business\" (read), which the installation doesn't have.",
            "/organizations/globex/settings/installations/",
            "Done: acme: written",
            "Not done: globex",
        ],
    );
    assert_no_violations(&simulator);
}

#[test]
fn an_organization_that_moves_to_another_page_while_the_list_is_read_is_not_missed() {
    let all = (0..150).map(|n| match n {
        100 => Installation::organization("acme"),
        _ => Installation::organization(&format!("other-{n}")),
    });
    let simulator = Simulator::start(with(all)).unwrap();
    // The first entry of the second page becomes the last one of the first page.
    let uninstalled = Kind::change(|github| {
        let app = github.apps.get_mut(CLIENT_ID).unwrap();
        app.installations.remove(0);
    });
    let second_page = At::path("GET", "/app/installations?per_page=100&page=2");
    simulator.fault(Fault::once(second_page, uninstalled));
    by_app(&simulator, "acme*").succeeded();
    assert_eq!(covered(&simulator), ["acme"]);
    assert_eq!(count(&simulator, "/app/installations?"), 6);
    assert_no_violations(&simulator);
}

#[test]
fn a_list_that_never_stays_the_same_counts_with_all_that_was_ever_on_it() {
    let all = (0..150).map(|n| Installation::organization(&format!("other-{n}")));
    let simulator = Simulator::start(with(all)).unwrap();
    let moved = Kind::change(|github| {
        let app = github.apps.get_mut(CLIENT_ID).unwrap();
        app.installations.remove(0);
    });
    let second_page = At::path("GET", "/app/installations?per_page=100&page=2");
    simulator.fault(Fault::always(second_page, moved));
    let step = by_app(&simulator, "other-149, other-100*");
    step.succeeded();
    assert_eq!(covered(&simulator), ["other-100", "other-149"]);
    let warnings = step.all_warnings();
    let changed = "The list of organizations kept changing while it was read";
    assert!(
        warnings.iter().any(|warning| warning.contains(changed)),
        "{warnings:?}"
    );
    assert_eq!(count(&simulator, "/app/installations?"), 8);
    assert_no_violations(&simulator);
}

#[test]
fn a_pattern_selects_from_the_organizations_of_a_tokens_owner() {
    let simulator = of_person(Token::new().scopes("read:org").left_out(["globex"]));
    let step = by_token(&simulator, "acme*");
    step.succeeded();
    assert_eq!(covered(&simulator), ["acme", "acme-tools"]);
    assert_eq!(count(&simulator, "/user/orgs"), 1);
    let warnings = step.all_warnings();
    let left_out = "GitHub left out organizations that `token` isn't authorized for";
    assert!(
        warnings.iter().any(|warning| warning.contains(left_out)),
        "{warnings:?}"
    );
    assert_no_violations(&simulator);
}

#[test]
fn a_tokens_pattern_takes_two_requests_for_each_small_organization() {
    let simulator = of_person(Token::new().scopes("read:org"));
    by_token(&simulator, "*").succeeded();
    assert_eq!(covered(&simulator), ["acme", "acme-tools", "globex"]);
    // The seats, and the count that also shows whether the token can read them.
    assert_eq!(count(&simulator, "/copilot/billing"), 6);
    assert_no_violations(&simulator);
}

#[test]
fn a_seat_revoked_after_the_token_was_checked_is_no_contradiction() {
    let simulator = of_person(Token::new().scopes("read:org"));
    let revoked = Kind::change(|github| {
        let seats = github.organizations.get_mut("globex").unwrap();
        seats.rows.pop();
    });
    simulator.fault(Fault::once(At::Seats, revoked));
    let step = by_token(&simulator, "globe*");
    assert_eq!(step.succeeded().output("complete"), "true");
    assert_eq!(step.output("people"), "2");
    assert_eq!(count(&simulator, "/copilot/billing/seats"), 1);
    assert_no_violations(&simulator);
}

#[test]
fn named_organizations_come_first_in_their_order() {
    let simulator = of_person(Token::new().scopes("user"));
    let step = by_token(&simulator, "GLOBEX, acme, *, !Acme-TOOLS");
    step.succeeded();
    let paths = step.output("report-path").lines();
    let names = paths.filter_map(|path| path.split('/').nth(1)?.split("-seat-").next());
    assert_eq!(names.collect::<Vec<_>>(), ["globex", "acme"]);
    assert_no_violations(&simulator);
}

#[test]
fn names_without_a_pattern_need_no_list() {
    let simulator = of_person(Token::new().scopes("read:org"));
    let step = by_token(&simulator, "acme, !globex, ACME");
    step.succeeded();
    assert_eq!(covered(&simulator), ["acme"]);
    assert_eq!(count(&simulator, "/user/orgs"), 0);
    assert_eq!(selections(&step), [Value::Null]);
}

#[test]
fn the_command_line_takes_patterns_and_writes_a_directory() {
    let simulator = of_person(Token::new().scopes("read:org"));
    let on = |arguments: &[&str]| {
        let job = Job::on(&simulator).command_line(arguments);
        job.variable("GITHUB_TOKEN", TOKEN).run()
    };
    let step = on(&[
        "--organization",
        "*,!globex",
        "--output-directory",
        "reports",
    ]);
    step.succeeded();
    assert_eq!(covered(&simulator), ["acme", "acme-tools"]);
    let before = simulator.requests().len();
    for arguments in [
        &["--organization", "*", "--output", "report.csv"] as &[&str],
        &["--organization", "*"],
    ] {
        on(arguments).failed(2, &["output: a file or standard output can take only one report, but `organization` has a pattern"]);
    }
    assert_eq!(simulator.requests().len(), before);
}

#[test]
fn entries_that_make_no_sense_are_refused_before_any_request() {
    let simulator = of_person(Token::new().scopes("read:org"));
    for (organization, problem) in [
        (
            "acme/*",
            "organization: \"acme/*\" can't be a pattern for organizations",
        ),
        (
            "a?me",
            "organization: \"a?me\" can't be the name of an organization",
        ),
        (
            "*, !b c",
            "organization: \"b c\" can't be the name of an organization",
        ),
        (
            "*, !",
            "organization: \"\" can't be the name of an organization",
        ),
        (
            "!globex, !acme-*",
            "organization: only leaves organizations out. To include all others, add `*` in front.",
        ),
        (
            "acme, globex, !ACME",
            "organization: names acme and also leaves it out. Remove `acme` or `!acme`.",
        ),
        (
            "*, acme, !acme",
            "organization: names acme and also leaves it out.",
        ),
    ] {
        by_token(&simulator, organization).failed(2, &[problem]);
    }
    let step = Job::on(&simulator).input("enterprise", "octo*").run();
    step.failed(
        2,
        &["enterprise: \"octo*\" can't be the name of an enterprise"],
    );
    let step = Job::on(&simulator)
        .input("organization", "*")
        .input("token", COMMIT_TOKEN)
        .run();
    step.failed(2, &["token: is the token of a GitHub App's installation, such as the workflow's GITHUB_TOKEN."]);
    assert_eq!(simulator.requests().len(), 0);
}

#[test]
fn a_pattern_that_matches_nothing_says_what_github_listed() {
    let installations = [
        Installation::organization("acme"),
        Installation::organization("globex").suspended(),
        Installation::organization("initech"),
    ];
    let simulator = Simulator::start(with(installations)).unwrap();
    by_app(&simulator, "acmee*, glob*, *tech, !init*").failed(
        1,
        &[
            "No organization matches `organization: acmee*, glob*, *tech, !init*`. Nothing was read or delivered.",
            "GitHub listed acme, globex (suspended), initech",
            "Fix: Check the patterns in `organization`.",
        ],
    );
    let simulator = Simulator::start(with([Installation::user("monalisa")])).unwrap();
    by_app(&simulator, "*").failed(
        1,
        &[
            "GitHub listed no organizations",
            "Have an owner of each organization install the GitHub App on it.",
        ],
    );
    assert_no_violations(&simulator);
}

#[test]
fn a_fine_grained_token_has_no_list() {
    let secret = "github_pat_11readsTheSeats0000";
    let token = Token::new().copilot(["acme"]).scopes("");
    let github = github(Seats::people(3)).token(secret, token);
    let simulator = Simulator::start(github).unwrap();
    let job = Job::on(&simulator).input("deliver-to", "none");
    let step = job.input("token", secret).input("organization", "*").run();
    step.failed(
        1,
        &[
            "GitHub listed no organizations",
            "GitHub's list is empty for a fine-grained token.",
        ],
    );
    assert_no_violations(&simulator);
}

#[test]
fn a_list_that_github_refuses_says_what_is_missing() {
    let simulator = of_person(Token::new().scopes("manage_billing:copilot"));
    by_token(&simulator, "*").failed(
        1,
        &[
            "Listing the organizations of the owner of `token` failed.",
            "403 Forbidden",
            "You need at least read:org scope",
            "A classic token needs one of these scopes: admin:org, read:org, repo, user, write:org. This token has: manage_billing:copilot",
            "`token` must be a classic token with the `read:org` scope.",
        ],
    );
    let simulator = Simulator::start(with([Installation::organization("acme")])).unwrap();
    simulator.change(|github| github.apps.clear());
    by_app(&simulator, "*").failed(
        1,
        &[
            "Listing the GitHub App's installations failed.",
            "404 Not Found",
            "Integration not found",
            "Check that `app-client-id` and `app-private-key` belong to the same GitHub App",
        ],
    );
    assert_no_violations(&simulator);
}

#[test]
fn a_list_that_leads_to_another_server_is_not_followed() {
    let simulator = of_person(Token::new().scopes("read:org"));
    let link = (
        "link".to_owned(),
        "<https://example.com/user/orgs>; rel=\"next\"".to_owned(),
    );
    let fault = Fault::always(At::path("GET", "/user/orgs"), Kind::Headers(vec![link]));
    simulator.fault(fault);
    by_token(&simulator, "*").failed(1, &["https://example.com", "which isn't GitHub's API"]);
    simulator.clear_faults();
    let link = (
        "link".to_owned(),
        "</user/orgs?per_page=100>; rel=\"next\"".to_owned(),
    );
    let fault = Fault::always(At::path("GET", "/user/orgs"), Kind::Headers(vec![link]));
    simulator.fault(fault);
    by_token(&simulator, "*").failed(1, &["its pagination links don't end"]);
    assert_eq!(covered(&simulator), [""; 0]);
}

#[test]
fn a_recorded_selection_is_in_the_manifest_and_verifies() {
    let simulator = of_person(Token::new().scopes("read:org"));
    let job = Job::on(&simulator).input("deliver-to", "repository");
    job.input("organization", "acme*, !acme-tools")
        .run()
        .succeeded();
    let clone = checkout(&simulator, OWN);
    let history = clone.path().join("copilot-activity");
    let manifests: Vec<Value> = files_below(&history)
        .iter()
        .filter(|file| {
            file.parent()
                .unwrap()
                .parent()
                .unwrap()
                .ends_with("reports")
        })
        .filter(|file| {
            file.extension()
                .is_some_and(|extension| extension == "json")
        })
        .map(|file| serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap())
        .collect();
    let [manifest] = &manifests[..] else {
        panic!("{manifests:?}")
    };
    assert_eq!(
        manifest["selection"]["patterns"],
        json!(["acme*", "!acme-tools"])
    );
    assert_eq!(manifest["selection"]["covered"], 1);
    assert_eq!(manifest["selection"]["excluded"], json!(["acme-tools"]));
    assert!(manifest["scope"]["id"].is_u64());
    let verify = Job::alone().command_line(&["verify", history.to_str().unwrap()]);
    verify.run().succeeded();
}
