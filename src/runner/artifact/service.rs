//! Creates, finalizes, and lists artifacts. Never deletes any.
//!
//! The protocol is that of actions/toolkit, `packages/artifact/src/generated/results/api/v1/`.
//! Requests are in snake_case, as in the official client.

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

/// The method that reserves a name and returns a signed URL.
const CREATE: &str = "CreateArtifact";

/// The maximum number of names to try.
const MAX_NAMES: u32 = 200;

/// A client for the artifact service, for one job.
#[derive(Debug)]
pub(super) struct Service {
    twirp: Twirp,
    /// The artifact version that the server supports, once that's known.
    version: OnceLock<Version>,
}

/// A requested artifact.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted<'a> {
    /// Its name, if that isn't taken.
    pub(super) name: &'a ArtifactName,
    pub(super) form: Form,
}

/// The form of an artifact's content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// A ZIP file.
    Zip,
    /// A file of this MIME type as it is. It needs version 7.
    Raw(&'static str),
}

impl Form {
    /// The MIME type of the content.
    pub(super) fn mime(self) -> &'static str {
        match self {
            Self::Zip => "application/zip",
            Self::Raw(mime) => mime,
        }
    }
}

/// The version of artifacts in CreateArtifact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Version {
    /// With a `mime_type`. The official client has used this version since 2026.
    Seven,
    /// Without a `mime_type`. Servers that replace GitHub's (nektos/act, Gitea) reject unknown
    /// fields, and so reject version 7.
    Four,
}

impl Service {
    pub(super) fn new(twirp: Twirp) -> Self {
        Self {
            twirp,
            version: OnceLock::new(),
        }
    }

    pub(super) fn origin(&self) -> &Url {
        &self.twirp.origin
    }

    /// Whether it's known that the server doesn't support version 7.
    pub(super) fn supports_only_zips(&self) -> bool {
        self.version.get() == Some(&Version::Four)
    }

    /// Creates the artifact `wanted`. If the run already has an artifact with that name, uses
    /// the first free numbered name. Returns the name, and the URL to upload the content to as the
    /// server sent it, not yet checked.
    pub(super) async fn create(
        &self,
        wanted: Wanted<'_>,
        expires_at: Option<&str>,
    ) -> Result<(ArtifactName, String), ArtifactError> {
        // All names share the attempts, because each lost response might use up a name.
        let mut retries = self.twirp.retries(CREATE, wanted.name.as_str());
        for number in 1..=MAX_NAMES {
            let name = match wanted.form {
                Form::Zip => wanted.name.numbered(number),
                Form::Raw(_) => wanted.name.numbered_file(number),
            };
            let form = wanted.form;
            let address = self
                .create_as(&name, form, expires_at, &mut retries)
                .await?;
            if let Some(address) = address {
                return Ok((name, address));
            }
            debug!("The name {name} is taken in this run");
        }
        Err(ArtifactError::NoFreeName {
            wanted: wanted.name.clone(),
            tried: MAX_NAMES,
        })
    }

    /// Creates an artifact with exactly this name and returns its signed URL. Returns `None` if the
    /// run already has an artifact with that name.
    async fn create_as(
        &self,
        name: &ArtifactName,
        form: Form,
        expires_at: Option<&str>,
        retries: &mut Retries<'_>,
    ) -> Result<Option<String>, ArtifactError> {
        let mut version = self.version.get().copied().unwrap_or(Version::Seven);
        // The status that made us try version 4, until it's known whether that works.
        let mut suspicion = None;
        let mut has_failed = false;
        loop {
            let request = self.create_request(name, form, expires_at, version);
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
            // Only a ZIP file can have version 4.
            let undecided = self.version.get().is_none() && form == Form::Zip;
            let is_unclear = undecided && !has_failed && might_be_temporary(&failure);
            has_failed = true;
            match version {
                Version::Seven if undecided && !is_unclear && is_unsupported_v7(&failure) => {
                    warn!(
                        "{CREATE} for {name} failed: {failure}. The server may support only version \
                         4 of artifacts. Trying that version."
                    );
                    suspicion = failure.status;
                    version = Version::Four;
                    continue;
                }
                Version::Four if undecided => {
                    if failure.status == suspicion {
                        // The status is the same for both versions, so the version isn't the cause.
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
        form: Form,
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
                request["mime_type"] = json!(form.mime());
            }
            Version::Four => request["version"] = json!(4),
        }
        request
    }

    /// Finalizes an artifact whose content is in the store, and returns its ID.
    ///
    /// If FinalizeArtifact is called twice, the service might create two artifacts. Therefore, we
    /// call it again only if the list of artifacts doesn't show the result of the first call.
    pub(super) async fn finalize(
        &self,
        name: &ArtifactName,
        content: &Content,
    ) -> Result<String, ArtifactError> {
        const METHOD: &str = "FinalizeArtifact";
        let what = || format!("{METHOD} for {name}");
        let unknown = |cause| ArtifactError::Unknown {
            name: name.clone(),
            cause: Box::new(cause),
        };
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
                    may_have_applied |= failure.may_have_applied || failure.status == Some(409);
                    if let Err(error) = retries.after(failure).await {
                        break error;
                    }
                    if may_have_applied {
                        match self.listed(name, content).await {
                            Ok(Some(id)) => return Ok(id),
                            Ok(None) => {}
                            // A second call might create a second artifact.
                            Err(listing) => return Err(unknown(listing)),
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
                Err(unknown(failure))
            }
        }
    }

    /// The ID of the run's artifact with this name and content. `None` if there isn't one.
    async fn listed(
        &self,
        name: &ArtifactName,
        content: &Content,
    ) -> Result<Option<String>, ArtifactError> {
        const METHOD: &str = "ListArtifacts";
        let mut request = self.request();
        request["name_filter"] = json!(name.as_str());
        let mut retries = self.twirp.retries(METHOD, name.as_str());
        let answer = loop {
            match self.twirp.call(METHOD, &request).await {
                Ok(answer) => break answer,
                Err(failure) => retries.after(failure).await?,
            }
        };
        let listed: Option<ListArtifactsResponse> = serde_json::from_value(answer).ok();
        let id = listed
            .as_ref()
            .and_then(|listed| find(listed, name, content));
        debug!("The list of artifacts shows {name}: {}", id.is_some());
        Ok(id.map(|id| id.to_string()))
    }

    fn request(&self) -> Value {
        json!({
            "workflow_run_backend_id": self.twirp.token.run,
            "workflow_job_run_backend_id": self.twirp.token.job,
        })
    }

    fn remember_version(&self, version: Version) {
        // If the version is already set, it doesn't change.
        let _ = self.version.set(version);
    }
}

/// Whether the server might not support version 7. Servers that don't know `mime_type` return 400,
/// or 500 with a body that isn't Twirp's ("Error decode request body").
fn is_unsupported_v7(failure: &RequestFailure) -> bool {
    match failure.status {
        Some(400) => !failure.says("insufficient usage"),
        Some(500) => failure.code.is_empty(),
        _ => false,
    }
}

/// Whether a status 500 might also mean that the service failed briefly. Version 4 would then
/// succeed, too, and single files would be left out for no reason.
fn might_be_temporary(failure: &RequestFailure) -> bool {
    failure.status == Some(500) && !failure.says("decode request body")
}

fn name_is_taken(failure: &RequestFailure) -> bool {
    failure.status == Some(409)
        && (failure.code == "already_exists" || failure.says("already exists"))
}
