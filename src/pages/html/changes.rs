//! The changes of the last seven days, as sentences.

use std::collections::BTreeMap;

use super::PageFacts;
use super::text::{day, name};
use crate::history::changes::Kind;
use crate::history::{SeatEvent, events};
use crate::report::day::date;

/// The maximum number of changes on the page.
const MAX_CHANGES: usize = 500;

/// A change, in words.
pub(super) struct ChangeLine {
    pub(super) day: String,
    pub(super) login: String,
    pub(super) what: String,
}

/// Returns the changes with names, if the page can have them, and how many there are of each kind.
pub(super) fn changes(
    facts: &PageFacts<'_>,
) -> (Option<Vec<ChangeLine>>, Vec<(usize, &'static str)>) {
    let Some(changes) = &facts.recording.changes else {
        return (None, Vec::new());
    };
    let events = events(changes);
    let mut counts: BTreeMap<&'static str, usize> = BTreeMap::new();
    for event in &events {
        let kind = match event {
            SeatEvent::Change(change) => change.kind.as_str(),
            SeatEvent::Moved { .. } => "moved to another team",
        };
        *counts.entry(kind).or_default() += 1;
    }
    let counts = counts.into_iter().map(|(kind, count)| (count, kind));
    let named = events.iter().rev().take(MAX_CHANGES);
    let named = named.filter(|_| facts.may_name_people).map(|event| {
        let change = match event {
            SeatEvent::Change(change) => change,
            SeatEvent::Moved { from, to } => {
                return ChangeLine {
                    day: date(to.report_time).to_string(),
                    login: name(&to.login),
                    what: format!("moved from {} to {}", team(&from.team), team(&to.team)),
                };
            }
        };
        let (from, to) = (day(&change.from), day(&change.to));
        ChangeLine {
            day: date(change.report_time).to_string(),
            login: name(&change.login),
            what: match change.kind {
                Kind::Granted if change.team.is_empty() => "got a seat".to_owned(),
                Kind::Granted => format!("got a seat ({})", team(&change.team)),
                Kind::Revoked if from.is_empty() => "lost the seat".to_owned(),
                Kind::Revoked => format!("lost the seat, which was granted on {from}"),
                Kind::Renamed if from.is_empty() => "has a new login".to_owned(),
                Kind::Renamed => format!("is the new login of {from}"),
                Kind::Reassigned => "got the seat again".to_owned(),
                Kind::CancellationScheduled if to.is_empty() => {
                    "has a seat that ends soon".to_owned()
                }
                Kind::CancellationScheduled => format!("has a seat that ends on {to}"),
                Kind::CancellationRemoved => "keeps the seat".to_owned(),
                Kind::PlanChanged if to.is_empty() => "has another plan".to_owned(),
                Kind::PlanChanged => format!("has the plan {to} instead of {from}"),
            },
        }
    });
    (Some(named.collect()), counts.collect())
}

fn team(team: &str) -> String {
    match team {
        "" => "no team".to_owned(),
        team => format!("team {}", name(team)),
    }
}
