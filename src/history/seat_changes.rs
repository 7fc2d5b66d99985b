//! Changes of seats as people read them: what a line of `changes/YYYY.csv` says, and which lines are
//! one event.

use std::collections::HashMap;

use csv::ByteRecord;
use jiff::{SignedDuration, Timestamp};

use super::changes::{self, Kind};

const WEEK: SignedDuration = SignedDuration::from_hours(7 * 24);

/// A change as the file has it. A missing value is empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeatChange {
    /// The report that showed the change.
    pub report_time: Timestamp,
    /// The person. Empty for a seat without a person.
    pub login: String,
    /// The organization that grants the seat, in an enterprise.
    pub organization: String,
    /// The team through which it's granted.
    pub team: String,
    pub kind: Kind,
    /// The previous value: a login, a time, a day, or a plan.
    pub from: String,
    /// The new value.
    pub to: String,
}

impl SeatChange {
    /// Reads a line of the file. `None` if its kind is unknown.
    pub(crate) fn read(line: &ByteRecord) -> Option<Self> {
        let cell = |place| String::from_utf8_lossy(line.get(place).unwrap_or_default());
        Some(Self {
            report_time: cell(0).parse().ok()?,
            login: cell(1).into_owned(),
            organization: cell(2).into_owned(),
            team: cell(3).into_owned(),
            kind: Kind::parse(&cell(4))?,
            from: cell(5).into_owned(),
            to: cell(6).into_owned(),
        })
    }
}

/// What happened to someone's seat, for people to read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum SeatEvent<'c> {
    /// One change.
    Change(&'c SeatChange),
    /// Someone lost a seat through one team, and got another one through another team in the same
    /// organization at the same time.
    Moved {
        /// The seat that they lost.
        from: &'c SeatChange,
        /// The seat that they got.
        to: &'c SeatChange,
    },
}

/// Combines changes into events, in the order of the first change of each.
pub(crate) fn events<'c>(changes: impl IntoIterator<Item = &'c SeatChange>) -> Vec<SeatEvent<'c>> {
    let mut events: Vec<SeatEvent<'c>> = Vec::new();
    let mut open: HashMap<_, usize> = HashMap::new();
    for change in changes {
        let counterpart = match change.kind {
            Kind::Granted => Kind::Revoked,
            Kind::Revoked => Kind::Granted,
            _ => change.kind,
        };
        let key = |kind| {
            (
                kind,
                change.report_time,
                &*change.login,
                &*change.organization,
            )
        };
        let is_seat = counterpart != change.kind && !change.login.is_empty();
        let other = open.get(&key(counterpart)).copied().filter(|_| is_seat);
        match other.and_then(|place| events.get_mut(place)) {
            Some(event) => {
                if let SeatEvent::Change(other) = *event
                    && other.team != change.team
                {
                    open.remove(&key(counterpart));
                    let (from, to) = match change.kind {
                        Kind::Granted => (other, change),
                        _ => (change, other),
                    };
                    *event = SeatEvent::Moved { from, to };
                    continue;
                }
            }
            None if is_seat => {
                open.insert(key(change.kind), events.len());
            }
            None => {}
        }
        events.push(SeatEvent::Change(change));
    }
    events
}

/// The changes in `file` that reports showed in the week until `time`, in the order of the file.
pub(super) fn of_the_week(file: &[u8], time: Timestamp) -> Vec<SeatChange> {
    let all = changes::lines(file)
        .flatten()
        .filter_map(|line| SeatChange::read(&line));
    let is_recent = |change: &SeatChange| {
        let age = time.duration_since(change.report_time);
        (SignedDuration::ZERO..=WEEK).contains(&age)
    };
    all.filter(is_recent).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_seat_through_another_team_at_the_same_time_is_a_move() {
        let change = |login: &str, kind, team: &str, day: &str| SeatChange {
            report_time: format!("{day}T03:00:00Z").parse().unwrap(),
            login: login.to_owned(),
            organization: "acme".to_owned(),
            team: team.to_owned(),
            kind,
            from: String::new(),
            to: String::new(),
        };
        let changes = [
            change("mona", Kind::Revoked, "web", "2026-03-01"),
            change("hubot", Kind::Revoked, "web", "2026-03-01"),
            change("mona", Kind::Granted, "data", "2026-03-01"),
            change("hubot", Kind::Granted, "data", "2026-03-02"),
            change("octocat", Kind::Granted, "web", "2026-03-02"),
            change("octocat", Kind::Revoked, "", "2026-03-02"),
        ];
        let moved = |from, to| SeatEvent::Moved {
            from: &changes[from],
            to: &changes[to],
        };
        let expected = [
            moved(0, 2),
            SeatEvent::Change(&changes[1]),
            SeatEvent::Change(&changes[3]),
            moved(5, 4),
        ];
        assert_eq!(events(&changes), expected);
    }

    #[test]
    fn recent_changes_are_those_of_the_last_seven_days_that_this_version_knows() {
        let file = b"Report Time,Login,Organization,Team,Change,From,To\n\
            2026-03-01T03:00:00Z,old,,,granted,,\n\
            2026-03-02T03:00:00Z,hubot,acme,web,revoked,2025-11-14T00:00:00Z,\n\
            damaged\n\
            2026-03-03T03:00:00Z,octocat,,,teleported,,\n\
            2026-03-09T03:00:01Z,later,,,granted,,\n";
        let recent = of_the_week(file, "2026-03-09T03:00:00Z".parse().unwrap());
        let expected = SeatChange {
            report_time: "2026-03-02T03:00:00Z".parse().unwrap(),
            login: "hubot".to_owned(),
            organization: "acme".to_owned(),
            team: "web".to_owned(),
            kind: Kind::Revoked,
            from: "2025-11-14T00:00:00Z".to_owned(),
            to: String::new(),
        };
        assert_eq!(recent, [expected]);
    }
}
