//! A GitHub App's identity, and the JWT that proves it ("Generating a JSON Web Token for a GitHub
//! App").
//!
//! An App authenticates as itself with a JWT that its key signed. For an organization or
//! enterprise, it uses a token that lasts an hour, which [`super::credentials`] provides.

mod key;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jiff::Timestamp;
use secrecy::SecretString;

use super::error::ApiError;

pub(crate) use key::PrivateKey;

/// How far in the past a JWT is dated, in seconds. GitHub asks for this, because a runner's clock
/// may be ahead of GitHub's.
const IAT_SKEW: i64 = 60;

/// How long a JWT is valid, in seconds from now. GitHub accepts at most ten minutes, by its own
/// clock.
const JWT_LIFETIME: i64 = 8 * 60;

/// The client ID of a GitHub App. The App ID also works, as it does with GitHub.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ClientId(String);

/// Why a string can't be the client ID of a GitHub App.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "it isn't the client ID of a GitHub App. A client ID has only letters, digits, and dots (`Iv23…`), and the App's settings page shows it."
)]
pub(crate) struct ClientIdError;

impl ClientId {
    /// Parses an ID from the user.
    pub(crate) fn parse(text: &str) -> Result<Self, ClientIdError> {
        let fits = (1..=64).contains(&text.len())
            && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '.');
        fits.then(|| Self(text.to_owned())).ok_or(ClientIdError)
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// A GitHub App with its key.
#[derive(Debug, Clone)]
pub(crate) struct App {
    client_id: ClientId,
    key: PrivateKey,
    /// How many seconds GitHub's clock is ahead of ours, if they differ too much.
    ahead: Arc<AtomicI64>,
}

impl App {
    pub(crate) fn new(client_id: ClientId, key: PrivateKey) -> Self {
        Self {
            client_id,
            key,
            ahead: Arc::default(),
        }
    }

    pub(crate) fn client_id(&self) -> &ClientId {
        &self.client_id
    }

    /// Returns a JWT, signed with RS256, that authenticates the App at the time `now`. `None` if
    /// the system provides no random numbers.
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

    /// Returns whether to retry at the time `now` after GitHub refused the JWT that was signed at
    /// `signed`. If GitHub says that the clocks differ, later JWTs use GitHub's time.
    pub(super) fn should_resign(
        &self,
        api_error: &ApiError,
        signed: Timestamp,
        now: Timestamp,
    ) -> bool {
        // The request waited for a rate limit until its JWT expired.
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
        // GitHub would refuse nearly the same time again.
        let signed_for = signed.as_second() + before;
        if (theirs.as_second() - signed_for).abs() <= IAT_SKEW / 2 {
            return false;
        }
        if ahead.abs() <= IAT_SKEW / 2 {
            // The clock has been corrected in the meantime, and has logged that.
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
