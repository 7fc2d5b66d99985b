//! Delivering files as an artifact of the workflow's run.
//!
//! What `actions/upload-artifact` does, without Node and without a second action: the files are
//! packed into a zip, the artifact service of the run is asked for a place to put it
//! (`CreateArtifact`), the zip is sent there in blocks, and the artifact is completed with its
//! size and digest (`FinalizeArtifact`). The protocol is that of the official client
//! (actions/toolkit, `packages/artifact`).
//!
//! Nothing that exists is ever replaced or deleted: where a name is taken in the run, the next
//! free numbered one is used.
//!
//! - `token`: which run and job the artifact belongs to
//! - `name`: what may be the name of an artifact or of a file in it
//! - `retention`: how long it is kept
//! - `zip`: the zip
//! - `service`, over `twirp`, with `message`: the calls of the artifact service and its answers
//! - `blob`, with `signed_address`: the store the zip is sent to
//! - `retries`: what is tried again, and when
//! - `request_failure`, `error`: what went wrong, in words

mod blob;
mod error;
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

use std::fmt;
use std::path::{Path, PathBuf};

use reqwest::Url;
use tracing::{debug, info};

pub(crate) use self::error::ArtifactError;
pub use self::name::ArtifactName;
pub(crate) use self::retention::Retention;

use self::blob::Store;
use self::service::{MIME, Service};
use self::signed_address::SignedAddress;
use self::token::RuntimeToken;
use self::twirp::Twirp;
use self::zip::Archive;
use crate::system::clock::Clock;
use crate::system::environment::Environment;
use crate::system::http::Http;

/// Where the artifacts of this job go.
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
    /// Its name in the zip; `/` separates folders.
    pub name: &'a str,
    /// Where it lies.
    pub path: &'a Path,
}

/// An artifact that is complete.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Uploaded {
    /// GitHub's id of the artifact, a decimal number.
    pub id: String,
    /// The name it got; the one that was asked for, or that with a number.
    pub name: ArtifactName,
    /// Where a person downloads it, after signing in.
    pub url: String,
    /// The SHA-256 of the zip in lower hex, as the official action's output `artifact-digest`.
    pub digest: String,
    /// The size of the zip in bytes.
    pub size: u64,
}

impl ArtifactService {
    /// Finds out where the artifacts of this job go. Sends nothing.
    ///
    /// The runner says it in variables it gives to actions only: `ACTIONS_RESULTS_URL`, of which
    /// the origin counts, and `ACTIONS_RUNTIME_TOKEN` (actions/runner,
    /// `src/Runner.Worker/Handlers/ContainerActionHandler.cs`). The token is sent to that origin
    /// and nowhere else; `http` must not follow redirects.
    ///
    /// # Errors
    ///
    /// On GitHub Enterprise Server, which has no such service (the official client's rule: any host
    /// in `GITHUB_SERVER_URL` but github.com, *.ghe.com and *.localhost; actions/toolkit,
    /// `packages/artifact/src/internal/shared/config.ts`), outside a workflow, and where the
    /// runner's variables cannot be used.
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
                .ok_or(ArtifactError::NotInWorkflow { variable })
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

    /// Makes an artifact of the files: packs them, sends the zip and completes the artifact.
    ///
    /// It is named as `wanted`, or with `-2`, `-3` and so on where that is taken in this run. It
    /// is kept as long as the repository's setting says, or as long as `retention` where that is
    /// shorter than the most the repository allows. `on_secret` is given every value that must be
    /// masked in the log from there on, before it is used.
    ///
    /// # Errors
    ///
    /// Where a file cannot be packed, and where the service or the store fails or refuses; then
    /// there is no artifact, or none that can be relied on. The call can be repeated.
    pub async fn upload(
        &self,
        wanted: &ArtifactName,
        files: &[File<'_>],
        retention: Option<Retention>,
        on_secret: &mut dyn FnMut(&str),
    ) -> Result<Uploaded, ArtifactError> {
        // First of all: from CreateArtifact on the address ages, and the name is taken.
        let files = files
            .iter()
            .map(|file| (file.name.to_owned(), file.path.to_owned()))
            .collect();
        let archive = Archive::pack(files, self.temporary.clone()).await?;
        let content = archive.content();
        debug!("Packed {} bytes, SHA-256 {}", content.size, content.sha256);

        let expires_at =
            retention.map(|kept| kept.expires_at(self.clock.now(), self.longest_retention));
        let created = self.service.create(wanted, expires_at.as_deref()).await?;
        let name = created.name;
        let address = SignedAddress::accept(created.address, self.service.origin(), on_secret)
            .map_err(|problem| ArtifactError::Unusable {
                what: format!("CreateArtifact for {name}"),
                problem,
            })?;

        let store = Store {
            http: &self.http,
            clock: &self.clock,
            address: &address,
        };
        store.put(&archive, MIME).await?;

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
            digest: content.sha256.to_owned(),
            size: content.size,
        })
    }
}

/// Prints no secrets.
impl fmt::Debug for ArtifactService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ArtifactService")
            .field("service", &self.service)
            .field("run_url", &self.run_url)
            .finish_non_exhaustive()
    }
}

fn web_address(text: &str, variable: &'static str) -> Result<Url, ArtifactError> {
    Url::parse(text)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https"))
        .ok_or(ArtifactError::BadAddress { variable })
}

fn refuse_enterprise_server(server: &Url) -> Result<(), ArtifactError> {
    // Already in lower case.
    let host = server.host_str().unwrap_or_default();
    if host == "github.com" || host.ends_with(".ghe.com") || host.ends_with(".localhost") {
        return Ok(());
    }
    Err(ArtifactError::EnterpriseServer {
        host: host.to_owned(),
    })
}
