//! Which organizations patterns selected.

use std::fmt::Write as _;

use super::problems::list;
use crate::pages::markdown::code;
use crate::report::selection::SelectionState;
use crate::system::text::thousands;

/// Writes the paragraph on the selection.
pub(super) fn write(out: &mut String, selection: &SelectionState) {
    let patterns: Vec<String> = selection.patterns.iter().map(|text| code(text)).collect();
    let covered = match selection.covered {
        1 => "1 organization".to_owned(),
        covered => format!("{} organizations", thousands(covered)),
    };
    let (subject, verb) = match patterns.len() {
        1 => ("pattern", "covers"),
        _ => ("patterns", "cover"),
    };
    let patterns = patterns.join(", ");
    let _ = write!(out, "\nThe {subject} {patterns} {verb} {covered}.");
    let parts = [
        ("New", selection.new.as_ref()),
        ("No longer listed by GitHub", selection.vanished.as_ref()),
        ("Suspended", Some(&selection.suspended)),
        ("Can't be read", Some(&selection.unreadable)),
        ("Left out", Some(&selection.excluded)),
    ];
    for (title, names) in parts {
        let names = names.map_or(&[][..], Vec::as_slice);
        if !names.is_empty() {
            let names = list(names.iter().map(String::as_str));
            let _ = write!(out, " {title}: {names}.");
        }
    }
    out.push('\n');
}
