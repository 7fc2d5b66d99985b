//! The job summary: what a person sees on the page of the workflow's run.

use std::fmt::Write as _;

use jiff::Timestamp;

use crate::markdown::{code, escape, escape_whole, link_to};
use crate::report::Report;
use crate::report::people::{Person, longest_idle};

use super::log;
use super::outputs::LARGEST_SUMMARY;

/// How many of the longest inactive people are listed.
const LONGEST_INACTIVE: usize = 10;

/// What became of one scope.
#[derive(Debug)]
pub struct Section<'a> {
    /// The organization or enterprise.
    pub title: String,
    /// Its report, where it could be read.
    pub report: Option<&'a Report>,
    /// What was delivered where, and what was not; Markdown is escaped here.
    pub lines: Vec<Line>,
}

/// A line on a delivery.
#[derive(Debug, Clone)]
pub struct Line {
    /// Whether it went well.
    pub good: bool,
    /// What happened.
    pub text: String,
    /// Where to look.
    pub link: Option<String>,
}

impl Line {
    /// Something that went well.
    #[must_use]
    pub fn good(text: String) -> Self {
        Self {
            good: true,
            text,
            link: None,
        }
    }

    /// Something that did not.
    #[must_use]
    pub fn bad(text: String) -> Self {
        Self {
            good: false,
            text,
            link: None,
        }
    }

    /// The same, with where to look.
    #[must_use]
    pub fn with_link(self, link: &str) -> Self {
        Self {
            link: Some(link.to_owned()),
            ..self
        }
    }
}

/// Writes the summary of a run at `now`, in GitHub's Markdown and under the size that the runner
/// takes. People are named only where `names` allows it.
#[must_use]
pub fn write(sections: &[Section<'_>], general: &[Line], names: bool, now: Timestamp) -> String {
    let mut summary = String::from("# Copilot activity report\n\n");
    for line in general {
        write_line(&mut summary, line);
    }
    let mut left_out = 0;
    for section in sections {
        let mut text = String::new();
        write_section(&mut text, section, names, now);
        // Room for the last sentence is kept.
        if summary.len() + text.len() > LARGEST_SUMMARY - 1024 {
            left_out += 1;
        } else {
            summary.push_str(&text);
        }
    }
    if left_out > 0 {
        let _ = writeln!(
            summary,
            "\n{left_out} more are left out here, because GitHub shows summaries up to 1 MiB only. All are in the files."
        );
    }
    summary
}

fn write_section(out: &mut String, section: &Section<'_>, names: bool, now: Timestamp) {
    let _ = writeln!(out, "\n## {}\n", escape(&section.title));
    for line in &section.lines {
        write_line(out, line);
    }
    let Some(report) = section.report else {
        return;
    };
    if !report.is_complete() {
        out.push_str("\n> [!WARNING]\n> **This report is not proved complete.**\n");
        for doubt in report.doubts() {
            let _ = writeln!(out, "> - {}", escape(&doubt.to_string()));
        }
    }
    let (mut recently, mut unknown) = (0_usize, 0_usize);
    for person in report.each_person() {
        match person.last_activity_at {
            Some(at) if days(at, now) < 30 => recently += 1,
            Some(_) => {}
            None => unknown += 1,
        }
    }
    out.push_str("\n| | |\n|---|---:|\n");
    for (what, figure) in [
        ("Seats (rows)", report.seats().len().to_string()),
        ("People", report.people().to_string()),
        ("People active in the last 30 days", recently.to_string()),
        (
            "People without activity in GitHub's records",
            unknown.to_string(),
        ),
        (
            "Seats that GitHub counts",
            report
                .reading()
                .total_seats()
                .map_or_else(|| "not said".to_owned(), |total| total.to_string()),
        ),
        ("Report time (UTC)", report.time().to_string()),
    ] {
        let _ = writeln!(out, "| {what} | {figure} |");
    }
    if names {
        write_longest_inactive(out, report.each_person(), now);
    }
}

fn write_longest_inactive<'a>(
    out: &mut String,
    people: impl Iterator<Item = Person<'a>>,
    now: Timestamp,
) {
    let longest = longest_idle(people, LONGEST_INACTIVE);
    if longest.is_empty() {
        return;
    }
    out.push_str(
        "\n### Longest inactive\n\n\
         | Login | Last activity | Access granted | Days without activity |\n|---|---|---|---:|\n",
    );
    let date = |time: Option<Timestamp>, none: &str| {
        time.map_or_else(
            || none.to_owned(),
            |time| crate::report::day::date(time).to_string(),
        )
    };
    for person in longest {
        let idle = person.idle_since().map_or(0, |since| days(since, now));
        // GitHub forgets an activity after 90 days, so that is all that is known of it.
        let idle = if person.last_activity_at.is_none() && idle >= 90 {
            "90 or more".to_owned()
        } else {
            idle.to_string()
        };
        let _ = writeln!(
            out,
            "| {} | {} | {} | {idle} |",
            code(&person.account.login),
            date(person.last_activity_at, "none known"),
            date(person.granted_at, "not said"),
        );
    }
    out.push_str(
        "\nGitHub keeps a person's last activity for 90 days and drops it when access is granted anew.\n",
    );
}

fn write_line(out: &mut String, line: &Line) {
    let mark = if line.good { "✅" } else { "❌" };
    // Whole lines of an error belong together; one entry of a list has them as breaks.
    let text: Vec<String> = log::without_secrets(&line.text)
        .lines()
        .map(|part| escape_whole(part.trim()))
        .collect();
    let _ = write!(out, "- {mark} {}", text.join("<br>"));
    if let Some(link) = &line.link {
        let _ = write!(out, ": {}", link_to(link));
    }
    out.push('\n');
}

fn days(since: Timestamp, now: Timestamp) -> i64 {
    (now.as_second() - since.as_second()).max(0) / 86_400
}
