//! Reads and writes the reports of many organizations at the same time, as far as memory allows.
//!
//! The rate limiter decides how many requests are in flight. Here it's decided how many reports can
//! be in memory: those that are being read, and those that are finished and not delivered yet.

use std::cell::RefCell;
use std::collections::HashMap;
use std::iter::Peekable;
use std::vec;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;

use crate::audit::Ledger;
use crate::inputs::Inputs;
use crate::run::edges::Edges;
use crate::run::fetch::{self, Progress};
use crate::run::journal::Journal;
use crate::run::prepare::Places;
use crate::run::select::SelectedScope;
use crate::run::write::{self, WrittenReport};

/// How many reports are read at the same time. Each takes a few requests one after the other, and
/// GitHub allows a hundred requests at once.
pub(crate) const MAX_AT_ONCE: usize = 50;

/// How many seats can be in memory before no further report is started. A seat takes up to 1 KB.
const MAX_SEATS: usize = 100_000;

/// How many seats a report counts as at least, because its history takes memory too.
const MIN_SEATS: usize = 100;

/// How many seats a report counts as until its first page says how many there are.
const UNKNOWN: usize = 2_000;

/// The minimum number of reports for lines about the progress.
const MANY_REPORTS: usize = 20;

/// The seats on a full page.
const PER_PAGE: usize = 100;

/// The organizations or enterprises to read, with their places in the order of the inputs.
pub(crate) type Queue<'q> = Peekable<vec::IntoIter<(usize, &'q SelectedScope)>>;

/// How many seats of each report are in memory, as far as that's known.
#[derive(Default)]
struct Memory(RefCell<HashMap<usize, usize>>);

impl Memory {
    fn hold(&self, place: usize, seats: usize) {
        self.0.borrow_mut().insert(place, seats.max(MIN_SEATS));
    }

    fn release(&self, place: usize) {
        self.0.borrow_mut().remove(&place);
    }

    fn is_full(&self) -> bool {
        self.0.borrow().values().sum::<usize>() >= MAX_SEATS
    }
}

/// A report that was read and written, or an error.
pub(crate) struct Finished<'r> {
    /// The place of its scope.
    pub(crate) place: usize,
    /// What was read of its history.
    pub(crate) ledger: Option<Ledger<'r>>,
    pub(crate) written: anyhow::Result<WrittenReport>,
}

/// What all readings of a run need.
pub(crate) struct Reader<'r> {
    pub(crate) inputs: &'r Inputs,
    pub(crate) edges: &'r Edges<'r>,
    pub(crate) places: &'r Places<'r>,
    pub(crate) journal: &'r Journal,
    /// How many reports the run has.
    pub(crate) total: usize,
}

impl<'r> Reader<'r> {
    /// Reads and writes the next reports of the queue, as many as fit in memory. Calls `finished`
    /// with each of them, in any order.
    pub(crate) async fn read_next(
        &self,
        queue: &mut Queue<'_>,
        mut finished: impl FnMut(Finished<'r>),
    ) {
        let memory = Memory::default();
        let mut reading = FuturesUnordered::new();
        let bar = self.edges.console.reading_many(self.total);
        loop {
            let may_start = || !memory.is_full() && !self.journal.is_stopped();
            while reading.len() < MAX_AT_ONCE && may_start() {
                let Some((place, selected)) = queue.next() else {
                    break;
                };
                memory.hold(place, UNKNOWN);
                reading.push(self.read(place, selected, &memory));
            }
            let next = tokio::select! {
                // What's already finished counts, even if a signal came at the same time.
                biased;
                next = reading.next() => next,
                () = self.journal.stopped() => None,
            };
            let Some(next) = next else {
                return;
            };
            match &next.written {
                Ok(written) => memory.hold(next.place, written.seats),
                Err(_) => memory.release(next.place),
            }
            finished(next);
            let done = self.journal.scopes().len();
            if let Some(bar) = &bar {
                bar.reached(done, Some(self.total));
            }
            if self.total >= MANY_REPORTS && done * 10 / self.total > (done - 1) * 10 / self.total {
                tracing::info!("{done} of {} reports are finished.", self.total);
            }
        }
    }

    async fn read(&self, place: usize, selected: &SelectedScope, memory: &Memory) -> Finished<'r> {
        let reader = &selected.reader;
        let Self {
            inputs,
            edges,
            places,
            journal,
            ..
        } = self;
        let is_single = self.total == 1;
        let bar = is_single.then(|| edges.console.reading(selected.scope.name()));
        let pages = |pages: usize, total: Option<usize>| {
            memory.hold(place, total.unwrap_or(pages) * PER_PAGE);
            if let Some(bar) = &bar {
                bar.reached(pages, total);
            }
        };
        let progress = Progress {
            step: is_single.then_some(&journal.step),
            pages: &pages,
        };
        let mut ledger = places.audit.as_ref().map(|audit| audit.ledger());
        let fetched = fetch::fetch(inputs, edges, selected, ledger.as_mut(), &progress).await;
        drop(bar);
        let written = match fetched {
            Ok(fetched) => {
                if is_single {
                    journal
                        .step
                        .set(places.destination.writing(&selected.scope));
                }
                let api = reader.address().as_str();
                let (destination, provenance) = (&places.destination, &places.provenance);
                write::write(inputs, destination, provenance, api, fetched).await
            }
            Err(error) => Err(error),
        };
        Finished {
            place,
            ledger,
            written,
        }
    }
}
