//! The people who've been idle for the longest time.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use jiff::Timestamp;

use super::facts::Facts;
use crate::pages::markdown::{code, escape};
use crate::report::activity::{PersonActivity, longest_idle};
use crate::report::day::date;
use crate::report::seat::Team;
use crate::report::status::StatusPolicy;

/// How many people to list.
const MAX_PEOPLE: usize = 10;

/// Writes the list, unless everyone in it has been idle for the same time. Then it would only name
/// the first people in the alphabet.
pub(super) fn write(out: &mut String, facts: &Facts<'_>) {
    let activities = facts
        .known
        .activities(facts.report.credible_seats(), facts.policy);
    let longest = longest_idle(activities, MAX_PEOPLE);
    let days: Vec<String> = longest
        .iter()
        .map(|activity| days_idle(activity, facts.policy))
        .collect();
    let is_tie = days.len() > 1 && days.iter().all(|day| *day == days[0]);
    if days.is_empty() || is_tie {
        return;
    }
    out.push_str(
        "\n<details><summary>Longest idle</summary>\n\n| Login | Team | Last known activity | Access granted | Days idle |\n|:---|:---|:---|:---|---:|\n",
    );
    let day = |time: Option<Timestamp>, none: &str| {
        time.map_or_else(|| none.to_owned(), |time| date(time).to_string())
    };
    for (activity, days) in longest.iter().zip(days) {
        let _ = writeln!(
            out,
            "| {} | {} | {} | {} | {days} |",
            code(&activity.person.account.login),
            teams(facts, activity),
            day(activity.last_known_activity_at, "none known"),
            day(activity.person.granted_at, "unknown"),
        );
    }
    out.push_str(
        "\nGitHub keeps a person's last activity for 90 days, and deletes it when access is granted again. Recorded reports keep it.\n\n</details>\n",
    );
}

/// Returns the teams through which a person has seats.
fn teams(facts: &Facts<'_>, activity: &PersonActivity<'_>) -> String {
    let person = activity.person.account.identity();
    let seats = facts.report.seats().iter();
    let theirs = seats.filter(|seat| {
        let holder = seat.assignee.as_ref();
        holder.is_some_and(|account| account.identity() == person)
    });
    let teams: BTreeSet<String> = theirs
        .filter_map(|seat| seat.team.as_deref().map(Team::shown))
        .collect();
    let teams: Vec<String> = teams.iter().map(|team| escape(team)).collect();
    teams.join(", ")
}

/// Returns for how many days a person has been idle. There may be unrecorded activity between an
/// old activity and the time since which everything is known.
fn days_idle(activity: &PersonActivity<'_>, policy: StatusPolicy) -> String {
    let Some(since) = activity.idle_since() else {
        return String::new();
    };
    let days = |since| policy.now.duration_since(since).as_hours().max(0) / 24;
    if activity.person.last_activity_at.is_some() || since >= activity.known_since {
        days(since).to_string()
    } else {
        format!("{} or more", days(activity.known_since))
    }
}
