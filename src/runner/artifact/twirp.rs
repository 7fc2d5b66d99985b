//! Calls the artifact service, whose protocol is Twirp (JSON over POST).

use std::time::Duration;

use reqwest::Url;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE};
use serde_json::Value;
use tracing::debug;

use super::request_failure::{self, RequestFailure};
use super::retries::{Retries, service_may_recover};
use super::token::RuntimeToken;
use crate::system::clock::Clock;
use crate::system::http::Http;

/// The path of the service (actions/toolkit,
/// `packages/artifact/src/generated/results/api/v1/artifact.ts`).
const SERVICE: &str = "twirp/github.actions.results.api.v1.ArtifactService";

/// The timeout of one call, which is the same as in the official client.
const TIMEOUT: Duration = Duration::from_secs(180);

/// A Twirp client for the artifact service.
#[derive(Debug)]
pub(super) struct Twirp {
    pub(super) http: Http,
    pub(super) clock: Clock,
    /// Scheme, host, and port only.
    pub(super) origin: Url,
    pub(super) token: RuntimeToken,
}

impl Twirp {
    /// Calls `method` once. Succeeds if the response is any JSON with a 2xx status.
    pub(super) async fn call(
        &self,
        method: &str,
        request: &Value,
    ) -> Result<Value, RequestFailure> {
        let no_answer = |error| RequestFailure::no_answer(&self.http, error);
        let mut response = self
            .http
            .client()
            .post(format!("{}{SERVICE}/{method}", self.origin))
            .timeout(self.clock.patience(TIMEOUT))
            .header(CONTENT_TYPE, "application/json")
            .header(AUTHORIZATION, &self.token.bearer)
            .body(request.to_string())
            .send()
            .await
            .map_err(no_answer)?;
        let body = request_failure::read(&mut response)
            .await
            .map_err(no_answer)?;
        let status = response.status();
        debug!("{method}: HTTP {status}, {} bytes", body.len());
        let json: Option<Value> = serde_json::from_slice(&body).ok();

        let failure = |words: (&str, &str), repeatable| {
            let (status, secrets) = (status.as_u16(), [self.token.expose()]);
            let headers = response.headers();
            let mut failure =
                RequestFailure::answered(status, headers, words, repeatable, &secrets);
            // The service's own errors have a code. Without one, most likely something else
            // responded, so it isn't known what the service did.
            failure.may_have_applied |= words.0.is_empty();
            failure
        };
        Err(match json {
            _ if status.is_redirection() => failure(("", "a redirect"), false),
            Some(json) if status.is_success() => return Ok(json),
            Some(json) => {
                let word = |name| json.get(name).and_then(Value::as_str).unwrap_or_default();
                let repeatable = service_may_recover(status.as_u16());
                failure((word("code"), word("msg")), repeatable)
            }
            // The body isn't shown, because it might be part of a response with a signed URL in it.
            None if status.is_success() => failure(("", "a body that is not JSON"), true),
            None => failure(("", &String::from_utf8_lossy(&body)), true),
        })
    }

    /// The retries of a call to `method` for `name`.
    pub(super) fn retries(&self, method: &str, name: &str) -> Retries<'_> {
        Retries::of_service(&self.clock, format!("{method} for {name}"))
    }
}
