//! GitHub's second count of an organization's seats. A contradiction that a second reading doesn't
//! settle is a reason against completeness, and nothing else is.

use std::fs;

use serde_json::Value;
use simulator::seat::Row;
use simulator::{At, Billing, Fault, Kind, Seats, Simulator, Token, TotalSeats};

use crate::support::{
    Job, OWN, Step, TOKEN, assert_intact, assert_no_violations, file, files_below, git, github,
};

fn job(simulator: &Simulator) -> Job {
    Job::on(simulator).input("deliver-to", "none")
}

/// How many requests had a path with this ending.
fn requests(simulator: &Simulator, ending: &str) -> usize {
    let requests = simulator.requests();
    let paths = requests.iter().map(|request| {
        let path = &request.path_and_query;
        path.split('?').next().unwrap_or_default().to_owned()
    });
    paths.filter(|path| path.ends_with(ending)).count()
}

fn counts(simulator: &Simulator) -> usize {
    requests(simulator, "/copilot/billing")
}

fn pages(simulator: &Simulator) -> usize {
    requests(simulator, "/copilot/billing/seats")
}

fn manifest(step: &Step) -> Value {
    let files = files_below(&step.workspace);
    let is_manifest =
        |path: &&std::path::PathBuf| path.to_string_lossy().ends_with(".manifest.json");
    let path = files.iter().find(is_manifest).unwrap();
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

/// A number of people of whom GitHub bills `total`.
fn billed(people: usize, total: u64) -> Seats {
    Seats::people(people).billing(Billing {
        total: Some(total),
        ..Billing::default()
    })
}

#[test]
fn the_second_count_takes_one_request_and_is_in_manifest_summary_and_page() {
    let seats = Seats::people(250).billing(Billing {
        pending_invitation: 2,
        ..Billing::default()
    });
    let simulator = Simulator::start(github(seats)).unwrap();
    let step = job(&simulator).input("format", "csv, html").run();
    step.succeeded();
    assert_eq!(step.output("complete"), "true");
    assert_eq!((pages(&simulator), counts(&simulator)), (3, 1));
    let control = &manifest(&step)["control"];
    assert_eq!(control["path"], "/orgs/acme/copilot/billing");
    assert_eq!(control["status"], 200);
    assert!(control["request_id"].as_str().unwrap().starts_with("C0DE:"));
    assert_eq!(control["problem"], Value::Null);
    let seats = &control["seats"];
    assert_eq!(
        (&seats["total"], &seats["pending_invitation"]),
        (&252.into(), &2.into())
    );
    assert_eq!(seats["pending_cancellation"], 14);
    let line = "GitHub's billing count: 252 seats, 2 invitations pending.";
    assert!(step.summary.contains(line), "{}", step.summary);
    let files = files_below(&step.workspace);
    let page = files
        .iter()
        .find(|path| path.extension().unwrap() == "html");
    let page = fs::read_to_string(page.unwrap()).unwrap();
    assert!(page.contains("billing count: 252 seats, 2 invitations pending."));
    assert_no_violations(&simulator);
}

#[test]
fn differences_that_are_no_mistake_are_no_reason() {
    let person = |n: u64| Row::of(&format!("mona-{n}"), n);
    let bill = |total, pending_invitation| Billing {
        total: Some(total),
        pending_invitation,
        ..Billing::default()
    };
    let two_and_one = || {
        [
            person(1),
            person(2).cancelled("2026-12-01"),
            Row::of("", 0).without_person(),
        ]
    };
    for (what, billing) in [
        ("invitations that are billed", bill(8, 5)),
        ("invitations that aren't billed", bill(2, 5)),
        ("a row without a person that is billed", bill(3, 0)),
        ("a person who's billed in another organization", bill(1, 0)),
        ("nobody is billed", bill(0, 0)),
        (
            "canceled seats of people who left",
            Billing {
                unlisted_cancellation: 2,
                ..bill(5, 0)
            },
        ),
    ] {
        let seats = Seats::rows(two_and_one()).billing(billing);
        let simulator = Simulator::start(github(seats)).unwrap();
        let step = job(&simulator).run();
        step.succeeded();
        assert_eq!(step.output("complete"), "true", "{what}");
        assert_eq!((pages(&simulator), counts(&simulator)), (1, 1), "{what}");
    }
}

#[test]
fn a_contradiction_that_stays_fails_after_one_more_reading_with_its_numbers() {
    let simulator = Simulator::start(github(billed(230, 233))).unwrap();
    let step = job(&simulator).run();
    let numbers = "GitHub bills 233 seats, not counting pending invitations and unlisted cancellations (`seat_breakdown` of /orgs/acme/copilot/billing), but its pages list 230 people";
    step.failed(
        1,
        &[
            "couldn't be verified as complete",
            numbers,
            "`require-complete: false`",
        ],
    );
    assert_eq!((pages(&simulator), counts(&simulator)), (6, 2));
    assert_eq!(files_below(&step.workspace).len(), 0);

    let step = job(&simulator).input("require-complete", "false").run();
    step.succeeded();
    assert_eq!(step.output("complete"), "false");
    let manifest = manifest(&step);
    assert_eq!(manifest["complete"], false);
    assert_eq!(manifest["incomplete_reasons"], Value::from(vec![numbers]));
    assert_eq!(manifest["control"]["seats"]["total"], 233);
}

#[test]
fn a_seat_granted_just_before_the_count_is_found_by_the_second_reading() {
    let simulator = Simulator::start(github(Seats::people(130))).unwrap();
    let grant = Kind::change(|github| {
        let rows = &mut github.organizations.get_mut("acme").unwrap().rows;
        rows.push(Row::of("newcomer", 90_000).value());
    });
    simulator.fault(Fault::once(At::Billing, grant));
    let step = job(&simulator).run();
    step.succeeded();
    assert_eq!(step.output("complete"), "true");
    assert_eq!(step.output("people"), "131");
    assert!(
        step.stdout
            .contains("reading the list of seats again: GitHub bills 131"),
        "{}",
        step.stdout
    );
    assert_eq!((pages(&simulator), counts(&simulator)), (4, 2));
}

#[test]
fn a_total_that_is_short_already_is_not_a_second_reason() {
    let seats = billed(230, 233).total_seats(TotalSeats::Fixed(233));
    let simulator = Simulator::start(github(seats)).unwrap();
    let step = job(&simulator).input("require-complete", "false").run();
    step.succeeded();
    let reasons = manifest(&step)["incomplete_reasons"].clone();
    assert_eq!(reasons.as_array().unwrap().len(), 1, "{reasons}");
    assert_eq!(counts(&simulator), 1);
}

#[test]
fn a_list_that_the_count_contradicts_revokes_nobody() {
    for missing in ["one page", "several pages", "a total that was always off"] {
        let people = if missing == "one page" { 50 } else { 230 };
        let mut seats = Seats::people(people);
        if missing == "a total that was always off" {
            seats = seats.total_seats(TotalSeats::Fixed(233));
        }
        let simulator = Simulator::start(github(seats)).unwrap();
        let job = |time: &str| {
            Job::on(&simulator)
                .input("deliver-to", "repository")
                .input("require-complete", "false")
                .variable("TEST_TIME", time)
        };
        job("2026-11-22T03:00:00Z").run().succeeded();
        // A seat disappears from the list, but GitHub still bills it, and others.
        simulator.change(|github| {
            let acme = github.organizations.get_mut("acme").unwrap();
            drop(acme.rows.remove(3));
            acme.billing.total = Some(300);
        });
        let step = job("2026-11-23T03:00:00Z").run();
        step.succeeded();
        assert_eq!(step.output("seats-removed"), "0", "{missing}");
        assert_eq!(step.output("complete"), "false", "{missing}");
        let directory = simulator.git_dir(OWN);
        let tree = git(&directory, &["ls-tree", "-r", "--name-only", "main"]);
        assert!(!tree.contains("changes/2026.csv"), "{missing}: {tree}");
        let known = file(&directory, "main:copilot-activity/acme/seats.csv");
        let lines = String::from_utf8(known).unwrap().lines().count();
        assert_eq!(lines, people + 1, "{missing}");
        assert_intact(&simulator, OWN);
    }
}

#[test]
fn a_count_that_cannot_be_read_is_recorded_as_such_and_fails_nothing() {
    let json = |body: &str| Kind::Status {
        status: 200,
        headers: Vec::new(),
        body: body.to_owned(),
    };
    let limit =
        Kind::status(429, "You have exceeded a secondary rate limit").header("retry-after", "7200");
    for (kind, status, problem) in [
        (
            Kind::status(403, "Forbidden"),
            403.into(),
            "GitHub refused the request",
        ),
        (
            Kind::status(404, "Not Found"),
            404.into(),
            "GitHub refused the request",
        ),
        (
            Kind::status(422, "Validation Failed"),
            422.into(),
            "GitHub refused the request",
        ),
        (limit, 429.into(), "GitHub asked to wait"),
        (Kind::status(500, "Oops"), 500.into(), "GitHub failed"),
        (Kind::Reset, Value::Null, "GitHub didn't respond"),
        (Kind::Html(200), 200.into(), "The response couldn't be used"),
        (json("{}"), 200.into(), "The response couldn't be used"),
        (
            json(r#"{"seat_breakdown": {"total": "many"}}"#),
            200.into(),
            "The response couldn't be used",
        ),
    ] {
        let simulator = Simulator::start(github(Seats::people(3))).unwrap();
        simulator.fault(Fault::always(At::Billing, kind.clone()));
        let step = job(&simulator).run();
        step.succeeded();
        assert_eq!(step.output("complete"), "true", "{kind:?}");
        let manifest = manifest(&step);
        let control = &manifest["control"];
        assert_eq!(
            (&control["status"], &control["problem"]),
            (&status, &problem.into()),
            "{kind:?}"
        );
        assert_eq!(
            (&control["seats"], &manifest["settings"]),
            (&Value::Null, &Value::Null)
        );
        let line = "GitHub's billing count and the settings of acme couldn't be read";
        assert_eq!(step.stdout.matches(line).count(), 1, "{}", step.stdout);
        assert_eq!(step.warnings(), Vec::<&str>::new());
        assert!(!step.summary.contains("billing count"), "{}", step.summary);
    }
}

#[test]
fn counts_that_github_leaves_out_are_unknown() {
    let simulator = Simulator::start(github(Seats::people(3))).unwrap();
    let empty = Kind::rewrite(|body| body["seat_breakdown"] = serde_json::json!({"total": null}));
    simulator.fault(Fault::always(At::Billing, empty));
    let step = job(&simulator).run();
    step.succeeded();
    let control = &manifest(&step)["control"];
    assert_eq!(
        (&control["seats"]["total"], &control["problem"]),
        (&Value::Null, &"The response has no total".into())
    );
    // Without the number of invitations, more billed seats than people prove nothing.
    for left_out in ["pending_invitation", "pending_cancellation"] {
        let simulator = Simulator::start(github(Seats::people(3))).unwrap();
        let more = Kind::rewrite(move |body| {
            body["seat_breakdown"]["total"] = 4.into();
            body["seat_breakdown"][left_out] = Value::Null;
        });
        simulator.fault(Fault::always(At::Billing, more));
        let step = job(&simulator).run();
        step.succeeded();
        assert_eq!(step.output("complete"), "true", "{left_out}");
    }
}

#[test]
fn an_enterprise_has_no_second_count_and_none_is_requested() {
    let token = Token::new().enterprise(["octocorp"]);
    let github = github(Seats::people(0))
        .enterprise("octocorp", Seats::enterprise_people(20))
        .token(TOKEN, token);
    let simulator = Simulator::start(github).unwrap();
    let step = job(&simulator).input("enterprise", "octocorp").run();
    step.succeeded();
    assert_eq!(counts(&simulator), 0);
    let manifest = manifest(&step);
    assert_eq!(
        (&manifest["control"], &manifest["settings"]),
        (&Value::Null, &Value::Null)
    );
    assert_no_violations(&simulator);
}
