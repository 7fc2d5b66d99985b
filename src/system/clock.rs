//! The clock: what time it is, and waiting.
//!
//! One piece for both, so that the rest of the code can be read without wondering where time
//! comes from, and so that tests of long waits need not wait.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};

use crate::system::environment::Environment;

/// Tells the time and waits.
///
/// The time is the machine's, until GitHub says that the machine is wrong: a report's time decides
/// whether it is newer than the one recorded before, so two runs must agree on it.
#[derive(Clone, Debug)]
pub struct Clock {
    beginning: Instant,
    /// The time at the beginning, if a test sets it.
    told: Option<Timestamp>,
    /// How far a test sets the machine's clock off.
    test_skew: SignedDuration,
    /// By how many seconds GitHub's clock is ahead of the machine's; 0 if they agree.
    correction: Arc<AtomicI64>,
    scale: f64,
}

/// What shortened waits of a test still leave a server on the same machine to answer in.
const MIN_PATIENCE: Duration = Duration::from_secs(3);

/// How far the machine's clock can be off before GitHub's counts.
pub(crate) const MAX_CLOCK_SKEW: SignedDuration = SignedDuration::from_mins(5);

impl Clock {
    /// The system's clock.
    ///
    /// In builds with debug assertions (the ones tests run) `TEST_WAIT_SCALE` shortens every wait:
    /// `0.01` makes a second ten milliseconds. `TEST_TIME` is the time at which the run begins,
    /// here and at GitHub. `TEST_CLOCK_SKEW` sets the machine's clock ahead of GitHub's by so many
    /// seconds. A released binary doesn't know these variables.
    pub fn system(environment: &Environment) -> Self {
        let variable = |name| environment.get(name).filter(|_| cfg!(debug_assertions));
        let scale = variable("TEST_WAIT_SCALE")
            .and_then(|scale| scale.parse().ok())
            .filter(|scale: &f64| scale.is_finite())
            .map_or(1.0, |scale: f64| scale.clamp(0.001, 1.0));
        let test_skew = variable("TEST_CLOCK_SKEW").and_then(|seconds| seconds.parse().ok());
        Self {
            beginning: Instant::now(),
            told: variable("TEST_TIME").and_then(|time| time.parse().ok()),
            test_skew: SignedDuration::from_secs(test_skew.unwrap_or(0)),
            correction: Arc::default(),
            scale,
        }
    }

    /// The time since this clock began, which never goes back. Where waits are shortened it runs
    /// faster by as much, so that waiting for a moment always reaches it.
    pub fn elapsed(&self) -> Duration {
        let elapsed = self.beginning.elapsed();
        elapsed.div_f64(self.scale)
    }

    /// How long to wait for an answer that should come within `limit`. Shortened like any wait,
    /// but never below what a server needs.
    pub fn patience(&self, limit: Duration) -> Duration {
        limit.mul_f64(self.scale).max(limit.min(MIN_PATIENCE))
    }

    /// The present moment, in UTC.
    pub fn now(&self) -> Timestamp {
        self.correct(self.machine())
    }

    /// The present moment as the machine tells it, to be corrected later by [`Clock::correct`].
    pub fn machine(&self) -> Timestamp {
        let now = match self.told {
            Some(time) => time + self.beginning.elapsed(),
            None => Timestamp::now(),
        };
        now + self.test_skew
    }

    /// A moment of the machine's clock, by what is known of GitHub's by now.
    pub fn correct(&self, machine: Timestamp) -> Timestamp {
        machine.checked_add(self.correction()).unwrap_or(machine)
    }

    /// How far GitHub's clock is ahead of the machine's. Zero if they agree.
    fn correction(&self) -> SignedDuration {
        SignedDuration::from_secs(self.correction.load(Ordering::Relaxed))
    }

    /// Takes in the `Date` of an answer of GitHub's. The first one that differs from the machine's
    /// clock by more than [`MAX_CLOCK_SKEW`] corrects the clock for the rest of the run.
    pub fn observe(&self, date: Timestamp) {
        let date = match self.told {
            // A test moves GitHub's clock along with the machine's.
            Some(told) => told + date.duration_since(Timestamp::now() - self.beginning.elapsed()),
            None => date,
        };
        let ahead = date.duration_since(self.machine());
        if ahead.abs() <= MAX_CLOCK_SKEW {
            return;
        }
        let (none, seconds) = (0, ahead.as_secs());
        let first =
            self.correction
                .compare_exchange(none, seconds, Ordering::Relaxed, Ordering::Relaxed);
        if let (Ok(_), Some(skew)) = (first, self.skew()) {
            tracing::warn!("{skew}");
        }
    }

    /// Says that the machine's clock is wrong, if it is.
    pub fn skew(&self) -> Option<String> {
        let ahead = self.correction();
        if ahead.is_zero() {
            return None;
        }
        let side = if ahead.is_negative() {
            "ahead of"
        } else {
            "behind"
        };
        let minutes = (ahead.abs().as_secs() + 30) / 60;
        Some(format!(
            "This machine's clock is {minutes} minutes {side} GitHub's, so the run uses GitHub's time. Correct the runner's clock."
        ))
    }

    /// Waits for `duration`.
    pub async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration.mul_f64(self.scale)).await;
    }
}

/// A random number from 0 up to, not including, 1: for jitter, so that clients that failed
/// together do not come back together. Where the system has no randomness it is always one half.
pub(crate) fn jitter() -> f64 {
    let bits = getrandom::u32().unwrap_or(1 << 31);
    f64::from(bits) / (f64::from(u32::MAX) + 1.0)
}
