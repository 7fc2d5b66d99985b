//! Draws the trend over time: how many people had a seat, and how many were active. There are two
//! files, because an image can't tell whether the page around it is light or dark.

use std::fmt::Write as _;

use jiff::{SignedDuration, Timestamp};

use crate::history::totals::Day;
use crate::history::{TREND_DARK, TREND_LIGHT};
use crate::report::day::date;
use crate::system::text::thousands;

/// The colors of an image.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Theme {
    /// The file's name in a scope's folder.
    pub file: &'static str,
    text: &'static str,
    grid: &'static str,
    people: &'static str,
    active: &'static str,
}

/// For light pages, with the colors of GitHub's own pages.
pub(crate) const LIGHT: Theme = Theme {
    file: TREND_LIGHT,
    text: "#59636e",
    grid: "#d1d9e0",
    people: "#0969da",
    active: "#1a7f37",
};

/// For dark pages.
pub(crate) const DARK: Theme = Theme {
    file: TREND_DARK,
    text: "#9198a1",
    grid: "#3d444d",
    people: "#4493f8",
    active: "#3fb950",
};

const WIDTH: f64 = 840.0;
const HEIGHT: f64 = 280.0;
const LEFT: f64 = 64.0;
const RIGHT: f64 = 16.0;
const TOP: f64 = 40.0;
const BOTTOM: f64 = 32.0;

/// The maximum number of points that the image has room for.
const MAX_POINTS: usize = 400;

/// If there's no report for longer than this, the line has a gap, because nothing is known about
/// that time.
const GAP: SignedDuration = SignedDuration::from_hours(31 * 24);

/// Draws the image. `days` must be in chronological order.
pub(crate) fn draw(days: &[Day], theme: Theme) -> String {
    let mut svg = String::new();
    let _ = writeln!(
        svg,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" font-family=\"-apple-system,'Segoe UI',Helvetica,Arial,sans-serif\" font-size=\"12\" role=\"img\">\n<title>People with a seat and active people over time</title>"
    );
    let (Some(first), Some(last)) = (days.first(), days.last()) else {
        svg.push_str("</svg>\n");
        return svg;
    };
    let axis = Axis::new(days.iter().map(|day| day.people.max(day.active)).max());
    let at = Scale {
        first: first.report_time,
        last: last.report_time,
        top: axis.top,
    };
    draw_axes(&mut svg, &axis, &at, theme);
    let points = thinned(days);
    for (name, colour, offset, value) in [
        (
            "People with a seat",
            theme.people,
            0.0,
            (|day| day.people) as fn(&Day) -> usize,
        ),
        ("Active", theme.active, 150.0, |day| day.active),
    ] {
        let x = LEFT + offset;
        let _ = writeln!(
            svg,
            "<rect x=\"{x}\" y=\"10\" width=\"12\" height=\"12\" rx=\"2\" fill=\"{colour}\"/><text x=\"{}\" y=\"20\" fill=\"{}\">{name}</text>",
            x + 18.0,
            theme.text
        );
        draw_line(&mut svg, &points, &at, colour, value);
    }
    svg.push_str("</svg>\n");
    svg
}

fn draw_axes(svg: &mut String, axis: &Axis, at: &Scale, theme: Theme) {
    for step in 0..=axis.steps {
        let value = axis.step * step;
        let y = at.y(value);
        let _ = writeln!(
            svg,
            "<line x1=\"{LEFT}\" y1=\"{y:.1}\" x2=\"{}\" y2=\"{y:.1}\" stroke=\"{}\"/><text x=\"{}\" y=\"{:.1}\" fill=\"{}\" text-anchor=\"end\">{}</text>",
            WIDTH - RIGHT,
            theme.grid,
            LEFT - 8.0,
            y + 4.0,
            theme.text,
            thousands(value)
        );
    }
    let (first, last) = (date(at.first), date(at.last));
    let y = HEIGHT - 10.0;
    let mut label = |x: f64, anchor: &str, day: jiff::civil::Date| {
        let _ = writeln!(
            svg,
            "<text x=\"{x}\" y=\"{y}\" fill=\"{}\" text-anchor=\"{anchor}\">{day}</text>",
            theme.text
        );
    };
    if first == last {
        label(at.x(at.first), "middle", first);
    } else {
        label(LEFT, "start", first);
        label(WIDTH - RIGHT, "end", last);
    }
}

fn draw_line(
    svg: &mut String,
    points: &[&Day],
    at: &Scale,
    colour: &str,
    value: fn(&Day) -> usize,
) {
    let near = |one: &&Day, other: &&Day| {
        other.report_time.duration_since(one.report_time) <= GAP.max(at.resolution())
    };
    for run in points.chunk_by(near) {
        let place = |day: &Day| (at.x(day.report_time), at.y(value(day)));
        if let [day] = run {
            let (x, y) = place(day);
            let _ = writeln!(
                svg,
                "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3\" fill=\"{colour}\"/>"
            );
            continue;
        }
        let _ = write!(
            svg,
            "<polyline fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\" stroke-linejoin=\"round\" stroke-linecap=\"round\" points=\""
        );
        for day in run {
            let (x, y) = place(day);
            let _ = write!(svg, "{x:.1},{y:.1} ");
        }
        svg.truncate(svg.trim_end().len());
        svg.push_str("\"/>\n");
    }
}

/// Selects as many days as the image has room for, always including the last one.
fn thinned(days: &[Day]) -> Vec<&Day> {
    let each = days.len().div_ceil(MAX_POINTS).max(1);
    let mut points: Vec<&Day> = days.iter().rev().step_by(each).collect();
    points.reverse();
    points
}

/// Maps times and values to coordinates.
struct Scale {
    first: Timestamp,
    last: Timestamp,
    top: usize,
}

impl Scale {
    fn x(&self, time: Timestamp) -> f64 {
        let room = WIDTH - LEFT - RIGHT;
        let all = self.last.duration_since(self.first).as_secs_f64();
        if all <= 0.0 {
            return LEFT + room / 2.0;
        }
        LEFT + room * time.duration_since(self.first).as_secs_f64() / all
    }

    fn y(&self, value: usize) -> f64 {
        let room = HEIGHT - TOP - BOTTOM;
        TOP + room * (1.0 - value as f64 / self.top as f64)
    }

    /// Returns the time between two points if the image is full.
    fn resolution(&self) -> SignedDuration {
        let points = i32::try_from(MAX_POINTS / 2).unwrap_or(1);
        self.last.duration_since(self.first) / points
    }
}

/// The horizontal grid lines: up to five, at round numbers.
struct Axis {
    step: usize,
    steps: usize,
    top: usize,
}

impl Axis {
    fn new(most: Option<usize>) -> Self {
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
    use super::*;

    fn day(time: Timestamp, people: usize) -> Day {
        Day {
            report_time: time,
            seats: people,
            people,
            active: people / 2,
            inactive: 0,
            never_used: 0,
            new: 0,
            granted: 0,
            revoked: 0,
            complete: Some(true),
        }
    }

    fn days(count: i64, people: usize) -> Vec<Day> {
        (0..count)
            .map(|n| {
                day(
                    Timestamp::UNIX_EPOCH + SignedDuration::from_hours(24 * n),
                    people,
                )
            })
            .collect()
    }

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
    fn a_chart_stays_small_and_complete_from_no_one_to_many_over_years() {
        for (count, people) in [(0, 0), (1, 0), (1, 3), (2, 3), (365 * 20, 500_000)] {
            let svg = draw(&days(count, people), LIGHT);
            assert!(svg.len() < 20_000, "{count}: {}", svg.len());
            assert!(svg.ends_with("</svg>\n"));
            assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
        }
    }

    #[test]
    fn time_without_reports_is_a_break_in_the_line() {
        let mut days = days(100, 3);
        days.drain(20..60);
        let svg = draw(&days, DARK);
        assert_eq!(svg.matches("<polyline").count(), 4);
        assert_eq!(draw(&days[..20], DARK).matches("<polyline").count(), 2);
    }

    #[test]
    fn numbers_are_grouped() {
        for (number, text) in [
            (0, "0"),
            (999, "999"),
            (1_000, "1,000"),
            (1_234_567, "1,234,567"),
        ] {
            assert_eq!(thousands(number), text);
        }
    }
}
