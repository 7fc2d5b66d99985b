//! Reads files whose header is damaged or missing. The header doesn't contain any information that
//! isn't known already, so losing it must not cost the lines below it.

use super::people::{self, People};
use super::seats;
use super::table::without_mark;
use crate::report::columns::{self, Columns};
use crate::report::csv::RecordedReport;
use crate::report::manifest::sha256;
use crate::report::scope::ScopeKind;
use crate::report::seat::Seat;
use crate::system::git::LineEnds;

/// The seats in a file whose header is damaged. `None` if other lines are damaged too.
pub(super) fn seats_below(file: &[u8]) -> Option<Vec<Seat>> {
    let mut with_header = with_header(file, &seats::COLUMNS).into_iter();
    with_header.find_map(|file| seats::read(&file).ok().filter(|seats| !seats.is_empty()))
}

/// Whether the lines of a file of seats have this hash, regardless of its header and line endings.
pub(super) fn is_intact(file: &[u8], recorded: &str) -> bool {
    let mut files = with_header(file, &seats::COLUMNS).into_iter();
    files.any(|file| sha256(&file) == recorded || sha256(&LineEnds::Lf.convert(&file)) == recorded)
}

/// The report in a file whose header is damaged. `None` if other lines are damaged too.
pub(super) fn report_below(file: &[u8]) -> Option<RecordedReport> {
    [ScopeKind::Organization, ScopeKind::Enterprise]
        .into_iter()
        .flat_map(|kind| {
            let columns = columns::of(kind, Columns::Github);
            let names: Vec<&str> = columns.iter().map(|column| column.name).collect();
            with_header(file, &names)
        })
        .filter_map(|file| RecordedReport::read(&file).ok())
        // Without rows, an organization's report looks the same as an enterprise's.
        .find(|report| report.time.is_some())
}

/// The people in a file whose header is damaged, and the numbers of other lines that can't be read.
/// `None` if no line can be read.
pub(super) fn people_below(file: &[u8]) -> Option<(People, Vec<usize>)> {
    let [whole, below] = with_header(file, &people::COLUMNS);
    let is_missing = |numbers: &[usize]| numbers.first() != Some(&2);
    let (people, numbers) = match People::read(&whole).ok()? {
        (people, numbers) if is_missing(&numbers) => (
            people,
            numbers.into_iter().map(|number| number - 1).collect(),
        ),
        _ => People::read(&below).ok()?,
    };
    let is_empty = people.logins().next().is_none();
    (!is_empty).then_some((people, numbers))
}

/// The warning for a file whose header is damaged.
pub(super) fn damaged_header(name: &str) -> String {
    format!(
        "the first line of {name} isn't its header. The action keeps the lines below it, and writes the header again."
    )
}

/// Returns the file in two variants: with a header added before its first line, in case it has
/// none, and with a header in place of its first line.
fn with_header(file: &[u8], columns: &[&str]) -> [Vec<u8>; 2] {
    let file = without_mark(file);
    let first = file.iter().position(|byte| *byte == b'\n');
    let below = first.map_or(&file[file.len()..], |end| &file[end + 1..]);
    let header = format!("{}\n", columns.join(","));
    [file, below].map(|lines| [header.as_bytes(), lines].concat())
}
