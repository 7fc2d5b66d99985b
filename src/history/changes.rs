//! `changes/YYYY.csv`: every change of a seat ever seen. There's one append-only file per year.
//!
//! Changes are facts about seats. Whether a person is active isn't a change, because it follows
//! from the reports and depends on a setting. The first report is a baseline without changes.
//! Information that was unknown before and is known now isn't a change either: a report that was
//! downloaded from GitHub doesn't include IDs, teams, plans, grants, and cancellations.

use std::collections::HashMap;

use csv::ByteRecord;
use jiff::Timestamp;
use serde::Serialize;

use super::table;
use crate::report::seat::{Account, Seat, Team, whole_seconds};

/// The columns of the file. A missing value is an empty cell.
pub(crate) const COLUMNS: [&str; 7] = [
    "Report Time",
    "Login",
    "Organization",
    "Team",
    "Change",
    "From",
    "To",
];

/// The path, in the folder of a scope, of the file for the year of `time`.
pub(crate) fn file_name(time: Timestamp) -> String {
    format!("changes/{:04}.csv", crate::report::day::date(time).year())
}

/// Whether a file has changes of seats.
pub(super) fn is_of_seats(path: &str) -> bool {
    year_of(path).is_some() && path.matches('/').count() == 1
}

/// The year of a file of changes, of seats or of settings.
pub(super) fn year_of(path: &str) -> Option<i16> {
    let name = path.strip_prefix("changes/")?.strip_suffix(".csv")?;
    let year = name.strip_prefix("settings/").unwrap_or(name);
    year.parse()
        .ok()
        .filter(|parsed: &i16| format!("{parsed:04}") == year)
}

/// What happened to a seat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// The person's login changed. Recorded once per person, however many seats they hold.
    Renamed,
    /// The seat no longer exists.
    Revoked,
    /// The seat didn't exist before.
    Granted,
    /// The same seat was granted again: its assignment time changed.
    Reassigned,
    /// The seat has a cancellation date, or a different one than before.
    CancellationScheduled,
    /// The seat no longer has a cancellation date.
    CancellationRemoved,
    /// The seat's plan changed.
    PlanChanged,
}

impl Kind {
    /// The word that the file uses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Renamed => "renamed",
            Self::Revoked => "revoked",
            Self::Granted => "granted",
            Self::Reassigned => "reassigned",
            Self::CancellationScheduled => "cancellation scheduled",
            Self::CancellationRemoved => "cancellation removed",
            Self::PlanChanged => "plan changed",
        }
    }

    /// The kind with this word, unless a later version of the action added it.
    pub(super) fn parse(word: &str) -> Option<Self> {
        let all = [
            Self::Renamed,
            Self::Revoked,
            Self::Granted,
            Self::Reassigned,
            Self::CancellationScheduled,
            Self::CancellationRemoved,
            Self::PlanChanged,
        ];
        all.into_iter().find(|kind| kind.as_str() == word)
    }
}

/// A change between two reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Change<'s> {
    /// The seat as it is now, or its last state if it was revoked.
    pub seat: &'s Seat,
    pub kind: Kind,
    /// The previous value: a login, a time, a day, or a plan.
    pub from: String,
    /// The new value.
    pub to: String,
}

#[derive(Serialize)]
struct Line<'s> {
    report_time: Timestamp,
    login: Option<&'s str>,
    organization: Option<&'s str>,
    team: Option<String>,
    change: &'static str,
    from: &'s str,
    to: &'s str,
}

/// Appends `changes`, found in the report of `time`, to `file`. Keeps the existing bytes as they
/// are, even if they're damaged.
pub(crate) fn append(file: &[u8], time: Timestamp, changes: &[Change<'_>]) -> csv::Result<Vec<u8>> {
    let lines = changes.iter().map(|change| {
        // A rename is about the person, not about one of their seats.
        let seat = (change.kind != Kind::Renamed).then_some(change.seat);
        let organization = seat.and_then(|seat| seat.organization.as_deref());
        Line {
            report_time: time,
            login: change.seat.assignee.as_ref().map(|account| &*account.login),
            organization: organization.map(|account| &*account.login),
            team: seat.and_then(|seat| seat.team.as_deref()).map(Team::shown),
            change: change.kind.as_str(),
            from: &change.from,
            to: &change.to,
        }
    });
    table::append(file, &COLUMNS, lines)
}

/// The lines of `file` below the header: the cells of each valid line, and the line number of each
/// invalid one.
pub(crate) fn lines(file: &[u8]) -> impl Iterator<Item = Result<ByteRecord, usize>> {
    let lines = table::lines(file, |record| is_change(record).then(|| record.clone()));
    lines
        .map(|line| line.map_err(|bad| bad.number))
        .filter(|line| *line != Err(1))
}

/// Whether a line is a valid change, and no quotation mark in it swallowed another line.
fn is_change(record: &ByteRecord) -> bool {
    let time = |text: &[u8]| {
        let text = std::str::from_utf8(text).ok()?;
        text.parse::<Timestamp>().ok()
    };
    let first = |line: &[u8]| {
        let cell = line.split(|byte| *byte == b',').next();
        cell.and_then(time).is_some()
    };
    let swallows = |cell: &[u8]| cell.split(|byte| *byte == b'\n').skip(1).any(first);
    record.len() == COLUMNS.len()
        && record.get(0).and_then(time).is_some()
        && !record.iter().any(swallows)
}

/// Finds what changed between the seats of two consecutive reports, in the order of the report.
pub(crate) fn between<'s>(before: &'s [Seat], now: &'s [Seat]) -> Vec<Change<'s>> {
    // A report in GitHub's format might not have a column for organizations.
    let tells = |seats: &[Seat]| seats.iter().any(|seat| seat.organization.is_some());
    let tells_organizations = tells(before) && tells(now);
    let mut changes = Vec::new();
    for person in people(before, now) {
        person.changes(tells_organizations, &mut changes);
    }
    changes.sort_by(|a, b| {
        let (one, other) = (a.seat, b.seat);
        one.order(other).then(a.kind.cmp(&b.kind))
    });
    changes
}

/// The seats of one report that are missing from a later one.
pub(crate) fn gone<'s>(before: &'s [Seat], now: &'s [Seat]) -> impl Iterator<Item = &'s Seat> {
    let revoked = |change: &Change<'_>| change.kind == Kind::Revoked;
    let changes = between(before, now).into_iter();
    changes.filter(revoked).map(|change| change.seat)
}

/// The seats of one person, or all seats without a person, before and now.
#[derive(Default)]
struct Holder<'s> {
    before: Vec<&'s Seat>,
    now: Vec<&'s Seat>,
}

/// Groups seats by person. Matches people by ID, or by login if one of the reports doesn't have the
/// ID.
fn people<'s>(before: &'s [Seat], now: &'s [Seat]) -> Vec<Holder<'s>> {
    let mut holders: Vec<Holder<'s>> = vec![Holder::default()];
    let mut by_id: HashMap<u64, usize> = HashMap::new();
    let mut by_login: HashMap<String, (Option<u64>, usize)> = HashMap::new();
    let mut place = |holders: &mut Vec<Holder<'s>>, account: &Account| {
        let login = account.login.to_lowercase();
        let known = match (account.id, by_login.get(&login)) {
            (Some(id), found) => by_id.get(&id).copied().or(match found {
                Some((None, place)) => Some(*place),
                _ => None,
            }),
            (None, Some((_, place))) => Some(*place),
            (None, None) => None,
        };
        let place = known.unwrap_or_else(|| {
            holders.push(Holder::default());
            holders.len() - 1
        });
        if let Some(id) = account.id {
            by_id.insert(id, place);
        }
        by_login.insert(login, (account.id, place));
        place
    };
    // Process the current seats first, so that a login that passed from one person to another
    // identifies its current holder.
    for seat in now {
        let place = seat.assignee.as_ref().map_or(0, |a| place(&mut holders, a));
        holders[place].now.push(seat);
    }
    for seat in before {
        let place = seat.assignee.as_ref().map_or(0, |a| place(&mut holders, a));
        holders[place].before.push(seat);
    }
    holders
}

impl<'s> Holder<'s> {
    fn changes(self, tells_organizations: bool, changes: &mut Vec<Change<'s>>) {
        let may_be_the_same =
            |before: &Seat, now: &Seat| may_be_the_same(before, now, tells_organizations);
        if let (Some(before), Some(now)) = (self.before.first(), self.now.first())
            && let (Some(before), Some(account)) = (&before.assignee, &now.assignee)
            && before.id.is_some()
            && before.login != account.login
        {
            changes.push(Change {
                seat: now,
                kind: Kind::Renamed,
                from: before.login.to_string(),
                to: account.login.to_string(),
            });
        }
        // Pair seats that are certainly the same before those that could be.
        let (mut revoked, mut granted) = (self.before.clone(), self.now.clone());
        for fits in [
            &is_the_same as &dyn Fn(&Seat, &Seat) -> bool,
            &may_be_the_same,
        ] {
            granted.retain(|now| {
                let place = revoked.iter().position(|before| fits(before, now));
                let before = place.map(|place| revoked.remove(place));
                if let Some(before) = before {
                    changed(before, now, changes);
                }
                before.is_none()
            });
        }
        // A report that can't distinguish a person's seats counts for every seat that it could
        // mean.
        revoked.retain(|seat| !self.now.iter().any(|now| may_be_the_same(seat, now)));
        granted.retain(|seat| !self.before.iter().any(|b| may_be_the_same(b, seat)));
        let granted_at = |seat: &Seat| seat.created_at.map(time).unwrap_or_default();
        changes.extend(revoked.into_iter().map(|seat| Change {
            seat,
            kind: Kind::Revoked,
            from: granted_at(seat),
            to: String::new(),
        }));
        changes.extend(granted.into_iter().map(|seat| Change {
            seat,
            kind: Kind::Granted,
            from: String::new(),
            to: granted_at(seat),
        }));
    }
}

/// Adds the changes of a seat that exists both before and now.
fn changed<'s>(before: &Seat, seat: &'s Seat, changes: &mut Vec<Change<'s>>) {
    let mut push = |kind, from: String, to: String| {
        changes.push(Change {
            seat,
            kind,
            from,
            to,
        });
    };
    if let (Some(old), Some(new)) = (before.created_at, seat.created_at)
        && whole_seconds(old) != whole_seconds(new)
    {
        push(Kind::Reassigned, time(old), time(new));
    }
    if !is_bare(before) && !is_bare(seat) {
        let (old, new) = (
            before.pending_cancellation_date,
            seat.pending_cancellation_date,
        );
        let text = |day: Option<jiff::civil::Date>| day.map_or_else(String::new, |d| d.to_string());
        match new {
            _ if old == new => {}
            Some(_) => push(Kind::CancellationScheduled, text(old), text(new)),
            None => push(Kind::CancellationRemoved, text(old), text(new)),
        }
    }
    if let (Some(old), Some(new)) = (plan(before), plan(seat))
        && old != new
    {
        push(Kind::PlanChanged, old.to_owned(), new.to_owned());
    }
}

/// Whether everything that distinguishes the seats of one person is the same.
fn is_the_same(before: &Seat, now: &Seat) -> bool {
    let alike = organization_fits(before, now, false) && before.team_id() == now.team_id();
    // Nothing else distinguishes rows without a person.
    alike && (now.assignee.is_some() || before.created_at == now.created_at)
}

/// Whether two seats of one person could be the same, given what's known about both.
fn may_be_the_same(before: &Seat, now: &Seat, tells_organizations: bool) -> bool {
    let bare = is_bare(before) || is_bare(now);
    if now.assignee.is_none() && !bare {
        return false;
    }
    organization_fits(before, now, bare && !tells_organizations)
        && (bare || before.team_id() == now.team_id())
}

fn organization_fits(before: &Seat, now: &Seat, may_be_unnamed: bool) -> bool {
    match (before.organization.as_deref(), now.organization.as_deref()) {
        (Some(Account { id: Some(a), .. }), Some(Account { id: Some(b), .. })) => a == b,
        (Some(a), Some(b)) => a.login.eq_ignore_ascii_case(&b.login),
        (None, None) => true,
        _ => may_be_unnamed,
    }
}

/// Whether a row comes from a report in GitHub's format, which has only login, organization, and
/// activity. GitHub's API always says when a seat was granted.
fn is_bare(seat: &Seat) -> bool {
    seat.created_at.is_none() && seat.team.is_none() && seat.plan_type.is_none()
}

/// The plan. `None` if it's unknown, which GitHub also reports as the word `unknown`.
fn plan(seat: &Seat) -> Option<&str> {
    seat.plan_type.as_deref().filter(|plan| *plan != "unknown")
}

fn time(time: Timestamp) -> String {
    whole_seconds(time).to_string()
}
