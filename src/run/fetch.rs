//! Fetches one report, and confirms it with the reports recorded before.
//!
//! A list that's read page by page can lack a seat without a sign (see
//! [`report::completeness`](crate::report::completeness)). Only a history shows it: if the last
//! report has a seat and this one doesn't, the seat was either revoked or skipped. So if seats may
//! have been skipped, the list is read again before anything counts as revoked.

use crate::audit::Ledger;
use crate::github::billing::{self, Counted};
use crate::github::client::Client;
use crate::github::error::GitHubError;
use crate::github::{ids, seats};
use crate::history::coverage;
use crate::history::{HistoryContext, PriorState, Revoked, SeatChange, changes};
use crate::inputs::Inputs;
use crate::pages::figures::{days_or_weeks, gaps};
use crate::report::Report;
use crate::report::completeness::IncompleteReason;
use crate::report::control::Settings;
use crate::report::day::date;
use crate::report::scope::Scope;
use crate::report::seat::Seat;
use crate::run::edges::Edges;
use crate::run::select::SelectedScope;
use crate::run::step::CurrentStep;

/// How often to read the list again until two readings in a row lack the same seats.
const MAX_REREADS: usize = 3;

/// A fetched report, and what the history says about it.
pub(crate) struct FetchedReport {
    pub(crate) report: Report,
    pub(crate) known: HistoryContext,
    /// The newest settings that the history has.
    pub(crate) settings_before: Option<Settings>,
    /// The changes that the history has for the last seven days, oldest first.
    pub(crate) recent_changes: Vec<SeatChange>,
    /// Why the history couldn't be read, if it couldn't.
    pub(crate) history_error: Option<anyhow::Error>,
    pub(crate) revocable: Revocable,
    /// Anything unusual about the report.
    pub(crate) warnings: Vec<String>,
}

/// Which seats of the last recorded report count as revoked.
pub(crate) enum Revocable {
    /// All that aren't in the list, because it's complete and came as a single page.
    All,
    /// Only these, which two readings in a row lacked. Empty if the list may lack seats.
    Only(Vec<Seat>),
}

impl Revocable {
    /// Converts this for the history.
    pub(crate) fn revoked(&self) -> Revoked<'_> {
        match self {
            Self::All => Revoked::All,
            Self::Only(seats) => Revoked::Only(seats),
        }
    }
}

/// Who gets to know how far a fetch is.
pub(crate) struct Progress<'p> {
    /// The step of the run, if it fetches only one report.
    pub(crate) step: Option<&'p CurrentStep>,
    /// Gets the number of pages that were read, and the total if it's known.
    pub(crate) pages: &'p dyn Fn(usize, Option<usize>),
}

impl Progress<'_> {
    fn step(&self, what: String) {
        if let Some(step) = self.step {
            step.set(what);
        }
    }
}

/// Fetches the report of the `selected` scope, and logs a summary.
///
/// Fails if the list can't be read, if it isn't verified as complete but has to be, or if the
/// history forbids publishing it.
pub(crate) async fn fetch(
    inputs: &Inputs,
    edges: &Edges<'_>,
    selected: &SelectedScope,
    ledger: Option<&mut Ledger<'_>>,
    progress: &Progress<'_>,
) -> anyhow::Result<FetchedReport> {
    let SelectedScope { scope, reader, .. } = selected;
    progress.step(format!("reading the seats of {scope}"));
    let scope = &match ledger {
        Some(_) => identified(reader, scope).await,
        None => scope.clone(),
    };
    let source = seats::Source {
        client: reader,
        clock: &edges.clock,
        scope,
        pseudonyms: inputs.pseudonyms.as_ref(),
        on_progress: progress.pages,
    };
    let read = || seats::read(&source);
    let count = || billing::read(reader, scope);
    let report = read().await?;
    let (mut past, mut history_error) = (None, None);
    if let Some(ledger) = ledger {
        progress.step(format!("reading the history of {scope}"));
        match ledger.read(&report).await {
            Ok(found) => past = found,
            Err(error) => {
                let why = error.forbids_publishing();
                let error = anyhow::Error::from(error);
                if let Some(why) = why {
                    return Err(error.context(format!("Not published, because {why}")));
                }
                history_error = Some(error.context(
                    "Couldn't read earlier reports. Activity status is based on this report alone, and seats missing from a list of several pages don't count as revoked",
                ));
            }
        }
    }
    progress.step(format!("reading the seats of {scope}"));
    let settle = async |report| match &past {
        Some(past) => read_until_stable(report, past, &read).await,
        None => Ok((report, Vec::new())),
    };
    let (mut report, mut gone) = settle(report).await?;
    // A count that was read before the list can be older.
    let earlier = selected.counted.clone();
    let mut counted =
        match earlier.filter(|counted| report.contradiction(&counted.control).is_none()) {
            None => count().await,
            agreeing => agreeing,
        };
    if let Some(doubt) = contradiction(&report, &counted) {
        tracing::info!("{scope}: reading the list of seats again: {doubt}.");
        edges.clock.sleep(seats::REREAD_DELAY).await;
        (report, gone) = settle(read().await?).await?;
        counted = count().await;
        if let Some(doubt) = contradiction(&report, &counted) {
            // Any seat may be missing from the list, so none of them is certainly gone.
            (report, gone) = (report.with_reason(doubt), Vec::new());
        }
    }
    if let Some(counted) = counted {
        let (control, settings) = counted.at(report.time());
        report = report.with_control(control, settings);
    }
    let mut warnings: Vec<String> = log_result(&report)
        .into_iter()
        .chain(times_from_the_future(&report))
        .chain(edges.clock.skew())
        .collect();
    refuse_incomplete(inputs, &report)?;
    let revocable = match report.reading().pages {
        1 if report.is_complete() => Revocable::All,
        _ => Revocable::Only(gone),
    };
    let (known, settings_before, recent_changes) = past
        .map(|past| (past.known, past.settings, past.recent_changes))
        .unwrap_or_default();
    warnings.extend(missed_reports(&report, &known));
    Ok(FetchedReport {
        recent_changes,
        known,
        settings_before,
        report,
        history_error,
        revocable,
        warnings,
    })
}

/// Returns why the report may be incomplete according to GitHub's second count.
fn contradiction(report: &Report, counted: &Option<Counted>) -> Option<IncompleteReason> {
    report.contradiction(&counted.as_ref()?.control)
}

/// Adds the ID to the scope, to distinguish a renamed scope from another one. If the ID can't be
/// read, the scope stays the same.
async fn identified(reader: &Client, scope: &Scope) -> Scope {
    if scope.id().is_some() {
        return scope.clone();
    }
    match ids::of_scope(reader, scope).await {
        Ok(id) => scope.clone().with_id(id),
        Err(error) => {
            let kind = scope.kind();
            tracing::info!(
                "The ID of the {kind} {scope} couldn't be read. It's recorded as unknown, so a later rename of the {kind} can't be recognized. {error}"
            );
            scope.clone()
        }
    }
}

/// Reads the list again until two readings in a row agree, if it lacks seats of the last recorded
/// report and may have skipped them between two pages. Returns the last reading and the revoked
/// seats.
async fn read_until_stable(
    mut report: Report,
    past: &PriorState,
    read: &impl AsyncFn() -> Result<Report, GitHubError>,
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
        "{}: {} seats of the last recorded report aren't in the list. The action reads it again before they count as revoked.",
        report.scope(),
        absent.len()
    );
    for again in 1..=MAX_REREADS {
        let earlier = std::mem::replace(&mut report, read().await?);
        let seats = changes::gone(earlier.seats(), report.seats()).count();
        if seats == 0 || !report.is_complete() {
            break;
        }
        if again == MAX_REREADS {
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

/// Logs the size of the report. Returns a warning if it's unusual.
fn log_result(report: &Report) -> Option<String> {
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
        "{} people have seats, but GitHub counts {total} (`total_seats`). GitHub bills a person with seats in several organizations in only one of them.",
        report.people()
    );
    tracing::warn!("{scope}: {odd}");
    Some(odd)
}

/// Warns about impossible times, and returns the warning.
fn times_from_the_future(report: &Report) -> Option<String> {
    let seats = match report.times_from_the_future() {
        0 => return None,
        1 => "1 seat has a time".to_owned(),
        seats => format!("{seats} seats have times"),
    };
    let odd = format!(
        "{seats} later than the report itself. The report keeps GitHub's values, but they don't count as a grant, a sign-in, or activity."
    );
    tracing::warn!("{}: {odd}", report.scope());
    Some(odd)
}

/// Warns about days or weeks without a report since the last recorded one, and returns the warning.
fn missed_reports(report: &Report, known: &HistoryContext) -> Option<String> {
    let days = known.totals.days().map(|day| date(day.report_time));
    let missed = coverage::missed(&days.collect(), date(report.time()))?;
    let units = days_or_weeks(missed.missing, missed.rhythm);
    let odd = format!(
        "No report was recorded for {units} since the last one: {}. GitHub's list shows only the present, so what's missing can't be recorded later.",
        gaps(&missed.gaps)
    );
    tracing::warn!("{}: {odd}", report.scope());
    Some(odd)
}

/// Refuses a report that isn't verified as complete, unless the inputs allow one.
fn refuse_incomplete(inputs: &Inputs, report: &Report) -> anyhow::Result<()> {
    if report.is_complete() {
        return Ok(());
    }
    let scope = report.scope();
    let advice = if report
        .incomplete_reasons()
        .contains(&IncompleteReason::Partial)
    {
        "Authorize `token` for single sign-on in each organization that the report must include. To publish the report without them, marked as incomplete, set `require-complete: false`."
    } else {
        "Run again. If the problem persists, set `require-complete: false` to publish the report, marked as incomplete."
    };
    let doubts: Vec<String> = report
        .incomplete_reasons()
        .iter()
        .map(ToString::to_string)
        .collect();
    let doubts = doubts.join("\n  Missing: ");
    if inputs.report.require_complete {
        anyhow::bail!(
            "The report of {scope} couldn't be verified as complete, so it wasn't published.\n  Missing: {doubts}\n  Fix: {advice}"
        );
    }
    tracing::warn!("The report of {scope} couldn't be verified as complete.\n  Missing: {doubts}");
    Ok(())
}
