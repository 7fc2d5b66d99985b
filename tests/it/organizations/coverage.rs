//! With patterns, a run says which organizations are new, and fails if it doesn't cover one anymore
//! that the repository has.

use serde_json::{Value, json};
use simulator::{App, GitHub, Installation, Seats, Simulator, Token};

use crate::support::keys::{self, CLIENT_ID};
use crate::support::{COMMIT_TOKEN, Job, OWN, Step, TOKEN, assert_intact, file, github};

const DAY_1: &str = "2026-03-02T06:00:00Z";
const DAY_2: &str = "2026-03-03T06:00:00Z";

fn app(installations: impl IntoIterator<Item = Installation>) -> App {
    let app = App::new(&keys::public());
    installations.into_iter().fold(app, App::installed)
}

fn organization(name: &str) -> Installation {
    Installation::organization(name)
}

/// A GitHub with the organizations acme, globex, and initech. The App is installed on the first
/// two.
fn start() -> Simulator {
    let names = ["globex", "initech"];
    let github: GitHub = names
        .into_iter()
        .fold(github(Seats::people(3)), |github, name| {
            github.organization(name, Seats::people(2))
        });
    let mut github = github.app(
        CLIENT_ID,
        app([organization("acme"), organization("globex")]),
    );
    github.tokens.retain(|token, _| token == COMMIT_TOKEN);
    Simulator::start(github).unwrap()
}

fn install(simulator: &Simulator, installations: Vec<Installation>) {
    simulator.change(|github| {
        github.apps.insert(CLIENT_ID.to_owned(), app(installations));
    });
}

fn run(simulator: &Simulator, organization: &str, day: &str) -> Step {
    Job::on(simulator)
        .without("INPUT_TOKEN")
        .input("app-client-id", CLIENT_ID)
        .input("app-private-key", &keys::pem())
        .input("deliver-to", "repository")
        .input("organization", organization)
        .variable("TEST_TIME", day)
        .run()
}

fn selection(simulator: &Simulator, name: &str, day: &str) -> Value {
    let path = format!(
        "main:copilot-activity/{name}/reports/2026/{}.json",
        &day[..10]
    );
    let manifest = file(&simulator.git_dir(OWN), &path);
    let manifest: Value = serde_json::from_slice(&manifest).unwrap();
    manifest["selection"].clone()
}

#[test]
fn a_new_organization_is_named_in_manifest_summary_and_outputs() {
    let simulator = start();
    let step = run(&simulator, "*", DAY_1);
    step.succeeded();
    assert_eq!(step.output("new-organizations"), "acme\nglobex");
    let all = ["acme", "globex", "initech"].map(organization);
    install(&simulator, all.to_vec());
    let step = run(&simulator, "*", DAY_2);
    step.succeeded();
    assert_eq!(step.output("new-organizations"), "initech");
    assert_eq!(step.output("vanished-organizations"), "");
    let expected = json!({
        "patterns": ["*"], "covered": 3, "new": ["initech"], "vanished": [], "suspended": [],
        "unreadable": [], "excluded": [],
    });
    assert_eq!(selection(&simulator, "acme", DAY_2), expected);
    assert!(step.summary.contains("initech"), "{}", step.summary);
    assert_intact(&simulator, OWN);
}

#[test]
fn a_vanished_or_suspended_organization_fails_the_run_unless_it_is_left_out() {
    for (left, why, output) in [
        (
            vec![],
            "GitHub no longer lists it",
            "vanished-organizations",
        ),
        (
            vec![organization("globex").suspended()],
            "the App's installation is suspended",
            "suspended-organizations",
        ),
    ] {
        let simulator = start();
        run(&simulator, "*", DAY_1).succeeded();
        let mut installations = vec![organization("acme")];
        installations.extend(left);
        install(&simulator, installations);
        let step = run(&simulator, "*", DAY_2);
        let message =
            format!("histories of organizations that this run doesn't cover: globex ({why})");
        step.failed(1, &[&message, "Done: acme: committed to octo/tools"]);
        assert_eq!(step.output(output), "globex");
        assert_eq!(step.output("complete"), "false");
        assert!(step.summary.contains(why), "{}", step.summary);
        let step = run(&simulator, "*, !globex", "2026-03-04T06:00:00Z");
        step.succeeded();
        assert_eq!(step.output("complete"), "true");
        assert_intact(&simulator, OWN);
    }
}

#[test]
fn organizations_whose_seats_a_token_cannot_read_are_left_out_and_named() {
    let reads = Token::new()
        .copilot(["acme"])
        .member_of(["acme", "globex"])
        .scopes("read:org");
    let github = github(Seats::people(3))
        .organization("globex", Seats::people(2))
        .token(TOKEN, reads);
    let simulator = Simulator::start(github).unwrap();
    let job = |organization: &str| {
        Job::on(&simulator)
            .input("deliver-to", "repository")
            .input("organization", organization)
            .run()
    };
    let step = job("*");
    step.succeeded();
    assert_eq!(step.output("unreadable-organizations"), "globex");
    assert_eq!(step.output("seats"), "3");
    job("glo*").failed(1, &["can't read the Copilot seats of any organization"]);
    assert_intact(&simulator, OWN);
}

#[test]
fn a_renamed_organization_has_not_vanished() {
    let simulator = start();
    run(&simulator, "*", DAY_1).succeeded();
    simulator.change(|github| github.rename("globex", "globex-2"));
    install(&simulator, ["acme", "globex-2"].map(organization).to_vec());
    let step = run(&simulator, "*", DAY_2);
    // Its folder has to be renamed, as for any other run.
    step.failed(1, &["The report of globex-2 wasn't committed"]);
    assert_eq!(step.output("vanished-organizations"), "");
    assert_eq!(step.output("new-organizations"), "");
}
