//! Changes between the recorded seats and those of a report.

use std::collections::BTreeMap;

use super::row::{Row, cell, date};

/// A line of changes without its time: login, organization, team, change, from, and to.
pub type Line = [String; 6];

/// The recorded seats, compared with those of a report.
pub struct Compared<'r> {
    /// Seats that the report doesn't show.
    pub gone: Vec<&'r Row>,
    /// Seats that weren't recorded.
    pub new: Vec<&'r Row>,
    /// Seats that are in both.
    both: Vec<(&'r Row, &'r Row)>,
}

/// Whether both rows are the same seat.
fn is_same(before: &Row, now: &Row) -> bool {
    if before.is_bare() && !now.is_bare() {
        return could_be_same(before, now);
    }
    let place = before.organization_id == now.organization_id && before.team_id == now.team_id;
    place
        && match (before.id, now.id) {
            // Rows without a person differ only in when they were granted.
            (None, None) => before.granted == now.granted,
            (before, now) => before == now,
        }
}

/// Whether a row in GitHub's format might be this seat.
fn could_be_same(bare: &Row, now: &Row) -> bool {
    let lower = |text: &Option<String>| text.as_ref().map(|text| text.to_lowercase());
    lower(&bare.organization) == lower(&now.organization)
        && match bare.id {
            Some(_) => bare.id == now.id,
            None => lower(&bare.login) == lower(&now.login),
        }
}

impl<'r> Compared<'r> {
    pub fn new(before: &'r [Row], now: &'r [Row]) -> Self {
        let mut compared = Self {
            gone: Vec::new(),
            new: Vec::new(),
            both: Vec::new(),
        };
        let mut taken = vec![false; now.len()];
        let mut is_found = vec![false; now.len()];
        for old in before {
            let fits = |place: &usize| is_same(old, &now[*place]);
            let all = (0..now.len()).filter(fits);
            if old.is_bare() {
                let mut any = false;
                for place in all {
                    (is_found[place], any) = (true, true);
                }
                if !any {
                    compared.gone.push(old);
                }
            } else if let Some(place) = all.into_iter().find(|place| !taken[*place]) {
                (taken[place], is_found[place]) = (true, true);
                compared.both.push((old, &now[place]));
            } else {
                compared.gone.push(old);
            }
        }
        let new = (0..now.len()).filter(|place| !is_found[*place]);
        compared.new = new.map(|place| &now[place]).collect();
        compared
    }

    /// Changes of seats that are in both.
    pub fn facts(&self) -> Vec<Line> {
        let mut lines = Vec::new();
        for (before, now) in &self.both {
            if let (Some(from), Some(to)) = (before.granted, now.granted)
                && from != to
            {
                lines.push(line(now, "reassigned", from.to_string(), to.to_string()));
            }
            if before.ends != now.ends {
                let kind = match now.ends {
                    Some(_) => "cancellation scheduled",
                    None => "cancellation removed",
                };
                lines.push(line(now, kind, cell(before.ends), cell(now.ends)));
            }
            let known = |plan: &Option<String>| plan.clone().filter(|plan| plan != "unknown");
            if let (Some(from), Some(to)) = (known(&before.plan), known(&now.plan))
                && from != to
            {
                lines.push(line(now, "plan changed", from, to));
            }
        }
        lines
    }
}

/// People whose login changed.
pub fn renamed(before: &[Row], now: &[Row]) -> Vec<Line> {
    let logins = |rows: &[Row]| -> BTreeMap<u64, String> {
        let logins = rows
            .iter()
            .filter_map(|row| Some((row.id?, row.login.clone()?)));
        logins.collect()
    };
    let before = logins(before);
    let renamed = logins(now).into_iter().filter_map(|(id, to)| {
        let from = before.get(&id).filter(|from| **from != to)?.clone();
        let nothing = String::new;
        Some([
            to.clone(),
            nothing(),
            nothing(),
            "renamed".to_owned(),
            from,
            to,
        ])
    });
    renamed.collect()
}

pub fn revoked(row: &Row) -> Line {
    line(row, "revoked", cell(row.granted), String::new())
}

pub fn granted(row: &Row) -> Line {
    line(row, "granted", String::new(), cell(row.granted))
}

fn line(row: &Row, change: &str, from: String, to: String) -> Line {
    [
        cell(row.login.as_ref()),
        cell(row.organization.as_ref()),
        cell(row.team.as_ref()),
        change.to_owned(),
        from,
        to,
    ]
}

/// A missing seat, updated with names from the report's other rows.
pub fn refreshed(row: &Row, shown: &[Row]) -> Row {
    let mut row = row.clone();
    let other = |is_same: &dyn Fn(&&Row) -> bool| shown.iter().find(is_same);
    if let Some(same) = other(&|other| row.id.is_some() && other.id == row.id) {
        row.login.clone_from(&same.login);
    }
    let id = row.organization_id;
    if let Some(same) = other(&|other| id.is_some() && other.organization_id == id) {
        row.organization.clone_from(&same.organization);
    }
    if let Some(same) = other(&|other| row.team_id.is_some() && other.team_id == row.team_id) {
        row.team.clone_from(&same.team);
    }
    row
}

/// The lines of one report, sorted.
pub fn lines(time: jiff::Timestamp, lines: &[Line]) -> (i16, Vec<String>) {
    let text = |line: &Line| super::row::table([[time.to_string()].iter().chain(line)]);
    let mut lines: Vec<String> = lines.iter().map(text).collect();
    lines.sort();
    (date(time).year(), lines)
}
