//! Reads and compares the repository's files.

use std::collections::BTreeMap;

use super::execution::Check;
use super::row::CHANGES;

/// Parses the objects in the output of `git cat-file --batch`. A missing object is `None`.
pub fn blobs(output: &[u8]) -> Vec<Option<Vec<u8>>> {
    let mut rest = output;
    let mut files = Vec::new();
    while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
        let head = std::str::from_utf8(&rest[..end]).unwrap();
        rest = &rest[end + 1..];
        if head.ends_with(" missing") {
            files.push(None);
            continue;
        }
        let size: usize = head.rsplit(' ').next().unwrap().parse().unwrap();
        files.push(Some(rest[..size].to_vec()));
        rest = &rest[size + 1..];
    }
    files
}

/// A file of changes, with the lines of each report sorted.
fn by_report(file: &str) -> String {
    let Some(lines) = file.strip_prefix(CHANGES) else {
        return file.to_owned();
    };
    let mut by_time: BTreeMap<usize, Vec<&str>> = BTreeMap::new();
    let (mut report, mut time) = (0, "");
    for line in lines.split_inclusive('\n') {
        let this = line.split(',').next().unwrap_or_default();
        report += usize::from(this != time);
        time = this;
        by_time.entry(report).or_default().push(line);
    }
    let sorted = by_time.into_values().flat_map(|mut lines| {
        lines.sort_unstable();
        lines
    });
    format!("{CHANGES}{}", sorted.collect::<String>())
}

/// Checks that the changes are ordered by time, and within a report by login.
fn in_order(file: &str) -> Check {
    let mut csv = csv::Reader::from_reader(file.as_bytes());
    let lines: Vec<csv::StringRecord> = csv.records().map(Result::unwrap).collect();
    let place = |line: &csv::StringRecord| {
        let login = if line[1].is_empty() { "none" } else { &line[1] };
        (line[0].to_owned(), login.to_lowercase())
    };
    for (line, next) in lines.iter().zip(lines.iter().skip(1)) {
        if place(line) > place(next) {
            return Err(format!("the order of changes: {line:?} {next:?}"));
        }
    }
    Ok(())
}

/// Checks that the files that were found are the expected ones, in the same order.
pub fn as_expected(expected: &BTreeMap<String, String>, found: Vec<Option<Vec<u8>>>) -> Check {
    for ((name, expected), found) in expected.iter().zip(found) {
        let found = found.ok_or_else(|| format!("{name} is missing"))?;
        let found = String::from_utf8(found).unwrap();
        if name.starts_with("changes/") {
            in_order(&found)?;
            same(&by_report(&found), expected, name)?;
        } else {
            same(&found, expected, name)?;
        }
    }
    Ok(())
}

/// Checks that two texts are equal. The error has the first line that differs.
pub fn same(found: &str, expected: &str, what: &str) -> Check {
    if found == expected {
        return Ok(());
    }
    let (mut lines, mut others) = (found.lines(), expected.lines());
    for line in 1.. {
        let (one, other) = (lines.next(), others.next());
        if one != other || one.is_none() {
            let [one, other] = [one, other].map(|line| line.unwrap_or("(nothing)"));
            return Err(format!(
                "line {line} of {what}:\n  found    {one}\n  expected {other}"
            ));
        }
    }
    Ok(())
}
