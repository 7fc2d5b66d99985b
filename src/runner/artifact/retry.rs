//! When a failed request is tried again, and when not.
//!
//! The artifact service: five tries, after 3 s, then a random time from 3·1.5ⁿ to 3·1.5ⁿ⁺¹ s, as
//! the official client does (actions/toolkit,
//! `packages/artifact/src/internal/shared/artifact-twirp-client.ts`). Two things differ from it:
//!
//! - Connection errors are tried again as well; the official client gives up at the first. It is
//!   safe, because an answer that was lost costs at most a name: where the artifact had been
//!   created, the next try hears that its name is taken and takes another.
//! - `Retry-After` is honoured where it asks for more, up to a few minutes.
//!
//! The store: four tries, after 0, 4 and 12 s, as Azure's own client for it does
//! (`StorageRetryPolicyV2` of Azure/azure-sdk-for-js), here also on 408, 429, 502 and 504.

use std::time::{Duration, Instant};

use tracing::warn;

use super::answer::Trouble;
use super::error::ArtifactError;
use crate::clock::{Clock, jitter};

/// The longest pause a server can ask for before it is told as an error instead.
const LONGEST_WAIT: Duration = Duration::from_secs(300);

/// The tries of one request.
pub(super) struct Retries<'a> {
    clock: &'a Clock,
    what: String,
    limit: u32,
    /// The wait after so many failures.
    schedule: fn(u32) -> Duration,
    failed: u32,
    began: Instant,
}

impl<'a> Retries<'a> {
    /// The tries of a call of the artifact service.
    pub(super) fn of_service(clock: &'a Clock, what: String) -> Self {
        Self::new(clock, what, 5, |failed| service_wait(failed, jitter()))
    }

    /// The tries of a request to the store.
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
            began: Instant::now(),
        }
    }

    /// Takes note of a failed try and waits until the next one is due.
    ///
    /// # Errors
    ///
    /// Where there is to be no further try.
    pub(super) async fn after(&mut self, trouble: Trouble) -> Result<(), ArtifactError> {
        self.failed += 1;
        let what = self.what.clone();
        let trouble = Box::new(trouble);
        if trouble.says("insufficient usage") {
            return Err(ArtifactError::Quota { what, trouble });
        }
        if !trouble.repeatable() {
            return Err(ArtifactError::Refused { what, trouble });
        }
        if self.failed >= self.limit {
            return Err(ArtifactError::GaveUp {
                what,
                tries: self.failed,
                elapsed: self.began.elapsed(),
                trouble,
            });
        }
        let asked = trouble.retry_after().unwrap_or_default();
        if asked > LONGEST_WAIT {
            return Err(ArtifactError::TooLongAWait {
                what,
                wait: asked,
                trouble,
            });
        }
        let wait = (self.schedule)(self.failed).max(asked);
        warn!(
            "{what} failed: {trouble}. Try {} of {} follows in {:.1} s",
            self.failed + 1,
            self.limit,
            wait.as_secs_f64(),
        );
        self.clock.sleep(wait).await;
        Ok(())
    }
}

/// Whether a further try may help after a status of the artifact service.
pub(super) fn service_may_recover(status: u16) -> bool {
    matches!(status, 429 | 500 | 502 | 503 | 504)
}

/// Whether a further try may help after a status of the store.
pub(super) fn store_may_recover(status: u16) -> bool {
    matches!(status, 408 | 429 | 500 | 502 | 503 | 504)
}

/// The wait after so many failed calls of the artifact service; `random` is from 0 to 1.
fn service_wait(failed: u32, random: f64) -> Duration {
    let shortest = |failed: u32| 3.0 * 1.5_f64.powf(f64::from(failed.saturating_sub(1)));
    Duration::from_secs_f64(match failed {
        0 | 1 => 3.0,
        _ => shortest(failed) + random * (shortest(failed + 1) - shortest(failed)),
    })
}

/// The wait after so many failed requests to the store.
fn store_wait(failed: u32) -> Duration {
    let doubled = 1_u64 << failed.saturating_sub(1).min(5);
    Duration::from_secs(4 * (doubled - 1))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn waits_for_the_service_grow_as_the_official_clients_do() {
        let seconds = |failed, random| service_wait(failed, random).as_secs_f64();
        for random in [0.0, 0.999] {
            assert!((seconds(1, random) - 3.0).abs() < 1e-9);
        }
        for (failed, least, most) in [(2, 4.5, 6.75), (3, 6.75, 10.125), (4, 10.125, 15.1875)] {
            assert!((seconds(failed, 0.0) - least).abs() < 1e-9);
            assert!((seconds(failed, 1.0) - most).abs() < 1e-9);
        }
    }

    #[test]
    fn waits_for_the_store_begin_with_none() {
        assert_eq!(
            [1, 2, 3].map(|failed| store_wait(failed).as_secs()),
            [0, 4, 12]
        );
    }
}
