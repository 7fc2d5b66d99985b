//! What the manifests say about the origin and the completeness of their reports, for people who
//! judge the evidence. Manifests of earlier versions have fewer of these facts.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Deserialize;

use crate::report::control::Control;
use crate::report::manifest::Run;
use crate::report::repository::RepositoryState;

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
    /// GitHub's second count.
    pub control: Option<Control>,
    /// The state of the audit repository before the report was committed.
    pub repository: Option<RepositoryState>,
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
            (_, _, Some(token)) if token == "unknown" => "token of an unknown type".to_owned(),
            (_, _, Some(token)) => token.clone(),
            _ => "token".to_owned(),
        }
    }
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
