//! Reads a report back from its CSV file.

use std::sync::Arc;

use bytes::Bytes;
use csv::{ByteRecord, ReaderBuilder};
use jiff::Timestamp;

use super::super::columns::{self, Columns};
use super::super::scope::ScopeKind;
use super::super::seat::{Account, NONE, Seat, whole_seconds};
use super::shape::{self, ShapeError};
use super::writer;
use crate::system::text::shown;

/// A report that was written earlier, read back from its file.
#[derive(Debug, Clone)]
pub(crate) struct RecordedReport {
    /// Whether it's an organization's or an enterprise's.
    pub(crate) kind: ScopeKind,
    columns: Columns,
    /// The time of the report, or `None` if it has no rows.
    pub(crate) time: Option<Timestamp>,
    /// Whether all rows have the same time, as in every file that comes from one report.
    pub(crate) is_of_one_time: bool,
    /// GitHub's columns only.
    rows: Vec<ByteRecord>,
}

/// Why a file can't be read as a report.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RecordedError {
    /// It isn't a report, or it's cut off.
    #[error(transparent)]
    Shape(#[from] ShapeError),
    /// A row has too many or too few cells.
    #[error("line {line} has {found} cells instead of {expected}")]
    Cells {
        /// The line on which the row starts.
        line: u64,
        /// How many cells it has.
        found: usize,
        /// How many the header has.
        expected: usize,
    },
    /// It isn't valid CSV. Never happens in practice, because any bytes are valid CSV.
    #[error("it isn't valid CSV: {0}")]
    Csv(#[from] csv::Error),
    /// A cell isn't a time, but has to be one.
    #[error(
        "the `{column}` in line {line} is {:?} instead of a time such as `2026-03-28T06:54:33Z`",
        shown(.text, 50)
    )]
    Time {
        /// The column.
        column: &'static str,
        /// The line on which the row starts.
        line: u64,
        /// The text of the cell.
        text: String,
    },
}

impl RecordedReport {
    /// Reads a file that [`write()`](super::write()) wrote with GitHub's columns, or that someone
    /// downloaded from GitHub.
    ///
    /// # Errors
    /// Fails if the file isn't such a report, or is cut off.
    pub(crate) fn read(file: &[u8]) -> Result<Self, RecordedError> {
        let recorded = Self::read_any(file)?;
        match recorded.columns {
            Columns::Github => Ok(recorded),
            Columns::All => Err(ShapeError::Columns.into()),
        }
    }

    /// Reads a file as [`RecordedReport::read`] does, or one that [`write()`](super::write()) wrote
    /// with all columns. Keeps only GitHub's columns of the latter. In such a file, both kinds of
    /// scopes have the same columns, so it's an organization's if every row is of the organization
    /// `slug`.
    ///
    /// # Errors
    /// Fails if the file isn't such a report, or is cut off.
    pub(crate) fn read_download(file: &[u8], slug: &str) -> Result<Self, RecordedError> {
        let mut recorded = Self::read_any(file)?;
        let is_of_slug = |row: &ByteRecord| {
            row.get(5)
                .is_some_and(|cell| cell.eq_ignore_ascii_case(slug.as_bytes()))
        };
        if recorded.columns == Columns::All && recorded.rows.iter().all(is_of_slug) {
            recorded.kind = ScopeKind::Organization;
        }
        Ok(recorded)
    }

    /// Returns the report of a scope of that kind, and its file with only GitHub's columns. If
    /// `file` is what was read and has no other columns, it's returned unchanged.
    ///
    /// # Errors
    /// Never fails in practice, because it writes to memory.
    pub(crate) fn into_github_form(
        mut self,
        file: Bytes,
        kind: ScopeKind,
    ) -> Result<(Self, Bytes), RecordedError> {
        if self.columns == Columns::Github {
            return Ok((self, file));
        }
        let columns = columns::of(kind, Columns::Github);
        let mut csv = writer(Vec::new());
        csv.write_record(columns.iter().map(|column| column.name))?;
        for row in &mut self.rows {
            row.truncate(columns.len());
            csv.write_byte_record(row)?;
        }
        (self.kind, self.columns) = (kind, Columns::Github);
        let file = csv
            .into_inner()
            .map_err(|error| csv::Error::from(error.into_error()))?;
        Ok((self, file.into()))
    }

    fn read_any(file: &[u8]) -> Result<Self, RecordedError> {
        // Some editors put a byte order mark before UTF-8.
        let file = file.strip_prefix(b"\xef\xbb\xbf").unwrap_or(file);
        shape::check_text(file)?;
        let mut csv = ReaderBuilder::new().flexible(true).from_reader(file);
        let header = csv.byte_headers()?.clone();
        let (kind, columns) = [
            (ScopeKind::Organization, Columns::Github),
            (ScopeKind::Enterprise, Columns::Github),
            (ScopeKind::Enterprise, Columns::All),
        ]
        .into_iter()
        .find(|(kind, columns)| {
            let columns = columns::of(*kind, *columns);
            header
                .iter()
                .eq(columns.iter().map(|column| column.name.as_bytes()))
        })
        .ok_or_else(|| shape::of_other(file))?;
        shape::check_end(file)?;
        let mut rows = Vec::new();
        let mut time: Option<Timestamp> = None;
        let mut is_of_one_time = true;
        for record in csv.byte_records() {
            let mut record = record?;
            let line = record.position().map_or(0, csv::Position::line);
            let (found, expected) = (record.len(), header.len());
            if found != expected {
                return Err(RecordedError::Cells {
                    line,
                    found,
                    expected,
                });
            }
            let at = |place: usize| RecordedError::Time {
                column: columns::GITHUB[place].name,
                line,
                text: String::from_utf8_lossy(&record[place]).into_owned(),
            };
            let row_time = time_in(&record, 0).ok().flatten().ok_or_else(|| at(0))?;
            for place in [2, 3] {
                time_in(&record, place).map_err(|()| at(place))?;
            }
            is_of_one_time &= time.is_none_or(|time| time == row_time);
            time = time.max(Some(row_time));
            record.truncate(columns::of(kind, Columns::Github).len());
            rows.push(record);
        }
        Ok(Self {
            kind,
            columns,
            time,
            is_of_one_time,
            rows,
        })
    }

    /// Returns its rows as seats. They have no IDs, teams, or grants, because the file doesn't.
    pub(crate) fn seats(&self) -> Vec<Seat> {
        let text = |row: &ByteRecord, place| {
            let cell = String::from_utf8_lossy(row.get(place)?);
            (cell != NONE).then(|| cell.into_owned())
        };
        let account = |login: String| Account {
            id: None,
            login: login.into(),
        };
        let time = |row, place| time_in(row, place).ok().flatten();
        self.rows
            .iter()
            .map(|row| Seat {
                assignee: text(row, 1).map(account),
                organization: text(row, 5).map(account).map(Arc::new),
                last_authenticated_at: time(row, 2),
                last_activity_at: time(row, 3),
                last_surface_used: text(row, 4).map(Into::into),
                ..Seat::default()
            })
            .collect()
    }
}

/// Returns the time in a cell, or `None` if it has the word `None`.
fn time_in(row: &ByteRecord, place: usize) -> Result<Option<Timestamp>, ()> {
    let cell = row.get(place).ok_or(())?;
    if cell == NONE.as_bytes() {
        return Ok(None);
    }
    let text = std::str::from_utf8(cell).map_err(|_| ())?;
    text.parse().map(whole_seconds).map(Some).map_err(|_| ())
}
