//! With `html` in `format`, a run of several organizations also writes one page over all of them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use crate::support::keys::{self, CLIENT_ID};
use crate::support::page::Page;
use crate::support::{
    COMMIT_TOKEN, Job, OWN, Step, TOKEN, assert_no_violations, files_below, git, github,
    github_of_many, github_of_two, sha256, unzip,
};
use serde_json::{Value, json};
use simulator::seat::Row;
use simulator::{
    App, At, Fault, GitHub, Installation, Kind, Repository, Seats, Simulator, Token, TotalSeats,
};

const TIME: &str = "2026-03-02T03:17:00Z";
const STEM: &str = "copilot-activity-report/all-seat-activity-1772421420";

/// octocat is idle in acme and active in globex. hubot is idle in both. mona is only in globex, and
/// new. Both organizations have a team with the same name.
fn github_of_three() -> GitHub {
    let old = |login, id| Row::of(login, id).created("2026-01-10T09:00:00Z");
    let acme = [
        old("octocat", 1)
            .activity("2026-01-20T10:00:00Z")
            .surface("vscode/1.113.0/copilot-chat/0.41.1")
            .team("developers", 7),
        old("hubot", 2),
    ];
    let globex = [
        old("octocat", 1)
            .activity("2026-03-01T10:00:00Z")
            .surface("JetBrains-IU/261.22158")
            .team("developers", 8),
        Row::of("hubot", 2).created("2026-02-27T09:00:00Z"),
        Row::of("mona", 3).created("2026-02-27T09:00:00Z"),
    ];
    let reads = Token::new().copilot(["acme", "globex", "initech"]);
    github_of_two(Seats::rows(acme), Seats::rows(globex))
        .organization("initech", Seats::rows([] as [Row; 0]))
        .token(TOKEN, reads.scopes("read:org"))
}

fn job(simulator: &Simulator) -> Job {
    Job::on(simulator)
        .input("organization", "acme, globex, initech")
        .input("format", "csv, html")
        .input("deliver-to", "none")
        .variable("TEST_TIME", TIME)
}

/// The page over all organizations.
fn page(step: &Step) -> Page {
    let path = step.workspace.join(format!("{STEM}.html"));
    let html = fs::read_to_string(path);
    Page {
        html: html.unwrap_or_else(|_| panic!("no page: {}", step.printed())),
    }
}

fn results(step: &Step) -> Value {
    let path = step.workspace.join(step.output("results-path"));
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

/// The figures on the cards.
fn cards(page: &Page) -> Vec<String> {
    let cards = page.html.split("<dd class=\"figure\">").skip(1);
    cards
        .map(|card| card.split([' ', '<']).next().unwrap().to_owned())
        .collect()
}

fn refuse(simulator: &Simulator, organization: &str) {
    let seats = At::path("GET", &format!("/orgs/{organization}/copilot"));
    let response = Kind::status(404, "<img src=x>\u{202e}gone");
    simulator.fault(Fault::always(seats, response));
}

#[test]
fn someone_in_several_organizations_is_one_person_with_the_newest_activity_and_the_oldest_grant() {
    let simulator = Simulator::start(github_of_three()).unwrap();
    let step = job(&simulator).run();
    step.succeeded();
    let page = page(&step);
    page.is_closed();
    assert_eq!(
        page.data(),
        json!({
            "file": "all-seat-activity-1772421420",
            "inactiveDays": 30,
            "editors": ["No activity known", "VS Code", "IntelliJ IDEA"],
            "teams": ["No team", "acme/developers", "globex/developers"],
            "organizations": ["acme", "globex", "initech"],
            "plans": ["business"],
            "login": ["hubot", "mona", "octocat"],
            // Active, new, inactive, never used.
            "status": [3, 1, 0],
            "activity": [null, null, 20513],
            "idle": [50, 2, 0],
            "longer": [0, 0, 0],
            "editor": [0, 0, 2],
            "team": [0, 0, [1, 2]],
            "organization": [[0, 1], 1, [0, 1]],
            "plan": [0, 0, 0],
            "granted": [20463, 20511, 20463],
            "ends": [null, null, null],
        })
    );
    let outputs = ["seats", "active", "new", "inactive", "never-used"];
    assert_eq!(cards(&page), outputs.map(|name| step.output(name)));
    page.has("<h1>3 organizations</h1>")
        .has("1 of 3 people with a Copilot seat is idle (33%)")
        .has("✓ Complete")
        .has("2 people have seats in several organizations.")
        .has("5 seats in 3 organizations, held by 3 people. GitHub&#39;s own counts add up to 5.")
        .has("<bdi>initech</bdi></th><td class=\"number\">0</td>")
        .has("Not committed: no audit repository is set.")
        .has("No history. All figures are from the reports of this run alone")
        .lacks("class=\"delta\"")
        .lacks("Over time")
        // No one used it there last.
        .lacks("<th scope=\"row\" class=\"name\"><bdi>VS Code</bdi>");
    assert_no_violations(&simulator);
}

#[test]
fn the_figures_agree_with_the_outputs_and_with_the_combined_report() {
    let (github, names) = github_of_many(12);
    let simulator = Simulator::start(github).unwrap();
    let step = job(&simulator)
        .input("organization", &names)
        .input("combined-report", "true")
        .input("columns", "all")
        .run();
    step.succeeded();
    let page = page(&step);
    let outputs = ["seats", "active", "new", "inactive", "never-used"];
    assert_eq!(cards(&page), outputs.map(|name| step.output(name)));
    let data = page.data();
    let logins = data["login"].as_array().unwrap();
    assert_eq!(logins.len().to_string(), step.output("people"));
    for (status, output) in (0..).zip(&outputs[1..]) {
        let statuses = data["status"].as_array().unwrap().iter();
        let found = statuses.filter(|it| **it == status).count();
        assert_eq!(found.to_string(), step.output(output), "{output}");
    }

    let csv = fs::read_to_string(step.workspace.join(format!("{STEM}.csv"))).unwrap();
    let mut expected: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut rows = 0;
    for line in csv.lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        let organizations = expected.entry(cells[1].to_owned()).or_default();
        organizations.insert(cells[5].to_owned());
        rows += 1;
    }
    assert_eq!(cards(&page)[0], rows.to_string());
    let names = data["organizations"].as_array().unwrap();
    let name = |index: &Value| {
        let index = usize::try_from(index.as_u64().unwrap()).unwrap();
        names[index].as_str().unwrap().to_owned()
    };
    let found: BTreeMap<String, BTreeSet<String>> = logins
        .iter()
        .zip(data["organization"].as_array().unwrap())
        .map(|(login, indexes)| {
            let names = match indexes.as_array() {
                Some(several) => several.iter().map(name).collect(),
                None => BTreeSet::from([name(indexes)]),
            };
            (login.as_str().unwrap().to_owned(), names)
        })
        .collect();
    assert_eq!(found, expected);
    page.has(&format!("SHA-256 {}", sha256(csv.as_bytes())));
}

#[test]
fn the_page_is_uploaded_and_in_the_results_and_says_whether_github_verified_the_commit() {
    let simulator = Simulator::start(github_of_three()).unwrap();
    let step = job(&simulator)
        .input("deliver-to", "artifact, repository")
        .run();
    step.succeeded();
    let page = page(&step);
    let sha = &step.output("commit-sha")[..12];
    page.has(&format!("rel=\"noreferrer\">{sha}</a>, verified by GitHub"))
        .has("✓ Commit verified")
        .has("and the histories of their organizations.")
        .has("These are the first recorded reports.");
    let path = format!("{STEM}.html");
    let name = path.split_once('/').unwrap().1;
    let artifacts = simulator.artifacts();
    let raw = artifacts.iter().find(|one| one.name == name).unwrap();
    assert_eq!(raw.bytes, page.html.as_bytes());
    assert_eq!(artifacts.len(), 5);
    let zip = artifacts
        .iter()
        .find(|one| one.name == step.output("artifact-name"));
    assert_eq!(unzip(&zip.unwrap().bytes)[name], page.html.as_bytes());
    let run = format!("{}/{OWN}/actions/runs/4242", simulator.server_url());
    let url = format!("{run}/artifacts/{}", raw.id);
    let urls: Vec<&str> = step.output("page-url").lines().collect();
    assert_eq!((urls.len(), urls[3]), (4, &*url));
    assert_eq!(
        results(&step)["page"],
        json!({"path": path, "sha256": sha256(page.html.as_bytes()), "url": url})
    );
    let link = format!("\n[**Open the page over all organizations**]({url})\n");
    assert!(step.summary.contains(&link), "{}", step.summary);
    let directory = simulator.git_dir(OWN);
    let paths = git(&directory, &["ls-tree", "-r", "--name-only", "main"]);
    assert!(!paths.contains(".html"), "{paths}");
    assert_no_violations(&simulator);
}

#[test]
fn with_more_than_20_organizations_the_output_has_only_the_page_over_all() {
    let (github, names) = github_of_many(21);
    let simulator = Simulator::start(github).unwrap();
    let step = job(&simulator)
        .input("organization", &names)
        .input("deliver-to", "artifact")
        .run();
    step.succeeded();
    assert_eq!(results(&step)["page"]["url"], step.output("page-url"));
    assert_eq!(step.output("report-path"), "");
}

#[test]
fn a_run_of_one_organization_or_without_html_writes_no_such_page() {
    for (organization, format) in [("acme", "csv, html"), ("acme, globex", "csv, json")] {
        let simulator = Simulator::start(github_of_three()).unwrap();
        let step = job(&simulator)
            .input("organization", organization)
            .input("format", format)
            .input("combined-report", "true")
            .run();
        step.succeeded();
        let page = step.workspace.join(format!("{STEM}.html"));
        assert!(!page.exists());
        assert_eq!(results(&step)["page"], Value::Null);
    }
}

#[test]
fn an_organization_without_a_report_is_named_at_the_top_with_the_reason() {
    let simulator = Simulator::start(github_of_three()).unwrap();
    refuse(&simulator, "acme");
    let step = job(&simulator).run();
    step.failed(
        1,
        &[
            "Not done: acme: no report.",
            &format!("Done: all organizations: written to {STEM}.html in the workspace"),
        ],
    );
    let page = page(&step);
    let alert = page.between("<div class=\"alert\">", "</div>");
    for text in [
        "Organizations are missing on this page.",
        "<li>acme: no report. ",
        "404 Not Found",
        "&#60;img src=x&#62;",
    ] {
        assert!(alert.contains(text), "{text} isn't in {alert}");
    }
    page.has("<h1>2 of 3 organizations</h1>")
        .has("⚠ 1 organization missing")
        .has("⚠ Not verified.")
        .has("3 seats in 2 organizations")
        .lacks("<img")
        .lacks("\u{202e}")
        .lacks("✓ Complete");
    assert_eq!(step.output("complete"), "false");
}

#[test]
fn an_interrupted_run_names_the_organizations_that_it_did_not_read() {
    let simulator = Simulator::start(github_of_three()).unwrap();
    let stalled = At::path("GET", "/orgs/globex/copilot/billing/seats");
    simulator.fault(Fault::always(stalled, Kind::Stall));
    let job = job(&simulator).without("TEST_WAIT_SCALE");
    let running = job.start();
    // The manifest is the last file of a report.
    let manifests = || {
        let files = files_below(&job.workspace());
        let is_manifest = |file: &&PathBuf| file.to_str().unwrap().ends_with(".manifest.json");
        files.iter().filter(is_manifest).count()
    };
    while manifests() < 2 && !running.is_over() {
        thread::sleep(Duration::from_millis(2));
    }
    running.signal("INT");
    let step = running.end();
    step.failed(1, &["Not done: not read: globex"]);
    page(&step)
        .has("<li>globex: not read, because the run was interrupted.</li>")
        .has("⚠ 1 organization missing")
        .has("<h1>2 of 3 organizations</h1>");
}

#[test]
fn organizations_that_patterns_cannot_cover_are_named() {
    let installations = [
        Installation::organization("acme"),
        Installation::organization("globex"),
        Installation::organization("initech").suspended(),
    ];
    let app = installations
        .into_iter()
        .fold(App::new(&keys::public()), App::installed);
    let mut github = github_of_three().app(CLIENT_ID, app);
    github.tokens.retain(|token, _| token == COMMIT_TOKEN);
    let simulator = Simulator::start(github).unwrap();
    let step = job(&simulator)
        .without("INPUT_TOKEN")
        .input("app-client-id", CLIENT_ID)
        .input("app-private-key", &keys::pem())
        .input("organization", "*")
        .run();
    step.succeeded();
    page(&step)
        .has("<li>initech: the App&#39;s installation is suspended.</li>")
        .has("⚠ 1 organization missing");
}

#[test]
fn an_incomplete_report_is_named_with_its_reason() {
    let short = Seats::people(3).total_seats(TotalSeats::Fixed(9));
    let simulator = Simulator::start(github_of_two(Seats::people(2), short)).unwrap();
    let step = job(&simulator)
        .input("organization", "acme, globex")
        .input("require-complete", "false")
        .run();
    step.succeeded();
    page(&step)
        .has("<li>globex: not verified as complete. ")
        .has("GitHub counts 9 seats (<code>total_seats</code>)")
        .has("<li class=\"warning\">⚠ Not verified as complete</li>")
        .lacks("acme: not verified");
}

#[test]
fn the_page_of_a_public_repository_names_no_one() {
    for (own, allowed, named) in [
        (Repository::public(), "false", false),
        (Repository::public(), "true", true),
        (Repository::private(), "false", true),
    ] {
        let github = github_of_three().repository(OWN, own);
        let simulator = Simulator::start(github).unwrap();
        let step = job(&simulator).input("allow-public", allowed).run();
        step.succeeded();
        let page = page(&step);
        for login in ["octocat", "hubot", "mona"] {
            assert_eq!(page.html.contains(login), named, "{login}");
        }
        assert_eq!(page.html.contains("The page names no one"), !named);
        assert_eq!(page.html.contains("<script"), named);
        page.has("1 of 3 people with a Copilot seat is idle (33%)")
            .has("<bdi>globex</bdi>");
    }
}

#[test]
fn changes_are_listed_with_their_organization() {
    let simulator = Simulator::start(github_of_three()).unwrap();
    let on = |day: &str| {
        job(&simulator)
            .input("deliver-to", "repository")
            .variable("TEST_TIME", day)
            .run()
    };
    on("2026-03-01T03:17:00Z").succeeded();
    simulator.change(|github| {
        let ada = Row::of("ada", 4).created("2026-03-01T09:00:00Z");
        let seats = Seats::rows([ada]);
        github.organizations.insert("initech".to_owned(), seats);
    });
    let step = on(TIME);
    step.succeeded();
    let html = page(&step);
    html.has("<p>1 granted.</p>")
        .has("<b><bdi>ada</bdi></b> got a seat <span class=\"share\">in initech</span></li>");

    let rejected = Kind::status(403, "Resource not accessible by integration");
    let at = At::Graphql(simulator::Operation::Mutation);
    simulator.fault(Fault::always(at, rejected));
    let day = "2026-03-03T03:17:00Z";
    let step = on(day);
    step.failed(1, &["not committed."]);
    let path = "copilot-activity-report/all-seat-activity-1772507820.html";
    let html = fs::read_to_string(step.workspace.join(path)).unwrap();
    assert!(html.contains("Not committed, because the commit failed."));
    assert!(html.contains("The changes in organizations without a commit are unknown"));
}

#[test]
fn a_page_that_is_not_written_or_uploaded_fails_the_run_and_everything_else_stays() {
    let simulator = Simulator::start(github_of_three()).unwrap();
    let blocked = job(&simulator);
    let file = blocked.workspace().join(format!("{STEM}.html"));
    fs::create_dir_all(file.join("in-the-way")).unwrap();
    let step = blocked.run();
    step.failed(
        1,
        &[
            "Not done: no page over all organizations. ",
            "couldn't be written",
        ],
    );
    assert_eq!(step.output("report-path").lines().count(), 6);
    assert_eq!(results(&step)["page"], Value::Null);

    let old = Kind::change(|github| github.known_artifact_version = 4).after_effect();
    simulator.fault(Fault::once(At::FinalizeArtifact, old));
    let step = job(&simulator).input("deliver-to", "artifact").run();
    step.failed(
        1,
        &["Not done: all organizations: the page wasn't uploaded. "],
    );
    assert!(page(&step).html.contains("octocat"));
}

#[test]
fn an_organization_with_the_name_of_the_page_keeps_its_own_page() {
    let reads = Token::new().copilot(["acme", "all"]).scopes("read:org");
    let github = github(Seats::people(2))
        .organization("all", Seats::people(1))
        .token(TOKEN, reads);
    let simulator = Simulator::start(github).unwrap();
    let step = job(&simulator).input("organization", "acme, all").run();
    let why = "all-seat-activity-1772421420.html is the page of an organization";
    step.failed(1, &["Not done: no page over all organizations. ", why]);
    page(&step).has("<h1>all</h1>");
}

#[test]
fn pseudonyms_are_on_the_page_instead_of_logins() {
    let simulator = Simulator::start(github_of_three()).unwrap();
    let step = job(&simulator)
        .input("pseudonym-key", "a key of twenty and more")
        .run();
    step.succeeded();
    let page = page(&step);
    page.lacks("octocat").has("<li>Pseudonyms</li>");
    assert_eq!(page.data()["login"].as_array().unwrap().len(), 3);
}
