//! What came back from a request that didn't succeed, safe to show.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use reqwest::header::HeaderMap;

use crate::system::http::{Http, TransportError, read_body};
use crate::system::text;

/// How much of a server's text is shown.
const MAX_SHOWN_CHARS: usize = 500;

/// How much of a body is read. Both services send a few kilobytes.
const MAX_BODY_SIZE: usize = 1 << 20;

/// A request without success: what came back, or why nothing did.
///
/// Texts of the server are cut to a bounded length, their control characters are escaped and the
/// secrets of the request are replaced, so that it can be printed anywhere.
#[derive(Clone, Debug)]
pub struct RequestFailure {
    status: Option<u16>,
    code: String,
    message: String,
    request_id: Option<String>,
    retry_after: Option<Duration>,
    may_have_applied: bool,
    repeatable: bool,
}

impl RequestFailure {
    /// Nothing came back, or not all of it, to a request that `http` sent.
    pub(super) fn no_answer(http: &Http, error: reqwest::Error) -> Self {
        let via = error.url().and_then(|url| http.via(url));
        // The address is secret in one of the two services.
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

    /// An answer with a status that is no success. `code` and `message` are the server's words,
    /// `repeatable` says whether a further try may help.
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
            // A gateway's complaint says nothing about what the server behind it did.
            may_have_applied: status >= 500,
            repeatable,
        }
    }

    /// The same, where the body was not of the agreed form: nothing is known of what the server
    /// did, and it was most likely not the server that spoke.
    pub(super) fn malformed(mut self) -> Self {
        self.may_have_applied = true;
        self
    }

    /// The status, if there's a response.
    pub fn status(&self) -> Option<u16> {
        self.status
    }

    /// The service's own error code, or an empty text.
    pub fn code(&self) -> &str {
        &self.code
    }

    /// How long the server asks to wait.
    pub(super) fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }

    /// Whether the server may have done what was asked all the same.
    pub(super) fn may_have_applied(&self) -> bool {
        self.may_have_applied
    }

    /// Whether a further try may help.
    pub(super) fn repeatable(&self) -> bool {
        self.repeatable
    }

    /// Whether the text has `words`, in whatever case.
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
                    write!(f, ", {:?}", RawDisplay(&self.message))?;
                }
            }
        }
        if let Some(id) = &self.request_id {
            write!(f, " (request ID {id})")?;
        }
        Ok(())
    }
}

/// Puts a text between quotes without escaping it a second time.
struct RawDisplay<'a>(&'a str);

impl fmt::Debug for RawDisplay<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.0)
    }
}

/// Reads a body, up to a size that no honest one has.
pub(super) async fn read(response: &mut reqwest::Response) -> Result<Bytes, reqwest::Error> {
    let body = read_body(MAX_BODY_SIZE, async || response.chunk().await).await?;
    Ok(body.bytes)
}

/// A text of a server as it may be shown: without `secrets`, without control characters, bounded.
fn shown(text: &str, secrets: &[&str]) -> String {
    let mut text = text.to_owned();
    for secret in secrets {
        // What is shorter is no secret, and replacing it would garble the text.
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
    fn a_text_of_a_server_is_bounded_on_one_line_and_without_secrets() {
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
    fn what_came_back_is_told_in_one_line() {
        let mut headers = HeaderMap::new();
        headers.insert("x-github-request-id", "AB:12".parse().unwrap());
        headers.insert("retry-after", "7".parse().unwrap());
        let failure = RequestFailure::answered(503, &headers, ("unavailable", "later"), true, &[]);
        assert_eq!(
            failure.to_string(),
            "HTTP 503 unavailable, \"later\" (request ID AB:12)"
        );
        assert_eq!(failure.retry_after(), Some(Duration::from_secs(7)));
    }
}
