//! The calls of the artifact service: create, finalize, list. There is none that deletes.
//!
//! The protocol is that of actions/toolkit, `packages/artifact/src/generated/results/api/v1/`.
//! Questions are in snake_case, as the official client writes them.

use std::sync::OnceLock;

use reqwest::Url;
use serde_json::{Value, json};
use tracing::{debug, warn};

use super::error::ArtifactError;
use super::message::{
    CreateArtifactResponse, ListArtifactsResponse, created, finalized, find, understood,
};
use super::name::ArtifactName;
use super::request_failure::RequestFailure;
use super::retries::Retries;
use super::twirp::Twirp;
use super::zip::Content;

/// What an artifact's content is.
pub(super) const MIME: &str = "application/zip";

/// The call that takes a name and gives an address.
const CREATE: &str = "CreateArtifact";

/// How many names are tried.
const MAX_NAMES: u32 = 200;

/// The artifact service, as seen from one job.
#[derive(Debug)]
pub(super) struct Service {
    twirp: Twirp,
    /// The version of artifacts the server knows, once it is known.
    version: OnceLock<Version>,
}

/// The form of CreateArtifact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Version {
    /// With a `mime_type`; the form of the official client since 2026.
    Seven,
    /// Without. Servers that stand in for GitHub's (nektos/act, Gitea) refuse fields they do not
    /// know, and with them version 7.
    Four,
}

/// An artifact that has a name and an address, but no content yet.
pub(super) struct Created {
    pub(super) name: ArtifactName,
    /// As the server sent it, not yet checked.
    pub(super) address: String,
}

impl Service {
    pub(super) fn new(twirp: Twirp) -> Self {
        Self {
            twirp,
            version: OnceLock::new(),
        }
    }

    /// The origin of the service.
    pub(super) fn origin(&self) -> &Url {
        &self.twirp.origin
    }

    /// Creates an artifact under `wanted` or, where that is taken in this run, under the first
    /// numbered name that is not.
    pub(super) async fn create(
        &self,
        wanted: &ArtifactName,
        expires_at: Option<&str>,
    ) -> Result<Created, ArtifactError> {
        // All names share their tries: each whose answer is lost may be taken from then on.
        let mut retries = self.twirp.retries(CREATE, wanted.as_str());
        for number in 1..=MAX_NAMES {
            let name = wanted.numbered(number);
            let address = self.create_as(&name, expires_at, &mut retries).await?;
            if let Some(address) = address {
                return Ok(Created { name, address });
            }
            debug!("The name {name} is taken in this run");
        }
        Err(ArtifactError::NoFreeName {
            wanted: wanted.clone(),
            tried: MAX_NAMES,
        })
    }

    /// Creates an artifact under this very name. Its signed address, or nothing where the name is
    /// taken.
    async fn create_as(
        &self,
        name: &ArtifactName,
        expires_at: Option<&str>,
        retries: &mut Retries<'_>,
    ) -> Result<Option<String>, ArtifactError> {
        let mut version = self.version.get().copied().unwrap_or(Version::Seven);
        // Why version 7 was left, until it is known whether version 4 does better.
        let mut suspicion = None;
        loop {
            let request = self.create_request(name, expires_at, version);
            let failure = match self.twirp.call(CREATE, &request).await {
                Ok(answer) => {
                    self.remember_version(version);
                    let what = || format!("{CREATE} for {name}");
                    let answer: CreateArtifactResponse = understood(answer, what())?;
                    return created(answer, what()).map(Some);
                }
                Err(failure) if name_is_taken(&failure) => {
                    self.remember_version(version);
                    return Ok(None);
                }
                Err(failure) => failure,
            };
            let undecided = self.version.get().is_none();
            match version {
                Version::Seven if undecided && is_unsupported_v7(&failure) => {
                    warn!(
                        "{CREATE} for {name} failed: {failure}. The server may support only version \
                         4 of artifacts. Trying that version."
                    );
                    suspicion = failure.status();
                    version = Version::Four;
                    continue;
                }
                Version::Four if undecided => {
                    if failure.status() == suspicion {
                        // The same answer to both: the version does not matter.
                        self.remember_version(Version::Seven);
                    }
                    version = Version::Seven;
                }
                _ => {}
            }
            retries.after(failure).await?;
        }
    }

    fn create_request(
        &self,
        name: &ArtifactName,
        expires_at: Option<&str>,
        version: Version,
    ) -> Value {
        let mut request = self.request();
        request["name"] = json!(name.as_str());
        if let Some(expires_at) = expires_at {
            request["expires_at"] = json!(expires_at);
        }
        match version {
            Version::Seven => {
                request["version"] = json!(7);
                request["mime_type"] = json!(MIME);
            }
            Version::Four => request["version"] = json!(4),
        }
        request
    }

    /// Completes an artifact whose content is in the store. Its id.
    ///
    /// The service may do this twice when asked twice, and so may have two artifacts afterwards.
    /// Therefore it is asked a second time only where the list of artifacts does not show what the
    /// first call did.
    pub(super) async fn finalize(
        &self,
        name: &ArtifactName,
        content: Content<'_>,
    ) -> Result<String, ArtifactError> {
        const METHOD: &str = "FinalizeArtifact";
        let what = || format!("{METHOD} for {name}");
        let mut request = self.request();
        request["name"] = json!(name.as_str());
        request["size"] = json!(content.size.to_string());
        request["hash"] = json!(format!("sha256:{}", content.sha256));

        let mut retries = self.twirp.retries(METHOD, name.as_str());
        let mut may_have_applied = false;
        let failure = loop {
            match self.twirp.call(METHOD, &request).await {
                Ok(answer) => {
                    match understood(answer, what()).and_then(|answer| finalized(&answer, what())) {
                        Ok(id) => return Ok(id),
                        Err(error) => {
                            may_have_applied = true;
                            break error;
                        }
                    }
                }
                Err(failure) => {
                    may_have_applied |= failure.may_have_applied() || failure.status() == Some(409);
                    if let Err(error) = retries.after(failure).await {
                        break error;
                    }
                    if may_have_applied {
                        match self.listed(name, content).await {
                            Ok(Some(id)) => return Ok(id),
                            Ok(None) => {}
                            // A second call might make a second artifact.
                            Err(listing) => {
                                return Err(ArtifactError::Unknown {
                                    name: name.clone(),
                                    cause: Box::new(listing),
                                });
                            }
                        }
                    }
                }
            }
        };
        if !may_have_applied {
            return Err(failure);
        }
        match self.listed(name, content).await {
            Ok(Some(id)) => Ok(id),
            Ok(None) => Err(failure),
            Err(listing) => {
                debug!("Couldn't get the list of artifacts: {listing}");
                Err(ArtifactError::Unknown {
                    name: name.clone(),
                    cause: Box::new(failure),
                })
            }
        }
    }

    /// The id of the artifact of this name and content, where the run has one.
    async fn listed(
        &self,
        name: &ArtifactName,
        content: Content<'_>,
    ) -> Result<Option<String>, ArtifactError> {
        let mut retries = self.twirp.retries("ListArtifacts", name.as_str());
        loop {
            match self.listed_once(name, content).await {
                Ok(found) => return Ok(found),
                Err(failure) => retries.after(failure).await?,
            }
        }
    }

    async fn listed_once(
        &self,
        name: &ArtifactName,
        content: Content<'_>,
    ) -> Result<Option<String>, RequestFailure> {
        let mut request = self.request();
        request["name_filter"] = json!(name.as_str());
        let answer = self.twirp.call("ListArtifacts", &request).await?;
        let listed: Option<ListArtifactsResponse> = serde_json::from_value(answer).ok();
        let id = listed
            .as_ref()
            .and_then(|listed| find(listed, name, content));
        debug!("The list of artifacts shows {name}: {}", id.is_some());
        Ok(id.map(|id| id.to_string()))
    }

    fn request(&self) -> Value {
        json!({
            "workflow_run_backend_id": self.twirp.token.run(),
            "workflow_job_run_backend_id": self.twirp.token.job(),
        })
    }

    fn remember_version(&self, version: Version) {
        // Whoever comes second has learned nothing new.
        let _ = self.version.set(version);
    }
}

/// Whether the server may have refused version 7 for what it is. Servers that do not know
/// `mime_type` say 400, or 500 with a body that is not Twirp's ("Error decode request body").
fn is_unsupported_v7(failure: &RequestFailure) -> bool {
    match failure.status() {
        Some(400) => !failure.says("insufficient usage"),
        Some(500) => failure.code().is_empty(),
        _ => false,
    }
}

fn name_is_taken(failure: &RequestFailure) -> bool {
    failure.status() == Some(409)
        && (failure.code() == "already_exists" || failure.says("already exists"))
}
