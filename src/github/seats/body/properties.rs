//! Properties that hold for any page of seats.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{PageBody, Shared};
use crate::arbitrary_text;
use crate::report::Report;
use crate::report::columns::ColumnSet;
use crate::report::completeness::Reading;
use crate::report::csv::{self, RecordedReport};
use crate::report::scope::{Scope, ScopeKind};
use crate::report::seat::{NONE, Seat};

/// Generates any JSON, usually with the names that a page of seats has.
fn json_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        arbitrary_text::text().prop_map(Value::from),
        time().prop_map(Value::from),
    ];
    let name = prop_oneof![
        4 => prop::sample::select(vec![
            "total_seats", "seats", "assignee", "organization", "assigning_team", "login", "id",
            "created_at", "last_authenticated_at", "last_activity_at", "last_activity_editor",
        ]).prop_map(str::to_owned),
        1 => arbitrary_text::text(),
    ];
    leaf.prop_recursive(4, 40, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(name.clone(), inner, 0..6)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

fn time() -> impl Strategy<Value = String> {
    let offset = prop::sample::select(vec!["Z", "+00:00", "-11:30", "+14:00"]);
    (
        1_i64..9999,
        1_u8..13,
        1_u8..29,
        0_u8..24,
        0_u8..60,
        0_u32..1_000_000_000,
        offset,
    )
        .prop_map(|(year, month, day, hour, minute, nanosecond, offset)| {
            format!(
                "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:07.{nanosecond:09}{offset}"
            )
        })
}

/// Generates a seat with everything that it can have. Each of its parts is sometimes missing, null,
/// or empty.
fn seat_value() -> impl Strategy<Value = Value> {
    let account = || {
        let some = (any::<Option<u64>>(), arbitrary_text::text());
        prop::option::of(some.prop_map(|(id, login)| json!({ "id": id, "login": login })))
    };
    let time = || prop::option::of(time());
    let editor = prop::option::of(arbitrary_text::text());
    (
        account(),
        account(),
        any::<Option<u64>>(),
        time(),
        time(),
        time(),
        editor,
    )
        .prop_map(
            |(assignee, organization, team, created, authenticated, activity, editor)| {
                json!({
                    "assignee": assignee, "organization": organization,
                    "assigning_team": team.map(|id| json!({ "id": id })),
                    "created_at": created, "last_authenticated_at": authenticated,
                    "last_activity_at": activity, "last_activity_editor": editor,
                })
            },
        )
}

fn read(page: &Value) -> serde_json::Result<Vec<Seat>> {
    let page: PageBody = serde_json::from_str(&page.to_string())?;
    Ok(Shared::default().seats(page.seats))
}

fn report(seats: Vec<Seat>) -> Report {
    let now = "2026-11-23T03:07:34Z".parse().unwrap();
    let reading = Reading {
        started_at: now,
        ended_at: now,
        pages: 1,
        totals: vec![None],
        ..Reading::default()
    };
    Report::new(
        Scope::new(ScopeKind::Enterprise, "octocorp").unwrap(),
        reading,
        seats,
    )
}

/// Returns what a cell of the file must say about a value.
fn cell(value: &Value) -> String {
    match value.as_str() {
        None | Some("") => NONE.to_owned(),
        Some(text) => text.to_owned(),
    }
}

/// Returns its row in the file, without times, which other tests cover.
fn row(seat: &Value) -> [String; 3] {
    [
        "/assignee/login",
        "/last_activity_editor",
        "/organization/login",
    ]
    .map(|place| cell(seat.pointer(place).unwrap_or(&Value::Null)))
}

proptest! {
    #![proptest_config(arbitrary_text::config())]

    #[test]
    fn any_json_is_a_page_or_is_refused_without_a_panic(page in json_value()) {
        let _refused = read(&page);
        let _refused = read(&json!({ "total_seats": page.clone(), "seats": [page.clone(), {}] }));
        if let Ok(seats) = read(&json!({ "seats": [{ "assignee": page }] })) {
            prop_assert_eq!(seats.len(), 1);
        }
    }

    #[test]
    fn any_seat_is_read_back_from_the_file_as_github_sent_it(
        seats in prop::collection::vec(seat_value(), 0..6),
    ) {
        let report = report(read(&json!({ "seats": seats })).unwrap());
        let mut file = Vec::new();
        csv::write(&report, ColumnSet::Github, &mut file).unwrap();
        let recorded = RecordedReport::read(&file).unwrap().seats();
        let form = |seat| Seat::in_githubs_form(seat, report.scope().kind());
        prop_assert!(recorded.iter().map(form).eq(report.seats().iter().map(form)));
        // Another CSV parser reads the file. Each row must be one that was sent.
        let mut sent: BTreeMap<[String; 3], usize> = BTreeMap::new();
        for seat in &seats {
            *sent.entry(row(seat)).or_default() += 1;
        }
        let mut reader = ::csv::Reader::from_reader(&file[..]);
        let mut rows = 0;
        for record in reader.records() {
            let record = record.unwrap();
            let row = [1, 4, 5].map(|column| record[column].to_owned());
            let left = sent.get_mut(&row);
            prop_assert!(left.as_ref().is_some_and(|left| **left > 0), "{:?} was not sent", row);
            *left.unwrap() -= 1;
            rows += 1;
        }
        prop_assert_eq!(rows, report.seats().len());
    }

    #[test]
    fn a_list_in_any_order_gives_the_same_file(
        seats in prop::collection::vec(seat_value(), 0..6),
    ) {
        let mut reversed = seats.clone();
        reversed.reverse();
        let files = [seats, reversed].map(|seats| {
            let mut file = Vec::new();
            csv::write(&report(read(&json!({ "seats": seats })).unwrap()), ColumnSet::Github, &mut file).unwrap();
            file
        });
        prop_assert_eq!(&files[0], &files[1]);
    }
}
