//! Writes the report as a CSV file, identical in format to GitHub's own download.
//!
//! The header is in title case. Values are separated by commas and quoted only if necessary. Lines
//! end with LF, and the text is UTF-8. Times are UTC in whole seconds (`2026-03-28T06:54:33Z`), a
//! missing value is the word `None`, and every row has the same `Report Time`. An organization's
//! file has five columns. An enterprise's file has a sixth, `Organization`.
//!
//! Cells that start with `=`, `+`, `-` or `@` aren't escaped, as in GitHub's file.

mod recorded;
mod shape;

use std::io;

use csv::{QuoteStyle, Terminator, WriterBuilder};

use super::Report;
use super::columns::{self, Cell, ColumnSet};

pub(crate) use recorded::{RecordedError, RecordedReport};
pub(crate) use shape::ShapeError;

/// Writes `report` to `out`.
///
/// # Errors
/// Fails if `out` can't be written to.
pub fn write(report: &Report, column_set: ColumnSet<'_>, out: impl io::Write) -> io::Result<()> {
    let mut csv = writer(out);
    let columns = columns::of(report.scope().kind(), column_set.columns());
    csv.write_record(columns.iter().map(|column| column.name))?;
    for row in columns::rows(report, column_set) {
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

pub(super) fn writer<W: io::Write>(out: W) -> csv::Writer<W> {
    WriterBuilder::new()
        .quote_style(QuoteStyle::Necessary)
        .terminator(Terminator::Any(b'\n'))
        // Each time its buffer is full, the writer scans the whole rest of a value.
        .buffer_capacity(1 << 20)
        .from_writer(out)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::sync::Arc;

    use jiff::Timestamp;

    use super::super::completeness::Reading;
    use super::super::scope::{Scope, ScopeKind};
    use super::super::seat::{Account, Seat};
    use super::*;

    fn report(kind: ScopeKind, second: &str, seats: Vec<Seat>) -> Report {
        let at: Timestamp = format!("2026-03-28T06:54:{second}Z").parse().unwrap();
        let reading = Reading {
            started_at: at,
            ended_at: at,
            pages: 1,
            totals: vec![Some(seats.len() as u64)],
            ..Reading::default()
        };
        Report::new(Scope::new(kind, "acme").unwrap(), reading, seats)
    }

    fn file(report: &Report) -> String {
        let mut file = Vec::new();
        write(report, ColumnSet::Github, &mut file).unwrap();
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
    fn an_organization_has_five_columns_and_none_for_missing_values() {
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
    fn an_empty_report_is_only_a_header() {
        assert_eq!(
            file(&report(ScopeKind::Organization, "33", vec![])),
            "Report Time,Login,Last Authenticated At,Last Activity At,Last Surface Used\n"
        );
    }

    #[test]
    fn values_are_quoted_only_if_necessary_and_are_read_back_exactly() {
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
        let recorded = RecordedReport::read(written.as_bytes()).unwrap();
        assert!(say_the_same(
            ScopeKind::Organization,
            &recorded.seats(),
            odd.seats()
        ));
    }

    fn say_the_same(kind: ScopeKind, one: &[Seat], other: &[Seat]) -> bool {
        let column_set = |seat| Seat::in_githubs_form(seat, kind);
        one.iter().map(column_set).eq(other.iter().map(column_set))
    }

    #[test]
    fn two_reports_say_the_same_even_if_their_times_differ() {
        let one = report(ScopeKind::Enterprise, "33", vec![octocat()]);
        let later = report(ScopeKind::Enterprise, "34", vec![octocat()]);
        let recorded = RecordedReport::read(file(&one).as_bytes()).unwrap();
        assert_eq!(recorded.time, Some(one.time()));
        assert!(say_the_same(
            one.scope().kind(),
            &recorded.seats(),
            later.seats()
        ));
        let mut used = octocat();
        used.last_activity_at = None;
        for seats in [vec![used], vec![]] {
            assert!(!say_the_same(one.scope().kind(), &recorded.seats(), &seats));
        }
    }

    #[test]
    fn a_file_that_is_not_a_report_is_refused_with_the_reason() {
        for (file, why) in [
            ("", "empty"),
            ("login,activity\na,b\n", "first line"),
            (
                "Report Time,Login,Last Authenticated At,Last Activity At,Last Surface Used\nx\n",
                "line 2 has 1 cells instead of 5",
            ),
            (
                "Report Time,Login,Last Authenticated At,Last Activity At,Last Surface Used\na,b,c,d,e\n",
                "`Report Time` in line 2 is \"a\"",
            ),
        ] {
            let error = RecordedReport::read(file.as_bytes())
                .unwrap_err()
                .to_string();
            assert!(error.contains(why), "{error}");
        }
    }
}
