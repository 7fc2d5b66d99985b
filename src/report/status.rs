//! What can be said of a person's use of Copilot, and how far back it is known.
//!
//! GitHub keeps a last activity for 90 days only, and drops it when access is granted anew. So
//! "no activity" from GitHub alone means "not in the last 90 days" or "never"; recorded reports
//! tell the two apart, as far as they reach back without a gap.

use jiff::{SignedDuration, Timestamp};

/// How long GitHub keeps a last activity ("Metrics data properties for GitHub Copilot").
pub const KEPT: SignedDuration = SignedDuration::from_hours(90 * 24);

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
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::New => "new",
            Self::NeverUsed => "never used",
            Self::Inactive => "inactive",
        }
    }
}

/// By what a status is told.
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    /// The time of the report.
    pub now: Timestamp,
    /// From when somebody counts as inactive.
    pub inactive_after: SignedDuration,
    /// Since when every activity is known.
    pub known_since: Timestamp,
}

impl Rule {
    /// The rule for a report of the time `now`, where earlier ones of these `times` were recorded.
    ///
    /// A report knows what happened in the 90 days before it. Reports at most that far apart know
    /// all that happened since 90 days before the first of them.
    #[must_use]
    pub fn new(
        now: Timestamp,
        inactive_after: SignedDuration,
        times: impl IntoIterator<Item = Timestamp>,
    ) -> Self {
        let mut times: Vec<Timestamp> = times.into_iter().filter(|time| *time <= now).collect();
        times.sort_unstable();
        let mut first = now;
        for time in times.into_iter().rev() {
            if first.duration_since(time) > KEPT {
                break;
            }
            first = time;
        }
        Self {
            now,
            inactive_after,
            known_since: first.checked_sub(KEPT).unwrap_or(first),
        }
    }

    /// The rule for somebody who was in a report at that time first: it knows what they did in the
    /// 90 days before it, and nothing knows more.
    #[must_use]
    pub fn seen_since(self, first_seen: Timestamp) -> Self {
        let known_since = first_seen.checked_sub(KEPT).unwrap_or(first_seen);
        Self {
            known_since: self.known_since.max(known_since),
            ..self
        }
    }

    /// What can be said of somebody with the oldest grant `granted_at`, whose newest known
    /// activity was at `activity_at`.
    ///
    /// Exactly as long ago as the rule says is not within it: with 30 days, somebody who was
    /// active 2,592,000 seconds before the report is inactive, and a second later is not.
    #[must_use]
    pub fn status(&self, granted_at: Option<Timestamp>, activity_at: Option<Timestamp>) -> Status {
        let recent = |time: Timestamp| self.now.duration_since(time) < self.inactive_after;
        match (activity_at, granted_at) {
            (Some(at), _) if recent(at) => Status::Active,
            (_, Some(at)) if recent(at) => Status::New,
            (None, Some(at)) if at >= self.known_since => Status::NeverUsed,
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

    fn rule(now: i64, times: &[i64]) -> Rule {
        let times = times.iter().map(|day| at(*day, 0));
        Rule::new(at(now, 0), SignedDuration::from_hours(30 * 24), times)
    }

    #[test]
    fn each_boundary_is_exact_to_the_second() {
        let rule = rule(300, &[]);
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
                rule.status(granted, activity),
                status,
                "{granted:?} {activity:?}"
            );
        }
    }

    #[test]
    fn never_used_reaches_as_far_back_as_reports_without_a_gap() {
        for (times, since) in [
            (&[][..], 210),
            (&[220], 130),
            (&[210, 120, 30], -60),
            (&[299, 208, 120], 209),
            (&[400], 210),
        ] {
            assert_eq!(rule(300, times).known_since, at(since, 0), "{times:?}");
        }
        let now = rule(300, &[210, 120]);
        assert_eq!(now.status(Some(at(30, 0)), None), Status::NeverUsed);
        assert_eq!(now.status(Some(at(30, -1)), None), Status::Inactive);
        let late = now.seen_since(at(200, 0));
        assert_eq!(late.status(Some(at(110, 0)), None), Status::NeverUsed);
        assert_eq!(late.status(Some(at(110, -1)), None), Status::Inactive);
    }
}
