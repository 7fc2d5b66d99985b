//! The status of a person's use of Copilot.
//!
//! GitHub keeps a last activity for only 90 days, and drops it when access is granted again. So if
//! GitHub shows no activity, that means "not in the last 90 days" or "never". Recorded reports with
//! the person in them distinguish the two, as far back as they have no gap.

use jiff::{SignedDuration, Timestamp};

/// How long GitHub keeps a last activity ("Metrics data properties for GitHub Copilot").
pub(crate) const GITHUB_RETENTION: SignedDuration = SignedDuration::from_hours(90 * 24);

/// The status of a person. The first one that applies counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    /// Active less than the inactivity limit ago.
    Active,
    /// Not active, and access was granted less than the inactivity limit ago.
    New,
    /// No activity is known, and all the time since the grant is covered.
    NeverUsed,
    /// Everyone else.
    Inactive,
}

impl Status {
    /// Returns the word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::New => "new",
            Self::NeverUsed => "never used",
            Self::Inactive => "inactive",
        }
    }
}

/// Decides the status of people.
#[derive(Debug, Clone, Copy)]
pub(crate) struct StatusPolicy {
    /// The time of the report.
    pub now: Timestamp,
    /// How long without activity a person counts as inactive.
    pub inactive_after: SignedDuration,
}

impl StatusPolicy {
    /// Returns the status of a person whose oldest grant is `granted_at` and whose newest known
    /// activity is `activity_at`. All of their activity since `known_since` is known.
    ///
    /// A person whose activity is exactly as long ago as the limit is inactive. With 30 days,
    /// that's 2,592,000 seconds before the report; with one second less, the person is active.
    pub(crate) fn status(
        &self,
        granted_at: Option<Timestamp>,
        activity_at: Option<Timestamp>,
        known_since: Timestamp,
    ) -> Status {
        let recent = |time: Timestamp| self.now.duration_since(time) < self.inactive_after;
        match (activity_at, granted_at) {
            (Some(at), _) if recent(at) => Status::Active,
            (_, Some(at)) if recent(at) => Status::New,
            (None, Some(at)) if at >= known_since => Status::NeverUsed,
            _ => Status::Inactive,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    const DAY: i64 = 86_400;

    fn at(day: i64, second: i64) -> Timestamp {
        let start: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
        Timestamp::from_second(start.as_second() + day * DAY + second).unwrap()
    }

    #[test]
    fn each_boundary_is_exact_to_the_second() {
        let policy = StatusPolicy {
            now: at(300, 0),
            inactive_after: SignedDuration::from_hours(30 * 24),
        };
        let old = Some(at(0, 0));
        for (granted, activity, status) in [
            (old, Some(at(270, 1)), Status::Active),
            (old, Some(at(270, 0)), Status::Inactive),
            (Some(at(270, 1)), None, Status::New),
            (Some(at(270, 0)), None, Status::NeverUsed),
            (Some(at(210, 0)), None, Status::NeverUsed),
            (Some(at(210, -1)), None, Status::Inactive),
            (Some(at(270, 1)), Some(at(1, 0)), Status::New),
            (Some(at(250, 0)), Some(at(1, 0)), Status::Inactive),
            (None, None, Status::Inactive),
        ] {
            assert_eq!(
                policy.status(granted, activity, at(210, 0)),
                status,
                "{granted:?} {activity:?}"
            );
        }
    }
}
