//! Converts a page of seats, as GitHub sends it, into our own rows.

#[cfg(test)]
mod properties;

use std::borrow::{Borrow, Cow};
use std::collections::HashSet;
use std::hash::Hash;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Deserializer};

use super::super::strict::{MapOnly, deserialize_bounded};
use crate::report::day::date;
use crate::report::seat::{Account, Seat, Team, whole_seconds};

/// More rows than GitHub would ever put on one page.
const MAX_ROWS: usize = 10_000;

/// A page, of which only what the report needs is read.
#[derive(Deserialize)]
pub(super) struct PageBody {
    #[serde(default, deserialize_with = "count")]
    pub(super) total_seats: Option<u64>,
    #[serde(deserialize_with = "rows")]
    pub(super) seats: Vec<SeatBody>,
}

/// A seat as GitHub's description documents it, of which only what the report needs is read.
/// Everything can be missing or null. Unknown fields and values are ignored.
#[derive(Deserialize)]
pub(super) struct SeatBody {
    assignee: Option<MapOnly<AccountBody>>,
    organization: Option<MapOnly<AccountBody>>,
    assigning_team: Option<MapOnly<TeamBody>>,
    #[serde(default, deserialize_with = "text")]
    plan_type: Option<String>,
    #[serde(default, deserialize_with = "day")]
    pending_cancellation_date: Option<Date>,
    #[serde(default, deserialize_with = "time")]
    created_at: Option<Timestamp>,
    #[serde(default, deserialize_with = "time")]
    last_authenticated_at: Option<Timestamp>,
    #[serde(default, deserialize_with = "time")]
    last_activity_at: Option<Timestamp>,
    last_activity_editor: Option<String>,
}

#[derive(Deserialize)]
struct AccountBody {
    id: Option<u64>,
    login: Option<String>,
}

#[derive(Deserialize)]
struct TeamBody {
    id: Option<u64>,
    #[serde(default, deserialize_with = "text")]
    name: Option<String>,
}

/// Values that many seats share, kept once. A company has few organizations, and its people use few
/// versions of few editors.
#[derive(Default)]
pub(super) struct Shared {
    surfaces: HashSet<Arc<str>>,
    organizations: HashSet<Arc<Account>>,
    teams: HashSet<Arc<Team>>,
    plans: HashSet<Arc<str>>,
}

impl Shared {
    pub(super) fn seats(&mut self, bodies: Vec<SeatBody>) -> Vec<Seat> {
        bodies.into_iter().map(|body| self.seat(body)).collect()
    }

    fn seat(&mut self, body: SeatBody) -> Seat {
        let organization = body.organization.and_then(|MapOnly(body)| body.account());
        let surface = body
            .last_activity_editor
            .filter(|surface| !surface.is_empty());
        Seat {
            assignee: body.assignee.and_then(|MapOnly(body)| body.account()),
            organization: organization.map(|account| kept(&mut self.organizations, account)),
            team: body
                .assigning_team
                .and_then(|MapOnly(body)| body.team())
                .map(|team| kept(&mut self.teams, team)),
            plan_type: body.plan_type.map(|plan| kept(&mut self.plans, plan)),
            created_at: body.created_at,
            pending_cancellation_date: body.pending_cancellation_date,
            last_authenticated_at: body.last_authenticated_at,
            last_activity_at: body.last_activity_at,
            last_surface_used: surface.map(|surface| kept(&mut self.surfaces, surface)),
        }
    }
}

/// Returns the shared copy of a value.
fn kept<T, V>(values: &mut HashSet<Arc<T>>, value: V) -> Arc<T>
where
    T: ?Sized + Eq + Hash,
    V: Borrow<T> + Into<Arc<T>>,
{
    if let Some(known) = values.get(value.borrow()) {
        return Arc::clone(known);
    }
    let value: Arc<T> = value.into();
    values.insert(Arc::clone(&value));
    value
}

impl AccountBody {
    fn account(self) -> Option<Account> {
        Some(Account {
            id: self.id,
            login: self.login.filter(|login| !login.is_empty())?.into(),
        })
    }
}

/// Reads the rows of a page, of which GitHub sends at most a hundred.
fn rows<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<SeatBody>, D::Error> {
    match deserialize_bounded::<_, _, MAX_ROWS>(deserializer)? {
        (rows, all) if all <= MAX_ROWS => {
            let rows: Vec<MapOnly<SeatBody>> = rows;
            Ok(rows.into_iter().map(|MapOnly(row)| row).collect())
        }
        (_, all) => Err(serde::de::Error::custom(format!("{all} seats on one page"))),
    }
}

impl TeamBody {
    fn team(self) -> Option<Team> {
        Some(Team {
            id: self.id?,
            name: self.name.unwrap_or_default().into(),
        })
    }
}

/// Reads a string. `None` if it's empty or something else.
fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let value = serde_json::Value::deserialize(deserializer)?;
    Ok(value
        .as_str()
        .filter(|text| !text.is_empty())
        .map(str::to_owned))
}

/// Reads a date, if there is one. Also reads a time, whose date is the one in UTC.
fn day<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Date>, D::Error> {
    parsed(deserializer, "a date", |text| {
        let time = text.parse::<Timestamp>();
        time.map_or_else(|_| text.parse().ok(), |time| Some(date(time)))
    })
}

/// Reads a count. `None` if it's something else. Completeness can't be proved without it, and the
/// report says so.
fn count<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    Ok(serde_json::Value::deserialize(deserializer)?.as_u64())
}

/// Reads a time with any offset, in whole seconds as the report has them, or `None`.
fn time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
    parsed(deserializer, "a time", |text| {
        Some(whole_seconds(text.parse().ok()?))
    })
}

/// Reads a value that's a string in JSON, if it isn't empty. Fails if it can't be parsed, because a
/// row without its time would say that someone never used Copilot.
fn parsed<'de, D: Deserializer<'de>, T>(
    deserializer: D,
    what: &str,
    parse: impl FnOnce(&str) -> Option<T>,
) -> Result<Option<T>, D::Error> {
    let text: Option<Cow<'de, str>> = Option::deserialize(deserializer)?;
    let text = text.filter(|text| !text.is_empty());
    let wrong = |text| serde::de::Error::custom(format!("{text:?} isn't {what}"));
    text.map(|text| parse(&text).ok_or_else(|| wrong(text)))
        .transpose()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn seats(json: &str) -> serde_json::Result<Vec<Seat>> {
        let page: PageBody = serde_json::from_str(json)?;
        Ok(Shared::default().seats(page.seats))
    }

    #[test]
    fn fields_that_github_omits_or_adds_are_accepted() {
        let rows = seats(
            r#"{"total_seats": 4, "new": 1, "seats": [
                {},
                {"assignee": null, "organization": null, "assigning_team": null, "created_at": null,
                 "last_activity_at": null, "last_activity_editor": null, "plan_type": "quantum"},
                {"assignee": {"login": "octocat", "id": 1, "new": {}}, "last_activity_at": "2021-10-14T00:53:32-06:00",
                 "assigning_team": {"id": 7, "name": "=1+1", "enterprise": true}, "plan_type": 5},
                {"assignee": {}, "last_activity_at": "", "last_activity_editor": ""}
            ]}"#,
        )
        .unwrap();
        assert_eq!(rows[0], Seat::default());
        let quantum = Seat {
            plan_type: Some("quantum".into()),
            ..Seat::default()
        };
        assert_eq!(rows[1], quantum);
        assert_eq!(rows[3], Seat::default());
        assert_eq!(rows[2].login(), "octocat");
        assert_eq!(rows[2].team_id(), Some(7));
        assert_eq!(rows[2].plan_type, None);
        assert_eq!(
            rows[2].last_activity_at.unwrap().to_string(),
            "2021-10-14T06:53:32Z"
        );
    }

    #[test]
    fn an_invalid_time_is_not_mistaken_for_never() {
        let error = seats(r#"{"seats": [{"last_activity_at": "yesterday"}]}"#).unwrap_err();
        assert!(error.to_string().contains("\"yesterday\" isn't a time"));
    }

    #[test]
    fn a_day_may_be_given_as_a_time() {
        for (value, day) in [
            ("\"2026-12-01\"", Some("2026-12-01")),
            ("\"2026-12-01T00:30:00+01:00\"", Some("2026-11-30")),
            ("null", None),
            ("\"\"", None),
        ] {
            let json = format!(r#"{{"seats": [{{"pending_cancellation_date": {value}}}]}}"#);
            let read = seats(&json).unwrap()[0].pending_cancellation_date;
            assert_eq!(read.map(|day| day.to_string()).as_deref(), day);
        }
        let error = seats(r#"{"seats": [{"pending_cancellation_date": "soon"}]}"#).unwrap_err();
        assert!(error.to_string().contains("\"soon\" isn't a date"));
    }

    #[test]
    fn a_total_that_is_not_a_count_is_treated_as_missing() {
        for total in ["null", "\"7\"", "-1", "1.5", "[]"] {
            let page: PageBody =
                serde_json::from_str(&format!(r#"{{"total_seats": {total}, "seats": []}}"#))
                    .unwrap();
            assert_eq!(page.total_seats, None);
        }
    }
}
