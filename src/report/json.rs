//! Writes the report as a JSON file: the fields of its manifest, and its rows.
//!
//! Keys are in snake case, as in GitHub's documentation. Times are as in the CSV, and a missing
//! value is `null`. `docs/report.schema.json` is the JSON Schema.

use std::io;

use serde::ser::{SerializeMap as _, Serializer};

use super::Report;
use super::columns::{self, Column, ColumnSet, Row};
use super::manifest::Manifest;

/// Writes `report` with the fields of `manifest` to `out`, one row per line.
pub(crate) fn write(
    report: &Report,
    column_set: ColumnSet<'_>,
    manifest: &Manifest<'_>,
    mut out: impl io::Write,
) -> io::Result<()> {
    let facts = serde_json::to_string_pretty(manifest)?;
    let facts = facts.strip_suffix("\n}").unwrap_or(&facts);
    write!(out, "{facts},\n  \"rows\": [")?;
    let columns = columns::of(report.scope().kind(), column_set.columns());
    let keys: Vec<String> = columns.iter().map(Column::key).collect();
    for (place, row) in columns::rows(report, column_set).enumerate() {
        out.write_all(if place == 0 { b"\n    " } else { b",\n    " })?;
        write_row(&keys, &row, &mut out)?;
    }
    out.write_all(if report.seats().is_empty() {
        b"]\n}\n"
    } else {
        b"\n  ]\n}\n"
    })
}

fn write_row(keys: &[String], row: &Row<'_>, out: impl io::Write) -> io::Result<()> {
    let mut json = serde_json::Serializer::new(out);
    let mut map = json.serialize_map(None)?;
    for (key, cell) in keys.iter().zip(row.cells()) {
        map.serialize_entry(key, &cell)?;
    }
    Ok(map.end()?)
}
