//! The page of a history.

use super::*;

#[test]
fn the_page_says_what_is_idle_what_changed_and_what_ends() {
    let mut repository = Repository::default();
    let team = |login, id, team: Option<(u64, &str)>| Seat {
        team: team.map(|(id, name)| {
            Arc::new(Team {
                id,
                name: name.into(),
            })
        }),
        ..seat(login, id)
    };
    let web = Some((7, "web"));
    let before = vec![
        team("hubot", 1, web),
        team("monalisa", 2, web),
        team("octocat", 3, None),
    ];
    repository.quietly(&report(MORNING, before));
    let ending = Seat {
        pending_cancellation_date: Some("2026-12-01".parse().unwrap()),
        ..used(team("octocat", 3, None), MORNING, "vscode")
    };
    let after = vec![
        Seat {
            created_at: Some(at(EVENING)),
            ..team("defunkt", 4, web)
        },
        team("monalisa", 2, Some((8, "api"))),
        ending,
    ];
    repository.quietly(&report("2026-11-25T06:00:00Z", after));
    let page = repository.text("README.md");
    for line in [
        "**1 of 3 Copilot seats is idle (33%)**",
        "| | Now<br>2026-11-25 | Last report<br>2026-11-22 |",
        "| **Idle** | 1 (33%) | 3 |",
        "- 2026-11-25: `monalisa` moved from team `web` to team `api`.",
        "- 2026-11-25: `hubot` lost the seat they had since 2026-01-05 (team `web`).",
        "- 2026-11-25: `defunkt` got a seat on 2026-11-22 (team `web`).",
        "- 2026-11-25: The seat of `octocat` ends on 2026-12-01.",
        "| `api` | 1 | 1 (100%) | `monalisa` | 93 or more |",
        "- 2026-12-01: `octocat`",
    ] {
        assert!(page.lines().any(|other| other == line), "{line}: {page}");
    }
    let missing = "2 days are recorded, from 2026-11-22 to 2026-11-25. 2 days in between have no report (2026-11-23 to 2026-11-24).";
    assert!(page.contains(missing), "{page}");
    assert!(!page.contains("| `web` |"), "{page}");
}
