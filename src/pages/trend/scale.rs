//! Chooses the dates and the grid lines of the chart, so that they're few, round, and readable.

use std::iter;

use jiff::ToSpan as _;
use jiff::civil::Date;

use super::days_between;

/// The maximum number of dates that the image has room for.
pub(super) const MAX_DATES: usize = 8;

/// The dates below the image, each with its label: from four to eight if there are that many days.
pub(super) fn dates(first: Date, last: Date) -> Vec<(Date, String)> {
    type Fits = fn(Date) -> bool;
    const MONTHS: [Fits; 4] = [
        |_| true,
        |day| day.month() % 2 == 1,
        |day| day.month() % 3 == 1,
        |day| day.month() % 6 == 1,
    ];
    const YEARS: [i16; 6] = [1, 2, 5, 10, 100, 1000];
    let all = days_between(first, last);
    let room = MAX_DATES as i64;
    let step = [1, 2, 4, 8].into_iter().find(|step| all / step < room);
    let named = |days: Vec<Date>, name: fn(Date) -> String| {
        days.into_iter().map(|day| (day, name(day))).collect()
    };
    if let Some(step) = step {
        let before = |day: &Date| day.checked_sub(step.days()).ok();
        let mut days: Vec<Date> = iter::successors(Some(last), before)
            .take_while(|day| *day >= first)
            .collect();
        days.reverse();
        return named(days, |day| day.to_string());
    }
    let months = || {
        let after = |month: &Date| month.checked_add(1.month()).ok();
        iter::successors(Some(first.first_of_month()), after).take_while(|month| *month <= last)
    };
    let fits = |days: &Vec<Date>| days.len() <= MAX_DATES;
    let halves = months().flat_map(|month| [month, month.saturating_add(14.days())]);
    let halves: Vec<Date> = halves
        .filter(|day| (first..=last).contains(day))
        .take(MAX_DATES)
        .collect();
    if halves.len() < MAX_DATES {
        return named(halves, |day| day.to_string());
    }
    let starts = || months().filter(|month| *month >= first);
    let of_months = |fits: Fits| starts().filter(|day| fits(*day)).collect();
    if let Some(days) = MONTHS.into_iter().map(of_months).find(fits) {
        return named(days, |day| format!("{:04}-{:02}", day.year(), day.month()));
    }
    let of_years = |years: i16| {
        let starts = starts().filter(|day| day.month() == 1 && day.year() % years == 0);
        starts.collect()
    };
    let days = YEARS.into_iter().map(of_years).find(fits);
    named(days.unwrap_or_default(), |day| format!("{:04}", day.year()))
}

/// The horizontal grid lines: up to five, at round numbers.
pub(super) struct Axis {
    /// The distance of two lines.
    pub(super) step: usize,
    /// How many lines are above zero.
    pub(super) steps: usize,
    /// The value of the top line.
    pub(super) top: usize,
}

impl Axis {
    /// Returns the lines up to a value that's at least `most`.
    pub(super) fn new(most: Option<usize>) -> Self {
        let most = most.unwrap_or_default().max(1);
        let step = (0..)
            .flat_map(|power| [1, 2, 5].map(|digit| digit * 10_usize.pow(power)))
            .find(|step| most.div_ceil(*step) <= 5)
            .unwrap_or(most);
        let steps = most.div_ceil(step);
        Self {
            step,
            steps,
            top: step * steps,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn the_axis_ends_at_a_round_number_above_the_maximum() {
        for (most, step, steps) in [
            (0, 1, 1),
            (1, 1, 1),
            (3, 1, 3),
            (6, 2, 3),
            (50_000, 10_000, 5),
            (50_001, 20_000, 3),
        ] {
            let axis = Axis::new(Some(most));
            assert_eq!((axis.step, axis.steps), (step, steps), "{most}");
        }
    }

    #[test]
    fn the_dates_are_days_then_halves_of_months_then_months_then_years() {
        for (last, first_label, last_label) in [
            ("2026-03-02", "2026-03-02", "2026-03-02"),
            ("2026-03-03", "2026-03-02", "2026-03-03"),
            ("2026-05-15", "2026-03-15", "2026-05-15"),
            ("2026-09-30", "2026-04", "2026-09"),
            ("2028-05-10", "2026-07", "2028-01"),
            ("2036-01-01", "2028", "2036"),
        ] {
            let dates = dates("2026-03-02".parse().unwrap(), last.parse().unwrap());
            let labels: Vec<&str> = dates.iter().map(|(_, label)| &**label).collect();
            let ends = (labels[0], labels[labels.len() - 1]);
            assert_eq!(ends, (first_label, last_label), "{labels:?}");
        }
    }
}
