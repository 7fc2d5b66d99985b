//! The table of all organizations.

use std::cmp::Reverse;
use std::fmt::Write as _;

use super::section::Section;
use crate::pages::figures::with_share;
use crate::pages::markdown::{escape, link_with_text};
use crate::system::text::thousands;

/// How many rows the table has.
const MAX_ROWS: usize = 100;

const HEADER: &str = "\n| Organization | Seats | Idle | Report | |\n|:---|---:|---:|:---|:---|\n";

/// Writes the table in the order of the sections.
pub(super) fn write(out: &mut String, sections: &[Section<'_>]) {
    out.push_str(HEADER);
    for section in sections {
        write_row(out, section);
    }
}

/// Writes the table with the worst first: those with a failure, those with an incomplete report,
/// and then those with the most idle people.
pub(super) fn write_worst_first(out: &mut String, sections: &[Section<'_>]) {
    let badness = |section: &&Section<'_>| {
        let has_failure = section.lines.iter().any(|line| !line.good);
        let digest = section.digest;
        let is_incomplete = digest.is_some_and(|digest| !digest.is_complete());
        let idle = digest.map_or(0, |digest| digest.counts.idle());
        Reverse((digest.is_none(), has_failure, is_incomplete, idle))
    };
    let mut worst: Vec<&Section<'_>> = sections.iter().collect();
    worst.sort_by_key(badness);
    out.push_str(HEADER);
    for section in worst.iter().take(MAX_ROWS) {
        write_row(out, section);
    }
    let more = worst.len().saturating_sub(MAX_ROWS);
    if more > 0 {
        let _ = writeln!(out, "| and {} more | | | | |", thousands(more));
    }
    out.push_str("\n`results.json` in the workspace has an entry for each of them.\n");
}

fn write_row(out: &mut String, section: &Section<'_>) {
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
    let Some(digest) = section.digest else {
        let _ = writeln!(out, "| {name} | | | ❌ none | {link} |");
        return;
    };
    let complete = if digest.is_complete() {
        "✔ complete"
    } else {
        "⚠️ incomplete"
    };
    let _ = writeln!(
        out,
        "| {name} | {} | {} | {complete} | {link} |",
        thousands(digest.seats),
        with_share(digest.counts.idle(), digest.counts.people),
    );
}
