//! The README of a scope's folder. On GitHub, it shows the current figures, the latest changes, and
//! links to everything else.

use std::collections::{BTreeMap, VecDeque};
use std::fmt::Write as _;

use jiff::{SignedDuration, Timestamp};

use crate::history::totals::Day;
use crate::history::{Page, TREND_DARK, TREND_LIGHT, changes, people, seats, totals};
use crate::pages::markdown::{code, escape};
use crate::report::day::{LATEST, date, day_stem};
use crate::system::text::thousands;

/// How many of the latest changes to show.
const NEWEST_CHANGES: usize = 15;

/// A count in a day's totals.
type Figure = fn(&Day) -> usize;

/// Writes the page.
pub(crate) fn write(page: &Page<'_>) -> String {
    let mut out = String::new();
    let time = page.time.to_string().replace('T', " ").replace('Z', " UTC");
    let _ = writeln!(
        out,
        "# Copilot activity of {}\n\nThe Copilot seats of the {} {} on {time}. See the [latest report]({LATEST}).",
        escape(page.scope.name()),
        page.scope.kind(),
        escape(page.scope.name()),
    );
    if page.complete == Some(false) {
        out.push_str(
            "\n> [!WARNING]\n> This report couldn't be verified as complete: seats may be missing in it. The history keeps seats that it doesn't show until a complete report shows that they're gone.\n",
        );
    }
    write_totals(&mut out, page);
    let _ = writeln!(
        out,
        "\n<picture>\n  <source media=\"(prefers-color-scheme: dark)\" srcset=\"{TREND_DARK}\">\n  <img alt=\"People with a seat by status over time\" src=\"{TREND_LIGHT}\">\n</picture>"
    );
    write_changes(&mut out, page);
    write_reports(&mut out, page.days);
    write_files(&mut out);
    out
}

fn write_totals(out: &mut String, page: &Page<'_>) {
    let Some((newest, earlier)) = page.days.split_last() else {
        return;
    };
    let month = SignedDuration::from_hours(30 * 24);
    let mut shown = vec![newest];
    let before = earlier.last();
    let month_before = earlier
        .iter()
        .rev()
        .find(|day| newest.report_time.duration_since(day.report_time) >= month);
    shown.extend(before);
    shown.extend(month_before.filter(|day| before.is_none_or(|b| b != *day)));
    out.push_str("\n|");
    for day in &shown {
        let _ = write!(out, " | {}", date(day.report_time));
    }
    out.push_str(" |\n|:---");
    for _ in &shown {
        out.push_str(" | ---:");
    }
    out.push_str(" |\n");
    let days = page.inactive_after.as_hours() / 24;
    let lines: [(String, Figure); 6] = [
        ("Seats".to_owned(), |day| day.seats),
        ("People".to_owned(), |day| day.people),
        (format!("Active in the last {days} days"), |day| day.active),
        (
            format!("New: granted in the last {days} days, not active yet"),
            |day| day.new,
        ),
        (
            "Never used: no activity since the grant".to_owned(),
            |day| day.never_used,
        ),
        ("Inactive: everyone else".to_owned(), |day| day.inactive),
    ];
    for (name, figure) in lines {
        let _ = write!(out, "| {name}");
        for day in &shown {
            let _ = write!(out, " | {}", thousands(figure(day)));
        }
        out.push_str(" |\n");
    }
}

fn write_changes(out: &mut String, page: &Page<'_>) {
    let year = date(page.time).year();
    out.push_str("\n## Latest changes\n\n");
    let mut newest = VecDeque::new();
    let mut count = 0_usize;
    for record in changes::lines(page.changes).flatten() {
        count += 1;
        newest.push_front(record);
        newest.truncate(NEWEST_CHANGES);
    }
    if newest.is_empty() {
        let _ = writeln!(out, "No seats changed in {year} so far.");
        return;
    }
    // The organization and team columns are shown only if any of the changes has a value there.
    let used = |place: usize| {
        newest
            .iter()
            .any(|r| r.get(place).is_some_and(|c| !c.is_empty()))
    };
    let places: Vec<(usize, &str)> = [
        (0, "Report"),
        (1, "Login"),
        (4, "Change"),
        (5, "From"),
        (6, "To"),
        (2, "Organization"),
        (3, "Team"),
    ]
    .into_iter()
    .filter(|(place, _)| !(2..=3).contains(place) || used(*place))
    .collect();
    let names: Vec<&str> = places.iter().map(|(_, name)| *name).collect();
    let _ = writeln!(
        out,
        "| {} |\n|{}",
        names.join(" | "),
        "---|".repeat(names.len())
    );
    for record in &newest {
        let cells: Vec<String> = places
            .iter()
            .map(|(place, _)| {
                let cell = record.get(*place).unwrap_or_default();
                shown_cell(*place, &String::from_utf8_lossy(cell))
            })
            .collect();
        let _ = writeln!(out, "| {} |", cells.join(" | "));
    }
    let _ = writeln!(
        out,
        "\nAll {} changes in {year}: [{}]({}). Other years are in the same folder.",
        thousands(count),
        changes::file_name(page.time),
        changes::file_name(page.time)
    );
}

/// Formats a cell of a change for display. Times become days.
fn shown_cell(place: usize, cell: &str) -> String {
    match cell.parse::<Timestamp>() {
        _ if cell.is_empty() => String::new(),
        Ok(time) => date(time).to_string(),
        Err(_) if place == 4 => escape(cell),
        Err(_) => code(cell),
    }
}

/// Writes links to the reports, one line per month. Past years are collapsed.
fn write_reports(out: &mut String, days: &[Day]) {
    out.push_str("\n## Reports\n");
    let mut years: BTreeMap<i16, BTreeMap<i8, (usize, Timestamp)>> = BTreeMap::new();
    for day in days {
        let on = date(day.report_time);
        let months = years.entry(on.year()).or_default();
        let (count, newest) = months.entry(on.month()).or_insert((0, day.report_time));
        *count += 1;
        *newest = day.report_time.max(*newest);
    }
    for (place, (year, months)) in years.iter().rev().enumerate() {
        let all: usize = months.values().map(|(count, _)| count).sum();
        let count = |count: usize| match count {
            1 => "1 report".to_owned(),
            count => format!("{count} reports"),
        };
        if place == 0 {
            let _ = writeln!(out, "\n**{year}**: {}\n", count(all));
        } else {
            let _ = writeln!(
                out,
                "\n<details>\n<summary><b>{year}</b>: {}</summary>\n",
                count(all)
            );
        }
        out.push_str("| Month | Reports | Newest |\n|---|---:|---|\n");
        for (month, (count, newest)) in months.iter().rev() {
            let _ = writeln!(
                out,
                "| [{year}-{month:02}](reports/{year:04}) | {count} | [{}]({}.csv) |",
                date(*newest),
                day_stem(*newest)
            );
        }
        if place > 0 {
            out.push_str("\n</details>\n");
        }
    }
}

fn write_files(out: &mut String) {
    let _ = writeln!(
        out,
        "\n## Files\n\n\
         | File | Contents |\n|---|---|\n\
         | [{LATEST}]({LATEST}) | The latest report, in the format of GitHub's own download. |\n\
         | [{0}]({0}) | The same seats with IDs, team, plan, grant, and cancellation. |\n\
         | [{1}]({1}) | Everyone who ever had a seat, and when they were last active. Kept even though GitHub deletes it after 90 days. |\n\
         | [{2}]({2}) | The trend, one line per day. |\n\
         | `changes` | Every seat change, one file per year, from the first change on. |\n\
         | [reports](reports) | One report per day with its manifest: when and how the report was read, and the SHA-256 of every file. |\n\n\
         A workflow writes these files. Who used Copilot when is personal data, so keep this repository private.",
        seats::SEATS,
        people::PEOPLE,
        totals::TOTALS,
    );
}
