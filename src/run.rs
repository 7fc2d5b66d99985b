//! One run: fetch each report, write it, record it, upload all of them, and write the results.

pub(crate) mod destination;
mod edges;
mod fetch;
pub(crate) mod journal;
mod prepare;
mod results;
mod step;
mod upload;
mod write;

use crate::github::client::Client;
use crate::inputs::Inputs;
use crate::report::scope::Scope;
use crate::runner::log::Group;
use crate::system::console::Console;
use crate::system::environment::Environment;
use edges::Edges;
use journal::Journal;
use prepare::Places;

/// Fetches the reports that `inputs` ask for and delivers them.
///
/// Fails if anything that was asked for wasn't done. What was delivered before stays delivered.
/// The error names both, and `journal` knows at any time.
pub(crate) async fn run(
    inputs: &Inputs,
    environment: &Environment,
    console: &Console,
    journal: &Journal,
) -> anyhow::Result<()> {
    let edges = Edges::new(inputs, environment, console)?;
    let clients = edges.clients(inputs)?;
    journal.step.set("getting ready");
    let places = Places::prepare(inputs, &edges, &clients).await?;
    for (scope, reader) in &clients.readers {
        run_scope(scope, reader, inputs, &edges, &places, journal).await;
    }
    journal.step.set("uploading the artifact");
    let files = journal.files();
    let files: Vec<_> = files.iter().collect();
    journal.uploaded(places.upload(environment, &files).await);
    journal.step.set("writing outputs and summary");
    results::write(inputs, environment, places.may_name_people, journal);
    match (journal.undone(), results::over_limit(inputs, journal)) {
        (None, None) => Ok(()),
        (None, Some(over)) => Err(anyhow::anyhow!(over)),
        (Some(undone), over) => {
            over.into_iter().for_each(|over| tracing::error!("{over}"));
            Err(undone.into())
        }
    }
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
