//! What a scope's folder holds already, read as far as the next report needs it. Whatever is
//! damaged, missing or changed by hand is told of, and never stops a report.

use std::collections::HashSet;

use jiff::{SignedDuration, Timestamp};
use sha2::{Digest as _, Sha256};

use super::people::{self, PEOPLE, People};
use super::seats::{self, SEATS};
use super::totals::{TOTALS, Totals};
use super::{changes, table::TableError};
use crate::report::csv::Recorded;
use crate::report::day::{LATEST, day_stem};
use crate::report::manifest::RecordedManifest;
use crate::report::pseudonym;
use crate::report::scope::ScopeKind;
use crate::report::seat::Seat;
use crate::report::standing::Known;

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
    Latest(Recorded),
}

/// What was found in a folder.
#[derive(Debug)]
pub(super) struct Found {
    /// How people are called there; nothing where nothing was recorded.
    pub(super) names: Option<Names>,
    /// Whom the reports there are about, where a file says it.
    pub(super) kind: Option<ScopeKind>,
    pub(super) before: Before,
    pub(super) known: Known,
    /// The time of the newest report there.
    pub(super) time: Option<Timestamp>,
    /// Whether the report of the same day is there and as it was recorded.
    pub(super) has_day: bool,
    /// Whether the report of the same day is proved complete, where it says.
    pub(super) day_complete: Option<bool>,
    pub(super) warnings: Vec<String>,
}

/// How the people of a history are called.
#[derive(Debug)]
pub(super) enum Names {
    /// By their own names.
    Own,
    /// By pseudonyms of the key with that fingerprint.
    Key(String),
    /// By pseudonyms of a key that no manifest tells any more: these.
    UnknownKey(HashSet<String>),
}

impl Names {
    fn of(fingerprint: Option<String>) -> Self {
        fingerprint.map_or(Self::Own, Self::Key)
    }

    /// Told by the names themselves, where no manifest can be read.
    fn guessed<'l>(logins: impl Iterator<Item = &'l str>) -> Self {
        let (pseudonyms, own): (Vec<&str>, Vec<&str>) =
            logins.partition(|login| pseudonym::is_pseudonym(login));
        if pseudonyms.is_empty() || !own.is_empty() {
            return Self::Own;
        }
        Self::UnknownKey(pseudonyms.into_iter().map(str::to_owned).collect())
    }

    /// Whether a run with the key of that fingerprint, or without one, calls people alike. Where
    /// the key of the history is not known, it is by somebody who stands in both.
    pub(super) fn are_by(&self, key: Option<&str>, seats: &[Seat]) -> bool {
        match (self, key) {
            (Self::Own, key) => key.is_none(),
            (Self::Key(recorded), key) => key == Some(recorded.as_str()),
            (Self::UnknownKey(_), None) => false,
            (Self::UnknownKey(known), Some(_)) => {
                seats.iter().any(|seat| known.contains(seat.login()))
            }
        }
    }

    /// For people.
    pub(super) fn described(&self) -> String {
        match self {
            Self::Own => super::described(None),
            Self::Key(key) => super::described(Some(key)),
            Self::UnknownKey(_) => {
                "with pseudonyms, by a key that its manifests do not tell any more".to_owned()
            }
        }
    }
}

/// How far two machines' clocks may be apart. A recorded report from further in the future was
/// not made when it says.
const CLOCKS_APART: SignedDuration = SignedDuration::from_hours(1);

impl Found {
    /// Reads `folder` at the time `now`, for a report of `time`.
    pub(super) fn read(folder: &Folder, time: Timestamp, now: Timestamp) -> Self {
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
        let known = read(
            PEOPLE,
            folder.people.as_deref(),
            people::read,
            &mut warnings,
        );
        let (totals, damaged) = Totals::read(folder.totals.as_deref().unwrap_or_default());
        if damaged > 0 {
            warnings.push(format!(
                "{damaged} lines of {TOTALS} cannot be read; they are kept as they are, and count for nothing"
            ));
        }
        if let Some(file) = folder.changes.as_deref()
            && !file.is_empty()
            && !changes::has_columns(file)
        {
            warnings.push(format!(
                "{} does not begin with the line of a file of changes; it is kept as it is, and new lines are put below",
                changes::file_name(time)
            ));
        }
        let mut people = People::new(known.unwrap_or_default());
        let latest_time = latest.as_ref().and_then(Recorded::time);
        if folder.people.is_none()
            && let (Some(latest), Some(time)) = (&latest, latest_time)
        {
            people.see(time, &latest.seats(), &[]);
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
        let times = manifests
            .map(|m| m.map(|m| m.report_time))
            .into_iter()
            .chain([latest_time, totals.days().map(|day| day.report_time).max()])
            .flatten()
            .max();
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
                Before::Latest(latest)
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
        let times = times.filter(|time| {
            let possible = time.duration_since(now) <= CLOCKS_APART;
            if !possible {
                warnings.push(format!(
                    "the recorded report says that it is of {time}, which is yet to come; it does not count as newer"
                ));
            }
            possible
        });
        // Where a newer report is there, the files are its own, and its manifest was not read.
        if let Some(newest) = day.as_ref().or(previous.as_ref())
            && times.is_none_or(|newest| newest <= time)
        {
            altered(folder, newest, time, &mut warnings);
        }
        Self {
            names,
            kind,
            before,
            known: Known { people, totals },
            time: times,
            has_day,
            day_complete: day.and_then(|day| day.complete),
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

/// Tells which files are no longer what the newest manifest says of them.
fn altered(
    folder: &Folder,
    newest: &RecordedManifest,
    time: Timestamp,
    warnings: &mut Vec<String>,
) {
    for entry in &newest.files {
        let Some(file) = folder.file(&entry.name, time) else {
            continue;
        };
        let what = match file {
            Some(file) if hash(file) == entry.sha256 => continue,
            Some(_) => "was changed",
            None => "was removed",
        };
        warnings.push(format!(
            "{} {what} after the report of {} was recorded, by something other than this action; `copilot-activity-report verify` in a clone tells more",
            entry.name, newest.report_time
        ));
    }
}

/// The SHA-256 of a file in lower-case hexadecimal.
pub(super) fn hash(file: &[u8]) -> String {
    hex::encode(Sha256::digest(file))
}
