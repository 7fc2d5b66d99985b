//! Combines the CSV files of all reports into one file with its own manifest.
//!
//! It merges the files from disk, because the reports of hundreds of organizations don't fit into
//! memory at the same time.

use std::fs::File;
use std::io::{self, Read, Seek as _, SeekFrom, Write as _};

use anyhow::bail;
use jiff::Timestamp;

use crate::inputs::Inputs;
use crate::report::combined::{self, CombinedManifest, Missing, Part};
use crate::report::manifest::FileEntry;
use crate::report::provenance::Provenance;
use crate::report::scope::Scope;
use crate::run::destination::Destination;
use crate::system::files::{HashingWriter, Written};

/// The file of a finished report.
#[derive(Debug)]
pub(crate) struct Finished {
    pub(crate) scope: Scope,
    /// The time of the report.
    pub(crate) time: Timestamp,
    pub(crate) csv: Written,
    /// How many rows it has.
    pub(crate) rows: usize,
    pub(crate) complete: bool,
}

/// Writes the combined report of the `finished` reports and its manifest. `people` is how many
/// people these reports have, each counted once. Returns no files if no report is finished.
///
/// Fails if a file changed since it was written.
pub(crate) async fn combine(
    inputs: &Inputs,
    destination: &Destination,
    provenance: &Provenance<'_>,
    finished: &[Finished],
    missing: &[Missing],
    people: usize,
) -> anyhow::Result<Vec<Written>> {
    let Some(time) = finished.iter().map(|report| report.time).min() else {
        return Ok(Vec::new());
    };
    let stem = combined::file_stem(time);
    let name = format!("{stem}.csv");
    // An organization can be named `all`.
    let is_taken = |report: &Finished| report.csv.name.eq_ignore_ascii_case(&name);
    if let Some(report) = finished.iter().find(|report| is_taken(report)) {
        bail!("{} is the report of {}", report.csv.name, report.scope);
    }
    let columns = inputs.report.columns;
    let merge = |out: &mut dyn io::Write| {
        let mut files: Vec<Checked<'_>> = finished.iter().map(Checked::new).collect();
        let scopes = finished.iter().map(|report| &report.scope);
        let rows = combined::merge(scopes.zip(&mut files), columns, out);
        for file in files {
            file.check(rows.is_ok())?;
        }
        for (report, rows) in finished.iter().zip(rows?) {
            if rows != report.rows {
                let (name, expected) = (&report.csv.name, report.rows);
                let problem = format!("{name} has {rows} rows instead of {expected}");
                return Err(io::Error::other(problem));
            }
        }
        Ok(())
    };
    let csv = destination.write(&name, merge).await?;
    let parts: Vec<Part<'_>> = finished
        .iter()
        .map(|report| Part {
            scope: &report.scope,
            file: &report.csv.name,
            sha256: &report.csv.sha256,
            rows: report.rows,
            complete: report.complete,
        })
        .collect();
    let entry = FileEntry {
        name: csv.name.clone(),
        size: csv.size,
        sha256: csv.sha256.clone(),
    };
    let manifest = CombinedManifest::new(time, people, &parts, missing, entry);
    let content = manifest.with_run(provenance.run()).to_file()?;
    let name = format!("{stem}.manifest.json");
    let manifest = destination.write(&name, |out| out.write_all(&content));
    let manifest = manifest.await?;
    tracing::info!("All organizations: written to {}.", csv.below_workspace);
    Ok(vec![csv, manifest])
}

/// Reads a file and calculates its SHA-256. Doesn't keep it open, because the system limits the
/// number of open files.
struct Checked<'w> {
    file: &'w Written,
    at: u64,
    hashing: HashingWriter<io::Sink>,
}

impl<'w> Checked<'w> {
    fn new(report: &'w Finished) -> Self {
        Self {
            file: &report.csv,
            at: 0,
            hashing: HashingWriter::new(io::sink()),
        }
    }

    /// Fails if the file differs from what was written. Reads it again if it wasn't read to its end
    /// (`is_read`) because of an error, which the difference may explain.
    fn check(self, is_read: bool) -> io::Result<()> {
        let (size, sha256) = self.hashing.finish()?;
        let is_same = match is_read {
            true => size == self.file.size && sha256 == self.file.sha256,
            false => self.file.is_unchanged()?,
        };
        if is_same {
            return Ok(());
        }
        let path = self.file.path.display();
        let problem = format!("{path} was changed after it was written");
        Err(io::Error::other(problem))
    }
}

impl Read for Checked<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut file = File::open(&self.file.path)?;
        file.seek(SeekFrom::Start(self.at))?;
        let count = file.read(buffer)?;
        self.at += count as u64;
        self.hashing.write_all(&buffer[..count])?;
        Ok(count)
    }
}
