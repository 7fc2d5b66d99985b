//! The files of a scope's folder that the next report needs.

use std::collections::BTreeMap;

use bytes::Bytes;
use jiff::Timestamp;

use super::changes;
use super::identity::Neighbor;
use super::listing::Listing;
use super::people::PEOPLE;
use super::seats::SEATS;
use super::settings;
use super::tombstones::TOMBSTONES;
use super::totals::TOTALS;
use crate::report::day::{LATEST, date, day_stem};
use crate::report::manifest::RecordedManifest;
use crate::system::git;

/// The files of a scope's folder that the next report needs. A file that doesn't exist is `None`.
#[derive(Debug, Default, Clone)]
pub struct FolderFiles {
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
    /// The file of changes of the same year.
    pub changes: Option<Vec<u8>>,
    /// The file of changes of settings of the same year.
    pub settings: Option<Vec<u8>>,
    /// `tombstones.csv`.
    pub tombstones: Option<Vec<u8>>,
    /// The manifest of the most recent earlier day, and its path in the folder.
    pub previous: Option<(String, Vec<u8>)>,
    /// The Git blob IDs of all files in the folder, if they're known.
    pub listing: Option<Listing>,
    /// The folders next to this one, if it doesn't hold a history yet.
    pub neighbors: Vec<Neighbor>,
}

impl FolderFiles {
    /// Whether the folder doesn't hold a history.
    pub fn is_empty(&self) -> bool {
        let files = self.files();
        files.iter().all(Option::is_none) && self.previous.is_none()
    }

    /// The newest manifest, if it can be read.
    pub(crate) fn newest_manifest(&self) -> Option<RecordedManifest> {
        let read = |file: &Vec<u8>| RecordedManifest::read(file).ok();
        let day = self.day_manifest.as_ref().and_then(read);
        day.or_else(|| self.previous.as_ref().and_then(|(_, file)| read(file)))
    }

    /// All files except [`FolderFiles::previous`], in the order of [`FolderFiles::paths`].
    fn files(&self) -> [Option<&[u8]>; 9] {
        [
            &self.latest,
            &self.day_report,
            &self.day_manifest,
            &self.seats,
            &self.people,
            &self.totals,
            &self.changes,
            &self.settings,
            &self.tombstones,
        ]
        .map(Option::as_deref)
    }

    /// The paths of all files except [`FolderFiles::previous`] for a report of that time, in the
    /// order that [`FolderFiles::from_files`] expects.
    pub fn paths(time: Timestamp) -> [String; 9] {
        let stem = day_stem(time);
        [
            LATEST.to_owned(),
            format!("{stem}.csv"),
            format!("{stem}.json"),
            SEATS.to_owned(),
            PEOPLE.to_owned(),
            TOTALS.to_owned(),
            changes::file_name(time),
            settings::file_name(time),
            TOMBSTONES.to_owned(),
        ]
    }

    /// Creates the folder from its files, in the order of [`FolderFiles::paths`].
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
            settings: next(),
            tombstones: next(),
            previous,
            ..Self::default()
        }
    }

    /// Adds the Git blob IDs of all files in the folder.
    pub fn with_listing(self, listing: Listing) -> Self {
        Self {
            listing: Some(listing),
            ..self
        }
    }

    /// Whether the file already exists with this content, as far as that's known for a report of
    /// `time`.
    pub(super) fn has(&self, path: &str, content: &[u8], time: Timestamp) -> bool {
        match &self.listing {
            Some(listing) => listing.has(path, content),
            None => self.file(path, time).flatten() == Some(content),
        }
    }

    /// The parts of the listing that the manifest of a report of `time` records once `files` are
    /// written: the blob IDs of these files and of older files of changes, and the hashes of older
    /// reports.
    pub(super) fn listed(
        &self,
        files: &[(String, Bytes)],
        time: Timestamp,
    ) -> (BTreeMap<String, String>, BTreeMap<String, String>) {
        let listing = self.listing.as_ref();
        let older = listing.into_iter().flat_map(Listing::changes);
        let written = files.iter();
        let written = written.map(|(path, file)| (path.clone(), git::blob_id(file)));
        let reports = listing.map(|all| all.older_reports(date(time)));
        (older.chain(written).collect(), reports.unwrap_or_default())
    }

    /// The files that are Git LFS pointers, for a report of `time`.
    pub(super) fn pointers(&self, time: Timestamp) -> Vec<String> {
        let is_pointer = |path: &String| {
            let file = self.file(path, time).flatten();
            file.is_some_and(git::is_lfs_pointer)
        };
        let files = Self::paths(time).into_iter().filter(is_pointer);
        let previous = self.previous.iter();
        let previous = previous.filter(|(_, file)| git::is_lfs_pointer(file));
        files
            .chain(previous.map(|(path, _)| path.clone()))
            .collect()
    }

    /// The file at that path, for a report of `time`. `None` if the path isn't one of
    /// [`FolderFiles::paths`].
    pub(super) fn file(&self, path: &str, time: Timestamp) -> Option<Option<&[u8]>> {
        let place = Self::paths(time).iter().position(|own| own == path)?;
        self.files().get(place).copied()
    }
}
