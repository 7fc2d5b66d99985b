//! A response that refuses a request, with everything it says about the reason.

use std::fmt;

use http::{HeaderMap, StatusCode};

use super::{MAX_MESSAGE_CHARS, RequestId, RetryHeaders, header};
use crate::system::text::shown;

/// A response that refuses a request, with everything it says about the reason.
#[derive(Debug, Clone)]
pub(crate) struct ApiError {
    /// The status.
    pub status: StatusCode,
    /// The request ID.
    pub request_id: RequestId,
    /// GitHub's message.
    pub message: String,
    /// `X-OAuth-Scopes`: the scopes of a classic token.
    pub scopes: Option<String>,
    /// `X-Accepted-OAuth-Scopes`: the scopes of which one is enough.
    pub accepted_scopes: Option<String>,
    /// `X-Accepted-GitHub-Permissions`: what a fine-grained token or an App would need.
    pub accepted_permissions: Option<String>,
    /// `X-GitHub-SSO`: the page where the token must be authorized for single sign-on.
    pub single_sign_on: Option<String>,
    /// How long GitHub asks to wait.
    pub retry_headers: RetryHeaders,
}

impl ApiError {
    /// Reads a response of that status.
    pub(crate) fn new(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Self {
        #[derive(serde::Deserialize)]
        struct Body {
            message: String,
            #[serde(default)]
            errors: serde_json::Value,
        }
        let message = match serde_json::from_slice::<Body>(body) {
            Ok(Body { message, errors }) if errors.is_array() => {
                shown(&format!("{message} {errors}"), MAX_MESSAGE_CHARS)
            }
            Ok(Body { message, .. }) => shown(&message, MAX_MESSAGE_CHARS),
            Err(_) => shown(&String::from_utf8_lossy(body), 200),
        };
        let text = |name| header(headers, name).map(|value| shown(value, MAX_MESSAGE_CHARS));
        Self {
            status,
            request_id: RequestId::of(headers),
            message,
            scopes: text("x-oauth-scopes"),
            accepted_scopes: text("x-accepted-oauth-scopes").filter(|scopes| !scopes.is_empty()),
            accepted_permissions: text("x-accepted-github-permissions"),
            single_sign_on: text("x-github-sso").and_then(|value| {
                let (_, address) = value.split_once("url=")?;
                Some(address.trim().to_owned())
            }),
            retry_headers: RetryHeaders::of(headers),
        }
    }

    /// Returns the status, the request ID, and GitHub's message.
    pub(super) fn answer(&self) -> String {
        let colon = if self.message.is_empty() { "" } else { ": " };
        format!("{}{}{colon}{}", self.status, self.request_id, self.message)
    }

    /// Returns whether a rate limit is the reason. A 403 is a limit or a missing permission, and
    /// only the headers and the message show which ("Rate limits for the REST API", "Exceeding the
    /// rate limit").
    pub(crate) fn is_limit(&self) -> bool {
        self.status == StatusCode::TOO_MANY_REQUESTS
            || (self.status == StatusCode::FORBIDDEN
                && (self.retry_headers.retry_after.is_some()
                    || (self.retry_headers.remaining == Some(0) && !self.names_a_permission())
                    || self.message.to_lowercase().contains("rate limit")))
    }

    /// Returns whether GitHub's message is the one for a missing permission. The last request of an
    /// hour can get it like any other.
    fn names_a_permission(&self) -> bool {
        self.message.contains("Resource not accessible by")
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Response: {}", self.answer())?;
        if let Some(accepted) = &self.accepted_scopes
            && let Some(has) = &self.scopes
        {
            if !has_one_of(has, accepted) {
                let has = if has.is_empty() { "none" } else { has };
                write!(
                    f,
                    "\n  Missing: A classic token needs one of these scopes: {accepted}. This token has: {has}"
                )?;
            }
        } else if let Some(permissions) = &self.accepted_permissions {
            write!(
                f,
                "\n  Missing: A fine-grained token or a GitHub App needs the permission {permissions}"
            )?;
        }
        if self.single_sign_on.is_some() {
            f.write_str("\n  Missing: The token isn't authorized for single sign-on.")?;
        }
        Ok(())
    }
}

/// Returns whether one of the scopes that a token `has` is one of the `accepted`, or includes it.
/// `admin:` and `write:` include `read:` ("Scopes for OAuth apps").
fn has_one_of(has: &str, accepted: &str) -> bool {
    let split = |scopes: &str| -> Vec<String> {
        scopes
            .split(',')
            .map(|scope| scope.trim().to_owned())
            .filter(|scope| !scope.is_empty())
            .collect()
    };
    let has = split(has);
    split(accepted).iter().any(|accepted| {
        let wider = accepted.strip_prefix("read:").map(|what| {
            has.contains(&format!("write:{what}")) || has.contains(&format!("admin:{what}"))
        });
        has.contains(accepted) || wider == Some(true)
    })
}
