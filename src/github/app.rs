//! A GitHub App: who it is, and how it proves that ("Generating a JSON Web Token for a GitHub
//! App").
//!
//! An App asks for itself with an assertion that its key signed, and for an organization or
//! enterprise with a token that lasts an hour; [`super::credentials`] has the second.

mod key;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jiff::Timestamp;
use secrecy::SecretString;

use super::error::ApiError;

pub(crate) use key::PrivateKey;

/// How far back an assertion is dated, in seconds. GitHub asks for it, because a runner's clock
/// may be ahead of its own.
const IAT_SKEW: i64 = 60;

/// How long an assertion is good for, in seconds from now. GitHub takes ten minutes at most, by
/// its own clock.
const JWT_LIFETIME: i64 = 8 * 60;

/// The client ID of a GitHub App. Its App ID is taken too, as GitHub does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ClientId(String);

/// Why a text cannot be the client ID of a GitHub App.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "it isn't the client ID of a GitHub App. A client ID has only letters, digits, and dots (`Iv23…`), and the App's settings page shows it."
)]
pub(crate) struct ClientIdError;

impl ClientId {
    /// Checks an ID that somebody gave.
    pub(crate) fn parse(text: &str) -> Result<Self, ClientIdError> {
        let fits = (1..=64).contains(&text.len())
            && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '.');
        fits.then(|| Self(text.to_owned())).ok_or(ClientIdError)
    }

    /// The ID.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A GitHub App with its key.
#[derive(Debug, Clone)]
pub(crate) struct App {
    client_id: ClientId,
    key: PrivateKey,
    /// By how many seconds GitHub's clock is ahead of ours, if they differ too much.
    ahead: Arc<AtomicI64>,
}

impl App {
    /// An App of that ID, which signs with that key.
    pub(crate) fn new(client_id: ClientId, key: PrivateKey) -> Self {
        Self {
            client_id,
            key,
            ahead: Arc::default(),
        }
    }

    /// Its client ID.
    pub(crate) fn client_id(&self) -> &ClientId {
        &self.client_id
    }

    /// A JWT, signed by RS256, which proves at the time `now` that a request is the App's. `None` if
    /// the system has no random numbers.
    pub(super) fn assertion(&self, now: Timestamp) -> Option<SecretString> {
        let now = now.as_second() + self.ahead.load(Ordering::Relaxed);
        let part = |value: serde_json::Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
        let header = part(serde_json::json!({ "alg": "RS256", "typ": "JWT" }));
        let claims = part(serde_json::json!({
            "iat": now - IAT_SKEW,
            "exp": now + JWT_LIFETIME,
            "iss": self.client_id.as_str(),
        }));
        let signed = format!("{header}.{claims}");
        let signature = BASE64_URL_SAFE_NO_PAD.encode(self.key.sign(&signed)?);
        Some(format!("{signed}.{signature}").into())
    }

    /// Whether it is worth asking again, at the time `now`, after this refusal of what was signed
    /// at `signed`. Where GitHub says that the clocks differ, assertions follow GitHub's from here on.
    pub(super) fn should_resign(
        &self,
        api_error: &ApiError,
        signed: Timestamp,
        now: Timestamp,
    ) -> bool {
        // It waited for a rate limit for longer than it was good.
        if now.as_second() - signed.as_second() >= JWT_LIFETIME {
            return true;
        }
        let about_time = ["claim ('iat')", "claim ('exp')"];
        let Some(theirs) = api_error.retry_headers.date.filter(|_| {
            about_time
                .iter()
                .any(|claim| api_error.message.contains(claim))
        }) else {
            return false;
        };
        let ahead = theirs.as_second() - now.as_second();
        let before = self.ahead.swap(ahead, Ordering::Relaxed);
        // Much the same time would be refused again.
        let signed_for = signed.as_second() + before;
        if (theirs.as_second() - signed_for).abs() <= IAT_SKEW / 2 {
            return false;
        }
        if ahead.abs() <= IAT_SKEW / 2 {
            // The clock is corrected by now, and has said so.
            return true;
        }
        let (by, how) = (
            ahead.unsigned_abs(),
            if ahead < 0 { "ahead of" } else { "behind" },
        );
        tracing::warn!(
            "This machine's clock is {by} s {how} GitHub's, so GitHub rejected the App's JWT. The action signs it again with GitHub's time. The report's time is still this machine's. Correct the runner's clock."
        );
        true
    }
}
