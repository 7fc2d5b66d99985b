//! People who get seats, use Copilot, stop using it, and lose their seats.

use jiff::{SignedDuration, Timestamp};
use simulator::seat::Row;

/// GitHub forgets an activity after this many days.
const RETENTION_DAYS: i64 = 90;

const SURFACES: [&str; 5] = [
    "vscode/1.113.0/copilot-chat/0.41.1",
    "JetBrains-IU/261.22158.277/copilot-intellij/1.6.2",
    "copilot-cli",
    "vscode/1.114.0/copilot-chat/0.42.0",
    "copilot_pr_review",
];
const TEAMS: [(&str, u64); 4] = [
    ("platform", 40),
    ("web", 41),
    ("mobile", 42),
    ("research", 43),
];

/// One person with a seat.
struct Person {
    login: String,
    id: u64,
    granted: Timestamp,
    /// On how many of 100 days they use Copilot.
    habit: u64,
    last_activity: Option<Timestamp>,
    /// Days of the demo on which they don't use it, whatever their habit.
    away: std::ops::Range<i64>,
}

/// The members of an organization on one day.
pub(crate) struct Members {
    people: Vec<Person>,
    next_id: u64,
}

impl Members {
    /// Members of an organization that started to use Copilot some months ago.
    pub(crate) fn new(people: u64, now: Timestamp) -> Self {
        let mut members = Self {
            people: Vec::new(),
            next_id: 1,
        };
        for number in 0..people {
            let weeks = i64::try_from(number * 52 / people).unwrap_or_default();
            members.hire(now - days(7 * weeks + 10));
        }
        // Someone who comes back after more than 100 days, when GitHub has long forgotten them.
        if let Some(octocat) = members.people.first_mut() {
            octocat.habit = 90;
            octocat.away = 4..112;
        }
        // They have used it before the first report.
        for day in -30..0 {
            members.use_copilot(day, now + days(day));
        }
        members
    }

    /// Simulates the day before `now`, which is day `day` of the demo.
    pub(crate) fn simulate_day(&mut self, day: i64, now: Timestamp) {
        self.use_copilot(day, now);
        // New people come most days. Every other week, seats that nobody uses are taken back.
        if random(7, day) % 10 < 6 {
            self.hire(now - SignedDuration::from_hours(5));
        }
        if day % 14 == 13 {
            let mut left = 5;
            self.people.retain(|person| {
                let since = person.last_activity.unwrap_or(person.granted);
                let is_idle = now.duration_since(since) > days(60) && person.away.is_empty();
                let is_revoked = is_idle && left > 0;
                left -= usize::from(is_revoked);
                !is_revoked
            });
        }
    }

    fn use_copilot(&mut self, day: i64, now: Timestamp) {
        for person in &mut self.people {
            let luck = random(person.id, day);
            if luck % 100 < person.habit && !person.away.contains(&day) && person.granted < now {
                let hours = i64::try_from(luck / 100 % 20).unwrap_or_default();
                person.last_activity = Some(now - SignedDuration::from_hours(hours + 1));
            }
        }
    }

    /// The seats as GitHub lists them at `now`.
    pub(crate) fn seats(&self, now: Timestamp) -> Vec<Row> {
        self.people
            .iter()
            .map(|person| {
                let (team, team_id) = TEAMS[index(person.id, TEAMS.len())];
                let row = Row::of(&person.login, person.id)
                    .created(&person.granted.to_string())
                    .team(team, team_id);
                let recent = person
                    .last_activity
                    .filter(|time| now.duration_since(*time) < days(RETENTION_DAYS));
                match recent {
                    Some(time) => row
                        .activity(&time.to_string())
                        .authenticated(&time.to_string())
                        .surface(SURFACES[index(person.id * 7, SURFACES.len())]),
                    None => row,
                }
            })
            .collect()
    }

    fn hire(&mut self, granted: Timestamp) {
        let id = self.next_id;
        self.next_id += 1;
        let login = match id {
            1 => "octocat".to_owned(),
            2 => "monalisa".to_owned(),
            3 => "hubot".to_owned(),
            id => format!("mona-{id:04}"),
        };
        // One in ten never uses their seat, one in six rarely does.
        let habit = match random(id, -1) % 60 {
            0..6 => 0,
            6..16 => 1,
            16..30 => 15,
            _ => 55,
        };
        self.people.push(Person {
            login,
            id,
            granted,
            habit,
            last_activity: None,
            away: 0..0,
        });
    }
}

fn days(days: i64) -> SignedDuration {
    SignedDuration::from_hours(24 * days)
}

fn index(number: u64, len: usize) -> usize {
    usize::try_from(number).unwrap_or_default() % len
}

/// A number that looks random, and is the same in every run (SplitMix64).
fn random(person: u64, day: i64) -> u64 {
    let mut z = person.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ day.cast_unsigned().rotate_left(32);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}
