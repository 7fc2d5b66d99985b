//! A seat, a report, and the file formats, based on the documentation.

use std::collections::BTreeSet;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

/// How far a plausible time can be after the end of a reading.
const TOLERANCE: SignedDuration = SignedDuration::from_mins(5);

/// A seat as a report or file shows it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Row {
    pub login: Option<String>,
    pub id: Option<u64>,
    pub organization: Option<String>,
    pub organization_id: Option<u64>,
    pub team: Option<String>,
    pub team_id: Option<u64>,
    pub plan: Option<String>,
    pub granted: Option<Timestamp>,
    pub ends: Option<Date>,
    pub signed_in: Option<Timestamp>,
    pub used: Option<Timestamp>,
    pub surface: Option<String>,
}

impl Row {
    /// The columns of GitHub's format, which has no IDs, teams, plans, or grants.
    pub fn bare(&self) -> Self {
        Self {
            login: self.login.clone(),
            organization: self.organization.clone(),
            signed_in: self.signed_in,
            used: self.used,
            surface: self.surface.clone(),
            ..Self::default()
        }
    }

    /// Whether it comes from a file in GitHub's format.
    pub fn is_bare(&self) -> bool {
        let ids = self.organization_id.or(self.team_id);
        ids.is_none() && self.granted.is_none() && self.plan.is_none()
    }

    /// The row without times that are later than the report.
    pub fn plausible(&self, time: Timestamp) -> Self {
        let known = |at: Option<Timestamp>| at.filter(|at| is_plausible(*at, time));
        Self {
            granted: known(self.granted),
            signed_in: known(self.signed_in),
            used: known(self.used),
            surface: self
                .surface
                .clone()
                .filter(|_| known(self.used) == self.used),
            ..self.clone()
        }
    }

    fn place(&self) -> impl Ord + use<> {
        let none = |text: &Option<String>| text.clone().unwrap_or_else(|| "None".to_owned());
        let login = none(&self.login);
        (
            (login.to_lowercase(), login),
            none(&self.organization),
            (self.team_id, self.granted),
            (self.signed_in, self.used, self.surface.clone()),
            self.id,
        )
    }
}

/// Whether a report of `time` accepts this time.
pub fn is_plausible(at: Timestamp, time: Timestamp) -> bool {
    at.duration_since(time) <= TOLERANCE
}

/// Sorts the rows as in the report.
pub fn ordered(mut rows: Vec<Row>) -> Vec<Row> {
    rows.sort_by_cached_key(Row::place);
    rows
}

/// The list that a run reads.
#[derive(Debug, Clone)]
pub struct Report {
    pub time: Timestamp,
    pub rows: Vec<Row>,
    /// GitHub's total.
    pub total: usize,
    /// Whether GitHub says that it omits organizations.
    pub partial: bool,
    /// Whether two consecutive readings were equal.
    pub steady: bool,
    pub pages: usize,
}

impl Report {
    pub fn people(&self) -> usize {
        people_in(&self.rows)
    }

    fn counted(&self) -> usize {
        self.people() + self.rows.iter().filter(|row| row.login.is_none()).count()
    }

    /// How many seats GitHub counts but doesn't show.
    pub fn shortfall(&self) -> usize {
        self.total.saturating_sub(self.counted())
    }

    pub fn is_complete(&self) -> bool {
        !self.partial && self.shortfall() == 0
    }

    /// Whether the only problem is that GitHub counts more seats than it shows, and the number is
    /// the same in each reading.
    pub fn is_steady_shortfall(&self) -> bool {
        !self.partial && self.shortfall() > 0 && self.steady
    }

    /// Whether no row can be missing.
    pub fn is_certain(&self) -> bool {
        let hour_ago = self.time - SignedDuration::from_hours(1);
        let is_new = |row: &Row| row.granted.is_some_and(|at| at > hour_ago);
        let rows = self.rows.len();
        let adds_up = self.total == rows && self.people() == rows;
        let is_whole = self.pages == 1 || (adds_up && !self.rows.iter().any(is_new));
        self.is_complete() && is_whole
    }
}

pub fn people_in(rows: &[Row]) -> usize {
    let ids: BTreeSet<u64> = rows.iter().filter_map(|row| row.id).collect();
    ids.len()
}

/// The day in UTC.
pub fn date(time: Timestamp) -> Date {
    time.to_zoned_datetime(jiff::tz::TimeZone::UTC).date()
}

pub const CHANGES: &str = "Report Time,Login,Organization,Team,Change,From,To\n";
pub const TOTALS: &str =
    "Report Time,Seats,People,Active,Inactive,Never Used,New,Granted,Revoked,Complete\n";
const SEATS: &str = "Login,User Id,Organization,Organization Id,Team,Team Id,Plan Type,Assigned At,\
                     Pending Cancellation Date,Last Authenticated At,Last Activity At,Last Surface Used\n";
const LATEST: &str = "Report Time,Login,Last Authenticated At,Last Activity At,Last Surface Used";

/// The contents of `seats.csv`.
pub fn seats_file(rows: &[Row]) -> String {
    let lines = rows.iter().map(|row| {
        [
            cell(row.login.as_ref()),
            cell(row.id),
            cell(row.organization.as_ref()),
            cell(row.organization_id),
            cell(row.team.as_ref()),
            cell(row.team_id),
            cell(row.plan.as_ref()),
            cell(row.granted),
            cell(row.ends),
            cell(row.signed_in),
            cell(row.used),
            cell(row.surface.as_ref()),
        ]
    });
    format!("{SEATS}{}", table(lines))
}

/// The contents of `latest.csv`.
pub fn latest_file(time: Timestamp, rows: &[Row], is_enterprise: bool) -> String {
    let none = |text: Option<String>| text.unwrap_or_else(|| "None".to_owned());
    let lines = rows.iter().map(|row| {
        let mut line = vec![
            time.to_string(),
            none(row.login.clone()),
            none(row.signed_in.map(|time| time.to_string())),
            none(row.used.map(|time| time.to_string())),
            none(row.surface.clone()),
        ];
        line.extend(is_enterprise.then(|| none(row.organization.clone())));
        line
    });
    let last = if is_enterprise { ",Organization" } else { "" };
    format!("{LATEST}{last}\n{}", table(lines))
}

pub fn cell(value: Option<impl ToString>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

pub fn table<C: AsRef<[u8]>>(
    lines: impl IntoIterator<Item = impl IntoIterator<Item = C>>,
) -> String {
    let mut csv = csv::Writer::from_writer(Vec::new());
    for line in lines {
        csv.write_record(line).unwrap();
    }
    String::from_utf8(csv.into_inner().unwrap()).unwrap()
}

/// A row of GitHub's response.
pub fn response_row(row: &Row, is_enterprise: bool) -> simulator::seat::Row {
    let text = |time: Timestamp| time.to_string();
    let login = row.login.clone().unwrap_or_default();
    let id = row.id.unwrap_or_default();
    let mut seat = simulator::seat::Row::of(&login, id)
        .created(&row.granted.map(text).unwrap_or_default())
        .field("plan_type", row.plan.clone())
        .field("last_activity_at", row.used.map(text))
        .field("last_activity_editor", row.surface.clone())
        .field("last_authenticated_at", row.signed_in.map(text));
    if let Some(day) = row.ends {
        seat = seat.cancelled(&day.to_string());
    }
    if let (Some(id), Some(name)) = (row.team_id, &row.team) {
        seat = if row.organization_id.is_some() || !is_enterprise {
            seat.team(name, id)
        } else {
            seat.enterprise_team(name, id)
        };
    }
    seat = match (row.organization_id, &row.organization) {
        (Some(id), Some(name)) => seat.organization(name, id),
        _ if is_enterprise => seat.no_organization(),
        _ => seat,
    };
    if row.login.is_none() {
        seat = seat.without_person();
    }
    seat
}
