//! Sending a request to GitHub and taking its answer: the one place where a token is attached, a
//! redirect is followed and a body is read.

use bytes::{Bytes, BytesMut};
use http::header::{ACCEPT, CONTENT_TYPE, LOCATION};
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

use super::address::ApiAddress;
use super::error::{GitHubError, GraphqlError, Problem, Purpose, Refusal, RequestId, Unreachable};
use crate::text::shown;

/// The version of the REST API that the answers are read as ("API versions").
const API_VERSION: (HeaderName, HeaderValue) = (
    HeaderName::from_static("x-github-api-version"),
    HeaderValue::from_static("2022-11-28"),
);

/// The largest answer that is taken: GitHub serves files up to 100 MB ("Get repository content"),
/// and everything else is far smaller.
const LARGEST_BODY: usize = 110 * 1024 * 1024;

/// How many redirects of one request are followed.
const REDIRECTS: usize = 5;

/// GitHub's API with one token.
#[derive(Clone)]
pub struct Client {
    octocrab: Octocrab,
    address: ApiAddress,
}

/// In what form an answer is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Accept {
    /// JSON.
    Json,
    /// A file's bytes.
    Raw,
}

/// An answer that GitHub gave with success.
#[derive(Debug)]
pub struct Answer {
    purpose: Purpose,
    asked: String,
    /// The address that answered, after redirects.
    pub url: Url,
    status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body, decompressed.
    pub body: Bytes,
}

/// A token that cannot stand in a header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the token has characters that no token has")]
pub struct TokenError;

impl Client {
    /// The API at `address` with `token`. Needs a tokio runtime.
    ///
    /// # Errors
    /// Where the token cannot stand in a header.
    pub fn new(
        http: reqwest::Client,
        address: ApiAddress,
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
        Ok(Self { octocrab, address })
    }

    /// Where the API is.
    #[must_use]
    pub fn address(&self) -> &ApiAddress {
        &self.address
    }

    /// Reads `url`, following redirects within the API.
    ///
    /// # Errors
    /// Where no answer came, GitHub refused, or an address leads away from the API.
    pub async fn get(
        &self,
        purpose: &Purpose,
        url: Url,
        accept: Accept,
    ) -> Result<Answer, GitHubError> {
        let mut url = url;
        for _ in 0..REDIRECTS {
            let answer = self.send(purpose, Method::GET, &url, accept, None).await?;
            if !answer.status.is_redirection() {
                return Ok(answer);
            }
            url = answer.redirect()?;
        }
        Err(GitHubError {
            purpose: purpose.clone(),
            asked: asked(&Method::GET, &url),
            problem: Box::new(Problem::Unusable {
                status: StatusCode::FOUND,
                request_id: RequestId::default(),
                what: format!("more than {REDIRECTS} redirects one after another"),
            }),
        })
    }

    /// Sends `body` as JSON.
    ///
    /// # Errors
    /// Where no answer came, GitHub refused, or answered with a redirect, which is not followed
    /// for a request that writes.
    pub async fn send_json(
        &self,
        purpose: &Purpose,
        method: Method,
        url: &Url,
        body: &(impl Serialize + Sync),
    ) -> Result<Answer, GitHubError> {
        let body = serde_json::to_vec(body).map_err(|error| GitHubError {
            purpose: purpose.clone(),
            asked: asked(&method, url),
            problem: Box::new(Problem::Unreachable(Unreachable::new(&error))),
        })?;
        let answer = self
            .send(purpose, method, url, Accept::Json, Some(body))
            .await?;
        if answer.status.is_redirection() {
            answer.redirect()?;
            return Err(answer.unusable("it is a redirect, which is not followed when writing"));
        }
        Ok(answer)
    }

    /// Asks GraphQL.
    ///
    /// # Errors
    /// As [`Client::send_json`], and where the answer lists errors: GraphQL says so with status
    /// 200, and half of an answer is not used.
    pub async fn graphql<T: DeserializeOwned>(
        &self,
        purpose: &Purpose,
        query: &str,
        variables: &(impl Serialize + Sync),
    ) -> Result<T, GitHubError> {
        #[derive(Serialize)]
        struct Question<'a, V> {
            query: &'a str,
            variables: &'a V,
        }
        #[derive(serde::Deserialize)]
        struct Reply<T> {
            data: Option<T>,
        }
        #[derive(serde::Deserialize)]
        struct Errors {
            #[serde(default)]
            errors: Vec<GraphqlError>,
        }
        let question = Question { query, variables };
        let url = self.address.graphql();
        let answer = self
            .send_json(purpose, Method::POST, url, &question)
            .await?;
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

    async fn send(
        &self,
        purpose: &Purpose,
        method: Method,
        url: &Url,
        accept: Accept,
        body: Option<Vec<u8>>,
    ) -> Result<Answer, GitHubError> {
        let asked = asked(&method, url);
        let failed = |problem| GitHubError {
            purpose: purpose.clone(),
            asked: asked.clone(),
            problem: Box::new(problem),
        };
        if !self.address.owns(url) {
            return Err(failed(Problem::Foreign {
                address: origin(url),
            }));
        }
        let mut request = http::Request::builder()
            .method(method)
            .uri(url.as_str())
            .header(
                ACCEPT,
                match accept {
                    Accept::Json => "application/vnd.github+json",
                    Accept::Raw => "application/vnd.github.raw+json",
                },
            )
            .header(API_VERSION.0, API_VERSION.1);
        if body.is_some() {
            request = request.header(CONTENT_TYPE, "application/json");
        }
        let request = request
            .body(body.map_or_else(OctoBody::empty, OctoBody::from))
            .map_err(|error| failed(Problem::Unreachable(Unreachable::new(&error))))?;
        tracing::debug!("{asked}");
        let response = self
            .octocrab
            .send(request)
            .await
            .map_err(|error| failed(Problem::Unreachable(Unreachable::new(&error))))?;

        let (parts, mut incoming) = response.into_parts();
        let request_id = RequestId::of(&parts.headers);
        tracing::debug!("{asked}: {}{request_id}", parts.status);
        let mut body = BytesMut::new();
        while let Some(frame) = incoming.frame().await {
            let frame =
                frame.map_err(|error| failed(Problem::Unreachable(Unreachable::new(&error))))?;
            if let Some(data) = frame.data_ref() {
                if body.len() + data.len() > LARGEST_BODY {
                    return Err(failed(Problem::Unusable {
                        status: parts.status,
                        request_id,
                        what: format!("it is larger than {LARGEST_BODY} bytes"),
                    }));
                }
                body.extend_from_slice(data);
            }
        }
        if !parts.status.is_success() && !parts.status.is_redirection() {
            return Err(failed(Problem::Refused(Refusal::new(
                parts.status,
                &parts.headers,
                &body,
            ))));
        }
        Ok(Answer {
            purpose: purpose.clone(),
            asked,
            url: url.clone(),
            status: parts.status,
            headers: parts.headers,
            body: body.freeze(),
        })
    }
}

impl Answer {
    /// Reads the body as JSON.
    ///
    /// # Errors
    /// Where it is not JSON or not of the form `T`; the error names the place in it.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, GitHubError> {
        serde_json::from_slice(&self.body).map_err(|plain| {
            let mut deserializer = serde_json::Deserializer::from_slice(&self.body);
            match serde_path_to_error::deserialize::<_, T>(&mut deserializer) {
                Err(error) if plain.is_data() => self.unusable(&format!(
                    "at `{}`: {}",
                    shown(&error.path().to_string(), 100),
                    shown(&error.inner().to_string(), 200)
                )),
                _ => self.unusable(&format!(
                    "it is not JSON ({}); it begins with {:?}",
                    shown(&plain.to_string(), 100),
                    shown(
                        &String::from_utf8_lossy(&self.body[..self.body.len().min(400)]),
                        80
                    )
                )),
            }
        })
    }

    /// The error that this answer cannot be used, because of `what`.
    #[must_use]
    pub fn unusable(&self, what: &str) -> GitHubError {
        self.failed(Problem::Unusable {
            status: self.status,
            request_id: RequestId::of(&self.headers),
            what: what.to_owned(),
        })
    }

    /// The address of a page that this answer links to, once it is sure to be GitHub's own.
    ///
    /// # Errors
    /// Where it leads away from the API.
    pub fn linked(&self, address: &str, api: &ApiAddress) -> Result<Url, GitHubError> {
        match self.url.join(address) {
            Ok(url) if api.owns(&url) => Ok(url),
            Ok(url) => Err(self.failed(Problem::Foreign {
                address: origin(&url),
            })),
            Err(_) => Err(self.unusable("it links to something that is no address")),
        }
    }

    /// Where a redirect leads; whether that is GitHub's own is looked at before anything is sent.
    fn redirect(&self) -> Result<Url, GitHubError> {
        self.headers
            .get(LOCATION)
            .and_then(|location| self.url.join(location.to_str().ok()?).ok())
            .ok_or_else(|| self.unusable("it is a redirect without an address"))
    }

    fn failed(&self, problem: Problem) -> GitHubError {
        GitHubError {
            purpose: self.purpose.clone(),
            asked: self.asked.clone(),
            problem: Box::new(problem),
        }
    }
}

fn asked(method: &Method, url: &Url) -> String {
    format!("{method} {}", shown(url.as_str(), 300))
}

fn origin(url: &Url) -> String {
    shown(&url.origin().ascii_serialization(), 200)
}
