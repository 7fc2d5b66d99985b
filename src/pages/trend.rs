//! Draws the trend over time: people with a seat by status, as stacked areas. The repository has
//! two files, because an image can't tell whether the page around it is light or dark.

mod scale;

use std::fmt::Write as _;

use jiff::civil::Date;

use crate::history::totals::Day;
use crate::report::day::date;
use crate::system::text::thousands;
use scale::{Axis, dates};

/// How the parts of an image look, each as an attribute in SVG.
#[derive(Debug)]
pub(crate) struct Theme {
    text: &'static str,
    grid: &'static str,
    /// The lines between areas.
    edge: &'static str,
    active: &'static str,
    new: &'static str,
    inactive: &'static str,
    never_used: &'static str,
    /// The stripes over reports that aren't verified as complete.
    incomplete: &'static str,
}

impl Theme {
    /// For light pages, with the colors of GitHub's own pages.
    pub(crate) const LIGHT: Self = Self {
        text: r##"fill="#59636e""##,
        grid: r##"stroke="#d1d9e0""##,
        edge: r##"stroke="#ffffff""##,
        active: r##"fill="#1a7f37""##,
        new: r##"fill="#54aeff""##,
        inactive: r##"fill="#bf8700""##,
        never_used: r##"fill="#8c959f""##,
        incomplete: r##"fill="#ffffff" fill-opacity="0.6""##,
    };

    /// For dark pages.
    pub(crate) const DARK: Self = Self {
        text: r##"fill="#9198a1""##,
        grid: r##"stroke="#3d444d""##,
        edge: r##"stroke="#0d1117""##,
        active: r##"fill="#2ea043""##,
        new: r##"fill="#388bfd""##,
        inactive: r##"fill="#bb8009""##,
        never_used: r##"fill="#6e7681""##,
        incomplete: r##"fill="#0d1117" fill-opacity="0.6""##,
    };

    /// For a page whose style sheet has these classes. `grid` and `edge` need a `stroke`, and all
    /// others a `fill`. The page's security policy allows no style in the image itself.
    pub(crate) const PAGE: Self = Self {
        text: r#"class="text""#,
        grid: r#"class="grid""#,
        edge: r#"class="edge""#,
        active: r#"class="active""#,
        new: r#"class="new""#,
        inactive: r#"class="inactive""#,
        never_used: r#"class="never-used""#,
        incomplete: r#"class="incomplete""#,
    };

    /// The areas from the bottom up: how each looks, and its name.
    fn areas(&self) -> [(&'static str, &'static str); 4] {
        [
            (self.active, "Active"),
            (self.new, "New"),
            (self.inactive, "Inactive"),
            (self.never_used, "Never used"),
        ]
    }
}

const WIDTH: f64 = 760.0;
const HEIGHT: f64 = 300.0;
const LEFT: f64 = 72.0;
const RIGHT: f64 = 40.0;
const TOP: f64 = 40.0;
const BOTTOM: f64 = 32.0;

/// The maximum number of points that the image has room for.
const MAX_POINTS: usize = 250;

/// If there's no report for longer than this, the areas have a gap, because nothing is known about
/// that time.
const GAP: i64 = 31;

/// Half the width of a report that stands alone.
const HALF_BAR: f64 = 4.0;

/// Draws the image. `days` must be in chronological order.
pub(crate) fn draw(days: &[Day], theme: &Theme) -> String {
    let mut svg = String::new();
    let _ = writeln!(
        svg,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" font-family=\"-apple-system,'Segoe UI',Helvetica,Arial,sans-serif\" font-size=\"12\" role=\"img\" aria-labelledby=\"trend-title trend-summary\">\n<title id=\"trend-title\">People with a seat by status over time</title>\n<desc id=\"trend-summary\">{}</desc>",
        description(days)
    );
    if let (Some(first), Some(last)) = (days.first(), days.last()) {
        let people = days.iter().map(|day| heights(day)[3].max(day.people)).max();
        let axis = Axis::new(people);
        let plot = Plot {
            first: date(first.report_time),
            last: date(last.report_time),
            top: axis.top,
        };
        let bands = plot.incomplete(days);
        draw_legend(&mut svg, theme, !bands.is_empty());
        draw_axes(&mut svg, &axis, &plot, theme);
        draw_areas(&mut svg, days, &plot, theme);
        draw_bands(&mut svg, &bands);
    }
    svg.push_str("</svg>\n");
    svg
}

/// Says what the image shows, for people who can't see it.
fn description(days: &[Day]) -> String {
    let (Some(first), Some(last)) = (days.first(), days.last()) else {
        return "No reports yet.".to_owned();
    };
    let reports = match days.len() {
        1 => format!("One report, on {}.", date(last.report_time)),
        count => format!(
            "{} reports from {} to {}.",
            thousands(count),
            date(first.report_time),
            date(last.report_time)
        ),
    };
    let incomplete = days.iter().filter(|day| day.complete == Some(false));
    let incomplete = match incomplete.count() {
        0 => String::new(),
        count => format!(" Not verified as complete: {}.", thousands(count)),
    };
    format!(
        "{reports}{incomplete} People in the latest report: {}. Active: {}, new: {}, inactive: {}, never used: {}.",
        thousands(last.people),
        thousands(last.active),
        thousands(last.new),
        thousands(last.inactive),
        thousands(last.never_used),
    )
}

fn draw_legend(svg: &mut String, theme: &Theme, has_incomplete: bool) {
    let mut entry = |x: f64, look: &str, name: &str| {
        let _ = writeln!(
            svg,
            "<rect x=\"{x}\" y=\"10\" width=\"12\" height=\"12\" {look}/><text x=\"{}\" y=\"20\" {}>{name}</text>",
            x + 18.0,
            theme.text
        );
    };
    let places = [0.0, 80.0, 146.0, 228.0];
    for ((look, name), place) in theme.areas().into_iter().zip(places) {
        entry(LEFT + place, look, name);
    }
    if has_incomplete {
        let x = LEFT + 328.0;
        entry(x, theme.inactive, "Not verified as complete");
        let _ = writeln!(
            svg,
            "<rect x=\"{x}\" y=\"10\" width=\"12\" height=\"12\" fill=\"url(#trend-stripes)\"/>\n<defs><pattern id=\"trend-stripes\" width=\"5\" height=\"5\" patternUnits=\"userSpaceOnUse\" patternTransform=\"rotate(45)\"><rect width=\"3\" height=\"5\" {}/></pattern></defs>",
            theme.incomplete
        );
    }
}

fn draw_axes(svg: &mut String, axis: &Axis, plot: &Plot, theme: &Theme) {
    for step in 0..=axis.steps {
        let value = axis.step * step;
        let y = plot.y(value);
        let _ = writeln!(
            svg,
            "<line x1=\"{LEFT}\" y1=\"{y:.1}\" x2=\"{}\" y2=\"{y:.1}\" {}/><text x=\"{}\" y=\"{:.1}\" {} text-anchor=\"end\">{}</text>",
            WIDTH - RIGHT,
            theme.grid,
            LEFT - 8.0,
            y + 4.0,
            theme.text,
            thousands(value)
        );
    }
    let bottom = plot.y(0);
    for (day, label) in dates(plot.first, plot.last) {
        let x = plot.x(day);
        let _ = writeln!(
            svg,
            "<line x1=\"{x:.1}\" y1=\"{bottom}\" x2=\"{x:.1}\" y2=\"{}\" {}/><text x=\"{x:.1}\" y=\"{}\" {} text-anchor=\"middle\">{label}</text>",
            bottom + 5.0,
            theme.grid,
            HEIGHT - 10.0,
            theme.text
        );
    }
}

/// Draws each area down to the bottom, the highest first, so that the others cover it.
fn draw_areas(svg: &mut String, days: &[Day], plot: &Plot, theme: &Theme) {
    let _ = writeln!(svg, "<g {} stroke-linejoin=\"round\">", theme.edge);
    let runs: Vec<Vec<&Day>> = days.chunk_by(are_near).map(thinned(days.len())).collect();
    let bottom = plot.y(0);
    for (place, (look, _)) in theme.areas().into_iter().enumerate().rev() {
        let _ = write!(svg, "<path {look} d=\"");
        for run in &runs {
            let points = run.iter().map(|day| {
                let y = plot.y(heights(day)[place]);
                (plot.x(date(day.report_time)), y)
            });
            let mut points: Vec<(f64, f64)> = points.collect();
            if let [(x, y)] = points[..] {
                points = vec![(x - HALF_BAR, y), (x + HALF_BAR, y)];
            }
            for (number, (x, y)) in points.iter().enumerate() {
                let start = if number == 0 {
                    format!("M{x:.1},{bottom}")
                } else {
                    String::new()
                };
                let _ = write!(svg, "{start}L{x:.1},{y:.1}");
            }
            let _ = write!(svg, "V{bottom}Z");
        }
        svg.push_str("\"/>\n");
    }
    svg.push_str("</g>\n");
}

/// Marks the reports that aren't verified as complete. The stripes are visible only over areas.
fn draw_bands(svg: &mut String, bands: &[(f64, f64)]) {
    if bands.is_empty() {
        return;
    }
    svg.push_str("<path fill=\"url(#trend-stripes)\" d=\"");
    for (left, right) in bands {
        let _ = write!(
            svg,
            "M{left:.1},{TOP}H{right:.1}V{}H{left:.1}Z",
            HEIGHT - BOTTOM
        );
    }
    svg.push_str("\"/>\n");
}

/// The top of each area on this day, from the bottom up.
fn heights(day: &Day) -> [usize; 4] {
    let mut top = 0_usize;
    [day.active, day.new, day.inactive, day.never_used].map(|people| {
        top = top.saturating_add(people);
        top
    })
}

fn days_between(one: Date, other: Date) -> i64 {
    one.duration_until(other).as_hours() / 24
}

fn are_near(one: &Day, other: &Day) -> bool {
    days_between(date(one.report_time), date(other.report_time)) <= GAP
}

/// Selects as many days of a run as the image has room for if it has `all` days, always including
/// the first and the last one.
fn thinned(all: usize) -> impl Fn(&[Day]) -> Vec<&Day> {
    let each = all.div_ceil(MAX_POINTS).max(1);
    move |run| {
        let last = run.len().saturating_sub(1);
        let places = (0..run.len()).filter(|place| place % each == 0 || *place == last);
        places.filter_map(|place| run.get(place)).collect()
    }
}

/// Maps days and values to coordinates.
struct Plot {
    first: Date,
    last: Date,
    top: usize,
}

impl Plot {
    fn x(&self, day: Date) -> f64 {
        let room = WIDTH - LEFT - RIGHT;
        match days_between(self.first, self.last) {
            ..=0 => LEFT + room / 2.0,
            all => LEFT + room * days_between(self.first, day) as f64 / all as f64,
        }
    }

    fn y(&self, value: usize) -> f64 {
        let room = HEIGHT - TOP - BOTTOM;
        TOP + room * (1.0 - value as f64 / self.top as f64)
    }

    /// The left and right ends of the times whose reports aren't verified as complete. A report
    /// counts halfway to its neighbors.
    fn incomplete(&self, days: &[Day]) -> Vec<(f64, f64)> {
        let x = |day: &Day| self.x(date(day.report_time));
        let mut bands: Vec<(f64, f64)> = Vec::new();
        for (place, day) in days.iter().enumerate() {
            if day.complete != Some(false) {
                continue;
            }
            let own = x(day);
            let before = place.checked_sub(1).and_then(|place| days.get(place));
            let after = days.get(place + 1);
            let before = before.filter(|before| are_near(before, day));
            let after = after.filter(|after| are_near(day, after));
            let left = before.map_or(own, |before| f64::midpoint(own, x(before)));
            let right = after.map_or(own, |after| f64::midpoint(own, x(after)));
            let (left, right) = (left.min(own - HALF_BAR), right.max(own + HALF_BAR));
            match bands.last_mut() {
                Some(last) if last.1 >= left - 1.0 => last.1 = right,
                _ => bands.push((left, right)),
            }
        }
        bands
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use jiff::{SignedDuration, Timestamp};

    use jiff::ToSpan as _;

    use super::scale::MAX_DATES;
    use super::*;

    fn day(time: Timestamp, people: usize) -> Day {
        Day {
            report_time: time,
            seats: people,
            people,
            active: people / 2,
            inactive: people - people / 2,
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
    fn there_are_four_to_eight_dates_with_room_for_each() {
        for start in ["2026-01-01", "2026-02-16", "2027-07-15", "2023-12-31"] {
            let first: Date = start.parse().unwrap();
            for all in (0..500).chain((500..4_000_i64).step_by(9)) {
                let last = first.checked_add(all.days()).unwrap();
                let dates = dates(first, last);
                let at_least = usize::try_from(all + 1).unwrap().min(4);
                let count = dates.len();
                assert!((at_least..=MAX_DATES).contains(&count), "{start} {all}");
                let plot = Plot {
                    first,
                    last,
                    top: 1,
                };
                for pair in dates.windows(2) {
                    let room = plot.x(pair[1].0) - plot.x(pair[0].0);
                    let needed = 7.0 * pair[1].1.len() as f64;
                    assert!(room >= needed, "{start} {all}: {pair:?}");
                }
            }
        }
    }

    #[test]
    fn a_chart_stays_small_and_complete_from_no_one_to_many_over_years() {
        for (count, people) in [(0, 0), (1, 0), (1, 3), (2, 3), (365 * 20, 500_000)] {
            let mut days = days(count, people);
            for day in days.iter_mut().step_by(3) {
                day.complete = Some(false);
            }
            let svg = draw(&days, &Theme::LIGHT);
            assert!(svg.len() < 20_000, "{count}: {}", svg.len());
            assert!(svg.ends_with("</svg>\n"));
            assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
        }
    }

    #[test]
    fn time_without_reports_is_a_gap_in_the_areas() {
        let areas = |days: &[Day]| draw(days, &Theme::DARK).matches('Z').count();
        let mut days = days(100, 3);
        assert_eq!(areas(&days), 4);
        days.drain(20..60);
        assert_eq!(areas(&days), 8);
        assert_eq!(areas(&days[..20]), 4);
    }

    #[test]
    fn only_reports_that_are_not_verified_as_complete_are_marked() {
        let mut days = days(10, 3);
        let marked = |days: &[Day]| draw(days, &Theme::DARK).contains("Not verified as complete");
        assert!(!marked(&days));
        days[3].complete = None;
        assert!(!marked(&days));
        days[4].complete = Some(false);
        assert!(marked(&days));
    }

    #[test]
    fn the_image_for_a_page_has_classes_instead_of_colors() {
        let mut days = days(10, 3);
        days[4].complete = Some(false);
        let svg = draw(&days, &Theme::PAGE);
        assert!(!svg.contains("=\"#") && !svg.contains("style="), "{svg}");
        for class in ["text", "grid", "edge", "active", "never-used", "incomplete"] {
            assert!(svg.contains(&format!("class=\"{class}\"")), "{class}");
        }
    }
}
