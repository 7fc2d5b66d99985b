//! The report as a CSV file, byte for byte in the form of GitHub's own download.
//!
//! Header in title case, comma, quotes only where a value needs them, LF, UTF-8. Times are UTC in
//! whole seconds (`2026-03-28T06:54:33Z`), what is missing is the word `None`, and every row
//! carries the same `Report Time`. An organization's file has five columns, an enterprise's has a
//! sixth, `Organization`.
//!
//! Cells that begin with `=`, `+`, `-` or `@` stay as they are, as in GitHub's file.

use std::io;
use std::sync::Arc;

use csv::{ByteRecord, QuoteStyle, ReaderBuilder, Terminator, WriterBuilder};
use jiff::Timestamp;

use super::Report;
use super::columns::{self, Cell, Columns, Form, Row};
use super::scope::{Scope, ScopeKind};
use super::seat::{Account, NONE, Seat, whole_seconds};

/// Writes `report` to `out`.
///
/// # Errors
/// Where `out` cannot be written.
///
/// # Examples
/// ```
/// use copilot_activity_report::report::columns::Form;
/// use copilot_activity_report::report::completeness::Reading;
/// use copilot_activity_report::report::csv;
/// use copilot_activity_report::report::scope::{Scope, ScopeKind};
/// use copilot_activity_report::report::{Report, seat::Seat};
///
/// let at = "2026-03-28T06:54:33Z".parse()?;
/// let reading = Reading { started_at: at, ended_at: at, pages: 1, totals: vec![Some(1)], partial: false };
/// let nobody = Seat::default();
/// let report = Report::new(Scope::new(ScopeKind::Organization, "acme")?, reading, vec![nobody]);
///
/// let mut file = Vec::new();
/// csv::write(&report, Form::Github, &mut file)?;
/// assert_eq!(
///     String::from_utf8(file)?,
///     "Report Time,Login,Last Authenticated At,Last Activity At,Last Surface Used\n\
///      2026-03-28T06:54:33Z,None,None,None,None\n"
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn write(report: &Report, form: Form<'_>, out: impl io::Write) -> io::Result<()> {
    let mut csv = WriterBuilder::new()
        .quote_style(QuoteStyle::Necessary)
        .terminator(Terminator::Any(b'\n'))
        // For every buffer that it fills the writer looks through all that is left of a value.
        .buffer_capacity(1 << 20)
        .from_writer(out);
    let columns = columns::of(report.scope().kind(), form.columns());
    csv.write_record(columns.iter().map(|column| column.name))?;
    for row in columns::rows(report, form) {
        for cell in row.cells() {
            match cell {
                Cell::Text(text) => csv.write_field(text.as_bytes())?,
                cell => csv.write_field(cell.to_string())?,
            }
        }
        csv.write_record(None::<&[u8]>)?;
    }
    csv.flush()
}

/// A report that was written before, read back from its file.
///
/// ```
/// use copilot_activity_report::report::csv::Recorded;
///
/// let downloaded = "Report Time,Login,Last Authenticated At,Last Activity At,Last Surface Used\n\
///                   2026-03-28T06:54:33Z,octocat,None,2026-03-27T01:52:53Z,copilot-cli\n";
/// let recorded = Recorded::read(downloaded.as_bytes())?;
/// assert_eq!(recorded.time(), Some("2026-03-28T06:54:33Z".parse()?));
///
/// assert!(Recorded::read(b"name,last seen\n").is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Recorded {
    kind: ScopeKind,
    time: Option<Timestamp>,
    is_of_one_time: bool,
    rows: Vec<ByteRecord>,
}

/// Why a file cannot be read as a report.
#[derive(Debug, thiserror::Error)]
pub enum RecordedError {
    /// The header is neither that of an organization's nor that of an enterprise's report:
    /// another program wrote the file, or somebody changed it by hand.
    #[error("its first line is not that of a Copilot activity report")]
    Columns,
    /// A row has too many or too few cells, or the file is cut off inside quotes.
    #[error("it is not sound CSV: {0}")]
    Csv(#[from] csv::Error),
    /// A cell that must be a time is none.
    #[error("the `{column}` of row {row} is not a time")]
    Time {
        /// The column.
        column: &'static str,
        /// The row, counted from 1 below the header.
        row: usize,
    },
}

impl Recorded {
    /// Reads a file that [`write()`] wrote, or that was downloaded from GitHub.
    ///
    /// # Errors
    /// Where the file is no such report.
    pub fn read(file: &[u8]) -> Result<Self, RecordedError> {
        // Some editors put a mark before UTF-8.
        let file = file.strip_prefix(b"\xef\xbb\xbf").unwrap_or(file);
        let mut csv = ReaderBuilder::new().from_reader(file);
        let header = csv.byte_headers()?.clone();
        let kind = [ScopeKind::Organization, ScopeKind::Enterprise]
            .into_iter()
            .find(|kind| {
                let columns = columns::of(*kind, Columns::Github);
                header
                    .iter()
                    .eq(columns.iter().map(|column| column.name.as_bytes()))
            })
            .ok_or(RecordedError::Columns)?;
        let mut rows = Vec::new();
        let mut time: Option<Timestamp> = None;
        let mut is_of_one_time = true;
        for (row, record) in (1..).zip(csv.byte_records()) {
            let record = record?;
            let at = |place: usize| RecordedError::Time {
                column: columns::GITHUB[place].name,
                row,
            };
            let row_time = time_in(&record, 0).ok().flatten().ok_or_else(|| at(0))?;
            for place in [2, 3] {
                time_in(&record, place).map_err(|()| at(place))?;
            }
            is_of_one_time &= time.is_none_or(|time| time == row_time);
            time = time.max(Some(row_time));
            rows.push(record);
        }
        Ok(Self {
            kind,
            time,
            is_of_one_time,
            rows,
        })
    }

    /// Whether it is an organization's or an enterprise's.
    #[must_use]
    pub fn kind(&self) -> ScopeKind {
        self.kind
    }

    /// The moment it speaks of. A report without rows does not say.
    #[must_use]
    pub fn time(&self) -> Option<Timestamp> {
        self.time
    }

    /// Whether all its rows are of the same moment, as in every file that one report made.
    #[must_use]
    pub fn is_of_one_time(&self) -> bool {
        self.is_of_one_time
    }

    /// Its rows as seats, as far as they say something of them: no ids, no teams, no grants.
    #[must_use]
    pub fn seats(&self) -> Vec<Seat> {
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

    /// Whether it is such a report of `scope` that says of each of `seats` what is known of it. The
    /// times of the reports do not count.
    #[must_use]
    pub fn says_the_same_as(&self, scope: &Scope, seats: &[Seat]) -> bool {
        self.kind == scope.kind()
            && self.rows.len() == seats.len()
            && self.rows.iter().zip(seats).all(|(row, seat)| {
                let cells = Row::new(scope, Timestamp::UNIX_EPOCH, seat, Form::Github).cells();
                let cells = cells.skip(1).map(|cell| cell.to_string().into_bytes());
                row.iter().skip(1).map(<[u8]>::to_vec).eq(cells)
            })
    }
}

/// The time in a cell, nothing for the word `None`.
fn time_in(row: &ByteRecord, place: usize) -> Result<Option<Timestamp>, ()> {
    let cell = row.get(place).ok_or(())?;
    if cell == NONE.as_bytes() {
        return Ok(None);
    }
    let text = std::str::from_utf8(cell).map_err(|_| ())?;
    text.parse().map(whole_seconds).map(Some).map_err(|_| ())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::super::completeness::Reading;
    use super::super::scope::Scope;
    use super::*;

    fn report(kind: ScopeKind, second: &str, seats: Vec<Seat>) -> Report {
        let at: Timestamp = format!("2026-03-28T06:54:{second}Z").parse().unwrap();
        let reading = Reading {
            started_at: at,
            ended_at: at,
            pages: 1,
            totals: vec![Some(seats.len() as u64)],
            partial: false,
        };
        Report::new(Scope::new(kind, "acme").unwrap(), reading, seats)
    }

    fn file(report: &Report) -> String {
        let mut file = Vec::new();
        write(report, Form::Github, &mut file).unwrap();
        String::from_utf8(file).unwrap()
    }

    fn octocat() -> Seat {
        Seat {
            assignee: Some(Account {
                id: Some(1),
                login: "octocat".into(),
            }),
            organization: Some(Arc::new(Account {
                id: Some(2),
                login: "acme".into(),
            })),
            last_authenticated_at: Some("2026-03-27T03:52:53.7+02:00".parse().unwrap()),
            last_activity_at: Some("2021-10-14T00:53:32-06:00".parse().unwrap()),
            last_surface_used: Some("vscode/1.113.0/copilot-chat/0.41.1".into()),
            ..Seat::default()
        }
    }

    #[test]
    fn an_organization_has_five_columns_and_none_for_what_is_missing() {
        assert_eq!(
            file(&report(
                ScopeKind::Organization,
                "33.25",
                vec![Seat::default(), octocat()]
            )),
            "Report Time,Login,Last Authenticated At,Last Activity At,Last Surface Used\n\
             2026-03-28T06:54:33Z,None,None,None,None\n\
             2026-03-28T06:54:33Z,octocat,2026-03-27T01:52:53Z,2021-10-14T06:53:32Z,vscode/1.113.0/copilot-chat/0.41.1\n"
        );
    }

    #[test]
    fn an_enterprise_has_the_organization_as_its_sixth_column() {
        assert_eq!(
            file(&report(
                ScopeKind::Enterprise,
                "33",
                vec![Seat::default(), octocat()]
            )),
            "Report Time,Login,Last Authenticated At,Last Activity At,Last Surface Used,Organization\n\
             2026-03-28T06:54:33Z,None,None,None,None,None\n\
             2026-03-28T06:54:33Z,octocat,2026-03-27T01:52:53Z,2021-10-14T06:53:32Z,vscode/1.113.0/copilot-chat/0.41.1,acme\n"
        );
    }

    #[test]
    fn a_report_of_nobody_is_a_header_alone() {
        assert_eq!(
            file(&report(ScopeKind::Organization, "33", vec![])),
            "Report Time,Login,Last Authenticated At,Last Activity At,Last Surface Used\n"
        );
    }

    #[test]
    fn values_are_quoted_only_where_they_must_be_and_come_back_exactly() {
        let odd = |surface: &str| Seat {
            assignee: Some(Account {
                id: None,
                login: surface.into(),
            }),
            last_surface_used: Some(surface.into()),
            ..octocat()
        };
        let surfaces = [
            "=1+1",
            "a,b",
            "a\"b",
            "a\nb",
            "a\rb",
            " a ",
            "\u{202e}x",
            "-x",
            "'",
        ];
        let odd = report(ScopeKind::Organization, "33", surfaces.map(odd).into());
        let written = file(&odd);
        assert!(written.contains(",=1+1\n") && written.contains(",\"a\"\"b\"\n"));
        let recorded = Recorded::read(written.as_bytes()).unwrap();
        assert!(recorded.says_the_same_as(odd.scope(), odd.seats()));
    }

    #[test]
    fn two_reports_say_the_same_whatever_their_time() {
        let one = report(ScopeKind::Enterprise, "33", vec![octocat()]);
        let later = report(ScopeKind::Enterprise, "34", vec![octocat()]);
        let recorded = Recorded::read(file(&one).as_bytes()).unwrap();
        assert_eq!(recorded.time(), Some(one.time()));
        assert!(recorded.says_the_same_as(later.scope(), later.seats()));
        let mut used = octocat();
        used.last_activity_at = None;
        for (kind, seats) in [
            (ScopeKind::Enterprise, vec![used]),
            (ScopeKind::Enterprise, vec![]),
            (ScopeKind::Organization, vec![octocat()]),
        ] {
            let scope = Scope::new(kind, "acme").unwrap();
            assert!(!recorded.says_the_same_as(&scope, &seats));
        }
    }

    #[test]
    fn a_file_that_is_no_report_says_why() {
        for (file, why) in [
            ("", "first line"),
            ("login,activity\na,b\n", "first line"),
            (
                "Report Time,Login,Last Authenticated At,Last Activity At,Last Surface Used\nx\n",
                "CSV",
            ),
            (
                "Report Time,Login,Last Authenticated At,Last Activity At,Last Surface Used\na,b,c,d,e\n",
                "row 1",
            ),
        ] {
            let error = Recorded::read(file.as_bytes()).unwrap_err().to_string();
            assert!(error.contains(why), "{error}");
        }
    }
}
