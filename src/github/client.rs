//! Asking GitHub: every request is made here, gets what stands for who asks, and is tried again.

mod exchange;
mod graphql;
mod request;

use std::sync::Arc;

use bytes::Bytes;
use http::{Method, StatusCode};
use octocrab::service::middleware::base_uri::BaseUriLayer;
use octocrab::service::middleware::reqwest_connector::ReqwestConnector;
use octocrab::{AuthState, Octocrab, OctocrabBuilder};
use reqwest::Url;
use secrecy::SecretString;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::address::ApiAddress;
use super::answer::Answer;
use super::app::App;
use super::credentials::{Credentials, Mask};
use super::error::{GitHubError, Problem, Purpose, RequestId};
use super::object::Object;
use super::pacer::Pacer;
use super::pacing::Cost;
use super::retry::{Next, Tries};
use crate::report::scope::Scope;
use crate::system::clock::Clock;
use crate::system::http::Http;
use request::{Accept, Request};

/// The largest file that is taken: GitHub serves files up to 100 MB ("Get repository content").
const LARGEST_FILE: usize = 110 * 1024 * 1024;

/// GitHub's API for one who asks.
#[derive(Clone)]
pub(crate) struct Client {
    octocrab: Octocrab,
    http: Http,
    address: ApiAddress,
    clock: Clock,
    pacer: Arc<Pacer>,
    credentials: Credentials,
    /// Tells whose quota is used.
    quota: u64,
}

/// A token that cannot stand in a header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the token has characters that no token has")]
pub(crate) struct TokenError;

impl Client {
    /// The API at `address` with `token`; all clients of a run share a `pacer`. Needs a tokio
    /// runtime.
    pub(crate) fn new(
        http: Http,
        address: ApiAddress,
        clock: Clock,
        pacer: Arc<Pacer>,
        token: &SecretString,
    ) -> Result<Self, TokenError> {
        let credentials = Credentials::token(token)?;
        Self::with(http, address, clock, pacer, credentials)
    }

    /// The API at `address` for `app` where it is installed on `scope`; otherwise as
    /// [`Client::new`]. Every secret is handed to `mask` before it is used.
    pub(crate) fn of_app(
        http: Http,
        address: ApiAddress,
        clock: Clock,
        pacer: Arc<Pacer>,
        (app, scope): (&App, &Scope),
        mask: Mask,
    ) -> Result<Self, TokenError> {
        let itself = Credentials::App(app.clone(), Arc::clone(&mask));
        let itself = Self::with(http, address, clock.clone(), pacer, itself)?;
        let (app, scope) = (app.clone(), scope.clone());
        let credentials = Credentials::installation(app, scope, itself.clone(), clock, mask);
        Ok(Self {
            quota: credentials.quota(),
            credentials,
            ..itself
        })
    }

    fn with(
        http: Http,
        address: ApiAddress,
        clock: Clock,
        pacer: Arc<Pacer>,
        credentials: Credentials,
    ) -> Result<Self, TokenError> {
        let uri = address.base().as_str().parse::<http::Uri>();
        let Ok(octocrab) = OctocrabBuilder::new_empty()
            .with_service(ReqwestConnector::new(http.client().clone()))
            .with_layer(&BaseUriLayer::new(uri.map_err(|_| TokenError)?))
            .with_auth(AuthState::None)
            .build();
        Ok(Self {
            octocrab,
            http,
            address,
            clock,
            pacer,
            quota: credentials.quota(),
            credentials,
        })
    }

    /// Where the API is.
    pub(crate) fn address(&self) -> &ApiAddress {
        &self.address
    }

    /// Whether a person's token is used, as far as its form tells. Any other counts as an App's.
    pub(crate) fn acts_for_a_person(&self) -> bool {
        self.credentials.are_a_persons()
    }

    /// Reads `url` as an object in JSON, following redirects within the API, and tries again what may pass.
    ///
    /// Where no answer came, GitHub refused, the answer is not of the form `T`, or an address
    /// leads away from the API.
    pub(crate) async fn get<T: DeserializeOwned>(
        &self,
        purpose: &Purpose,
        url: Url,
    ) -> Result<(T, Answer), GitHubError> {
        let request = Request::reading(purpose, url, Accept::Json);
        self.tried(&request, Answer::json).await
    }

    /// Reads `url` as a list of objects, as [`Client::get`] reads one.
    pub(crate) async fn get_list<T: DeserializeOwned>(
        &self,
        purpose: &Purpose,
        url: Url,
    ) -> Result<(Vec<T>, Answer), GitHubError> {
        let request = Request::reading(purpose, url, Accept::Json);
        self.tried(&request, Answer::list).await
    }

    /// Reads a file's bytes, as [`Client::get`] reads JSON.
    pub(crate) async fn get_file(
        &self,
        purpose: &Purpose,
        url: Url,
        size: usize,
    ) -> Result<Bytes, GitHubError> {
        let request = Request {
            expected: size,
            ..Request::reading(purpose, url, Accept::Raw)
        };
        if size > LARGEST_FILE {
            return Err(request.failed(Problem::Unusable {
                status: StatusCode::OK,
                request_id: RequestId::default(),
                what: format!("it says that the file has {size} bytes, more than GitHub serves"),
            }));
        }
        let whole = |answer: &Answer| match answer.body.len() {
            length if length == size => Ok(()),
            length => Err(answer.unusable(&format!("it has {length} bytes of {size}"))),
        };
        let ((), answer) = self.tried(&request, whole).await?;
        Ok(answer.body)
    }

    /// Sends `body` as JSON to be written. It is sent once: whoever gets an error looks what became
    /// of it.
    pub(crate) async fn write<T: DeserializeOwned>(
        &self,
        purpose: &Purpose,
        method: Method,
        url: Url,
        body: &(impl Serialize + Sync),
    ) -> Result<T, GitHubError> {
        let request = Request::sending(purpose, method, url, Cost::Write, body)?;
        let (read, _) = self.tried(&request, Answer::json).await?;
        Ok(read)
    }

    /// Sends `body` as JSON for a secret, and tries again what may pass: whoever gets two of them
    /// has lost nothing. Nothing of the answer is told where it cannot be read.
    pub(super) async fn obtain<T: DeserializeOwned>(
        &self,
        purpose: &Purpose,
        url: Url,
        body: &(impl Serialize + Sync),
    ) -> Result<(T, Answer), GitHubError> {
        let request = Request {
            repeatable: true,
            ..Request::sending(purpose, Method::POST, url, Cost::Write, body)?
        };
        let read = |answer: &Answer| {
            serde_json::from_slice(&answer.body)
                .map(|Object(read)| read)
                .map_err(|_| answer.of_another_form("it has not the form that GitHub describes"))
        };
        self.tried(&request, read).await
    }

    /// Sends a request, and again as [`super::retry`] has it, until `read` understands the answer.
    async fn tried<T>(
        &self,
        request: &Request<'_>,
        read: impl Fn(&Answer) -> Result<T, GitHubError>,
    ) -> Result<(T, Answer), GitHubError> {
        let began = self.clock.elapsed();
        let mut tries = Tries::default();
        let mut renewed = false;
        loop {
            let now = self.clock.now();
            // Before a place among the requests under way is taken: a new token needs one itself.
            let authorization = self.credentials.authorization(request.purpose, now).await?;
            let outcome = match self.once(request, &authorization).await {
                Ok(answer) => read(&answer).map(|read| (read, answer)),
                Err(error) => Err(error),
            };
            let error = match outcome {
                Ok(done) => return Ok(done),
                Err(error) => error,
            };
            let now = self.clock.now();
            if !renewed
                && let Some(refusal) = error.refusal()
                && self
                    .credentials
                    .are_renewed_after(refusal, &authorization, now)
                    .await
            {
                renewed = true;
                tracing::debug!("Asking again with other credentials: {error}");
                continue;
            }
            let said = error.said();
            let mut next = tries.after(&error, request.repeatable, now);
            let mut held = error.retry_after();
            // The wait counts for everything that follows, but not for another try of this.
            if let Next::Hold(wait) | Next::HoldThenAfter(wait, _) = next
                && request.purpose.is_optional()
            {
                (next, held) = (Next::GiveUp, Some(wait));
            }
            match next {
                Next::GiveUp => {
                    if let (Some(wait), Some(said)) = (held, said) {
                        self.pacer.hold(wait, said);
                    }
                    let over = self.clock.elapsed().saturating_sub(began);
                    let error = error.tried(tries.count(), over);
                    return Err(error.by_app(self.credentials.are_an_apps()));
                }
                Next::Hold(wait) => {
                    tracing::debug!("GitHub asks to wait {} s: {error}", wait.as_secs());
                    if let Some(said) = said {
                        self.pacer.hold(wait, said);
                    }
                }
                Next::HoldThenAfter(asked, wait) => {
                    if let Some(said) = said {
                        self.pacer.hold(asked, said);
                    }
                    tracing::debug!("Trying again in {} ms: {error}", wait.as_millis());
                    self.clock.sleep(wait).await;
                }
                Next::After(wait) => {
                    tracing::debug!("Trying again in {} ms: {error}", wait.as_millis());
                    self.clock.sleep(wait).await;
                }
            }
        }
    }
}
