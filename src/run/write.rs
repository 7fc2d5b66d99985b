//! The files of a report: in each format, and in a folder the manifest beside them.

use std::io;

use crate::audit::Delivery;
use crate::github::client::Client;
use crate::inputs::{Format, Inputs};
use crate::report::activity::{ActivityIndex, Counts};
use crate::report::columns::{ColumnSet, Columns};
use crate::report::manifest::FileEntry;
use crate::report::status::StatusPolicy;
use crate::report::{csv, json};
use crate::run::destination::Destination;
use crate::run::outcome::Finished;
use crate::run::read::Read;
use crate::system::files::Written;

/// Writes the files of a report to where they go.
pub(super) async fn take(
    inputs: &Inputs,
    delivery: &Delivery<'_>,
    reader: &Client,
    destination: &Destination,
    read: Read,
) -> anyhow::Result<Finished> {
    let rule = StatusPolicy {
        now: read.report.time(),
        inactive_after: inputs.report.inactive_after,
    };
    let (forms, manifest) = write(inputs, delivery, reader, destination, &read, rule).await?;
    Ok(Finished {
        counts: Counts::of(read.known.activities(read.report.credible_seats(), rule)),
        read,
        rule,
        forms,
        manifest,
    })
}

/// Writes the files of a report: in each form, and in a folder the manifest beside them.
async fn write(
    inputs: &Inputs,
    delivery: &Delivery<'_>,
    reader: &Client,
    destination: &Destination,
    Read { report, known, .. }: &Read,
    rule: StatusPolicy,
) -> anyhow::Result<(Vec<Written>, Option<Written>)> {
    let api = reader.address().as_str();
    let manifest = |files| delivery.manifest(report, api, files);
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
        }?;
        tracing::info!(
            "{}: written to {}.",
            report.scope(),
            written.below_workspace
        );
        forms.push(written);
    }
    if !destination.has_manifests() {
        return Ok((forms, None));
    }
    let entries = forms.iter().map(|file| FileEntry {
        name: file.name.clone(),
        size: file.size,
        sha256: file.sha256.clone(),
    });
    let manifest = manifest(entries.collect()).to_file()?;
    let name = format!("{stem}.manifest.json");
    let manifest = destination.write(&name, |out| out.write_all(&manifest));
    Ok((forms, Some(manifest.await?)))
}
