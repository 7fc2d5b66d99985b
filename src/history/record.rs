//! Plans the update of a history with the next report. The plan depends only on the report and the
//! files in the folder, so it can be computed again if another run commits first.

use std::collections::HashSet;

use bytes::Bytes;
use jiff::Timestamp;

use super::changes::{self, Change, Kind};
use super::continuity::{self, Baseline};
use super::current_seats::CurrentSeats;
use super::error::RecordError;
use super::folder_files::FolderFiles;
use super::history_context::HistoryContext;
use super::page::Page;
use super::plan::{Action, HistoryUpdate, Revoked, UpdatePlan};
use super::prior_state::PriorState;
use super::seat_changes::SeatChange;
use super::tombstones::{TOMBSTONES, Tombstones};
use super::totals::{self, Day};
use super::{people, seats, settings};
use crate::report::activity::Counts;
use crate::report::control::SettingChange;
use crate::report::day::{LATEST, date, day_stem};
use crate::report::manifest::{Continuity, FileEntry};
use crate::report::seat::{Seat, Team};
use crate::report::status::StatusPolicy;
use crate::system::git;

/// Decides at the time `now` whether to record `update` in `folder`, and what to write.
///
/// # Errors
/// Fails if the folder doesn't accept the report, for example because it belongs to another scope.
pub fn record(
    mut update: HistoryUpdate<'_>,
    folder: &FolderFiles,
    now: Timestamp,
) -> Result<UpdatePlan, RecordError> {
    let found = PriorState::read(folder, update.time, now);
    found.check_identity(
        update.scope,
        update.manifest.pseudonyms.as_deref(),
        update.seats,
    )?;
    if let Some(recorded) = found.future_time(now) {
        return Err(RecordError::FromTheFuture { recorded, now });
    }
    let before = found.before.seats();
    let mut differences = before.map_or_else(Vec::new, |old| changes::between(old, update.seats));
    let kept = drop_unproven_revocations(&mut differences, &update);
    let kept = continuity::with_newest_names(kept, update.seats);
    drop_unconfirmed_grants(&mut differences, found.continuity);
    let state = retain_missing(update.seats, &kept);
    let changed = match &found.before {
        Baseline::Nothing => true,
        Baseline::Seats(seats) => !seats.iter().eq(state.iter().copied()),
        Baseline::Latest(seats) => {
            let form = |seat| Seat::in_githubs_form(seat, update.scope.kind());
            !seats.iter().map(form).eq(state.iter().copied().map(form))
        }
    };
    let mut setting_changes = match (&update.manifest.settings, &found.settings) {
        (Some(now), Some(before)) => now.changes_since(before),
        _ => Vec::new(),
    };
    let is_new = changed || !setting_changes.is_empty();
    let is_better = found.day_complete == Some(false) && update.complete != Some(false);
    let action = match found.time {
        Some(time) if time > update.time => Action::Older(time),
        // It's impossible to know which of two runs that started in the same second was first.
        Some(time) if time == update.time && (is_new || is_better || !found.has_day) => {
            Action::SameTime
        }
        _ if found.day_complete == Some(true) && update.complete == Some(false) => {
            Action::LessComplete
        }
        _ if is_better => Action::Record,
        _ if found.has_day && !is_new => Action::Unchanged,
        _ => Action::Record,
    };
    let is_skipped = matches!(
        action,
        Action::Older(_) | Action::SameTime | Action::LessComplete
    );
    if is_skipped {
        // Differences from a newer or more complete report aren't changes.
        differences.clear();
        setting_changes.clear();
    }
    let changed = changed && !is_skipped;
    let count = |kind| differences.iter().filter(|c| c.kind == kind).count();
    let (granted, revoked) = (count(Kind::Granted), count(Kind::Revoked));
    let changes = differences.iter().filter_map(|change| {
        let account = change.seat.assignee.as_ref()?;
        Some(SeatChange {
            report_time: update.time,
            login: account.login.to_string(),
            organization: change.seat.organization().to_owned(),
            team: change
                .seat
                .team
                .as_deref()
                .map(Team::shown)
                .unwrap_or_default(),
            kind: change.kind,
            from: change.from.clone(),
            to: change.to.clone(),
        })
    });
    let changes = changes.collect();
    let mut known = found.known;
    let mut recorded = None;
    let mut files = Vec::new();
    if action == Action::Record {
        known.people.merge_report(update.time, update.seats, &kept);
        let continuity = continuity::after(found.continuity, &update, &kept);
        update.manifest.continuity = Some(continuity);
        let policy = StatusPolicy {
            now: update.time,
            inactive_after: update.inactive_after,
        };
        let counts = Counts::of(known.activities(update.seats, policy));
        let day = Day::new(
            (update.time, update.complete),
            update.seats.len(),
            counts,
            (granted, revoked),
        );
        known.totals.put(day);
        recorded = Some(day);
        update.manifest = update
            .manifest
            .with_settings_before(found.settings.as_ref());
        let changes = (&*differences, &*setting_changes);
        files = written(update, folder, known, &state, changes)?;
    }
    Ok(UpdatePlan {
        action,
        changed,
        warnings: found.warnings,
        granted,
        revoked,
        changes,
        setting_changes,
        day: recorded,
        files,
    })
}

/// Drops revocations that the report doesn't prove, and returns their seats.
fn drop_unproven_revocations<'s>(
    changes: &mut Vec<Change<'s>>,
    update: &HistoryUpdate<'_>,
) -> Vec<&'s Seat> {
    let proved = match update.revoked {
        Revoked::All => return Vec::new(),
        Revoked::Only(proved) => proved,
    };
    let keys: HashSet<_> = proved.iter().filter_map(Seat::key).collect();
    let is_proved = |seat: &Seat| match seat.key() {
        Some(key) => keys.contains(&key),
        None => proved.contains(seat),
    };
    changes
        .extract_if(.., |change| {
            change.kind == Kind::Revoked && !is_proved(change.seat)
        })
        .map(|change| change.seat)
        .collect()
}

/// Drops grants of seats that might have existed before without being known.
fn drop_unconfirmed_grants(changes: &mut Vec<Change<'_>>, continuity: Option<Continuity>) {
    let Some(known) = continuity else {
        return;
    };
    let is_later = |seat: &Seat| seat.created_at.is_some_and(|at| at >= known.tracked_since);
    changes
        .retain(|change| change.kind != Kind::Granted || known.baseline || is_later(change.seat));
}

fn retain_missing<'s>(seats: &'s [Seat], kept: &'s [Seat]) -> Vec<&'s Seat> {
    let mut state: Vec<&Seat> = seats.iter().chain(kept).collect();
    if !kept.is_empty() {
        state.sort_by(|one, other| one.order(other));
    }
    state
}

/// The files that differ from those in the folder.
fn written(
    update: HistoryUpdate<'_>,
    folder: &FolderFiles,
    known: HistoryContext,
    state: &[&Seat],
    (differences, setting_changes): (&[Change<'_>], &[SettingChange]),
) -> Result<Vec<(String, Bytes)>, RecordError> {
    let changes_file = changes::file_name(update.time);
    let mut changes_content = folder.changes.clone().unwrap_or_default();
    if !differences.is_empty() {
        changes_content = changes::append(&changes_content, update.time, differences)?;
    }
    let settings_file = settings::file_name(update.time);
    let mut settings_content = folder.settings.clone().unwrap_or_default();
    if !setting_changes.is_empty() {
        settings_content = settings::append(&settings_content, update.time, setting_changes)?;
    }
    let policy = StatusPolicy {
        now: update.time,
        inactive_after: update.inactive_after,
    };
    let current = CurrentSeats::of(update.seats, &known, policy);
    let HistoryContext { people, totals } = known;
    let days: Vec<Day> = totals.days().copied().collect();
    let pages = (update.draw)(&Page {
        scope: update.scope,
        time: update.time,
        complete: update.complete,
        inactive_after: update.inactive_after,
        days: &days,
        changes: &changes_content,
        run: update.manifest.run(),
        control: update.manifest.control(),
        repository: update.manifest.repository.as_ref(),
        current: &current,
    });
    let mut files: Vec<(String, Bytes)> = vec![
        (LATEST.to_owned(), update.csv.clone()),
        (
            seats::SEATS.to_owned(),
            seats::write(state.iter().copied())?.into(),
        ),
        (people::PEOPLE.to_owned(), people.write()?.into()),
        (totals::TOTALS.to_owned(), totals.write()?.into()),
        (format!("{}.csv", day_stem(update.time)), update.csv),
        (git::ATTRIBUTES.to_owned(), git::NO_CONVERSION.into()),
    ];
    files.extend(pages.map(|(name, page)| (name.to_owned(), page.into())));
    if !changes_content.is_empty() {
        files.push((changes_file.clone(), changes_content.into()));
    }
    if !settings_content.is_empty() {
        files.push((settings_file, settings_content.into()));
    }
    let tombstones = folder.tombstones.as_deref().unwrap_or_default();
    if !tombstones.is_empty() {
        files.push((TOMBSTONES.to_owned(), Bytes::copy_from_slice(tombstones)));
    }
    let mut manifest = update.manifest.with_inactive_after(update.inactive_after);
    let entries = files.iter();
    manifest.files = entries
        .map(|(path, file)| FileEntry::of(path.clone(), file))
        .collect();
    (manifest.git_blobs, manifest.older_reports) = folder.listed(&files, update.time);
    let previous = folder.previous.as_ref();
    let previous = previous.map(|(path, file)| FileEntry::of(path.clone(), file));
    // Everything before the day can be retired, and a later run on the day continues the chain.
    let retired = || Tombstones::read(tombstones).last_manifest_before(date(update.time));
    manifest.previous = previous.or_else(retired);
    files.retain(|(path, file)| !folder.has(path, file, update.time));
    files.push((
        format!("{}.json", day_stem(update.time)),
        manifest.to_file()?.into(),
    ));
    Ok(files)
}
