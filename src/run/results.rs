//! Writes the results in the journal: outputs, job summary, and whether the limit is exceeded.

use std::rc::Rc;

use crate::audit::Recorded;
use crate::inputs::Inputs;
use crate::pages::figures;
use crate::pages::summary::{self, Line, MAX_SECTIONS, Section, Summary};
use crate::run::destination::Destination;
use crate::run::journal::{Journal, ScopeRun};
use crate::run::results_file;
use crate::run::write::WrittenReport;
use crate::runner::outputs::{self, MAX_SUMMARY_SIZE, Outputs};
use crate::system::environment::Environment;
use crate::system::files::Written;
use crate::system::prose::Prose;
use crate::system::text::listed;

/// How many names the headline in the log has.
const MAX_NAMES: usize = 5;

/// Writes outputs and summary, each even if the other fails.
pub(crate) async fn write(
    inputs: &Inputs,
    environment: &Environment,
    destination: &Destination,
    journal: &Journal,
) {
    let (path, file) = match results_file::write(destination, journal).await {
        Ok(file) => (file.map(|file| file.below_workspace), Ok(())),
        Err(error) => (None, Err(error.to_string())),
    };
    let outputs = outputs_of(journal, &path.unwrap_or_default());
    let outputs = outputs.write(environment).map_err(|error| {
        format!("Couldn't write the outputs to the file in GITHUB_OUTPUT: {error}")
    });
    let summary = if inputs.summary {
        write_summary(environment, &summary_of(inputs, environment, journal))
    } else {
        Ok(())
    };
    for error in [file, outputs, summary].into_iter().filter_map(Result::err) {
        tracing::error!(title = "The results weren't written", "{error}");
        journal.unwritten(error);
    }
}

/// Lists the files for the runner, so that a later step can attest them. A run doesn't depend on it.
pub(crate) fn list_artifacts(environment: &Environment, files: &[Written]) {
    let paths = files.iter().map(|file| &*file.below_workspace);
    match outputs::write_artifacts(environment, paths) {
        Ok(0) => {}
        Ok(left_out) => tracing::warn!(
            "The file in GITHUB_ARTIFACTS doesn't list {left_out} of the files. The runner accepts 500 paths without `=`, so attest these files by their paths."
        ),
        Err(error) => tracing::warn!(
            "Couldn't list the files in the file in GITHUB_ARTIFACTS: {error}. To attest them, name their paths."
        ),
    }
}

/// Writes the summary of a run that was refused before it read anything. The text starts with
/// `first`.
pub(crate) fn refuse(environment: &Environment, first: &str, errors: &[Prose]) {
    let text = summary::refused(first, errors, server(environment), MAX_SUMMARY_SIZE);
    if let Err(error) = write_summary(environment, &text) {
        tracing::warn!("{error}");
    }
}

fn write_summary(environment: &Environment, text: &str) -> Result<(), String> {
    outputs::write_summary(environment, text).map_err(|error| {
        format!("Couldn't write the summary to the file in GITHUB_STEP_SUMMARY: {error}")
    })
}

/// Returns the URL of the GitHub server.
fn server(environment: &Environment) -> &str {
    let server = environment.get("GITHUB_SERVER_URL");
    server.map_or("https://github.com", |url| url.trim_end_matches('/'))
}

/// Returns the headline over all reports, with the names of their scopes. `None` if there's no
/// report.
pub(crate) fn headline(journal: &Journal) -> Option<String> {
    let reports = journal.reports();
    let names: Vec<&str> = reports.iter().map(|report| report.scope.name()).collect();
    let names = listed(&names, MAX_NAMES);
    let seats = reports.iter().map(|report| report.seats);
    let headline = figures::headline(journal.counts(), seats.sum());
    (!reports.is_empty()).then(|| format!("{names}: {headline}."))
}

/// Returns an error if more people than allowed are inactive or have never used their seat.
pub(crate) fn over_limit(inputs: &Inputs, journal: &Journal) -> Option<String> {
    let limit = inputs.report.max_inactive?;
    let counts = journal.counts();
    let (idle, all) = (counts.idle(), counts.people);
    limit.is_exceeded(idle, all).then(|| {
        let percent = idle as f64 * 100.0 / all as f64;
        format!(
            "{idle} of {all} people ({percent:.2}%) are inactive or have never used their seat. `max-inactive` allows {limit}. Everything was delivered as requested, and only this limit fails the run"
        )
    })
}

fn summary_of(inputs: &Inputs, environment: &Environment, journal: &Journal) -> String {
    let scopes = journal.scopes();
    let sections: Vec<Section<'_>> = scopes
        .values()
        .map(|run| Section {
            name: run.scope.name(),
            digest: run.report.as_ref().ok().and_then(|it| it.digest.as_ref()),
            lines: run.lines(),
            warnings: run.warnings().collect(),
            page: run.page_url(),
        })
        .collect();
    let over = over_limit(inputs, journal).map(Line::bad);
    let (coverage, page) = (journal.coverage(), journal.all_page_url());
    let summary = Summary {
        sections,
        page: page.as_deref(),
        counts: journal.counts(),
        selection: coverage.as_ref().map(|coverage| &coverage.state),
        general: over
            .into_iter()
            .chain(journal.lost_line())
            .chain(journal.unread_line())
            .chain(journal.general_lines())
            .collect(),
        server: server(environment),
    };
    summary.write(MAX_SUMMARY_SIZE)
}

/// Returns the outputs. With more organizations than have sections in the summary, there are no lines
/// for each organization, because the runner limits the size of outputs.
fn outputs_of(journal: &Journal, results_path: &str) -> Outputs {
    let reports = journal.reports();
    let scopes = journal.scopes();
    let lines = |lines: Vec<&str>| match scopes.len() {
        ..=MAX_SECTIONS => lines.join("\n"),
        _ => String::new(),
    };
    let each = |text: fn(&Written) -> &str| {
        let files = scopes.values().flat_map(ScopeRun::forms);
        lines(files.map(text).collect())
    };
    let mut out = Outputs::default();
    out.set("report-path", &each(|file| &file.below_workspace));
    out.set("report-sha256", &each(|file| &file.sha256));
    out.set("results-path", results_path);
    let sum = |count: fn(&Rc<WrittenReport>) -> usize| sum_of(&reports, count);
    out.set("seats", &sum(|r| r.seats));
    let counts = journal.counts();
    for (name, count) in [
        ("people", counts.people),
        ("active", counts.active),
        ("inactive", counts.inactive),
        ("never-used", counts.never_used),
        ("new", counts.new),
    ] {
        out.set(name, &count_of(&reports, count));
    }
    let is_complete = |run: &ScopeRun| matches!(&run.report, Ok(r) if r.is_complete);
    let complete = journal.is_whole() && scopes.values().all(is_complete);
    out.set("complete", if complete { "true" } else { "false" });
    let coverage = journal.coverage();
    let state = coverage.as_ref().map(|coverage| &coverage.state);
    let state = state.cloned().unwrap_or_default();
    for (name, organizations) in [
        ("new-organizations", state.new.unwrap_or_default()),
        ("vanished-organizations", state.vanished.unwrap_or_default()),
        ("suspended-organizations", state.suspended),
        ("unreadable-organizations", state.unreadable),
    ] {
        out.set(name, &organizations.join("\n"));
    }

    let recorded: Vec<&Recorded> = scopes.values().filter_map(ScopeRun::recorded).collect();
    let changed = match recorded.as_slice() {
        [] => "",
        recorded if recorded.iter().any(|recorded| recorded.plan.changed) => "true",
        _ => "false",
    };
    out.set("changed", changed);
    let added = sum_of(&recorded, |recorded| recorded.plan.granted);
    out.set("seats-added", &added);
    let removed = sum_of(&recorded, |recorded| recorded.plan.revoked);
    out.set("seats-removed", &removed);
    if let Some(Ok(artifact)) = &*journal.artifact() {
        out.set("artifact-id", &artifact.id);
        out.set("artifact-name", artifact.name.as_str());
        out.set("artifact-url", &artifact.url);
        out.set("artifact-digest", &artifact.digest);
    }
    let pages: Vec<&str> = scopes.values().filter_map(ScopeRun::page_url).collect();
    let pages = [lines(pages), journal.all_page_url().unwrap_or_default()];
    out.set("page-url", pages.join("\n").trim());
    let commits = || {
        recorded
            .iter()
            .filter_map(|recorded| recorded.commit.as_ref())
    };
    let shas: Vec<&str> = unique(commits().map(|commit| &*commit.sha));
    let urls: Vec<&str> = unique(commits().map(|commit| &*commit.url));
    out.set("commit-sha", &shas.join("\n"));
    out.set("commit-url", &urls.join("\n"));
    let pulls = recorded.iter().filter_map(|r| r.pull_request.as_ref());
    let pulls: Vec<&str> = unique(pulls.map(|pull| &*pull.url));
    out.set("pull-request-url", &pulls.join("\n"));
    out
}

/// Returns each text once. Several reports can be in one commit.
fn unique<'t>(texts: impl Iterator<Item = &'t str>) -> Vec<&'t str> {
    let mut unique = Vec::new();
    for text in texts {
        if !unique.contains(&text) {
            unique.push(text);
        }
    }
    unique
}

/// Adds up a count. An empty output means that there's no report, and 0 that nobody has a seat.
fn sum_of<T>(reports: &[T], count: fn(&T) -> usize) -> String {
    count_of(reports, reports.iter().map(count).sum())
}

/// Formats a count over these reports, which is empty if there are none.
fn count_of<T>(reports: &[T], count: usize) -> String {
    match reports {
        [] => String::new(),
        _ => count.to_string(),
    }
}
