//! The form that the history's own files share: CSV with a header, comma, LF, quotes only where a
//! value needs them.
//!
//! What is missing is an empty cell here, not the word `None` as in GitHub's own form: nobody can
//! be called by the empty name, and whoever loads the file gets times and numbers without help.

use csv::{QuoteStyle, ReaderBuilder, Terminator, WriterBuilder};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Why a file of the history cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// The first line is not the one such a file has: it was changed by hand, or another version
    /// wrote it.
    #[error("its first line is not `{0}`")]
    Columns(String),
    /// A line has too many or too few cells, or one of them is not of its kind.
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

/// Writes a file of those `columns` and `lines`.
pub(super) fn write<T: Serialize>(
    columns: &[&str],
    lines: impl IntoIterator<Item = T>,
) -> csv::Result<Vec<u8>> {
    let mut file = rows(lines)?;
    file.splice(0..0, format!("{}\n", columns.join(",")).into_bytes());
    Ok(file)
}

/// Writes `lines` alone, to be put below others.
pub(super) fn rows<T: Serialize>(lines: impl IntoIterator<Item = T>) -> csv::Result<Vec<u8>> {
    let mut csv = WriterBuilder::new()
        .has_headers(false)
        .quote_style(QuoteStyle::Necessary)
        .terminator(Terminator::Any(b'\n'))
        .from_writer(Vec::new());
    for line in lines {
        csv.serialize(line)?;
    }
    csv.into_inner()
        .map_err(|error| csv::Error::from(error.into_error()))
}

/// Whether a file begins with the line that names these columns.
pub(super) fn has_columns(file: &[u8], columns: &[&str]) -> bool {
    let first = without_mark(file).split(|byte| *byte == b'\n').next();
    first.is_some_and(|line| line.trim_ascii_end() == columns.join(",").as_bytes())
}

/// The file without the mark that some editors put before UTF-8.
pub(super) fn without_mark(file: &[u8]) -> &[u8] {
    file.strip_prefix(b"\xef\xbb\xbf").unwrap_or(file)
}
