//! The chart of all recorded reports. GitHub renders it with Mermaid.

use std::fmt::Write as _;

use jiff::civil::Date;

use super::facts::Facts;
use crate::report::day::date;

/// How many dates fit on the axis.
const MAX_POINTS: i32 = 12;

/// From this many days on, dates on the axis have a year.
const YEAR: i32 = 365;

/// The smallest upper end of the vertical axis. Below it, Mermaid would label fractions of a person.
const MIN_TOP: usize = 10;

/// Colors with enough contrast on light and dark pages. Without the background, Mermaid would draw
/// its own on dark pages.
const LOOK: &str = r##"%%{init: {"xyChart": {"width": 760, "height": 220, "xAxis": {"labelFontSize": 12}, "yAxis": {"labelFontSize": 12, "titleFontSize": 12}}, "themeVariables": {"xyChart": {"backgroundColor": "transparent", "plotColorPalette": "#2f81f7, #2ea043", "xAxisLabelColor": "#737a83", "xAxisTickColor": "#737a83", "xAxisLineColor": "#737a83", "yAxisLabelColor": "#737a83", "yAxisTitleColor": "#737a83", "yAxisTickColor": "#737a83", "yAxisLineColor": "#737a83"}}}}%%"##;

/// People with a seat and active people on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Point {
    day: Date,
    people: usize,
    active: usize,
}

/// Writes the chart, if there are at least two reports.
pub(super) fn write(out: &mut String, facts: &Facts<'_>) {
    let today = date(facts.report.time());
    let mut points: Vec<Point> = facts
        .known
        .totals
        .days()
        .map(|day| Point {
            day: date(day.report_time),
            people: day.people,
            active: day.active,
        })
        .filter(|point| point.day < today)
        .collect();
    points.push(Point {
        day: today,
        people: facts.counts.people,
        active: facts.counts.active,
    });
    points.sort_by_key(|point| point.day);
    let shown = selected(&points);
    if shown.len() < 2 {
        return;
    }
    let join = |figure: fn(&Point) -> String| {
        let figures: Vec<String> = shown.iter().map(|(_, point)| figure(point)).collect();
        figures.join(", ")
    };
    let labels: Vec<String> = shown
        .iter()
        .map(|(label, _)| format!("\"{label}\""))
        .collect();
    let top = shown.iter().map(|(_, point)| point.people).max();
    let _ = writeln!(
        out,
        "\n### Trend since {}\n\nBlue, above: people with a seat. Green, below: active people.\n\n```mermaid\n{LOOK}\nxychart-beta\n    x-axis [{}]\n    y-axis \"People\" 0 --> {}\n    line [{}]\n    line [{}]\n```",
        points[0].day,
        labels.join(", "),
        top.unwrap_or_default().max(MIN_TOP),
        join(|point| point.people.to_string()),
        join(|point| point.active.to_string()),
    );
}

/// Selects points at equal intervals of time, each with its label, in the order of days. The first
/// and the last are among them.
fn selected(points: &[Point]) -> Vec<(String, Point)> {
    let (Some(first), Some(last)) = (points.first(), points.last()) else {
        return Vec::new();
    };
    let days_between = |from: Date, to: Date| (to - from).get_days();
    let span = days_between(first.day, last.day);
    let is_long = span >= YEAR;
    let mut shown: Vec<(String, Point)> = Vec::new();
    let mut next = 0;
    for point in points {
        let days = days_between(first.day, point.day);
        let is_due = days * (MAX_POINTS - 1) >= next * span;
        if !is_due {
            continue;
        }
        // After a gap, more than one interval is over.
        next = days * (MAX_POINTS - 1) / span.max(1) + 1;
        let format = if is_long { "%b %Y" } else { "%b %-d" };
        let label = point.day.strftime(format).to_string();
        // Mermaid would draw two points with the same label on top of each other.
        shown.retain(|(other, _)| *other != label);
        shown.push((label, *point));
    }
    shown
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use jiff::ToSpan as _;

    use super::*;

    fn labels(days: impl IntoIterator<Item = i64>) -> Vec<String> {
        let start: Date = "2025-09-01".parse().unwrap();
        let points: Vec<Point> = days
            .into_iter()
            .map(|day| Point {
                day: start.checked_add(day.days()).unwrap(),
                people: 1,
                active: 1,
            })
            .collect();
        let shown = selected(&points);
        assert_eq!(shown.last().unwrap().1, *points.last().unwrap());
        shown.into_iter().map(|(label, _)| label).collect()
    }

    #[test]
    fn the_axis_has_at_most_twelve_different_dates_from_the_first_to_the_last() {
        assert_eq!(labels([0]), ["Sep 1"]);
        assert_eq!(labels([0, 1]), ["Sep 1", "Sep 2"]);
        assert_eq!(labels([0, 1, 2]), ["Sep 1", "Sep 2", "Sep 3"]);
        assert_eq!(labels(0..12).len(), 12);
        assert_eq!(labels([0, 59, 60, 61]), ["Sep 1", "Oct 30", "Nov 1"]);
        for count in [13, 75, 200, 365, 366, 400, 800, 5_000] {
            let labels = labels(0..count);
            assert!((11..=12).contains(&labels.len()), "{count}: {labels:?}");
            let first = if count > 365 { "Sep 2025" } else { "Sep 1" };
            assert_eq!(labels[0], first, "{count}");
        }
    }
}
