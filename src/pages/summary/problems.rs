//! What wasn't done, and warnings. A problem that many organizations share is shown once.

use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;

use super::section::{Line, Section};
use crate::pages::markdown::{escape, prose};
use crate::system::prose::Prose;
use crate::system::text::thousands;

/// How many problems a list has.
const MAX_PROBLEMS: usize = 100;

/// How many names a list has.
const MAX_NAMES: usize = 10;

/// What names the request in an error. It differs between errors that are otherwise the same.
const REQUEST_ID: &str = "(request ID ";

/// Something that wasn't done, or a warning.
pub(super) struct Problem {
    is_failure: bool,
    /// Names the organizations that have it, in Markdown. Empty if the text already does.
    names: String,
    text: Prose,
}

/// Returns what wasn't done.
pub(super) fn failures<'l>(lines: impl Iterator<Item = &'l Line>) -> impl Iterator<Item = Problem> {
    lines.filter(|line| !line.good).map(|line| Problem {
        is_failure: true,
        names: String::new(),
        text: line.text.clone(),
    })
}

/// Returns the warnings.
pub(super) fn warnings<'w>(texts: impl Iterator<Item = &'w str>) -> impl Iterator<Item = Problem> {
    texts.map(|text| Problem {
        is_failure: false,
        names: String::new(),
        text: Prose::own(text),
    })
}

/// Returns the warnings that several sections have in the same words, in the order of the sections.
pub(super) fn shared<'s>(sections: &'s [Section<'_>]) -> Vec<&'s str> {
    let mut seen = HashSet::new();
    let mut shared: Vec<&str> = Vec::new();
    for section in sections {
        let own: HashSet<&str> = section.warnings.iter().map(String::as_str).collect();
        for warning in &section.warnings {
            let is_listed = shared.contains(&&**warning);
            if seen.contains(&**warning) && !is_listed {
                shared.push(warning);
            }
        }
        seen.extend(own);
    }
    shared
}

/// Returns the problems of all sections: failures first, and each problem once with the names of
/// the organizations that have it.
pub(super) fn grouped(sections: &[Section<'_>]) -> Vec<Problem> {
    let failures = sections.iter().flat_map(|section| {
        let bad = section.lines.iter().filter(|line| !line.good);
        bad.map(|line| (section.name, true, line.text.clone()))
    });
    let warnings = sections.iter().flat_map(|section| {
        let texts = section.warnings.iter();
        texts.map(|text| (section.name, false, Prose::own(text)))
    });
    let mut places: HashMap<(bool, String), usize> = HashMap::new();
    let mut groups: Vec<(Vec<&str>, bool, Prose)> = Vec::new();
    for (name, is_failure, text) in failures.chain(warnings) {
        let key = (is_failure, without_details(&text.to_string(), name));
        let place = *places.entry(key).or_insert(groups.len());
        match groups.get_mut(place) {
            // One organization can have the same problem twice.
            Some((names, ..)) if names.last() == Some(&name) => {}
            Some((names, ..)) => names.push(name),
            None => groups.push((vec![name], is_failure, text)),
        }
    }
    let problem = |(names, is_failure, text): (Vec<&str>, bool, Prose)| Problem {
        is_failure,
        names: match &names[..] {
            [_] if is_failure => String::new(),
            [name] => format!("{}: ", escape(name)),
            _ => format!(
                "{} organizations ({}): ",
                thousands(names.len()),
                list(names.iter().copied())
            ),
        },
        text,
    };
    groups.into_iter().map(problem).collect()
}

/// Returns a text without the parts that differ between organizations with the same problem.
fn without_details(text: &str, name: &str) -> String {
    let mut kept = String::new();
    for (number, part) in text.split(REQUEST_ID).enumerate() {
        kept.push_str(match number {
            0 => part,
            _ => part.split_once(')').map_or(part, |(_, rest)| rest),
        });
    }
    kept.replace(name, "\0")
}

/// Lists names in Markdown.
pub(super) fn list<'n>(names: impl ExactSizeIterator<Item = &'n str>) -> String {
    let more = names.len().saturating_sub(MAX_NAMES);
    let names: Vec<String> = names.take(MAX_NAMES).map(escape).collect();
    let names = names.join(", ");
    match more {
        0 => names,
        more => format!("{names}, and {} more", thousands(more)),
    }
}

/// Writes a list of problems.
pub(super) fn write(out: &mut String, problems: impl Iterator<Item = Problem>, server: &str) {
    let mut more = 0;
    for (number, problem) in problems.enumerate() {
        if number >= MAX_PROBLEMS {
            more += 1;
            continue;
        }
        let gap = if number == 0 { "\n" } else { "" };
        let mark = if problem.is_failure { "❌" } else { "⚠️" };
        let text = prose(&problem.text, server);
        let _ = writeln!(out, "{gap}- {mark} {}{text}", problem.names);
    }
    if more > 0 {
        let more = thousands(more);
        let _ = writeln!(out, "- and {more} more, which are in the log");
    }
}
