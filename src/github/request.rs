//! An immutable description of a request, which can be sent repeatedly.

use std::time::Duration;

use bytes::Bytes;
use http::Method;
use http::header::{ACCEPT, CONTENT_TYPE};
use octocrab::OctoBody;
use reqwest::Url;
use serde::Serialize;

use super::error::{ErrorKind, GitHubError, Purpose};
use super::rate_limit_state::Cost;
use crate::system::http::TransportError;
use crate::system::text::shown;

/// How long a response can take. GitHub ends a request after 10 seconds
/// ("Troubleshooting the REST API", "Timeouts"); the rest is for slow networks.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(30);

/// Bytes per second of a slow network. Large requests and responses get more time accordingly.
const MIN_BYTES_PER_SECOND: usize = 100_000;

/// A request that can be sent repeatedly.
pub(super) struct Request<'a> {
    pub(super) purpose: &'a Purpose,
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) body: Option<Bytes>,
    /// The size in bytes of the file that it reads. `None` if it reads JSON.
    pub(super) file_size: Option<usize>,
    pub(super) cost: Cost,
    /// Whether GitHub can carry it out twice without harm.
    pub(super) repeatable: bool,
}

impl<'a> Request<'a> {
    pub(super) fn reading(purpose: &'a Purpose, url: Url) -> Self {
        Self {
            purpose,
            method: Method::GET,
            url,
            body: None,
            file_size: None,
            cost: Cost::Read,
            repeatable: true,
        }
    }

    pub(super) fn sending(
        purpose: &'a Purpose,
        method: Method,
        url: Url,
        cost: Cost,
        body: &impl Serialize,
    ) -> Result<Self, GitHubError> {
        let mut request = Self {
            method,
            cost,
            repeatable: cost == Cost::Query,
            ..Self::reading(purpose, url)
        };
        let body = serde_json::to_vec(body)
            .map_err(|error| request.failed(TransportError::new(&error, None).into()))?;
        request.body = Some(body.into());
        Ok(request)
    }

    pub(super) fn within(&self) -> Duration {
        let size = self.body.as_ref().map_or(0, Bytes::len) + self.file_size.unwrap_or(0);
        RESPONSE_TIMEOUT + Duration::from_secs((size / MIN_BYTES_PER_SECOND) as u64)
    }

    /// Builds the request that octocrab sends to the server of `url`. Its URL is relative, because
    /// octocrab adds the token only to such a request.
    pub(super) fn build(&self, url: &Url) -> Result<http::Request<OctoBody>, http::Error> {
        let accept = match self.file_size {
            None => "application/vnd.github+json",
            Some(_) => "application/vnd.github.raw+json",
        };
        let query = url.query().map(|query| format!("?{query}"));
        let mut builder = http::Request::builder()
            .method(self.method.clone())
            .uri(format!("{}{}", url.path(), query.unwrap_or_default()))
            .header(ACCEPT, accept);
        if self.body.is_some() {
            builder = builder.header(CONTENT_TYPE, "application/json");
        }
        builder.body(match &self.body {
            Some(body) => OctoBody::from(body.clone()),
            None => OctoBody::empty(),
        })
    }

    pub(super) fn failed(&self, kind: ErrorKind) -> GitHubError {
        let asked = asked(&self.method, &self.url);
        GitHubError::new(self.purpose.clone(), asked, kind)
    }
}

/// Returns the method and URL, for messages.
pub(super) fn asked(method: &Method, url: &Url) -> String {
    format!("{method} {}", shown(url.as_str(), 300))
}
