//! Seats, page by page.

use std::collections::HashSet;

use serde_json::Value;
use simulator::{Billing, GeneratedPeople, GitHub, Paging, Seats, Simulator, Token, TotalSeats};

use crate::client::{Reply, TOKEN, assert_no_violations, get, start};

const ACME: &str = "/orgs/acme/copilot/billing/seats?per_page=100";

fn follow(simulator: &Simulator, first: &str) -> Vec<Reply> {
    let mut pages = vec![get(simulator, first)];
    while let Some(next) = pages.last().unwrap().link("next") {
        pages.push(get(simulator, &next));
    }
    pages
}

fn logins(pages: &[Reply]) -> HashSet<String> {
    let rows = pages
        .iter()
        .flat_map(|page| page.json()["seats"].as_array().unwrap().clone());
    rows.map(|row| row["assignee"]["login"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn every_kind_of_paging_reaches_all_rows() {
    let simulator = start();
    let with = |paging: Paging| {
        simulator.change(|github| github.organizations.get_mut("acme").unwrap().paging = paging);
        get(&simulator, ACME)
    };
    assert!(with(Paging::NextOnly).link("last").is_none());
    assert_eq!(follow(&simulator, ACME).len(), 3);
    assert!(
        with(Paging::Cursor)
            .link("next")
            .unwrap()
            .contains("after=")
    );
    assert_eq!(logins(&follow(&simulator, ACME)).len(), 250);
    assert!(
        with(Paging::ForeignHost("https://example.com".to_owned()))
            .link("next")
            .unwrap()
            .starts_with("https://example.com/")
    );
    assert!(with(Paging::Loop).link("next").unwrap().ends_with("page=1"));
    assert!(with(Paging::None).header("link").is_none());
    assert_no_violations(&simulator);
}

#[test]
fn total_seats_can_have_any_value() {
    let simulator = start();
    let with = |total: TotalSeats, page: u32| -> Value {
        simulator
            .change(|github| github.organizations.get_mut("acme").unwrap().total_seats = total);
        get(&simulator, &format!("{ACME}&page={page}")).json()["total_seats"].clone()
    };
    assert_eq!(with(TotalSeats::Fixed(7), 1), 7);
    assert_eq!(with(TotalSeats::Missing, 1), Value::Null);
    assert_eq!(with(TotalSeats::NotANumber, 1), "many");
    let moving = TotalSeats::PerPage(vec![250, 251]);
    assert_eq!(
        (
            with(moving.clone(), 1),
            with(moving.clone(), 2),
            with(moving, 3)
        ),
        (250.into(), 251.into(), 251.into())
    );
}

#[test]
fn the_default_page_size_is_fifty_and_a_violation() {
    let simulator = start();
    let page = get(&simulator, "/orgs/acme/copilot/billing/seats");
    assert_eq!(page.json()["seats"].as_array().unwrap().len(), 50);
    let page = get(&simulator, "/orgs/acme/copilot/billing/seats?per_page=1000");
    assert_eq!(page.json()["seats"].as_array().unwrap().len(), 100);
    assert_eq!(simulator.violations().len(), 2);
}

#[test]
fn a_token_without_the_permission_gets_a_404_that_names_what_is_missing() {
    let github = GitHub::new()
        .organization("acme", Seats::people(3))
        .token(TOKEN, Token::new().scopes("repo"));
    let simulator = Simulator::start(github).unwrap();
    let reply = get(&simulator, ACME);
    assert_eq!(reply.status, 404);
    assert_eq!(reply.header("x-oauth-scopes"), Some("repo"));
    assert_eq!(
        reply.header("x-accepted-oauth-scopes"),
        Some("manage_billing:copilot, read:org")
    );
    assert_eq!(reply.json()["message"], "Not Found");
    assert!(reply.header("x-github-request-id").is_some());

    let url = "https://github.com/orgs/acme/sso?authorization_request=1";
    simulator.change(|github| {
        github.tokens.insert(
            TOKEN.to_owned(),
            Token::new().copilot(["acme"]).sso_required(url),
        );
    });
    let reply = get(&simulator, ACME);
    assert_eq!(reply.status, 403);
    assert_eq!(
        reply.header("x-github-sso"),
        Some(format!("required; url={url}").as_str())
    );
    assert_no_violations(&simulator);
}

#[test]
fn generated_rows_are_listed_like_stored_ones() {
    let list = |organization, enterprise| {
        let github = GitHub::new()
            .organization("acme", organization)
            .enterprise("globex", enterprise)
            .token(TOKEN, Token::new().copilot(["acme"]).enterprise(["globex"]));
        let simulator = Simulator::start(github).unwrap();
        [
            ACME,
            "/enterprises/globex/copilot/billing/seats?per_page=100",
        ]
        .map(|first| {
            let pages = follow(&simulator, first);
            pages.iter().map(Reply::json).collect::<Vec<_>>()
        })
    };
    // More than two periods of an enterprise's people.
    let kept = list(Seats::people(130), Seats::enterprise_people(130));
    assert_eq!(kept[1][0]["total_seats"], 130);
    let generated = [
        GeneratedPeople::organization(130),
        GeneratedPeople::enterprise(130),
    ];
    let [organization, enterprise] = generated.map(Seats::generated);
    assert!(list(organization, enterprise) == kept);
}

#[test]
fn a_renamed_organization_keeps_its_id_and_the_freed_name_gets_another() {
    let simulator = start();
    let number = || get(&simulator, "/orgs/acme").json()["id"].clone();
    let first = number();
    assert!(first.is_u64());
    simulator.change(|github| github.rename("acme", "initech"));
    assert_eq!(get(&simulator, "/orgs/acme").status, 404);
    let renamed = get(&simulator, "/orgs/Initech").json();
    assert_eq!(
        (&renamed["id"], &renamed["login"]),
        (&first, &"initech".into())
    );
    let pages = follow(&simulator, &ACME.replace("acme", "initech"));
    assert_eq!(logins(&pages).len(), 250);
    simulator.change(|github| {
        github
            .organizations
            .insert("acme".to_owned(), Seats::people(1));
    });
    assert_ne!(number(), first);
    assert_no_violations(&simulator);
}

#[test]
fn the_billing_counts_what_the_list_shows_and_needs_the_same_permission() {
    let billing = |seats: Seats| {
        let github = GitHub::new()
            .organization("acme", seats)
            .organization("globex", Seats::people(1))
            .token(TOKEN, Token::new().copilot(["acme"]));
        let simulator = Simulator::start(github).unwrap();
        let refused = get(&simulator, "/orgs/globex/copilot/billing");
        assert_eq!(refused.status, 404);
        let body = get(&simulator, "/orgs/acme/copilot/billing").json();
        assert_no_violations(&simulator);
        body
    };
    let stored = billing(Seats::people(130));
    let counts = &stored["seat_breakdown"];
    assert_eq!(counts["total"], 130);
    assert_eq!(counts["pending_cancellation"], 7);
    assert_eq!(counts["active_this_cycle"], 116);
    assert_eq!(stored["plan_type"], "business");
    assert_eq!(
        billing(Seats::generated(GeneratedPeople::organization(130))),
        stored
    );

    let mut settings = Billing {
        pending_invitation: 5,
        ..Billing::default()
    };
    settings.set("cli", "disabled");
    let set = billing(Seats::people(130).billing(settings));
    assert_eq!(set["cli"], "disabled");
    assert_eq!(set["seat_breakdown"]["total"], 135);
    assert_eq!(set["seat_breakdown"]["pending_invitation"], 5);
}
