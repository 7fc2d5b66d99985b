//! What a folder's files say about the recorded reports, as far as the next report needs it. Files
//! that are damaged, missing, or manually changed cause warnings, and never stop a report.

use jiff::{SignedDuration, Timestamp};

use super::continuity::{self, Baseline};
use super::damage::{altered, damaged_changes, damaged_lines, manifest, read};
use super::error::RecordError;
use super::folder_files::FolderFiles;
use super::history_context::HistoryContext;
use super::identity::{self, Neighbor};
use super::identity_mode::{self, IdentityMode};
use super::people::{PEOPLE, People};
use super::seat_changes::{self, SeatChange};
use super::seats::{self, SEATS};
use super::settings;
use super::totals::{self, TOTALS, Totals};
use super::{changes, header};
use crate::report::control::Settings;
use crate::report::csv::RecordedReport;
use crate::report::day::{LATEST, day_stem};
use crate::report::manifest::{Continuity, RecordedManifest, RecordedScope, sha256};
use crate::report::scope::{Scope, ScopeKind};
use crate::report::seat::{Seat, without_times_after};
use crate::report::{Report, credible_until};

/// What the recorded reports say.
#[derive(Debug)]
pub(crate) struct PriorState {
    /// How the history names people. `None` if nothing was recorded.
    identity_mode: Option<IdentityMode>,
    /// Whether `latest.csv` belongs to an organization or an enterprise.
    latest_kind: Option<ScopeKind>,
    /// The scope in the newest manifest, and the path of that manifest.
    scope: Option<(RecordedScope, String)>,
    neighbors: Vec<Neighbor>,
    pub(super) before: Baseline,
    /// How far back `before` is known without a break.
    pub(super) continuity: Option<Continuity>,
    /// What the recorded reports say about people.
    pub known: HistoryContext,
    /// The newest known settings of the organization.
    pub settings: Option<Settings>,
    /// The recorded changes of the last week. In the first week of January, those of the year
    /// before are missing, because they're in another file.
    pub recent_changes: Vec<SeatChange>,
    /// The time of the newest recorded report.
    pub(super) time: Option<Timestamp>,
    /// Whether the report of the same day exists and matches what was recorded.
    pub(super) has_day: bool,
    /// Whether the report of the same day is verified as complete. `None` if that's unknown.
    pub(super) day_complete: Option<bool>,
    pub(super) warnings: Vec<String>,
    /// The files that are Git LFS pointers.
    pointers: Vec<String>,
}

/// How far a recorded report can be ahead of GitHub's clock, as this run knows it.
const MAX_AHEAD: SignedDuration = SignedDuration::from_hours(1);

impl PriorState {
    /// Checks that a report of `scope` with these `seats` can follow. `key` is the fingerprint of
    /// the key of its pseudonyms, if it uses them.
    ///
    /// # Errors
    /// Fails if the folder belongs to another scope, names people differently, or has files in Git
    /// LFS.
    pub(crate) fn check_identity(
        &self,
        scope: &Scope,
        key: Option<&str>,
        seats: &[Seat],
    ) -> Result<(), RecordError> {
        if !self.pointers.is_empty() {
            return Err(RecordError::Lfs {
                files: self.pointers.clone(),
                scope: scope.name().to_ascii_lowercase(),
            });
        }
        let ours = scope.kind();
        if let Some((recorded, manifest)) = &self.scope {
            identity::check(recorded, manifest, scope)?;
        } else if let Some(recorded) = self.latest_kind.filter(|kind| *kind != ours) {
            return Err(RecordError::OtherKind { recorded, ours });
        }
        identity::refuse_second(&self.neighbors, scope)?;
        match &self.identity_mode {
            Some(identity_mode) if !identity_mode.are_by(key, seats) => {
                Err(RecordError::OtherKey {
                    recorded: identity_mode.described(),
                    ours: identity_mode::described(key),
                })
            }
            _ => Ok(()),
        }
    }

    /// The time of the newest report, if it's more than [`MAX_AHEAD`] after `now`.
    pub(crate) fn future_time(&self, now: Timestamp) -> Option<Timestamp> {
        self.time
            .filter(|time| time.duration_since(now) > MAX_AHEAD)
    }

    /// The seats that are certainly gone even though the report has fewer seats than GitHub's
    /// total. Empty unless two consecutive fetches were short by the same number of seats and
    /// lacked the same ones.
    ///
    /// If the total was off by the same number before, the difference has another cause than seats
    /// that the list lost. So the seats that the list no longer shows are gone. If it's off by
    /// more, the list may have lost that many people. If the last report already lacked that many
    /// people, they're the lost ones, and anyone who's missing only since then is gone.
    pub(crate) fn gone_despite_shortfall(&self, report: &Report) -> Vec<Seat> {
        let Some(shortfall) = report.shortfall().filter(|_| report.has_steady_shortfall()) else {
            return Vec::new();
        };
        let absent = self.absent(report.seats());
        let excess = self.continuity.map_or(0, |known| known.total_excess);
        let lost = shortfall.saturating_sub(excess);
        if lost == 0 {
            return absent;
        }
        let shown = continuity::people(report.seats());
        let was_missing = |seat: &Seat| {
            let account = seat.assignee.as_ref()?;
            let known = self.known.people.get(account)?;
            // A line without an ID might be about another person who had the login.
            (known.user_id == account.id).then_some(Some(known.last_seen) < self.time)
        };
        let may_be_lost = |seat: &Seat| {
            let account = seat.assignee.as_ref();
            account.is_some_and(|account| !shown.contains(&account.identity()))
                && was_missing(seat) != Some(false)
        };
        let (longer, lately): (Vec<Seat>, Vec<Seat>) = absent.into_iter().partition(may_be_lost);
        let certain = longer.iter().filter(|seat| was_missing(seat).is_some());
        if continuity::people(certain).len() as u64 >= lost {
            lately
        } else {
            Vec::new()
        }
    }

    /// The seats of the newest recorded report that are missing from `seats`, those of a later
    /// report.
    pub(crate) fn absent(&self, seats: &[Seat]) -> Vec<Seat> {
        let before = self.before.seats().unwrap_or_default();
        changes::gone(before, seats).cloned().collect()
    }

    /// Reads `folder` at the time `now`, for a report of `time`.
    pub(crate) fn read(folder: &FolderFiles, time: Timestamp, now: Timestamp) -> Self {
        let mut warnings = Vec::new();
        let day = folder.day_manifest.as_deref();
        let day = day.and_then(|file| manifest(&day_stem(time), file, &mut warnings));
        let previous = folder
            .previous
            .as_ref()
            .and_then(|(path, file)| manifest(path.trim_end_matches(".json"), file, &mut warnings));
        let latest = read(
            (LATEST, folder.latest.as_deref()),
            RecordedReport::read,
            header::report_below,
            &mut warnings,
        );
        let recorded = day.is_some() || previous.is_some() || latest.is_some();
        let seats = read(
            (SEATS, folder.seats.as_deref()),
            seats::read,
            header::seats_below,
            &mut warnings,
        );
        let people = read(
            (PEOPLE, folder.people.as_deref()),
            People::read,
            header::people_below,
            &mut warnings,
        );
        let (mut people, damaged) = people.unwrap_or_default();
        let is_anybody_known = people.logins().next().is_some();
        warnings.extend(damaged_lines(PEOPLE, &damaged));
        let totals_file = folder.totals.as_deref().unwrap_or_default();
        let (totals, damaged) = Totals::read(totals_file);
        if totals::lacks_header(totals_file) {
            warnings.push(header::damaged_header(TOTALS));
        }
        warnings.extend(damaged_lines(TOTALS, &damaged));
        warnings.extend(damaged_changes(
            (changes::file_name(time), folder.changes.as_deref()),
            &changes::COLUMNS,
            |file| changes::lines(file).find_map(Result::err),
        ));
        warnings.extend(damaged_changes(
            (settings::file_name(time), folder.settings.as_deref()),
            &settings::COLUMNS,
            settings::invalid_line,
        ));
        let said_by_latest = latest.as_ref().and_then(|latest| latest.time);
        if !is_anybody_known && let (Some(latest), Some(time)) = (&latest, said_by_latest) {
            let known = seats.as_deref().unwrap_or_default();
            let rows = continuity::with_ids_of_seats(believed(latest), known, latest.kind);
            people.merge_report(time, &rows, &[]);
        }
        let forgotten = people.forget_times_after(credible_until(time.max(now)));
        if forgotten > 0 {
            warnings.push(format!(
                "{PEOPLE} has times in the future for {forgotten} people. The action removes them."
            ));
        }
        let newest_manifest = day.as_ref().or(previous.as_ref());
        let recorded_before = recorded || folder.seats.is_some() || folder.people.is_some();
        let identity_mode = recorded_before.then(|| match newest_manifest {
            Some(manifest) => IdentityMode::of(manifest.pseudonyms.clone()),
            None => IdentityMode::guessed(people.logins()),
        });
        let newest_line = totals.days().max_by_key(|day| day.report_time);
        let counted = newest_line.map(|line| line.report_time);
        // If the day's manifest is lost, the day's line of totals still says whether the report is
        // complete.
        let day_complete = match (&day, newest_line) {
            (Some(day), _) => day.complete,
            (None, Some(line)) if day_stem(line.report_time) == day_stem(time) => line.complete,
            _ => None,
        };
        // A file that was edited can't say when it was recorded.
        let latest_time = said_by_latest.filter(|_| {
            let recorded = newest_manifest.filter(|newest| Some(newest.report_time) == counted);
            let recorded = recorded.and_then(|newest| newest.sha256(LATEST));
            recorded.is_none() || folder.latest.as_deref().map(sha256).as_deref() == recorded
        });
        let [day_time, previous_time] =
            [&day, &previous].map(|read| Some(read.as_ref()?.report_time));
        let times = [day_time, previous_time, latest_time];
        let mut newest = times.into_iter().max().flatten();
        if let Some(counted) = counted {
            if counted.duration_since(now) <= MAX_AHEAD || times.contains(&Some(counted)) {
                newest = newest.max(Some(counted));
            } else {
                warnings.push(format!(
                    "{TOTALS} has a line for a report from {counted}, which is in the future. The action ignores that line."
                ));
            }
        }
        let has_day = day.as_ref().is_some_and(|day| {
            let report = format!("{}.csv", day_stem(time));
            [LATEST, &report].into_iter().all(|path| {
                let file = folder.file(path, time).flatten();
                file.is_some() && file.map(sha256).as_deref() == day.sha256(path)
            })
        });
        let latest_kind = latest.as_ref().map(|latest| latest.kind);
        let before = match (seats, latest) {
            (Some(seats), _) => Baseline::Seats(seats),
            (None, Some(latest)) => {
                if folder.seats.is_none() {
                    warnings.push(format!(
                        "{SEATS} is missing, so the report is compared with {LATEST}, which has less detail about seats"
                    ));
                }
                let seats = continuity::with_user_ids(believed(&latest), &people);
                Baseline::Latest(seats)
            }
            (None, None) => {
                if recorded || folder.seats.is_some() {
                    warnings.push(format!(
                        "neither {SEATS} nor {LATEST} can be read, so this report is a new baseline. What changed since the last report is unknown."
                    ));
                }
                Baseline::Nothing
            }
        };
        // If there's a newer report, the files belong to it, and its manifest wasn't read.
        if newest.is_none_or(|newest| newest <= time) {
            altered(folder, newest_manifest, (time, counted), &mut warnings);
        }
        Self {
            continuity: continuity::of(&before, folder, newest_manifest, newest),
            identity_mode,
            latest_kind,
            scope: newest_manifest.map(|manifest| {
                let path = format!("{}.json", day_stem(manifest.report_time));
                (manifest.scope.clone(), path)
            }),
            // An older manifest has settings from before changes that already have a line.
            settings: newest_manifest
                .filter(|manifest| Some(manifest.report_time) == newest)
                .and_then(RecordedManifest::settings),
            neighbors: folder.neighbors.clone(),
            before,
            known: HistoryContext { people, totals },
            recent_changes: seat_changes::of_the_week(
                folder.changes.as_deref().unwrap_or_default(),
                time,
            ),
            time: newest,
            has_day,
            day_complete,
            warnings,
            pointers: folder.pointers(time),
        }
    }
}

/// The rows of `latest.csv`, without times that are impossible for its report.
fn believed(latest: &RecordedReport) -> Vec<Seat> {
    let seats = latest.seats();
    let until = latest.time.map(credible_until);
    until
        .and_then(|until| without_times_after(&seats, until))
        .unwrap_or(seats)
}
