//! Compares the recorded changes with what really happened.
//!
//! The rules can't be perfect, because GitHub doesn't count every seat that it hides. This module
//! decides when a wrong revocation is acceptable, and counts how often it happens.

use std::collections::{BTreeMap, BTreeSet};

use super::model::Outcome;
use super::row::Row;
use super::scenario::Run;

/// The number of cases by description.
pub type Tally = BTreeMap<&'static str, usize>;

#[derive(Default)]
pub struct Accuracy {
    pub tally: Tally,
    /// The seats that existed at the last recorded report.
    held: Vec<Row>,
    /// Seats that were recorded as revoked although they still existed.
    wrongly_revoked: Vec<Row>,
}

impl Accuracy {
    /// Compares the recorded changes of a run with the members at that time.
    pub fn check(&mut self, run: &Run, outcome: &Outcome, is_damaged: bool) -> Result<(), String> {
        if !outcome.is_recorded {
            return Ok(());
        }
        for row in &outcome.revoked {
            let what = if !is_held(row, &run.held) {
                "revoked, correctly"
            } else {
                self.wrongly_revoked.push(row.clone());
                reason(row, run, outcome, is_damaged)
                    .ok_or_else(|| format!("revoked, but still held: {row:?}"))?
            };
            *self.tally.entry(what).or_default() += 1;
        }
        for row in &outcome.kept {
            let what = if is_held(row, &run.held) {
                "kept, correctly"
            } else {
                "kept, but revoked"
            };
            *self.tally.entry(what).or_default() += 1;
        }
        for row in &outcome.granted {
            let what = self.granted(row, run, outcome, is_damaged)?;
            *self.tally.entry(what).or_default() += 1;
        }
        self.held.clone_from(&run.held);
        Ok(())
    }

    fn granted(
        &self,
        row: &Row,
        run: &Run,
        outcome: &Outcome,
        is_damaged: bool,
    ) -> Result<&'static str, String> {
        if !is_held(row, &run.held) {
            return Err(format!("granted, but not held: {row:?}"));
        }
        let is_since = |seat: &&Row| seat.granted.is_some_and(|at| at >= outcome.since);
        let same = |seat: &&Row| is_seat(row, seat) && seat.granted == row.granted;
        Ok(match self.held.iter().find(same) {
            None => "granted, correctly",
            _ if is_held(row, &self.wrongly_revoked) => "granted, after it was wrongly revoked",
            // It was hidden from the start.
            Some(seat) if is_since(&seat) => "granted, correctly",
            _ if is_damaged => "granted, but old: after damage",
            _ if run.is_uncounted => "granted, but old: hidden and not counted",
            _ => return Err(format!("granted, but old: {row:?}")),
        })
    }
}

/// Why it's acceptable to record this existing seat as revoked.
fn reason(row: &Row, run: &Run, outcome: &Outcome, is_damaged: bool) -> Option<&'static str> {
    let report = &run.report;
    let shown: BTreeSet<u64> = report.rows.iter().filter_map(|row| row.id).collect();
    let all: BTreeSet<u64> = run.held.iter().filter_map(|row| row.id).collect();
    let hidden = all.difference(&shown).count();
    let counts_all =
        row.id.is_some_and(|id| !shown.contains(&id)) && report.shortfall() >= hidden + run.excess;
    if is_damaged {
        Some("revoked, but held: after damage")
    } else if !counts_all {
        Some("revoked, but held: hidden and not counted")
    } else if outcome.excess_before > run.excess {
        // GitHub's total seemed to be always too high.
        Some("revoked, but held: others were always hidden")
    } else if outcome.kept.iter().any(|kept| !is_held(kept, &run.held)) {
        Some("revoked, but held: a hidden one was revoked")
    } else {
        None
    }
}

fn is_held(row: &Row, held: &[Row]) -> bool {
    held.iter().any(|seat| is_seat(row, seat))
}

fn is_seat(row: &Row, seat: &Row) -> bool {
    // A row from `latest.csv` has no IDs of organizations and teams.
    let is_place = if row.is_bare() {
        seat.organization == row.organization
    } else {
        seat.organization_id == row.organization_id && seat.team_id == row.team_id
    };
    let is_person = match row.id {
        Some(id) => seat.id == Some(id),
        None if row.login.is_some() => seat.login == row.login,
        None => seat.id.is_none() && seat.granted == row.granted,
    };
    is_person && is_place
}
