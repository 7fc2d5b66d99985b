//! The handle of a running simulator.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tempfile::TempDir;

use crate::artifacts::Artifact;
use crate::fault::Fault;
use crate::git;
use crate::github::GitHub;
use crate::http::RecordedRequest;
use crate::observer::Observer;
use crate::pull_request::{Ending, PullRequest};
use crate::server::{Listeners, Running};
use crate::sync::lock;
use crate::world::{SERVER_URL, World};

/// A GitHub, a results service, and a blob store that run until this is dropped. Dropping it also
/// removes their files.
///
/// It has its own thread and runtime, so you can use it from both synchronous and asynchronous
/// code.
pub struct Simulator {
    // Dropped in this order, so that nothing writes while the folder is removed.
    _running: Running,
    world: Arc<World>,
    _folder: TempDir,
}

/// The ports to listen on. 0 means any free port.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Ports {
    /// GitHub's API.
    pub api: u16,
    /// The results service.
    pub results: u16,
    /// The blob store.
    pub blob: u16,
}

impl Simulator {
    /// Starts on free ports.
    ///
    /// # Errors
    /// If there's no free port or temporary folder, or the `git` command can't run.
    pub fn start(github: GitHub) -> io::Result<Self> {
        Self::start_on(github, Ports::default())
    }

    /// Starts on free ports and keeps the repositories in memory, if possible. Git's many small
    /// files are much faster in memory.
    ///
    /// # Errors
    /// See [`Simulator::start`].
    pub fn start_in_memory(github: GitHub) -> io::Result<Self> {
        let memory = Path::new("/dev/shm");
        if memory.is_dir() {
            Self::start_in(memory, github, Ports::default())
        } else {
            Self::start(github)
        }
    }

    /// Starts on these ports.
    ///
    /// # Errors
    /// See [`Simulator::start`], and if a port is in use.
    pub fn start_on(github: GitHub, ports: Ports) -> io::Result<Self> {
        Self::start_in(&std::env::temp_dir(), github, ports)
    }

    fn start_in(parent: &Path, github: GitHub, ports: Ports) -> io::Result<Self> {
        let folder = tempfile::Builder::new()
            .prefix("simulator-")
            .tempdir_in(parent)?;
        let listeners = Listeners::bind([ports.api, ports.results, ports.blob])?;
        let world = Arc::new(World::new(
            github,
            folder.path().to_owned(),
            listeners.ports()?,
        )?);
        let running = Running::start(listeners, &world)?;
        Ok(Self {
            _running: running,
            world,
            _folder: folder,
        })
    }

    /// The base URL of the REST API, without a trailing slash.
    pub fn api_url(&self) -> String {
        self.world.api_url.clone()
    }

    /// The URL of the GraphQL API.
    pub fn graphql_url(&self) -> String {
        format!("{}/graphql", self.world.api_url)
    }

    /// The base URL of links to web pages, which the simulator doesn't serve.
    pub fn server_url(&self) -> String {
        SERVER_URL.to_owned()
    }

    /// The URL of the results service in a runner's format. It has a path that clients must drop.
    pub fn results_url(&self) -> String {
        format!("{}/some/path/", self.world.results_origin)
    }

    /// The URL of the blob store.
    pub fn blob_url(&self) -> String {
        self.world.blob_url.clone()
    }

    /// The token for the results service, a JWT whose `scp` contains the run and the job.
    pub fn runtime_token(&self) -> String {
        self.world.run.token.clone()
    }

    /// Changes the simulated data, between or during runs. New repositories are created, and
    /// existing ones keep their contents.
    pub fn change(&self, f: impl FnOnce(&mut GitHub)) {
        if let Err(error) = self.world.change(f) {
            // The next request for this repository gets a 404 and is recorded as a violation.
            eprintln!("simulator: couldn't create a repository: {error}");
        }
    }

    /// Adds a fault.
    pub fn fault(&self, fault: Fault) {
        self.world.add_fault(fault);
    }

    /// Removes all faults.
    pub fn clear_faults(&self) {
        self.world.clear_faults();
    }

    /// Sets GitHub's clock one day ahead. No earlier request counts toward its rate limits anymore.
    pub fn end_day(&self) {
        self.change(|github| github.ahead += jiff::SignedDuration::from_hours(24));
        self.world.usage.forget();
    }

    /// All requests so far, in the order of arrival.
    pub fn requests(&self) -> Vec<RecordedRequest> {
        self.world.requests()
    }

    /// The number of requests so far.
    pub fn request_count(&self) -> usize {
        self.world.request_count()
    }

    /// All violations of what GitHub documents.
    pub fn violations(&self) -> Vec<String> {
        self.world.violations()
    }

    /// The finished artifacts, oldest first.
    pub fn artifacts(&self) -> Vec<Artifact> {
        lock(&self.world.artifacts).finished()
    }

    /// The bare Git repository of `owner/name`. You can read and write it with `git` at any time.
    pub fn git_dir(&self, full_name: &str) -> PathBuf {
        self.world.repositories.dir(full_name)
    }

    /// The pull requests of `owner/name`, by number.
    pub fn pull_requests(&self, full_name: &str) -> Vec<PullRequest> {
        self.world.pulls.of(full_name)
    }

    /// Changes the pull requests, for example to one from a fork.
    pub fn change_pull_requests(&self, f: impl FnOnce(&mut Vec<PullRequest>)) {
        f(&mut self.world.pulls.all());
    }

    /// Ends an open pull request of `owner/name`, as a person would.
    ///
    /// # Errors
    /// If there's no open one with this number, or its changes conflict with the base.
    pub fn end_pull_request(&self, full_name: &str, number: u64, ending: Ending) -> io::Result<()> {
        self.world
            .end_pull_request(full_name, Some(number), ending)
            .map_err(io::Error::other)
    }

    /// Deletes a branch of `owner/name`, as a person would. This closes its pull requests.
    ///
    /// # Errors
    /// If there's no such repository.
    pub fn delete_branch(&self, full_name: &str, branch: &str) -> io::Result<()> {
        self.world
            .delete_branch(full_name, branch)
            .map_err(io::Error::other)
    }

    /// Makes a commit of `owner/name` one that GitHub signed, as if its author had made it on
    /// GitHub's pages.
    pub fn sign(&self, full_name: &str, sha: &str) {
        if let Some(repo) = self.world.repositories.get(full_name) {
            repo.sign(sha);
        }
    }

    /// The path of the `git` command.
    pub fn git_program() -> PathBuf {
        git::program().to_owned()
    }

    /// An observer that outlives this handle, and then still has what the simulator received.
    pub fn observer(&self) -> Observer {
        Observer(Arc::clone(&self.world))
    }

    /// Whether no request is in progress. A request continues after the client disconnects.
    pub fn is_idle(&self) -> bool {
        self.world.is_idle()
    }

    /// The maximum number of concurrent API requests.
    pub fn in_flight_max(&self) -> usize {
        self.world.usage.in_flight_max()
    }
}

impl std::fmt::Debug for Simulator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Simulator")
            .field("api_url", &self.world.api_url)
            .finish_non_exhaustive()
    }
}
