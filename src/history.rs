//! The history of one scope: what GitHub forgets, kept in the audit repository.
//!
//! GitHub drops a person's last activity and sign-in after 90 days, and never reports who held a
//! seat last month.
//! Each report is compared with the one recorded before, and what follows from both is written
//! beside it: `seats.csv`, `changes/`, `people.csv`, `totals.csv`, a page for people, and a
//! manifest that holds all of them together. Everything is computed from the folder as it is
//! found, so that it can be computed again when somebody else was faster.
//!
//! The rule of the day: the day's first report is always recorded. A later one of the same day
//! replaces the day's report, manifest and line of totals, and only where the state of a seat
//! differs. A report older than the recorded one changes nothing.

pub(crate) mod changes;
mod continuity;
mod damage;
mod folder;
pub(crate) mod git;
mod header;
mod identity;
pub(crate) mod import;
pub(crate) mod known;
pub(crate) mod listing;
mod merge;
mod names;
pub(crate) mod people;
pub(crate) mod rebuild;
mod required;
pub(crate) mod seats;
mod table;
#[cfg(test)]
mod tests;
pub(crate) mod totals;
pub(crate) mod verify;

use std::collections::HashSet;

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};

use crate::report::day::{LATEST, day_stem};
use crate::report::manifest::{Continuity, FileEntry, Manifest};
use crate::report::scope::{Scope, ScopeKind};
use crate::report::seat::Seat;
use crate::report::standing::Counts;
use crate::report::status::Rule;
use changes::{Change, Kind};
use folder::Before;
pub use folder::Folder;
pub(crate) use folder::Past;
pub(crate) use identity::Neighbor;
use known::Known;
use totals::Day;

/// A report that is to be recorded.
#[derive(Debug)]
pub struct Entry<'a> {
    /// Whom it is about.
    pub scope: &'a Scope,
    /// Its time, in whole seconds.
    pub time: Timestamp,
    /// Its rows, in the report's order, without times that can't be (see
    /// [`crate::report::Report::credible_seats`]).
    pub seats: &'a [Seat],
    /// Whether it certainly shows every seat there was.
    pub shows_every_seat: bool,
    /// Whether it is proved complete; nothing where nobody can know, as of a downloaded file.
    pub complete: Option<bool>,
    /// Its file in GitHub's own form.
    pub csv: Bytes,
    /// Where it comes from.
    pub manifest: Manifest<'a>,
    /// From when somebody counts as inactive.
    pub inactive_after: SignedDuration,
    /// By how many seats it falls short of GitHub's total. Missing if that may have another reason
    /// than a total that is off.
    pub shortfall: Option<u64>,
    /// Which seats that it does not show any more are revoked.
    pub revoked: Revoked<'a>,
    /// Draws the pages for people.
    pub draw: DrawPages,
}

/// The page for people in the folder of a scope.
pub(crate) const README: &str = "README.md";

/// The picture in it for light pages.
pub(crate) const TREND_LIGHT: &str = "trend-light.svg";

/// The picture in it for dark pages.
pub(crate) const TREND_DARK: &str = "trend-dark.svg";

/// What the pages for people show.
#[derive(Debug)]
pub struct Page<'a> {
    /// Whom the reports are about.
    pub scope: &'a Scope,
    /// The time of the newest report.
    pub time: Timestamp,
    /// Whether it's proved complete. Missing if nobody can know.
    pub complete: Option<bool>,
    /// How long without activity makes somebody inactive.
    pub inactive_after: SignedDuration,
    /// Every day that was recorded, in order of time.
    pub days: &'a [Day],
    /// The file of this year's changes.
    pub changes: &'a [u8],
}

/// Draws [`README`], [`TREND_LIGHT`], and [`TREND_DARK`], each with its name.
pub(crate) type DrawPages = fn(&Page<'_>) -> [(&'static str, String); 3];

/// Which seats that a report does not show any more are revoked.
///
/// A list that is read page by page can lose a row without a sign; see [`crate::report::completeness`].
/// What is not called revoked stays in the history until a later report settles it.
#[derive(Debug, Clone, Copy)]
pub enum Revoked<'a> {
    /// All of them: the list came in one piece.
    All,
    /// These alone. None, if the report may lack rows.
    Only(&'a [Seat]),
}

/// What is to be done with a report, and what it changes.
#[derive(Debug)]
pub struct Recording {
    /// Whether it is to be recorded, and why not.
    pub action: Action,
    /// Whether the seats' state differs from that of the last recorded report.
    pub changed: bool,
    /// What was found in the folder that should not be so; the person is told.
    pub warnings: Vec<String>,
    /// How many seats came since the last recorded report.
    pub granted: usize,
    /// How many went.
    pub revoked: usize,
    /// Who was concerned by each change of a seat, by their login; rows without a person are left
    /// out.
    pub changes: Vec<(Kind, String)>,
    /// The files to write, with their paths in the folder. None where nothing is to be recorded.
    pub files: Vec<(String, Bytes)>,
}

/// Whether a report is to be recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Write it.
    Record,
    /// The day has a report that says the same.
    Unchanged,
    /// The folder holds a newer report, of that time.
    Older(Timestamp),
    /// The folder holds another report of the same second.
    SameTime,
    /// The day has a report that is proved complete, and this one is not.
    LessComplete,
}

/// Why a report cannot go into a folder at all.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// An organization and an enterprise may have the same name, and the one must not overwrite
    /// the other.
    #[error(
        "the folder holds the reports of an {recorded} of the same name, not of the {ours}; name another `directory`"
    )]
    OtherKind {
        /// Whose reports are there.
        recorded: ScopeKind,
        /// What this report is about.
        ours: ScopeKind,
    },
    /// Two folders were swapped, a name was taken over, or a folder was moved: everybody would be
    /// revoked and granted.
    #[error(
        "the folder holds the history of the {recorded}, not of the {ours}.\n  what to do: {what_to_do}"
    )]
    OtherScope {
        /// Whose reports are there.
        recorded: String,
        /// What this report is about.
        ours: String,
        /// What whoever reads this can do.
        what_to_do: String,
    },
    /// The history is there under an earlier name.
    #[error(
        "the {kind} {before} was renamed to {now}: its ID is the same, and its history is still in {from}. Nothing was recorded, so that no second history begins.\n  what to do: run `git mv {from} {to}` in a clone of the branch, commit, and push. The next run continues the history"
    )]
    Renamed {
        /// What was renamed.
        kind: ScopeKind,
        /// Its name in the newest manifest.
        before: String,
        /// Its name now.
        now: String,
        /// The folder of the history.
        from: String,
        /// Where the folder belongs.
        to: String,
    },
    /// Pseudonyms and names, or those of two keys, cannot stand for one another.
    #[error(
        "the folder's history was written {recorded}, and this run writes {ours} (`pseudonym-key`); use the key of the history, or name another `directory`"
    )]
    OtherKey {
        /// How people are called there.
        recorded: String,
        /// How this run calls them.
        ours: String,
    },
    /// Git LFS keeps the files elsewhere, so what they say is unknown.
    #[error(
        "{} in Git LFS: {}. The action reads and writes files through GitHub's API, which has only the pointers. Nothing was recorded.\n  what to do: take the files out of Git LFS. In a clone with Git LFS installed, remove the line with `filter=lfs` that covers them from `.gitattributes`, and then run `git add --renormalize . && git commit --message 'Take the reports out of Git LFS' && git push`. To take them out of older commits too, run `git lfs migrate export --everything --include='**/{scope}/**'` instead, which rewrites the history",
        if files.len() == 1 { "a file is" } else { "files are" },
        files.join(", "),
    )]
    Lfs {
        /// The files, by their paths in the folder.
        files: Vec<String>,
        /// The name of the scope's folder.
        scope: String,
    },
    /// The newest report was recorded with a time that GitHub's clock hasn't reached. A report in
    /// front of it would break the chain of manifests for good.
    #[error(
        "the newest recorded report is of {recorded}, and it is only {now} by GitHub's clock. Nothing was recorded, because a report never goes in front of a newer one\n  what to do: revert the commit that recorded it, and run again"
    )]
    FromTheFuture {
        /// The time of that report.
        recorded: Timestamp,
        /// The present.
        now: Timestamp,
    },
    /// A file could not be put into its form. Never in practice.
    #[error("a file of the history could not be written: {0}")]
    Form(#[from] csv::Error),
    /// The manifest could not be put into its form. Never in practice.
    #[error("the manifest could not be written: {0}")]
    Manifest(#[from] serde_json::Error),
}

/// Decides at the time `now` whether `entry` is to be recorded in `folder`, and what is to be
/// written.
///
/// # Errors
/// Where the folder belongs to another scope.
pub fn record(
    mut entry: Entry<'_>,
    folder: &Folder,
    now: Timestamp,
) -> Result<Recording, RecordError> {
    let found = Past::read(folder, entry.time, now);
    found.takes(entry.scope, entry.manifest.pseudonyms(), entry.seats)?;
    if let Some(recorded) = found.future_time(now) {
        return Err(RecordError::FromTheFuture { recorded, now });
    }
    let before = found.before.seats();
    let mut differences = before.map_or_else(Vec::new, |old| changes::between(old, entry.seats));
    let kept = take_unproved(&mut differences, &entry);
    let kept = continuity::with_newest_names(kept, entry.seats);
    take_unseen(&mut differences, found.continuity);
    let state = with_kept(entry.seats, &kept);
    let changed = match &found.before {
        Before::Nothing => true,
        Before::Seats(seats) => !seats.iter().eq(state.iter().copied()),
        Before::Latest(seats) => {
            let form = |seat| Seat::in_githubs_form(seat, entry.scope.kind());
            !seats.iter().map(form).eq(state.iter().copied().map(form))
        }
    };
    let is_better = found.day_complete == Some(false) && entry.complete != Some(false);
    let action = match found.time {
        Some(time) if time > entry.time => Action::Older(time),
        // Nothing says which of two runs that began in the same second was first.
        Some(time) if time == entry.time && (changed || is_better || !found.has_day) => {
            Action::SameTime
        }
        _ if found.day_complete == Some(true) && entry.complete == Some(false) => {
            Action::LessComplete
        }
        _ if is_better => Action::Record,
        _ if found.has_day && !changed => Action::Unchanged,
        _ => Action::Record,
    };
    let is_passed_over = matches!(
        action,
        Action::Older(_) | Action::SameTime | Action::LessComplete
    );
    if is_passed_over {
        // What is compared with a newer or a better report tells nothing of what happened.
        differences.clear();
    }
    let changed = changed && !is_passed_over;
    let count = |kind| differences.iter().filter(|c| c.kind == kind).count();
    let (granted, revoked) = (count(Kind::Granted), count(Kind::Revoked));
    let told = differences.iter().filter_map(|change| {
        let account = change.seat.assignee.as_ref()?;
        Some((change.kind, account.login.to_string()))
    });
    let told = told.collect();
    let mut known = found.known;
    let mut files = Vec::new();
    if action == Action::Record {
        known.people.see(entry.time, entry.seats, &kept);
        let continuity = continuity::after(found.continuity, &entry, &kept);
        entry.manifest.set_continuity(continuity);
        let rule = Rule {
            now: entry.time,
            inactive_after: entry.inactive_after,
        };
        let counts = Counts::of(known.standings(entry.seats, rule));
        let day = Day::new(
            (entry.time, entry.complete),
            entry.seats.len(),
            counts,
            (granted, revoked),
        );
        known.totals.put(day);
        files = written(entry, folder, known, &state, &differences)?;
    }
    Ok(Recording {
        action,
        changed,
        warnings: found.warnings,
        granted,
        revoked,
        changes: told,
        files,
    })
}

/// Takes out the seats that may only seem to be gone.
fn take_unproved<'s>(changes: &mut Vec<Change<'s>>, entry: &Entry<'_>) -> Vec<&'s Seat> {
    let proved = match entry.revoked {
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

/// Takes out the seats that were perhaps there all along, and only not known.
fn take_unseen(changes: &mut Vec<Change<'_>>, continuity: Option<Continuity>) {
    let Some(known) = continuity else {
        return;
    };
    let is_later = |seat: &Seat| seat.created_at.is_some_and(|at| at >= known.tracked_since);
    changes
        .retain(|change| change.kind != Kind::Granted || known.baseline || is_later(change.seat));
}

fn with_kept<'s>(seats: &'s [Seat], kept: &'s [Seat]) -> Vec<&'s Seat> {
    let mut state: Vec<&Seat> = seats.iter().chain(kept).collect();
    if !kept.is_empty() {
        state.sort_by(|one, other| one.order(other));
    }
    state
}

/// The files of the folder that are other than before.
fn written(
    entry: Entry<'_>,
    folder: &Folder,
    known: Known,
    state: &[&Seat],
    differences: &[Change<'_>],
) -> Result<Vec<(String, Bytes)>, RecordError> {
    let changes_file = changes::file_name(entry.time);
    let mut changes_content = folder.changes.clone().unwrap_or_default();
    if !differences.is_empty() {
        changes_content = changes::append(&changes_content, entry.time, differences)?;
    }
    let Known { people, totals } = known;
    let days: Vec<Day> = totals.days().copied().collect();
    let pages = (entry.draw)(&Page {
        scope: entry.scope,
        time: entry.time,
        complete: entry.complete,
        inactive_after: entry.inactive_after,
        days: &days,
        changes: &changes_content,
    });
    let mut files: Vec<(String, Bytes)> = vec![
        (LATEST.to_owned(), entry.csv.clone()),
        (
            seats::SEATS.to_owned(),
            seats::write(state.iter().copied())?.into(),
        ),
        (people::PEOPLE.to_owned(), people.write()?.into()),
        (totals::TOTALS.to_owned(), totals.write()?.into()),
        (format!("{}.csv", day_stem(entry.time)), entry.csv),
    ];
    files.push((
        git::ATTRIBUTES.to_owned(),
        Bytes::from_static(git::NO_CONVERSION.as_bytes()),
    ));
    files.extend(pages.map(|(name, page)| (name.to_owned(), page.into())));
    if !changes_content.is_empty() {
        files.push((changes_file.clone(), changes_content.into()));
    }
    let mut manifest = entry.manifest;
    manifest.set_files(
        files
            .iter()
            .map(|(path, file)| FileEntry {
                name: path.clone(),
                size: file.len() as u64,
                sha256: folder::hash(file),
            })
            .collect(),
    );
    let (git_blobs, older_reports) = folder.listed(&files, entry.time);
    manifest.set_listed(git_blobs, older_reports);
    if let Some((path, file)) = &folder.previous {
        manifest.set_previous(FileEntry {
            name: path.clone(),
            size: file.len() as u64,
            sha256: folder::hash(file),
        });
    }
    files.retain(|(path, file)| !folder.has(path, file, entry.time));
    files.push((
        format!("{}.json", day_stem(entry.time)),
        manifest.to_file()?.into(),
    ));
    Ok(files)
}
