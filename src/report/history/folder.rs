//! What a scope's folder holds already, read as far as the next report needs it. Whatever is
//! damaged, missing or changed by hand is told of, and never stops a report.

use jiff::{SignedDuration, Timestamp};
use sha2::{Digest as _, Sha256};

use super::changes;
use super::continuity;
use super::names::{self, Names};
use super::people::{PEOPLE, People};
use super::seats::{self, SEATS};
use super::totals::{TOTALS, Totals};
use super::{RecordError, table::TableError};
use crate::report::csv::Recorded;
use crate::report::day::{LATEST, day_stem};
use crate::report::manifest::{Continuity, RecordedManifest};
use crate::report::scope::{Scope, ScopeKind};
use crate::report::seat::Seat;
use crate::report::standing::Known;
use crate::report::{Report, credible_until};

/// The files of a scope's folder that the next report needs. Nothing stands for a file that is not
/// there.
#[derive(Debug, Default, Clone)]
pub struct Folder {
    /// `latest.csv`.
    pub latest: Option<Vec<u8>>,
    /// The report of the same day.
    pub day_report: Option<Vec<u8>>,
    /// The manifest of the same day.
    pub day_manifest: Option<Vec<u8>>,
    /// `seats.csv`.
    pub seats: Option<Vec<u8>>,
    /// `people.csv`.
    pub people: Option<Vec<u8>>,
    /// `totals.csv`.
    pub totals: Option<Vec<u8>>,
    /// The changes of the same year.
    pub changes: Option<Vec<u8>>,
    /// The manifest of the newest day before, and its path in the folder.
    pub previous: Option<(String, Vec<u8>)>,
}

impl Folder {
    /// The paths of all files but [`Folder::previous`], for a report of that time, in the order
    /// that [`Folder::from_files`] takes.
    #[must_use]
    pub fn paths(time: Timestamp) -> [String; 7] {
        let stem = day_stem(time);
        [
            LATEST.to_owned(),
            format!("{stem}.csv"),
            format!("{stem}.json"),
            SEATS.to_owned(),
            PEOPLE.to_owned(),
            TOTALS.to_owned(),
            changes::file_name(time),
        ]
    }

    /// The folder, from its files in the order of [`Folder::paths`].
    #[must_use]
    pub fn from_files(
        files: impl IntoIterator<Item = Option<Vec<u8>>>,
        previous: Option<(String, Vec<u8>)>,
    ) -> Self {
        let mut files = files.into_iter();
        let mut next = || files.next().flatten();
        Self {
            latest: next(),
            day_report: next(),
            day_manifest: next(),
            seats: next(),
            people: next(),
            totals: next(),
            changes: next(),
            previous,
        }
    }

    /// The file of that path, for a report of `time`; nothing where it is none of these.
    fn file(&self, path: &str, time: Timestamp) -> Option<Option<&[u8]>> {
        let files = [
            &self.latest,
            &self.day_report,
            &self.day_manifest,
            &self.seats,
            &self.people,
            &self.totals,
            &self.changes,
        ];
        let place = Self::paths(time).iter().position(|own| own == path)?;
        Some(files.get(place)?.as_deref())
    }
}

/// The seats that the next report is compared with.
#[derive(Debug)]
pub(super) enum Before {
    /// None are known: the next report is the first.
    Nothing,
    /// Those of `seats.csv`.
    Seats(Vec<Seat>),
    /// Those of `latest.csv` alone, of which less is known.
    Latest(Recorded, Vec<Seat>),
}

impl Before {
    pub(super) fn seats(&self) -> Option<&[Seat]> {
        match self {
            Self::Nothing => None,
            Self::Seats(seats) | Self::Latest(_, seats) => Some(seats),
        }
    }
}

/// What the reports say that a folder holds.
#[derive(Debug)]
pub struct Past {
    /// How people are called there; nothing where nothing was recorded.
    names: Option<Names>,
    /// Whom the reports there are about, where a file says it.
    kind: Option<ScopeKind>,
    pub(super) before: Before,
    /// How far back `before` is known without a break.
    pub(super) continuity: Option<Continuity>,
    /// By how many seats the newest report fell short of GitHub's total, if that is known.
    shortfall: Option<u64>,
    /// What they know of people.
    pub known: Known,
    /// The time of the newest report there.
    pub(super) time: Option<Timestamp>,
    /// Whether the report of the same day is there and as it was recorded.
    pub(super) has_day: bool,
    /// Whether the report of the same day is proved complete, where it says.
    pub(super) day_complete: Option<bool>,
    pub(super) warnings: Vec<String>,
}

/// How far a recorded report can be ahead of GitHub's clock as this run knows it.
const MAX_AHEAD: SignedDuration = SignedDuration::from_hours(1);

impl Past {
    /// Whether a report of `scope` with these `seats`, whose people have pseudonyms by the key of
    /// that fingerprint or none, may follow.
    ///
    /// # Errors
    /// Where the folder is that of another scope, or calls people otherwise.
    pub fn takes(
        &self,
        scope: &Scope,
        key: Option<&str>,
        seats: &[Seat],
    ) -> Result<(), RecordError> {
        let ours = scope.kind();
        if let Some(recorded) = self.kind.filter(|kind| *kind != ours) {
            return Err(RecordError::OtherScope { recorded, ours });
        }
        match &self.names {
            Some(names) if !names.are_by(key, seats) => Err(RecordError::OtherKey {
                recorded: names.described(),
                ours: names::described(key),
            }),
            _ => Ok(()),
        }
    }

    /// The time of the newest report, if `now` is far from reaching it.
    #[must_use]
    pub fn from_the_future(&self, now: Timestamp) -> Option<Timestamp> {
        self.time
            .filter(|time| time.duration_since(now) > MAX_AHEAD)
    }

    /// Whether a report that falls short of GitHub's total falls no shorter than the one recorded
    /// before. Then the total is off for another reason than seats that the report lost, and what
    /// it no longer shows is gone. If it falls shorter than before, it may have lost seats.
    #[must_use]
    pub fn explains_shortfall_of(&self, report: &Report) -> bool {
        report.has_steady_shortfall() && report.shortfall() <= Some(self.shortfall.unwrap_or(0))
    }

    /// The seats of the newest report that `seats`, those of a later one, do not show.
    #[must_use]
    pub fn absent(&self, seats: &[Seat]) -> Vec<Seat> {
        let before = self.before.seats().unwrap_or_default();
        changes::gone(before, seats).cloned().collect()
    }

    /// Reads `folder` at the time `now`, for a report of `time`.
    #[must_use]
    pub fn read(folder: &Folder, time: Timestamp, now: Timestamp) -> Self {
        let mut warnings = Vec::new();
        let day = manifest(
            &day_stem(time),
            folder.day_manifest.as_deref(),
            &mut warnings,
        );
        let previous = folder.previous.as_ref().and_then(|(path, file)| {
            manifest(path.trim_end_matches(".json"), Some(file), &mut warnings)
        });
        let latest = folder.latest.as_deref().and_then(|file| {
            let read = Recorded::read(file);
            read.map_err(|error| warnings.push(written_anew(LATEST, &error)))
                .ok()
        });
        let recorded = day.is_some() || previous.is_some() || latest.is_some();
        let seats = read(SEATS, folder.seats.as_deref(), seats::read, &mut warnings);
        let people = read(
            PEOPLE,
            folder.people.as_deref(),
            People::read,
            &mut warnings,
        );
        let (mut people, damaged) = people.unwrap_or_default();
        warnings.extend(damaged_lines(PEOPLE, &damaged));
        let (totals, damaged) = Totals::read(folder.totals.as_deref().unwrap_or_default());
        warnings.extend(damaged_lines(TOTALS, &damaged));
        if let Some(file) = folder.changes.as_deref().filter(|file| !file.is_empty()) {
            let name = changes::file_name(time);
            if !changes::has_columns(file) {
                warnings.push(format!(
                    "{name} does not begin with the line of a file of changes; it is kept as it is, and new lines are put below"
                ));
            } else if let Some(line) = changes::first_damaged(file) {
                warnings.push(format!(
                    "line {line} of {name} is no line of changes; it is kept as it is, but programs that read the file may stumble over it, or over all below it. It is to be mended by hand"
                ));
            }
        }
        let said_by_latest = latest.as_ref().and_then(Recorded::time);
        if folder.people.is_none()
            && let (Some(latest), Some(time)) = (&latest, said_by_latest)
        {
            people.see(time, &latest.seats(), &[]);
        }
        let forgotten = people.forget_times_after(credible_until(time.max(now)));
        if forgotten > 0 {
            warnings.push(format!(
                "{PEOPLE} has times from the future for {forgotten} people; they are dropped"
            ));
        }
        let manifests = [day.as_ref(), previous.as_ref()];
        let kind = manifests
            .map(|m| m.map(|m| m.scope.kind))
            .into_iter()
            .chain([latest.as_ref().map(Recorded::kind)])
            .flatten()
            .next();
        let recorded_before = recorded || folder.seats.is_some() || folder.people.is_some();
        let names = recorded_before.then(|| match manifests.into_iter().flatten().next() {
            Some(manifest) => Names::of(manifest.pseudonyms.clone()),
            None => Names::guessed(people.logins()),
        });
        let newest_line = totals.days().max_by_key(|day| day.report_time);
        let counted = newest_line.map(|line| line.report_time);
        // Where the day's manifest is lost, its line still knows.
        let day_complete = match (&day, newest_line) {
            (Some(day), _) => day.complete,
            (None, Some(line)) if day_stem(line.report_time) == day_stem(time) => line.complete,
            _ => None,
        };
        let newest_manifest = manifests.into_iter().flatten().next();
        // What somebody changed says nothing of when it was recorded.
        let latest_time = said_by_latest.filter(|_| {
            let recorded = newest_manifest.filter(|newest| Some(newest.report_time) == counted);
            let recorded = recorded.and_then(|newest| newest.sha256(LATEST));
            recorded.is_none() || folder.latest.as_deref().map(hash).as_deref() == recorded
        });
        let mut times: Vec<Timestamp> = manifests
            .map(|m| m.map(|m| m.report_time))
            .into_iter()
            .chain([latest_time])
            .flatten()
            .collect();
        if let Some(counted) = counted {
            if counted.duration_since(now) <= MAX_AHEAD || times.contains(&counted) {
                times.push(counted);
            } else {
                warnings.push(format!(
                    "{TOTALS} counts a report of {counted}, which is yet to come; that line is ignored"
                ));
            }
        }
        let newest = times.into_iter().max();
        let has_day = day.as_ref().is_some_and(|day| {
            let report = format!("{}.csv", day_stem(time));
            [LATEST, &report].into_iter().all(|path| {
                let file = folder.file(path, time).flatten();
                file.is_some() && file.map(hash).as_deref() == day.sha256(path)
            })
        });
        let before = match (seats, latest) {
            (Some(seats), _) => Before::Seats(seats),
            (None, Some(latest)) => {
                if folder.seats.is_none() {
                    warnings.push(format!(
                        "{SEATS} is not there, so the report is compared with {LATEST}, which says less of a seat"
                    ));
                }
                let seats = continuity::with_user_ids(latest.seats(), &people);
                Before::Latest(latest, seats)
            }
            (None, None) => {
                if recorded || folder.seats.is_some() {
                    warnings.push(format!(
                        "neither {SEATS} nor {LATEST} can be read, so this report is a new baseline: what changed since the last one is not known"
                    ));
                }
                Before::Nothing
            }
        };
        // The files of a newer report are its own, and its manifest was not read.
        if newest.is_none_or(|newest| newest <= time) {
            altered(folder, newest_manifest, (time, counted), &mut warnings);
        }
        let shortfall = newest_manifest.and_then(|newest| match newest.complete {
            Some(true) => Some(0),
            _ => newest.shortfall,
        });
        Self {
            continuity: continuity::of(&before, folder, newest_manifest, newest),
            shortfall,
            names,
            kind,
            before,
            known: Known { people, totals },
            time: newest,
            has_day,
            day_complete,
            warnings,
        }
    }
}

fn read<T>(
    name: &str,
    file: Option<&[u8]>,
    parse: impl FnOnce(&[u8]) -> Result<T, TableError>,
    warnings: &mut Vec<String>,
) -> Option<T> {
    parse(file?)
        .map_err(|error| warnings.push(written_anew(name, &error)))
        .ok()
}

fn manifest(
    stem: &str,
    file: Option<&[u8]>,
    warnings: &mut Vec<String>,
) -> Option<RecordedManifest> {
    RecordedManifest::read(file?)
        .map_err(|error| {
            warnings.push(format!(
                "the manifest {stem}.json cannot be read ({error}); what it said is in the repository's history"
            ));
        })
        .ok()
}

fn written_anew(name: &str, error: &dyn std::fmt::Display) -> String {
    format!(
        "the recorded {name} cannot be read ({error}); it is written anew, and its old form stays in the repository's history"
    )
}

/// Tells which files are no longer what the newest manifest says of them; where the newest report
/// that is counted has no manifest any more, that alone.
fn altered(
    folder: &Folder,
    newest: Option<&RecordedManifest>,
    (time, counted): (Timestamp, Option<Timestamp>),
    warnings: &mut Vec<String>,
) {
    if let Some(counted) = counted
        && newest.is_none_or(|newest| day_stem(newest.report_time) != day_stem(counted))
    {
        let path = format!("{}.json", day_stem(counted));
        let is_todays = day_stem(counted) == day_stem(time) && folder.day_manifest.is_some();
        let is_previous = folder
            .previous
            .as_ref()
            .is_some_and(|(other, _)| *other == path);
        // One that is there and cannot be read was told of.
        if !is_todays && !is_previous {
            warnings.push(format!(
                "{path}, the manifest of the newest report that {TOTALS} counts, is not there, so nothing tells whether the files are as they were recorded; it is in the repository's history"
            ));
        }
        return;
    }
    for entry in newest.iter().flat_map(|newest| &newest.files) {
        let Some(file) = folder.file(&entry.name, time) else {
            continue;
        };
        let what = match file {
            Some(file) if hash(file) == entry.sha256 => continue,
            Some(_) => "was changed",
            None => "was removed",
        };
        let report_time = newest.map(|newest| newest.report_time);
        let report = report_time.map(|time| time.to_string()).unwrap_or_default();
        warnings.push(format!(
            "{} {what} after the report of {report} was recorded, by something other than this action; `copilot-activity-report verify` in a clone tells more",
            entry.name
        ));
    }
}

/// Tells of lines that cannot be read, by their numbers.
fn damaged_lines(name: &str, numbers: &[usize]) -> Option<String> {
    let first = numbers.first()?;
    Some(match numbers.len() {
        1 => format!(
            "line {first} of {name} cannot be read; it is kept as it is, and counts for nothing"
        ),
        all => format!(
            "{all} lines of {name} cannot be read, the first of them line {first}; they are kept as they are, and count for nothing"
        ),
    })
}

/// The SHA-256 of a file in lower-case hexadecimal.
pub(super) fn hash(file: &[u8]) -> String {
    hex::encode(Sha256::digest(file))
}
