//! Describes a failed request in a form that's safe to show.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use reqwest::header::HeaderMap;

use crate::system::http::{Http, TransportError, read_body};
use crate::system::text;

/// The maximum number of characters of a server's message to show.
const MAX_SHOWN_CHARS: usize = 500;

/// The maximum size of a response body, in bytes. Both services send only a few kilobytes.
const MAX_BODY_SIZE: usize = 1 << 20;

/// A failed request: the error response, or the reason there's no response.
///
/// It can be printed anywhere, because the server's messages are truncated, their control
/// characters are escaped, and the request's secrets are redacted.
#[derive(Clone, Debug)]
pub struct RequestFailure {
    /// The status, if there's a response.
    pub(super) status: Option<u16>,
    /// The service's own error code, or an empty string.
    pub(super) code: String,
    message: String,
    request_id: Option<String>,
    /// How long the server asks to wait.
    pub(super) retry_after: Option<Duration>,
    /// Whether the server might have carried out the request anyway.
    pub(super) may_have_applied: bool,
    /// Whether a retry might help.
    pub(super) repeatable: bool,
}

impl RequestFailure {
    /// There was no complete response to a request that `http` sent.
    pub(super) fn no_answer(http: &Http, error: reqwest::Error) -> Self {
        let via = error.url().and_then(|url| http.via(url));
        // The URL of the blob store is a secret.
        let error = TransportError::new(&error.without_url(), via);
        Self {
            status: None,
            code: String::new(),
            message: error.words(),
            request_id: None,
            retry_after: None,
            may_have_applied: true,
            repeatable: true,
        }
    }

    /// The server returned an error status. `code` and `message` are the server's, and `repeatable`
    /// says whether a retry might help.
    pub(super) fn answered(
        status: u16,
        headers: &HeaderMap,
        (code, message): (&str, &str),
        repeatable: bool,
        secrets: &[&str],
    ) -> Self {
        let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        Self {
            status: Some(status),
            code: shown(code, secrets),
            message: shown(message, secrets),
            request_id: header("x-github-request-id")
                .or_else(|| header("x-ms-request-id"))
                .map(|id| shown(id, secrets)),
            retry_after: header("retry-after")
                .and_then(|seconds| seconds.trim().parse().ok())
                .map(Duration::from_secs),
            // An error from a gateway doesn't say what the server behind it did.
            may_have_applied: status >= 500,
            repeatable,
        }
    }

    /// Whether the message contains `words`, which are lowercase. Ignores the case of the message.
    pub(super) fn says(&self, words: &str) -> bool {
        self.message.to_lowercase().contains(words)
    }
}

impl fmt::Display for RequestFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.status {
            None => write!(f, "no response ({})", self.message)?,
            Some(status) => {
                write!(f, "HTTP {status}")?;
                if !self.code.is_empty() {
                    write!(f, " {}", self.code)?;
                }
                if !self.message.is_empty() {
                    write!(f, ", \"{}\"", self.message)?;
                }
            }
        }
        if let Some(id) = &self.request_id {
            write!(f, " (request ID {id})")?;
        }
        Ok(())
    }
}

/// Reads a body up to [`MAX_BODY_SIZE`].
pub(super) async fn read(response: &mut reqwest::Response) -> Result<Bytes, reqwest::Error> {
    let body = read_body(MAX_BODY_SIZE, async || response.chunk().await).await?;
    Ok(body.bytes)
}

/// A server's message that's safe to show: without `secrets` or control characters, and truncated.
fn shown(text: &str, secrets: &[&str]) -> String {
    let mut text = text.to_owned();
    for secret in secrets {
        // A shorter string isn't a secret, and replacing it would garble the message.
        if secret.len() >= 6 {
            text = text.replace(secret, "***");
        }
    }
    text::shown(&text, MAX_SHOWN_CHARS)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn text_from_a_server_is_one_short_line_without_secrets() {
        assert_eq!(
            shown("bad\n::warning::\x1b[0m", &[]),
            "bad\\n::warning::\\u{1b}[0m"
        );
        assert_eq!(
            shown("token s3cr3t-value!", &["s3cr3t-value", ""]),
            "token ***!"
        );
        assert_eq!(shown(&"é".repeat(501), &[]).chars().count(), 501);
        assert_eq!(shown(&"é".repeat(500), &[]).chars().count(), 500);
    }

    #[test]
    fn a_failed_answer_is_described_on_one_line() {
        let mut headers = HeaderMap::new();
        headers.insert("x-github-request-id", "AB:12".parse().unwrap());
        headers.insert("retry-after", "7".parse().unwrap());
        let failure = RequestFailure::answered(503, &headers, ("unavailable", "later"), true, &[]);
        assert_eq!(
            failure.to_string(),
            "HTTP 503 unavailable, \"later\" (request ID AB:12)"
        );
        assert_eq!(failure.retry_after, Some(Duration::from_secs(7)));
    }
}
