//! The job summary, which GitHub shows on the page of the workflow run.
//!
//! It starts with the headline. The facts about the delivery come last, except for what failed.

mod changes;
mod digest;
mod facts;
mod idle;
mod overview;
mod problems;
mod section;
mod selection;
mod status;
#[cfg(test)]
mod tests;
mod trend;

use std::fmt::Write as _;

use jiff::Timestamp;

use crate::pages::figures::headline;
use crate::pages::markdown::{code, escape, link_to, link_with_text, prose};
use crate::report::activity::Counts;
use crate::report::selection::SelectionState;
use crate::system::prose::Prose;
use crate::system::text::thousands;
pub(crate) use digest::Digest;
pub(crate) use facts::Facts;
pub(crate) use section::{Line, Section};

/// Reserves room for the sentence about sections that are left out.
const RESERVED: usize = 1024;

/// How many organizations have their own sections. More have only a table.
pub(crate) const MAX_SECTIONS: usize = 20;

/// The data in a job summary.
#[derive(Debug)]
pub(crate) struct Summary<'a> {
    /// The result for each organization or enterprise.
    pub sections: Vec<Section<'a>>,
    /// The URL of the page over all sections, if it was uploaded.
    pub page: Option<&'a str>,
    /// How many people have each status, each person counted once over all sections.
    pub counts: Counts,
    /// Which organizations patterns selected. `None` if each one is named.
    pub selection: Option<&'a SelectionState>,
    /// What was done and what wasn't, for all of them together.
    pub general: Vec<Line>,
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
        let mut left_out = 0;
        let add = |out: &mut String, text: &str| {
            let fits = out.len() + text.len() <= max.saturating_sub(RESERVED);
            if fits {
                out.push_str(text);
            }
            fits
        };
        if let [section] = &self.sections[..] {
            let mut text = String::new();
            self.write_section(&mut text, section, &[], true);
            left_out += usize::from(!add(&mut out, &text));
        } else {
            let shared = problems::shared(&self.sections);
            self.write_title(&mut out);
            self.write_all(&mut out, &shared);
            let own = match self.sections.len() {
                ..=MAX_SECTIONS => &self.sections[..],
                _ => &[],
            };
            for section in own {
                let mut text = String::new();
                self.write_section(&mut text, section, &shared, false);
                left_out += usize::from(!add(&mut out, &text));
            }
            let mut text = String::new();
            let lines = self.general.iter().map(|line| self.line(line, None));
            write_delivery(&mut text, lines);
            add(&mut out, &text);
        }
        if left_out > 0 {
            let _ = writeln!(
                out,
                "\n{left_out} more are left out here, because GitHub limits summaries to 1 MiB. The files have all of them."
            );
        }
        out
    }

    /// Writes the headline over all sections.
    fn write_title(&self, out: &mut String) {
        let digests = || self.sections.iter().filter_map(|section| section.digest);
        let (all, read) = (self.sections.len(), digests().count());
        let which = if read == all {
            format!("{} organizations", thousands(all))
        } else {
            format!("{} of {} organizations", thousands(read), thousands(all))
        };
        let headline = match read {
            0 => "no report".to_owned(),
            _ => headline(self.counts, digests().map(|digest| digest.seats).sum()),
        };
        let _ = writeln!(out, "# {which}: {headline}");
        if let Some(page) = self.page {
            let link = link_with_text("**Open the page over all organizations**", page);
            let _ = writeln!(out, "\n{link}");
        }
    }

    /// Writes what concerns all sections: problems, the selection, and a table. `shared` are the
    /// warnings of several sections.
    fn write_all(&self, out: &mut String, shared: &[&str]) {
        let general = problems::failures(self.general.iter());
        let is_long = self.sections.len() > MAX_SECTIONS;
        if is_long {
            let grouped = problems::grouped(&self.sections).into_iter();
            problems::write(out, general.chain(grouped), self.server);
        } else {
            let shared = problems::warnings(shared.iter().copied());
            problems::write(out, general.chain(shared), self.server);
        }
        if let Some(selection) = self.selection {
            selection::write(out, selection);
        }
        match is_long {
            true => overview::write_worst_first(out, &self.sections),
            false => overview::write(out, &self.sections),
        }
    }

    /// Writes a section without the warnings in `shared`.
    fn write_section(
        &self,
        out: &mut String,
        section: &Section<'_>,
        shared: &[&str],
        is_single: bool,
    ) {
        let level = if is_single { "#" } else { "\n##" };
        let title = match section.digest {
            Some(digest) => headline(digest.counts, digest.seats),
            None => "no report".to_owned(),
        };
        let _ = writeln!(out, "{level} {}: {title}", escape(section.name));
        let general = if is_single { &self.general[..] } else { &[] };
        let failures = problems::failures(general.iter().chain(&section.lines));
        let warnings = section.warnings.iter().map(String::as_str);
        let warnings = problems::warnings(warnings.filter(|text| !shared.contains(text)));
        problems::write(out, failures.chain(warnings), self.server);
        if let Some(selection) = self.selection.filter(|_| is_single) {
            selection::write(out, selection);
        }
        if let Some(digest) = section.digest {
            if !digest.is_complete() {
                out.push_str(
                    "\n> [!WARNING]\n> **This report couldn't be verified as complete.**\n",
                );
                for reason in &digest.reasons {
                    let _ = writeln!(out, "> - {}", with_code(reason));
                }
            }
            write_first_line(out, section.page, digest);
            out.push_str(&digest.body);
        }
        let lines = section.lines.iter().chain(general);
        let lines = lines.map(|line| self.line(line, Some(section.name)));
        let reading = section.digest.map(|digest| Some(digest.reading.clone()));
        write_delivery(out, lines.chain(reading));
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
fn write_first_line(out: &mut String, page: Option<&str>, digest: &Digest) {
    let mut parts = Vec::new();
    if let Some(url) = page {
        parts.push(link_with_text("**Open the page**", url));
    }
    parts.push(format!("Report of {}", minute(digest.time)));
    if digest.is_complete() {
        parts.push("verified as complete ✔".to_owned());
    }
    let _ = writeln!(out, "\n{}", parts.join(" · "));
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

/// Formats a time to the minute.
fn minute(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d %H:%M UTC").to_string()
}
