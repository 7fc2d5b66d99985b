//! Sending requests to GitHub: the one place where a token is attached, the governor is asked, a
//! redirect is followed, a body is read, and a request is tried again.

mod request;

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, Method, StatusCode};
use http_body_util::BodyExt as _;
use octocrab::service::middleware::base_uri::BaseUriLayer;
use octocrab::service::middleware::reqwest_connector::ReqwestConnector;
use octocrab::{AuthState, Octocrab, OctocrabBuilder};
use reqwest::Url;
use secrecy::SecretString;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::address::ApiAddress;
use super::answer::{Answer, origin};
use super::app::App;
use super::credentials::{Authorization, Credentials, Mask};
use super::error::{GitHubError, GraphqlError, Problem, Purpose, Refusal, RequestId, Unreachable};
use super::few::few;
use super::pacer::Pacer;
use super::pacing::{Cost, Quota};
use super::retry::{Next, Tries};
use crate::clock::Clock;
use crate::report::scope::Scope;
use request::{Accept, Request, asked};

/// The largest file that is taken: GitHub serves files up to 100 MB ("Get repository content").
const LARGEST_FILE: usize = 110 * 1024 * 1024;

/// The largest other answer that is taken. A page of a hundred seats has some 200 KB.
const LARGEST_JSON: usize = 32 * 1024 * 1024;

/// How much is read of an answer that is no success, of which only words for people are needed.
const LARGEST_REFUSAL: usize = 1024 * 1024;

/// How many redirects of one request are followed.
const REDIRECTS: usize = 5;

/// GitHub's API for one who asks.
#[derive(Clone)]
pub struct Client {
    octocrab: Octocrab,
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
pub struct TokenError;

impl Client {
    /// The API at `address` with `token`; all clients of a run share a `pacer`. Needs a tokio
    /// runtime.
    ///
    /// # Errors
    /// Where the token cannot stand in a header.
    pub fn new(
        http: reqwest::Client,
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
    ///
    /// # Errors
    /// Where the address cannot be that of requests.
    pub fn of_app(
        http: reqwest::Client,
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
        http: reqwest::Client,
        address: ApiAddress,
        clock: Clock,
        pacer: Arc<Pacer>,
        credentials: Credentials,
    ) -> Result<Self, TokenError> {
        let uri = address.base().as_str().parse::<http::Uri>();
        let Ok(octocrab) = OctocrabBuilder::new_empty()
            .with_service(ReqwestConnector::new(http))
            .with_layer(&BaseUriLayer::new(uri.map_err(|_| TokenError)?))
            .with_auth(AuthState::None)
            .build();
        Ok(Self {
            octocrab,
            address,
            clock,
            pacer,
            quota: credentials.quota(),
            credentials,
        })
    }

    /// Where the API is.
    #[must_use]
    pub fn address(&self) -> &ApiAddress {
        &self.address
    }

    /// Reads `url` as JSON, following redirects within the API, and tries again what may pass.
    ///
    /// # Errors
    /// Where no answer came, GitHub refused, the answer is not of the form `T`, or an address
    /// leads away from the API.
    pub async fn get<T: DeserializeOwned>(
        &self,
        purpose: &Purpose,
        url: Url,
    ) -> Result<(T, Answer), GitHubError> {
        let request = Request::reading(purpose, url, Accept::Json);
        self.tried(&request, Answer::json).await
    }

    /// Reads a file's bytes, as [`Client::get`] reads JSON.
    ///
    /// # Errors
    /// As [`Client::get`], and where the answer has not `size` bytes.
    pub async fn get_file(
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
    ///
    /// # Errors
    /// As [`Client::get`]. Redirects are not followed.
    pub async fn write<T: DeserializeOwned>(
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
    ///
    /// # Errors
    /// As [`Client::get`]. Redirects are not followed.
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
                .map_err(|_| answer.unusable("it has not the form that GitHub describes"))
        };
        self.tried(&request, read).await
    }

    /// Asks GraphQL, and tries again what may pass.
    ///
    /// # Errors
    /// As [`Client::get`], and where the answer lists errors: GraphQL says so with status 200, and
    /// half of an answer is not used.
    pub async fn query<T: DeserializeOwned>(
        &self,
        purpose: &Purpose,
        query: &str,
        variables: &(impl Serialize + Sync),
    ) -> Result<T, GitHubError> {
        self.graphql(purpose, Cost::Query, query, variables).await
    }

    /// Sends a GraphQL mutation, once, as [`Client::write`] does.
    ///
    /// # Errors
    /// As [`Client::query`].
    pub async fn mutate<T: DeserializeOwned>(
        &self,
        purpose: &Purpose,
        mutation: &str,
        variables: &(impl Serialize + Sync),
    ) -> Result<T, GitHubError> {
        self.graphql(purpose, Cost::Mutation, mutation, variables)
            .await
    }

    async fn graphql<T: DeserializeOwned>(
        &self,
        purpose: &Purpose,
        cost: Cost,
        query: &str,
        variables: &(impl Serialize + Sync),
    ) -> Result<T, GitHubError> {
        #[derive(Serialize)]
        struct Question<'a, V> {
            query: &'a str,
            variables: &'a V,
        }
        let question = Question { query, variables };
        let url = self.address.graphql().clone();
        let request = Request::sending(purpose, Method::POST, url, cost, &question)?;
        let (data, _) = self.tried(&request, graphql_data).await?;
        Ok(data)
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
            match tries.after(&error, request.repeatable, now.as_second()) {
                Next::GiveUp => {
                    let over = self.clock.elapsed().saturating_sub(began);
                    let error = error.tried(tries.count(), over);
                    return Err(error.by_app(self.credentials.are_an_apps()));
                }
                Next::Hold(wait) => {
                    tracing::debug!("GitHub's rate limit: {error}");
                    self.pacer.hold(wait, error.limit());
                }
                Next::After(wait) => {
                    tracing::debug!("Trying again in {} ms: {error}", wait.as_millis());
                    self.clock.sleep(wait).await;
                }
            }
        }
    }

    /// Sends a request once, and follows redirects where it only reads.
    async fn once(
        &self,
        request: &Request<'_>,
        authorization: &Authorization,
    ) -> Result<Answer, GitHubError> {
        let mut url = request.url.clone();
        for _ in 0..=REDIRECTS {
            let answer = self.exchange(request, authorization, &url).await?;
            if !answer.status.is_redirection() {
                return Ok(answer);
            }
            let next = answer.redirect()?;
            if !self.address.owns(&next) {
                return Err(answer.failed(Problem::Foreign {
                    address: origin(&next),
                }));
            }
            if request.method != Method::GET {
                return Err(answer.unusable("it is a redirect, which is not followed when writing"));
            }
            url = next;
        }
        Err(request.failed(Problem::Unusable {
            status: StatusCode::FOUND,
            request_id: RequestId::default(),
            what: format!("more than {REDIRECTS} redirects one after another"),
        }))
    }

    async fn exchange(
        &self,
        request: &Request<'_>,
        authorization: &Authorization,
        url: &Url,
    ) -> Result<Answer, GitHubError> {
        let failed = |problem| {
            let asked = asked(&request.method, url);
            GitHubError::new(request.purpose.clone(), asked, problem)
        };
        if !self.address.owns(url) {
            return Err(failed(Problem::Foreign {
                address: origin(url),
            }));
        }
        let mut admitted = self
            .pacer
            .admit(request.cost, self.quota)
            .await
            .map_err(|limit| failed(Problem::TooLong(limit)))?;
        let exchanged = tokio::time::timeout(
            self.clock.patience(request.within()),
            self.send(request, authorization, url),
        )
        .await
        .unwrap_or_else(|_| {
            Err(Box::new(Problem::Unreachable(Unreachable::timeout(
                request.within(),
            ))))
        });
        let (status, headers, body) = exchanged.map_err(|problem| failed(*problem))?;
        if let Some(quota) = self.quota_in(&headers) {
            admitted.tell(quota);
        }
        if !status.is_success() && !status.is_redirection() {
            return Err(failed(Problem::Refused(Refusal::new(
                status, &headers, &body,
            ))));
        }
        Ok(Answer {
            purpose: request.purpose.clone(),
            asked: asked(&request.method, url),
            url: url.clone(),
            status,
            headers,
            body,
        })
    }

    async fn send(
        &self,
        request: &Request<'_>,
        authorization: &Authorization,
        url: &Url,
    ) -> Result<(StatusCode, HeaderMap, Bytes), Box<Problem>> {
        let broken = |error: &(dyn std::error::Error + 'static)| {
            Box::new(Problem::Unreachable(Unreachable::new(error)))
        };
        let asked = asked(&request.method, url);
        tracing::debug!("{asked}");
        let response = self
            .octocrab
            .send(
                request
                    .build(authorization, url)
                    .map_err(|error| broken(&error))?,
            )
            .await
            .map_err(|error| broken(&error))?;
        let (parts, mut incoming) = response.into_parts();
        let request_id = RequestId::of(&parts.headers);
        tracing::debug!("{asked}: {}{request_id}", parts.status);
        let most = match request.accept {
            _ if !parts.status.is_success() => LARGEST_REFUSAL,
            Accept::Json => LARGEST_JSON,
            Accept::Raw => request.expected,
        };
        let mut body = BytesMut::new();
        while let Some(frame) = incoming.frame().await {
            let frame = frame.map_err(|error| broken(&error))?;
            if let Some(data) = frame.data_ref() {
                if body.len() + data.len() > most {
                    if !parts.status.is_success() {
                        break;
                    }
                    return Err(Box::new(Problem::Unusable {
                        status: parts.status,
                        request_id,
                        what: format!("it is larger than {most} bytes"),
                    }));
                }
                body.extend_from_slice(data);
            }
        }
        Ok((parts.status, parts.headers, body.freeze()))
    }

    fn quota_in(&self, headers: &HeaderMap) -> Option<Quota> {
        let number = |name| headers.get(name)?.to_str().ok()?.trim().parse::<i64>().ok();
        Some(Quota {
            remaining: u64::try_from(number("x-ratelimit-remaining")?).ok()?,
            reset: self.pacer.moment(number("x-ratelimit-reset")?),
        })
    }
}

/// The data of a GraphQL answer, or its errors.
fn graphql_data<T: DeserializeOwned>(answer: &Answer) -> Result<T, GitHubError> {
    #[derive(serde::Deserialize)]
    struct Reply<T> {
        data: Option<T>,
    }
    #[derive(serde::Deserialize)]
    struct Errors {
        #[serde(default, deserialize_with = "first_errors")]
        errors: Vec<GraphqlError>,
    }
    let Errors { errors } = answer.json()?;
    if !errors.is_empty() {
        return Err(answer.failed(Problem::Graphql {
            request_id: RequestId::of(&answer.headers),
            errors,
        }));
    }
    let reply: Reply<T> = answer.json()?;
    reply
        .data
        .ok_or_else(|| answer.unusable("it has neither data nor errors"))
}

/// The first errors of a list; one answer has room for millions.
fn first_errors<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<GraphqlError>, D::Error> {
    few::<_, _, 20>(deserializer).map(|(errors, _)| errors)
}
