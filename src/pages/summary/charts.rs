//! The charts of the job summary. GitHub renders them with Mermaid.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::facts::Facts;
use crate::report::columns::family;
use crate::report::day::date;

/// The maximum number of surfaces. Any others are combined.
const MAX_SURFACES: usize = 7;

/// The maximum number of points that a chart in a summary has room for.
const MAX_POINTS: usize = 30;

/// The maximum length of a name in a chart.
const MAX_NAME_CHARS: usize = 30;

/// Colors that work on light and dark pages: people, and active people.
const LOOK: &str = r##"%%{init: {"xyChart": {"width": 760, "height": 280}, "themeVariables": {"xyChart": {"plotColorPalette": "#2f81f7, #2ea043"}}}}%%"##;

/// The age groups: the number of days before which each ends, and its label.
const AGES: [(i64, &str); 5] = [
    (7, "under 7"),
    (30, "7 to 29"),
    (60, "30 to 59"),
    (90, "60 to 89"),
    (i64::MAX, "90 or more"),
];

pub(super) fn write(out: &mut String, facts: &Facts<'_>) {
    write_ages(out, facts);
    write_surfaces(out, facts);
    write_trend(out, facts);
}

fn write_ages(out: &mut String, facts: &Facts<'_>) {
    let mut counts = [0_usize; AGES.len() + 1];
    for activity in facts
        .known
        .activities(facts.report.credible_seats(), facts.policy)
    {
        let place = activity.last_known_activity_at.map(|at| {
            let days = facts.policy.now.duration_since(at).as_hours() / 24;
            AGES.iter().position(|(most, _)| days < *most)
        });
        counts[place.flatten().unwrap_or(AGES.len())] += 1;
    }
    let names = AGES.iter().map(|(_, name)| *name).chain(["none"]);
    let names: Vec<String> = names
        .zip(counts)
        .map(|(name, count)| format!("\"{name}: {count}\""))
        .collect();
    let figures: Vec<String> = counts.iter().map(ToString::to_string).collect();
    let most = counts.iter().max().copied().unwrap_or_default().max(1);
    let _ = writeln!(
        out,
        "\n### People by days since their last known activity\n\n```mermaid\n{LOOK}\nxychart-beta\n    x-axis [{}]\n    y-axis \"People\" 0 --> {most}\n    bar [{}]\n```",
        names.join(", "),
        figures.join(", ")
    );
}

fn write_surfaces(out: &mut String, facts: &Facts<'_>) {
    let mut families: BTreeMap<String, usize> = BTreeMap::new();
    for person in facts.report.each_person() {
        if person.last_activity_at.is_some() {
            let name = family(person.last_surface_used).0.unwrap_or("unknown");
            *families.entry(plain(name)).or_default() += 1;
        }
    }
    if families.is_empty() {
        return;
    }
    let mut families: Vec<(String, usize)> = families.into_iter().collect();
    families.sort_by(|one, other| other.1.cmp(&one.1).then_with(|| one.0.cmp(&other.0)));
    if families.len() > MAX_SURFACES + 1 {
        let others = families.drain(MAX_SURFACES..).map(|(_, count)| count).sum();
        families.push(("others".to_owned(), others));
    }
    out.push_str("\n### Where people last used Copilot\n\n```mermaid\npie showData\n");
    for (name, count) in families {
        let _ = writeln!(out, "    \"{name}\" : {count}");
    }
    out.push_str("```\n");
}

fn write_trend(out: &mut String, facts: &Facts<'_>) {
    let own_day = date(facts.report.time());
    let days = facts.known.totals.days();
    let mut points: Vec<(String, usize, usize)> = days
        .filter(|day| date(day.report_time) < own_day)
        .map(|day| (date(day.report_time).to_string(), day.people, day.active))
        .collect();
    points.push((
        own_day.to_string(),
        facts.counts.people,
        facts.counts.active,
    ));
    if points.len() < 2 {
        return;
    }
    let each = points.len().div_ceil(MAX_POINTS);
    let mut points: Vec<_> = points.iter().rev().step_by(each).collect();
    points.reverse();
    let most = points
        .iter()
        .map(|(_, people, _)| *people)
        .max()
        .unwrap_or_default()
        .max(1);
    let join = |figure: fn(&(String, usize, usize)) -> String| {
        let figures: Vec<String> = points.iter().map(|point| figure(point)).collect();
        figures.join(", ")
    };
    let (Some(first), Some(last)) = (points.first(), points.last()) else {
        return;
    };
    let _ = writeln!(
        out,
        "\n### Trend from {} to {}\n\nUpper line: people with a seat. Lower line: active people.\n\n```mermaid\n{LOOK}\nxychart-beta\n    x-axis \"Reports\" 1 --> {}\n    y-axis \"People\" 0 --> {most}\n    line [{}]\n    line [{}]\n```",
        first.0,
        last.0,
        points.len(),
        join(|(_, people, _)| people.to_string()),
        join(|(_, _, active)| active.to_string()),
    );
}

/// Replaces characters that could have a meaning in Mermaid.
fn plain(name: &str) -> String {
    let safe = |c: char| c.is_ascii_alphanumeric() || "._- ".contains(c);
    name.chars()
        .take(MAX_NAME_CHARS)
        .map(|c| if safe(c) { c } else { '?' })
        .collect()
}
