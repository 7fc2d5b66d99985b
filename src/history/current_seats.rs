//! What the README page shows about the seats of the newest report: which have been idle the
//! longest, and which end soon.

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;
use jiff::civil::Date;

use super::history_context::HistoryContext;
use crate::report::activity::{PersonActivity, longest_idle};
use crate::report::seat::{Identity, Seat, Team};
use crate::report::status::{Status, StatusPolicy};

/// How many teams or people to list.
const MAX_IDLE: usize = 10;

/// How many seats that end to list.
const MAX_ENDING: usize = 20;

/// What the page shows about the seats of the newest report.
#[derive(Debug, Default)]
pub(crate) struct CurrentSeats {
    /// The teams with the most idle seats. Empty if seats come neither from teams nor from
    /// organizations.
    pub teams: Vec<IdleTeam>,
    /// How many other teams have idle seats.
    pub more_teams: usize,
    /// The people who have been idle the longest. Empty if there are teams.
    pub people: Vec<IdlePerson>,
    /// The seats that end first.
    pub ending: Vec<EndingSeat>,
    /// How many other seats end.
    pub more_ending: usize,
}

/// A team with idle seats, or all seats that an organization grants without a team.
#[derive(Debug, Default)]
pub(crate) struct IdleTeam {
    /// The organization. Empty in an organization's own history.
    pub organization: String,
    /// The team. Empty if the seats come from no team.
    pub team: String,
    /// The number of seats.
    pub seats: usize,
    /// The number of seats whose holder is inactive or has never used Copilot.
    pub idle: usize,
    /// The holder who has been idle the longest. `None` if that's unknown.
    pub longest: Option<IdlePerson>,
}

/// Someone without known activity for a long time.
#[derive(Debug, Clone)]
pub(crate) struct IdlePerson {
    pub login: String,
    /// Their newest known activity.
    pub last_activity_at: Option<Timestamp>,
    /// The number of days without known activity.
    pub days: i64,
    /// Whether there may be older activity that no report shows, so it may be more days.
    pub is_minimum: bool,
}

/// A seat that was canceled and ends on a day.
#[derive(Debug)]
pub(crate) struct EndingSeat {
    pub date: Date,
    /// The holder. Empty for a seat without a person.
    pub login: String,
}

impl CurrentSeats {
    /// Summarizes `seats`, whose people the history knows as `known`.
    pub(super) fn of(seats: &[Seat], known: &HistoryContext, policy: StatusPolicy) -> Self {
        let (ending, more_ending) = ending(seats);
        let mut current = Self {
            ending,
            more_ending,
            ..Self::default()
        };
        let activities = known.activities(seats, policy);
        let is_in_a_team = |seat: &Seat| seat.team.is_some() || seat.organization.is_some();
        if seats.iter().any(is_in_a_team) {
            let mut teams = teams(seats, activities, policy);
            current.more_teams = teams.len().saturating_sub(MAX_IDLE);
            teams.truncate(MAX_IDLE);
            current.teams = teams;
        } else {
            let longest = longest_idle(activities, MAX_IDLE).into_iter();
            current.people = longest
                .filter_map(|activity| IdlePerson::of(&activity, policy))
                .collect();
        }
        current
    }
}

impl IdlePerson {
    /// `None` if it's unknown since when the person has been idle.
    fn of(activity: &PersonActivity<'_>, policy: StatusPolicy) -> Option<Self> {
        let since = activity.idle_since()?;
        let is_known = activity.person.last_activity_at.is_some() || since >= activity.known_since;
        let since = if is_known {
            since
        } else {
            activity.known_since
        };
        Some(Self {
            login: activity.person.account.login.to_string(),
            last_activity_at: activity.last_known_activity_at,
            days: policy.now.duration_since(since).as_hours().max(0) / 24,
            is_minimum: !is_known,
        })
    }
}

/// The teams with idle seats, those with the most first.
fn teams<'a>(
    seats: &'a [Seat],
    activities: impl Iterator<Item = PersonActivity<'a>>,
    policy: StatusPolicy,
) -> Vec<IdleTeam> {
    let is_idle = |activity: &PersonActivity<'_>| {
        matches!(activity.status, Status::Inactive | Status::NeverUsed)
    };
    let idle: HashMap<Identity<'_>, Option<IdlePerson>> = activities
        .filter(is_idle)
        .map(|activity| {
            let person = IdlePerson::of(&activity, policy);
            (activity.person.account.identity(), person)
        })
        .collect();
    let mut teams: BTreeMap<(String, Option<u64>), IdleTeam> = BTreeMap::new();
    for seat in seats {
        let organization = organization(seat);
        let key = (organization.clone(), seat.team_id());
        let team = teams.entry(key).or_insert_with(|| IdleTeam {
            organization,
            team: team(seat),
            ..IdleTeam::default()
        });
        team.seats += 1;
        let holder = seat.assignee.as_ref();
        let Some(person) = holder.and_then(|account| idle.get(&account.identity())) else {
            continue;
        };
        team.idle += 1;
        let days = |person: &Option<IdlePerson>| person.as_ref().map(|person| person.days);
        if days(person) > days(&team.longest) {
            team.longest.clone_from(person);
        }
    }
    let mut teams: Vec<IdleTeam> = teams.into_values().filter(|team| team.idle > 0).collect();
    let days = |team: &IdleTeam| team.longest.as_ref().map(|person| person.days);
    teams.sort_by(|one, other| {
        let idle = other.idle.cmp(&one.idle);
        idle.then_with(|| days(other).cmp(&days(one)))
    });
    teams
}

fn ending(seats: &[Seat]) -> (Vec<EndingSeat>, usize) {
    let ending = seats.iter().filter_map(|seat| {
        Some(EndingSeat {
            date: seat.pending_cancellation_date?,
            login: seat
                .assignee
                .as_ref()
                .map_or_else(String::new, |account| account.login.to_string()),
        })
    });
    let mut ending: Vec<EndingSeat> = ending.collect();
    ending.sort_by_key(|seat| seat.date);
    let more = ending.len().saturating_sub(MAX_ENDING);
    ending.truncate(MAX_ENDING);
    (ending, more)
}

fn organization(seat: &Seat) -> String {
    let organization = seat.organization.as_deref();
    organization.map_or_else(String::new, |account| account.login.to_string())
}

fn team(seat: &Seat) -> String {
    seat.team.as_deref().map_or_else(String::new, Team::shown)
}
