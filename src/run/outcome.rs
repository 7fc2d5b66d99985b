//! What became of what was asked for, told to the next step and to the person.

use crate::audit::{Recorded, calls_people_otherwise};
use crate::history::changes::Kind;
use crate::pages::summary::Line;
use crate::report::activity::Counts;
use crate::report::scope::Scope;
use crate::report::status::StatusPolicy;
use crate::run::read::Read;
use crate::runner::artifact::{ArtifactError, Uploaded};
use crate::runner::outputs::Outputs;
use crate::system::files::Written;

/// A report that is complete (or may be incomplete) and lies where it was asked for.
pub(crate) struct Finished {
    pub(crate) read: Read,
    pub(crate) rule: StatusPolicy,
    pub(crate) counts: Counts,
    /// The report, in each form that was asked for.
    pub(crate) forms: Vec<Written>,
    /// Beside it in the workspace; nothing where the report went elsewhere.
    pub(crate) manifest: Option<Written>,
}

/// What became of one organization or enterprise.
pub(crate) struct Outcome<'a> {
    pub(crate) scope: &'a Scope,
    pub(crate) finished: anyhow::Result<Finished>,
    pub(crate) recorded: anyhow::Result<Option<Recorded>>,
}

impl Outcome<'_> {
    /// What became of the report.
    pub(crate) fn finished_line(&self) -> Line {
        let scope = self.scope;
        match &self.finished {
            Ok(finished) => {
                let paths: Vec<&str> = finished
                    .forms
                    .iter()
                    .map(|file| &*file.below_workspace)
                    .collect();
                let paths = paths.join(" and ");
                let place = match finished.manifest {
                    Some(_) => " in the workspace",
                    None => "",
                };
                Line::good(format!("{scope}: written to {paths}{place}"))
            }
            Err(error) => Line::bad(format!("{scope}: no report. {error:#}")),
        }
    }

    /// What could not be told for want of earlier reports.
    pub(crate) fn unknown_line(&self) -> Option<Line> {
        let error = self.unknown()?;
        Some(Line::bad(format!("{}: {error:#}", self.scope)))
    }

    /// Why earlier reports could not be asked; where the commit failed too, that says it already.
    fn unknown(&self) -> Option<&anyhow::Error> {
        let finished = self.finished.as_ref().ok()?;
        finished
            .read
            .unknown
            .as_ref()
            .filter(|_| self.recorded.is_ok())
    }

    /// What became of it in the repository; nothing where it was not to go there.
    pub(crate) fn recorded_lines(&self) -> Vec<Line> {
        let scope = self.scope;
        let recorded = match &self.recorded {
            Ok(None) => return Vec::new(),
            Ok(Some(recorded)) => recorded,
            Err(error) => return vec![Line::bad(format!("{scope}: not committed. {error:#}"))],
        };
        let line = Line::good(format!("{scope}: {}", recorded.what));
        let mut lines = vec![match &recorded.commit {
            Some(commit) if !commit.url.is_empty() => line.with_link(&commit.url),
            _ => line,
        }];
        if let Some(pull_request) = &recorded.pull_request {
            let line = Line::good(format!("{scope}: pull request {}", pull_request.number));
            lines.push(match &*pull_request.url {
                "" => line,
                url => line.with_link(url),
            });
        }
        if let Some(error) = &recorded.undone {
            lines.push(Line::bad(format!("{scope}: no pull request. {error:#}")));
        }
        lines
    }

    /// Takes the report back where the repository turned out to call people otherwise: names must
    /// not go where pseudonyms stand, nor the other way round. Says whether it did.
    pub(crate) fn take_back(&mut self) -> bool {
        let (Ok(finished), Err(error)) = (&self.finished, &self.recorded) else {
            return false;
        };
        if !calls_people_otherwise(error) {
            return false;
        }
        let left: Vec<&str> = finished
            .forms
            .iter()
            .chain(&finished.manifest)
            .filter(|file| std::fs::remove_file(&file.path).is_err())
            .map(|file| &*file.below_workspace)
            .collect();
        let mut undone =
            "It was not published, because people are called otherwise where it is to be recorded"
                .to_owned();
        if !left.is_empty() {
            undone.push_str(&format!(". Remove what could not be: {}", left.join(", ")));
        }
        if let Err(error) = std::mem::replace(&mut self.recorded, Ok(None)) {
            self.finished = Err(error.context(undone));
        }
        true
    }

    /// What was found that should not be so, and stopped nothing.
    pub(crate) fn warnings(&self) -> impl Iterator<Item = &String> {
        let finished = self
            .finished
            .iter()
            .flat_map(|finished| &finished.read.warnings);
        let recorded = self.recorded.iter().flatten();
        finished.chain(recorded.flat_map(|recorded| &recorded.warnings))
    }

    /// Who was concerned by each change of a seat; nothing where no report is recorded anywhere.
    pub(crate) fn changes(&self) -> Option<&[(Kind, String)]> {
        let recorded = self.recorded.as_ref().ok()?.as_ref()?;
        Some(&recorded.changes)
    }

    /// Everything that went wrong.
    pub(crate) fn errors(&self) -> impl Iterator<Item = &anyhow::Error> {
        let undone = match &self.recorded {
            Ok(recorded) => recorded.as_ref().and_then(|r| r.undone.as_ref()),
            Err(error) => Some(error),
        };
        let finished = self.finished.as_ref().err().or(self.unknown());
        finished.into_iter().chain(undone)
    }
}

/// What the next step is told.
pub(crate) fn outputs_of(
    outcomes: &[Outcome<'_>],
    uploaded: &anyhow::Result<Option<Uploaded>>,
) -> Outputs {
    let each = |text: fn(&Written) -> &str| {
        let forms = finished(outcomes).flat_map(|finished| &finished.forms);
        let texts: Vec<&str> = forms.map(text).collect();
        texts.join("\n")
    };
    let sum = |count: fn(&Finished) -> usize| {
        // Nobody is a valid report, and none is not the same.
        let counts: Vec<usize> = finished(outcomes).map(count).collect();
        match counts.as_slice() {
            [] => String::new(),
            counts => counts.iter().sum::<usize>().to_string(),
        }
    };
    let mut out = Outputs::default();
    out.set("report-path", &each(|file| &file.below_workspace));
    out.set("report-sha256", &each(|file| &file.sha256));
    out.set("seats", &sum(|f| f.read.report.seats().len()));
    out.set("people", &sum(|f| f.counts.people));
    out.set("active", &sum(|f| f.counts.active));
    out.set("inactive", &sum(|f| f.counts.inactive));
    out.set("never-used", &sum(|f| f.counts.never_used));
    out.set("new", &sum(|f| f.counts.new));
    let complete = outcomes
        .iter()
        .all(|outcome| matches!(&outcome.finished, Ok(f) if f.read.report.is_complete()));
    out.set("complete", if complete { "true" } else { "false" });

    let recorded = || {
        outcomes
            .iter()
            .filter_map(|o| o.recorded.as_ref().ok()?.as_ref())
    };
    let commits = || recorded().filter_map(|recorded| recorded.commit.as_ref());
    let changed = match recorded().count() {
        0 => "",
        _ if recorded().any(|recorded| recorded.changed) => "true",
        _ => "false",
    };
    out.set("changed", changed);
    for (name, count) in [
        (
            "seats-added",
            (|recorded| recorded.granted) as fn(&Recorded) -> usize,
        ),
        ("seats-removed", |recorded| recorded.revoked),
    ] {
        let sum = recorded().map(count).sum::<usize>().to_string();
        out.set(name, if recorded().count() == 0 { "" } else { &sum });
    }
    if let Ok(Some(artifact)) = uploaded {
        out.set("artifact-id", &artifact.id);
        out.set("artifact-name", artifact.name.as_str());
        out.set("artifact-url", &artifact.url);
        out.set("artifact-digest", &artifact.digest);
    }
    let shas: Vec<&str> = commits().map(|commit| commit.sha.as_str()).collect();
    let urls: Vec<&str> = commits().map(|commit| commit.url.as_str()).collect();
    out.set("commit-sha", &shas.join("\n"));
    out.set("commit-url", &urls.join("\n"));
    let pulls: Vec<&str> = recorded()
        .filter_map(|recorded| Some(recorded.pull_request.as_ref()?.url.as_str()))
        .collect();
    out.set("pull-request-url", &pulls.join("\n"));
    out
}

/// The reports that there are.
pub(crate) fn finished<'o>(outcomes: &'o [Outcome<'_>]) -> impl Iterator<Item = &'o Finished> {
    outcomes
        .iter()
        .filter_map(|outcome| outcome.finished.as_ref().ok())
}

/// What became of the artifact; nothing where none was to be made.
pub(crate) fn artifact_line(uploaded: &anyhow::Result<Option<Uploaded>>) -> Option<Line> {
    match uploaded {
        Ok(None) => None,
        Ok(Some(artifact)) => {
            let line = Line::good(format!("uploaded as the artifact {}", artifact.name));
            Some(line.with_link(&artifact.url))
        }
        Err(error) => Some(Line::bad(match error.downcast_ref() {
            Some(ArtifactError::Unknown { .. }) => format!("{error:#}"),
            _ => format!("no artifact was uploaded. {error:#}"),
        })),
    }
}
