//! The people of a report as rows of the page, and the data for its script.

use std::collections::HashMap;
use std::io;

use jiff::Timestamp;
use serde::Serialize;

use super::editors::{NO_ACTIVITY, label};
use super::text::{DAY, day_numbered, name, number, number_of};
use super::{PageFacts, inactive_days};
use crate::history::HistoryContext;
use crate::report::Report;
use crate::report::activity::PersonActivity;
use crate::report::seat::{Identity, Team};
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

/// Gathers what the page shows about each person.
pub(super) fn gather(report: &Report, known: &HistoryContext, policy: StatusPolicy) -> Gathered {
    let [mut editors, mut teams, mut organizations, mut plans] = [(); 4].map(|()| Names::default());
    let mut rows = Vec::with_capacity(report.people());
    let mut places: HashMap<Identity<'_>, usize> = HashMap::with_capacity(report.people());
    for activity in known.activities(report.credible_seats(), policy) {
        places.insert(activity.person.account.identity(), rows.len());
        let (idle_days, is_longer) = idle(&activity, policy);
        rows.push(Row {
            login: name(&activity.person.account.login),
            status: activity.status,
            active_on: activity.last_known_activity_at.map(number),
            days_since_activity: activity
                .last_known_activity_at
                .map(|at| whole_days(at, policy)),
            idle_days,
            is_longer,
            editor: [editors.index(editor(&activity, known))],
            teams: Vec::new(),
            organizations: Vec::new(),
            plans: Vec::new(),
            granted_on: activity.person.granted_at.map(number),
            ends: None,
        });
    }
    for seat in report.credible_seats() {
        let account = seat.assignee.as_ref();
        let place = account.and_then(|account| places.get(&account.identity()));
        let Some(row) = place.and_then(|place| rows.get_mut(*place)) else {
            continue;
        };
        let team = seat.team.as_deref().map(Team::shown);
        let team = team.map_or_else(|| NO_TEAM.to_owned(), |team| name(&team));
        let organization = seat.organization.as_deref().map(|found| name(&found.login));
        let plan = seat
            .plan_type
            .as_deref()
            .map_or_else(|| NO_PLAN.to_owned(), name);
        add(&mut row.teams, teams.index(team));
        add(
            &mut row.organizations,
            organizations.index(organization.unwrap_or_else(|| NO_ORGANIZATION.to_owned())),
        );
        add(&mut row.plans, plans.index(plan));
        let ends = seat.pending_cancellation_date.and_then(number_of);
        row.ends = row.ends.into_iter().chain(ends).min();
    }
    // The rows are in the order of logins, which stays for people who are idle equally long.
    rows.sort_by_key(|row| std::cmp::Reverse((row.idle_days, row.is_longer)));
    Gathered {
        rows,
        editors: editors.all,
        teams: teams.all,
        organizations: organizations.all,
        plans: plans.all,
    }
}

fn add(indexes: &mut Vec<usize>, index: usize) {
    if !indexes.contains(&index) {
        indexes.push(index);
    }
}

/// Returns for how many whole days the seat wasn't used, and whether it may be longer. That's since
/// the last known activity or, if it's later, the grant. Unrecorded activity is possible up to
/// the time since which everything is known.
fn idle(activity: &PersonActivity<'_>, policy: StatusPolicy) -> (i64, bool) {
    let days = |since| whole_days(since, policy);
    let start = activity
        .last_known_activity_at
        .max(activity.person.granted_at);
    match start {
        Some(start)
            if activity.person.last_activity_at.is_some() || start >= activity.known_since =>
        {
            (days(start), false)
        }
        _ => (days(activity.known_since), true),
    }
}

fn whole_days(since: Timestamp, policy: StatusPolicy) -> i64 {
    policy.now.duration_since(since).as_secs().max(0) / DAY
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

/// The data of the script: one list for each column.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Data<'a> {
    file: String,
    inactive_days: i64,
    editors: &'a [String],
    teams: &'a [String],
    organizations: &'a [String],
    plans: &'a [String],
    login: Vec<&'a str>,
    status: Vec<usize>,
    activity: Vec<Option<i64>>,
    idle: Vec<i64>,
    longer: Vec<u8>,
    editor: Vec<usize>,
    team: Vec<Indexes<'a>>,
    organization: Vec<Indexes<'a>>,
    plan: Vec<Indexes<'a>>,
    granted: Vec<Option<i64>>,
    ends: Vec<Option<i64>>,
}

/// Most people have one team, and a number is shorter than a list.
#[derive(Serialize)]
#[serde(untagged)]
enum Indexes<'a> {
    One(usize),
    Several(&'a [usize]),
}

impl<'a> From<&'a Vec<usize>> for Indexes<'a> {
    fn from(indexes: &'a Vec<usize>) -> Self {
        match indexes[..] {
            [one] => Self::One(one),
            _ => Self::Several(indexes),
        }
    }
}

/// Returns the data for the script as JSON that can't end a script element.
pub(super) fn data(facts: &PageFacts<'_>, gathered: &Gathered) -> io::Result<String> {
    let rows = &gathered.rows;
    let data = Data {
        file: facts.report.file_stem(),
        inactive_days: inactive_days(facts.policy),
        editors: &gathered.editors,
        teams: &gathered.teams,
        organizations: &gathered.organizations,
        plans: &gathered.plans,
        login: rows.iter().map(|row| &*row.login).collect(),
        status: rows.iter().map(|row| place(row.status)).collect(),
        activity: rows.iter().map(|row| row.active_on).collect(),
        idle: rows.iter().map(|row| row.idle_days).collect(),
        longer: rows.iter().map(|row| u8::from(row.is_longer)).collect(),
        editor: rows.iter().map(|row| row.editor[0]).collect(),
        team: rows.iter().map(|row| (&row.teams).into()).collect(),
        organization: rows.iter().map(|row| (&row.organizations).into()).collect(),
        plan: rows.iter().map(|row| (&row.plans).into()).collect(),
        granted: rows.iter().map(|row| row.granted_on).collect(),
        ends: rows.iter().map(|row| row.ends).collect(),
    };
    Ok(inert(&serde_json::to_string(&data)?))
}

/// Returns the place of a status in the script's list.
fn place(status: Status) -> usize {
    match status {
        Status::Active => 0,
        Status::New => 1,
        Status::Inactive => 2,
        Status::NeverUsed => 3,
    }
}

/// Escapes what could end a script element, or a line in old JavaScript. All of these are only in
/// strings.
fn inert(json: &str) -> String {
    json.replace('<', "\\u003c")
        .replace('\u{2028}', "\\u2028")
        .replace('\u{2029}', "\\u2029")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::prelude::*;

    use super::*;
    use crate::arbitrary_text;

    proptest! {
        #![proptest_config(arbitrary_text::config())]

        #[test]
        fn no_text_can_end_the_script_element_and_it_stays_the_same(text in arbitrary_text::text()) {
            for text in [text.clone(), format!("</script>{text}<!--\u{2028}")] {
                let json = inert(&serde_json::to_string(&text).unwrap());
                prop_assert!(!json.contains('<') && !json.contains('\u{2028}'), "{}", json);
                prop_assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
            }
        }
    }
}
