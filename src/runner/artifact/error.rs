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
        "Artifacts cannot be uploaded to {host}: GitHub Enterprise Server does not have the \
         artifact service of github.com and ghe.com. Deliver to a repository instead, or deliver \
         to none and take the files from the workspace"
    )]
    EnterpriseServer {
        /// The host of `GITHUB_SERVER_URL`.
        host: String,
    },
    /// A variable the runner sets for actions is absent: the program was started by hand, or by a
    /// `run:` step, which does not get these variables.
    #[error(
        "Artifacts can be uploaded only from within a workflow, and {variable} is not set. The \
         runner gives it to actions (`uses:`), not to `run:` steps and not outside a workflow"
    )]
    NotInWorkflow {
        /// The missing variable.
        variable: &'static str,
    },
    /// A variable of the runner is no address; the runner is of an unknown kind.
    #[error("{variable} is not an http or https address, so nothing can be uploaded")]
    BadAddress {
        /// The variable.
        variable: &'static str,
    },
    /// `ACTIONS_RUNTIME_TOKEN` does not say which run and job it belongs to; it is not a token of
    /// a runner, or of one that has no artifact service.
    #[error(
        "ACTIONS_RUNTIME_TOKEN cannot be used: {problem}. It must be the token the runner gave \
         this job"
    )]
    BadToken {
        /// What is wrong with it.
        problem: &'static str,
    },
    /// No file was given.
    #[error("There are no files to upload")]
    NoFiles,
    /// The name of a file inside the zip would not be taken.
    #[error("The file {name:?} cannot be put into an artifact: {problem}")]
    BadEntry {
        /// The name as it was given.
        name: String,
        /// What is wrong with it.
        problem: NameError,
    },
    /// A file could not be packed: it cannot be read, or there is no room for the zip.
    #[error("{} could not be packed into a zip: {reason}", path.display())]
    Packing {
        /// The file.
        path: PathBuf,
        /// What the system said.
        reason: String,
    },
    /// The zip could not be written to, or read from, a temporary file; most often a full disk or
    /// a read-only file system.
    #[error(
        "The artifact's zip could not be kept in a temporary file: {reason}. RUNNER_TEMP, the \
         system's temporary folder or the folder of the report must be writable and have room"
    )]
    Temporary {
        /// What the system said.
        reason: String,
    },
    /// Every name that was tried is taken in this run; most likely a loop of uploads.
    #[error(
        "This run already has artifacts named {wanted}, {wanted}-2 and so on up to \
         {wanted}-{tried}. Choose another name"
    )]
    NoFreeName {
        /// The name that was asked for.
        wanted: ArtifactName,
        /// How many names were tried.
        tried: u32,
    },
    /// The account's storage for artifacts is used up (or its budget is zero).
    #[error(
        "{what} was refused: the storage for artifacts is used up ({failure}). Delete old \
         artifacts or raise the budget; GitHub counts the usage anew every few hours. See \
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
        "{what} failed {tries} times in {} s, the last time like this: {failure}. Run the job \
         again later; https://www.githubstatus.com shows whether GitHub has a disturbance",
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
         waits. Run the job again after that time",
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
        "{what} failed: {failure}. The service limits how often it is called{}, and an upload \
         waits {} s for that in all, of which {} s have passed. Run the job again later",
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
    #[error("{what} was answered, but {problem}. The artifact service behaves in an unknown way")]
    Unusable {
        /// What was tried.
        what: String,
        /// What is wrong with the answer.
        problem: &'static str,
    },
    /// The store refused the signed address; most likely it has expired (it lives for about an
    /// hour), or a proxy changed the request.
    #[error(
        "{what} was refused by the store: {failure}. The signed address has probably expired, or \
         a proxy on the way changed the request. Run the job again"
    )]
    AddressRefused {
        /// What was tried.
        what: String,
        /// What came back.
        failure: Box<RequestFailure>,
    },
    /// The content is stored, and whether the artifact was completed could not be found out.
    #[error(
        "The artifact {name} was uploaded whole, but whether it was completed is not known: \
         {cause}. The page of the workflow's run shows it if it was; a further upload takes the \
         next free name"
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
        "The content of the artifact {name} was uploaded, but the artifact could not be \
         completed: {cause}. The name is now taken in this run without an artifact to show for it; \
         a further upload takes the next free name"
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
                ". Redirects are never followed, because the request carries a secret; a proxy or \
                 a wrong address is the likely cause"
            }
            Some(401 | 403) => {
                ". The runtime token belongs to the running job and ends with it; nothing in \
                 `permissions:` changes what it may do. Run the job again"
            }
            Some(404) => ". There is no artifact service at the address in ACTIONS_RESULTS_URL",
            _ => "",
        })
    }
}
