//! What can go wrong with an upload, in words for the person who reads the run's log.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use super::name::{ArtifactName, NameError};
use super::request_failure::RequestFailure;

/// Why there is no artifact.
///
/// The text is complete in itself: what was tried, what came back, what to do. No variant has a
/// further cause in [`std::error::Error::source`], and none holds a token or a signed address.
#[derive(Debug, thiserror::Error)]
pub enum ArtifactError {
    /// The workflow runs on GitHub Enterprise Server, whose artifact service speaks another
    /// protocol.
    #[error(
        "You can't upload artifacts to {host}: GitHub Enterprise Server doesn't have the \
         artifact service of github.com and ghe.com. Deliver to a repository instead, or set \
         `deliver-to: none` and use the files in the workspace."
    )]
    EnterpriseServer {
        /// The host of `GITHUB_SERVER_URL`.
        host: String,
    },
    /// A variable the runner sets for actions is absent: the program was started by hand, or by a
    /// `run:` step, which does not get these variables.
    #[error(
        "You can upload artifacts only from within a workflow, and {variable} is not set. The \
         runner sets it for actions (`uses:`), but not for `run:` steps and not outside a workflow."
    )]
    NotInWorkflow {
        /// The missing variable.
        variable: &'static str,
    },
    /// A variable of the runner is no address; the runner is of an unknown kind.
    #[error("{variable} isn't an http:// or https:// URL, so nothing can be uploaded.")]
    BadAddress {
        /// The variable.
        variable: &'static str,
    },
    /// `ACTIONS_RUNTIME_TOKEN` does not say which run and job it belongs to; it is not a token of
    /// a runner, or of one that has no artifact service.
    #[error(
        "ACTIONS_RUNTIME_TOKEN can't be used: {problem}. It must be the token that the runner set for \
         this job."
    )]
    BadToken {
        /// What is wrong with it.
        problem: &'static str,
    },
    /// No file was given.
    #[error("There are no files to upload")]
    NoFiles,
    /// The name of a file inside the zip would not be taken.
    #[error("The file {name:?} can't be added to an artifact: {problem}")]
    BadEntry {
        /// The name as it was given.
        name: String,
        /// What is wrong with it.
        problem: NameError,
    },
    /// A file could not be packed: it can't be read, or there is no room for the zip.
    #[error("{} couldn't be added to the ZIP file: {reason}", path.display())]
    Packing {
        /// The file.
        path: PathBuf,
        /// What the system said.
        reason: String,
    },
    /// The zip couldn't be written to, or read from, a temporary file; most often a full disk or
    /// a read-only file system.
    #[error(
        "Couldn't keep the artifact's ZIP file in a temporary file: {reason}. RUNNER_TEMP, the \
         system's temporary directory, or the report's directory must be writable and have free space."
    )]
    Temporary {
        /// What the system said.
        reason: String,
    },
    /// Every name that was tried is taken in this run; most likely a loop of uploads.
    #[error(
        "This run already has artifacts named {wanted}, {wanted}-2, and so on up to \
         {wanted}-{tried}. Choose another name."
    )]
    NoFreeName {
        /// The name that was asked for.
        wanted: ArtifactName,
        /// How many names were tried.
        tried: u32,
    },
    /// The account's storage for artifacts is used up (or its budget is zero).
    #[error(
        "{what} failed, because your storage for artifacts is used up ({failure}). Delete old \
         artifacts or raise the budget. GitHub recalculates the usage every few hours. See \
         https://docs.github.com/en/billing/concepts/product-billing/github-actions"
    )]
    Quota {
        /// What was tried.
        what: String,
        /// What came back.
        failure: Box<RequestFailure>,
    },
    /// A request was refused in a way that repeating would not change.
    #[error("{what} failed: {failure}{}", Advice(failure))]
    Refused {
        /// What was tried.
        what: String,
        /// What came back.
        failure: Box<RequestFailure>,
    },
    /// A request failed each time; the service or the way to it is disturbed.
    #[error(
        "{what} failed {tries} times in {} s. The last time: {failure}. Run the job \
         again later. To see whether GitHub has an outage, check https://www.githubstatus.com.",
        elapsed.as_secs()
    )]
    GaveUp {
        /// What was tried.
        what: String,
        /// How often.
        tries: u32,
        /// How long it took in all.
        elapsed: Duration,
        /// What came back the last time.
        failure: Box<RequestFailure>,
    },
    /// The service asks for a longer pause than a job should spend on waiting.
    #[error(
        "{what} failed: {failure}. The service asks to wait {} s, which is longer than an upload \
         waits. Run the job again after that time.",
        wait.as_secs()
    )]
    TooLongAWait {
        /// What was tried.
        what: String,
        /// How long the service asks to wait.
        wait: Duration,
        /// What came back.
        failure: Box<RequestFailure>,
    },
    /// The service limits how often it is called, for longer than an upload waits.
    #[error(
        "{what} failed: {failure}. The service limits how often it can be called{}. An upload \
         waits {} s for that in total, of which {} s have passed. Run the job again later.",
        asked.map_or_else(String::new, |wait| format!(" and asks to wait {} s", wait.as_secs())),
        max.as_secs(),
        waited.as_secs()
    )]
    Limited {
        /// What was tried.
        what: String,
        /// How long the service asks to wait, if it says.
        asked: Option<Duration>,
        /// How long was waited so far.
        waited: Duration,
        /// How long is waited in all.
        max: Duration,
        /// What came back.
        failure: Box<RequestFailure>,
    },
    /// The service answered, but not with what the protocol promises.
    #[error(
        "{what} got a response, but {problem}. The artifact service doesn't behave as expected."
    )]
    Unusable {
        /// What was tried.
        what: String,
        /// What is wrong with the answer.
        problem: &'static str,
    },
    /// The store refused the signed address; most likely it has expired (it lives for about an
    /// hour), or a proxy changed the request.
    #[error(
        "{what} was refused by the storage service: {failure}. The signed URL has probably expired, or \
         a proxy changed the request. Run the job again."
    )]
    AddressRefused {
        /// What was tried.
        what: String,
        /// What came back.
        failure: Box<RequestFailure>,
    },
    /// The content is stored, and whether the artifact was completed could not be found out.
    #[error(
        "The artifact {name} was uploaded completely, but whether it was finalized isn't known: \
         {cause}. If it was, the workflow run's page shows it. Another upload uses the \
         next free name."
    )]
    Unknown {
        /// Its name.
        name: ArtifactName,
        /// What happened to the request that completes it.
        cause: Box<ArtifactError>,
    },
    /// The content is stored, but the artifact could not be completed; its name stays taken in
    /// this run.
    #[error(
        "The content of the artifact {name} was uploaded, but the artifact couldn't be \
         finalized: {cause}. The name is now taken in this run, but there's no artifact with it. \
         Another upload uses the next free name."
    )]
    Unfinished {
        /// The name that is lost.
        name: ArtifactName,
        /// Why.
        cause: Box<ArtifactError>,
    },
}

/// What to do about an answer, as a further sentence; nothing where the answer says all.
struct Advice<'a>(&'a RequestFailure);

impl fmt::Display for Advice<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0.status() {
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
        })
    }
}
