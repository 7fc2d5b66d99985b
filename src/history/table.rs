//! The format that the history's own files share: CSV with a header, commas, LF line endings, and
//! quotes only around values that need them.
//!
//! A missing value is an empty cell, not the word `None` as in GitHub's format. No login is empty,
//! so an empty cell is unambiguous, and tools that load the file parse times and numbers without
//! extra settings.

use csv::{ByteRecord, QuoteStyle, Reader, ReaderBuilder, Terminator, Writer, WriterBuilder};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Why a file of the history can't be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TableError {
    /// The first line isn't the expected header: the file was edited manually, or another version
    /// wrote it.
    #[error("its first line isn't `{0}`")]
    Columns(String),
    /// A line has too many or too few cells, or a cell has the wrong type.
    #[error("{0}")]
    Csv(#[from] csv::Error),
}

/// Reads the lines of a file with these `columns`.
pub(super) fn read<T: DeserializeOwned>(
    file: &[u8],
    columns: &[&str],
) -> Result<Vec<T>, TableError> {
    let mut csv = ReaderBuilder::new().from_reader(without_mark(file));
    if csv.byte_headers()? != columns {
        return Err(TableError::Columns(columns.join(",")));
    }
    let mut lines = Vec::new();
    for record in csv.records() {
        lines.push(record?.deserialize(None)?);
    }
    Ok(lines)
}

/// A line that can't be parsed.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct BadLine<'f> {
    /// The line number, counted from 1.
    pub(super) number: usize,
    /// The line without its line ending.
    pub(super) text: &'f [u8],
}

/// Reads a file line by line, including the header, and parses each line with `read`. A damaged
/// line doesn't affect others: after an unclosed quotation mark, reading continues on the next
/// line.
pub(super) fn lines<'f, T>(
    file: &'f [u8],
    read: impl FnMut(&ByteRecord) -> Option<T> + 'f,
) -> impl Iterator<Item = Result<T, BadLine<'f>>> {
    let file = without_mark(file);
    Lines {
        file,
        base: 0,
        csv: reader(file),
        record: ByteRecord::new(),
        counted: (0, 1),
        read,
    }
}

fn reader(file: &[u8]) -> Reader<&[u8]> {
    let mut csv = ReaderBuilder::new();
    csv.has_headers(false).flexible(true).from_reader(file)
}

struct Lines<'f, F> {
    file: &'f [u8],
    /// The offset in the file where `csv` starts.
    base: usize,
    csv: Reader<&'f [u8]>,
    record: ByteRecord,
    /// An offset in the file, and its line number.
    counted: (usize, usize),
    read: F,
}

impl<'f, F> Lines<'f, F> {
    fn place(&self) -> usize {
        let place = usize::try_from(self.csv.position().byte()).unwrap_or(usize::MAX);
        self.base.saturating_add(place).min(self.file.len())
    }

    /// The line number at the offset `place`, which must not be before the previous call's.
    fn number(&mut self, place: usize) -> usize {
        let (from, number) = self.counted;
        let breaks = self.file[from..place].iter().filter(|byte| **byte == b'\n');
        self.counted = (place, number + breaks.count());
        self.counted.1
    }
}

impl<'f, T, F: FnMut(&ByteRecord) -> Option<T>> Iterator for Lines<'f, F> {
    type Item = Result<T, BadLine<'f>>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut start = self.place();
        let is_there = self.csv.read_byte_record(&mut self.record).unwrap_or(true);
        if !is_there {
            return None;
        }
        if let Some(read) = (self.read)(&self.record) {
            return Some(Ok(read));
        }
        // The CSV reader skips these between lines, but a space is a line for it.
        let is_break = |byte: &u8| matches!(byte, b'\r' | b'\n');
        while self.file.get(start).is_some_and(is_break) {
            start += 1;
        }
        let rest = &self.file[start..];
        let length = rest.iter().position(|byte| *byte == b'\n');
        let end = length.map_or(self.file.len(), |length| start + length + 1);
        let goes_on = match self.place() {
            place if place > end => false,
            place => self.file[place..end].iter().all(is_break),
        };
        if !goes_on {
            self.base = end;
            self.csv = reader(&self.file[end..]);
        }
        let line = &self.file[start..end];
        let last = line.iter().rposition(|byte| !is_break(byte));
        Some(Err(BadLine {
            number: self.number(start),
            text: &line[..last.map_or(0, |last| last + 1)],
        }))
    }
}

/// Writes a file with these `columns` and `lines`.
pub(super) fn write<T: Serialize>(
    columns: &[&str],
    lines: impl IntoIterator<Item = T>,
) -> csv::Result<Vec<u8>> {
    let mut file = rows(lines)?;
    file.splice(0..0, format!("{}\n", columns.join(",")).into_bytes());
    Ok(file)
}

/// Appends `lines` to `file`, or writes a new file with these `columns` if it's empty. Keeps the
/// existing bytes as they are, even if they're damaged.
pub(super) fn append<T: Serialize>(
    file: &[u8],
    columns: &[&str],
    lines: impl IntoIterator<Item = T>,
) -> csv::Result<Vec<u8>> {
    if file.is_empty() {
        return write(columns, lines);
    }
    let mut file = file.to_vec();
    if !file.ends_with(b"\n") {
        file.push(b'\n');
    }
    file.extend(rows(lines)?);
    Ok(file)
}

/// Writes `lines` without a header, to append them to others.
pub(super) fn rows<T: Serialize>(lines: impl IntoIterator<Item = T>) -> csv::Result<Vec<u8>> {
    written(|csv| lines.into_iter().try_for_each(|line| csv.serialize(line)))
}

/// Writes a file with these `columns` and records.
pub(super) fn records<'r>(
    columns: &[&str],
    lines: impl IntoIterator<Item = &'r ByteRecord>,
) -> csv::Result<Vec<u8>> {
    written(|csv| {
        csv.write_record(columns)?;
        lines
            .into_iter()
            .try_for_each(|line| csv.write_byte_record(line))
    })
}

fn written(write: impl FnOnce(&mut Writer<Vec<u8>>) -> csv::Result<()>) -> csv::Result<Vec<u8>> {
    let mut csv = WriterBuilder::new()
        .has_headers(false)
        .quote_style(QuoteStyle::Necessary)
        .terminator(Terminator::Any(b'\n'))
        .from_writer(Vec::new());
    write(&mut csv)?;
    csv.into_inner()
        .map_err(|error| csv::Error::from(error.into_error()))
}

/// Whether a file starts with the header of these columns.
pub(super) fn has_columns(file: &[u8], columns: &[&str]) -> bool {
    let first = without_mark(file).split(|byte| *byte == b'\n').next();
    first.is_some_and(|line| line.trim_ascii_end() == columns.join(",").as_bytes())
}

/// Strips the UTF-8 byte order mark that some editors add.
pub(super) fn without_mark(file: &[u8]) -> &[u8] {
    file.strip_prefix(b"\xef\xbb\xbf").unwrap_or(file)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::prelude::*;

    use super::*;

    fn two(record: &ByteRecord) -> Option<Vec<String>> {
        let cells: Vec<String> = record
            .iter()
            .map(|cell| String::from_utf8(cell.to_vec()).ok())
            .collect::<Option<_>>()?;
        (cells.len() == 2).then_some(cells)
    }

    #[test]
    fn a_damaged_line_costs_no_other_line() {
        let file = b"a,b\r\n\"1\",x\n\n2,\"open\n3,x\nonly one\n\"4,y\n6,\"two\nlines\"\n5,z,too many\n\xff,6\n7,end";
        let read: Vec<_> = lines(file, two).collect();
        let good = |a: &str, b: &str| Ok(vec![a.to_owned(), b.to_owned()]);
        let bad = |number, text: &'static str| {
            Err(BadLine {
                number,
                text: text.as_bytes(),
            })
        };
        let mut expected = vec![
            good("a", "b"),
            good("1", "x"),
            bad(4, "2,\"open"),
            good("3", "x"),
            bad(6, "only one"),
            bad(7, "\"4,y"),
            good("6", "two\nlines"),
            bad(10, "5,z,too many"),
            Err(BadLine {
                number: 11,
                text: b"\xff,6",
            }),
            good("7", "end"),
        ];
        assert_eq!(read, expected);
        let marked = [b"\xef\xbb\xbf", &file[..]].concat();
        assert_eq!(lines(&marked, two).next(), Some(expected.swap_remove(0)));
    }

    #[test]
    fn a_damaged_line_that_ends_with_spaces_is_reported_once() {
        for file in ["a,b\nx\r\r ", "a,b\nx\r \n1,2\n"] {
            let bad = lines(file.as_bytes(), two).filter(Result::is_err);
            assert_eq!(bad.count(), 1, "{file:?}");
        }
    }

    #[test]
    fn a_damaged_line_keeps_its_spaces() {
        let file = b"a,b\n  \r\n1,2\n";
        let bad: Vec<_> = lines(file, two).filter_map(Result::err).collect();
        let expected = BadLine {
            number: 2,
            text: b"  ",
        };
        assert_eq!(bad, [expected]);
    }

    proptest! {
        #![proptest_config(crate::arbitrary_text::config())]

        #[test]
        fn every_line_is_read_or_reported(text in "[a,\" \r\n]{0,60}") {
            let file = text.as_bytes();
            let mut last = 0;
            for line in lines(file, two) {
                if let Err(bad) = line {
                    prop_assert!(bad.number > last, "{}", bad.number);
                    last = bad.number;
                    let line = text.split('\n').nth(bad.number - 1).unwrap();
                    prop_assert!(line.trim_end_matches('\r').as_bytes().ends_with(bad.text));
                }
            }
        }
    }
}
