//! The client for GitHub's API: requests with credentials, rate limits, and retries.

mod graphql;

use bytes::Bytes;
use http::{Method, StatusCode};
use reqwest::Url;
use secrecy::SecretString;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::address::ApiAddress;
use super::app::App;
use super::authorization::TokenError;
use super::credentials::{Credentials, Mask};
use super::error::{ErrorKind, GitHubError, Purpose, RequestId};
use super::exchange::Exchange;
use super::installation::ListedInstallation;
use super::rate_limit_state::Cost;
use super::request::Request;
use super::response::Response;
use super::retry::send_with_retry;
use crate::report::scope::Scope;
use crate::report::source::Reader;

/// The largest file that's read. GitHub serves files up to 100 MB ("Get repository content").
const MAX_FILE_SIZE: usize = 110 * 1024 * 1024;

/// GitHub's API for one identity.
#[derive(Clone)]
pub(crate) struct Client {
    exchange: Exchange,
    credentials: Credentials,
}

/// Who sends the requests of a client.
pub(crate) enum Identity<'a> {
    /// The owner of a token.
    Token(&'a SecretString),
    /// A GitHub App as itself. Every secret is masked before it's used.
    App(&'a App, Mask),
    /// A GitHub App, for an organization or enterprise that it's installed on, with the installation
    /// if GitHub has listed it.
    Installation(&'a App, &'a Scope, Option<&'a ListedInstallation>, Mask),
}

impl Client {
    /// Creates a client for `identity`. All clients of a run share one `exchange`, and with it the
    /// rate limits.
    pub(crate) fn new(exchange: &Exchange, identity: Identity<'_>) -> Result<Self, TokenError> {
        Ok(Self {
            exchange: exchange.clone(),
            credentials: match identity {
                Identity::Token(token) => Credentials::token(token, exchange.clock.now())?,
                Identity::App(app, mask) => Credentials::app(app, mask),
                Identity::Installation(app, scope, listed, mask) => {
                    Credentials::installation(exchange.clone(), app, scope, listed, mask)
                }
            },
        })
    }

    /// Returns the URLs of the API.
    pub(crate) fn address(&self) -> &ApiAddress {
        &self.exchange.address
    }

    /// Returns whether the token is a person's, judging by its format. Any other token counts as an
    /// App's.
    pub(crate) fn acts_for_a_person(&self) -> bool {
        self.credentials.are_a_persons()
    }

    /// Returns who sends the requests.
    pub(crate) fn reader(&self) -> Reader {
        self.credentials.reader()
    }

    /// Reads `url` as a JSON object. Follows redirects within the API, and retries transient
    /// errors.
    ///
    /// Fails if there's no response, if GitHub refuses, if the response doesn't have the format of
    /// `T`, or if a URL leads away from the API.
    pub(crate) async fn get<T: DeserializeOwned>(
        &self,
        purpose: &Purpose,
        url: Url,
    ) -> Result<(T, Response), GitHubError> {
        let request = Request::reading(purpose, url);
        self.send(&request, Response::json).await
    }

    /// Reads `url` as a list of JSON objects. Otherwise works like [`Client::get`].
    pub(crate) async fn get_list<T: DeserializeOwned>(
        &self,
        purpose: &Purpose,
        url: Url,
    ) -> Result<(Vec<T>, Response), GitHubError> {
        let request = Request::reading(purpose, url);
        self.send(&request, Response::list).await
    }

    /// Reads a file's bytes. Otherwise works like [`Client::get`].
    pub(crate) async fn get_file(
        &self,
        purpose: &Purpose,
        url: Url,
        size: usize,
    ) -> Result<Bytes, GitHubError> {
        let request = Request {
            file_size: Some(size),
            ..Request::reading(purpose, url)
        };
        if size > MAX_FILE_SIZE {
            return Err(request.failed(ErrorKind::Unusable {
                status: StatusCode::OK,
                request_id: RequestId::default(),
                what: format!(
                    "it says that the file has {size} bytes, which is more than GitHub serves"
                ),
                is_complete: false,
            }));
        }
        let whole = |response: &Response| match response.body.len() {
            length if length == size => Ok(()),
            length => Err(response.unusable(&format!("it has {length} bytes instead of {size}"))),
        };
        let ((), response) = self.send(&request, whole).await?;
        Ok(response.body)
    }

    /// Sends `body` as JSON in a request that writes. Never repeats it blindly. After an error, the
    /// caller must check what happened.
    pub(crate) async fn write<T: DeserializeOwned>(
        &self,
        purpose: &Purpose,
        method: Method,
        url: Url,
        body: &(impl Serialize + Sync),
    ) -> Result<T, GitHubError> {
        let request = Request::sending(purpose, method, url, Cost::Write, body)?;
        let (read, _) = self.send(&request, Response::json).await?;
        Ok(read)
    }

    async fn send<T>(
        &self,
        request: &Request<'_>,
        read: impl Fn(&Response) -> Result<T, GitHubError>,
    ) -> Result<(T, Response), GitHubError> {
        send_with_retry(&self.exchange, &self.credentials, request, read).await
    }
}
