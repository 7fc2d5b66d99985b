//! Writes `results.json`: the results for each organization or enterprise, for later steps and
//! jobs. Outputs can't have all of them, because the runner limits their size to 1 MB.

use serde::Serialize;

use crate::github::commit::Verification;
use crate::report::scope::Scope;
use crate::run::destination::Destination;
use crate::run::journal::{Journal, ScopeRun};
use crate::system::files::Written;
use crate::system::secrets::redact;

/// The file's name in `output-directory`.
const NAME: &str = "results.json";

/// The version of the file's format.
const SCHEMA_VERSION: u32 = 1;

/// The results of a run.
#[derive(Serialize)]
struct Results<'j> {
    schema_version: u32,
    /// In the order of the inputs.
    scopes: Vec<Entry<'j>>,
    /// The combined report and its manifest. Empty if there's none.
    combined: Vec<File<'j>>,
    /// The page over all organizations. `None` if there's none.
    page: Option<Page<'j>>,
}

/// The page over all organizations.
#[derive(Serialize)]
struct Page<'j> {
    #[serde(flatten)]
    file: File<'j>,
    url: Option<&'j str>,
}

/// The result for one organization or enterprise. What the run doesn't know is `null`.
#[derive(Serialize)]
struct Entry<'j> {
    #[serde(flatten)]
    scope: &'j Scope,
    /// What wasn't done, and why.
    error: Option<String>,
    seats: Option<usize>,
    people: Option<usize>,
    active: Option<usize>,
    inactive: Option<usize>,
    never_used: Option<usize>,
    new: Option<usize>,
    complete: Option<bool>,
    changed: Option<bool>,
    seats_added: Option<usize>,
    seats_removed: Option<usize>,
    files: Vec<File<'j>>,
    commit: Option<Commit<'j>>,
    pull_request_url: Option<&'j str>,
    page_url: Option<&'j str>,
}

/// A file in the workspace.
#[derive(Serialize)]
struct File<'j> {
    path: &'j str,
    sha256: &'j str,
}

/// The commit with the report.
#[derive(Serialize)]
struct Commit<'j> {
    sha: &'j str,
    url: Option<&'j str>,
    verified: bool,
}

/// Writes the results to the directory for the files. Returns `None` if the report goes elsewhere.
pub(super) async fn write(
    destination: &Destination,
    journal: &Journal,
) -> anyhow::Result<Option<Written>> {
    if !destination.has_manifests() {
        return Ok(None);
    }
    let content = content(journal)?;
    let written = destination.write(NAME, |out| out.write_all(&content));
    Ok(Some(written.await?))
}

fn content(journal: &Journal) -> serde_json::Result<Vec<u8>> {
    let scopes = journal.scopes();
    let combined = journal.combined_files();
    let (page, url) = (journal.all_page_file(), journal.all_page_url());
    let results = Results {
        schema_version: SCHEMA_VERSION,
        scopes: scopes.values().map(entry).collect(),
        combined: combined.iter().map(file).collect(),
        page: page.as_ref().map(|page| Page {
            file: file(page),
            url: url.as_deref(),
        }),
    };
    let mut content = serde_json::to_vec_pretty(&results)?;
    content.push(b'\n');
    Ok(content)
}

fn entry(run: &ScopeRun) -> Entry<'_> {
    let written = run.report.as_ref().ok();
    let counts = written.map(|written| written.counts);
    let recorded = run.recorded();
    let lines = run.lines();
    let failures = lines.iter().filter(|line| !line.good);
    let failures: Vec<String> = failures
        .map(|line| redact(&line.text.to_string()).into_owned())
        .collect();
    Entry {
        scope: written.map_or(&run.scope, |written| &written.scope),
        error: match (&run.report, failures.is_empty()) {
            (Err(error), true) => Some(redact(&format!("{error:#}")).into_owned()),
            (_, false) => Some(failures.join("\n")),
            (Ok(_), true) => None,
        },
        seats: written.map(|written| written.seats),
        people: counts.map(|counts| counts.people),
        active: counts.map(|counts| counts.active),
        inactive: counts.map(|counts| counts.inactive),
        never_used: counts.map(|counts| counts.never_used),
        new: counts.map(|counts| counts.new),
        complete: written.map(|written| written.is_complete),
        changed: recorded.map(|recorded| recorded.plan.changed),
        seats_added: recorded.map(|recorded| recorded.plan.granted),
        seats_removed: recorded.map(|recorded| recorded.plan.revoked),
        files: run.files().map(file).collect(),
        commit: recorded
            .and_then(|recorded| recorded.commit.as_ref())
            .map(|commit| Commit {
                sha: &commit.sha,
                url: known(&commit.url),
                verified: commit.verification == Verification::Verified,
            }),
        pull_request_url: recorded
            .and_then(|recorded| recorded.pull_request.as_ref())
            .and_then(|pull| known(&pull.url)),
        page_url: run.page_url(),
    }
}

/// Returns the URL, unless the response had no valid one.
fn known(url: &str) -> Option<&str> {
    (!url.is_empty()).then_some(url)
}

fn file(file: &Written) -> File<'_> {
    File {
        path: &file.below_workspace,
        sha256: &file.sha256,
    }
}
