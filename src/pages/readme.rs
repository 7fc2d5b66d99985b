//! The README of a scope's folder. On GitHub, it shows how many seats are idle, where, and since
//! when, what changed, and links to everything else.

use std::collections::{BTreeMap, VecDeque};
use std::fmt::Write as _;

use jiff::Timestamp;
use jiff::civil::Date;

use crate::history::changes::Kind;
use crate::history::totals::Day;
use crate::history::{
    CurrentSeats, IdlePerson, Page, SeatChange, SeatEvent, TREND_DARK, TREND_LIGHT, changes,
    events, people, seats, totals,
};
use crate::pages::figures::{
    days as in_days, headline_sentence, missing_reports, month_before, percent,
};
use crate::pages::markdown::{code, escape, link_to};
use crate::pages::repository;
use crate::report::control::Control;
use crate::report::day::{LATEST, date, day_stem};
use crate::system::text::thousands;

/// How many of the latest changes to show.
const NEWEST_CHANGES: usize = 15;

/// A count in a day's totals.
type Figure = fn(&Day) -> usize;

/// Writes the page.
pub(crate) fn write(page: &Page<'_>) -> String {
    let mut out = String::new();
    let name = escape(page.scope.name());
    let _ = writeln!(out, "# Copilot activity of {name}\n");
    if let Some(newest) = page.days.last() {
        let headline = headline_sentence(newest.counts(), newest.seats);
        let _ = writeln!(out, "**{headline}**\n");
    }
    let time = page.time.to_string().replace('T', " ").replace('Z', " UTC");
    let _ = writeln!(
        out,
        "The Copilot seats of the {} {name} on {time}. See the [latest report]({LATEST}).",
        page.scope.kind()
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
    write_evidence(&mut out, page);
    write_changes(&mut out, page);
    write_idle(&mut out, page.current);
    write_ending(&mut out, page.current);
    write_reports(&mut out, page.days);
    write_files(&mut out);
    out
}

fn write_totals(out: &mut String, page: &Page<'_>) {
    let Some((newest, earlier)) = page.days.split_last() else {
        return;
    };
    let mut shown = vec![("Now", newest)];
    if let Some(before) = earlier.last() {
        shown.push(("Last report", before));
    }
    let all: Vec<&Day> = earlier.iter().collect();
    let past = month_before(&all, date(newest.report_time)).map(|(day, is_month)| match is_month {
        true => ("30 days ago", day),
        false => ("First report", day),
    });
    shown.extend(past.filter(|(_, day)| shown.iter().all(|(_, other)| other != day)));
    out.push_str("\n|");
    for (name, day) in &shown {
        let _ = write!(out, " | {name}<br>{}", date(day.report_time));
    }
    out.push_str(" |\n|:---");
    for _ in &shown {
        out.push_str(" | ---:");
    }
    out.push_str(" |\n");
    let has_several = shown.iter().any(|(_, day)| day.seats != day.people);
    let lines: [(&str, Figure); 7] = [
        ("Seats", |day| day.seats),
        ("People", |day| day.people),
        ("Active", |day| day.active),
        ("New", |day| day.new),
        ("Inactive", |day| day.inactive),
        ("Never used", |day| day.never_used),
        ("**Idle**", |day| day.counts().idle()),
    ];
    for (name, figure) in lines {
        if name == "People" && !has_several {
            continue;
        }
        let _ = write!(out, "| {name}");
        for (place, (_, day)) in shown.iter().enumerate() {
            let count = figure(day);
            let _ = write!(out, " | {}", thousands(count));
            if place == 0 && day.people > 0 && !matches!(name, "Seats" | "People") {
                let _ = write!(out, " ({})", percent(count, day.people));
            }
        }
        out.push_str(" |\n");
    }
    let days = in_days(page.inactive_after.as_hours() / 24);
    let _ = writeln!(
        out,
        "\nActive: used Copilot in the last {days}. New: got the seat in the last {days} and isn't active yet. Never used: no activity since the grant. Inactive: everyone else. Idle: inactive or never used."
    );
}

/// Says how far the reader can trust the page, and how to check it.
fn write_evidence(out: &mut String, page: &Page<'_>) {
    let complete = match page.complete {
        Some(true) => "The report is verified as complete.",
        Some(false) => "The report isn't verified as complete.",
        None => "The report was imported, so it's unknown whether it's complete.",
    };
    let _ = write!(out, "\n{complete}");
    if let [first, .., last] = page.days {
        let _ = write!(
            out,
            " {} days are recorded, from {} to {}{}.",
            thousands(page.days.len()),
            date(first.report_time),
            date(last.report_time),
            missing(page.days)
        );
    }
    if let Some(count) = page.control.and_then(Control::described) {
        let _ = write!(out, " GitHub's billing count: {count}.");
    }
    if let Some(run) = page.run {
        let address = format!(
            "{}/{}/actions/runs/{}/attempts/{}",
            run.server, run.repository, run.id, run.attempt
        );
        let label = escape(&run.id);
        let is_link = link_to(&address) == format!("<{address}>");
        let run = if is_link {
            format!("[run {label}]({address})")
        } else {
            format!("run {label}")
        };
        let _ = write!(out, " Workflow {run} recorded the report.");
    }
    if let Some(state) = page.repository {
        let _ = write!(out, " {}", repository::sentences(state));
    }
    out.push_str(
        " To check that no one changed the files, run `copilot-activity-report verify` in a clone.\n",
    );
}

/// Describes the days or weeks without a report between the first and the last one.
fn missing(days: &[Day]) -> String {
    match missing_reports(days) {
        None => String::new(),
        Some((count, list)) if list.is_empty() => {
            format!(", without {} missing", count.replacen("no ", "a ", 1))
        }
        Some((count, list)) => {
            let have = if count.starts_with("1 ") {
                "has"
            } else {
                "have"
            };
            format!(". {count} in between {have} no report ({list})")
        }
    }
}

fn write_changes(out: &mut String, page: &Page<'_>) {
    let year = date(page.time).year();
    out.push_str("\n## Latest changes\n\n");
    let mut newest = VecDeque::new();
    let mut count = 0_usize;
    for line in changes::lines(page.changes).flatten() {
        count += 1;
        if let Some(change) = SeatChange::read(&line) {
            newest.push_front(change);
            // Two lines can become one sentence.
            newest.truncate(2 * NEWEST_CHANGES);
        }
    }
    if count == 0 {
        let _ = match page.days {
            [_] => writeln!(
                out,
                "This is the first recorded report. Later reports are compared with it."
            ),
            _ => writeln!(out, "No seats changed in {year} so far."),
        };
        return;
    }
    for event in events(&newest).iter().take(NEWEST_CHANGES) {
        let (time, sentence) = match event {
            SeatEvent::Change(change) => (change.report_time, sentence(change)),
            SeatEvent::Moved { from, to } => (to.report_time, moved(from, to)),
        };
        let _ = writeln!(out, "- {}: {sentence}", date(time));
    }
    let file = changes::file_name(page.time);
    let _ = writeln!(
        out,
        "\n{} in {year}: [{file}]({file}). Other years are in the same folder.",
        match count {
            1 => "The only change".to_owned(),
            _ => format!("All {} changes", thousands(count)),
        }
    );
}

fn moved(from: &SeatChange, to: &SeatChange) -> String {
    let team = |team: &str| match team {
        "" => "no team".to_owned(),
        team => format!("team {}", code(team)),
    };
    format!(
        "{} moved from {} to {}{}.",
        code(&to.login),
        team(&from.team),
        team(&to.team),
        place(&to.organization, "")
    )
}

fn sentence(change: &SeatChange) -> String {
    let place = place(&change.organization, &change.team);
    let (from, to) = (shown(&change.from), shown(&change.to));
    let day = date(change.report_time).to_string();
    if change.login.is_empty() {
        return format!("A seat without a person: {}{place}.", change.kind.as_str());
    }
    let login = code(&change.login);
    match (change.kind, &*from, &*to) {
        (Kind::Granted, _, to) if to.is_empty() || to == day => {
            format!("{login} got a seat{place}.")
        }
        (Kind::Granted, _, to) => format!("{login} got a seat on {to}{place}."),
        (Kind::Revoked, "", _) => format!("{login} lost their seat{place}."),
        (Kind::Revoked, from, _) => format!("{login} lost the seat they had since {from}{place}."),
        (Kind::Reassigned, from, to) => {
            format!("{login} got the seat from {from} again on {to}{place}.")
        }
        (Kind::Renamed, ..) => {
            format!("{} is now {}.", code(&change.from), code(&change.to))
        }
        (Kind::CancellationScheduled, "", to) => {
            format!("The seat of {login} ends on {to}{place}.")
        }
        (Kind::CancellationScheduled, from, to) => {
            format!("The seat of {login} ends on {to} instead of {from}{place}.")
        }
        (Kind::CancellationRemoved, from, _) => {
            format!("The seat of {login} no longer ends on {from}{place}.")
        }
        (Kind::PlanChanged, from, to) => {
            format!("The plan of {login} changed from {from} to {to}{place}.")
        }
    }
}

/// Formats an old or new value. Times become days.
fn shown(value: &str) -> String {
    if value.is_empty() {
        return String::new();
    }
    match (value.parse::<Timestamp>(), value.parse::<Date>()) {
        (Ok(time), _) => date(time).to_string(),
        (_, Ok(date)) => date.to_string(),
        _ => code(value),
    }
}

/// Says in parentheses where a seat comes from.
fn place(organization: &str, team: &str) -> String {
    match (organization, team) {
        ("", "") => String::new(),
        ("", team) => format!(" (team {})", code(team)),
        (organization, "") => format!(" (organization {})", code(organization)),
        (organization, team) => {
            format!(
                " (organization {}, team {})",
                code(organization),
                code(team)
            )
        }
    }
}

fn write_idle(out: &mut String, current: &CurrentSeats) {
    let days = |person: &IdlePerson| {
        let more = if person.is_minimum { " or more" } else { "" };
        format!("{}{more}", person.days)
    };
    if !current.teams.is_empty() {
        let has_organizations = current
            .teams
            .iter()
            .any(|team| !team.organization.is_empty());
        out.push_str("\n## Idle seats by team\n\n");
        if has_organizations {
            out.push_str("| Organization ");
        }
        out.push_str("| Team | Seats | Idle | Longest idle | Days without activity |\n");
        out.push_str(if has_organizations { "|---" } else { "" });
        out.push_str("|---|---:|---:|---|---:|\n");
        let named = |name: &str, none: &str| match name {
            "" => none.to_owned(),
            name => code(name),
        };
        for team in &current.teams {
            if has_organizations {
                let _ = write!(out, "| {} ", named(&team.organization, "None"));
            }
            let longest = team.longest.as_ref();
            let _ = writeln!(
                out,
                "| {} | {} | {} ({}) | {} | {} |",
                named(&team.team, "None"),
                thousands(team.seats),
                thousands(team.idle),
                percent(team.idle, team.seats),
                longest.map_or_else(|| "Unknown".to_owned(), |person| code(&person.login)),
                longest.map_or_else(String::new, days),
            );
        }
        if current.more_teams > 0 {
            let _ = writeln!(
                out,
                "\nOther teams with idle seats: {}.",
                thousands(current.more_teams)
            );
        }
    } else if !current.people.is_empty() {
        out.push_str(
            "\n## Longest idle\n\n| Login | Last known activity | Days without activity |\n|---|---|---:|\n",
        );
        for person in &current.people {
            let activity = person.last_activity_at.map(|time| date(time).to_string());
            let _ = writeln!(
                out,
                "| {} | {} | {} |",
                code(&person.login),
                activity.as_deref().unwrap_or("None known"),
                days(person)
            );
        }
    }
}

fn write_ending(out: &mut String, current: &CurrentSeats) {
    if current.ending.is_empty() {
        return;
    }
    out.push_str("\n## Ends soon\n\n");
    for seats in current.ending.chunk_by(|one, other| one.date == other.date) {
        let holders = seats.iter().map(|seat| match &*seat.login {
            "" => "a seat without a person".to_owned(),
            login => code(login),
        });
        let holders: Vec<String> = holders.collect();
        let _ = writeln!(out, "- {}: {}", seats[0].date, holders.join(", "));
    }
    if current.more_ending > 0 {
        let _ = writeln!(
            out,
            "\nOther canceled seats: {}. See [{1}]({1}).",
            thousands(current.more_ending),
            seats::SEATS
        );
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
