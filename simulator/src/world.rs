//! The state that the three services share.

use std::collections::HashMap;
use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::json;
use sha2::{Digest, Sha256};
use tokio::sync::Notify;

use crate::artifacts::Store;
use crate::fault::{Fault, Kind};
use crate::git::{GitError, Repositories};
use crate::github::{self, GitHub};
use crate::http::{Call, RecordedRequest, Service};
use crate::limits::Usage;
use crate::pull_request::Ending;
use crate::pulls::Pulls;
use crate::sync::lock;

/// The base URL of links to GitHub's pages. The artifact client checks for servers without an
/// artifact service, and accepts hosts under `localhost`.
pub(crate) const SERVER_URL: &str = "http://github.localhost";

/// How much of a request's body is recorded.
const KEPT_BODY: usize = 64 * 1024;

pub(crate) struct World {
    github: Mutex<GitHub>,
    faults: Mutex<Vec<ActiveFault>>,
    requests: Mutex<Vec<RecordedRequest>>,
    violations: Mutex<Vec<String>>,
    assertions: Mutex<Vec<String>>,
    pub(crate) usage: Usage,
    pub(crate) artifacts: Mutex<Store>,
    pub(crate) repositories: Repositories,
    pub(crate) pulls: Pulls,
    pub(crate) run: Run,
    pub(crate) api_url: String,
    pub(crate) results_origin: String,
    pub(crate) blob_url: String,
    downtimes: Mutex<Vec<(Service, Instant)>>,
    went_down: Notify,
    work: Arc<()>,
    responses: AtomicU64,
    pub(crate) runs: AtomicU32,
    /// The number of responses by token and part of the API.
    used: Mutex<HashMap<String, u64>>,
}

struct ActiveFault {
    fault: Fault,
    matched: usize,
}

/// The workflow run that artifacts belong to.
pub(crate) struct Run {
    pub(crate) run: String,
    pub(crate) job: String,
    pub(crate) token: String,
}

impl World {
    pub(crate) fn new(github: GitHub, folder: PathBuf, ports: [u16; 3]) -> io::Result<Self> {
        let [api, results, blob] = ports.map(|port| format!("http://127.0.0.1:{port}"));
        let world = Self {
            github: Mutex::new(github),
            faults: Mutex::default(),
            requests: Mutex::default(),
            violations: Mutex::default(),
            assertions: Mutex::default(),
            usage: Usage::default(),
            artifacts: Mutex::default(),
            repositories: Repositories::new(folder),
            pulls: Pulls::default(),
            run: Run::new(&api),
            api_url: api,
            results_origin: results,
            blob_url: blob,
            downtimes: Mutex::default(),
            went_down: Notify::new(),
            work: Arc::default(),
            responses: AtomicU64::new(0),
            runs: AtomicU32::new(0),
            used: Mutex::default(),
        };
        world.create_repositories()?;
        Ok(world)
    }

    /// Reads or changes the simulated data.
    pub(crate) fn github<T>(&self, f: impl FnOnce(&mut GitHub) -> T) -> T {
        f(&mut lock(&self.github))
    }

    /// Changes the simulated data, and creates new repositories.
    pub(crate) fn change(&self, f: impl FnOnce(&mut GitHub)) -> io::Result<()> {
        self.github(f);
        self.create_repositories()
    }

    fn create_repositories(&self) -> io::Result<()> {
        let declared = self.github(|github| github.repositories.clone());
        for (name, repository) in &declared {
            self.repositories.ensure(name, repository)?;
        }
        Ok(())
    }

    /// Ends a pull request as a person who bypasses all rules would: the one with this number, or
    /// the oldest open one.
    pub(crate) fn end_pull_request(
        &self,
        repository: &str,
        number: Option<u64>,
        ending: Ending,
    ) -> Result<(), GitError> {
        let declared = self.github(|github| {
            let (_, declared) = github::named(&github.repositories, repository)?;
            Some(declared.clone())
        });
        let repo = self.repositories.get(repository);
        let (Some(declared), Some(repo)) = (declared, repo) else {
            return Err(GitError::new("the repository doesn't exist"));
        };
        self.pulls.end(&repo, &declared, repository, number, ending)
    }

    /// Deletes a branch as a person would. GitHub closes its pull requests.
    pub(crate) fn delete_branch(&self, repository: &str, branch: &str) -> Result<(), GitError> {
        let repo = self.repositories.get(repository);
        let repo = repo.ok_or_else(|| GitError::new("the repository doesn't exist"))?;
        self.pulls.delete_branch(&repo, repository, branch)
    }

    pub(crate) fn token(&self, secret: &str) -> Option<github::Token> {
        self.github(|github| github.tokens.get(secret).cloned())
    }

    /// GitHub's time.
    pub(crate) fn now(&self) -> jiff::Timestamp {
        jiff::Timestamp::now() + self.github(|github| github.ahead)
    }

    /// The token, if it's still valid. Counts the use.
    pub(crate) fn use_token(&self, secret: &str) -> Option<github::Token> {
        let now = self.now();
        self.github(|github| {
            let token = github.tokens.get_mut(secret)?;
            if token.ends.is_some_and(|end| end <= now) {
                return None;
            }
            if let Some(remaining) = &mut token.serves {
                *remaining = remaining.checked_sub(1)?;
            }
            Some(token.clone())
        })
    }

    /// Records an App's assertion, which is a secret.
    pub(crate) fn keep_assertion(&self, assertion: &str) {
        if !assertion.is_empty() {
            lock(&self.assertions).push(assertion.to_owned());
        }
    }

    pub(crate) fn secrets(&self) -> Vec<String> {
        let mut secrets = self.github(|github| github.tokens.keys().cloned().collect::<Vec<_>>());
        secrets.push(self.run.token.clone());
        secrets.extend(lock(&self.assertions).iter().cloned());
        secrets
    }

    pub(crate) fn report_violation(&self, call: &Call, what: impl AsRef<str>) {
        let line = format!("{} {}: {}", call.method, call.path_and_query, what.as_ref());
        lock(&self.violations).push(line);
    }

    pub(crate) fn violations(&self) -> Vec<String> {
        lock(&self.violations).clone()
    }

    /// Records a request. Pass the returned index to [`World::responses`].
    pub(crate) fn record_request(&self, call: &Call, in_flight: usize) -> usize {
        let mut requests = lock(&self.requests);
        requests.push(RecordedRequest {
            service: call.service,
            method: call.method.clone(),
            path_and_query: call.path_and_query.clone(),
            headers: call.headers.clone(),
            body: call.body[..call.body.len().min(KEPT_BODY)].to_vec(),
            body_length: call.body.len(),
            in_flight,
            status: None,
            response_length: 0,
        });
        requests.len() - 1
    }

    pub(crate) fn record_response(&self, request: usize, status: u16, length: Option<u64>) {
        if let Some(requests) = lock(&self.requests).get_mut(request) {
            requests.status = Some(status);
            requests.response_length = length.unwrap_or_default();
        }
    }

    pub(crate) fn requests(&self) -> Vec<RecordedRequest> {
        lock(&self.requests).clone()
    }

    pub(crate) fn request_count(&self) -> usize {
        lock(&self.requests).len()
    }

    pub(crate) fn add_fault(&self, fault: Fault) {
        lock(&self.faults).push(ActiveFault { fault, matched: 0 });
    }

    pub(crate) fn clear_faults(&self) {
        lock(&self.faults).clear();
    }

    /// The fault for this request. Every matching fault counts the request, even if another takes
    /// effect.
    pub(crate) fn fault_for(&self, call: &Call) -> Option<Kind> {
        let mut due = None;
        for active in lock(&self.faults)
            .iter_mut()
            .filter(|active| active.fault.at.matches(call))
        {
            active.matched += 1;
            if due.is_none() && active.fault.nth.is_due(active.matched) {
                due = Some(active.fault.kind.clone());
            }
        }
        due
    }

    /// A guard that marks a request as in progress.
    pub(crate) fn start_work(&self) -> Arc<()> {
        Arc::clone(&self.work)
    }

    /// Whether no request is in progress.
    pub(crate) fn is_idle(&self) -> bool {
        Arc::strong_count(&self.work) == 1
    }

    /// Takes a service down for this long.
    pub(crate) fn take_down(&self, service: Service, time: Duration) {
        lock(&self.downtimes).push((service, Instant::now() + time));
        self.went_down.notify_waiters();
    }

    /// How much longer a service is down. `None` if it's up.
    pub(crate) fn downtime(&self, service: Service) -> Option<Duration> {
        let downtimes = lock(&self.downtimes);
        let end = downtimes
            .iter()
            .filter(|(who, _)| *who == service)
            .map(|(_, end)| *end)
            .max()?;
        Some(end.duration_since(Instant::now())).filter(|remaining| !remaining.is_zero())
    }

    /// Waits until a service is down.
    pub(crate) async fn wait_until_down(&self, service: Service) -> Duration {
        loop {
            let remaining = self.went_down.notified();
            if let Some(time) = self.downtime(service) {
                return time;
            }
            remaining.await;
        }
    }

    /// A number for each response, from 1.
    pub(crate) fn next_response(&self) -> u64 {
        self.responses.fetch_add(1, Ordering::SeqCst) + 1
    }

    /// Counts a response by token and part of the API, and returns the count. GitHub's hour doesn't
    /// end while the simulator runs.
    pub(crate) fn count_response(&self, who: &str) -> u64 {
        let mut used = lock(&self.used);
        let used = used.entry(who.to_owned()).or_default();
        *used += 1;
        *used
    }
}

impl Run {
    fn new(seed: &str) -> Self {
        let uuid = |what: &str| {
            let hash = hex::encode(Sha256::digest(format!("{what} {seed}")));
            format!(
                "{}-{}-4{}-8{}-{}",
                &hash[..8],
                &hash[8..12],
                &hash[12..15],
                &hash[15..18],
                &hash[18..30]
            )
        };
        let (run, job) = (uuid("run"), uuid("job"));
        let part = |value: serde_json::Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
        let header = part(json!({ "typ": "JWT", "alg": "RS256", "kid": "simulator" }));
        let claims = part(json!({
            "scp": format!("Actions.GenericRead:00000000-0000-0000-0000-000000000000 Actions.Results:{run}:{job} Actions.UploadArtifacts:00000000-0000-0000-0000-000000000000/1:Build/Build/1"),
            "iss": "https://token.actions.githubusercontent.com",
            "iat": jiff::Timestamp::now().as_second(),
            "exp": jiff::Timestamp::now().as_second() + 6 * 3600,
        }));
        let token = format!(
            "{header}.{claims}.{}",
            BASE64_URL_SAFE_NO_PAD.encode("not signed")
        );
        Self { run, job, token }
    }
}
