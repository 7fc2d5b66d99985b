//! `seats.csv`: every seat of the newest report, with everything that's known about it. The next
//! report is compared with it, so it has the IDs that GitHub's format lacks.

use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::table::{self, TableError};
use crate::report::seat::{Account, Seat, Team, whole_seconds};

/// The file's name in the folder of a scope.
pub(crate) const SEATS: &str = "seats.csv";

/// The columns. Times are UTC in whole seconds. A missing value is an empty cell.
pub(crate) const COLUMNS: [&str; 12] = [
    "Login",
    "User Id",
    "Organization",
    "Organization Id",
    "Team",
    "Team Id",
    "Plan Type",
    "Assigned At",
    "Pending Cancellation Date",
    "Last Authenticated At",
    "Last Activity At",
    "Last Surface Used",
];

#[derive(Serialize, Deserialize)]
struct Line<S> {
    login: Option<S>,
    user_id: Option<u64>,
    organization: Option<S>,
    organization_id: Option<u64>,
    team: Option<S>,
    team_id: Option<u64>,
    plan_type: Option<S>,
    assigned_at: Option<Timestamp>,
    pending_cancellation_date: Option<Date>,
    last_authenticated_at: Option<Timestamp>,
    last_activity_at: Option<Timestamp>,
    last_surface_used: Option<S>,
}

/// Writes the file.
pub(crate) fn write<'s>(seats: impl IntoIterator<Item = &'s Seat>) -> csv::Result<Vec<u8>> {
    table::write(
        &COLUMNS,
        seats.into_iter().map(|seat| {
            let organization = seat.organization.as_deref();
            let team = seat.team.as_deref();
            Line {
                login: seat.assignee.as_ref().map(|account| &*account.login),
                user_id: seat.assignee.as_ref().and_then(|account| account.id),
                organization: organization.map(|account| &*account.login),
                organization_id: organization.and_then(|account| account.id),
                team: team.map(|team| &*team.name),
                team_id: team.map(|team| team.id),
                plan_type: seat.plan_type.as_deref(),
                assigned_at: seat.created_at.map(whole_seconds),
                pending_cancellation_date: seat.pending_cancellation_date,
                last_authenticated_at: seat.last_authenticated_at.map(whole_seconds),
                last_activity_at: seat.last_activity_at.map(whole_seconds),
                last_surface_used: seat.last_surface_used.as_deref(),
            }
        }),
    )
}

/// Reads the file.
pub(crate) fn read(file: &[u8]) -> Result<Vec<Seat>, TableError> {
    let lines: Vec<Line<String>> = table::read(file, &COLUMNS)?;
    Ok(lines.into_iter().map(seat).collect())
}

/// Reads the lines that can be read, and skips the others.
pub(super) fn read_lines(file: &[u8]) -> Vec<Seat> {
    let lines = table::lines(file, |record| {
        let line: Option<Line<String>> = record.deserialize(None).ok();
        line.filter(|_| record.len() == COLUMNS.len())
    });
    lines.flatten().map(seat).collect()
}

fn seat(line: Line<String>) -> Seat {
    let account = |login: Option<String>, id| {
        login.map(|login| Account {
            id,
            login: login.into(),
        })
    };
    Seat {
        assignee: account(line.login, line.user_id),
        organization: account(line.organization, line.organization_id).map(Arc::new),
        team: line.team_id.map(|id| {
            Arc::new(Team {
                id,
                name: line.team.unwrap_or_default().into(),
            })
        }),
        plan_type: line.plan_type.map(Into::into),
        created_at: line.assigned_at,
        pending_cancellation_date: line.pending_cancellation_date,
        last_authenticated_at: line.last_authenticated_at,
        last_activity_at: line.last_activity_at,
        last_surface_used: line.last_surface_used.map(Into::into),
    }
}
