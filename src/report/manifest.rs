//! The manifest: a small JSON file beside each report that says where it comes from, how it was
//! read and which bytes it has, so that somebody who finds the file years later can tell.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Report;
use super::person::people_in;
use super::pseudonym_key::PseudonymKey;
use super::scope::{Scope, ScopeKind};
use super::seat::{Seat, whole_seconds};

/// The version of the manifest's form; it grows when a reader would have to know.
pub(crate) const SCHEMA_VERSION: u32 = 1;

/// What made the report: the run of a workflow.
#[derive(Debug, Clone, Serialize)]
pub struct Run {
    /// The web address of GitHub, such as `https://github.com`.
    pub server: String,
    /// The workflow's repository.
    pub repository: String,
    /// The run's number.
    pub id: String,
    /// Which attempt of the run, counted from 1.
    pub attempt: String,
    /// The workflow's name.
    pub workflow: String,
    /// Who or what started the run; not told where people have pseudonyms.
    pub actor: Option<String>,
    /// The event that started it, such as `schedule`.
    pub event: String,
}

/// One file of the report.
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq, Eq)]
pub struct FileEntry {
    /// Its name: in the workspace beside the manifest, in a repository its path in the folder of
    /// the scope.
    pub name: String,
    /// Its size in bytes.
    pub size: u64,
    /// Its SHA-256 in lower-case hexadecimal.
    pub sha256: String,
}

/// The manifest of one report. Times are UTC; counts are whole numbers.
#[derive(Debug, Serialize)]
pub struct Manifest<'a> {
    schema_version: u32,
    generator: Generator,
    scope: &'a Scope,
    api: Option<&'a str>,
    run: Option<&'a Run>,
    imported_from: Option<&'a str>,
    report_time: Timestamp,
    fetch: Option<Times>,
    pages: Option<usize>,
    seats: usize,
    people: usize,
    pseudonyms: Option<String>,
    total_seats: Option<u64>,
    complete: Option<bool>,
    incomplete_reasons: Vec<String>,
    shortfall: Option<u64>,
    #[serde(flatten)]
    continuity: Option<Continuity>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    files: Vec<FileEntry>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    git_blobs: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    older_reports: BTreeMap<String, String>,
    previous: Option<FileEntry>,
}

/// How far back the state of the seats is known without a break.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Continuity {
    /// The time of the first report since which every report was compared with the full state of
    /// the one before it.
    pub tracked_since: Timestamp,
    /// Whether one of these reports certainly showed every seat there was.
    pub baseline: bool,
    /// By how many seats GitHub's total is too high for another reason than seats that the pages
    /// lost.
    #[serde(default)]
    pub total_excess: u64,
}

#[derive(Debug, Serialize)]
struct Generator {
    name: &'static str,
    version: &'static str,
}

const GENERATOR: Generator = Generator {
    name: env!("CARGO_PKG_NAME"),
    version: env!("CARGO_PKG_VERSION"),
};

#[derive(Debug, Serialize)]
struct Times {
    started_at: Timestamp,
    ended_at: Timestamp,
}

impl<'a> Manifest<'a> {
    /// The manifest of `report`, read from the API at the address `api` by `run` (nothing where
    /// it was made by hand), with its `files`.
    pub fn new(
        report: &'a Report,
        api: &'a str,
        run: Option<&'a Run>,
        files: Vec<FileEntry>,
    ) -> Self {
        let reading = report.reading();
        Self {
            schema_version: SCHEMA_VERSION,
            generator: GENERATOR,
            scope: report.scope(),
            api: Some(api),
            run,
            imported_from: None,
            report_time: report.time(),
            fetch: Some(Times {
                started_at: whole_seconds(reading.started_at),
                ended_at: whole_seconds(reading.ended_at),
            }),
            pages: Some(reading.pages),
            seats: report.seats().len(),
            people: report.people(),
            pseudonyms: None,
            total_seats: reading.total_seats(),
            complete: Some(report.is_complete()),
            incomplete_reasons: report
                .incomplete_reasons()
                .iter()
                .map(ToString::to_string)
                .collect(),
            shortfall: report.shortfall(),
            continuity: None,
            files,
            git_blobs: BTreeMap::new(),
            older_reports: BTreeMap::new(),
            previous: None,
        }
    }

    /// The manifest of a report of `scope` that was downloaded by hand as the file `name`: how it
    /// was read, and whether it is complete, nobody can know.
    pub fn imported(scope: &'a Scope, name: &'a str, time: Timestamp, seats: &[Seat]) -> Self {
        Self {
            schema_version: SCHEMA_VERSION,
            generator: GENERATOR,
            scope,
            api: None,
            run: None,
            imported_from: Some(name),
            report_time: time,
            fetch: None,
            pages: None,
            seats: seats.len(),
            people: people_in(seats).count(),
            pseudonyms: None,
            total_seats: None,
            complete: None,
            incomplete_reasons: Vec::new(),
            shortfall: None,
            continuity: None,
            files: Vec::new(),
            git_blobs: BTreeMap::new(),
            older_reports: BTreeMap::new(),
            previous: None,
        }
    }

    /// Says by which key people have pseudonyms: its fingerprint.
    pub fn with_pseudonyms(self, key: Option<&PseudonymKey>) -> Self {
        Self {
            pseudonyms: key.map(PseudonymKey::fingerprint),
            ..self
        }
    }

    /// The fingerprint of the key by which people have pseudonyms, where they have.
    pub fn pseudonyms(&self) -> Option<&str> {
        self.pseudonyms.as_deref()
    }

    /// Says how far back the seats are tracked, once the history is known.
    pub fn set_continuity(&mut self, continuity: Continuity) {
        self.continuity = Some(continuity);
    }

    /// Names the files that belong to the report.
    pub fn set_files(&mut self, files: Vec<FileEntry>) {
        self.files = files;
    }

    /// Records what a listing of the folder shows: the IDs that Git gives to the content of files,
    /// and a SHA-256 of such IDs for each folder of older reports.
    pub fn set_listed(
        &mut self,
        git_blobs: BTreeMap<String, String>,
        older_reports: BTreeMap<String, String>,
    ) {
        self.git_blobs = git_blobs;
        self.older_reports = older_reports;
    }

    /// Names the manifest of the day before, so that the manifests hold together as a chain.
    pub fn set_previous(&mut self, previous: FileEntry) {
        self.previous = Some(previous);
    }

    /// The manifest as a file: JSON with indentation and a final line break.
    ///
    /// # Errors
    /// Never in practice: everything in a manifest has a JSON form.
    pub fn to_file(&self) -> serde_json::Result<Vec<u8>> {
        let mut file = serde_json::to_vec_pretty(self)?;
        file.push(b'\n');
        Ok(file)
    }
}

/// What a later run needs of a manifest that was recorded before.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct RecordedManifest {
    /// The version of its form.
    #[serde(default)]
    pub schema_version: u32,
    /// What the report was about.
    pub scope: RecordedScope,
    /// The moment the report speaks of.
    pub report_time: Timestamp,
    /// How many rows it had, where it says.
    #[serde(default)]
    pub seats: Option<u64>,
    /// How many people held them, where it says.
    #[serde(default)]
    pub people: Option<u64>,
    /// Whether it was verified as complete, where it says.
    pub complete: Option<bool>,
    /// In how many pages it was read, if it was read from the API.
    #[serde(default)]
    pages: Option<usize>,
    /// The downloaded file that it was made from, if it was imported.
    #[serde(default)]
    imported_from: Option<String>,
    #[serde(default)]
    reading: Option<RecordedReading>,
    #[serde(default)]
    tracked_since: Option<Timestamp>,
    #[serde(default)]
    baseline: Option<bool>,
    /// See [`Continuity::total_excess`].
    #[serde(default)]
    pub total_excess: u64,
    /// The fingerprint of the key by which people have pseudonyms, where they have.
    #[serde(default)]
    pub pseudonyms: Option<String>,
    /// The files that belonged to it.
    #[serde(default)]
    pub files: Vec<FileEntry>,
    /// The IDs that Git gives to the content of files, by their paths.
    #[serde(default)]
    pub git_blobs: BTreeMap<String, String>,
    /// A SHA-256 of such IDs for each folder of reports of older days.
    #[serde(default)]
    pub older_reports: BTreeMap<String, String>,
    /// The manifest of the day before, where there was one.
    #[serde(default)]
    pub previous: Option<FileEntry>,
}

#[derive(Debug, Clone, Deserialize)]
struct RecordedReading {
    ended_at: Option<Timestamp>,
}

/// The scope of a manifest that was recorded before.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct RecordedScope {
    /// Organization or enterprise.
    pub kind: ScopeKind,
    /// Its login or slug.
    #[serde(default)]
    pub name: String,
    /// GitHub's number of it; nothing if it wasn't known, or if an earlier version wrote the
    /// manifest.
    #[serde(default)]
    pub id: Option<u64>,
}

impl RecordedScope {
    /// What it is, for people.
    pub(crate) fn described(&self) -> String {
        let name = crate::system::text::shown(&self.name, 100);
        match self.id {
            Some(id) => format!("{} {name} (ID {id})", self.kind),
            None => format!("{} {name}", self.kind),
        }
    }
}

impl From<&Scope> for RecordedScope {
    fn from(scope: &Scope) -> Self {
        Self {
            kind: scope.kind(),
            name: scope.name().to_owned(),
            id: scope.id(),
        }
    }
}

impl RecordedManifest {
    /// Reads a manifest.
    pub(crate) fn read(file: &[u8]) -> serde_json::Result<Self> {
        serde_json::from_slice(file)
    }

    /// How far back the seats were tracked when it was written, if it says so.
    pub(crate) fn continuity(&self) -> Option<Continuity> {
        Some(Continuity {
            tracked_since: self.tracked_since?,
            baseline: self.baseline?,
            total_excess: self.total_excess,
        })
    }

    /// Whether its report certainly showed every seat there was, by what the manifest alone says.
    pub(crate) fn showed_every_seat(&self) -> bool {
        self.imported_from.is_some() || (self.complete == Some(true) && self.pages == Some(1))
    }

    /// When the reading of its report ended, if it says so.
    pub(crate) fn reading_ended_at(&self) -> Option<Timestamp> {
        self.reading.as_ref()?.ended_at
    }

    /// The SHA-256 that it gives of a file.
    pub(crate) fn sha256(&self, name: &str) -> Option<&str> {
        let entry = self.files.iter().find(|entry| entry.name == name)?;
        Some(&entry.sha256)
    }
}
