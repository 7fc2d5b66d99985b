//! What the repository must say, kept beside it in the words of the documentation: who was shown
//! when, what differs from one report to the next, what was ever known of somebody.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

use super::company::{Key, SHOWN, Shown};

pub const CHANGES: &str = "Report Time,Login,Organization,Team,Change,From,To\n";

const SEATS: &str = "Login,User Id,Organization,Organization Id,Team,Team Id,Plan Type,Assigned At,\
                     Pending Cancellation Date,Last Authenticated At,Last Activity At,Last Surface Used\n";
const PEOPLE: &str = "User Id,Login,First Seen,Last Seen,Tracked Since,Holds Seat,Last Known Activity At,\
                      Last Known Surface,Last Known Authentication At\n";
const TOTALS: &str =
    "Report Time,Seats,People,Active,Inactive,Never Used,New,Granted,Revoked,Complete\n";
const LATEST: &str = "Report Time,Login,Last Authenticated At,Last Activity At,Last Surface Used";

/// From when somebody counts as inactive.
const INACTIVE_AFTER: SignedDuration = SignedDuration::from_hours(30 * 24);

/// The files as they must be after a report that was recorded.
pub struct Page {
    pub day: Date,
    pub files: BTreeMap<&'static str, String>,
}

#[derive(Default)]
pub struct Ledger {
    is_enterprise: bool,
    before: Vec<Shown>,
    people: BTreeMap<u64, Known>,
    days: Vec<(Timestamp, [usize; 8])>,
    /// The lines of each year's changes.
    pub changes: BTreeMap<i16, Vec<String>>,
}

struct Known {
    login: String,
    first: Timestamp,
    last: Timestamp,
    /// The reports they were in.
    seen: Vec<Timestamp>,
    holds: bool,
    used: Option<(Timestamp, Option<&'static str>)>,
    signed_in: Option<Timestamp>,
}

impl Known {
    /// The first of the reports with them from which on no two are more than 90 days apart.
    fn tracked_since(&self) -> Timestamp {
        let mut first = self.last;
        for earlier in self.seen.iter().rev() {
            if first.duration_since(*earlier) > SHOWN {
                break;
            }
            first = *earlier;
        }
        first
    }
}

impl Ledger {
    pub fn new(is_enterprise: bool) -> Self {
        Self {
            is_enterprise,
            ..Self::default()
        }
    }

    /// Whether a report that shows this differs from the last recorded one.
    pub fn differs(&self, shown: &[Shown]) -> bool {
        self.days.is_empty() || seats(&self.before) != seats(shown)
    }

    /// Takes in a report; nothing where it is not to be recorded.
    pub fn take(&mut self, time: Timestamp, shown: Vec<Shown>) -> Option<Page> {
        let day = date(time);
        let again = self.days.last().is_some_and(|last| date(last.0) == day);
        if again && !self.differs(&shown) {
            return None;
        }
        let is_first = self.days.is_empty();
        let (mut granted, mut revoked) = (0, 0);
        if !is_first {
            let lines = changes(&self.before, &shown);
            granted = lines.iter().filter(|line| line[3] == "granted").count();
            revoked = lines.iter().filter(|line| line[3] == "revoked").count();
            let mut lines: Vec<String> = lines
                .iter()
                .map(|line| table([[time.to_string()].iter().chain(line)]))
                .collect();
            lines.sort();
            self.changes.entry(day.year()).or_default().extend(lines);
        }
        if again {
            let (_, replaced) = self.days.pop().unwrap();
            (granted, revoked) = (granted + replaced[6], revoked + replaced[7]);
        }
        self.see(time, &shown);
        let counts = self.counts(time, &shown);
        let [people, active, inactive, never, new] = counts;
        let line = [
            shown.len(),
            people,
            active,
            inactive,
            never,
            new,
            granted,
            revoked,
        ];
        self.days.push((time, line));
        let files = [
            ("seats.csv", format!("{SEATS}{}", seats(&shown))),
            ("people.csv", format!("{PEOPLE}{}", self.people())),
            ("totals.csv", format!("{TOTALS}{}", self.totals())),
            ("latest.csv", self.latest(time, &shown)),
        ];
        self.before = shown;
        Some(Page {
            day,
            files: files.into(),
        })
    }

    fn see(&mut self, time: Timestamp, shown: &[Shown]) {
        for known in self.people.values_mut() {
            known.holds = false;
        }
        for seat in shown {
            let (Some(id), Some(login)) = (seat.key.person, &seat.login) else {
                continue;
            };
            let known = self.people.entry(id).or_insert_with(|| Known {
                login: String::new(),
                first: time,
                last: time,
                seen: Vec::new(),
                holds: true,
                used: None,
                signed_in: None,
            });
            known.login.clone_from(login);
            known.last = time;
            known.seen.push(time);
            known.holds = true;
            known.signed_in = known.signed_in.max(seat.signed_in);
            if let Some(used) = seat.used
                && known.used.is_none_or(|known| known.0 < used)
            {
                known.used = Some((used, seat.surface));
            }
        }
    }

    /// People, active, inactive, never used, new.
    fn counts(&self, time: Timestamp, shown: &[Shown]) -> [usize; 5] {
        let recent = |then: Timestamp| time.duration_since(then) < INACTIVE_AFTER;
        let mut oldest: BTreeMap<u64, Timestamp> = BTreeMap::new();
        for seat in shown {
            if let Some(id) = seat.key.person {
                let grant = oldest.entry(id).or_insert(seat.granted);
                *grant = seat.granted.min(*grant);
            }
        }
        let mut counts = [oldest.len(), 0, 0, 0, 0];
        for (id, granted) in oldest {
            let known = &self.people[&id];
            let used = known.used.map(|used| used.0);
            let known_since = known.tracked_since() - SHOWN;
            let place = if used.is_some_and(recent) {
                1
            } else if recent(granted) {
                4
            } else if used.is_none() && granted >= known_since {
                3
            } else {
                2
            };
            counts[place] += 1;
        }
        counts
    }

    fn people(&self) -> String {
        let mut people: Vec<(&u64, &Known)> = self.people.iter().collect();
        people.sort_by_key(|(id, known)| (known.login.to_lowercase(), &known.login, **id));
        let lines = people.iter().map(|(id, known)| {
            [
                id.to_string(),
                known.login.clone(),
                known.first.to_string(),
                known.last.to_string(),
                known.tracked_since().to_string(),
                known.holds.to_string(),
                cell(known.used.map(|used| used.0)),
                cell(known.used.and_then(|used| used.1)),
                cell(known.signed_in),
            ]
        });
        table(lines)
    }

    fn totals(&self) -> String {
        let lines = self.days.iter().map(|(time, counts)| {
            let counts = counts.iter().map(ToString::to_string);
            [time.to_string()]
                .into_iter()
                .chain(counts)
                .chain(["true".to_owned()])
                .collect::<Vec<_>>()
        });
        table(lines)
    }

    fn latest(&self, time: Timestamp, shown: &[Shown]) -> String {
        let none = |text: Option<String>| text.unwrap_or_else(|| "None".to_owned());
        let lines = ordered(shown).into_iter().map(|seat| {
            let mut line = vec![
                time.to_string(),
                none(seat.login.clone()),
                none(seat.signed_in.map(|time| time.to_string())),
                none(seat.used.map(|time| time.to_string())),
                none(seat.surface.map(str::to_owned)),
            ];
            if self.is_enterprise {
                line.push(none(seat.organization.clone()));
            }
            line
        });
        let last = if self.is_enterprise {
            ",Organization\n"
        } else {
            "\n"
        };
        format!("{LATEST}{last}{}", table(lines))
    }

    /// How many lines there are in all, and how many days.
    pub fn extent(&self) -> (usize, usize) {
        (self.changes.values().map(Vec::len).sum(), self.days.len())
    }

    /// Every kind of change that happened.
    pub fn kinds(&self) -> BTreeSet<&str> {
        let cells = |line| str::split(line, ',').rev();
        let lines = self.changes.values().flatten();
        lines.filter_map(|line| cells(line).nth(2)).collect()
    }
}

/// The day in UTC.
pub fn date(time: Timestamp) -> Date {
    time.to_zoned_datetime(jiff::tz::TimeZone::UTC).date()
}

/// All that changed: login, organization, team, change, from, to.
fn changes(before: &[Shown], now: &[Shown]) -> Vec<[String; 6]> {
    let by_key = |seats: &[Shown]| -> BTreeMap<Key, Shown> {
        seats.iter().map(|seat| (seat.key, seat.clone())).collect()
    };
    let (before, now) = (by_key(before), by_key(now));
    let mut lines = Vec::new();
    let mut push = |seat: &Shown, change: &str, from: String, to: String| {
        lines.push([
            cell(seat.login.as_ref()),
            cell(seat.organization.as_ref()),
            cell(seat.team.as_ref()),
            change.to_owned(),
            from,
            to,
        ]);
    };
    for (key, seat) in &before {
        if !now.contains_key(key) {
            push(seat, "revoked", seat.granted.to_string(), String::new());
        }
    }
    for (key, seat) in &now {
        let Some(old) = before.get(key) else {
            push(seat, "granted", String::new(), seat.granted.to_string());
            continue;
        };
        if old.granted != seat.granted {
            let times = [old, seat].map(|seat| seat.granted.to_string());
            let [from, to] = times;
            push(seat, "reassigned", from, to);
        }
        if old.ends != seat.ends {
            let kind = match seat.ends {
                Some(_) => "cancellation scheduled",
                None => "cancellation removed",
            };
            push(seat, kind, cell(old.ends), cell(seat.ends));
        }
        let known = |plan: Option<&'static str>| plan.filter(|plan| *plan != "unknown");
        if let (Some(from), Some(to)) = (known(old.plan), known(seat.plan))
            && from != to
        {
            push(seat, "plan changed", from.to_owned(), to.to_owned());
        }
    }
    let logins = |seats: &BTreeMap<Key, Shown>| -> BTreeMap<u64, String> {
        let logins = seats.values().map(|seat| (seat.key.person, &seat.login));
        logins
            .filter_map(|(id, login)| Some((id?, login.clone()?)))
            .collect()
    };
    let (old, new) = (logins(&before), logins(&now));
    for (id, to) in new {
        if let Some(from) = old.get(&id).filter(|from| **from != to) {
            let nothing = String::new;
            let renamed = "renamed".to_owned();
            lines.push([to.clone(), nothing(), nothing(), renamed, from.clone(), to]);
        }
    }
    lines
}

/// The report's order.
fn ordered(shown: &[Shown]) -> Vec<&Shown> {
    let mut seats: Vec<&Shown> = shown.iter().collect();
    let none = |text: &Option<String>| text.clone().unwrap_or_else(|| "None".to_owned());
    seats.sort_by_key(|seat| {
        let login = none(&seat.login);
        (
            (login.to_lowercase(), login),
            none(&seat.organization),
            (seat.key.team, seat.granted, seat.key.person),
        )
    });
    seats
}

fn seats(shown: &[Shown]) -> String {
    let lines = ordered(shown).into_iter().map(|seat| {
        [
            cell(seat.login.as_ref()),
            cell(seat.key.person),
            cell(seat.organization.as_ref()),
            cell(seat.key.organization),
            cell(seat.team.as_ref()),
            cell(seat.key.team),
            cell(seat.plan),
            seat.granted.to_string(),
            cell(seat.ends),
            cell(seat.signed_in),
            cell(seat.used),
            cell(seat.surface),
        ]
    });
    table(lines)
}

fn cell(value: Option<impl ToString>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

fn table<C: AsRef<[u8]>>(lines: impl IntoIterator<Item = impl IntoIterator<Item = C>>) -> String {
    let mut csv = csv::Writer::from_writer(Vec::new());
    for line in lines {
        csv.write_record(line).unwrap();
    }
    String::from_utf8(csv.into_inner().unwrap()).unwrap()
}
