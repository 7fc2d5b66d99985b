//! Decides which failed requests are sent again, how often, and when.
//!
//! - No response (refused, reset, timed out, cut off): networks and load balancers fail briefly.
//!   GitHub's own plugin for retries in its SDKs (octokit/plugin-retry.js) repeats these requests.
//! - 500, 502, 503, 504, and any other 5xx status: GitHub ends requests after 10 seconds with a 5xx
//!   status ("Troubleshooting the REST API", "Timeouts"), and its documentation asks to try later.
//! - A response that isn't JSON or isn't complete: a proxy's page, or a truncated body.
//! - A response that's complete but not in the documented format: once more, because the next one
//!   is probably the same.
//! - 403 or 429 because of a rate limit: after the time in the response, or after one minute, then
//!   two, then four ("Rate limits for the REST API", "Exceeding the rate limit"), as long as
//!   [`super::rate_limiter`] allows. GitHub didn't carry out such a request, so this includes
//!   requests that write.
//!
//! If a run can do without the response ([`super::error::Purpose::is_optional`]), a request isn't
//! sent again after GitHub asks to wait.
//!
//! If any other response has `Retry-After`, all requests wait that long.
//!
//! Other requests that write are never repeated blindly. The caller must first check whether GitHub
//! carried them out ([`super::commit`]). Everything else is final, because the next response would
//! be the same.

use std::time::Duration;

use jiff::Timestamp;

use super::error::{ErrorKind, GitHubError, RetryHeaders};
use crate::system::backoff::Backoff;
use crate::system::clock::jitter;

/// How many times a request is tried in total.
const MAX_TRIES: u32 = 6;

/// How many responses in an undocumented format are read before giving up.
const MAX_TRIES_OF_UNEXPECTED_FORM: u32 = 2;

/// The waits between two tries.
const BACKOFF: Backoff = Backoff::doubling(Duration::from_secs(1), Duration::from_secs(30));

/// The minimum waits for a limit if the responses say how long. Asking every second until a limit
/// is lifted would only prolong it.
const MIN_LIMIT_BACKOFF: Backoff = Backoff::doubling(Duration::from_secs(1), MINUTE);

/// The waits for a limit if the responses don't say how long.
const LIMIT_BACKOFF: Backoff = Backoff::doubling(MINUTE, MINUTE.saturating_mul(64));

const MINUTE: Duration = Duration::from_secs(60);

/// What to do after a try that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Verdict {
    /// How long every request waits, because GitHub asked for it.
    pub hold: Option<Duration>,
    /// How long this request waits before the next try, if we chose a longer wait for it. `None`
    /// to give up.
    pub retry: Option<Duration>,
}

/// The tries of one request.
#[derive(Debug, Default)]
pub(crate) struct RetryPolicy {
    failed: u32,
    unexpected: u32,
    limited: u32,
}

impl RetryPolicy {
    /// Decides what to do after a try that failed with `error` at `now`, by our clock. `repeatable`
    /// says whether GitHub can carry out the request twice.
    pub(crate) fn after(
        &mut self,
        error: &GitHubError,
        repeatable: bool,
        now: Timestamp,
    ) -> Verdict {
        if let Some(retry_headers) = error.limit() {
            self.limited += 1;
            return Verdict {
                hold: Some(limit_wait(retry_headers, self.limited, now)),
                retry: Some(Duration::ZERO),
            };
        }
        let hold = error.retry_after();
        let given_up = Verdict { hold, retry: None };
        // Nothing was sent, because the wait would have been too long.
        if matches!(*error.kind, ErrorKind::WaitBudgetExceeded(_)) {
            return given_up;
        }
        self.failed += 1;
        if matches!(
            *error.kind,
            ErrorKind::Unusable {
                is_complete: true,
                ..
            }
        ) {
            self.unexpected += 1;
        }
        if !repeatable
            || !error.is_transient()
            || self.failed >= MAX_TRIES
            || self.unexpected >= MAX_TRIES_OF_UNEXPECTED_FORM
        {
            return given_up;
        }
        let wait = BACKOFF.around(self.failed, jitter());
        let is_longer = hold.is_none_or(|asked| asked < wait);
        let retry = Some(if is_longer { wait } else { Duration::ZERO });
        Verdict { hold, retry }
    }

    /// Returns how many times the request was tried.
    pub(crate) fn count(&self) -> u32 {
        self.failed + self.limited
    }
}

/// Returns how long to wait after a request was limited that many `times`.
fn limit_wait(retry_headers: &RetryHeaders, times: u32, now: Timestamp) -> Duration {
    match retry_headers.wait(now) {
        Some(wait) => wait.max(MIN_LIMIT_BACKOFF.wait(times)),
        None => LIMIT_BACKOFF.wait(times),
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderValue, StatusCode};

    use super::super::error::{ApiError, Purpose};
    use super::super::names::RepositoryName;
    use super::*;

    fn answered(status: u16, headers: &[(&'static str, &'static str)]) -> Option<GitHubError> {
        let headers: HeaderMap = headers
            .iter()
            .filter_map(|(name, value)| Some((name.parse().ok()?, HeaderValue::from_static(value))))
            .collect();
        let status = StatusCode::from_u16(status).ok()?;
        let api_error = ApiError::new(status, &headers, br#"{"message":"no"}"#);
        let repository = RepositoryName::parse("octo/audit").ok()?;
        Some(GitHubError::new(
            Purpose::Commit(repository),
            "GET /".to_owned(),
            ErrorKind::Refused(api_error),
        ))
    }

    fn next(
        status: u16,
        headers: &[(&'static str, &'static str)],
        repeatable: bool,
    ) -> Option<Verdict> {
        let now = Timestamp::from_second(1_000).ok()?;
        Some(RetryPolicy::default().after(&answered(status, headers)?, repeatable, now))
    }

    fn held(seconds: u64) -> Option<Verdict> {
        let hold = Some(Duration::from_secs(seconds));
        Some(Verdict {
            hold,
            retry: Some(Duration::ZERO),
        })
    }

    #[test]
    fn temporary_failures_of_github_are_retried_and_its_answers_are_not() {
        let given_up = Some(Verdict {
            hold: None,
            retry: None,
        });
        for status in [500, 502, 503, 504] {
            assert!(
                matches!(
                    next(status, &[], true),
                    Some(Verdict { hold: None, retry: Some(wait) }) if !wait.is_zero()
                ),
                "{status}"
            );
            assert_eq!(next(status, &[], false), given_up, "{status}");
            let asked = held(120);
            assert_eq!(
                next(status, &[("retry-after", "120")], true),
                asked,
                "{status}"
            );
        }
        for status in [400, 401, 403, 404, 409, 422] {
            assert_eq!(next(status, &[], true), given_up, "{status}");
        }
    }

    #[test]
    fn a_limit_is_waited_out_as_its_answer_says_even_for_writes() {
        for repeatable in [true, false] {
            assert_eq!(next(429, &[("retry-after", "7")], repeatable), held(7));
            assert_eq!(next(403, &[("retry-after", "7")], repeatable), held(7));
            let exhausted = [
                ("x-ratelimit-remaining", "0"),
                ("x-ratelimit-reset", "1090"),
            ];
            assert_eq!(next(403, &exhausted, repeatable), held(91));
            assert_eq!(next(429, &[], repeatable), held(60));
        }
    }

    #[test]
    fn retries_wait_longer_each_time_and_end() {
        let mut tries = RetryPolicy::default();
        let mut waits = Vec::new();
        while let Some(error) = answered(502, &[]) {
            match tries.after(&error, true, Timestamp::UNIX_EPOCH) {
                Verdict {
                    hold: None,
                    retry: Some(wait),
                } => waits.push(wait),
                _ => break,
            }
        }
        assert_eq!((waits.len(), tries.count()), (5, 6));
        for (n, wait) in (0..).zip(&waits) {
            let base = Duration::from_secs(2_u64.pow(n));
            assert!(*wait >= base / 2 && *wait <= base * 3 / 2, "{waits:?}");
        }
    }
}
