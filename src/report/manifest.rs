//! The manifest: a small JSON file beside each report. It says where the report comes from, how it
//! was read, and what its files contain, so that it can still be understood years later.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::Report;
use super::control::{Control, Settings};
use super::generator::{ActionReference, Generator};
use super::person::people_in;
use super::repository::RepositoryState;
use super::scope::{Scope, ScopeKind};
use super::seat::{Seat, whole_seconds};
use super::selection::SelectionState;
use super::source::{API_VERSION, Reader, Requests};

/// The version of the manifest's format. It increases if readers have to know about a change.
pub(crate) const SCHEMA_VERSION: u32 = 2;

/// The workflow run that created the report.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Run {
    /// GitHub's web URL, such as `https://github.com`.
    pub server: String,
    /// The workflow's repository.
    pub repository: String,
    /// The run ID.
    pub id: String,
    /// The attempt of the run, counted from 1.
    pub attempt: String,
    /// The workflow's name.
    pub workflow: String,
    /// Who or what started the run. `None` if people have pseudonyms.
    pub actor: Option<String>,
    /// The event that started it, such as `schedule`.
    pub event: String,
    /// The workflow's file and the branch or tag that it's from. `None` in version 1 of the format.
    #[serde(default)]
    pub workflow_ref: Option<String>,
    /// The commit that the workflow's file is from.
    #[serde(default)]
    pub workflow_sha: Option<String>,
    /// `github-hosted` or `self-hosted`.
    #[serde(default)]
    pub runner_environment: Option<String>,
}

/// One file of the report.
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq, Eq)]
pub struct FileEntry {
    /// Its name: a file beside the manifest in the workspace, or a path in the scope's folder in a
    /// repository.
    pub name: String,
    /// Its size in bytes.
    pub size: u64,
    /// Its SHA-256 in lowercase hexadecimal.
    pub sha256: String,
}

impl FileEntry {
    /// Describes a file with this name and content.
    pub(crate) fn of(name: String, content: &[u8]) -> Self {
        Self {
            name,
            size: content.len() as u64,
            sha256: sha256(content),
        }
    }
}

/// The SHA-256 of a file, in lowercase hexadecimal.
pub(crate) fn sha256(content: &[u8]) -> String {
    hex::encode(Sha256::digest(content))
}

/// The manifest of one report. Times are UTC, and counts are whole numbers.
#[derive(Debug, Serialize)]
pub struct Manifest<'a> {
    schema_version: u32,
    /// The program that made the report.
    pub(crate) generator: Generator<'a>,
    /// The action that the program is from.
    pub(crate) action: Option<&'a ActionReference>,
    scope: &'a Scope,
    /// Which organizations the run was about. `None` if they were named.
    pub(crate) selection: Option<&'a SelectionState>,
    api: Option<&'a str>,
    api_version: Option<&'static str>,
    reader: Option<&'a Reader>,
    run: Option<&'a Run>,
    imported_from: Option<&'a str>,
    report_time: Timestamp,
    fetch: Option<Times>,
    requests: Option<&'a Requests>,
    pages: Option<usize>,
    seats: usize,
    people: usize,
    inactive_after_days: Option<i64>,
    /// The fingerprint of the key, if people have pseudonyms.
    pub(crate) pseudonyms: Option<String>,
    total_seats: Option<u64>,
    complete: Option<bool>,
    incomplete_reasons: Vec<String>,
    shortfall: Option<u64>,
    control: Option<&'a Control>,
    /// The newest settings that are known.
    pub(crate) settings: Option<Settings>,
    /// How far back the seats are tracked, once the history is known.
    #[serde(flatten)]
    pub(crate) continuity: Option<Continuity>,
    /// The files that belong to the report.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) files: Vec<FileEntry>,
    /// The Git blob IDs of files in the folder, by path.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) git_blobs: BTreeMap<String, String>,
    /// A SHA-256 of such IDs for each folder of older reports.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) older_reports: BTreeMap<String, String>,
    /// The state of the audit repository. `None` outside of one.
    pub(crate) repository: Option<RepositoryState>,
    /// The manifest of the day before, which links the manifests to a chain.
    pub(crate) previous: Option<FileEntry>,
}

/// How far back the state of the seats is known without a gap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Continuity {
    /// The time of the first report in an unbroken series: since then, every report was compared
    /// with the full state of the one before it.
    pub tracked_since: Timestamp,
    /// Whether one of these reports certainly had every seat that existed.
    pub baseline: bool,
    /// By how many seats GitHub's total is too high for reasons other than skipped rows.
    #[serde(default)]
    pub total_excess: u64,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Times {
    started_at: Timestamp,
    ended_at: Timestamp,
}

impl<'a> Manifest<'a> {
    /// Creates the manifest of `report` with its `files`. The report was read from the API at `api`
    /// by `run`, or from the command line if `run` is `None`.
    pub fn new(
        report: &'a Report,
        api: &'a str,
        run: Option<&'a Run>,
        files: Vec<FileEntry>,
    ) -> Self {
        let reading = report.reading();
        let reasons = report.incomplete_reasons().iter();
        let seats = report.seats().len();
        Self {
            api: Some(api),
            api_version: Some(API_VERSION),
            reader: reading.reader.as_ref(),
            requests: reading.requests.as_ref(),
            run,
            fetch: Some(Times {
                started_at: whole_seconds(reading.started_at),
                ended_at: whole_seconds(reading.ended_at),
            }),
            pages: Some(reading.pages),
            total_seats: reading.total_seats(),
            complete: Some(report.is_complete()),
            incomplete_reasons: reasons.map(ToString::to_string).collect(),
            shortfall: report.shortfall(),
            control: report.control(),
            settings: report.settings().cloned(),
            files,
            ..Self::of(report.scope(), report.time(), seats, report.people())
        }
    }

    /// Creates the manifest of a report of `scope` that someone downloaded as the file `name`. How
    /// it was read and whether it's complete is unknown.
    pub fn imported(scope: &'a Scope, name: &'a str, time: Timestamp, seats: &[Seat]) -> Self {
        Self {
            imported_from: Some(name),
            ..Self::of(scope, time, seats.len(), people_in(seats).count())
        }
    }

    /// What all manifests have in common.
    fn of(scope: &'a Scope, report_time: Timestamp, seats: usize, people: usize) -> Self {
        Self {
            schema_version: SCHEMA_VERSION,
            generator: Generator::default(),
            action: None,
            scope,
            selection: None,
            api: None,
            api_version: None,
            reader: None,
            run: None,
            imported_from: None,
            report_time,
            fetch: None,
            requests: None,
            pages: None,
            seats,
            people,
            inactive_after_days: None,
            pseudonyms: None,
            total_seats: None,
            complete: None,
            incomplete_reasons: Vec::new(),
            shortfall: None,
            control: None,
            settings: None,
            continuity: None,
            files: Vec::new(),
            git_blobs: BTreeMap::new(),
            older_reports: BTreeMap::new(),
            repository: None,
            previous: None,
        }
    }

    /// Adds how long without activity makes a person inactive.
    pub(crate) fn with_inactive_after(self, inactive_after: SignedDuration) -> Self {
        Self {
            inactive_after_days: Some(inactive_after.as_hours() / 24),
            ..self
        }
    }

    /// Fills in what isn't known of the settings with those of an earlier report.
    pub(crate) fn with_settings_before(self, before: Option<&Settings>) -> Self {
        let settings = match (self.settings, before) {
            (Some(now), Some(before)) => Some(now.or(before)),
            (now, before) => now.or(before.cloned()),
        };
        Self { settings, ..self }
    }

    /// Returns GitHub's second count. `None` if there's none for the report.
    pub(crate) fn control(&self) -> Option<&'a Control> {
        self.control
    }

    /// Returns the workflow run that created the report, if one did.
    pub(crate) fn run(&self) -> Option<&'a Run> {
        self.run
    }

    /// Returns the manifest as a file: indented JSON with a final newline.
    ///
    /// # Errors
    /// Never fails in practice, because everything in a manifest can be written as JSON.
    pub fn to_file(&self) -> serde_json::Result<Vec<u8>> {
        let mut file = serde_json::to_vec_pretty(self)?;
        file.push(b'\n');
        Ok(file)
    }
}

/// The parts of a recorded manifest that later runs need.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct RecordedManifest {
    /// The version of its format.
    #[serde(default)]
    pub schema_version: u32,
    /// What the report is about.
    pub scope: RecordedScope,
    /// The time of the report.
    pub report_time: Timestamp,
    /// How many rows it had, if the manifest says so.
    pub seats: Option<u64>,
    /// How many people had them, if the manifest says so.
    pub people: Option<u64>,
    /// Whether it was verified as complete, if the manifest says so.
    pub complete: Option<bool>,
    /// In how many pages it was read, if it was read from the API.
    pages: Option<usize>,
    /// The downloaded file that it was created from, if it was imported.
    imported_from: Option<String>,
    #[serde(default)]
    run: serde_json::Value,
    fetch: Option<Times>,
    #[serde(default)]
    control: serde_json::Value,
    #[serde(default)]
    settings: serde_json::Value,
    tracked_since: Option<Timestamp>,
    baseline: Option<bool>,
    /// See [`Continuity::total_excess`].
    #[serde(default)]
    pub total_excess: u64,
    /// The fingerprint of the key, if people have pseudonyms.
    pub pseudonyms: Option<String>,
    /// The files that belonged to it.
    #[serde(default)]
    pub files: Vec<FileEntry>,
    /// The Git blob IDs of files, by path.
    #[serde(default)]
    pub git_blobs: BTreeMap<String, String>,
    /// A SHA-256 of such IDs for each folder of older reports.
    #[serde(default)]
    pub older_reports: BTreeMap<String, String>,
    #[serde(default)]
    repository: serde_json::Value,
    /// The manifest of the day before, if there is one.
    pub previous: Option<FileEntry>,
}

/// The scope in a recorded manifest.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct RecordedScope {
    /// Organization or enterprise.
    pub kind: ScopeKind,
    /// Its login or slug.
    #[serde(default)]
    pub name: String,
    /// GitHub's ID, or `None` if it was unknown or an earlier version wrote the manifest.
    pub id: Option<u64>,
}

impl RecordedScope {
    /// Describes the scope for messages.
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

    /// Returns how far back the seats were tracked when it was written, if it says so.
    pub(crate) fn continuity(&self) -> Option<Continuity> {
        Some(Continuity {
            tracked_since: self.tracked_since?,
            baseline: self.baseline?,
            total_excess: self.total_excess,
        })
    }

    /// Returns whether its report certainly had every seat that existed. Uses only the manifest.
    pub(crate) fn showed_every_seat(&self) -> bool {
        self.imported_from.is_some() || (self.complete == Some(true) && self.pages == Some(1))
    }

    /// Returns the workflow run that created its report, if one did.
    pub(crate) fn run(&self) -> Option<Run> {
        Run::deserialize(&self.run).ok()
    }

    /// Returns GitHub's second count, if it has one.
    pub(crate) fn control(&self) -> Option<Control> {
        Control::deserialize(&self.control).ok()
    }

    /// Returns the newest settings that were known when it was written.
    pub(crate) fn settings(&self) -> Option<Settings> {
        Settings::deserialize(&self.settings).ok()
    }

    /// Returns the state of the audit repository before its commit. `None` if an earlier version
    /// wrote the manifest.
    pub(crate) fn repository(&self) -> Option<RepositoryState> {
        RepositoryState::deserialize(&self.repository).ok()
    }

    /// Returns when the last page of its report arrived, if it says so.
    pub(crate) fn reading_ended_at(&self) -> Option<Timestamp> {
        self.fetch.as_ref().map(|fetch| fetch.ended_at)
    }

    /// Returns the SHA-256 that it has for a file.
    pub(crate) fn sha256(&self, name: &str) -> Option<&str> {
        let entry = self.files.iter().find(|entry| entry.name == name)?;
        Some(&entry.sha256)
    }
}
