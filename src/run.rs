//! One run: fetch each report, write it, record it, upload all of them, and write the results.

mod combine;
pub(crate) mod destination;
mod edges;
mod fetch;
pub(crate) mod journal;
mod prepare;
mod results;
mod results_file;
mod step;
mod upload;
mod write;

use crate::github::client::Client;
use crate::inputs::{InputErrors, Inputs};
use crate::report::scope::Scope;
use crate::runner::log::Group;
use crate::system::console::Console;
use crate::system::environment::Environment;
use crate::system::prose::Prose;
use edges::Edges;
use journal::Journal;
use prepare::Places;

/// Fetches the reports that `inputs` ask for and delivers them. Returns whether everything was done
/// and no limit is exceeded.
///
/// Fails if the run is refused before it reads anything. What was delivered before another failure
/// stays delivered. The log names both, and `journal` knows at any time.
pub(crate) async fn run(
    inputs: &Inputs,
    environment: &Environment,
    console: &Console,
    journal: &Journal,
) -> anyhow::Result<bool> {
    let done = deliver(inputs, environment, console, journal).await;
    if let Err(error) = &done
        && inputs.summary
    {
        let first = "Nothing was read or delivered.";
        results::refuse(environment, first, &[journal::prose_of(error)]);
    }
    done
}

/// Writes the summary of a run whose inputs can't be used.
pub(crate) fn refuse_inputs(environment: &Environment, mistakes: &InputErrors) {
    if mistakes.summary {
        let errors = mistakes.errors.iter();
        let errors =
            errors.map(|error| Prose::own(format!("`{}`: {}", error.input, error.problem)));
        results::refuse(environment, InputErrors::FIRST, &errors.collect::<Vec<_>>());
    }
}

async fn deliver(
    inputs: &Inputs,
    environment: &Environment,
    console: &Console,
    journal: &Journal,
) -> anyhow::Result<bool> {
    let edges = Edges::new(inputs, environment, console)?;
    let clients = edges.clients(inputs)?;
    journal.step.set("getting ready");
    let places = Places::prepare(inputs, &edges, &clients).await?;
    for (scope, reader) in &clients.readers {
        run_scope(scope, reader, inputs, &edges, &places, journal).await;
    }
    if inputs.report.combined {
        journal.step.set("combining the reports");
        let (finished, missing) = journal.to_combine();
        let people = journal.counts().people;
        let (destination, provenance) = (&places.destination, &places.provenance);
        let combined =
            combine::combine(inputs, destination, provenance, &finished, &missing, people);
        journal.combined(combined.await);
    }
    journal.step.set("uploading the artifact");
    let files = journal.files();
    let files: Vec<_> = files.iter().collect();
    journal.uploaded(places.upload(environment, &files).await);
    for (scope, page) in journal.pages() {
        let uploaded = places.upload_page(environment, &page).await;
        journal.uploaded_page(scope, uploaded);
    }
    if places.destination.has_manifests() {
        results::list_artifacts(environment, &journal.files());
    }
    journal.step.set("writing outputs and summary");
    let (destination, names) = (&places.destination, places.may_name_people);
    results::write(inputs, environment, destination, names, journal).await;
    let (undone, over) = (journal.undone(), results::over_limit(inputs, journal));
    if let Some(over) = &over {
        tracing::error!(title = "Too many people are idle", "{over}");
    }
    // Every failure already has its annotation.
    if let Some(undone) = &undone {
        tracing::info!("{undone}");
    }
    if let Some(headline) = results::headline(journal) {
        tracing::info!("{headline}");
    }
    Ok(undone.is_none() && over.is_none())
}

/// Fetches, writes, and records the report of one organization or enterprise.
async fn run_scope(
    scope: &Scope,
    reader: &Client,
    inputs: &Inputs,
    edges: &Edges<'_>,
    places: &Places<'_>,
    journal: &Journal,
) {
    let title = format!("Copilot activity report of the {} {scope}", scope.kind());
    let group = Group::begin(edges.environment, &title);
    let mut ledger = places.audit.as_ref().map(|audit| audit.ledger());
    let fetched = fetch::fetch(inputs, edges, reader, scope, ledger.as_mut(), &journal.step).await;
    let written = match fetched {
        Ok(fetched) => {
            journal.step.set(places.destination.writing(scope));
            let api = reader.address().as_str();
            let (destination, provenance) = (&places.destination, &places.provenance);
            write::write(inputs, destination, provenance, api, fetched).await
        }
        Err(error) => Err(error),
    };
    if let Some(report) = journal.written(scope, written) {
        journal
            .step
            .set(format!("committing the report of {scope}"));
        let fetched = &report.fetched;
        let revoked = fetched.revocable.revoked();
        journal.recorded(match ledger {
            Some(ledger) => Some(ledger.record(&fetched.report, revoked).await),
            None => None,
        });
    }
    if let Some((report, recording)) = journal.last_recording() {
        journal.step.set(format!("writing the page of {scope}"));
        let (destination, provenance) = (&places.destination, &places.provenance);
        let names = places.may_name_people;
        let page =
            write::write_page(inputs, destination, provenance, names, &report, recording).await;
        journal.page(page);
    }
    journal.log_last(group);
}
