//! Checks a file before it's read as a report: whether it's cut off and, if it isn't a report, what
//! else it is.

use super::super::columns::{EXTRA_COLUMNS, GITHUB};

/// Why a file isn't a report, or is cut off.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ShapeError {
    /// It has no text.
    #[error("it's empty")]
    Empty,
    /// A program saved it as "Unicode text".
    #[error("it's text in UTF-16 instead of UTF-8")]
    Utf16,
    /// It's in another encoding, or it isn't text.
    #[error("line {line} isn't UTF-8 text")]
    NotUtf8 {
        /// The line, counted from 1.
        line: usize,
    },
    /// A spreadsheet program separated the values in another way, depending on the language.
    #[error("its values are separated by {0} instead of commas")]
    Separator(&'static str),
    /// It has the field names of GitHub's API or documentation.
    #[error(
        "its header has field names such as `{0}` instead of the columns of GitHub's file (`Report Time`, `Login`, …)"
    )]
    FieldNames(String),
    /// It's something else.
    #[error("its first line isn't the header of a Copilot activity report")]
    Columns,
    /// The file ends within a line.
    #[error("it's cut off: line {line}, the last one, has no line ending")]
    CutOff {
        /// The last line.
        line: usize,
    },
    /// The file ends within a quoted value.
    #[error("it's cut off or damaged: the quotation mark opened in line {line} is never closed")]
    OpenQuote {
        /// The line of the quotation mark.
        line: usize,
    },
}

/// Checks that the file is text in UTF-8.
pub(super) fn check_text(file: &[u8]) -> Result<(), ShapeError> {
    if file.trim_ascii().is_empty() {
        return Err(ShapeError::Empty);
    }
    // UTF-16 has a byte order mark, or its first letter has a zero byte.
    let start = &file[..file.len().min(2)];
    if matches!(start, b"\xff\xfe" | b"\xfe\xff") || start.contains(&0) {
        return Err(ShapeError::Utf16);
    }
    std::str::from_utf8(file).map_err(|error| {
        let breaks = file[..error.valid_up_to()].iter();
        let line = 1 + breaks.filter(|byte| **byte == b'\n').count();
        ShapeError::NotUtf8 { line }
    })?;
    Ok(())
}

/// Returns what a file is if its first line isn't the header of a report.
pub(super) fn of_other(file: &[u8]) -> ShapeError {
    let end = file.iter().position(|byte| b"\r\n".contains(byte));
    let line = String::from_utf8_lossy(&file[..end.unwrap_or(file.len())]);
    let cells = line.split([',', ';', '\t']).map(|cell| {
        let is_around = |c: char| c.is_whitespace() || "\"'".contains(c);
        cell.trim_matches(is_around)
    });
    let columns = || GITHUB.iter().chain(&EXTRA_COLUMNS);
    let named = cells
        .clone()
        .find(|cell| cell.contains('_') && columns().any(|column| column.key() == *cell));
    let is_ours = cells.clone().next() == Some(GITHUB[0].name) && cells.count() > 1;
    match (named, end) {
        (Some(key), _) => ShapeError::FieldNames(key.to_owned()),
        _ if is_ours && line.contains(';') => ShapeError::Separator("semicolons"),
        _ if is_ours && line.contains('\t') => ShapeError::Separator("tabs"),
        (_, None) => ShapeError::CutOff { line: 1 },
        _ => ShapeError::Columns,
    }
}

/// Checks that the file ends with a line ending outside of quotes. Quotes work as in the CSV
/// reader: they open only at the start of a value, and a value can continue after them.
pub(super) fn check_end(file: &[u8]) -> Result<(), ShapeError> {
    #[derive(PartialEq)]
    enum In {
        Start,
        Value,
        Quotes,
        /// After a quotation mark within quotes, which closes them unless another one follows.
        Closing,
    }
    let mut place = In::Start;
    let (mut line, mut opened) = (1, 1);
    for (at, byte) in file.iter().enumerate() {
        let is_break = match byte {
            b'\n' => true,
            b'\r' => file.get(at + 1) != Some(&b'\n'),
            _ => false,
        };
        place = match (&place, byte) {
            (In::Start, b'"') => {
                opened = line;
                In::Quotes
            }
            (In::Quotes, b'"') => In::Closing,
            (In::Quotes, _) | (In::Closing, b'"') => In::Quotes,
            (_, b',' | b'\n' | b'\r') => In::Start,
            _ => In::Value,
        };
        line += usize::from(is_break);
    }
    if place == In::Quotes {
        return Err(ShapeError::OpenQuote { line: opened });
    }
    match file.last() {
        Some(b'\n' | b'\r') => Ok(()),
        _ => Err(ShapeError::CutOff { line }),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use csv::ReaderBuilder;
    use proptest::prelude::*;

    use super::*;
    use crate::arbitrary_text;

    const AFTER: &str = "after";

    /// Returns whether the CSV reader reads a line appended to the file as a row.
    fn takes_a_row(file: &str) -> bool {
        let longer = format!("{file}{AFTER}\n");
        let mut csv = ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .from_reader(longer.as_bytes());
        let last = csv.byte_records().last().unwrap().unwrap();
        last.len() == 1 && &last[0] == AFTER.as_bytes()
    }

    proptest! {
        #![proptest_config(arbitrary_text::config())]

        #[test]
        fn a_file_is_complete_exactly_if_the_csv_reader_accepts_another_row(
            text in arbitrary_text::text(), quotes in "[\",\r\na]{0,12}",
        ) {
            for file in [text.clone(), quotes.clone(), format!("{text}{quotes}"), format!("{quotes}{text}\n")] {
                let is_cut = !file.ends_with(['\r', '\n']);
                match check_end(file.as_bytes()) {
                    Ok(()) => prop_assert!(!is_cut && takes_a_row(&file), "{:?}", file),
                    Err(ShapeError::OpenQuote { .. }) => prop_assert!(!takes_a_row(&file), "{:?}", file),
                    Err(_) => prop_assert!(is_cut, "{:?}", file),
                }
            }
        }
    }
}
