//! What the seats recorded last prove about a seat that wasn't among them.
//!
//! A report is compared with `seats.csv`, which holds every seat that was ever shown and not
//! revoked since. A seat that isn't in it was granted in the meantime, unless it was there all
//! along and no report showed it: an incomplete report lacks rows, a list of several pages can lose
//! one without a sign, and a lost file takes its seats with it. So a seat counts as granted only if
//! its grant date says so, or if a report in an unbroken chain certainly showed every seat.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::Folder;
use super::folder::{Before, hash};
use super::people::People;
use super::seats::SEATS;
use crate::report::manifest::{Continuity, RecordedManifest};
use crate::report::seat::{Account, Seat};

/// How far back `before` is known without a break. `newest` is the manifest of the report recorded
/// last, at `time`.
pub(super) fn of(
    before: &Before,
    folder: &Folder,
    newest: Option<&RecordedManifest>,
    time: Option<Timestamp>,
) -> Option<Continuity> {
    let broken = |baseline| {
        Some(Continuity {
            tracked_since: time?,
            baseline,
        })
    };
    let newest = newest.filter(|newest| Some(newest.report_time) == time);
    match (before, newest) {
        (Before::Nothing, _) => None,
        (Before::Seats(_), Some(newest)) => {
            let found = folder.seats.as_deref().map(hash);
            if found.as_deref() == newest.sha256(SEATS) {
                newest.continuity().or_else(|| broken(false))
            } else {
                broken(false)
            }
        }
        (Before::Latest(..), Some(newest)) => broken(newest.showed_every_seat()),
        (_, None) => broken(false),
    }
}

/// How far back the seats are known once a report of `time` is recorded.
pub(super) fn after(
    before: Option<Continuity>,
    time: Timestamp,
    shows_every_seat: bool,
) -> Continuity {
    Continuity {
        tracked_since: before.map_or(time, |before| before.tracked_since),
        baseline: shows_every_seat || before.is_some_and(|before| before.baseline),
    }
}

/// The seats that a report doesn't show and that are kept, under the names that its other rows give
/// to their person, organization and team. Otherwise a later report would tell of the same rename
/// again.
pub(super) fn with_newest_names(kept: Vec<&Seat>, shown: &[Seat]) -> Vec<Seat> {
    if kept.is_empty() {
        return Vec::new();
    }
    let people = shown.iter().filter_map(|seat| seat.assignee.as_ref());
    let people: HashMap<u64, &Account> = by_id(people);
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

fn by_id<'a>(accounts: impl Iterator<Item = &'a Account>) -> HashMap<u64, &'a Account> {
    accounts
        .filter_map(|account| Some((account.id?, account)))
        .collect()
}

/// The seats of `latest.csv`, with the user IDs that `people.csv` has for their logins: without
/// them somebody who was renamed since looks like two people.
pub(super) fn with_user_ids(mut seats: Vec<Seat>, people: &People) -> Vec<Seat> {
    for person in seats.iter_mut().filter_map(|seat| seat.assignee.as_mut()) {
        person.id = people.get(person).and_then(|known| known.user_id);
    }
    seats
}
