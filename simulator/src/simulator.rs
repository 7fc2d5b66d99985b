//! The handle that tests and programs hold on a running simulator.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tempfile::TempDir;

use crate::artifacts::Artifact;
use crate::fault::Fault;
use crate::git;
use crate::github::GitHub;
use crate::http::Seen;
use crate::pull_request::{Ending, PullRequest};
use crate::server::{Listeners, Running};
use crate::sync::lock;
use crate::witness::Witness;
use crate::world::{SERVER_URL, World};

/// A GitHub, a results service and a blob store that run until this is dropped, which also removes their files.
///
/// It has a thread and a runtime of its own: use it from plain or asynchronous code alike.
pub struct Simulator {
    // Dropped in this order: nobody writes any more when the folder goes.
    _running: Running,
    world: Arc<World>,
    _folder: TempDir,
}

/// Where to listen; 0 means any free port.
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
    /// No port or temporary folder could be had, or the `git` command cannot be run.
    pub fn start(github: GitHub) -> io::Result<Self> {
        Self::start_on(github, Ports::default())
    }

    /// Starts on free ports and keeps the repositories in memory, if the system has a folder there. Git's many small
    /// files cost much less in memory.
    ///
    /// # Errors
    /// As [`Simulator::start`].
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
    /// As [`Simulator::start`]; also a port that is in use.
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

    /// The base address of the REST API, without a slash at its end.
    pub fn api_url(&self) -> String {
        self.world.api_url.clone()
    }

    /// The address of the GraphQL API.
    pub fn graphql_url(&self) -> String {
        format!("{}/graphql", self.world.api_url)
    }

    /// What links to pages begin with. Nothing is served there.
    pub fn server_url(&self) -> String {
        SERVER_URL.to_owned()
    }

    /// The address of the results service as a runner gives it: with a path, which clients must drop.
    pub fn results_url(&self) -> String {
        format!("{}/some/path/", self.world.results_origin)
    }

    /// The address of the blob store.
    pub fn blob_url(&self) -> String {
        self.world.blob_url.clone()
    }

    /// The token for the results service: a JWT whose `scp` names the run and the job.
    pub fn runtime_token(&self) -> String {
        self.world.run.token.clone()
    }

    /// Changes what there is, between or during runs. Repositories that are new are laid; what already stands in a
    /// repository stays.
    pub fn change(&self, f: impl FnOnce(&mut GitHub)) {
        if let Err(error) = self.world.change(f) {
            // The next request for such a repository is answered 404 and complained about.
            eprintln!("simulator: a repository could not be laid: {error}");
        }
    }

    /// Adds a fault.
    pub fn fault(&self, fault: Fault) {
        self.world.arm(fault);
    }

    /// Removes all faults.
    pub fn clear_faults(&self) {
        self.world.disarm();
    }

    /// Every request so far, in the order of arrival.
    pub fn requests(&self) -> Vec<Seen> {
        self.world.seen()
    }

    /// Every breach of what GitHub documents, in words.
    pub fn complaints(&self) -> Vec<String> {
        self.world.complaints()
    }

    /// The artifacts that were finished, oldest first.
    pub fn artifacts(&self) -> Vec<Artifact> {
        lock(&self.world.artifacts).finished()
    }

    /// The bare git repository behind `owner/name`. It may be read and written with `git` at any time.
    pub fn git_dir(&self, full_name: &str) -> PathBuf {
        self.world.repositories.dir(full_name)
    }

    /// The pull requests of `owner/name`, in the order of their numbers.
    pub fn pull_requests(&self, full_name: &str) -> Vec<PullRequest> {
        self.world.pulls.of(full_name)
    }

    /// Changes the pull requests there are, such as to one of a fork.
    pub fn change_pull_requests(&self, f: impl FnOnce(&mut Vec<PullRequest>)) {
        f(&mut self.world.pulls.all());
    }

    /// Ends an open pull request of `owner/name`, as a person would.
    ///
    /// # Errors
    /// There is none of that number, or its changes conflict with the base.
    pub fn end_pull_request(&self, full_name: &str, number: u64, ending: Ending) -> io::Result<()> {
        self.world
            .end_pull_request(full_name, Some(number), ending)
            .map_err(io::Error::other)
    }

    /// Deletes a branch of `owner/name`, as a person would; its pull requests are closed by that.
    ///
    /// # Errors
    /// There is no such repository.
    pub fn delete_branch(&self, full_name: &str, branch: &str) -> io::Result<()> {
        self.world
            .delete_branch(full_name, branch)
            .map_err(io::Error::other)
    }

    /// Where the `git` command is.
    pub fn git_program() -> PathBuf {
        git::program().to_owned()
    }

    /// Somebody who can look at this simulator for as long as it runs, and at what it was given afterwards.
    pub fn witness(&self) -> Witness {
        Witness(Arc::clone(&self.world))
    }

    /// Whether nothing is being carried out. What a client asked for goes on when the client has left.
    pub fn is_at_rest(&self) -> bool {
        self.world.is_at_rest()
    }

    /// The most API requests that were open at once.
    pub fn in_flight_max(&self) -> usize {
        self.world.in_flight_max()
    }
}

impl std::fmt::Debug for Simulator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Simulator")
            .field("api_url", &self.world.api_url)
            .finish_non_exhaustive()
    }
}
