//! The clock: what time it is, and waiting.
//!
//! One piece for both, so that the rest of the code can be read without wondering where time
//! comes from, and so that tests of long waits need not wait.

use std::time::{Duration, Instant};

use jiff::Timestamp;

use crate::environment::Environment;

/// Tells the time and waits.
#[derive(Clone, Debug)]
pub struct Clock {
    beginning: Instant,
    /// The time at the beginning, where a test says it.
    told: Option<Timestamp>,
    scale: f64,
}

/// What shortened waits of a test still leave a server on the same machine to answer in.
const SHORTEST_PATIENCE: Duration = Duration::from_secs(3);

impl Clock {
    /// The system's clock.
    ///
    /// In builds with debug assertions (the ones tests run) `TEST_WAIT_SCALE` shortens every wait:
    /// `0.01` makes a second ten milliseconds; and `TEST_TIME` says what time it is when the run
    /// begins. A released binary does not know these variables.
    #[must_use]
    pub fn system(environment: &Environment) -> Self {
        let scale = if cfg!(debug_assertions) {
            environment
                .get("TEST_WAIT_SCALE")
                .and_then(|scale| scale.parse().ok())
                .filter(|scale: &f64| scale.is_finite())
                .map_or(1.0, |scale: f64| scale.clamp(0.001, 1.0))
        } else {
            1.0
        };
        let told = environment
            .get("TEST_TIME")
            .filter(|_| cfg!(debug_assertions));
        Self {
            beginning: Instant::now(),
            told: told.and_then(|time| time.parse().ok()),
            scale,
        }
    }

    /// The time since this clock began, which never goes back. Where waits are shortened it runs
    /// faster by as much, so that waiting for a moment always reaches it.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        let elapsed = self.beginning.elapsed();
        elapsed.div_f64(self.scale)
    }

    /// How long to wait for an answer that should come within `limit`. Shortened like any wait,
    /// but never below what a server needs.
    #[must_use]
    pub fn patience(&self, limit: Duration) -> Duration {
        limit.mul_f64(self.scale).max(limit.min(SHORTEST_PATIENCE))
    }

    /// The present moment, in UTC.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        match self.told {
            Some(time) => time + self.beginning.elapsed(),
            None => Timestamp::now(),
        }
    }

    /// Waits for `duration`.
    pub async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration.mul_f64(self.scale)).await;
    }
}

/// A random number from 0 up to, not including, 1: for jitter, so that clients that failed
/// together do not come back together. Where the system has no randomness it is always one half.
#[must_use]
pub fn jitter() -> f64 {
    let bits = getrandom::u32().unwrap_or(1 << 31);
    f64::from(bits) / (f64::from(u32::MAX) + 1.0)
}
