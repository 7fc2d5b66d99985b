//! The manifest: a small JSON file beside each report that says where it comes from, how it was
//! read and which bytes it has, so that somebody who finds the file years later can tell.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Report;
use super::scope::{Scope, ScopeKind};
use super::seat::whole_seconds;

/// The version of the manifest's form; it grows when a reader would have to know.
pub const SCHEMA_VERSION: u32 = 1;

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
    /// Who or what started the run.
    pub actor: String,
    /// The event that started it, such as `schedule`.
    pub event: String,
}

/// One file of the report.
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq, Eq)]
pub struct FileEntry {
    /// Its name, beside the manifest.
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
    api: &'a str,
    run: Option<&'a Run>,
    report_time: Timestamp,
    reading: Times,
    pages: usize,
    seats: usize,
    people: usize,
    total_seats: Option<u64>,
    complete: bool,
    doubts: Vec<String>,
    files: Vec<FileEntry>,
}

#[derive(Debug, Serialize)]
struct Generator {
    name: &'static str,
    version: &'static str,
}

#[derive(Debug, Serialize)]
struct Times {
    started_at: Timestamp,
    ended_at: Timestamp,
}

impl<'a> Manifest<'a> {
    /// The manifest of `report`, read from the API at the address `api` by `run` (nothing where
    /// it was made by hand), with its `files`.
    #[must_use]
    pub fn new(
        report: &'a Report,
        api: &'a str,
        run: Option<&'a Run>,
        files: Vec<FileEntry>,
    ) -> Self {
        let reading = report.reading();
        Self {
            schema_version: SCHEMA_VERSION,
            generator: Generator {
                name: env!("CARGO_PKG_NAME"),
                version: env!("CARGO_PKG_VERSION"),
            },
            scope: report.scope(),
            api,
            run,
            report_time: report.time(),
            reading: Times {
                started_at: whole_seconds(reading.started_at),
                ended_at: whole_seconds(reading.ended_at),
            },
            pages: reading.pages,
            seats: report.seats().len(),
            people: report.people(),
            total_seats: reading.total_seats(),
            complete: report.is_complete(),
            doubts: report.doubts().iter().map(ToString::to_string).collect(),
            files,
        }
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
pub struct RecordedManifest {
    /// What the report was about.
    pub scope: RecordedScope,
    /// The moment the report speaks of.
    pub report_time: Timestamp,
    /// Whether it was proved complete, where it says.
    pub complete: Option<bool>,
}

/// The scope of a manifest that was recorded before.
#[derive(Debug, Clone, Deserialize)]
pub struct RecordedScope {
    /// Organization or enterprise.
    pub kind: ScopeKind,
}

impl RecordedManifest {
    /// Reads a manifest.
    ///
    /// # Errors
    /// Where the file is no manifest.
    pub fn read(file: &[u8]) -> serde_json::Result<Self> {
        serde_json::from_slice(file)
    }
}
