//! What is tried again, how often and when: one policy for every request to GitHub.
//!
//! - No answer (refused, reset, timed out, cut off): networks and load balancers fail for moments;
//!   GitHub's own guide to resilience in its SDKs (octokit/plugin-retry.js) repeats these.
//! - 500, 502, 503, 504 (and any other 5xx): GitHub ends requests after 10 seconds with a 5xx ("Troubleshooting the
//!   REST API", "Timeouts"), and its documentation asks to try later.
//! - An answer that is not the JSON it should be: a proxy's page, a body cut off on its way.
//! - 403 or 429 for a rate limit: after the wait that the answer tells ("Rate limits for the REST
//!   API", "Exceeding the rate limit"). Such a request was not carried out, so this holds for
//!   requests that write, too.
//!
//! Any other request that writes is never repeated blindly: whoever sent it must first look
//! whether it was carried out ([`super::commit`]). Everything else is an answer: it would be the
//! same again.

use std::time::Duration;

use super::error::{GitHubError, GraphqlError, Problem, Refusal};
use crate::clock::jitter;

/// How many times a request is tried in all.
const TRIES: u32 = 6;

/// How many times a rate limit is waited for.
const LIMITS: u32 = 6;

/// The first wait; each further one is twice as long.
const FIRST_WAIT: Duration = Duration::from_secs(1);

/// The longest wait between two tries.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// What to do after a try that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Try again after this wait of our own.
    After(Duration),
    /// Let every request wait that long, then try again: GitHub said so.
    Hold(Duration),
    /// Give up.
    GiveUp,
}

/// The tries of one request.
#[derive(Debug, Default)]
pub struct Tries {
    failed: u32,
    limited: u32,
}

impl Tries {
    /// Decides after a try that failed with `error` at the Unix time `now`. `repeatable` says
    /// whether the request may be carried out twice.
    pub fn after(&mut self, error: &GitHubError, repeatable: bool, now: i64) -> Next {
        if let Some(refusal) = error.refusal()
            && refusal.is_limit()
        {
            self.limited += 1;
            if self.limited >= LIMITS {
                return Next::GiveUp;
            }
            return Next::Hold(limit_wait(refusal, self.limited, now));
        }
        if let Problem::Graphql { errors, .. } = &*error.problem
            && let Some(wait) = graphql_limit_wait(errors, self.limited + 1)
        {
            self.limited += 1;
            return if self.limited >= LIMITS {
                Next::GiveUp
            } else {
                Next::Hold(wait)
            };
        }
        // Where the wait would be too long nothing was sent.
        if matches!(*error.problem, Problem::TooLong(_)) {
            return Next::GiveUp;
        }
        self.failed += 1;
        if !repeatable || !error.is_passing() || self.failed >= TRIES {
            return Next::GiveUp;
        }
        let wait = FIRST_WAIT * 2_u32.pow(self.failed - 1);
        let wait = wait.min(LONGEST_WAIT).mul_f64(0.5 + jitter());
        match error.refusal().and_then(|refusal| refusal.retry_after) {
            Some(asked) => Next::Hold(asked.max(wait)),
            None => Next::After(wait),
        }
    }

    /// How many times it was tried.
    #[must_use]
    pub fn count(&self) -> u32 {
        self.failed + self.limited
    }
}

/// How long a rate limit's answer asks to wait: `Retry-After`, else until `X-RateLimit-Reset`
/// where nothing remains, else a minute, and twice as long each time.
fn limit_wait(refusal: &Refusal, times: u32, now: i64) -> Duration {
    let second = Duration::from_secs(1);
    if let Some(wait) = refusal.retry_after {
        return wait.max(second);
    }
    match refusal.reset {
        Some(reset) if refusal.remaining == Some(0) => {
            let left = u64::try_from(reset.saturating_sub(now)).unwrap_or_default();
            // The clocks of two machines differ a little.
            Duration::from_secs(left) + second
        }
        _ => Duration::from_secs(60) * 2_u32.pow(times.saturating_sub(1).min(6)),
    }
}

/// GraphQL may say so with status 200. What is left of the hour stands in the answer's headers,
/// which the governor has seen already, so the primary limit needs no wait of its own here.
fn graphql_limit_wait(errors: &[GraphqlError], times: u32) -> Option<Duration> {
    errors.iter().find_map(|error| {
        if error.is_secondary_limit() {
            Some(Duration::from_secs(60) * 2_u32.pow(times.saturating_sub(1).min(6)))
        } else {
            error.is_limit().then_some(Duration::from_secs(1))
        }
    })
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderValue, StatusCode};

    use super::super::error::Purpose;
    use super::super::names::RepositoryName;
    use super::*;

    fn answered(status: u16, headers: &[(&'static str, &'static str)]) -> Option<GitHubError> {
        let headers: HeaderMap = headers
            .iter()
            .filter_map(|(name, value)| Some((name.parse().ok()?, HeaderValue::from_static(value))))
            .collect();
        let status = StatusCode::from_u16(status).ok()?;
        let refusal = Refusal::new(status, &headers, br#"{"message":"no"}"#);
        let repository = RepositoryName::parse("octo/audit").ok()?;
        Some(GitHubError::new(
            Purpose::Commit(repository),
            "GET /".to_owned(),
            Problem::Refused(refusal),
        ))
    }

    fn next(
        status: u16,
        headers: &[(&'static str, &'static str)],
        repeatable: bool,
    ) -> Option<Next> {
        Some(Tries::default().after(&answered(status, headers)?, repeatable, 1_000))
    }

    #[test]
    fn githubs_stumbling_is_tried_again_and_its_answers_are_not() {
        for status in [500, 502, 503, 504] {
            assert!(
                matches!(next(status, &[], true), Some(Next::After(_))),
                "{status}"
            );
            assert_eq!(next(status, &[], false), Some(Next::GiveUp), "{status}");
            let asked = Some(Next::Hold(Duration::from_secs(120)));
            assert_eq!(
                next(status, &[("retry-after", "120")], true),
                asked,
                "{status}"
            );
        }
        for status in [400, 401, 403, 404, 409, 422] {
            assert_eq!(next(status, &[], true), Some(Next::GiveUp), "{status}");
        }
    }

    #[test]
    fn a_limit_is_waited_for_as_its_answer_says_also_when_writing() {
        let seconds = |seconds| Some(Next::Hold(Duration::from_secs(seconds)));
        for repeatable in [true, false] {
            assert_eq!(next(429, &[("retry-after", "7")], repeatable), seconds(7));
            assert_eq!(next(403, &[("retry-after", "7")], repeatable), seconds(7));
            let exhausted = [
                ("x-ratelimit-remaining", "0"),
                ("x-ratelimit-reset", "1090"),
            ];
            assert_eq!(next(403, &exhausted, repeatable), seconds(91));
            assert_eq!(next(429, &[], repeatable), seconds(60));
        }
    }

    #[test]
    fn waits_grow_and_have_an_end() {
        let mut tries = Tries::default();
        let mut waits = Vec::new();
        while let Some(error) = answered(502, &[]) {
            match tries.after(&error, true, 0) {
                Next::After(wait) => waits.push(wait),
                _ => break,
            }
        }
        assert_eq!((waits.len(), tries.count()), (5, 6));
        for (n, wait) in (0..).zip(&waits) {
            let base = FIRST_WAIT * 2_u32.pow(n);
            assert!(*wait >= base / 2 && *wait <= base * 3 / 2, "{waits:?}");
        }
    }
}
