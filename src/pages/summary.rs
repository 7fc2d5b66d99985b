//! The job summary, which GitHub shows on the page of the workflow run.

mod charts;
mod facts;

use std::fmt::Write as _;

use jiff::Timestamp;

use crate::history::changes::Kind;
use crate::history::totals::Day;
use crate::pages::markdown::{code, escape, escape_whole, link_to};
use crate::report::activity::{Counts, PersonActivity, longest_idle};
use crate::report::day::date;
use crate::report::status::StatusPolicy;
use crate::system::secrets;
use crate::system::text::thousands;
pub(crate) use facts::{Facts, Line, Section};

/// How many of the people who've been inactive longest to list.
const MAX_INACTIVE_PEOPLE: usize = 10;

/// How many changed seats to list.
const MAX_CHANGES: usize = 20;

/// Writes the summary of a run in GitHub's Markdown, in at most `max` bytes. It has people's names
/// only if `names` is true.
pub(crate) fn write(sections: &[Section<'_>], general: &[Line], names: bool, max: usize) -> String {
    let mut summary = String::from("# Copilot activity report\n\n");
    for line in general {
        write_line(&mut summary, line);
    }
    let mut left_out = 0;
    for section in sections {
        let mut text = String::new();
        write_section(&mut text, section, names);
        // Reserves room for the last sentence.
        if summary.len() + text.len() > max - 1024 {
            left_out += 1;
        } else {
            summary.push_str(&text);
        }
    }
    if left_out > 0 {
        let _ = writeln!(
            summary,
            "\n{left_out} more are left out here, because GitHub limits summaries to 1 MiB. The files have all of them."
        );
    }
    summary
}

fn write_section(out: &mut String, section: &Section<'_>, names: bool) {
    let _ = writeln!(out, "\n## {}\n", escape(&section.title));
    for line in &section.lines {
        write_line(out, line);
    }
    for warning in &section.warnings {
        let _ = writeln!(out, "- ⚠️ {}", in_one_entry(warning));
    }
    let Some(facts) = &section.facts else {
        return;
    };
    if !facts.report.is_complete() {
        out.push_str("\n> [!WARNING]\n> **This report couldn't be verified as complete.**\n");
        for reason in facts.report.incomplete_reasons() {
            let _ = writeln!(out, "> - {}", escape(&reason.to_string()));
        }
    }
    write_totals(out, facts);
    if facts.counts.people > 0 {
        charts::write(out, facts);
    }
    if names {
        write_longest_inactive(out, facts);
        write_changes(out, facts);
    }
}

fn write_totals(out: &mut String, facts: &Facts<'_>) {
    let Counts {
        people,
        active,
        new,
        never_used,
        inactive,
    } = facts.counts;
    let days = facts.policy.inactive_after.as_hours() / 24;
    let own_day = date(facts.report.time());
    let mut before = facts.known.totals.days();
    let before = before.rfind(|day| date(day.report_time) < own_day);
    out.push_str("\n| | |");
    if let Some(before) = before {
        let _ = write!(out, " {} |", date(before.report_time));
    }
    out.push_str(if before.is_some() {
        "\n|---|---:|---:|\n"
    } else {
        "\n|---|---:|\n"
    });
    let mut line = |what: &str, figure: &str, earlier: fn(&Day) -> usize| {
        let _ = write!(out, "| {what} | {figure} |");
        if let Some(before) = before {
            let _ = write!(out, " {} |", thousands(earlier(before)));
        }
        out.push('\n');
    };
    let share = |count: usize| match people {
        0 => thousands(count),
        all => format!(
            "{} ({:.0}%)",
            thousands(count),
            100.0 * count as f64 / all as f64
        ),
    };
    line(
        "Seats (rows)",
        &thousands(facts.report.seats().len()),
        |d| d.seats,
    );
    line("People", &thousands(people), |d| d.people);
    line(
        &format!("Active in the last {days} days"),
        &share(active),
        |d| d.active,
    );
    line(
        &format!("New: granted in the last {days} days, not active yet"),
        &share(new),
        |d| d.new,
    );
    line("Never used since the grant", &share(never_used), |d| {
        d.never_used
    });
    line("Inactive", &share(inactive), |d| d.inactive);
    let total = facts.report.reading().total_seats();
    let total = total.map_or_else(|| "unknown".to_owned(), |total| total.to_string());
    let _ = writeln!(
        out,
        "\nReport time: {} (UTC). Total reported by GitHub: {total}.",
        facts.report.time()
    );
}

fn write_longest_inactive(out: &mut String, facts: &Facts<'_>) {
    let activities = facts
        .known
        .activities(facts.report.credible_seats(), facts.policy);
    let longest = longest_idle(activities, MAX_INACTIVE_PEOPLE);
    if longest.is_empty() {
        return;
    }
    out.push_str(
        "\n### Longest inactive\n\n\
         | Login | Last known activity | Access granted | Days without activity |\n|---|---|---|---:|\n",
    );
    let day = |time: Option<Timestamp>, none: &str| {
        time.map_or_else(|| none.to_owned(), |time| date(time).to_string())
    };
    for activity in longest {
        let _ = writeln!(
            out,
            "| {} | {} | {} | {} |",
            code(&activity.person.account.login),
            day(activity.last_known_activity_at, "none known"),
            day(activity.person.granted_at, "unknown"),
            days_idle(&activity, facts.policy),
        );
    }
    out.push_str(
        "\nGitHub keeps a person's last activity for 90 days, and deletes it when access is granted again. Recorded reports keep it.\n",
    );
}

/// Returns for how many days a person has been idle. There may be unrecorded activity between an
/// old activity and the time since which everything is known.
fn days_idle(activity: &PersonActivity<'_>, policy: StatusPolicy) -> String {
    let Some(since) = activity.idle_since() else {
        return String::new();
    };
    let days = |since| policy.now.duration_since(since).as_hours().max(0) / 24;
    if activity.person.last_activity_at.is_some() || since >= activity.known_since {
        days(since).to_string()
    } else {
        format!("{} or more", days(activity.known_since))
    }
}

fn write_changes(out: &mut String, facts: &Facts<'_>) {
    let Some(changes) = facts.changes else {
        return;
    };
    for (kind, title) in [
        (Kind::Granted, "Granted since the last report"),
        (Kind::Revoked, "Revoked since the last report"),
    ] {
        let logins: Vec<&str> = changes
            .iter()
            .filter(|(other, _)| *other == kind)
            .map(|(_, login)| login.as_str())
            .collect();
        if logins.is_empty() {
            continue;
        }
        let shown: Vec<String> = logins.iter().take(MAX_CHANGES).map(|l| code(l)).collect();
        let _ = write!(
            out,
            "\n**{title}** ({}): {}",
            thousands(logins.len()),
            shown.join(", ")
        );
        if logins.len() > shown.len() {
            let _ = write!(out, " and {} more", thousands(logins.len() - shown.len()));
        }
        out.push('\n');
    }
}

fn write_line(out: &mut String, line: &Line) {
    let mark = if line.good { "✅" } else { "❌" };
    let link = line.link.as_deref().map(link_to);
    let text = match link {
        Some(link) => format!("{}: {link}", in_one_entry(&line.text)),
        None => in_one_entry(&line.text),
    };
    let _ = writeln!(out, "- {mark} {text}");
}

/// An error can have several lines. In a list entry, they become line breaks.
fn in_one_entry(text: &str) -> String {
    let lines: Vec<String> = secrets::redact(text)
        .lines()
        .map(|part| escape_whole(part.trim()))
        .collect();
    lines.join("<br>")
}
