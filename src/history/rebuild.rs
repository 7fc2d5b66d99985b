//! Rebuilds damaged or lost files of a history from its reports.
//!
//! Reports in GitHub's format say who held a seat and what they did. They don't include user IDs,
//! teams, plans, grants, and cancellations. So a rebuild keeps whatever can still be read in the
//! damaged files, and adds only what's missing. Undamaged files stay as they are, and so do all
//! reports and all manifests except the newest.

mod changes;
mod grants;
mod manifest;
mod overlay;
mod people;
mod seats;
mod settings;
mod source;
mod totals;

use jiff::{SignedDuration, Timestamp};

use super::current_seats::CurrentSeats;
use super::history_context::HistoryContext;
use super::identities::Identities;
use super::page::{DrawPages, Page};
use super::people::{PEOPLE, People};
use super::seats::SEATS;
use super::totals::{Day as Line, TOTALS, Totals};
use super::verify::{Files, Problem, Verdict, verify};
use crate::report::activity::Counts;
use crate::report::day::LATEST;
use crate::report::scope::{Scope, ScopeNameError};
use crate::report::status::StatusPolicy;
use crate::system::git;
use grants::Grants;
use overlay::Overlay;
use source::Source;

/// The result of a rebuild.
#[derive(Debug)]
pub(crate) struct Rebuilt {
    /// The scope of the history.
    pub scope: Scope,
    /// The files to write, with their paths in the folder. The newest manifest comes last. Empty if
    /// nothing is damaged.
    pub files: Vec<(String, Vec<u8>)>,
    /// Notes for the user.
    pub notes: Vec<String>,
    /// The result of `verify` after the files are written.
    pub verdict: Verdict,
}

/// Why a history can't be rebuilt.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RebuildError {
    /// Git changed the files in the checkout, so they don't match what was recorded.
    #[error("the checkout isn't what was recorded")]
    Checkout(Vec<Problem>),
    /// A report or the newest manifest can't be read, and everything is computed from them.
    #[error("a file that the history is rebuilt from can't be read")]
    Unreadable(Vec<Problem>),
    /// The user interrupted the rebuild.
    #[error("interrupted")]
    Interrupted,
    /// The newest manifest has an invalid scope name.
    #[error("the newest manifest: {0}")]
    Scope(#[from] ScopeNameError),
    /// A file couldn't be serialized. This never happens in practice.
    #[error("a file of the history can't be written: {0}")]
    Csv(#[from] csv::Error),
    /// The newest manifest couldn't be serialized. This never happens in practice.
    #[error("the newest manifest can't be written: {0}")]
    Manifest(#[from] serde_json::Error),
}

/// Rebuilds the damaged files in the folder of a scope. `name` is the name of the folder. In the
/// rebuilt files, people count as inactive after `inactive_after`, and `draw` draws the README
/// page. Stops if `is_stopped`.
pub(crate) fn rebuild(
    files: &impl Files,
    name: Option<&str>,
    (inactive_after, draw): (SignedDuration, DrawPages),
    is_stopped: impl Fn() -> bool,
) -> Result<Rebuilt, RebuildError> {
    let before = verify(files, name, None);
    if !before.checkout.is_empty() {
        return Err(RebuildError::Checkout(before.checkout));
    }
    let source = Source::read(files)?;
    let newest = &source.newest;
    let scope = Scope::new(newest.manifest.scope.kind, &newest.manifest.scope.name)?;
    let is_damaged = |path: &str| before.problems.iter().any(|problem| problem.path == path);

    let mut lines = changes::Changes::read(&source, is_damaged);
    let mut totals = totals::Lines::read(&source, is_damaged(TOTALS));
    let (people_before, seats_before) = (people::Lines::read(&source), seats::Lines::read(&source));
    let (people, seats) = (&people_before.readable, &seats_before.readable);
    let identities = Identities::new(people, seats, lines.lines());
    let grants = Grants::new(seats, lines.lines(), &identities);

    let mut seen = HistoryContext::default();
    for day in &source.days {
        if is_stopped() {
            return Err(RebuildError::Interrupted);
        }
        let mut known = day.read(files)?;
        lines.compare(day, &known, &grants, &identities);
        for seat in &mut known {
            if let Some(account) = &mut seat.assignee {
                *account = identities.account(&account.login, day.time);
                seat.created_at = grants.at(&account.login, day.time);
            }
        }
        seen.people.merge_report(day.time, &known, &[]);
        if totals.lacks(day) {
            let policy = StatusPolicy {
                now: day.time,
                inactive_after,
            };
            let counts = Counts::of(seen.activities(&known, policy));
            let report = (day.time, day.complete());
            totals.add(Line::new(report, known.len(), counts, (0, 0)));
        }
    }
    let mut new = Overlay::new(files);
    let mut notes = Vec::new();
    lines.write(&mut totals, &mut new, &mut notes)?;
    totals.write(&mut new, &source.retired_days(), &mut notes)?;

    settings::restore(&source, is_damaged, &mut new)?;

    let latest = source.content(LATEST);
    let newest_report = newest.day.content(files)?;
    if is_damaged(LATEST) || latest.is_none() {
        new.put(LATEST, newest_report);
    }
    let is_damaged_people = is_damaged(PEOPLE);
    let retired = source.retired_days();
    let first_kept = source.days.first().filter(|_| !retired.is_empty());
    let written = people_before.write(
        seen.people,
        is_damaged_people,
        first_kept.map(|day| day.day),
        &mut notes,
    )?;
    new.put_some(PEOPLE, written);
    let written = seats_before.write(&source, &newest.day.read(files)?, &identities)?;
    let continuity = seats_before.continuity(&source, is_damaged(SEATS));
    new.put_some(SEATS, written);
    new.put(git::ATTRIBUTES, git::NO_CONVERSION.as_bytes().to_vec());

    let days: Vec<_> = totals.days().collect();
    let changes_file = super::changes::file_name(newest.day.time);
    let shown = [TOTALS, PEOPLE, SEATS, &changes_file];
    let is_shown = shown.into_iter().any(|path| new.new.contains_key(path));
    let current = current(&new, newest.day.time, inactive_after);
    let run = newest.manifest.run();
    let control = newest.manifest.control();
    let repository = newest.manifest.repository();
    let pages = draw(&Page {
        scope: &scope,
        time: newest.day.time,
        complete: newest.day.complete(),
        inactive_after,
        days: &days,
        changes: &new.read(&changes_file).unwrap_or_default(),
        run: run.as_ref(),
        control: control.as_ref(),
        repository: repository.as_ref(),
        current: &current,
    });
    for (path, content) in pages {
        if is_shown || is_damaged(path) || !files.paths().contains(path) {
            new.put(path, content.into_bytes());
        }
    }
    manifest::update(&source, &mut new, continuity)?;
    let verdict = verify(&new, name, None);
    Ok(Rebuilt {
        scope,
        notes,
        verdict,
        files: new.into_files(&newest.path),
    })
}

/// What the page shows about the seats, as the folder's files will say it.
fn current(files: &impl Files, time: Timestamp, inactive_after: SignedDuration) -> CurrentSeats {
    let seats = super::seats::read_lines(&files.read(SEATS).unwrap_or_default());
    let people = People::read(&files.read(PEOPLE).unwrap_or_default());
    let known = HistoryContext {
        people: people.map(|(people, _)| people).unwrap_or_default(),
        totals: Totals::default(),
    };
    let policy = StatusPolicy {
        now: time,
        inactive_after,
    };
    CurrentSeats::of(&seats, &known, policy)
}
