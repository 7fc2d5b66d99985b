//! The results for one organization or enterprise.

use std::rc::Rc;
use std::sync::Arc;

use super::prose_of;
use crate::audit::{AuditError, Recorded};
use crate::github::commit::Verification;
use crate::history::{Action, SeatChange};
use crate::pages::summary::Line;
use crate::pages::{html, repository};
use crate::report::scope::Scope;
use crate::run::upload::UploadError;
use crate::run::write::WrittenReport;
use crate::runner::artifact::Uploaded;
use crate::system::files::Written;
use crate::system::prose::Prose;

/// The results for one organization or enterprise.
pub(crate) struct ScopeRun {
    pub(crate) scope: Scope,
    /// Whether the run was interrupted before this was read.
    pub(super) is_unread: bool,
    pub(crate) report: anyhow::Result<Rc<WrittenReport>>,
    pub(super) entry: LedgerEntry,
    pub(super) page: Option<anyhow::Result<Written>>,
    /// The artifact with the report's page.
    pub(super) page_artifact: Option<Result<Uploaded, UploadError>>,
}

/// The state of a report in the audit repository.
pub(super) enum LedgerEntry {
    /// There's no audit repository, or no report for it.
    None,
    /// It's being recorded.
    Pending,
    /// It was recorded, or there was nothing to record.
    Recorded(Box<Recorded>),
    /// It wasn't recorded.
    Failed(anyhow::Error),
}

impl ScopeRun {
    /// Starts the results of a report that was written, or of one that wasn't.
    pub(super) fn new(scope: &Scope, report: anyhow::Result<Rc<WrittenReport>>) -> Self {
        Self {
            scope: scope.clone(),
            is_unread: false,
            entry: match &report {
                Ok(_) => LedgerEntry::Pending,
                Err(_) => LedgerEntry::None,
            },
            report,
            page: None,
            page_artifact: None,
        }
    }

    /// Returns the results of a scope that wasn't read because the run was interrupted.
    pub(super) fn unread(scope: &Scope) -> Self {
        let error = anyhow::anyhow!("the run was interrupted before it was read");
        Self {
            is_unread: true,
            ..Self::new(scope, Err(error))
        }
    }

    /// Drops the report itself. The summary's part about it is kept, in which people can have
    /// `names`.
    pub(super) fn settle(&mut self, names: bool) {
        let changes = self.changes().map(<[SeatChange]>::to_vec);
        if let LedgerEntry::Recorded(recorded) = &mut self.entry {
            recorded.plan.changes.clear();
        }
        // Nobody else has the report anymore.
        if let Some(report) = self.report.as_mut().ok().and_then(Rc::get_mut) {
            report.settle(changes.as_deref(), names);
        }
    }

    /// Adds the result of recording the report, if there's an audit repository.
    pub(super) fn enter(&mut self, recorded: Option<Result<Recorded, Arc<AuditError>>>) {
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

    /// Describes everything that was done and everything that wasn't. Empty if nothing was read,
    /// which is described for all such scopes together.
    pub(crate) fn lines(&self) -> Vec<Line> {
        if self.is_unread {
            return Vec::new();
        }
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
    pub(super) fn recording(&self, report: &WrittenReport) -> html::Recording {
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
        let earlier = report.fetched.iter();
        let earlier = earlier.flat_map(|fetched| &fetched.recent_changes);
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
            _ => self.report.as_ref().ok()?.history_error.as_ref(),
        }
    }

    /// Describes the result in the audit repository.
    pub(super) fn ledger_lines(&self) -> Vec<Line> {
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
        let report = report.flat_map(|report| &report.warnings);
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

    /// Returns all errors, as the log shows them.
    pub(super) fn errors(&self) -> impl Iterator<Item = (Failure, String)> {
        let report = match (&self.report, self.history_error()) {
            (Err(error), _) => Some((Failure::NoReport, error)),
            (Ok(_), Some(error)) => Some((Failure::HistoryUnread, error)),
            (Ok(_), None) => None,
        };
        let report = report.map(|(what, error)| (what, format!("{error:#}")));
        let entry = match &self.entry {
            LedgerEntry::Failed(error) => Some((Failure::NotCommitted, format!("{error:#}"))),
            LedgerEntry::Recorded(recorded) => {
                let error = recorded.not_opened.as_ref();
                error.map(|error| (Failure::NoPullRequest, error.to_string()))
            }
            _ => None,
        };
        let page = self.page.as_ref().and_then(|page| page.as_ref().err());
        let page = page.map(|error| (Failure::NoPage, format!("{error:#}")));
        report.into_iter().chain(page).chain(entry)
    }
}

/// What went wrong for one or several scopes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Failure {
    NoReport,
    HistoryUnread,
    NotCommitted,
    NoPullRequest,
    NoPage,
}

impl Failure {
    /// Returns the title of the annotation about the failure for these scopes.
    pub(super) fn title(self, names: &[&str]) -> String {
        let (of, is_one) = match names {
            [name] => ((*name).to_owned(), true),
            names => (format!("{} organizations", names.len()), false),
        };
        let form = match (self, is_one) {
            (Self::NoReport, true) => "No Copilot activity report of {}",
            (Self::NoReport, false) => "No Copilot activity reports of {}",
            (Self::HistoryUnread, true) => "The history of {} wasn't read",
            (Self::HistoryUnread, false) => "The histories of {} weren't read",
            (Self::NotCommitted, true) => "The report of {} wasn't committed",
            (Self::NotCommitted, false) => "The reports of {} weren't committed",
            (Self::NoPullRequest, true) => "No pull request for the report of {}",
            (Self::NoPullRequest, false) => "No pull request for the reports of {}",
            (Self::NoPage, true) => "No page of {}",
            (Self::NoPage, false) => "No pages of {}",
        };
        form.replace("{}", &of)
    }
}
