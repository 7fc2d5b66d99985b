//! Writes the files of a report: one for each format and, in a folder, the manifest. The page is
//! written last, because it says whether the report was recorded.

use std::io;

use crate::inputs::{Format, Inputs};
use crate::pages::html::{self, DataFile, PageFacts, Recording};
use crate::report::activity::{ActivityIndex, Counts, PersonActivity};
use crate::report::columns::{ColumnSet, Columns};
use crate::report::manifest::FileEntry;
use crate::report::provenance::Provenance;
use crate::report::status::StatusPolicy;
use crate::report::{csv, json};
use crate::run::destination::Destination;
use crate::run::fetch::FetchedReport;
use crate::system::files::Written;

/// A report that was written where the inputs say.
pub(crate) struct WrittenReport {
    pub(crate) fetched: FetchedReport,
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
        let seats = self.fetched.report.credible_seats();
        self.fetched.known.activities(seats, self.rule)
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
    fetched: FetchedReport,
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
    Ok(WrittenReport {
        counts: Counts::of(known.activities(report.credible_seats(), rule)),
        rule,
        forms,
        manifest,
        fetched,
    })
}

/// Writes the page of a report, if the inputs ask for it. `names` says whether it can have people's
/// names.
pub(crate) async fn write_page(
    inputs: &Inputs,
    destination: &Destination,
    provenance: &Provenance<'_>,
    names: bool,
    written: &WrittenReport,
    recording: Recording,
) -> anyhow::Result<Option<Written>> {
    if !inputs.report.formats.contains(&Format::Html) {
        return Ok(None);
    }
    let report = &written.fetched.report;
    let files = written.forms.iter().map(|file| DataFile {
        name: &file.name,
        sha256: &file.sha256,
    });
    let facts = PageFacts {
        report,
        known: &written.fetched.known,
        policy: written.rule,
        counts: written.counts,
        may_name_people: names,
        has_pseudonyms: inputs.pseudonyms.is_some(),
        files: files.collect(),
        run: provenance.run(),
        recording,
    };
    let name = format!("{}.html", report.file_stem());
    let page = destination.write(&name, |out| html::write(&facts, out));
    let page = page.await?;
    tracing::info!("{}: written to {}.", report.scope(), page.below_workspace);
    Ok(Some(page))
}
