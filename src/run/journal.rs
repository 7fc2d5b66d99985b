//! The only record of what a run did and didn't do. Outputs, job summary, log, and exit code all
//! come from it, even if the run is interrupted or fails halfway.

use std::cell::{Ref, RefCell};
use std::fmt;
use std::rc::Rc;

use crate::audit::{AuditError, Recorded};
use crate::github::commit::Verification;
use crate::github::error::GitHubError;
use crate::history::{Action, SeatChange};
use crate::pages::summary::Line;
use crate::pages::{html, repository};
use crate::report::activity::Counts;
use crate::report::combined::Missing;
use crate::report::everyone::Everyone;
use crate::report::scope::Scope;
use crate::run::combine::Finished;
use crate::run::step::CurrentStep;
use crate::run::upload::UploadError;
use crate::run::write::WrittenReport;
use crate::runner::artifact::Uploaded;
use crate::runner::log::Group;
use crate::system::files::Written;
use crate::system::prose::Prose;
use crate::system::secrets::redact;

/// What a run did and didn't do.
#[derive(Default)]
pub(crate) struct Journal {
    pub(crate) step: CurrentStep,
    scopes: RefCell<Vec<ScopeRun>>,
    /// The people of all reports that were written and not withdrawn.
    everyone: RefCell<Everyone>,
    /// The combined report and its manifest, if they were requested.
    combined: RefCell<Option<anyhow::Result<Vec<Written>>>>,
    artifact: RefCell<Option<Result<Uploaded, UploadError>>>,
    /// Why outputs or summary couldn't be written.
    unwritten: RefCell<Vec<String>>,
}

/// The results for one organization or enterprise.
pub(crate) struct ScopeRun {
    pub(crate) scope: Scope,
    pub(crate) report: anyhow::Result<Rc<WrittenReport>>,
    entry: LedgerEntry,
    page: Option<anyhow::Result<Written>>,
    /// The artifact with the report's page.
    page_artifact: Option<Result<Uploaded, UploadError>>,
}

/// The state of a report in the audit repository.
enum LedgerEntry {
    /// There's no audit repository, or no report for it.
    None,
    /// It's being recorded.
    Pending,
    /// It was recorded, or there was nothing to record.
    Recorded(Box<Recorded>),
    /// It wasn't recorded.
    Failed(anyhow::Error),
}

impl Journal {
    /// Adds the report that was written, or the error. Returns the report.
    pub(crate) fn written(
        &self,
        scope: &Scope,
        report: anyhow::Result<WrittenReport>,
    ) -> Option<Rc<WrittenReport>> {
        let report = report.map(Rc::new);
        let written = report.as_ref().ok().map(Rc::clone);
        let entry = match &report {
            Ok(_) => LedgerEntry::Pending,
            Err(_) => LedgerEntry::None,
        };
        self.scopes.borrow_mut().push(ScopeRun {
            scope: scope.clone(),
            report,
            entry,
            page: None,
            page_artifact: None,
        });
        written
    }

    /// Adds the result of recording the last report, if there's an audit repository.
    pub(crate) fn recorded(&self, recorded: Option<Result<Recorded, AuditError>>) {
        if let Some(run) = self.scopes.borrow_mut().last_mut() {
            run.enter(recorded);
            if let Ok(report) = &run.report {
                let mut everyone = self.everyone.borrow_mut();
                everyone.add(report.activities(), report.rule);
            }
        }
    }

    /// Returns how many people have each status, each person counted once over all reports.
    pub(crate) fn counts(&self) -> Counts {
        self.everyone.borrow().counts()
    }

    /// Returns the last report and what its page says about the audit repository, unless there's no
    /// such report.
    pub(crate) fn last_recording(&self) -> Option<(Rc<WrittenReport>, html::Recording)> {
        let scopes = self.scopes();
        let last = scopes.last()?;
        let report = last.report.as_ref().ok()?;
        Some((Rc::clone(report), last.recording(report)))
    }

    /// Adds the page of the last report, or why it couldn't be written, if it was requested.
    pub(crate) fn page(&self, page: anyhow::Result<Option<Written>>) {
        if let Some(run) = self.scopes.borrow_mut().last_mut() {
            run.page = page.transpose();
        }
    }

    /// Adds the files of the combined report, or the error, and logs it.
    pub(crate) fn combined(&self, files: anyhow::Result<Vec<Written>>) {
        if let Err(error) = &files {
            tracing::error!(title = "No combined report", "{error:#}");
        }
        *self.combined.borrow_mut() = Some(files);
    }

    /// Returns the files of all reports, in the order of the reports, and then those of the combined
    /// report.
    pub(crate) fn files(&self) -> Vec<Written> {
        let scopes = self.scopes();
        let files = scopes.iter().flat_map(ScopeRun::files).cloned();
        files.chain(self.combined_files()).collect()
    }

    /// Returns the CSV files for the combined report, and the scopes without a report.
    pub(crate) fn to_combine(&self) -> (Vec<Finished>, Vec<Missing>) {
        let (mut finished, mut missing) = (Vec::new(), Vec::new());
        for run in self.scopes().iter() {
            let scope = run.scope.clone();
            match &run.report {
                Ok(written) => {
                    let report = &written.fetched.report;
                    let mut forms = written.forms.iter();
                    let csv = forms.find(|file| file.name.ends_with(".csv"));
                    finished.extend(csv.map(|csv| Finished {
                        scope,
                        time: report.time(),
                        csv: csv.clone(),
                        rows: report.seats().len(),
                        complete: report.is_complete(),
                    }));
                }
                Err(error) => missing.push(Missing {
                    scope,
                    reason: redact(&format!("{error:#}")).into_owned(),
                }),
            }
        }
        (finished, missing)
    }

    /// Returns the files of the combined report, if there's one.
    pub(crate) fn combined_files(&self) -> Vec<Written> {
        let combined = self.combined.borrow();
        let files = combined.iter().flatten().flatten();
        files.cloned().collect()
    }

    /// Describes what concerns all reports: the combined report and the artifact.
    pub(crate) fn general_lines(&self) -> Vec<Line> {
        let combined = match &*self.combined.borrow() {
            Some(Ok(files)) => files.first().map(|file| {
                let path = &file.below_workspace;
                Line::good(format!(
                    "all organizations: written to {path} in the workspace"
                ))
            }),
            Some(Err(error)) => {
                let text = Prose::own("no combined report. ");
                Some(Line::bad(text.join(prose_of(error))))
            }
            None => None,
        };
        combined.into_iter().chain(self.artifact_line()).collect()
    }

    /// Logs what was done for the last scope, ends its `group`, and logs what wasn't done.
    pub(crate) fn log_last(&self, group: Group) {
        let scopes = self.scopes();
        let last = || scopes.last().into_iter();
        for line in last().flat_map(ScopeRun::ledger_lines) {
            match &line.link {
                Some(link) if line.good => tracing::info!("{}: {link}", line.text),
                None if line.good => tracing::info!("{}.", line.text),
                _ => {}
            }
        }
        drop(group);
        for (title, error) in last().flat_map(ScopeRun::errors) {
            tracing::error!(title = &*title, "{error}");
        }
    }

    /// Adds the uploaded artifact, or the error, and logs it. `None` means that no upload was
    /// requested.
    pub(crate) fn uploaded(&self, artifact: Option<Result<Uploaded, UploadError>>) {
        if let Some(Err(error)) = &artifact {
            tracing::error!(title = error.title(), "{error}");
        }
        *self.artifact.borrow_mut() = artifact;
    }

    /// Returns the pages to upload, each with the position of its scope.
    pub(crate) fn pages(&self) -> Vec<(usize, Written)> {
        let scopes = self.scopes();
        let pages = scopes.iter().enumerate();
        let written = |run: &ScopeRun| run.page.as_ref()?.as_ref().ok().cloned();
        pages
            .filter_map(|(place, run)| Some((place, written(run)?)))
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
            tracing::error!(title = "The page wasn't uploaded", "{error}");
        }
        if let Some(run) = self.scopes.borrow_mut().get_mut(scope) {
            run.page_artifact = artifact;
        }
    }

    /// Adds an error from writing outputs or summary.
    pub(crate) fn unwritten(&self, error: String) {
        self.unwritten.borrow_mut().push(error);
    }

    /// Returns the results for each scope so far.
    pub(crate) fn scopes(&self) -> Ref<'_, Vec<ScopeRun>> {
        self.scopes.borrow()
    }

    /// Returns the reports that were written and not withdrawn.
    pub(crate) fn reports(&self) -> Vec<Rc<WrittenReport>> {
        let scopes = self.scopes();
        let reports = scopes.iter().filter_map(|run| run.report.as_ref().ok());
        reports.map(Rc::clone).collect()
    }

    /// Returns the artifact, or why there isn't one. `None` means that no upload was requested.
    pub(crate) fn artifact(&self) -> Ref<'_, Option<Result<Uploaded, UploadError>>> {
        self.artifact.borrow()
    }

    /// Describes the result of the upload.
    fn artifact_line(&self) -> Option<Line> {
        Some(match self.artifact().as_ref()? {
            Ok(artifact) => Line::good(format!("uploaded as the artifact {}", artifact.name))
                .with_link(&artifact.url),
            Err(error) if error.may_have_uploaded() => Line::bad(error.to_string()),
            Err(error) => Line::bad(format!("no artifact was uploaded. {error}")),
        })
    }

    /// Returns an error if not everything was done.
    pub(crate) fn undone(&self) -> Option<Undone> {
        let lines = self.lines();
        lines.iter().any(|line| !line.good).then_some(Undone {
            interruption: None,
            lines,
        })
    }

    /// Returns the error if `signal` interrupted the run.
    pub(crate) fn interrupted(&self, signal: &'static str) -> Undone {
        Undone {
            interruption: Some((signal, self.step.to_string())),
            lines: self.lines(),
        }
    }

    fn lines(&self) -> Vec<Line> {
        let scopes = self.scopes();
        let unwritten = self.unwritten.borrow();
        let scopes = scopes.iter().flat_map(ScopeRun::lines);
        let unwritten = unwritten.iter().cloned().map(Line::bad);
        scopes
            .chain(self.general_lines())
            .chain(unwritten)
            .collect()
    }
}

impl ScopeRun {
    fn enter(&mut self, recorded: Option<Result<Recorded, AuditError>>) {
        self.entry = match recorded {
            None => LedgerEntry::None,
            Some(Ok(recorded)) => LedgerEntry::Recorded(Box::new(recorded)),
            Some(Err(error)) => match (&self.report, error.forbids_keeping_files()) {
                (Ok(report), Some(why)) => {
                    let left = report.withdraw();
                    let mut what = format!("Not published, because {why}");
                    if !left.is_empty() {
                        what.push_str(&format!(". Delete these yourself: {}", left.join(", ")));
                    }
                    self.report = Err(anyhow::Error::from(error).context(what));
                    LedgerEntry::None
                }
                _ => LedgerEntry::Failed(error.into()),
            },
        };
    }

    /// Describes everything that was done and everything that wasn't.
    pub(crate) fn lines(&self) -> Vec<Line> {
        let history = self.history_error();
        let history = history
            .map(|error| Line::bad(Prose::own(format!("{}: ", self.scope)).join(prose_of(error))));
        let mut lines: Vec<Line> = self.report_line().into_iter().collect();
        if let Some(Err(error)) = &self.page {
            let text = Prose::own(format!("{}: no page. ", self.scope));
            lines.push(Line::bad(text.join(prose_of(error))));
        }
        lines.extend(history);
        lines.extend(self.ledger_lines());
        lines.extend(self.page_line());
        lines
    }

    /// Describes the result of the upload of the page.
    fn page_line(&self) -> Option<Line> {
        let scope = &self.scope;
        Some(match self.page_artifact.as_ref()? {
            Ok(artifact) => {
                let text = format!("{scope}: page uploaded as the artifact {}", artifact.name);
                Line::good(text).with_link(&artifact.url)
            }
            Err(error) => Line::bad(format!("{scope}: the page wasn't uploaded. {error}")),
        })
    }

    /// Returns the URL of the page, if it was uploaded.
    pub(crate) fn page_url(&self) -> Option<&str> {
        let uploaded = self.page_artifact.as_ref()?.as_ref().ok()?;
        Some(&uploaded.url)
    }

    /// Describes the result for the report. `None` if only the page was requested, and it isn't
    /// written.
    fn report_line(&self) -> Option<Line> {
        let scope = &self.scope;
        Some(match &self.report {
            Ok(report) => {
                let paths = self.forms().map(|file| &*file.below_workspace);
                let paths: Vec<&str> = paths.collect();
                if paths.is_empty() {
                    return None;
                }
                let place = match report.manifest {
                    Some(_) => " in the workspace",
                    None => "",
                };
                Line::good(format!(
                    "{scope}: written to {}{place}",
                    paths.join(" and ")
                ))
            }
            Err(error) => {
                Line::bad(Prose::own(format!("{scope}: no report. ")).join(prose_of(error)))
            }
        })
    }

    /// Returns the report in each format, the page last.
    pub(crate) fn forms(&self) -> impl Iterator<Item = &Written> {
        let report = self.report.as_ref().ok();
        let page = self.page.as_ref().and_then(|page| page.as_ref().ok());
        let forms = report.into_iter().flat_map(|report| &report.forms);
        forms.chain(page)
    }

    /// Returns all files, the manifest last.
    pub(crate) fn files(&self) -> impl Iterator<Item = &Written> {
        let report = self.report.as_ref().ok();
        let manifest = report.and_then(|report| report.manifest.as_ref());
        self.forms().chain(manifest)
    }

    /// Returns what the page of `report` says about the audit repository.
    fn recording(&self, report: &WrittenReport) -> html::Recording {
        let recorded = match &self.entry {
            LedgerEntry::None | LedgerEntry::Pending => return html::Recording::default(),
            LedgerEntry::Failed(_) => {
                return html::Recording {
                    commit: html::Commit::Failed,
                    ..html::Recording::default()
                };
            }
            LedgerEntry::Recorded(recorded) => recorded,
        };
        let commit = match &recorded.commit {
            None => html::Commit::Nothing(recorded.what.clone()),
            Some(commit) => html::Commit::Made {
                sha: commit.sha.clone(),
                url: commit.url.clone(),
                unverified: match &commit.verification {
                    Verification::Verified => None,
                    Verification::Unverified(why) => Some(why.clone()),
                },
            },
        };
        let earlier = report.fetched.recent_changes.iter();
        let changes = earlier.chain(&recorded.plan.changes).cloned();
        html::Recording {
            commit,
            changes: Some(changes.collect()),
            repository: Some(recorded.check.state.clone()),
        }
    }

    /// Returns why the history couldn't be read. If the report couldn't be recorded either, that
    /// error already says so.
    fn history_error(&self) -> Option<&anyhow::Error> {
        match self.entry {
            LedgerEntry::Pending | LedgerEntry::Failed(_) => None,
            _ => self.report.as_ref().ok()?.fetched.history_error.as_ref(),
        }
    }

    /// Describes the result in the audit repository.
    fn ledger_lines(&self) -> Vec<Line> {
        let scope = &self.scope;
        let recorded = match &self.entry {
            LedgerEntry::None | LedgerEntry::Pending => return Vec::new(),
            LedgerEntry::Failed(error) => {
                let text = Prose::own(format!("{scope}: not committed. "));
                return vec![Line::bad(text.join(prose_of(error)))];
            }
            LedgerEntry::Recorded(recorded) => recorded,
        };
        let line = Line::good(format!("{scope}: {}", recorded.what));
        let mut lines = vec![match &recorded.commit {
            Some(commit) if !commit.url.is_empty() => line.with_link(&commit.url),
            _ => line,
        }];
        let state = repository::sentences(&recorded.check.state);
        let state = state.trim_end_matches('.');
        lines.push(Line::good(format!("{scope}: {state}")));
        if let Some(pull_request) = &recorded.pull_request {
            let line = Line::good(format!("{scope}: pull request {}", pull_request.number));
            lines.push(match &*pull_request.url {
                "" => line,
                url => line.with_link(url),
            });
        }
        if let Some(error) = &recorded.not_opened {
            let text = Prose::own(format!("{scope}: no pull request. "));
            lines.push(Line::bad(text.join(error.clone())));
        }
        lines
    }

    /// Returns the warnings, which didn't stop anything.
    pub(crate) fn warnings(&self) -> impl Iterator<Item = String> {
        let report = self.report.iter();
        let report = report.flat_map(|report| &report.fetched.warnings);
        let recorded = self.recorded().into_iter();
        let recorded = recorded.flat_map(|recorded| {
            let plan = &recorded.plan;
            let changes = plan.setting_changes.iter().map(ToString::to_string);
            let found = plan.warnings.iter().chain(&recorded.check.warnings);
            found.cloned().chain(changes)
        });
        report.cloned().chain(recorded)
    }

    /// Returns what changed since the last recorded report, if this report was compared with it.
    pub(crate) fn changes(&self) -> Option<&[SeatChange]> {
        let plan = &self.recorded()?.plan;
        matches!(plan.action, Action::Record | Action::Unchanged).then_some(&*plan.changes)
    }

    /// Returns what was recorded.
    pub(crate) fn recorded(&self) -> Option<&Recorded> {
        match &self.entry {
            LedgerEntry::Recorded(recorded) => Some(recorded),
            _ => None,
        }
    }

    /// Returns all errors, as the log shows them, each with a title.
    fn errors(&self) -> impl Iterator<Item = (String, String)> {
        let scope = &self.scope;
        let report = match (&self.report, self.history_error()) {
            (Err(error), _) => Some((format!("No Copilot activity report of {scope}"), error)),
            (Ok(_), Some(error)) => Some((format!("The history of {scope} wasn't read"), error)),
            (Ok(_), None) => None,
        };
        let report = report.map(|(title, error)| (title, format!("{error:#}")));
        let entry = match &self.entry {
            LedgerEntry::Failed(error) => Some((
                format!("The report of {scope} wasn't committed"),
                format!("{error:#}"),
            )),
            LedgerEntry::Recorded(recorded) => recorded.not_opened.as_ref().map(|error| {
                let title = format!("No pull request for the report of {scope}");
                (title, error.to_string())
            }),
            _ => None,
        };
        let page = self.page.as_ref().and_then(|page| page.as_ref().err());
        let page = page.map(|error| (format!("No page of {scope}"), format!("{error:#}")));
        report.into_iter().chain(page).chain(entry)
    }
}

/// Returns the text of an error with its words and those of others kept apart.
pub(crate) fn prose_of(error: &anyhow::Error) -> Prose {
    let mut prose = Prose::default();
    for (number, cause) in error.chain().enumerate() {
        if number > 0 {
            prose = prose.and(": ");
        }
        prose = match (
            cause.downcast_ref::<GitHubError>(),
            cause.downcast_ref::<AuditError>(),
        ) {
            (Some(error), _) => prose.join(error.prose()),
            (_, Some(error)) => prose.join(error.prose()),
            _ => prose.and(cause.to_string()),
        };
    }
    prose
}

/// What was done and what wasn't, if that's not everything. It's written for a person who looks at a failed run, and
/// says what's safe and what's missing.
#[derive(Debug)]
pub(crate) struct Undone {
    interruption: Option<(&'static str, String)>,
    lines: Vec<Line>,
}

impl fmt::Display for Undone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.interruption {
            None => f.write_str("Not everything was done.")?,
            Some((signal, doing)) => {
                write!(f, "The run was interrupted ({signal}) while {doing}.")?;
            }
        }
        for (good, title) in [(true, "Done"), (false, "Not done")] {
            for line in self.lines.iter().filter(|line| line.good == good) {
                let text = line.text.to_string();
                let first = text.lines().next().unwrap_or_default();
                write!(f, "\n  {title}: {first}")?;
            }
        }
        if self.interruption.is_some() {
            f.write_str("\n  Not done: everything else. Nothing is half delivered. A commit or artifact that was almost complete may exist anyway, and is whole if it does.")?;
        }
        Ok(())
    }
}

impl std::error::Error for Undone {}
