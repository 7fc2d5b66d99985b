//! The `Authorization` header of a request, and how a retry gets a new one.

use std::hash::{BuildHasher as _, BuildHasherDefault, DefaultHasher};

use http::HeaderValue;
use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};

use super::error::{ApiError, GitHubError, Purpose};

/// A token that can't be part of a header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the token has characters that tokens can't have")]
pub(crate) struct TokenError;

/// A token, and the rate limit that its requests count toward.
#[derive(Clone)]
pub(super) struct Authorization {
    /// Valid in a header. [`Authorization::new`] has checked it.
    pub(super) token: SecretString,
    /// Identifies whose rate limit the requests count toward, without being a secret.
    pub(super) quota: u64,
    /// When an App's JWT was signed.
    pub(super) made: Timestamp,
}

impl Authorization {
    pub(super) fn new(
        token: SecretString,
        quota: u64,
        made: Timestamp,
    ) -> Result<Self, TokenError> {
        HeaderValue::from_str(token.expose_secret()).map_err(|_| TokenError)?;
        Ok(Self { token, quota, made })
    }
}

/// Provides the `Authorization` header for requests.
pub(super) trait Authorize {
    /// Returns whether a GitHub App sends the request.
    fn is_app(&self) -> bool;

    /// Returns the authorization for the next request for `purpose`.
    async fn authorization(
        &self,
        purpose: &Purpose,
        now: Timestamp,
    ) -> Result<Authorization, GitHubError>;

    /// Returns whether a retry can get something better than `used`, which GitHub rejected as
    /// unauthorized.
    async fn renew(&self, api_error: &ApiError, used: &Authorization, now: Timestamp) -> bool;
}

/// Turns `owner` into a number that identifies whose rate limit is used.
pub(super) fn quota_of(owner: &str) -> u64 {
    BuildHasherDefault::<DefaultHasher>::default().hash_one(owner)
}
