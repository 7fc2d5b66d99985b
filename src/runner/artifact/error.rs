//! The errors of an upload, with messages for the workflow's log.

use std::path::PathBuf;
use std::time::Duration;

use super::name::{ArtifactName, NameError};
use super::request_failure::RequestFailure;

/// Why an upload failed.
///
/// The message includes the request, the response, and the fix. No variant has a cause in
/// [`std::error::Error::source`], and none contains a token or a signed URL.
#[derive(Debug, thiserror::Error)]
pub enum ArtifactError {
    /// The workflow runs on GitHub Enterprise Server, whose artifact service uses a different
    /// protocol. Has the host of `GITHUB_SERVER_URL`.
    #[error(
        "You can't upload artifacts to {0}: GitHub Enterprise Server doesn't have the \
         artifact service of github.com and ghe.com. Deliver to a repository instead, or set \
         `deliver-to: none` and use the files in the workspace."
    )]
    EnterpriseServer(String),
    /// A variable that the runner sets for actions is missing. The command was started outside a
    /// workflow or by a `run:` step, which doesn't get these variables.
    #[error(
        "You can upload artifacts only from within a workflow, and {0} is not set. The \
         runner sets it for actions (`uses:`), but not for `run:` steps and not outside a workflow."
    )]
    NotInWorkflow(&'static str),
    /// A runner variable isn't an HTTP URL, so it's an unknown kind of runner.
    #[error("{0} isn't an http:// or https:// URL, so nothing can be uploaded.")]
    BadAddress(&'static str),
    /// `ACTIONS_RUNTIME_TOKEN` doesn't name its run and job. It's not a runner's token, or the
    /// runner has no artifact service.
    #[error(
        "ACTIONS_RUNTIME_TOKEN can't be used: {0}. It must be the token that the runner set for \
         this job."
    )]
    BadToken(&'static str),
    /// There are no files to upload.
    #[error("There are no files to upload")]
    NoFiles,
    /// The artifact service would reject the name of a file in the ZIP file.
    #[error("The file {name:?} can't be added to an artifact: {problem}")]
    BadEntry {
        /// The name of the file.
        name: String,
        /// What is wrong with it.
        problem: NameError,
    },
    /// A file couldn't be packed, because it can't be read or there's no space for the ZIP file.
    #[error("{} couldn't be added to the artifact: {reason}", path.display())]
    Packing {
        /// The file.
        path: PathBuf,
        /// The error of the system.
        reason: String,
    },
    /// The ZIP file couldn't be written to, or read from, a temporary file. The usual cause is a
    /// full disk or a read-only file system.
    #[error(
        "Couldn't keep the artifact's content in a temporary file: {0}. RUNNER_TEMP, the \
         system's temporary directory, or the report's directory must be writable and have free space."
    )]
    Temporary(String),
    /// The run already has artifacts with all names that were tried. The likely cause is a loop of
    /// uploads.
    #[error(
        "This run already has artifacts named {wanted}, {wanted}-2, and so on up to \
         {wanted}-{tried}. Choose another name."
    )]
    NoFreeName {
        /// The requested name.
        wanted: ArtifactName,
        /// The number of names that were tried.
        tried: u32,
    },
    /// The account's artifact storage is used up, or its budget is zero.
    #[error(
        "{what} failed, because your storage for artifacts is used up ({failure}). Delete old \
         artifacts or raise the budget. GitHub recalculates the usage every few hours. See \
         https://docs.github.com/en/billing/concepts/product-billing/github-actions"
    )]
    Quota {
        /// The request that failed.
        what: String,
        /// The failure.
        failure: Box<RequestFailure>,
    },
    /// A request was rejected, and retrying wouldn't help.
    #[error("{what} failed: {failure}{}", advice(failure))]
    Refused {
        /// The request that failed.
        what: String,
        /// The failure.
        failure: Box<RequestFailure>,
    },
    /// Every attempt of a request failed. The service or the network probably has an outage.
    #[error(
        "{what} failed {tries} times in {} s. The last time: {failure}. Run the job \
         again later. To see whether GitHub has an outage, check https://www.githubstatus.com.",
        elapsed.as_secs()
    )]
    GaveUp {
        /// The request that failed.
        what: String,
        /// The number of attempts.
        tries: u32,
        /// The total time.
        elapsed: Duration,
        /// The last failure.
        failure: Box<RequestFailure>,
    },
    /// The service asks for a longer wait than an upload allows.
    #[error(
        "{what} failed: {failure}. The service asks to wait {} s, which is longer than an upload \
         waits. Run the job again after that time.",
        wait.as_secs()
    )]
    TooLongAWait {
        /// The request that failed.
        what: String,
        /// How long the service asks to wait.
        wait: Duration,
        /// The failure.
        failure: Box<RequestFailure>,
    },
    /// The service's rate limit lasts longer than an upload waits.
    #[error(
        "{what} failed: {failure}. The service limits how often it can be called{}. An upload \
         waits {} s for that in total, of which {} s have passed. Run the job again later.",
        asked.map_or_else(String::new, |wait| format!(" and asks to wait {} s", wait.as_secs())),
        max.as_secs(),
        waited.as_secs()
    )]
    Limited {
        /// The request that failed.
        what: String,
        /// How long the service asks to wait, if it specifies that.
        asked: Option<Duration>,
        /// The total wait so far.
        waited: Duration,
        /// The maximum total wait.
        max: Duration,
        /// The failure.
        failure: Box<RequestFailure>,
    },
    /// The response doesn't follow the protocol.
    #[error(
        "{what} got a response, but {problem}. The artifact service doesn't behave as expected."
    )]
    Unusable {
        /// The request that failed.
        what: String,
        /// What is wrong with the response.
        problem: &'static str,
    },
    /// The store rejected the signed URL. Most likely the URL has expired (it's valid for about an
    /// hour), or a proxy changed the request.
    #[error(
        "{what} was refused by the storage service: {failure}. The signed URL has probably expired, or \
         a proxy changed the request. Run the job again."
    )]
    AddressRefused {
        /// The request that failed.
        what: String,
        /// The failure.
        failure: Box<RequestFailure>,
    },
    /// The content was uploaded, but it's unknown whether the artifact was finalized.
    #[error(
        "The artifact {name} was uploaded completely, but whether it was finalized isn't known: \
         {cause}. If it was, the workflow run's page shows it. Another upload uses the \
         next free name."
    )]
    Unknown {
        /// The name of the artifact.
        name: ArtifactName,
        /// Why that's unknown.
        cause: Box<ArtifactError>,
    },
    /// The content was uploaded, but the artifact couldn't be finalized. Its name can't be used
    /// again in this run.
    #[error(
        "The content of the artifact {name} was uploaded, but the artifact couldn't be \
         finalized: {cause}. The name is now taken in this run, but there's no artifact with it. \
         Another upload uses the next free name."
    )]
    Unfinished {
        /// The name of the artifact.
        name: ArtifactName,
        /// Why it couldn't be finalized.
        cause: Box<ArtifactError>,
    },
}

/// An additional sentence that says how to fix a failure. Empty if the response is sufficient.
fn advice(failure: &RequestFailure) -> &'static str {
    match failure.status {
        Some(300..=399) => {
            ". Redirects are never followed, because the request contains a secret. A proxy or \
                 a wrong URL is the likely cause."
        }
        Some(401 | 403) => {
            ". The runtime token belongs to the running job and expires with it. Nothing in \
                 `permissions:` changes what it can do. Run the job again."
        }
        Some(404) => ". There's no artifact service at the URL in ACTIONS_RESULTS_URL.",
        _ => "",
    }
}
