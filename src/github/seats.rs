//! Reading seats: every page of "List all Copilot seat assignments" for an organization or an
//! enterprise.
//!
//! Pages are counted on by their `Link` header alone: GitHub takes `per_page` above 100 silently
//! for 100, counts people rather than rows in an enterprise's `total_seats`, and nowhere says that
//! inner pages are full.

#[cfg(test)]
mod properties;

use std::borrow::Borrow;
use std::cell::RefCell;
use std::collections::HashSet;
use std::hash::Hash;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use http::HeaderMap;
use jiff::Timestamp;
use jiff::civil::Date;
use reqwest::Url;
use serde::{Deserialize, Deserializer};

use super::answer::Answer;
use super::client::Client;
use super::error::{GitHubError, Purpose};
use super::few::few;
use super::link::Links;
use super::pacer::AT_ONCE;
use crate::clock::Clock;
use crate::report::Report;
use crate::report::completeness::{Doubt, Reading};
use crate::report::day::date;
use crate::report::pseudonym::PseudonymKey;
use crate::report::scope::{Scope, ScopeKind};
use crate::report::seat::{Account, Seat, Team, whole_seconds};

/// GitHub's largest page.
const PER_PAGE: &str = "100";

/// How often a list that moved is read again.
const AGAIN: usize = 3;

/// How long to let a list that moved come to rest.
const REST: Duration = Duration::from_secs(2);

/// More pages than any company has seats; an answer that links to more is damaged.
const MOST_PAGES: usize = 100_000;

/// More rows than GitHub would ever put on one page.
const MOST_ROWS: usize = 10_000;

/// For how many rows room is made on the word of the first page alone.
const MOST_ROOM: usize = 1_000_000;

/// How far a reading is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reached {
    /// How many pages were read.
    pub pages: usize,
    /// How many there are, where GitHub links to the last.
    pub of: Option<usize>,
}

/// Reads the report of `scope`, with pseudonyms for people where there is a key, and says after each
/// page how far it is. A list that moved while it was read is read again, until it holds
/// together or stays as it is.
///
/// # Errors
/// Where a page could not be read: half a report is none. Whether the pages fit together is for
/// [`Report::doubts`] to say.
pub async fn read(
    client: &Client,
    clock: &Clock,
    scope: &Scope,
    pseudonyms: Option<&PseudonymKey>,
    reached: &dyn Fn(Reached),
) -> Result<Report, GitHubError> {
    let mut report = read_once(client, clock, scope, pseudonyms, reached).await?;
    for _ in 0..AGAIN {
        if !report.doubts().iter().any(Doubt::may_pass) {
            break;
        }
        let doubts: Vec<String> = report.doubts().iter().map(ToString::to_string).collect();
        tracing::info!("{scope}: the list is read again: {}.", doubts.join("; "));
        clock.sleep(REST).await;
        let again = read_once(client, clock, scope, pseudonyms, reached).await?;
        let at_rest = again.says_the_same_as(&report);
        report = again;
        if at_rest {
            break;
        }
    }
    Ok(report)
}

async fn read_once(
    client: &Client,
    clock: &Clock,
    scope: &Scope,
    pseudonyms: Option<&PseudonymKey>,
    reached: &dyn Fn(Reached),
) -> Result<Report, GitHubError> {
    let purpose = Purpose::Seats(scope.clone());
    let shared = RefCell::default();
    let started_at = clock.now();
    let first = Page::read(client, &purpose, &shared, first_page(client, scope)).await?;
    let numbered = first.numbered_pages_after(client)?;
    let of = match first.links.next {
        None => Some(1),
        Some(_) => (!numbered.is_empty()).then_some(numbered.len() + 1),
    };
    let tell = |pages: &Pages| {
        reached(Reached {
            pages: pages.totals.len(),
            of,
        });
    };
    let mut pages = Pages::beginning_with(first);
    tell(&pages);
    // Rows that move to larger room again and again leave holes as large as they are.
    let expected = numbered.len().saturating_mul(pages.rows.len());
    pages.rows.reserve_exact(expected.min(MOST_ROOM));
    let mut later = stream::iter(numbered)
        .map(|url| Page::read(client, &purpose, &shared, url))
        .buffered(AT_ONCE);
    while let Some(page) = later.try_next().await? {
        pages.add(page);
        tell(&pages);
    }
    while let Some(next) = pages.next(client)? {
        pages.add(Page::read(client, &purpose, &shared, next).await?);
        tell(&pages);
    }

    let reading = Reading {
        started_at,
        ended_at: clock.now(),
        pages: pages.totals.len(),
        totals: pages.totals,
        partial: pages.partial,
    };
    let mut rows = pages.rows;
    if let Some(key) = pseudonyms {
        rows.iter_mut().for_each(|seat| key.replace(seat));
    }
    Ok(Report::new(scope.clone(), reading, rows))
}

fn first_page(client: &Client, scope: &Scope) -> Url {
    let kind = match scope.kind() {
        ScopeKind::Organization => "orgs",
        ScopeKind::Enterprise => "enterprises",
    };
    let mut url = client
        .address()
        .rest([kind, scope.name(), "copilot", "billing", "seats"]);
    url.query_pairs_mut()
        .append_pair("per_page", PER_PAGE)
        .append_pair("page", "1");
    url
}

/// All pages that were read so far. Of each only its rows are kept, and what may be wrong with it.
struct Pages {
    rows: Vec<Seat>,
    /// What each page said the total is.
    totals: Vec<Option<u64>>,
    partial: bool,
    visited: HashSet<Url>,
    last: Page,
}

impl Pages {
    fn beginning_with(mut first: Page) -> Self {
        Self {
            rows: std::mem::take(&mut first.seats),
            totals: vec![first.total_seats],
            partial: first.partial,
            visited: HashSet::from([first.answer.url.clone()]),
            last: first,
        }
    }

    fn add(&mut self, mut page: Page) {
        self.rows.append(&mut page.seats);
        self.totals.push(page.total_seats);
        self.partial |= page.partial;
        self.visited.insert(page.answer.url.clone());
        self.last = page;
    }

    /// The address of the page after the last, where there is one.
    fn next(&mut self, client: &Client) -> Result<Option<Url>, GitHubError> {
        let Page { links, answer, .. } = &self.last;
        let Some(next) = &links.next else {
            return Ok(None);
        };
        let next = answer.linked(next, client.address())?;
        if self.totals.len() >= MOST_PAGES || !self.visited.insert(next.clone()) {
            return Err(answer.unusable("its links to further pages have no end"));
        }
        Ok(Some(next))
    }
}

/// One page, its rows in our own form; the JSON is not kept.
struct Page {
    total_seats: Option<u64>,
    seats: Vec<Seat>,
    links: Links,
    /// Whether GitHub says that it left something out.
    partial: bool,
    answer: Answer,
}

impl Page {
    async fn read(
        client: &Client,
        purpose: &Purpose,
        shared: &RefCell<Shared>,
        url: Url,
    ) -> Result<Self, GitHubError> {
        let (body, mut answer): (PageBody, Answer) = client.get(purpose, url).await?;
        let links = Links::of(&answer.headers);
        let partial = answer
            .headers
            .get("x-github-sso")
            .is_some_and(|value| value.as_bytes().starts_with(b"partial-results"));
        // Further pages wait for those before them, and only their rows are needed.
        answer.body.clear();
        answer.headers = HeaderMap::new();
        Ok(Self {
            total_seats: body.total_seats,
            seats: shared.borrow_mut().seats(body.seats),
            links,
            partial,
            answer,
        })
    }

    /// The addresses of all further pages, where this one links to the last and pages have
    /// numbers. None where one can only go from page to page.
    fn numbered_pages_after(&self, client: &Client) -> Result<Vec<Url>, GitHubError> {
        let Some(last) = &self.links.last else {
            return Ok(Vec::new());
        };
        let last = self.answer.linked(last, client.address())?;
        let number = last
            .query_pairs()
            .find(|(name, _)| name == "page")
            .and_then(|(_, value)| value.parse::<usize>().ok());
        let Some(number) = number else {
            return Ok(Vec::new());
        };
        if number > MOST_PAGES {
            return Err(self
                .answer
                .unusable(&format!("it links to a page number {number}")));
        }
        Ok((2..=number).map(|number| numbered(&last, number)).collect())
    }
}

/// `url` with another page number.
fn numbered(url: &Url, number: usize) -> Url {
    let others: Vec<(String, String)> = url
        .query_pairs()
        .filter(|(name, _)| name != "page")
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
        .collect();
    let mut url = url.clone();
    url.query_pairs_mut()
        .clear()
        .extend_pairs(others)
        .append_pair("page", &number.to_string());
    url
}

#[derive(Deserialize)]
struct PageBody {
    #[serde(default, deserialize_with = "count")]
    total_seats: Option<u64>,
    #[serde(deserialize_with = "rows")]
    seats: Vec<SeatBody>,
}

/// A seat as GitHub's description documents it, of which only what the report needs is read.
/// Everything may be missing or null; fields and values that are not known are passed over.
#[derive(Deserialize)]
struct SeatBody {
    assignee: Option<AccountBody>,
    organization: Option<AccountBody>,
    assigning_team: Option<TeamBody>,
    #[serde(default, deserialize_with = "text")]
    plan_type: Option<String>,
    #[serde(default, deserialize_with = "day")]
    pending_cancellation_date: Option<Date>,
    #[serde(default, deserialize_with = "time")]
    created_at: Option<Timestamp>,
    #[serde(default, deserialize_with = "time")]
    last_authenticated_at: Option<Timestamp>,
    #[serde(default, deserialize_with = "time")]
    last_activity_at: Option<Timestamp>,
    last_activity_editor: Option<String>,
}

#[derive(Deserialize)]
struct AccountBody {
    id: Option<u64>,
    login: Option<String>,
}

#[derive(Deserialize)]
struct TeamBody {
    id: Option<u64>,
    #[serde(default, deserialize_with = "text")]
    name: Option<String>,
}

/// What many seats have in common, kept once: a company has few organizations, and its people use
/// few versions of few editors.
#[derive(Default)]
struct Shared {
    surfaces: HashSet<Arc<str>>,
    organizations: HashSet<Arc<Account>>,
    teams: HashSet<Arc<Team>>,
    plans: HashSet<Arc<str>>,
}

impl Shared {
    fn seats(&mut self, bodies: Vec<SeatBody>) -> Vec<Seat> {
        bodies.into_iter().map(|body| self.seat(body)).collect()
    }

    fn seat(&mut self, body: SeatBody) -> Seat {
        let organization = body.organization.and_then(AccountBody::account);
        let surface = body
            .last_activity_editor
            .filter(|surface| !surface.is_empty());
        Seat {
            assignee: body.assignee.and_then(AccountBody::account),
            organization: organization.map(|account| kept(&mut self.organizations, account)),
            team: body
                .assigning_team
                .and_then(TeamBody::team)
                .map(|team| kept(&mut self.teams, team)),
            plan_type: body.plan_type.map(|plan| kept(&mut self.plans, plan)),
            created_at: body.created_at,
            pending_cancellation_date: body.pending_cancellation_date,
            last_authenticated_at: body.last_authenticated_at,
            last_activity_at: body.last_activity_at,
            last_surface_used: surface.map(|surface| kept(&mut self.surfaces, surface)),
        }
    }
}

/// The one kept copy of a value.
fn kept<T, V>(values: &mut HashSet<Arc<T>>, value: V) -> Arc<T>
where
    T: ?Sized + Eq + Hash,
    V: Borrow<T> + Into<Arc<T>>,
{
    if let Some(known) = values.get(value.borrow()) {
        return Arc::clone(known);
    }
    let value: Arc<T> = value.into();
    values.insert(Arc::clone(&value));
    value
}

impl AccountBody {
    fn account(self) -> Option<Account> {
        Some(Account {
            id: self.id,
            login: self.login.filter(|login| !login.is_empty())?.into(),
        })
    }
}

/// The rows of a page, of which GitHub gives a hundred at most.
fn rows<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<SeatBody>, D::Error> {
    match few::<_, _, MOST_ROWS>(deserializer)? {
        (rows, all) if all <= MOST_ROWS => Ok(rows),
        (_, all) => Err(serde::de::Error::custom(format!("{all} seats on one page"))),
    }
}

impl TeamBody {
    fn team(self) -> Option<Team> {
        Some(Team {
            id: self.id?,
            name: self.name.unwrap_or_default().into(),
        })
    }
}

/// A text, or nothing where there is something else or an empty one.
fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let value = serde_json::Value::deserialize(deserializer)?;
    Ok(value
        .as_str()
        .filter(|text| !text.is_empty())
        .map(str::to_owned))
}

/// A day, or nothing; also of a time, whose day is that of UTC.
fn day<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Date>, D::Error> {
    let text: Option<std::borrow::Cow<'de, str>> = Option::deserialize(deserializer)?;
    text.filter(|text| !text.is_empty())
        .map(|text| match text.parse::<Timestamp>() {
            Ok(time) => Ok(date(time)),
            Err(_) => text
                .parse()
                .map_err(|_| serde::de::Error::custom(format!("{text:?} is not a day"))),
        })
        .transpose()
}

/// A count, or nothing where there is something else: without it completeness cannot be proved,
/// which is for the report to say.
fn count<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    Ok(serde_json::Value::deserialize(deserializer)?.as_u64())
}

/// A time with any offset, in whole seconds as the report has them, or nothing. Something that is
/// no time is an error: a row without its time would say that somebody never used Copilot.
fn time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
    let text: Option<std::borrow::Cow<'de, str>> = Option::deserialize(deserializer)?;
    text.filter(|text| !text.is_empty())
        .map(|text| {
            text.parse()
                .map(whole_seconds)
                .map_err(|_| serde::de::Error::custom(format!("{text:?} is not a time")))
        })
        .transpose()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn seats(json: &str) -> serde_json::Result<Vec<Seat>> {
        let page: PageBody = serde_json::from_str(json)?;
        Ok(Shared::default().seats(page.seats))
    }

    #[test]
    fn whatever_github_leaves_out_or_adds_is_ordinary() {
        let rows = seats(
            r#"{"total_seats": 4, "new": 1, "seats": [
                {},
                {"assignee": null, "organization": null, "assigning_team": null, "created_at": null,
                 "last_activity_at": null, "last_activity_editor": null, "plan_type": "quantum"},
                {"assignee": {"login": "octocat", "id": 1, "new": {}}, "last_activity_at": "2021-10-14T00:53:32-06:00",
                 "assigning_team": {"id": 7, "name": "=1+1", "enterprise": true}, "plan_type": 5},
                {"assignee": {}, "last_activity_at": "", "last_activity_editor": ""}
            ]}"#,
        )
        .unwrap();
        assert_eq!(rows[0], Seat::default());
        let quantum = Seat {
            plan_type: Some("quantum".into()),
            ..Seat::default()
        };
        assert_eq!(rows[1], quantum);
        assert_eq!(rows[3], Seat::default());
        assert_eq!(rows[2].login(), "octocat");
        assert_eq!(rows[2].team_id(), Some(7));
        assert_eq!(rows[2].plan_type, None);
        assert_eq!(
            rows[2].last_activity_at.unwrap().to_string(),
            "2021-10-14T06:53:32Z"
        );
    }

    #[test]
    fn a_time_that_is_none_is_not_taken_for_never() {
        let error = seats(r#"{"seats": [{"last_activity_at": "yesterday"}]}"#).unwrap_err();
        assert!(error.to_string().contains("\"yesterday\" is not a time"));
    }

    #[test]
    fn a_day_may_be_told_as_a_time() {
        for (told, day) in [
            ("\"2026-12-01\"", Some("2026-12-01")),
            ("\"2026-12-01T00:30:00+01:00\"", Some("2026-11-30")),
            ("null", None),
            ("\"\"", None),
        ] {
            let json = format!(r#"{{"seats": [{{"pending_cancellation_date": {told}}}]}}"#);
            let read = seats(&json).unwrap()[0].pending_cancellation_date;
            assert_eq!(read.map(|day| day.to_string()).as_deref(), day);
        }
        let error = seats(r#"{"seats": [{"pending_cancellation_date": "soon"}]}"#).unwrap_err();
        assert!(error.to_string().contains("\"soon\" is not a day"));
    }

    #[test]
    fn a_total_that_is_no_count_is_a_missing_one() {
        for total in ["null", "\"7\"", "-1", "1.5", "[]"] {
            let page: PageBody =
                serde_json::from_str(&format!(r#"{{"total_seats": {total}, "seats": []}}"#))
                    .unwrap();
            assert_eq!(page.total_seats, None);
        }
    }

    #[test]
    fn a_page_keeps_what_else_its_address_says() {
        let last = Url::parse(
            "https://api.github.com/organizations/1/copilot/billing/seats?page=9&per_page=100",
        )
        .unwrap();
        assert_eq!(
            numbered(&last, 3).as_str(),
            "https://api.github.com/organizations/1/copilot/billing/seats?per_page=100&page=3"
        );
    }
}
