//! What concerns all reports: the combined report, the page over all organizations, and the artifact.

use std::cell::Ref;

use super::{Journal, PAGE_NOT_UPLOADED, ScopeRun, prose_of};
use crate::pages::html::all::{MAX_PEOPLE, Missing};
use crate::pages::summary::Line;
use crate::run::upload::UploadError;
use crate::runner::artifact::Uploaded;
use crate::system::files::Written;
use crate::system::prose::Prose;
use crate::system::secrets::redact;
use crate::system::text::thousands;

/// How many organizations without a report are listed on the page with the reason. More are only
/// named.
const MAX_REASONS: usize = 20;

/// The page over all organizations of a run.
pub(crate) enum AllPage {
    /// Its file.
    Written(Written),
    /// There's none, because it would be about too many people.
    LeftOut,
}

impl Journal {
    /// Adds the files of the combined report, or the error, and logs it.
    pub(crate) fn combined(&self, files: anyhow::Result<Vec<Written>>) {
        if let Err(error) = &files {
            tracing::error!(title = "No combined report", "{error:#}");
        }
        *self.combined.borrow_mut() = Some(files);
    }

    /// Returns the files of the combined report, if there's one.
    pub(crate) fn combined_files(&self) -> Vec<Written> {
        let combined = self.combined.borrow();
        let files = combined.iter().flatten().flatten();
        files.cloned().collect()
    }

    /// Describes what concerns all reports: the combined report, the page over all of them, and the
    /// artifact.
    pub(crate) fn general_lines(&self) -> Vec<Line> {
        let written = |file: &Written| {
            let path = &file.below_workspace;
            Line::good(format!(
                "all organizations: written to {path} in the workspace"
            ))
        };
        let combined = match &*self.combined.borrow() {
            Some(Ok(files)) => files.first().map(written),
            Some(Err(error)) => {
                let text = Prose::own("no combined report. ");
                Some(Line::bad(text.join(prose_of(error))))
            }
            None => None,
        };
        let page = match &*self.all_page.borrow() {
            Some(Ok(AllPage::Written(page))) => Some(written(page)),
            Some(Ok(AllPage::LeftOut)) => Some(Line::good(left_out())),
            Some(Err(error)) => {
                let text = Prose::own("no page over all organizations. ");
                Some(Line::bad(text.join(prose_of(error))))
            }
            None => None,
        };
        let uploaded = match &*self.all_page_artifact.borrow() {
            Some(Ok(artifact)) => {
                let name = &artifact.name;
                let text = format!("all organizations: page uploaded as the artifact {name}");
                Some(Line::good(text).with_link(&artifact.url))
            }
            Some(Err(error)) => {
                let text = format!("all organizations: the page wasn't uploaded. {error}");
                Some(Line::bad(text))
            }
            None => None,
        };
        let lines = [combined, page, uploaded, self.artifact_line()];
        lines.into_iter().flatten().collect()
    }

    /// Adds the page over all organizations, or the error, and logs it. `None` means that there's
    /// no report.
    pub(crate) fn all_page(&self, page: anyhow::Result<Option<AllPage>>) {
        match &page {
            Err(error) => tracing::error!(title = "No page over all organizations", "{error:#}"),
            Ok(Some(AllPage::LeftOut)) => tracing::warn!("There's {}.", left_out()),
            Ok(_) => {}
        }
        *self.all_page.borrow_mut() = page.transpose();
    }

    /// Returns the file of the page over all organizations, if there's one.
    pub(crate) fn all_page_file(&self) -> Option<Written> {
        match &*self.all_page.borrow() {
            Some(Ok(AllPage::Written(page))) => Some(page.clone()),
            _ => None,
        }
    }

    /// Adds the artifact with the page over all organizations, or the error, and logs it. `None`
    /// means that it wasn't uploaded, but should be only in the artifact with all files.
    pub(crate) fn uploaded_all_page(&self, artifact: Option<Result<Uploaded, UploadError>>) {
        if let Some(Err(error)) = &artifact {
            tracing::error!(title = PAGE_NOT_UPLOADED, "{error}");
        }
        *self.all_page_artifact.borrow_mut() = artifact;
    }

    /// Returns the URL of the page over all organizations, if it was uploaded.
    pub(crate) fn all_page_url(&self) -> Option<String> {
        let artifact = self.all_page_artifact.borrow();
        let uploaded = artifact.as_ref()?.as_ref().ok()?;
        Some(uploaded.url.clone())
    }

    /// Returns the organizations that aren't on the page over all of them, and why.
    pub(crate) fn missing(&self) -> Vec<Missing> {
        let scopes = self.scopes();
        let (unread, read): (Vec<&ScopeRun>, Vec<_>) =
            scopes.values().partition(|run| run.is_unread);
        let failed = read
            .iter()
            .filter_map(|run| Some((&run.scope, run.report.as_ref().err()?)));
        let mut missing = Vec::new();
        let mut others = Vec::new();
        for (number, (scope, error)) in failed.enumerate() {
            let name = scope.name().to_owned();
            if number < MAX_REASONS {
                let (names, why) = (vec![name], format!("no report. {}", short(error)));
                missing.push(Missing { names, why });
            } else {
                others.push(name);
            }
        }
        let coverage = self.coverage();
        let state = coverage.as_ref().map(|coverage| coverage.state.clone());
        let state = state.unwrap_or_default();
        let unread = unread.iter().map(|run| run.scope.name().to_owned());
        let groups = [
            (others, "no report"),
            (
                unread.collect(),
                "not read, because the run was interrupted",
            ),
            (
                state.vanished.unwrap_or_default(),
                "no longer listed by GitHub",
            ),
            (state.suspended, "the App's installation is suspended"),
            (state.unreadable, "the token can't read the seats"),
        ];
        missing.extend(
            groups
                .into_iter()
                .filter(|(names, _)| !names.is_empty())
                .map(|(names, why)| Missing {
                    names,
                    why: why.to_owned(),
                }),
        );
        missing
    }

    /// Adds the uploaded artifact, or the error, and logs it. `None` means that no upload was
    /// requested.
    pub(crate) fn uploaded(&self, artifact: Option<Result<Uploaded, UploadError>>) {
        if let Some(Err(error)) = &artifact {
            tracing::error!(title = error.title(), "{error}");
        }
        *self.artifact.borrow_mut() = artifact;
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
}

/// Says that there are too many people for a page.
fn left_out() -> String {
    let most = thousands(MAX_PEOPLE);
    format!("no page over all organizations, because it would have more than {most} people")
}

/// Returns the first line of an error, and GitHub's response.
fn short(error: &anyhow::Error) -> String {
    let text = redact(&format!("{error:#}")).into_owned();
    let mut lines = text.lines().map(|line| line.trim().trim_end_matches('.'));
    let first = lines.next().unwrap_or_default().to_owned();
    match lines.find(|line| line.starts_with("Response: ")) {
        Some(response) => format!("{first}. {response}"),
        None => first,
    }
}
