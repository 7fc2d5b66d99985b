//! The people of one or several reports as rows of the page.

use std::cmp::Reverse;
use std::collections::HashMap;

use jiff::Timestamp;

use super::editors::{NO_ACTIVITY, label};
use super::text::{DAY, day_numbered, name, number, number_of};
use crate::history::HistoryContext;
use crate::report::Report;
use crate::report::activity::PersonActivity;
use crate::report::everyone::{Everyone, PersonKey, key};
use crate::report::seat::{Team, by_name};
use crate::report::status::{Status, StatusPolicy};

/// The label for seats that aren't granted through a team.
const NO_TEAM: &str = "No team";

/// The label for seats that an enterprise grants itself.
const NO_ORGANIZATION: &str = "No organization";

/// The label for seats without a plan.
const NO_PLAN: &str = "unknown";

/// The people with what the page shows about them, those who are idle longest first. Names that
/// many people share are in lists, and rows have their indexes.
pub(super) struct Gathered {
    pub(super) rows: Vec<Row>,
    pub(super) editors: Vec<String>,
    pub(super) teams: Vec<String>,
    pub(super) organizations: Vec<String>,
    pub(super) plans: Vec<String>,
}

/// A person. Days are numbers, counted from 1970-01-01.
pub(super) struct Row {
    pub(super) login: String,
    pub(super) status: Status,
    pub(super) active_on: Option<i64>,
    /// The whole days since then. The difference of the two days can be one more.
    pub(super) days_since_activity: Option<i64>,
    pub(super) idle_days: i64,
    pub(super) is_longer: bool,
    pub(super) editor: [usize; 1],
    pub(super) teams: Vec<usize>,
    pub(super) organizations: Vec<usize>,
    pub(super) plans: Vec<usize>,
    pub(super) granted_on: Option<i64>,
    pub(super) ends: Option<i64>,
}

impl Row {
    pub(super) fn class(&self) -> &'static str {
        class(self.status)
    }

    pub(super) fn active_on(&self) -> String {
        self.active_on
            .map_or_else(|| "none known".to_owned(), day_numbered)
    }

    pub(super) fn idle(&self) -> String {
        let more = if self.is_longer { " or more" } else { "" };
        format!("{}{more}", self.idle_days)
    }

    pub(super) fn granted_on(&self) -> String {
        self.granted_on.map(day_numbered).unwrap_or_default()
    }

    pub(super) fn ends(&self) -> String {
        self.ends.map(day_numbered).unwrap_or_default()
    }

    /// Returns the names at the indexes of a list.
    pub(super) fn of(&self, indexes: &[usize], names: &[String]) -> String {
        let names = indexes.iter().filter_map(|index| names.get(*index));
        let names: Vec<&str> = names.map(String::as_str).collect();
        names.join(", ")
    }
}

/// Returns the status as a class of the style sheet.
fn class(status: Status) -> &'static str {
    match status {
        Status::Active => "active",
        Status::New => "new",
        Status::NeverUsed => "never-used",
        Status::Inactive => "inactive",
    }
}

/// A list of names without duplicates.
#[derive(Default)]
struct Names {
    all: Vec<String>,
    indexes: HashMap<String, usize>,
}

impl Names {
    fn index(&mut self, name: String) -> usize {
        if let Some(index) = self.indexes.get(&name) {
            return *index;
        }
        self.all.push(name.clone());
        self.indexes.insert(name, self.all.len() - 1);
        self.all.len() - 1
    }
}

/// What decides since when someone is idle. About the same person, several reports can say
/// something different.
#[derive(Clone, Copy)]
struct Known {
    active_at: Option<Timestamp>,
    granted_at: Option<Timestamp>,
    /// The time since which all of their activity is known.
    since: Timestamp,
    /// Whether GitHub still knows the last activity.
    is_recent: bool,
    /// The time of the report.
    now: Timestamp,
}

impl Known {
    fn of(activity: &PersonActivity<'_>, policy: StatusPolicy) -> Self {
        Self {
            active_at: activity.last_known_activity_at,
            granted_at: activity.person.granted_at,
            since: activity.known_since,
            is_recent: activity.person.last_activity_at.is_some(),
            now: policy.now,
        }
    }

    /// Combines what two reports say: the newest activity and the oldest grant. Only what both
    /// cover is known.
    fn and(self, other: Self) -> Self {
        let grants = self.granted_at.into_iter().chain(other.granted_at);
        Self {
            active_at: self.active_at.max(other.active_at),
            granted_at: grants.min(),
            since: self.since.max(other.since),
            is_recent: self.is_recent || other.is_recent,
            now: self.now.min(other.now),
        }
    }

    /// Returns for how many whole days the seat wasn't used, and whether it may be longer. That's
    /// since the last known activity or, if it's later, the grant. Unrecorded activity is possible
    /// up to the time since which everything is known.
    fn idle(&self) -> (i64, bool) {
        match self.active_at.max(self.granted_at) {
            Some(start) if self.is_recent || start >= self.since => (self.whole_days(start), false),
            _ => (self.whole_days(self.since), true),
        }
    }

    fn whole_days(&self, since: Timestamp) -> i64 {
        self.now.duration_since(since).as_secs().max(0) / DAY
    }
}

/// Gathers what the page shows about each person, report by report.
#[derive(Default)]
pub(super) struct Gatherer {
    rows: Vec<(Row, Known)>,
    places: HashMap<PersonKey, usize>,
    editors: Names,
    teams: Names,
    organizations: Names,
    plans: Names,
}

impl Gatherer {
    /// Returns how many people it has.
    pub(super) fn people(&self) -> usize {
        self.rows.len()
    }

    /// Adds the people of a report. If it's one of several, `organization` is what it's about.
    pub(super) fn add(
        &mut self,
        report: &Report,
        known: &HistoryContext,
        policy: StatusPolicy,
        organization: Option<&str>,
    ) {
        let organization = organization.map(name);
        if let Some(organization) = &organization {
            // Also if no one has a seat there.
            self.organizations.index(organization.clone());
        }
        self.rows.reserve(report.people());
        self.places.reserve(report.people());
        for activity in known.activities(report.credible_seats(), policy) {
            self.add_person(&activity, known, policy);
        }
        for seat in report.credible_seats() {
            let account = seat.assignee.as_ref();
            let place = account.and_then(|account| self.places.get(&key(account)));
            let Some((row, _)) = place.and_then(|place| self.rows.get_mut(*place)) else {
                continue;
            };
            let team = match (seat.team.as_deref().map(Team::shown), &organization) {
                (None, _) => NO_TEAM.to_owned(),
                (Some(team), None) => name(&team),
                // Teams of two organizations can have the same name.
                (Some(team), Some(organization)) => format!("{organization}/{}", name(&team)),
            };
            let own = seat.organization.as_deref().map(|found| name(&found.login));
            let own = own.or_else(|| organization.clone());
            let plan = seat
                .plan_type
                .as_deref()
                .map_or_else(|| NO_PLAN.to_owned(), name);
            add(&mut row.teams, self.teams.index(team));
            add(
                &mut row.organizations,
                self.organizations
                    .index(own.unwrap_or_else(|| NO_ORGANIZATION.to_owned())),
            );
            add(&mut row.plans, self.plans.index(plan));
            let ends = seat.pending_cancellation_date.and_then(number_of);
            row.ends = row.ends.into_iter().chain(ends).min();
        }
    }

    fn add_person(
        &mut self,
        activity: &PersonActivity<'_>,
        history: &HistoryContext,
        policy: StatusPolicy,
    ) {
        let known = Known::of(activity, policy);
        let key = key(activity.person.account);
        let earlier = self.places.get(&key);
        if let Some((row, earlier)) = earlier.and_then(|place| self.rows.get_mut(*place)) {
            if known.active_at > earlier.active_at {
                row.editor = [self.editors.index(editor(activity, history))];
            }
            *earlier = earlier.and(known);
            return;
        }
        self.places.insert(key, self.rows.len());
        let row = Row {
            login: name(&activity.person.account.login),
            status: activity.status,
            active_on: None,
            days_since_activity: None,
            idle_days: 0,
            is_longer: false,
            editor: [self.editors.index(editor(activity, history))],
            teams: Vec::new(),
            organizations: Vec::new(),
            plans: Vec::new(),
            granted_on: None,
            ends: None,
        };
        self.rows.push((row, known));
    }

    /// Returns the rows. With several reports, `everyone` decides the status of each person.
    pub(super) fn finish(mut self, everyone: Option<&Everyone>) -> Gathered {
        if let Some(everyone) = everyone {
            for (key, place) in &self.places {
                let row = self.rows.get_mut(*place);
                if let (Some((row, _)), Some(status)) = (row, everyone.status(key)) {
                    row.status = status;
                }
            }
        }
        let rows = self.rows.into_iter().map(|(mut row, known)| {
            row.active_on = known.active_at.map(number);
            row.days_since_activity = known.active_at.map(|at| known.whole_days(at));
            (row.idle_days, row.is_longer) = known.idle();
            row.granted_on = known.granted_at.map(number);
            row
        });
        let mut rows: Vec<Row> = rows.collect();
        rows.sort_by(|one, other| {
            let longest = |row: &Row| Reverse((row.idle_days, row.is_longer));
            let by_idle_days = longest(one).cmp(&longest(other));
            by_idle_days.then_with(|| by_name(&one.login, &other.login))
        });
        Gathered {
            rows,
            editors: self.editors.all,
            teams: self.teams.all,
            organizations: self.organizations.all,
            plans: self.plans.all,
        }
    }
}

fn add(indexes: &mut Vec<usize>, index: usize) {
    if !indexes.contains(&index) {
        indexes.push(index);
    }
}

fn editor(activity: &PersonActivity<'_>, known: &HistoryContext) -> String {
    let Some(at) = activity.last_known_activity_at else {
        return NO_ACTIVITY.to_owned();
    };
    if activity.person.last_activity_at == Some(at) {
        return label(activity.person.last_surface_used);
    }
    let known = known.people.get(activity.person.account);
    label(known.and_then(|known| known.last_known_surface.as_deref()))
}
