//! The changes since the last recorded report.

use std::fmt::Write as _;

use super::facts::Facts;
use crate::history::changes::Kind;
use crate::history::{SeatChange, SeatEvent, events};
use crate::pages::markdown::{code, escape};
use crate::report::day::date;
use crate::system::text::thousands;

/// How many changes of each kind to list.
const MAX_EACH: usize = 10;

/// The kinds of changes in the order of the table, each with the words for it.
const KINDS: [(Kind, &str); 7] = [
    (Kind::Granted, "Got a seat"),
    (Kind::Revoked, "Lost the seat"),
    (Kind::CancellationScheduled, "Seat ends"),
    (Kind::CancellationRemoved, "Seat no longer ends"),
    (Kind::Reassigned, "Seat granted again"),
    (Kind::PlanChanged, "Plan changed"),
    (Kind::Renamed, "Renamed"),
];

/// The words for a seat that's granted through another team.
const MOVED: &str = "Moved to another team";

/// Writes the changes, with names only if `names` is true.
pub(super) fn write(out: &mut String, facts: &Facts<'_>, names: bool) {
    let days = facts.known.totals.days();
    let (Some(changes), Some(since)) = (facts.changes, days.map(|day| day.report_time).max())
    else {
        return;
    };
    let since = date(since);
    if changes.is_empty() {
        let _ = writeln!(out, "\nNo seats changed since {since}.");
        return;
    }
    let (mut single, mut moved) = (Vec::new(), Vec::new());
    for event in events(changes) {
        match event {
            SeatEvent::Change(change) => single.push(change),
            SeatEvent::Moved { from, to } => moved.push((from, to)),
        }
    }
    let count = |kind| single.iter().filter(|change| change.kind == kind).count();
    if !names {
        let counts: Vec<String> = KINDS
            .iter()
            .map(|(kind, words)| (*words, count(*kind)))
            .chain([(MOVED, moved.len())])
            .filter(|(_, count)| *count > 0)
            .map(|(words, count)| format!("{} ({})", words, thousands(count)))
            .collect();
        let _ = writeln!(out, "\nChanges since {since}: {}.", counts.join(", "));
        return;
    }
    let _ = writeln!(
        out,
        "\n### Changes since {since}\n\n| Login | Change | Team | When |\n|:---|:---|:---|:---|"
    );
    for (kind, words) in KINDS {
        let all = single.iter().filter(|change| change.kind == kind);
        for change in all.take(MAX_EACH) {
            let team = escape(&change.team);
            let _ = writeln!(
                out,
                "| {} | {words} | {team} | {} |",
                code(&change.login),
                when(change)
            );
        }
        let more = count(kind).saturating_sub(MAX_EACH);
        if more > 0 {
            let _ = writeln!(out, "| and {} more | {words} | | |", thousands(more));
        }
    }
    for (from, to) in moved.iter().take(MAX_EACH) {
        let before = match &*from.team {
            "" => "before without a team".to_owned(),
            team => format!("before {}", escape(team)),
        };
        let (login, team) = (code(&to.login), escape(&to.team));
        let _ = writeln!(out, "| {login} | {MOVED} | {team} | {before} |");
    }
    let more = moved.len().saturating_sub(MAX_EACH);
    if more > 0 {
        let _ = writeln!(out, "| and {} more | {MOVED} | | |", thousands(more));
    }
}

fn when(change: &SeatChange) -> String {
    // A time starts with its day.
    let day = |time: &str| escape(time.split('T').next().unwrap_or_default());
    let (from, to) = (day(&change.from), day(&change.to));
    match change.kind {
        Kind::Granted if !to.is_empty() => format!("since {to}"),
        Kind::Revoked if !from.is_empty() => format!("had it since {from}"),
        Kind::Granted | Kind::Revoked => String::new(),
        Kind::Reassigned => format!("since {to}, before since {from}"),
        Kind::CancellationScheduled => format!("on {to}"),
        Kind::CancellationRemoved => format!("not on {from}"),
        Kind::PlanChanged => format!("from {} to {}", escape(&change.from), escape(&change.to)),
        Kind::Renamed => format!("was {}", code(&change.from)),
    }
}
