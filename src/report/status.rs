//! What can be said of a person's use of Copilot, and how far back it is known.
//!
//! GitHub keeps a last activity for 90 days only, and drops it when access is granted anew. So
//! "no activity" from GitHub alone means "not in the last 90 days" or "never"; recorded reports
//! with the person in them tell the two apart, as far as they reach back without a gap.

use jiff::{SignedDuration, Timestamp};

/// How long GitHub keeps a last activity ("Metrics data properties for GitHub Copilot").
pub(crate) const GITHUB_RETENTION: SignedDuration = SignedDuration::from_hours(90 * 24);

/// What can be said of a person; the first that fits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    /// Active within the time from which somebody counts as inactive.
    Active,
    /// Not active, and access was granted within that time.
    New,
    /// No activity is known, and all the time since the grant is known.
    NeverUsed,
    /// Everybody else.
    Inactive,
}

impl Status {
    /// The word for it.
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
    /// From when somebody counts as inactive.
    pub inactive_after: SignedDuration,
}

impl StatusPolicy {
    /// What can be said of somebody with the oldest grant `granted_at`, whose newest known
    /// activity was at `activity_at`, and every activity of whom is known since `known_since`.
    ///
    /// An activity exactly as long ago as the limit isn't within it: with 30 days, somebody who was
    /// active 2,592,000 seconds before the report is inactive, and a second later is not.
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
