//! What the manifests say about the origin and the completeness of their reports, for people who
//! judge the evidence. Manifests of earlier versions have fewer of these facts.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Deserialize;
use serde_json::Value;

/// The facts in the manifest of one day. A fact is `None` if the manifest doesn't have it.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct ManifestFacts {
    /// The time of the report.
    pub report_time: Timestamp,
    /// The program that wrote the manifest.
    pub generator: Option<Generator>,
    /// The URL of GitHub's API.
    pub api: Option<String>,
    /// The version of the API.
    pub api_version: Option<String>,
    /// The requests for the seats.
    pub requests: Option<Requests>,
    /// The kind of credentials that read the report.
    pub reader: Option<Reader>,
    /// The workflow run.
    pub run: Option<Run>,
    /// The downloaded file that the report was created from.
    pub imported_from: Option<String>,
    /// Its number of rows.
    pub seats: Option<u64>,
    /// GitHub's own number of seats, from the list of seats.
    pub total_seats: Option<u64>,
    /// Whether it was verified as complete.
    pub complete: Option<bool>,
    /// Why it wasn't.
    #[serde(default)]
    pub incomplete_reasons: Vec<String>,
    /// GitHub's billing summary.
    pub control: Option<Control>,
    /// What the run found out about the repository.
    pub repository: Option<Repository>,
    /// The fingerprint of the pseudonym key.
    pub pseudonyms: Option<String>,
}

/// The program that wrote a manifest.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Generator {
    /// Its version.
    pub version: Option<String>,
    /// The commit that it was built from.
    pub commit: Option<String>,
    /// The image that it ran in.
    pub image: Option<String>,
}

/// The requests for the pages of a list.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Requests {
    /// The path of the list.
    pub path: Option<String>,
}

/// Who read a report.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Reader {
    /// `app` or `token`.
    kind: Option<String>,
    /// The type of the token.
    #[serde(rename = "type")]
    token: Option<String>,
    /// The client ID of the App.
    client_id: Option<String>,
}

impl Reader {
    /// Describes the reader.
    pub(crate) fn described(&self) -> String {
        match (self.kind.as_deref(), &self.client_id, &self.token) {
            (Some("app"), Some(id), _) => format!("GitHub App {id}"),
            (Some("app"), None, _) => "GitHub App".to_owned(),
            (_, _, Some(token)) => token.clone(),
            _ => "token".to_owned(),
        }
    }
}

/// A workflow run.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Run {
    /// The workflow's repository.
    pub repository: Option<String>,
    /// The workflow's name.
    pub workflow: Option<String>,
    /// The workflow's file and branch.
    pub workflow_ref: Option<String>,
    /// The event that started it.
    pub event: Option<String>,
    /// Whether GitHub or the organization hosts the runner.
    pub runner_environment: Option<String>,
}

/// GitHub's billing summary.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Control {
    /// Its numbers of seats. `None` if it couldn't be read.
    pub seats: Option<BTreeMap<String, Value>>,
}

/// What a run found out about the repository that it commits to.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Repository {
    /// Its owner and name.
    pub name: Option<String>,
    /// The branch with the history.
    pub branch: Option<String>,
    /// `private`, `internal`, `public`, or `unknown`.
    pub visibility: Option<String>,
    /// `blocked`, `allowed`, or `unknown`.
    pub force_pushes: Option<String>,
    /// The same for deleting the branch.
    pub deletion: Option<String>,
    /// The same for commits without a signature.
    pub unsigned_commits: Option<String>,
    /// The commits below the folder that this program didn't make. `None` if that's unknown.
    pub other_commits: Option<OtherCommits>,
    /// Whether the branch was rewritten since the last report.
    pub rewritten: Option<bool>,
}

/// Commits below the folder by others.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct OtherCommits {
    /// The newest of them.
    #[serde(default)]
    pub commits: Vec<OtherCommit>,
    /// How many more there are.
    #[serde(default)]
    pub more: u64,
}

/// A commit by someone else.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct OtherCommit {
    /// Its SHA.
    pub sha: String,
    /// Whether GitHub verified its signature.
    pub verified: bool,
}

impl ManifestFacts {
    /// Reads the facts of a manifest. `None` if it isn't a manifest, or is one of a later version
    /// with other types.
    pub(super) fn read(file: &[u8]) -> Option<Self> {
        serde_json::from_slice(file).ok()
    }

    /// Returns the day of the report.
    pub(crate) fn day(&self) -> Date {
        crate::report::day::date(self.report_time)
    }
}
