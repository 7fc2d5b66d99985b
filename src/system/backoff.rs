//! Calculates waits between retries that grow with each failure.

use std::time::Duration;

/// Waits that grow by a factor, up to a maximum. The caller counts the failures and sleeps.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Backoff {
    first: Duration,
    factor: f64,
    max: Duration,
}

impl Backoff {
    /// Waits from `first` up to `max`, each `factor` times as long as the one before.
    pub(crate) const fn new(first: Duration, factor: f64, max: Duration) -> Self {
        Self { first, factor, max }
    }

    /// Waits from `first` up to `max`, each twice as long as the one before.
    pub(crate) const fn doubling(first: Duration, max: Duration) -> Self {
        Self::new(first, 2.0, max)
    }

    /// The wait after that many `failures`.
    pub(crate) fn wait(&self, failures: u32) -> Duration {
        let growth = self.factor.powf(f64::from(failures.saturating_sub(1)));
        let seconds = self.first.as_secs_f64() * growth;
        Duration::try_from_secs_f64(seconds).map_or(self.max, |wait| wait.min(self.max))
    }

    /// From half of [`Backoff::wait`] up to one and a half times as long, so that clients that
    /// failed together don't return together. `random` is from 0 to 1.
    pub(crate) fn around(&self, failures: u32, random: f64) -> Duration {
        self.wait(failures).mul_f64(0.5 + random)
    }

    /// The first wait exactly, and later ones from [`Backoff::wait`] up to the next one.
    /// `random` is from 0 to 1.
    pub(crate) fn up_to_next(&self, failures: u32, random: f64) -> Duration {
        let wait = self.wait(failures);
        match failures {
            0 | 1 => wait,
            _ => wait + (self.wait(failures + 1) - wait).mul_f64(random),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn waits_grow_up_to_the_maximum() {
        let backoff = Backoff::doubling(SECOND, 30 * SECOND);
        let waits = [0, 1, 2, 3, 5, 6, u32::MAX].map(|failures| backoff.wait(failures).as_secs());
        assert_eq!(waits, [1, 1, 2, 4, 16, 30, 30]);
    }

    #[test]
    fn random_waits_stay_within_their_bounds() {
        let backoff = Backoff::doubling(SECOND, 30 * SECOND);
        for (failures, wait) in [(1, 1), (3, 4), (9, 30)] {
            let wait = wait * SECOND;
            assert_eq!(backoff.around(failures, 0.0), wait / 2);
            assert_eq!(backoff.around(failures, 1.0), wait * 3 / 2);
        }
        assert_eq!(backoff.up_to_next(1, 1.0), SECOND);
        assert_eq!(backoff.up_to_next(2, 0.0), 2 * SECOND);
        assert_eq!(backoff.up_to_next(2, 1.0), 4 * SECOND);
        assert_eq!(backoff.up_to_next(9, 1.0), 30 * SECOND);
    }
}
