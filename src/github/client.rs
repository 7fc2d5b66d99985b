//! Sending requests to GitHub: the one place where a token is attached, the governor is asked, a
//! redirect is followed, a body is read, and a request is tried again.

use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use http_body_util::BodyExt as _;
use octocrab::service::middleware::auth_header::AuthHeaderLayer;
use octocrab::service::middleware::base_uri::BaseUriLayer;
use octocrab::service::middleware::reqwest_connector::ReqwestConnector;
use octocrab::{AuthState, OctoBody, Octocrab, OctocrabBuilder};
use reqwest::Url;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest as _, Sha256};

use super::address::ApiAddress;
use super::answer::{Answer, origin};
use super::error::{GitHubError, GraphqlError, Problem, Purpose, Refusal, RequestId, Unreachable};
use super::few::few;
use super::pacer::Pacer;
use super::pacing::{Cost, Quota};
use super::retry::{Next, Tries};
use crate::clock::Clock;
use crate::text::shown;

/// The version of the REST API that the answers are read as ("API versions").
const API_VERSION: (HeaderName, HeaderValue) = (
    HeaderName::from_static("x-github-api-version"),
    HeaderValue::from_static("2022-11-28"),
);

/// The largest file that is taken: GitHub serves files up to 100 MB ("Get repository content").
const LARGEST_FILE: usize = 110 * 1024 * 1024;

/// The largest other answer that is taken. A page of a hundred seats has some 200 KB.
const LARGEST_JSON: usize = 32 * 1024 * 1024;

/// How much is read of an answer that is no success, of which only words for people are needed.
const LARGEST_REFUSAL: usize = 1024 * 1024;

/// How many redirects of one request are followed.
const REDIRECTS: usize = 5;

/// How long an answer may take. GitHub ends a request of its own accord after 10 seconds
/// ("Troubleshooting the REST API", "Timeouts"); the rest is for slow lines.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);

/// Bytes a second that even a slow line carries; large requests and answers get more time by this.
const SLOW_LINE: usize = 100_000;

/// GitHub's API with one token.
#[derive(Clone)]
pub struct Client {
    octocrab: Octocrab,
    address: ApiAddress,
    clock: Clock,
    pacer: Arc<Pacer>,
    /// Tells this token from others without being it.
    token: u64,
}

/// In what form an answer is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Accept {
    Json,
    Raw,
}

/// One request, as often as it is sent.
struct Request<'a> {
    purpose: &'a Purpose,
    method: Method,
    url: Url,
    accept: Accept,
    body: Option<Bytes>,
    /// How many bytes the answer has, where that is known.
    expected: usize,
    cost: Cost,
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
        let mut authorization = HeaderValue::from_str(&format!("Bearer {}", token.expose_secret()))
            .map_err(|_| TokenError)?;
        authorization.set_sensitive(true);
        let uri = |url: &Url| url.as_str().parse::<http::Uri>().map_err(|_| TokenError);
        let (rest, graphql) = (uri(address.base())?, uri(address.graphql())?);
        let Ok(octocrab) = OctocrabBuilder::new_empty()
            .with_service(ReqwestConnector::new(http))
            .with_layer(&BaseUriLayer::new(rest.clone()))
            .with_layer(&AuthHeaderLayer::new(Some(authorization), rest, graphql))
            .with_auth(AuthState::None)
            .build();
        let digest: [u8; 32] = Sha256::digest(token.expose_secret()).into();
        let (number, _) = digest.split_first_chunk::<8>().ok_or(TokenError)?;
        Ok(Self {
            octocrab,
            address,
            clock,
            pacer,
            token: u64::from_be_bytes(*number),
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
        loop {
            let outcome = match self.once(request).await {
                Ok(answer) => read(&answer).map(|read| (read, answer)),
                Err(error) => Err(error),
            };
            let error = match outcome {
                Ok(done) => return Ok(done),
                Err(error) => error,
            };
            let now = self.clock.now().as_second();
            match tries.after(&error, request.is_repeatable(), now) {
                Next::GiveUp => {
                    let over = self.clock.elapsed().saturating_sub(began);
                    return Err(error.tried(tries.count(), over));
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
    async fn once(&self, request: &Request<'_>) -> Result<Answer, GitHubError> {
        let mut url = request.url.clone();
        for _ in 0..=REDIRECTS {
            let answer = self.exchange(request, &url).await?;
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

    async fn exchange(&self, request: &Request<'_>, url: &Url) -> Result<Answer, GitHubError> {
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
            .admit(request.cost, self.token)
            .await
            .map_err(|limit| failed(Problem::TooLong(limit)))?;
        let exchanged = tokio::time::timeout(
            self.clock.patience(request.within()),
            self.send(request, url),
        )
        .await
        .unwrap_or_else(|_| {
            Err(Box::new(Problem::Unreachable(Unreachable::timeout(
                request.within(),
            ))))
        });
        let (status, headers, body) = exchanged.map_err(|problem| failed(*problem))?;
        if let Some(quota) = self.quota(&headers) {
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
        url: &Url,
    ) -> Result<(StatusCode, HeaderMap, Bytes), Box<Problem>> {
        let broken = |error: &(dyn std::error::Error + 'static)| {
            Box::new(Problem::Unreachable(Unreachable::new(error)))
        };
        let asked = asked(&request.method, url);
        tracing::debug!("{asked}");
        let response = self
            .octocrab
            .send(request.build(url).map_err(|error| broken(&error))?)
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

    fn quota(&self, headers: &HeaderMap) -> Option<Quota> {
        let number = |name| headers.get(name)?.to_str().ok()?.trim().parse::<i64>().ok();
        Some(Quota {
            remaining: u64::try_from(number("x-ratelimit-remaining")?).ok()?,
            reset: self.pacer.moment(number("x-ratelimit-reset")?),
        })
    }
}

impl<'a> Request<'a> {
    fn reading(purpose: &'a Purpose, url: Url, accept: Accept) -> Self {
        Self {
            purpose,
            method: Method::GET,
            url,
            accept,
            body: None,
            expected: 0,
            cost: Cost::Read,
        }
    }

    fn sending(
        purpose: &'a Purpose,
        method: Method,
        url: Url,
        cost: Cost,
        body: &impl Serialize,
    ) -> Result<Self, GitHubError> {
        let mut request = Self {
            purpose,
            method,
            url,
            accept: Accept::Json,
            body: None,
            expected: 0,
            cost,
        };
        let body = serde_json::to_vec(body)
            .map_err(|error| request.failed(Problem::Unreachable(Unreachable::new(&error))))?;
        request.body = Some(body.into());
        Ok(request)
    }

    fn is_repeatable(&self) -> bool {
        matches!(self.cost, Cost::Read | Cost::Query)
    }

    fn within(&self) -> Duration {
        let size = self.body.as_ref().map_or(0, Bytes::len) + self.expected;
        ANSWER_WITHIN + Duration::from_secs((size / SLOW_LINE) as u64)
    }

    fn build(&self, url: &Url) -> Result<http::Request<OctoBody>, http::Error> {
        let accept = match self.accept {
            Accept::Json => "application/vnd.github+json",
            Accept::Raw => "application/vnd.github.raw+json",
        };
        let mut builder = http::Request::builder()
            .method(self.method.clone())
            .uri(url.as_str())
            .header(ACCEPT, accept)
            .header(API_VERSION.0, API_VERSION.1);
        if self.body.is_some() {
            builder = builder.header(CONTENT_TYPE, "application/json");
        }
        builder.body(match &self.body {
            Some(body) => OctoBody::from(body.clone()),
            None => OctoBody::empty(),
        })
    }

    fn failed(&self, problem: Problem) -> GitHubError {
        let asked = asked(&self.method, &self.url);
        GitHubError::new(self.purpose.clone(), asked, problem)
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

fn asked(method: &Method, url: &Url) -> String {
    format!("{method} {}", shown(url.as_str(), 300))
}
