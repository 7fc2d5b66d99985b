//! The only record of what a run did and didn't do. Outputs, job summary, log, and exit code all
//! come from it, even if the run is interrupted or fails halfway.

mod general;
mod log;
mod scope_run;
mod undone;

use std::cell::{Cell, Ref, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;

use crate::audit::{AuditError, Recorded};
use crate::github::error::GitHubError;
use crate::pages::html;
use crate::pages::index::Once;
use crate::pages::summary::Line;
use crate::report::activity::Counts;
use crate::report::combined::Missing;
use crate::report::everyone::Everyone;
use crate::report::scope::Scope;
use crate::run::combine::Finished;
use crate::run::coverage::Coverage;
use crate::run::step::CurrentStep;
use crate::run::upload::UploadError;
use crate::run::write::WrittenReport;
use crate::runner::artifact::Uploaded;
use crate::system::files::Written;
use crate::system::prose::Prose;
use crate::system::secrets::redact;
use crate::system::signals::Signals;
use crate::system::text::listed;
pub(crate) use general::AllPage;
pub(crate) use scope_run::ScopeRun;
use undone::Interruption;
pub(crate) use undone::Undone;

/// How many of the organizations that weren't read the last message names.
const MAX_UNREAD: usize = 50;

/// The title of the error if a page wasn't uploaded.
const PAGE_NOT_UPLOADED: &str = "The page wasn't uploaded";

/// How long to deliver what's finished after a signal. The runner sends SIGINT, SIGTERM after 7.5 s,
/// and ends the process 2.5 s later ("Workflow cancellation reference").
const GRACE_PERIOD: Duration = Duration::from_secs(6);

/// How long to write outputs, summary, and results after that.
const TIME_FOR_RESULTS: Duration = Duration::from_secs(1);

/// What a run did and didn't do.
#[derive(Default)]
pub(crate) struct Journal {
    pub(crate) step: CurrentStep,
    /// The scopes of the run, once they're known.
    planned: RefCell<Vec<Scope>>,
    coverage: RefCell<Option<Coverage>>,
    /// The results for each scope so far, by its place among the planned ones.
    scopes: RefCell<BTreeMap<usize, ScopeRun>>,
    /// The people of all reports that were written and not withdrawn.
    everyone: RefCell<Everyone>,
    /// The combined report and its manifest, if they were requested.
    combined: RefCell<Option<anyhow::Result<Vec<Written>>>>,
    /// The page over all organizations, if one was requested.
    all_page: RefCell<Option<anyhow::Result<AllPage>>>,
    all_page_artifact: RefCell<Option<Result<Uploaded, UploadError>>>,
    artifact: RefCell<Option<Result<Uploaded, UploadError>>>,
    /// Why outputs or summary couldn't be written.
    unwritten: RefCell<Vec<String>>,
    /// The signal that stopped the run, and what it did then.
    interruption: RefCell<Option<(&'static str, String)>>,
    stop: Notify,
    /// Wakes the run when there's no more time to deliver what's finished.
    end: Notify,
    is_cut_off: Cell<bool>,
    is_delivered: Cell<bool>,
}

impl Journal {
    /// Sets the scopes of the run.
    pub(crate) fn plan<'s>(&self, scopes: impl IntoIterator<Item = &'s Scope>) {
        *self.planned.borrow_mut() = scopes.into_iter().cloned().collect();
    }

    /// Sets which organizations the run covers, and logs those that it doesn't cover anymore.
    pub(crate) fn cover(&self, coverage: Option<Coverage>) {
        if let Some(line) = coverage.as_ref().and_then(lost) {
            tracing::error!(
                title = "Organizations are no longer covered",
                "{}",
                line.text
            );
        }
        *self.coverage.borrow_mut() = coverage;
    }

    /// Returns which organizations the run covers, if it selects them by patterns.
    pub(crate) fn coverage(&self) -> Ref<'_, Option<Coverage>> {
        self.coverage.borrow()
    }

    /// Describes the organizations that the run doesn't cover anymore.
    pub(crate) fn lost_line(&self) -> Option<Line> {
        self.coverage().as_ref().and_then(lost)
    }

    /// Returns the scope of the run, if it has only one.
    pub(crate) fn only_scope(&self) -> Option<Scope> {
        match &self.planned.borrow()[..] {
            [scope] => Some(scope.clone()),
            _ => None,
        }
    }

    /// Adds the report of the scope at `place`, or why there's none. Returns the report.
    pub(crate) fn written(
        &self,
        place: usize,
        report: anyhow::Result<WrittenReport>,
    ) -> Option<Rc<WrittenReport>> {
        let report = report.map(Rc::new);
        let written = report.as_ref().ok().map(Rc::clone);
        let planned = self.planned.borrow();
        let run = ScopeRun::new(planned.get(place)?, report);
        self.scopes.borrow_mut().insert(place, run);
        written
    }

    /// Adds the result of recording a report, if there's an audit repository.
    pub(crate) fn recorded(
        &self,
        place: usize,
        recorded: Option<Result<Recorded, Arc<AuditError>>>,
    ) {
        if let Some(run) = self.scopes.borrow_mut().get_mut(&place) {
            run.enter(recorded);
            if let Ok(report) = &run.report {
                let mut everyone = self.everyone.borrow_mut();
                everyone.add(report.activities(), report.rule);
            }
        }
    }

    /// Returns the people of all reports that were written and not withdrawn.
    pub(crate) fn everyone(&self) -> Ref<'_, Everyone> {
        self.everyone.borrow()
    }

    /// Returns how many people have each status, each person counted once over all reports.
    pub(crate) fn counts(&self) -> Counts {
        self.everyone().counts()
    }

    /// Returns the figures of all reports, including `new` ones, with people counted once.
    pub(crate) fn once<'w>(&self, new: impl Iterator<Item = &'w WrittenReport>) -> Once {
        let mut everyone = self.everyone.borrow().clone();
        for report in new {
            everyone.add(report.activities(), report.rule);
        }
        let counts = everyone.counts();
        let reports = self.reports();
        Once {
            folders: reports
                .iter()
                .map(|report| report.scope.name().to_ascii_lowercase())
                .collect(),
            seats: reports.iter().map(|report| report.seats).sum(),
            people: counts.people,
            active: counts.active,
            idle: counts.idle(),
        }
    }

    /// Returns a report and what its page says about the audit repository, unless there's no such
    /// report.
    pub(crate) fn recording(&self, place: usize) -> Option<(Rc<WrittenReport>, html::Recording)> {
        let scopes = self.scopes();
        let run = scopes.get(&place)?;
        let report = run.report.as_ref().ok()?;
        Some((Rc::clone(report), run.recording(report)))
    }

    /// Adds the page of a report, or why it couldn't be written, if it was requested.
    pub(crate) fn page(&self, place: usize, page: anyhow::Result<Option<Written>>) {
        if let Some(run) = self.scopes.borrow_mut().get_mut(&place) {
            run.page = page.transpose();
        }
    }

    /// Drops the reports at these places, which are delivered. The summary's parts about them are
    /// kept, in which people can have `names`.
    pub(crate) fn settle(&self, places: &[usize], names: bool) {
        let mut scopes = self.scopes.borrow_mut();
        for place in places {
            if let Some(run) = scopes.get_mut(place) {
                run.settle(names);
            }
        }
    }

    /// Returns the files of all reports, in the order of the reports, and then those over all of
    /// them.
    pub(crate) fn files(&self) -> Vec<Written> {
        let scopes = self.scopes();
        let files = scopes.values().flat_map(ScopeRun::files).cloned();
        let over_all = self.combined_files().into_iter();
        files.chain(over_all.chain(self.all_page_file())).collect()
    }

    /// Returns the CSV files for the combined report, and the scopes without a report.
    pub(crate) fn to_combine(&self) -> (Vec<Finished>, Vec<Missing>) {
        let (mut finished, mut missing) = (Vec::new(), Vec::new());
        for run in self.scopes().values() {
            match &run.report {
                Ok(written) => {
                    let scope = written.scope.clone();
                    let mut forms = written.forms.iter();
                    let csv = forms.find(|file| file.name.ends_with(".csv"));
                    finished.extend(csv.map(|csv| Finished {
                        scope,
                        time: written.time,
                        csv: csv.clone(),
                        rows: written.seats,
                        complete: written.is_complete,
                    }));
                }
                Err(error) => missing.push(Missing {
                    scope: run.scope.clone(),
                    reason: redact(&format!("{error:#}")).into_owned(),
                }),
            }
        }
        (finished, missing)
    }

    /// Returns the pages to upload, each with the position of its scope.
    pub(crate) fn pages(&self) -> Vec<(usize, Written)> {
        let scopes = self.scopes();
        let pages = scopes.iter();
        let written = |run: &ScopeRun| run.page.as_ref()?.as_ref().ok().cloned();
        pages
            .filter_map(|(place, run)| Some((*place, written(run)?)))
            .collect()
    }

    /// Adds the artifact with a scope's page, or the error, and logs it. `None` means that it wasn't
    /// uploaded, but should be only in the artifact with all files.
    pub(crate) fn uploaded_page(
        &self,
        scope: usize,
        artifact: Option<Result<Uploaded, UploadError>>,
    ) {
        if let Some(Err(error)) = &artifact {
            tracing::error!(title = PAGE_NOT_UPLOADED, "{error}");
        }
        if let Some(run) = self.scopes.borrow_mut().get_mut(&scope) {
            run.page_artifact = artifact;
        }
    }

    /// Adds an error from writing outputs or summary.
    pub(crate) fn unwritten(&self, error: String) {
        self.unwritten.borrow_mut().push(error);
    }

    /// Returns the results for each scope so far.
    pub(crate) fn scopes(&self) -> Ref<'_, BTreeMap<usize, ScopeRun>> {
        self.scopes.borrow()
    }

    /// Returns the reports that were written and not withdrawn.
    pub(crate) fn reports(&self) -> Vec<Rc<WrittenReport>> {
        let scopes = self.scopes();
        let reports = scopes.values().filter_map(|run| run.report.as_ref().ok());
        reports.map(Rc::clone).collect()
    }

    /// Returns an error if not everything was done.
    pub(crate) fn undone(&self) -> Option<Undone> {
        let (lines, interruption) = (self.lines(), self.interruption.borrow().clone());
        let interruption = interruption.map(|(signal, doing)| Interruption {
            signal,
            doing,
            has_delivered: !self.is_cut_off(),
        });
        let is_undone = interruption.is_some() || lines.iter().any(|line| !line.good);
        is_undone.then_some(Undone {
            interruption,
            lines,
        })
    }

    /// Waits until a signal ends the run, and returns its name. The first signal stops the reading.
    /// If there are finished reports to deliver, they get some time, which a second signal cuts off.
    pub(crate) async fn end_by(&self, signals: &mut Signals) -> &'static str {
        let signal = signals.next().await;
        *self.interruption.borrow_mut() = Some((signal, self.step.to_string()));
        self.stop.notify_one();
        let is_finished = |run: &ScopeRun| run.report.is_ok();
        if !self.is_delivered.get() && self.scopes().values().any(is_finished) {
            tracing::warn!(
                "The run was interrupted ({signal}). The finished reports are delivered if that takes less than {} s.",
                GRACE_PERIOD.as_secs()
            );
            let _ = tokio::time::timeout(GRACE_PERIOD, signals.next()).await;
            self.is_cut_off.set(true);
            self.end.notify_one();
            let _ = tokio::time::timeout(TIME_FOR_RESULTS, signals.next()).await;
        }
        signal
    }

    /// Returns whether the reading has to stop.
    pub(crate) fn is_stopped(&self) -> bool {
        self.interruption.borrow().is_some()
    }

    /// Waits until the reading has to stop.
    pub(crate) async fn stopped(&self) {
        if !self.is_stopped() {
            self.stop.notified().await;
        }
    }

    /// Waits until there's no more time to deliver what's finished.
    pub(crate) async fn time_is_up(&self) {
        self.end.notified().await;
    }

    /// Returns whether there was no time to deliver everything that was finished.
    pub(crate) fn is_cut_off(&self) -> bool {
        self.is_cut_off.get()
    }

    /// Adds the scopes that the run doesn't read anymore because it was interrupted.
    pub(crate) fn leave_unread(&self) {
        let mut scopes = self.scopes.borrow_mut();
        for (place, scope) in self.planned.borrow().iter().enumerate() {
            let unread = || ScopeRun::unread(scope);
            scopes.entry(place).or_insert_with(unread);
        }
    }

    /// Notes that everything that's finished was delivered.
    pub(crate) fn delivered(&self) {
        self.is_delivered.set(true);
    }

    /// Returns the error if a signal interrupted the run, and what was finished wasn't delivered in
    /// time.
    pub(crate) fn interrupted(&self, signal: &'static str) -> Undone {
        Undone {
            interruption: Some(Interruption {
                signal,
                doing: self.step.to_string(),
                has_delivered: false,
            }),
            lines: self.lines(),
        }
    }

    /// Describes the scopes that weren't read because the run was interrupted.
    pub(crate) fn unread_line(&self) -> Option<Line> {
        let (planned, scopes) = (self.planned.borrow(), self.scopes());
        let unread = planned.iter().enumerate();
        let is_read = |run: &ScopeRun| !run.is_unread;
        let unread = unread.filter(|(place, _)| !scopes.get(place).is_some_and(is_read));
        let unread: Vec<&str> = unread.map(|(_, scope)| scope.name()).collect();
        (planned.len() > 1 && !unread.is_empty())
            .then(|| Line::bad(format!("not read: {}", listed(&unread, MAX_UNREAD))))
    }

    /// Returns whether every organization that the run has to cover was read.
    pub(crate) fn is_whole(&self) -> bool {
        self.unread_line().is_none() && self.lost_line().is_none()
    }

    fn lines(&self) -> Vec<Line> {
        let scopes = self.scopes();
        let unwritten = self.unwritten.borrow();
        let scopes = scopes.values().flat_map(ScopeRun::lines);
        let unwritten = unwritten.iter().cloned().map(Line::bad);
        scopes
            .chain(self.lost_line())
            .chain(self.unread_line())
            .chain(self.general_lines())
            .chain(unwritten)
            .collect()
    }
}

fn lost(coverage: &Coverage) -> Option<Line> {
    let lost = coverage.lost.iter();
    let lost: Vec<String> = lost.map(|(name, why)| format!("{name} ({why})")).collect();
    let names: Vec<&str> = lost.iter().map(|text| &**text).collect();
    (!lost.is_empty()).then(|| {
        Line::bad(format!(
            "The repository has histories of organizations that this run doesn't cover: {}.\n  Fix: Make them readable again. If one is gone for good, leave it out with `!` and its name in `organization`.",
            listed(&names, MAX_UNREAD)
        ))
    })
}

/// Returns the text of an error with its words and those of others kept apart.
pub(crate) fn prose_of(error: &anyhow::Error) -> Prose {
    let mut prose = Prose::default();
    for (number, cause) in error.chain().enumerate() {
        if number > 0 {
            prose = prose.and(": ");
        }
        let shared = cause.downcast_ref::<Arc<AuditError>>();
        let shared = shared.map(|error| &**error);
        prose = match (
            cause.downcast_ref::<GitHubError>(),
            cause.downcast_ref::<AuditError>().or(shared),
        ) {
            (Some(error), _) => prose.join(error.prose()),
            (_, Some(error)) => prose.join(error.prose()),
            _ => prose.and(cause.to_string()),
        };
    }
    prose
}
