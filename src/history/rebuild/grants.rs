//! Finds when access was granted, as far as files other than the reports still say so.

use std::collections::HashMap;

use jiff::Timestamp;

use super::super::change_line::ChangeLine;
use super::super::changes::Kind;
use super::super::identities::Identities;
use crate::report::seat::Seat;

/// A change that shows a grant time: the one before it, the one after it, or both.
struct Event {
    report: Timestamp,
    before: Option<Timestamp>,
    after: Option<Timestamp>,
}

/// The known grants, by login in lowercase.
pub(super) struct Grants {
    events: HashMap<String, Vec<Event>>,
    seats: HashMap<String, Vec<Timestamp>>,
}

impl Grants {
    pub(super) fn new<'l>(
        seats: &[Seat],
        changes: impl Iterator<Item = &'l ChangeLine>,
        identities: &Identities,
    ) -> Self {
        let mut events: HashMap<String, Vec<Event>> = HashMap::new();
        for line in changes {
            let kinds = [Kind::Granted, Kind::Reassigned, Kind::Revoked];
            if kinds.into_iter().any(|kind| line.is(kind)) {
                let login = identities.login(&line.login, line.time, Timestamp::MAX);
                let event = Event {
                    report: line.time,
                    before: line.from.parse().ok(),
                    after: line.to.parse().ok(),
                };
                events.entry(login.to_lowercase()).or_default().push(event);
            }
        }
        for events in events.values_mut() {
            events.sort_by_key(|event| event.report);
        }
        let mut found: HashMap<String, Vec<Timestamp>> = HashMap::new();
        for seat in seats {
            if let (Some(account), Some(at)) = (&seat.assignee, seat.created_at) {
                found
                    .entry(account.login.to_lowercase())
                    .or_default()
                    .push(at);
            }
        }
        Self {
            events,
            seats: found,
        }
    }

    /// When a person's access was granted, as known at the time of a report. `login` is their
    /// newest login.
    pub(super) fn at(&self, login: &str, time: Timestamp) -> Option<Timestamp> {
        let login = login.to_lowercase();
        let events = self.events.get(&login).map_or(&[][..], Vec::as_slice);
        let later = events.partition_point(|event| event.report <= time);
        let last = events[..later].last().and_then(|event| event.after);
        let next = || events[later..].iter().find_map(|event| event.before);
        let now = || {
            let seats = self.seats.get(&login)?;
            seats.iter().copied().filter(|at| *at <= time).min()
        };
        last.or_else(next).or_else(now)
    }

    /// The grant of a person between two reports. `None` if there isn't exactly one.
    pub(super) fn between(
        &self,
        login: &str,
        after: Timestamp,
        until: Timestamp,
    ) -> Option<Timestamp> {
        let seats = self.seats.get(&login.to_lowercase())?;
        let mut between = seats.iter().filter(|at| **at > after && **at <= until);
        match (between.next(), between.next()) {
            (Some(at), None) => Some(*at),
            _ => None,
        }
    }
}
