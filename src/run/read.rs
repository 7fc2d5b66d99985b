//! Reading one report, and with the help of those recorded before making sure of it.
//!
//! A list that is read page by page can lose a seat without a sign (see
//! [`report::completeness`](crate::report::completeness)). Only a history shows it: what the last
//! report had and this one lacks is either revoked or slipped through. So, where it may have
//! slipped through, the list is read again before anything counts as revoked.

use crate::audit::{Delivery, Held, unpublishable};
use crate::github::client::Client;
use crate::github::error::GitHubError;
use crate::github::seats;
use crate::history::HistoryContext;
use crate::history::{PriorState, Revoked, changes};
use crate::inputs::Inputs;
use crate::report::Report;
use crate::report::completeness::IncompleteReason;
use crate::report::scope::Scope;
use crate::report::seat::Seat;
use crate::run::progress::Progress;
use crate::system::clock::Clock;
use crate::system::console::Console;

/// How often a list that lacks seats is read again until two readings in a row agree on them.
const AGAIN: usize = 3;

/// A report that was read.
pub(crate) struct Read {
    pub(crate) report: Report,
    /// What recorded reports know besides.
    pub(crate) known: HistoryContext,
    /// Why they could not be asked.
    pub(crate) unknown: Option<anyhow::Error>,
    pub(crate) gone: Gone,
    /// What the repository held when it was looked at.
    pub(crate) held: Option<Held>,
    /// What the person is told besides.
    pub(crate) warnings: Vec<String>,
}

/// Which seats of the report recorded before are gone for sure.
pub(crate) enum Gone {
    /// All that are not in the list: it came in one piece.
    All,
    /// These, which two readings in a row didn't have. None, if the list may lack seats.
    Only(Vec<Seat>),
}

impl Gone {
    /// What counts as revoked.
    pub(crate) fn revoked(&self) -> Revoked<'_> {
        match self {
            Self::All => Revoked::All,
            Self::Only(seats) => Revoked::Only(seats),
        }
    }
}

/// Reads the report of `scope`, and says what there is to say of it as a whole.
///
/// Where the list could not be read, is not proved complete though it has to be, or calls people
/// otherwise than the history it belongs to.
pub(crate) async fn read(
    inputs: &Inputs,
    reader: &Client,
    delivery: &Delivery<'_>,
    clock: &Clock,
    (console, progress): (&Console, &Progress),
    scope: &Scope,
) -> anyhow::Result<Read> {
    progress.doing(format!("reading the seats of {scope}"));
    let scope = &delivery.identified(reader, scope).await;
    let shown = console.reading(scope.name());
    let reached = |seats::Reached { pages, of }| shown.reached(pages, of);
    let source = seats::Source {
        client: reader,
        clock,
        scope,
        pseudonyms: inputs.pseudonyms.as_ref(),
        reached: &reached,
    };
    let once = || seats::read(&source);
    let mut report = once().await?;
    progress.doing(format!("reading what is recorded of {scope}"));
    let (past, unknown) = match delivery.past(&report).await {
        Ok(past) => (past, None),
        Err(error) if let Some(why) = unpublishable(&error) => {
            return Err(error.context(format!("It was not published, because {why}")));
        }
        Err(error) => (None, Some(error.context(
            "How people stand is told from this report alone, and seats that a list of several pages lacks do not count as revoked, because earlier reports could not be read",
        ))),
    };
    let (past, held) = past.unzip();
    let mut gone = Vec::new();
    if let Some(past) = &past {
        progress.doing(format!("reading the seats of {scope}"));
        (report, gone) = settled(report, past, &once).await?;
    }
    drop(shown);
    let odd_times = times_from_the_future(&report);
    let warnings = tell(&report)
        .into_iter()
        .chain(odd_times)
        .chain(clock.skew());
    let warnings = warnings.collect();
    refuse_incomplete(inputs, &report)?;
    let gone = match report.reading().pages {
        1 if report.is_complete() => Gone::All,
        _ => Gone::Only(gone),
    };
    Ok(Read {
        known: past.map(|past| past.known).unwrap_or_default(),
        report,
        unknown,
        gone,
        held,
        warnings,
    })
}

/// Reads the list again where it lacks seats that it had when it was recorded last and may have
/// lost them between two pages, until two readings in a row agree: what the one shows, the next
/// shows too. Gives the last reading, and the seats that are gone.
async fn settled(
    mut report: Report,
    past: &PriorState,
    once: &impl AsyncFn() -> Result<Report, GitHubError>,
) -> anyhow::Result<(Report, Vec<Seat>)> {
    if !report.is_complete() {
        let gone = past.gone_despite_shortfall(&report);
        return Ok((report, gone));
    }
    let absent = past.absent(report.seats());
    if absent.is_empty() || report.cannot_have_skipped_rows() {
        return Ok((report, absent));
    }
    tracing::info!(
        "{}: {} seats of the report recorded before are not in the list. It is read again before they count as revoked.",
        report.scope(),
        absent.len()
    );
    for again in 1..=AGAIN {
        let earlier = std::mem::replace(&mut report, once().await?);
        let seats = changes::gone(earlier.seats(), report.seats()).count();
        if seats == 0 || !report.is_complete() {
            break;
        }
        if again == AGAIN {
            report = report.with_reason(IncompleteReason::Unsteady { seats });
        }
    }
    let gone = if report.is_complete() {
        past.absent(report.seats())
    } else {
        past.gone_despite_shortfall(&report)
    };
    Ok((report, gone))
}

/// Says how large the report is, and what is odd about that, which is given back.
fn tell(report: &Report) -> Option<String> {
    let scope = report.scope();
    tracing::info!(
        "{scope}: seats read: {}, people: {}, pages: {}.",
        report.seats().len(),
        report.people(),
        report.reading().pages
    );
    let total = report.reading().total_seats()?;
    if report.people() as u64 <= total {
        return None;
    }
    let odd = format!(
        "{} people hold seats, but GitHub counts {total} (`total_seats`). Somebody with seats in several organizations is billed in one of them only.",
        report.people()
    );
    tracing::warn!("{scope}: {odd}");
    Some(odd)
}

/// Says that GitHub gives times that can't be.
fn times_from_the_future(report: &Report) -> Option<String> {
    let seats = match report.times_from_the_future() {
        0 => return None,
        1 => "1 seat has a time".to_owned(),
        seats => format!("{seats} seats have times"),
    };
    let odd = format!(
        "{seats} later than the report itself. The report keeps what GitHub said, but it doesn't count as a grant, a sign-in, or activity."
    );
    tracing::warn!("{}: {odd}", report.scope());
    Some(odd)
}

/// Refuses a report that is not proved complete, unless that was allowed.
fn refuse_incomplete(inputs: &Inputs, report: &Report) -> anyhow::Result<()> {
    if report.is_complete() {
        return Ok(());
    }
    let scope = report.scope();
    let advice = if report
        .incomplete_reasons()
        .contains(&IncompleteReason::Partial)
    {
        "authorize `token` for single sign-on in each organization that has to be in the report. `require-complete: false` publishes the report without them, marked as incomplete"
    } else {
        "run again. If it stays so, `require-complete: false` publishes the report, marked as incomplete"
    };
    let doubts: Vec<String> = report
        .incomplete_reasons()
        .iter()
        .map(ToString::to_string)
        .collect();
    let doubts = doubts.join("\n  missing: ");
    if inputs.report.require_complete {
        anyhow::bail!(
            "The report of {scope} is not proved complete, so it was not published.\n  missing: {doubts}\n  what to do: {advice}"
        );
    }
    tracing::warn!("The report of {scope} is not proved complete.\n  missing: {doubts}");
    Ok(())
}
