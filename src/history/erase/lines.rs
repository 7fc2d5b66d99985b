//! Removes the lines about a person from a file, and keeps every other byte.

use csv::{ByteRecord, ReaderBuilder};
use jiff::civil::Date;

use super::mention::mentions;
use super::person::Person;

/// The heading of the changes on a page.
const CHANGES: &str = "## Latest changes\n\n";

/// What a file of a history is without a person.
#[derive(Debug)]
pub(crate) enum Without {
    /// It doesn't say anything about the person.
    Same,
    /// It does, and this is the rest.
    Rest(Vec<u8>),
    /// The line with this number can't be read, and has one of the person's names.
    Unreadable(u64),
}

/// Removes the lines of a table for which `is_about` holds. The first line is the header.
pub(super) fn without(file: &[u8], person: &Person, is_about: impl Fn(&[&str]) -> bool) -> Without {
    let mut csv = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .from_reader(file);
    let mut record = ByteRecord::new();
    let mut rest = Vec::with_capacity(file.len());
    let (mut header, mut start, mut number) = (None, 0, 1);
    loop {
        // Reading from memory never fails, and any bytes are records.
        let is_there = csv.read_byte_record(&mut record).unwrap_or(false);
        let end = usize::try_from(csv.position().byte()).unwrap_or(file.len());
        let mut end = end.min(file.len());
        // The reader leaves the second byte of a line ending to the next record.
        while file.get(end).is_some_and(|byte| b"\r\n".contains(byte)) {
            end += 1;
        }
        let line = &file[start..end.max(start)];
        let cells = *header.get_or_insert(record.len());
        let text = line.trim_ascii_end();
        let is_damaged = record.len() != cells || text.contains(&b'\n');
        let decoded: Option<Vec<&str>> = record
            .iter()
            .map(|cell| std::str::from_utf8(cell).ok())
            .collect();
        let is_removed = match decoded {
            _ if !is_there => false,
            Some(cells) if !is_damaged => is_about(&cells),
            _ if person.names().any(|name| mentions(line, name)) => {
                return Without::Unreadable(number);
            }
            _ => false,
        };
        if !is_removed {
            rest.extend_from_slice(line);
        }
        number += line.iter().filter(|byte| **byte == b'\n').count() as u64;
        start = end.max(start);
        if !is_there {
            break;
        }
    }
    rest.extend_from_slice(&file[start..]);
    match rest.len() == file.len() {
        true => Without::Same,
        false => Without::Rest(rest),
    }
}

/// Removes the changes on a page that name the person, and replaces the person elsewhere on it. The
/// next run draws the page again. `is_theirs` is whether a login is the person's on a day, or now.
pub(super) fn of_page(
    person: &Person,
    file: &[u8],
    is_theirs: impl Fn(&str, Option<Date>) -> bool,
) -> Without {
    let mut page = String::from_utf8_lossy(file).into_owned();
    for name in person.names() {
        // The page has names as code.
        let code = format!("`{name}`");
        let mut rest = String::with_capacity(page.len());
        for line in page.split_inclusive('\n') {
            let lower = line.to_ascii_lowercase();
            let item = line.strip_prefix("- ");
            let day = item.and_then(|item| item.split(':').next()?.parse().ok());
            if !lower.contains(&code) || !is_theirs(name, day) {
                rest.push_str(line);
            } else if item.is_none() {
                rest.push_str(&replaced(line, &lower, &code));
            }
        }
        page = rest;
    }
    if page.as_bytes() != file {
        let erased =
            format!("{CHANGES}The latest changes were erased. The next run updates this page.\n\n");
        page = page.replacen(&format!("{CHANGES}\n"), &erased, 1);
    }
    match page.as_bytes() == file {
        true => Without::Same,
        false => Without::Rest(page.into_bytes()),
    }
}

fn replaced(line: &str, lower: &str, code: &str) -> String {
    let mut text = String::new();
    let mut from = 0;
    for (at, _) in lower.match_indices(code) {
        text.push_str(&line[from..at]);
        text.push_str("`erased`");
        from = at + code.len();
    }
    text.push_str(&line[from..]);
    text
}
