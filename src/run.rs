//! One run: fetch each report, write it, record it, upload all of them, and write the results.

mod all_page;
mod combine;
pub(crate) mod coverage;
pub(crate) mod destination;
mod edges;
mod fetch;
pub(crate) mod journal;
mod prepare;
mod probe;
mod read;
mod results;
mod results_file;
mod select;
mod step;
mod upload;
mod write;

use std::rc::Rc;

use crate::audit::{Ledger, NewReport};
use crate::inputs::{InputErrors, Inputs};
use crate::pages::html::all::Collected;
use crate::run::select::Selected;
use crate::runner::log::Group;
use crate::system::console::Console;
use crate::system::environment::Environment;
use crate::system::prose::Prose;
use edges::Edges;
use journal::Journal;
use prepare::Places;
use read::{Finished, Queue, Reader};
use write::WrittenReport;

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
    let writer = edges.writer(inputs)?;
    journal.step.set("getting ready");
    let selected = select::select(inputs, &edges).await?;
    let selected = probe::leave_out_unreadable(selected).await?;
    let places = Places::prepare(inputs, &edges, &selected, writer.as_ref()).await?;
    journal.plan(selected.scopes.iter().map(|selected| &selected.scope));
    journal.cover(places.coverage.clone());
    let reader = Reader {
        inputs,
        edges: &edges,
        places: &places,
        journal,
        total: selected.scopes.len(),
    };
    tokio::select! {
        // What's already finished counts, even if the time is up.
        biased;
        () = deliver_all(&reader, &selected) => {}
        () = journal.time_is_up() => journal.leave_unread(),
    }
    journal.step.set("writing outputs and summary");
    results::write(inputs, environment, &places.destination, journal).await;
    journal.delivered();
    let (undone, over) = (journal.undone(), results::over_limit(inputs, journal));
    if let Some(over) = &over {
        tracing::error!(title = "Too many people are idle", "{over}");
    }
    if let Some(undone) = &undone {
        if journal.is_cut_off() {
            tracing::error!("{undone}");
        } else {
            // Every failure already has its annotation.
            tracing::info!("{undone}");
        }
    }
    if let Some(headline) = results::headline(journal) {
        tracing::info!("{headline}");
    }
    Ok(undone.is_none() && over.is_none())
}

/// Reads and delivers all reports.
async fn deliver_all(reader: &Reader<'_>, selected: &Selected) {
    let Reader {
        inputs,
        edges,
        places,
        journal,
        ..
    } = *reader;
    let queue: Vec<_> = selected.scopes.iter().enumerate().collect();
    let mut queue = queue.into_iter().peekable();
    let mut collected = all_page::begin(inputs, reader.total);
    while queue.peek().is_some() && !journal.is_stopped() {
        deliver_next(reader, &mut queue, collected.as_mut()).await;
    }
    journal.leave_unread();
    if inputs.report.combined {
        journal.step.set("combining the reports");
        let (finished, missing) = journal.to_combine();
        let people = journal.counts().people;
        let (destination, provenance) = (&places.destination, &places.provenance);
        let combined =
            combine::combine(inputs, destination, provenance, &finished, &missing, people);
        journal.combined(combined.await);
    }
    if let Some(collected) = collected {
        journal.step.set("writing the page over all organizations");
        journal.all_page(all_page::write(inputs, places, journal, collected).await);
    }
    journal.step.set("uploading the artifact");
    let files = journal.files();
    let files: Vec<_> = files.iter().collect();
    journal.uploaded(places.upload(edges.environment, &files).await);
    if let Some(page) = journal.all_page_file() {
        journal.uploaded_all_page(places.upload_page(edges.environment, &page).await);
    }
    for (scope, page) in journal.pages() {
        let uploaded = places.upload_page(edges.environment, &page).await;
        journal.uploaded_page(scope, uploaded);
    }
    if places.destination.has_manifests() {
        results::list_artifacts(edges.environment, &journal.files());
    }
}

/// Reads the next reports of the queue, as many as fit in memory, and records them. Adds them to
/// `collected`, for the page over all organizations.
async fn deliver_next(
    reader: &Reader<'_>,
    queue: &mut Queue<'_>,
    mut collected: Option<&mut Collected>,
) {
    let Reader {
        inputs,
        edges,
        places,
        journal,
        total,
    } = *reader;
    let group = Group::begin(edges.environment, &title(journal, total));
    let (mut ready, mut done) = (Vec::new(), Vec::new());
    if total > 1 {
        journal.step.set("reading the reports");
    }
    reader
        .read_next(queue, |finished| {
            let Finished {
                place,
                ledger,
                written,
            } = finished;
            done.push(place);
            let written = journal.written(place, written);
            ready.extend(written.map(|written| (place, ledger, written)));
        })
        .await;
    // The order of the inputs, and not of the responses.
    done.sort_unstable();
    ready.sort_by_key(|(place, ..)| *place);
    record(reader, ready).await;
    for place in &done {
        if let Some((report, recording)) = journal.recording(*place) {
            journal
                .step
                .set(format!("writing the page of {}", report.scope));
            let facts = write::page_facts(inputs, places, &report, recording);
            if let (Some(collected), Some(facts)) = (&mut collected, &facts) {
                collected.add(facts);
            }
            journal.page(*place, write::write_page(&places.destination, facts).await);
        }
    }
    journal.log(&done, group);
    journal.settle(&done, places.may_name_people);
}

/// Records reports in the audit repository, if there's one.
async fn record<'r>(
    reader: &Reader<'r>,
    mut ready: Vec<(usize, Option<Ledger<'r>>, Rc<WrittenReport>)>,
) {
    let Reader {
        places, journal, ..
    } = reader;
    let Some(audit) = places.audit.as_ref().filter(|_| !ready.is_empty()) else {
        for (place, ..) in &ready {
            journal.recorded(*place, None);
        }
        return;
    };
    journal.step.set(match &ready[..] {
        [(_, _, report)] => format!("committing the report of {}", report.scope),
        ready => format!("committing {} reports", ready.len()),
    });
    let once = journal.once(ready.iter().map(|(_, _, report)| &**report));
    let reports = ready.iter_mut().filter_map(|(_, ledger, written)| {
        let fetched = written.fetched.as_ref()?;
        Some(NewReport {
            ledger: ledger.take()?,
            report: &fetched.report,
            revoked: fetched.revocable.revoked(),
        })
    });
    let recorded = audit.record(reports.collect(), once).await;
    for ((place, ..), recorded) in ready.iter().zip(recorded) {
        journal.recorded(*place, Some(recorded));
    }
}

/// Returns the title of the log's group.
fn title(journal: &Journal, total: usize) -> String {
    match journal.only_scope() {
        Some(scope) => format!("Copilot activity report of the {} {scope}", scope.kind()),
        None => format!("Copilot activity reports of {total} organizations"),
    }
}
