//! Uploads files as an artifact of the workflow run.
//!
//! This does the same as `actions/upload-artifact`, without Node and without a second action:
//!
//! 1. Packs the files into a ZIP file.
//! 2. Requests an upload URL from the run's artifact service (`CreateArtifact`).
//! 3. Uploads the ZIP file to that URL in blocks.
//! 4. Finalizes the artifact with its size and digest (`FinalizeArtifact`).
//!
//! The protocol is that of the official client (actions/toolkit, `packages/artifact`).
//!
//! A single file can also be an artifact without a ZIP file around it, so that a browser can open it
//! from the page of the run.
//!
//! An existing artifact is never replaced or deleted. If the run already has an artifact with the
//! requested name, the next free numbered name is used.
//!
//! - `token`: the run and job that the artifact belongs to
//! - `name`: valid names for artifacts and the files in them
//! - `retention`: the retention period
//! - `zip`: the ZIP file, or the copy of a single file
//! - `service`, over `twirp`, with `message`: the artifact service's methods and responses
//! - `blob`, with `signed_address`: the blob store that the content is uploaded to
//! - `retries`: which requests are retried, and when
//! - `request_failure`, `error`: error messages

mod blob;
mod error;
#[cfg(feature = "fuzzing")]
mod fuzzing;
mod message;
mod name;
mod request_failure;
mod retention;
mod retries;
mod service;
mod signed_address;
#[cfg(test)]
mod tests;
mod token;
mod twirp;
mod zip;

use std::path::{Path, PathBuf};

use reqwest::Url;
use tracing::{debug, info};

pub(crate) use self::error::ArtifactError;
#[cfg(feature = "fuzzing")]
pub(crate) use self::fuzzing::answer as fuzz_answer;
pub use self::name::ArtifactName;
pub(crate) use self::retention::Retention;

use self::blob::Store;
use self::service::{Form, Service, Wanted};
use self::signed_address::SignedAddress;
use self::token::RuntimeToken;
use self::twirp::Twirp;
use self::zip::Archive;
use crate::system::clock::Clock;
use crate::system::environment::Environment;
use crate::system::http::Http;

/// A client of this job's artifact service.
#[derive(Debug)]
pub struct ArtifactService {
    http: Http,
    clock: Clock,
    service: Service,
    /// `https://github.com/owner/name/actions/runs/1`
    run_url: String,
    longest_retention: Option<u16>,
    temporary: Option<PathBuf>,
}

/// A file to put into an artifact.
#[derive(Clone, Copy, Debug)]
pub struct File<'a> {
    /// Its name in the ZIP file. `/` separates directories.
    pub name: &'a str,
    /// Its path on disk.
    pub path: &'a Path,
}

/// A finalized artifact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Uploaded {
    /// The artifact ID, a decimal number.
    pub id: String,
    /// Its name: the requested one, possibly with a number appended.
    pub name: ArtifactName,
    /// The download URL for people who are signed in.
    pub url: String,
    /// The SHA-256 of the content in lowercase hex, like the official action's output
    /// `artifact-digest`.
    pub digest: String,
    /// The size of the content in bytes.
    pub size: u64,
}

impl ArtifactService {
    /// Reads the service's URL and token from the environment. Sends no requests.
    ///
    /// The runner sets two variables, for actions only: `ACTIONS_RESULTS_URL`, of which only the
    /// origin is used, and `ACTIONS_RUNTIME_TOKEN` (actions/runner,
    /// `src/Runner.Worker/Handlers/ContainerActionHandler.cs`). The token is sent only to that
    /// origin, so `http` must not follow redirects.
    ///
    /// # Errors
    ///
    /// Fails outside a workflow, if the runner's variables are invalid, and on GitHub Enterprise
    /// Server, which doesn't have this service. Like the official client, it treats any host in
    /// `GITHUB_SERVER_URL` except `github.com`, `*.ghe.com`, and `*.localhost` as GitHub Enterprise
    /// Server (actions/toolkit, `packages/artifact/src/internal/shared/config.ts`).
    pub fn from_environment(
        http: Http,
        clock: Clock,
        environment: &Environment,
    ) -> Result<Self, ArtifactError> {
        let server = environment
            .get("GITHUB_SERVER_URL")
            .map_or("https://github.com", |url| url.trim().trim_end_matches('/'));
        refuse_enterprise_server(&web_address(server, "GITHUB_SERVER_URL")?)?;
        let required = |variable| {
            environment
                .get(variable)
                .map(str::trim)
                .ok_or(ArtifactError::NotInWorkflow(variable))
        };
        let results = web_address(required("ACTIONS_RESULTS_URL")?, "ACTIONS_RESULTS_URL")?;
        let origin = web_address(
            &results.origin().ascii_serialization(),
            "ACTIONS_RESULTS_URL",
        )?;
        let token = RuntimeToken::parse(required("ACTIONS_RUNTIME_TOKEN")?)?;
        let run_url = format!(
            "{server}/{}/actions/runs/{}",
            required("GITHUB_REPOSITORY")?,
            required("GITHUB_RUN_ID")?,
        );
        Ok(Self {
            http: http.clone(),
            clock: clock.clone(),
            service: Service::new(Twirp {
                http,
                clock,
                origin,
                token,
            }),
            run_url,
            longest_retention: retention::longest(environment.get("GITHUB_RETENTION_DAYS")),
            temporary: environment.get("RUNNER_TEMP").map(PathBuf::from),
        })
    }

    /// Packs the files, uploads the ZIP file, and finalizes the artifact.
    ///
    /// The artifact is named `wanted`. If the run already has an artifact with that name, `-2`,
    /// `-3`, and so on is appended. `retention` defaults to, and can't exceed, the repository's
    /// setting. `on_secret` receives every value that must be masked in the log, before that value
    /// is used.
    ///
    /// # Errors
    ///
    /// Fails if a file can't be packed, or if a request to the service or the store fails. Then
    /// there's no artifact, or none that you can rely on. The call can be repeated.
    pub async fn upload(
        &self,
        wanted: &ArtifactName,
        files: &[File<'_>],
        retention: Option<Retention>,
        on_secret: &mut dyn FnMut(&str),
    ) -> Result<Uploaded, ArtifactError> {
        // Comes first, because CreateArtifact uses up the name and starts the URL's lifetime.
        let files = files
            .iter()
            .map(|file| (file.name.to_owned(), file.path.to_owned()))
            .collect();
        let archive = Archive::pack(files, self.temporary.clone()).await?;
        let wanted = Wanted {
            name: wanted,
            form: Form::Zip,
        };
        self.put(wanted, &archive, retention, on_secret).await
    }

    /// Uploads one file as it is, with its name as the name of the artifact. People can open it in
    /// the browser, as far as the browser shows files of that `mime` type.
    ///
    /// Returns `None` if the service is known to support only ZIP files. For `retention` and
    /// `on_secret`, see [`Self::upload`].
    ///
    /// # Errors
    ///
    /// Fails like [`Self::upload`].
    pub async fn upload_raw(
        &self,
        file: File<'_>,
        mime: &'static str,
        retention: Option<Retention>,
        on_secret: &mut dyn FnMut(&str),
    ) -> Result<Option<Uploaded>, ArtifactError> {
        if self.service.supports_only_zips() {
            return Ok(None);
        }
        let name = ArtifactName::parse(file.name).map_err(|problem| ArtifactError::BadEntry {
            name: file.name.to_owned(),
            problem,
        })?;
        let archive = Archive::copy(file.path.to_owned(), self.temporary.clone()).await?;
        let wanted = Wanted {
            name: &name,
            form: Form::Raw(mime),
        };
        let uploaded = self.put(wanted, &archive, retention, on_secret).await?;
        Ok(Some(uploaded))
    }

    async fn put(
        &self,
        wanted: Wanted<'_>,
        archive: &Archive,
        retention: Option<Retention>,
        on_secret: &mut dyn FnMut(&str),
    ) -> Result<Uploaded, ArtifactError> {
        let content = &archive.content;
        debug!(
            "The content has {} bytes, SHA-256 {}",
            content.size, content.sha256
        );

        let expires_at =
            retention.map(|kept| kept.expires_at(self.clock.now(), self.longest_retention));
        let (name, address) = self.service.create(wanted, expires_at.as_deref()).await?;
        let address = SignedAddress::accept(address, self.service.origin(), on_secret).map_err(
            |problem| ArtifactError::Unusable {
                what: format!("CreateArtifact for {name}"),
                problem,
            },
        )?;

        let store = Store {
            http: &self.http,
            clock: &self.clock,
            address: &address,
        };
        store.put(archive, wanted.form.mime()).await?;

        let id = match self.service.finalize(&name, content).await {
            Ok(id) => id,
            Err(unknown @ ArtifactError::Unknown { .. }) => return Err(unknown),
            Err(cause) => {
                let cause = Box::new(cause);
                return Err(ArtifactError::Unfinished { name, cause });
            }
        };
        let url = format!("{}/artifacts/{id}", self.run_url);
        info!(
            "Uploaded the artifact {name}, {} bytes: {url}",
            content.size
        );
        Ok(Uploaded {
            id,
            name,
            url,
            digest: content.sha256.clone(),
            size: content.size,
        })
    }
}

fn web_address(text: &str, variable: &'static str) -> Result<Url, ArtifactError> {
    Url::parse(text)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https"))
        .ok_or(ArtifactError::BadAddress(variable))
}

fn refuse_enterprise_server(server: &Url) -> Result<(), ArtifactError> {
    // `Url` has already converted the host to lowercase.
    let host = server.host_str().unwrap_or_default();
    if host == "github.com" || host.ends_with(".ghe.com") || host.ends_with(".localhost") {
        return Ok(());
    }
    Err(ArtifactError::EnterpriseServer(host.to_owned()))
}
