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
    /// The organization, if the page is about several.
    pub(super) organization: Option<String>,
}

/// The changes of one or several reports.
#[derive(Default)]
pub(super) struct Changes {
    /// The changes with names, if the page can have them, newest first.
    pub(super) lines: Vec<ChangeLine>,
    /// How many there are of each kind.
    counts: BTreeMap<&'static str, usize>,
}

impl Changes {
    /// Adds the changes in another report, which is about an `organization`.
    pub(super) fn add(&mut self, other: Self, organization: &str) {
        for (kind, count) in other.counts {
            *self.counts.entry(kind).or_default() += count;
        }
        self.lines
            .extend(other.lines.into_iter().map(|line| ChangeLine {
                organization: Some(name(organization)),
                ..line
            }));
        self.lines.sort_by(|one, other| other.day.cmp(&one.day));
        self.lines.truncate(MAX_CHANGES);
    }

    /// Says how many there are of each kind, such as `3 granted, 1 revoked`. Empty if there are
    /// none.
    pub(super) fn counted(&self) -> String {
        let counts = self.counts.iter();
        let counts: Vec<String> = counts
            .map(|(kind, count)| format!("{count} {kind}"))
            .collect();
        counts.join(", ")
    }
}

/// Returns the changes of a report, or `None` if nothing records them.
pub(super) fn changes(facts: &PageFacts<'_>) -> Option<Changes> {
    let changes = facts.recording.changes.as_ref()?;
    let events = events(changes);
    let mut counts: BTreeMap<&'static str, usize> = BTreeMap::new();
    for event in &events {
        let kind = match event {
            SeatEvent::Change(change) => change.kind.as_str(),
            SeatEvent::Moved { .. } => "moved to another team",
        };
        *counts.entry(kind).or_default() += 1;
    }
    let named = events.iter().rev().take(MAX_CHANGES);
    let named = named.filter(|_| facts.may_name_people).map(|event| {
        let change = match event {
            SeatEvent::Change(change) => change,
            SeatEvent::Moved { from, to } => {
                return ChangeLine {
                    day: date(to.report_time).to_string(),
                    login: name(&to.login),
                    what: format!("moved from {} to {}", team(&from.team), team(&to.team)),
                    organization: None,
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
            organization: None,
        }
    });
    Some(Changes {
        lines: named.collect(),
        counts,
    })
}

fn team(team: &str) -> String {
    match team {
        "" => "no team".to_owned(),
        team => format!("team {}", name(team)),
    }
}
