//! Parses `Retry-After`, the `X-RateLimit` headers, and `Date`.

use std::time::Duration;

use http::HeaderMap;
use jiff::{SignedDuration, Timestamp};

use super::{date_of, header};

/// A week. More than any limit of GitHub's lasts is as good as for ever.
const MAX_WAIT: Duration = Duration::from_secs(7 * 24 * 3600);

/// When GitHub says to ask again ("Rate limits for the REST API", "Exceeding the rate limit").
#[derive(Debug, Clone, Default)]
pub(crate) struct RetryHeaders {
    /// `Retry-After`: how long GitHub asks to stay away; where that is no time at all, nothing.
    pub retry_after: Option<Duration>,
    /// `X-RateLimit-Remaining`: requests left in this hour.
    pub remaining: Option<u64>,
    /// `X-RateLimit-Reset`: when the hour ends, by the server's clock.
    reset: Option<Timestamp>,
    /// `Date`: the server's clock.
    pub date: Option<Timestamp>,
}

impl RetryHeaders {
    /// Reads the headers of an answer.
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

    /// How long the answer asks to wait for a rate limit: `Retry-After`, else until the hour ends
    /// where nothing remains of it.
    pub(crate) fn wait(&self, now: Timestamp) -> Option<Duration> {
        let reset_in = || {
            let left = self.reset_in(now).filter(|_| self.remaining == Some(0))?;
            // Neither time has a fraction.
            Some(left + Duration::from_secs(1))
        };
        self.retry_after.or_else(reset_in)
    }

    /// How long the hour still lasts. Its end is a time of GitHub's clock, and so is the time of
    /// the answer; `now` is ours, for an answer without one.
    pub(crate) fn reset_in(&self, now: Timestamp) -> Option<Duration> {
        let left = self.reset?.duration_since(self.date.unwrap_or(now));
        let left = left.max(SignedDuration::ZERO).unsigned_abs();
        Some(left.min(MAX_WAIT))
    }
}
