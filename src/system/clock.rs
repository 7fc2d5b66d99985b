//! Provides the time and waits.
//!
//! Both are in one place, so that the source of the time is clear everywhere, and so that tests can
//! shorten long waits.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};

use crate::system::environment::Environment;

/// The clock for timestamps and waits.
///
/// It uses the machine's time until a response from GitHub shows that this is wrong. A report's
/// time decides whether it's newer than the previously recorded one, so runs must agree on it.
#[derive(Clone, Debug)]
pub struct Clock {
    beginning: Instant,
    /// The time at the start, if a test sets it.
    message: Option<Timestamp>,
    /// The offset of the machine's clock that a test sets.
    test_skew: SignedDuration,
    /// The number of seconds that GitHub's clock is ahead of the machine's. 0 if they agree.
    correction: Arc<AtomicI64>,
    scale: f64,
}

/// The minimum timeout if a test shortens waits. A local server needs this time to respond.
const MIN_PATIENCE: Duration = Duration::from_secs(3);

/// The maximum difference between the machine's clock and GitHub's that isn't corrected.
pub(crate) const MAX_CLOCK_SKEW: SignedDuration = SignedDuration::from_mins(5);

impl Clock {
    /// The system's clock.
    ///
    /// Builds with debug assertions, which tests use, read these variables:
    ///
    /// - `TEST_WAIT_SCALE` shortens every wait. For example, `0.01` shortens a second to ten
    ///   milliseconds.
    /// - `TEST_TIME` is the start time of the run, both on the machine and at GitHub.
    /// - `TEST_CLOCK_SKEW` sets the machine's clock ahead of GitHub's by that many seconds.
    ///
    /// Released binaries ignore these variables.
    pub fn system(environment: &Environment) -> Self {
        let variable = |name| environment.get(name).filter(|_| cfg!(debug_assertions));
        let scale = variable("TEST_WAIT_SCALE")
            .and_then(|scale| scale.parse().ok())
            .filter(|scale: &f64| scale.is_finite())
            .map_or(1.0, |scale: f64| scale.clamp(0.001, 1.0));
        let test_skew = variable("TEST_CLOCK_SKEW").and_then(|seconds| seconds.parse().ok());
        Self {
            beginning: Instant::now(),
            message: variable("TEST_TIME").and_then(|time| time.parse().ok()),
            test_skew: SignedDuration::from_secs(test_skew.unwrap_or(0)),
            correction: Arc::default(),
            scale,
        }
    }

    /// The time since this clock was created, which never goes backward. If a test shortens waits,
    /// this time runs faster by the same factor, so that a wait until a moment always reaches it.
    pub fn elapsed(&self) -> Duration {
        let elapsed = self.beginning.elapsed();
        elapsed.div_f64(self.scale)
    }

    /// The timeout for a response that should come within `limit`. It's shortened like any wait,
    /// but is never less than a server needs.
    pub fn patience(&self, limit: Duration) -> Duration {
        limit.mul_f64(self.scale).max(limit.min(MIN_PATIENCE))
    }

    /// The current time in UTC.
    pub fn now(&self) -> Timestamp {
        self.correct(self.machine())
    }

    /// The current time of the machine's clock. Correct it later with [`Clock::correct`].
    pub fn machine(&self) -> Timestamp {
        let now = match self.message {
            Some(time) => time + self.beginning.elapsed(),
            None => Timestamp::now(),
        };
        now + self.test_skew
    }

    /// Corrects a time of the machine's clock by what's known so far of GitHub's clock.
    pub fn correct(&self, machine: Timestamp) -> Timestamp {
        machine.checked_add(self.correction()).unwrap_or(machine)
    }

    /// How far GitHub's clock is ahead of the machine's. Zero if they agree.
    fn correction(&self) -> SignedDuration {
        SignedDuration::from_secs(self.correction.load(Ordering::Relaxed))
    }

    /// Processes the `Date` header of a response from GitHub. The first one that differs from the
    /// machine's clock by more than [`MAX_CLOCK_SKEW`] corrects the clock for the rest of the run.
    pub fn observe(&self, date: Timestamp) {
        let date = match self.message {
            // If a test sets the machine's time, GitHub's clock moves with it.
            Some(message) => {
                message + date.duration_since(Timestamp::now() - self.beginning.elapsed())
            }
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

    /// A message that the machine's clock is wrong, if it is.
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
        let by = match (minutes + 30) / 60 {
            0 | 1 => format!("{minutes} minutes"),
            hours @ ..48 => format!("{hours} hours"),
            hours => format!("{} days", (hours + 12) / 24),
        };
        Some(format!(
            "This machine's clock is {by} {side} GitHub's, so the run uses GitHub's time. Correct the runner's clock."
        ))
    }

    /// Waits for `duration`, which a test can shorten.
    pub async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration.mul_f64(self.scale)).await;
    }
}

/// Returns a random number from 0 up to, but not including, 1. The jitter prevents clients that
/// failed together from retrying together. If the system provides no random numbers, it's always
/// 0.5.
pub(crate) fn jitter() -> f64 {
    let bits = getrandom::u32().unwrap_or(1 << 31);
    f64::from(bits) / (f64::from(u32::MAX) + 1.0)
}
