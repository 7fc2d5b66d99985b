//! Calculates when an artifact expires.

use std::num::NonZeroU16;

use jiff::{SignedDuration, Timestamp};
use tracing::warn;

/// The number of days to keep an artifact, if it's not the repository's setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention(NonZeroU16);

impl Retention {
    /// Returns `None` for 0 days, which means the repository's setting, as in the official action.
    pub fn from_days(days: u16) -> Option<Self> {
        NonZeroU16::new(days).map(Self)
    }

    /// The number of days.
    pub fn days(self) -> u16 {
        self.0.get()
    }

    /// When an artifact created `now` expires, in the service's format. If the repository allows
    /// only `longest` days, the artifact expires after that time.
    pub(super) fn expires_at(self, now: Timestamp, longest: Option<u16>) -> String {
        let mut days = self.days();
        if let Some(longest) = longest.filter(|longest| *longest < days) {
            warn!(
                "You asked to keep the artifact for {days} days, but the repository allows {longest} \
                 at most. It's kept for {longest} days."
            );
            days = longest;
        }
        let kept = SignedDuration::from_hours(24 * i64::from(days));
        let end = now.checked_add(kept).unwrap_or(Timestamp::MAX);
        format!("{end:.3}")
    }
}

/// The maximum number of days that the repository allows, from `GITHUB_RETENTION_DAYS`. `None` if
/// it's 0 or isn't a number (actions/toolkit,
/// `packages/artifact/src/internal/upload/retention.ts`).
pub(super) fn longest(variable: Option<&str>) -> Option<u16> {
    variable?.trim().parse().ok().filter(|days| *days > 0)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn expires(days: u16, variable: Option<&str>) -> String {
        let now: Timestamp = "2026-11-22T10:00:00.1754Z".parse().unwrap();
        Retention::from_days(days)
            .unwrap()
            .expires_at(now, longest(variable))
    }

    #[test]
    fn the_expiry_time_is_in_utc_with_milliseconds() {
        assert_eq!(expires(5, None), "2026-11-27T10:00:00.175Z");
        let whole: Timestamp = "2026-11-22T10:00:00Z".parse().unwrap();
        assert_eq!(
            Retention::from_days(1).unwrap().expires_at(whole, None),
            "2026-11-23T10:00:00.000Z"
        );
    }

    #[test]
    fn no_artifact_is_kept_longer_than_the_repository_allows() {
        assert_eq!(expires(400, Some("90")), expires(90, None));
        assert_eq!(expires(90, Some("90")), expires(90, None));
        assert_eq!(expires(30, Some("90")), expires(30, None));
    }

    #[test]
    fn an_invalid_retention_limit_is_ignored() {
        for variable in [Some("0"), Some("soon"), Some("-3")] {
            assert_eq!(expires(400, variable), expires(400, None));
        }
    }

    #[test]
    fn zero_days_mean_the_repositorys_setting() {
        assert_eq!(Retention::from_days(0), None);
    }
}
