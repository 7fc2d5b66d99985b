//! The report as a page: one HTML file that needs no other file, no network, and no server.
//!
//! People can read it without JavaScript. The script in it only filters, sorts, and copies the
//! people. A content security policy allows nothing else, so names in the page can't become code.

pub(crate) mod all;
mod cards;
mod changes;
mod editors;
mod evidence;
mod groups;
mod people;
mod rows;
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
use crate::pages::figures::{headline_sentence, month_before};
use crate::report::Report;
use crate::report::activity::Counts;
use crate::report::day::date;
use crate::report::manifest::Run;
use crate::report::repository::RepositoryState;
use crate::report::status::StatusPolicy;
use cards::{Card, StatusShare, Unknown};
use changes::{ChangeLine, Changes, changes};
use evidence::{Evidence, evidence};
use groups::{Age, Group};
use rows::{Gathered, Gatherer, Row};
use text::minute;

const STYLE: &str = include_str!("../../templates/report.css");
const SCRIPT: &str = include_str!("../../templates/report.js");

/// The maximum number of people in the markup. For more, the table needs the script.
const MAX_IN_MARKUP: usize = 500;

/// The maximum number of teams or editors in a table.
const MAX_GROUPS: usize = 200;

/// The maximum number of organizations in a table.
const MAX_ORGANIZATIONS: usize = 1_000;

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
#[derive(Debug, Clone, Default, PartialEq)]
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
    eyebrow: String,
    title: String,
    time: String,
    day: String,
    headline: String,
    people: usize,
    /// Why it isn't complete. `None` if it is.
    incomplete: Option<Incomplete>,
    recorded_days: usize,
    cards: Vec<Card>,
    statuses: Vec<StatusShare>,
    since: Option<String>,
    unknown: Option<Unknown>,
    /// What to say about people in several organizations.
    shared: Option<String>,
    trend: Option<String>,
    ages: Vec<Age>,
    changes: Vec<ChangeLine>,
    change_counts: String,
    changes_note: &'static str,
    tables: Vec<GroupTable>,
    months: Vec<Group>,
    evidence: Evidence<'a>,
    has_pseudonyms: bool,
    named: Option<Named>,
}

/// Why a page isn't complete.
struct Incomplete {
    label: String,
    title: &'static str,
    /// The reasons, as words and code.
    reasons: Vec<Vec<(bool, String)>>,
}

/// What the pages of one and of several reports have in common.
struct Common<'a> {
    /// What kind of page it is.
    eyebrow: String,
    title: String,
    /// The name of its file, without the extension.
    stem: String,
    time: Timestamp,
    seats: usize,
    counts: Counts,
    inactive_days: i64,
    incomplete: Option<Incomplete>,
    evidence: Evidence<'a>,
    may_name_people: bool,
    has_pseudonyms: bool,
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
    let mut gatherer = Gatherer::default();
    gatherer.add(report, facts.known, facts.policy, None);
    let days = days(facts);
    let before = compared(&days, report.time());
    let reasons = report.incomplete_reasons().iter();
    let reasons = reasons.map(|reason| text::parts(&reason.to_string()));
    let common = Common {
        eyebrow: format!("Copilot seats of the {}", report.scope().kind()),
        title: report.scope().name().to_owned(),
        stem: report.file_stem(),
        time: report.time(),
        seats: report.seats().len(),
        counts: facts.counts,
        inactive_days: inactive_days(facts.policy),
        incomplete: (!report.is_complete()).then(|| Incomplete {
            label: "Not verified as complete".to_owned(),
            title: "This report couldn't be verified as complete. Seats may be missing in it.",
            reasons: reasons.collect(),
        }),
        evidence: evidence(facts, &days),
        may_name_people: facts.may_name_people,
        has_pseudonyms: facts.has_pseudonyms,
    };
    let changes = changes(facts);
    let recorded_days = if has_history(facts) { days.len() } else { 0 };
    let page = ReportPage {
        cards: cards::cards(common.counts, common.seats, common.inactive_days, before),
        since: before.map(|day| date(day.report_time).to_string()),
        recorded_days,
        trend: (days.len() > 1).then(|| trend::draw(&days, &Theme::PAGE)),
        changes_note: match &changes {
            None if matches!(facts.recording.commit, Commit::Failed) => {
                "The changes are unknown, because the commit failed."
            }
            None => UNRECORDED,
            Some(changes) if !changes.counted().is_empty() => nameless(changes),
            Some(_) if recorded_days == 1 => {
                "This is the first recorded report. Later reports are compared with it."
            }
            Some(_) => UNCHANGED,
        },
        change_counts: changes.as_ref().map(Changes::counted).unwrap_or_default(),
        changes: changes.map(|changes| changes.lines).unwrap_or_default(),
        ..ReportPage::new(common, gatherer.finish(None))?
    };
    page.write_into(out)
}

/// The note about changes if nothing records them.
const UNRECORDED: &str = "To see changes, record reports in an audit repository.";

/// The note about changes if there are none.
const UNCHANGED: &str = "No seat changed.";

/// Returns the note about changes that can't be listed.
fn nameless(changes: &Changes) -> &'static str {
    match changes.lines[..] {
        [] => "The page names no one, because it may become public.",
        _ => "",
    }
}

impl<'a> ReportPage<'a> {
    /// Creates a page that shows nothing about other days.
    fn new(common: Common<'a>, gathered: Gathered) -> io::Result<Self> {
        let Common {
            counts,
            seats,
            inactive_days,
            ..
        } = common;
        Ok(Self {
            style: STYLE,
            style_hash: hash(STYLE),
            script: SCRIPT,
            script_hash: hash(SCRIPT),
            generator: concat!(env!("CARGO_PKG_NAME"), " ", env!("CARGO_PKG_VERSION")),
            eyebrow: common.eyebrow,
            title: common.title,
            time: minute(common.time),
            day: date(common.time).to_string(),
            headline: headline_sentence(counts, seats),
            people: counts.people,
            incomplete: common.incomplete,
            recorded_days: 0,
            cards: cards::cards(counts, seats, inactive_days, None),
            statuses: cards::shares([
                ("active", counts.active),
                ("new", counts.new),
                ("inactive", counts.inactive),
                ("never-used", counts.never_used),
            ]),
            since: None,
            unknown: cards::unknown(&gathered.rows),
            shared: None,
            trend: None,
            ages: groups::ages(&gathered.rows, inactive_days),
            changes: Vec::new(),
            change_counts: String::new(),
            changes_note: UNRECORDED,
            tables: tables(&gathered),
            months: groups::months(&gathered.rows, common.time),
            evidence: common.evidence,
            has_pseudonyms: common.has_pseudonyms,
            named: match common.may_name_people && counts.people > 0 {
                true => Some(named(&common.stem, inactive_days, gathered)?),
                false => None,
            },
        })
    }
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

fn tables(gathered: &Gathered) -> Vec<GroupTable> {
    let rows = &gathered.rows;
    let table = |id, title, column, mut groups: Vec<Group>| {
        let most = match id {
            "organizations" => MAX_ORGANIZATIONS,
            _ => MAX_GROUPS,
        };
        let left_out = groups.len().saturating_sub(most);
        groups.truncate(most);
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
    let mut groups = groups::by(rows, &gathered.editors, |row| &row.editor);
    // Another report can know a newer activity elsewhere.
    groups.retain(|group| group.people > 0);
    tables.push(table(
        "editors",
        "Last used in",
        "Editor or other place",
        groups,
    ));
    tables
}

fn named(stem: &str, inactive_days: i64, gathered: Gathered) -> io::Result<Named> {
    let data = people::data(stem, inactive_days, &gathered)?;
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
