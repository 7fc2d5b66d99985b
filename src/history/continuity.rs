//! Determines whether a seat that wasn't recorded last time was really granted since then.
//!
//! A report is compared with `seats.csv`, which holds every seat that was ever shown and not
//! revoked since. A seat that isn't in it was granted in the meantime, unless it existed all along
//! and no report showed it. That happens for three reasons: an incomplete report lacks rows, a
//! paginated list can lose a row without a sign, and a lost file loses its seats. So a seat counts
//! as granted only if its grant date says so, or if a report in an unbroken chain certainly showed
//! every seat.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use jiff::Timestamp;

use super::folder_files::FolderFiles;
use super::header::is_intact;
use super::people::People;
use super::plan::HistoryUpdate;
use super::seats::SEATS;
use crate::report::manifest::{Continuity, RecordedManifest, sha256};
use crate::report::scope::ScopeKind;
use crate::report::seat::{Account, Identity, Seat};

/// The seats that the next report is compared with.
#[derive(Debug)]
pub(super) enum Baseline {
    /// No seats are known, so the next report is the first.
    Nothing,
    /// The seats in `seats.csv`.
    Seats(Vec<Seat>),
    /// The seats in `latest.csv`, which has fewer details.
    Latest(Vec<Seat>),
}

impl Baseline {
    pub(super) fn seats(&self) -> Option<&[Seat]> {
        match self {
            Self::Nothing => None,
            Self::Seats(seats) | Self::Latest(seats) => Some(seats),
        }
    }
}

/// How far back `before` is known without a break. `newest` is the manifest of the last recorded
/// report, and `time` is the time of that report.
pub(super) fn of(
    before: &Baseline,
    folder: &FolderFiles,
    newest: Option<&RecordedManifest>,
    time: Option<Timestamp>,
) -> Option<Continuity> {
    let newest = newest.filter(|newest| Some(newest.report_time) == time);
    let total_excess = newest.map_or(0, |newest| newest.total_excess);
    let broken = |baseline| {
        Some(Continuity {
            tracked_since: time?,
            baseline,
            total_excess,
        })
    };
    match (before, newest) {
        (Baseline::Nothing, _) => None,
        (Baseline::Seats(_), Some(newest)) => {
            let recorded = newest.sha256(SEATS);
            let found = folder.seats.as_deref();
            // Damage to the header or line endings doesn't affect the seats.
            let is_intact = |recorded| found.is_some_and(|file| is_intact(file, recorded));
            if found.map(sha256).as_deref() == recorded || recorded.is_some_and(is_intact) {
                newest.continuity().or_else(|| broken(false))
            } else {
                broken(false)
            }
        }
        (Baseline::Latest(_), Some(newest)) => broken(newest.showed_every_seat()),
        (_, None) => broken(false),
    }
}

/// How far back the seats are known after a report is recorded that doesn't show the `kept` seats.
pub(super) fn after(
    before: Option<Continuity>,
    report: &HistoryUpdate<'_>,
    kept: &[Seat],
) -> Continuity {
    let shown = people(report.seats);
    let missing = people(kept).difference(&shown).count();
    let without_person = kept.iter().filter(|seat| seat.assignee.is_none()).count();
    let total_excess = match report.shortfall {
        Some(shortfall) => shortfall.saturating_sub((missing + without_person) as u64),
        None => before.map_or(0, |before| before.total_excess),
    };
    Continuity {
        tracked_since: before.map_or(report.time, |before| before.tracked_since),
        baseline: report.shows_every_seat || before.is_some_and(|before| before.baseline),
        total_excess,
    }
}

/// The people who hold the seats.
pub(super) fn people<'s>(seats: impl IntoIterator<Item = &'s Seat>) -> HashSet<Identity<'s>> {
    let accounts = seats.into_iter().filter_map(|seat| seat.assignee.as_ref());
    accounts.map(Account::identity).collect()
}

/// The kept seats that a report doesn't show, with the names that its other rows give to their
/// person, organization, and team. Otherwise a later report would record the same rename again.
pub(super) fn with_newest_names(kept: Vec<&Seat>, shown: &[Seat]) -> Vec<Seat> {
    if kept.is_empty() {
        return Vec::new();
    }
    let people = shown.iter().filter_map(|seat| seat.assignee.as_ref());
    let people: HashMap<u64, &Account> = people
        .filter_map(|person| Some((person.id?, person)))
        .collect();
    let organizations = shown.iter().filter_map(|seat| seat.organization.as_ref());
    let organizations: HashMap<u64, &Arc<Account>> = organizations
        .filter_map(|organization| Some((organization.id?, organization)))
        .collect();
    let teams = shown.iter().filter_map(|seat| seat.team.as_ref());
    let teams: HashMap<u64, _> = teams.map(|team| (team.id, team)).collect();
    let renamed = |seat: &Seat| {
        let mut seat = seat.clone();
        if let Some(person) = &mut seat.assignee
            && let Some(newest) = person.id.and_then(|id| people.get(&id))
        {
            person.login.clone_from(&newest.login);
        }
        if let Some(organization) = &mut seat.organization
            && let Some(newest) = organization.id.and_then(|id| organizations.get(&id))
        {
            *organization = Arc::clone(newest);
        }
        if let Some(team) = &mut seat.team
            && let Some(newest) = teams.get(&team.id)
        {
            *team = Arc::clone(newest);
        }
        seat
    };
    kept.into_iter().map(renamed).collect()
}

/// The seats of `latest.csv`, with the user IDs that `people.csv` has for their logins. Without the
/// IDs, a person who was renamed since then looks like two people.
pub(super) fn with_user_ids(mut seats: Vec<Seat>, people: &People) -> Vec<Seat> {
    for person in seats.iter_mut().filter_map(|seat| seat.assignee.as_mut()) {
        person.id = people.get(person).and_then(|known| known.user_id);
    }
    seats
}

/// The seats of `latest.csv`, with the user IDs that `seats.csv` has for their logins. If several
/// people in it have the same login, the ID comes from the one whose seat matches the row.
pub(super) fn with_ids_of_seats(
    mut latest: Vec<Seat>,
    seats: &[Seat],
    kind: ScopeKind,
) -> Vec<Seat> {
    let mut by_login: HashMap<&str, Vec<&Seat>> = HashMap::new();
    for seat in seats.iter().filter(|seat| seat.assignee.is_some()) {
        by_login.entry(seat.login()).or_default().push(seat);
    }
    for seat in &mut latest {
        let same = by_login.get(seat.login()).map_or(&[][..], Vec::as_slice);
        let alike = same
            .iter()
            .filter(|other| seat.in_githubs_form(kind) == other.in_githubs_form(kind));
        let id = only_id(same.iter().copied()).or_else(|| only_id(alike.copied()));
        if let Some(person) = &mut seat.assignee {
            person.id = id;
        }
    }
    latest
}

/// The ID of the person who holds all the seats. `None` if several people hold them, or an ID is
/// unknown.
fn only_id<'s>(mut seats: impl Iterator<Item = &'s Seat>) -> Option<u64> {
    let id = |seat: &Seat| seat.assignee.as_ref().and_then(|person| person.id);
    let first = id(seats.next()?)?;
    seats.all(|seat| id(seat) == Some(first)).then_some(first)
}
