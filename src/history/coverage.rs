//! How completely the recorded days cover a period: which days or weeks have no report.
//!
//! A day that's missing stays missing, because GitHub's list shows only the present.

use std::collections::BTreeSet;

use jiff::Span;
use jiff::civil::Date;

/// How often a report is expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rhythm {
    /// On each day, in UTC.
    Daily,
    /// On at least one day of each week, from Monday to Sunday.
    Weekly,
}

/// The largest usual distance between reports, in days, at which they count as daily. Workflows
/// that run from Monday to Friday are daily, too.
const MAX_DAILY: i64 = 3;

/// The same for weekly reports. GitHub can start a scheduled workflow late.
const MAX_WEEKLY: i64 = 10;

impl Rhythm {
    /// Returns how often reports were recorded on these days, judging by the median distance. `None`
    /// if there are fewer than two, or if they're further apart than weekly ones.
    pub(crate) fn of(days: &BTreeSet<Date>) -> Option<Self> {
        let mut distances: Vec<i64> = days
            .iter()
            .zip(days.iter().skip(1))
            .map(|(day, next)| days_between(*day, *next))
            .collect();
        distances.sort_unstable();
        let median = *distances.get(distances.len().checked_sub(1)? / 2)?;
        if median <= MAX_DAILY {
            Some(Self::Daily)
        } else {
            (median <= MAX_WEEKLY).then_some(Self::Weekly)
        }
    }

    /// Returns its name: `daily` or `weekly`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Daily => "daily",
            Self::Weekly => "weekly",
        }
    }
}

/// Consecutive days, the first and the last one included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Days {
    /// The first day.
    pub from: Date,
    /// The last day. Not before the first.
    pub to: Date,
}

impl Days {
    /// Returns how many there are.
    pub(crate) fn count(self) -> usize {
        usize::try_from(days_between(self.from, self.to) + 1).unwrap_or_default()
    }

    /// Returns whether a day is one of them.
    pub(crate) fn contains(self, day: Date) -> bool {
        (self.from..=self.to).contains(&day)
    }

    /// Returns each of them.
    pub(crate) fn each(self) -> impl Iterator<Item = Date> {
        let days = self.from.series(Span::new().days(1));
        days.take_while(move |day| *day <= self.to)
    }
}

/// Shows one day, or the first and the last one.
impl std::fmt::Display for Days {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.from == self.to {
            self.from.fmt(f)
        } else {
            write!(f, "{} to {}", self.from, self.to)
        }
    }
}

/// How the recorded days cover a period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Coverage {
    /// The period.
    pub period: Days,
    /// How often a report is expected. `None` if gaps are allowed.
    pub rhythm: Option<Rhythm>,
    /// How many days or weeks of the period should have a report. Every day, if gaps are allowed.
    pub expected: usize,
    /// How many days of the period have a report.
    pub recorded: usize,
    /// How many of the expected days or weeks have no report.
    pub missing: usize,
    /// How many days or weeks had a report that was removed on purpose. They aren't expected.
    pub retired: usize,
    /// The days or weeks without a report. Consecutive ones are one entry.
    pub gaps: Vec<Days>,
    /// The most consecutive days without a report.
    pub longest_gap: Option<Days>,
}

impl Coverage {
    /// Returns how `recorded` covers `period`. With `rhythm`, a report is expected that often.
    /// Without one, gaps are listed day by day, and none counts as missing. Days that are
    /// `retired` had a report and count as neither recorded nor missing.
    pub(crate) fn of(
        recorded: &BTreeSet<Date>,
        retired: &BTreeSet<Date>,
        period: Days,
        rhythm: Option<Rhythm>,
    ) -> Self {
        let had_report = |day: &Date| recorded.contains(day) || retired.contains(day);
        let days_without = merged(
            period
                .each()
                .filter(|day| !had_report(day))
                .map(|day| Days { from: day, to: day }),
        );
        let longest_gap = days_without.iter().copied().max_by_key(|gap| gap.count());
        let is_only_retired = |day: &Date| retired.contains(day) && !recorded.contains(day);
        let retired_days = period.each().filter(is_only_retired).count();
        let all_days = period.count() - retired_days;
        let (expected, gaps, missing, retired) = match rhythm {
            Some(Rhythm::Weekly) => {
                let weeks: Vec<Days> = weeks(period).collect();
                let has = |week: &Days, days: &BTreeSet<Date>| {
                    days.range(week.from..=week.to).next().is_some()
                };
                let is_retired = |week: &&Days| has(week, retired) && !has(week, recorded);
                let retired = weeks.iter().filter(is_retired).count();
                let without = weeks.iter().copied();
                let without: Vec<Days> = without
                    .filter(|week| !week.each().any(|day| had_report(&day)))
                    .collect();
                let missing = without.len();
                let gaps = merged(without.into_iter());
                (weeks.len() - retired, gaps, missing, retired)
            }
            Some(Rhythm::Daily) => {
                let missing = days_without.iter().map(|gap| gap.count()).sum();
                (all_days, days_without, missing, retired_days)
            }
            None => (all_days, days_without, 0, retired_days),
        };
        Self {
            period,
            rhythm,
            expected,
            recorded: period.each().filter(|day| recorded.contains(day)).count(),
            missing,
            retired,
            gaps,
            longest_gap,
        }
    }
}

/// Returns the days or weeks without a report between the last recorded day and `today`. `None` if
/// there are none, if the reports have no rhythm, or if they're often that far apart.
pub(crate) fn missed(recorded: &BTreeSet<Date>, today: Date) -> Option<Coverage> {
    let rhythm = Rhythm::of(recorded)?;
    let last = recorded.last().filter(|day| **day < today)?;
    if is_usual(days_between(*last, today), recorded) {
        return None;
    }
    let period = Days {
        from: *last,
        to: today,
    };
    let recorded = BTreeSet::from([*last, today]);
    let found = Coverage::of(&recorded, &BTreeSet::new(), period, Some(rhythm));
    (found.missing > 0).then_some(found)
}

/// Returns whether reports are often that many days apart, such as over a weekend.
fn is_usual(distance: i64, recorded: &BTreeSet<Date>) -> bool {
    /// How many of the newest distances count.
    const NEWEST: usize = 60;
    /// How many of them must be as long, at least and as a share.
    const MIN_TIMES: usize = 3;
    const SHARE: usize = 8;
    let newest = recorded.iter().rev();
    let distances = newest.clone().zip(newest.skip(1)).take(NEWEST);
    let distances: Vec<i64> = distances
        .map(|(day, before)| days_between(*before, *day))
        .collect();
    let times = distances.iter().filter(|other| **other >= distance).count();
    times >= MIN_TIMES.max(distances.len() / SHARE)
}

/// Returns the weeks with at least one day in the period, from Monday to Sunday.
fn weeks(period: Days) -> impl Iterator<Item = Days> {
    let back = i64::from(period.from.weekday().to_monday_zero_offset());
    let monday = period.from.checked_sub(Span::new().days(back));
    let mondays = monday
        .unwrap_or(period.from)
        .series(Span::new().weeks(1))
        .take_while(move |monday| *monday <= period.to);
    mondays.map(|monday| Days {
        from: monday,
        to: monday.saturating_add(Span::new().days(6)),
    })
}

/// Joins entries without a day between them.
pub(crate) fn merged(entries: impl Iterator<Item = Days>) -> Vec<Days> {
    let mut all: Vec<Days> = Vec::new();
    for next in entries {
        match all.last_mut() {
            Some(last) if days_between(last.to, next.from) == 1 => last.to = next.to,
            _ => all.push(next),
        }
    }
    all
}

fn days_between(day: Date, later: Date) -> i64 {
    day.duration_until(later).as_hours() / 24
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn november(days: &[i8]) -> BTreeSet<Date> {
        days.iter().map(|day| date(2026, 11, *day)).collect()
    }

    fn between(from: i8, to: i8) -> Days {
        Days {
            from: date(2026, 11, from),
            to: date(2026, 11, to),
        }
    }

    #[test]
    fn the_rhythm_is_the_usual_distance_between_reports() {
        for (days, rhythm) in [
            (&[][..], None),
            (&[1], None),
            (&[1, 2], Some(Rhythm::Daily)),
            (&[2, 3, 4, 5, 6, 9, 10, 11], Some(Rhythm::Daily)),
            (&[1, 2, 3, 20, 21], Some(Rhythm::Daily)),
            (&[2, 9, 17, 23], Some(Rhythm::Weekly)),
            (&[1, 14, 30], None),
        ] {
            assert_eq!(Rhythm::of(&november(days)), rhythm, "{days:?}");
        }
    }

    #[test]
    fn each_day_without_a_report_is_missing_from_daily_ones() {
        let days = november(&[2, 3, 6, 7, 10]);
        let daily = Some(Rhythm::Daily);
        let found = Coverage::of(&days, &BTreeSet::new(), between(1, 10), daily);
        assert_eq!((found.expected, found.recorded, found.missing), (10, 5, 5));
        assert_eq!(found.gaps, [between(1, 1), between(4, 5), between(8, 9)]);
        assert_eq!(found.longest_gap.map(Days::count), Some(2));
        let retired = november(&[1, 4]);
        let found = Coverage::of(&days, &retired, between(1, 10), daily);
        assert_eq!((found.expected, found.recorded, found.missing), (8, 5, 3));
        assert_eq!(found.retired, 2);
        let any = Coverage::of(&days, &retired, between(1, 10), None);
        assert_eq!((any.missing, &any.gaps), (0, &found.gaps));
    }

    #[test]
    fn one_report_in_a_calendar_week_is_enough_for_weekly_ones() {
        // 2026-11-02 and 2026-11-09 are Mondays.
        let days = november(&[1, 4, 30]);
        let weekly = Some(Rhythm::Weekly);
        let found = Coverage::of(&days, &BTreeSet::new(), between(1, 30), weekly);
        assert_eq!((found.expected, found.recorded, found.missing), (6, 3, 3));
        assert_eq!(found.gaps, [between(9, 29)]);
        assert_eq!(found.longest_gap, Some(between(5, 29)));
        let retired = november(&[10, 30]);
        let found = Coverage::of(&days, &retired, between(1, 30), weekly);
        assert_eq!((found.expected, found.missing, found.retired), (5, 2, 1));
        // A report before the period also covers the week in which the period starts.
        let found = Coverage::of(&days, &BTreeSet::new(), between(6, 8), weekly);
        assert_eq!((found.recorded, found.missing), (0, 0));
    }

    #[test]
    fn a_run_missed_the_days_after_the_last_report() {
        let days = november(&[1, 2, 3]);
        assert_eq!(missed(&days, date(2026, 11, 3)), None);
        assert_eq!(missed(&days, date(2026, 11, 4)), None);
        let found = missed(&days, date(2026, 11, 7)).map(|found| found.gaps);
        assert_eq!(found, Some(vec![between(4, 6)]));
        let days = november(&[2, 9]);
        assert_eq!(missed(&days, date(2026, 11, 22)), None);
        let found = missed(&days, date(2026, 11, 23)).map(|found| found.gaps);
        assert_eq!(found, Some(vec![between(16, 22)]));
        assert_eq!(missed(&november(&[2]), date(2026, 11, 22)), None);
    }

    #[test]
    fn a_distance_that_is_usual_misses_nothing() {
        // From Monday to Friday. The first three weekends might be missed days.
        let weeks = [2, 9, 16, 23].into_iter();
        let days: Vec<i8> = weeks.flat_map(|monday| monday..monday + 5).collect();
        let mondays = [9, 16, 23, 30].map(|monday| {
            let before = days.iter().copied().filter(|day| *day < monday);
            let before: Vec<i8> = before.collect();
            missed(&november(&before), date(2026, 11, monday)).is_some()
        });
        assert_eq!(mondays, [true, true, true, false]);
        let after_a_holiday = missed(&november(&days), date(2026, 12, 1));
        assert_eq!(after_a_holiday.map(|found| found.missing), Some(3));
        let days = november(&[1, 3, 5, 7]);
        assert_eq!(missed(&days, date(2026, 11, 9)), None);
        assert!(missed(&days, date(2026, 11, 11)).is_some());
    }
}
