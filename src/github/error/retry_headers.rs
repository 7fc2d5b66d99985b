//! Parses `Retry-After`, the `X-RateLimit` headers, and `Date`.

use std::time::Duration;

use http::HeaderMap;
use jiff::{SignedDuration, Timestamp};

use super::{date_of, header};

/// A week, which is longer than any of GitHub's limits lasts.
const MAX_WAIT: Duration = Duration::from_secs(7 * 24 * 3600);

/// How long GitHub asks to wait ("Rate limits for the REST API", "Exceeding the rate limit").
#[derive(Debug, Clone, Default)]
pub(crate) struct RetryHeaders {
    /// `Retry-After`: how long GitHub asks to wait. `None` if it's zero.
    pub retry_after: Option<Duration>,
    /// `X-RateLimit-Remaining`: requests left in this hour.
    pub remaining: Option<u64>,
    /// `X-RateLimit-Reset`: when the hour ends, by the server's clock.
    reset: Option<Timestamp>,
    /// `Date`: the server's clock.
    pub date: Option<Timestamp>,
}

impl RetryHeaders {
    /// Reads the headers of a response.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let number = |name| header(headers, name)?.trim().parse::<i64>().ok();
        Self {
            retry_after: header(headers, "retry-after")
                .and_then(|value| value.trim().parse().ok())
                .filter(|seconds| *seconds > 0)
                .map(|seconds| Duration::from_secs(seconds).min(MAX_WAIT)),
            remaining: number("x-ratelimit-remaining").and_then(|left| left.try_into().ok()),
            reset: number("x-ratelimit-reset").and_then(|time| Timestamp::from_second(time).ok()),
            date: date_of(headers),
        }
    }

    /// Returns how long the response asks to wait for a rate limit: `Retry-After`, or the rest of
    /// the hour if no request is left in it.
    pub(crate) fn wait(&self, now: Timestamp) -> Option<Duration> {
        let reset_in = || {
            let left = self.reset_in(now).filter(|_| self.remaining == Some(0))?;
            // Both times are in whole seconds, so the wait can be up to a second longer.
            Some(left + Duration::from_secs(1))
        };
        self.retry_after.or_else(reset_in)
    }

    /// Returns how long until the hour ends. Its end and the time of the response are by GitHub's
    /// clock. `now` is by ours, for a response without a time.
    pub(crate) fn reset_in(&self, now: Timestamp) -> Option<Duration> {
        let left = self.reset?.duration_since(self.date.unwrap_or(now));
        let left = left.max(SignedDuration::ZERO).unsigned_abs();
        Some(left.min(MAX_WAIT))
    }
}
