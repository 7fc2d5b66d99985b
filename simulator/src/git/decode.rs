//! Decodes Git's objects. Starting a process for each object took an eighth of the tests' time.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::fmt::temporal::DateTimePrinter;
use jiff::tz::Offset;

use super::content::{Commit, Person};

/// The mode of a folder in a tree.
pub(super) const FOLDER: &str = "40000";

/// The mode and ID of each entry of a tree, in Git's order. The name of a folder ends with a slash.
pub(super) fn tree(tree: &[u8]) -> BTreeMap<Vec<u8>, (String, String)> {
    let mut entries = BTreeMap::new();
    let mut rest = tree;
    while let Some(end) = rest.iter().position(|byte| *byte == 0) {
        let head = &rest[..end];
        let oid = rest.get(end + 1..end + 21).unwrap_or_default();
        let space = head
            .iter()
            .position(|byte| *byte == b' ')
            .unwrap_or_default();
        let mode = String::from_utf8_lossy(&head[..space]).into_owned();
        let mut name = head.get(space + 1..).unwrap_or_default().to_vec();
        if mode == FOLDER {
            name.push(b'/');
        }
        entries.insert(name, (mode, hex::encode(oid)));
        rest = rest.get(end + 21..).unwrap_or_default();
    }
    entries
}

/// The commit with this ID.
pub(super) fn commit(oid: String, object: &[u8]) -> Option<Commit> {
    let object = String::from_utf8_lossy(object);
    let (head, message) = object.split_once("\n\n")?;
    // The lines of a signature begin with a space.
    let headers = || head.lines().filter_map(|line| line.split_once(' '));
    let values = |name| {
        headers()
            .filter(move |(header, _)| *header == name)
            .map(|(_, value)| value.to_owned())
    };
    Some(Commit {
        oid,
        tree: values("tree").next()?,
        parents: values("parent").collect(),
        author: person(&values("author").next()?)?,
        committer: person(&values("committer").next()?)?,
        message: message.trim_end_matches('\n').to_owned(),
    })
}

/// Decodes a name, an email address, and a time, such as `Mona Lisa <mona@example.com> 1767225600 +0100`.
fn person(line: &str) -> Option<Person> {
    let (name, rest) = line.split_once('<')?;
    let (email, time) = rest.split_once('>')?;
    Some(Person {
        name: name.trim_end().to_owned(),
        email: email.to_owned(),
        date: date(time.trim_start()),
    })
}

/// Formats a time and its zone, such as `1767225600 +0100`, as Git does in its strict format.
fn date(time: &str) -> Option<String> {
    let (seconds, zone) = time.split_once(' ')?;
    let time = Timestamp::from_second(seconds.parse().ok()?).ok()?;
    let zone: i32 = zone.parse().ok()?;
    if zone == 0 {
        return Some(time.to_string());
    }
    let offset = Offset::from_seconds((zone / 100 * 60 + zone % 100) * 60).ok()?;
    Some(DateTimePrinter::new().timestamp_with_offset_to_string(&time, offset))
}
