//! The columns of a report: GitHub's own, and with `columns: all` everything else that is known
//! about a seat and its person. Each column has the same value in the CSV, under its name, and in
//! the JSON, under its key.

use std::borrow::Cow;
use std::fmt;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;

use super::Report;
use super::activity::{ActivityIndex, PersonActivity};
use super::scope::{Scope, ScopeKind};
use super::seat::{NONE, Seat, whole_seconds};

/// Which columns a file has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Columns {
    /// Exactly the columns of GitHub's own file.
    Github,
    /// GitHub's columns, then all of [`EXTRA_COLUMNS`].
    All,
}

/// Which columns a file has, with the data that they need.
#[derive(Debug, Clone, Copy)]
pub enum ColumnSet<'a> {
    /// Exactly the columns of GitHub's own file.
    Github,
    /// GitHub's columns, then all of [`EXTRA_COLUMNS`], with the activity of these people.
    All(&'a ActivityIndex<'a>),
}

/// One column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// Its name in the CSV.
    pub name: &'static str,
    /// Its description for readers.
    pub meaning: &'static str,
}

impl Column {
    /// Returns its key in the JSON, which is also the field's name in GitHub's API if it has one.
    pub fn key(&self) -> String {
        self.name.to_lowercase().replace(' ', "_")
    }
}

/// GitHub's own columns. Only an enterprise's file has `Organization`.
pub const GITHUB: [Column; 6] = [
    Column {
        name: "Report Time",
        meaning: "When the action started fetching the report. The same in every row.",
    },
    Column {
        name: "Login",
        meaning: "The person who holds the seat.",
    },
    Column {
        name: "Last Authenticated At",
        meaning: "When the person last signed in to Copilot. GitHub deletes it after 90 days.",
    },
    Column {
        name: "Last Activity At",
        meaning: "When the person last used Copilot. GitHub deletes it after 90 days, and if access is reassigned.",
    },
    Column {
        name: "Last Surface Used",
        meaning: "The surface that the person last used, with its version.",
    },
    Column {
        name: "Organization",
        meaning: "The organization that grants the seat. GitHub's own file has this column only for an enterprise.",
    },
];

/// The columns that `columns: all` adds to GitHub's. It also adds `Organization` to an
/// organization's file, before these.
pub const EXTRA_COLUMNS: [Column; 10] = [
    Column {
        name: "Status",
        meaning: "The person's status: `active`, `new`, `never used`, or `inactive`.",
    },
    Column {
        name: "Days Since Activity",
        meaning: "Whole days (86,400 seconds each) from the last known activity to the report.",
    },
    Column {
        name: "Last Known Activity At",
        meaning: "The person's latest activity in any of their seats, now or in any recorded report.",
    },
    Column {
        name: "Surface",
        meaning: "The surface without its version: the text before the first `/`.",
    },
    Column {
        name: "Surface Version",
        meaning: "The surface's version: the text between the first and the second `/`.",
    },
    Column {
        name: "Plan Type",
        meaning: "The seat's plan, as GitHub reports it: `business`, `enterprise`, or `unknown`.",
    },
    Column {
        name: "Assigned At",
        meaning: "When the seat was last granted (`created_at` in GitHub's API).",
    },
    Column {
        name: "Assigning Team",
        meaning: "The team that grants the seat, or its ID if GitHub gives no name.",
    },
    Column {
        name: "Pending Cancellation Date",
        meaning: "The day on which the seat ends, if it was canceled.",
    },
    Column {
        name: "User Id",
        meaning: "GitHub's user ID, which stays the same if the login changes.",
    },
];

/// Returns the columns of a file for this kind of scope.
pub fn of(kind: ScopeKind, columns: Columns) -> Vec<Column> {
    match (kind, columns) {
        (ScopeKind::Organization, Columns::Github) => GITHUB[..5].to_vec(),
        (ScopeKind::Enterprise, Columns::Github) => GITHUB.to_vec(),
        (_, Columns::All) => [&GITHUB[..], &EXTRA_COLUMNS].concat(),
    }
}

impl ColumnSet<'_> {
    /// Returns which columns it has.
    pub fn columns(&self) -> Columns {
        match self {
            Self::Github => Columns::Github,
            Self::All(_) => Columns::All,
        }
    }
}

/// The value of a row in one column, as it's in the JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Cell<'a> {
    /// No value: the word `None` in the CSV, `null` in the JSON.
    Missing,
    /// A text.
    Text(Cow<'a, str>),
    /// A number.
    Number(u64),
    /// A time, in whole seconds.
    Time(Timestamp),
    /// A day.
    Day(Date),
}

/// One row of a report, with the activity of its person.
#[derive(Debug, Clone, Copy)]
pub struct Row<'a> {
    scope: &'a Scope,
    report_time: Timestamp,
    seat: &'a Seat,
    column_set: ColumnSet<'a>,
}

/// Returns the rows of a report with these columns, in the report's order.
pub fn rows<'a>(report: &'a Report, column_set: ColumnSet<'a>) -> impl Iterator<Item = Row<'a>> {
    report.seats().iter().map(move |seat| Row {
        scope: report.scope(),
        report_time: report.time(),
        seat,
        column_set,
    })
}

impl<'a> Row<'a> {
    /// Returns the values, in the order of [`of`].
    pub fn cells(self) -> impl Iterator<Item = Cell<'a>> {
        let (github, others) = match (self.column_set, self.scope.kind()) {
            (ColumnSet::Github, ScopeKind::Organization) => (5, None),
            (ColumnSet::Github, ScopeKind::Enterprise) => (6, None),
            (ColumnSet::All(activities), _) => (6, Some(self.others(activities.of(self.seat)))),
        };
        let github = self.github().into_iter().take(github);
        github.chain(others.into_iter().flatten())
    }

    fn github(&self) -> [Cell<'a>; 6] {
        let seat = self.seat;
        let organization = match (seat.organization.as_deref(), self.scope.kind()) {
            (Some(organization), _) => Some(&*organization.login),
            (None, ScopeKind::Organization) => Some(self.scope.name()),
            (None, ScopeKind::Enterprise) => None,
        };
        [
            Cell::Time(self.report_time),
            text(seat.assignee.as_ref().map(|account| &*account.login)),
            time(seat.last_authenticated_at),
            time(seat.last_activity_at),
            text(seat.last_surface_used.as_deref()),
            text(organization),
        ]
    }

    fn others(&self, activity: Option<&PersonActivity<'a>>) -> [Cell<'a>; 10] {
        let seat = self.seat;
        let known = activity.and_then(|activity| activity.last_known_activity_at);
        let (surface, version) = family(seat.last_surface_used.as_deref());
        [
            text(activity.map(|activity| activity.status.as_str())),
            known.map_or(Cell::Missing, |at| {
                let seconds = self.report_time.as_second() - whole_seconds(at).as_second();
                Cell::Number(u64::try_from(seconds / 86_400).unwrap_or_default())
            }),
            time(known),
            text(surface),
            text(version),
            text(seat.plan_type.as_deref()),
            time(seat.created_at),
            seat.team
                .as_deref()
                .map_or(Cell::Missing, |team| Cell::Text(team.shown().into())),
            seat.pending_cancellation_date
                .map_or(Cell::Missing, Cell::Day),
            seat.assignee
                .as_ref()
                .and_then(|account| account.id)
                .map_or(Cell::Missing, Cell::Number),
        ]
    }
}

/// Returns the family and version of a surface, such as `vscode` and `1.113.0` for
/// `vscode/1.113.0/copilot-chat/0.41.1`.
pub fn family(surface: Option<&str>) -> (Option<&str>, Option<&str>) {
    let mut parts = surface.unwrap_or_default().split('/');
    let mut next = || parts.next().filter(|part| !part.is_empty());
    (next(), next())
}

fn text(text: Option<&str>) -> Cell<'_> {
    text.map_or(Cell::Missing, |text| Cell::Text(text.into()))
}

fn time<'a>(time: Option<Timestamp>) -> Cell<'a> {
    time.map_or(Cell::Missing, |time| Cell::Time(whole_seconds(time)))
}

/// Formats the value for the CSV.
impl fmt::Display for Cell<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str(NONE),
            Self::Text(text) => f.write_str(text),
            Self::Number(number) => write!(f, "{number}"),
            Self::Time(time) => write!(f, "{time}"),
            Self::Day(day) => write!(f, "{day}"),
        }
    }
}
