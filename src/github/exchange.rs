//! Sends a request once. No other code asks the rate limiter, sends requests to GitHub, follows
//! redirects, or reads bodies.

use std::convert::Infallible;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::TryStreamExt as _;
use http::header::AGE;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri};
use http_body_util::BodyExt as _;
use jiff::Timestamp;
use octocrab::service::middleware::base_uri::BaseUriLayer;
use octocrab::service::middleware::extra_headers::ExtraHeadersLayer;
use octocrab::service::middleware::reqwest_connector::ReqwestConnector;
use octocrab::{AuthState, Octocrab, OctocrabBuilder};
use reqwest::Url;

use super::address::ApiAddress;
use super::authorization::Authorization;
use super::error::{ApiError, ErrorKind, GitHubError, RequestId, RetryHeaders};
use super::rate_limit_state::{Outcome, Quota};
use super::rate_limiter::RateLimiter;
use super::request::{Request, asked};
use super::response::{Response, origin};
use crate::report::source::API_VERSION;
use crate::system::clock::Clock;
use crate::system::http::{Http, TransportError, read_body};

/// The header with the version of the REST API that responses are parsed as.
const VERSION_HEADER: (HeaderName, HeaderValue) = (
    HeaderName::from_static("x-github-api-version"),
    HeaderValue::from_static(API_VERSION),
);

/// The largest JSON response. A page of a hundred seats has about 200 KB.
const MAX_JSON_SIZE: usize = 32 * 1024 * 1024;

/// How much is read of an unsuccessful response, which is only used for messages.
const MAX_ERROR_SIZE: usize = 1024 * 1024;

const MAX_REDIRECTS: usize = 5;

/// Sends the requests of all clients of a run.
#[derive(Clone)]
pub(crate) struct Exchange {
    /// One for each of [`ApiAddress::origins`].
    servers: [Octocrab; 2],
    http: Http,
    /// The URLs of the API.
    pub(super) address: ApiAddress,
    pub(super) clock: Clock,
    pub(super) rate_limiter: Arc<RateLimiter>,
}

impl Exchange {
    /// Creates an exchange for the API at `address`. Needs a Tokio runtime.
    pub(crate) fn new(
        http: Http,
        address: ApiAddress,
        clock: Clock,
        rate_limiter: RateLimiter,
    ) -> Self {
        Self {
            servers: address.origins().map(|origin| octocrab(&http, origin)),
            http,
            address,
            clock,
            rate_limiter: Arc::new(rate_limiter),
        }
    }

    /// Sends a request once. Follows redirects within the API if the request only reads.
    pub(super) async fn send(
        &self,
        request: &Request<'_>,
        authorization: &Authorization,
    ) -> Result<Response, GitHubError> {
        let mut url = request.url.clone();
        for _ in 0..=MAX_REDIRECTS {
            let response = self.round_trip(request, authorization, &url).await?;
            if !response.status.is_redirection() {
                return Ok(response);
            }
            let next = response.redirect()?;
            if !self.address.owns(&next) {
                return Err(response.failed(ErrorKind::Foreign(origin(&next))));
            }
            if request.method != Method::GET {
                return Err(response.unusable(
                    "it's a redirect, and the action doesn't follow redirects when it writes",
                ));
            }
            url = next;
        }
        Err(request.failed(ErrorKind::Unusable {
            status: StatusCode::FOUND,
            request_id: RequestId::default(),
            what: format!("more than {MAX_REDIRECTS} redirects in a row"),
            is_complete: false,
        }))
    }

    async fn round_trip(
        &self,
        request: &Request<'_>,
        authorization: &Authorization,
        url: &Url,
    ) -> Result<Response, GitHubError> {
        let failed = |kind| {
            let asked = asked(&request.method, url);
            GitHubError::new(request.purpose.clone(), asked, kind)
        };
        let Some(server) = self.address.server_of(url) else {
            return Err(failed(ErrorKind::Foreign(origin(url))));
        };
        let mut permit = self
            .rate_limiter
            .admit(request.cost, authorization.quota)
            .await
            .map_err(|limit| failed(ErrorKind::WaitBudgetExceeded(limit)))?;
        let exchanged = tokio::time::timeout(
            self.clock.patience(request.within()),
            self.receive(request, authorization, (&self.servers[server], url)),
        )
        .await
        .unwrap_or_else(|_| {
            let timeout = TransportError::timeout(request.within(), self.http.via(url));
            Err(Box::new(timeout.into()))
        });
        let (status, headers, body) = exchanged.map_err(|kind| failed(*kind))?;
        if let Some(date) = github_date(&headers) {
            self.clock.observe(date);
        }
        permit.quota = self.quota_in(&headers);
        permit.outcome = Outcome::of(status);
        if !status.is_success() && !status.is_redirection() {
            return Err(failed(ErrorKind::Refused(ApiError::new(
                status, &headers, &body,
            ))));
        }
        Ok(Response {
            purpose: request.purpose.clone(),
            asked: asked(&request.method, url),
            url: url.clone(),
            status,
            headers,
            body,
        })
    }

    async fn receive(
        &self,
        request: &Request<'_>,
        authorization: &Authorization,
        (server, url): (&Octocrab, &Url),
    ) -> Result<(StatusCode, HeaderMap, Bytes), Box<ErrorKind>> {
        let broken = |error: &(dyn std::error::Error + 'static)| -> Box<ErrorKind> {
            Box::new(TransportError::new(error, self.http.via(url)).into())
        };
        let asked = asked(&request.method, url);
        tracing::debug!("{asked}");
        let request_to_send = request.build(url).map_err(|error| broken(&error))?;
        let response = server
            .user_access_token(authorization.token.clone())
            .map_err(|error| broken(&error))?
            .execute(request_to_send)
            .await
            .map_err(|error| broken(&error))?;
        let (parts, incoming) = response.into_parts();
        let request_id = RequestId::of(&parts.headers);
        tracing::debug!("{asked}: {}{request_id}", parts.status);
        let max = if parts.status.is_success() {
            request.file_size.unwrap_or(MAX_JSON_SIZE)
        } else {
            MAX_ERROR_SIZE
        };
        let mut chunks = incoming.into_data_stream();
        let body = read_body(max, async || chunks.try_next().await)
            .await
            .map_err(|error| broken(&error))?;
        if body.is_cut_off && parts.status.is_success() {
            return Err(Box::new(ErrorKind::Unusable {
                status: parts.status,
                request_id,
                what: format!("it's larger than {max} bytes"),
                is_complete: false,
            }));
        }
        Ok((parts.status, parts.headers, body.bytes))
    }

    fn quota_in(&self, headers: &HeaderMap) -> Option<Quota> {
        let retry_headers = RetryHeaders::of(headers);
        Some(Quota {
            remaining: retry_headers.remaining?,
            reset: self.clock.elapsed() + retry_headers.reset_in(self.clock.now())?,
        })
    }
}

/// Creates the octocrab client for the API's server at `origin`.
///
/// octocrab adds that origin and the version of the API. It also adds the token, which each
/// request's copy of the client contains. It does so only for relative URLs, so the token can't be
/// sent elsewhere.
///
/// Our own code reads the responses, because octocrab's code would break promises:
///
/// - `map_github_error` and `FromResponse` read a body of any size, and repeat the status of an
///   empty one as GitHub's message.
/// - `GraphqlError` drops `type`, which identifies a missing permission, and keeps every error of
///   an endless list. The models reject a seat granted by an enterprise team, drop `total_seats`,
///   and don't support enterprise seats.
/// - `AuthState::Installation` can't narrow the token's permissions, mask it, or correct the clock,
///   and needs a second crypto library. `AuthHeaderLayer` keeps one token forever.
/// - `ExtraHeadersLayer` adds a second `Accept` rather than a default one.
fn octocrab(http: &Http, origin: &Uri) -> Octocrab {
    let built: Result<Octocrab, Infallible> = OctocrabBuilder::new_empty()
        .with_service(ReqwestConnector::new(http.client().clone()))
        .with_layer(&BaseUriLayer::new(origin.clone()))
        .with_layer(&ExtraHeadersLayer::new(Arc::new(vec![VERSION_HEADER])))
        .with_auth(AuthState::None)
        .build();
    let Ok(octocrab) = built;
    octocrab
}

/// Returns GitHub's time if the response comes from GitHub itself. A proxy's page has no request
/// ID, and a cached response has an age.
fn github_date(headers: &HeaderMap) -> Option<Timestamp> {
    let is_github = headers.contains_key("x-github-request-id") && !headers.contains_key(AGE);
    RetryHeaders::of(headers).date.filter(|_| is_github)
}
