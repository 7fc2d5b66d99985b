//! The report as a page: one HTML file that needs no other file, no network, and no server.
//!
//! People can read it without JavaScript. The script in it only filters, sorts, and copies the
//! people. A content security policy allows nothing else, so names in the page can't become code.

mod changes;
mod editors;
mod evidence;
mod groups;
mod people;
mod text;

use std::io;

use askama::Template;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use super::trend::{self, Theme};
use crate::history::totals::Day;
use crate::history::{HistoryContext, SeatChange};
use crate::pages::figures::{counted, days as in_days, headline_sentence, month_before};
use crate::report::Report;
use crate::report::activity::Counts;
use crate::report::day::date;
use crate::report::manifest::Run;
use crate::report::repository::RepositoryState;
use crate::report::status::{Status, StatusPolicy};
use crate::system::text::thousands;
use changes::{ChangeLine, changes};
use evidence::{Evidence, evidence};
use groups::{Age, Group};
use people::{Gathered, Row};
use text::{minute, share, signed};

const STYLE: &str = include_str!("../../templates/report.css");
const SCRIPT: &str = include_str!("../../templates/report.js");

/// The maximum number of people in the markup. For more, the table needs the script.
const MAX_IN_MARKUP: usize = 500;

/// The maximum number of teams, organizations, or editors in a table.
const MAX_GROUPS: usize = 200;

/// What the page shows.
#[derive(Debug)]
pub(crate) struct PageFacts<'a> {
    /// The report.
    pub report: &'a Report,
    /// What earlier reports say about its people.
    pub known: &'a HistoryContext,
    /// Decides their status.
    pub policy: StatusPolicy,
    /// How many people have each status.
    pub counts: Counts,
    /// Whether the page can have people's names.
    pub may_name_people: bool,
    /// Whether the names are pseudonyms.
    pub has_pseudonyms: bool,
    /// The files with the report's data.
    pub files: Vec<DataFile<'a>>,
    /// The workflow run, if one made the report.
    pub run: Option<&'a Run>,
    /// The state of the report in the audit repository.
    pub recording: Recording,
}

/// A file with the report's data.
#[derive(Debug)]
pub(crate) struct DataFile<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its SHA-256 in lowercase hexadecimal.
    pub sha256: &'a str,
}

/// The state of a report in the audit repository.
#[derive(Debug, Default)]
pub(crate) struct Recording {
    /// Whether there's a commit.
    pub commit: Commit,
    /// The changes of the last seven days, oldest first. `None` if nothing records them.
    pub changes: Option<Vec<SeatChange>>,
    /// The state of the audit repository. `None` if it's unknown.
    pub repository: Option<RepositoryState>,
}

/// Whether there's a commit with the report.
#[derive(Debug, Default)]
pub(crate) enum Commit {
    /// Nobody asked for one.
    #[default]
    NotRequested,
    /// It failed.
    Failed,
    /// There was nothing to commit, or a newer report was there.
    Nothing(String),
    /// It was made.
    Made {
        /// Its SHA.
        sha: String,
        /// The URL of its page. Empty if it's unknown.
        url: String,
        /// Why GitHub doesn't show it as verified. `None` if it does.
        unverified: Option<String>,
    },
}

/// The template's fields.
#[derive(Template)]
#[template(path = "report.html")]
struct ReportPage<'a> {
    style: &'static str,
    style_hash: String,
    script: &'static str,
    script_hash: String,
    generator: &'static str,
    scope: &'a str,
    kind: String,
    time: String,
    day: String,
    headline: String,
    people: usize,
    incomplete: Vec<Vec<(bool, String)>>,
    recorded_days: usize,
    cards: Vec<Card>,
    statuses: Vec<StatusShare>,
    since: Option<String>,
    unknown: Option<Unknown>,
    trend: Option<String>,
    ages: Vec<Age>,
    changes: Option<Vec<ChangeLine>>,
    commit_failed: bool,
    change_counts: Vec<(usize, &'static str)>,
    tables: Vec<GroupTable>,
    months: Vec<Group>,
    evidence: Evidence<'a>,
    has_pseudonyms: bool,
    named: Option<Named>,
}

struct Card {
    class: &'static str,
    label: &'static str,
    figure: String,
    share: String,
    delta: Option<String>,
    meaning: String,
}

struct StatusShare {
    class: &'static str,
    from: String,
    width: String,
}

/// The people without any known activity, by status.
struct Unknown {
    all: String,
    never_used: String,
    new: String,
    inactive: String,
}

struct GroupTable {
    id: &'static str,
    title: &'static str,
    column: &'static str,
    groups: Vec<Group>,
    left_out: usize,
}

/// The table of people, and its data for the script.
struct Named {
    rows: Vec<Row>,
    columns: Columns,
    in_markup: bool,
    editors: Vec<String>,
    teams: Vec<String>,
    organizations: Vec<String>,
    plans: Vec<String>,
    data: String,
}

/// Which columns have different values.
struct Columns {
    teams: bool,
    organizations: bool,
    ends: bool,
    plans: bool,
}

/// Writes the page.
pub(crate) fn write(facts: &PageFacts<'_>, out: &mut dyn io::Write) -> io::Result<()> {
    let report = facts.report;
    let gathered = people::gather(report, facts.known, facts.policy);
    let days = days(facts);
    let Counts {
        people,
        active,
        new,
        never_used,
        inactive,
    } = facts.counts;
    let (changes, change_counts) = changes(facts);
    let page = ReportPage {
        style: STYLE,
        style_hash: hash(STYLE),
        script: SCRIPT,
        script_hash: hash(SCRIPT),
        generator: concat!(env!("CARGO_PKG_NAME"), " ", env!("CARGO_PKG_VERSION")),
        scope: report.scope().name(),
        kind: report.scope().kind().to_string(),
        time: minute(report.time()),
        day: date(report.time()).to_string(),
        headline: headline_sentence(facts.counts, report.seats().len()),
        people,
        incomplete: report
            .incomplete_reasons()
            .iter()
            .map(|reason| text::parts(&reason.to_string()))
            .collect(),
        recorded_days: if has_history(facts) { days.len() } else { 0 },
        cards: cards(facts, compared(&days, report.time())),
        statuses: shares([
            ("active", active),
            ("new", new),
            ("inactive", inactive),
            ("never-used", never_used),
        ]),
        since: compared(&days, report.time()).map(|day| date(day.report_time).to_string()),
        unknown: unknown(&gathered.rows),
        trend: (days.len() > 1).then(|| trend::draw(&days, &Theme::PAGE)),
        ages: groups::ages(&gathered.rows, inactive_days(facts.policy)),
        changes,
        commit_failed: matches!(facts.recording.commit, Commit::Failed),
        change_counts,
        tables: tables(&gathered),
        months: groups::months(&gathered.rows, report.time()),
        evidence: evidence(facts, &days),
        has_pseudonyms: facts.has_pseudonyms,
        named: match facts.may_name_people && people > 0 {
            true => Some(named(facts, gathered)?),
            false => None,
        },
    };
    page.write_into(out)
}

/// Returns the hash of a script or style for the content security policy.
fn hash(text: &str) -> String {
    format!("sha256-{}", BASE64_STANDARD.encode(Sha256::digest(text)))
}

fn inactive_days(policy: StatusPolicy) -> i64 {
    policy.inactive_after.as_hours() / 24
}

/// Whether earlier reports are known, or later ones will be.
fn has_history(facts: &PageFacts<'_>) -> bool {
    let is_recorded = matches!(
        facts.recording.commit,
        Commit::Made { .. } | Commit::Nothing(_)
    );
    is_recorded || facts.known.totals.days().next().is_some()
}

/// Returns the recorded days before this report, and the day of this report.
fn days(facts: &PageFacts<'_>) -> Vec<Day> {
    let (report, today) = (facts.report, date(facts.report.time()));
    let earlier = facts.known.totals.days();
    let earlier = earlier.filter(|day| date(day.report_time) < today).copied();
    let this = Day::new(
        (report.time(), Some(report.is_complete())),
        report.seats().len(),
        facts.counts,
        (0, 0),
    );
    let mut days: Vec<Day> = earlier.chain([this]).collect();
    days.sort_by_key(|day| day.report_time);
    days
}

/// Returns the day that the report is compared with.
fn compared(days: &[Day], time: Timestamp) -> Option<&Day> {
    let (_, earlier) = days.split_last()?;
    let earlier: Vec<&Day> = earlier.iter().collect();
    month_before(&earlier, date(time)).map(|(day, _)| day)
}

fn cards(facts: &PageFacts<'_>, before: Option<&Day>) -> Vec<Card> {
    let (counts, seats) = (facts.counts, facts.report.seats().len());
    let days = in_days(inactive_days(facts.policy));
    let held_by = match seats == counts.people {
        true => String::new(),
        false => format!("Held by {}", counted(counts.people, "person", "people")),
    };
    let card = |class, label, figure: usize, earlier: fn(&Day) -> usize, meaning| Card {
        class,
        label,
        figure: thousands(figure),
        share: match class {
            "seats" => String::new(),
            _ => share(figure, counts.people),
        },
        delta: before.map(|day| signed(figure, earlier(day))),
        meaning,
    };
    vec![
        card("seats", "Seats", seats, |day| day.seats, held_by),
        card(
            "active",
            "Active",
            counts.active,
            |day| day.active,
            format!("Used Copilot in the last {days}"),
        ),
        card(
            "new",
            "New",
            counts.new,
            |day| day.new,
            format!("Got the seat in the last {days}, not active yet"),
        ),
        card(
            "inactive",
            "Inactive",
            counts.inactive,
            |day| day.inactive,
            format!(
                "No known activity for {} or more",
                counted(
                    inactive_days(facts.policy).unsigned_abs() as usize,
                    "day",
                    "days"
                )
            ),
        ),
        card(
            "never-used",
            "Never used",
            counts.never_used,
            |day| day.never_used,
            "No activity at any time since the grant".to_owned(),
        ),
    ]
}

/// Returns each status with its place in a bar.
fn shares<const N: usize>(counts: [(&'static str, usize); N]) -> Vec<StatusShare> {
    let all: usize = counts.iter().map(|(_, count)| count).sum();
    let mut before = 0;
    let mut shares = Vec::new();
    for (class, count) in counts {
        if count > 0 {
            let percent = |part: usize| format!("{:.2}%", part as f64 * 100.0 / all as f64);
            shares.push(StatusShare {
                class,
                from: percent(before),
                width: percent(count),
            });
        }
        before += count;
    }
    shares
}

fn unknown(rows: &[Row]) -> Option<Unknown> {
    let without = || rows.iter().filter(|row| row.active_on.is_none());
    let count = |status| without().filter(|row| row.status == status).count();
    let inactive = count(Status::Inactive);
    (inactive > 0).then(|| Unknown {
        all: counted(without().count(), "person", "people"),
        never_used: thousands(count(Status::NeverUsed)),
        new: thousands(count(Status::New)),
        inactive: thousands(inactive),
    })
}

fn tables(gathered: &Gathered) -> Vec<GroupTable> {
    let rows = &gathered.rows;
    let table = |id, title, column, mut groups: Vec<Group>| {
        let left_out = groups.len().saturating_sub(MAX_GROUPS);
        groups.truncate(MAX_GROUPS);
        GroupTable {
            id,
            title,
            column,
            groups,
            left_out,
        }
    };
    let mut tables = Vec::new();
    if gathered.organizations.len() > 1 {
        let groups = groups::by(rows, &gathered.organizations, |row| &row.organizations);
        tables.push(table(
            "organizations",
            "Organizations",
            "Organization",
            groups,
        ));
    }
    if gathered.teams.len() > 1 {
        let groups = groups::by(rows, &gathered.teams, |row| &row.teams);
        tables.push(table("teams", "Teams", "Team", groups));
    }
    let groups = groups::by(rows, &gathered.editors, |row| &row.editor);
    tables.push(table(
        "editors",
        "Last used in",
        "Editor or other place",
        groups,
    ));
    tables
}

fn named(facts: &PageFacts<'_>, gathered: Gathered) -> io::Result<Named> {
    let data = people::data(facts, &gathered)?;
    let Gathered {
        rows,
        editors,
        teams,
        organizations,
        plans,
    } = gathered;
    Ok(Named {
        columns: Columns {
            teams: teams.len() > 1,
            organizations: organizations.len() > 1,
            ends: rows.iter().any(|row| row.ends.is_some()),
            plans: plans.len() > 1,
        },
        in_markup: rows.len() <= MAX_IN_MARKUP,
        rows,
        editors,
        teams,
        organizations,
        plans,
        data,
    })
}
