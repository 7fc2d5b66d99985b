//! People made up for tests and demonstrations: always the same ones, and of every kind that real lists hold.

use crate::seat::Row;

const SURFACES: [Option<&str>; 12] = [
    Some("vscode/1.113.0/copilot-chat/0.41.1"),
    Some("JetBrains-IU/261.22158.277/copilot-intellij/1.6.2-nightly.19625-243"),
    Some("copilot-cli"),
    Some("vscode/1.114.0-insider/copilot-chat/0.42.2026032703"),
    Some("VisualStudio/17.14.28/copilot-vs/17.14.1601.40145"),
    Some("copilot-chat-platform"),
    Some("Xcode/26.4/copilot-xcode/0.47.0"),
    Some("copilot_pr_review"),
    Some("unknown/GitHubCopilotChat/0.33.3"),
    Some("copilot-mobile-ios"),
    Some("/unknown"),
    None,
];

const OFFSETS: [&str; 4] = ["Z", "-06:00", "+02:00", "+05:30"];

const ORGANIZATIONS: [(&str, u64); 3] = [("acme", 7), ("initech", 8), ("umbrella", 9)];

/// One row for each of `n` people.
pub(crate) fn organization(n: usize) -> Vec<Row> {
    (0..n).map(person).collect()
}

/// One row for each of `n` people and each organization they have a seat in.
pub(crate) fn enterprise(n: usize) -> Vec<Row> {
    let mut rows = Vec::new();
    for i in 0..n {
        let seats = if i % 11 == 10 {
            3
        } else if i % 5 == 4 {
            2
        } else {
            1
        };
        for seat in 0..seats {
            let row = person(i).plan("enterprise");
            rows.push(match (i + seat) % 7 {
                6 if seat == 0 => row.no_organization().enterprise_team("All engineers", 900),
                _ => {
                    let (login, id) = ORGANIZATIONS[(i + seat) % ORGANIZATIONS.len()];
                    row.organization(login, id)
                }
            });
        }
    }
    rows
}

/// The `i`-th person, counting from 0.
fn person(i: usize) -> Row {
    let id = 1000 + i as u64;
    let row = Row::of(&login(i), id).created(&time(i * 3, i, "Z"));
    let row = match i % 6 {
        2 => row.team("a team", 40),
        4 => row.team("Research, \"and\" development", 41),
        _ => row,
    };
    let row = if i % 17 == 16 {
        row.cancelled("2026-12-01")
    } else {
        row
    };
    if i % 9 == 8 {
        // Granted, and never used since; half of these people never even signed in.
        return if i.is_multiple_of(2) {
            row
        } else {
            row.authenticated(&time(200 + i, i, "Z"))
        };
    }
    let offset = OFFSETS[i % OFFSETS.len()];
    let row = row
        .activity(&time(230 + i * 7, i * 11, offset))
        .authenticated(&time(220 + i * 7, i, "Z"));
    match SURFACES[i % SURFACES.len()] {
        Some(surface) => row.surface(surface),
        None => row,
    }
}

fn login(i: usize) -> String {
    match i {
        0 => "octocat".to_owned(),
        1 => "monalisa".to_owned(),
        2 => "hubot".to_owned(),
        _ if i % 13 == 12 => format!("mona-{:04}_acme", i + 1),
        _ if i % 19 == 18 => format!("Mona-{:04}", i + 1),
        _ => format!("mona-{:04}", i + 1),
    }
}

/// A time in 2026 that depends on two numbers only.
fn time(day: usize, minute: usize, offset: &str) -> String {
    let day = day % 308;
    format!(
        "2026-{:02}-{:02}T{:02}:{:02}:{:02}{offset}",
        1 + day / 28,
        1 + day % 28,
        minute % 24,
        minute % 60,
        day % 60
    )
}
