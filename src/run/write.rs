//! Writes the files of a report: one for each format and, in a folder, the manifest. The page is
//! written last, because it says whether the report was recorded.

use std::io;

use jiff::Timestamp;

use crate::history::SeatChange;
use crate::inputs::{Format, Inputs};
use crate::pages::html::{self, DataFile, PageFacts, Recording};
use crate::pages::summary::{Digest, Facts};
use crate::report::activity::{ActivityIndex, Counts, PersonActivity};
use crate::report::columns::{ColumnSet, Columns};
use crate::report::manifest::FileEntry;
use crate::report::provenance::Provenance;
use crate::report::scope::Scope;
use crate::report::status::StatusPolicy;
use crate::report::{csv, json};
use crate::run::destination::Destination;
use crate::run::fetch::FetchedReport;
use crate::run::prepare::Places;
use crate::system::files::Written;

/// A report that was written where the inputs say.
pub(crate) struct WrittenReport {
    /// The organization or enterprise, with its ID if that's known.
    pub(crate) scope: Scope,
    /// The time of the report.
    pub(crate) time: Timestamp,
    /// How many rows it has.
    pub(crate) seats: usize,
    /// Whether it's verified as complete.
    pub(crate) is_complete: bool,
    /// Anything unusual about it.
    pub(crate) warnings: Vec<String>,
    /// Why its history couldn't be read, if it couldn't.
    pub(crate) history_error: Option<anyhow::Error>,
    /// The report itself, until it's delivered.
    pub(crate) fetched: Option<FetchedReport>,
    /// What the summary says about it, once it's delivered.
    pub(crate) digest: Option<Digest>,
    pub(crate) rule: StatusPolicy,
    pub(crate) counts: Counts,
    /// The report in each requested format, without the page.
    pub(crate) forms: Vec<Written>,
    /// The manifest, if the report is in a folder.
    pub(crate) manifest: Option<Written>,
}

impl WrittenReport {
    /// Returns the activity of each person in the report.
    pub(crate) fn activities(&self) -> impl Iterator<Item = PersonActivity<'_>> {
        let fetched = self.fetched.iter();
        fetched.flat_map(|fetched| {
            let seats = fetched.report.credible_seats();
            fetched.known.activities(seats, self.rule)
        })
    }

    /// Drops the report itself, and keeps what the summary says about it. `changes` are the seats
    /// that changed since the last recorded report, and `names` says whether the summary can have
    /// people's names.
    pub(crate) fn settle(&mut self, changes: Option<&[SeatChange]>, names: bool) {
        self.digest = self.fetched.take().map(|fetched| {
            let facts = Facts {
                report: &fetched.report,
                known: &fetched.known,
                policy: self.rule,
                counts: self.counts,
                changes,
            };
            Digest::of(&facts, names)
        });
    }

    /// Returns all files except the page, the manifest last.
    pub(crate) fn files(&self) -> impl Iterator<Item = &Written> {
        self.forms.iter().chain(&self.manifest)
    }

    /// Removes the files, and returns those that couldn't be removed.
    pub(crate) fn withdraw(&self) -> Vec<&str> {
        let left = self
            .files()
            .filter(|file| std::fs::remove_file(&file.path).is_err());
        left.map(|file| &*file.below_workspace).collect()
    }
}

/// Writes the files of a report that was read from the API at `api`.
pub(crate) async fn write(
    inputs: &Inputs,
    destination: &Destination,
    provenance: &Provenance<'_>,
    api: &str,
    mut fetched: FetchedReport,
) -> anyhow::Result<WrittenReport> {
    let FetchedReport {
        report,
        known,
        settings_before,
        ..
    } = &fetched;
    let rule = StatusPolicy {
        now: report.time(),
        inactive_after: inputs.report.inactive_after,
    };
    let manifest = |files| {
        let manifest = provenance.manifest(report, api, files);
        manifest.with_settings_before(settings_before.as_ref())
    };
    let activities;
    let form = match inputs.report.columns {
        Columns::Github => ColumnSet::Github,
        Columns::All => {
            activities = ActivityIndex::new(known.activities(report.credible_seats(), rule));
            ColumnSet::All(&activities)
        }
    };
    let stem = report.file_stem();
    let mut forms = Vec::new();
    for format in &inputs.report.formats {
        let written = match format {
            Format::Csv => {
                let name = format!("{stem}.csv");
                let content = |out: &mut dyn io::Write| csv::write(report, form, out);
                destination.write(&name, content).await
            }
            Format::Json => {
                let (name, manifest) = (format!("{stem}.json"), manifest(Vec::new()));
                let content = |out: &mut dyn io::Write| json::write(report, form, &manifest, out);
                destination.write(&name, content).await
            }
            Format::Html => continue,
        }?;
        tracing::info!(
            "{}: written to {}.",
            report.scope(),
            written.below_workspace
        );
        forms.push(written);
    }
    let manifest = if destination.has_manifests() {
        let entries = forms.iter().map(|file| FileEntry {
            name: file.name.clone(),
            size: file.size,
            sha256: file.sha256.clone(),
        });
        let content = manifest(entries.collect()).to_file()?;
        let name = format!("{stem}.manifest.json");
        let written = destination.write(&name, |out| out.write_all(&content));
        Some(written.await?)
    } else {
        None
    };
    let counts = Counts::of(known.activities(report.credible_seats(), rule));
    let (warnings, history_error) = (
        std::mem::take(&mut fetched.warnings),
        fetched.history_error.take(),
    );
    let report = &fetched.report;
    Ok(WrittenReport {
        scope: report.scope().clone(),
        time: report.time(),
        seats: report.seats().len(),
        is_complete: report.is_complete(),
        warnings,
        history_error,
        counts,
        rule,
        forms,
        manifest,
        fetched: Some(fetched),
        digest: None,
    })
}

/// Returns what the page of a report shows. `None` if the inputs don't ask for one.
pub(crate) fn page_facts<'w>(
    inputs: &Inputs,
    places: &'w Places<'_>,
    written: &'w WrittenReport,
    recording: Recording,
) -> Option<PageFacts<'w>> {
    if !inputs.report.formats.contains(&Format::Html) {
        return None;
    }
    let fetched = written.fetched.as_ref()?;
    let files = written.forms.iter().map(|file| DataFile {
        name: &file.name,
        sha256: &file.sha256,
    });
    Some(PageFacts {
        report: &fetched.report,
        known: &fetched.known,
        policy: written.rule,
        counts: written.counts,
        may_name_people: places.may_name_people,
        has_pseudonyms: inputs.pseudonyms.is_some(),
        files: files.collect(),
        run: places.provenance.run(),
        recording,
    })
}

/// Writes the page of a report, if one is requested.
pub(crate) async fn write_page(
    destination: &Destination,
    facts: Option<PageFacts<'_>>,
) -> anyhow::Result<Option<Written>> {
    let Some(facts) = facts else {
        return Ok(None);
    };
    let report = facts.report;
    let name = format!("{}.html", report.file_stem());
    let page = destination.write(&name, |out| html::write(&facts, out));
    let page = page.await?;
    tracing::info!("{}: written to {}.", report.scope(), page.below_workspace);
    Ok(Some(page))
}
