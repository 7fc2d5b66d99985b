//! Generated people for tests and demos. They're always the same, with the variety of real lists.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD_NO_PAD;
use sha2::{Digest as _, Sha256};

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

/// The number of seats per person in an enterprise repeats after this many people.
const PERIOD: usize = 55;

/// Generated people with seats. Rows are generated on demand, because there can be very many.
///
/// Their logins are `octocat`, `monalisa`, `hubot`, `mona-0004`, …. Surfaces, plans, and times
/// vary, and some never used Copilot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GeneratedPeople {
    people: usize,
    is_enterprise: bool,
    padding: usize,
}

impl GeneratedPeople {
    /// People with one seat each in an organization.
    pub fn organization(people: usize) -> Self {
        Self {
            people,
            is_enterprise: false,
            padding: 0,
        }
    }

    /// People with seats in an enterprise with three organizations. Every fifth person has seats in
    /// two of them, and every eleventh in all three, so there are more rows than people.
    pub fn enterprise(people: usize) -> Self {
        Self {
            is_enterprise: true,
            ..Self::organization(people)
        }
    }

    /// Makes each surface longer by this many bytes that don't compress. The report can be large
    /// without many requests.
    pub fn padding(mut self, bytes: usize) -> Self {
        self.padding = bytes;
        self
    }

    /// The number of people.
    pub(crate) fn people(&self) -> usize {
        self.people
    }

    /// The number of rows.
    pub(crate) fn rows(&self) -> usize {
        if self.is_enterprise {
            self.people / PERIOD * seats_before(PERIOD) + seats_before(self.people % PERIOD)
        } else {
            self.people
        }
    }

    /// The number of people in an organization whose seat ends.
    pub(crate) fn canceled(&self) -> usize {
        self.people / 17
    }

    /// The number of people in an organization who used Copilot.
    pub(crate) fn active(&self) -> usize {
        self.people - self.people / 9
    }

    /// The `i`-th row, counting from 0.
    pub(crate) fn row(&self, i: usize) -> Row {
        let row = if self.is_enterprise {
            enterprise_row(i)
        } else {
            person(i)
        };
        if self.padding == 0 {
            return row;
        }
        let surface = row.surface_used().unwrap_or_default();
        let mut longer = format!("{surface}/");
        for part in 0..self.padding.div_ceil(43) {
            longer += &BASE64_STANDARD_NO_PAD.encode(Sha256::digest(format!("{i} {part}")));
        }
        row.surface(&longer)
    }
}

/// The number of seats of the `i`-th person in an enterprise.
fn seats(i: usize) -> usize {
    if i % 11 == 10 {
        3
    } else if i % 5 == 4 {
        2
    } else {
        1
    }
}

/// The number of seats of the first `n` people in an enterprise, up to one period.
fn seats_before(n: usize) -> usize {
    (0..n).map(seats).sum()
}

fn enterprise_row(row: usize) -> Row {
    let whole = seats_before(PERIOD);
    let mut i = row / whole * PERIOD;
    let mut seat = row % whole;
    while seat >= seats(i) {
        seat -= seats(i);
        i += 1;
    }
    let row = person(i).plan("enterprise");
    match (i + seat) % 7 {
        6 if seat == 0 => row.no_organization().enterprise_team("All engineers", 900),
        _ => {
            let (login, id) = ORGANIZATIONS[(i + seat) % ORGANIZATIONS.len()];
            row.organization(login, id)
        }
    }
}

/// The `i`-th person, counting from 0.
fn person(i: usize) -> Row {
    let id = 1000 + i as u64;
    // The year before their activity, so that no grant is in the future.
    let granted = time(i * 3, i, "Z").replacen("2026", "2025", 1);
    let row = Row::of(&login(i), id).created(&granted);
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
        // Granted and never used. Half of these people never signed in.
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

/// A time in the first ten months of 2026 that depends only on the two numbers.
fn time(day: usize, minute: usize, offset: &str) -> String {
    let day = day % 280;
    format!(
        "2026-{:02}-{:02}T{:02}:{:02}:{:02}{offset}",
        1 + day / 28,
        1 + day % 28,
        minute % 24,
        minute % 60,
        day % 60
    )
}
