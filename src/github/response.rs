//! A successful response from GitHub, and how its body is read.

use bytes::Bytes;
use http::header::LOCATION;
use http::{HeaderMap, StatusCode};
use reqwest::Url;
use serde::de::{DeserializeOwned, IgnoredAny};

use super::address::ApiAddress;
use super::error::{ErrorKind, GitHubError, Purpose, RequestId};
use super::strict::MapOnly;
use crate::report::source::Answer;
use crate::system::text::shown;

/// A successful response from GitHub.
#[derive(Debug)]
pub(crate) struct Response {
    pub(super) purpose: Purpose,
    pub(super) asked: String,
    /// The URL that it came from, after redirects.
    pub url: Url,
    pub(super) status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body, decompressed.
    pub body: Bytes,
}

impl Response {
    /// Returns how GitHub answered.
    pub(super) fn answer(&self) -> Answer {
        Answer {
            status: self.status.as_u16(),
            request_id: RequestId::of(&self.headers).recorded(),
        }
    }

    /// Reads the body as a JSON object.
    pub(crate) fn json<T: DeserializeOwned>(&self) -> Result<T, GitHubError> {
        self.value().map(|MapOnly(read)| read)
    }

    /// Reads the body as a list of JSON objects.
    pub(crate) fn list<T: DeserializeOwned>(&self) -> Result<Vec<T>, GitHubError> {
        let read: Vec<MapOnly<T>> = self.value()?;
        Ok(read.into_iter().map(|MapOnly(entry)| entry).collect())
    }

    fn value<T: DeserializeOwned>(&self) -> Result<T, GitHubError> {
        serde_json::from_slice(&self.body).map_err(|plain| {
            let mut deserializer = serde_json::Deserializer::from_slice(&self.body);
            match serde_path_to_error::deserialize::<_, T>(&mut deserializer) {
                Err(error) if plain.is_data() => self.of_another_form(&format!(
                    "at `{}`: {}",
                    shown(&error.path().to_string(), 100),
                    shown(&without_value(&error.inner().to_string()), 200)
                )),
                _ => self.unusable(&format!(
                    "it is not JSON ({}); {}",
                    shown(&plain.to_string(), 100),
                    self.beginning()
                )),
            }
        })
    }

    /// Returns the error that the response doesn't have the format that GitHub documents. A
    /// complete body would be the same again, but a truncated one can differ the next time.
    pub(crate) fn of_another_form(&self, what: &str) -> GitHubError {
        let is_complete = serde_json::from_slice::<IgnoredAny>(&self.body).is_ok();
        self.unusable_as(what, is_complete)
    }

    /// Describes the body by its start if it's text, such as a proxy's page. Data can name people,
    /// so none of it is shown.
    fn beginning(&self) -> String {
        let first = self.body.trim_ascii_start().first();
        if first.is_some_and(|byte| *byte == b'<' || byte.is_ascii_alphabetic()) {
            // Long enough to contain the whole of any secret whose start is shown.
            let beginning = String::from_utf8_lossy(&self.body[..self.body.len().min(20_000)]);
            format!("it starts with {:?}", shown(&beginning, 80))
        } else {
            format!("it has {} bytes and is cut off or damaged", self.body.len())
        }
    }

    /// Returns the error that the response can't be used because of `what`.
    pub(crate) fn unusable(&self, what: &str) -> GitHubError {
        self.unusable_as(what, false)
    }

    fn unusable_as(&self, what: &str, is_complete: bool) -> GitHubError {
        self.failed(ErrorKind::Unusable {
            status: self.status,
            request_id: RequestId::of(&self.headers),
            what: what.to_owned(),
            is_complete,
        })
    }

    /// Returns the URL of a page that the response links to, if it's GitHub's own.
    pub(crate) fn linked(&self, address: &str, api: &ApiAddress) -> Result<Url, GitHubError> {
        match self.url.join(address) {
            Ok(url) if api.owns(&url) => Ok(url),
            Ok(url) => Err(self.failed(ErrorKind::Foreign(origin(&url)))),
            Err(_) => Err(self.unusable("it links to something that isn't a URL")),
        }
    }

    /// Returns where a redirect leads. The caller checks that the URL is GitHub's own.
    pub(super) fn redirect(&self) -> Result<Url, GitHubError> {
        self.headers
            .get(LOCATION)
            .and_then(|location| self.url.join(location.to_str().ok()?).ok())
            .ok_or_else(|| self.unusable("it's a redirect without a URL"))
    }

    pub(super) fn failed(&self, kind: ErrorKind) -> GitHubError {
        GitHubError::new(self.purpose.clone(), self.asked.clone(), kind)
    }
}

/// Returns what a message says about a value of the wrong type, without the value, which can be a
/// name.
fn without_value(message: &str) -> String {
    match (message.find(" \""), message.rfind("\", expected")) {
        (Some(begin), Some(end)) if begin < end => {
            format!("{}{}", &message[..begin], &message[end + 1..])
        }
        _ => message.to_owned(),
    }
}

/// Returns the origin of a URL, for messages.
pub(super) fn origin(url: &Url) -> String {
    shown(&url.origin().ascii_serialization(), 200)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_of_the_wrong_kind_is_not_shown() {
        for (message, shown) in [
            (
                "invalid type: string \"octo\\\"cat\", expected u64",
                "invalid type: string, expected u64",
            ),
            (
                "invalid type: map, expected a sequence",
                "invalid type: map, expected a sequence",
            ),
            ("\"yesterday\" isn't a time", "\"yesterday\" isn't a time"),
        ] {
            assert_eq!(without_value(message), shown);
        }
    }
}
