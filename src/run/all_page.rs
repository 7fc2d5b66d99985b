//! Writes the page over all organizations of a run.

use anyhow::bail;

use crate::inputs::{Format, Inputs};
use crate::pages::html::DataFile;
use crate::pages::html::all::{AllFacts, Collected};
use crate::report::combined;
use crate::run::journal::{AllPage, Journal};
use crate::run::prepare::Places;

/// Starts to collect what the page shows. `None` if the inputs don't ask for one, or if the run has
/// only one report of all of its `reports`.
pub(crate) fn begin(inputs: &Inputs, reports: usize) -> Option<Collected> {
    let is_wanted = reports > 1 && inputs.report.formats.contains(&Format::Html);
    is_wanted.then(Collected::default)
}

/// Writes the page beside the combined report. Returns `None` if there's no report.
pub(crate) async fn write(
    inputs: &Inputs,
    places: &Places<'_>,
    journal: &Journal,
    collected: Collected,
) -> anyhow::Result<Option<AllPage>> {
    if collected.is_too_large() {
        return Ok(Some(AllPage::LeftOut));
    }
    let Some(time) = collected.time() else {
        return Ok(None);
    };
    let stem = combined::file_stem(time);
    let name = format!("{stem}.html");
    // An organization can be named `all`.
    if let Some(file) = journal
        .files()
        .iter()
        .find(|file| file.name.eq_ignore_ascii_case(&name))
    {
        bail!("{} is the page of an organization", file.name);
    }
    let missing = journal.missing();
    let combined = journal.combined_files();
    let content = |out: &mut dyn std::io::Write| {
        let facts = AllFacts {
            everyone: &journal.everyone(),
            missing: &missing,
            inactive_after: inputs.report.inactive_after,
            may_name_people: places.may_name_people,
            has_pseudonyms: inputs.pseudonyms.is_some(),
            files: combined
                .iter()
                .map(|file| DataFile {
                    name: &file.name,
                    sha256: &file.sha256,
                })
                .collect(),
            run: places.provenance.run(),
        };
        collected.write(&stem, &facts, out)
    };
    let page = places.destination.write(&name, content).await?;
    tracing::info!("All organizations: written to {}.", page.below_workspace);
    Ok(Some(AllPage::Written(page)))
}
