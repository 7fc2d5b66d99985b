//! The job summary, which GitHub shows on the page of the workflow run.
//!
//! It starts with the headline. The facts about the delivery come last, except for what failed.

mod changes;
mod facts;
mod idle;
mod status;
mod trend;

use std::fmt::Write as _;

use jiff::Timestamp;

use crate::pages::figures::{headline, with_share};
use crate::pages::markdown::{code, escape, link_to, link_with_text, prose};
use crate::report::activity::Counts;
use crate::report::control::Control;
use crate::system::prose::Prose;
use crate::system::text::thousands;
pub(crate) use facts::{Facts, Line, Section};

/// Reserves room for the sentence about sections that are left out.
const RESERVED: usize = 1024;

/// The data in a job summary.
#[derive(Debug)]
pub(crate) struct Summary<'a> {
    /// The result for each organization or enterprise.
    pub sections: Vec<Section<'a>>,
    /// What was done and what wasn't, for all of them together.
    pub general: Vec<Line>,
    /// Whether the summary can have people's names.
    pub names: bool,
    /// The URL of the GitHub server, such as `https://github.com`. Links in errors lead only there.
    pub server: &'a str,
}

/// Escapes a text, and keeps its code spans. What's in them may come from a response.
fn with_code(text: &str) -> String {
    let part = |(place, part): (usize, &str)| match place % 2 {
        0 => escape(part),
        _ => code(part),
    };
    text.split('`').enumerate().map(part).collect()
}

/// Writes the summary of a run that was refused before it read anything.
pub(crate) fn refused(first: &str, errors: &[Prose], server: &str, max: usize) -> String {
    let mut out = format!("# No Copilot activity report\n\n{first}\n\n");
    for error in errors {
        let line = format!("- ❌ {}\n", prose(error, server));
        if out.len() + line.len() > max {
            break;
        }
        out.push_str(&line);
    }
    out
}

impl Summary<'_> {
    /// Writes the summary in GitHub's Markdown, in at most `max` bytes.
    pub(crate) fn write(&self, max: usize) -> String {
        let mut out = String::new();
        let single = match &self.sections[..] {
            [section] => Some(section),
            _ => None,
        };
        if single.is_none() {
            self.write_title(&mut out);
        }
        let mut left_out = 0;
        for section in &self.sections {
            let mut text = String::new();
            self.write_section(&mut text, section, single.is_some());
            if out.len() + text.len() > max.saturating_sub(RESERVED) {
                left_out += 1;
            } else {
                out.push_str(&text);
            }
        }
        if single.is_none() {
            let mut text = String::new();
            write_delivery(
                &mut text,
                self.general.iter().map(|line| self.line(line, None)),
            );
            if out.len() + text.len() <= max.saturating_sub(RESERVED) {
                out.push_str(&text);
            }
        }
        if left_out > 0 {
            let _ = writeln!(
                out,
                "\n{left_out} more are left out here, because GitHub limits summaries to 1 MiB. The files have all of them."
            );
        }
        out
    }

    /// Writes the headline over all sections, and a table of them.
    fn write_title(&self, out: &mut String) {
        let facts: Vec<&Facts<'_>> = self
            .sections
            .iter()
            .filter_map(|s| s.facts.as_ref())
            .collect();
        let all = self.sections.len();
        let read = facts.len();
        let which = if read == all {
            format!("{} organizations", thousands(all))
        } else {
            format!("{} of {} organizations", thousands(read), thousands(all))
        };
        let counts: Counts = facts.iter().map(|facts| facts.counts).sum();
        let seats = facts.iter().map(|facts| facts.report.seats().len()).sum();
        let headline = match read {
            0 => "no report".to_owned(),
            _ => headline(counts, seats),
        };
        let _ = writeln!(out, "# {which}: {headline}");
        self.write_problems(out, self.general.iter(), &[]);
        out.push_str("\n| Organization | Seats | Idle | Report | |\n|:---|---:|---:|:---|:---|\n");
        // The sections below may have errors, which need more room than this table.
        for section in self.sections.iter().take(100) {
            write_overview(out, section);
        }
    }

    fn write_section(&self, out: &mut String, section: &Section<'_>, is_single: bool) {
        let level = if is_single { "#" } else { "\n##" };
        let title = match &section.facts {
            Some(facts) => headline(facts.counts, facts.report.seats().len()),
            None => "no report".to_owned(),
        };
        let _ = writeln!(out, "{level} {}: {title}", escape(section.name));
        let general = if is_single { &self.general[..] } else { &[] };
        let lines = general.iter().chain(&section.lines);
        self.write_problems(out, lines, &section.warnings);
        if let Some(facts) = &section.facts {
            if !facts.report.is_complete() {
                out.push_str(
                    "\n> [!WARNING]\n> **This report couldn't be verified as complete.**\n",
                );
                for reason in facts.report.incomplete_reasons() {
                    let _ = writeln!(out, "> - {}", with_code(&reason.to_string()));
                }
            }
            write_first_line(out, section.page, facts);
            status::write(out, facts);
            changes::write(out, facts, self.names);
            trend::write(out, facts);
            if self.names {
                idle::write(out, facts);
            }
        }
        let lines = section.lines.iter().chain(general);
        let lines = lines.map(|line| self.line(line, Some(section.name)));
        write_delivery(
            out,
            lines.chain(section.facts.as_ref().map(|facts| Some(reading(facts)))),
        );
    }

    /// Writes what wasn't done, and warnings.
    fn write_problems<'l>(
        &self,
        out: &mut String,
        lines: impl Iterator<Item = &'l Line>,
        warnings: &[String],
    ) {
        let failures = lines
            .filter(|line| !line.good)
            .map(|line| ("❌", line.text.clone()));
        let warnings = warnings.iter().map(|text| ("⚠️", Prose::own(text)));
        for (number, (mark, text)) in failures.chain(warnings).enumerate() {
            let gap = if number == 0 { "\n" } else { "" };
            let _ = writeln!(out, "{gap}- {mark} {}", prose(&text, self.server));
        }
    }

    /// Returns the text about something that was done.
    fn line(&self, line: &Line, scope: Option<&str>) -> Option<String> {
        let text = prose(&line.text, self.server);
        // The section already has the name.
        let prefix = scope.map(|scope| format!("{}: ", escape(scope)));
        let text = prefix
            .and_then(|prefix| text.strip_prefix(&prefix).map(str::to_owned))
            .unwrap_or(text);
        let text = match line.link.as_deref().map(link_to) {
            Some(link) => format!("{text}: {link}"),
            None => text,
        };
        line.good.then_some(text)
    }
}

/// Writes the link to the page, when the report was read, and whether it's complete.
fn write_first_line(out: &mut String, page: Option<&str>, facts: &Facts<'_>) {
    let mut parts = Vec::new();
    if let Some(url) = page {
        parts.push(link_with_text("**Open the page**", url));
    }
    parts.push(format!("Report of {}", minute(facts.report.time())));
    if facts.report.is_complete() {
        parts.push("verified as complete ✔".to_owned());
    }
    let _ = writeln!(out, "\n{}", parts.join(" · "));
}

fn write_overview(out: &mut String, section: &Section<'_>) {
    let link = |text: &str, url: Option<&str>| {
        url.map_or_else(String::new, |url| link_with_text(text, url))
    };
    let commit = || {
        let mut links = section.lines.iter().filter(|line| line.good);
        links.find_map(|line| line.link.as_deref())
    };
    let link = match section.page {
        Some(page) => link("Open the page", Some(page)),
        None => link("Commit", commit()),
    };
    let name = escape(section.name);
    let Some(facts) = &section.facts else {
        let _ = writeln!(out, "| {name} | | | ❌ none | {link} |");
        return;
    };
    let counts = facts.counts;
    let complete = if facts.report.is_complete() {
        "✔ complete"
    } else {
        "⚠️ incomplete"
    };
    let _ = writeln!(
        out,
        "| {name} | {} | {} | {complete} | {link} |",
        thousands(facts.report.seats().len()),
        with_share(counts.idle(), counts.people),
    );
}

/// Writes what was done, folded.
fn write_delivery(out: &mut String, lines: impl Iterator<Item = Option<String>>) {
    let lines: Vec<String> = lines.flatten().collect();
    if lines.is_empty() {
        return;
    }
    out.push_str("\n<details><summary>Delivery</summary>\n\n");
    for line in lines {
        let _ = writeln!(out, "- {line}");
    }
    out.push_str("\n</details>\n");
}

/// Describes how the list of seats was read.
fn reading(facts: &Facts<'_>) -> String {
    let reading = facts.report.reading();
    let total = match reading.total_seats() {
        Some(total) => format!("GitHub's total is {}", thousands(count_of(total))),
        None => "GitHub's total is unknown".to_owned(),
    };
    let pages = match reading.pages {
        1 => "1 page".to_owned(),
        pages => format!("{} pages", thousands(pages)),
    };
    let rows = match facts.report.seats().len() {
        1 => "1 row".to_owned(),
        rows => format!("{} rows", thousands(rows)),
    };
    let time = facts.report.time().to_string();
    let billed = facts.report.control().and_then(Control::described);
    let billed = billed.map(|count| format!(" GitHub's billing count: {count}."));
    let billed = billed.unwrap_or_default();
    format!("read {rows} from {pages}, starting at {time}. {total}.{billed}")
}

fn count_of(total: u64) -> usize {
    usize::try_from(total).unwrap_or(usize::MAX)
}

/// Formats a time to the minute.
fn minute(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d %H:%M UTC").to_string()
}
