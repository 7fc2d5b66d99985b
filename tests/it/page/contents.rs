//! What the page says, and that names in it are only text.

use crate::support::page::Page;
use crate::support::{Job, OWN, github};
use serde_json::json;
use simulator::seat::Row;
use simulator::{Repository, Seats, Simulator, TotalSeats};

const NOW: &str = "2026-11-22T03:00:00Z";

fn job(simulator: &Simulator) -> Job {
    Job::on(simulator)
        .variable("TEST_TIME", NOW)
        .input("deliver-to", "none")
        .input("format", "csv, html")
}

/// One person of each status.
fn seats() -> Seats {
    Seats::rows([
        Row::of("octocat", 1)
            .created("2026-01-05T09:00:00Z")
            .activity("2026-11-20T03:00:01Z")
            .surface("vscode/1.113.0/copilot-chat/0.41.1")
            .team("=1+1, \"team\"", 7),
        Row::of("Hubot", 2).created("2026-11-20T09:00:00Z"),
        Row::of("monalisa", 3)
            .created("2026-10-01T09:00:00Z")
            .cancelled("2026-12-01"),
        Row::of("mona-inactive", 4)
            .created("2026-01-05T09:00:00Z")
            .activity("2026-09-01T04:00:00Z")
            .surface("JetBrains-IU/261.22158"),
        Row::of("mona-unknown", 5).created("2024-01-05T09:00:00Z"),
    ])
}

#[test]
fn people_are_on_the_page_with_their_status_longest_idle_first() {
    let simulator = Simulator::start(github(seats())).unwrap();
    let step = job(&simulator).run();
    step.succeeded();
    let page = Page::of(&step);
    page.is_closed();
    assert_eq!(
        page.data(),
        json!({
            "file": "acme-seat-activity-1795316400",
            "inactiveDays": 30,
            "editors": ["No activity known", "IntelliJ IDEA", "VS Code"],
            "teams": ["No team", "=1+1, \"team\""],
            "organizations": ["No organization"],
            "plans": ["business"],
            "login": ["mona-unknown", "mona-inactive", "monalisa", "Hubot", "octocat"],
            // Active, new, inactive, never used.
            "status": [2, 2, 3, 1, 0],
            "activity": [null, 20697, null, null, 20777],
            "idle": [90, 81, 51, 1, 1],
            "longer": [1, 0, 0, 0, 0],
            "editor": [0, 1, 0, 0, 2],
            "team": [0, 0, 0, 0, 1],
            "organization": [0, 0, 0, 0, 0],
            "plan": [0, 0, 0, 0, 0],
            "granted": [19727, 20458, 20727, 20777, 20458],
            "ends": [null, null, 20788, null, null],
        })
    );
    // The same is in the markup.
    let logins = page.html.split("<th scope=\"row\" class=\"name\"><bdi>");
    let logins: Vec<&str> = logins.map(|part| part.split('<').next().unwrap()).collect();
    assert!(
        logins.ends_with(&[
            "mona-unknown",
            "mona-inactive",
            "monalisa",
            "Hubot",
            "octocat"
        ]),
        "{logins:?}"
    );
    page.has("<td class=\"number\">90 or more</td>")
        .has("<td class=\"day\">2026-09-01</td>")
        .has("<td class=\"day\">2026-12-01</td>")
        .has("<bdi>=1+1, &#34;team&#34;</bdi>")
        .has("No activity is known for 3 people: 1 never used, 1 new, 1 inactive.");
}

#[test]
fn the_figures_agree_with_the_outputs() {
    let simulator = Simulator::start(github(Seats::people(250))).unwrap();
    let step = job(&simulator).run();
    step.succeeded();
    let page = Page::of(&step);
    let count = |name: &str| step.output(name).parse::<usize>().unwrap();
    let (people, idle) = (count("people"), count("inactive") + count("never-used"));
    assert_eq!(people, 250);
    page.has(&format!("{idle} of {people} Copilot seats are idle"));
    let cards: Vec<usize> = page
        .html
        .split("<dd class=\"figure\">")
        .skip(1)
        .map(|card| card.split([' ', '<']).next().unwrap().parse().unwrap())
        .collect();
    let outputs = ["seats", "active", "new", "inactive", "never-used"].map(count);
    assert_eq!(cards, outputs);
    let data = page.data();
    let numbers = |key: &str| -> Vec<u64> {
        let values = data[key].as_array().unwrap().iter();
        values.map(|value| value.as_u64().unwrap()).collect()
    };
    for (status, output) in (0..).zip(["active", "new", "inactive", "never-used"]) {
        let found = numbers("status").iter().filter(|it| **it == status).count();
        assert_eq!(found, count(output), "{output}");
    }
    // The slider counts the same people as the headline.
    let idle_at_limit = numbers("idle").iter().filter(|days| **days >= 30).count();
    assert_eq!(idle_at_limit, idle);
}

#[test]
fn names_are_only_text() {
    let long = "x".repeat(300);
    let names = [
        "</script><script>alert(1)</script>",
        "<!--<script>",
        "<img src=x onerror=alert(1)>",
        "\u{202e}evil\u{2028}",
        "\" onmouseover=\"alert(1)",
        "{{ 7 * 7 }}",
        &*long,
        "🦄",
    ];
    let rows = (1..).zip(names).map(|(id, name)| {
        Row::of(&format!("mona-{id}"), id)
            .team(name, id)
            .activity("2026-11-20T03:00:01Z")
            .surface(name)
    });
    let simulator = Simulator::start(github(Seats::rows(rows))).unwrap();
    let step = job(&simulator).run();
    step.succeeded();
    let page = Page::of(&step);
    assert_eq!(page.html.matches("<script").count(), 2);
    assert_eq!(page.html.matches("</script").count(), 2);
    page.lacks("<img")
        .has("&#34; onmouseover=&#34;")
        .lacks("\u{202e}")
        .lacks("\u{2028}")
        .has(&long)
        .has("🦄");
    let data = page.data();
    let teams = data["teams"].as_array().unwrap();
    for name in names.iter().filter(|name| !name.contains('\u{202e}')) {
        assert!(teams.contains(&json!(name)), "{name}");
    }
    assert!(teams.contains(&json!("\\u{202e}evil")), "{teams:?}");
}

#[test]
fn the_page_of_a_public_repository_names_no_one() {
    for (own, allowed, named) in [
        (Repository::public(), "false", false),
        (Repository::public(), "true", true),
        (Repository::private(), "false", true),
    ] {
        for summary in ["true", "false"] {
            let github = github(seats()).repository(OWN, own.clone());
            let simulator = Simulator::start(github).unwrap();
            let step = job(&simulator)
                .input("allow-public", allowed)
                .input("summary", summary)
                .run();
            step.succeeded();
            let page = Page::of(&step);
            assert_eq!(page.html.contains("octocat"), named);
            assert_eq!(page.html.contains("The page names no one"), !named);
            assert_eq!(page.html.contains("<script"), named);
            page.has("3 of 5 Copilot seats are idle");
        }
    }
}

#[test]
fn the_page_says_why_a_report_is_incomplete() {
    let short = seats().total_seats(TotalSeats::Fixed(9));
    let simulator = Simulator::start(github(short)).unwrap();
    let step = job(&simulator).input("require-complete", "false").run();
    step.succeeded();
    Page::of(&step)
        .has("This report couldn't be verified as complete")
        .has("GitHub counts 9 seats (<code>total_seats</code>)")
        .has("GitHub&#39;s own count is 9.")
        .lacks("✓ Complete");
}

#[test]
fn a_page_with_many_people_has_them_only_in_the_data() {
    for (people, in_markup) in [(500, true), (501, false)] {
        let simulator = Simulator::start(github(Seats::people(people))).unwrap();
        let step = job(&simulator).run();
        step.succeeded();
        let page = Page::of(&step);
        assert_eq!(page.html.contains("<bdi>octocat</bdi>"), in_markup);
        assert_eq!(page.html.contains("people needs JavaScript"), !in_markup);
        assert_eq!(page.data()["login"].as_array().unwrap().len(), people);
    }
}

#[test]
fn pseudonyms_are_on_the_page_instead_of_logins() {
    let simulator = Simulator::start(github(seats())).unwrap();
    let step = job(&simulator)
        .input("pseudonym-key", "a key of twenty and more")
        .run();
    step.succeeded();
    Page::of(&step)
        .is_closed()
        .lacks("octocat")
        .has("<bdi>person-")
        .has("<li>Pseudonyms</li>");
}

#[test]
fn without_people_there_is_still_a_page() {
    let simulator = Simulator::start(github(Seats::people(0))).unwrap();
    let step = job(&simulator).run();
    step.succeeded();
    Page::of(&step)
        .is_closed()
        .has("No one has a seat.")
        .lacks("NaN");
}
