//! Decides whether and when to retry a failed request.
//!
//! For the artifact service, there are five attempts. The first wait is 3 seconds. Later ones are
//! random from 3·1.5ⁿ to 3·1.5ⁿ⁺¹ seconds, as in the official client (actions/toolkit,
//! `packages/artifact/src/internal/shared/artifact-twirp-client.ts`). There are two differences:
//!
//! - Connection errors are retried, too. The official client gives up at the first one. Retrying is
//!   safe, because a lost response costs at most a name. If the artifact was created, the service
//!   rejects its name in the next attempt, and we use another one.
//! - If `Retry-After` asks for a longer wait, we wait that long, up to a few minutes.
//!
//! If the artifact service limits the rate (429), different waits apply, as in the official client
//! since 6.3 (actions/toolkit, `packages/artifact/RELEASES.md`). `Retry-After` counts regardless of
//! the body. Without it, the first wait is 8 seconds, and later ones are longer. All waits together
//! are at most 120 seconds. A limited call doesn't count as one of the five attempts. If the
//! response doesn't have the service's format, we still check whether the call was carried out.
//!
//! For the blob store, there are four attempts, with waits of 0, 4, and 12 seconds between them, as
//! in Azure's own client (`StorageRetryPolicyV2` of Azure/azure-sdk-for-js). We also retry on 408,
//! 429, 502, and 504.

use std::time::{Duration, Instant};

use tracing::{debug, info};

use super::error::ArtifactError;
use super::request_failure::RequestFailure;
use crate::system::backoff::Backoff;
use crate::system::clock::{Clock, jitter};

/// The longest wait that a server can ask for. If it asks for a longer one, the request fails.
const MAX_WAIT: Duration = Duration::from_secs(300);

/// The maximum total time that one call waits for the artifact service's rate limit.
const MAX_LIMIT_WAIT: Duration = Duration::from_secs(120);

/// The waits for a rate limit if the responses don't say how long to wait.
const LIMIT_BACKOFF: Backoff = Backoff::new(Duration::from_secs(8), 1.5, MAX_LIMIT_WAIT);

/// The minimum waits for a rate limit if the responses say how long to wait. Repeated short waits
/// would only prolong the limit.
const MIN_LIMIT_BACKOFF: Backoff = Backoff::doubling(Duration::from_secs(1), MAX_LIMIT_WAIT);

/// The waits after failed calls to the artifact service.
const SERVICE_BACKOFF: Backoff = Backoff::new(Duration::from_secs(3), 1.5, MAX_WAIT);

/// The waits after failed requests to the store. [`store_wait`] subtracts the first one from each.
const STORE_BACKOFF: Backoff = Backoff::doubling(Duration::from_secs(4), MAX_WAIT);

/// The longest wait that's logged only as a debug line.
const MAX_SILENT_WAIT: Duration = Duration::from_secs(2);

/// The waits of one call for the artifact service's rate limit. The total is that of the planned
/// waits, not of the measured ones.
#[derive(Default)]
struct Limit {
    times: u32,
    waited: Duration,
}

impl Limit {
    /// How long to wait after another limited response. `asked` is the wait that it asks for, if
    /// any. Returns `None` if the wait would be too long. `random` is from 0 to 1.
    fn next(&mut self, asked: Option<Duration>, random: f64) -> Option<Duration> {
        self.times += 1;
        // A wait of zero would let us retry in a tight loop.
        let asked = asked.filter(|wait| !wait.is_zero());
        let own = match asked {
            Some(_) => MIN_LIMIT_BACKOFF.wait(self.times),
            None => LIMIT_BACKOFF.up_to_next(self.times, random),
        };
        let left = MAX_LIMIT_WAIT.saturating_sub(self.waited);
        let asked = asked.unwrap_or_default();
        if left < Duration::from_secs(1) || asked > left {
            return None;
        }
        let wait = own.min(left).max(asked);
        self.waited += wait;
        Some(wait)
    }
}

/// The attempts of one request.
pub(super) struct Retries<'a> {
    clock: &'a Clock,
    what: String,
    limit: u32,
    /// The wait after that many failures.
    schedule: fn(u32) -> Duration,
    failed: u32,
    /// The waits for a rate limit. `None` if that's like any other failure.
    limit_waits: Option<Limit>,
    began: Instant,
}

impl<'a> Retries<'a> {
    /// The attempts of a call to the artifact service.
    pub(super) fn of_service(clock: &'a Clock, what: String) -> Self {
        Self {
            limit_waits: Some(Limit::default()),
            ..Self::new(clock, what, 5, |failed| {
                SERVICE_BACKOFF.up_to_next(failed, jitter())
            })
        }
    }

    /// The attempts of a request to the store.
    pub(super) fn of_store(clock: &'a Clock, what: String) -> Self {
        Self::new(clock, what, 4, store_wait)
    }

    fn new(clock: &'a Clock, what: String, limit: u32, schedule: fn(u32) -> Duration) -> Self {
        Self {
            clock,
            what,
            limit,
            schedule,
            failed: 0,
            limit_waits: None,
            began: Instant::now(),
        }
    }

    /// Counts a failed attempt, and waits until the next one is due. Fails if there's no next one.
    pub(super) async fn after(&mut self, failure: RequestFailure) -> Result<(), ArtifactError> {
        if failure.status == Some(429)
            && let Some(limit) = &mut self.limit_waits
        {
            return wait_for_limit(self.clock, &self.what, limit, failure).await;
        }
        self.failed += 1;
        let what = self.what.clone();
        let failure = Box::new(failure);
        if failure.says("insufficient usage") {
            return Err(ArtifactError::Quota { what, failure });
        }
        if !failure.repeatable {
            return Err(ArtifactError::Refused { what, failure });
        }
        if self.failed >= self.limit {
            return Err(ArtifactError::GaveUp {
                what,
                tries: self.failed,
                elapsed: self.began.elapsed(),
                failure,
            });
        }
        let asked = failure.retry_after.unwrap_or_default();
        if asked > MAX_WAIT {
            return Err(ArtifactError::TooLongAWait {
                what,
                wait: asked,
                failure,
            });
        }
        let wait = (self.schedule)(self.failed).max(asked);
        let line = format!(
            "{what} failed: {failure}. Attempt {} of {} follows in {:.1} s",
            self.failed + 1,
            self.limit,
            wait.as_secs_f64(),
        );
        log_wait(wait, &line);
        self.clock.sleep(wait).await;
        Ok(())
    }
}

/// Waits until a rate-limited call can be retried. Fails if that would take too long.
async fn wait_for_limit(
    clock: &Clock,
    what: &str,
    limit: &mut Limit,
    failure: RequestFailure,
) -> Result<(), ArtifactError> {
    let asked = failure.retry_after;
    let Some(wait) = limit.next(asked, jitter()) else {
        return Err(ArtifactError::Limited {
            what: what.to_owned(),
            asked,
            waited: limit.waited,
            max: MAX_LIMIT_WAIT,
            failure: Box::new(failure),
        });
    };
    let line = format!(
        "{what} is rate limited: {failure}. Retrying in {:.1} s",
        wait.as_secs_f64()
    );
    log_wait(wait, &line);
    clock.sleep(wait).await;
    Ok(())
}

/// Logs a wait, but a short one only if someone looks for problems.
fn log_wait(wait: Duration, line: &str) {
    if wait > MAX_SILENT_WAIT {
        info!("{line}");
    } else {
        debug!("{line}");
    }
}

/// Whether a retry might help after this status from the artifact service.
pub(super) fn service_may_recover(status: u16) -> bool {
    matches!(status, 429 | 500 | 502 | 503 | 504)
}

/// Whether a retry might help after this status from the store.
pub(super) fn store_may_recover(status: u16) -> bool {
    matches!(status, 408 | 429 | 500 | 502 | 503 | 504)
}

/// The wait after that many failed requests to the store.
fn store_wait(failed: u32) -> Duration {
    STORE_BACKOFF.wait(failed) - STORE_BACKOFF.wait(0)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn waits_for_the_service_grow_like_those_of_the_official_clients() {
        let seconds = |failed, random| SERVICE_BACKOFF.up_to_next(failed, random).as_secs_f64();
        for random in [0.0, 0.999] {
            assert!((seconds(1, random) - 3.0).abs() < 1e-9);
        }
        for (failed, least, max) in [(2, 4.5, 6.75), (3, 6.75, 10.125), (4, 10.125, 15.1875)] {
            assert!((seconds(failed, 0.0) - least).abs() < 1e-9);
            assert!((seconds(failed, 1.0) - max).abs() < 1e-9);
        }
    }

    #[test]
    fn waits_for_a_limit_end_after_at_most_120_s_in_total() {
        for asked in [None, Some(0), Some(1), Some(7), Some(60), Some(120)] {
            for random in [0.0, 0.999] {
                let mut limit = Limit::default();
                let asked = asked.map(Duration::from_secs);
                let mut waits = Vec::new();
                while let Some(wait) = limit.next(asked, random) {
                    assert!(wait >= asked.unwrap_or_default());
                    waits.push(wait);
                }
                let sum: Duration = waits.iter().sum();
                assert!(sum <= MAX_LIMIT_WAIT && waits.len() <= 10, "{waits:?}");
                assert!(sum >= MAX_LIMIT_WAIT / 2, "{waits:?}");
            }
        }
        assert_eq!(
            Limit::default().next(Some(Duration::from_secs(121)), 0.5),
            None
        );
    }

    #[test]
    fn the_first_retry_of_the_store_does_not_wait() {
        assert_eq!(
            [1, 2, 3].map(|failed| store_wait(failed).as_secs()),
            [0, 4, 12]
        );
    }
}
