//! The sources of a rebuild: the reports, the manifests, and what can still be read of the other
//! files.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::Date;

use super::super::tombstones::{TOMBSTONES, Tombstones};
use super::super::verify::{Files, Problem};
use super::RebuildError;
use crate::report::credible_until;
use crate::report::csv::RecordedReport;
use crate::report::day::{REPORTS, day_of, stem_of};
use crate::report::manifest::RecordedManifest;
use crate::report::seat::{Seat, without_times_after};

/// A day with a report.
#[derive(Debug, Clone)]
pub(super) struct Day {
    pub(super) day: Date,
    /// The time of its report.
    pub(super) time: Timestamp,
    /// The parsed manifest, if it can be read.
    pub(super) manifest: Option<RecordedManifest>,
}

/// Values by day.
pub(super) type ByDay<T> = BTreeMap<Date, T>;

/// The newest day, whose manifest describes the current files.
pub(super) struct Newest {
    pub(super) day: Day,
    pub(super) path: String,
    pub(super) content: Vec<u8>,
    pub(super) manifest: RecordedManifest,
}

/// All sources except the content of the reports, which are read one at a time.
pub(super) struct Source {
    /// The days with a report, in order.
    pub(super) days: Vec<Day>,
    pub(super) newest: Newest,
    /// The readable files that aren't reports or manifests, by path.
    others: BTreeMap<String, Vec<u8>>,
}

impl Source {
    /// Reads the sources, and checks every report.
    pub(super) fn read(files: &impl Files) -> Result<Self, RebuildError> {
        let mut days = Vec::new();
        let mut unreadable = Vec::new();
        let mut others = BTreeMap::new();
        let mut newest = None;
        for path in files.paths() {
            let day = day_of(path);
            if day.is_none() {
                others.extend(files.read(path).ok().map(|file| (path.clone(), file)));
            }
            let Some(day) = day.filter(|_| path.ends_with(".csv")) else {
                continue;
            };
            let manifest_path = format!("{}.json", stem_of(day));
            let manifest = files.read(&manifest_path);
            let manifest = manifest.ok().and_then(|file| {
                let manifest = RecordedManifest::read(&file).ok()?;
                Some((file, manifest))
            });
            let report = files.read(path).map_err(|error| error.to_string());
            let report = report.and_then(|file| recorded(&file));
            let no_time = || "it has no rows, and no manifest says its time".to_owned();
            let time = report.and_then(|report| match &manifest {
                Some((_, manifest)) => Ok(manifest.report_time),
                None => report.time.ok_or_else(no_time),
            });
            match time {
                Ok(time) => {
                    let day = Day {
                        day,
                        time,
                        manifest: manifest.as_ref().map(|(_, manifest)| manifest.clone()),
                    };
                    newest = Some((day.clone(), manifest_path, manifest));
                    days.push(day);
                }
                Err(error) => {
                    unreadable.push(Problem::new(path, format!("can't be read: {error}")));
                }
            }
        }
        // A manifest after the last report describes a report that doesn't exist.
        let last = files.paths().iter().filter_map(|path| day_of(path)).max();
        if let Some((day, path, _)) = &newest
            && last > Some(day.day)
        {
            let what = "isn't the newest manifest, and the newest one has no report";
            unreadable.push(Problem::new(path, what));
        }
        match newest {
            Some((day, path, Some((content, manifest)))) if unreadable.is_empty() => Ok(Self {
                newest: Newest {
                    day,
                    path,
                    content,
                    manifest,
                },
                days,
                others,
            }),
            newest => {
                if let Some((_, path, None)) = newest {
                    let what = "is missing or can't be read, and it's the newest manifest";
                    unreadable.push(Problem::new(&path, what));
                }
                if unreadable.is_empty() {
                    unreadable.push(Problem::new(REPORTS, "has no report of any day"));
                }
                Err(RebuildError::Unreadable(unreadable))
            }
        }
    }

    /// The days whose reports were retired.
    pub(super) fn retired_days(&self) -> BTreeSet<Date> {
        let tombstones = self.content(TOMBSTONES).unwrap_or_default();
        Tombstones::read(tombstones).retired_days()
    }

    /// The content of a file that isn't a report or manifest. `None` if it can't be read.
    pub(super) fn content(&self, path: &str) -> Option<&[u8]> {
        self.others.get(path).map(|file| &file[..])
    }

    /// The paths of the readable files that aren't reports or manifests.
    pub(super) fn others(&self) -> impl Iterator<Item = &String> {
        self.others.keys()
    }
}

impl Day {
    /// The path of the day's report.
    fn path(&self) -> String {
        format!("{}.csv", stem_of(self.day))
    }

    /// Whether the day's report is verified as complete. `None` if that's unknown.
    pub(super) fn complete(&self) -> Option<bool> {
        self.manifest.as_ref()?.complete
    }

    /// Reads the bytes of the day's report.
    pub(super) fn content(&self, files: &impl Files) -> Result<Vec<u8>, RebuildError> {
        files
            .read(&self.path())
            .map_err(|error| self.unreadable(&error.to_string()))
    }

    /// Reads the seats in the day's report, without impossible times.
    pub(super) fn read(&self, files: &impl Files) -> Result<Vec<Seat>, RebuildError> {
        let recorded = recorded(&self.content(files)?).map_err(|error| self.unreadable(&error))?;
        let mut seats = recorded.seats();
        seats.sort_by(Seat::order);
        let manifest = self.manifest.as_ref();
        let ended_at = manifest.and_then(RecordedManifest::reading_ended_at);
        let latest = credible_until(ended_at.unwrap_or(self.time));
        Ok(without_times_after(&seats, latest).unwrap_or(seats))
    }

    fn unreadable(&self, error: &str) -> RebuildError {
        let what = format!("can't be read: {error}");
        RebuildError::Unreadable(vec![Problem::new(&self.path(), what)])
    }
}

fn recorded(file: &[u8]) -> Result<RecordedReport, String> {
    RecordedReport::read(file).map_err(|error| error.to_string())
}
